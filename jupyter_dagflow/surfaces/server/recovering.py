"""The runs of the server: those that were begun in it, and those that have lost their runner, as ``dagflow serve`` has.

The law: it looks off the event loop, one look at a time, and only where runs have ever been; nothing it meets there
harms the server. A run whose runner fails here is found like any other that has lost its own.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

from tornado.ioloop import PeriodicCallback

from jupyter_dagflow.app import Dagflow
from jupyter_dagflow.core.model import RunId
from jupyter_dagflow.run_handle import LiveRun
from jupyter_dagflow.scheduling.recovery import LOOK_S, Recovery, look_and_live


class Recovering:
    """Looks again and again, for as long as the loop of the server runs; ``app`` is asked for when it is needed."""

    def __init__(self, app: Callable[[], Dagflow]) -> None:
        self._app = app
        self._recovery: Recovery[LiveRun] | None = None
        self._making = threading.Lock()
        self._callback = PeriodicCallback(self._look, LOOK_S * 1000)

    def start(self) -> None:
        """Begin; to be called in the loop's thread."""
        self._callback.start()

    def own(self, run: LiveRun) -> None:
        """Have a run that was begun here, and see to its end."""
        recovery = self._made()
        if recovery is not None:
            recovery.own(run)

    def see_out(self, run_id: RunId) -> None:
        """Before somebody goes on with a run here: have no more what has ended of it."""
        recovery = self._made()
        if recovery is not None:
            recovery.see_out(run_id)

    async def _look(self) -> None:
        """Tornado begins no look before the last one has ended."""
        await asyncio.to_thread(look_and_live, self._look_now)

    def _look_now(self) -> None:
        recovery = self._made()
        if recovery is not None:
            recovery.look()

    def _made(self) -> Recovery[LiveRun] | None:
        with self._making:
            self._recovery = self._recovery or self._app().recovery()
            return self._recovery
