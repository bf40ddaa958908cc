"""Which runs of a schedule are not kept any longer.

The law: a run goes if there are as many newer ones as are to be kept, or if it is too old; but none that goes on, never
the last that succeeded, and none that tells whether the schedule is to pause itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from jupyter_dagflow.core.fires import Fire, FireKind
from jupyter_dagflow.core.model import RunId
from jupyter_dagflow.core.schedule_definition import Schedule
from jupyter_dagflow.core.states import RunState


def not_kept(
    schedule: Schedule, found: Sequence[tuple[Fire, RunState]], *, now: datetime
) -> list[RunId]:
    """Of the runs of a schedule that there are, those that are to be deleted, oldest first."""
    if not schedule.prunes:
        return []
    newest_first = sorted(found, key=lambda each: each[0].recorded_at, reverse=True)
    kept = _needed(schedule, newest_first)
    gone = []
    for place, (fire, state) in enumerate(newest_first):
        many = schedule.keep_runs is not None and place >= schedule.keep_runs
        if state.is_final and fire.run_id not in kept and (many or _is_old(schedule, fire, now)):
            gone.append(fire.run_id)
    return gone[::-1]


def _is_old(schedule: Schedule, fire: Fire, now: datetime) -> bool:
    if schedule.keep_for_s is None:
        return False
    return fire.recorded_at < now - timedelta(seconds=schedule.keep_for_s)


def _needed(schedule: Schedule, newest_first: Sequence[tuple[Fire, RunState]]) -> set[RunId]:
    """The last success, whoever asked for it, and that of the schedule itself, and its last failures that count."""
    own = sorted(
        (each for each in newest_first if each[0].kind is FireKind.SCHEDULED),
        key=lambda each: each[0].interval.start,
        reverse=True,
    )
    last = (_succeeded(newest_first)[:1], _succeeded(own)[:1])
    counted = own[: schedule.policy.pause_after or 1]  # the last tells whether the next may begin
    return {fire.run_id for some in (*last, counted) for fire, _ in some}


def _succeeded(found: Sequence[tuple[Fire, RunState]]) -> list[tuple[Fire, RunState]]:
    return [each for each in found if each[1] is RunState.SUCCESS]
