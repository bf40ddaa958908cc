"""Threads and asyncio tasks that the notebook's own code has started and that outlive the cells.

The law: only those count that run a function or a class of the notebook. Those of libraries are left alone, and so
are those that ran before the cells did: every task has them.
"""

from __future__ import annotations

import asyncio
import sys
import threading
import weakref
from collections.abc import Collection, Iterator
from typing import Any

_SOON_S = 1.0


def alive() -> weakref.WeakSet[Any]:
    """The threads and asyncio tasks that run now."""
    return weakref.WeakSet([*threading.enumerate(), *_pending()])


def wait_for_others(before: Collection[Any]) -> list[str]:
    """Wait for threads that began since, as Python does at its end; in words the daemons and asyncio tasks left.

    Can be interrupted.
    """
    while True:  # for one that is waited for may begin others
        others = [t for t in threading.enumerate() if t not in before and _is_of_notebook(t)]
        waiting = next((thread for thread in others if not thread.daemon), None)
        if waiting is None:
            pending = [task for task in _pending() if task not in before]
            return [f"thread {t.name}" for t in others] + [
                f"asyncio task {task.get_name()}" for task in pending
            ]
        _wait(waiting)


def _pending() -> Iterator[Any]:
    """The asyncio tasks that go on when the cell has ended, and run a function of the notebook."""
    try:
        tasks = asyncio.all_tasks(asyncio.get_running_loop())
    except RuntimeError:  # in a kernel of another kind no loop runs while a cell does
        return
    for task in tasks:
        frame = getattr(task.get_coro(), "cr_frame", None)
        if (
            frame is not None
            and frame.f_globals.get("__name__") == "__main__"
            and not _is_cell(frame)
        ):
            yield task


def _is_cell(frame: Any) -> bool:
    """Whether this is a cell itself, which has ``await`` in it."""
    return bool(frame.f_code.co_name.startswith("<"))


def _wait(thread: threading.Thread) -> None:
    thread.join(_SOON_S)
    if thread.is_alive():
        sys.stdout.write(f"waiting for thread {thread.name} to end\n")
        sys.stdout.flush()
        thread.join()


def _is_of_notebook(thread: threading.Thread) -> bool:
    target: Any = getattr(thread, "_target", None) or getattr(thread, "function", None)
    while hasattr(target, "func"):  # functools.partial
        target = target.func
    code = type(thread).run.__module__
    return "__main__" in (code, getattr(target, "__module__", None))
