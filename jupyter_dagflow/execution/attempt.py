"""One attempt at a task, from a taskbook on disk to how it ended: blocking, in a thread of its own.

The law: papermill runs the taskbook, but is not believed: whether a cell failed is told by the
kernel's own replies and the error it shows, and whether the task succeeded by the outcome that its
last cell wrote.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any, NoReturn

from jupyter_dagflow.core.errors import Location
from jupyter_dagflow.core.events import TaskFailure
from jupyter_dagflow.core.loops import own_lines
from jupyter_dagflow.core.machine import AttemptEnded
from jupyter_dagflow.core.model import CellId
from jupyter_dagflow.core.taskbook import ENTER_ID, SAVE_ID, WHEN_ID
from jupyter_dagflow.execution import failure
from jupyter_dagflow.execution.attempt_files import secrets_source, write_files
from jupyter_dagflow.execution.kernel_process import START_TIMEOUT_S, KernelNotStarted
from jupyter_dagflow.execution.kernel_session import KernelSession
from jupyter_dagflow.execution.oom import oom_kills
from jupyter_dagflow.execution.outcome import ending, read_outcome
from jupyter_dagflow.execution.papermill_door import execute
from jupyter_dagflow.execution.ports import Assignment
from jupyter_dagflow.execution.running_kernel import note_kernel
from jupyter_dagflow.execution.tracebacks import CellError, RanCell
from jupyter_dagflow.storage.space import lacks_space

_IOPUB_TIMEOUT_S = 120  # how long outputs may trail behind a cell's end; papermill's own is 4 s
_LOG_TAIL_BYTES = 1 << 16  # the report of a crash names every compiled module


class _StopRequested(Exception):
    """Raised within papermill to leave it."""


class _Skipped(Exception):
    """Raised within papermill to leave it: the task's condition is false."""


