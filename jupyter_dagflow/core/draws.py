"""Two tasks that drew from one global generator, both from where it stood for the first of them.

The law: in the notebook the later task goes on where the earlier one ended. That the compiler could
not see one of them draw is told by the states: a generator that nobody seeded begins differently in
every kernel, so two tasks begin alike only if a seed above both made it so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from jupyter_dagflow.core.analysis.ambient import AMBIENT_STATES
from jupyter_dagflow.core.diagnostics import Code
from jupyter_dagflow.core.lookup import Lookup
from jupyter_dagflow.core.model import Task, TaskName


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
        return (
            "Run it again: that is known from now on, and the tasks take turns. To free them from each "
            "other, give each a generator of its own, say random_state=0."
        )


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
