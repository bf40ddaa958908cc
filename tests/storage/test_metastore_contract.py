"""What every metastore does, whatever it keeps its tables in."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from syrupy.assertion import SnapshotAssertion

from jupyter_dagflow.core.calendar.intervals import DataInterval
from jupyter_dagflow.core.errors import NotFound
from jupyter_dagflow.core.events import (
    CancelRequested,
    Event,
    RunCreated,
    RunFinished,
    RunStarted,
    Stored,
    TaskFailure,
    TaskFinished,
    TaskQueued,
    TaskStarted,
)
from jupyter_dagflow.core.machine import (
    AttemptEnded,
    Plan,
    PlannedTask,
    RetryDue,
    RunMachine,
    Stimulus,
    Submit,
)
from jupyter_dagflow.core.model import CellId, RunId, TaskName
from jupyter_dagflow.core.records import Origin, Revision, RunRecord, Surroundings, TaskRecord
from jupyter_dagflow.core.retry import RetryPolicy
from jupyter_dagflow.core.reuse import Asked, Checks, Entry, Recipe, Used
from jupyter_dagflow.core.run import replay
from jupyter_dagflow.core.slices import Piece
from jupyter_dagflow.core.states import RunState, TaskState
from jupyter_dagflow.storage.metastore import EventConflict, Metastore
from jupyter_dagflow.storage.tables import runs, task_runs

NOON = datetime(2026, 3, 8, 12, tzinfo=timezone.utc)
R1 = RunId("20260308-120000-aa")
LOAD, TRAIN = TaskName("load"), TaskName("train")
X = Stored(name="X", digest="xxh3:1", size_bytes=10, type="DataFrame", shape=(3, 2), preview="…")
HERE = Surroundings(
    kernel="python3", python="3.12.1", packages={"numpy": "2.1"}, modules={"gone.py": None}
)
MADE_OF = TaskRecord(
    code="c", recipe="r", inputs={"rows": "xxh3:3"}, files={"no.csv": None}, surroundings="here"
)
RECORD = RunRecord(
    origin=Origin.CLI,
    user="ada",
    host="laptop",
    python="3.12.1",
    version="0.1.0",
    source_digest="5d41402a",
    revision=Revision(commit="9d592f6", dirty=None),
)
N = Stored(name="n", digest="xxh3:2", size_bytes=5, type="int", preview="3", value=3)


@pytest.fixture(params=["file", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Metastore]:
    url = f"sqlite:///{tmp_path}/dagflow.db" if request.param == "file" else "sqlite://"
    metastore = Metastore.open(url)
    yield metastore
    metastore.close()


def created(run_id: str = R1, at: datetime = NOON, **fields: Any) -> RunCreated:
    fields = {"pipeline": "churn", "notebook": "churn.ipynb", "parameters": {}, **fields}
    tasks = ((LOAD, ()), (TRAIN, (LOAD,)))
    return RunCreated(run_id=RunId(run_id), seq=1, at=at, tasks=tasks, **fields)


def whole_run(run_id: RunId = R1) -> list[Event]:
    """A run as the machine makes it: load leaves two values and a metric, train fails."""
    tasks = (PlannedTask(name=LOAD), PlannedTask(name=TRAIN, upstream=(LOAD,)))
    plan = Plan(
        run_id=run_id,
        pipeline="churn",
        notebook="churn.ipynb",
        parameters={"n": 3, "names": ["a", None], "x": 1.5},
        tasks=tasks,
        slots=2,
        record=RECORD,
    )
    machine = RunMachine(plan)
    failure = TaskFailure(kind="error", message="KeyError: 'x'", cell=CellId("c"), line=2)
    stimuli: list[Stimulus] = [
        Submit(at=NOON),
        AttemptEnded(
            at=NOON + timedelta(seconds=2),
            task=LOAD,
            attempt=1,
            cells_s=1.5,
            stored=(X, N),
            metrics={"auc": 0.5},
            record=MADE_OF,
            surroundings=HERE,
        ),
        AttemptEnded(at=NOON + timedelta(seconds=3), task=TRAIN, attempt=1, failure=failure),
    ]
    return [event for stimulus in stimuli for event in machine.handle(stimulus).events]


def test_a_log_is_read_as_it_was_written(store: Metastore) -> None:
    log = whole_run()
    for event in log:
        store.append(R1, [event])
    assert store.events(R1) == log
    assert store.events(R1, after=3) == log[3:]
    assert store.events(R1, after=len(log)) == []
    assert store.view(R1) == replay(log)


def test_a_scheduled_run_is_listed_by_its_logical_date(store: Metastore) -> None:
    interval = DataInterval(NOON - timedelta(days=1), NOON)
    plan = Plan(
        run_id=R1,
        pipeline="churn",
        notebook="churn.ipynb",
        parameters={},
        tasks=(PlannedTask(name=LOAD),),
        slots=1,
        trigger="schedule",
        data_interval=interval,
    )
    log = list(RunMachine(plan).handle(Submit(at=NOON)).events)
    store.append(R1, log)
    assert store.events(R1) == log
    assert [each.data_interval for each in log if isinstance(each, RunCreated)] == [interval]
    (summary,) = store.runs()
    assert (summary.trigger, summary.logical_date) == ("schedule", interval.start)


def test_the_projection_agrees_with_the_log(store: Metastore) -> None:
    log = whole_run()
    store.append(R1, log)
    view = replay(log)
    (summary,) = store.runs()
    assert summary.run_id == view.run_id
    assert (summary.pipeline, summary.state) == (view.pipeline, view.state)
    assert (summary.trigger, summary.logical_date) == (view.trigger, None)
    assert (summary.started_at, summary.finished_at) == (view.started_at, view.finished_at)
    with store._transaction(store._reader) as connection:
        assert connection.scalar(select(runs.c.source_digest)) == RECORD.source_digest
    kept = [(name, stored) for name, task in view.tasks.items() for stored in task.stored]
    assert store.artifacts(R1) == kept == [(LOAD, X), (LOAD, N)]


@pytest.mark.parametrize("at_once", [True, False])
def test_tasks_of_a_lane_that_begins_again_have_not_run(store: Metastore, at_once: bool) -> None:
    plan = Plan(
        run_id=R1,
        pipeline="churn",
        notebook="churn.ipynb",
        parameters={},
        tasks=(
            PlannedTask(name=LOAD),
            PlannedTask(name=TRAIN, upstream=(LOAD,), retry=RetryPolicy(retries=1)),
        ),
        slots=1,
        lanes=((LOAD, TRAIN),),
    )
    machine = RunMachine(plan)
    failure = TaskFailure(kind="error", message="KeyError: 'x'")
    stimuli: list[Stimulus] = [
        Submit(at=NOON),
        AttemptEnded(at=NOON, task=LOAD, attempt=1, stored=(X,)),
        AttemptEnded(at=NOON, task=TRAIN, attempt=1, failure=failure),
        RetryDue(at=NOON, task=TRAIN, attempt=1),
    ]
    log = [event for stimulus in stimuli for event in machine.handle(stimulus).events]
    for events in [log[:-3], log[-3:]] if at_once else [[event] for event in log]:
        store.append(R1, events)
    view = store.view(R1)
    assert view == machine.view
    assert (view.tasks[LOAD].state, view.tasks[LOAD].attempt) == (TaskState.RUNNING, 2)
    assert (view.tasks[TRAIN].state, view.tasks[TRAIN].attempt) == (TaskState.NONE, 1)
    columns = (task_runs.c.task, task_runs.c.state, task_runs.c.attempt, task_runs.c.finished_at)
    with store._transaction(store._reader) as connection:
        rows = {tuple(row) for row in connection.execute(select(*columns))}
    assert rows == {(t.name, t.state.value, t.attempt, None) for t in view.tasks.values()}
    assert store.artifacts(R1) == []


def test_durations_are_those_of_when_a_task_last_ran_and_succeeded(store: Metastore) -> None:
    def finish(run_id: str, pipeline: str, *ends: tuple[TaskName, TaskState, float, bool]) -> None:
        done = [
            TaskFinished(
                run_id=RunId(run_id),
                seq=seq,
                at=NOON,
                task=task,
                attempt=1,
                state=state,
                duration_s=took,
                cached=cached,
            )
            for seq, (task, state, took, cached) in enumerate(ends, start=2)
        ]
        store.append(RunId(run_id), [created(run_id, pipeline=pipeline), *done])

    ok, failed = TaskState.SUCCESS, TaskState.FAILED
    assert store.durations("churn") == {}
    finish("1", "churn", (LOAD, ok, 5.0, False), (TRAIN, ok, 7.0, False))
    finish("2", "other", (LOAD, ok, 9.0, False))
    finish("3", "churn", (LOAD, ok, 0.0, True), (TRAIN, failed, 1.0, False))
    assert store.durations("churn") == {LOAD: 5.0, TRAIN: 7.0}
    finish("4", "churn", (LOAD, ok, 6.0, False))
    assert store.durations("churn") == {LOAD: 6.0, TRAIN: 7.0}
    assert store.durations("other") == {LOAD: 9.0}


def test_artifacts_are_in_notebook_order(store: Metastore) -> None:
    store.append(R1, [created(), RunStarted(run_id=R1, seq=2, at=NOON)])
    for seq, task in ((3, TRAIN), (4, LOAD)):
        done = TaskFinished(
            run_id=R1,
            seq=seq,
            at=NOON,
            task=task,
            attempt=1,
            state=TaskState.SUCCESS,
            stored=(N, X),
        )
        store.append(R1, [done])
    assert store.artifacts(R1) == [(LOAD, N), (LOAD, X), (TRAIN, N), (TRAIN, X)]
    assert store.artifacts(RunId("none")) == []


def test_nothing_to_append_is_nothing(store: Metastore) -> None:
    store.append(R1, [])
    assert store.events(R1) == []


@pytest.mark.parametrize("seqs", [[3], [2, 3], [5], [4, 6], [4, 4], [0]])
def test_a_log_has_no_gap_and_no_branch(store: Metastore, seqs: list[int]) -> None:
    store.append(R1, [created(), RunStarted(run_id=R1, seq=2, at=NOON)])
    queued = TaskQueued(run_id=R1, seq=3, at=NOON, task=LOAD, attempt=1)
    store.append(R1, [queued])
    started = [TaskStarted(run_id=R1, seq=seq, at=NOON, task=LOAD, attempt=1) for seq in seqs]
    with pytest.raises(EventConflict):
        store.append(R1, started)
    assert [event.seq for event in store.events(R1)] == [1, 2, 3]


def test_a_run_is_created_once_and_first(store: Metastore) -> None:
    with pytest.raises(EventConflict):
        store.append(R1, [RunStarted(run_id=R1, seq=1, at=NOON)])
    store.append(R1, [created()])
    with pytest.raises(EventConflict):
        store.append(R1, [created()])
    assert len(store.events(R1)) == 1


def test_all_or_nothing(store: Metastore) -> None:
    store.append(R1, [created()])
    twice = TaskFinished(
        run_id=R1, seq=3, at=NOON, task=LOAD, attempt=1, state=TaskState.SUCCESS, stored=(X, X)
    )
    with pytest.raises(EventConflict):
        store.append(R1, [RunStarted(run_id=R1, seq=2, at=NOON), twice])
    assert [event.seq for event in store.events(R1)] == [1]
    assert store.runs()[0].state is RunState.QUEUED
    assert store.artifacts(R1) == []


def test_an_event_of_another_run_is_refused(store: Metastore) -> None:
    with pytest.raises(ValueError, match="another run"):
        store.append(RunId("other"), [created()])


def test_a_time_without_a_zone_is_refused(store: Metastore) -> None:
    with pytest.raises(Exception, match="without a zone"):
        store.append(R1, [created(at=NOON.replace(tzinfo=None))])
    assert store.runs() == []


def test_times_come_back_in_utc(store: Metastore) -> None:
    at = datetime(2026, 3, 8, 13, 0, 0, 123456, tzinfo=timezone(timedelta(hours=1)))
    store.append(R1, [created(at=at), RunStarted(run_id=R1, seq=2, at=at)])
    started_at = store.runs()[0].started_at
    assert started_at == at
    assert started_at is not None
    assert started_at.tzinfo is timezone.utc


def test_values_that_json_finds_hard(store: Metastore) -> None:
    parameters = {"big": 2**80, "nan": math.nan, "inf": math.inf, "half": "\ud800", "nul": "\0"}
    odd = Stored(name="s", digest="d", size_bytes=1, type="str", preview="'\ud800\0'")
    done = TaskFinished(
        run_id=R1,
        seq=2,
        at=NOON,
        task=LOAD,
        attempt=1,
        state=TaskState.SKIPPED,
        stored=(odd,),
        metrics={"loss": math.nan},
    )
    store.append(R1, [created(parameters=parameters, notebook="\udcff.ipynb"), done])
    view = store.view(R1)
    assert math.isnan(view.parameters.pop("nan"))  # type: ignore[attr-defined]
    assert view.parameters == {"big": 2**80, "inf": math.inf, "half": "\ud800", "nul": "\0"}
    assert view.tasks[LOAD].stored == (odd,)
    assert math.isnan(view.metrics["loss"])  # type: ignore[arg-type]
    assert store.artifacts(R1)[0][1].preview == "'\\ud800\\x00'"


def test_runs_are_listed_newest_first(store: Metastore) -> None:
    for hour, pipeline in ((1, "a"), (3, "b"), (2, "a")):
        run_id = RunId(f"run-{hour}")
        at = NOON + timedelta(hours=hour)
        store.append(run_id, [created(run_id, at, pipeline=pipeline)])
    store.append(RunId("run-3"), [RunStarted(run_id=RunId("run-3"), seq=2, at=NOON)])
    assert [run.run_id for run in store.runs()] == ["run-3", "run-2", "run-1"]
    assert [run.run_id for run in store.runs(limit=1)] == ["run-3"]
    assert [run.run_id for run in store.runs(pipeline="a")] == ["run-2", "run-1"]
    assert [run.run_id for run in store.runs(state="queued")] == ["run-2", "run-1"]
    assert [run.run_id for run in store.runs(state=RunState.RUNNING)] == ["run-3"]
    assert store.runs(pipeline="none") == []


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("latest", "aa2"),
        ("last", "aa2"),
        ("aa1", "aa1"),
        ("b", "b_%1"),
        ("aa", "aa"),
        ("b_", "b_%1"),
    ],
)
def test_finds_a_run(store: Metastore, name: str, found: str) -> None:
    for minute, run_id in enumerate(["b_%1", "aa", "aa1", "aa2"]):
        store.append(RunId(run_id), [created(run_id, NOON + timedelta(minutes=minute))])
    assert store.find_run(name) == found


@pytest.mark.parametrize("name", ["a", "", "zz", "_", "%", "AA1"])
def test_says_which_runs_there_are(
    store: Metastore, name: str, snapshot: SnapshotAssertion
) -> None:
    for minute, run_id in enumerate(["b", "aa1", "aa2", "aa3", "aa4", "aa5", "aa6"]):
        store.append(RunId(run_id), [created(run_id, NOON + timedelta(minutes=minute))])
    with pytest.raises(NotFound) as caught:
        store.find_run(name)
    assert str(caught.value) == snapshot


def test_a_step_of_another_run_is_never_the_latest_and_is_found_by_time(store: Metastore) -> None:
    names = [f"20260301-12000{second}-aaaaaa" for second in range(4)]
    for second, (name, trigger) in enumerate(
        zip(names, ("nested", "manual", "nested", "nested"), strict=True)
    ):
        at = NOON + timedelta(seconds=second)
        store.append(RunId(name), [created(name, at, trigger=trigger)])
    assert store.find_run("latest") == names[1]
    assert store.nested_runs(RunId(names[1]), None) == names[2:]
    until = datetime(2026, 3, 1, 12, 0, 2, tzinfo=timezone.utc)
    assert store.nested_runs(RunId(names[1]), until) == [names[2]]


@pytest.mark.parametrize("name", ["latest", "x"])
def test_says_that_there_are_no_runs(
    store: Metastore, name: str, snapshot: SnapshotAssertion
) -> None:
    with pytest.raises(NotFound) as caught:
        store.find_run(name)
    assert str(caught.value) == snapshot
    for look in (store.view, store.request_cancel):
        with pytest.raises(NotFound):
            look(RunId(name))


def test_a_request_to_cancel_is_seen(store: Metastore) -> None:
    assert not store.cancel_requested(R1)
    store.append(R1, [created()])
    assert not store.cancel_requested(R1)
    assert store.request_cancel(R1)
    assert store.cancel_requested(R1)
    assert store.request_cancel(R1)
    assert len(store.events(R1)) == 1


def test_the_event_of_a_cancellation_marks_it_too(store: Metastore) -> None:
    store.append(R1, [created(), CancelRequested(run_id=R1, seq=2, at=NOON, reason="x")])
    assert store.cancel_requested(R1)


def test_a_run_that_has_ended_cannot_be_cancelled(store: Metastore) -> None:
    finished = RunFinished(run_id=R1, seq=2, at=NOON, state=RunState.CANCELLED)
    store.append(R1, [created(), finished])
    assert not store.request_cancel(R1)
    assert not store.cancel_requested(R1)


def test_threads_append_to_their_own_runs(store: Metastore) -> None:
    count, failures = 20, []

    def run(run_id: RunId) -> None:
        try:
            store.append(run_id, [created(run_id)])
            for seq in range(2, count + 1):
                event = CancelRequested(run_id=run_id, seq=seq, at=NOON, reason=str(seq))
                store.append(run_id, [event])
                store.runs()
                store.view(run_id)
        except Exception as error:  # noqa: BLE001 -- told below, in the test's own thread
            failures.append(error)

    ids = [RunId(f"run-{i}") for i in range(4)]
    threads = [threading.Thread(target=run, args=(run_id,)) for run_id in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    for run_id in ids:
        assert [event.seq for event in store.events(run_id)] == list(range(1, count + 1))


def test_of_two_that_append_the_same_event_one_is_refused(store: Metastore) -> None:
    store.append(R1, [created()])
    outcomes: list[str] = []
    ready = threading.Barrier(4)

    def run(reason: str) -> None:
        ready.wait()
        try:
            store.append(R1, [CancelRequested(run_id=R1, seq=2, at=NOON, reason=reason)])
            outcomes.append("recorded")
        except EventConflict:
            outcomes.append("refused")

    threads = [threading.Thread(target=run, args=(str(i),)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["recorded", "refused", "refused", "refused"]
    assert len(store.events(R1)) == 2


ENTRY = Entry(
    place="/p/nb.ipynb#load",
    made_at=NOON,
    taskbook=(R1, LOAD, 1),
    recipe=Recipe(
        pieces=(Piece("a", 0),),
        parameters={"n": "3"},
        environment={},
        kernel=("python3", "k"),
        folder="/p",
    ),
    inputs={"df": "xxh3:9"},
    asked=Asked(outputs=("X", "n"), checks=Checks(exposed={"X": ("y",)}, beside={"y": "X"})),
    used=Used(
        read={"data.csv": "xxh3:5", "absent": None},
        patterns={"*.csv": ("data.csv",)},
        packages={"/site": {"pandas": "3.0.0"}},
    ),
    stored=(X, N),
    metrics={"loss": math.inf, "big": 10**30},
    drawn={"<random>": "s"},
    seeded=("<random>",),
    cells=(CellId("c"),),
)
RECIPE = ENTRY.recipe.digest


def found(store: Metastore, recipe: str = RECIPE, place: str = "") -> list[Entry]:
    return [known.entry for known in store.reusable(recipes={recipe}, places={place})]


def test_a_result_is_found_by_its_recipe_and_by_its_place(store: Metastore) -> None:
    assert found(store) == []
    store.remember([ENTRY])
    assert found(store) == found(store, "another", ENTRY.place) == [ENTRY]
    assert found(store, RECIPE, ENTRY.place) == [ENTRY]
    assert found(store, "another", "elsewhere") == []
    assert store.reusable(recipes=set(), places=set()) == []


def test_a_result_that_is_made_again_takes_the_place_of_the_older_one(store: Metastore) -> None:
    again = replace(ENTRY, made_at=NOON + timedelta(hours=1), taskbook=(RunId("r2"), LOAD, 1))
    store.remember([ENTRY, again])
    assert found(store) == [again]


@pytest.mark.parametrize(
    "other",
    [
        {"inputs": {"df": "xxh3:8"}},
        {"asked": Asked(outputs=("X",))},
        {"used": Used(read={"data.csv": "xxh3:6"})},
        {"barred": "failed last time"},
    ],
)
def test_results_of_something_else_stand_beside_one_another(
    store: Metastore, other: dict[str, Any]
) -> None:
    later = replace(ENTRY, made_at=NOON + timedelta(hours=1), **other)
    store.remember([ENTRY, later])
    assert found(store) == [later, ENTRY]
    assert found(store, "another", ENTRY.place) == [later]
    (known,) = [k for k in store.reusable(recipes={RECIPE}, places=()) if k.entry == ENTRY]
    store.note_reuse([known.entry_id], at=NOON + timedelta(hours=2))
    assert found(store) == [ENTRY, later], "the last used comes first"


def test_many_results_are_found_with_one_question(store: Metastore) -> None:
    entries = [
        replace(ENTRY, place=f"p#{i}", recipe=replace(ENTRY.recipe, folder=f"/{i}"))
        for i in range(1200)
    ]
    store.remember(entries)
    known = store.reusable(
        recipes={entry.recipe.digest for entry in entries},
        places={entry.place for entry in entries},
    )
    assert len(known) == len(entries)


def test_what_nobody_needs_any_more(store: Metastore) -> None:
    hour = timedelta(hours=1)
    old, new = replace(N, digest="xxh3:old"), replace(N, digest="xxh3:new")
    going_on, needed = replace(N, digest="xxh3:on"), replace(N, digest="xxh3:entry")
    for run_id, at, stored, ends in (
        ("r-old", NOON, old, True),
        ("r-on", NOON, going_on, False),
        ("r-new", NOON + 2 * hour, new, True),
    ):
        id_ = RunId(run_id)
        done = TaskFinished(
            run_id=id_,
            seq=3,
            at=at,
            task=LOAD,
            attempt=1,
            state=TaskState.SUCCESS,
            stored=(stored,),
        )
        ended = RunFinished(run_id=id_, seq=4, at=at, state=RunState.SUCCESS)
        store.append(id_, [created(run_id, at), RunStarted(run_id=id_, seq=2, at=at)])
        store.append(id_, [TaskQueued(run_id=id_, seq=3, at=at, task=LOAD, attempt=1)])
        store.append(id_, [TaskStarted(run_id=id_, seq=4, at=at, task=LOAD, attempt=1)])
        store.append(id_, [replace(done, seq=5), *([replace(ended, seq=6)] if ends else [])])
    reused = replace(ENTRY, stored=(needed,), inputs={})
    store.remember([ENTRY, reused])
    (known,) = [k for k in store.reusable(recipes={RECIPE}, places=()) if k.entry == reused]
    store.note_reuse([known.entry_id], at=NOON + 2 * hour)

    told = store.forget_unused(NOON + hour, now=NOON + 3 * hour)
    assert told.forgotten == 1
    assert told.digests == {"xxh3:new", "xxh3:on", "xxh3:entry"}
    assert told.before == NOON, (
        "what was written since the oldest run that goes on began may be its own"
    )
    assert found(store) == [reused]
    set_back = store.forget_unused(NOON - 2 * hour, now=NOON - hour)
    assert set_back.before.timestamp() == 0, "nothing is old by a clock that was set back"
