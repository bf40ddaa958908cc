"""Which instants a cron expression means on a local day: summer time.

The law: a time of the day comes exactly once on each local day. If the clocks skip it, it comes as much later as they
skip; if they show it twice, it comes the second time (or the first, if asked for). What is meant for each hour that
passes comes whenever the clocks show it.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from enum import Enum
from functools import lru_cache

from jupyter_dagflow.core.calendar.cron import Cron

UTC = timezone.utc
_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)
_HOURS = tuple(time(hour) for hour in range(24))


class Fold(str, Enum):
    """Which of two equal local times counts, when clocks are set back."""

    SECOND = "second"
    FIRST = "first"


def first_after(
    cron: Cron, day: date, zone: tzinfo, fold: Fold, instant: datetime
) -> datetime | None:
    """When ``cron`` fires first for one of its days later than ``instant``; for a skipped time, maybe on the day after.

    >>> from zoneinfo import ZoneInfo
    >>> from jupyter_dagflow.core.calendar.cron import parse_cron
    >>> noon, july, berlin = parse_cron("0 12 * * *"), date(2024, 7, 1), ZoneInfo("Europe/Berlin")
    >>> str(first_after(noon, july, berlin, Fold.SECOND, datetime(2024, 7, 1, tzinfo=UTC)))
    '2024-07-01 10:00:00+00:00'
    """
    offset = _steady_offset(day, zone)
    if offset is None:
        instants = _instants(cron, day, zone, fold)
        index = bisect_right(instants, instant)
        return instants[index] if index < len(instants) else None
    midnight = _midnight(day, offset)
    index = bisect_right(cron.minutes, (instant - midnight) / _MINUTE)
    return midnight + cron.minutes[index] * _MINUTE if index < len(cron.minutes) else None


def last_before(
    cron: Cron, day: date, zone: tzinfo, fold: Fold, instant: datetime
) -> datetime | None:
    """When ``cron`` fires last for one of its days earlier than ``instant``."""
    offset = _steady_offset(day, zone)
    if offset is None:
        instants = _instants(cron, day, zone, fold)
        index = bisect_left(instants, instant)
        return instants[index - 1] if index else None
    midnight = _midnight(day, offset)
    index = bisect_left(cron.minutes, (instant - midnight) / _MINUTE)
    return midnight + cron.minutes[index - 1] * _MINUTE if index else None


def _midnight(day: date, offset: timedelta) -> datetime:
    return (datetime.combine(day, time()) - offset).replace(tzinfo=UTC)


@lru_cache(maxsize=1024)
def _steady_offset(day: date, zone: tzinfo) -> timedelta | None:
    """The offset from UTC that holds all day, or None if it changes."""
    hours = [datetime.combine(day, each, zone) for each in _HOURS]
    hours.append(hours[0] + _DAY)
    first = hours[0].utcoffset()
    same = all(
        each.utcoffset() == first and each.replace(fold=1).utcoffset() == first for each in hours
    )
    return first if same else None


@lru_cache(maxsize=64)
def _instants(cron: Cron, day: date, zone: tzinfo, fold: Fold) -> list[datetime]:
    """All of a day on which clocks are set, each once, in order."""
    midnight = datetime.combine(day, time())
    found: set[datetime] = set()
    for minute in cron.minutes:
        local = midnight + minute * _MINUTE
        found |= _each_shown(local, zone) if cron.every_hour else {_once(local, zone, fold)}
    return sorted(found)


def _once(local: datetime, zone: tzinfo, fold: Fold) -> datetime:
    shown = _each_shown(local, zone)
    if not shown:  # skipped: by the offset from before, it is as much later as was skipped
        return local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    return min(shown) if fold is Fold.FIRST else max(shown)


def _each_shown(local: datetime, zone: tzinfo) -> set[datetime]:
    """The instants at which clocks show this time: none, one or two."""
    instants = {local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)}
    return {
        each for each in instants if each.astimezone(zone).replace(tzinfo=None, fold=0) == local
    }
