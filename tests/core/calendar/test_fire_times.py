"""Fire times where clocks are set, as tables and as properties over zones, years and expressions."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta, timezone
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_dagflow.core.calendar.cron import parse_cron
from jupyter_dagflow.core.calendar.fire_times import (
    CronTimes,
    EveryTimes,
    FireTimes,
    OneTime,
    at_or_after,
    at_or_before,
    upcoming,
)
from jupyter_dagflow.core.calendar.local_time import UTC, Fold
from tests.core.calendar.test_cron import EXPRESSIONS, INSTANTS

ZONES = [
    "UTC",
    "America/New_York",
    "Europe/Berlin",
    "America/Santiago",  # skips midnight
    "Australia/Lord_Howe",  # sets its clocks by half an hour
    "Asia/Kolkata",
    "Africa/Casablanca",  # four times in some years
    "Pacific/Apia",  # went without a day in 2011
    "America/Sao_Paulo",
    "Asia/Tehran",
]


def cron_times(text: str, zone: str, fold: Fold = Fold.SECOND) -> CronTimes:
    return CronTimes((parse_cron(text),), ZoneInfo(zone), fold)


def local(times: CronTimes, day: str, count: int) -> list[str]:
    """What clocks show, with their offset, at the first fire times from a day's begin on."""
    midnight = datetime.fromisoformat(day).replace(tzinfo=times.zone)
    found = upcoming(times, midnight.astimezone(UTC) - timedelta(microseconds=1), count)
    return [f"{each.astimezone(times.zone):%d %H:%M%z}" for each in found]


CLOCKS_ARE_SET = {
    ("30 2 * * *", "America/New_York", "2024-03-09"): [
        "09 02:30-0500",
        "10 03:30-0400",
        "11 02:30-0400",
    ],
    ("30 1 * * *", "America/New_York", "2024-11-02"): [
        "02 01:30-0400",
        "03 01:30-0500",
        "04 01:30-0500",
    ],
    ("0 0 * * *", "America/New_York", "2024-03-09"): [
        "09 00:00-0500",
        "10 00:00-0500",
        "11 00:00-0400",
    ],
    ("0 * * * *", "America/New_York", "2024-03-10"): [
        "10 00:00-0500",
        "10 01:00-0500",
        "10 03:00-0400",
    ],
    ("0 * * * *", "America/New_York", "2024-11-03"): [
        "03 00:00-0400",
        "03 01:00-0400",
        "03 01:00-0500",
    ],
    ("0 */2 * * *", "Europe/Berlin", "2024-10-27"): [
        "27 00:00+0200",
        "27 02:00+0200",
        "27 02:00+0100",
    ],
    ("0 2,3 * * *", "America/New_York", "2024-03-10"): [
        "10 03:00-0400",
        "11 02:00-0400",
        "11 03:00-0400",
    ],
    ("0 0 * * *", "America/Santiago", "2024-09-07"): [
        "07 00:00-0400",
        "08 01:00-0300",
        "09 00:00-0300",
    ],
    ("30 23 * * *", "America/Santiago", "2024-04-06"): [
        "06 23:30-0400",
        "07 23:30-0400",
        "08 23:30-0400",
    ],
    ("15 2 * * *", "Australia/Lord_Howe", "2024-10-05"): [
        "05 02:15+1030",
        "06 02:45+1100",
        "07 02:15+1100",
    ],
    ("45 1 * * *", "Australia/Lord_Howe", "2024-04-06"): [
        "06 01:45+1100",
        "07 01:45+1030",
        "08 01:45+1030",
    ],
    ("0 12 * * *", "Pacific/Apia", "2011-12-29"): [
        "29 12:00-1000",
        "31 12:00+1400",
        "01 12:00+1400",
    ],
    ("30 5 * * *", "Asia/Kolkata", "2024-03-30"): [
        "30 05:30+0530",
        "31 05:30+0530",
        "01 05:30+0530",
    ],
}


@pytest.mark.parametrize(("text", "zone", "day"), CLOCKS_ARE_SET)
def test_where_clocks_are_set(text: str, zone: str, day: str) -> None:
    assert local(cron_times(text, zone), day, 3) == CLOCKS_ARE_SET[text, zone, day]


def test_the_first_of_two_equal_times_if_asked_for() -> None:
    times = cron_times("30 1 * * *", "America/New_York", Fold.FIRST)
    assert local(times, "2024-11-03", 2) == ["03 01:30-0400", "04 01:30-0500"]


@given(text=EXPRESSIONS, zone=st.sampled_from(ZONES), start=INSTANTS, fold=st.sampled_from(Fold))
@settings(max_examples=200, deadline=None)
def test_fire_times_grow_and_are_the_same_forward_and_backward(
    text: str, zone: str, start: datetime, fold: Fold
) -> None:
    times = each_day(text, zone, fold)
    found = upcoming(times, start, 20)
    assert all(start < one < other for one, other in pairwise(found))
    assert all(times.before(other) == one for one, other in pairwise(found))
    assert all(at_or_after(times, each) == each == at_or_before(times, each) for each in found)
    between = found[0] + (found[1] - found[0]) / 2
    assert (times.before(between), times.after(between)) == (found[0], found[1])


