"""Code of the notebook that Python or a library runs without a call in sight.

Each notebook has a log in a task of its own, something that writes to it without being called by name,
and a task that reads it: without an edge between these, the last one finds the log empty.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from tests.fuzz.programs import Program, ProgramCell
from tests.fuzz.verdicts import Outcome, judge

LOG, OBJECT, READ = "log = []", "o = C()", "seen = log[0]"

# A method of a class C, the arguments it has beside self, what it gives; and code that has it run.
SPECIAL: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("__format__", "spec", "'x'", ("f'{o}'", "'{}'.format(o)", "format(o)", "f'{o:>3}'")),
    (
        "__str__",
        "",
        "'x'",
        ("str(o)", "print(o)", "f'{o}'", "'%s' % o", "', '.join(map(str, [o]))"),
    ),
    (
        "__repr__",
        "",
        "'x'",
        (
            "repr(o)",
            "print([o])",
            "f'{o!r}'",
            "'%r' % (o,)",
            "str({1: o})",
            "f'{[o]}'",
        ),
    ),
    (
        "__bool__",
        "",
        "True",
        (
            "bool(o)",
            "if o: pass",
            "not o",
            "x = 1 if o else 2",
            "o and 3",
            "o or 3",
            "while o: break",
            "all([o])",
            "assert o",
            "list(filter(None, [o]))",
            "[i for i in [1] if o]",
            "match 1:\n    case 1 if o: pass",
        ),
    ),
    ("__len__", "", "1", ("len(o)", "bool(o)", "if o: pass")),
    (
        "__iter__",
        "",
        "iter([5])",
        (
            "list(o)",
            "for _ in o: pass",
            "[*o]",
            "a, = o",
            "first, *rest = o",
            "sum(o)",
            "sorted(o)",
            "1 in o",
            "[].extend(o)",
            "print(*o)",
            "def g():\n    yield from o\nlist(g())",
            "import itertools\nlist(itertools.chain(o))",
            "x = {i: i for i in o}",
        ),
    ),
    ("__contains__", "x", "True", ("5 in o", "5 not in o")),
    (
        "__eq__",
        "x",
        "True",
        (
            "o == 3",
            "[o].index(3)",
            "3 in [o]",
            "[o] == [3]",
            "[o].remove(3)",
            "{'a': o} == {'a': 3}",
            "(o,) == (3,)",
            "match o:\n    case 3: pass",
        ),
    ),
    (
        "__hash__",
        "",
        "3",
        ("hash(o)", "{o}", "{o: 1}", "set([(o,)])", "{}.get(o)", "o in {1: 2}", "{p for p in [o]}"),
    ),
    (
        "__lt__",
        "x",
        "True",
        (
            "sorted([o, o])",
            "min([o, o])",
            "[o, o].sort()",
            "(1, o) < (1, C())",
            "import heapq\nheapq.heapify([o, o])",
        ),
    ),
    ("__getitem__", "i", "1", ("o[1]", "o[1:2]", "import operator\noperator.itemgetter(1)(o)")),
    ("__setitem__", "i, v", "None", ("o[1] = 2",)),
    ("__delitem__", "i", "None", ("del o[1]",)),
    ("__call__", "*a", "1", ("o()", "sorted([1, 2], key=o)", "list(map(o, [1]))")),
    ("__index__", "", "1", ("[1, 2][o]", "range(o)", "bin(o)")),
    ("__radd__", "x", "1", ("1 + o", "sum([o])")),
    ("__getattr__", "n", "1", ("o.foo", "hasattr(o, 'foo')", "getattr(o, 'fo' + 'o', 1)")),
    ("__setattr__", "n, v", "None", ("o.x = 1",)),
    ("__delattr__", "n", "None", ("del o.x",)),
    ("__deepcopy__", "memo", "1", ("import copy\ncopy.deepcopy([o])",)),
)

CLASSES: dict[str, tuple[str, str]] = {
    "a property that a pattern asks for": (
        "class C:\n    @property\n    def v(self):\n        log.append(1)\n        return 2",
        "match o:\n    case C(v=2): pass",
    ),
    "a property that is set": (
        "class C:\n    v = property(None, lambda self, x: log.append(x))",
        "o.v = 3",
    ),
    "a check of instances": (
        "class M(type):\n    def __instancecheck__(cls, x):\n        log.append(1)\n        return True\n"
        "class C(metaclass=M): pass",
        "isinstance(3, C)",
    ),
    "a class in brackets": (
        "class C:\n    def __class_getitem__(cls, x):\n        log.append(1)\n        return cls",
        "C[int]",
    ),
    "a class that can be gone through": (
        "class M(type):\n    def __iter__(cls):\n        log.append(1)\n        return iter([3])\n"
        "class C(metaclass=M): pass",
        "list(C)",
    ),
    "a property of a metaclass": (
        "class M(type):\n    @property\n    def v(cls):\n        log.append(1)\n"
        "class C(metaclass=M): pass",
        "C.v",
    ),
    "a key that is missing": (
        "class C(dict):\n    def __missing__(self, k):\n        log.append(k)\n        return 1",
        "'{a}'.format_map(o)",
    ),
}


def _notebooks() -> Iterator[tuple[str, tuple[str, ...]]]:
    for method, given, gives, uses in SPECIAL:
        arguments = f"self, {given}" if given else "self"
        body = f"class C:\n    def {method}({arguments}):\n        log.append(1)\n        return {gives}"
        for use in uses:
            yield f"{method}: {use}", (body, LOG, OBJECT, use, READ)
    for name, (body, use) in CLASSES.items():
        yield name, (body, LOG, OBJECT, use, READ)


NOTEBOOKS = dict(_notebooks())


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_what_runs_unseen_makes_an_edge(name: str) -> None:
    program = Program(tuple(ProgramCell((text,)) for text in NOTEBOOKS[name]))
    verdict = judge(program, random.Random(0))
    assert verdict.outcome is Outcome.EQUAL, verdict.text
    assert not verdict.run_all


def test_an_iterator_runs_in_the_task_that_goes_through_it() -> None:
    cells = (
        "def f(v):\n    return v > k",
        "k = 5",
        "book = filter(f, [1, 4, 9])",
        "out = []\nfor q in book:\n    out.append(q)",
    )
    verdict = judge(Program(tuple(ProgramCell((text,)) for text in cells)), random.Random(0))
    assert (verdict.outcome, verdict.run_all) == (Outcome.EQUAL, ""), verdict.text
