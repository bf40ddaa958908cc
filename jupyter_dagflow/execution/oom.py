"""Whether the system has killed a process for want of memory: what Linux counts of that, before and after.

The law: of a kernel that was killed, nothing tells by whom. If the counter of our own control group has gone up
meanwhile, it was for want of memory; if only that of the whole machine has, perhaps.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_COUNTER = "oom_kill"
_PROC = Path("/proc")
_GROUPS = Path("/sys/fs/cgroup")


class RanOut(enum.Enum):
    """What is known of why a kernel was killed."""

    YES = "yes"
    PERHAPS = "perhaps"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class OomKills:
    """How often it has happened so far: in our control group, and on the machine; None where nobody counts."""

    of_group: int | None
    of_machine: int | None

    def until(self, later: OomKills) -> RanOut:
        """Whether one of them has gone up."""
        if _rose(self.of_group, later.of_group):
            return RanOut.YES
        if _rose(self.of_machine, later.of_machine):
            return RanOut.PERHAPS
        return RanOut.UNKNOWN if later.of_machine is None else RanOut.NO


def oom_kills(proc: Path = _PROC, groups: Path = _GROUPS) -> OomKills:
    """What is counted now, as the files below these folders say."""
    counts = (_count(file) for file in _files_of_group(proc, groups))
    return OomKills(next((c for c in counts if c is not None), None), _count(proc / "vmstat"))


def _rose(before: int | None, after: int | None) -> bool:
    return before is not None and after is not None and after > before


def _files_of_group(proc: Path, groups: Path) -> Iterator[Path]:
    """Where the control groups of this process, and those around them, count; the root's does not."""
    try:
        lines = (proc / "self/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers in ("", "memory"):
            base, name = (
                (groups, "memory.events")
                if not controllers
                else (groups / "memory", "memory.oom_control")
            )
            own = base / path.strip("/")
            yield from (
                folder / name for folder in (own, *own.parents) if folder.is_relative_to(base)
            )


def _count(file: Path) -> int | None:
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    words = (line.split() for line in text.splitlines())
    return next(
        (int(w[1]) for w in words if len(w) == 2 and w[0] == _COUNTER and w[1].isdigit()), None
    )
