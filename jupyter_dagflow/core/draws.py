"""Tasks that drew from a global generator where the compiler could not see it.

The law: in the notebook the later task goes on where the earlier one ended. A task that drew unseen
did not, if a task above it has seeded that generator. Where setup has, the states tell: a generator
that nobody seeded begins differently in every kernel, so two tasks begin alike only if a seed above
both made it so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from jupyter_dagflow.core.analysis.ambient import AMBIENT_STATES
from jupyter_dagflow.core.diagnostics import Code
from jupyter_dagflow.core.lookup import Lookup
from jupyter_dagflow.core.model import Task, TaskName

_HINT = (
    "Run it again: that is known from now on, and the tasks take turns. To free them from each "
    "other, give each a generator of its own, say random_state=0."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unseeded:
    """A generator (``<random>``), the task that drew from it unseen, and the last one above that is
    known to have seeded it or drawn from it.
    """

    generator: str
    first: TaskName
    second: TaskName

    @property
    def unseen(self) -> tuple[TaskName, ...]:
        """The tasks that the compiler did not see draw."""
        return (self.second,)

    @property
    def message(self) -> str:
        """What happened, in words."""
        return (
            f"{Code.UNSEEN_DRAW.code}: task {self.second} drew from "
            f"{AMBIENT_STATES[self.generator].what} without the state in which task {self.first} left "
            f"it; in the notebook {self.second} goes on where {self.first} ended."
        )

    @property
    def hint(self) -> str:
        """What to do about it."""
        return _HINT


@dataclass(frozen=True, slots=True, kw_only=True)
class SameStart:
    """A generator (``<random>``) and the tasks that both drew from it, in notebook order.

    ``unseen`` are those of them that the compiler did not see draw.
    """

    generator: str
    first: TaskName
    second: TaskName
    unseen: tuple[TaskName, ...]

    @property
    def message(self) -> str:
        """What happened, in words."""
        return (
            f"{Code.UNSEEN_DRAW.code}: tasks {self.first} and {self.second} both drew from "
            f"{AMBIENT_STATES[self.generator].what}, each from where the seed left it; in the notebook "
            f"{self.second} goes on where {self.first} ended."
        )

    @property
    def hint(self) -> str:
        """What to do about it."""
        return _HINT


class Drawn:
    """The states of generators that the tasks of a run have drawn from so far, with those that did."""

    def __init__(self) -> None:
        self._tasks: dict[tuple[str, str], set[TaskName]] = {}
        self._states: dict[TaskName, Mapping[str, str]] = {}

    def add(self, task: TaskName, states: Mapping[str, str]) -> None:
        """Take in what a task has drawn from; what an attempt before this one did counts no more."""
        for drawn in self._states.get(task, {}).items():
            self._tasks[drawn].discard(task)
        self._states[task] = states
        for drawn in states.items():
            self._tasks.setdefault(drawn, set()).add(task)

    def met(self, task: TaskName) -> Iterator[tuple[str, set[TaskName]]]:
        """The generators that a task drew from, with the others that did so in the same state."""
        for drawn in self._states[task].items():
            yield drawn[0], self._tasks[drawn] - {task}


def unseeded(lookup: Lookup, states: Iterable[str], ended: TaskName) -> Unseeded | None:
    """The first of the generators whose ``states`` a task has moved on without having been given it."""
    place = lookup.places[ended]
    for generator in sorted(states):
        if generator in lookup.task(ended).writes:
            continue
        for above in reversed(lookup.pipeline.tasks[:place]):
            if generator in above.writes:
                return Unseeded(generator=generator, first=above.name, second=ended)
    return None


def same_start(lookup: Lookup, drawn: Drawn, ended: TaskName) -> SameStart | None:
    """The first such pair with the task that ended last."""
    place = lookup.places.__getitem__
    for generator, others in drawn.met(ended):
        for other in sorted(others, key=place):
            first, second = sorted((other, ended), key=place)
            unseen = tuple(n for n in (first, second) if generator not in lookup.task(n).writes)
            if unseen and _goes_on(lookup.task(second), generator):
                return SameStart(generator=generator, first=first, second=second, unseen=unseen)
    return None


def _goes_on(task: Task, generator: str) -> bool:
    """Whether a task draws from what is there, and does not seed anew first."""
    reads = {*(item.name for item in task.inputs), *(read.name for read in task.from_prelude)}
    return generator in reads or generator not in task.writes
