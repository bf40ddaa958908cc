"""What the system knows of processes."""

from __future__ import annotations

from pathlib import Path


def is_gone(pid: int) -> bool:
    """Whether a process has ended, be it that its parent has not collected it yet."""
    return not (status := _status(pid)) or status[0] in "ZX"


def parent_of(pid: int) -> int:
    """The process that started it, or has it by now."""
    return int(_status(pid)[1])


def _status(pid: int) -> list[str]:
    """State, parent, and so on; empty if there is no such process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):  # the latter, if it goes while it is read
        return []
