"""The executed notebook of a run, which grows while the run goes on.

The law: it can be read at any moment, and is never half of one. What an ended cell has put out is in it some seconds
later, or a little later if the notebook is large; only what the run leaves in the end is made durable. Whoever has lost
the run to another writes it no more.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from jupyter_dagflow.core.model import CellId, Pipeline, TaskName
from jupyter_dagflow.execution.files import RunFiles
from jupyter_dagflow.execution.pace import Pace
from jupyter_dagflow.execution.patience import Patience
from jupyter_dagflow.execution.threads import Threads
from jupyter_dagflow.storage.executed import write_executed
from jupyter_dagflow.storage.space import lacks_space

_log = logging.getLogger(__name__)


class ExecutedFile:
    """Writes it, by the taskbooks that it was told of.

    ``is_lost`` tells, in any thread, whether the run is another's by now.
    """

    def __init__(
        self,
        files: RunFiles,
        pipeline: Pipeline,
        *,
        threads: Threads,
        patience: Patience,
        is_lost: Callable[[], bool],
    ) -> None:
        self._files = files
        self._pipeline = pipeline
        self._taskbooks: dict[TaskName, Sequence[Path]] = {}
        self._threads = threads
        self._patience = patience
        self._is_lost = is_lost
        self._pace = Pace()
        self._timer: asyncio.TimerHandle | None = None
        self._writing: asyncio.Task[None] | None = None
        self._more = self._finished = False

    def show(self, task: TaskName, taskbooks: Sequence[Path]) -> None:
        """Take what a task has put out from these, from the first of them that is there."""
        self._taskbooks[task] = taskbooks

    def begin(self) -> None:
        """Have it written as it is by now, at once."""
        if not self._finished:
            self._begin()

    def grow(self) -> None:
        """Have what there is written, soon."""
        if self._writing is not None:
            self._more = True
        elif self._timer is None and not self._finished:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(self._pace.wait_s(), self._begin)

    async def finish(self) -> None:
        """Write what the run leaves, for good: when there is space for it."""
        self._finished = True
        if self._timer is not None:
            self._timer.cancel()
        if self._writing is not None:
            await self._writing
        await self._write(durable=True)

    def _begin(self) -> None:
        self._timer = None
        self._writing = asyncio.create_task(self._write(durable=False))

    async def _write(self, *, durable: bool) -> None:
        """Put the outputs of every task that was told of into their places in the notebook."""
        began = time.monotonic()
        try:
            await (self._patience if durable else self._threads).do(
                self._put_together, dict(self._taskbooks), durable=durable
            )
        except Exception as error:  # noqa: BLE001 -- the run goes on, and its taskbooks have the outputs
            if not lacks_space(error):  # that is told if it lasts
                _log.exception(
                    "The executed notebook of run %s was not written", self._files.run_id
                )
        finally:
            self._pace.wrote(began=began)
            self._writing = None
            if self._more:
                self._more = False
                self.grow()

    def _put_together(
        self, candidates: Mapping[TaskName, Sequence[Path]], *, durable: bool
    ) -> None:
        """The prelude ran in all taskbooks and shows what the first saw."""
        taskbooks: dict[CellId, Path] = {}
        for task in reversed(self._pipeline.tasks):
            taskbook = next((p for p in candidates.get(task.name, ()) if p.exists()), None)
            if taskbook is not None:
                taskbooks.update(dict.fromkeys([*self._pipeline.prelude, *task.cells], taskbook))
        write_executed(
            self._files.executed,
            source=self._files.source,
            taskbooks=taskbooks,
            durable=durable,
            unless=self._is_lost,
        )
