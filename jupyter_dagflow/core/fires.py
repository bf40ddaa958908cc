"""Fires as they are recorded, and how a schedule stands by them and by the states of runs.

The law: a fire has its run's id from the moment it is recorded, and waits until that run is created, which is one step:
whoever finds one that waits, after whatever crash, begins the same run, and one that waits no longer never does again,
though its run be deleted.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

from jupyter_dagflow.core.calendar.intervals import DataInterval
from jupyter_dagflow.core.model import RunId
from jupyter_dagflow.core.schedule_definition import Schedule
from jupyter_dagflow.core.schedules import Standing
from jupyter_dagflow.core.states import RunState


class FireKind(str, Enum):
    """Who asked for a fire: the schedule itself, a person who triggered it, a backfill."""

    SCHEDULED = "scheduled"
    MANUAL = "manual"
    BACKFILL = "backfill"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fire:
    """A fire of a schedule; it ``waits`` until its run is created, or until it makes way for a later one.

    ``parameters`` and ``templates`` are for this run alone, and come before those of the schedule. ``backfill`` is the
    number of the backfill that it is of, 0 if it is of none.
    """

    interval: DataInterval
    run_id: RunId
    recorded_at: datetime
    kind: FireKind = FireKind.SCHEDULED
    waits: bool = True
    parameters: Mapping[str, object] = field(default_factory=dict)
    templates: Mapping[str, str] = field(default_factory=dict)
    backfill: int = 0


def deadline_of(schedule: Schedule, fire: Fire) -> datetime | None:
    """When the run of a fire is to have ended; None if its schedule does not say so, or did not ask for it."""
    deadline_s = schedule.policy.deadline_s
    if deadline_s is None or fire.kind is not FireKind.SCHEDULED:
        return None
    return fire.interval.end + timedelta(seconds=deadline_s)


def standing_of(
    fires: Collection[Fire],
    states: Mapping[RunId, RunState],
    *,
    missed: DataInterval | None = None,
    succeeded: tuple[DataInterval, ...] = (),
    paused: bool = False,
    resumed_at: datetime | None = None,
) -> Standing:
    """How a schedule stands, as `schedules.decide` asks it.

    Only what the schedule itself asked for counts, but for later intervals that a backfill has. ``fires`` may come in
    any order; needed are the newest, those that have not ended, and those since the last success. ``states`` are those
    of the runs that are there, ``missed`` is the newest interval that is listed as missed, ``succeeded`` those upstream
    of which no fire is recorded. Failures count since the schedule was last resumed; a cancelled run is neither one nor
    a success.
    """
    own = sorted(
        (fire for fire in fires if fire.kind is FireKind.SCHEDULED),
        key=lambda fire: fire.interval.start,
    )
    ended = [fire for fire in own if _is_final(states.get(fire.run_id))]
    decided = [fire.interval for fire in own] + ([missed] if missed else [])
    last = max(decided, key=lambda interval: interval.start, default=None)
    return Standing(
        last=last,
        succeeded=succeeded,
        backfilled=frozenset(
            fire.interval.start
            for fire in fires
            if fire.kind is FireKind.BACKFILL
            and (fire.waits or fire.run_id in states)
            and (last is None or fire.interval.start > last.start)
        ),
        waiting=tuple(fire.interval for fire in own if fire.waits),
        active=tuple(
            fire.run_id
            for fire in own
            if fire.run_id in states and not states[fire.run_id].is_final
        ),
        past=states[ended[-1].run_id] if ended else None,
        failures=_failures(ended, states, resumed_at),
        paused=paused,
        resumed_at=resumed_at,
    )


def _is_final(state: RunState | None) -> bool:
    return state is not None and state.is_final


def _failures(ended: list[Fire], states: Mapping[RunId, RunState], since: datetime | None) -> int:
    """How many in a row have failed up to the newest that has ended."""
    count = 0
    for fire in reversed(ended):
        state = states[fire.run_id]
        if state is RunState.SUCCESS or (since is not None and fire.recorded_at <= since):
            break
        count += state is RunState.FAILED
    return count
