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
from jupyter_dagflow.core.errors import NOWHERE, Location
from jupyter_dagflow.core.lookup import Lookup, lowest
from jupyter_dagflow.core.model import Task, TaskName


@dataclass(frozen=True, slots=True, kw_only=True)
class UnseenDraw:
    """A generator (``<random>``) and two tasks, in notebook order, the second of which does not go on where the first
    ended.

    ``deeds`` tells in words what they did. ``unseen`` are those of them that the compiler did not see at it.
    """

    generator: str
    first: TaskName
    second: TaskName
    unseen: tuple[TaskName, ...]
    deeds: str

    def at(self, _task: TaskName) -> Location:
        """Nowhere: of a draw only the task is known."""
        return NOWHERE

    @property
    def message(self) -> str:
        """What happened, in words."""
        return f"{Code.UNSEEN_DRAW.code}: {self.deeds}; in the notebook {self.second} goes on where {self.first} ended."

    @property
    def hint(self) -> str:
        """What to do about it."""
        return (
            "Run it again: that is known from now on, and the tasks take turns. To free them from each "
            "other, give each a generator of its own, say random_state=0."
        )


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
        for generator, state in states.items():
            self._places[generator, state] = self._places.get((generator, state), 0) | bit
            self._moved[generator] = self._moved.get(generator, 0) | bit
            found = bit if generator in seeded else 0
            self._seeded[generator] = self._seeded.get(generator, 0) | found

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


def unseeded(lookup: Lookup, states: Iterable[str], ended: TaskName) -> UnseenDraw | None:
    """The first of the generators whose ``states`` a task has moved on without having been given it."""
    place = lookup.places[ended]
    for generator in sorted(states):
        above = lookup.last_writer(generator, place)
        if above is not None and generator not in lookup.task(ended).writes:
            deeds = "task {second} drew from {what} without the state in which task {first} left it"
            return _told(lookup, generator, (lookup.places[above.name], place), deeds)
    return None


def same_start(lookup: Lookup, drawn: Drawn, ended: TaskName) -> UnseenDraw | None:
    """The first two tasks that began to draw alike, one of which ended last."""
    place = lookup.places[ended]
    bit = 1 << place
    for generator, others in drawn.met(ended):
        seen, going_on = drawn.kinds(generator)
        if seen & bit:
            others &= ~seen
        above = others & (bit - 1) if going_on & bit else 0
        if found := above or others & going_on & -bit:
            deeds = (
                "tasks {first} and {second} both drew from {what}, each from where the seed left it"
            )
            return _told(lookup, generator, sorted((lowest(found), place)), deeds)
    return None


def reseeded(lookup: Lookup, drawn: Drawn, ended: TaskName) -> UnseenDraw | None:
    """The first task that seeded unseen and the next that draws below it, one of which ended last."""
    place = lookup.places[ended]
    bit = 1 << place
    for generator, moved, seeded in drawn.moved(ended):
        seen, going_on = drawn.kinds(generator)
        going_on &= ~seeded
        others = (seen | moved) & ~bit
        above, below = (others & (bit - 1)).bit_length() - 1, others & -bit
        deeds = (
            "task {first} seeded {what} in code outside the notebook, and task {second} draws from it without "
            "that seed"
        )
        if seeded & bit and below and going_on >> lowest(below) & 1:
            return _told(lookup, generator, (place, lowest(below)), deeds)
        if going_on & bit and above >= 0 and seeded >> above & 1:
            return _told(lookup, generator, (above, place), deeds)
    return None


def _told(lookup: Lookup, generator: str, places: Iterable[int], deeds: str) -> UnseenDraw:
    tasks = [lookup.pipeline.tasks[place] for place in places]
    first, second = (task.name for task in tasks)
    return UnseenDraw(
        generator=generator,
        first=first,
        second=second,
        unseen=tuple(task.name for task in tasks if generator not in task.writes),
        deeds=deeds.format(first=first, second=second, what=AMBIENT_STATES[generator].what),
    )


def _goes_on(task: Task, generator: str) -> bool:
    """Whether a task draws from what is there, and does not seed anew first."""
    reads = {*(item.name for item in task.inputs), *(read.name for read in task.from_prelude)}
    return generator in reads or generator not in task.writes
