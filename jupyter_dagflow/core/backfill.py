"""Which data intervals a backfill runs, in which order, and which of them begin now.

The law: an interval whose run is still going on is never run again, one that has not ended is not run yet; any other
within the bounds is run if it has no run, or if its newest one ended in a state that is to be reprocessed. No more
go on at once than were asked for, nor than the settings and the pools of the notebook's tasks allow.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from jupyter_dagflow.core.calendar.fire_times import NoTimes, OneTime
from jupyter_dagflow.core.calendar.intervals import DataInterval, Timetable
from jupyter_dagflow.core.errors import OptionError
from jupyter_dagflow.core.schedules import Policy
from jupyter_dagflow.core.states import RunState

_MOST_INTERVALS = 100_000  # of one backfill: they are looked at and recorded at once


class Reprocess(str, Enum):
    """Which intervals that have a run already are run again."""

    NONE = "none"
    FAILED = "failed"
    ALL = "all"

    def includes(self, state: RunState) -> bool:
        """Whether an interval is run again whose newest run is in this state."""
        return state in _AGAIN[self]


_AGAIN = {
    Reprocess.NONE: frozenset[RunState](),
    Reprocess.FAILED: frozenset({RunState.FAILED, RunState.CANCELLED}),
    Reprocess.ALL: frozenset(state for state in RunState if state.is_final),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """An interval within the bounds, the state of its newest run (None if it has none), and whether it is run now."""

    interval: DataInterval
    state: RunState | None
    runs: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Backfill:
    """What is asked for: intervals that start from ``start`` to ``end``, both inclusive.

    Up to ``max_active_runs`` go on at once, each with up to ``jobs`` tasks.
    """

    start: datetime
    end: datetime
    reprocess: Reprocess = Reprocess.NONE
    reverse: bool = False
    max_active_runs: int = 1
    jobs: int = 1


@dataclass(frozen=True, slots=True)
class Advance:
    """What becomes of the intervals of a backfill that wait: some begin now, or all are ``dropped``."""

    begin: tuple[DataInterval, ...] = ()
    dropped: bool = False


def shares(wanted: int | None, jobs: int, slots: Iterable[int]) -> tuple[int, int]:
    """How many runs go on at once, and how many tasks of each may, for ``jobs`` tasks in all.

    ``slots`` are the sizes of the pools that the notebook's tasks are in: all runs together keep to each of them.

    >>> shares(None, 8, []), shares(2, 8, []), shares(4, 2, []), shares(4, 8, [3]), shares(2, 8, [5])
    ((8, 1), (2, 4), (2, 1), (3, 1), (2, 2))
    """
    narrowest = min([jobs, *slots])
    runs = min(wanted or jobs, narrowest)
    return runs, narrowest // runs


def advance(
    asked: Backfill,
    waiting: Sequence[DataInterval],
    active: int,
    *,
    depends_on_past: bool,
    past: RunState | None,
) -> Advance:
    """Which of the intervals that wait begin now that ``active`` runs of the backfill go on.

    If the schedule depends on its past, ``past`` is the state of the newest run before the first that waits; None if
    there is none.
    """
    ordered = sorted(waiting, key=lambda each: each.start, reverse=asked.reverse)
    if not depends_on_past:
        return Advance(begin=tuple(ordered[: max(asked.max_active_runs - active, 0)]))
    if past in _AGAIN[Reprocess.FAILED]:
        return Advance(dropped=bool(waiting))
    return Advance(begin=tuple(ordered[:1]) if past in (None, RunState.SUCCESS) else ())


def check_backfill(asked: Backfill, table: Timetable, policy: Policy) -> None:
    """Raise `OptionError` for a backfill that the schedule cannot have."""
    if isinstance(table.times, NoTimes):
        raise OptionError(
            "A schedule that follows another has no data intervals of its own.",
            hint="Go back over those of the other: each success there has a run here.",
        )
    if isinstance(table.times, OneTime):
        raise OptionError(
            "A schedule that runs once has no data intervals to go back over.",
            hint="Run it now with: dagflow schedule trigger NAME.",
        )
    if asked.end < asked.start:
        raise OptionError(
            f"The backfill ends before it starts: {asked.end} is earlier than {asked.start}.",
            hint="Change --end or --start.",
        )
    if asked.max_active_runs < 1:
        raise OptionError(f"--jobs is {asked.max_active_runs}.", hint="Give it 1 or more.")
    if asked.reverse and policy.depends_on_past:
        raise OptionError(
            "--reverse runs the newest interval first, and each waits for a success of the one before.",
            hint="Drop --reverse.",
        )


def choices(
    asked: Backfill, table: Timetable, states: Mapping[datetime, RunState], *, now: datetime
) -> list[Choice]:
    """Each interval within the bounds that has ended, in the order in which they run.

    ``states`` are those of the newest runs by logical date. Raises `OptionError` if they are too many for one.

    >>> from datetime import timedelta, timezone
    >>> from jupyter_dagflow.core.calendar.fire_times import EveryTimes
    >>> day, start = timedelta(days=1), datetime(2024, 1, 1, tzinfo=timezone.utc)
    >>> daily = Timetable(times=EveryTimes(day, start), start=start)
    >>> asked = Backfill(start=start, end=start + day, reprocess=Reprocess.FAILED)
    >>> found = choices(asked, daily, {start: RunState.SUCCESS}, now=start + 9 * day)
    >>> [(each.interval.start.day, each.runs) for each in found]
    [(1, False), (2, True)]
    """
    found: list[Choice] = []
    for interval in table.between(asked.start, asked.end):
        if interval.end > now:
            break
        if len(found) == _MOST_INTERVALS:
            raise OptionError(
                f"The backfill has more than {_MOST_INTERVALS:,} intervals.",
                hint="Ask for a shorter time; another backfill may go on from there.",
            )
        state = states.get(interval.logical_date)
        runs = state is None or asked.reprocess.includes(state)
        found.append(Choice(interval, state, runs))
    return found[::-1] if asked.reverse else found
