"""What source counts for a task's result, as tables and as properties."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_dagflow.core.compile import compile_cells
from jupyter_dagflow.core.slices import Slice, Slicer, imports_in, normalised, texts_in, words_in
from tests.core.notebooks import tagged

Cells = list[tuple[str, str]]


def sliced(
    cells: Cells,
    task: str = "t",
    environ: dict[str, str] | None = None,
    secrets: dict[str, object] | None = None,
    key: bytes = b"k",
    **given: object,
) -> Slice:
    notebook = tagged(*cells)
    pipeline = compile_cells(notebook).pipeline
    slicer = Slicer(
        notebook,
        pipeline,
        parameters=given,
        environ=environ or {},
        secrets=secrets or {},
        key=key,
    )
    found = pipeline.task(task)
    assert found is not None
    return slicer.slice(found)


def digests(cells: Cells, **options: object) -> list[str]:
    return [piece.digest for piece in sliced(cells, **options).pieces]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("x = 1  # one\n\n# two\ny = '# 3'", "x = 1\ny = '# 3'"),
        ("  \n", ""),
        ("# only a comment", ""),
        ("x = 1   \n\n\n", "x = 1"),
        ('s = """a\n\n# b  \n"""  # c', 's = """a\n\n# b  \n"""'),
        ("s = f'''{x}\n\n  # {y}\n'''", "s = f'''{x}\n\n  # {y}\n'''"),
        ("x = [\n  1,  # a\n\n  2,\n]", "x = [\n  1,\n  2,\n]"),
        ("if x:\n\n    # why\n    y = 1", "if x:\n    y = 1"),
        ("x = (", "x = ("),
        ("x = '''", "x = '''"),
        ("s = 'a\\\n  # b'", "s = 'a\\\n  # b'"),
    ],
)
def test_comments_and_blank_lines_do_not_count(code: str, expected: str) -> None:
    assert normalised(code) == expected
    assert normalised(expected) == expected


LINES = st.sampled_from(
    [
        "x = 1",
        "y = x + 'a # b'",
        "z = '''p\n\n# q\n'''",
        "if x:\n    w = [1,\n  2]",
        "f(x)",
        "s = f'{x!r}'",
    ]
)
NOISE = st.sampled_from(["", "# note", "   # note", "  "])


@given(st.lists(st.tuples(LINES, NOISE), min_size=1, max_size=6))
def test_what_is_left_out_is_never_code(lines: list[tuple[str, str]]) -> None:
    plain = "\n".join(code for code, _ in lines)
    noisy = "\n".join(f"{noise}\n{code}  # so" for code, noise in lines)
    assert normalised(noisy) == normalised(plain)
    assert ast.dump(ast.parse(normalised(noisy))) == ast.dump(ast.parse(noisy))


@given(st.lists(LINES, min_size=1, max_size=4), st.lists(LINES, min_size=1, max_size=4))
def test_other_code_is_another(one: list[str], other: list[str]) -> None:
    first, second = "\n".join(one), "\n".join(other)
    same = ast.dump(ast.parse(first)) == ast.dump(ast.parse(second))
    assert (normalised(first) == normalised(second)) == same


TASK = ("task:t", "y = f(x)")


@pytest.mark.parametrize(
    ("setup", "changed", "counts"),
    [
        ("def f(x): return 1", "def f(x): return 2", True),
        ("def g(x): return 1", "def g(x): return 2", False),
        (
            "def f(x): return g(x)\ndef g(x): return 1",
            "def f(x): return g(x)\ndef g(x): return 2",
            True,
        ),
        ("import numpy as f", "import pandas as f", True),
        ("import numpy", "import pandas", False),
        ("from a import *", "from b import *", True),
        ("K = 1", "K = 2", False),
        ("x = 1", "x = 2", True),
        ("K = 1\ndef f(x): return K", "K = 2\ndef f(x): return K", True),
        ("seed(1)", "seed(2)", True),
        ("K = 1\nseed(K)", "K = 2\nseed(K)", True),
        ("K = make(1)", "K = make(2)", True),
        ("@register\ndef g(x): return 1", "@register\ndef g(x): return 2", True),
        ("@lru_cache(1)\ndef g(x): return 1", "@lru_cache(1)\ndef g(x): return 2", False),
        ("class A: x = 1", "class A: x = 2", False),
        ("class A(x): y = 1", "class A(x): y = 2", True),
        ("class A(metaclass=f): y = 1", "class A(metaclass=f): y = 2", True),
        ("class A(B): y = 1", "class A(B): y = 2", False),
        ("x = (", "x = (1", True),
        ("a, b = 1, 2", "a, b = 1, 3", True),
    ],
)
def test_what_of_setup_counts(setup: str, changed: str, counts: bool) -> None:
    before = digests([("setup", setup), TASK])
    assert (digests([("setup", changed), TASK]) != before) == counts


