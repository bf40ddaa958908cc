"""What the engine itself costs for each task of a notebook of very many: all but kernels and the user's code.

The law: everything is real but the executor, which ends each attempt at once, as its kernel would, with a result told
of; an attempt's own files are the executor's business. Metastore and executed notebook are on the disk; compiling is
measured elsewhere. The processor's time has that of making folders and files in it. That by the clock has also what the
disk takes to say that a transaction is safe, which in a chain is one for each task.
"""

from __future__ import annotations

import asyncio
import gc
import hashlib
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from functools import partial
from pathlib import Path

from jupyter_dagflow.core.compile import compile_cells
from jupyter_dagflow.core.events import Stored
from jupyter_dagflow.core.lease import Lease
from jupyter_dagflow.core.machine import AttemptEnded
from jupyter_dagflow.core.model import Compilation, RunId, TaskName
from jupyter_dagflow.core.states import RunState
from jupyter_dagflow.execution.cache import Reuse
from jupyter_dagflow.execution.files import RunFiles
from jupyter_dagflow.execution.ports import Assignment, Report
from jupyter_dagflow.execution.processes import this_process
from jupyter_dagflow.execution.runner import Runner, RunRequest
from jupyter_dagflow.storage.metastore import Metastore
from jupyter_dagflow.storage.notebooks import read_notebook
from tests.benchmarks.measure import Figure, fresh_process, seconds
from tests.benchmarks.notebook_file import write_notebook
from tests.benchmarks.synthetic import TaggedCell, chain, fans

_TASKS = 10_000
_PROMISED_MS = 1.0  # 1,000 tasks a second


def figures() -> Iterator[Figure]:
    """What a task costs in a chain and in fans, and that it is no more for many than for few."""
    for name, measure, clock in (
        ("a chain", in_a_chain, "of the processor"),
        ("fans of 1,000", in_fans, "of the processor"),
        ("a chain", in_a_chain_by_the_clock, "by the clock"),
        ("fans of 1,000", in_fans_by_the_clock, "by the clock"),
    ):
        for size in (_TASKS // 10, _TASKS):
            yield Figure(
                f"the engine for a task of {name} of {size:,}, {clock}",
                [took / size * 1_000 for took in fresh_process(measure, size)],
                "ms",
                at_most=_PROMISED_MS,
            )


def in_a_chain(size: int) -> float:
    """A run of tasks that wait for one another."""
    return _running(chain(size), time.process_time)


def in_fans(size: int) -> float:
    """A run in which a thousand tasks wait for one, and one for a thousand."""
    return _running(fans(size), time.process_time)


def in_a_chain_by_the_clock(size: int) -> float:
    """The same as in a chain, with all that is waited for."""
    return _running(chain(size), time.perf_counter)


def in_fans_by_the_clock(size: int) -> float:
    """The same as in fans, with all that is waited for."""
    return _running(fans(size), time.perf_counter)


def _running(cells: list[TaggedCell], clock: Callable[[], float]) -> float:
    with tempfile.TemporaryDirectory() as name:
        files = RunFiles(Path(name), RunId("run"))
        files.folder.mkdir(parents=True)
        write_notebook(files.source, [(cell.source, *cell.tags) for cell in cells])
        notebook = read_notebook(files.source)
        compilation = compile_cells(notebook)
        metastore = Metastore.open(f"sqlite:///{files.home / 'metastore.db'}")
        request = RunRequest(
            run_id=files.run_id,
            notebook=notebook,
            compilation=compilation,
            parameters={},
            files=files,
            artifacts=files.home / "artifacts",
            cwd=files.home,
            jobs=8,
            lease=Lease(run_id=files.run_id, token=1, owner=this_process()),
            reuse=Reuse.YES,
        )
        gc.collect()
        took = seconds(lambda: run(request, metastore), clock)
        metastore.close()
        return took


def run(request: RunRequest, metastore: Metastore) -> None:
    """From the request to the executed notebook; it has to end well."""
    executor = partial(AtOnce, compilation=request.compilation)
    runner = Runner(request, metastore=metastore, make_executor=executor, now=_now)
    state = asyncio.run(_to_the_end(runner))
    assert state is RunState.SUCCESS


async def _to_the_end(runner: Runner) -> RunState:
    """How it ends, alone: of a whole run `asyncio.run` would make a text, which nobody reads."""
    return (await runner.run()).state


class AtOnce:
    """An executor whose attempts have ended well when they begin."""

    def __init__(self, report: Report, *, compilation: Compilation) -> None:
        self._report = report
        self._tasks = {task.name: task for task in compilation.pipeline.tasks}

    async def start(self, assignment: Assignment, *, more: bool = False) -> None:
        """End it."""
        task = self._tasks[assignment.task]
        ended = AttemptEnded(
            at=_now(),
            task=assignment.task,
            attempt=assignment.attempt,
            cells_s=0.0,
            stored=tuple(
                Stored(
                    name=name,
                    digest=_digest(f"{task.name}-{name}"),
                    size_bytes=100,
                    type="int",
                    preview="1",
                    version=task.versions.get(name, 0),
                )
                for name in task.outputs
            ),
        )
        self._report(ended)

    async def stop(self, task: TaskName, attempt: int) -> None:
        """Nothing runs that could be stopped."""

    async def close(self) -> None:
        """Nothing is left."""


def _now() -> datetime:
    return datetime.now(timezone.utc)


def _digest(text: str) -> str:
    return f"blake2b:{hashlib.blake2b(text.encode(), digest_size=32).hexdigest()}"
