"""Taking a run over from whoever had it.

The law: a run is taken only from a holder that is gone, that was stopped, or that has not moved for so long; and of
those who try, one gets it.
"""

from __future__ import annotations

import time
from pathlib import Path

from jupyter_dagflow.core.errors import RunGoesOn
from jupyter_dagflow.core.lease import RUN_OUT_S, Lease, LeaseWatch, Life
from jupyter_dagflow.core.model import RunId
from jupyter_dagflow.core.run import RunView
from jupyter_dagflow.execution.processes import life_of, this_process
from jupyter_dagflow.storage.atomic import unfinished
from jupyter_dagflow.storage.metastore import LeaseLost, Metastore

_LOOK_S = 0.2


def life_of_holder(lease: Lease | None) -> Life:
    """What one look tells of who holds a lease; a holder that there is not is gone."""
    return Life.GONE if lease is None or lease.owner is None else life_of(lease.owner)


def holder_is_gone(lease: Lease) -> bool:
    """Whether nobody holds a lease, as far as one look can tell."""
    return life_of_holder(lease) is Life.GONE


def take_over(metastore: Metastore, run_id: RunId) -> Lease:
    """Take a run that somebody asks for: at once if nobody has it, or after a wait that shows whether its holder moves.

    Raises `RunGoesOn`.
    """
    watch, until = LeaseWatch(), time.monotonic() + RUN_OUT_S + 1
    while True:
        seen = metastore.lease(run_id)
        life = life_of_holder(seen)
        if seen is None or watch.has_run_out(seen, life, time.monotonic()):
            try:
                return metastore.take_lease(run_id, this_process(), seen=seen)
            except LeaseLost:
                continue  # somebody was faster, or its holder has moved: look again
        if life is Life.ALIVE or time.monotonic() > until:
            raise RunGoesOn(
                f"Run {run_id} goes on, in {seen.owner}.",
                hint=f"Follow it: dagflow runs show {run_id}, or stop it: dagflow runs cancel {run_id}",
            )
        time.sleep(_LOOK_S)


def taken_run(metastore: Metastore, lease: Lease, folder: Path) -> RunView:
    """The run that was taken, as it stands; what its former runner was writing there when it was killed is removed.

    Whoever is stopped in here, and wakes up when another has the run, touches nothing of that one's: what is removed
    was there before it was seen that the lease was ours still. Raises `LeaseLost`.
    """
    left = unfinished(folder)
    view = metastore.view(lease.run_id, lease=lease)
    for path in left:
        path.unlink(missing_ok=True)
    return view
