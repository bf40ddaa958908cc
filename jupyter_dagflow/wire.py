"""Shapes that leave the process: JSON documents and events, and the schema for TypeScript.

The law: the shape of every document that a command prints, a server answers or a widget receives is
declared here and nowhere else. ``python -m jupyter_dagflow.wire`` prints the JSON schema of all of
them.
"""

from __future__ import annotations

import inspect
import json
import re
import sys
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, get_args

import msgspec

from jupyter_dagflow.core.backfill import Reprocess
from jupyter_dagflow.core.diagnostics import Diagnostic
from jupyter_dagflow.core.errors import DagflowError
from jupyter_dagflow.core.events import CellProgress, Event, Stored, TaskFailure
from jupyter_dagflow.core.model import Compilation, Edge, PartitionBy, Task
from jupyter_dagflow.core.nested import inner_tasks
from jupyter_dagflow.core.records import RunRecord, Surroundings, TaskRecord
from jupyter_dagflow.core.run import RunView, TaskRun
from jupyter_dagflow.core.schedules import Overlap
from jupyter_dagflow.core.states import RunState, TaskState

if TYPE_CHECKING:
    from jupyter_dagflow.core.run_diff import RunDiff
    from jupyter_dagflow.core.suggest import Suggestion
    from jupyter_dagflow.core.verify import Verification

T = TypeVar("T")

_Number = Annotated[int, msgspec.Meta(ge=1, le=2**31)]
_Jobs = Annotated[int, msgspec.Meta(ge=1, le=1024)]


class ParameterDocument(msgspec.Struct, kw_only=True):
    """A declared parameter."""

    name: str
    type: str
    default: Any
    cell: str


class DefinitionDocument(msgspec.Struct, kw_only=True):
    """A definition copied into a task, and the cell it stands in."""

    name: str
    cell: str


class TaskDocument(msgspec.Struct, kw_only=True):
    """A task of a pipeline; ``cell_indexes`` count all cells of the notebook from 0."""

    name: str
    cells: list[str]
    cell_indexes: list[int]
    reads: list[str]
    writes: list[str]
    definitions: list[DefinitionDocument]
    options: dict[str, Any]


class InnerTaskDocument(msgspec.Struct, kw_only=True):
    """A task of another notebook that is a step of the task ``group``, and named below it: ``prepare.load``.

    ``cells`` and ``cell_indexes`` are those of that ``notebook``; ``after`` are the tasks of it that come first.
    """

    name: str
    group: str
    notebook: str
    cells: list[str]
    cell_indexes: list[int]
    after: list[str]


class CompilationDocument(msgspec.Struct, kw_only=True):
    """What ``dagflow compile --format json`` prints; ``nested`` are the tasks of notebooks that are steps of tasks."""

    name: str
    notebook: str
    by: PartitionBy
    parameters: list[ParameterDocument]
    tasks: list[TaskDocument]
    edges: tuple[Edge, ...]
    diagnostics: tuple[Diagnostic, ...]
    nested: list[InnerTaskDocument] = []


class DiagnosticsDocument(msgspec.Struct, kw_only=True):
    """What ``dagflow check --json`` prints."""

    diagnostics: tuple[Diagnostic, ...]


class SuggestionDocument(msgspec.Struct, kw_only=True):
    """What a code cell could be tagged: ``tags`` are to be added, ``all_tags`` are those it then has."""

    cell: str
    cell_index: int
    tags: tuple[str, ...]
    all_tags: tuple[str, ...]
    why: str


class SuggestionsDocument(msgspec.Struct, kw_only=True):
    """What ``dagflow tag --json`` and ``check --suggest --json`` print."""

    suggestions: list[SuggestionDocument]


class TaskRunDocument(msgspec.Struct, kw_only=True):
    """A task of a run. Times are aware UTC.

    ``why`` it ran or did not; ``reused_from`` is the run whose result it has, if it did not. If it waits to be tried
    again, that is at ``retry_at``. A mapped task has ``instances`` once it is expanded, of which ``instances_done``
    have ended; they are tasks of the run, too, each the ``instance_of`` it.
    """

    name: str
    state: TaskState
    attempt: int
    cached: bool
    started_at: datetime | None = None
    finished_at: datetime | None = None
    duration_s: float | None = None
    overhead_s: float | None = None
    failure: TaskFailure | None = msgspec.field(name="error", default=None)
    retry_at: datetime | None = None
    why: tuple[str, ...] = ()
    reused_from: str | None = None
    instances: int | None = None
    instances_done: int = 0
    instance_of: str | None = None


