"""What systems other than Linux tell of processes, by way of psutil.

The law: the functions are those of `proc_table`, and so are their answers, as far as a system gives them.
"""

from __future__ import annotations

import uuid

import psutil


def whereabouts() -> tuple[str, str, str]:
    """The boot, the namespace of processes, which there is none of, and the machine."""
    return str(round(psutil.boot_time(), -1)), "", str(uuid.getnode())


def began(pid: int) -> str | None:
    """When a process began, in a unit of the system's; None if there is none of that id."""
    try:
        process = psutil.Process(pid)
        ended = process.status() in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)
        return None if ended else repr(process.create_time())
    except psutil.Error:
        return None


def is_stopped(pid: int) -> bool:
    """Whether a process lives and was stopped."""
    try:
        return psutil.Process(pid).status() in (psutil.STATUS_STOPPED, psutil.STATUS_TRACING_STOP)
    except psutil.Error:
        return False


def below(pid: int) -> set[int]:
    """The processes that a process has started, and those that these have; none of one that is gone."""
    try:
        return {child.pid for child in psutil.Process(pid).children(recursive=True)}
    except psutil.Error:
        return set()


def group_lives(group: int) -> bool:
    """Whether a group's leader lives, which is all that can be told."""
    return psutil.pid_exists(group)
