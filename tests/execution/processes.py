"""What the system knows of processes."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path


def is_gone(pid: int) -> bool:
    """Whether a process has ended, be it that its parent has not collected it yet."""
    return not (status := _status(pid)) or status[0] in "ZX"


def is_stopped(pid: int) -> bool:
    """Whether no thread of a process runs, after SIGSTOP."""
    return all(
        thread.joinpath("stat").read_text().rpartition(")")[2].split()[0] == "T"
        for thread in Path(f"/proc/{pid}/task").iterdir()
    )


def parent_of(pid: int) -> int:
    """The process that started it, or has it by now."""
    return int(_status(pid)[1])


def children() -> set[int]:
    """The processes that this one has started, and not collected."""
    pids = {int(folder.name) for folder in Path("/proc").glob("[0-9]*")}
    return {pid for pid in pids if _status(pid)[1:2] == [str(os.getpid())]}


def grandchildren() -> set[int]:
    """The processes that those which this one has started have started."""
    pids = {int(folder.name) for folder in Path("/proc").glob("[0-9]*")}
    parents = {str(pid) for pid in children()}
    known = {pid: _status(pid) for pid in pids}
    return {p for p, told in known.items() if told and told[0] not in "ZX" and told[1] in parents}


def until(is_so: Callable[[], bool]) -> None:
    """Wait for what another process does; what has not come after minutes never will."""
    for _ in range(2400):
        if is_so():
            return
        time.sleep(0.05)
    raise AssertionError("It never came.")


def _status(pid: int) -> list[str]:
    """State, parent, and so on; empty if there is no such process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):  # the latter, if it goes while it is read
        return []
