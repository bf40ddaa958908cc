"""What an event changes in the tables that readers query.

The law: one event in, its rows written, nothing read back; so the projection is a function of the
log.
"""

from __future__ import annotations

import json
from datetime import datetime

import msgspec
from sqlalchemy import ColumnElement, Connection, func, literal

from jupyter_dagflow.core.events import (
    CancelRequested,
    Event,
    RunCreated,
    RunFinished,
    RunStarted,
    Stored,
    TaskFinished,
    TaskQueued,
    TaskStarted,
)
from jupyter_dagflow.core.states import TaskState
from jupyter_dagflow.storage.tables import (
    UtcDateTime,
    artifacts,
    metrics,
    observed,
    runs,
    task_runs,
)

TaskEvent = TaskQueued | TaskStarted | TaskFinished


def project(connection: Connection, event: Event) -> None:
    """Write what the event changed."""
    match event:
        case RunCreated():
            _create(connection, event)
        case RunStarted():
            _update_run(connection, event, state=event.state.value, started_at=event.at)
        case RunFinished():
            _update_run(connection, event, state=event.state.value, finished_at=event.at)
        case CancelRequested():
            _update_run(connection, event, cancel_requested_at=first_request(event.at))
        case TaskQueued():
            _update_task(connection, event, queued_at=event.at)
        case TaskStarted():
            _update_task(connection, event, attempt=event.attempt, started_at=event.at)
        case TaskFinished():
            _finish_task(connection, event)


def first_request(at: datetime) -> ColumnElement[datetime]:
    """When a run was first asked to cancel, if a request has come at that time."""
    return func.coalesce(runs.c.cancel_requested_at, literal(at, UtcDateTime()))


def as_json(value: object) -> str:
    """A plain value as JSON text that Python reads back the same, NaN and huge numbers too."""
    return json.dumps(msgspec.to_builtins(value), separators=(",", ":"))


def _create(connection: Connection, event: RunCreated) -> None:
    connection.execute(
        runs.insert(),
        {
            "run_id": event.run_id,
            "pipeline": event.pipeline,
            "notebook": event.notebook,
            "state": event.state.value,
            "trigger": event.trigger,
            "parameters": as_json(event.parameters),
            "created_at": event.at,
        },
    )
    rows = [
        {
            "run_id": event.run_id,
            "task": task,
            "position": position,
            "state": TaskState.NONE.value,
            "attempt": 0,
            "cached": False,
        }
        for position, (task, _) in enumerate(event.tasks)
    ]
    if rows:
        connection.execute(task_runs.insert(), rows)


def _update_run(connection: Connection, event: Event, **values: object) -> None:
    connection.execute(runs.update().where(runs.c.run_id == event.run_id).values(**values))


def _update_task(connection: Connection, event: TaskEvent, **values: object) -> None:
    connection.execute(
        task_runs.update()
        .where(task_runs.c.run_id == event.run_id, task_runs.c.task == event.task)
        .values(state=event.state.value, **values)
    )


def _finish_task(connection: Connection, event: TaskFinished) -> None:
    _update_task(
        connection,
        event,
        finished_at=event.at,
        duration_s=event.duration_s,
        cells_s=event.cells_s,
        cached=event.cached,
        failure=None if event.failure is None else as_json(event.failure),
    )
    of_task = (artifacts.c.run_id == event.run_id, artifacts.c.task == event.task)
    connection.execute(artifacts.delete().where(*of_task))
    if event.stored:
        rows = [_artifact(event, i, stored) for i, stored in enumerate(event.stored)]
        connection.execute(artifacts.insert(), rows)
    for name, value in event.metrics.items():
        where = (metrics.c.run_id == event.run_id, metrics.c.name == name)
        connection.execute(metrics.delete().where(*where))
        row = {"run_id": event.run_id, "name": name, "task": event.task, "value": as_json(value)}
        connection.execute(metrics.insert(), row)
    for fact in event.observed:
        connection.execute(
            observed.insert().prefix_with("OR IGNORE"),
            {"code": fact.code, "name": fact.name, "other": fact.other, "observed_at": event.at},
        )


def _artifact(event: TaskFinished, position: int, stored: Stored) -> dict[str, object]:
    return {
        "run_id": event.run_id,
        "task": event.task,
        "name": stored.name,
        "position": position,
        "digest": stored.digest,
        "size_bytes": stored.size_bytes,
        "type": stored.type,
        "shape": None if stored.shape is None else as_json(stored.shape),
        "preview": stored.preview,
        "value": None if stored.value is None else as_json(stored.value),
        "version": stored.version,
    }
