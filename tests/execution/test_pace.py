"""A taskbook is not written again and again while it runs: by a clock that only the writing moves."""

from __future__ import annotations

import asyncio
from pathlib import Path

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_dagflow.execution import pace, papermill_door
from jupyter_dagflow.execution.pace import Pace
from jupyter_dagflow.storage.atomic import write_bytes

LARGE = 20_000_000
EMPTY_CELLS = 20


class Clock:
    """Stands still unless it is moved."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def monotonic(self) -> float:
        return self.now


@given(
    st.lists(st.floats(0.001, 30), min_size=1, max_size=50),
    st.lists(st.floats(0, 5), min_size=1, max_size=50),
)
def test_of_the_time_a_twentieth_at_most_is_spent_with_writing(
    takes: list[float], pauses: list[float]
) -> None:
    clock, written = Clock(), 0.0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pace, "time", clock)
        paced = Pace()
        for take, pause in zip(takes, pauses, strict=False):
            clock.now += pause
            if paced.wait_s():
                continue
            # what was written before has been waited for
            assert written <= (clock.now - 1_000.0) / 20
            began = clock.now
            clock.now += take
            written += take
            paced.wrote(began=began)


def test_empty_cells_do_not_write_a_large_output_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    sizes: list[int] = []

    def slowly(path: Path, data: bytes, *, durable: bool) -> None:
        write_bytes(path, data, durable=durable)
        sizes.append(len(data))
        clock.now += 0.5

    monkeypatch.setattr(pace, "time", clock)
    monkeypatch.setattr(papermill_door, "time", clock)
    monkeypatch.setattr(papermill_door, "write_bytes", slowly)
    cells = [nbformat.v4.new_code_cell("") for _ in range(1 + EMPTY_CELLS)]
    notebook = nbformat.v4.new_notebook(cells=cells, metadata={"papermill": {}})
    for cell in cells:
        cell.metadata["papermill"] = {}
    asyncio.run(_run_through(notebook, tmp_path / "loud.ipynb", clock))
    assert len(sizes) <= 2  # after a second, and when it ends
    assert sizes[-1] > LARGE


async def _run_through(notebook: nbformat.NotebookNode, path: Path, clock: Clock) -> None:
    """What papermill's engine tells of a notebook whose cells take a tenth of a second each."""
    record = papermill_door.SeldomSaved(
        notebook, f"dagflow-taskbook:{path}", progress_bar=False, on_write=lambda: None
    )
    record.notebook_start()
    for index, cell in enumerate(record.nb.cells):
        record.cell_start(cell, index)
        if index == 0:
            cell.outputs = [nbformat.v4.new_output("stream", text="x" * LARGE)]
        clock.now += 0.1
        record.autosave_cell()
        record.cell_complete(cell, index)
    record.notebook_complete()
