"""What has happened in a run: past tense, frozen, in order, each with the state reached.

The law: the event log is the truth about a run. Whoever has read it knows all there is to know, so nothing that
follows a run holds transition logic of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from jupyter_dagflow.core.calendar.intervals import DataInterval
from jupyter_dagflow.core.errors import Location
from jupyter_dagflow.core.model import CellId, RunId, TaskName
from jupyter_dagflow.core.observed import Observed
from jupyter_dagflow.core.records import RunRecord, Surroundings, TaskRecord
from jupyter_dagflow.core.states import RunState, TaskState

NO_RESULT = "no_result"
LOST = "lost"
KERNEL_START = "kernel_start"
NO_SPACE = "no_space"
OUT_OF_MEMORY = "out_of_memory"
NOT_BEGUN = "not_begun"
OF_THE_ENVIRONMENT = frozenset({KERNEL_START, NO_SPACE})
"""The kinds of failures that no change of the notebook would mend."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFailure:
    """Why a task failed, or a run none of whose tasks could begin.

    ``kind`` tells causes apart: ``error`` (the user's code raised), ``timeout``, ``not_storable`` (a result cannot
    leave its kernel), ``unsound`` (the results might not be Run All's), ``kernel_died``, ``kernel_start``,
    ``out_of_memory`` (or perhaps so, says the message), ``no_space`` (the disk is full), ``internal``, ``no_result``
    (it was not to run, and no earlier result of it can be used), ``lost`` (its runner died, or was taken for dead,
    while it ran), ``not_begun`` (of a run: its notebook cannot be run).
    ``last_lines`` is the end of the traceback, plain. ``file_line`` is the line in a percent file.
    """

    kind: str
    message: str
    cell: CellId | None = None
    cell_index: int | None = None
    line: int | None = None
    last_lines: str = ""
    taskbook: str | None = None
    hint: str = ""
    file_line: int | None = None

    def where(self, notebook: str) -> Location:
        """The place the failure is about, in a notebook of that name."""
        return Location(
            notebook=notebook,
            cell=self.cell,
            cell_index=self.cell_index,
            line=self.line,
            file_line=self.file_line,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A value that a task left behind: what can be told of it without unpickling it.

    Values that share mutable objects share a ``digest``: they are stored and loaded as one bundle.
    Of the values of one name, that of the highest ``version`` is what the notebook ends with.
    """

    name: str
    digest: str
    size_bytes: int
    type: str
    shape: tuple[int, ...] | None = None
    preview: str = ""
    value: object = None
    version: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """What one instance of a mapped loop gets: the digest of its stored value.

    With ``shared`` somebody else has objects of it, too: another instance, or a variable. ``made_of`` is the digest of
    all else that goes into the instance, code and inputs; empty if that cannot be told.
    """

    digest: str
    shared: bool = False
    made_of: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCreated:
    """A run was asked for. ``tasks`` are its tasks with their upstream tasks, in notebook order.

    ``lanes`` are those of them that share a kernel, in the order in which they run.
    ``options`` are the plain values that whoever takes the run over needs to go on as it was asked for.
    ``data_interval`` is what a scheduled run is about.
    ``record`` tells by whom and of what; runs of earlier versions have none.
    """

    run_id: RunId
    seq: int
    at: datetime
    pipeline: str
    notebook: str
    parameters: Mapping[str, object]
    tasks: tuple[tuple[TaskName, tuple[TaskName, ...]], ...]
    trigger: str = "manual"
    options: Mapping[str, object] = field(default_factory=dict)
    state: RunState = RunState.QUEUED
    record: RunRecord | None = None
    lanes: tuple[tuple[TaskName, ...], ...] = ()
    data_interval: DataInterval | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted:
    """A runner took the run."""

    run_id: RunId
    seq: int
    at: datetime
    state: RunState = RunState.RUNNING


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResumed:
    """A runner took a run that had ended or had lost its runner.

    It was ``recovered`` if nobody asked for it. ``tasks`` are those of the run with their upstream tasks and the states
    from which they go on; what is in state none begins anew. Those ``cleared``, tasks, instances and tasks of steps
    (``prepare.load``), are to run though there may be a result of them. ``lanes`` as in `RunCreated`.
    """

    run_id: RunId
    seq: int
    at: datetime
    tasks: tuple[tuple[TaskName, tuple[TaskName, ...], TaskState], ...]
    cleared: tuple[TaskName, ...] = ()
    recovered: bool = False
    state: RunState = RunState.RUNNING
    lanes: tuple[tuple[TaskName, ...], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneRestarted:
    """A task of a lane is tried again, and so all ``tasks`` of it that had begun: their state is none again."""

    run_id: RunId
    seq: int
    at: datetime
    tasks: tuple[TaskName, ...]
    state: TaskState = TaskState.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskQueued:
    """All that the task waited for has come; it waits for a free slot."""

    run_id: RunId
    seq: int
    at: datetime
    task: TaskName
    attempt: int
    state: TaskState = TaskState.QUEUED


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskStarted:
    """An attempt at the task began: ``why`` it runs or, if an earlier result is ``reused``, does not."""

    run_id: RunId
    seq: int
    at: datetime
    task: TaskName
    attempt: int
    state: TaskState = TaskState.RUNNING
    why: tuple[str, ...] = ()
    reused: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskExpanded:
    """It is known what the task's loop goes through: an instance of the task for each of the ``items``, in order.

    Instances are called ``train[0]``, ``train[1]`` and so on, and are tasks of the run from now on. Those that ended
    well before the run was resumed, and would be made of the same, stay as they are: so many are ``done``.
    """

    run_id: RunId
    seq: int
    at: datetime
    task: TaskName
    attempt: int
    items: tuple[Item, ...]
    done: int = 0
    state: TaskState = TaskState.RUNNING


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFinished:
    """An attempt ended, and with it the task, unless it is to be tried again at ``retry_at``.

    ``duration_s`` is wall time since the attempt began, ``cells_s`` the part of it in which its own cells ran;
    both None for a task that never started. ``files_read`` and ``files_written`` are the project's files that its
    own cells touched, by their paths from the notebook's folder; ``observed`` is what nobody had declared and the
    code does all the same. With ``cached`` it did not run, and all this is the run's ``reused_from``; ``why`` it ran
    or did not. ``record`` tells what it was made of, and ``surroundings`` what it ran in, if no task of the run
    had the same before.
    """

    run_id: RunId
    seq: int
    at: datetime
    task: TaskName
    attempt: int
    state: TaskState
    duration_s: float | None = None
    cells_s: float | None = None
    cached: bool = False
    failure: TaskFailure | None = None
    retry_at: datetime | None = None
    stored: tuple[Stored, ...] = ()
    metrics: Mapping[str, object] = field(default_factory=dict)
    files_read: tuple[str, ...] = ()
    files_written: tuple[str, ...] = ()
    observed: tuple[Observed, ...] = ()
    reused_from: RunId | None = None
    why: tuple[str, ...] = ()
    record: TaskRecord | None = None
    surroundings: Surroundings | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelRequested:
    """Somebody asked for the run to be cancelled; it ends as soon as its tasks have been stopped."""

    run_id: RunId
    seq: int
    at: datetime
    reason: str
    state: RunState = RunState.RUNNING


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFinished:
    """Nothing more will happen in this run; with a ``failure`` none of its tasks could begin, and that is why."""

    run_id: RunId
    seq: int
    at: datetime
    state: RunState
    failure: TaskFailure | None = None


Event = (
    RunCreated
    | RunStarted
    | RunResumed
    | LaneRestarted
    | TaskQueued
    | TaskStarted
    | TaskExpanded
    | TaskFinished
    | CancelRequested
    | RunFinished
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CellProgress:
    """How far a running task is: for whoever watches, not for the log (a lost one changes nothing)."""

    run_id: RunId
    task: TaskName
    attempt: int
    cell: CellId
    cell_index: int
    done: int
    total: int
