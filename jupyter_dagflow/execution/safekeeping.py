"""Results on their way to the disk, behind the tasks that come next.

The law: kernels write values without waiting for the disk, so that no task does. Until all are there the run has not
ended; whoever uses a value of a run that has not ended, or from outside any run, hashes it first. A full disk is waited
for. What it failed for is written anew then: the system may call it written when it is asked once more. Those that come
within moments of one another are written together.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

from jupyter_dagflow.core.errors import EnvironmentFault
from jupyter_dagflow.execution.patience import Patience
from jupyter_dagflow.execution.threads import Threads
from jupyter_dagflow.storage.artifacts import ArtifactStore
from jupyter_dagflow.storage.space import lacks_space

_TOGETHER_S = 0.02  # how long values may wait for others


class ResultsNotDurable(EnvironmentFault):
    """The results of a run were made, but it is not sure that they would outlast a power cut."""

    code = "results_not_durable"


class Safekeeping:
    """The values of one run."""

    def __init__(self, artifacts: ArtifactStore, *, threads: Threads, patience: Patience) -> None:
        self._artifacts = artifacts
        self._threads = threads
        self._patience = patience
        self._waiting: list[str] = []
        self._writing: asyncio.Task[None] | None = None
        self._at_once = asyncio.Event()
        self._fault: Exception | None = None

    def begin(self, digests: Sequence[str]) -> None:
        """Begin to have these values written to the disk."""
        self._waiting += digests
        if self._waiting and (self._writing is None or self._writing.done()):
            self._writing = asyncio.create_task(self._write())

    async def all_safe(self) -> None:
        """Wait until all are there; raises `ResultsNotDurable`, or what has ended the patience."""
        self._at_once.set()
        if self._writing is not None:
            await self._writing
        if self._fault is not None and not isinstance(self._fault, OSError):
            raise self._fault
        if self._fault is not None:
            raise ResultsNotDurable(
                f"The run's results could not be written to the disk: {self._fault}",
                hint="See to the disk's room and health, and run it again.",
            ) from self._fault

    async def _write(self) -> None:
        while self._waiting and self._fault is None:
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._at_once.wait(), _TOGETHER_S)
            digests, self._waiting = self._waiting, []
            try:
                await self._make_durable(digests)
            except Exception as error:  # noqa: BLE001 -- raised by `all_safe`
                self._fault = error

    async def _make_durable(self, digests: Sequence[str]) -> None:
        try:
            await self._threads.do(self._artifacts.make_durable, digests)
        except OSError as error:
            if not lacks_space(error):
                raise
            await self._patience.do(self._artifacts.write_anew, digests)
