"""Schedules for people and for programs: tables and documents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from jupyter_dagflow.core.calendar.intervals import DataInterval
from jupyter_dagflow.core.fires import Fire
from jupyter_dagflow.core.schedule_definition import Schedule
from jupyter_dagflow.core.schedules import due_at
from jupyter_dagflow.core.states import RunState
from jupyter_dagflow.scheduling.zones import zone_of
from jupyter_dagflow.storage.schedules import Missed, RecordedSchedule
from jupyter_dagflow.surfaces import words
from jupyter_dagflow.surfaces.look import run_look
from jupyter_dagflow.surfaces.report import Part
from jupyter_dagflow.surfaces.table import Column, Table
from jupyter_dagflow.wire import (
    FireDocument,
    IntervalDocument,
    MissedDocument,
    ScheduleDocument,
    ScheduleRecordDocument,
)


def upcoming(found: RecordedSchedule, now: datetime) -> Iterator[DataInterval]:
    """The data intervals whose runs come next, as if it were not paused; raises `EnvironmentFault`."""
    schedule = found.schedule
    return schedule.timetable(zone_of(schedule)).upcoming(found.standing.last, now)


def times(schedule: Schedule) -> str:
    """When it fires, as it was said."""
    if schedule.at is not None:
        return f"at {_moment(schedule.at, zone_of(schedule))}"
    if schedule.every_s is not None:
        return f"every {words.duration(schedule.every_s)}"
    return ", ".join(schedule.crons)


def next_table(found: RecordedSchedule, intervals: Sequence[DataInterval]) -> Table:
    """When the runs of intervals are due, and what they are about, by the schedule's clocks."""
    zone = zone_of(found.schedule)
    return Table(
        columns=(Column(f"fires ({found.schedule.zone})"), Column("data from"), Column("until")),
        rows=tuple(
            (
                _moment(_due_at(found, each), zone),
                _moment(each.start, zone),
                _moment(each.end, zone),
            )
            for each in intervals
        ),
    )


def table(found: Sequence[RecordedSchedule], now: datetime) -> Table:
    """Schedules, each with how it stands."""
    return Table(
        columns=(
            Column("schedule", style="bold"),
            Column("notebook"),
            Column("times"),
            Column("zone"),
            Column("state"),
            Column("next"),
            Column("last run"),
        ),
        rows=tuple(_row(each, now) for each in found),
    )


def parts(
    found: RecordedSchedule,
    fires: Sequence[tuple[Fire, RunState | None]],
    missed: Sequence[Missed],
    now: datetime,
) -> list[Part]:
    """A schedule with its newest fires and what it missed."""
    zone = zone_of(found.schedule)
    told: list[Part] = [table([found], now)]
    if fires:
        columns = (Column("run", style="bold"), Column("asked for"), Column("data from"))
        told.append(
            Table(
                columns=(*columns, Column("until"), Column("state")),
                rows=tuple(
                    (
                        fire.run_id,
                        fire.kind.value,
                        _moment(fire.interval.start, zone),
                        _moment(fire.interval.end, zone),
                        _fate(fire, state),
                    )
                    for fire, state in fires
                ),
            )
        )
    if missed:
        columns = (Column("missed from"), Column("until"), Column("intervals", number=True))
        told.append(
            Table(
                columns=(*columns, Column("why")),
                rows=tuple(
                    (
                        _moment(each.miss.first.start, zone),
                        _moment(each.miss.last.end, zone),
                        str(each.miss.count),
                        each.miss.reason.words,
                    )
                    for each in missed
                ),
            )
        )
    return told


def interval_document(found: RecordedSchedule, interval: DataInterval) -> IntervalDocument:
    """A run that will be due."""
    return IntervalDocument(
        fire_at=_due_at(found, interval),
        logical_date=interval.logical_date,
        data_interval_start=interval.start,
        data_interval_end=interval.end,
    )


def document(found: RecordedSchedule, now: datetime) -> ScheduleDocument:
    """A row of the list."""
    return ScheduleDocument(
        name=found.schedule.name,
        notebook=found.schedule.notebook,
        times=times(found.schedule),
        zone=found.schedule.zone,
        paused=found.standing.paused,
        next_at=_next_at(found, now),
        active=list(found.standing.active),
        last_state=found.standing.past,
    )


def record_document(
    found: RecordedSchedule,
    fires: Sequence[tuple[Fire, RunState | None]],
    missed: Sequence[Missed],
    now: datetime,
) -> ScheduleRecordDocument:
    """All of a schedule that is shown."""
    row = document(found, now)
    return ScheduleRecordDocument(
        **{name: getattr(row, name) for name in row.__struct_fields__},
        start=found.schedule.start,
        end=found.schedule.end,
        catchup=found.schedule.catchup,
        overlap=found.schedule.policy.overlap.value,
        parameters={**found.schedule.parameters, **found.schedule.templates},
        fires=[
            FireDocument(
                run_id=fire.run_id,
                kind=fire.kind.value,
                state=state,
                waits=fire.waits,
                logical_date=fire.interval.logical_date,
                data_interval_start=fire.interval.start,
                data_interval_end=fire.interval.end,
            )
            for fire, state in fires
        ],
        missed=[
            MissedDocument(
                first=each.miss.first.logical_date,
                last=each.miss.last.logical_date,
                count=each.miss.count,
                reason=each.miss.reason.value,
                message=each.miss.reason.words,
            )
            for each in missed
        ],
    )


def _row(found: RecordedSchedule, now: datetime) -> tuple[str, ...]:
    past, zone, next_at = found.standing.past, zone_of(found.schedule), _next_at(found, now)
    return (
        found.schedule.name,
        found.schedule.notebook,
        times(found.schedule),
        found.schedule.zone,
        _state(found),
        "" if next_at is None else _moment(next_at, zone),
        "" if past is None else f"{run_look(past).icon} {run_look(past).word}",
    )


def _state(found: RecordedSchedule) -> str:
    going_on = words.count(len(found.standing.active), "run") if found.standing.active else ""
    return ", ".join(filter(None, ("paused" if found.standing.paused else "", going_on)))


def _fate(fire: Fire, state: RunState | None) -> str:
    if state is not None:
        return f"{run_look(state).icon} {run_look(state).word}"
    return "waits" if fire.waits else ""


def _next_at(found: RecordedSchedule, now: datetime) -> datetime | None:
    """When it fires next; never while it is paused."""
    following = None if found.standing.paused else next(upcoming(found, now), None)
    return None if following is None else _due_at(found, following)


def _due_at(found: RecordedSchedule, interval: DataInterval) -> datetime:
    return due_at(interval, found.schedule.policy, found.schedule.name)


def _moment(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")
