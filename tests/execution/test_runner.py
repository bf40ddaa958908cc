"""The runner's law: decide, record, act, in this order, whatever fails. A scripted executor, a real metastore."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from jupyter_dagflow.core.compile import compile_cells
from jupyter_dagflow.core.errors import MetastoreUnreachable
from jupyter_dagflow.core.events import (
    Event,
    RunCreated,
    RunFinished,
    Stored,
    TaskFailure,
    TaskStarted,
)
from jupyter_dagflow.core.lease import Lease
from jupyter_dagflow.core.machine import AttemptEnded
from jupyter_dagflow.core.model import RunId, TaskName
from jupyter_dagflow.core.run import RunView, replay
from jupyter_dagflow.core.states import RunState, TaskState
from jupyter_dagflow.execution.files import RunFiles
from jupyter_dagflow.execution.ports import Assignment, Report
from jupyter_dagflow.execution.processes import this_process
from jupyter_dagflow.execution.runner import Runner, RunRequest
from jupyter_dagflow.execution.safekeeping import ResultsNotDurable
from jupyter_dagflow.execution.watchers import Sink
from jupyter_dagflow.storage.artifacts import ArtifactStore
from jupyter_dagflow.storage.metastore import Metastore
from jupyter_dagflow.storage.notebooks import read_notebook

RUN = RunId("run-1")
CELLS = [("x = 1", "task:a"), ("y = 2", "task:b"), ("print(x, y)", "task:c")]


def now() -> datetime:
    return datetime.now(timezone.utc)


VALUE = Stored(name="x", digest="blake2b:" + "0" * 64, size_bytes=1, type="int")


class Scripted:
    """An executor that ends each attempt as its script says: well, ``store`` (with a value), ``fail``, ``raise`` at
    the start, ``hang``, or ``together`` with all others of which it says so.
    """

    def __init__(
        self, report: Report, script: dict[str, str], now: Callable[[], datetime] = now
    ) -> None:
        self._report = report
        self._now = now
        self._script = script
        self.started: list[str] = []
        self.stopped: list[str] = []
        self.closed = False
        self._together = [task for task, ending in script.items() if ending == "together"]

    async def start(self, assignment: Assignment, *, more: bool = False) -> None:
        ending = self._script.get(assignment.task, "well")
        if ending == "raise":
            raise RuntimeError("no more room")
        self.started.append(assignment.task)
        if ending == "together":
            if all(task in self.started for task in self._together):
                for task in self._together:
                    self._end(task, assignment.attempt)
        elif ending != "hang":
            failure = TaskFailure(kind="error", message="boom") if ending == "fail" else None
            stored = (VALUE,) if ending == "store" else ()
            self._end(assignment.task, assignment.attempt, failure=failure, stored=stored)

    async def stop(self, task: TaskName, attempt: int) -> None:
        if self._script.get(task) == "hang":
            self.stopped.append(task)
            self._end(task, attempt, stopped=True)

    async def close(self) -> None:
        self.closed = True

    def finish(self, *tasks: str) -> None:
        """Have attempts end well that hang."""
        for task in tasks:
            self._end(task, 1)

    def _end(self, task: str, attempt: int, **fields: Any) -> None:
        self._report(AttemptEnded(at=self._now(), task=TaskName(task), attempt=attempt, **fields))


class Stage:
    """A run of three tasks, a and b before c, whose executor is scripted."""

    def __init__(self, home: Path) -> None:
        self.files = RunFiles(home, RUN)
        self.files.folder.mkdir(parents=True)
        cells = [
            {
                "cell_type": "code",
                "id": f"c{i}",
                "metadata": {"tags": [tag]},
                "source": source,
                "outputs": [],
                "execution_count": None,
            }
            for i, (source, tag) in enumerate(CELLS)
        ]
        metadata = {"kernelspec": {"name": "python3", "display_name": "p", "language": "python"}}
        document = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
        self.files.source.write_text(json.dumps(document))
        self.metastore = Metastore.open(f"sqlite:///{home / 'metastore.db'}")
        self.executor: Scripted | None = None

    def runner(
        self,
        script: dict[str, str] | None = None,
        sinks: Sequence[Sink] = (),
        now: Callable[[], datetime] = now,
    ) -> Runner:
        notebook = read_notebook(self.files.source)

        def make(report: Report) -> Scripted:
            self.executor = Scripted(report, script or {}, now)
            return self.executor

        request = RunRequest(
            run_id=RUN,
            lease=Lease(run_id=RUN, token=1, owner=this_process()),
            notebook=notebook,
            compilation=compile_cells(notebook),
            parameters={},
            files=self.files,
            artifacts=self.files.home / "artifacts",
            cwd=self.files.home,
            jobs=2,
            sinks=sinks,
        )
        return Runner(request, metastore=self.metastore, make_executor=make, now=now)

    def states(self) -> dict[str, TaskState]:
        """The tasks as the history tells them."""
        return {name: task.state for name, task in self.metastore.view(RUN).tasks.items()}


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def test_what_is_published_is_recorded_already(stage: Stage) -> None:
    ahead: list[Event] = []

    def sink(event: object) -> None:
        recorded = stage.metastore.events(RUN)
        if event not in recorded:
            ahead.append(event)  # type: ignore[arg-type]

    view = asyncio.run(stage.runner(sinks=[sink]).run())
    assert view.state is RunState.SUCCESS
    assert ahead == []


def test_a_run_that_waits_to_be_recorded_is_not_taken_for_lost(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    append = stage.metastore.append

    def late(run_id: RunId, events: Sequence[Event], **options: Any) -> None:
        if isinstance(events[0], RunCreated):
            time.sleep(0.3)  # many beats long
        append(run_id, events, **options)

    monkeypatch.setattr(stage.metastore, "append", late)
    monkeypatch.setattr("jupyter_dagflow.execution.runner.BEAT_S", 0.01)
    view = asyncio.run(stage.runner().run())
    assert view.state is RunState.SUCCESS


def test_what_is_started_is_recorded_already(stage: Stage) -> None:
    runner = stage.runner()
    seen: list[bool] = []
    begin = stage.executor.start

    async def start(assignment: Assignment, *, more: bool = False) -> None:
        recorded = stage.metastore.events(RUN)
        seen.append(any(isinstance(e, TaskStarted) and e.task == assignment.task for e in recorded))
        await begin(assignment)

    stage.executor.start = start  # type: ignore[method-assign]
    asyncio.run(runner.run())
    assert seen == [True, True, True]


def test_the_view_is_what_the_history_tells(stage: Stage) -> None:
    runner = stage.runner()
    views: list[tuple[RunView, list[Event]]] = []
    runner.watch(lambda _: views.append((runner.view, stage.metastore.events(RUN))))
    asyncio.run(runner.run())
    assert views
    for shown, recorded in views:
        assert shown == replay(recorded[: shown.seq])


def test_what_ends_together_is_recorded_together_before_anything_follows(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    append, recorded = stage.metastore.append, list[list[tuple[str, str]]]()

    def noting(run_id: RunId, events: Sequence[Event], **others: Any) -> None:
        recorded.append([(type(e).__name__, getattr(e, "task", "")) for e in events])
        assert stage.executor is not None
        assert "c" not in stage.executor.started or ("TaskStarted", "c") in recorded[-2]
        append(run_id, events, **others)

    monkeypatch.setattr(stage.metastore, "append", noting)
    asyncio.run(stage.runner({"a": "together", "b": "together"}).run())
    assert recorded[1:] == [
        [("TaskFinished", "a"), ("TaskFinished", "b"), ("TaskQueued", "c"), ("TaskStarted", "c")],
        [("TaskFinished", "c"), ("RunFinished", "")],
    ]
    assert stage.metastore.view(RUN).state is RunState.SUCCESS


def test_a_cancellation_that_comes_with_an_end_starts_nothing_more(stage: Stage) -> None:
    runner = stage.runner({"a": "together", "b": "together"})
    assert stage.executor is not None
    report = stage.executor._report

    def both(news: AttemptEnded) -> None:
        report(news)
        if news.task == "b":
            runner.cancel("test")

    stage.executor._report = both  # type: ignore[assignment]
    asyncio.run(runner.run())
    assert stage.states() == {
        "a": TaskState.SUCCESS,
        "b": TaskState.SUCCESS,
        "c": TaskState.CANCELLED,
    }
    assert sorted(stage.executor.started) == ["a", "b"]


def test_a_watcher_that_fails_harms_nobody(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    told: list[object] = []

    def broken(event: object) -> None:
        raise RuntimeError("no such window")

    view = asyncio.run(stage.runner(sinks=[broken, told.append]).run())
    assert view.state is RunState.SUCCESS
    assert len(told) == view.seq
    assert caplog.text.count("is told no more") == 1


def test_a_task_that_cannot_be_started_fails_alone(stage: Stage) -> None:
    asyncio.run(stage.runner({"a": "raise"}).run())
    assert stage.states() == {
        "a": TaskState.FAILED,
        "b": TaskState.SUCCESS,
        "c": TaskState.UPSTREAM_FAILED,
    }
    failure = stage.metastore.view(RUN).tasks[TaskName("a")].failure
    assert failure is not None
    assert "no more room" in failure.message


def test_cancel_stops_what_runs_and_keeps_what_is_done(stage: Stage) -> None:
    async def cancel_when_running() -> RunView:
        runner = stage.runner({"b": "hang"})
        done = asyncio.Event()
        runner.watch(lambda event: done.set() if getattr(event, "task", "") == "a" else None)
        run = asyncio.create_task(runner.run())
        await done.wait()
        while stage.states()["a"] is not TaskState.SUCCESS:
            await asyncio.sleep(0.01)
        runner.cancel("test")
        return await run

    view = asyncio.run(cancel_when_running())
    assert view.state is RunState.CANCELLED
    assert stage.executor is not None
    assert stage.executor.stopped == ["b"]
    assert stage.states() == {
        "a": TaskState.SUCCESS,
        "b": TaskState.CANCELLED,
        "c": TaskState.CANCELLED,
    }


def test_a_mark_in_the_metastore_cancels(stage: Stage) -> None:
    runner = stage.runner({"a": "hang"})
    runner.watch(lambda _: stage.metastore.request_cancel(RUN) and None)
    assert asyncio.run(runner.run()).state is RunState.CANCELLED


@pytest.mark.parametrize("after", [0, 1, 2])
def test_when_the_metastore_cannot_record_nothing_is_left_running(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    append, calls = stage.metastore.append, iter(range(10))

    def failing(run_id: RunId, events: Sequence[Event], **others: Any) -> None:
        if next(calls) >= after:
            raise MetastoreUnreachable("The disk is full.")
        append(run_id, events, **others)

    monkeypatch.setattr(stage.metastore, "append", failing)
    with pytest.raises(MetastoreUnreachable):
        asyncio.run(stage.runner().run())
    assert stage.executor is not None
    assert stage.executor.closed
    assert bool(stage.executor.started) == (after > 0), "nothing starts that is not recorded"


def test_a_run_ends_though_its_notebook_cannot_be_written(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(*_: object, **__: object) -> None:
        raise OSError(13, "Permission denied")

    monkeypatch.setattr("jupyter_dagflow.execution.executed_file.write_executed", forbidden)
    asyncio.run(stage.runner().run())
    assert stage.metastore.view(RUN).state is RunState.SUCCESS


def test_a_run_has_ended_when_its_results_are_on_the_disk(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    durable: list[str] = []
    monkeypatch.setattr(ArtifactStore, "make_durable", lambda _, digests: durable.extend(digests))
    at_the_end: list[str] = []

    def sink(event: object) -> None:
        if isinstance(event, RunFinished):
            at_the_end.extend(durable)

    asyncio.run(stage.runner({"a": "store"}, sinks=[sink]).run())
    assert at_the_end == [VALUE.digest]


def test_results_that_the_disk_has_no_space_for_are_written_anew_when_it_has(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """That fsync finds no space depends on the file system: all but the error is real."""
    path = ArtifactStore(stage.files.home / "artifacts").path(VALUE.digest)
    full = iter([True, True, True])
    sync = os.fsync

    def fsync(descriptor: int) -> None:
        if os.readlink(f"/proc/self/fd/{descriptor}").startswith(str(path.parent)) and next(
            full, False
        ):
            raise OSError(28, "No space left on device")
        sync(descriptor)

    monkeypatch.setattr("jupyter_dagflow.storage.atomic.os.fsync", fsync)
    monkeypatch.setattr("jupyter_dagflow.execution.patience.PAUSE_S", 0.01)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"the value")
    was = path.stat().st_ino
    with caplog.at_level("WARNING", logger="jupyter_dagflow"):
        asyncio.run(stage.runner({"a": "store"}).run())
    assert stage.metastore.view(RUN).state is RunState.SUCCESS
    assert path.read_bytes() == b"the value"
    assert path.stat().st_ino != was
    assert [each for each in path.parent.iterdir() if each != path] == []
    assert "waits, and tries again" in caplog.messages[0]
    assert caplog.messages[1:] == [f"Run {RUN} goes on."]


def test_a_run_whose_results_do_not_come_to_the_disk_has_not_ended(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(ArtifactStore, "make_durable", broken)
    with pytest.raises(ResultsNotDurable, match="Input/output error"):
        asyncio.run(stage.runner({"a": "store"}).run())
    assert not stage.metastore.view(RUN).state.is_final
    assert stage.executor is not None
    assert stage.executor.closed


def test_the_executed_notebook_grows_while_the_run_goes_on(stage: Stage) -> None:
    runner = stage.runner({"c": "hang"})

    async def run() -> None:
        going = asyncio.create_task(runner.run())
        while not stage.files.executed.exists():
            await asyncio.sleep(0.01)
        assert not runner.view.state.is_final
        assert len(json.loads(stage.files.executed.read_text())["cells"]) == len(CELLS)
        runner.cancel("seen")
        await going

    asyncio.run(run())
    assert runner.view.state is RunState.CANCELLED
