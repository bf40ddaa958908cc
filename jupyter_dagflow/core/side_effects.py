"""What a task leaves outside all variables, in the project's modules and in pyplot, and who would miss it.

The law: in the notebook whoever comes later finds it. As a kernel of its own has neither, a later cell of another task
that can reach it makes the results uncertain. If none can, it is nobody's business.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from jupyter_dagflow.core.analysis.parsing import parsed
from jupyter_dagflow.core.current_figure import FigureUse, first_use
from jupyter_dagflow.core.diagnostics import Code
from jupyter_dagflow.core.errors import Location
from jupyter_dagflow.core.model import Cell, CellId, Pipeline, Task, TaskName
from jupyter_dagflow.core.module_use import (
    Global,
    Modules,
    Namespace,
    SourceOf,
    changed_within,
    dotted,
    reached,
    reached_by,
    reached_by_methods,
    texts_reached,
)

# Those that draw, or work, as another library is set.
_SET_TOGETHER = {"matplotlib": {"matplotlib", "seaborn"}}
# Begins the name of a variable of the environment, which is a setting by itself.
_ENVIRONMENT = "os.environ."
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedModule:
    """A module's file, and the names of the globals whose values have changed."""

    file: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Digests of how a library was set, or a variable of the environment (``os.environ.NAME``), as a task's cells
    began and as they ended; names of what of it they changed.
    """

    before: str
    after: str
    changed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What a task has left: the project's modules that it changed, by name, and whether pyplot holds ``figures``.

    The ``bringers`` are the values that it has stored together with a figure: whoever loads one has the figure, too.
    ``classes`` tells of stored values which classes of the project's modules they are instances of: module and name.
    ``settings`` tell of the libraries that were imported when its cells began, and of the variables of the environment
    that this kernel had set.
    """

    modules: Mapping[str, ChangedModule] = field(default_factory=dict)
    figures: bool = False
    bringers: tuple[str, ...] = ()
    classes: Mapping[str, tuple[Global, ...]] = field(default_factory=dict)
    settings: Mapping[str, Settings] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.modules) or self.figures


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """Something left, where the task touched it, and what a later task that would miss it has to say."""

    message: str
    hint: str
    cell: CellId
    cell_index: int
    line: int | None = None

    def at(self, _task: TaskName) -> Location:
        """Where the task touched it."""
        return Location(cell=self.cell, cell_index=self.cell_index, line=self.line)


@dataclass(frozen=True, slots=True)
class _Place:
    """A cell of a task, its statements, and the names that they can use."""

    task: Task
    cell: Cell
    body: Sequence[ast.stmt]
    space: Namespace


