"""Which runs of a schedule are not kept any longer.

The law: a run goes if there are as many newer ones as are to be kept, or if it is too old; but none that goes on or is
of a backfill that does, never the last that succeeded, none that a schedule which follows has not taken, and none that
tells whether the schedule is to pause itself.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from itertools import takewhile

from jupyter_dagflow.core.calendar.intervals import DataInterval
from jupyter_dagflow.core.fires import Fire, FireKind
from jupyter_dagflow.core.model import RunId
from jupyter_dagflow.core.schedule_definition import Schedule
from jupyter_dagflow.core.states import RunState


def not_kept(
    schedule: Schedule,
    found: Sequence[tuple[Fire, RunState]],
    *,
    untaken: Collection[DataInterval] = (),
    going_back: Collection[int] = (),
    now: datetime,
) -> list[RunId]:
    """Of the runs of a schedule that there are, those that are to be deleted, oldest first.

    ``untaken`` are the intervals that schedules which follow it have yet to take, ``going_back`` are the backfills that
    go on.
    """
    if not schedule.prunes:
        return []
    newest_first = sorted(found, key=lambda each: each[0].recorded_at, reverse=True)
    kept = _needed(schedule, newest_first)
    gone = []
    for place, (fire, state) in enumerate(newest_first):
        many = schedule.keep_runs is not None and place >= schedule.keep_runs
        beyond = state.is_final and (many or _is_old(schedule, fire, now))
        awaited = fire.interval in untaken and state is RunState.SUCCESS
        if beyond and not awaited and fire.run_id not in kept and fire.backfill not in going_back:
            gone.append(fire.run_id)
    return gone[::-1]


def _is_old(schedule: Schedule, fire: Fire, now: datetime) -> bool:
    if schedule.keep_for_s is None:
        return False
    return fire.recorded_at < now - timedelta(seconds=schedule.keep_for_s)


def _needed(schedule: Schedule, newest_first: Sequence[tuple[Fire, RunState]]) -> set[RunId]:
    """The last success, whoever asked for it, and that of the schedule itself, and its last failures that count."""
    own = sorted(
        (each for each in newest_first if each[0].kind is FireKind.SCHEDULED and each[1].is_final),
        key=lambda each: each[0].interval.start,
        reverse=True,
    )
    failed = [
        each
        for each in takewhile(lambda each: each[1] is not RunState.SUCCESS, own)
        if each[1] is RunState.FAILED
    ]
    counted = failed[: schedule.policy.pause_after or 0]
    last = own[:1]  # it tells whether the next may begin
    kept = (_succeeded(newest_first)[:1], _succeeded(own)[:1], counted, last)
    return {fire.run_id for some in kept for fire, _ in some}


def _succeeded(found: Sequence[tuple[Fire, RunState]]) -> list[tuple[Fire, RunState]]:
    return [each for each in found if each[1] is RunState.SUCCESS]
