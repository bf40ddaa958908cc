"""Which runs of a schedule are kept: its law as a property."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from jupyter_dagflow.core.calendar.intervals import DataInterval
from jupyter_dagflow.core.fires import Fire, FireKind, standing_of
from jupyter_dagflow.core.model import RunId
from jupyter_dagflow.core.retention import not_kept
from jupyter_dagflow.core.schedule_definition import Schedule
from jupyter_dagflow.core.schedules import Policy, Standing
from jupyter_dagflow.core.states import RunState

START = datetime(2024, 1, 1, tzinfo=timezone.utc)
HOUR = timedelta(hours=1)
NOW = START + 50 * HOUR


def fire(number: int, kind: FireKind) -> Fire:
    at = START + number * HOUR
    return Fire(
        interval=DataInterval(at - HOUR, at), run_id=RunId(str(number)), recorded_at=at, kind=kind
    )


def standing_of_those(found: list[tuple[Fire, RunState]], *, but: Collection[RunId]) -> Standing:
    """How the schedule stands once some of its runs are deleted."""
    states = {each.run_id: state for each, state in found if each.run_id not in but}
    return standing_of([replace(each, waits=False) for each, _ in found], states)


@given(
    runs=st.lists(st.tuples(st.sampled_from(FireKind), st.sampled_from(RunState)), max_size=40),
    keep_runs=st.none() | st.integers(1, 10),
    keep_h=st.none() | st.integers(1, 60),
    pause_after=st.none() | st.integers(1, 5),
    untaken=st.sets(st.integers(0, 39)),
)
def test_what_goes_is_too_old_or_too_many_and_is_not_needed(
    runs: list[tuple[FireKind, RunState]],
    keep_runs: int | None,
    keep_h: int | None,
    pause_after: int | None,
    untaken: set[int],
) -> None:
    found = [(fire(n, kind), state) for n, (kind, state) in enumerate(runs)]
    schedule = Schedule(
        name="s",
        notebook="n",
        start=START,
        keep_runs=keep_runs,
        keep_for_s=None if keep_h is None else keep_h * 3600.0,
        policy=Policy(pause_after=pause_after),
    )
    left = {fire(number, FireKind.SCHEDULED).interval for number in untaken}
    gone = not_kept(schedule, found, untaken=left, now=NOW)
    assert gone == sorted(gone, key=int)
    by_id = {each.run_id: (each, state) for each, state in found}
    kinds: list[set[FireKind]] = [set(FireKind), {FireKind.SCHEDULED}]
    for some in kinds:
        successes = [f.run_id for f, s in found if s is RunState.SUCCESS and f.kind in some]
        assert not set(successes[-1:]) & set(gone)
    before, after = (standing_of_those(found, but=but) for but in ((), gone))
    assert after.past is before.past
    assert after.active == before.active
    if pause_after is not None:
        assert min(after.failures, pause_after) == min(before.failures, pause_after)
    for run_id in gone:
        each, state = by_id[run_id]
        assert state.is_final
        assert state is not RunState.SUCCESS or each.interval not in left
        newer = sum(other.recorded_at > each.recorded_at for other, _ in found)
        old = keep_h is not None and NOW - each.recorded_at > keep_h * HOUR
        assert old or (keep_runs is not None and newer >= keep_runs)
    if keep_runs is not None:
        needed = 3 + len(left) + (pause_after or 0) + sum(not state.is_final for _, state in found)
        assert len(found) - len(gone) <= keep_runs + needed


def test_runs_of_a_backfill_that_goes_on_are_kept() -> None:
    found = [
        (replace(fire(n, FireKind.BACKFILL), backfill=n % 2), RunState.FAILED) for n in range(6)
    ]
    schedule = Schedule(name="s", notebook="n", start=START, keep_runs=1)
    assert not_kept(schedule, found, going_back={1}, now=NOW) == ["0", "2", "4"]
    assert not_kept(schedule, found, now=NOW) == ["0", "1", "2", "3", "4"]
