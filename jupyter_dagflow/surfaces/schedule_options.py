"""The options of schedules, read into what a schedule is.

The law: an option's name, type and help are written once, here, as those of runs are in `options`. Times are by the
clocks of the schedule's zone unless they say an offset.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timezone
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_type_hints
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from jupyter_dagflow.core.backfill import Backfill, Reprocess
from jupyter_dagflow.core.calendar.cron import parse_cron
from jupyter_dagflow.core.calendar.fire_times import CronTimes
from jupyter_dagflow.core.errors import OptionError
from jupyter_dagflow.core.schedule_definition import Schedule, overlap_of, started_by
from jupyter_dagflow.core.schedules import Overlap, Policy
from jupyter_dagflow.core.tags import duration_s
from jupyter_dagflow.surfaces.options import (
    OtherNotebook,
    ParameterFile,
    Parameters,
    gathered_parameters,
    parsed,
    whole_number,
)

T = TypeVar("T")

NONE = "none"
NEXT_SHOWN = 5
UTC = "UTC"
_YEARS = range(1900, 3000)

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
CronArgument = Annotated[
    list[str] | None,
    typer.Argument(metavar="[CRON]...", help="When it fires, as --cron.", show_default=False),
]
Every = Annotated[
    str | None,
    typer.Option("--every", metavar="DUR", help="How often it fires.", show_default=False),
]
At = Annotated[
    str | None,
    typer.Option("--at", metavar="TIME", help="When it fires, once.", show_default=False),
]
OnSuccess = Annotated[
    str | None,
    typer.Option(
        "--on-success",
        metavar="SCHEDULE",
        help="Fires for each data interval for which that schedule has succeeded.",
        show_default=False,
    ),
]
Zone = Annotated[
    str | None,
    typer.Option(
        "--tz",
        metavar="ZONE",
        help="The zone whose clocks all its times mean.",
        show_default=UTC,
    ),
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
    bool | None,
    typer.Option(
        "--catchup/--no-catchup",
        help="Run each interval, however late, not the newest alone.",
        show_default=False,
    ),
]
OverlapOption = Annotated[
    str | None,
    typer.Option(
        "--overlap",
        metavar="|".join(each.value for each in Overlap),
        help="What becomes of a fire while as many runs go on as may.",
        show_default="skip",
    ),
]
MaxActiveRuns = Annotated[
    str | None,
    typer.Option(
        "--max-active-runs", metavar="N", help="How many runs may go on at once.", show_default="1"
    ),
]
Misfire = Annotated[
    str | None,
    typer.Option("--misfire", metavar="DUR", help="How late a run may begin.", show_default="any"),
]
Jitter = Annotated[
    str | None,
    typer.Option(
        "--jitter",
        metavar="DUR",
        help="Begin each run up to so much later, always the same for one interval.",
        show_default="none",
    ),
]
DependsOnPast = Annotated[
    bool | None,
    typer.Option(
        "--depends-on-past/--no-depends-on-past",
        help="Begin a run only after the one before has succeeded.",
        show_default=False,
    ),
]
PauseAfter = Annotated[
    str | None,
    typer.Option(
        "--pause-after",
        metavar="N",
        help="Pause after so many failures in a row.",
        show_default="never",
    ),
]
Expected = Annotated[
    str | None,
    typer.Option(
        "--expected",
        metavar="DUR",
        help="Notify of a run that takes longer.",
        show_default="never",
    ),
]
Deadline = Annotated[
    str | None,
    typer.Option(
        "--deadline",
        metavar="DUR",
        help="Notify of a run that has not ended so long after its data interval.",
        show_default="never",
    ),
]
KeepRuns = Annotated[
    str | None,
    typer.Option(
        "--keep-runs",
        metavar="N",
        help="Keep the newest N runs, and the last success.",
        show_default="all",
    ),
]
KeepFor = Annotated[
    str | None,
    typer.Option(
        "--keep-for",
        metavar="DUR",
        help="Keep runs for so long, and the last success.",
        show_default="ever",
    ),
]
Pin = Annotated[
    bool | None,
    typer.Option(
        "--pin/--no-pin",
        help="Run the notebook as it is now, whatever becomes of the file.",
        show_default=False,
    ),
]
AddDryRun = Annotated[
    bool, typer.Option("--dry-run", help="Show the next runs; add nothing.", show_default=False)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was typed of a schedule; None for what was not."""

    cron: Cron = None
    every: Every = None
    at: At = None
    on_success: OnSuccess = None
    tz: Zone = None
    start: Start = None
    end: End = None
    catchup: Catchup = None
    overlap: OverlapOption = None
    max_active_runs: MaxActiveRuns = None
    misfire: Misfire = None
    jitter: Jitter = None
    depends_on_past: DependsOnPast = None
    pause_after: PauseAfter = None
    expected: Expected = None
    deadline: Deadline = None
    keep_runs: KeepRuns = None
    keep_for: KeepFor = None


