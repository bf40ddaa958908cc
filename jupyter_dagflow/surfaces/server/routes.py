"""The table of routes: all that the server answers, and to whom.

The law: what is not in this table is not answered. The handlers, the OpenAPI document and the tests of who is refused
are all made from it. Whom Jupyter Server authorizes to ``read``, ``write`` or ``execute`` the resource ``dagflow`` may
use the routes with that action.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from jupyter_dagflow.surfaces.server import answers, schedule_answers
from jupyter_dagflow.surfaces.server.asked import (
    Asked,
    AttemptQuery,
    ComparisonQuery,
    EventsQuery,
    FiresQuery,
    LogQuery,
    NextRunsQuery,
    NotebookQuery,
    Nothing,
    PipelinesQuery,
    RunsQuery,
    SchedulesQuery,
)
from jupyter_dagflow.wire import (
    ArtifactDocument,
    AskBackfillDocument,
    BackfillDocument,
    CancelledBackfillsDocument,
    ClearDocument,
    DeletedDocument,
    EventsDocument,
    ExpectationDocument,
    FireDocument,
    GraphDocument,
    GridDocument,
    LogDocument,
    NewScheduleDocument,
    NextRunsDocument,
    NotebookPathDocument,
    OutputsDocument,
    ParametersDocument,
    PipelinesDocument,
    PrunedDocument,
    RemovedScheduleDocument,
    RunDiffDocument,
    RunDocument,
    RunRecordDocument,
    RunsDocument,
    ScheduleChangesDocument,
    ScheduleDocument,
    ScheduledPathDocument,
    ScheduleRecordDocument,
    SchedulesDocument,
    StartDocument,
    StatusDocument,
    SuggestionsDocument,
    TriggerDocument,
    UnsavedNotebookDocument,
)

RESOURCE = "dagflow"
JSON = "application/json"
NOTEBOOK = "application/x-ipynb+json"
NAMES = {
    "run": "A run: its id, the beginning of it, or latest.",
    "task": "A task of the run.",
    "name": "A value that the run kept.",
    "schedule": "A schedule, by its name.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One method of one address: what it ``does``, who may use it (``action``), what it takes and what it answers.

    ``path`` is below ``dagflow/api/v1/`` and holds ``{names}``. What may go wrong follows from what it takes, but for
    a run that is in the way (``conflicts``).
    """

    method: Literal["get", "post", "patch", "delete"]
    path: str
    action: Literal["read", "write", "execute"]
    does: str
    work: Callable[[Asked], Any]
    answer: Any
    query: type[msgspec.Struct] = Nothing
    body: type[Any] | None = None
    media: str = JSON
    conflicts: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The names that stand in the path."""
        return tuple(part[1:-1] for part in self.path.split("/") if part.startswith("{"))

    @property
    def refusals(self) -> tuple[int, ...]:
        """The statuses that it may answer with instead."""
        missing = self.names or self.body is not None or self.query is not Nothing
        codes = {400, 403, 503, *((404,) if missing else ()), *((409,) if self.conflicts else ())}
        return tuple(sorted(codes))


ROUTES: tuple[Route, ...] = (
    Route(
        method="get",
        path="status",
        action="read",
        does="The version, and where runs are kept.",
        work=answers.status,
        answer=StatusDocument,
    ),
    Route(
        method="get",
        path="compilation",
        action="read",
        does="The graph of a saved notebook, and its picture as DOT.",
        work=answers.compilation,
        query=NotebookQuery,
        answer=GraphDocument,
    ),
    Route(
        method="post",
        path="compilation",
        action="read",
        does="The graph of a notebook as it is on screen, and its picture as DOT.",
        work=answers.compilation_unsaved,
        body=UnsavedNotebookDocument,
        answer=GraphDocument,
    ),
    Route(
        method="get",
        path="parameters",
        action="read",
        does="The form of a saved notebook's parameters.",
        work=answers.parameters,
        query=NotebookQuery,
        answer=ParametersDocument,
    ),
    Route(
        method="post",
        path="suggestions",
        action="read",
        does="Tags that a notebook could have, as it is on screen.",
        work=answers.suggestions,
        body=UnsavedNotebookDocument,
        answer=SuggestionsDocument,
    ),
    Route(
        method="get",
        path="pipelines",
        action="read",
        does="The pipelines that have runs, by name, each with its last runs.",
        work=answers.pipelines,
        query=PipelinesQuery,
        answer=PipelinesDocument,
    ),
    Route(
        method="get",
        path="grid",
        action="read",
        does="Tasks by runs: how each task of a page of runs stands, and their metrics.",
        work=answers.grid,
        query=RunsQuery,
        answer=GridDocument,
    ),
    Route(
        method="get",
        path="comparison",
        action="read",
        does="What differs between two runs.",
        work=answers.comparison,
        query=ComparisonQuery,
        answer=RunDiffDocument,
    ),
    Route(
        method="get",
        path="runs",
        action="read",
        does="A page of the runs, newest first.",
        work=answers.runs,
        query=RunsQuery,
        answer=RunsDocument,
    ),
    Route(
        method="post",
        path="runs",
        action="execute",
        does="Begin a run of a saved notebook; the server goes on with it, whoever looks.",
        work=answers.start,
        body=StartDocument,
        answer=RunDocument,
    ),
    Route(
        method="get",
        path="runs/{run}",
        action="read",
        does="A run with its tasks, their attempts and reasons, and all that is recorded of it.",
        work=answers.run,
        answer=RunRecordDocument,
    ),
    Route(
        method="delete",
        path="runs/{run}",
        action="write",
        does="Forget a run that does not go on, with its files.",
        work=answers.delete,
        answer=DeletedDocument,
        conflicts=True,
    ),
    Route(
        method="get",
        path="runs/{run}/events",
        action="read",
        does="The events of a run from a number on.",
        work=answers.events,
        query=EventsQuery,
        answer=EventsDocument,
    ),
    Route(
        method="get",
        path="runs/{run}/expectation",
        action="read",
        does="How long a run may go on from each of its tasks, by what they took when they last ran.",
        work=answers.expectation,
        answer=ExpectationDocument,
    ),
    Route(
        method="post",
        path="runs/{run}/cancel",
        action="execute",
        does="Ask whoever runs it to cancel a run.",
        work=answers.cancel,
        answer=RunDocument,
        conflicts=True,
    ),
    Route(
        method="post",
        path="runs/{run}/resume",
        action="execute",
        does="Do again what did not succeed in a run, and what follows from it.",
        work=answers.resume,
        answer=RunDocument,
        conflicts=True,
    ),
    Route(
        method="post",
        path="runs/{run}/clear",
        action="execute",
        does="Run tasks of a run again, with whatever did not succeed in it.",
        work=answers.clear,
        body=ClearDocument,
        answer=RunDocument,
        conflicts=True,
    ),
    Route(
        method="post",
        path="runs/{run}/rerun",
        action="execute",
        does="Begin a new run of the same notebook, as it is now, asked for as that one was.",
        work=answers.rerun,
        answer=RunDocument,
    ),
    Route(
        method="get",
        path="runs/{run}/notebook",
        action="read",
        does="The executed notebook of a run.",
        work=answers.notebook,
        answer=None,
        media=NOTEBOOK,
    ),
    Route(
        method="get",
        path="runs/{run}/path",
        action="read",
        does="Where the notebook that a run is of lies below the server's root.",
        work=answers.notebook_path,
        answer=NotebookPathDocument,
    ),
    Route(
        method="get",
        path="runs/{run}/tasks/{task}/log",
        action="read",
        does="What the cells of a task printed: all, from a character on, or the last lines.",
        work=answers.log,
        query=LogQuery,
        answer=LogDocument,
    ),
    Route(
        method="get",
        path="runs/{run}/tasks/{task}/outputs",
        action="read",
        does="The cells of a task's taskbook and what they put out.",
        work=answers.outputs,
        query=AttemptQuery,
        answer=OutputsDocument,
    ),
    Route(
        method="get",
        path="runs/{run}/tasks/{task}/notebook",
        action="read",
        does="A task's taskbook.",
        work=answers.taskbook,
        query=AttemptQuery,
        answer=None,
        media=NOTEBOOK,
    ),
    Route(
        method="get",
        path="runs/{run}/artifacts",
        action="read",
        does="The values that a run kept.",
        work=answers.artifacts,
        answer=list[ArtifactDocument],
    ),
    Route(
        method="get",
        path="runs/{run}/artifacts/{name}",
        action="read",
        does="One value that a run kept; nothing is unpickled.",
        work=answers.artifact,
        answer=ArtifactDocument,
    ),
    Route(
        method="get",
        path="schedules",
        action="read",
        does="A page of the schedules, by name, each with how it stands.",
        work=schedule_answers.schedules,
        query=SchedulesQuery,
        answer=SchedulesDocument,
    ),
    Route(
        method="post",
        path="schedules",
        action="execute",
        does="Have a saved notebook run at times, and tell the next runs; with dry_run only tell them.",
        work=schedule_answers.add,
        body=NewScheduleDocument,
        answer=NextRunsDocument,
    ),
    Route(
        method="get",
        path="schedules/{schedule}",
        action="read",
        does="A schedule with its options, its newest fires, what it missed, and its next runs.",
        work=schedule_answers.schedule,
        query=FiresQuery,
        answer=ScheduleRecordDocument,
    ),
    Route(
        method="patch",
        path="schedules/{schedule}",
        action="execute",
        does="Change options of a schedule, and tell its next runs.",
        work=schedule_answers.update,
        body=ScheduleChangesDocument,
        answer=NextRunsDocument,
    ),
    Route(
        method="delete",
        path="schedules/{schedule}",
        action="write",
        does="Remove a schedule; its runs stay, and those that go on do.",
        work=schedule_answers.remove,
        answer=RemovedScheduleDocument,
    ),
    Route(
        method="get",
        path="schedules/{schedule}/next",
        action="read",
        does="When a schedule fires next, and which data intervals those runs are about.",
        work=schedule_answers.next_runs,
        query=NextRunsQuery,
        answer=NextRunsDocument,
    ),
    Route(
        method="get",
        path="schedules/{schedule}/path",
        action="read",
        does="Where the notebook that a schedule runs lies below the server's root.",
        work=schedule_answers.notebook_path,
        answer=ScheduledPathDocument,
    ),
    Route(
        method="post",
        path="schedules/{schedule}/pause",
        action="execute",
        does="Have a schedule begin nothing until it is resumed; what runs goes on.",
        work=schedule_answers.pause,
        answer=ScheduleDocument,
    ),
    Route(
        method="post",
        path="schedules/{schedule}/resume",
        action="execute",
        does="Have a paused schedule go on.",
        work=schedule_answers.resume,
        answer=ScheduleDocument,
    ),
    Route(
        method="post",
        path="schedules/{schedule}/trigger",
        action="execute",
        does="Ask for a run of a schedule now; dagflow serve begins it.",
        work=schedule_answers.trigger,
        body=TriggerDocument,
        answer=FireDocument,
    ),
    Route(
        method="post",
        path="schedules/{schedule}/prune",
        action="write",
        does="Delete the runs of a schedule that are not kept any longer, with their files.",
        work=schedule_answers.prune,
        answer=PrunedDocument,
    ),
    Route(
        method="post",
        path="schedules/{schedule}/backfills",
        action="execute",
        does="Ask for runs of data intervals that have passed and have none; with dry_run only tell which.",
        work=schedule_answers.backfill,
        body=AskBackfillDocument,
        answer=BackfillDocument,
    ),
    Route(
        method="post",
        path="schedules/{schedule}/backfills/cancel",
        action="execute",
        does="Cancel the backfills of a schedule, and their runs that go on.",
        work=schedule_answers.cancel_backfills,
        answer=CancelledBackfillsDocument,
    ),
)
