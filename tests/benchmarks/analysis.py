"""How long compiling takes, and how it grows with the notebook."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Iterator

from jupyter_dagflow.core.compile import compile_cells
from jupyter_dagflow.core.model import Cell, CellId, CellKind, Notebook, PartitionBy
from tests.benchmarks.measure import Figure, fresh_process, seconds
from tests.benchmarks.synthetic import cells


def figures() -> Iterator[Figure]:
    """One figure for each promise about speed."""
    yield Figure("compile 1,000 cells, cold", fresh_process(cold, 1_000), "s", at_most=0.5)
    yield Figure("compile 10,000 cells, cold", fresh_process(cold, 10_000), "s", at_most=5.0)
    yield Figure("compile 10,000 cells again", fresh_process(warm, 10_000), "s", at_most=1.0)
    yield Figure("one edited cell of 500", fresh_process(edited, 500), "s", at_most=0.05)
    yield Figure("memory of 10,000 cells", fresh_process(peak, 10_000), "MB", at_most=200)


def cold(size: int) -> float:
    """The first compilation of a process."""
    notebook = _notebook(cells(size))
    gc.collect()
    return seconds(lambda: compile_cells(notebook, by=PartitionBy.CELLS))


def warm(size: int) -> float:
    """The same notebook once more."""
    notebook = _notebook(cells(size))
    compile_cells(notebook, by=PartitionBy.CELLS)
    return seconds(lambda: compile_cells(notebook, by=PartitionBy.CELLS))


def edited(size: int) -> float:
    """The notebook after a change to the cell in its middle."""
    sources = cells(size)
    compile_cells(_notebook(sources), by=PartitionBy.CELLS)
    sources[size // 2] += "\nedited = 1\n"
    notebook = _notebook(sources)
    return seconds(lambda: compile_cells(notebook, by=PartitionBy.CELLS))


def peak(size: int) -> float:
    """The most memory that compiling holds at once."""
    notebook = _notebook(cells(size))
    tracemalloc.start()
    compile_cells(notebook, by=PartitionBy.CELLS)
    return tracemalloc.get_traced_memory()[1] / 1e6


def _notebook(sources: list[str]) -> Notebook:
    return Notebook(
        path="synthetic.ipynb",
        digest="",
        kernel_name="python3",
        cells=tuple(
            Cell(id=CellId(f"c{i}"), index=i, kind=CellKind.CODE, source=source, code=source)
            for i, source in enumerate(sources)
        ),
    )
