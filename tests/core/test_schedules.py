"""What schedules do: each policy as a table, and years of outages, pauses and slow runs as a property."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_dagflow.core.calendar.fire_times import EveryTimes, NoTimes
from jupyter_dagflow.core.calendar.intervals import DataInterval, Timetable
from jupyter_dagflow.core.model import RunId
from jupyter_dagflow.core.schedules import (
    ALWAYS,
    Action,
    Begin,
    Cancel,
    Decision,
    Miss,
    MissedReason,
    Overlap,
    Pause,
    Policy,
    Queue,
    Standing,
    decide,
    due_at,
)
from jupyter_dagflow.core.states import RunState

START = datetime(2024, 1, 1, tzinfo=timezone.utc)
HOUR = timedelta(hours=1)


def hour(n: int) -> DataInterval:
    return DataInterval(START + n * HOUR, START + (n + 1) * HOUR)


def hourly(*, catchup: bool = False, end: datetime | None = None) -> Timetable:
    return Timetable(times=EveryTimes(HOUR, START), start=START, end=end, catchup=catchup)


def told(action: Action) -> str:
    if isinstance(action, Miss):
        return f"miss {told_of(action.first)}-{told_of(action.last)} ({action.count}) {action.reason.value}"
    if isinstance(action, Cancel | Pause):
        return (
            "cancel " + action.run_id if isinstance(action, Cancel) else f"pause {action.failures}"
        )
    return f"{type(action).__name__.lower()} {told_of(action.interval)}"


def told_of(interval: DataInterval) -> int:
    return int((interval.start - START) / HOUR)


A, B = RunId("a"), RunId("b")
SKIP, QUEUE, CANCEL = (Policy(overlap=overlap) for overlap in Overlap)
TWO = replace(QUEUE, max_active_runs=2)
PAST = replace(QUEUE, depends_on_past=True, max_active_runs=3)
FIRST = Standing(last=hour(0))

# policy, what is recorded, hours since the start -> what is done
DECISIONS: list[tuple[Policy, Standing, float, list[str]]] = [
    (SKIP, Standing(), 0.5, []),
    (SKIP, Standing(), 1, ["queue 0", "begin 0"]),
    (SKIP, FIRST, 1.5, []),
    (SKIP, FIRST, 2.5, ["queue 1", "begin 1"]),
    (SKIP, FIRST, 6.5, ["miss 1-4 (4) down", "queue 5", "begin 5"]),
    (SKIP, replace(FIRST, active=(A,)), 2.5, ["miss 1-1 (1) overlap"]),
    (SKIP, replace(FIRST, active=(A,)), 4.5, ["miss 1-2 (2) down", "miss 3-3 (1) overlap"]),
    (QUEUE, replace(FIRST, active=(A,)), 2.5, ["queue 1"]),
    (QUEUE, replace(FIRST, waiting=(hour(1),), last=hour(1)), 2.5, ["begin 1"]),
    (TWO, replace(FIRST, active=(A,)), 2.5, ["queue 1", "begin 1"]),
    (TWO, replace(FIRST, active=(A, B)), 2.5, ["queue 1"]),
    (CANCEL, replace(FIRST, active=(A,)), 2.5, ["cancel a", "queue 1"]),
    (CANCEL, FIRST, 2.5, ["queue 1", "begin 1"]),
    (
        CANCEL,
        Standing(last=hour(1), waiting=(hour(1),), active=(A,)),
        3.5,
        ["miss 1-1 (1) replaced", "cancel a", "queue 2"],
    ),
    (replace(SKIP, misfire_s=600), FIRST, 2.1, ["queue 1", "begin 1"]),
    (replace(SKIP, misfire_s=600), FIRST, 2.2, ["miss 1-1 (1) late"]),
    (SKIP, replace(FIRST, paused=True), 9.5, []),
    (
        SKIP,
        replace(FIRST, resumed_at=START + 3.5 * HOUR),
        6.5,
        ["miss 1-2 (2) paused", "miss 3-4 (2) down", "queue 5", "begin 5"],
    ),
    (PAST, replace(FIRST, past=RunState.SUCCESS), 2.5, ["queue 1", "begin 1"]),
    (PAST, replace(FIRST, past=RunState.FAILED), 2.5, ["queue 1"]),
    (PAST, replace(FIRST, active=(A,)), 2.5, ["queue 1"]),
    (SKIP, replace(FIRST, backfilled=frozenset({hour(1).start})), 2.5, []),
    (
        SKIP,
        replace(FIRST, backfilled=frozenset({hour(2).start, hour(5).start})),
        7.5,
        ["miss 1-1 (1) down", "miss 3-4 (2) down", "queue 6", "begin 6"],
    ),
    (replace(SKIP, pause_after=3), replace(FIRST, failures=2), 2.5, ["queue 1", "begin 1"]),
    (replace(SKIP, pause_after=3), replace(FIRST, failures=3), 2.5, ["pause 3"]),
]


@pytest.mark.parametrize(("policy", "standing", "hours", "expected"), DECISIONS)
def test_decisions(policy: Policy, standing: Standing, hours: float, expected: list[str]) -> None:
    decision = decide(hourly(), policy, standing, name="s", now=START + hours * HOUR)
    assert [told(each) for each in decision.actions] == expected


CATCHING_UP: list[tuple[Policy, Standing, float, list[str]]] = [
    (SKIP, FIRST, 4.5, ["queue 1", "begin 1"]),
    (SKIP, replace(FIRST, active=(A,)), 4.5, []),
    (
        TWO,
        replace(FIRST, backfilled=frozenset({hour(1).start, hour(3).start})),
        6.5,
        ["queue 2", "queue 4", "begin 2", "begin 4"],
    ),
    (TWO, FIRST, 6.5, ["queue 1", "queue 2", "begin 1", "begin 2"]),
    (CANCEL, replace(FIRST, active=(A,)), 4.5, []),
    (replace(SKIP, misfire_s=3600), FIRST, 5.5, ["miss 1-3 (3) late", "queue 4", "begin 4"]),
]


@pytest.mark.parametrize(("policy", "standing", "hours", "expected"), CATCHING_UP)
def test_decisions_of_one_that_catches_up(
    policy: Policy, standing: Standing, hours: float, expected: list[str]
) -> None:
    decision = decide(hourly(catchup=True), policy, standing, name="s", now=START + hours * HOUR)
    assert [told(each) for each in decision.actions] == expected


def test_when_to_ask_again() -> None:
    now = START + 2.5 * HOUR
    assert decide(hourly(), SKIP, FIRST, name="s", now=now).wake_at == START + 3 * HOUR
    ended = hourly(end=START)
    assert decide(ended, SKIP, FIRST, name="s", now=now).wake_at is None
    paused = replace(FIRST, paused=True)
    assert decide(hourly(), SKIP, paused, name="s", now=now).wake_at is None
    busy = replace(FIRST, active=(A,))
    assert decide(hourly(catchup=True), SKIP, busy, name="s", now=now).wake_at == START + 2 * HOUR


def test_jitter_is_always_the_same_for_a_fire() -> None:
    policy = Policy(jitter_s=60)
    late = {due_at(hour(n), policy, "s") - hour(n).end for n in range(50)}
    assert late == {due_at(hour(n), policy, "s") - hour(n).end for n in range(50)}
    assert len(late) == 50
    assert all(timedelta() <= each < timedelta(minutes=1) for each in late)


def test_jitter_of_more_than_a_period_misses_nothing() -> None:
    policy, standing, now = replace(TWO, jitter_s=7200, max_active_runs=9), FIRST, START + HOUR
    done: list[Action] = []
    for _ in range(400):
        now += timedelta(minutes=10)
        actions = decide(hourly(), policy, standing, name="s", now=now).actions
        done += actions
        queued = [each.interval for each in actions if isinstance(each, Queue)]
        standing = replace(standing, last=queued[-1] if queued else standing.last)
    begun = [each.interval for each in done if isinstance(each, Begin)]
    assert begun == [hour(n + 1) for n in range(len(begun))]
    assert len(begun) >= 60
    assert not [each for each in done if isinstance(each, Miss)]


@pytest.mark.parametrize(("policy", "catchup"), [(Policy(misfire_s=3600), True), (Policy(), False)])
def test_a_long_outage_of_a_fast_schedule_is_decided_in_steps(
    policy: Policy, catchup: bool
) -> None:
    now = START + 2500.5 * HOUR
    standing, steps = Standing(), []
    for _ in range(3):
        decision = decide(hourly(catchup=catchup), policy, standing, name="s", now=now)
        (miss, *_) = decision.actions
        assert isinstance(miss, Miss)
        standing = replace(standing, last=miss.last)
        steps.append((miss.count, decision.wake_at == now))
    assert steps[:2] == [(1000, True), (1000, True)]
    assert steps[2][1] is False
    assert standing.last == hour(2498)  # but for the newest, which is not too late


def test_what_has_succeeded_upstream_waits_and_begins_and_is_asked_for_again_at_once() -> None:
    table = Timetable(times=NoTimes(), start=START)
    standing = replace(FIRST, succeeded=(hour(3), hour(1)), active=(A,))
    decision = decide(table, TWO, standing, name="s", now=START + 9 * HOUR)
    assert [told(each) for each in decision.actions] == ["queue 3", "queue 1", "begin 3"]
    assert decision.wake_at == ALWAYS
    assert decide(table, TWO, FIRST, name="s", now=START) == Decision(actions=(), wake_at=ALWAYS)


@pytest.mark.parametrize("catchup", [False, True])
def test_a_long_backfill_of_what_was_due_is_passed_over(catchup: bool) -> None:
    backfilled = frozenset(hour(n).start for n in range(1, 5000))
    standing = replace(FIRST, backfilled=backfilled)
    now = START + 5000.5 * HOUR
    decision = decide(hourly(catchup=catchup), QUEUE, standing, name="s", now=now)
    assert (decision.actions, decision.wake_at) == ((), hour(5000).end)


@dataclass
class World:
    """What a service would record, and runs that end when they are told to."""

    table: Timetable
    policy: Policy
    standing: Standing = field(default_factory=Standing)
    decided: list[tuple[DataInterval, DataInterval]] = field(default_factory=list)
    begun: list[DataInterval] = field(default_factory=list)

    def ask(self, now: datetime) -> None:
        decision = decide(self.table, self.policy, self.standing, name="s", now=now)
        for action in decision.actions:
            self.obey(action, now)
        again = decide(self.table, self.policy, self.standing, name="s", now=now)
        # All that was due is decided; at most a run that was cancelled has made room.
        begun = [each for each in again.actions if isinstance(each, Begin)]
        assert list(again.actions) == begun
        assert not begun or any(isinstance(each, Cancel) for each in decision.actions)
        if again.wake_at is not None and again.wake_at <= now:  # the next waits for a run to end
            busy = len(self.standing.active) + len(self.standing.waiting)
            assert self.table.catchup
            assert busy >= self.policy.max_active_runs

    def obey(self, action: Action, now: datetime) -> None:
        standing = self.standing
        if isinstance(action, Miss) and action.reason is MissedReason.REPLACED:
            waiting = tuple(
                e
                for e in standing.waiting
                if not action.first.start <= e.start <= action.last.start
            )
            assert len(standing.waiting) - len(waiting) == action.count
            self.standing = replace(standing, waiting=waiting)
        elif isinstance(action, Miss):
            self.decided.append((action.first, action.last))
        elif isinstance(action, Queue):
            assert action.interval.end <= now
            self.decided.append((action.interval, action.interval))
            self.standing = replace(standing, waiting=(*standing.waiting, action.interval))
        elif isinstance(action, Begin):
            assert action.interval == standing.waiting[0]
            run_id = RunId(str(told_of(action.interval)))
            self.begun.append(action.interval)
            self.standing = replace(
                standing, waiting=standing.waiting[1:], active=(*standing.active, run_id)
            )
        elif isinstance(action, Cancel):
            self.end(action.run_id, RunState.CANCELLED)
        if not isinstance(action, Cancel | Pause | Begin) and self.decided:
            newest = max((last for _, last in self.decided), key=lambda each: each.start)
            self.standing = replace(self.standing, last=newest)

    def end(self, run_id: RunId, state: RunState) -> None:
        active = tuple(each for each in self.standing.active if each != run_id)
        failures = self.standing.failures + 1 if state is RunState.FAILED else 0
        self.standing = replace(self.standing, active=active, past=state, failures=failures)


EVENTS = st.sampled_from(["wait", "success", "failed", "pause", "resume", "sleep"])


@given(
    catchup=st.booleans(),
    policy=st.builds(
        Policy,
        overlap=st.sampled_from(Overlap),
        max_active_runs=st.integers(1, 3),
        misfire_s=st.none() | st.integers(0, 20_000),
        depends_on_past=st.booleans(),
    ),
    events=st.lists(st.tuples(EVENTS, st.integers(0, 200)), max_size=40),
)
def test_each_interval_is_decided_once_and_in_order_whatever_happens(
    catchup: bool, policy: Policy, events: list[tuple[str, int]]
) -> None:
    world = World(hourly(catchup=catchup), policy)
    now = START
    for event, minutes in events:
        now += timedelta(minutes=minutes * (10 if event == "sleep" else 1))
        if event in ("success", "failed") and world.standing.active:
            world.end(world.standing.active[0], RunState(event))
        elif event == "pause":
            world.standing = replace(world.standing, paused=True)
        elif event == "resume" and world.standing.paused:
            world.standing = replace(world.standing, paused=False, resumed_at=now)
        world.ask(now)
        assert len(world.standing.active) <= policy.max_active_runs
    assert not world.decided or world.decided[0][0] == hour(0)
    assert all(one[1].end == other[0].start for one, other in pairwise(world.decided))
    assert world.begun == sorted(set(world.begun), key=lambda each: each.start)
