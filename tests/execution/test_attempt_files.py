"""That writing the files of one attempt is no more work in a large notebook than in a small one."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from types import FrameType

import pytest

from jupyter_dagflow.core.compile import compile_cells
from jupyter_dagflow.core.lookup import Lookup
from jupyter_dagflow.core.model import RunId, TaskName
from jupyter_dagflow.execution.attempt_files import prepare_attempt
from jupyter_dagflow.execution.files import RunFiles
from tests.core.notebooks import tagged

Cells = Iterable[tuple[str, str]]
SETUP = ("setup", "import math\ndef f(x):\n    return math.sqrt(x)")


def chain(size: int) -> Cells:
    """Each task makes a value of the one before it, with a function of its own."""
    return [
        ("task:make", "x = 1.0"),
        *((f"task:t{i}", f"def g{i}():\n    pass\nx = f(x)") for i in range(size)),
    ]


def fan_out(size: int) -> Cells:
    """Many tasks that call what the first of them reads and defines."""
    return [
        ("task:make", "x = 1.0\ndef g():\n    return 1"),
        *((f"task:t{i} metric:y{i}", f"y{i} = f(x) + g()\nprint(y{i})") for i in range(size)),
    ]


@pytest.mark.parametrize("make", [chain, fan_out])
@pytest.mark.parametrize("place", [0, 10])
def test_the_files_of_an_attempt_take_as_long_in_any_notebook(
    make: Callable[[int], Cells], place: int, tmp_path: Path
) -> None:
    assert work(make(300), place, tmp_path) == work(make(20), place, tmp_path)


def work(cells: Cells, place: int, home: Path) -> int:
    """How many lines of ours run to write the files of an attempt at one task."""
    notebook = tagged(SETUP, *cells)
    lookup = Lookup(compile_cells(notebook).pipeline)
    lines = 0

    def count(frame: FrameType, event: str, arg: object) -> object:
        nonlocal lines
        lines += event == "line"
        return count if "jupyter_dagflow" in frame.f_code.co_filename else None

    def prepare(attempt: int) -> None:
        prepare_attempt(
            task=TaskName(f"t{place}"),
            attempt=attempt,
            run_id=RunId("r"),
            notebook=notebook,
            lookup=lookup,
            files=RunFiles(home, RunId("r")),
            store=home / "store",
            cwd=home,
            parameters={},
        )

    prepare(1)  # what is found out once, for all attempts
    before = sys.gettrace()
    sys.settrace(count)
    try:
        prepare(2)
    finally:
        sys.settrace(before)
    return lines
