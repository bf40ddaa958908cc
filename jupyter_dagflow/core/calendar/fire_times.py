"""Fire times: of cron expressions in a zone, of a steady interval, of one date.

The law: fire times only ever grow, none comes twice, and which there are depends on nothing but the schedule: neither
on now nor on what has fired. All instants are aware and in UTC.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, date, datetime, timedelta, tzinfo
from itertools import islice
from typing import Protocol

from jupyter_dagflow.core.calendar.cron import Cron
from jupyter_dagflow.core.calendar.local_time import UTC, Fold, first_after, last_before

_RESOLUTION = timedelta(microseconds=1)
_DAY = timedelta(days=1)
_FIRST, _LAST = date(MINYEAR, 1, 3), date(MAXYEAR, 12, 29)  # of other days instants may lie outside


class FireTimes(Protocol):
    """What fires: the next instant after any, and the last one before any; None where there is none."""

    def after(self, instant: datetime) -> datetime | None:
        """The first one later than ``instant``."""

    def before(self, instant: datetime) -> datetime | None:
        """The last one earlier than ``instant``."""


@dataclass(frozen=True, slots=True)
class CronTimes:
    """Those that any of some expressions names, by the clocks of one zone.

    >>> from zoneinfo import ZoneInfo
    >>> from jupyter_dagflow.core.calendar.cron import parse_cron
    >>> daily = CronTimes((parse_cron("30 2 * * *"),), ZoneInfo("America/New_York"))
    >>> start = datetime(2024, 3, 9, 12, tzinfo=UTC)  # the clocks skip 2:30 on the next day
    >>> [str(each.astimezone(daily.zone)) for each in upcoming(daily, start, 2)]
    ['2024-03-10 03:30:00-04:00', '2024-03-11 02:30:00-04:00']
    """

    crons: tuple[Cron, ...]
    zone: tzinfo
    fold: Fold = Fold.SECOND

    def after(self, instant: datetime) -> datetime | None:
        """The first one later than ``instant``."""
        found = [self._after(cron, instant) for cron in self.crons]
        return min((each for each in found if each is not None), default=None)

    def before(self, instant: datetime) -> datetime | None:
        """The last one earlier than ``instant``."""
        found = [self._before(cron, instant) for cron in self.crons]
        return max((each for each in found if each is not None), default=None)

    def _after(self, cron: Cron, instant: datetime) -> datetime | None:
        # A skipped time may have gone over to the day after its own: one day more on either side is looked at.
        best: datetime | None = None
        last = _LAST
        for day in cron.days_from(self._date(instant) - _DAY):
            if day > last:
                break
            first = first_after(cron, day, self.zone, self.fold, instant)
            if first is not None and (best is None or first < best):
                best, last = first, day + _DAY
        return best

    def _before(self, cron: Cron, instant: datetime) -> datetime | None:
        best: datetime | None = None
        last = _FIRST
        for day in cron.days_until(self._date(instant) + _DAY):
            if day < last:
                break
            latest = last_before(cron, day, self.zone, self.fold, instant)
            if latest is not None and (best is None or latest > best):
                best, last = latest, day - _DAY
        return best

    def _date(self, instant: datetime) -> date:
        if not _FIRST <= instant.date() <= _LAST:
            return min(max(instant.date(), _FIRST), _LAST)
        return instant.astimezone(self.zone).date()


@dataclass(frozen=True, slots=True)
class EveryTimes:
    """One every so often, counted from an anchor, as time passes: no clock that is set changes it."""

    every: timedelta
    anchor: datetime

    def after(self, instant: datetime) -> datetime | None:
        """The first one later than ``instant``."""
        return self._at((instant - self.anchor) // self.every + 1)

    def before(self, instant: datetime) -> datetime | None:
        """The last one earlier than ``instant``."""
        return self._at(-((self.anchor - instant) // self.every) - 1)

    def _at(self, number: int) -> datetime | None:
        try:
            return self.anchor.astimezone(UTC) + number * self.every
        except OverflowError:
            return None


@dataclass(frozen=True, slots=True)
class OneTime:
    """A single one."""

    at: datetime

    def after(self, instant: datetime) -> datetime | None:
        """The one, if it is later than ``instant``."""
        return self.at if self.at > instant else None

    def before(self, instant: datetime) -> datetime | None:
        """The one, if it is earlier than ``instant``."""
        return self.at if self.at < instant else None


@dataclass(frozen=True, slots=True)
class NoTimes:
    """None at all: what fires does so for another reason."""

    def after(self, instant: datetime) -> None:
        """None."""

    def before(self, instant: datetime) -> None:
        """None."""


def at_or_after(times: FireTimes, instant: datetime) -> datetime | None:
    """The first fire time that is not earlier than ``instant``."""
    return times.after(instant - _RESOLUTION)


def at_or_before(times: FireTimes, instant: datetime) -> datetime | None:
    """The last fire time that is not later than ``instant``."""
    return times.before(instant + _RESOLUTION)


def upcoming(times: FireTimes, instant: datetime, count: int) -> list[datetime]:
    """The next fire times later than ``instant``, at most ``count``."""
    return list(islice(_each_after(times, instant), count))


def _each_after(times: FireTimes, instant: datetime) -> Iterator[datetime]:
    following = times.after(instant)
    while following is not None:
        yield following
        following = times.after(following)
