"""Cells into tasks: by tags, by headings, or one task a cell.

The law: every code cell ends up in exactly one place — parameters, setup, a task, or left out by ``skip`` — and
each place that was chosen for the user is told to the user.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from jupyter_dagflow.core.analysis.source import names_bound, needed_at_once, only_definitions
from jupyter_dagflow.core.diagnostics import Code, Diagnostic
from jupyter_dagflow.core.model import Cell, CellId, CellKind, PartitionBy, TaskName
from jupyter_dagflow.core.names import free
from jupyter_dagflow.core.own_lines import only_own_lines
from jupyter_dagflow.core.sections import Section, SectionNames, sections
from jupyter_dagflow.core.tags import CellTags, Role, read_tags


@dataclass(slots=True, kw_only=True)
class TaskCells:
    """A task to be: its cells in notebook order and what their tags ask for."""

    name: TaskName
    cells: list[Cell] = field(default_factory=list)
    options: dict[str, object] = field(default_factory=dict)
    option_cells: dict[str, Cell] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Partition:
    """All code cells of a notebook, each in its place."""

    by: PartitionBy
    parameters: Cell | None = None
    more_parameters: list[Cell] = field(default_factory=list)
    setup: list[Cell] = field(default_factory=list)
    tasks: dict[TaskName, TaskCells] = field(default_factory=dict)
    diagnostics: list[Diagnostic] = field(default_factory=list)

    @property
    def parameters_cells(self) -> list[Cell]:
        """The cells that declare parameters, in notebook order: papermill's one, and those of Kale's kind."""
        cells = [*([self.parameters] if self.parameters else []), *self.more_parameters]
        return sorted(cells, key=lambda cell: cell.index)

    @property
    def prelude(self) -> list[Cell]:
        """The cells that run first in every task: parameters and setup, in notebook order."""
        return sorted([*self.setup, *self.parameters_cells], key=lambda cell: cell.index)


def partition(cells: Sequence[Cell], *, by: PartitionBy = PartitionBy.AUTO) -> Partition:
    """Group the cells of a notebook into tasks.

    ``auto`` goes by tags if any cell is tagged ``task:``, else by headings if code stands under one, else a task a
    cell. Tags other than ``task:`` count however the cells are grouped.
    """
    tags = {cell.id: read_tags(cell) for cell in cells if cell.kind is CellKind.CODE}
    chosen = by if by is not PartitionBy.AUTO else _choose(cells, tags)
    result = Partition(by=chosen)
    for cell in cells:
        if cell.id in tags:
            result.diagnostics.extend(tags[cell.id].diagnostics)
    _Grouping(result, tags).group(cells)
    return result


def _choose(cells: Sequence[Cell], tags: Mapping[CellId, CellTags]) -> PartitionBy:
    if any(tag.role is Role.TASK for tag in tags.values()):
        return PartitionBy.TAGS
    below = (cell for section in sections(cells) if section.title for cell in section.cells)
    return PartitionBy.HEADINGS if any(c.code.strip() for c in below) else PartitionBy.CELLS


class _Grouping:
    """Walks down the notebook, knowing which task the next untagged cell belongs to."""

    def __init__(self, result: Partition, tags: Mapping[CellId, CellTags]) -> None:
        self._result = result
        self._tags = tags
        self._current: TaskName | None = None
        self._section = Section()
        self._names = SectionNames(())
        self._made: set[str] = set()  # by cells before the first task that are no setup

    def group(self, cells: Sequence[Cell]) -> None:
        if self._result.by is PartitionBy.HEADINGS:
            self._names = SectionNames(cells)
            for self._section in sections(cells):
                self._current = None
                self._place_all(self._section.cells)
        else:
            self._place_all(cells)

    def _place_all(self, cells: Sequence[Cell]) -> None:
        for cell in cells:
            if cell.kind is CellKind.CODE:
                self._place(cell, self._tags[cell.id])

    def _place(self, cell: Cell, tags: CellTags) -> None:
        match tags.role:
            case Role.SKIP:  # left out itself, but what stands below still belongs to its task
                if tags.task is not None and self._result.by is PartitionBy.TAGS:
                    self._current = tags.task
            case Role.PARAMETERS:
                self._place_parameters(cell)
            case Role.MORE_PARAMETERS:
                self._result.more_parameters.append(cell)
            case Role.SETUP:
                self._result.setup.append(cell)
            case Role.UNTAGGED if only_own_lines(cell.code):
                return
            case Role.TASK | Role.UNTAGGED:
                self._place_in_task(cell, tags)

    def _place_parameters(self, cell: Cell) -> None:
        first = self._result.parameters
        if first is None:
            self._result.parameters = cell
            return
        self._find(
            Code.TWO_PARAMETERS_CELLS,
            f"Cell {first.index} and cell {cell.index} are both tagged 'parameters'.",
            cell,
            "Put all parameters into one of them.",
        )

    def _place_in_task(self, cell: Cell, tags: CellTags) -> None:
        name = self._name_for(cell, tags)
        if name is None:
            return
        task = self._result.tasks.setdefault(name, TaskCells(name=name))
        task.cells.append(cell)
        for key, value in tags.options.items():
            self._take_option(task, key, value, cell)

    def _name_for(self, cell: Cell, tags: CellTags) -> TaskName | None:
        """The task a cell goes to; None if it was placed elsewhere or holds no code."""
        match self._result.by:
            case PartitionBy.TAGS:
                return self._name_by_tag(cell, tags)
            case PartitionBy.HEADINGS:
                return self._name_by_heading(cell)
            case _:
                return TaskName(f"cell_{cell.index}") if cell.code.strip() else None

    def _name_by_tag(self, cell: Cell, tags: CellTags) -> TaskName | None:
        if tags.task is not None:
            self._current = tags.task
        if self._current is not None:
            return self._current
        return self._before_first_task(cell)

    def _name_by_heading(self, cell: Cell) -> TaskName | None:
        if not cell.code.strip():
            return None
        if self._section.title is None:
            return self._before_first_task(cell)
        if self._current is None:
            if not self._result.tasks and only_definitions(cell.code):
                self._result.setup.append(cell)
                return None
            own = [other for other in self._section.cells if self._is_work(other)]
            self._current = self._free_name(self._names.name(self._section.title, own)[0])
        return self._current

    def _is_work(self, cell: Cell) -> bool:
        """Whether a cell is for the task of its section."""
        role = self._tags[cell.id].role
        return role is Role.TASK or (role is Role.UNTAGGED and not only_own_lines(cell.code))

    def _before_first_task(self, cell: Cell) -> TaskName | None:
        if not cell.code.strip():
            return None
        if only_definitions(cell.code) and self._made.isdisjoint(needed_at_once(cell.code)):
            self._result.setup.append(cell)
            return None
        self._made |= names_bound(cell.code)
        name = self._free_name(f"cell_{cell.index}")
        self._find(
            Code.UNTAGGED_TASK,
            f"The cell does work but stands before the first task, so it is a task of its own: {name}.",
            cell,
            "Tag it task:NAME to name it, setup to run it in every task, or skip to leave it out.",
        )
        return name

    def _free_name(self, wanted: str) -> TaskName:
        return TaskName(free(wanted, self._result.tasks))

    def _take_option(self, task: TaskCells, key: str, value: object, cell: Cell) -> None:
        earlier = task.options.get(key)
        if isinstance(earlier, tuple) and isinstance(value, tuple):
            task.options[key] = tuple(dict.fromkeys(earlier + value))
        elif earlier is not None and earlier != value:
            self._find(
                Code.OPTION_CONFLICT,
                f"Task {task.name} has {key}:{earlier} on cell {task.option_cells[key].index} "
                f"and {key}:{value} on cell {cell.index}.",
                cell,
                "Keep one of the two.",
            )
        else:
            task.options[key] = value
            task.option_cells[key] = cell

    def _find(self, code: Code, message: str, cell: Cell, hint: str) -> None:
        self._result.diagnostics.append(
            Diagnostic.of(code, message, cell=cell.id, cell_index=cell.index, hint=hint)
        )
