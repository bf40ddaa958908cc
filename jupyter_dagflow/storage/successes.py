"""For which intervals schedules have succeeded: what those that follow them go by.

The law: a success gets the next number in the transaction that records it, and stays though its run be deleted. So who
has taken all up to a number needs to look only at those above it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, and_, bindparam, func, literal_column, select
from sqlalchemy.sql.dml import Insert

from jupyter_dagflow.core.calendar.intervals import DataInterval
from jupyter_dagflow.core.fires import FireKind
from jupyter_dagflow.core.model import RunId
from jupyter_dagflow.core.states import RunState
from jupyter_dagflow.storage import prepared
from jupyter_dagflow.storage.tables import fires, runs, schedules, successes

MOST_AT_ONCE = 1000
"""Successes that become fires in one step."""

_UPSTREAM = (
    select(schedules.c.schedule_id)
    .where(schedules.c.name == bindparam("upstream"))
    .scalar_subquery()
)
_NEWEST = select(func.max(successes.c.number)).where(successes.c.schedule_id == _UPSTREAM)
_UNTAKEN = (
    select(successes.c.number, successes.c.interval_start, successes.c.interval_end)
    .where(
        successes.c.schedule_id == _UPSTREAM,
        successes.c.number > bindparam("followed"),
        successes.c.number <= bindparam("newest"),
        successes.c.succeeded_at >= bindparam("since", type_=successes.c.succeeded_at.type),
        ~select(fires.c.run_id)
        .where(
            fires.c.schedule_id == bindparam("this"),
            fires.c.kind == FireKind.SCHEDULED.value,
            fires.c.interval_start == successes.c.interval_start,
            fires.c.interval_end == successes.c.interval_end,
        )
        .exists(),
    )
    .order_by(successes.c.number)
)


def _recorded(which: Select[Any]) -> Insert:
    """One row an interval: a later success there has another number."""
    columns = ["schedule_id", "interval_start", "interval_end", "succeeded_at"]
    return successes.insert().prefix_with("OR REPLACE").from_select(columns, which)


_OF_A_FIRE = (fires.c.schedule_id, fires.c.interval_start, fires.c.interval_end)
_NOTE = _recorded(
    select(*_OF_A_FIRE, bindparam("at", type_=successes.c.succeeded_at.type)).where(
        fires.c.run_id == bindparam("of_run")
    )
)
_FOLLOWED = select(schedules.c.after).where(schedules.c.after.is_not(None))
_CATCH_UP = _recorded(
    select(*_OF_A_FIRE, runs.c.finished_at)
    .join(runs, runs.c.run_id == fires.c.run_id)
    .join(schedules, schedules.c.schedule_id == fires.c.schedule_id)
    .where(
        schedules.c.name.in_(_FOLLOWED),
        runs.c.state == RunState.SUCCESS.value,
        ~select(literal_column("1"))
        .where(and_(*(successes.c[column.name] == column for column in _OF_A_FIRE)))
        .select_from(successes)
        .exists(),
    )
    .order_by(runs.c.finished_at)
)


class Untaken(NamedTuple):
    """Intervals that one that follows has no fire for, and the number up to which it has taken all, once it has."""

    intervals: tuple[DataInterval, ...]
    followed: int


def note(connection: Connection, run_id: RunId, at: datetime) -> None:
    """Record that a run has succeeded; nothing for one that is of no schedule."""
    prepared.execute(connection, _NOTE, [{"of_run": run_id, "at": at}])


def catch_up(connection: Connection) -> None:
    """Record what programs have left out that knew no successes."""
    connection.execute(_CATCH_UP)


def untaken(
    connection: Connection,
    schedule_id: int,
    upstream: str,
    *,
    since: datetime,
    followed: int,
    limit: int | None = MOST_AT_ONCE,
) -> Untaken:
    """What has succeeded upstream since then, and is above that number; the oldest success first."""
    newest = connection.scalar(_NEWEST, {"upstream": upstream}) or 0
    if newest <= followed:
        return Untaken((), followed)
    bounds = {
        "this": schedule_id,
        "upstream": upstream,
        "since": since,
        "followed": followed,
        "newest": newest,
    }
    rows = connection.execute(_UNTAKEN.limit(limit), bounds).all()
    found = sorted((DataInterval(start, end) for _, start, end in rows), key=_in_order)
    return Untaken(tuple(found), rows[-1][0] if len(rows) == limit else newest)


def _in_order(interval: DataInterval) -> tuple[datetime, datetime]:
    return interval.start, interval.end
