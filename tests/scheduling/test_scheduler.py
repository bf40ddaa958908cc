"""Schedules through years of a clock that is set by hand, on a real metastore, by services that come and go."""

from __future__ import annotations

import contextlib
import random
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from itertools import count
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, RowMapping, event

from jupyter_dagflow.core.backfill import Backfill
from jupyter_dagflow.core.calendar.intervals import DataInterval
from jupyter_dagflow.core.errors import NoSpace, NotebookError
from jupyter_dagflow.core.events import RunCreated, RunFinished, RunStarted, TaskFailure
from jupyter_dagflow.core.fires import Fire, FireKind
from jupyter_dagflow.core.model import RunId, TaskName
from jupyter_dagflow.core.schedule_definition import Schedule
from jupyter_dagflow.core.schedules import ALWAYS, MissedReason, Overlap, Policy
from jupyter_dagflow.core.states import RunState
from jupyter_dagflow.scheduling.election import Election
from jupyter_dagflow.scheduling.scheduler import Scheduler
from jupyter_dagflow.storage import backfills, fires
from jupyter_dagflow.storage.metastore import Metastore

START = datetime(2024, 1, 1, tzinfo=timezone.utc)
HOUR = timedelta(hours=1)
HOURLY = Schedule(name="hourly", notebook="etl.ipynb", start=START, every_s=3600.0)


class Begun:
    """A run that has begun, as far as a scheduler is concerned."""

    def __init__(self, run_id: RunId, *, is_alive: bool) -> None:
        self.run_id = run_id
        self.state = RunState.RUNNING
        self.is_alive = is_alive

    def wait(self, timeout_s: float | None = None) -> bool:
        del timeout_s
        return not self.is_alive

    def abandon(self) -> None:
        self.is_alive = False


class Killed(BaseException):
    """What ends a service in the middle of whatever it does."""


class World:
    """A metastore, a clock that is set by hand, and services; a run ends in ``ends``, or goes on if that is None."""

    def __init__(self, metastore: Metastore) -> None:
        self.metastore = metastore
        self.now = START
        self.ends: RunState | None = RunState.SUCCESS
        self.begun: list[tuple[RunId, DataInterval]] = []
        self.told: list[str] = []
        self._numbers = count()

    def service(
        self,
        begin: Callable[[Schedule, Fire], Begun] | None = None,
        election: Election | None = None,
    ) -> Scheduler[Begun]:
        return Scheduler(
            self.metastore,
            begin=begin or self.begin,
            new_run_id=lambda: RunId(f"r{next(self._numbers)}"),
            now=lambda: self.now,
            election=election,
            tell=self.told.append,
        )

    def begin(self, schedule: Schedule, fire: Fire) -> Begun:
        """Create the run, as a runner does."""
        run_id = fire.run_id
        created = RunCreated(
            run_id=run_id,
            seq=1,
            at=self.now,
            pipeline=schedule.name,
            notebook=schedule.notebook,
            parameters={**schedule.parameters, **fire.parameters},
            tasks=((TaskName("t"), ()),),
            trigger="schedule",
            data_interval=fire.interval,
        )
        self.metastore.append(run_id, [created, RunStarted(run_id=run_id, seq=2, at=self.now)])
        self.begun.append((run_id, fire.interval))
        if self.ends is not None:
            self.end(run_id, self.ends)
        return Begun(run_id, is_alive=self.ends is None)

    def end(self, run_id: RunId, state: RunState) -> None:
        ended = RunFinished(run_id=run_id, seq=3, at=self.now, state=state)
        self.metastore.append(run_id, [ended])

    def intervals(self) -> list[DataInterval]:
        return [interval for _, interval in self.begun]


@pytest.fixture
def world() -> Iterator[World]:
    store = Metastore.open("sqlite://")
    yield World(store)
    store.close()


def hour(n: int) -> DataInterval:
    return DataInterval(START + n * HOUR, START + (n + 1) * HOUR)


