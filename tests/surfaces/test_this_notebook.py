"""How a magic finds its notebook, and when it knows that the file is older than the screen."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_dagflow.core.errors import NotebookUnknown
from jupyter_dagflow.core.model import Cell, CellId, CellKind, Notebook
from jupyter_dagflow.surfaces.this_notebook import Executed, find_notebook


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "nb.ipynb"
    path.write_text("{}")
    return path


def test_what_is_named_wins(file: Path) -> None:
    found = find_notebook("x.ipynb", namespace={}, environ={"JPY_SESSION_NAME": str(file)})
    assert found == Path("x.ipynb")


def test_jupyter_server_tells_the_path(file: Path) -> None:
    assert find_notebook(None, namespace={}, environ={"JPY_SESSION_NAME": str(file)}) == file


def test_vs_code_tells_the_path(file: Path) -> None:
    assert find_notebook(None, namespace={"__vsc_ipynb_file__": str(file)}, environ={}) == file


@pytest.mark.parametrize(
    "told", [{}, {"JPY_SESSION_NAME": "console-1"}, {"JPY_SESSION_NAME": "/gone/renamed.ipynb"}]
)
def test_not_knowing_says_what_to_do(told: dict[str, str]) -> None:
    with pytest.raises(NotebookUnknown) as caught:
        find_notebook(None, namespace={}, environ=told)
    assert "--notebook" in caught.value.hint


def saved(source: str) -> Notebook:
    cell = Cell(id=CellId("a"), index=2, kind=CellKind.CODE, source=source)
    return Notebook(path="nb.ipynb", digest="", cells=(cell,), kernel_name="python3")


@pytest.mark.parametrize(
    ("cell_id", "source", "at", "told"),
    [
        ("a", "x = 1", 20.0, []),
        ("a", "x = 1\n", 20.0, []),
        ("a", "x = 2", 20.0, ["cell 2"]),
        ("a", "x = 2", 5.0, []),
        ("b", "y = 1", 20.0, ["a new cell"]),
        (None, "y = 1", 20.0, []),
    ],
)
def test_what_ran_after_saving_and_reads_otherwise(
    cell_id: str | None, source: str, at: float, told: list[str]
) -> None:
    executed = Executed()
    executed.note(cell_id, source, at=at)
    assert executed.unsaved(saved("x = 1"), saved_at=10.0) == told
