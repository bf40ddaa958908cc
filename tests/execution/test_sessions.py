"""Kernels that are connected before there is an attempt: used, left alone, failed."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from jupyter_dagflow.core.machine import AttemptEnded
from jupyter_dagflow.execution.kernel_session import KernelSession
from jupyter_dagflow.execution.local import LocalExecutor
from jupyter_dagflow.execution.ports import Report


def run(bench: Any, *names: str, more: bool) -> list[AttemptEnded]:
    """Run tasks one after the other, each said to be followed by ``more``."""
    ended: list[AttemptEnded] = []

    async def main() -> None:
        news: asyncio.Queue[Any] = asyncio.Queue()
        report: Report = news.put_nowait
        executor = LocalExecutor(report, kernels=bench.pools)
        for name in names:
            await executor.start(bench.prepare(name), more=more)
            while not isinstance(told := await news.get(), AttemptEnded):
                pass
            ended.append(told)
        await executor.close()

    asyncio.run(main())
    return ended


def test_the_next_attempt_finds_a_kernel_and_the_last_leaves_none(
    bench: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared = 0
    prepare = KernelSession.prepare

    def counted(session: KernelSession) -> None:
        nonlocal prepared
        prepared += 1
        prepare(session)

    monkeypatch.setattr(KernelSession, "prepare", counted)
    for name in "ab":
        bench.task(name, "import os\npid = os.getpid()", writes="pid")
    first, second = run(bench, "a", "b", more=True)
    assert (first.failure, second.failure, prepared) == (None, None, 3)
    assert first.stored[0].value != second.stored[0].value


def test_whatever_becomes_of_a_thread_its_attempt_ends(
    bench: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def leave(_: KernelSession) -> None:
        raise SystemExit

    monkeypatch.setattr(KernelSession, "prepare", leave)
    monkeypatch.setattr(threading, "excepthook", lambda _: None)
    bench.task("a", "x = 1", writes="x")
    (ended,) = run(bench, "a", more=False)
    for thread in threading.enumerate():
        if thread.name == "dagflow kernel":  # its hook is called after its last news
            thread.join()
    assert ended.failure is not None
    assert ended.failure.message == "its thread has ended"


def test_a_log_of_a_kernel_that_was_not_kept_ready_stays_with_the_run(
    bench: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench, "pools", None)
    bench.task("a", "import os\nos.write(2, b'last words\\n')\nos._exit(3)")
    assignment = bench.prepare("a")
    (ended,) = run(bench, "a", more=False)
    assert ended.failure is not None
    assert "last words" in assignment.kernel_log.read_text()
