"""A lock or a full disk delays a run and never ends it. A scripted executor, a real database, really locked or full."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from jupyter_dagflow.core.errors import MetastoreBlocked, MetastoreUnreachable
from jupyter_dagflow.core.run import RunView
from jupyter_dagflow.core.states import RunState, TaskState
from jupyter_dagflow.execution import patience
from jupyter_dagflow.execution.runner import Runner
from jupyter_dagflow.storage import sqlite
from tests.execution.full_disk import Disk
from tests.execution.test_runner import RUN, Stage

LOCK = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], timeout=60, isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.readline()
connection.execute("ROLLBACK")
"""
Trouble = Callable[[], AbstractContextManager[None]]


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Have another process hold the lock of a database."""
    with subprocess.Popen(
        [sys.executable, "-c", LOCK, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "locked\n"
        yield
        process.stdin.write("enough\n")
        process.stdin.flush()
        assert process.wait() == 0


@pytest.fixture(params=["small disk", "limit"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Disk]:
    disk = Disk(tmp_path / "disk", mount=request.param == "small disk")
    yield disk
    disk.close()


@pytest.fixture
def stage(disk: Disk, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    monkeypatch.setattr(sqlite, "BUSY_TIMEOUT_S", 0.05)
    monkeypatch.setattr(patience, "PAUSE_S", 0.02)
    stage = Stage(disk.path)
    yield stage
    stage.metastore.close()


@pytest.fixture(params=["locked", "full"])
def trouble(request: pytest.FixtureRequest, stage: Stage, disk: Disk) -> Trouble:
    if request.param == "full":
        return disk.full
    return lambda: locked(disk.path / "metastore.db")


async def until(is_so: Callable[[], bool]) -> None:
    for _ in range(6000):
        if is_so():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("It never came.")


async def begun(stage: Stage, runner: Runner) -> asyncio.Task[RunView]:
    """The run as soon as its first two tasks hang."""
    running = asyncio.create_task(runner.run())
    await until(lambda: stage.executor is not None and len(stage.executor.started) == 2)
    return running


def test_a_run_waits_and_ends_as_it_would_have(
    stage: Stage, trouble: Trouble, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        running = await begun(stage, stage.runner({"a": "hang", "b": "hang"}))
        assert stage.executor is not None
        with trouble():
            stage.executor.finish("a", "b")
            await until(lambda: "waits, and tries again" in caplog.text)
            assert not running.done()
        await running
        assert stage.executor.started == ["a", "b", "c"]

    with caplog.at_level(logging.WARNING, logger="jupyter_dagflow"):
        asyncio.run(main())
    assert [record.exc_info for record in caplog.records] == [None, None], "told once, and plainly"
    assert caplog.messages[1] == f"Run {RUN} goes on."
    view = stage.metastore.view(RUN)
    assert view.state is RunState.SUCCESS
    assert set(stage.states().values()) == {TaskState.SUCCESS}
    events = stage.metastore.events(RUN)
    assert [event.seq for event in events] == [*range(1, len(events) + 1)]


def test_a_run_that_waits_can_be_cancelled(
    stage: Stage, trouble: Trouble, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        runner = stage.runner({"a": "hang", "b": "hang"})
        running = await begun(stage, runner)
        assert stage.executor is not None
        with trouble():
            stage.executor.finish("a")
            await until(lambda: "waits, and tries again" in caplog.text)
            runner.cancel("asked for")
            await until(lambda: stage.executor is not None and stage.executor.stopped == ["b"])
        await running
        assert stage.executor.stopped.count("b") >= 1

    asyncio.run(main())
    assert stage.metastore.view(RUN).state is RunState.CANCELLED
    assert stage.states() == {
        "a": TaskState.SUCCESS,
        "b": TaskState.CANCELLED,
        "c": TaskState.CANCELLED,
    }


def test_a_run_that_cannot_be_recorded_at_all_is_refused(stage: Stage, trouble: Trouble) -> None:
    runner = stage.runner()
    with trouble(), pytest.raises(MetastoreBlocked) as caught:
        asyncio.run(runner.run())
    assert caught.value.hint
    assert stage.metastore.runs() == []
    assert stage.executor is not None
    assert stage.executor.started == []
    assert not stage.files.folder.exists()


def test_what_will_never_work_is_raised_at_once(stage: Stage) -> None:
    async def main() -> None:
        running = await begun(stage, stage.runner({"a": "hang", "b": "hang"}))
        stage.metastore.close()
        for file in stage.files.home.glob("metastore.db*"):
            file.unlink()
        (stage.files.home / "metastore.db").write_bytes(b"something else" * 1000)
        assert stage.executor is not None
        stage.executor.finish("a")
        await running

    with pytest.raises(MetastoreUnreachable, match="not a SQLite database"):
        asyncio.run(main())


def test_a_clock_that_jumps_changes_no_order_and_no_duration(stage: Stage) -> None:
    jumps = iter(range(1000))

    def now() -> datetime:
        days = -9 if next(jumps) % 2 else 9
        return datetime(2026, 3, 8, tzinfo=timezone.utc) + timedelta(days=days)

    asyncio.run(stage.runner(now=now).run())
    events = stage.metastore.events(RUN)
    assert [event.seq for event in events] == [*range(1, len(events) + 1)]
    times = [event.at for event in events]
    assert times != sorted(times), "it did jump"
    view = stage.metastore.view(RUN)
    assert view.state is RunState.SUCCESS
    taken = [task.duration_s for task in view.tasks.values()]
    assert all(duration_s is not None and 0 <= duration_s < 3600 for duration_s in taken), taken
