"""How a schedule stands by what is recorded: as a table, and services that die anywhere as a property."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_dagflow.core.calendar.fire_times import EveryTimes
from jupyter_dagflow.core.calendar.intervals import DataInterval, Timetable
from jupyter_dagflow.core.fires import Fire, FireKind, standing_of
from jupyter_dagflow.core.model import RunId
from jupyter_dagflow.core.schedules import (
    Action,
    Begin,
    Cancel,
    Miss,
    MissedReason,
    Overlap,
    Policy,
    Queue,
    Standing,
    decide,
)
from jupyter_dagflow.core.states import RunState

START = datetime(2024, 1, 1, tzinfo=timezone.utc)
HOUR = timedelta(hours=1)
FAILED, SUCCESS = RunState.FAILED, RunState.SUCCESS
CANCELLED, RUNNING = RunState.CANCELLED, RunState.RUNNING


def hour(n: int) -> DataInterval:
    return DataInterval(START + n * HOUR, START + (n + 1) * HOUR)


def fire(n: int, **options: object) -> Fire:
    interval = hour(n)
    return Fire(interval=interval, run_id=RunId(str(n)), recorded_at=interval.end, **options)  # type: ignore[arg-type]


def standing(*states: RunState | None, resumed_at: datetime | None = None) -> Standing:
    """That of fires whose runs have these states, from the first hour on; None if the run is not there."""
    known = {RunId(str(n)): state for n, state in enumerate(states) if state is not None}
    # The order in which they are read must not matter.
    return standing_of(
        [fire(n, waits=states[n] is None) for n in reversed(range(len(states)))],
        known,
        resumed_at=resumed_at,
    )


STANDINGS = [
    ((), Standing()),
    ((None,), Standing(last=hour(0), waiting=(hour(0),))),
    ((SUCCESS,), Standing(last=hour(0), past=SUCCESS)),
    ((RUNNING, RUNNING), Standing(last=hour(1), active=(RunId("0"), RunId("1")))),
    ((RunState.QUEUED, None), Standing(last=hour(1), active=(RunId("0"),), waiting=(hour(1),))),
    (
        (FAILED, FAILED, RUNNING),
        Standing(last=hour(2), active=(RunId("2"),), past=FAILED, failures=2),
    ),
    ((FAILED, SUCCESS, FAILED), Standing(last=hour(2), past=FAILED, failures=1)),
    ((FAILED, CANCELLED), Standing(last=hour(1), past=CANCELLED, failures=1)),
]


@pytest.mark.parametrize(("states", "expected"), STANDINGS)
def test_standings(states: tuple[RunState | None, ...], expected: Standing) -> None:
    assert standing(*states) == expected


def test_failures_count_from_when_it_was_resumed() -> None:
    assert standing(FAILED, FAILED, FAILED, resumed_at=hour(1).end).failures == 1


def test_what_others_asked_for_and_what_waits_no_longer_do_not_count() -> None:
    fires = [fire(0, waits=False), fire(1, waits=False)]
    others = [fire(5, kind=kind) for kind in FireKind if kind is not FireKind.SCHEDULED]
    found = standing_of([*others, *fires], {RunId("0"): SUCCESS, RunId("5"): FAILED})
    assert found == Standing(last=hour(1), past=SUCCESS, backfilled=frozenset({hour(5).start}))


def test_what_is_missed_is_decided_too() -> None:
    begun = fire(0, waits=False)
    assert standing_of([begun], {RunId("0"): SUCCESS}, missed=hour(3)).last == hour(3)


class Ledger:
    """What is recorded of an hourly schedule, by services of which each may die after any run that it begins."""

    def __init__(self, policy: Policy, *, catchup: bool) -> None:
        self.policy = policy
        self.table = Timetable(times=EveryTimes(HOUR, START), start=START, catchup=catchup)
        self.fires: dict[DataInterval, Fire] = {}
        self.missed: list[DataInterval] = []
        self.states: dict[RunId, RunState] = {}

    def serve(self, now: datetime, lives: int) -> None:
        """One service decides, records all that it decided, and begins at most so many runs before it dies."""
        newest = max(self.missed, key=lambda each: each.start, default=None)
        standing = standing_of(self.fires.values(), self.states, missed=newest)
        decision = decide(self.table, self.policy, standing, name="hourly", now=now)
        for action in decision.actions:
            self.record(action, now)
        begun = [each.interval for each in decision.actions if isinstance(each, Begin)]
        for interval in begun[:lives]:
            fire = self.fires[interval]
            assert fire.waits
            self.fires[interval] = replace(fire, waits=False)
            self.states[fire.run_id] = RUNNING

    def record(self, action: Action, now: datetime) -> None:
        match action:
            case Queue(interval):
                assert interval not in self.fires
                run_id = RunId(f"{len(self.fires)}")
                self.fires[interval] = Fire(interval=interval, run_id=run_id, recorded_at=now)
            case Miss(first, last, count, reason):
                missed = [
                    DataInterval(first.start + n * HOUR, first.end + n * HOUR) for n in range(count)
                ]
                assert missed[-1] == last
                self.missed.extend(missed)
                for interval in missed if reason is MissedReason.REPLACED else []:
                    self.fires[interval] = replace(self.fires[interval], waits=False)
            case Cancel(run_id):
                self.states[run_id] = CANCELLED

    def end_runs(self, state: RunState) -> None:
        for run_id, before in self.states.items():
            self.states[run_id] = before if before.is_final else state


@given(
    steps=st.lists(
        st.tuples(st.integers(0, 4), st.integers(0, 2), st.sampled_from([None, FAILED, SUCCESS])),
        max_size=15,
    ),
    overlap=st.sampled_from(Overlap),
    most=st.integers(1, 3),
    catchup=st.booleans(),
)
def test_each_interval_is_one_run_or_missed_wherever_services_die(
    steps: list[tuple[int, int, RunState | None]], overlap: Overlap, most: int, catchup: bool
) -> None:
    ledger = Ledger(Policy(overlap=overlap, max_active_runs=most), catchup=catchup)
    now = START
    for hours, lives, ends in steps:
        now += hours * HOUR
        ledger.serve(now, lives)
        if ends is not None:
            ledger.end_runs(ends)
    due = int((now - START) / HOUR)
    for _ in range(due + 1):  # from here on none dies, and each run ends
        ledger.serve(now, due)
        ledger.end_runs(SUCCESS)
    with_run = [each for each, fire in ledger.fires.items() if fire.run_id in ledger.states]
    assert sorted([*with_run, *ledger.missed], key=lambda each: each.start) == [
        hour(n) for n in range(due)
    ]