def taking_asked(command: Callable[..., T]) -> Callable[..., T]:
    """A command that takes each option of an `Asked` in place of its parameter ``asked``."""
    own = get_type_hints(Asked, include_extras=True)
    kind = inspect.Parameter.KEYWORD_ONLY
    taken: list[inspect.Parameter] = []
    # get_type_hints would put what is None by default into an Optional, on Python 3.10
    for each in inspect.signature(command, eval_str=True).parameters.values():
        if each.name == "asked":
            taken += (
                inspect.Parameter(option.name, kind, default=None, annotation=own[option.name])
                for option in fields(Asked)
            )
        else:
            taken.append(each)

    @wraps(command)
    def called(*args: Any, **given: Any) -> T:
        asked = Asked(**{option.name: given.pop(option.name, None) for option in fields(Asked)})
        return command(*args, asked=asked, **given)

    signature = inspect.Signature(taken)
    called.__signature__ = signature  # type: ignore[attr-defined]
    called.__annotations__ = {each.name: each.annotation for each in taken}
    return called


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSchedule:
    """What was typed of a schedule for a notebook, and what its parameters are given."""

    notebook: str | None
    name: str | None
    asked: Asked
    values: Mapping[str, object]
    texts: Mapping[str, str]
    pinned: bool
    dry_run: bool


def parse_schedule(argv: Sequence[str]) -> NewSchedule | None:
    """Read the options of ``%dagflow schedule``; None if help was asked for."""

    @taking_asked
    def schedule(
        expression: CronArgument = None,
        *,
        name: Name = None,
        notebook: OtherNotebook = None,
        asked: Asked,
        pin: Pin = None,
        parameter: Parameters = None,
        file: ParameterFile = None,
        dry_run: AddDryRun = False,
    ) -> NewSchedule:
        """Have this notebook run at times, and show the next ones."""
        values, texts = gathered_parameters(parameter or (), file)
        crons = [*(expression or ()), *(asked.cron or ())]
        return NewSchedule(
            notebook=notebook,
            name=name,
            asked=replace(asked, cron=crons),
            values=values,
            texts=texts,
            pinned=bool(pin),
            dry_run=dry_run,
        )

    return parsed(schedule, argv, program="%dagflow schedule")


def schedule_of(notebook: str, asked: Asked, *, name: str | None, now: datetime) -> Schedule:
    """The schedule that was asked for, whatever contradicts in it; raises `OptionError` and `CronError`."""
    new = Schedule(
        name=name or re.sub(r"[^A-Za-z0-9_.-]+", "-", Path(notebook).stem).lstrip("-."),
        notebook=str(Path(notebook).absolute()),
        start=_start(tuple(asked.cron or ()), _zone(asked.tz or UTC), now),
    )
    return changed(new, asked)


def changed(before: Schedule, asked: Asked) -> Schedule:
    """A schedule with what was asked for in place of what it had; ``none`` takes back what may be left out."""
    zone = asked.tz or before.zone
    clocks = _zone(zone)
    new = replace(before, zone=zone)
    if asked.cron or any(each is not None for each in (asked.every, asked.at, asked.on_success)):
        new = replace(
            new,
            crons=tuple(asked.cron or ()),
            every_s=None if asked.every is None else _seconds(asked.every, "--every"),
            at=None if asked.at is None else _time(asked.at, "--at", clocks),
            after=asked.on_success,
        )
    if asked.start is not None:
        new = replace(new, start=_time(asked.start, "--start", clocks))
    if asked.end is not None:
        end = None if asked.end == NONE else _time(asked.end, "--end", clocks)
        new = replace(new, end=end)
    catchup = before.catchup if asked.catchup is None else asked.catchup
    new = replace(
        new,
        catchup=catchup,
        keep_runs=_number(asked.keep_runs, "--keep-runs", before.keep_runs),
        keep_for_s=_limit(asked.keep_for, "--keep-for", before.keep_for_s),
    )
    return replace(new, policy=_policy(before, new, asked))


def _policy(before: Schedule, after: Schedule, asked: Asked) -> Policy:
    old = before.policy
    new = replace(
        old,
        misfire_s=_limit(asked.misfire, "--misfire", old.misfire_s),
        jitter_s=_limit(asked.jitter, "--jitter", old.jitter_s) or 0.0,
        expected_s=_limit(asked.expected, "--expected", old.expected_s),
        deadline_s=_limit(asked.deadline, "--deadline", old.deadline_s),
        pause_after=_number(asked.pause_after, "--pause-after", old.pause_after),
    )
    if asked.overlap is not None or after.has_each is not before.has_each:
        new = replace(new, overlap=overlap_of(_overlap(asked.overlap), each=after.has_each))
    if asked.depends_on_past is not None:
        new = replace(new, depends_on_past=asked.depends_on_past)
    if (most := whole_number(asked.max_active_runs, "--max-active-runs")) is not None:
        new = replace(new, max_active_runs=most)
    return new


def _number(text: str | None, option: str, before: int | None) -> int | None:
    if text is None:
        return before
    return None if text == NONE else whole_number(text, option)


def _limit(text: str | None, option: str, before: float | None) -> float | None:
    if text is None:
        return before
    return None if text == NONE else _seconds(text, option)


def _start(crons: tuple[str, ...], zone: ZoneInfo, now: datetime) -> datetime:
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
        utc = aware.astimezone(timezone.utc)
    except (ValueError, OverflowError):
        raise OptionError(
            f"{option} is {text!r}, which is no time.",
            hint="Write it as 2026-03-01, 2026-03-01T06:00 or 2026-03-01T06:00+01:00.",
        ) from None
    if utc.year not in _YEARS:
        raise OptionError(
            f"{option} is {text!r}.",
            hint=f"Say a year from {_YEARS[0]} to {_YEARS[-1]}.",
        )
    return utc


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
