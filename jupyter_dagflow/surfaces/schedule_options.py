"""The options of schedules, read into what a schedule is.

The law: an option's name, type and help are written once, here, as those of runs are in `options`. Times are by the
clocks of the schedule's zone unless they say an offset.
"""

from __future__ import annotations

import re
from datetime import datetime, timezone
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from jupyter_dagflow.core.backfill import Backfill, Reprocess
from jupyter_dagflow.core.calendar.cron import parse_cron
from jupyter_dagflow.core.calendar.fire_times import CronTimes
from jupyter_dagflow.core.errors import OptionError
from jupyter_dagflow.core.schedule_definition import Schedule, overlap_of, started_by
from jupyter_dagflow.core.schedules import Overlap, Policy
from jupyter_dagflow.core.tags import duration_s
from jupyter_dagflow.surfaces.options import whole_number

ScheduleArgument = Annotated[str, typer.Argument(metavar="NAME", help="A schedule.")]
Name = Annotated[
    str | None,
    typer.Option(
        "--name",
        metavar="NAME",
        help="What the schedule is called.",
        show_default="as the notebook",
    ),
]
Cron = Annotated[
    list[str] | None,
    typer.Option(
        "--cron",
        metavar="EXPR",
        help="When it fires: five fields, or @daily and the like; may be repeated.",
        show_default=False,
    ),
]
Every = Annotated[
    str | None,
    typer.Option("--every", metavar="DUR", help="How often it fires.", show_default=False),
]
At = Annotated[
    str | None,
    typer.Option("--at", metavar="TIME", help="When it fires, once.", show_default=False),
]
Zone = Annotated[
    str, typer.Option("--tz", metavar="ZONE", help="The zone whose clocks all its times mean.")
]
Start = Annotated[
    str | None,
    typer.Option(
        "--start",
        metavar="TIME",
        help="Where its first data interval may start.",
        show_default="the one under way",
    ),
]
End = Annotated[
    str | None,
    typer.Option(
        "--end",
        metavar="TIME",
        help="Where its last data interval may start.",
        show_default=False,
    ),
]
Catchup = Annotated[
    bool, typer.Option("--catchup", help="Run each interval, however late, not the newest alone.")
]
OverlapOption = Annotated[
    str | None,
    typer.Option(
        "--overlap",
        metavar="|".join(each.value for each in Overlap),
        help="What becomes of a fire while a run still goes on.",
        show_default="skip",
    ),
]
Misfire = Annotated[
    str | None,
    typer.Option("--misfire", metavar="DUR", help="How late a run may begin.", show_default="any"),
]

BackfillStart = Annotated[
    str | None,
    typer.Option(
        "--start", metavar="TIME", help="Where the first interval starts.", show_default=False
    ),
]
BackfillEnd = Annotated[
    str | None,
    typer.Option(
        "--end",
        metavar="TIME",
        help="Where the last interval starts, this included.",
        show_default=False,
    ),
]
ReprocessOption = Annotated[
    str,
    typer.Option(
        "--reprocess",
        metavar="|".join(each.value for each in Reprocess),
        help="Which intervals that have a run are run again.",
    ),
]
Reverse = Annotated[bool, typer.Option("--reverse", help="Run the newest interval first.")]
BackfillJobs = Annotated[
    str | None,
    typer.Option(
        "--jobs",
        metavar="N",
        help="How many intervals may run at once.",
        show_default="the cores there are",
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Tell what would run; run nothing.")]


def backfill_of(
    start: str | None,
    end: str | None,
    *,
    reprocess: str,
    reverse: bool,
    jobs: str | None,
    zone: str,
) -> Backfill:
    """The backfill that was asked for; raises `OptionError`."""
    if start is None or end is None:
        raise OptionError(
            f"The backfill is given no {'--start' if start is None else '--end'}.",
            hint="Say from which day to which, both included: --start 2026-03-01 --end 2026-03-30.",
        )
    try:
        again = Reprocess(reprocess)
    except ValueError:
        known = ", ".join(each.value for each in Reprocess)
        raise OptionError(f"--reprocess is {reprocess!r}.", hint=f"Say one of: {known}.") from None
    clocks = _zone(zone)
    return Backfill(
        start=_time(start, "--start", clocks),
        end=_time(end, "--end", clocks),
        reprocess=again,
        reverse=reverse,
        max_active_runs=1 if (found := whole_number(jobs)) is None else found,
    )


def schedule_of(
    notebook: str,
    *,
    name: str | None,
    crons: tuple[str, ...],
    every: str | None,
    at: str | None,
    zone: str,
    start: str | None,
    end: str | None,
    catchup: bool,
    overlap: str | None,
    misfire: str | None,
    now: datetime,
) -> Schedule:
    """The schedule that was asked for, whatever contradicts in it; raises `OptionError` and `CronError`."""
    clocks = _zone(zone)
    return Schedule(
        name=name or re.sub(r"[^A-Za-z0-9_.-]+", "-", Path(notebook).stem).lstrip("-."),
        notebook=str(Path(notebook).absolute()),
        start=_start(start, crons, clocks, now),
        crons=crons,
        every_s=None if every is None else _seconds(every, "--every"),
        at=None if at is None else _time(at, "--at", clocks),
        zone=zone,
        end=None if end is None else _time(end, "--end", clocks),
        catchup=catchup,
        policy=Policy(
            overlap=overlap_of(_overlap(overlap), catchup=catchup),
            misfire_s=None if misfire is None else _seconds(misfire, "--misfire"),
        ),
    )


def _start(text: str | None, crons: tuple[str, ...], zone: ZoneInfo, now: datetime) -> datetime:
    if text is not None:
        return _time(text, "--start", zone)
    if crons:
        return started_by(CronTimes(tuple(map(parse_cron, crons)), zone), now)
    return now


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise OptionError(
            f"--tz is {name!r}, which is no time zone that this machine knows.",
            hint="Say one like Europe/Berlin or UTC.",
        ) from None


def _time(text: str, option: str, zone: ZoneInfo) -> datetime:
    try:
        found = datetime.fromisoformat(re.sub(r"[zZ]$", "+00:00", text))
        aware = found if found.tzinfo is not None else found.replace(tzinfo=zone)
        return aware.astimezone(timezone.utc)
    except (ValueError, OverflowError):
        raise OptionError(
            f"{option} is {text!r}, which is no time.",
            hint="Write it as 2026-03-01, 2026-03-01T06:00 or 2026-03-01T06:00+01:00.",
        ) from None


def _seconds(text: str, option: str) -> float:
    try:
        return duration_s(text)
    except ValueError:
        raise OptionError(
            f"{option} is {text!r}.", hint="Give it a duration like 30s, 10m, 2h or 1d."
        ) from None


def _overlap(text: str | None) -> Overlap | None:
    try:
        return None if text is None else Overlap(text)
    except ValueError:
        known = ", ".join(each.value for each in Overlap)
        raise OptionError(f"--overlap is {text!r}.", hint=f"Say one of: {known}.") from None
