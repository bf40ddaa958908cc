"""The executed notebook of a run, which grows while the run goes on.

The law: it can be read at any moment, and is never half of one. What an ended cell has put out is in it some seconds
later, or a little later if the notebook is large; only what the run leaves in the end is made durable.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from jupyter_dagflow.core.model import CellId, Pipeline, TaskName
from jupyter_dagflow.execution.files import RunFiles
from jupyter_dagflow.execution.threads import Threads
from jupyter_dagflow.storage.executed import write_executed

_EVERY_S = 1.0
_SHARE = 0.05  # of the time, at most, is spent with writing

_log = logging.getLogger(__name__)


class ExecutedFile:
    """Writes it; ``attempt_of`` tells which attempt at a task is its last, 0 if it has not begun."""

    def __init__(
        self,
        files: RunFiles,
        pipeline: Pipeline,
        *,
        attempt_of: Callable[[TaskName], int],
        threads: Threads,
    ) -> None:
        self._files = files
        self._pipeline = pipeline
        self._attempt_of = attempt_of
        self._threads = threads
        self._not_before = time.monotonic() + _EVERY_S
        self._timer: asyncio.TimerHandle | None = None
        self._writing: asyncio.Task[None] | None = None

    def grow(self) -> None:
        """Have what there is written, soon."""
        if self._timer is None:
            delay = max(0.0, self._not_before - time.monotonic())
            self._timer = asyncio.get_running_loop().call_later(delay, self._begin)

    async def finish(self) -> None:
        """Write what the run leaves."""
        if self._timer is not None:
            self._timer.cancel()
        if self._writing is not None:
            await self._writing
        await self._write(durable=True)

    def _begin(self) -> None:
        self._timer = None
        if self._writing is None:
            self._writing = asyncio.create_task(self._write(durable=False))
        else:
            self._timer = asyncio.get_running_loop().call_later(_EVERY_S, self._begin)

    async def _write(self, *, durable: bool) -> None:
        """Put the outputs of every task that started into their places in the notebook."""
        began = time.monotonic()
        try:
            await self._threads.do(
                self._put_together,
                {task.name: self._attempt_of(task.name) for task in self._pipeline.tasks},
                durable=durable,
            )
        except Exception:  # noqa: BLE001 -- the run goes on, and its taskbooks have the outputs
            _log.exception("The executed notebook of run %s was not written", self._files.run_id)
        finally:
            ended = time.monotonic()
            self._not_before = ended + max(_EVERY_S, (ended - began) / _SHARE)
            self._writing = None

    def _put_together(self, attempts: Mapping[TaskName, int], *, durable: bool) -> None:
        """The prelude ran in all taskbooks and shows what the first saw."""
        taskbooks: dict[CellId, Path] = {}
        for task in reversed(self._pipeline.tasks):
            attempt = attempts[task.name]
            taskbook = self._files.taskbook(task.name, attempt)
            if attempt and taskbook.exists():
                taskbooks.update(dict.fromkeys([*self._pipeline.prelude, *task.cells], taskbook))
        write_executed(
            self._files.executed, source=self._files.source, taskbooks=taskbooks, durable=durable
        )
