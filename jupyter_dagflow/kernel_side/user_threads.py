"""Threads that the notebook's own code has started and that outlive the cells.

The law: only threads that run a function or a class of the notebook count. Those of libraries are left alone, and so
are those that ran before the cells did: every task has them.
"""

from __future__ import annotations

import sys
import threading
import weakref
from collections.abc import Collection
from typing import Any

_SOON_S = 1.0


def alive() -> weakref.WeakSet[threading.Thread]:
    """The threads that run now."""
    return weakref.WeakSet(threading.enumerate())


def wait_for_others(before: Collection[threading.Thread]) -> list[str]:
    """Wait for those that began since, as Python does at its end; the names of daemons that still run.

    Can be interrupted.
    """
    while True:  # for one that is waited for may begin others
        others = [t for t in threading.enumerate() if t not in before and _is_of_notebook(t)]
        waiting = next((thread for thread in others if not thread.daemon), None)
        if waiting is None:
            return [thread.name for thread in others]
        _wait(waiting)


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
