"""Schedules for people and for programs: tables and documents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path

from jupyter_dagflow.core.calendar.intervals import DataInterval
from jupyter_dagflow.core.fires import Fire
from jupyter_dagflow.core.schedule_definition import Schedule
from jupyter_dagflow.core.schedules import due_at
from jupyter_dagflow.core.states import RunState
from jupyter_dagflow.pinning import pinned_to
from jupyter_dagflow.scheduling.zones import zone_of
from jupyter_dagflow.storage.schedules import Missed, RecordedSchedule
from jupyter_dagflow.surfaces import cron_words, words
from jupyter_dagflow.surfaces.look import run_look
from jupyter_dagflow.surfaces.report import Part
from jupyter_dagflow.surfaces.schedule_options import NEXT_SHOWN
from jupyter_dagflow.surfaces.table import Column, Table
from jupyter_dagflow.wire import (
    FireDocument,
    IntervalDocument,
    MissedDocument,
    NextRunsDocument,
    ScheduleDocument,
    ScheduleRecordDocument,
)


def upcoming(
    schedule: Schedule, last: DataInterval | None, now: datetime
) -> Iterator[DataInterval]:
    """The data intervals whose runs come after the last, as if it were not paused; raises `EnvironmentFault`."""
    return schedule.timetable(zone_of(schedule)).upcoming(last, now)


def explained(schedule: Schedule) -> str:
    """When it fires, in words, if cron expressions say so."""
    said = cron_words.explained(schedule.crons)
    return f"{said} ({schedule.zone})" if said else ""


def times(schedule: Schedule) -> str:
    """When it fires, as it was said."""
    if schedule.after is not None:
        return f"when {schedule.after} has succeeded"
    if schedule.at is not None:
        return f"at {words.by_clock(schedule.at, zone_of(schedule))}"
    if schedule.every_s is not None:
        return f"every {words.duration(schedule.every_s)}"
    return ", ".join(schedule.crons)


def next_table(schedule: Schedule, intervals: Sequence[DataInterval]) -> Table:
    """When the runs of intervals are due, and what they are about, by the schedule's clocks."""
    zone = zone_of(schedule)
    return Table(
        columns=(Column(f"fires ({schedule.zone})"), Column("data from"), Column("until")),
        rows=tuple(
            (
                words.by_clock(_due_at(schedule, each), zone),
                words.by_clock(each.start, zone),
                words.by_clock(each.end, zone),
            )
            for each in intervals
        ),
    )


def told_added(schedule: Schedule) -> str:
    """That there is such a schedule now."""
    return f"schedule {schedule.name} is added; it runs as long as dagflow serve does"


def told_next(schedule: Schedule, intervals: Sequence[DataInterval]) -> list[Part]:
    """When it fires, in words, and the next runs."""
    if intervals:
        said = explained(schedule)
        return [*([said] if said else []), next_table(schedule, intervals)]
    if schedule.after is not None:
        return [f"Schedule {schedule.name} fires {times(schedule)}."]
    return [f"Schedule {schedule.name} fires no more."]


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
    *,
    home: Path,
) -> list[Part]:
    """A schedule with its newest fires and what it missed."""
    zone = zone_of(found.schedule)
    told: list[Part] = [table([found], now), _options(found.schedule, home)]
    if fires:
        columns = (Column("run", style="bold"), Column("asked for"), Column("data from"))
        told.append(
            Table(
                columns=(*columns, Column("until"), Column("state")),
                rows=tuple(
                    (
                        fire.run_id,
                        fire.kind.value,
                        words.by_clock(fire.interval.start, zone),
                        words.by_clock(fire.interval.end, zone),
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
                        words.by_clock(each.miss.first.start, zone),
                        words.by_clock(each.miss.last.end, zone),
                        str(each.miss.count),
                        each.miss.reason.words,
                    )
                    for each in missed
                ),
            )
        )
    return told


