"""The local executor: every attempt in a kernel of its own on this machine, driven by a thread of
its own.

The law: papermill is imported and run in the attempts' threads only; what they learn is told in the
event loop's thread, in order, and the end once. The executor keeps no record of the run and needs
neither the main thread nor a working directory of its own, so it serves inside a notebook's kernel
as well as in a command.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from jupyter_dagflow.core.events import CellProgress, TaskFailure
from jupyter_dagflow.core.machine import AttemptEnded
from jupyter_dagflow.core.model import CellId, TaskName
from jupyter_dagflow.execution.ports import Assignment, Report

if TYPE_CHECKING:
    from jupyter_dagflow.execution.attempt import Attempt
    from jupyter_dagflow.execution.kernel_pool import KernelPools

_POLITE_S = 2.0  # from the interrupt to the kill

_log = logging.getLogger(__name__)


class LocalExecutor:
    """Runs attempts on this machine, in kernels from ``kernels`` where these have some; see
    `ports.Executor` for the contract.
    """

    def __init__(
        self,
        report: Report,
        *,
        kernels: KernelPools | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(timezone.utc),
        polite_s: float = _POLITE_S,
    ) -> None:
        self._report = report
        self._kernels = kernels
        self._now = now
        self._polite_s = polite_s
        self._attempts: dict[tuple[TaskName, int], _Running] = {}
        self._escalations: set[asyncio.Task[None]] = set()

    async def start(self, assignment: Assignment) -> None:
        """Begin an attempt; its end is reported later, however it comes."""
        running = _Running(
            assignment,
            kernels=self._kernels,
            loop=asyncio.get_running_loop(),
            tell=self._tell,
            now=self._now,
        )
        self._attempts[assignment.task, assignment.attempt] = running
        running.start()

    async def stop(self, task: TaskName, attempt: int) -> None:
        """Begin to end an attempt: an interrupt, and 2 s later the kill."""
        running = self._attempts.get((task, attempt))
        if running is not None and not running.stopping.is_set():
            running.stop()
            escalation = asyncio.create_task(self._escalate(running))
            self._escalations.add(escalation)
            escalation.add_done_callback(self._escalations.discard)

    async def close(self) -> None:
        """Stop whatever runs and wait until nothing of it is left."""
        for task, attempt in list(self._attempts):
            await self.stop(task, attempt)
        for running in list(self._attempts.values()):
            await running.gone.wait()
        await asyncio.gather(*self._escalations)

    async def _escalate(self, running: _Running) -> None:
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(running.ended.wait(), self._polite_s)
        while not running.ended.is_set():
            running.kill()
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(running.ended.wait(), self._polite_s)

    def _tell(self, running: _Running, news: AttemptEnded | CellProgress | None) -> None:
        """Take news from an attempt's thread, in the loop's; None: nothing is left of it."""
        key = (running.assignment.task, running.assignment.attempt)
        if news is None:
            running.gone.set()
            self._attempts.pop(key, None)
            return
        if isinstance(news, AttemptEnded):
            running.ended.set()
        self._report(news)


class _Running:
    """An attempt and the thread it runs in."""

    def __init__(
        self,
        assignment: Assignment,
        *,
        kernels: KernelPools | None,
        loop: asyncio.AbstractEventLoop,
        tell: Callable[[_Running, AttemptEnded | CellProgress | None], None],
        now: Callable[[], datetime],
    ) -> None:
        self.assignment = assignment
        self.ended = asyncio.Event()
        self.gone = asyncio.Event()
        self.stopping = threading.Event()
        self._kernels = kernels
        self._loop = loop
        self._tell = tell
        self._now = now
        self._attempt: Attempt | None = None
        # A daemon: at exit, Python would wait for others before anybody could stop them.
        self._thread = threading.Thread(
            target=self._main, name=f"dagflow {assignment.task}", daemon=True
        )

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Ask the attempt to end, also one that has not come to starting its kernel."""
        self.stopping.set()
        if self._attempt is not None:
            self._attempt.stop()

    def kill(self) -> None:
        """End the attempt's processes."""
        if self._attempt is not None:
            self._attempt.kill()

    def _main(self) -> None:
        try:
            self._send(self._run())
            if self._attempt is not None:
                self._attempt.clean_up()
        except Exception:  # noqa: BLE001 -- told in the log; the attempt itself has been reported
            _log.exception("The kernel of task %s was not ended properly", self.assignment.task)
        finally:
            self._send(None)

    def _run(self) -> AttemptEnded:
        try:
            # It brings jupyter_client along: here that keeps nobody waiting, and a run that needs
            # no kernel never pays for it.
            from jupyter_dagflow.execution.attempt import Attempt

            self._attempt = Attempt(
                self.assignment, kernels=self._kernels, on_cell=self._on_cell, now=self._now
            )
            if self.stopping.is_set():
                self._attempt.stop()
            return self._attempt.run()
        except Exception as error:  # noqa: BLE001 -- the attempt has to end with a state
            return AttemptEnded(
                at=self._now(),
                task=self.assignment.task,
                attempt=self.assignment.attempt,
                failure=TaskFailure(kind="internal", message=f"{type(error).__name__}: {error}"),
            )

    def _on_cell(self, cell: CellId, done: int) -> None:
        assignment = self.assignment
        self._send(
            CellProgress(
                run_id=assignment.run_id,
                task=assignment.task,
                attempt=assignment.attempt,
                cell=cell,
                cell_index=assignment.cells[cell],
                done=done,
                total=len(assignment.cells),
            )
        )

    def _send(self, news: AttemptEnded | CellProgress | None) -> None:
        with contextlib.suppress(RuntimeError):  # the loop was closed: nobody listens any more
            self._loop.call_soon_threadsafe(self._tell, self, news)
