"""Data intervals as Airflow gives them, as a table, and what follows from their law."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from itertools import islice, pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_dagflow.core.calendar.cron import parse_cron
from jupyter_dagflow.core.calendar.fire_times import CronTimes, EveryTimes, OneTime
from jupyter_dagflow.core.calendar.intervals import DataInterval, Timetable
from jupyter_dagflow.core.calendar.local_time import UTC
from tests.core.calendar.test_cron import INSTANTS, fields
from tests.core.calendar.test_fire_times import ZONES

CASES = json.loads((Path(__file__).parent / "cases" / "intervals.json").read_text())["cases"]


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def timetable(case: dict[str, Any]) -> Timetable:
    return Timetable(
        times=CronTimes((parse_cron(case["cron"]),), ZoneInfo(case["tz"])),
        start=instant(case.get("start", "2024-01-01")),
        end=instant(case["end"]) if "end" in case else None,
        catchup=case.get("catchup", True),
    )


def due(table: Timetable, last: DataInterval | None, now: datetime) -> list[DataInterval]:
    found = []
    following = table.following(last, now)
    while following is not None and following.end <= now:
        found.append(following)
        following = table.following(following, now)
    return found


WITH_NOW = [case for case in CASES if "now" in case]


@pytest.mark.parametrize("case", WITH_NOW, ids=lambda case: str(case["id"]))
def test_intervals_that_are_due(case: dict[str, Any]) -> None:
    last = None
    if "last_interval_end" in case:
        end = instant(case["last_interval_end"])
        last = DataInterval(end - timedelta(days=1), end)
    found = due(timetable(case), last, instant(case["now"]))
    if "intervals" in case:
        assert found == [DataInterval(instant(a), instant(b)) for a, b in case["intervals"]]
    else:
        assert [f"{each.logical_date:%Y-%m-%d}" for each in found] == case["interval_starts"]


@pytest.mark.parametrize(
    "case",
    [c for c in CASES if "interval_starts" in c and "now" not in c],
    ids=lambda c: str(c["id"]),
)
def test_first_intervals(case: dict[str, Any]) -> None:
    table = timetable(case)
    expected = case["interval_starts"]
    found = islice(table.between(table.start, instant("2100-01-01")), len(expected))
    assert [f"{each.start:%Y-%m-%d}" for each in found] == expected


@pytest.mark.parametrize(
    "case", [c for c in CASES if "runs_on_local_day" in c], ids=lambda c: str(c["id"])
)
def test_runs_on_a_local_day(case: dict[str, Any]) -> None:
    zone = ZoneInfo(case["tz"])
    for day, expected in case["runs_on_local_day"].items():
        begin = datetime.fromisoformat(day).replace(tzinfo=zone)
        first, last = begin.astimezone(UTC), (begin + timedelta(days=1)).astimezone(UTC)
        found = timetable(case).between(first, last - timedelta(seconds=1))
        assert len(list(found)) == expected


def test_every_case_is_tested() -> None:
    assert all({"now", "interval_starts", "runs_on_local_day"} & set(case) for case in CASES)


@given(
    hours=fields(0, 23),
    zone=st.sampled_from(ZONES),
    start=INSTANTS,
    outage=st.timedeltas(timedelta(), timedelta(days=5)),
    looks=st.lists(st.timedeltas(timedelta(), timedelta(days=1)), max_size=10),
)
@settings(deadline=None)
def test_whenever_one_looks_each_interval_is_run_or_skipped_once_and_in_order(
    hours: str, zone: str, start: datetime, outage: timedelta, looks: list[timedelta]
) -> None:
    times = CronTimes((parse_cron(f"30 {hours} * * *"),), ZoneInfo(zone))
    table = Timetable(times=times, start=start)
    now, last, seen, run = start + outage, None, [], 0
    for look in looks:
        now += look
        following = table.following(last, now)
        if following is not None and following.end <= now:
            seen += [*table.skipped(last, following), following]
            last, run = following, run + 1
            after = table.following(last, now)
            assert after is None or after.end > now  # without catchup the newest alone is run
    assert all(one.end == other.start for one, other in pairwise(seen))
    assert seen == due(Timetable(times=times, start=start, catchup=True), None, now)[: len(seen)]


def test_an_interval_starts_where_a_changed_schedule_fires() -> None:
    start = instant("2024-01-01")
    table = Timetable(times=EveryTimes(timedelta(hours=6), start), start=start, catchup=True)
    last = DataInterval(instant("2024-01-01T08:00"), instant("2024-01-02T08:00"))  # was daily
    following = table.following(last, instant("2024-01-03"))
    assert following == DataInterval(instant("2024-01-02T06:00"), instant("2024-01-02T12:00"))


@pytest.mark.parametrize("catchup", [True, False])
def test_after_a_change_to_a_longer_period_what_has_run_is_not_run_again(catchup: bool) -> None:
    start = instant("2024-01-01")
    table = Timetable(times=EveryTimes(timedelta(days=1), start), start=start, catchup=catchup)
    last = DataInterval(instant("2024-01-02T14:00"), instant("2024-01-02T15:00"))  # was hourly
    rest = table.following(last, instant("2024-01-02T15:00"))
    assert rest == DataInterval(instant("2024-01-02T15:00"), instant("2024-01-03"))
    whole = table.following(rest, instant("2024-01-03"))
    assert whole == DataInterval(instant("2024-01-03"), instant("2024-01-04"))


def test_one_date_is_one_run_about_no_stretch_of_time() -> None:
    at = instant("2024-01-01T10:00")
    table = Timetable(times=OneTime(at), start=instant("2024-01-01"))
    only = table.following(None, at)
    assert only == DataInterval(at, at)
    assert table.following(only, at) is None
    assert not list(table.skipped(None, only))


def test_one_date_is_run_though_the_schedule_had_others_before() -> None:
    at = instant("2024-01-03T10:00")
    table = Timetable(times=OneTime(at), start=instant("2024-01-01"))
    last = DataInterval(instant("2024-01-01"), instant("2024-01-02"))
    assert table.following(last, at) == DataInterval(at, at)


def test_no_interval_begins_after_the_end() -> None:
    start = instant("2024-01-01")
    table = Timetable(
        times=EveryTimes(timedelta(days=1), start), start=start, end=start + timedelta(days=2)
    )
    last = DataInterval(start + timedelta(days=1), start + timedelta(days=2))
    assert table.following(last, start) == DataInterval(last.end, last.end + timedelta(days=1))
    assert table.following(DataInterval(last.end, last.end + timedelta(days=1)), start) is None
