"""Classes and functions of the notebook mean in another kernel what they mean in the notebook."""

from __future__ import annotations

from typing import Any

POINT = """
import dataclasses
@dataclasses.dataclass
class Point:
    x: int
    def double(self): return Point(self.x * 2)
"""
COLOUR = "import enum\nclass Colour(enum.Enum):\n    RED = 1"


def test_an_instance_of_a_replayed_class_is_an_instance(tasks: Any) -> None:
    tasks.ok("p = Point(3)", writes="p", definitions={"Point": POINT})
    tasks.ok(
        "assert isinstance(p, Point) and p.double() == Point(6)",
        reads="p",
        definitions={"Point": POINT},
    )


def test_a_class_of_the_tasks_own_cells_that_others_replay_is_the_same(tasks: Any) -> None:
    tasks.ok(POINT + "p = Point(3)", writes="p", own={"Point": POINT})
    tasks.ok("assert isinstance(p, Point)", reads="p", definitions={"Point": POINT})


def test_a_class_of_a_setup_cell_is_the_same_everywhere(tasks: Any) -> None:
    tasks.ok("p = Point(3)", writes="p", setup=POINT)
    tasks.ok("assert isinstance(p, Point)", reads="p", setup=POINT)


def test_a_class_that_the_reader_does_not_name_comes_along(tasks: Any) -> None:
    tasks.ok("p = Point(3)", writes="p", definitions={"Point": POINT})
    tasks.ok("assert p.double().x == 6 and isinstance(p, Point)", reads="p")


def test_what_stands_above_it_from_future_counts_for_a_class_that_comes_along(tasks: Any) -> None:
    definitions = {
        "__future__": "from __future__ import annotations",
        "Box": "class Box:\n    x: Later",
    }
    tasks.ok("b = Box()", writes="b", definitions=definitions)
    tasks.ok(
        "assert type(b).__annotations__ == {'x': 'Later'} and 'annotations' not in globals()",
        reads="b",
    )


def test_what_a_class_looks_up_comes_along(tasks: Any) -> None:
    definitions = {
        "np": "import numpy as np",
        "twice": "def twice(x): return np.add(x, x)",
        "Box": "class Box:\n    def double(self): return twice(4)",
    }
    tasks.ok("b = Box()", writes="b", definitions=definitions)
    tasks.ok("assert b.double() == 8", reads="b")


def test_a_class_nobody_replays_keeps_one_identity_in_its_reader(tasks: Any) -> None:
    tasks.ok(POINT + "p = Point(3)\nq = Point(4)\nd = {'Point': Point}", writes="p q d")
    tasks.ok("assert isinstance(p, d['Point']) and type(p) is type(q) and p.x == 3", reads="p q d")


def test_a_value_of_another_version_of_a_class_is_an_error(tasks: Any) -> None:
    tasks.ok("p = Point(3)", writes="p", definitions={"Point": POINT})
    other = tasks.run("print(p)", reads="p", definitions={"Point": POINT.replace("* 2", "* 3")})
    assert "Cannot load p here: it refers to another Point than the one this task uses" in (
        other.error
    )


def test_an_enum_member_is_itself(tasks: Any) -> None:
    tasks.ok("c = [Colour.RED]", writes="c", definitions={"Colour": COLOUR})
    tasks.ok("assert c[0] is Colour.RED", reads="c", definitions={"Colour": COLOUR})


def test_a_function_finds_its_globals_where_it_arrives(tasks: Any) -> None:
    tasks.ok("k = 1\nf = lambda x: x + k", writes="f")
    tasks.ok("k = 10\nassert f(1) == 11\nk = 20\nassert f(1) == 21", reads="f")


def test_a_function_may_set_a_global(tasks: Any) -> None:
    tasks.ok("n = 0\ndef bump():\n    global n\n    n += 1\nf = bump", writes="f n")
    tasks.ok("f(); f()\nassert n == 2", reads="f n")


def test_functions_share_the_cell_they_close_over(tasks: Any) -> None:
    tasks.ok(
        """
def counter():
    n = 0
    def up():
        nonlocal n
        n += 1
    def value(): return n
    return up, value
up, value = counter()
up()
""",
        writes="up value",
    )
    tasks.ok("up()\nassert value() == 2", reads="up value")


def test_a_function_keeps_defaults_attributes_and_recursion(tasks: Any) -> None:
    tasks.ok(
        """
def outer():
    def fact(n, *, one=1): return one if n < 2 else n * fact(n - 1)
    fact.note = 'kept'
    return fact
f = outer()
""",
        writes="f",
    )
    tasks.ok(
        "assert f(5) == 120 and f.note == 'kept' and f.__qualname__.endswith('fact')", reads="f"
    )


def test_super_works_in_a_class_that_travels_by_value(tasks: Any) -> None:
    tasks.ok(
        """
class A:
    def hi(self): return 'a'
class B(A):
    def hi(self): return super().hi() + 'b' + suffix
b = B()
""",
        writes="b",
    )
    tasks.ok("suffix = '!'\nassert b.hi() == 'ab!'", reads="b")


def test_a_cached_function_crosses(tasks: Any) -> None:
    tasks.ok(
        "import functools\n@functools.lru_cache(maxsize=7)\ndef f(x): return x + k\nk = 1",
        writes="f",
    )
    tasks.ok("k = 2\nassert f(1) == 3 and f.cache_info().maxsize == 7", reads="f")


def test_a_partial_of_a_replayed_function_crosses(tasks: Any) -> None:
    definitions = {"add": "def add(a, b): return a + b"}
    tasks.ok("import functools\np = functools.partial(add, 1)", writes="p", definitions=definitions)
    tasks.ok("assert p(2) == 3 and p.func is add", reads="p", definitions=definitions)


def test_a_generic_class_travels_by_value(tasks: Any) -> None:
    make = "import typing\nT = typing.TypeVar('T')\nclass Stack(typing.Generic[T]):\n    n = 1\ns = Stack()"
    tasks.ok(make, writes="s")
    tasks.ok(
        "assert s.n == 1 and type(s).__orig_bases__[0].__origin__.__name__ == 'Generic'", reads="s"
    )
