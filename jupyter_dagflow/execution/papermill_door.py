"""The only door to papermill: runs a taskbook file in place, quietly, in any thread.

The law: papermill's own handler for local files changes the process's working directory around
every read and write, which no process with threads can bear; ours never does. Its own engine writes
the whole notebook around every cell; ours as often as the time that takes allows. Both are
registered under names that nobody else uses, once, when this module is first imported.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from jupyter_core.utils import run_sync
from nbclient.exceptions import DeadKernelError
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, NotebookExecutionManager, papermill_engines
from papermill.exceptions import PapermillExecutionError
from papermill.execute import execute_notebook
from papermill.iorw import papermill_io

from jupyter_dagflow.core.masking import Mask
from jupyter_dagflow.execution.kernel_process import log
from jupyter_dagflow.execution.last_words import LastWords
from jupyter_dagflow.execution.masked_outputs import MaskedOutputs
from jupyter_dagflow.execution.output_limit import DEFAULT_BYTES, OutputLimit
from jupyter_dagflow.execution.pace import Pace
from jupyter_dagflow.storage.atomic import write_bytes

_SCHEME = "dagflow-taskbook:"
_ENGINE = "dagflow"
_LOOK_S = 1.0  # how long the end of a kernel may go unnoticed where nobody tells of it
_QUIET_S = 0.2  # what a kernel had sent when it died has come once nothing comes for so long


def execute(
    taskbook: Path,
    *,
    parameters: Mapping[str, object],
    kernel_name: str,
    mask: Mask,
    on_start: Callable[[], None],
    on_write: Callable[[], None],
    last_words: LastWords,
    output_limit: int = DEFAULT_BYTES,
    **options: Any,
) -> None:
    """Run a taskbook and write its outputs into it: a second late at most, or a little later if it
    is large.

    ``mask`` hides what is secret in outputs; ``last_words`` has what a kernel that dies had still to send.
    ``on_start`` is called when the kernel has answered, ``on_write`` whenever the taskbook has
    been written; of each cell's output ``output_limit`` are kept; ``options`` go to nbclient. That a cell
    raised is told by nbclient's hooks, not by an exception; raises
    `nbclient.exceptions.DeadKernelError` and whatever the hooks raise.
    """

    def started(notebook: Any) -> None:
        for key in ("input_path", "output_path"):  # as people know the file
            notebook.metadata.papermill[key] = str(taskbook)
        on_start()

    address = _SCHEME + str(taskbook).replace("{", "{{").replace("}", "}}")  # braces: parameters
    with _quiet(), suppress(PapermillExecutionError):
        execute_notebook(
            address,
            address,
            parameters=dict(parameters),
            kernel_name=kernel_name,
            language="python",
            engine_name=_ENGINE,
            progress_bar=False,
            on_notebook_start=started,
            on_write=on_write,
            mask=mask,
            last_words=last_words,
            output_limit=output_limit,
            **options,
        )


class SeldomSaved(NotebookExecutionManager):  # type: ignore[misc]
    """Papermill's record of a notebook that runs, which is written now and then and in the end."""

    def __init__(self, *args: Any, on_write: Callable[[], None], **options: Any) -> None:
        super().__init__(*args, **options)
        self._on_write = on_write
        self._pace = Pace()
        self._at_the_end: bool | None = None
        self._later: asyncio.TimerHandle | None = None

    def save(self, **options: Any) -> None:
        """Write the notebook, unless that was done just now."""
        due = not self._pace.wait_s() if self._at_the_end is None else self._at_the_end
        if due:
            self._write(**options)

    def autosave_cell(self) -> None:
        """Write what a cell has put out: when it is time, also if nothing more comes."""
        if self._later is None:
            loop = asyncio.get_running_loop()  # nbclient's, as long as the cell runs
            self._later = loop.call_later(self._pace.wait_s(), self._save_late)

    def _save_late(self) -> None:
        self._later = None
        if self._at_the_end is None:
            with suppress(OSError):  # told by the write at the cell's end, which fails as well
                self._write()

    def _write(self, **options: Any) -> None:
        if self._later is not None:
            self._later.cancel()
            self._later = None
        began = time.monotonic()
        try:
            super().save(**options)
        finally:
            self._pace.wrote(began=began)
        self._on_write()

    def notebook_complete(self, *, save: bool = True, **options: Any) -> None:
        """Take note of the end, and write the notebook, unless that is done next anyway.

        A cell that was not reached stays pending, which papermill calls completed unless one above it raised.
        """
        records = [cell.metadata.papermill for cell in self.nb.cells]
        not_run = [record for record in records if record["status"] == self.PENDING]
        self._at_the_end = False
        super().notebook_complete(**options)
        for record in not_run:
            record["status"] = self.PENDING
        self._at_the_end = save
        self.save()


