"""What the runner asks of whoever runs tasks, and what it is told in return.

The law: every attempt that is started is reported as ended exactly once, by `AttemptEnded`;
whatever happens to its kernel, to the executor or to a stop that comes too late. With the first task of a lane all of
it is started: as each task ends well, its end names the next one, of which then the same holds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from jupyter_dagflow.core.events import CellProgress
from jupyter_dagflow.core.machine import AttemptEnded
from jupyter_dagflow.core.model import CellId, Definition, RunId, TaskName
from jupyter_dagflow.core.observed import Observed
from jupyter_dagflow.core.secrets import NO_SECRETS, Secrets
from jupyter_dagflow.core.taskbook import TaskbookCell

HANDOVER = "handover.json"
OUTCOME = "outcome.json"
PROCESS = "process.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputsWritten:
    """What cells of an attempt have put out so far, if anything, stands in its taskbook: that is no event."""

    task: TaskName


News = AttemptEnded | CellProgress | OutputsWritten
Report = Callable[[News], None]
"""Called in the event loop's thread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """Where a task last writes a name; without a line, the cell that asks for it."""

    cell: CellId
    cell_index: int
    line: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOver:
    """An output that another task reads: where it was written, and in words who reads it first."""

    cell: CellId
    cell_index: int
    line: int | None
    reader: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarded:
    """What must not change: the name it goes by, where that is mentioned, and in words who has it
    as it was.

    ``change`` is what would have to be known of it beforehand.
    """

    name: str
    mentions: tuple[Written, ...]
    reader: str
    change: Observed


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A task that an attempt runs: of a lane there are several, one after the other."""

    task: TaskName
    cells: Mapping[CellId, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """One attempt at a task, and what its files are to hold.

    ``cells`` are the task's own code cells, in running order, with their places in the source
    notebook; ``prelude`` the parameters and setup cells likewise. ``parameters`` are the values
    that differ from the notebook's. ``handed_over`` tells of the outputs that other tasks read,
    ``asked_for`` of those that tags ask for, ``guarded`` of what the task must leave as it is,
    ``exposed`` in words of who changes a value of it later. ``codes`` are those of the
    task's cells, ``imports`` the modules that the pipeline's tasks import. It is ended ``timeout_s`` seconds after
    its kernel is ready. It runs only ``when`` that expression is true, which stands at ``condition`` in the notebook.
    ``missing`` tells of names that it reads and that nobody has given who did not, in words.
    ``taskbook_cells`` are all cells of its taskbook, ``spec`` what its kernel is told of
    what to load, to store and to look at (see `kernel_side.handover`). ``secrets`` go to its kernel and into no file.
    With ``expands`` it is to find out the instances of its task. ``lane`` are the tasks of the lane that it begins.
    """

    run_id: RunId
    task: TaskName
    attempt: int
    taskbook: Path
    kernel_name: str
    cwd: Path
    parameters: Mapping[str, object] = field(default_factory=dict)
    cells: Mapping[CellId, int] = field(default_factory=dict)
    prelude: Mapping[CellId, int] = field(default_factory=dict)
    definitions: tuple[Definition, ...] = ()
    handed_over: Mapping[str, HandedOver] = field(default_factory=dict)
    asked_for: Mapping[str, Written] = field(default_factory=dict)
    guarded: Mapping[str, Guarded] = field(default_factory=dict)
    exposed: Mapping[str, str] = field(default_factory=dict)
    codes: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()
    timeout_s: float | None = None
    when: str = ""
    condition: Written | None = None
    missing: Mapping[str, str] = field(default_factory=dict)
    taskbook_cells: tuple[TaskbookCell, ...] = ()
    spec: Mapping[str, object] = field(default_factory=dict)
    secrets: Secrets = NO_SECRETS
    expands: bool = False
    lane: tuple[Step, ...] = ()

    @property
    def steps(self) -> tuple[Step, ...]:
        """The tasks that it runs."""
        return self.lane or (Step(task=self.task, cells=self.cells),)

    @property
    def handover(self) -> Path:
        """Where what the kernel is told stands."""
        return self.taskbook.with_name(HANDOVER)

    @property
    def outcome(self) -> Path:
        """What the taskbook's last cell writes of how the task came out."""
        return self.taskbook.with_name(OUTCOME)

    @property
    def process(self) -> Path:
        """Where it is noted which process runs it."""
        return self.taskbook.with_name(PROCESS)

    @property
    def kernel_log(self) -> Path:
        """What the kernel process itself wrote, outside of any cell."""
        return self.taskbook.with_name("kernel.log")


class Executor(Protocol):
    """Runs attempts. All methods are called in the event loop's thread and return soon."""

    async def start(self, assignment: Assignment, *, more: bool = False) -> None:
        """Begin an attempt; its end is reported later, however it comes.

        ``more`` tells whether others are likely to follow, for which something may be made ready.
        """

    async def stop(self, task: TaskName, attempt: int) -> None:
        """Begin to end an attempt with all its processes, within seconds.

        Its end is reported with ``stopped`` set. An attempt that is not running is left alone.
        """

    async def close(self) -> None:
        """Stop whatever runs and wait until nothing of it is left."""
