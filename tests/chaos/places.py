"""The table of all places at which a fault is tried, each with what is done there."""

from __future__ import annotations

import random
from collections.abc import Iterator

from tests.chaos.faults import COMMAND_POINTS, KERNEL_POINTS, Fault
from tests.chaos.programs import write_program
from tests.chaos.trial import Plan

_NTH: dict[str, tuple[int, ...]] = {
    "record": (1, 3),
    "commit": (1, 4),
    "fsync": (1, 3),
    "rename": (1, 3, 5),
    "cell": (1, 4),
    "cell-end": (1, 4),
    "kernel-rename": (1, 2),  # a value, then what the task tells of itself
}
"""How often a place is passed before, of those that are passed for several reasons."""

_FAIL = ("fsync", "rename")
_BY_RECOVERY = ("claim", "take", "end-kernel")  # passed by who takes a run over


def fault_plans() -> Iterator[Plan]:
    """One trial for each place and each thing that may happen there."""
    for point in [*COMMAND_POINTS, *KERNEL_POINTS]:
        for side in ("before", "after"):
            for action in ("kill", "stop", *["fail"] * (point in _FAIL and side == "before")):
                for nth in _NTH.get(point, (1,)):
                    yield fault_plan(Fault(f"{side}-{point}", nth, action))


def fault_plan(fault: Fault) -> Plan:
    """A trial with that fault, in a diamond, whose tasks run side by side."""
    return Plan(
        name=str(fault),
        program=write_program(random.Random(str(fault)), "diamond"),
        fault=fault,
        fault_in_recovery=fault.point in _BY_RECOVERY,
        disturbances=((1.0, "kill runner", 0.0),) if fault.point in _BY_RECOVERY else (),
    )
