"""Two tasks that drew from one global generator, both from where it stood for the first of them.

The law: in the notebook the later task goes on where the earlier one ended. That the compiler could
not see one of them draw is told by the states: a generator that nobody seeded begins differently in
every kernel, so two tasks begin alike only if a seed above both made it so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from jupyter_dagflow.core.analysis.ambient import AMBIENT_STATES
from jupyter_dagflow.core.diagnostics import Code
from jupyter_dagflow.core.model import Pipeline, Task, TaskName


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


def same_start(
    pipeline: Pipeline, drawn: Mapping[TaskName, Mapping[str, str]], ended: TaskName
) -> SameStart | None:
    """The first such pair with the task that ended last; ``drawn`` are the states drawn from."""
    order = [task.name for task in pipeline.tasks]
    tasks = {task.name: task for task in pipeline.tasks}
    for generator, state in drawn[ended].items():
        for other in order:
            if other == ended or drawn.get(other, {}).get(generator) != state:
                continue
            first, second = sorted((other, ended), key=order.index)
            unseen = tuple(n for n in (first, second) if generator not in tasks[n].writes)
            if unseen and _goes_on(tasks[second], generator):
                return SameStart(generator=generator, first=first, second=second, unseen=unseen)
    return None


def _goes_on(task: Task, generator: str) -> bool:
    """Whether a task draws from what is there, and does not seed anew first."""
    reads = {*(item.name for item in task.inputs), *(read.name for read in task.from_prelude)}
    return generator in reads or generator not in task.writes