def broken(_schedule: Schedule, _fire: Fire) -> Begun:
    raise NotebookError("etl.ipynb is gone.", hint="Put it back.")


@pytest.mark.parametrize("catchup", [False, True])
def test_every_interval_of_two_years_has_one_run_or_is_missed(world: World, catchup: bool) -> None:
    """In Berlin, by services of which none runs for long, each killed anywhere, and a clock that is set back."""
    zone, dice = ZoneInfo("Europe/Berlin"), random.Random(7)
    daily = Schedule(
        name="daily",
        notebook="etl.ipynb",
        start=START,
        crons=("30 2 * * *",),
        zone="Europe/Berlin",
        catchup=catchup,
        policy=Policy(overlap=Overlap.QUEUE, max_active_runs=3),
    )
    world.metastore.schedules.add(daily, at=START)

    def die_sometimes(schedule: Schedule, fire: Fire) -> Begun:
        if dice.random() < 0.2:
            raise Killed
        return world.begin(schedule, fire)

    end = START + timedelta(days=731)
    while world.now < end:
        world.now += timedelta(hours=dice.choice([-2, 5, 24, 24, 24, 200]))
        with contextlib.suppress(Killed):
            world.service(die_sometimes).tick()
    behind = True
    while behind:  # from here on none dies
        before = len(world.begun)
        world.service().tick()
        behind = len(world.begun) > before
    ledger = world.metastore.schedules.missed("daily", limit=1000)
    table = daily.timetable(zone)
    missed = [
        interval
        for entry in ledger
        for interval in table.between(entry.miss.first.start, entry.miss.last.start)
    ]
    due = [each for each in table.between(START, world.now) if each.end <= world.now]
    assert len(due) > 720
    assert sorted(world.intervals() + missed, key=lambda each: each.start) == due
    assert len({run_id for run_id, _ in world.begun}) == len(world.begun)
    assert all(entry.miss.reason is MissedReason.DOWN for entry in ledger)
    assert bool(missed) is not catchup


def test_it_tells_when_more_is_due(world: World) -> None:
    assert world.service().tick() is None
    world.metastore.schedules.add(HOURLY, at=START)
    assert world.service().tick() == START + HOUR
    world.now += HOUR
    assert world.service().tick() == START + 2 * HOUR
    assert world.intervals() == [hour(0)]


def test_services_that_tick_at_once_begin_each_run_once(tmp_path: Path) -> None:
    store = Metastore.open(f"sqlite:///{tmp_path}/dagflow.db")
    world = World(store)
    names = [f"s{n}" for n in range(5)]
    for name in names:
        schedule = Schedule(name=name, notebook="etl.ipynb", start=START, every_s=3600.0)
        store.schedules.add(schedule, at=START)
    services = [world.service() for _ in range(4)]
    for _ in range(3):
        world.now += HOUR
        threads = [threading.Thread(target=each.tick) for each in services]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        services[0].tick()  # those that were refused would have looked again
    listed = {name: store.schedules.fires(name, limit=9) for name in names}
    assert {name: len(fires) for name, fires in listed.items()} == dict.fromkeys(names, 3)
    assert all(state is RunState.SUCCESS for fires in listed.values() for _, state in fires)
    assert len(world.begun) == 15
    store.close()


def test_a_service_that_ends_leaves_schedules_to_the_next_at_once(world: World) -> None:
    world.metastore.schedules.add(HOURLY, at=START)
    ended = threading.Event()

    def begin_and_end(schedule: Schedule, fire: Fire) -> Begun:
        ended.set()
        return world.begin(schedule, fire)

    first, second = (
        world.service(begin, Election(world.metastore, "schedules"))
        for begin in (begin_and_end, world.begin)
    )
    world.now += HOUR
    first.tick()
    world.now += HOUR
    assert second.tick() is None, "the first has it"
    assert world.intervals() == [hour(0)]
    first.serve(ended)
    second.tick()
    assert world.intervals() == [hour(0), hour(1)]