class RunDocument(msgspec.Struct, kw_only=True):
    """What ``run --json`` and ``runs show --json`` print; ``seq`` is the last event it includes.

    ``steps`` are the tasks of other notebooks that were steps of tasks, named below these: ``prepare.load``.
    ``error`` is why no task of it could begin, if so.
    """

    run_id: str
    seq: int
    state: RunState
    pipeline: str
    started_at: datetime | None
    finished_at: datetime | None
    notebook: str | None
    tasks: list[TaskRunDocument]
    metrics: dict[str, Any]
    steps: list[TaskRunDocument] = []
    failure: TaskFailure | None = msgspec.field(name="error", default=None)


class AttemptDocument(msgspec.Struct, kw_only=True):
    """A try at a task that has ended."""

    number: int
    state: TaskState
    started_at: datetime | None
    finished_at: datetime
    duration_s: float | None
    failure: TaskFailure | None = msgspec.field(name="error", default=None)
    why: tuple[str, ...] = ()


class RunRecordDocument(RunDocument, kw_only=True):
    """What ``runs show --json`` prints: a run and all that is recorded of it.

    ``parameters`` are those that were given, ``source`` is the file of the exact notebook. ``records`` tell by task
    what it was made of, and ``surroundings``, by their digests, what that was done in.
    """

    parameters: dict[str, Any]
    source: str
    record: RunRecord | None
    records: dict[str, TaskRecord]
    surroundings: dict[str, Surroundings]
    attempts: dict[str, list[AttemptDocument]]


class ComparedDocument(msgspec.Struct, kw_only=True):
    """One of two runs that were compared."""

    run_id: str
    pipeline: str
    state: RunState
    started_at: datetime | None
    finished_at: datetime | None


class ChangeDocument(msgspec.Struct, kw_only=True):
    """Something that differs between two runs, in words; null where it is not there."""

    name: str
    before: str | None
    after: str | None
    tasks: tuple[str, ...]


class MetricChangeDocument(msgspec.Struct, kw_only=True):
    """A metric that differs between two runs; null where it is not there."""

    name: str
    before: Any
    after: Any


class CodeChangeDocument(msgspec.Struct, kw_only=True):
    """Code that differs between two runs: a unified diff, and the tasks it matters to.

    ``kind`` is ``cells``, ``when``, ``definitions`` or ``setup``; cells count all of the notebook from 0.
    """

    kind: str
    tasks: tuple[str, ...]
    cells_before: tuple[int, ...]
    cells_after: tuple[int, ...]
    diff: str


class InputChangeDocument(msgspec.Struct, kw_only=True):
    """A value that a task took and that is another one; ``made_by`` are the tasks it may come from."""

    task: str
    name: str
    made_by: tuple[str, ...]


class ResultChangeDocument(msgspec.Struct, kw_only=True):
    """Values that a task left and that are others, though nothing it was made of is."""

    task: str
    names: tuple[str, ...]


class DurationChangeDocument(msgspec.Struct, kw_only=True):
    """A task that took notably longer, or less long."""

    task: str
    before_s: float
    after_s: float


class RunDiffDocument(msgspec.Struct, kw_only=True):
    """What ``runs diff --json`` prints: what differs between two runs; what is empty does not."""

    before: ComparedDocument
    after: ComparedDocument
    summary: str
    metrics: list[MetricChangeDocument]
    states: list[ChangeDocument]
    added: list[str]
    removed: list[str]
    code: list[CodeChangeDocument]
    parameters: list[ChangeDocument]
    files: list[ChangeDocument]
    versions: list[ChangeDocument]
    git: list[ChangeDocument]
    asked: list[ChangeDocument]
    unexplained: list[ResultChangeDocument]
    inputs: list[InputChangeDocument]
    durations: list[DurationChangeDocument]
    unknown: list[str]


