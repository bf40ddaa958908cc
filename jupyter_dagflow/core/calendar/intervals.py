"""Data intervals: the stretch of time that a run is about, and which of them is next.

The law: as Airflow's `CronDataIntervalTimetable`. Between two fire times lies an interval, its start is the run's
logical date, and its run is due at its end. A schedule's start and end bound where intervals start, both inclusive.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from jupyter_dagflow.core.calendar.fire_times import FireTimes, OneTime, at_or_after, at_or_before


@dataclass(frozen=True, slots=True)
class DataInterval:
    """From ``start``, inclusive, to ``end``, exclusive, which is when its run is due."""

    start: datetime
    end: datetime

    @property
    def logical_date(self) -> datetime:
        """What names the run among those of its schedule."""
        return self.start


@dataclass(frozen=True, slots=True, kw_only=True)
class Timetable:
    """Fire times within bounds; ``catchup`` if each interval has a run, however late, and not the newest one alone."""

    times: FireTimes
    start: datetime
    end: datetime | None = None
    catchup: bool = False

    def following(self, last: DataInterval | None, now: datetime) -> DataInterval | None:
        """The interval whose run comes next after that of ``last``; it is due if its end is not later than ``now``.

        >>> from datetime import timedelta, timezone
        >>> from jupyter_dagflow.core.calendar.fire_times import EveryTimes
        >>> start = datetime(2024, 1, 1, tzinfo=timezone.utc)
        >>> daily = Timetable(times=EveryTimes(timedelta(days=1), start), start=start)
        >>> str(daily.following(None, start + timedelta(days=9.5)).logical_date)
        '2024-01-09 00:00:00+00:00'
        """
        if isinstance(self.times, OneTime):
            return self._one(self.times.at, last)
        begin = self._beginning(last)
        if begin is not None and not self.catchup:
            newest = self._newest_complete(now)
            begin = begin if newest is None else max(begin, newest)
        return self._from(begin)

    def upcoming(self, last: DataInterval | None, now: datetime) -> Iterator[DataInterval]:
        """The intervals whose runs come next after that of ``last``, in order.

        >>> from datetime import timedelta, timezone
        >>> from itertools import islice
        >>> from jupyter_dagflow.core.calendar.fire_times import EveryTimes
        >>> start = datetime(2024, 1, 1, tzinfo=timezone.utc)
        >>> daily = Timetable(times=EveryTimes(timedelta(days=1), start), start=start)
        >>> [each.start.day for each in islice(daily.upcoming(None, start + timedelta(days=9.5)), 3)]
        [9, 10, 11]
        """
        following = self.following(last, now)
        while following is not None:
            yield following
            following = self.following(following, now)

    def skipped(self, last: DataInterval | None, taken: DataInterval) -> Iterator[DataInterval]:
        """The intervals between ``last`` and ``taken``, in order: without catchup they have no run."""
        each = None if isinstance(self.times, OneTime) else self._from(self._beginning(last))
        while each is not None and each.start < taken.start:
            yield each
            each = self._from(each.end)

    def between(self, start: datetime, end: datetime) -> Iterator[DataInterval]:
        """The intervals that start within these bounds, both inclusive, whatever the schedule's own are."""
        begin = at_or_after(self.times, start)
        while begin is not None and begin <= end:
            following = self.times.after(begin)
            if following is None:
                return
            yield DataInterval(begin, following)
            begin = following

    def _beginning(self, last: DataInterval | None) -> datetime | None:
        """Where the interval after ``last`` begins, catchup or not."""
        first = at_or_after(self.times, self.start)
        if last is None or first is None:
            return first
        # The schedule may have been changed since: what is no fire time any more is taken back to the last one,
        # unless that would take it to before what has begun: of fires the newest is the one that starts last.
        aligned = at_or_before(self.times, last.end)
        if aligned is not None and aligned <= last.start:
            aligned = last.end
        return first if aligned is None else max(first, aligned)

    def _newest_complete(self, now: datetime) -> datetime | None:
        """Where the newest interval that has ended begins."""
        end = at_or_before(self.times, now)
        return None if end is None else self.times.before(end)

    def _from(self, start: datetime | None) -> DataInterval | None:
        if start is None or (self.end is not None and start > self.end):
            return None
        end = self.times.after(start)
        return None if end is None else DataInterval(start, end)

    def _one(self, at: datetime, last: DataInterval | None) -> DataInterval | None:
        bounded = at >= self.start and (self.end is None or at <= self.end)
        due = bounded and (last is None or last.end < at)
        return DataInterval(at, at) if due else None
