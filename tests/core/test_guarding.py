"""Which names a task must leave as they are, as a table of notebooks."""

from __future__ import annotations

import pytest

from jupyter_dagflow.core.compile import compile_cells
from jupyter_dagflow.core.guarding import Bundled, guarded, unguarded
from jupyter_dagflow.core.lookup import Lookup
from jupyter_dagflow.core.model import Pipeline, TaskName
from tests.core.notebooks import tagged


def pipeline(*cells: tuple[str, str]) -> Pipeline:
    """The pipeline of cells given as (tags, source)."""
    notebook = tagged(*cells)
    return compile_cells(notebook).pipeline


MAKE = ("task:make", "import lib\nx = lib.make()")


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ([MAKE, ("task:t", "n = len(x)")], {}),
        ([MAKE, ("task:t", "n = len(x)"), ("task:u", "m = 1\nprint(x)")], {"x": ("u", 2)}),
        ([MAKE, ("task:u", "print(x)"), ("task:t", "n = len(x)")], {}),
        ([MAKE, ("task:t", "x.sort()"), ("task:u", "print(x)")], {}),
        ([MAKE, ("task:t mutates:x", "n = len(x)"), ("task:u", "print(x)")], {}),
        ([MAKE, ("task:t pure:x", "n = len(x)"), ("task:u", "print(x)")], {}),
        ([MAKE, ("task:t", "n = len(x)"), ("task:u", "x = 2"), ("task:v", "print(x)")], {}),
        ([MAKE, ("task:t", "n = len(x)"), ("task:u", "x.sort()")], {"x": ("u", 1)}),
        ([("setup", "x = [1]"), ("task:t", "n = len(x)"), ("task:u", "print(x)")], {"x": ("u", 1)}),
        ([("setup", "x = [1]"), ("task:t", "n = 1"), ("task:u", "print(x)")], {"x": ("u", 1)}),
        ([("setup", "x = [1]"), ("task:t", "x.append(1)"), ("task:u", "print(x)")], {}),
        (
            [
                ("task:a", "import random\nx = 1"),
                ("task:t", "random.random()"),
                ("task:u", "random.random()"),
            ],
            {},
        ),
    ],
)
def test_guarded(cells: list[tuple[str, str]], expected: dict[str, tuple[str, int | None]]) -> None:
    found = pipeline(*cells)
    task = found.task("t")
    assert task is not None
    reads = guarded(Lookup(found), task, {})
    reads.pop("random", None)  # a module, which is what it is called
    assert {name: (read.task, read.line) for name, read in reads.items()} == expected


def test_what_shares_objects_counts_as_read() -> None:
    found = pipeline(
        ("task:make", "import lib\nx = lib.make()\ny = lib.around(x)"),
        ("task:t", "n = len(x)"),
        ("task:u", "print(y)"),
    )
    task = found.task("t")
    assert task is not None
    assert guarded(Lookup(found), task, {}) == {}
    bundles = {"x": Bundled(source=TaskName("make"), names={"y"})}
    read = guarded(Lookup(found), task, bundles)["x"]
    assert (read.name, read.task, read.line) == ("y", "u", 1)


def test_what_is_copied_into_both_is_guarded() -> None:
    found = pipeline(
        ("task:make", "LIMITS = {'a': 1}"),
        ("task:t", "n = str(LIMITS)"),
        ("task:u", "m = str(LIMITS)"),
    )
    task = found.task("t")
    assert task is not None
    if any(definition.name == "LIMITS" for definition in task.definitions):
        assert guarded(Lookup(found), task, {})["LIMITS"].task == "u"
    else:
        assert guarded(Lookup(found), task, {})["LIMITS"].line == 1


def test_the_rest_is_only_watched() -> None:
    found = pipeline(MAKE, ("task:t", "n = len(x)"))
    task = found.task("t")
    assert task is not None
    assert unguarded(task, ()) == ("x",)
    assert unguarded(task, {"x"}) == ()