def _options(schedule: Schedule, home: Path) -> Table:
    """All that is set of a schedule, and what it is where nothing was said."""
    zone, policy = zone_of(schedule), schedule.policy
    rows = (
        ("in words", explained(schedule)),
        ("pinned to", pinned_to(home, schedule)),
        ("start", words.by_clock(schedule.start, zone)),
        ("end", "" if schedule.end is None else words.by_clock(schedule.end, zone)),
        ("catchup", _yes(schedule.catchup)),
        ("overlap", policy.overlap.value),
        ("max active runs", str(policy.max_active_runs)),
        ("misfire", _limit(policy.misfire_s, "any")),
        ("jitter", _limit(policy.jitter_s or None, "none")),
        ("depends on past", _yes(policy.depends_on_past)),
        (
            "pause after",
            "never" if policy.pause_after is None else words.count(policy.pause_after, "failure"),
        ),
        ("expected", _limit(policy.expected_s, "any")),
        ("deadline", _limit(policy.deadline_s, "none")),
        ("keep runs", "all" if schedule.keep_runs is None else str(schedule.keep_runs)),
        ("keep for", _limit(schedule.keep_for_s, "ever")),
        *((f"-p {name}", str(value)) for name, value in _given(schedule).items()),
    )
    return Table(
        columns=(Column("option", style="bold"), Column("value")),
        rows=tuple(row for row in rows if row[1]),
        headed=False,
    )


def _given(schedule: Schedule) -> dict[str, object]:
    return {**schedule.parameters, **schedule.templates}


def _yes(truth: bool) -> str:
    return "yes" if truth else "no"


def _limit(seconds: float | None, without: str) -> str:
    return without if seconds is None else words.duration(seconds)


def interval_document(schedule: Schedule, interval: DataInterval) -> IntervalDocument:
    """A run that will be due."""
    return IntervalDocument(
        fire_at=_due_at(schedule, interval),
        logical_date=interval.logical_date,
        data_interval_start=interval.start,
        data_interval_end=interval.end,
    )


def next_document(
    schedule: Schedule, last: DataInterval | None, now: datetime, *, limit: int = NEXT_SHOWN
) -> NextRunsDocument:
    """When it fires, in words, and the next runs after the last, as if it were not paused."""
    following = islice(upcoming(schedule, last, now), limit)
    return NextRunsDocument(
        name=schedule.name,
        times=times(schedule),
        explained=explained(schedule),
        next_runs=[interval_document(schedule, each) for each in following],
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
    row, policy = document(found, now), found.schedule.policy
    following = next_document(found.schedule, found.standing.last, now)
    return ScheduleRecordDocument(
        **{name: getattr(row, name) for name in row.__struct_fields__},
        crons=list(found.schedule.crons),
        every_s=found.schedule.every_s,
        at=found.schedule.at,
        on_success=found.schedule.after,
        start=found.schedule.start,
        end=found.schedule.end,
        catchup=found.schedule.catchup,
        explained=following.explained,
        overlap=policy.overlap.value,
        max_active_runs=policy.max_active_runs,
        misfire_s=policy.misfire_s,
        jitter_s=policy.jitter_s,
        depends_on_past=policy.depends_on_past,
        pause_after=policy.pause_after,
        expected_s=policy.expected_s,
        deadline_s=policy.deadline_s,
        keep_runs=found.schedule.keep_runs,
        keep_for_s=found.schedule.keep_for_s,
        pin=found.schedule.pin,
        parameters=_given(found.schedule),
        next_runs=following.next_runs,
        fires=[fire_document(fire, state) for fire, state in fires],
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


def fire_document(fire: Fire, state: RunState | None) -> FireDocument:
    """A fire, with the state of its run if that is there."""
    return FireDocument(
        run_id=fire.run_id,
        kind=fire.kind.value,
        state=state,
        waits=fire.waits,
        logical_date=fire.interval.logical_date,
        data_interval_start=fire.interval.start,
        data_interval_end=fire.interval.end,
    )


def _row(found: RecordedSchedule, now: datetime) -> tuple[str, ...]:
    past, zone, next_at = found.standing.past, zone_of(found.schedule), _next_at(found, now)
    return (
        found.schedule.name,
        found.schedule.notebook,
        times(found.schedule),
        found.schedule.zone,
        _state(found),
        "" if next_at is None else words.by_clock(next_at, zone),
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
    following = None if found.standing.paused else next(_upcoming(found, now), None)
    return None if following is None else _due_at(found.schedule, following)


def _upcoming(found: RecordedSchedule, now: datetime) -> Iterator[DataInterval]:
    return upcoming(found.schedule, found.standing.last, now)


def _due_at(schedule: Schedule, interval: DataInterval) -> datetime:
    return due_at(interval, schedule.policy, schedule.name)