def test_a_notebook_that_takes_long_to_read_holds_up_no_other_fire(world: World) -> None:
    slow = Schedule(name="a", notebook="slow.ipynb", start=START, every_s=3600.0)
    for schedule in (slow, HOURLY):
        world.metastore.schedules.add(schedule, at=START)
    ended = threading.Event()
    others: list[bool] = []

    def begin(schedule: Schedule, fire: Fire) -> Begun:
        if schedule.name == "a":
            others.append(ended.wait(60))
            return world.begin(schedule, fire)
        run = world.begin(schedule, fire)
        ended.set()
        return run

    world.now += HOUR
    world.service(begin).serve(ended)
    assert others == [True]
    assert world.intervals() == [hour(0), hour(0)], "and what was about to begin has begun"


def test_a_run_that_is_about_to_be_created_is_not_begun_again(world: World) -> None:
    world.metastore.schedules.add(HOURLY, at=START)
    asked: list[Begun] = []

    def begin(_schedule: Schedule, fire: Fire) -> Begun:
        asked.append(Begun(fire.run_id, is_alive=True))
        return asked[-1]

    service = world.service(begin)
    world.now += HOUR
    service.tick()
    service.tick()
    assert len(asked) == 1
    asked[0].is_alive = False  # and has not created it: its database was locked, say
    service.tick()
    assert [each.run_id for each in asked] == ["r0", "r0"]


def test_a_notebook_that_cannot_be_run_is_a_failure_that_is_told(world: World) -> None:
    policy = Policy(pause_after=2)
    schedule = Schedule(
        name="hourly", notebook="etl.ipynb", start=START, every_s=3600.0, policy=policy
    )
    world.metastore.schedules.add(schedule, at=START)
    service = world.service(broken)
    for _ in range(4):
        world.now += HOUR
        service.tick()
    fires = world.metastore.schedules.fires("hourly", limit=9)
    assert [state for _, state in fires] == [RunState.FAILED] * 2
    view = world.metastore.view(fires[0][0].run_id)
    assert view.failure == TaskFailure(
        kind="not_begun", message="etl.ipynb is gone.", hint="Put it back."
    )
    assert [run.logical_date for run in world.metastore.runs()] == [hour(1).start, hour(0).start]
    assert world.metastore.schedules.find("hourly").standing.paused
    assert len(world.told) == 3
    assert world.told[-1] == (
        "schedule hourly: paused, as 2 runs in a row have failed; "
        "dagflow schedule resume hourly has it go on"
    )
    world.metastore.schedules.resume("hourly", at=world.now)
    world.service().tick()
    assert world.intervals() == [hour(3)]
    (entry,) = world.metastore.schedules.missed("hourly", limit=9)
    assert (entry.miss.first, entry.miss.reason) == (hour(2), MissedReason.PAUSED)


def test_what_the_machine_lacks_makes_a_run_late(world: World) -> None:
    world.metastore.schedules.add(HOURLY, at=START)
    full = True

    def begin(schedule: Schedule, fire: Fire) -> Begun:
        if full:
            raise NoSpace("The disk is full.")
        return world.begin(schedule, fire)

    service = world.service(begin)
    world.now += HOUR
    service.tick()
    service.tick()
    assert world.told == ["run r0 of hourly: The disk is full."]
    full = False
    service.tick()
    assert world.begun == [(RunId("r0"), hour(0))]


def test_what_a_person_asks_for_begins_though_the_schedule_is_paused(world: World) -> None:
    world.metastore.schedules.add(HOURLY, at=START)
    world.metastore.schedules.pause("hourly")
    at = DataInterval(START, START)
    asked = Fire(interval=at, run_id=RunId("m"), recorded_at=START, kind=FireKind.MANUAL)
    world.metastore.schedules.trigger("hourly", asked)
    world.now += 5 * HOUR
    for _ in range(2):
        world.service().tick()
    assert world.begun == [(RunId("m"), at)]