class Attempt:
    """Runs one taskbook, in the kernel of a session: `run` once, in the session's thread, and `stop` from any.

    ``on_cell`` is called as a cell of the task's own begins, and once more after the last, with how many are done;
    ``on_write`` when outputs have come into the taskbook; ``on_step`` when a task of a lane has ended, and the next
    begins.
    """

    def __init__(
        self,
        assignment: Assignment,
        *,
        session: KernelSession,
        on_cell: Callable[[CellId, int], None],
        on_write: Callable[[], None],
        on_step: Callable[[AttemptEnded], None],
        now: Callable[[], datetime],
        output_limit: int,
    ) -> None:
        self._assignment = assignment
        self._session = session
        self._on_cell = on_cell
        self._on_write = on_write
        self._on_step = on_step
        self._step = 0
        self._now = now
        self._output_limit = output_limit
        self._stopping = threading.Event()
        self._timed_out = False
        self._current: str | None = None
        self._running: Any = None  # that cell
        self._cell_began: float | None = None
        self._cells_done = 0
        self._cells_s = 0.0
        self._ran: dict[int, RanCell] = {}
        self._error: CellError | None = None
        self._saved = False
        self._oom_kills = oom_kills()

    def run(self) -> AttemptEnded:
        """Run the taskbook to its end; never raises."""
        trouble: Exception | None = None
        try:
            self._execute()
        except Exception as error:  # noqa: BLE001 -- every trouble is an ending
            trouble = error
        self._end_cell()
        if self._timed_out:
            return self._ended(
                failure=failure.timed_out(self._now_at, cell=self._current, error=self._error)
            )
        if self._stopping.is_set():
            return self._ended(stopped=True)
        if isinstance(trouble, _Skipped):
            return self._ended(skipped=True, why=(f"when:{self._assignment.when} is false",))
        try:
            outcome = read_outcome(self._assignment.outcome)
            failed = self._failure(trouble, outcome)
            told = ending(outcome, self._assignment)
            return self._ended(
                failure=failed,
                files_at=dict(self._files_at(outcome)),
                **(told if failed is None else {**told, "metrics": {}}),
            )
        except Exception as error:  # noqa: BLE001 -- an outcome that cannot be read, say
            text = f"{type(error).__name__}: {error}"
            return self._ended(failure=failure.internal(text, self._now_at))

    def stop(self, *, timed_out: bool = False) -> None:
        """Ask the attempt to end: no further cell begins, the present one is interrupted.

        If it has ``timed_out``, it ends with a failure.
        """
        self._timed_out = timed_out
        self._stopping.set()
        self._session.stop()

    def _execute(self) -> None:
        assignment = self._assignment
        write_files(assignment)
        kernel = self._session.kernel(log=assignment.kernel_log)
        if kernel.group is not None:
            note_kernel(assignment.process, kernel.group, mark=kernel.mark)
        self._leave_if_stopping()
        if assignment.secrets.values:
            self._session.tell(secrets_source(assignment.secrets))
            self._leave_if_stopping()
        execute(
            assignment.taskbook,
            parameters=_injectable(assignment.parameters),
            kernel_name=assignment.kernel_name,
            km=kernel,
            start_timeout=START_TIMEOUT_S,
            iopub_timeout=_IOPUB_TIMEOUT_S,
            skip_cells_with_tag=ENTER_ID if kernel.enters else "",
            shell_timeout_interval=1,
            mask=assignment.secrets.mask,
            last_words=kernel.last_words,
            on_start=self._leave_if_stopping,
            on_write=self._on_write,
            output_limit=self._output_limit,
            on_cell_execute=self._on_cell_execute,
            on_cell_executed=self._on_cell_executed,
            on_cell_error=self._on_cell_error,
        )

    def _on_cell_execute(self, *, cell: Any, **_: Any) -> None:
        self._leave_if_stopping()
        self._current = cell.get("id")
        self._running = cell
        if self._current in self._assignment.cells:
            while self._current not in self._assignment.steps[self._step].cells:
                self._end_step()
            self._on_cell(CellId(self._current), self._cells_done)
            self._cell_began = time.monotonic()

    def _on_cell_executed(self, *, cell: Any, execute_reply: Any, **_: Any) -> None:
        own = self._cell_began is not None
        self._end_cell()
        content = execute_reply["content"]
        self._ran[content.get("execution_count", 0)] = _ran(cell, self._assignment)
        if content["status"] != "ok":
            return
        shown = _error_shown(cell)
        if shown is not None:
            self._fail(cell, shown)
        self._saved = self._current == SAVE_ID
        if self._current == WHEN_ID and read_outcome(self._assignment.outcome).get("skipped"):
            raise _Skipped
        if own and self._cells_done == len(self._assignment.steps[self._step].cells):
            self._on_cell(CellId(cell["id"]), self._cells_done)

    def _on_cell_error(self, *, cell: Any, execute_reply: Any, **_: Any) -> None:
        if not _may_raise(cell):
            self._take_error(cell, execute_reply["content"])

    def _fail(self, cell: Any, shown: Mapping[str, Any]) -> NoReturn:
        """Leave the taskbook as if the kernel had answered with the error that it shows."""
        from nbclient.exceptions import CellExecutionError

        self._take_error(cell, shown)
        raise CellExecutionError.from_cell_and_msg(cell, dict(shown))

    def _take_error(self, cell: Any, content: Mapping[str, Any]) -> None:
        """Note an error as the kernel told it, in its reply or in an output."""
        content = self._assignment.secrets.mask.deep(dict(content))
        self._error = CellError(
            cell=_ran(cell, self._assignment),
            execution_count=content.get("execution_count", cell.get("execution_count")),
            ename=content.get("ename", ""),
            evalue=content.get("evalue", ""),
            traceback=tuple(content.get("traceback") or ()),
            plain="".join(each.text for each in cell.outputs if each.get("name") == "stderr"),
            ran=self._ran,
        )

    def _end_step(self) -> None:
        """Tell that a task of a lane has ended well: what it left is there for the next one alone."""
        after = self._assignment.steps[self._step + 1].task
        self._on_step(self._ended(goes_on=after))
        self._step += 1
        self._cells_done, self._cells_s = 0, 0.0

    def _end_cell(self) -> None:
        if self._cell_began is not None:
            self._cells_s += time.monotonic() - self._cell_began
            self._cell_began = None
            self._cells_done += 1

    def _leave_if_stopping(self) -> None:
        if self._stopping.is_set():
            raise _StopRequested

    def _ended(self, *, failure: TaskFailure | None = None, **fields: Any) -> AttemptEnded:
        return AttemptEnded(
            at=self._now(),
            task=self._assignment.steps[self._step].task,
            attempt=self._assignment.attempt,
            cells_s=self._cells_s,
            failure=None if failure is None else self._masked(failure),
            **fields,
        )

    def _masked(self, failure: TaskFailure) -> TaskFailure:
        hide = self._assignment.secrets.mask.text
        return replace(
            failure,
            message=hide(failure.message),
            last_lines=hide(failure.last_lines),
            hint=hide(failure.hint),
        )

    @property
    def _now_at(self) -> Assignment:
        """The assignment, as that of the task that runs."""
        return replace(self._assignment, task=self._assignment.steps[self._step].task)

    def _failure(self, trouble: Exception | None, outcome: Mapping[str, Any]) -> TaskFailure | None:
        assignment = self._now_at
        if self._error is not None:
            return failure.cell_failure(self._error, assignment, outcome)
        if lacks_space(trouble):
            return failure.no_space(str(trouble), assignment)
        if self._saved and outcome:
            return None  # all that counts is done, however the kernel ended then
        if isinstance(trouble, KernelNotStarted):
            return failure.kernel_did_not_start(str(trouble), assignment, log=self._log_tail())
        exit_code = self._session.exit_code
        if exit_code is not None:
            return failure.kernel_died(
                exit_code,
                assignment,
                cell=self._current,
                log=self._log_tail(),
                unlogged=_tail(self._session.unlogged),
                ran_out=self._oom_kills.until(oom_kills()),
                blank_lines=_ran(self._running, assignment).blank_lines if self._running else 0,
            )
        if trouble is not None:
            return failure.internal(f"{type(trouble).__name__}: {trouble}", assignment)
        return failure.internal("The taskbook ended without an outcome.", assignment)

    def _files_at(self, outcome: Mapping[str, Any]) -> Iterator[tuple[tuple[str, bool], Location]]:
        """Where each file was first touched: the kernel tells its own count of cells, and the line there."""
        for file, wrote, count, line in outcome.get("files_at", ()):
            ran = self._ran.get(count)
            place = failure.place_of(ran, line, self._assignment) if ran is not None else None
            if place is not None:
                yield (file, wrote), place

    def _log_tail(self) -> str:
        try:
            data = (self._session.log or self._assignment.kernel_log).read_bytes()
        except FileNotFoundError:
            return ""
        return _tail(data)