class SideEffects:
    """The cells of a pipeline, asked what they reach outside of variables.

    ``source_of`` gives the text of a module of the project.
    """

    def __init__(self, pipeline: Pipeline, cells: Sequence[Cell], source_of: SourceOf) -> None:
        self._pipeline = pipeline
        self._cells = {cell.id: cell for cell in cells}
        self._modules = Modules(source_of)
        self._reached: dict[CellId, set[Global]] = {}
        self._figure_uses: dict[CellId, FigureUse | None] = {}
        self._places = sorted(self._all_places(), key=lambda place: place.cell.index)

    def missed(
        self, name: TaskName, left: Left, classes: Mapping[str, Collection[Global]]
    ) -> Missed | None:
        """The first thing that ``name`` left and a later cell of another task would miss.

        ``classes`` are those of all values that tasks have stored by now, see `Left`.
        """
        places = self._places
        own = [place for place in places if place.task.name == name]
        return self._in_modules(own, places, left, classes) or (
            self._in_pyplot(own, places, {*left.bringers}) if left.figures else None
        )

    def setting_missed(
        self, name: TaskName, reader: TaskName, library: str, changed: Sequence[str]
    ) -> Missed | None:
        """What ``reader`` has to say that began without what ``name`` changed of a library's settings; nothing if
        its cells do not speak of the library, or of the variable.
        """
        place = next(place for place in self._places if place.task.name == name)
        for there in self._places:
            line = self._line_with(there, library) if there.task.name == reader else None
            if line is not None:
                return _setting_missed(place, there, line, (library, changed))
        return None

    def _line_with(self, place: _Place, library: str) -> int | None:
        """The line in which a cell first uses a library, by itself or through a module of the project."""
        variable = library.removeprefix(_ENVIRONMENT) if library.startswith(_ENVIRONMENT) else ""
        for statement in place.body:
            if variable:
                uses = self._names_variable(variable, statement, place.space)
            else:
                uses = self._speaks_of(library, statement, place.space, set())
            if uses:
                return statement.lineno
        return None

    def _names_variable(self, variable: str, code: ast.AST, space: Namespace) -> bool:
        """Whether the name of a variable of the environment stands in a text that code has or reaches: also other
        programs have the environment, so who uses it need not say so.
        """
        word = re.compile(rf"(?<!\w){re.escape(variable)}(?!\w)")
        return any(map(word.search, texts_reached(self._modules, space, [code])))

    def _speaks_of(self, library: str, code: ast.AST, space: Namespace, seen: set[str]) -> bool:
        """Whether code names a library, or a function of the notebook that does."""
        if isinstance(code, (ast.Import, ast.ImportFrom)):
            return False
        for name in {node.id for node in ast.walk(code) if isinstance(node, ast.Name)} - seen:
            seen.add(name)
            if any(self._leads_to(module, library) for module, _ in space.imports.get(name, ())):
                return True
            made = [s for s in space.statements.get(name, ()) if isinstance(s, _DEFINITIONS)]
            if any(self._speaks_of(library, statement, space, seen) for statement in made):
                return True
        return False

    def _leads_to(self, module: str, library: str) -> bool:
        libraries = _SET_TOGETHER.get(library, {library})
        if module.partition(".")[0] in libraries:
            return True
        space = self._modules.get(module)
        imported = space.imports.values() if space is not None else ()
        return any(m.partition(".")[0] in libraries for found in imported for m, _ in found)

    def _all_places(self) -> Iterator[_Place]:
        prelude = [s for cell in self._pipeline.prelude for s in parsed(self._cells[cell].code)]
        for task in self._pipeline.tasks:
            copied = [s for each in task.definitions for s in parsed(each.source)]
            bodies = {cell: parsed(self._cells[cell].code) for cell in task.cells}
            own = [statement for body in bodies.values() for statement in body]
            space = Namespace.of([*prelude, *copied, *own])
            for item in task.inputs:  # handed over, it is what the task before has left
                space.imports.pop(item.name, None)
            for cell, body in bodies.items():
                yield _Place(task, self._cells[cell], body, space)

    # modules

    def _in_modules(
        self,
        own: list[_Place],
        places: list[_Place],
        left: Left,
        classes: Mapping[str, Collection[Global]],
    ) -> Missed | None:
        task = own[0].task
        changed = {(module, n) for module, each in left.modules.items() for n in each.names}
        for known in task.options.pure:
            if not _is_code(own[0].space, known):
                continue  # said of a variable
            changed = _less(changed, reached_by(self._modules, own[0].space, known))
        if not changed:
            return None
        touching = [place for place in own if _both(changed, self._reach(place))] or own[:1]
        for place in places:
            if place.task.name != task.name and place.cell.index > touching[0].cell.index:
                felt = _both(changed, self._reach(place) | self._through(place.task, classes))
                felt -= self._replayed(felt, own, place.task)
                if felt:
                    return self._module_missed(min(felt), touching, place)
        return None

    def _replayed(self, felt: set[Global], own: list[_Place], reader: Task) -> set[Global]:
        """What only settings of the task have changed that are copied into the reader, too."""
        found = {each for each in felt if _is_replayed(each, own, reader)}
        for place in own if found else ():
            found -= changed_within(self._modules, place.space, place.body)
        return found

    def _reach(self, place: _Place) -> set[Global]:
        known = self._reached.get(place.cell.id)
        if known is None:
            known = self._reached[place.cell.id] = reached(self._modules, place.space, place.body)
        return known

    def _through(self, task: Task, classes: Mapping[str, Collection[Global]]) -> set[Global]:
        """What the methods of objects reach that a task takes."""
        kinds = {kind for item in task.inputs for kind in classes.get(item.name, ())}
        return {each for kind in kinds for each in reached_by_methods(self._modules, *kind)}

    def _module_missed(self, what: Global, touching: list[_Place], reader: _Place) -> Missed:
        module, name = what
        place, task = touching[0], touching[0].task.name
        line = self._line(reader, what)
        return Missed(
            message=f"{Code.UNDECLARED_CHANGE.code}: task {task}, in cell {_cells(touching)}, changed "
            f"{module}.{name}, which module {module} keeps, but task {reader.task.name}, cell "
            f"{reader.cell.index}{f', line {line}' if line else ''}, uses it and would have it as it was before.",
            hint=f"Put both in one task: tag cell {reader.cell.index} task:{task}. Or keep the value in "
            f"a variable of the notebook that functions of {module} take and return."
            + self._pure(what, place),
            cell=place.cell.id,
            cell_index=place.cell.index,
            line=self._line(place, what),
        )

    def _line(self, place: _Place, what: Global) -> int | None:
        """The line of the first statement of a cell that reaches it; None if only objects lead there."""
        for statement in place.body:
            if _both({what}, reached(self._modules, place.space, [statement])):
                return statement.lineno
        return None

    def _pure(self, what: Global, place: _Place) -> str:
        """How to say that a change does not matter."""
        names = dict.fromkeys(
            root.id
            for statement in place.body
            for node in ast.walk(statement)
            if isinstance(root := dotted(node)[0], ast.Name)
        )
        for name in names:
            if _is_code(place.space, name) and _both(
                {what}, reached_by(self._modules, place.space, name)
            ):
                return (
                    f" If it only remembers what would be worked out again, tag cell "
                    f"{place.cell.index} pure:{name}."
                )
        return ""

    # pyplot

    def _in_pyplot(
        self, own: list[_Place], places: list[_Place], bringers: set[str]
    ) -> Missed | None:
        task = own[0].task
        drawing = [place for place in own if self._figure_use(place) is not None] or own[:1]
        decided: set[TaskName] = set()
        for place in places:
            if place.task.name == task.name or place.cell.index < drawing[0].cell.index:
                continue
            if place.task.name in decided or bringers & {i.name for i in place.task.inputs}:
                continue
            use = self._figure_use(place)
            if use is not None:
                decided.add(place.task.name)
                if use.on:
                    return self._figure_missed(drawing[-1], place, use)
                if use.closes:
                    return None
        return None

    def _figure_use(self, place: _Place) -> FigureUse | None:
        if place.cell.id not in self._figure_uses:
            self._figure_uses[place.cell.id] = first_use(self._modules, place.space, place.body)
        return self._figure_uses[place.cell.id]

    def _figure_missed(self, place: _Place, reader: _Place, use: FigureUse) -> Missed:
        task, there = place.task.name, reader.task.name
        drawn = self._figure_use(place)
        return Missed(
            message=f"{Code.UNDECLARED_CHANGE.code}: task {task} left a figure open in pyplot, and task "
            f"{there}, cell {reader.cell.index}, line {use.line}, goes on with the current figure "
            f"({use.name}), which it would find empty.",
            hint=f"Put both in one task: tag cell {reader.cell.index} task:{task}. Or close the figure "
            f"with plt.close() at the end of task {task}, or begin task {there} with plt.figure(), if "
            "it is to draw one of its own.",
            cell=place.cell.id,
            cell_index=place.cell.index,
            line=drawn.line if drawn is not None else None,
        )


