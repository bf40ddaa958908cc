"""What every metastore keeps of schedules, whatever it keeps its tables in."""

from __future__ import annotations

import math
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from datetime import datetime, timedelta, timezone
from itertools import count
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from jupyter_dagflow.core.backfill import Backfill
from jupyter_dagflow.core.calendar.intervals import DataInterval
from jupyter_dagflow.core.errors import DagflowError, NotFound, OptionError
from jupyter_dagflow.core.events import RunCreated, RunFinished, RunStarted
from jupyter_dagflow.core.fires import Fire, FireKind
from jupyter_dagflow.core.lease import Owner
from jupyter_dagflow.core.model import PartitionBy, RunId, TaskName
from jupyter_dagflow.core.schedule_definition import Schedule
from jupyter_dagflow.core.schedules import (
    ALWAYS,
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
)
from jupyter_dagflow.core.states import RunState
from jupyter_dagflow.storage.metastore import EventConflict, Metastore
from jupyter_dagflow.storage.schedules import Missed, RecordedSchedule, ScheduleChanged

START = datetime(2026, 3, 8, tzinfo=timezone.utc)
HOUR = timedelta(hours=1)
HOURLY = Schedule(name="hourly", notebook="etl.ipynb", start=START, every_s=3600.0)
FULL = Schedule(
    name="full",
    notebook="/data/ada/\udcff.ipynb",
    start=START.astimezone(timezone(HOUR)),
    crons=("0 6 * * *", "@monthly"),
    zone="Europe/Berlin",
    end=START + 9 * HOUR,
    catchup=True,
    policy=Policy(
        overlap=Overlap.QUEUE,
        max_active_runs=3,
        jitter_s=1.5,
        depends_on_past=True,
        pause_after=2,
    ),
    pin="xxh3:1",
    parameters={"n": 3, "names": ["a", None], "big": 2**80, "inf": math.inf, "half": "\ud800"},
    templates={"day": "{{ data_interval_start | ds }}"},
    by=PartitionBy.TAGS,
    keep_all=True,
    paused=True,
)


