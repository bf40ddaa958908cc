"""The values of two runs, compared in a kernel of the notebook's own, after its prelude.

The law: values are unpickled nowhere but in such a kernel. It has a taskbook like any task, so that
the comparison can be opened and run again by hand.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from jupyter_dagflow.core.errors import EnvironmentFault
from jupyter_dagflow.core.imports import imported_modules
from jupyter_dagflow.core.machine import AttemptEnded
from jupyter_dagflow.core.model import Notebook, Pipeline, Task, TaskName
from jupyter_dagflow.core.secrets import NO_SECRETS, Secrets
from jupyter_dagflow.core.taskbook import assemble
from jupyter_dagflow.core.verify import Left
from jupyter_dagflow.execution.attempt_files import cloudpickle_folder, door, secret_door
from jupyter_dagflow.execution.files import RunFiles
from jupyter_dagflow.execution.kernel_pool import KernelPools
from jupyter_dagflow.execution.local import LocalExecutor
from jupyter_dagflow.execution.ports import Assignment, News

COMPARISON = TaskName("comparison")
_LOOK_S = 0.5  # how long an interrupt may go unnoticed


class ComparisonFailed(EnvironmentFault):
    """Both runs went well, but the kernel that was to compare their values did not come to an end."""

    code = "comparison_failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """The names whose values are equal; those of which they differ, and those not compared, with
    the reasons.
    """

    equal: tuple[str, ...]
    different: Mapping[str, str]
    not_compared: Mapping[str, str]


def compare(
    *,
    notebook: Notebook,
    pipeline: Pipeline,
    parameters: Mapping[str, object],
    files: RunFiles,
    store: Path,
    cwd: Path,
    run_all: Left,
    dag: Left,
    kernels: KernelPools | None = None,
    secrets: Secrets = NO_SECRETS,
) -> Compared:
    """Compare what two runs of a notebook have left; ``pipeline`` and ``files`` are the DAG's.
    The kernel comes from ``kernels``, if they have one.

    Blocks until it is done. Raises `ComparisonFailed`, and KeyboardInterrupt after the kernel has
    been ended.
    """
    skip = {**dag.not_stored, **run_all.not_stored}
    assignment = _assignment(notebook, pipeline, parameters, files, cwd)
    spec = {
        "store": str(store.absolute()),
        "cloudpickle": cloudpickle_folder(),
        "run_all": {name: stored.digest for name, stored in run_all.stored.items()},
        "dag": {name: stored.digest for name, stored in dag.stored.items()},
        "left_by": dict(dag.by),
        "gone": sorted(dag.gone),
        "skip": sorted(skip),
        "outcome": str(assignment.outcome),
    }
    cells = assemble(
        notebook=notebook,
        pipeline=pipeline,
        task=Task(name=COMPARISON, cells=(), cell_indexes=()),
        parameters=parameters,
        enter=door("enter", cwd.absolute(), "jupyter-dagflow: goes where the notebook lies"),
        load="# jupyter-dagflow: what stands above is the notebook's parameters and setup",
        save=door(
            "compare", assignment.handover, "jupyter-dagflow: compares the values of the two runs"
        ),
        secret=secret_door,
    )
    outcome = _outcome(
        replace(assignment, spec=spec, taskbook_cells=cells, secrets=secrets), kernels
    )
    return Compared(
        equal=tuple(outcome["equal"]),
        different=outcome["different"],
        not_compared={**outcome["not_compared"], **skip},
    )


def _assignment(
    notebook: Notebook,
    pipeline: Pipeline,
    parameters: Mapping[str, object],
    files: RunFiles,
    cwd: Path,
) -> Assignment:
    indexes = {cell.id: cell.index for cell in notebook.cells}
    return Assignment(
        run_id=files.run_id,
        task=COMPARISON,
        attempt=1,
        taskbook=files.folder.absolute() / COMPARISON / f"{COMPARISON}.ipynb",
        kernel_name=notebook.kernel_name,
        cwd=cwd,
        parameters=parameters,
        prelude={cell: indexes[cell] for cell in pipeline.prelude},
        imports=imported_modules(pipeline),
    )


def _outcome(assignment: Assignment, kernels: KernelPools | None) -> dict[str, Any]:
    """Run the taskbook and read what it wrote."""
    comparing = _Comparing(assignment, kernels)
    comparing.start()
    try:
        ended = comparing.wait()
    except KeyboardInterrupt:
        comparing.stop()
        raise
    failure = ended.failure
    if failure is not None:
        raise ComparisonFailed(
            f"The values could not be compared: {failure.message}",
            hint=f"Open {assignment.taskbook} and run it: it compares the same values again.",
        )
    outcome: dict[str, Any] = json.loads(assignment.outcome.read_text(encoding="utf-8"))
    return outcome


class _Comparing:
    """The attempt, in a thread with an event loop of its own: the caller's may be busy."""

    def __init__(self, assignment: Assignment, kernels: KernelPools | None) -> None:
        self._assignment = assignment
        self._kernels = kernels
        self._loop = asyncio.new_event_loop()
        self._ended: asyncio.Future[AttemptEnded] = self._loop.create_future()
        self._done = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._main, name=COMPARISON, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wait(self) -> AttemptEnded:
        """Wait for the end, and raise what prevented it."""
        while not self._done.wait(_LOOK_S):
            pass
        if self._failure is not None:
            raise self._failure
        return self._ended.result()

    def stop(self) -> None:
        """End the kernel, and wait until it has."""
        with contextlib.suppress(RuntimeError):  # the loop was closed: it has ended by itself
            self._loop.call_soon_threadsafe(self._ended.cancel)
        self._done.wait()

    def _main(self) -> None:
        try:
            self._loop.run_until_complete(self._run())
        except BaseException as error:  # noqa: BLE001 -- handed to whoever waits
            self._failure = error
        finally:
            self._loop.close()
            self._done.set()

    async def _run(self) -> None:
        executor = LocalExecutor(self._take, kernels=self._kernels)
        try:
            await executor.start(self._assignment)
            await self._ended
        finally:
            await executor.close()

    def _take(self, news: News) -> None:
        if isinstance(news, AttemptEnded) and not self._ended.done():
            self._ended.set_result(news)
