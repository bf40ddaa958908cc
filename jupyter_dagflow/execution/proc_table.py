"""What Linux tells of processes, read in ``/proc``: psutil says the same, but takes long to import.

The law: the functions are those of `psutil_table`, which other systems are asked by. A zombie has ended.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

_PROC = Path("/proc")
_BOOT_ID = _PROC / "sys/kernel/random/boot_id"
_MACHINE_ID = Path("/etc/machine-id")
_STATE, _PARENT, _GROUP, _BEGAN = 0, 1, 2, 19  # behind the name in /proc/PID/stat
_ENDED, _STOPPED = ("Z", "X"), ("T", "t")


def whereabouts() -> tuple[str, str, str]:
    """The boot, the namespace of processes and the machine."""
    try:
        machine = _MACHINE_ID.read_text().strip()
    except OSError:
        machine = ""
    return _BOOT_ID.read_text().strip(), os.readlink(_PROC / "self/ns/pid"), machine


def began(pid: int) -> str | None:
    """When a process began, in a unit of the system's; None if there is none of that id."""
    stat = _stat(pid)
    return None if stat is None else stat[_BEGAN]


def is_stopped(pid: int) -> bool:
    """Whether a process lives and was stopped."""
    stat = _stat(pid)
    return stat is not None and stat[_STATE] in _STOPPED


def below(pid: int) -> set[int]:
    """The processes that a process has started, and those that these have."""
    children: dict[str, list[int]] = {}
    for child, stat in _all():
        children.setdefault(stat[_PARENT], []).append(child)
    found: set[int] = set()
    to_ask = [pid]
    while to_ask:
        new = set(children.get(str(to_ask.pop()), ())) - found
        found |= new
        to_ask += new
    return found


def group_lives(group: int) -> bool:
    """Whether a process of a group lives."""
    return any(stat[_GROUP] == str(group) for _, stat in _all())


def _all() -> Iterator[tuple[int, list[str]]]:
    for entry in os.listdir(_PROC):
        if entry.isdigit() and (stat := _stat(int(entry))) is not None:
            yield int(entry), stat


def _stat(pid: int) -> list[str] | None:
    """What is told of a process behind its name, which may hold anything."""
    try:
        fields = (_PROC / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[_STATE] in _ENDED else fields
