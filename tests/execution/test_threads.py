"""Work in threads: results, errors, and the time when Python is ending."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading

import pytest

from jupyter_dagflow.execution.threads import Threads

ENDING = """
import asyncio, atexit, threading
from jupyter_dagflow.execution.threads import Threads

asked, ended = threading.Event(), threading.Event()
ready = threading.Event()

async def main():
    threads = Threads("w")
    await threads.do(lambda: None)
    ready.set()
    while not asked.is_set():
        await asyncio.sleep(0.01)
    both = await asyncio.gather(threads.do(lambda: "late"), threads.do(lambda: "later"))
    print(*both, flush=True)
    ended.set()

def at_exit():
    asked.set()
    assert ended.wait(60)

atexit.register(at_exit)
threading.Thread(target=asyncio.run, args=(main(),), daemon=True).start()
ready.wait()
"""


def test_results_and_errors_come_back() -> None:
    async def main() -> list[object]:
        threads = Threads("worker")
        found = await asyncio.gather(
            threads.do(divmod, 7, 2), threads.do(divmod, 1, 0), return_exceptions=True
        )
        threads.close()
        return list(found)

    result, error = asyncio.run(main())
    assert result == (3, 1)
    assert isinstance(error, ZeroDivisionError)


def test_threads_are_used_again_and_end_when_closed() -> None:
    async def main() -> list[threading.Thread]:
        threads = Threads("worker")
        used = [await threads.do(threading.current_thread) for _ in range(5)]
        threads.close()
        return used

    used = asyncio.run(main())
    assert len(set(used)) == 1
    used[0].join(60)
    assert not used[0].is_alive()


def test_work_that_waits_for_other_work_does_not_wait_for_ever() -> None:
    async def main() -> None:
        threads = Threads("worker")
        met = threading.Barrier(2)
        await asyncio.gather(threads.do(met.wait, 60), threads.do(met.wait, 60))
        threads.close()

    asyncio.run(main())


def test_work_is_done_while_python_is_ending() -> None:
    done = subprocess.run([sys.executable, "-c", ENDING], capture_output=True, text=True)
    assert (done.stdout, done.returncode) == ("late later\n", 0), done.stderr


def test_what_a_cancelled_waiter_asked_for_is_still_done() -> None:
    async def main() -> bool:
        threads = Threads("worker")
        begun, let_go = threading.Event(), threading.Event()
        finished = threading.Event()

        def work() -> None:
            begun.set()
            let_go.wait(60)
            finished.set()

        waiting = asyncio.create_task(threads.do(work))
        await threads.do(begun.wait, 60)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        let_go.set()
        return await threads.do(finished.wait, 60)

    assert asyncio.run(main())
