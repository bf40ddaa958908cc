"""The whole notebook as one task: nothing moved, nothing lost."""

from __future__ import annotations

import hypothesis.strategies as st
from hypothesis import given

from jupyter_dagflow.core.compile import compile_cells
from jupyter_dagflow.core.model import Cell, CellId, CellKind, Notebook
from jupyter_dagflow.core.whole import RUN_ALL, whole

TAGS = ["", "setup", "task:a", "task:b", "skip", "pipeline-parameters"]


def notebook(*tags: str) -> Notebook:
    cells = tuple(
        Cell(
            id=CellId(f"c{at}"),
            index=at,
            kind=CellKind.CODE,
            source=f"x{at} = 1",
            code=f"x{at} = 1",
            tags=(tag,) if tag else (),
        )
        for at, tag in enumerate(tags)
    )
    return Notebook(path="nb.ipynb", digest="", cells=cells, kernel_name="python3")


def test_only_what_stands_above_the_parameters_is_prelude() -> None:
    source = notebook("", "parameters", "task:a", "setup", "skip", "task:b", "task:a")
    pipeline = whole(source, compile_cells(source).pipeline)
    assert pipeline.prelude == ("c0", "c1")
    (task,) = pipeline.tasks
    assert (task.name, task.cells, task.cell_indexes) == (
        RUN_ALL,
        ("c2", "c3", "c5", "c6"),
        (2, 3, 5, 6),
    )
    assert (pipeline.name, pipeline.edges) == ("nb (Run All)", ())


def test_prelude_goes_down_to_the_last_parameters() -> None:
    source = notebook("", "parameters", "task:a", "pipeline-parameters", "setup", "task:b")
    pipeline = whole(source, compile_cells(source).pipeline)
    assert pipeline.prelude == ("c0", "c1", "c2", "c3")
    assert pipeline.tasks[0].cells == ("c4", "c5")


@given(st.lists(st.sampled_from(TAGS), min_size=1, max_size=8))
def test_every_cell_that_the_dag_runs_runs_once_in_notebook_order(tags: list[str]) -> None:
    source = notebook(*tags)
    pipeline = whole(source, compile_cells(source).pipeline)
    cells = [cell.id for cell, tag in zip(source.cells, tags, strict=True) if tag != "skip"]
    assert [*pipeline.prelude, *pipeline.tasks[0].cells] == cells
