"""What a schedule is: each contradiction with its words, and that what is let pass can be decided on."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from syrupy.assertion import SnapshotAssertion

from jupyter_dagflow.core.calendar.cron import CronError
from jupyter_dagflow.core.calendar.fire_times import CronTimes, EveryTimes, OneTime
from jupyter_dagflow.core.calendar.intervals import DataInterval
from jupyter_dagflow.core.errors import OptionError
from jupyter_dagflow.core.schedule_definition import (
    Schedule,
    check_schedule,
    overlap_of,
    started_by,
)
from jupyter_dagflow.core.schedules import Begin, Overlap, Policy, Standing, decide
from tests.core.calendar.test_cron import INSTANTS

START = datetime(2024, 1, 1, tzinfo=timezone.utc)
DAY = timedelta(days=1)
QUEUE = Policy(overlap=Overlap.QUEUE)


def of(**options: object) -> Schedule:
    """A daily schedule but for these."""
    given = {"crons": ("@daily",), "start": START, **options}
    return Schedule(name="etl", notebook="etl.ipynb", **given)  # type: ignore[arg-type]


ALLOWED = [
    of(),
    of(crons=("0 6 * * *", "0 18 * * *"), zone="Europe/Berlin"),
    of(crons=(), every_s=1),
    of(crons=(), at=START),
    of(crons=(), at=START + DAY, end=START + DAY),
    of(end=START),
    of(catchup=True, policy=QUEUE),
    of(policy=Policy(overlap=Overlap.CANCEL, misfire_s=0, jitter_s=60, pause_after=1)),
    replace(of(), name="2024.sales_eu-west"),
]

REFUSED = [
    replace(of(), name=""),
    replace(of(), name="-n"),
    replace(of(), name="a b"),
    of(crons=()),
    of(every_s=60),
    of(every_s=60, at=START),
    of(crons=(), every_s=0),
    of(crons=(), every_s=float("nan")),
    of(crons=(), every_s=1e12),
    of(end=START - DAY),
    of(crons=(), at=START - DAY),
    of(crons=(), at=START + 2 * DAY, end=START + DAY),
    of(crons=(), at=START, catchup=True, policy=QUEUE),
    of(catchup=True),
    of(catchup=True, policy=Policy(overlap=Overlap.CANCEL)),
    of(catchup=True, policy=replace(QUEUE, misfire_s=60)),
    of(policy=Policy(max_active_runs=0)),
    of(policy=Policy(misfire_s=-1)),
    of(policy=Policy(jitter_s=-0.5)),
    of(policy=Policy(pause_after=0)),
]


@pytest.mark.parametrize("schedule", ALLOWED, ids=repr)
def test_what_makes_sense_is_let_pass(schedule: Schedule) -> None:
    check_schedule(schedule)


def test_what_contradicts_is_said_with_what_to_drop(snapshot: SnapshotAssertion) -> None:
    said = []
    for schedule in REFUSED:
        with pytest.raises(OptionError) as caught:
            check_schedule(schedule)
        said.append(str(caught.value))
    assert "\n".join(said) == snapshot


def test_each_expression_is_read() -> None:
    with pytest.raises(CronError, match="'61' is no minute"):
        check_schedule(of(crons=("@daily", "61 * * * *")))


def test_it_fires_by_what_it_was_given() -> None:
    zone = ZoneInfo("Europe/Berlin")
    daily = of(catchup=True, end=START + DAY).timetable(zone)
    assert isinstance(daily.times, CronTimes)
    assert (daily.times.zone, daily.start, daily.end) == (zone, START, START + DAY)
    assert daily.catchup
    assert of(crons=(), every_s=90).timetable(zone).times == EveryTimes(
        timedelta(seconds=90), START
    )
    assert of(crons=(), at=START).timetable(zone).times == OneTime(START)


@given(now=INSTANTS)
def test_one_that_says_no_start_runs_first_for_the_interval_under_way(now: datetime) -> None:
    daily = of().timetable(timezone.utc)
    table = replace(daily, start=started_by(daily.times, now))
    first = table.following(None, now)
    assert first is not None
    assert first.start <= now < first.end


def test_one_that_catches_up_queues_unless_it_says_otherwise() -> None:
    assert overlap_of(None, each=True) is Overlap.QUEUE
    assert overlap_of(None, each=False) is Overlap.SKIP
    assert {overlap_of(said, each=True) for said in Overlap} == set(Overlap)


TIMES = st.integers(-20_000, 5_000).map(lambda hours: START + hours * timedelta(hours=1))
CRONS = st.sampled_from(["@daily", "0 6 * * 1", "@monthly", "0 0 29 2 *"])
SAID = st.one_of(
    st.fixed_dictionaries({"crons": st.lists(CRONS, min_size=1, max_size=2).map(tuple)}),
    st.fixed_dictionaries({"every_s": st.floats(1, 1e9), "crons": st.just(())}),
    st.fixed_dictionaries({"at": TIMES, "crons": st.just(())}),
)
POLICIES = st.builds(
    Policy,
    overlap=st.sampled_from(Overlap),
    max_active_runs=st.integers(1, 3),
    misfire_s=st.none() | st.floats(0, 1e6),
    jitter_s=st.floats(0, 60),
    depends_on_past=st.booleans(),
)


@given(
    said=SAID, start=TIMES, end=st.none() | TIMES, catchup=st.booleans(), policy=POLICIES, now=TIMES
)
def test_whatever_is_let_pass_can_be_decided_on(
    said: dict[str, object],
    start: datetime,
    end: datetime | None,
    catchup: bool,
    policy: Policy,
    now: datetime,
) -> None:
    schedule = of(**said, start=start, end=end, catchup=catchup, policy=policy)
    try:
        check_schedule(schedule)
    except OptionError:
        return
    table = schedule.timetable(timezone.utc)
    decision = decide(table, schedule.policy, Standing(), name=schedule.name, now=now)
    begun = [each.interval for each in decision.actions if isinstance(each, Begin)]
    assert len(begun) <= schedule.policy.max_active_runs
    assert all(schedule.start <= each.start and each.end <= now for each in begun)
    assert schedule.at is None or set(begun) <= {DataInterval(schedule.at, schedule.at)}