@pytest.mark.parametrize(
    "code",
    [
        "y = eval(x)",
        "y = globals()['K']",
        "y = df.query(x)",
        "y = df.eval('K')",
        "y = get_ipython().ev(x)",
        "y = 'K'",
        "y = '\\nK'",
    ],
)
def test_code_that_looks_names_up_counts_all(code: str) -> None:
    def piece(value: int) -> list[str]:
        return digests([("setup", f"K = {value}"), ("task:t", code)])

    assert piece(1) != piece(2)


def test_magics_that_set_up_the_kernel_look_nothing_up() -> None:
    magic = "get_ipython().run_line_magic('matplotlib', 'inline')"
    one, two = ([("setup", f"{magic}\nK = {k}"), TASK] for k in (1, 2))
    assert digests(one) == digests(two)


def test_parameters_that_a_task_can_see() -> None:
    cells = [
        ("parameters", "n = 3\nm: float = 1.5\nnames = ['a']"),
        ("setup", "def g(): return m"),
        ("task:t", "y = n"),
        ("task:u", "z = g()"),
        ("task:v", "w = names + dir(eval('1'))"),
        ("task:w", "print(1)"),
    ]
    assert sliced(cells).parameters == {"n": "3"}
    assert sliced(cells, n=5).parameters == {"n": "5"}
    assert sliced(cells, n="5").parameters == {"n": "'5'"}
    assert sliced(cells, "u").parameters == {"m": "1.5"}
    assert sliced(cells, "v").parameters == {"n": "3", "m": "1.5", "names": "['a']"}
    assert sliced(cells, "w").parameters == {}
    assert [piece.cell for piece in sliced(cells, "u").pieces] == [1, 3]
    assert digests(cells, n=5) == digests(cells)


def test_parameters_of_several_cells() -> None:
    cells = [
        ("pipeline-parameters", "n = 3"),
        ("setup", "k = n * 2"),
        ("pipeline-parameters", "m = 2 * 2\nhalf = m / 2"),
        ("task:t", "y = m"),
        ("task:u", "z = k"),
        ("task:v", "w = half"),
    ]
    assert sliced(cells, "t").parameters == {"n": "3", "m": "4 (and 4)"}
    assert sliced(cells, "t", m=5).parameters["m"] == "5 (and 4)"
    assert digests(cells, m=4) == digests(cells)


def test_where_a_cell_stands_is_told_and_not_compared() -> None:
    low = sliced([("task:t", "x = 1")])
    high = sliced([("skip", ""), ("task:t", "# moved\nx = 1")])
    assert [p.digest for p in low.pieces] == [p.digest for p in high.pieces]
    assert [p.cell for p in high.pieces] == [1]


def test_definitions_that_are_copied_count() -> None:
    cells = [("task:a", "def f(x):\n    return x\nz = 1"), ("task:t", "y = f(2)")]
    other = [(cells[0][0], cells[0][1].replace("return x", "return -x")), cells[1]]
    unread = [(cells[0][0], cells[0][1].replace("z = 1", "z = 2")), cells[1]]
    assert digests(cells) != digests(other)
    assert digests(cells) == digests(unread)


def test_the_environment_counts_where_it_is_read() -> None:
    cells = [("task:t", "import os\ny = os.environ['WHERE']"), ("task:u", "z = 'WHERE'")]
    environ = {"WHERE": "here", "OTHER": "x"}
    assert list(sliced(cells, environ=environ).environment) == ["WHERE"]
    assert "here" not in str(sliced(cells, environ=environ))
    assert sliced(cells, "u", environ=environ).environment == {}


def test_what_code_speaks_of() -> None:
    assert {"a", "b", "c"} <= words_in("a.b('c d')")
    assert texts_in(["open('data.csv')", "x = 'run it.py'", "x = ("]) == (
        "data.csv",
        "run it.py",
        "run",
        "it.py",
    )
    assert imports_in(["import a.b as c, d", "from e.f import g\nfrom . import h"]) == (
        "a",
        "d",
        "e",
    )


def test_what_may_be_secret_is_digested_with_a_key() -> None:
    cells = [
        ("parameters", "password = 'hunter2!'\nn = 1"),
        ("task:t", "import os\nx = os.environ['WHO'], password"),
    ]

    def digests_of(password: object, who: str = "ada", key: bytes = b"k") -> list[str]:
        found = sliced(cells, environ={"WHO": who}, secrets={"password": password}, key=key)
        return [found.parameters["password"], found.environment["WHO"]]

    one = digests_of("hunter2!")
    assert one == digests_of("hunter2!")
    for other in (digests_of("another", "bob"), digests_of("hunter2!", key=b"another")):
        assert all(mine != theirs for mine, theirs in zip(one, other, strict=True))
    assert sliced([("parameters", "n = 1"), ("task:t", "n")], n=2).parameters == {"n": "2"}