@pytest.fixture(params=["file", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Metastore]:
    url = f"sqlite:///{tmp_path}/dagflow.db" if request.param == "file" else "sqlite://"
    metastore = Metastore.open(url)
    yield metastore
    metastore.close()


def hour(n: int) -> DataInterval:
    return DataInterval(START + n * HOUR, START + (n + 1) * HOUR)


def decided(
    store: Metastore,
    *actions: Queue | Begin | Miss | Cancel | Pause,
    seen: RecordedSchedule | None = None,
    wake_at: datetime | None = None,
) -> RecordedSchedule:
    """Record it of the hourly schedule; its fires have the runs f0, f1, …"""
    numbers = count(len(store.schedules.fires("hourly", limit=99)))
    return store.schedules.record(
        seen or store.schedules.find("hourly"),
        Decision(actions=actions, wake_at=wake_at),
        at=START + 24 * HOUR,
        new_run_id=lambda: RunId(f"f{next(numbers)}"),
    )


def create(store: Metastore, run_id: str, state: RunState | None = None) -> None:
    """Create a run as a runner does, which then ends in that state, if any."""
    this = RunId(run_id)
    created = RunCreated(
        run_id=this,
        seq=1,
        at=START,
        pipeline="etl",
        notebook="etl.ipynb",
        parameters={},
        tasks=((TaskName("t"), ()),),
        trigger="schedule",
    )
    store.append(this, [created, RunStarted(run_id=this, seq=2, at=START)])
    if state is not None:
        store.append(this, [RunFinished(run_id=this, seq=3, at=START, state=state)])


def delete(store: Metastore, run_id: str) -> None:
    """Delete a run that nobody has."""
    owner = Owner(pid=7, began="1", space="s", boot="b", machine="m", host="box")
    store.delete_run(store.take_lease(RunId(run_id), owner, seen=None))


def waiting(recorded: RecordedSchedule) -> list[str]:
    return [fire.run_id for fire in recorded.waiting]


@pytest.mark.parametrize("schedule", [HOURLY, FULL], ids=lambda schedule: schedule.name)
def test_a_schedule_is_read_as_it_was_added(store: Metastore, schedule: Schedule) -> None:
    store.schedules.add(schedule, at=START)
    recorded = store.schedules.find(schedule.name)
    assert recorded.schedule == schedule
    assert recorded.standing == Standing(paused=schedule.paused)
    assert store.schedules.all() == [recorded]


def test_schedules_are_listed_by_name(store: Metastore) -> None:
    assert store.schedules.all() == []
    for schedule in (HOURLY, FULL):
        store.schedules.add(schedule, at=START)
    assert [each.schedule for each in store.schedules.all()] == [FULL, HOURLY]
    assert [each.schedule for each in store.schedules.all(limit=1)] == [FULL]
    assert [each.schedule for each in store.schedules.all(after=FULL.name, limit=5)] == [HOURLY]
    store.schedules.remove(FULL.name)
    assert [each.schedule for each in store.schedules.all()] == [HOURLY]


def test_a_queued_interval_waits_until_its_run_is_created(store: Metastore) -> None:
    store.schedules.add(HOURLY, at=START)
    recorded = decided(store, Queue(hour(0)), Begin(hour(0)))
    assert recorded.standing == Standing(last=hour(0), waiting=(hour(0),))
    assert waiting(recorded) == ["f0"]
    assert store.schedules.find("hourly") == recorded
    create(store, "f0")
    standing = Standing(last=hour(0), active=(RunId("f0"),))
    assert store.schedules.find("hourly").standing == standing
    assert store.schedules.find("hourly").waiting == ()


def test_a_fire_begins_one_run_though_that_is_deleted(store: Metastore) -> None:
    store.schedules.add(HOURLY, at=START)
    decided(store, Queue(hour(0)))
    create(store, "f0", RunState.SUCCESS)
    delete(store, "f0")
    assert store.events(RunId("f0")) == []
    assert store.schedules.find("hourly").standing == Standing(last=hour(0))
    with pytest.raises(EventConflict):
        create(store, "f0")
    assert store.events(RunId("f0")) == []


def test_of_those_who_begin_a_fire_at_once_one_does(store: Metastore) -> None:
    store.schedules.add(HOURLY, at=START)
    decided(store, Queue(hour(0)))
    outcomes: list[str] = []
    ready = threading.Barrier(4)

    def begin() -> None:
        ready.wait()
        try:
            create(store, "f0")
            outcomes.append("begun")
        except EventConflict:
            outcomes.append("refused")

    threads = [threading.Thread(target=begin) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["begun", "refused", "refused", "refused"]
    assert len(store.events(RunId("f0"))) == 2


def test_what_cannot_be_recorded_of_a_run_leaves_its_fire_waiting(store: Metastore) -> None:
    store.schedules.add(HOURLY, at=START)
    decided(store, Queue(hour(0)))
    run_id = RunId("f0")
    twice = RunCreated(
        run_id=run_id,
        seq=1,
        at=START,
        pipeline="etl",
        notebook="etl.ipynb",
        parameters={},
        tasks=((TaskName("t"), ()), (TaskName("t"), ())),
    )
    with pytest.raises(EventConflict):
        store.append(run_id, [twice])
    assert waiting(store.schedules.find("hourly")) == ["f0"]


def test_of_two_that_decide_one_is_heard(store: Metastore) -> None:
    store.schedules.add(HOURLY, at=START)
    seen = store.schedules.find("hourly")
    decided(store, Queue(hour(0)), seen=seen)
    with pytest.raises(ScheduleChanged):
        decided(store, Queue(hour(0)), seen=seen)
    assert waiting(store.schedules.find("hourly")) == ["f0"]


@pytest.mark.parametrize("change", ["pause", "resume", "trigger", "remove", "another"])
def test_what_was_decided_before_a_change_is_not_recorded(store: Metastore, change: str) -> None:
    store.schedules.add(HOURLY, at=START)
    if change == "resume":
        store.schedules.pause("hourly")
    seen = store.schedules.find("hourly")
    match change:
        case "pause":
            store.schedules.pause("hourly")
        case "resume":
            store.schedules.resume("hourly", at=START)
        case "trigger":
            asked = Fire(
                interval=hour(0), run_id=RunId("m"), recorded_at=START, kind=FireKind.MANUAL
            )
            store.schedules.trigger("hourly", asked)
        case _:
            store.schedules.remove("hourly")
    if change == "another":  # of the same name, and as new
        store.schedules.add(HOURLY, at=START)
    queued = Decision(actions=(Queue(hour(0)),), wake_at=None)
    with pytest.raises(ScheduleChanged):
        store.schedules.record(seen, queued, at=START, new_run_id=lambda: RunId("f"))
    if change != "remove":
        assert store.schedules.find("hourly").standing.last is None


def test_only_of_those_that_are_awake_is_there_something_to_do(store: Metastore) -> None:
    schedules, later = store.schedules, START + 2 * HOUR

    def awake(at: datetime) -> list[str]:
        return [each.schedule.name for each in schedules.awake(at=at)]

    schedules.add(HOURLY, at=START)
    assert awake(START - HOUR) == ["hourly"], "just added, though the clock was set back since"
    assert decided(store, wake_at=later) == schedules.find("hourly")
    assert (awake(START), awake(later - HOUR), awake(later)) == ([], [], ["hourly"])
    assert schedules.next_wake_at(after=START) == later
    assert schedules.next_wake_at(after=later) is None
    decided(store, Queue(hour(0)), wake_at=later)
    assert awake(START) == ["hourly"], "it has a fire that waits"
    create(store, "f0")
    assert awake(START) == []
    schedules.pause("hourly")
    assert awake(later) == []
    schedules.resume("hourly", at=later)
    assert awake(START) == ["hourly"]
    schedules.remove("hourly")
    assert awake(later) == []


def test_it_stands_as_its_runs_do(store: Metastore) -> None:
    store.schedules.add(HOURLY, at=START)
    decided(store, *(Queue(hour(n)) for n in range(7)))
    ends = [None, RunState.SUCCESS, RunState.FAILED, RunState.CANCELLED, RunState.FAILED, None]
    for n, state in enumerate(ends):
        create(store, f"f{n}", state)
    recorded = store.schedules.find("hourly")
    assert recorded.standing == Standing(
        last=hour(6),
        waiting=(hour(6),),
        active=(RunId("f0"), RunId("f5")),  # the first is older than the last success
        past=RunState.FAILED,
        failures=2,
    )


def test_runs_of_other_schedules_are_not_its_own(store: Metastore) -> None:
    store.schedules.add(HOURLY, at=START)
    store.schedules.add(FULL, at=START)
    decided(store, Queue(hour(0)), Queue(hour(1)), Miss(hour(2), hour(2), 1, MissedReason.LATE))
    create(store, "f0")
    assert store.schedules.find("full").standing == Standing(paused=True)
    assert store.schedules.fires("full", limit=9) == []


def test_what_was_missed_is_decided_and_listed(store: Metastore) -> None:
    store.schedules.add(HOURLY, at=START)
    first = Miss(hour(0), hour(3), 4, MissedReason.DOWN)
    second = Miss(hour(4), hour(4), 1, MissedReason.OVERLAP)
    recorded = decided(store, first, second)
    assert recorded.standing == Standing(last=hour(4))
    at = START + 24 * HOUR
    assert store.schedules.missed("hourly", limit=9) == [Missed(second, at), Missed(first, at)]
    assert store.schedules.missed("hourly", limit=1) == [Missed(second, at)]


def test_fires_that_made_way_never_begin(store: Metastore) -> None:
    store.schedules.add(HOURLY, at=START)
    decided(store, Queue(hour(0)), Queue(hour(1)))
    replaced = Miss(hour(0), hour(1), 2, MissedReason.REPLACED)
    recorded = decided(store, replaced, Queue(hour(2)))
    assert waiting(recorded) == ["f2"]
    assert recorded.standing == Standing(last=hour(2), waiting=(hour(2),))
    with pytest.raises(EventConflict):
        create(store, "f1")


def test_a_person_and_the_schedule_may_ask_for_the_same_interval(store: Metastore) -> None:
    store.schedules.add(HOURLY, at=START)
    asked = Fire(
        interval=hour(0),
        run_id=RunId("m"),
        recorded_at=START,
        kind=FireKind.MANUAL,
        parameters={"n": 5},
    )
    store.schedules.trigger("hourly", asked)
    recorded = decided(store, Queue(hour(0)))
    assert waiting(recorded) == ["m", "f1"]
    assert recorded.waiting[0] == asked
    assert recorded.standing.waiting == (hour(0),)
    create(store, "m", RunState.FAILED)
    assert store.schedules.find("hourly").standing.failures == 0
    listed = [(fire.run_id, state) for fire, state in store.schedules.fires("hourly", limit=9)]
    assert listed == [("f1", None), ("m", RunState.FAILED)]


def test_a_schedule_pauses_itself_and_is_resumed(store: Metastore) -> None:
    store.schedules.add(HOURLY, at=START)
    decided(store, Queue(hour(0)))
    create(store, "f0", RunState.FAILED)
    recorded = decided(store, Pause(1))
    assert recorded.standing.paused
    assert recorded.schedule.paused
    resumed_at = START + 25 * HOUR
    store.schedules.resume("hourly", at=resumed_at)
    standing = store.schedules.find("hourly").standing
    assert (standing.paused, standing.resumed_at, standing.failures) == (False, resumed_at, 0)
    store.schedules.resume("hourly", at=resumed_at + HOUR)
    assert store.schedules.find("hourly").standing == standing, "it was not paused"


def test_a_removed_schedule_begins_nothing_and_leaves_its_name(store: Metastore) -> None:
    store.schedules.add(HOURLY, at=START)
    decided(store, Queue(hour(0)), Queue(hour(1)))
    create(store, "f0")
    store.schedules.remove("hourly")
    assert store.schedules.all() == []
    assert len(store.events(RunId("f0"))) == 2
    with pytest.raises(EventConflict):
        create(store, "f1")
    store.schedules.add(HOURLY, at=START)
    recorded = store.schedules.find("hourly")
    assert (recorded.standing, recorded.waiting) == (Standing(), ())
    assert store.schedules.fires("hourly", limit=9) == []


def asked(store: Metastore, first: int, last: int, *runs: str) -> list[str]:
    """Ask for a backfill of these hours that have no run yet; returns which runs it gets."""
    numbers = iter(runs)

    def choose(states: Mapping[datetime, RunState]) -> list[DataInterval]:
        return [hour(n) for n in range(first, last + 1) if hour(n).start not in states]

    bounds = Backfill(start=hour(first).start, end=hour(last).start, max_active_runs=2)
    found = store.backfills.ask(
        "hourly",
        bounds,
        choose=choose,
        parameters={"n": 5},
        templates={"day": "{{ data_interval_start | ds }}"},
        at=START + 24 * HOUR,
        new_run_id=lambda: RunId(next(numbers)),
    )
    return [fire.run_id for fire in found]


def test_a_backfill_has_the_intervals_that_have_no_run(store: Metastore) -> None:
    store.schedules.add(HOURLY, at=START)
    decided(store, Queue(hour(0)), Queue(hour(1)))
    create(store, "f0", RunState.FAILED)
    assert asked(store, 0, 3, "b2", "b3") == ["b2", "b3"]
    assert asked(store, 0, 4, "c4") == ["c4"], "what waits is not asked for again"
    assert asked(store, 0, 4) == []
    first, second = store.backfills.unfinished("hourly")
    assert [fire.interval for fire in first.waiting] == [hour(2), hour(3)]
    assert first.waiting[0].parameters == {"n": 5}
    assert first.waiting[0].templates == {"day": "{{ data_interval_start | ds }}"}
    assert (first.asked.max_active_runs, first.active) == (2, ())
    create(store, "b2")
    assert store.backfills.find(first.backfill_id).active == ("b2",)
    assert store.backfills.past(1, hour(3).start) is RunState.RUNNING
    assert store.backfills.past(1, hour(2).start) is RunState.QUEUED
    assert store.backfills.past(1, hour(1).start) is RunState.FAILED
    assert store.backfills.past(1, hour(0).start) is None
    standing = store.schedules.find("hourly").standing
    assert standing.backfilled == {hour(n).start for n in (2, 3, 4)}
    assert (standing.last, standing.active) == (hour(1), ())
    assert store.backfills.drop(first.backfill_id) == 1
    with pytest.raises(EventConflict):
        create(store, "b3")
    assert store.backfills.unfinished("hourly")[1] == second
    assert asked(store, 0, 4, "d3") == ["d3"], "one that was dropped may be asked for again"


FOLLOWER = Schedule(name="after", notebook="b.ipynb", start=START, after="hourly")


def take(store: Metastore) -> tuple[DataInterval, ...]:
    """Have the one that follows record a fire for all that has succeeded by now."""
    seen = store.schedules.find("after")
    queued = tuple(Queue(each) for each in seen.standing.succeeded)
    numbers = count(len(store.schedules.fires("after", limit=9999)))
    store.schedules.record(
        seen,
        Decision(actions=queued, wake_at=ALWAYS),
        at=START,
        new_run_id=lambda: RunId(f"a{next(numbers)}"),
    )
    return seen.standing.succeeded


def test_what_succeeds_after_many_later_fires_is_taken_by_those_that_follow(
    store: Metastore,
) -> None:
    store.schedules.add(HOURLY, at=START)
    store.schedules.add(FOLLOWER, at=START)
    decided(store, Queue(hour(0)))
    decided(store, *(Queue(hour(n)) for n in range(1, 1101)))
    create(store, "f0", RunState.SUCCESS)
    assert take(store) == (hour(0),)
    assert take(store) == ()


def test_those_that_follow_take_each_interval_once_whatever_becomes_of_its_runs(
    store: Metastore,
) -> None:
    store.schedules.add(HOURLY, at=START)
    store.schedules.add(FOLLOWER, at=START)
    decided(store, *(Queue(hour(n)) for n in range(4)))
    for run_id, state in (("f1", RunState.SUCCESS), ("f0", RunState.FAILED)):
        create(store, run_id, state)
    assert store.schedules.untaken("hourly") == {hour(1)}
    delete(store, "f1")
    assert take(store) == (hour(1),)
    assert store.schedules.untaken("hourly") == set()
    create(store, "f2", RunState.SUCCESS)
    store.schedules.pause("after")
    store.schedules.sleep([(store.schedules.find("after"), None)])
    store.schedules.resume("after", at=START)
    assert take(store) == (hour(2),)
    seen = store.schedules.find("after")
    assert seen.followed == seen.seen_upstream > 0
    store.schedules.update(FOLLOWER)  # it is looked at from the first success on
    create(store, "f3", RunState.SUCCESS)
    assert take(store) == (hour(3),)


def test_the_successes_that_an_older_program_has_recorded_are_taken(tmp_path: Path) -> None:
    path = tmp_path / "dagflow.db"
    store = Metastore.open(f"sqlite:///{path}")
    store.schedules.add(HOURLY, at=START)
    store.schedules.add(FOLLOWER, at=START)
    decided(store, Queue(hour(0)), Queue(hour(1)))
    for run_id in ("f0", "f1"):
        create(store, run_id, RunState.SUCCESS)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM successes")
    assert take(store) == ()
    for _ in range(2):
        store.schedules.catch_up()
    assert take(store) == (hour(0), hour(1))
    store.close()


def test_an_id_that_is_drawn_twice_is_drawn_again(store: Metastore) -> None:
    store.schedules.add(HOURLY, at=START)
    assert asked(store, 0, 1, "a", "a", "b") == ["a", "b"]
    assert asked(store, 2, 3, "b", "c", "c", "d") == ["c", "d"]


def test_of_backfills_that_are_asked_for_at_once_each_interval_is_in_one(tmp_path: Path) -> None:
    stores = [Metastore.open(f"sqlite:///{tmp_path}/dagflow.db") for _ in range(4)]
    stores[0].schedules.add(HOURLY, at=START)
    threads = [
        threading.Thread(target=asked, args=(store, 0, 9, *(f"{n}-{i}" for i in range(10))))
        for n, store in enumerate(stores)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (recorded,) = stores[0].backfills.unfinished("hourly")
    assert [fire.interval for fire in recorded.waiting] == [hour(n) for n in range(2)], "at once"
    waiting = stores[0].schedules.find("hourly").waiting
    assert [fire.interval for fire in waiting] == [hour(n) for n in range(10)]
    for store in stores:
        store.close()


def test_refusals(store: Metastore, snapshot: SnapshotAssertion) -> None:
    told = []

    def refused(error: type[DagflowError], name: str) -> None:
        with pytest.raises(error) as caught:
            store.schedules.find(name)
        told.append(str(caught.value))

    refused(NotFound, "hourly")
    store.schedules.add(HOURLY, at=START)
    refused(NotFound, "nightly")
    asked = Fire(interval=hour(0), run_id=RunId("m"), recorded_at=START, kind=FireKind.MANUAL)
    store.schedules.trigger("hourly", asked)
    seen = store.schedules.find("hourly")
    decided(store, Queue(hour(0)))
    create(store, "m")
    delete(store, "m")
    refusals: list[tuple[type[DagflowError], Callable[[], object]]] = [
        (OptionError, lambda: store.schedules.add(HOURLY, at=START)),
        (OptionError, lambda: store.schedules.trigger("hourly", asked)),
        (ScheduleChanged, lambda: decided(store, Queue(hour(1)), seen=seen)),
        (EventConflict, lambda: create(store, "m")),
    ]
    for error, ask in refusals:
        with pytest.raises(error) as caught:
            ask()
        told.append(str(caught.value))
    assert "\n\n".join(told) == snapshot
    assert len(store.schedules.fires("hourly", limit=9)) == 2, "nothing of it was recorded"
