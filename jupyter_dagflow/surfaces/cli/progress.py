"""How a run goes, on standard error: a live board in a terminal, plain lines anywhere else.

The law: progress is for whoever watches; it may be cut off or go nowhere without harm to the run.
It is made from events alone, so it shows what the log will say.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from jupyter_dagflow.core.events import (
    CancelRequested,
    CellProgress,
    Event,
    LaneRestarted,
    RunCreated,
    RunFinished,
    RunResumed,
    TaskExpanded,
    TaskFinished,
    TaskStarted,
)
from jupyter_dagflow.core.model import TaskName
from jupyter_dagflow.core.run import TaskRun, is_instance, whole_of
from jupyter_dagflow.core.states import TaskState
from jupyter_dagflow.surfaces import report, words
from jupyter_dagflow.surfaces.cli.output import is_rich, put
from jupyter_dagflow.surfaces.look import TASK_LOOKS

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

Sink = Callable[[Event | CellProgress], None]

_SHOWN_AT_ONCE = 24


@contextmanager
def watching() -> Iterator[Lines | Board]:
    """A sink that shows events as they come, and clears up behind itself."""
    if not is_rich(sys.stderr):
        yield Lines(lambda line: put(line, error=True))
        return
    board = Board()
    with board.progress:
        yield board


class Lines:
    """A line for each thing worth telling, with seconds since the run was created."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write
        self._began: datetime | None = None
        self._total = 0
        self._done = 0
        self._steps: dict[TaskName, TaskState] = {}

    def __call__(self, event: Event | CellProgress) -> None:
        """Take an event."""
        match event:
            case RunCreated():
                self._began, self._total = event.at, len(event.tasks)
                self._say(
                    event.at,
                    f"run {event.run_id} of {event.pipeline}: {words.count(self._total, 'task')}",
                )
            case RunResumed():
                self._began, self._total = event.at, len(event.tasks)
                self._done = sum(state.is_final for *_, state in event.tasks)
                again = words.count(self._total - self._done, "task")
                self._say(event.at, f"run {event.run_id} goes on: {again} of {self._total} to do")
            case LaneRestarted():
                self._done -= (
                    len(event.tasks) - 1
                )  # the one that is tried again was none of those done
                self._say(event.at, f"the lane begins again: {', '.join(event.tasks)}")
            case TaskStarted() if not event.reused:
                again = f" (attempt {event.attempt})" if event.attempt > 1 else ""
                why = f": {report.why(event.why)}" if event.why else ""
                self._say(event.at, f"{_state(event.state)} {event.task}{again}{why}")
            case TaskExpanded():
                self._total += len(event.items)
                self._done += event.done
                count = words.count(len(event.items), "instance")
                self._say(event.at, f"{_state(event.state)} {event.task}: {count}")
            case TaskFinished():
                self._done += event.state.is_final
                self._say(
                    event.at,
                    f"{_state(event.state)} {event.task}{_taken(event)}{self._count()}"
                    f"{_again(event)}{_not_run(event)}",
                )
            case CancelRequested():
                self._say(event.at, "cancelling: waiting for tasks to stop")
            case RunFinished():
                self._say(event.at, f"run {event.state.value}")

    def steps(self, tasks: Sequence[TaskRun]) -> None:
        """Take how the tasks of steps stand; a line for each that runs now, or has ended since the run began."""
        for task in tasks:
            at = task.finished_at or task.started_at
            told = task.state is TaskState.RUNNING or task.state.is_final
            if told and at is not None and self._steps.get(task.name) is not task.state:
                self._steps[task.name] = task.state
                if self._began is not None and at < self._began:
                    continue  # before it was resumed
                taken = _taken(task) if task.state.is_final else ""
                self._say(at, f"{_state(task.state)} {task.name}{taken}")

    def _count(self) -> str:
        return f"  {self._done}/{self._total}" if self._total else ""  # lost before it went on

    def _say(self, at: datetime, what: str) -> None:
        seconds = (at - self._began).total_seconds() if self._began else 0.0
        self._write(f"{seconds:7.1f} s  {what}")


