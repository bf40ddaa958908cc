"""When a lease has run out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jupyter_dagflow.core.lease import RUN_OUT_S, Lease, LeaseWatch, Life, Owner
from jupyter_dagflow.core.model import RunId

OWNER = Owner(pid=7, began="1", space="s", boot="b", machine="m", host="box")
LEASE = Lease(run_id=RunId("r"), token=1, owner=OWNER)
LATE = RUN_OUT_S


@pytest.mark.parametrize(
    ("looks", "has_run_out"),
    [
        ([(LEASE, Life.GONE, 0.0)], True),
        ([(replace(LEASE, owner=None), Life.UNKNOWN, 0.0)], True),
        ([(LEASE, Life.UNKNOWN, 0.0)], False),
        ([(LEASE, Life.STOPPED, 0.0)], False),
        ([(LEASE, Life.UNKNOWN, 0.0), (LEASE, Life.UNKNOWN, LATE)], True),
        ([(LEASE, Life.STOPPED, 0.0), (LEASE, Life.STOPPED, LATE)], True),
        # One that lives may be busy for as long as it likes, and begins to count only when it is stopped.
        ([(LEASE, Life.ALIVE, 0.0), (LEASE, Life.ALIVE, 9 * LATE)], False),
        ([(LEASE, Life.ALIVE, 0.0), (LEASE, Life.STOPPED, 9 * LATE)], True),
        ([(LEASE, Life.ALIVE, 9 * LATE), (LEASE, Life.STOPPED, 9.5 * LATE)], False),
        # One that has moved, or whom another has taken the run from, is looked at anew.
        ([(LEASE, Life.UNKNOWN, 0.0), (replace(LEASE, beat=1), Life.UNKNOWN, LATE)], False),
        ([(LEASE, Life.UNKNOWN, 0.0), (replace(LEASE, token=2), Life.UNKNOWN, LATE)], False),
        # That a watcher's first look comes late says nothing.
        ([(LEASE, Life.UNKNOWN, 99 * LATE)], False),
    ],
)
def test_a_lease_has_run_out(looks: list[tuple[Lease, Life, float]], has_run_out: bool) -> None:
    watch = LeaseWatch()
    assert [watch.has_run_out(*look) for look in looks][-1] is has_run_out
