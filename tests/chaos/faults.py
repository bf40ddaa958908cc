"""Named places in the course of a run at which a process can be killed, stopped, or made to fail, exactly once.

``DAGFLOW_FAULT=after-record:3:kill`` kills the process that comes there as the third of all. The product knows
nothing of it: a command that is to have a fault is begun by `tests.chaos.command`, a kernel executes
`install_in_kernel` as IPython starts, and both wrap the functions that the places are about.
"""

from __future__ import annotations

import errno
import functools
import importlib
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

FAULT = "DAGFLOW_FAULT"
COUNT = "DAGFLOW_FAULT_COUNT"  # the file in which all processes together count

_METASTORE = "jupyter_dagflow.storage.metastore:Metastore"
_ATTEMPT = "jupyter_dagflow.execution.attempt"

COMMAND_POINTS: dict[str, tuple[str, str]] = {
    "claim": (_METASTORE, "take_lease"),
    "take": ("jupyter_dagflow.app", "taken_run"),
    "end-kernel": ("jupyter_dagflow.execution.runner", "end_kernel"),
    "record": (_METASTORE, "append"),
    "commit": ("sqlalchemy.engine:Connection", "_commit_impl"),
    "prepare": (_ATTEMPT, "write_files"),
    "note": (_ATTEMPT, "note_kernel"),
    "execute": (_ATTEMPT, "execute"),
    "cell": (f"{_ATTEMPT}:Attempt", "_on_cell_execute"),
    "cell-end": (f"{_ATTEMPT}:Attempt", "_on_cell_executed"),
    "fsync": ("os", "fsync"),
    "rename": ("os", "replace"),
    "give-back": (_METASTORE, "give_lease_back"),
}
"""What a command does: each name has a place before it and one after it."""

KERNEL_POINTS: dict[str, tuple[str, str]] = {
    "kernel-begin": ("os", "write"),  # a task notes that it has begun: the middle of its cell
    "kernel-rename": ("os", "replace"),
}
"""What a kernel does, likewise."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is to happen to the process that comes to ``place`` as number ``nth``."""

    place: str
    nth: int
    action: str

    def __str__(self) -> str:
        return f"{self.place}:{self.nth}:{self.action}"

    @classmethod
    def of(cls, text: str) -> Fault:
        """Read what `str` writes."""
        place, nth, action = text.split(":")
        return cls(place, int(nth), action)

    @property
    def point(self) -> str:
        """The place without its side."""
        return self.place.partition("-")[2]


def install(points: dict[str, tuple[str, str]]) -> None:
    """Wrap what the fault of this environment is about, if that is one of these points."""
    text = os.environ.get(FAULT)
    if not text or Fault.of(text).point not in points:
        return
    fault = Fault.of(text)
    where, name = points[fault.point]
    module, _, owner = where.partition(":")
    holder: Any = importlib.import_module(module)
    holder = getattr(holder, owner) if owner else holder
    # Now, and not when a task is under way, of which each file that is opened is noted.
    counter = os.open(os.environ[COUNT], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    setattr(holder, name, _wrapped(getattr(holder, name), fault, counter))


def _wrapped(function: Callable[..., Any], fault: Fault, counter: int) -> Callable[..., Any]:
    before = fault.place.startswith("before-")

    @functools.wraps(function)
    def reach(*args: Any, **kwargs: Any) -> Any:
        if fault.point == "kernel-begin" and not args[1].startswith(b"begin"):
            return function(*args, **kwargs)
        if before:
            _reach(fault, counter)
        result = function(*args, **kwargs)
        if not before:
            _reach(fault, counter)
        return result

    return reach


_write = os.write  # as it was, whatever is wrapped


def _reach(fault: Fault, counter: int) -> None:
    _write(counter, b".")
    number = os.lseek(counter, 0, os.SEEK_CUR)
    if number != fault.nth:
        return
    match fault.action:
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "stop":
            os.kill(os.getpid(), signal.SIGSTOP)
        case "fail":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
