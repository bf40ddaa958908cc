"""Who runs a run: the lease on it, and when it has run out.

The law: of two that hold a lease on one run, the one with the higher ``token`` has it; whatever the other would record
is refused. A holder that this machine can look at has lost it when its process is gone, or was stopped for so long;
any other when it has not moved for so long by the clock of whoever watches, which no clock of another machine and no
change of the time of day can mislead.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from jupyter_dagflow.core.model import RunId

BEAT_S = 2.0
"""How often a holder moves its lease."""

RUN_OUT_S = 8.0
"""After so long without a move a lease has run out: several beats may come late."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """A process: its id, when it began, the namespace and the boot in which it has that id, and the machine with its
    name.

    Each is a text that says nothing but whether two are the same; empty if this system does not tell.
    """

    pid: int
    began: str
    space: str
    boot: str
    machine: str
    host: str

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The lease on a run: who has it (nobody, once it was given back), the how many-eth, and how often it has moved.

    One on a role, which one process has at a time, has the role's name for a run's id.
    """

    run_id: RunId
    token: int
    owner: Owner | None
    beat: int = 0


class Life(str, Enum):
    """What can be told of an owner's process from here."""

    ALIVE = "alive"
    STOPPED = "stopped"
    GONE = "gone"
    UNKNOWN = "unknown"


@dataclass(slots=True)
class LeaseWatch:
    """Tells which leases have run out, asked again and again with what stands in the metastore.

    >>> watch = LeaseWatch()
    >>> owner = Owner(pid=7, began="1", space="s", boot="b", machine="m", host="box")
    >>> lease = Lease(run_id=RunId("r"), token=1, owner=owner)
    >>> [watch.has_run_out(lease, Life.UNKNOWN, at_s) for at_s in (0.0, 5.0, 9.0)]
    [False, False, True]
    """

    _seen: dict[RunId, tuple[Lease, float]] = field(default_factory=dict)

    def has_run_out(self, lease: Lease, life: Life, at_s: float) -> bool:
        """Whether somebody else may take the run; ``at_s`` is the watcher's own steady clock, in seconds."""
        if lease.owner is None or life is Life.GONE:
            return True
        before = self._seen.get(lease.run_id)
        if life is Life.ALIVE or before is None or before[0] != lease:
            self._seen[lease.run_id] = (lease, at_s)
            return False
        return at_s - before[1] >= RUN_OUT_S
