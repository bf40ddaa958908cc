"""Which of all processes on a metastore has a role.

The law: one has it as long as it moves its lease, and whoever finds that run out takes it. For a moment two may believe
that they have it, after one was stopped: what they do must be safe then, too, and only done twice in vain.
"""

from __future__ import annotations

import time

from jupyter_dagflow.core.lease import BEAT_S, Lease, LeaseWatch
from jupyter_dagflow.core.model import RunId
from jupyter_dagflow.execution.processes import this_process
from jupyter_dagflow.scheduling.leases import life_of_holder
from jupyter_dagflow.storage.metastore import Metastore


class Election:
    """Stands for a role again and again, as often as it is asked whether it has it."""

    def __init__(self, metastore: Metastore, role: str) -> None:
        self._metastore = metastore
        self._role = role
        self._watch = LeaseWatch()
        self._lease: Lease | None = None
        self._moved_at_s = 0.0

    def is_won(self) -> bool:
        """Whether this process has the role now; raises `MetastoreUnreachable`."""
        at_s = time.monotonic()
        if self._lease is not None and self._has_it_still(self._lease, at_s):
            return True
        self._lease = None
        seen = self._metastore.role(self._role)
        if seen is not None and not self._watch.has_run_out(seen, life_of_holder(seen), at_s):
            return False
        token = 1 if seen is None else seen.token + 1
        lease = Lease(run_id=RunId(self._role), token=token, owner=this_process())
        if self._metastore.take_role(lease, seen=seen):
            self._lease, self._moved_at_s = lease, at_s
        return self._lease is not None

    def resign(self) -> None:
        """Leave the role to others at once."""
        if self._lease is not None:
            self._metastore.give_role_back(self._lease)
            self._lease = None

    def _has_it_still(self, lease: Lease, at_s: float) -> bool:
        if at_s - self._moved_at_s < BEAT_S:
            return True
        self._moved_at_s = at_s
        return self._metastore.move_role(lease)
