"""What an attempt takes from other tasks: found once, when its start is decided.

The law: where a trigger rule lets a task begin before all have ended that could give it a value, what is there
changes while the attempt is made ready. So the cache, the record and the kernel go by one finding, and so do all parts
of a task with a mapped loop.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from jupyter_dagflow.core.events import Stored
from jupyter_dagflow.core.guarding import Bundled
from jupyter_dagflow.core.lookup import Lookup
from jupyter_dagflow.core.model import Input, Task, TaskName
from jupyter_dagflow.core.run import TaskRun
from jupyter_dagflow.core.states import TaskState
from jupyter_dagflow.core.triggers import HOW_IT_ENDED


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """The values that an attempt takes.

    ``inputs`` are the digests of the bundles that its inputs are in, but of names that no source bound. They are in
    the order of the tasks that stored them: a class that several bundles hold is as the last of them has it.
    ``bundles`` tell what shares objects with an input, as far as it was stored with it; ``missing`` tells of each name
    that was to come from tasks that did not end well what became of them, in words.
    """

    inputs: Mapping[str, str] = field(default_factory=dict)
    bundles: Mapping[str, Bundled] = field(default_factory=dict)
    missing: Mapping[str, str] = field(default_factory=dict)

    def of(self, part: Task) -> Intake:
        """What of it a part of the task takes."""
        names = {item.name for item in part.inputs}
        if names >= self.inputs.keys() | self.missing.keys():
            return self
        return Intake(
            inputs={name: digest for name, digest in self.inputs.items() if name in names},
            bundles={name: bundled for name, bundled in self.bundles.items() if name in names},
            missing={name: told for name, told in self.missing.items() if name in names},
        )


NOTHING = Intake()


def find_intake(lookup: Lookup, task: Task, runs: Mapping[TaskName, TaskRun]) -> Intake:
    """What a task would take now: ``runs`` tell how the tasks of the run stand, and what they have stored.

    Of several that may give a name, the last in notebook order that has it does.
    """
    found = {item.name: _newest(item, runs) for item in task.inputs}
    taken = [(name, *given) for name, given in found.items() if given is not None]
    taken.sort(key=lambda each: lookup.places[each[1]])
    missing = ((item.name, _missing(item, runs)) for item in task.inputs if not found[item.name])
    return Intake(
        inputs={name: stored.digest for name, _, stored in taken},
        bundles=dict(_bundles(taken, runs)),
        missing={name: told for name, told in missing if told},
    )


def are_there(inputs: Mapping[str, str], task: Task, runs: Mapping[TaskName, TaskRun]) -> bool:
    """Whether a task might take these inputs: tasks that may give them have stored them."""
    given = {
        (item.name, stored.digest) for item in task.inputs for _, stored in _giving(item, runs)
    }
    return given >= inputs.items()


def _giving(item: Input, runs: Mapping[TaskName, TaskRun]) -> Iterator[tuple[TaskName, Stored]]:
    """The tasks that have stored an input, in notebook order, each with its value."""
    for source in item.sources:
        if source in runs:
            yield from ((source, each) for each in runs[source].stored if each.name == item.name)


def _newest(item: Input, runs: Mapping[TaskName, TaskRun]) -> tuple[TaskName, Stored] | None:
    """The task that gives an input, and its value, if any does."""
    # A task that went on further down may have a newer one than those that began after it.
    having = reversed([*_giving(item, runs)])  # of the same version the last counts
    return max(having, key=lambda each: each[1].version, default=None)


def _bundles(
    taken: list[tuple[str, TaskName, Stored]], runs: Mapping[TaskName, TaskRun]
) -> Iterator[tuple[str, Bundled]]:
    for name, source, value in taken:
        names = {stored.name for stored in runs[source].stored if stored.digest == value.digest}
        if names != {name}:
            yield name, Bundled(source=source, names=names - {name})


def _missing(item: Input, runs: Mapping[TaskName, TaskRun]) -> str:
    ended = {name: runs[name].state for name in item.sources if name in runs}
    return " and ".join(
        f"task {name}, which {HOW_IT_ENDED[state]}"
        for name, state in ended.items()
        if state is not TaskState.SUCCESS and state.is_final
    )