def test_a_later_run_takes_the_place_of_one_that_goes_on(world: World) -> None:
    policy = Policy(overlap=Overlap.CANCEL)
    schedule = Schedule(
        name="hourly", notebook="etl.ipynb", start=START, every_s=3600.0, policy=policy
    )
    world.metastore.schedules.add(schedule, at=START)
    world.ends = None
    service = world.service()
    for _ in range(2):
        world.now += HOUR
        service.tick()
    assert world.begun == [(RunId("r0"), hour(0))]
    assert world.metastore.cancel_requested(RunId("r0"))
    world.end(RunId("r0"), RunState.CANCELLED)
    service.tick()
    assert world.intervals() == [hour(0), hour(1)]


@pytest.mark.parametrize("fault", ["zone", "ours"])
def test_what_is_wrong_with_one_keeps_no_other_from_its_fires(world: World, fault: str) -> None:
    zone = "Mars/Olympus" if fault == "zone" else "UTC"
    wrong = Schedule(name="a", notebook="a.ipynb", start=START, crons=("0 * * * *",), zone=zone)
    world.metastore.schedules.add(wrong, at=START)
    world.metastore.schedules.add(HOURLY, at=START)

    def begin(schedule: Schedule, fire: Fire) -> Begun:
        if schedule.name == "a":
            raise ZeroDivisionError("a mistake")
        return world.begin(schedule, fire)

    service = world.service(begin)
    world.now += HOUR
    for _ in range(3):
        service.tick()
    assert world.intervals() == [hour(0)]
    (told,) = world.told
    assert told == (
        "The time zone Mars/Olympus of the schedule a is not known to this machine."
        if fault == "zone"
        else "schedule a: run r0 cannot begin: ZeroDivisionError: a mistake "
        "dagflow runs show r0 tells more"
    )


def test_schedules_that_were_just_added_are_looked_at_together(world: World) -> None:
    """However many there are, they are read and put to sleep by a few statements."""
    statements: list[str] = []

    def note(*told: Any) -> None:
        statements.append(told[2])

    for n in range(200):
        world.metastore.schedules.add(replace(HOURLY, name=f"s{n}"), at=START)
    event.listen(Engine, "before_cursor_execute", note)
    try:
        assert world.service().tick() == START + HOUR
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    assert len(statements) < 20
    assert world.metastore.schedules.awake(at=START) == []
    assert world.metastore.schedules.find("s7").wake_at == START + HOUR


def test_one_that_is_changed_as_it_is_put_to_sleep_is_looked_at_again(world: World) -> None:
    world.metastore.schedules.add(HOURLY, at=START)
    (seen,) = world.metastore.schedules.awake(at=START)
    world.metastore.schedules.update(replace(HOURLY, every_s=60.0))
    world.metastore.schedules.sleep([(seen, START + HOUR)])
    assert world.service().tick() == START + timedelta(minutes=1)


def test_one_that_follows_another_has_a_run_for_each_of_its_successes(world: World) -> None:
    """Also for those of a backfill, however often it succeeds, and though services die in between."""
    dice = random.Random(7)
    queue = Policy(overlap=Overlap.QUEUE)
    world.metastore.schedules.add(HOURLY, at=START)
    for name, after in (("second", "hourly"), ("third", "second")):
        follower = Schedule(name=name, notebook="n", start=START, after=after, policy=queue)
        world.metastore.schedules.add(follower, at=START)
    begun: dict[str, list[DataInterval]] = {"hourly": [], "second": [], "third": []}

    def begin(schedule: Schedule, fire: Fire) -> Begun:
        if dice.random() < 0.3:
            raise Killed
        failed = schedule.name == "hourly" and fire.interval == hour(2)
        world.ends = RunState.FAILED if failed else RunState.SUCCESS
        begun[schedule.name].append(fire.interval)
        return world.begin(schedule, fire)

    world.now += 6 * HOUR
    world.metastore.schedules.pause("hourly")
    go_back(world, days=5, most=2)
    world.metastore.schedules.resume("hourly", at=world.now)
    for _ in range(60):
        with contextlib.suppress(Killed):
            service = world.service(begin)
            with service.beginning():
                pass
            service.tick()
        with service.beginning():
            pass
    assert sorted(begun["hourly"], key=lambda each: each.start) == [hour(n) for n in range(6)]
    succeeded = [hour(n) for n in range(6) if n != 2]
    for name in ("second", "third"):
        assert sorted(begun[name], key=lambda each: each.start) == succeeded
    again = world.metastore.schedules.find("second")
    assert (again.standing.succeeded, again.wake_at) == ((), ALWAYS)