class TaskbookClient(PapermillNotebookClient):  # type: ignore[misc]
    """Papermill's runner of cells; it does not ask the kernel, once more in the end, what its language is.

    What a ``mask`` hides never comes into the notebook, nor does more of a cell's output than ``output_limit``.
    """

    def __init__(
        self, *args: Any, mask: Mask, last_words: LastWords, output_limit: int, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self._outputs = MaskedOutputs(mask)
        self._last_words = last_words
        self._limit = OutputLimit(output_limit)
        self._heard_at = 0.0

    def execute(self, **options: Any) -> Any:
        """Run the cells in the kernel that is there."""
        self.reset_execution_trackers()
        with self.setup_kernel(**options):
            self.papermill_execute_cells()
            self.nb.metadata["language_info"] = dict(self.kc.language_info)
            self.set_widgets_metadata()
        return self.nb

    def process_message(self, msg: Any, cell: Any, cell_index: int) -> Any:
        """Take what can be shown of a message by now; what was held back comes before the cell's end."""
        self._heard_at = time.monotonic()
        self._last_words.has_arrived(msg)
        return self._show(msg, cell, cell_index)

    def _show(self, msg: Any, cell: Any, cell_index: int) -> Any:
        output = None
        for shown in self._outputs.shown(msg):
            for kept in self._limit.kept(shown, cell_index):
                output = super().process_message(kept, cell, cell_index)
        return output

    async def async_execute_cell(self, cell: Any, cell_index: int, **options: Any) -> Any:
        """Run a cell; also of one whose kernel died nothing is held back, nor is missing what it did not send."""
        try:
            return await super().async_execute_cell(cell, cell_index, **options)
        except DeadKernelError:
            for message in self._last_words.missing():
                self._show(message, cell, cell_index)
            self._show_rest(cell, cell_index)
            cell.outputs = list(_joined(cell.outputs))  # no later cell changes what is in it
            self.nb_man.cell_exception(cell, cell_index=cell_index)
            raise
        finally:
            self._show_rest(cell, cell_index)

    async def _async_poll_kernel_alive(self) -> None:
        """See to it that the cell ends if the kernel does: at once, where nbclient would ask every second."""
        with suppress(DeadKernelError):
            while True:
                await self.km.is_over(within_s=_LOOK_S)
                await self._async_check_alive()
        self._heard_at = time.monotonic()
        while time.monotonic() < self._heard_at + _QUIET_S:
            await asyncio.sleep(_QUIET_S)
        self.task_poll_for_reply.cancel()

    def _show_rest(self, cell: Any, cell_index: int) -> None:
        for last in self._outputs.rest():
            for kept in self._limit.kept(last, cell_index):
                super().process_message(kept, cell, cell_index)

    execute_cell = run_sync(async_execute_cell)


def _joined(outputs: Iterable[Any]) -> Iterator[Any]:
    """The same, but what has come in pieces of one stream is one output."""
    last = None
    for output in outputs:
        name = output.get("name") if output["output_type"] == "stream" else None
        if last is not None and name is not None and last.get("name") == name:
            last["text"] += output["text"]
        else:
            last = output
            yield output


class TaskbookEngine(NBClientEngine):  # type: ignore[misc]
    """Papermill's engine, with `SeldomSaved` and `TaskbookClient`."""

    @classmethod
    def execute_notebook(
        cls,
        nb: Any,
        kernel_name: str,
        output_path: str,
        *,
        on_write: Callable[[], None],
        mask: Mask,
        last_words: LastWords,
        output_limit: int,
        **options: Any,
    ) -> Any:
        """As papermill's own does."""
        record = SeldomSaved(nb, output_path, progress_bar=False, on_write=on_write)
        record.notebook_start()
        try:
            for name in ("progress_bar", "input_path"):
                options.pop(name, None)
            options["startup_timeout"] = options.pop("start_timeout")
            client = TaskbookClient(
                record,
                mask=mask,
                last_words=last_words,
                output_limit=output_limit,
                kernel_name=kernel_name,
                log=log,
                **options,
            )
            client.execute()
        except BaseException:
            record.notebook_complete()
            raise
        record.notebook_complete(save=False)  # papermill does it, error or not
        return record.nb


class TaskbookFiles:
    """A handler in the sense of ``papermill.iorw``."""

    @classmethod
    def read(cls, path: str) -> str:
        """The taskbook's text."""
        return _path(path).read_text(encoding="utf-8")

    @classmethod
    def listdir(cls, path: str) -> list[str]:
        """Part of papermill's interface."""
        return [_SCHEME + str(entry) for entry in _path(path).iterdir()]

    @classmethod
    def write(cls, buf: str, path: str) -> None:
        """Replace the taskbook: not durably, for it is done about once a second."""
        # Half a surrogate pair, which UTF-8 cannot hold, becomes JSON's own escape.
        write_bytes(_path(path), buf.encode("utf-8", "backslashreplace"), durable=False)

    @classmethod
    def pretty_path(cls, path: str) -> str:
        """The path as people know it."""
        return str(_path(path))


def _path(path: str) -> Path:
    return Path(path.removeprefix(_SCHEME))


@contextmanager
def _quiet() -> Iterator[None]:
    """Hand what papermill logs in this thread to our own log; its logger is left as it is."""
    thread = threading.get_ident()

    def ours(record: logging.LogRecord) -> bool:
        if record.thread != thread:
            return True
        log.handle(record)
        return False

    loggers = [logging.getLogger(name) for name in ("papermill", "papermill.translators")]
    for logger in loggers:
        logger.addFilter(ours)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeFilter(ours)


papermill_io.register(_SCHEME, TaskbookFiles)
papermill_engines.register(_ENGINE, TaskbookEngine)
