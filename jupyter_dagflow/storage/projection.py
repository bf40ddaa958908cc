"""What events change in the tables that readers query.

The law: events in, their rows written, nothing read back; so the projection is a function of the log. Of what several
events change in one row only the last is written, and rows that are changed alike are written together.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import (
    ColumnElement,
    Connection,
    Float,
    String,
    Update,
    bindparam,
    case,
    func,
    literal,
    literal_column,
    select,
)

from jupyter_dagflow.core.events import (
    CancelRequested,
    Event,
    LaneRestarted,
    RunCreated,
    RunFinished,
    RunResumed,
    RunStarted,
    Stored,
    TaskExpanded,
    TaskFinished,
    TaskQueued,
    TaskStarted,
)
from jupyter_dagflow.core.run import instance_name, is_instance
from jupyter_dagflow.core.states import RunState, TaskState
from jupyter_dagflow.storage import prepared, successes
from jupyter_dagflow.storage.tables import (
    UtcDateTime,
    artifacts,
    durations,
    metrics,
    observed,
    runs,
    task_runs,
)

# The standard library's: msgspec turns NaN into null and refuses large integers.
in_json = json.JSONEncoder(separators=(",", ":")).encode
"""Builtin values as JSON text."""

TaskEvent = TaskQueued | TaskStarted | TaskFinished

_OF_THE_LAST_ATTEMPT = ("finished_at", "duration_s", "cells_s", "failure")
_OF_AN_ATTEMPT = ("queued_at", "started_at", *_OF_THE_LAST_ATTEMPT)
_ANEW = {**dict.fromkeys(_OF_AN_ATTEMPT), "state": TaskState.NONE.value, "cached": False}
_THIS_TASK = (task_runs.c.run_id == bindparam("of_run"), task_runs.c.task == bindparam("of_task"))
_FORGET = artifacts.delete().where(
    artifacts.c.run_id == bindparam("of_run"), artifacts.c.task == bindparam("of_task")
)
_FORGET_METRICS = metrics.delete().where(
    metrics.c.run_id == bindparam("of_run"), metrics.c.task == bindparam("of_task")
)
_LEAVE = artifacts.insert()
_LAST_TIME = (
    durations.insert()
    .prefix_with("OR REPLACE")
    .from_select(
        ["pipeline", "task", "duration_s"],
        select(
            runs.c.pipeline, bindparam("of_task", type_=String), bindparam("took", type_=Float)
        ).where(runs.c.run_id == bindparam("of_run")),
    )
)


def project(connection: Connection, new: Sequence[Event]) -> None:
    """Write what these events of one run changed."""
    tasks: dict[str, dict[str, object]] = {}
    finished: list[TaskFinished] = []
    for event in new:
        match event:
            case RunCreated():
                _create(connection, event)
            case RunStarted():
                _update_run(connection, event, state=event.state.value, started_at=event.at)
            case RunResumed():
                _resume(connection, event)
            case LaneRestarted():
                prepared.execute(connection, _FORGET, _keys(event, event.tasks))
                for name in event.tasks:
                    tasks.setdefault(name, {}).update(_ANEW)
            case RunFinished():
                _update_run(connection, event, state=event.state.value, finished_at=event.at)
                if event.state is RunState.SUCCESS:
                    successes.note(connection, event.run_id, event.at)
            case TaskExpanded():
                _expand(connection, event)
            case CancelRequested():
                _update_run(connection, event, cancel_requested_at=first_request(event.at))
            case TaskQueued() | TaskStarted() | TaskFinished():
                tasks.setdefault(event.task, {}).update(_changed(event))
                finished += [event] if isinstance(event, TaskFinished) else []
    if tasks:
        _update_tasks(connection, new[0], tasks)
    if finished:
        _finish_tasks(connection, finished)


def first_request(at: datetime) -> ColumnElement[datetime]:
    """When a run was first asked to cancel, if a request has come at that time."""
    return func.coalesce(runs.c.cancel_requested_at, literal(at, UtcDateTime()))


def as_json(value: object) -> str:
    """A plain value as JSON text that Python reads back the same, NaN and huge numbers too."""
    return in_json(msgspec.to_builtins(value))


def _create(connection: Connection, event: RunCreated) -> None:
    connection.execute(
        runs.insert(),
        {
            "run_id": event.run_id,
            "pipeline": event.pipeline,
            "notebook": event.notebook,
            "source_digest": None if event.record is None else event.record.source_digest,
            "state": event.state.value,
            "trigger": event.trigger,
            "logical_date": None if (it := event.data_interval) is None else it.logical_date,
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


def _resume(connection: Connection, event: RunResumed) -> None:
    again: dict[str, object] = {} if event.recovered else {"cancel_requested_at": None}
    had_ended = runs.c.state.in_([state.value for state in RunState if state.is_final])
    again["started_at"] = case(
        (had_ended, literal(event.at, UtcDateTime())), else_=runs.c.started_at
    )
    _update_run(connection, event, state=event.state.value, finished_at=None, **again)
    anew = [name for name, _, state in event.tasks if state is TaskState.NONE]
    keys = _keys(event, anew)
    prepared.execute(connection, _FORGET, keys)
    prepared.execute(connection, _FORGET_METRICS, keys)
    if anew:
        _update_tasks(connection, event, dict.fromkeys(anew, _ANEW))


def _keys(event: Event, tasks: Iterable[str]) -> list[dict[str, object]]:
    return [{"of_run": event.run_id, "of_task": name} for name in tasks]


_INSTANCE = (
    task_runs.insert()
    .prefix_with("OR IGNORE")
    .from_select(
        ["run_id", "task", "position", "state", "attempt", "cached"],
        select(
            task_runs.c.run_id,
            bindparam("instance", type_=String),
            task_runs.c.position,
            literal_column(f"'{TaskState.NONE.value}'"),
            literal_column("0"),
            literal_column("0"),
        ).where(*_THIS_TASK),
    )
)


def _expand(connection: Connection, event: TaskExpanded) -> None:
    """The instances stand where their task does. One that was there before is queued anew, or stays as it is."""
    rows = [
        {
            "of_run": event.run_id,
            "of_task": event.task,
            "instance": instance_name(event.task, number),
        }
        for number in range(len(event.items))
    ]
    instances = task_runs.c.task.between(f"{event.task}[", f"{event.task}]")  # and what sorts there
    connection.execute(
        task_runs.delete().where(
            task_runs.c.run_id == event.run_id,
            instances,
            task_runs.c.state != TaskState.SUCCESS.value,
        )
    )
    prepared.execute(connection, _INSTANCE, rows)


def _update_run(connection: Connection, event: Event, **values: object) -> None:
    connection.execute(runs.update().where(runs.c.run_id == event.run_id).values(**values))


def _changed(event: TaskEvent) -> dict[str, object]:
    """What of a task's row an event changes."""
    state = {"state": event.state.value}
    match event:
        case TaskQueued():
            return {**state, "queued_at": event.at}
        case TaskStarted():
            again = dict.fromkeys(_OF_THE_LAST_ATTEMPT) if event.attempt > 1 else {}
            return {**state, "attempt": event.attempt, "started_at": event.at, **again}
        case TaskFinished():
            return {
                **state,
                "finished_at": event.at,
                "duration_s": event.duration_s,
                "cells_s": event.cells_s,
                "cached": event.cached,
                "failure": None if event.failure is None else as_json(event.failure),
            }


