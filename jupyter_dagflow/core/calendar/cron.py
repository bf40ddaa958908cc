"""Cron expressions: the text, and the local days and minutes that it names.

The law: five fields, read as cron and Airflow read them. What this module does not know are zones: a day here is a
date, and a time a number of minutes since its midnight.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, date
from functools import lru_cache

from jupyter_dagflow.core.errors import InputError

PRESETS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@quarterly": "0 0 1 */3 *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
_LONGEST_MONTHS = {month: monthrange(2024, month)[1] for month in range(1, 13)}


class CronError(InputError):
    """A cron expression says nothing that could be done. The hint says what the field may hold."""

    code = "cron"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Field:
    name: str
    lowest: int
    highest: int
    names: Mapping[str, int]

    @property
    def hint(self) -> str:
        names = f", or the names {', '.join(self.names)}" if self.names else ""
        return (
            f"The {self.name} is * or numbers from {self.lowest} to {self.highest}{names}: "
            f"alone, as a list (a,b), a range (a-b) or with a step (*/n)."
        )


_MINUTE = _Field(name="minute", lowest=0, highest=59, names={})
_HOUR = _Field(name="hour", lowest=0, highest=23, names={})
_DAY = _Field(name="day of the month", lowest=1, highest=31, names={})
_MONTH = _Field(
    name="month", lowest=1, highest=12, names={name: n for n, name in enumerate(_MONTHS, 1)}
)
_WEEKDAY = _Field(
    name="day of the week", lowest=0, highest=7, names={name: n for n, name in enumerate(_WEEKDAYS)}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cron:
    """What an expression names: minutes of a local day (0 to 1439), and days.

    ``every_hour`` if its hour is a wildcard: then it means each hour that passes, not times of the day. Days of the
    week count from Sunday, 0. ``last_day`` is the last one of each month (``L``); ``nth`` are pairs of a day of the
    week and which of the month's it is (``5#2``). ``either`` if a day may be named by its date or by its day of the
    week.

    >>> cron = parse_cron("30 6 * * mon-fri")
    >>> cron.minutes, sorted(cron.weekdays)
    ((390,), [1, 2, 3, 4, 5])
    """

    text: str
    minutes: tuple[int, ...]
    every_hour: bool
    days: frozenset[int]
    last_day: bool
    months: frozenset[int]
    weekdays: frozenset[int]
    nth: frozenset[tuple[int, int]]
    either: bool

    def __contains__(self, day: date) -> bool:
        return day.month in self.months and self._names(day)

    def days_from(self, day: date) -> Iterator[date]:
        """Its days from this one on, to the end of the calendar."""
        for year in range(day.year, MAXYEAR + 1):
            for month in range(day.month if year == day.year else 1, 13):
                if month in self.months:
                    yield from (each for each in self._of_month(year, month) if each >= day)

    def days_until(self, day: date) -> Iterator[date]:
        """Its days up to this one, the latest first, to the beginning of the calendar."""
        for year in range(day.year, MINYEAR - 1, -1):
            for month in range(day.month if year == day.year else 12, 0, -1):
                if month in self.months:
                    yield from (e for e in reversed(self._of_month(year, month)) if e <= day)

    def _of_month(self, year: int, month: int) -> list[date]:
        return [day for day in _month(year, month) if self._names(day)]

    def _names(self, day: date) -> bool:
        weekday = day.isoweekday() % 7
        of_month = day.day in self.days or (
            self.last_day and day.day == monthrange(day.year, day.month)[1]
        )
        of_week = weekday in self.weekdays or (weekday, (day.day + 6) // 7) in self.nth
        return (of_month or of_week) if self.either else (of_month and of_week)


def parse_cron(text: str) -> Cron:
    """Read an expression or a preset (``@daily``); raises `CronError`.

    Names count in upper and lower case, Sunday is 0 and 7, ``?`` is ``*``. A range may go over the end (``22-6``,
    ``fri-mon``). If the day of the month and that of the week are both given, either names a day.
    """
    fields = _expanded(text).lower().split()
    if len(fields) != 5:
        raise CronError(
            f"{text!r} has {len(fields)} field{'' if len(fields) == 1 else 's'}; a cron expression has 5.",
            hint="Write: minute hour day-of-month month day-of-week, as in 0 6 * * 1-5.",
        )
    minute, hour, day, month, weekday = fields
    minutes, hours = _numbers(minute, _MINUTE, text), _numbers(hour, _HOUR, text)
    dated, last_day = _without_last(day)
    plain, nth = _without_nth(weekday, text)
    cron = Cron(
        text=text.strip(),
        minutes=tuple(sorted(h * 60 + m for h in hours for m in minutes)),
        every_hour=len(hours) == 24 or (hour.startswith(("*", "?")) and len(hours) > 1),
        days=_numbers(dated, _DAY, text) if dated else frozenset(),
        last_day=last_day,
        months=_numbers(month, _MONTH, text),
        weekdays=frozenset(n % 7 for n in _numbers(plain, _WEEKDAY, text))
        if plain
        else frozenset(),
        nth=nth,
        either=not (_is_any(day) or _is_any(weekday)),
    )
    if (
        not cron.either
        and not last_day
        and min(cron.days) > max(_LONGEST_MONTHS[m] for m in cron.months)
    ):
        raise CronError(
            f"{text!r} names a day that no year has.",
            hint="Check the day of the month and the month.",
        )
    return cron


def _expanded(text: str) -> str:
    word = text.strip().lower()
    if not word.startswith("@"):
        return text
    if word not in PRESETS:
        raise CronError(
            f"There is no preset {text.strip()!r}.", hint=f"Say one of: {', '.join(PRESETS)}."
        )
    return PRESETS[word]


def _is_any(field: str) -> bool:
    return field in ("*", "?", "*/1", "?/1")


def _without_last(field: str) -> tuple[str, bool]:
    """The items of a day of the month but ``l``, and whether that was among them."""
    items = field.split(",")
    return ",".join(item for item in items if item != "l"), "l" in items


def _without_nth(field: str, text: str) -> tuple[str, frozenset[tuple[int, int]]]:
    """The items of a day of the week but those like ``fri#2``, and these."""
    plain, nth = [], set()
    for item in field.split(","):
        name, hash_, number = item.partition("#")
        if not hash_:
            plain.append(item)
        elif number in ("1", "2", "3", "4", "5"):
            nth.add((_number(name, _WEEKDAY, text) % 7, int(number)))
        else:
            raise _wrong(item, _WEEKDAY, text)
    return ",".join(plain), frozenset(nth)


