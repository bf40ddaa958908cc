"""Work on the metastore or the disk that is tried again until it can be done.

The law: a lock or a full disk delays a run and never ends it. The first time that something has to wait is told
once, with the reason and the way out, and so is that it goes on. Whatever else goes wrong is raised.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar

from jupyter_dagflow.core.errors import MetastoreBlocked
from jupyter_dagflow.execution.threads import Threads
from jupyter_dagflow.storage.space import lacks_space, no_space

P = ParamSpec("P")
T = TypeVar("T")

PAUSE_S = 1.0

_log = logging.getLogger(__name__)


class Patience:
    """Does the work of one run, which ``who`` names to people and whose files lie in ``home``."""

    def __init__(self, who: str, *, home: Path, threads: Threads) -> None:
        self._who = who
        self._home = home
        self._threads = threads
        self._waiting = 0
        self._end: Exception | None = None

    @property
    def is_tried(self) -> bool:
        """Whether there is work that has not been done yet."""
        return self._waiting > 0

    def end(self, why: Exception) -> None:
        """Wait for nothing any more: what cannot be done raises this."""
        self._end = why

    async def do(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do blocking work in a thread, as often as it takes; it must change nothing when it fails."""
        told = False
        self._waiting += 1
        try:
            while True:
                try:
                    done = await self._threads.do(work, *args, **kwargs)
                except (MetastoreBlocked, OSError) as error:
                    if isinstance(error, OSError) and not lacks_space(error):
                        raise
                    if self._end is not None:
                        raise self._end from error
                    if not told:
                        full = isinstance(error, OSError)
                        reason = no_space(self._home, error) if full else error
                        _log.warning("%s waits, and tries again: %s", self._who, reason)
                    told = True
                    await asyncio.sleep(PAUSE_S)
                else:
                    if told:
                        _log.warning("%s goes on.", self._who)
                    return done
        finally:
            self._waiting -= 1