class GraphDocument(msgspec.Struct, kw_only=True):
    """What is drawn: a pipeline, the same for graphviz to lay out, and the run that colours it."""

    compilation: CompilationDocument
    dot: str
    run: RunDocument | None = None


class UnsavedNotebookDocument(msgspec.Struct, kw_only=True):
    """What the server is sent to compile: a notebook as it is on screen, and the path it is to be saved at."""

    path: str
    notebook: dict[str, Any]


class RunSummaryDocument(msgspec.Struct, kw_only=True):
    """A row of ``dagflow runs list``."""

    run_id: str
    pipeline: str
    state: RunState
    trigger: str
    logical_date: datetime | None
    started_at: datetime | None
    finished_at: datetime | None


class IntervalDocument(msgspec.Struct, kw_only=True):
    """A row of ``dagflow schedule next``: a run that will be due."""

    fire_at: datetime
    logical_date: datetime
    data_interval_start: datetime
    data_interval_end: datetime


class FireDocument(msgspec.Struct, kw_only=True):
    """A fire of a schedule; ``state`` is that of its run, null if there is none."""

    run_id: str
    kind: str
    state: RunState | None
    waits: bool
    logical_date: datetime
    data_interval_start: datetime
    data_interval_end: datetime


class MissedDocument(msgspec.Struct, kw_only=True):
    """``count`` intervals in a row that have no run, by the logical dates of the first and the last, and why."""

    first: datetime
    last: datetime
    count: int
    reason: str
    message: str


class ScheduleDocument(msgspec.Struct, kw_only=True):
    """A row of ``dagflow schedule list``."""

    name: str
    notebook: str
    times: str
    zone: str
    paused: bool
    next_at: datetime | None
    active: list[str]
    last_state: RunState | None


class SchedulesDocument(msgspec.Struct, kw_only=True):
    """A page of the schedules, by name; ``next`` is what the page below is asked for, null for the last."""

    schedules: list[ScheduleDocument]
    next: str | None


class NextRunsDocument(msgspec.Struct, kw_only=True):
    """When a schedule fires, in words if there are any, and its ``next_runs``, as if it were not paused."""

    name: str
    times: str
    explained: str
    next_runs: list[IntervalDocument]


class ScheduleRecordDocument(ScheduleDocument, kw_only=True):
    """What ``dagflow schedule show --json`` prints: its newest fires and what it missed, newest first.

    It fires by ``crons``, ``every_s`` seconds, ``at`` a time or ``on_success`` of another; its ``next_runs`` are those
    that it has when it is not paused.
    """

    crons: list[str]
    every_s: float | None
    at: datetime | None
    on_success: str | None
    start: datetime
    end: datetime | None
    catchup: bool
    explained: str
    overlap: str
    max_active_runs: int
    misfire_s: float | None
    jitter_s: float
    depends_on_past: bool
    pause_after: int | None
    expected_s: float | None
    deadline_s: float | None
    keep_runs: int | None
    keep_for_s: float | None
    pin: str | None
    parameters: dict[str, Any]
    next_runs: list[IntervalDocument]
    fires: list[FireDocument]
    missed: list[MissedDocument]


class BackfillIntervalDocument(msgspec.Struct, kw_only=True):
    """An interval of a backfill: the ``state`` of its newest run, null if there is none; whether it ``runs`` now."""

    logical_date: datetime
    data_interval_start: datetime
    data_interval_end: datetime
    runs: bool
    run_id: str | None
    state: RunState | None


class BackfillDocument(msgspec.Struct, kw_only=True):
    """What ``dagflow backfill --json`` prints: the intervals within the bounds, in the order in which they run."""

    schedule: str
    intervals: list[BackfillIntervalDocument]


class CancelledBackfillsDocument(msgspec.Struct, kw_only=True):
    """What ``dagflow backfill --cancel --json`` prints: how many intervals will not run, or not go on."""

    schedule: str
    cancelled: int


