"""The mark of a kernel, in the environment of all that it starts: by it they are found, whoever their parent is by now.

The law: Linux shows of a process the environment that it began with, where that lies in its memory. A program that is
run begins with that of who runs it; a fork has a copy of the memory. So a forked kernel writes its mark over the blank
that its server began with, and whatever comes of it carries that, be it forked twice and in a session of its own.
Who gives a program an environment without the mark is not found by it. Nor is anything on other systems.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Collection

VARIABLE = "DAGFLOW_KERNEL"
BLANK = "0" * 32


def put(mark: str) -> None:
    """Carry a mark, of as many characters as `BLANK` has, from here on."""
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        libc.getenv.restype = ctypes.c_void_p
        at = libc.getenv(VARIABLE.encode())
        if at and ctypes.string_at(at) == BLANK.encode():
            ctypes.memmove(at, mark.encode(), len(BLANK))
    os.environ[VARIABLE] = mark


def hide() -> None:
    """Hand the mark on to what is run, but show it in no ``os.environ``, which is to be the same in all kernels."""
    mark = os.environ.pop(VARIABLE, "")
    if mark and sys.platform == "linux":
        ctypes.CDLL(None).setenv(VARIABLE.encode(), mark.encode(), 1)


def carriers(marks: Collection[str]) -> list[int]:
    """The living processes that carry one of these marks, as far as we may ask."""
    wanted = {f"{VARIABLE}={mark}".encode() for mark in marks if mark}
    if not wanted or sys.platform != "linux":
        return []
    return [pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if _has(pid, wanted)]


def _has(pid: int, wanted: Collection[bytes]) -> bool:
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            return not set(wanted).isdisjoint(file.read().split(b"\0"))
    except OSError:  # it has ended, or is somebody else's
        return False