def _tail(log: bytes) -> str:
    return log[-_LOG_TAIL_BYTES:].decode("utf-8", "replace")


def _may_raise(cell: Any) -> bool:
    """Whether the user expects the cell to raise; Run All goes on after it."""
    return "raises-exception" in cell.metadata.get("tags", ())


def _error_shown(cell: Any) -> Mapping[str, Any] | None:
    """The error that a cell put out though the kernel calls it well; papermill takes it for one.

    So does ``%%time`` in IPython 8: it shows the traceback of its body and goes on.
    """
    errors = (output for output in cell.outputs if output.output_type == "error")
    return None if _may_raise(cell) else next(errors, None)


def _ran(cell: Any, assignment: Assignment) -> RanCell:
    """What tracebacks may have to say of a cell; ours, and papermill's, are called by their tag."""
    tags = cell.metadata.get("tags", ())
    codes = dict(zip(assignment.cells, assignment.codes, strict=True))
    own = own_lines(cell.source, codes.get(cell.get("id", ""), ""))
    return RanCell(id=cell.get("id", ""), label=next(iter(tags), ""), source=cell.source, own=own)


def _injectable(parameters: Mapping[str, object]) -> dict[str, object]:
    """Parameters as papermill can inject them: dates as text, which the taskbook turns back."""
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in parameters.items()
    }
