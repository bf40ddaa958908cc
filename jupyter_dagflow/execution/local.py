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
from datetime import datetime
from typing import TYPE_CHECKING

from jupyter_dagflow.clock import utc_now
from jupyter_dagflow.core.events import CellProgress, TaskFailure
from jupyter_dagflow.core.machine import AttemptEnded
from jupyter_dagflow.core.model import CellId, TaskName
from jupyter_dagflow.execution.attempt_files import mask_file
from jupyter_dagflow.execution.kernel_pool import KernelKind, KernelPools, kind_of
from jupyter_dagflow.execution.outcome import discard_unfinished
from jupyter_dagflow.execution.output_limit import DEFAULT_BYTES
from jupyter_dagflow.execution.ports import Assignment, News, OutputsWritten, Report

if TYPE_CHECKING:
    from jupyter_dagflow.execution.attempt import Attempt
    from jupyter_dagflow.execution.kernel_session import KernelSession

_POLITE_S = 2.0  # from the interrupt to the kill

_log = logging.getLogger(__name__)


class LocalExecutor:
    """Runs attempts on this machine, in kernels from ``kernels`` where these have some; see
    `ports.Executor` for the contract. Of each cell's output ``output_limit`` bytes are kept.
    """

    def __init__(
        self,
        report: Report,
        *,
        kernels: KernelPools | None = None,
        now: Callable[[], datetime] = utc_now,
        polite_s: float = _POLITE_S,
        output_limit: int = DEFAULT_BYTES,
    ) -> None:
        self._report = report
        self._kernels = kernels
        self._now = now
        self._polite_s = polite_s
        self._output_limit = output_limit
        self._attempts: dict[tuple[TaskName, int], _Worker] = {}
        self._workers: set[_Worker] = set()  # whose threads have not ended
        self._spare: _Worker | None = None
        self._escalations: set[asyncio.Task[None]] = set()

    async def start(self, assignment: Assignment, *, more: bool = False) -> None:
        """Begin an attempt; its end is reported later, however it comes.

        If ``more`` are to come, a kernel is made ready for the next, which mostly wants one of the same kind.
        """
        kind = kind_of(assignment.kernel_name, assignment.cwd, preload=assignment.imports)
        spare, self._spare = self._spare, None
        if spare is not None and not spare.serves(kind):
            spare.dismiss()
            spare = None
        worker = spare or self._begin(kind)
        for step in assignment.steps:
            self._attempts[step.task, assignment.attempt] = worker
        worker.assign(assignment)
        if more:
            with contextlib.suppress(RuntimeError):  # then the next begins a kernel of its own
                self._spare = self._begin(kind)

    async def stop(self, task: TaskName, attempt: int) -> None:
        """Begin to end an attempt: an interrupt, and 2 s later the kill."""
        running = self._attempts.get((task, attempt))
        if running is not None:
            self._stop(running)

    async def close(self) -> None:
        """Stop whatever runs and wait until nothing of it is left.

        A kernel whose attempt has ended well is ending by itself: where there are pools, they wait for it.
        """
        if self._spare is not None:
            self._spare.dismiss()
        for worker in list(self._workers):
            if worker.ended.is_set() and not worker.stopping.is_set() and self._kernels is not None:
                self._workers.discard(worker)
                self._kernels.wait_for(worker.thread)
            elif worker.assignment is not None:
                await self.stop(worker.assignment.task, worker.assignment.attempt)
        while self._workers:
            await next(iter(self._workers)).gone.wait()
        await asyncio.gather(*self._escalations)

    def _limit_time(self, running: _Worker) -> None:
        """Let the time run that an attempt may take: its kernel is ready now."""
        assert running.assignment is not None
        limit_s = running.assignment.timeout_s
        if limit_s is not None and not running.ended.is_set():
            loop = asyncio.get_running_loop()
            running.timer = loop.call_later(limit_s, self._time_out, running)

    def _time_out(self, running: _Worker) -> None:
        self._stop(running, timed_out=True)

    def _stop(self, running: _Worker, *, timed_out: bool = False) -> None:
        if running.stopping.is_set():
            return
        running.stop(timed_out=timed_out)
        escalation = asyncio.create_task(self._escalate(running))
        self._escalations.add(escalation)
        escalation.add_done_callback(self._escalations.discard)

    async def _escalate(self, running: _Worker) -> None:
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(running.ended.wait(), self._polite_s)
        while not running.ended.is_set():
            running.kill()
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(running.ended.wait(), self._polite_s)

    def _begin(self, kind: KernelKind) -> _Worker:
        worker = _Worker(
            kind,
            kernels=self._kernels,
            loop=asyncio.get_running_loop(),
            on_ready=self._limit_time,
            tell=self._tell,
            now=self._now,
            output_limit=self._output_limit,
        )
        worker.start()  # raises if there is no thread to be had; what it tells comes in this loop, later
        self._workers.add(worker)
        return worker

    def _tell(self, worker: _Worker, news: News | None) -> None:
        """Take news from an attempt's thread, in the loop's; None: nothing is left of it."""
        if isinstance(news, AttemptEnded) and news.goes_on is not None:
            worker.step = news.goes_on
            self._report(news)
            return
        if worker.timer is not None and (news is None or isinstance(news, AttemptEnded)):
            worker.timer.cancel()
        if news is None:
            worker.gone.set()
            self._workers.discard(worker)
            if worker is self._spare:
                self._spare = None
            if worker.assignment is not None:
                for step in worker.assignment.steps:
                    key = step.task, worker.assignment.attempt
                    # What gathers where this one expanded has the same key.
                    if self._attempts.get(key) is worker:
                        del self._attempts[key]
                if (
                    not worker.ended.is_set()
                ):  # whatever became of its thread, the attempt has an end
                    worker.ended.set()
                    self._report(worker.failed(worker.assignment, "its thread has ended"))
            return
        if isinstance(news, AttemptEnded):
            worker.ended.set()
        self._report(news)


