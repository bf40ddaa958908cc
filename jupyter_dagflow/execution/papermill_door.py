"""The only door to papermill: runs a taskbook file in place, quietly, in any thread.

The law: papermill's own handler for local files changes the process's working directory around
every read and write, which no process with threads can bear; ours never does. It is registered for
a scheme that nobody else uses, once, when this module is first imported.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from papermill.exceptions import PapermillExecutionError
from papermill.execute import execute_notebook
from papermill.iorw import papermill_io

from jupyter_dagflow.execution.kernel_process import log
from jupyter_dagflow.storage.atomic import write_bytes

_SCHEME = "dagflow-taskbook:"


def execute(
    taskbook: Path,
    *,
    parameters: Mapping[str, object],
    kernel_name: str,
    on_start: Callable[[], None],
    **options: Any,
) -> None:
    """Run a taskbook and write its outputs into it, around every cell.

    ``on_start`` is called when the kernel has answered; ``options`` go to nbclient. That a cell
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
            progress_bar=False,
            on_notebook_start=started,
            **options,
        )


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
        """Replace the taskbook: not durably, for papermill does it around every cell."""
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
