"""Tasks that drew from a global generator where the compiler could not see it.

The law: in the notebook the later task goes on where the earlier one ended. A task that drew unseen
did not, if a task above it has seeded that generator. Where setup has, the states tell: a generator
that nobody seeded begins differently in every kernel, so two tasks begin alike only if a seed above
both made it so. A task that was not seen to seed has, if it leaves a generator as a seed makes it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from jupyter_dagflow.core.analysis.ambient import AMBIENT_STATES
from jupyter_dagflow.core.diagnostics import Code
from jupyter_dagflow.core.lookup import Lookup, lowest
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Reseeded:
    """A generator (``<random>``), the task that seeded it unseen, and one below that drew from it without that.

    ``unseen`` are those of them that the compiler did not see at it.
    """

    generator: str
    first: TaskName
    second: TaskName
    unseen: tuple[TaskName, ...]

    @property
    def message(self) -> str:
        """What happened, in words."""
        return (
            f"{Code.UNSEEN_DRAW.code}: task {self.first} seeded {AMBIENT_STATES[self.generator].what} in code "
            f"outside the notebook, and task {self.second} draws from it without that seed; in the notebook "
            f"{self.second} goes on where {self.first} ended."
        )

    @property
    def hint(self) -> str:
        """What to do about it."""
        return _HINT


class Drawn:
    """The states of generators that the tasks of a run have drawn from so far, with the places of those that did."""

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup
        self._moved: dict[str, int] = {}
        self._seeded: dict[str, int] = {}
        self._places: dict[tuple[str, str], int] = {}
        self._states: dict[TaskName, Mapping[str, str]] = {}
        self._kinds: dict[str, tuple[int, int]] = {}

    def add(self, task: TaskName, states: Mapping[str, str], seeded: Collection[str] = ()) -> None:
        """Take in what a task has drawn from, and what of it was only seeded; what an attempt before this one did
        counts no more.
        """
        bit = 1 << self._lookup.places[task]
        for drawn in self._states.get(task, {}).items():
            self._places[drawn] &= ~bit
            self._moved[drawn[0]] &= ~bit
            self._seeded[drawn[0]] &= ~bit
        self._states[task] = states
        for drawn in states.items():
            generator = drawn[0]
            self._places[drawn] = self._places.get(drawn, 0) | bit
            self._moved[generator] = self._moved.get(generator, 0) | bit
            self._seeded[generator] = self._seeded.get(generator, 0) | (
                bit if generator in seeded else 0
            )

    def moved(self, task: TaskName) -> Iterator[tuple[str, int, int]]:
        """The generators that a task moved, each with the places of those that did so far, and of those that have
        seeded it unseen.
        """
        for generator in sorted(self._states[task]):
            seen, _ = self.kinds(generator)
            yield generator, self._moved[generator], self._seeded[generator] & ~seen

    def met(self, task: TaskName) -> Iterator[tuple[str, int]]:
        """The generators that a task drew from, with the places of others that did so in the same state."""
        bit = 1 << self._lookup.places[task]
        for drawn in self._states[task].items():
            if others := self._places[drawn] & ~bit:
                yield drawn[0], others

    def kinds(self, generator: str) -> tuple[int, int]:
        """The places of the tasks that are known to move a generator on or to seed it, and of those that go on
        with what is there.
        """
        if generator not in self._kinds:
            tasks = list(enumerate(self._lookup.pipeline.tasks))
            seen = sum(1 << place for place, task in tasks if generator in task.writes)
            going_on = sum(1 << place for place, task in tasks if _goes_on(task, generator))
            self._kinds[generator] = seen, going_on
        return self._kinds[generator]


def unseeded(lookup: Lookup, states: Iterable[str], ended: TaskName) -> Unseeded | None:
    """The first of the generators whose ``states`` a task has moved on without having been given it."""
    place = lookup.places[ended]
    for generator in sorted(states):
        above = lookup.last_writer(generator, place)
        if above is not None and generator not in lookup.task(ended).writes:
            return Unseeded(generator=generator, first=above.name, second=ended)
    return None


def same_start(lookup: Lookup, drawn: Drawn, ended: TaskName) -> SameStart | None:
    """The first such pair with the task that ended last."""
    place = lookup.places[ended]
    bit = 1 << place
    for generator, others in drawn.met(ended):
        seen, going_on = drawn.kinds(generator)
        if seen & bit:
            others &= ~seen
        above = others & (bit - 1) if going_on & bit else 0
        if found := above or others & going_on & -bit:
            names = [lookup.pipeline.tasks[each].name for each in sorted((lowest(found), place))]
            unseen = tuple(n for n in names if generator not in lookup.task(n).writes)
            return SameStart(generator=generator, first=names[0], second=names[1], unseen=unseen)
    return None


def reseeded(lookup: Lookup, drawn: Drawn, ended: TaskName) -> Reseeded | None:
    """The first such pair with the task that ended last."""
    place = lookup.places[ended]
    bit = 1 << place
    for generator, moved, seeded in drawn.moved(ended):
        seen, going_on = drawn.kinds(generator)
        others = (seen | moved) & ~bit
        below, above = others & -bit, others & (bit - 1)
        going_on &= ~seeded
        if seeded & bit and below and going_on & below & -below:
            pair = (place, lowest(below))
        elif going_on & bit and above and seeded >> (above.bit_length() - 1) & 1:
            pair = (above.bit_length() - 1, place)
        else:
            continue
        first, second = (lookup.pipeline.tasks[each].name for each in pair)
        unseen = tuple(n for n in (first, second) if generator not in lookup.task(n).writes)
        return Reseeded(generator=generator, first=first, second=second, unseen=unseen)
    return None


def _goes_on(task: Task, generator: str) -> bool:
    """Whether a task draws from what is there, and does not seed anew first."""
    reads = {*(item.name for item in task.inputs), *(read.name for read in task.from_prelude)}
    return generator in reads or generator not in task.writes
