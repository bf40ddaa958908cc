"""How long compiling takes, and how it grows with the notebook."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Iterator

from jupyter_dagflow.core.compile import compile_cells
from jupyter_dagflow.core.guarding import guarded
from jupyter_dagflow.core.lookup import Lookup
from jupyter_dagflow.core.model import Cell, CellId, CellKind, Notebook, PartitionBy
from tests.benchmarks.measure import Figure, fresh_process, seconds
from tests.benchmarks.synthetic import (
    TaggedCell,
    calls,
    cells,
    chain,
    fan_in,
    fan_out,
    file_chain,
)


def figures() -> Iterator[Figure]:
    """One figure for each promise about speed."""
    yield Figure("compile 1,000 cells, cold", fresh_process(cold, 1_000), "s", at_most=0.5)
    yield Figure("compile 10,000 cells, cold", fresh_process(cold, 10_000), "s", at_most=5.0)
    yield Figure("compile 10,000 cells again", fresh_process(warm, 10_000), "s", at_most=1.0)
    yield Figure("one edited cell of 500", fresh_process(edited, 500), "s", at_most=0.05)
    yield Figure("then another one", fresh_process(edited_again, 500), "s", at_most=0.05)
    yield Figure("memory of 10,000 cells", fresh_process(peak, 10_000), "MB", at_most=200)
    yield Figure(
        "compile 10,000 tagged tasks", fresh_process(shaped_chain, 10_000), "s", at_most=5.0
    )
    yield Figure(
        "1,000 tasks read one value", fresh_process(shaped_fan_out, 1_000), "s", at_most=0.5
    )
    yield Figure(
        "one task reads 1,000 values", fresh_process(shaped_fan_in, 1_000), "s", at_most=0.5
    )
    yield Figure(
        "300 functions that call each other", fresh_process(shaped_calls, 300), "s", at_most=1
    )
    yield Figure(
        "1,000 tasks write and read files", fresh_process(shaped_files, 1_000), "s", at_most=0.5
    )
    yield Figure(
        "what 1,000 attempts must not change", fresh_process(attempts, 1_000), "s", at_most=0.5
    )


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


def edited_again(size: int) -> float:
    """The notebook after a change to another cell."""
    sources = cells(size)
    for place in (size // 2, size // 3):
        compile_cells(_notebook(sources), by=PartitionBy.CELLS)
        sources[place] += f"\nedited_{place} = 1\n"
    notebook = _notebook(sources)
    return seconds(lambda: compile_cells(notebook, by=PartitionBy.CELLS))


def peak(size: int) -> float:
    """The most memory that compiling holds at once."""
    notebook = _notebook(cells(size))
    tracemalloc.start()
    compile_cells(notebook, by=PartitionBy.CELLS)
    return tracemalloc.get_traced_memory()[1] / 1e6


def shaped_chain(size: int) -> float:
    """Tasks that each change what the one before it made."""
    return _compiling(chain(size))


def shaped_fan_out(size: int) -> float:
    """A task whose value many read."""
    return _compiling(fan_out(size))


def shaped_fan_in(size: int) -> float:
    """A task that reads of many."""
    return _compiling(fan_in(size))


def shaped_calls(size: int) -> float:
    """Functions in tasks of their own, which call each other in circles."""
    return _compiling(calls(size))


def shaped_files(size: int) -> float:
    """Tasks that each read the file that the one before it wrote."""
    return _compiling(file_chain(size))


def attempts(size: int) -> float:
    """What is asked of a pipeline when each of its tasks is run once."""
    pipeline = compile_cells(_tagged(fan_out(size))).pipeline

    def ask() -> None:
        lookup = Lookup(pipeline)
        for task in pipeline.tasks:
            guarded(lookup, task, {})

    return seconds(ask)


def _compiling(tasks: list[TaggedCell]) -> float:
    notebook = _tagged(tasks)
    gc.collect()
    return seconds(lambda: compile_cells(notebook))


def _notebook(sources: list[str]) -> Notebook:
    return _tagged([TaggedCell(source) for source in sources])


def _tagged(cells: list[TaggedCell]) -> Notebook:
    return Notebook(
        path="synthetic.ipynb",
        digest="",
        kernel_name="python3",
        cells=tuple(
            Cell(
                id=CellId(f"c{i}"),
                index=i,
                kind=CellKind.CODE,
                source=cell.source,
                code=cell.source,
                tags=cell.tags,
            )
            for i, cell in enumerate(cells)
        ),
    )
