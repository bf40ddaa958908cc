"""What cron expressions name: a table, and Airflow's library where it reads them as cron does."""

from __future__ import annotations

from datetime import date, datetime, timezone
from itertools import islice

import pytest
from croniter import croniter
from hypothesis import given, settings
from hypothesis import strategies as st
from syrupy.assertion import SnapshotAssertion

from jupyter_dagflow.core.calendar.cron import PRESETS, CronError, parse_cron
from jupyter_dagflow.core.calendar.fire_times import CronTimes, upcoming

DECEMBER_2024 = [date(2024, 12, day) for day in range(1, 32)]  # the first is a Sunday

DAYS = {
    "0 0 * * *": list(range(1, 32)),
    "0 0 13 * 5": [6, 13, 20, 27],
    "0 0 1,15 * *": [1, 15],
    "0 0 */10 * *": [1, 11, 21, 31],
    "0 0 * * 0": [1, 8, 15, 22, 29],
    "0 0 * * 7": [1, 8, 15, 22, 29],
    "0 0 * * SUN": [1, 8, 15, 22, 29],
    "0 0 * * 5-7": [1, 6, 7, 8, 13, 14, 15, 20, 21, 22, 27, 28, 29],
    "0 0 * * fri-mon/3": [2, 6, 9, 13, 16, 20, 23, 27, 30],
    "0 0 * * 2#2": [10],
    "0 0 L * *": [31],
    "0 0 L,2 * *": [2, 31],
    "0 0 L * 1#1": [2, 31],
    "0 0 1 jan,dec ?": [1],
    "0 0 1 nov-jan *": [1],
    "0 0 1 jun *": [],
    "@weekly": [1, 8, 15, 22, 29],
}


@pytest.mark.parametrize("text", DAYS)
def test_days(text: str) -> None:
    cron = parse_cron(text)
    days = [day for day in DECEMBER_2024 if day in cron]
    assert [day.day for day in days] == DAYS[text]
    assert list(islice(cron.days_from(DECEMBER_2024[0]), len(days))) == days
    assert list(islice(cron.days_until(DECEMBER_2024[-1]), len(days))) == days[::-1]


MINUTES = {
    "0 0 * * *": [0],
    "30 6 * * *": [390],
    "*/20 1 * * *": [60, 80, 100],
    "5/30 1 * * *": [65, 95],
    "0 22-1 * * *": [0, 60, 1320, 1380],
    "1,1,0 0 * * *": [0, 1],
    "50-59/3 23 * * *": [1430, 1433, 1436, 1439],
}


@pytest.mark.parametrize("text", MINUTES)
def test_minutes(text: str) -> None:
    assert list(parse_cron(text).minutes) == MINUTES[text]


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_are_what_the_same_expression_is(preset: str) -> None:
    cron, same = parse_cron(preset), parse_cron(PRESETS[preset])
    assert (cron.minutes, cron.days, cron.months, cron.weekdays) == (
        same.minutes,
        same.days,
        same.months,
        same.weekdays,
    )


WRONG = [
    "",
    "* * * *",
    "0 0 6 * * 1-5",
    "60 * * * *",
    "* 24 * * *",
    "* * 0 * *",
    "* * * 13 *",
    "* * * * 8",
    "*/0 * * * *",
    "1- * * * *",
    "-1 * * * *",
    "a * * * *",
    "1,, * * * *",
    "* * * * mon#6",
    "* * * foo *",
    "٣ * * * *",
    "0 0 30 2 *",
    "0 0 31 4,6 *",
    "@dayly",
    "@reboot",
]


def test_what_is_wrong_is_said_with_what_would_be_right(snapshot: SnapshotAssertion) -> None:
    said = []
    for text in WRONG:
        with pytest.raises(CronError) as error:
            parse_cron(text)
        said.append(str(error.value))
    assert "\n".join(said) == snapshot


@given(st.text(max_size=20) | st.text("0123456789*/,-?lL#@ abc", max_size=30))
def test_any_text_is_an_expression_or_an_error_of_ours(text: str) -> None:
    try:
        cron = parse_cron(text)
    except CronError:
        return
    assert cron.minutes


def fields(lowest: int, highest: int) -> st.SearchStrategy[str]:
    numbers = st.integers(lowest, highest)
    ranges = st.lists(numbers, min_size=2, max_size=2, unique=True).map(sorted)
    items = (
        numbers.map(str)
        | ranges.map(lambda r: f"{r[0]}-{r[1]}")
        | st.builds(lambda r, step: f"{r[0]}-{r[1]}/{step}", ranges, st.integers(1, 6))
    )
    lists = st.lists(items, min_size=1, max_size=3).map(",".join)
    return st.just("*") | st.integers(2, max(highest // 2, 2)).map("*/{}".format) | lists


EXPRESSIONS = st.tuples(
    fields(0, 59), fields(0, 23), fields(1, 31), fields(1, 12), fields(0, 6)
).map(" ".join)
INSTANTS = st.integers(0, 68 * 365 * 86_400).map(
    lambda s: datetime.fromtimestamp(s, timezone.utc)
)  # 1970 to 2037


@given(text=EXPRESSIONS, start=INSTANTS)
@settings(max_examples=200, deadline=None)
def test_fires_when_airflows_library_does(text: str, start: datetime) -> None:
    weekday = text.split()[4]
    if "*" not in weekday and len(parse_cron(f"0 0 * * {weekday}").weekdays) == 7:
        text = " ".join([*text.split()[:4], "*"])  # to that library all days are *, not any day
    try:
        times = CronTimes((parse_cron(text),), timezone.utc)
    except CronError:  # a 31st of February
        with pytest.raises(Exception, match="failed to find"):
            croniter(text, start).get_next(datetime)
        return
    theirs = croniter(text, start)
    assert upcoming(times, start, 5) == [theirs.get_next(datetime) for _ in range(5)]
    back, theirs = start, croniter(text, start)
    for _ in range(3):
        earlier = times.before(back)
        assert earlier == theirs.get_prev(datetime)
        assert earlier is not None
        back = earlier


AS_CRON_DOES = {
    "0 0 */1 * 3": "2024-01-03",  # every first day of the month is any day
    "0 0 1-1 * *": "2024-02-01",  # from the first to the first is the first
}


@pytest.mark.parametrize("text", AS_CRON_DOES)
def test_where_airflows_library_differs_we_do_as_cron(text: str) -> None:
    start = datetime(2024, 1, 1, tzinfo=timezone.utc)
    (ours,) = upcoming(CronTimes((parse_cron(text),), timezone.utc), start, 1)
    assert str(ours.date()) == AS_CRON_DOES[text]
    assert croniter(text, start).get_next(datetime) != ours