def _update_tasks(
    connection: Connection, event: Event, tasks: Mapping[str, Mapping[str, object]]
) -> None:
    alike: dict[tuple[str, ...], list[dict[str, object]]] = {}
    for task, values in tasks.items():
        row = {"of_run": event.run_id, "of_task": task, **values}
        alike.setdefault(tuple(values), []).append(row)
    for columns, rows in alike.items():
        prepared.execute(connection, _update_of(columns), rows)


@functools.cache
def _update_of(columns: tuple[str, ...]) -> Update:
    """To put it together anew for every event would take longer than to have it done."""
    values: dict[str, object] = {column: bindparam(column) for column in columns}
    return task_runs.update().where(*_THIS_TASK).values(values)


def _finish_tasks(connection: Connection, finished: Sequence[TaskFinished]) -> None:
    # A first attempt takes nobody's place.
    keys = [{"of_run": e.run_id, "of_task": e.task} for e in finished if e.attempt > 1]
    prepared.execute(connection, _FORGET, keys)
    ran = [
        e
        for e in finished
        if e.state is TaskState.SUCCESS and not e.cached and not is_instance(e.task)
    ]
    took = [
        {"of_run": event.run_id, "of_task": event.task, "took": event.duration_s}
        for event in ran
        if event.duration_s is not None
    ]
    prepared.execute(connection, _LAST_TIME, took)
    rows = [_artifact(e, i, stored) for e in finished for i, stored in enumerate(e.stored)]
    prepared.execute(connection, _LEAVE, rows)
    for event in finished:
        for name, value in event.metrics.items():
            where = (metrics.c.run_id == event.run_id, metrics.c.name == name)
            connection.execute(metrics.delete().where(*where))
            row = {
                "run_id": event.run_id,
                "name": name,
                "task": event.task,
                "value": as_json(value),
            }
            connection.execute(metrics.insert(), row)
        for fact in event.observed:
            connection.execute(
                observed.insert().prefix_with("OR IGNORE"),
                {
                    "code": fact.code,
                    "name": fact.name,
                    "other": fact.other,
                    "observed_at": event.at,
                },
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