def each_day(text: str, zone: str, fold: Fold) -> CronTimes:
    """The expression without its days and months, so that it fires each day."""
    return cron_times(" ".join([*text.split()[:2], "*", "*", "*"]), zone, fold)


@given(
    hour=st.integers(0, 23),
    minute=st.integers(0, 59),
    zone=st.sampled_from(ZONES),
    year=st.integers(1970, 2037),
    fold=st.sampled_from(Fold),
)
@settings(max_examples=60, deadline=None)
def test_a_time_of_the_day_comes_once_on_each_local_day(
    hour: int, minute: int, zone: str, year: int, fold: Fold
) -> None:
    times = cron_times(f"{minute} {hour} * * *", zone, fold)
    begin = datetime(year, 1, 2, tzinfo=times.zone).astimezone(UTC)
    end = datetime(year, 12, 31, tzinfo=times.zone).astimezone(UTC)
    days: Counter[date] = Counter()
    following = at_or_after(times, begin)
    while following is not None and following < end:
        shown = following.astimezone(times.zone)
        # Late only where clocks skipped it, and then by what they skipped.
        late = shown.replace(tzinfo=None) - datetime.combine(
            shown.date(), datetime.min.time()
        ).replace(hour=hour, minute=minute)
        assert (
            late == timedelta()
            or late == shown.utcoffset() - (following - late).astimezone(times.zone).utcoffset()
        )
        days[shown.date()] += 1
        following = times.after(following)
    exist = {
        (begin + timedelta(hours=n)).astimezone(times.zone).date()
        for n in range(int((end - begin) / timedelta(hours=1)))
    }
    assert days == Counter(exist)


@given(minute=st.integers(0, 59), zone=st.sampled_from(ZONES), start=INSTANTS)
@settings(max_examples=60, deadline=None)
def test_each_hour_that_passes_has_its_fire(minute: int, zone: str, start: datetime) -> None:
    times = cron_times(f"{minute} * * * *", zone)
    found = upcoming(times, start, 24 * 40)
    shown = [each.astimezone(times.zone) for each in found]
    assert {each.minute for each in shown} == {minute}
    lengths = {other - one for one, other in pairwise(found)}
    assert lengths <= {timedelta(minutes=30 * n) for n in (1, 2, 3)}
    for one, other in pairwise(shown):
        if one.utcoffset() == other.utcoffset():
            assert other.astimezone(UTC) - one.astimezone(UTC) == timedelta(hours=1)


def test_several_expressions_are_one_row_of_fire_times() -> None:
    crons = tuple(map(parse_cron, ("0 12 * * *", "0 6 * * mon", "0 12 1 * *")))
    times = CronTimes(crons, ZoneInfo("UTC"))
    assert local(times, "2024-01-01", 4) == [
        "01 06:00+0000",
        "01 12:00+0000",
        "02 12:00+0000",
        "03 12:00+0000",
    ]
    assert times.before(datetime(2024, 1, 1, 12, tzinfo=UTC)) == datetime(2024, 1, 1, 6, tzinfo=UTC)


@given(
    every=st.timedeltas(timedelta(seconds=1), timedelta(days=400)),
    anchor=INSTANTS,
    instant=INSTANTS,
)
def test_every_so_often_from_an_anchor_on(
    every: timedelta, anchor: datetime, instant: datetime
) -> None:
    times = EveryTimes(every, anchor)
    earlier, later = times.before(instant), times.after(instant)
    assert earlier is not None
    assert later is not None
    assert earlier < instant < later <= instant + every
    assert (later - anchor) % every == (earlier - anchor) % every == timedelta()
    assert later - earlier == (2 * every if (instant - anchor) % every == timedelta() else every)


def test_one_date() -> None:
    at = datetime(2024, 1, 1, tzinfo=UTC)
    second = timedelta(seconds=1)
    times = OneTime(at)
    assert (times.after(at - second), times.after(at)) == (at, None)
    assert (times.before(at + second), times.before(at)) == (at, None)


@pytest.mark.parametrize(
    "times",
    [
        cron_times("0 0 * * *", "Asia/Tokyo"),
        EveryTimes(timedelta(days=1), datetime(2024, 1, 1, tzinfo=UTC)),
    ],
)
def test_the_calendar_has_two_ends(times: FireTimes) -> None:
    first = datetime(1, 1, 2, tzinfo=timezone.utc)
    last = datetime(9999, 12, 30, 12, tzinfo=timezone.utc)
    assert len(upcoming(times, last, 3)) < 3
    earlier = times.before(first)
    assert earlier is None or times.before(earlier) is None
