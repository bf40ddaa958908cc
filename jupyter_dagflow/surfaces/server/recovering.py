"""The server goes on with runs that have lost their runner, as ``dagflow serve`` does.

The law: it looks off the event loop, one look at a time, and only where runs have ever been; nothing it meets there
harms the server.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from tornado.ioloop import PeriodicCallback

from jupyter_dagflow.app import Dagflow
from jupyter_dagflow.core.errors import EnvironmentFault
from jupyter_dagflow.scheduling.recovery import LOOK_S, Recovery

_log = logging.getLogger(__name__)


class Recovering:
    """Looks again and again, for as long as the loop of the server runs; ``app`` is asked for when it is needed."""

    def __init__(self, app: Callable[[], Dagflow]) -> None:
        self._app = app
        self._recovery: Recovery[Any] | None = None
        self._callback = PeriodicCallback(self._look, LOOK_S * 1000)

    def start(self) -> None:
        """Begin; to be called in the loop's thread."""
        self._callback.start()

    async def _look(self) -> None:
        """Tornado begins no look before the last one has ended."""
        await asyncio.get_running_loop().run_in_executor(None, self._look_now)

    def _look_now(self) -> None:
        try:
            self._recovery = self._recovery or self._app().recovery()
            if self._recovery is not None:
                self._recovery.look()
        except EnvironmentFault as fault:  # a database that is busy now may answer later
            _log.warning("The metastore did not answer: %s", fault.message)
        except Exception:  # noqa: BLE001 -- one fault must not be the last look
            _log.exception("Runs that have lost their runner could not be looked for")
