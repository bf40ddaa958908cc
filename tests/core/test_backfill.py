"""Which intervals a backfill runs: each way to reprocess as a table, and its law as a property."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from syrupy.assertion import SnapshotAssertion

from jupyter_dagflow.core.backfill import (
    Advance,
    Backfill,
    Reprocess,
    advance,
    check_backfill,
    choices,
    shares,
)
from jupyter_dagflow.core.calendar.fire_times import EveryTimes, NoTimes, OneTime
from jupyter_dagflow.core.calendar.intervals import DataInterval, Timetable
from jupyter_dagflow.core.errors import OptionError
from jupyter_dagflow.core.schedules import Policy
from jupyter_dagflow.core.states import RunState

START = datetime(2024, 1, 1, tzinfo=timezone.utc)
DAY = timedelta(days=1)
DAILY = Timetable(times=EveryTimes(DAY, START), start=START + 3 * DAY)
ONCE = Timetable(times=OneTime(START), start=START)
NEVER = Timetable(times=NoTimes(), start=START)
PAST = Policy(depends_on_past=True)

# how to reprocess -> the states whose intervals run again
AGAIN = [
    (Reprocess.NONE, set()),
    (Reprocess.FAILED, {RunState.FAILED, RunState.CANCELLED}),
    (Reprocess.ALL, {RunState.FAILED, RunState.CANCELLED, RunState.SUCCESS}),
]


@pytest.mark.parametrize(("reprocess", "again"), AGAIN)
def test_what_runs_again(reprocess: Reprocess, again: set[RunState]) -> None:
    states = {START + n * DAY: state for n, state in enumerate(RunState)}
    asked = Backfill(start=START, end=START + len(RunState) * DAY, reprocess=reprocess)
    found = choices(asked, DAILY, states, now=START + 30 * DAY)
    assert [each.state for each in found] == [*RunState, None]
    assert {each.state for each in found if each.runs} == {*again, None}


def test_each_way_to_reprocess_has_a_row() -> None:
    assert [reprocess for reprocess, _ in AGAIN] == list(Reprocess)


@given(
    first=st.integers(0, 20),
    count=st.integers(0, 20),
    now=st.floats(-1, 50),
    reverse=st.booleans(),
)
def test_each_interval_that_has_ended_is_there_once_in_order(
    first: int, count: int, now: float, reverse: bool
) -> None:
    asked = Backfill(start=START + first * DAY, end=START + (first + count) * DAY, reverse=reverse)
    found = choices(asked, DAILY, {}, now=START + now * DAY)
    days = [n for n in range(first, first + count + 1) if n + 1 <= now]
    assert [(each.interval.start - START) // DAY for each in found] == (
        days[::-1] if reverse else days
    )
    assert all(each.runs for each in found)


def test_one_day_in_reverse_or_after_the_past_may_be_asked_for() -> None:
    check_backfill(Backfill(start=START, end=START, reverse=True), DAILY, Policy())
    check_backfill(Backfill(start=START, end=START), DAILY, PAST)


def test_more_than_can_be_looked_at_at_once_are_refused() -> None:
    each_second = Timetable(times=EveryTimes(timedelta(seconds=1), START), start=START)
    asked = Backfill(start=START, end=START + 2 * DAY)
    with pytest.raises(OptionError, match="more than 100,000 intervals"):
        choices(asked, each_second, {}, now=START + 30 * DAY)


def test_what_cannot_be_is_said_with_what_to_do(snapshot: SnapshotAssertion) -> None:
    said = []
    for asked, table, policy in (
        (Backfill(start=START, end=START), ONCE, Policy()),
        (Backfill(start=START, end=START), NEVER, Policy()),
        (Backfill(start=START, end=START - DAY), DAILY, Policy()),
        (Backfill(start=START, end=START, reverse=True), DAILY, PAST),
        (Backfill(start=START, end=START, max_active_runs=0), DAILY, Policy()),
    ):
        with pytest.raises(OptionError) as caught:
            check_backfill(asked, table, policy)
        said.append(str(caught.value))
    assert "\n".join(said) == snapshot


@given(
    wanted=st.none() | st.integers(1, 50),
    jobs=st.integers(1, 50),
    slots=st.lists(st.integers(1, 50), max_size=3),
)
def test_runs_at_once_keep_to_the_tasks_and_pools_there_are(
    wanted: int | None, jobs: int, slots: list[int]
) -> None:
    runs, each = shares(wanted, jobs, slots)
    assert runs >= 1 <= each
    assert runs <= (wanted or jobs)
    assert runs * each <= jobs
    assert all(runs * each <= size for size in slots)


def day(n: int) -> DataInterval:
    return DataInterval(START + n * DAY, START + (n + 1) * DAY)


@given(
    days=st.sets(st.integers(0, 30)), most=st.integers(1, 5), takes=st.data(), reverse=st.booleans()
)
def test_each_interval_begins_once_in_order_and_never_too_many_at_once(
    days: set[int], most: int, takes: st.DataObject, reverse: bool
) -> None:
    asked = Backfill(start=START, end=START, reverse=reverse, max_active_runs=most)
    waiting, active, begun = [day(n) for n in days], 0, list[DataInterval]()
    while waiting or active:
        step = advance(asked, waiting, active, depends_on_past=False, past=None)
        begun += step.begin
        waiting = [each for each in waiting if each not in step.begin]
        active += len(step.begin)
        assert active <= most
        active -= takes.draw(st.integers(1, active), label="end now")
    assert begun == [day(n) for n in sorted(days, reverse=reverse)]


@pytest.mark.parametrize(
    ("past", "expected"),
    [
        (None, Advance(begin=(day(3),))),
        (RunState.QUEUED, Advance()),
        (RunState.RUNNING, Advance()),
        (RunState.SUCCESS, Advance(begin=(day(3),))),
        (RunState.FAILED, Advance(dropped=True)),
        (RunState.CANCELLED, Advance(dropped=True)),
    ],
)
def test_one_that_depends_on_its_past_waits_for_its_success(
    past: RunState | None, expected: Advance
) -> None:
    asked = Backfill(start=START, end=START, max_active_runs=4)
    assert advance(asked, [day(4), day(3)], 0, depends_on_past=True, past=past) == expected
