"""Fires of schedules: their rows, and those by which a schedule stands.

The law: a fire waits until its run is created, in the transaction that does so, and once it waits no longer it never
does again.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec
from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Select,
    bindparam,
    literal_column,
    select,
)

from jupyter_dagflow.core.calendar.intervals import DataInterval
from jupyter_dagflow.core.fires import Fire, FireKind
from jupyter_dagflow.core.model import RunId
from jupyter_dagflow.core.schedule_definition import Schedule
from jupyter_dagflow.core.schedules import ALWAYS
from jupyter_dagflow.core.states import RunState
from jupyter_dagflow.storage import prepared
from jupyter_dagflow.storage.leases import GOING_ON
from jupyter_dagflow.storage.tables import fires, runs

_MOST_FAILURES = 1000  # that are counted since the last success
_WAITS = select(fires.c.waits).where(fires.c.run_id == bindparam("of_run"))
# The plus keeps SQLite from going through all fires of the schedule: few runs go on.
_OF_SCHEDULE: ColumnElement[int] = literal_column("+fires.schedule_id")


def with_state() -> Select[Any]:
    """Fires, each with the state of its run."""
    return select(fires, runs.c.state).outerjoin_from(fires, runs, runs.c.run_id == fires.c.run_id)


_THIS: ColumnElement[bool] = fires.c.schedule_id == bindparam("this")
_OWN = (_THIS, fires.c.kind == FireKind.SCHEDULED.value)
_NEWEST_FIRST = fires.c.interval_start.desc()
_SINCE = fires.c.interval_start >= bindparam("since", type_=fires.c.interval_start.type)
_NEWEST = select(fires.c.interval_start).where(*_OWN).order_by(_NEWEST_FIRST).limit(1)
_SUCCESS = _NEWEST.join(runs, runs.c.run_id == fires.c.run_id).where(
    runs.c.state == RunState.SUCCESS.value
)
_RECENT = with_state().where(*_OWN, _SINCE).order_by(_NEWEST_FIRST).limit(_MOST_FAILURES)
_WAITING = with_state().where(fires.c.waits.is_(True), _THIS)
_ACTIVE = (
    select(fires, runs.c.state)
    .join(runs, runs.c.run_id == fires.c.run_id)
    .where(_OF_SCHEDULE.is_not_distinct_from(bindparam("this")), GOING_ON)
)
_BACKFILLED = with_state().where(_THIS, fires.c.kind == FireKind.BACKFILL.value, _SINCE)


def begin(connection: Connection, run_id: RunId) -> bool:
    """Have the fire of a run that is being created wait no longer; whether that run may begin.

    It may not if its fire has begun before or has made way; a run that is of no fire may.
    """
    waits = prepared.first(connection, _WAITS, {"of_run": run_id})
    if waits is None:
        return True
    connection.execute(fires.update().where(fires.c.run_id == run_id).values(waits=False))
    return bool(waits[0])


def put_fire(connection: Connection, schedule_id: int, fire: Fire) -> None:
    row = {
        "schedule_id": schedule_id,
        "kind": fire.kind.value,
        "backfill_id": fire.backfill,
        "interval_start": fire.interval.start,
        "interval_end": fire.interval.end,
        "run_id": fire.run_id,
        "recorded_at": fire.recorded_at,
        "waits": fire.waits,
        "parameters": json.dumps(msgspec.to_builtins(fire.parameters)),
        "templates": json.dumps(fire.templates),
    }
    connection.execute(fires.insert(), row)


def needed(
    connection: Connection, schedule_id: int, schedule: Schedule
) -> list[tuple[Fire, RunState | None]]:
    """The fires that tell how a schedule stands: since its last success, all that wait or go on, and of backfills.

    Of these it needs to know for which intervals they are that it may still come to itself.
    """
    this = {"this": schedule_id}
    success, newest = connection.scalar(_SUCCESS, this), connection.scalar(_NEWEST, this)
    since = success or ALWAYS
    later = schedule.start if newest is None else newest
    return [
        (fire_of(row), state_of(row))
        for query, bounds in (
            (_RECENT, {**this, "since": since}),
            (_WAITING, this),
            (_ACTIVE, this),
            (_BACKFILLED, {**this, "since": later}),
        )
        for row in connection.execute(query, bounds).mappings()
    ]


def going_back(connection: Connection, schedule_id: int) -> set[int]:
    """The backfills of a schedule of which something waits or goes on."""
    this = {"this": schedule_id}
    waits = select(fires.c.backfill_id).where(fires.c.waits.is_(True), _THIS)
    active = _ACTIVE.with_only_columns(fires.c.backfill_id)
    return {*connection.scalars(waits.union(active), this)} - {0}


def waiting(schedule_id: int) -> tuple[Any, ...]:
    return fires.c.waits.is_(True), fires.c.schedule_id == schedule_id


def state_of(row: RowMapping) -> RunState | None:
    return None if row["state"] is None else RunState(row["state"])


def fire_of(row: RowMapping) -> Fire:
    return Fire(
        interval=DataInterval(row["interval_start"], row["interval_end"]),
        run_id=RunId(row["run_id"]),
        recorded_at=row["recorded_at"],
        kind=FireKind(row["kind"]),
        waits=row["waits"],
        parameters=json.loads(row["parameters"]),
        templates=json.loads(row["templates"]),
        backfill=row["backfill_id"],
    )
