"""Backfills: which were asked for, and how their intervals stand.

The law: which intervals a backfill has is chosen and recorded in one transaction, in which nobody else chooses or
decides for that schedule, so of two that are asked for at once each interval is in one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone

import msgspec
from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Integer,
    RowMapping,
    bindparam,
    func,
    literal_column,
    select,
)

from jupyter_dagflow.core.backfill import Backfill
from jupyter_dagflow.core.calendar.intervals import DataInterval
from jupyter_dagflow.core.fires import Fire, FireKind
from jupyter_dagflow.core.model import RunId
from jupyter_dagflow.core.states import RunState
from jupyter_dagflow.storage.fires import fire_of, going_back, put_fire, state_of, with_state
from jupyter_dagflow.storage.leases import GOING_ON
from jupyter_dagflow.storage.schedules import Open, change_row, row_named
from jupyter_dagflow.storage.tables import backfills, fires, runs

States = Mapping[datetime, RunState]
_IS_USED = select(fires.c.run_id).where(fires.c.run_id == bindparam("drawn"))
_OF_RUN = select(fires.c.backfill_id).where(fires.c.run_id == bindparam("drawn"))
_EVER = datetime.min.replace(tzinfo=timezone.utc), datetime.max.replace(tzinfo=timezone.utc)
_ANY_TIME = dict(zip(("first", "last"), _EVER, strict=True))
_START = fires.c.interval_start.type
_WITHIN = fires.c.interval_start.between(
    bindparam("first", type_=_START), bindparam("last", type_=_START)
)
_THESE: BindParameter[int] = bindparam("these", expanding=True)
_WAITING = (
    select(func.count())
    .select_from(fires)
    .where(fires.c.backfill_id.in_(_THESE), fires.c.waits.is_(True), _WITHIN)
)
# The plus keeps SQLite from going through all fires of the backfill: few runs go on.
_OF_BACKFILL: ColumnElement[int] = literal_column("+fires.backfill_id", Integer)
_ACTIVE = (
    select(runs.c.run_id)
    .join(fires, fires.c.run_id == runs.c.run_id)
    .where(_OF_BACKFILL.in_(_THESE), GOING_ON, _WITHIN)
)
_FAILED = (
    select(func.count())
    .select_from(fires.join(runs, runs.c.run_id == fires.c.run_id))
    .where(fires.c.backfill_id.in_(_THESE), runs.c.state == RunState.FAILED.value, _WITHIN)
)
_OF_INTERVALS = (FireKind.SCHEDULED.value, FireKind.BACKFILL.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedBackfill:
    """A backfill: its intervals that begin next, as many as may go on at once, and its runs that go on."""

    backfill_id: int
    asked: Backfill
    waiting: tuple[Fire, ...]
    active: tuple[RunId, ...]


class Backfills:
    """The backfills of a metastore; ``reading`` and ``writing`` begin transactions of it."""

    def __init__(self, *, reading: Open, writing: Open) -> None:
        self._reading = reading
        self._writing = writing

    def ask(
        self,
        name: str,
        asked: Backfill,
        *,
        choose: Callable[[States], Iterable[DataInterval]],
        parameters: Mapping[str, object],
        templates: Mapping[str, str],
        at: datetime,
        new_run_id: Callable[[], RunId],
    ) -> list[Fire]:
        """Record a backfill of the intervals that ``choose`` takes by how they stand; raises `NotFound`.

        What it takes none of is not recorded.
        """
        with self._writing() as connection:
            row = row_named(connection, name)
            change_row(connection, row)  # who decides on what was before is refused, or waits
            schedule_id = row["schedule_id"]
            chosen = list(choose(_states(connection, schedule_id, asked.start, asked.end)))
            if not chosen:
                return []
            recorded = backfills.insert().values(
                schedule_id=schedule_id, asked_at=at, body=json.dumps(msgspec.to_builtins(asked))
            )
            key = connection.execute(recorded).inserted_primary_key
            assert key is not None
            used: set[RunId] = set()
            found = [
                Fire(
                    interval=interval,
                    run_id=_unused(new_run_id, used, connection),
                    recorded_at=at,
                    kind=FireKind.BACKFILL,
                    parameters=parameters,
                    templates=templates,
                    backfill=key[0],
                )
                for interval in chosen
            ]
            for fire in found:
                put_fire(connection, schedule_id, fire)
            return found

    def states(self, name: str, asked: Backfill) -> States:
        """How the intervals within its bounds stand, by where they start; raises `NotFound`."""
        with self._reading() as connection:
            schedule_id = row_named(connection, name)["schedule_id"]
            return _states(connection, schedule_id, asked.start, asked.end)

    def newest(self, name: str, asked: Backfill) -> dict[datetime, tuple[Fire, RunState]]:
        """The newest fires of the intervals within its bounds, by where they start; raises `NotFound`."""
        with self._reading() as connection:
            schedule_id = row_named(connection, name)["schedule_id"]
            return _newest(connection, schedule_id, asked.start, asked.end)

    def past(self, schedule_id: int, before: datetime) -> RunState | None:
        """The state of the newest run of the last interval that starts before then; None if there is none."""
        found: list[RowMapping] = []
        with self._reading() as connection:
            for kind in _OF_INTERVALS:
                last = (
                    with_state()
                    .where(
                        fires.c.schedule_id == schedule_id,
                        fires.c.kind == kind,
                        fires.c.interval_start < before,
                        fires.c.waits | runs.c.state.is_not(None),
                    )
                    .order_by(fires.c.interval_start.desc(), fires.c.recorded_at.desc())
                    .limit(1)
                )
                found += connection.execute(last).mappings().all()
        newest = max(
            found, key=lambda row: (row["interval_start"], row["recorded_at"]), default=None
        )
        return None if newest is None else _stands(newest)

    def asked(self, backfill_id: int) -> Backfill:
        """What was asked for."""
        with self._reading() as connection:
            return _asked(connection, backfill_id)

    def find(self, backfill_id: int) -> RecordedBackfill:
        """A backfill as it stands."""
        with self._reading() as connection:
            asked = _asked(connection, backfill_id)
            start = fires.c.interval_start
            waiting = (
                select(fires)
                .where(fires.c.backfill_id == backfill_id, fires.c.waits.is_(True))
                .order_by(start.desc() if asked.reverse else start)
                .limit(asked.max_active_runs)
            )
            active = connection.scalars(_ACTIVE, {"these": [backfill_id], **_ANY_TIME}).all()
            return RecordedBackfill(
                backfill_id=backfill_id,
                asked=asked,
                waiting=tuple(map(fire_of, connection.execute(waiting).mappings())),
                active=tuple(sorted(map(RunId, active))),
            )

    def left(
        self, these: Collection[int], first: datetime = _EVER[0], last: datetime = _EVER[1]
    ) -> int:
        """How many intervals of these backfills that start within bounds wait or go on."""
        bounds = {"these": list(these), "first": first, "last": last}
        with self._reading() as connection:
            waiting = connection.scalar(_WAITING, bounds) or 0
            return waiting + len(connection.scalars(_ACTIVE, bounds).all())

    def is_active(self, these: Collection[int]) -> bool:
        """Whether any run of these backfills goes on."""
        with self._reading() as connection:
            return connection.scalar(_ACTIVE, {"these": list(these), **_ANY_TIME}) is not None

    def failed(self, these: Collection[int], first: datetime, last: datetime) -> int:
        """How many of their runs have failed."""
        bounds = {"these": list(these), "first": first, "last": last}
        with self._reading() as connection:
            return connection.scalar(_FAILED, bounds) or 0

    def is_of(self, run_id: RunId, these: Collection[int]) -> bool:
        """Whether a run is one of these backfills."""
        with self._reading() as connection:
            return connection.scalar(_OF_RUN, {"drawn": run_id}) in these

    def unfinished(self, name: str) -> list[RecordedBackfill]:
        """The backfills of a schedule of which something waits or goes on, oldest first; raises `NotFound`."""
        with self._reading() as connection:
            found = sorted(going_back(connection, row_named(connection, name)["schedule_id"]))
        return [self.find(each) for each in found]

    def drop(self, backfill_id: int) -> int:
        """Have what waits of a backfill wait no longer; returns how many."""
        with self._writing() as connection:
            waiting = fires.update().where(
                fires.c.backfill_id == backfill_id, fires.c.waits.is_(True)
            )
            return connection.execute(waiting.values(waits=False)).rowcount


def _states(
    connection: Connection, schedule_id: int, first: datetime, last: datetime
) -> dict[datetime, RunState]:
    newest = _newest(connection, schedule_id, first, last)
    return {start: state for start, (_, state) in newest.items()}


def _newest(
    connection: Connection, schedule_id: int, first: datetime, last: datetime
) -> dict[datetime, tuple[Fire, RunState]]:
    """The newest fire of each interval that starts within bounds, and its run's state; one that waits is queued."""
    query = (
        with_state()
        .where(
            fires.c.schedule_id == schedule_id,
            fires.c.kind.in_(_OF_INTERVALS),
            fires.c.interval_start.between(first, last),
        )
        .order_by(fires.c.recorded_at)
    )
    return {
        row["interval_start"]: (fire_of(row), state)
        for row in connection.execute(query).mappings()
        if (state := _stands(row)) is not None
    }


def _unused(new_run_id: Callable[[], RunId], used: set[RunId], connection: Connection) -> RunId:
    """A new id that no other fire has, of those of this moment either, which is added to them.

    Thousands are drawn in one second, and what is random in an id is short enough to be read out.
    """
    while True:
        run_id = new_run_id()
        if run_id not in used and not connection.scalar(_IS_USED, {"drawn": run_id}):
            used.add(run_id)
            return run_id


def _asked(connection: Connection, backfill_id: int) -> Backfill:
    this = backfills.c.backfill_id == backfill_id
    body = connection.scalars(select(backfills.c.body).where(this)).one()
    return msgspec.convert(json.loads(body), Backfill)


def _stands(row: RowMapping) -> RunState | None:
    return RunState.QUEUED if row["waits"] else state_of(row)
