"""Groups of cells that are proposed as tasks, and joining those that cannot stay apart.

The law: a group that tags have named keeps its name, so two such groups are never joined. Groups stand in the
order of their first cells.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from jupyter_dagflow.core.model import Cell, CellId, Edge, TaskName
from jupyter_dagflow.core.sections import Section


@dataclass(slots=True, eq=False)
class Group:
    """A task to be: its cells, the section they stand in, and what is known of it.

    ``said`` is the name that tags give it; ``after`` are groups that have to come first though no value says so.
    """

    section: Section
    said: str = ""
    name: str = ""
    cells: list[Cell] = field(default_factory=list)
    makes: dict[str, None] = field(default_factory=dict)
    takes_from: set[int] = field(default_factory=set)
    after: list[Group] = field(default_factory=list)

    @property
    def indexes(self) -> set[int]:
        """Where its cells stand."""
        return {cell.index for cell in self.cells}

    @property
    def first(self) -> int:
        """Where its first cell stands."""
        return self.cells[0].index


class Groups:
    """All groups of a notebook, to be looked up by cell and by name."""

    def __init__(self) -> None:
        self._groups: list[Group] = []

    def __iter__(self) -> Iterator[Group]:
        return iter(self._groups)

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self._groups)

    def add(self, group: Group) -> Group:
        """Begin a group below all others."""
        self._groups.append(group)
        return group

    def said(self, name: str) -> Group | None:
        """The group that tags call so."""
        return next((group for group in self._groups if group.said == name), None)

    def by_name(self) -> dict[str, Group]:
        """The groups by the names they have by now."""
        return {group.name: group for group in self._groups}

    def by_cell(self) -> dict[CellId, Group]:
        """The group of each cell."""
        return {cell.id: group for group in self._groups for cell in group.cells}

    def near(self, group: Group, index: int) -> list[Group]:
        """The groups with cells between the first one of a group and that at ``index``, else the one above."""
        others = [each for each in self._groups if each is not group]
        between = [g for g in others if any(group.first < i < index for i in g.indexes)]
        return between or [g for g in others if g.first < group.first][-1:]

    def join(self, one: Group, other: Group) -> Cell | None:
        """Make two groups one; the first cell of the lower one, or None if they have to stay two."""
        if one is other or (one.said and other.said):
            return None
        upper, lower = sorted((one, other), key=lambda group: group.first)
        moved = lower.cells[0]
        upper.said = upper.said or lower.said
        upper.cells = sorted([*upper.cells, *lower.cells], key=lambda cell: cell.index)
        upper.makes |= lower.makes
        upper.takes_from |= lower.takes_from
        upper.after += lower.after
        self._groups.remove(lower)
        for group in self._groups:
            after = [upper if each is lower else each for each in group.after]
            group.after = [each for each in dict.fromkeys(after) if each is not group]
        return moved


def circle(edges: Sequence[Edge]) -> set[TaskName]:
    """Tasks that wait for each other; none if no task does.

    >>> one, other = TaskName("a"), TaskName("b")
    >>> sorted(circle([Edge(source=one, target=other, reasons=()), Edge(source=other, target=one, reasons=())]))
    ['a', 'b']
    """
    down: dict[TaskName, list[TaskName]] = {}
    up: dict[TaskName, list[TaskName]] = {}
    for edge in edges:
        down.setdefault(edge.source, []).append(edge.target)
        up.setdefault(edge.target, []).append(edge.source)
    for task in down:
        below = _reached(task, down)
        if task in below:
            return below & _reached(task, up)
    return set()


def _reached(task: TaskName, steps: Mapping[TaskName, Sequence[TaskName]]) -> set[TaskName]:
    """All that can be reached from a task, itself only if it lies in a circle."""
    found: set[TaskName] = set()
    todo = [*steps.get(task, ())]
    while todo:
        following = todo.pop()
        if following not in found:
            found.add(following)
            todo += steps.get(following, ())
    return found