class TriggerDocument(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What the server is sent to have a schedule run now: what that run is given instead of the schedule's own.

    ``parameters`` are values, ``parameter_texts`` are read by the types that the notebook declares; both may be
    templates.
    """

    parameters: dict[str, Any] = {}
    parameter_texts: dict[str, str] = {}


class ScheduleChangesDocument(TriggerDocument, kw_only=True, forbid_unknown_fields=True):
    """What the server is sent to change a schedule: the options of ``dagflow schedule update``, written as there.

    What is left out stays as it is; null takes back what may be left out.
    """

    cron: list[str] | msgspec.UnsetType = msgspec.UNSET
    every: str | msgspec.UnsetType = msgspec.UNSET
    at: str | msgspec.UnsetType = msgspec.UNSET
    on_success: str | msgspec.UnsetType = msgspec.UNSET
    tz: str | msgspec.UnsetType = msgspec.UNSET
    start: str | msgspec.UnsetType = msgspec.UNSET
    end: str | msgspec.UnsetType | None = msgspec.UNSET
    catchup: bool | msgspec.UnsetType = msgspec.UNSET
    overlap: Overlap | msgspec.UnsetType = msgspec.UNSET
    max_active_runs: _Number | msgspec.UnsetType = msgspec.UNSET
    misfire: str | msgspec.UnsetType | None = msgspec.UNSET
    jitter: str | msgspec.UnsetType | None = msgspec.UNSET
    depends_on_past: bool | msgspec.UnsetType = msgspec.UNSET
    pause_after: _Number | msgspec.UnsetType | None = msgspec.UNSET
    expected: str | msgspec.UnsetType | None = msgspec.UNSET
    deadline: str | msgspec.UnsetType | None = msgspec.UNSET
    keep_runs: _Number | msgspec.UnsetType | None = msgspec.UNSET
    keep_for: str | msgspec.UnsetType | None = msgspec.UNSET
    pin: bool | msgspec.UnsetType = msgspec.UNSET


class NewScheduleDocument(ScheduleChangesDocument, kw_only=True, forbid_unknown_fields=True):
    """What the server is sent to add a schedule: ``path`` is the notebook's below the server's root.

    The rest is as the options of ``dagflow schedule add``, written as there; with ``dry_run`` nothing is added.
    """

    path: str
    name: str = ""
    dry_run: bool = False


class AskBackfillDocument(TriggerDocument, kw_only=True, forbid_unknown_fields=True):
    """What the server is sent to have intervals run that have passed: the options of ``dagflow backfill``."""

    start: str
    end: str
    reprocess: Reprocess = Reprocess.NONE
    reverse: bool = False
    jobs: _Jobs | None = None
    dry_run: bool = False


class ScheduledPathDocument(msgspec.Struct, kw_only=True):
    """Where the notebook of a schedule is now: its ``path`` as Jupyter's contents have it."""

    schedule: str
    path: str


class RemovedScheduleDocument(msgspec.Struct, kw_only=True):
    """The schedule that was removed."""

    schedule: str


class PrunedDocument(msgspec.Struct, kw_only=True):
    """The runs of a schedule that were deleted."""

    schedule: str
    runs: list[str]


class RunsDocument(msgspec.Struct, kw_only=True):
    """A page of the runs there are, newest first; ``next`` is what the page below is asked for, null for the last."""

    runs: list[RunSummaryDocument]
    next: str | None


class PipelineDocument(msgspec.Struct, kw_only=True):
    """A pipeline that has runs: the notebook of its last one, and its last runs, newest first."""

    pipeline: str
    notebook: str
    last_runs: list[RunSummaryDocument]


class PipelinesDocument(msgspec.Struct, kw_only=True):
    """A page of the pipelines that have runs, by name; ``next`` is what the page below is asked for."""

    pipelines: list[PipelineDocument]
    next: str | None


class NotebookPathDocument(msgspec.Struct, kw_only=True):
    """Where the notebook of a run is now: its ``path`` as Jupyter's contents have it."""

    run_id: str
    path: str


class ExpectationDocument(msgspec.Struct, kw_only=True):
    """How long it takes from the beginning of each task of a run to the end of all below it, by earlier runs.

    ``remaining_s`` has every task, or none if of none it is known.
    """

    run_id: str
    remaining_s: dict[str, float]


class GridTaskDocument(msgspec.Struct, kw_only=True):
    """How a task of a run stands."""

    state: TaskState
    attempt: int
    cached: bool
    duration_s: float | None


class GridRunDocument(msgspec.Struct, kw_only=True):
    """A run with its tasks and metrics by name."""

    run: RunSummaryDocument
    tasks: dict[str, GridTaskDocument]
    metrics: dict[str, Any]


class GridDocument(msgspec.Struct, kw_only=True):
    """Tasks by runs: all ``tasks`` in an order that suits each run, and a page of runs, newest first."""

    tasks: list[str]
    runs: list[GridRunDocument]
    next: str | None


class TaskNewsDocument(msgspec.Struct, kw_only=True):
    """The state that a task has reached."""

    task: str
    state: TaskState
    attempt: int


class RunNewsDocument(msgspec.Struct, kw_only=True):
    """A run in which something happened: ``seq`` is the number of its last event.

    ``tasks`` are those whose states have changed. What has happened to them, the run's events after the last
    known number tell.
    """

    run_id: str
    pipeline: str
    state: RunState
    seq: int
    tasks: list[TaskNewsDocument]


class NewsDocument(msgspec.Struct, kw_only=True):
    """What is told live: the ``runs`` in which something happened. With ``anew`` all is to be asked for again."""

    runs: list[RunNewsDocument]
    anew: bool = False


class EventsDocument(msgspec.Struct, kw_only=True):
    """Events of a run, in order; ``next`` is the number to ask after for more, null if these were the last."""

    run_id: str
    events: list[dict[str, Any]]
    next: int | None


class LogEntryDocument(msgspec.Struct, kw_only=True):
    """One output of one cell, as plain text: ``kind`` is ``stdout``, ``stderr`` or ``error`` (a traceback)."""

    cell: str
    kind: str
    text: str


class LogDocument(msgspec.Struct, kw_only=True):
    """What the cells of an attempt at a task printed, from the character at ``start`` to the one before ``end``."""

    run_id: str
    task: str
    attempt: int
    entries: list[LogEntryDocument]
    start: int
    end: int


class OutputCellDocument(msgspec.Struct, kw_only=True):
    """A cell of a taskbook and what it put out, as nbformat has it."""

    cell: str
    kind: str
    tags: list[str]
    source: str
    execution_count: int | None
    outputs: list[dict[str, Any]]


class OutputsDocument(msgspec.Struct, kw_only=True):
    """The cells of the taskbook of an attempt at a task."""

    run_id: str
    task: str
    attempt: int
    cells: list[OutputCellDocument]


class ParameterFieldDocument(ParameterDocument, kw_only=True):
    """A parameter as a form asks for it; of a ``secret`` one the default is ``***``, unless there is none."""

    optional: bool
    secret: bool


class ParametersDocument(msgspec.Struct, kw_only=True):
    """The form of a notebook's parameters."""

    notebook: str
    parameters: list[ParameterFieldDocument]


class StartDocument(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What the server is sent to start a run: ``path`` is the notebook's below the server's root.

    ``parameters`` are values, ``parameter_texts`` are read by the types that the notebook declares. The rest is as the
    options of ``dagflow run``.
    """

    path: str
    parameters: dict[str, Any] = {}
    parameter_texts: dict[str, str] = {}
    by: PartitionBy = PartitionBy.AUTO
    only: tuple[str, ...] = ()
    since: tuple[str, ...] = msgspec.field(name="from", default=())
    until: tuple[str, ...] = ()
    fresh: bool = False
    jobs: _Jobs | None = None
    keep_all: bool = False


class ClearDocument(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What the server is sent to run tasks of a run again: which, and whether with all that depend on them."""

    tasks: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    downstream: bool = False


class DeletedDocument(msgspec.Struct, kw_only=True):
    """The run that was deleted."""

    run_id: str


class ArtifactDocument(msgspec.Struct, kw_only=True):
    """A stored value as ``artifacts show`` tells it; ``value`` only for small plain JSON values."""

    name: str
    task: str
    type: str
    shape: list[int] | None
    size_bytes: int
    preview: str
    value: Any = None


class GarbageDocument(msgspec.Struct, kw_only=True):
    """What ``artifacts gc --json`` prints: what was removed, and how many bytes that freed."""

    artifacts: int
    cache_entries: int
    freed_bytes: int
    older_than_s: float


class DifferenceDocument(msgspec.Struct, kw_only=True):
    """A variable that is not the same in Run All and in the DAG, and where it was last written."""

    name: str
    difference: str
    task: str | None
    cell: str | None
    cell_index: int | None
    line: int | None
    explained_by: list[str]
    file_line: int | None = None


class NotComparedDocument(msgspec.Struct, kw_only=True):
    """A variable of which it cannot be told whether it is the same."""

    name: str
    why: str


class StoppedDocument(msgspec.Struct, kw_only=True):
    """Why Run All and the DAG stopped, as far as they did, and whether for the same reason."""

    alike: bool
    run_all: TaskFailure | None
    dag: TaskFailure | None


class VerificationDocument(msgspec.Struct, kw_only=True):
    """What ``dagflow verify --json`` prints; ``equal`` is how many variables are."""

    run_id: str
    run_all_id: str
    state: RunState
    equal: int
    different: list[DifferenceDocument]
    not_compared: list[NotComparedDocument]
    stopped: StoppedDocument | None


class ErrorDetail(msgspec.Struct, kw_only=True):
    """What went wrong in a command, what to do next, and where in which notebook it was.

    ``line`` counts in the cell; ``file_line`` is only there if a line of the file is known, and counts in it.
    """

    code: str
    message: str
    hint: str
    notebook: str | None = None
    cell: str | None = None
    line: int | None = None
    file_line: int | msgspec.UnsetType = msgspec.UNSET


class ErrorDocument(msgspec.Struct, kw_only=True):
    """What a command that fails prints under ``--json``."""

    error: ErrorDetail


class RefusalDocument(msgspec.Struct, kw_only=True):
    """What the server answers with any status but 200."""

    message: str
    hint: str
    code: str


class StatusDocument(msgspec.Struct, kw_only=True):
    """What the server tells of itself: its version, and where runs are kept."""

    version: str
    home: str


class CheckDocument(msgspec.Struct, kw_only=True):
    """What one check of ``dagflow doctor`` found; a run needs those that are ``essential``."""

    name: str
    ok: bool
    detail: str
    hint: str
    essential: bool


class DoctorDocument(msgspec.Struct, kw_only=True):
    """What ``dagflow doctor --json`` prints."""

    ok: bool
    checks: list[CheckDocument]


class DatabaseDocument(msgspec.Struct, kw_only=True):
    """What ``db check --json`` prints; ``revision`` is null for a database that is not there."""

    url: str
    revision: str | None
    current: bool


class ExampleDocument(msgspec.Struct, kw_only=True):
    """A row of ``dagflow examples list``."""

    name: str
    title: str


DOCUMENTS: tuple[type[Any], ...] = (
    CompilationDocument,
    DiagnosticsDocument,
    SuggestionsDocument,
    GraphDocument,
    UnsavedNotebookDocument,
    RunDocument,
    RunRecordDocument,
    RunDiffDocument,
    RunSummaryDocument,
    RunsDocument,
    PipelinesDocument,
    GridDocument,
    ExpectationDocument,
    NotebookPathDocument,
    NewsDocument,
    EventsDocument,
    LogDocument,
    OutputsDocument,
    ParametersDocument,
    StartDocument,
    ClearDocument,
    DeletedDocument,
    SchedulesDocument,
    ScheduleRecordDocument,
    NextRunsDocument,
    NewScheduleDocument,
    ScheduleChangesDocument,
    TriggerDocument,
    AskBackfillDocument,
    BackfillDocument,
    CancelledBackfillsDocument,
    ScheduledPathDocument,
    RemovedScheduleDocument,
    PrunedDocument,
    ArtifactDocument,
    GarbageDocument,
    VerificationDocument,
    ErrorDocument,
    RefusalDocument,
    StatusDocument,
    DoctorDocument,
    DatabaseDocument,
    ExampleDocument,
)


def compilation_document(compilation: Compilation) -> CompilationDocument:
    """The document of a compilation."""
    pipeline = compilation.pipeline
    return CompilationDocument(
        name=pipeline.name,
        notebook=pipeline.notebook,
        by=pipeline.by,
        parameters=_same_fields(pipeline.parameters, list[ParameterDocument]),
        tasks=[_task(task) for task in pipeline.tasks],
        edges=pipeline.edges,
        diagnostics=compilation.diagnostics,
        nested=[
            InnerTaskDocument(
                name=inner.name,
                group=inner.group,
                notebook=inner.notebook,
                cells=list(inner.task.cells),
                cell_indexes=list(inner.task.cell_indexes),
                after=list(inner.after),
            )
            for inner in inner_tasks(compilation)
        ],
    )


def parameters_document(compilation: Compilation) -> ParametersDocument:
    """The form of the parameters of a compiled notebook."""
    pipeline = compilation.pipeline
    return ParametersDocument(
        notebook=pipeline.notebook,
        parameters=_same_fields(pipeline.parameters, list[ParameterFieldDocument]),
    )


def suggestions_document(suggestions: tuple[Suggestion, ...]) -> SuggestionsDocument:
    """The document of suggested tags."""
    return SuggestionsDocument(
        suggestions=_same_fields(suggestions, list[SuggestionDocument]),
    )


def run_document(
    view: RunView, *, notebook: str | None = None, steps: Sequence[TaskRun] = ()
) -> RunDocument:
    """The document of a run; ``notebook`` is where its executed notebook lies, ``steps`` are the tasks of its steps."""
    return RunDocument(
        run_id=view.run_id,
        seq=view.seq,
        state=view.state,
        pipeline=view.pipeline,
        started_at=view.started_at,
        finished_at=view.finished_at,
        notebook=notebook,
        tasks=_same_fields(tuple(view.tasks.values()), list[TaskRunDocument]),
        metrics=dict(view.metrics),
        steps=_same_fields(tuple(steps), list[TaskRunDocument]),
        failure=view.failure,
    )


def run_record_document(run: RunDocument, view: RunView, *, source: str) -> RunRecordDocument:
    """The document of a run with all that is recorded of it; ``source`` is where its notebook lies."""
    return RunRecordDocument(
        **msgspec.structs.asdict(run),
        parameters=dict(view.parameters),
        source=source,
        record=view.record,
        records={name: task.record for name, task in view.tasks.items() if task.record is not None},
        surroundings=dict(view.surroundings),
        attempts={
            name: _same_fields(task.attempts, list[AttemptDocument])
            for name, task in view.tasks.items()
            if task.attempts
        },
    )


def run_diff_document(diff: RunDiff) -> RunDiffDocument:
    """The document of what differs between two runs."""
    return _same_fields(diff, RunDiffDocument)


def graph_document(
    compilation: Compilation,
    *,
    dot: str,
    run: RunView | None = None,
    steps: Sequence[TaskRun] = (),
) -> GraphDocument:
    """The document of a graph; ``dot`` is its pipeline in graphviz's language."""
    return GraphDocument(
        compilation=compilation_document(compilation),
        dot=dot,
        run=run_document(run, steps=steps) if run is not None else None,
    )


def artifact_document(stored: Stored, task: str) -> ArtifactDocument:
    """The document of a value that ``task`` left behind."""
    return ArtifactDocument(
        name=stored.name,
        task=task,
        type=stored.type,
        shape=None if stored.shape is None else list(stored.shape),
        size_bytes=stored.size_bytes,
        preview=stored.preview,
        value=stored.value,
    )


def verification_document(verification: Verification) -> VerificationDocument:
    """The document of a verification."""
    stopped = verification.stopped
    return VerificationDocument(
        run_id=verification.run_id,
        run_all_id=verification.run_all_id,
        state=verification.state,
        equal=len(verification.equal),
        different=_same_fields(verification.different, list[DifferenceDocument]),
        not_compared=[
            NotComparedDocument(name=name, why=why)
            for name, why in verification.not_compared.items()
        ],
        stopped=None if stopped is None else _same_fields(stopped, StoppedDocument),
    )


def error_document(error: DagflowError) -> ErrorDocument:
    """The document of an error of ours, as a command tells it."""
    where = error.where
    return ErrorDocument(
        error=ErrorDetail(
            code=error.code,
            message=error.message,
            hint=error.hint,
            notebook=where.notebook,
            cell=where.cell,
            line=where.line,
            file_line=msgspec.UNSET if where.file_line is None else where.file_line,
        )
    )


def refusal_document(error: DagflowError) -> RefusalDocument:
    """The document of an error of ours, as the server answers it."""
    return _same_fields(error, RefusalDocument)


def to_json(document: Any, *, indent: int | None = 2) -> str:
    """A document as JSON text; times as ISO 8601 in UTC."""
    text = _encoded(document)
    return (msgspec.json.format(text, indent=indent) if indent else text).decode()


def to_plain(document: Any) -> Any:
    """A document as plain lists, dicts, numbers and text."""
    return msgspec.json.decode(_encoded(document))


def _encoded(document: Any) -> bytes:
    try:
        return msgspec.json.encode(document)
    except UnicodeEncodeError:
        # Half a surrogate pair, which UTF-8 cannot hold, is shown as Python writes it.
        return msgspec.json.encode(_without_halves(msgspec.to_builtins(document)))


def _without_halves(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {_without_halves(key): _without_halves(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_without_halves(each) for each in value]
    return value


EVENTS: dict[str, type[Any]] = {
    re.sub(r"(?<!^)(?=[A-Z])", "_", event.__name__).lower(): event
    for event in (*get_args(Event), CellProgress)
}
_EVENT_NAMES = {cls: name for name, cls in EVENTS.items()}


def event_to_dict(event: Event | CellProgress) -> dict[str, Any]:
    """An event as plain JSON values; ``type`` is its class: ``task_started`` for `TaskStarted`."""
    return {"type": _EVENT_NAMES[type(event)], **msgspec.to_builtins(event)}


def event_from_dict(body: dict[str, Any]) -> Any:
    """The event that `event_to_dict` made this of; raises `msgspec.ValidationError` if none is."""
    fields = dict(body)
    name = fields.pop("type", None)
    if name not in EVENTS:
        raise msgspec.ValidationError(f"Unknown event type {name!r}.")
    return msgspec.convert(fields, EVENTS[name])


def json_schema() -> dict[str, Any]:
    """The JSON schema of every document and event, as ``{"$defs": {name: schema}}``."""
    return {"$defs": schemas("#/$defs/{name}")}


def schemas(ref_template: str) -> dict[str, Any]:
    """The JSON schemas of every document and event by name; ``ref_template`` is how they point at each other."""
    _, components = msgspec.json.schema_components(
        [*DOCUMENTS, *EVENTS.values()],
        ref_template=ref_template,
        schema_hook=lambda _: {"description": "any JSON value"},
    )
    for schema in components.values():
        if "description" in schema:  # msgspec before 0.23 leaves a docstring's indentation in
            schema["description"] = inspect.cleandoc(schema["description"])
    for name, cls in EVENTS.items():
        schema = components[cls.__name__]
        schema["properties"] = {"type": {"const": name}, **schema["properties"]}
        schema["required"] = list(schema["properties"])
    logged = [{"$ref": ref_template.format(name=cls.__name__)} for cls in get_args(Event)]
    components["EventsDocument"]["properties"]["events"]["items"] = {"anyOf": logged}
    return dict(sorted(components.items()))


def _same_fields(values: object, document: type[T]) -> T:
    """The documents of values of the core that have fields of the same names."""
    return msgspec.convert(values, document, from_attributes=True)


def _task(task: Task) -> TaskDocument:
    return TaskDocument(
        name=task.name,
        cells=list(task.cells),
        cell_indexes=list(task.cell_indexes),
        reads=[item.name for item in task.inputs],
        writes=list(task.writes),
        definitions=[DefinitionDocument(name=d.name, cell=d.cell) for d in task.definitions],
        options=dict(task.declared),
    )


if __name__ == "__main__":
    json.dump(json_schema(), sys.stdout, indent=2, sort_keys=True)