class Board:
    """A live board: the tasks with their cells or instances done, and the whole run below them."""

    def __init__(self) -> None:
        self.progress = _progress()
        self._rows: dict[str, TaskID] = {}
        self._cells: dict[str, int] = {}
        self._expanded: set[str] = set()
        self._all: TaskID | None = None

    def __call__(self, event: Event | CellProgress) -> None:
        """Take an event."""
        match event:
            case RunCreated():
                self._begin({name: TaskState.NONE for name, _ in event.tasks})
            case RunResumed():
                self._begin({name: state for name, _, state in event.tasks})
            case LaneRestarted():
                for name in event.tasks:
                    self._show(name, event.state)
                if self._all is not None:
                    self.progress.advance(self._all, 1 - len(event.tasks))
            case TaskExpanded():
                self._expanded.add(event.task)
                row, total = self._rows[event.task], len(event.items)
                self.progress.update(row, completed=event.done, total=total, visible=True)
            case TaskFinished() if is_instance(event.task):
                if event.state.is_final and whole_of(event.task) in self._expanded:
                    self.progress.advance(self._rows[whole_of(event.task)])
            case TaskStarted() | CellProgress() if (
                is_instance(event.task) or event.task in self._expanded
            ):
                pass  # it is told by its task, and that by its instances
            case TaskStarted():
                self.progress.start_task(self._rows[event.task])
                self._show(event.task, event.state)
            case CellProgress():
                self._cells[event.task] = event.total
                self.progress.update(
                    self._rows[event.task], completed=event.done, total=event.total, visible=True
                )
            case TaskFinished():
                self._finish(event)
            case CancelRequested() if self._all is not None:
                self.progress.update(self._all, description="[yellow]cancelling")

    def steps(self, tasks: Sequence[TaskRun]) -> None:
        """Take how the tasks of steps stand: each step counts its own."""
        by_step: dict[str, list[TaskRun]] = {}
        for task in tasks:
            step, _, rest = task.name.partition(".")
            if "." not in rest and not is_instance(task.name) and step in self._rows:
                by_step.setdefault(step, []).append(task)
        for step, inner in by_step.items():
            done = sum(task.state.is_final for task in inner)
            self.progress.update(self._rows[step], completed=done, total=len(inner), visible=True)

    def _begin(self, states: Mapping[TaskName, TaskState]) -> None:
        shown = len(states) <= _SHOWN_AT_ONCE
        self.progress.disable = True  # or each new row has all of them drawn anew
        for name, state in states.items():
            row = self.progress.add_task("", total=None, start=False, task=name, visible=False)
            self._rows[name] = row
            self._show(name, state)
            self.progress.update(row, visible=shown)
        self.progress.disable = False
        self._all = self.progress.add_task("[bold]all tasks", total=len(states), task="")
        self.progress.advance(self._all, sum(state.is_final for state in states.values()))

    def _finish(self, event: TaskFinished) -> None:
        if event.task not in self._rows:  # it was lost before the run went on
            return
        row = self._rows[event.task]
        self._show(event.task, event.state)
        self.progress.stop_task(row)
        if event.state is TaskState.SUCCESS and event.task not in self._expanded:
            cells = self._cells.get(event.task, 1)
            self.progress.update(row, completed=cells, total=cells)
        if len(self._rows) > _SHOWN_AT_ONCE:
            self.progress.update(row, visible=event.state is TaskState.FAILED)
        if event.state.is_final and self._all is not None:
            self.progress.advance(self._all)

    def _show(self, task: str, state: TaskState) -> None:
        look = TASK_LOOKS[state]
        self.progress.update(
            self._rows[task],
            description=f"[{look.terminal}]{look.icon} {look.word}",
            visible=True if state is TaskState.RUNNING else None,
        )


def _taken(event: TaskFinished | TaskRun) -> str:
    """How long a task took, or that it took nothing."""
    if event.cached:
        return " (reused)"
    return f" ({words.duration(event.duration_s)})" if event.duration_s is not None else ""


def _again(event: TaskFinished) -> str:
    """When a task is tried again, and why."""
    if event.retry_at is None or event.failure is None:
        return ""
    wait = words.duration((event.retry_at - event.at).total_seconds())
    return f"  again in {wait}: {event.failure.message}"


def _not_run(event: TaskFinished) -> str:
    """Why a task did not run."""
    not_run = event.state in (TaskState.SKIPPED, TaskState.UPSTREAM_FAILED)
    return f"  {event.why[0]}" if not_run and event.why else ""


def _state(state: TaskState) -> str:
    look = TASK_LOOKS[state]
    return f"{look.icon} {look.word:<15}"


def _progress() -> Progress:
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        Task,
        TextColumn,
        TimeElapsedColumn,
    )
    from rich.text import Text

    class Count(MofNCompleteColumn):
        """Cells or tasks done; nothing for a task that has not begun."""

        def render(self, task: Task) -> Text:
            return super().render(task) if task.total is not None else Text("")

    class Elapsed(TimeElapsedColumn):
        """Time since the task began; nothing before."""

        def render(self, task: Task) -> Text:
            return super().render(task) if task.started else Text("")

    class Name(ProgressColumn):
        """The task's name, which is not to be read as markup."""

        def render(self, task: Task) -> Text:
            return Text.from_markup(escape(str(task.fields["task"])))

    return Progress(
        TextColumn("{task.description}"),
        Name(),
        BarColumn(bar_width=24),
        Count(),
        Elapsed(),
        console=Console(stderr=True),
        refresh_per_second=8,
    )