def test_who_serves_prunes_once_a_minute_and_after_a_clock_was_set_back(world: World) -> None:
    pruned: list[datetime] = []
    service = Scheduler[Begun](
        world.metastore,
        begin=world.begin,
        new_run_id=lambda: RunId("r"),
        now=lambda: world.now,
        prune=lambda: pruned.append(world.now),
    )
    expected = []
    for seconds, prunes in ((0, True), (59, False), (1, True), (30, False), (-7200, True)):
        world.now += timedelta(seconds=seconds)
        service.tick()
        expected += [world.now] * prunes
    assert pruned == expected


def test_only_schedules_that_do_not_keep_all_runs_are_pruned(world: World) -> None:
    schedules = world.metastore.schedules
    schedules.add(HOURLY, at=START)
    schedules.add(replace(HOURLY, name="few", keep_runs=3), at=START)
    assert schedules.pruning() == ["few"]
    schedules.update(replace(HOURLY, keep_for_s=60.0))
    schedules.update(replace(HOURLY, name="few"))
    assert schedules.pruning() == ["hourly"]


def go_back(
    world: World,
    *,
    days: int,
    most: int,
    name: str = "hourly",
    intervals: list[DataInterval] | None = None,
) -> list[DataInterval]:
    """Ask for a backfill of the first hours, whatever runs they have."""
    intervals = intervals or [hour(n) for n in range(days)]
    asked = Backfill(start=START, end=intervals[-1].start, max_active_runs=most)
    numbers = count()
    world.metastore.backfills.ask(
        name,
        asked,
        choose=lambda states: intervals,
        parameters={},
        templates={},
        at=world.now,
        new_run_id=lambda: RunId(f"b{next(numbers)}"),
    )
    return intervals


def test_a_backfill_runs_so_many_at_once_and_each_once_whoever_serves(world: World) -> None:
    """By services of which each is killed at any run, beside those that only look after the backfill."""
    dice = random.Random(7)
    world.metastore.schedules.add(HOURLY, at=START)
    world.metastore.schedules.pause("hourly")
    world.now += 40 * HOUR
    intervals, world.ends = go_back(world, days=40, most=3), None

    def die_sometimes(schedule: Schedule, fire: Fire) -> Begun:
        if dice.random() < 0.3:
            raise Killed
        return world.begin(schedule, fire)

    while left := world.metastore.backfills.unfinished("hourly"):
        (backfill,) = left
        for run_id in backfill.active:
            if dice.random() < 0.5:
                world.end(run_id, dice.choice([RunState.SUCCESS, RunState.FAILED]))
        service = world.service(die_sometimes)
        try:
            if dice.random() < 0.5:
                service.tick()
            else:
                service.tick_backfills("hourly")
        except Killed:
            pass
        with service.beginning():
            pass  # it gives back what it had, as a process does that is found to be gone
        assert len(world.metastore.backfills.find(backfill.backfill_id).active) <= 3
    assert sorted(world.intervals(), key=lambda each: each.start) == intervals
    assert world.metastore.schedules.find("hourly").standing.failures == 0


def test_while_one_looks_after_a_backfill_nobody_else_does(world: World) -> None:
    world.metastore.schedules.add(HOURLY, at=START)
    world.now += 5 * HOUR
    go_back(world, days=4, most=1)
    first, second = world.service(), world.service()
    with first.beginning():
        assert first.tick_backfills("hourly")
    assert first.tick_backfills("hourly")
    before = len(world.begun)
    assert second.tick_backfills("hourly")
    assert len(world.begun) == before
    while first.tick_backfills("hourly"):
        pass
    assert world.intervals() == [hour(n) for n in range(4)]


