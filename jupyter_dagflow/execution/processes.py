"""Processes that may outlive those who know them: which one it was, whether it lives, and its end.

The law: a process's id alone is nobody's name, since another may have it later; it is told apart by when it began,
and by the boot and the namespace that its id belongs to. Neither moves with the time of day.
"""

from __future__ import annotations

import contextlib
import functools
import os
import platform
import signal
import sys
import time
from collections.abc import Collection

from jupyter_dagflow.core.lease import Life, Owner
from jupyter_dagflow.kernel_side.marks import carriers

if sys.platform == "linux":
    from jupyter_dagflow.execution import proc_table as table
else:
    from jupyter_dagflow.execution import psutil_table as table

_LOOK_S = 0.02
_END_S = 5.0


def this_process() -> Owner:
    """The process that asks."""
    return owner_of(os.getpid())


def owner_of(pid: int) -> Owner:
    """A living process of this machine by its id; of one that is gone, nothing tells when it began."""
    boot, space, machine = _whereabouts()
    return Owner(
        pid=pid,
        began=table.began(pid) or "",
        space=space,
        boot=boot,
        machine=machine,
        host=platform.node(),
    )


def life_of(owner: Owner) -> Life:
    """Whether a process lives, as far as that can be told from here."""
    boot, space, machine = _whereabouts()
    if (owner.boot, owner.space, owner.machine) == (boot, space, machine):
        if not owner.began or table.began(owner.pid) != owner.began:
            return Life.GONE
        return Life.STOPPED if table.is_stopped(owner.pid) else Life.ALIVE
    this_machine = machine and (owner.machine, owner.host) == (machine, platform.node())
    return Life.GONE if this_machine and owner.boot != boot else Life.UNKNOWN


def end_group(leader: Owner) -> None:
    """Kill a process that led a group, and the group, and wait for the end; nothing, if it is not of this machine.

    A leader may be gone and have left others behind: as long as they live, no new process gets its id.
    """
    if life_of(leader) is Life.UNKNOWN or not hasattr(os, "killpg"):
        return
    if table.began(leader.pid) not in (None, leader.began) or leader.boot != _whereabouts()[0]:
        return
    until = time.monotonic() + _END_S
    with contextlib.suppress(ProcessLookupError, PermissionError):
        while time.monotonic() < until:
            os.killpg(leader.pid, signal.SIGKILL)
            if not table.group_lives(leader.pid):
                return
            time.sleep(_LOOK_S)


def descendants(pid: int) -> set[Owner]:
    """The living processes that a process has started, and those that these have; none of one that is gone.

    What has lost its parent is no descendant any more.
    """
    return {owner_of(child) for child in table.below(pid)}


def end_marked(marks: Collection[str]) -> None:
    """Kill what carries a mark of these kernels, and what it starts meanwhile, and wait for the end."""
    until = time.monotonic() + _END_S
    while (found := [*map(owner_of, carriers(marks))]) and time.monotonic() < until:
        # Whether it is the process that was meant is known of one that still carries the mark.
        still = {*carriers(marks)}
        for process in found:
            if process.pid in still:
                kill(process)
        time.sleep(_LOOK_S)


def kill(process: Owner) -> None:
    """Kill one process, unless it is gone."""
    if life_of(process) is not Life.GONE:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(process.pid, getattr(signal, "SIGKILL", signal.SIGTERM))


@functools.cache
def _whereabouts() -> tuple[str, str, str]:
    """The boot, the namespace of processes and the machine, which do not change."""
    return table.whereabouts()
