"""Blocking work off the event loop, also while the interpreter is ending.

The law: from the moment on at which Python begins to end it starts no new thread (3.12), and `asyncio.to_thread`
refuses; but just then a run still has to be cancelled and recorded. So threads, once started, are kept for the work
that is to come, and work for which none can be started any more waits for one of them.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Threads:
    """Threads of one event loop: as many as there was ever work at once, until `close`."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._work: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._started = 0
        self._busy = 0

    async def do(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do blocking work in a thread and give its result, or raise what it raised."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()

        def tell(result: T | None, error: BaseException | None) -> None:
            self._busy -= 1
            if done.cancelled():
                return
            if error is not None:
                done.set_exception(error)
            else:
                done.set_result(result)  # type: ignore[arg-type]

        def main() -> None:
            result, error = None, None
            try:
                result = work(*args, **kwargs)
            except BaseException as caught:  # noqa: BLE001 -- raised again where it is awaited
                error = caught
            if not loop.is_closed():
                loop.call_soon_threadsafe(tell, result, error)

        self._busy += 1
        if self._busy > self._started:
            self._start_one()
        self._work.put(main)
        return await done

    def close(self) -> None:
        """Let the threads end when they have done what they were given."""
        for _ in range(self._started):
            self._work.put(None)

    def _start_one(self) -> None:
        # A daemon: at exit, Python would wait for others before anybody could stop the run.
        thread = threading.Thread(target=self._main, name=self._name, daemon=True)
        try:
            thread.start()
        except RuntimeError:  # Python is ending, or the machine has no more threads to give
            if not self._started:
                raise
        else:
            self._started += 1

    def _main(self) -> None:
        while (work := self._work.get()) is not None:
            work()