class _Worker:
    """A thread with a kernel of its own, and the attempt that they serve once it is assigned."""

    def __init__(
        self,
        kind: KernelKind,
        *,
        kernels: KernelPools | None,
        loop: asyncio.AbstractEventLoop,
        on_ready: Callable[[_Worker], None],
        tell: Callable[[_Worker, News | None], None],
        now: Callable[[], datetime],
        output_limit: int,
    ) -> None:
        self.assignment: Assignment | None = None
        self.step: TaskName | None = None  # the task of the assignment that runs
        self.ended = asyncio.Event()
        self.gone = asyncio.Event()
        self.stopping = threading.Event()
        self.timer: asyncio.TimerHandle | None = None
        self._timed_out = False
        self._kind = kind
        self._kernels = kernels
        self._loop = loop
        self._on_ready = on_ready
        self._tell = tell
        self._now = now
        self._output_limit = output_limit
        self._assigned = threading.Event()
        self._session: KernelSession | None = None
        self._attempt: Attempt | None = None
        # A daemon: at exit, Python would wait for others before anybody could stop them.
        self.thread = threading.Thread(target=self._main, name="dagflow kernel", daemon=True)

    def start(self) -> None:
        """Make a kernel ready."""
        self.thread.start()

    def serves(self, kind: KernelKind) -> bool:
        """Whether it has, or will have, a living kernel of that kind."""
        return self._kind == kind and (self._session is None or self._session.is_usable)

    def assign(self, assignment: Assignment) -> None:
        """Run an attempt as soon as the kernel is ready."""
        self.assignment = assignment
        self.step = assignment.task
        self._assigned.set()

    def dismiss(self) -> None:
        """End without an attempt: nothing of a task has run in its kernel."""
        self.stop()
        self.kill()
        self._assigned.set()

    def stop(self, *, timed_out: bool = False) -> None:
        """Ask the attempt to end, also one whose kernel has not begun; it has failed if it has ``timed_out``."""
        self._timed_out = timed_out
        self.stopping.set()
        if self._attempt is not None:
            self._attempt.stop(timed_out=timed_out)
        elif self._session is not None:
            self._session.stop()

    def kill(self) -> None:
        """End the attempt's processes."""
        if self._session is not None:
            self._session.kill()

    def failed(self, assignment: Assignment, why: str) -> AttemptEnded:
        """The end of an attempt that we have failed."""
        return AttemptEnded(
            at=self._now(),
            task=self.step or assignment.task,
            attempt=assignment.attempt,
            failure=TaskFailure(kind="internal", message=why),
        )

    def _main(self) -> None:
        try:
            # It brings jupyter_client along: here that keeps nobody waiting, and a run that needs
            # no kernel never pays for it.
            from jupyter_dagflow.execution.kernel_session import KernelSession

            self._session = KernelSession(self._kind, kernels=self._kernels)
            if self.stopping.is_set():
                self._session.stop()
            self._session.prepare()
            self._assigned.wait()
            if self.assignment is not None:
                self._in_loop(self._on_ready, self)
                self._send(self._run(self.assignment, self._session))
            try:
                self._session.clean_up()
            finally:
                if self.assignment is not None:
                    discard_unfinished(self.assignment.outcome)
                    mask_file(self.assignment.kernel_log, self.assignment.secrets.mask)
        except Exception:  # noqa: BLE001 -- told in the log; an attempt without an end gets one
            _log.exception("The kernel of task %s was not ended properly", self._task)
        finally:
            self._send(None)

    def _run(self, assignment: Assignment, session: KernelSession) -> AttemptEnded:
        try:
            from jupyter_dagflow.execution.attempt import Attempt

            self._attempt = Attempt(
                assignment,
                session=session,
                on_cell=self._on_cell,
                on_write=lambda: self._send(OutputsWritten(task=assignment.task)),
                on_step=self._send,
                now=self._now,
                output_limit=self._output_limit,
            )
            if self.stopping.is_set():
                self._attempt.stop(timed_out=self._timed_out)
            return self._attempt.run()
        except Exception as error:  # noqa: BLE001 -- the attempt has to end with a state
            return self.failed(assignment, f"{type(error).__name__}: {error}")

    def _on_cell(self, cell: CellId, done: int) -> None:
        assignment = self.assignment
        assert assignment is not None
        step = next(step for step in assignment.steps if cell in step.cells)
        self._send(
            CellProgress(
                run_id=assignment.run_id,
                task=step.task,
                attempt=assignment.attempt,
                cell=cell,
                cell_index=step.cells[cell],
                done=done,
                total=len(step.cells),
            )
        )

    @property
    def _task(self) -> str:
        return self.assignment.task if self.assignment is not None else "(none)"

    def _send(self, news: News | None) -> None:
        self._in_loop(self._tell, self, news)

    def _in_loop(self, call: Callable[..., None], *args: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop was closed: nobody listens any more
            self._loop.call_soon_threadsafe(call, *args)
