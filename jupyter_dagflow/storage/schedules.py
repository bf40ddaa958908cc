"""Schedules, what is decided of them, and what they missed.

The law: what is decided of a schedule is recorded as a whole, and only if nothing else was recorded of it since it was
looked at; so of two who decide, one is heard.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, RowMapping, Select, bindparam, select
from sqlalchemy.exc import IntegrityError

from jupyter_dagflow.core.calendar.intervals import DataInterval
from jupyter_dagflow.core.errors import DagflowError, NotFound, OptionError
from jupyter_dagflow.core.fires import Fire, FireKind, standing_of
from jupyter_dagflow.core.model import RunId
from jupyter_dagflow.core.schedule_definition import Schedule
from jupyter_dagflow.core.schedules import (
    ALWAYS,
    Action,
    Decision,
    Miss,
    MissedReason,
    Pause,
    Queue,
    Standing,
)
from jupyter_dagflow.core.states import RunState
from jupyter_dagflow.storage import prepared, successes
from jupyter_dagflow.storage.fires import (
    fire_of,
    going_back,
    needed,
    put_fire,
    state_of,
    waiting,
    with_state,
)
from jupyter_dagflow.storage.successes import Untaken
from jupyter_dagflow.storage.tables import fires, missed, runs, schedules

Open = Callable[[], AbstractContextManager[Connection]]

_NAMED_IN_HINT = 5
_NEWEST_MISSED = (
    select(missed.c.last_start, missed.c.last_end)
    .where(missed.c.schedule_id == bindparam("this"))
    .order_by(missed.c.first_start.desc())
    .limit(1)
)
# Most that are looked at have a history; of ten thousand that were just added, none has.
_HAS_HISTORY = (
    select(fires.c.run_id).where(fires.c.schedule_id == schedules.c.schedule_id).exists()
    | select(missed.c.count).where(missed.c.schedule_id == schedules.c.schedule_id).exists()
)
_ALL = select(schedules, _HAS_HISTORY.label("has_history"))
_SLEEP = (
    schedules.update()
    .where(
        schedules.c.schedule_id == bindparam("this"),
        schedules.c.edition == bindparam("seen"),
        schedules.c.name.is_not(None),
    )
    .values(
        edition=bindparam("next", type_=schedules.c.edition.type),
        wake_at=bindparam("until", type_=schedules.c.wake_at.type),
        followed=bindparam("taken", type_=schedules.c.followed.type),
    )
)


class ScheduleChanged(DagflowError):
    """Somebody else has recorded something of a schedule since it was looked at: nothing was recorded; look again."""

    code = "schedule_changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedSchedule:
    """A schedule, how it stands, and its fires that wait, oldest first, whoever asked for them.

    ``edition`` is another one as soon as anything is recorded of it but runs. Before ``wake_at`` there is nothing to
    decide, nor is there if that is None, but for what waits. Of the successes of the schedule that it follows, those up
    to the number ``followed`` were taken; all that were read are up to ``seen_upstream``.
    """

    schedule_id: int
    edition: int
    schedule: Schedule
    standing: Standing
    wake_at: datetime | None = None
    waiting: tuple[Fire, ...] = ()
    followed: int = 0
    seen_upstream: int = 0

    @property
    def followed_next(self) -> int:
        """Up to which of them all are taken, with nothing more decided."""
        return self.followed if self.standing.succeeded else self.seen_upstream


@dataclass(frozen=True, slots=True)
class Missed:
    """Intervals that have no run, and when that was found."""

    miss: Miss
    recorded_at: datetime


class Schedules:
    """The schedules of a metastore; ``reading`` and ``writing`` begin transactions of it.

    Responsible for what is recorded of them. Not for what they do at a moment (`schedules.decide`), nor for runs.
    """

    def __init__(self, *, reading: Open, writing: Open) -> None:
        self._reading = reading
        self._writing = writing

    def add(self, schedule: Schedule, *, at: datetime) -> None:
        """Keep a schedule that `check_schedule` lets pass; raises `OptionError` if there is one of its name."""
        row = {
            "name": schedule.name,
            "edition": 1,
            "paused": schedule.paused,
            "added_at": at,
            "wake_at": ALWAYS,
            "body": json.dumps(msgspec.to_builtins(schedule)),
            "prunes": schedule.prunes,
            "after": schedule.after,
        }
        try:
            with self._writing() as connection:
                connection.execute(schedules.insert(), row)
        except IntegrityError as error:
            raise OptionError(
                f"There is a schedule {schedule.name} already.",
                hint="Give this one another name (--name), or remove that one: "
                f"dagflow schedule remove {schedule.name}",
            ) from error

    def update(self, schedule: Schedule) -> None:
        """Keep a schedule that `check_schedule` lets pass in place of the one of its name; raises `NotFound`.

        Whether it is paused stays as it is.
        """
        with self._writing() as connection:
            row = row_named(connection, schedule.name)
            wake_at = None if row["paused"] else ALWAYS
            change_row(
                connection,
                row,
                body=json.dumps(msgspec.to_builtins(schedule)),
                wake_at=wake_at,
                prunes=schedule.prunes,
                after=schedule.after,
                followed=0,  # what it follows, and since when, may be another
            )

    def definition(self, name: str) -> tuple[int, Schedule]:
        """The number of the schedule of that name, and what it is, not how it stands; raises `NotFound`."""
        with self._reading() as connection:
            row = row_named(connection, name)
            return row["schedule_id"], replace(_schedule(row), paused=row["paused"])

    def definitions(self) -> list[Schedule]:
        """What all schedules are, not how they stand."""
        named = select(schedules).where(schedules.c.name.is_not(None))
        with self._reading() as connection:
            return [_schedule(row) for row in connection.execute(named).mappings()]

    def find(self, name: str) -> RecordedSchedule:
        """The schedule of that name as it stands; raises `NotFound`."""
        with self._reading() as connection:
            return _recorded(connection, row_named(connection, name))

    def all(self, *, after: str = "", limit: int | None = None) -> list[RecordedSchedule]:
        """All schedules as they stand, by name; or so many, those that come after that name."""
        named = schedules.c.name > after  # which none is that was removed
        return self._all_of(_ALL.where(named).order_by(schedules.c.name).limit(limit))

    def awake(self, *, at: datetime) -> list[RecordedSchedule]:
        """The schedules of which there may be something to decide or to begin by then, as they stand."""
        due = select(schedules.c.schedule_id).where(schedules.c.wake_at <= at)
        waiting = select(fires.c.schedule_id).where(fires.c.waits.is_(True))
        either = schedules.c.schedule_id.in_(due.union(waiting))
        return self._all_of(_ALL.where(either, schedules.c.name.is_not(None)))

    def next_wake_at(self, *, after: datetime) -> datetime | None:
        """When there is something to decide of any schedule, later than then."""
        with self._reading() as connection:
            return connection.scalar(
                select(schedules.c.wake_at)
                .where(schedules.c.wake_at > after)
                .order_by(schedules.c.wake_at)
                .limit(1)
            )

    def _all_of(self, query: Select[Any]) -> list[RecordedSchedule]:
        with self._reading() as connection:
            rows = connection.execute(query).mappings().all()
            return [_recorded(connection, row) for row in rows]

    def record(
        self,
        seen: RecordedSchedule,
        decision: Decision,
        *,
        at: datetime,
        new_run_id: Callable[[], RunId],
    ) -> RecordedSchedule:
        """Record what was decided of a schedule as it was seen, and return it as it stands then.

        What begins or is cancelled is not recorded here: that is in the logs of runs. Raises `ScheduleChanged`.
        """
        queued = [
            Fire(interval=each.interval, run_id=new_run_id(), recorded_at=at)
            for each in decision.actions
            if isinstance(each, Queue)
        ]
        with self._writing() as connection:
            values = _paused(decision.actions)
            if {each.interval for each in queued}.issuperset(seen.standing.succeeded):
                values["followed"] = seen.seen_upstream
            _change(connection, seen, wake_at=decision.wake_at, **values)
            for fire in queued:
                put_fire(connection, seen.schedule_id, fire)
            for each in decision.actions:
                if isinstance(each, Miss):
                    _miss(connection, seen.schedule_id, each, at)
            return _recorded(connection, row_named(connection, seen.schedule.name))

    def sleep(self, until: Sequence[tuple[RecordedSchedule, datetime | None]]) -> None:
        """Record of schedules when there is something to decide, all at once; not of those that have changed since."""
        with self._writing() as connection:
            rows = [
                {
                    "this": seen.schedule_id,
                    "seen": seen.edition,
                    "next": seen.edition + 1,
                    "until": at,
                    "taken": seen.followed_next,
                }
                for seen, at in until
            ]
            prepared.execute(connection, _SLEEP, rows)

    def trigger(self, name: str, fire: Fire) -> None:
        """Record a fire that somebody asked for; raises `NotFound`, or `OptionError` if there is just such a one."""
        try:
            with self._writing() as connection:
                row = row_named(connection, name)
                put_fire(connection, row["schedule_id"], fire)
                change_row(connection, row)
        except IntegrityError as error:
            raise OptionError(
                f"The schedule {name} has a {fire.kind.value} fire of {fire.interval.start} already.",
                hint=f"dagflow schedule show {name} tells of its runs.",
            ) from error

    def pause(self, name: str) -> None:
        """Have a schedule decide nothing until it is resumed; raises `NotFound`."""
        with self._writing() as connection:
            change_row(connection, row_named(connection, name), paused=True, wake_at=None)

    def resume(self, name: str, *, at: datetime) -> None:
        """Have a paused schedule go on; nothing for one that is not. Raises `NotFound`."""
        with self._writing() as connection:
            row = row_named(connection, name)
            if row["paused"]:
                change_row(connection, row, paused=False, resumed_at=at, wake_at=ALWAYS)

    def remove(self, name: str) -> None:
        """Remove a schedule: what waits does not begin, runs go on and stay. Raises `NotFound`."""
        with self._writing() as connection:
            row = row_named(connection, name)
            change_row(connection, row, name=None, wake_at=None)
            made_way = fires.update().where(*waiting(row["schedule_id"]))
            connection.execute(made_way.values(waits=False))

    def fires(self, name: str, *, limit: int) -> list[tuple[Fire, RunState | None]]:
        """The newest fires of a schedule, newest first, each with the state of its run if that is there."""
        with self._reading() as connection:
            of_this = fires.c.schedule_id == row_named(connection, name)["schedule_id"]
            newest = with_state().where(of_this).order_by(fires.c.recorded_at.desc())
            rows = connection.execute(newest.limit(limit)).mappings().all()
        return [(fire_of(row), state_of(row)) for row in rows]

    def pruning(self) -> list[str]:
        """The names of the schedules whose runs are not all kept for ever."""
        query = select(schedules.c.name).where(schedules.c.prunes, schedules.c.name.is_not(None))
        with self._reading() as connection:
            return list(connection.scalars(query))

    def catch_up(self) -> None:
        """Record the successes that a program has left out which is older, and may still be running."""
        with self._writing() as connection:
            successes.catch_up(connection)

    def going_back(self, name: str) -> set[int]:
        """The backfills of a schedule of which something waits or goes on; raises `NotFound`."""
        with self._reading() as connection:
            return going_back(connection, row_named(connection, name)["schedule_id"])

    def untaken(self, name: str) -> set[DataInterval]:
        """The intervals for which a schedule has succeeded and one that follows it has no fire yet."""
        following = schedules.c.after == name, schedules.c.name.is_not(None)
        with self._reading() as connection:
            rows = connection.execute(select(schedules).where(*following)).mappings().all()
            return {
                each
                for row in rows
                for each in _untaken(connection, row, _schedule(row), limit=None).intervals
            }

    def runs(self, name: str) -> list[tuple[Fire, RunState]]:
        """All fires of a schedule of which there is a run, with its state; raises `NotFound`."""
        with self._reading() as connection:
            of_this = fires.c.schedule_id == row_named(connection, name)["schedule_id"]
            query = select(fires, runs.c.state).join(runs, runs.c.run_id == fires.c.run_id)
            rows = connection.execute(query.where(of_this)).mappings()
            return [(fire_of(row), RunState(row["state"])) for row in rows]

    def missed(self, name: str, *, limit: int) -> list[Missed]:
        """What a schedule has missed, newest first; raises `NotFound`."""
        with self._reading() as connection:
            of_this = missed.c.schedule_id == row_named(connection, name)["schedule_id"]
            newest = select(missed).where(of_this).order_by(missed.c.first_start.desc())
            rows = connection.execute(newest.limit(limit)).mappings().all()
        return [Missed(_missed(row), row["recorded_at"]) for row in rows]


def row_named(connection: Connection, name: str) -> RowMapping:
    query = _ALL.where(schedules.c.name == name)
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        raise _not_found(connection, name)
    return row


def _not_found(connection: Connection, name: str) -> NotFound:
    named = select(schedules.c.name).where(schedules.c.name.is_not(None))
    known = connection.scalars(named.order_by(schedules.c.name).limit(_NAMED_IN_HINT + 1)).all()
    if not known:
        return NotFound(
            f"There is no schedule {name!r}, nor any other.",
            hint="Add one: dagflow schedule add NOTEBOOK --cron EXPR",
        )
    more = " and more" if len(known) > _NAMED_IN_HINT else ""
    return NotFound(
        f"There is no schedule {name!r}.",
        hint=f"There are: {', '.join(known[:_NAMED_IN_HINT])}{more}.",
    )


def _change(connection: Connection, seen: RecordedSchedule, **values: object) -> None:
    """Make another edition of a schedule, if it still has the one that was seen and was not removed."""
    unchanged = (
        schedules.c.schedule_id == seen.schedule_id,
        schedules.c.edition == seen.edition,
        schedules.c.name.is_not(None),
    )
    change = schedules.update().where(*unchanged)
    changed = connection.execute(change.values(edition=seen.edition + 1, **values))
    if not changed.rowcount:
        raise ScheduleChanged(
            f"Something else was recorded of the schedule {seen.schedule.name} meanwhile.",
            hint=f"dagflow schedule show {seen.schedule.name} tells how it stands.",
        )


def change_row(connection: Connection, row: RowMapping, **values: object) -> None:
    """Make another edition of a schedule that was read in the same transaction."""
    this = schedules.update().where(schedules.c.schedule_id == row["schedule_id"])
    connection.execute(this.values(edition=row["edition"] + 1, **values))


def _paused(actions: Sequence[Action]) -> dict[str, object]:
    return {"paused": True} if any(isinstance(each, Pause) for each in actions) else {}


def _miss(connection: Connection, schedule_id: int, miss: Miss, at: datetime) -> None:
    row = {
        "schedule_id": schedule_id,
        "first_start": miss.first.start,
        "first_end": miss.first.end,
        "last_start": miss.last.start,
        "last_end": miss.last.end,
        "count": miss.count,
        "reason": miss.reason.value,
        "recorded_at": at,
    }
    connection.execute(missed.insert(), row)
    if miss.reason is MissedReason.REPLACED:
        replaced = fires.c.interval_start.between(miss.first.start, miss.last.start)
        own = fires.c.kind == FireKind.SCHEDULED.value
        made_way = fires.update().where(*waiting(schedule_id), own, replaced)
        connection.execute(made_way.values(waits=False))


def _recorded(connection: Connection, row: RowMapping) -> RecordedSchedule:
    schedule_id, schedule = row["schedule_id"], _schedule(row)
    found, newest_missed = list[tuple[Fire, RunState | None]](), None
    untaken = _untaken(connection, row, schedule)
    if row["has_history"]:
        found = needed(connection, schedule_id, schedule)
        newest_missed = _newest_missed(connection, schedule_id)
    known = {fire.run_id: fire for fire, _ in found}
    standing = standing_of(
        known.values(),
        {fire.run_id: state for fire, state in found if state is not None},
        missed=newest_missed,
        succeeded=untaken.intervals,
        paused=row["paused"],
        resumed_at=row["resumed_at"],
    )
    return RecordedSchedule(
        schedule_id=schedule_id,
        edition=row["edition"],
        schedule=replace(schedule, paused=row["paused"]),
        standing=standing,
        wake_at=row["wake_at"],
        followed=row["followed"],
        seen_upstream=untaken.followed,
        waiting=tuple(
            sorted(
                (fire for fire in known.values() if fire.waits),
                key=lambda fire: (fire.recorded_at, fire.interval.start),
            )
        ),
    )


def _schedule(row: RowMapping) -> Schedule:
    return msgspec.convert(json.loads(row["body"]), Schedule)


def _untaken(
    connection: Connection,
    row: RowMapping,
    schedule: Schedule,
    *,
    limit: int | None = successes.MOST_AT_ONCE,
) -> Untaken:
    if schedule.after is None:
        return Untaken((), row["followed"])
    return successes.untaken(
        connection,
        row["schedule_id"],
        schedule.after,
        since=schedule.start,
        followed=row["followed"],
        limit=limit,
    )


def _newest_missed(connection: Connection, schedule_id: int) -> DataInterval | None:
    row = connection.execute(_NEWEST_MISSED, {"this": schedule_id}).first()
    return None if row is None else DataInterval(*row)


def _missed(row: RowMapping) -> Miss:
    return Miss(
        DataInterval(row["first_start"], row["first_end"]),
        DataInterval(row["last_start"], row["last_end"]),
        row["count"],
        MissedReason(row["reason"]),
    )
