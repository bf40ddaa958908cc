"""The tasks of notebooks that are steps of a run's tasks, as they are shown below these."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from jupyter_dagflow.core.model import TaskName
from jupyter_dagflow.core.run import TaskRun

if TYPE_CHECKING:
    from jupyter_dagflow.app import Dagflow
    from jupyter_dagflow.run_handle import Run


def step_tasks(app: Dagflow, run: Run) -> dict[TaskName, list[TaskRun]]:
    """By each task that had a step: the tasks of its last, with those of theirs, named below it (``prepare.load``)."""
    return {
        task: [_below(task, each) for each in _all(app, nested)]
        for task, nested in app.steps_of(run)
    }


def _all(app: Dagflow, run: Run) -> list[TaskRun]:
    deeper = step_tasks(app, run)
    return [each for task in run.tasks.values() for each in (task, *deeper.get(task.name, ()))]


def _below(task: TaskName, inner: TaskRun) -> TaskRun:
    return replace(inner, name=TaskName(f"{task}.{inner.name}"))
