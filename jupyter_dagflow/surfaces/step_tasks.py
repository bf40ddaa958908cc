"""The tasks of notebooks that are steps of a run's tasks, as they are shown below these."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from jupyter_dagflow.core.errors import DagflowError
from jupyter_dagflow.core.model import TaskName
from jupyter_dagflow.core.run import TaskRun

if TYPE_CHECKING:
    from jupyter_dagflow.app import Dagflow
    from jupyter_dagflow.run_handle import LiveRun, Run


def step_tasks(app: Dagflow, run: Run) -> dict[TaskName, list[TaskRun]]:
    """By each task that had a step: the tasks of its last, with those of theirs, named below it (``prepare.load``)."""
    return {
        task: [_below(task, each) for each in _all(app, nested)]
        for task, nested in app.steps_of(run)
    }


def all_step_tasks(app: Dagflow, run: Run) -> list[TaskRun]:
    """The same in one list."""
    return [each for tasks in step_tasks(app, run).values() for each in tasks]


class StepWatch:
    """Looks how the steps of a live run stand.

    Their runs go on in other processes, so the metastore alone tells of them. Whoever watches
    asks now and then, and is told of each task only what is the newest.
    """

    def __init__(self, app: Dagflow, run: LiveRun) -> None:
        self._app = app
        self._run = run
        self.tasks: list[TaskRun] = []

    def look(self) -> bool:
        """Look once; whether `tasks` are others now. A run without steps costs nothing.

        Where the metastore cannot be read at the moment, the next look tells.
        """
        if not self._run.compilation.nested:
            return False
        before = self.tasks
        with suppress(DagflowError):
            self.tasks = all_step_tasks(self._app, self._run)
        return self.tasks != before


def _all(app: Dagflow, run: Run) -> list[TaskRun]:
    deeper = step_tasks(app, run)
    return [each for task in run.tasks.values() for each in (task, *deeper.get(task.name, ()))]


def _below(task: TaskName, inner: TaskRun) -> TaskRun:
    return replace(inner, name=TaskName(f"{task}.{inner.name}"))
