"""State outside all variables that code both reads and moves on: global generators, the working
directory.

The law: such state is an implicit variable, spelled ``<…>``. A task that touches it after another
takes it from there like any input, so that the numbers drawn are those of Run All. The runtime
evaluates ``save`` in the kernel that leaves it, stores the result under the name, and runs
``restore`` with it as ``state`` in the kernel that takes it. ``idle`` tells of a ``state`` whether
nobody has drawn since the module was imported, ``fresh`` whether nobody has since it was seeded.
``instead`` is what frees tasks of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

WORKING_DIRECTORY = "<cwd>"


@dataclass(frozen=True, slots=True, kw_only=True)
class AmbientState:
    """How to take one such state out of a kernel and put it into another, as Python source."""

    module: str
    save: str
    restore: str
    idle: str
    fresh: str
    what: str
    instead: str


AMBIENT_STATES: Mapping[str, AmbientState] = MappingProxyType(
    {
        "<random>": AmbientState(
            module="random",
            save="random.getstate()",
            restore="random.setstate(state)",
            idle="state[1][-1] == 624",
            fresh="state[1][-1] == 624",
            what="the global generator of `random`",
            instead="give each task a generator of its own, as in `rng = random.Random(0)`",
        ),
        "<numpy.random>": AmbientState(
            module="numpy.random",
            save="numpy.random.get_state()",
            restore="numpy.random.set_state(state)",
            # as NumPy makes it when it is imported
            idle="state[2] == 623 and state[1][0] == 1 << 31 and not state[3]",
            fresh="state[2] == 624 and not state[3]",
            what="NumPy's global generator",
            instead="give each task a generator of its own, as in `rng = np.random.default_rng(0)`",
        ),
        "<torch.random>": AmbientState(
            module="torch",
            save="torch.get_rng_state()",
            restore="torch.set_rng_state(state)",
            idle="torch.equal(state, torch.Generator().get_state())",
            fresh="torch.equal(state, torch.Generator().manual_seed(torch.initial_seed()).get_state())",
            what="PyTorch's global generator",
            instead="give each task a generator of its own, as in `rng = torch.Generator().manual_seed(0)`",
        ),
        WORKING_DIRECTORY: AmbientState(
            module="os",
            save="os.getcwd()",
            restore="os.chdir(state)",
            idle="True",
            fresh="False",
            what="the working directory",
            instead="use paths from a fixed folder instead of changing the working directory",
        ),
    }
)
