"""The whole notebook as one task: what Run All does, in the words of the DAG.

The law: nothing is moved. All code cells that the pipeline has run once, in notebook order, in one
kernel; only those down to the last cell of parameters count as prelude, because parameters are set
behind it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from jupyter_dagflow.core.model import CellId, Notebook, Pipeline, Task, TaskName

RUN_ALL = TaskName("run-all")


def whole(
    notebook: Notebook, pipeline: Pipeline, *, skipped: Collection[TaskName] = ()
) -> Pipeline:
    """A pipeline of the one task `RUN_ALL`, with the cells and parameters of ``pipeline``, but for tasks ``skipped``.

    Its name tells the two apart in the history: ``churn (Run All)``.
    """
    indexes = {cell.id: cell.index for cell in notebook.cells}
    cells = sorted({*pipeline.prelude, *_cells(pipeline, skipped)}, key=indexes.__getitem__)
    declaring = {pipeline.parameters_cell, *pipeline.more_parameters_cells}
    first = max((place for place, cell in enumerate(cells, 1) if cell in declaring), default=0)
    own = tuple(cells[first:])
    task = Task(name=RUN_ALL, cells=own, cell_indexes=tuple(indexes[cell] for cell in own))
    return replace(
        pipeline,
        name=f"{pipeline.name} (Run All)",
        prelude=tuple(cells[:first]),
        prelude_definitions=(),  # it hands code over by value: what is there, not what was written
        prelude_versions={},  # there is one task, and it has what setup bound
        tasks=(task,),
        edges=(),
    )


def _cells(pipeline: Pipeline, skipped: Collection[TaskName]) -> list[CellId]:
    return [cell for task in pipeline.tasks if task.name not in skipped for cell in task.cells]
