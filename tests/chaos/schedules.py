"""``python -m tests.chaos.schedules``: services on one metastore that are killed at random while schedules fire each second.

What fires is to be what was due, each once: of a schedule that catches up each interval has one run that has succeeded,
of one that does not it has one or is listed as missed, and not both. Exit 1 if that does not hold in the end.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from uuid import uuid4

from jupyter_dagflow.core.schedule_definition import Schedule
from jupyter_dagflow.core.schedules import Overlap, Policy
from jupyter_dagflow.core.states import RunState
from jupyter_dagflow.storage.metastore import Metastore
from jupyter_dagflow.storage.schedules import Missed
from tests.chaos.home import Command, Home

SERVICES = 8
_LEAST = 2
_LONGEST_S = 600.0  # after the last kill, for all that was due to be done
_MANY = 1_000_000
_STOPPED_S = 3.0


@dataclass(slots=True)
class Outcome:
    """What was due of each schedule and what came of it; ``lags_s`` is how late runs were created."""

    due: Counter[str] = field(default_factory=Counter)
    runs: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    lags_s: list[float] = field(default_factory=list)
    kills: int = 0
    stops: int = 0

    @property
    def holds(self) -> bool:
        """Whether each interval was there once, and its run succeeded."""
        return not (self.lost or self.doubled or self.failed)


def try_schedules(*, seconds: float, services: int, seed: int) -> Outcome:
    """Kill and stop so many services at random for so long, then let them do what is left; what came of it."""
    dice, outcome = random.Random(seed), Outcome()
    home = Home(uuid4().hex)
    try:
        _write_notebook(home.notebook)
        store = Metastore.open(f"sqlite:///{home.database}")
        start = datetime.now(timezone.utc)
        for schedule in _schedules(home.notebook, start, start + timedelta(seconds=seconds)):
            store.schedules.add(schedule, at=start)
        running = [home.start("serve") for _ in range(services)]
        until = time.monotonic() + seconds
        while (left_s := until - time.monotonic()) > 0:
            time.sleep(min(dice.uniform(0.1, 2.0), left_s))
            _disturb(home, running, dice, outcome)
        _wait_for_all(store, running)
        _judge(store, outcome)
        store.close()
    finally:
        home.close()
    return outcome


def _schedules(notebook: Path, start: datetime, end: datetime) -> Iterator[Schedule]:
    common = {"notebook": str(notebook), "start": start, "end": end}
    many = Policy(overlap=Overlap.QUEUE, max_active_runs=4)
    yield Schedule(name="each", every_s=1.0, catchup=True, policy=many, **common)
    yield Schedule(name="newest", every_s=2.0, **common)


def _disturb(home: Home, running: list[Command], dice: random.Random, outcome: Outcome) -> None:
    """Kill one, and have another in its place; or have it stand still for a while, as if the machine slept."""
    number = dice.randrange(len(running))
    process = running[number].process
    if dice.random() < 0.2:
        outcome.stops += 1
        process.send_signal(signal.SIGSTOP)
        time.sleep(dice.uniform(0.0, _STOPPED_S))
        process.send_signal(signal.SIGCONT)
        return
    outcome.kills += 1
    process.kill()
    process.wait()
    running[number] = home.start("serve")


def _wait_for_all(store: Metastore, running: list[Command]) -> None:
    until = time.monotonic() + _LONGEST_S
    while time.monotonic() < until and any(not command.has_ended for command in running):
        found = store.schedules.all()
        now = datetime.now(timezone.utc)
        if all(
            each.wake_at is None
            and not each.waiting
            and not each.standing.active
            and each.schedule.end is not None
            and each.schedule.end + timedelta(seconds=5) < now
            for each in found
        ):
            return
        time.sleep(0.5)


def _judge(store: Metastore, outcome: Outcome) -> None:
    for recorded in store.schedules.all():
        schedule = recorded.schedule
        name, end = schedule.name, schedule.end
        assert end is not None
        fires = store.schedules.fires(name, limit=_MANY)
        table = schedule.timetable(timezone.utc)
        due = [interval.start for interval in table.between(schedule.start, end)]
        missed = [
            interval.start
            for entry in store.schedules.missed(name, limit=_MANY)
            for interval in table.between(*_bounds(entry))
        ]
        ran = [fire.interval.start for fire, state in fires if state is not None]
        times = Counter(ran) + Counter(missed)
        outcome.due[name], outcome.runs[name], outcome.missed[name] = (
            len(due),
            len(ran),
            len(missed),
        )
        outcome.lost += [f"{name} {at.isoformat()}" for at in due if not times[at]]
        outcome.doubled += [
            f"{name} {at}: {n}" for at, n in times.items() if n > 1 or at not in due
        ]
        outcome.failed += [
            f"{name} {fire.run_id}: {state}"
            for fire, state in fires
            if state is not RunState.SUCCESS
        ]
        if schedule.catchup:
            outcome.lost += [f"{name} {at.isoformat()}: missed" for at in missed]
        for fire, _ in fires:
            created = next(iter(store.events(fire.run_id, limit=1)), None)
            if created is not None:
                outcome.lags_s.append((created.at - fire.interval.end).total_seconds())
    listed = Counter(run.run_id for run in store.runs(limit=_MANY))
    outcome.doubled += [run_id for run_id, n in listed.items() if n > 1]
    if sum(listed.values()) != sum(outcome.runs.values()):
        outcome.doubled.append(
            f"{sum(listed.values())} runs, {sum(outcome.runs.values())} of fires"
        )


def _bounds(entry: Missed) -> tuple[datetime, datetime]:
    return entry.miss.first.start, entry.miss.last.start


def _write_notebook(path: Path) -> None:
    cells = [("parameters", "logical_date = ''"), ("task:tick", "told = logical_date")]
    content = {
        "cells": [
            {
                "cell_type": "code",
                "id": f"c{number}",
                "metadata": {"tags": [tag]},
                "source": source,
                "outputs": [],
                "execution_count": None,
            }
            for number, (tag, source) in enumerate(cells)
        ],
        "metadata": {"kernelspec": {"name": "python3", "display_name": "3", "language": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    path.write_text(json.dumps(content))


def main() -> int:
    """Do it as the arguments say; the exit status."""
    parser = argparse.ArgumentParser(prog="make chaos-schedules", description=__doc__)
    parser.add_argument("--seconds", type=float, default=180.0, help="so long they are killed")
    parser.add_argument("--services", type=int, default=SERVICES, help="how many there are at once")
    parser.add_argument("--seed", type=int, default=0, help="others are killed at other times")
    arguments = parser.parse_args()
    services = max(arguments.services, _LEAST)
    began = time.monotonic()
    outcome = try_schedules(seconds=arguments.seconds, services=services, seed=arguments.seed)
    lags = sorted(outcome.lags_s) or [0.0]
    print(  # noqa: T201
        f"{services} services, {outcome.kills} killed and {outcome.stops} stopped for a while in "
        f"{arguments.seconds:.0f} s; all was done after {time.monotonic() - began:.0f} s"
    )
    for name, due in outcome.due.items():
        print(  # noqa: T201
            f"{name:8} {due} due, {outcome.runs[name]} runs, {outcome.missed[name]} missed"
        )
    print(  # noqa: T201
        f"runs were created {lags[len(lags) // 2]:.1f} s after they were due in the median, {lags[-1]:.1f} s at most"
    )
    for what in ("lost", "doubled", "failed"):
        found = getattr(outcome, what)
        print(f"{len(found)} {what}", *found[:20], sep="\n  ")  # noqa: T201
    return 0 if outcome.holds else 1


if __name__ == "__main__":
    raise SystemExit(main())