def _numbers(field: str, kind: _Field, text: str) -> frozenset[int]:
    found: set[int] = set()
    for item in field.split(","):
        match = re.fullmatch(r"([*?]|\w+(?:-\w+)?)(?:/(\d+))?", item)
        if match is None:
            raise _wrong(item, kind, text)
        span, step = match[1], int(match[2] or 1)
        if step == 0:
            raise _wrong(item, kind, text)
        found.update(_span(span, kind, text, open_end=bool(match[2]))[::step])
    return frozenset(found)


def _span(span: str, kind: _Field, text: str, *, open_end: bool) -> list[int]:
    """The numbers of ``*``, ``a`` or ``a-b``; ``a`` with a step goes on to the end, as ``5/15`` does."""
    # The day of the week has one number too many, a second one for Sunday.
    highest = 6 if kind is _WEEKDAY else kind.highest
    if span in "*?":
        return list(range(kind.lowest, highest + 1))
    first, _, last = span.partition("-")
    low = _number(first, kind, text)
    if not last:
        return list(range(low, highest + 1)) or [low] if open_end else [low]
    high = _number(last, kind, text)
    if low <= high:
        return list(range(low, high + 1))
    return [*range(low, highest + 1), *range(kind.lowest, high + 1)]


def _number(word: str, kind: _Field, text: str) -> int:
    number = kind.names.get(word)
    if number is None and word.isascii() and word.isdigit() and len(word) <= 4:
        number = int(word)
    if number is None or not kind.lowest <= number <= kind.highest:
        raise _wrong(word, kind, text)
    return number


def _wrong(item: str, kind: _Field, text: str) -> CronError:
    return CronError(f"{item!r} is no {kind.name} in the cron expression {text!r}.", hint=kind.hint)


@lru_cache(maxsize=16)
def _month(year: int, month: int) -> list[date]:
    return [date(year, month, day) for day in range(1, monthrange(year, month)[1] + 1)]
