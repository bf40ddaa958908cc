"""Runs a notebook both ways and compares what is left: as a DAG first, then Run All.

The law: one after the other, for both write the same files, and the DAG first: a file that one of its
tasks reads too early must not be there from Run All. Both are recorded, so that what they printed can
be read; neither is told of the other until the values are compared.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import replace

from jupyter_dagflow.app import Dagflow, check_jobs
from jupyter_dagflow.core.events import TaskFailure
from jupyter_dagflow.core.states import RunState, TaskState
from jupyter_dagflow.core.verify import (
    Left,
    Stopped,
    TaskLeft,
    Verification,
    explained,
    first_failure,
    left_by,
)
from jupyter_dagflow.core.whole import whole
from jupyter_dagflow.execution.cache import Reuse
from jupyter_dagflow.execution.comparing import compare
from jupyter_dagflow.execution.files import RunFiles
from jupyter_dagflow.execution.ports import OUTCOME
from jupyter_dagflow.execution.runner import Survivors
from jupyter_dagflow.execution.watchers import Sink
from jupyter_dagflow.prepared import Prepared
from jupyter_dagflow.run_handle import LiveRun

TRIGGER = "verify"
_OF_AN_ITERATION = "each iteration of the mapped loop has its own"


class Verifying:
    """One verification: `start_dag`, wait, `start_run_all`, wait, `compare`.

    Of a task that the DAG has skipped, Run All leaves the cells out.

    Raises `OptionError` if ``jobs`` (of the DAG) makes no sense.
    """

    def __init__(self, app: Dagflow, prepared: Prepared, *, jobs: int | None = None) -> None:
        check_jobs(jobs)
        self._app = app
        self._prepared = prepared
        self._jobs = jobs

    def start_dag(self, sinks: Sequence[Sink] = ()) -> LiveRun:
        """Begin to run it as a DAG."""
        return self._launch(self._prepared, jobs=self._jobs, survivors=Survivors.NEW, sinks=sinks)

    def start_run_all(self, dag: LiveRun, sinks: Sequence[Sink] = ()) -> LiveRun:
        """Begin to run the notebook top to bottom in one kernel, when the DAG has ended."""
        compilation = self._prepared.compilation
        skipped = [name for name, task in dag.tasks.items() if task.state is TaskState.SKIPPED]
        pipeline = whole(self._prepared.source, compilation.running, skipped=skipped)
        prepared = replace(
            self._prepared, compilation=replace(compilation, pipeline=pipeline, by_kernel=None)
        )
        return self._launch(prepared, jobs=1, survivors=Survivors.ALL, sinks=sinks)

    def _launch(
        self, prepared: Prepared, *, jobs: int | None, survivors: Survivors, sinks: Sequence[Sink]
    ) -> LiveRun:
        """Begin one of the two: nothing in it is reused."""
        return self._app.launch(
            prepared,
            jobs=jobs,
            survivors=survivors,
            trigger=TRIGGER,
            reuse=Reuse.NEVER,
            sinks=sinks,
        )

    def compare(self, dag: LiveRun, run_all: LiveRun) -> Verification:
        """What the two runs, which have ended, came to; raises `ComparisonFailed`."""
        verification = Verification(
            run_id=dag.run_id,
            run_all_id=run_all.run_id,
            pipeline=dag.view.pipeline,
            notebook=dag.view.notebook,
            state=dag.state,
            not_compared={},
        )
        stopped = Stopped(run_all=_failure(run_all), dag=_failure(dag))
        if stopped.run_all or stopped.dag:
            return replace(verification, stopped=stopped)
        if RunState.CANCELLED in (run_all.state, dag.state):
            return replace(verification, state=RunState.CANCELLED)
        settings, prepared = self._app.settings, self._prepared
        compared = compare(
            notebook=prepared.source,
            pipeline=prepared.compilation.running,
            parameters=prepared.parameters,
            secrets=prepared.secrets,
            files=RunFiles(settings.home, dag.run_id),
            store=settings.artifacts,
            cwd=prepared.cwd,
            run_all=_left(run_all),
            dag=_left(dag),
            kernels=self._app.kernels,
        )
        return replace(
            verification,
            equal=compared.equal,
            different=explained(prepared.source, prepared.compilation, compared.different),
            not_compared=compared.not_compared,
        )


def _failure(run: LiveRun) -> TaskFailure | None:
    return first_failure(_failures(run))


def _failures(run: LiveRun) -> Collection[TaskFailure]:
    return [task.failure for task in run.tasks.values() if task.failure is not None]


def _left(run: LiveRun) -> Left:
    """What the run has left, by what its tasks' last cells wrote of it."""
    pipeline = run.compilation.running
    versions = {task.name: task.versions for task in pipeline.tasks}
    own = {task.name: task.loop.own for task in pipeline.tasks if task.loop is not None}
    tasks = {}
    for name, task in run.tasks.items():
        if task.state is not TaskState.SUCCESS or name not in versions:
            continue  # it was skipped, and left nothing; or is an instance, or stands within a lane
        path = run.taskbook_path(name).with_name(OUTCOME)
        outcome = json.loads(path.read_text(encoding="utf-8"))
        tasks[name] = TaskLeft(
            stored=task.stored,
            gone=outcome["gone"],
            not_stored={
                **{
                    left["name"]: f"{left['type']}: {left['reason']}"
                    for left in outcome["not_kept"]
                },
                **dict.fromkeys(own.get(name, ()), _OF_AN_ITERATION),
            },
            versions=versions[name],
        )
    return left_by(tasks, pipeline.prelude_versions)
