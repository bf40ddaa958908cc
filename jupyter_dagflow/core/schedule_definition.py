"""What a schedule is, and which of its options contradict each other.

The law: a `Schedule` that `check_schedule` lets pass can be decided on at any time without an error. What it does at a
moment is `schedules.decide`'s to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo

from jupyter_dagflow.core.calendar.cron import parse_cron
from jupyter_dagflow.core.calendar.fire_times import (
    CronTimes,
    EveryTimes,
    FireTimes,
    NoTimes,
    OneTime,
    at_or_before,
)
from jupyter_dagflow.core.calendar.intervals import Timetable
from jupyter_dagflow.core.errors import OptionError
from jupyter_dagflow.core.model import PartitionBy
from jupyter_dagflow.core.schedules import Overlap, Policy

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_LONGEST_S = timedelta(days=366 * 100).total_seconds()  # far beyond use, far within the calendar


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Which notebook runs, when, and how.

    It fires by ``crons``, or every ``every_s`` seconds from its start, or once, ``at`` a time, or for each interval
    for which a run of the schedule ``after`` has succeeded since its start. ``zone`` is the name of the zone whose
    clocks the cron expressions mean. ``start`` and ``end`` bound where data intervals start. ``pin`` is the digest of
    the source that it runs; None if it follows the file. Each run makes its values of ``templates`` itself. Of its runs
    the newest ``keep_runs`` are kept, for ``keep_for_s``. All times are aware.
    """

    name: str
    notebook: str
    start: datetime
    crons: tuple[str, ...] = ()
    every_s: float | None = None
    at: datetime | None = None
    after: str | None = None
    zone: str = "UTC"
    end: datetime | None = None
    catchup: bool = False
    policy: Policy = field(default_factory=Policy)
    pin: str | None = None
    parameters: Mapping[str, object] = field(default_factory=dict)
    templates: Mapping[str, str] = field(default_factory=dict)
    by: PartitionBy = PartitionBy.AUTO
    keep_all: bool = False
    keep_runs: int | None = None
    keep_for_s: float | None = None
    paused: bool = False

    @property
    def has_each(self) -> bool:
        """Whether each of its intervals has a run, however late."""
        return self.catchup or self.after is not None

    @property
    def prunes(self) -> bool:
        """Whether there are runs of it that are not kept."""
        return self.keep_runs is not None or self.keep_for_s is not None

    def timetable(self, zone: tzinfo) -> Timetable:
        """Its intervals, by the clocks of the zone that it names; raises `CronError`."""
        return Timetable(
            times=self._times(zone), start=self.start, end=self.end, catchup=self.catchup
        )

    def _times(self, zone: tzinfo) -> FireTimes:
        if self.after is not None:
            return NoTimes()
        if self.at is not None:
            return OneTime(self.at)
        if self.every_s is not None:
            return EveryTimes(timedelta(seconds=self.every_s), self.start)
        return CronTimes(tuple(map(parse_cron, self.crons)), zone)


def started_by(times: FireTimes, now: datetime) -> datetime:
    """Where a schedule starts that is added now and says nothing of it: with the interval that is under way.

    >>> from datetime import timezone
    >>> daily = CronTimes((parse_cron("@daily"),), timezone.utc)
    >>> str(started_by(daily, datetime(2024, 1, 2, 12, tzinfo=timezone.utc)))
    '2024-01-02 00:00:00+00:00'
    """
    return at_or_before(times, now) or now


def overlap_of(said: Overlap | None, *, each: bool) -> Overlap:
    """The overlap of a schedule that says this or nothing: one that has a run for ``each`` interval queues."""
    if said is not None:
        return said
    return Overlap.QUEUE if each else Policy().overlap


def check_schedule(schedule: Schedule) -> None:
    """Raise `OptionError` for options that contradict each other or make no sense, `CronError` for expressions."""
    for wrong in (*_wrong_times(schedule), *_wrong_bounds(schedule), *_wrong_policy(schedule)):
        raise wrong
    for text in schedule.crons:
        parse_cron(text)


def _wrong_times(schedule: Schedule) -> Iterator[OptionError]:
    if not _NAME.fullmatch(schedule.name):
        yield OptionError(
            f"{schedule.name!r} cannot be the name of a schedule.",
            hint="Use letters, digits, _, - and . only, and begin with none of - and . (--name).",
        )
    given = [
        option
        for option, value in (
            ("--cron", schedule.crons),
            ("--every", schedule.every_s is not None),
            ("--at", schedule.at),
            ("--on-success", schedule.after),
        )
        if value
    ]
    if len(given) != 1:
        yield OptionError(
            f"The schedule {schedule.name} is given {' and '.join(given) or 'no time at all'}.",
            hint="Say one of --cron (it may be repeated), --every, --at and --on-success.",
        )
    if schedule.every_s is not None and not 1 <= schedule.every_s <= _LONGEST_S:
        yield OptionError(
            f"--every is {schedule.every_s:g} s; it may be from 1 second to 100 years.",
            hint="Write a duration such as 30s, 10m, 2h or 1d.",
        )


def _wrong_bounds(schedule: Schedule) -> Iterator[OptionError]:
    start, end, at = schedule.start, schedule.end, schedule.at
    if end is not None and end < start:
        yield OptionError(
            f"The schedule {schedule.name} ends before it starts: {end} is earlier than {start}.",
            hint="Change --end or --start.",
        )
    if at is not None and (at < start or (end is not None and at > end)):
        bounds = f"from {start}" + (f" to {end}" if end is not None else " on")
        yield OptionError(
            f"--at {at} lies outside of the time of the schedule, {bounds}.",
            hint="Say a time within it, or change --start or --end.",
        )


def _wrong_policy(schedule: Schedule) -> Iterator[OptionError]:
    policy = schedule.policy
    if schedule.after is not None and (
        schedule.catchup
        or policy.overlap is not Overlap.QUEUE
        or policy.misfire_s is not None
        or policy.jitter_s
    ):
        yield OptionError(
            "--on-success has a run for each success of the other schedule, as soon as there may be one.",
            hint="Drop --catchup, --overlap, --misfire and --jitter.",
        )
    if schedule.catchup and schedule.at is not None:
        yield OptionError(
            "--catchup says nothing of a schedule that runs once: it does so however late.",
            hint="Drop --catchup, or say --cron or --every instead of --at.",
        )
    if schedule.catchup and policy.overlap is not Overlap.QUEUE:
        yield OptionError(
            f"--catchup runs every interval, and --overlap {policy.overlap.value} leaves some out.",
            hint="Drop one of the two: a schedule that catches up queues.",
        )
    if schedule.catchup and policy.misfire_s is not None:
        yield OptionError(
            "--catchup runs every interval however late, and --misfire leaves out those that are late.",
            hint="Drop one of the two.",
        )
    for option, value, least in (
        ("--max-active-runs", policy.max_active_runs, 1),
        ("--misfire", policy.misfire_s, 0),
        ("--jitter", policy.jitter_s, 0),
        ("--pause-after", policy.pause_after, 1),
        ("--keep-runs", schedule.keep_runs, 1),
        ("--keep-for", schedule.keep_for_s, 1),
        ("--expected", policy.expected_s, 1),
        ("--deadline", policy.deadline_s, 1),
    ):
        if value is not None and not least <= value <= _LONGEST_S:
            yield OptionError(
                f"{option} is {value if isinstance(value, int) else f'{value:g}'}, which makes no sense.",
                hint=f"Say a number from {least} to {_LONGEST_S:.0f}, or drop it.",
            )
