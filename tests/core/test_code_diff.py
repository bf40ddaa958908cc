"""What code differs between two notebooks, as a table and as properties."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_dagflow.core.code_diff import Code, CodeChange, code_changes, unified
from jupyter_dagflow.core.compile import compile_cells
from jupyter_dagflow.core.model import TaskName
from jupyter_dagflow.core.slices import Slicer
from tests.core.notebooks import tagged

Cells = list[tuple[str, str]]

BASE: Cells = [
    ("setup", "import math\nLIMIT = 3\nplain = 1"),
    ("", "def f(x):\n    return x + LIMIT"),
    ("task:a", "a = f(1)"),
    ("task:b when:a>0", "b = a + 1"),
    ("", "c = b * 2"),
    ("task:d", "print(math.pi, plain)"),
]


def edited(at: int, source: str, tags: str | None = None) -> Cells:
    return [*BASE[:at], (BASE[at][0] if tags is None else tags, source), *BASE[at + 1 :]]


def changes(before: Cells, after: Cells) -> tuple[CodeChange, ...]:
    codes, names = [], []
    for cells in (before, after):
        notebook = tagged(*cells)
        pipeline = compile_cells(notebook).pipeline
        codes.append(Code(notebook, pipeline))
        names.append([task.name for task in pipeline.tasks])
    before_code, after_code = codes
    return code_changes(before_code, after_code, [name for name in names[1] if name in names[0]])


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (edited(2, "a = f(1)  # one"), []),
        (edited(5, "\n# two\n\nprint(math.pi, plain)\n"), []),
        (edited(2, "a = f(2)"), [("cells", "a", (2,), (2,), "-a = f(1) +a = f(2)")]),
        (
            edited(4, "c = b * 3"),
            [("cells", "b", (4,), (4,), " b = a + 1 -c = b * 2 +c = b * 3")],
        ),
        (
            edited(3, "b = a + 1", "task:b when:a>1"),
            [("when", "b", (3,), (3,), "-a>0 +a>1")],
        ),
        (
            edited(1, "def f(x):\n    return x - LIMIT"),
            [("setup", "a", (1,), (1,), " def f(x): -    return x + LIMIT +    return x - LIMIT")],
        ),
        (
            edited(0, "import math\nLIMIT = 4\nplain = 1"),
            [("setup", "a", (0,), (0,), "-LIMIT = 3 +LIMIT = 4")],
        ),
        (
            edited(0, "import math\nLIMIT = 3\nplain = 1\nprint('hello')"),
            [("setup", "a b d", (), (0,), "+print('hello')")],
        ),
        (
            [*BASE[:3], ("task:d", "print(math.pi, plain)"), *BASE[3:5]],
            [],
        ),
    ],
)
def test_what_changed_and_for_whom(
    after: Cells, expected: list[tuple[str, str, tuple[int, ...], tuple[int, ...], str]]
) -> None:
    found = [
        (
            change.kind,
            " ".join(change.tasks),
            change.cells_before,
            change.cells_after,
            " ".join(line for line in change.diff.splitlines() if not line.startswith("@@")),
        )
        for change in changes(BASE, after)
    ]
    assert found == expected


def test_a_definition_that_several_tasks_copy_is_told_once() -> None:
    def cells(body: str) -> Cells:
        return [
            ("task:a", f"x = 1\ndef g(v):\n    return v {body}"),
            ("task:b", "y = g(x)"),
            ("task:c", "z = g(2)"),
        ]

    found = [(change.kind, change.tasks) for change in changes(cells("+ 1"), cells("+ 2"))]
    assert found == [("cells", ("a",)), ("definitions", ("b", "c"))]


def test_what_only_changes_places_is_a_change() -> None:
    swapped = edited(0, "plain = 1\nimport math\nLIMIT = 3")
    (change,) = [each for each in changes(BASE, swapped) if "d" in each.tasks]
    moved = "@@ -1,2 +1,2 @@\n+plain = 1\n import math\n-plain = 1"
    assert (change.kind, change.diff, change.cells_after) == ("setup", moved, ())


LINES = st.sampled_from(
    ["x = 1", "y = 2", "def f():\n    return 1", "if x:\n    y = 3", "import os"]
)
SOURCES = st.lists(LINES, max_size=4).map("\n".join)
NOTEBOOKS = st.tuples(SOURCES, SOURCES, SOURCES).map(
    lambda sources: [("setup", sources[0]), ("task:a", sources[1]), ("task:b", sources[2])]
)


def digests(cells: Cells, task: TaskName) -> list[str]:
    notebook = tagged(*cells)
    pipeline = compile_cells(notebook).pipeline
    slicer = Slicer(notebook, pipeline, parameters={}, environ={}, secrets={}, key=b"")
    found = pipeline.task(task)
    return [] if found is None else [piece.digest for piece in slicer.slice(found).pieces]


@given(NOTEBOOKS, NOTEBOOKS)
def test_code_differs_for_the_tasks_whose_slices_do(before: Cells, after: Cells) -> None:
    found = {name for change in changes(before, after) for name in change.tasks}
    for task in (TaskName("a"), TaskName("b")):
        old, new = digests(before, task), digests(after, task)
        if old and new:
            assert (task in found) == (old != new)


@given(NOTEBOOKS)
def test_comments_and_blank_lines_are_no_change(cells: Cells) -> None:
    commented = [(tags, "\n".join(f"\n# why\n{source}\n".splitlines())) for tags, source in cells]
    assert changes(cells, commented) == ()


@given(st.lists(LINES, max_size=5), st.lists(LINES, max_size=5))
def test_a_diff_says_what_came_and_what_went(before: list[str], after: list[str]) -> None:
    lines = [line for line in unified(before, after).splitlines() if not line.startswith("@@")]
    old, new = ("\n".join(texts).splitlines() for texts in (before, after))
    gone = sum(line.startswith("-") for line in lines)
    come = sum(line.startswith("+") for line in lines)
    assert len(old) - gone == len(new) - come
    assert bool(lines) == (old != new)
