"""The processes of a trial, found by a variable in their environment.

The law: whoever starts anything hands the mark on, so nothing that a trial has set going can hide from it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

MARK = "DAGFLOW_CHAOS"
_PROC = Path("/proc")
_STATE, _PARENT = 0, 1


class Role(str, Enum):
    """What a process is in a run."""

    COMMAND = "command"
    FORK_SERVER = "fork server"
    KERNEL = "kernel"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """A living process of a trial."""

    pid: int
    role: Role
    command: str


def marked(mark: str) -> list[Marked]:
    """Those that live, stopped ones too."""
    found = []
    wanted = f"{MARK}={mark}".encode()
    for entry in _PROC.iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                if wanted in (entry / "environ").read_bytes().split(b"\0") and is_alive(
                    int(entry.name)
                ):
                    command = _command(int(entry.name))
                    found.append(
                        Marked(
                            pid=int(entry.name),
                            role=_role(int(entry.name), command),
                            command=command,
                        )
                    )
    return found


def below(pid: int) -> set[int]:
    """A process, and the living ones that it has started, and these."""
    parents = {int(p.name): _stat(int(p.name)) for p in _PROC.iterdir() if p.name.isdigit()}
    found, new = set[int](), {pid}
    while new:
        found |= new
        new = {p for p, told in parents.items() if told and int(told[_PARENT]) in new} - found
    return found


def is_alive(pid: int) -> bool:
    """Whether a process has not ended."""
    return bool(told := _stat(pid)) and told[_STATE] not in "ZX"


def is_stopped(pid: int) -> bool:
    """Whether a process is stopped."""
    return bool(told := _stat(pid)) and told[_STATE] == "T"


def send(pid: int, number: int) -> bool:
    """Signal a process; whether there was one."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True


def end_all(mark: str) -> list[Marked]:
    """Kill whatever is left of a trial; what that was."""
    left = marked(mark)
    for each in left:
        send(each.pid, signal.SIGKILL)
    wait_until(lambda: not marked(mark), 10)
    return left


def wait_until(is_so: Callable[[], bool], patience_s: float) -> bool:
    """Wait for something, and not for ever; whether it came."""
    until = time.monotonic() + patience_s
    while not is_so():
        if time.monotonic() > until:
            return False
        time.sleep(0.1)
    return True


def _role(pid: int, command: str) -> Role:
    if "fork_server.py" not in command:
        return (
            Role.KERNEL
            if "ipykernel" in command
            else Role.COMMAND
            if "run" in command
            else Role.OTHER
        )
    parent = _parent(pid)
    if parent <= 1:  # a daemon that a kernel has forked, or a server whose owner is gone
        return Role.OTHER
    # A kernel that its server has forked has the server's command; a kernel has a server of its own for a step.
    above = 0
    while "fork_server.py" in _command(parent):
        above, parent = above + 1, _parent(parent)
    return Role.KERNEL if above % 2 else Role.FORK_SERVER


def _parent(pid: int) -> int:
    told = _stat(pid)
    return int(told[_PARENT]) if told else 0


def _command(pid: int) -> str:
    try:
        return (
            (_PROC / str(pid) / "cmdline")
            .read_bytes()
            .replace(b"\0", b" ")
            .decode(errors="replace")
        )
    except OSError:
        return ""


def _stat(pid: int) -> list[str]:
    try:
        return (_PROC / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return []
