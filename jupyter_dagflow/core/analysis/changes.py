"""Which values are changed in place: by a task further down, and where within what a task took.

The law: what counts is the object, not the name it goes by where it is changed.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence

from jupyter_dagflow.core.analysis.library import CONTAINERS
from jupyter_dagflow.core.analysis.steps import Step, Story
from jupyter_dagflow.core.analysis.units import NodeState
from jupyter_dagflow.core.analysis.values import (
    BUFFER,
    DEEPEST,
    HIDDEN,
    UNKNOWN,
    Heap,
    base_of,
    sees,
    slot,
    slot_of,
)
from jupyter_dagflow.core.model import Exposed, Path, TaskName

_DEEP = 6
_MANY = 64
_INSIDE = range(1, DEEPEST + 1)


def exposed(story: Story, state: NodeState) -> Iterator[Exposed]:
    """The values that a task has at its end and other tasks change further down."""
    for name, kin in state.ends.items():
        if story.changed.keys().isdisjoint(kin.reach):
            continue
        changed = (base for base in kin.reach if base in story.changed)
        later = ((_after(story.changed[base], state), base) for base in changed)
        found = [(step, base) for step, base in later if step is not None]
        if found:
            step, base = min(found, key=lambda each: each[0].number)
            yield Exposed(
                name=name,
                task=TaskName(step.node),
                cell=step.block.cell,
                line=min(n for obj, n in step.effect.changed.items() if base_of(obj) == base),
                shares=tuple(sorted(kin.names)),
            )


def _after(steps: Sequence[Step], state: NodeState) -> Step | None:
    """The first of these steps that another task takes since this one has begun."""
    place = bisect_right(steps, state.first_step, key=lambda step: step.number)
    below = (steps[at] for at in range(place, len(steps)))  # a slice would copy them for each task
    return next((step for step in below if step.node != state.node), None)


def known_changes(story: Story, state: NodeState) -> dict[str, tuple[Path, ...]]:
    """Of the names that a task takes and changes the paths to the objects in them that it changes, if
    these can be told.
    """
    names = [name for name in state.taken if name in state.changed]
    if not names:
        return {}
    search = _Search(story.heap, state.changing, {n: state.taken[n].value.objects for n in names})
    found = {name: search.within(name) for name in names}
    return {name: tuple(dict.fromkeys(paths)) for name, paths in found.items() if paths}


class _Search:
    """The search for objects that are changed in values as they were when they were taken."""

    def __init__(
        self, heap: Heap, changing: set[int], values: Mapping[str, frozenset[int]]
    ) -> None:
        self._heap = heap
        self._changing = changing
        self._values = values
        self._seen: Mapping[int, set[int]] = heap.containers_of(changing)
        self._named: dict[int, str] = {}
        for name, objects in values.items():
            if len(objects) == 1:
                (obj,) = objects
                if base_of(obj) in heap.made_once:
                    self._named.setdefault(obj, name)

    def within(self, name: str) -> list[Path] | None:
        """The paths to all of them in the value of a name; None if nobody can tell."""
        found: list[Path] = []
        todo: list[tuple[int, Path]] = [(obj, (name,)) for obj in self._values[name]]
        named: set[int] = set()  # those that have been gone through by their own names
        while todo:
            obj, path = todo.pop()
            base = base_of(obj)
            if base not in self._seen or not sees(obj, self._seen[base]):
                continue
            if path[-1] in HIDDEN:
                return None
            if obj in self._named:  # where it lies, who knows; but this it is
                if obj in named:
                    continue
                named.add(obj)
                path = (self._named[obj],)
            kind = self._heap.kinds.get(base, UNKNOWN)
            if obj in self._changing:
                if len(path) > 1 and kind != "instance" and kind not in CONTAINERS:
                    return None  # what else of it changes, or is over its memory, who knows
                found.append(path)
            if slot_of(obj) == BUFFER:
                continue
            inside = any(slot(base, number) in self._changing for number in _INSIDE)
            if slot_of(obj) != 0 or inside or len(path) > _DEEP or len(found) > _MANY:
                return None
            if DEEPEST in self._seen[base]:
                if base in self._heap.code:
                    return None
                for key, each in self._heap.fields.get(base, {}).items():
                    moves = isinstance(key, int) and kind not in ("dict", "tuple")
                    todo += [(held, (*path, None if moves else key)) for held in each]
        return found
