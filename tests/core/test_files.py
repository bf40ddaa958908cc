"""Which patterns meet, and which edges they make."""

from __future__ import annotations

import pytest

from jupyter_dagflow.core.compile import compile_cells
from jupyter_dagflow.core.files import meet
from tests.core.notebooks import tagged


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("a.csv", "a.csv", True),
        ("a.csv", "b.csv", False),
        ("./out//a.csv", "out/a.csv", True),
        ("out\\a.csv", "out/a.csv", True),
        ("*.csv", "a.csv", True),
        ("*.csv", "out/a.csv", False),
        ("**/*.csv", "out/deep/a.csv", True),
        ("**/*.csv", "a.csv", True),
        ("out", "out/deep/a.csv", True),
        ("out/", "out/a.csv", True),
        ("out", "outer/a.csv", False),
        ("out/*.csv", "out/*.txt", False),
        ("out/a*", "out/*b", True),
        ("a?.csv", "a1.csv", True),
        ("a?.csv", "a/.csv", False),
        ("a[0-9].csv", "a1.csv", True),
        ("*", "**", True),
        ("*x" * 20 + "a", "*x" * 20 + "b", False),
    ],
)
def test_patterns_meet(one: str, other: str, expected: bool) -> None:
    assert meet(one, other) is expected
    assert meet(other, one) is expected


def compiled(*cells: tuple[str, str]) -> list[tuple[str, str, str, str]]:
    """The edges of tasks given as (tags, source), with the first reason of each."""
    notebook = tagged(*cells)
    found = compile_cells(notebook)
    assert [d.code for d in found.diagnostics] == []
    return [
        (e.source, e.target, e.reasons[0].kind, e.reasons[0].name) for e in found.pipeline.edges
    ]


def test_who_writes_comes_before_who_reads() -> None:
    cells = (("task:a writes:out/*.csv", "1"), ("task:b", "2"), ("task:c reads:out/x.csv", "3"))
    assert compiled(*cells) == [("a", "c", "file", "out/x.csv")]


def test_who_reads_comes_before_who_writes_anew() -> None:
    cells = (("task:a reads:in.csv", "1"), ("task:b writes:in.csv", "2"))
    assert compiled(*cells) == [("a", "b", "file", "in.csv")]


def test_writers_are_put_in_order_for_one_file_but_not_for_patterns() -> None:
    assert compiled(("task:a writes:o.csv", "1"), ("task:b writes:o.csv", "2")) == [
        ("a", "b", "file", "o.csv")
    ]
    assert compiled(("task:a writes:o/*", "1"), ("task:b writes:o/*", "2")) == []


def test_who_imports_a_module_that_a_cell_writes_comes_after_it() -> None:
    written = "get_ipython().run_cell_magic('writefile', 'made.py', 'x = 1')"
    cells = (
        ("task:a", written),
        ("task:b", "import made, math\ny = made.x"),
        ("task:c", "z = made.x"),
    )
    assert compiled(*cells) == [("a", "b", "file", "made.py"), ("a", "c", "file", "made.py")]
    assert compiled(("task:a", written), ("task:b", "from other.made import x")) == []


def test_a_tag_meets_a_path_in_the_code() -> None:
    written = "get_ipython().run_cell_magic('writefile', 'out/x.py', 'x = 1')"
    cells = (("task:a", written), ("task:b reads:out", "1"))
    assert compiled(*cells) == [("a", "b", "file", "out/x.py")]