def _setting_missed(
    place: _Place, reader: _Place, line: int, setting: tuple[str, Sequence[str]]
) -> Missed:
    library, names = setting
    task, there = place.task.name, f"task {reader.task.name}, cell {reader.cell.index}, line {line}"
    unseen = "in a way that its cells do not show"
    if library.startswith(_ENVIRONMENT):
        did = f"set the environment variable {names[0]} {unseen}, but {there}, names it and has it not"
    else:
        did = f"changed settings of {library} ({', '.join(names)}) {unseen}, but {there}, uses {library} without them"
    return Missed(
        message=f"{Code.UNDECLARED_CHANGE.code}: task {task} {did}.",
        hint=f"Set that in a cell by itself, or in a setup cell, which is repeated in every task below. Or put "
        f"both in one task: tag cell {reader.cell.index} task:{task}.",
        cell=place.cell.id,
        cell_index=place.cell.index,
    )


def _both(changed: set[Global], reach: set[Global]) -> set[Global]:
    return {each for each in changed if each in reach or (each[0], "*") in reach}


def _less(changed: set[Global], reach: set[Global]) -> set[Global]:
    return changed - _both(changed, reach)


def _is_code(space: Namespace, name: str) -> bool:
    """Whether a name is imported, or that of a function or class."""
    defined = [isinstance(s, _DEFINITIONS) for s in space.statements.get(name, ())]
    return name in space.imports or (bool(defined) and all(defined))


def _is_replayed(what: Global, own: list[_Place], reader: Task) -> bool:
    """Whether a setting that changes it (``module.name = 1``) is copied from the task into the reader."""
    cells = {place.cell.id for place in own}
    path = ".".join(what)
    copied = (each.name for each in reader.definitions if each.cell in cells)
    return any(name == path or name.startswith(f"{path}.") for name in copied)


def _cells(places: list[_Place]) -> str:
    return " or ".join(str(place.cell.index) for place in places)