def test_a_schedule_leaves_to_a_backfill_what_it_has(world: World) -> None:
    policy = Policy(overlap=Overlap.QUEUE, max_active_runs=9)
    catching_up = replace(HOURLY, catchup=True, policy=policy)
    world.metastore.schedules.add(catching_up, at=START)
    world.now += 6 * HOUR
    go_back(world, days=3, most=9)
    for _ in range(3):
        world.service().tick()
    assert sorted(world.intervals(), key=lambda each: each.start) == [hour(n) for n in range(6)]
    assert len({run_id for run_id, _ in world.begun}) == 6


def test_a_backfill_of_what_depends_on_its_past_ends_at_a_failure(world: World) -> None:
    schedule = replace(HOURLY, policy=Policy(depends_on_past=True))
    world.metastore.schedules.add(schedule, at=START)
    world.metastore.schedules.pause("hourly")
    world.now += 5 * HOUR
    go_back(world, days=4, most=4)
    service = world.service()
    assert service.tick_backfills("hourly")
    assert world.intervals() == [hour(0)]
    world.ends = RunState.FAILED
    assert service.tick_backfills("hourly")
    assert not service.tick_backfills("hourly")
    assert world.intervals() == [hour(0), hour(1)]
    assert world.told == [
        "schedule hourly: 2 intervals of a backfill do not begin, as the one before them has not succeeded"
    ]


def test_what_a_backfill_waits_for_is_told(world: World) -> None:
    schedule = replace(HOURLY, policy=Policy(depends_on_past=True))
    world.metastore.schedules.add(schedule, at=START)

    def full(_schedule: Schedule, _fire: Fire) -> Begun:
        raise NoSpace("The disk is full.")

    world.now += HOUR
    service = world.service(full)
    service.tick()
    world.metastore.schedules.pause("hourly")
    world.now += 4 * HOUR
    intervals = [hour(n) for n in range(1, 4)]
    go_back(world, days=3, most=4, intervals=intervals)
    for each in (service, world.service()):
        each.tick_backfills("hourly")
        each.tick_backfills("hourly")
    assert world.begun == []
    assert world.told == [
        "run r0 of hourly: The disk is full.",
        "schedule hourly: the backfill waits, as the run before 2024-01-01T01:00:00+00:00 is queued; "
        "dagflow serve sees to it",
        "schedule hourly: another process begins the runs of the backfill",
    ]


def test_what_keeps_runs_of_a_backfill_from_beginning_is_known(world: World) -> None:
    world.metastore.schedules.add(HOURLY, at=START)
    world.now += 4 * HOUR
    go_back(world, days=2, most=1)
    full = True

    def begin(schedule: Schedule, fire: Fire) -> Begun:
        if full:
            raise NoSpace("The disk is full.")
        return world.begin(schedule, fire)

    service = world.service(begin)
    assert service.tick_backfills("hourly")
    assert isinstance(service.fault, NoSpace)
    full = False
    while service.tick_backfills("hourly"):
        pass
    service.tick_backfills("hourly")
    assert service.fault is None
    assert world.intervals() == [hour(0), hour(1)]


def test_looking_after_a_long_backfill_reads_what_may_begin(world: World) -> None:
    """Not all that it has, ten times a second."""
    rows: list[int] = []

    def count_fires(_fire: RowMapping) -> Fire:
        rows.append(1)
        return real(_fire)

    real = backfills.fire_of
    world.metastore.schedules.add(HOURLY, at=START)
    world.now += 3000 * HOUR
    go_back(world, days=2000, most=2)
    world.ends = None
    service = world.service()
    with pytest.MonkeyPatch.context() as patched:
        for module in (backfills, fires):
            patched.setattr(module, "fire_of", count_fires)
        for _ in range(5):
            assert service.tick_backfills("hourly")
    assert len(world.begun) == 2
    assert len(rows) <= 2 * 2 * 5
