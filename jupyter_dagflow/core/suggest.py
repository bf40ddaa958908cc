"""Tags for a notebook that has none, or few: proposed from its headings and from what its cells make and read.

The law: what a tag says already stays; with the proposed tags the notebook compiles without errors of theirs, no
value that cannot leave its kernel has to, and every value still comes from where it came from. A proposal is a
beginning for a person to improve, so each says why.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from jupyter_dagflow.core.analysis.dataflow import PRELUDE, Block, Dataflow, analyse
from jupyter_dagflow.core.analysis.parsing import parsed
from jupyter_dagflow.core.analysis.source import only_definitions
from jupyter_dagflow.core.compile import compile_cells
from jupyter_dagflow.core.diagnostics import Code, Severity
from jupyter_dagflow.core.groups import Group, Groups, circle
from jupyter_dagflow.core.kale import translate
from jupyter_dagflow.core.model import Cell, CellId, CellKind, Compilation, Notebook
from jupyter_dagflow.core.names import free, slug
from jupyter_dagflow.core.own_lines import only_own_lines
from jupyter_dagflow.core.parameters import declared_parameters
from jupyter_dagflow.core.sections import Section, SectionNames, names_on_the_way, sections
from jupyter_dagflow.core.tags import NAME, CellTags, Role, read_tags

# What larger tasks can mend.
_OF_TASKS = frozenset({Code.TWO_VERSIONS.code, Code.UNCERTAIN_ORDER.code})


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """What one code cell should be tagged: ``tags`` are to be added, ``all_tags`` are those it then has."""

    cell: CellId
    cell_index: int
    tags: tuple[str, ...]
    all_tags: tuple[str, ...]
    why: str


def suggest(notebook: Notebook) -> tuple[Suggestion, ...]:
    """A suggestion for each code cell, in notebook order; those of another dialect are translated.

    Example: of the cells ``import pandas as pd``, ``df = pd.read_csv("x.csv")`` and ``df.head()`` the first is
    to be setup, the second begins a task df, and the third belongs to it.
    """
    translation = translate(notebook.cells, notebook.metadata)
    if translation.dialect:
        return _translated(notebook, translation.cells, translation.dialect)
    best: tuple[Suggestion, ...] = ()
    fewest = None
    for parameters, joined in ((True, False), (False, False), (True, True), (False, True)):
        proposed = _Proposal(notebook, parameters=parameters).suggestions(joined=joined)
        errors = _errors(notebook, proposed)
        if fewest is None or errors < fewest:
            best, fewest = proposed, errors
        if not errors:
            break
    return best


def tagged(notebook: Notebook, suggestions: Sequence[Suggestion]) -> Notebook:
    """The notebook with what was suggested."""
    tags = {suggestion.cell: suggestion.all_tags for suggestion in suggestions}
    return replace(
        notebook,
        cells=tuple(replace(cell, tags=tags.get(cell.id, cell.tags)) for cell in notebook.cells),
    )


def _errors(notebook: Notebook, suggestions: Sequence[Suggestion]) -> int:
    found = compile_cells(tagged(notebook, suggestions)).diagnostics
    return sum(d.severity is Severity.ERROR for d in found)


def _translated(notebook: Notebook, cells: Sequence[Cell], dialect: str) -> tuple[Suggestion, ...]:
    suggestions = []
    for old, new in zip(notebook.cells, cells, strict=True):
        if old.kind is CellKind.CODE:
            said = [tag for tag in old.tags if tag not in new.tags]
            added = tuple(tag for tag in new.tags if tag not in old.tags)
            why = f"{dialect}: {', '.join(said)}" if said else f"{dialect}: continues the above"
            if not said and not added:
                why = "stays as it is" if old.tags else "belongs to the task above"
            suggestions.append(
                Suggestion(
                    cell=old.id, cell_index=old.index, tags=added, all_tags=new.tags, why=why
                )
            )
    return tuple(suggestions)


@dataclass(slots=True)
class _Use:
    """What one cell takes from which cells, and what it leaves bound or changed."""

    inputs: Mapping[str, frozenset[int]]
    writes: tuple[str, ...]

    @property
    def sources(self) -> set[int]:
        return {source for sources in self.inputs.values() for source in sources}


class _Proposal:
    """One pass down the notebook: first what each cell is for, then which cells make a task.

    Then the proposal is compiled, and tasks that the compiler would not have apart are joined.
    """

    def __init__(self, notebook: Notebook, *, parameters: bool) -> None:
        self._notebook = notebook
        self._section_names = SectionNames(notebook.cells)
        self._sections: dict[CellId, Section] = {
            cell.id: section for section in sections(notebook.cells) for cell in section.cells
        }
        self._code = [cell for cell in notebook.cells if cell.kind is CellKind.CODE]
        self._said: dict[CellId, CellTags] = {cell.id: read_tags(cell) for cell in self._code}
        self._new: dict[CellId, tuple[str, ...]] = {}  # of cells that are in no task
        self._why: dict[CellId, str] = {}
        self._wants_parameters = parameters and not self._has_parameters()
        self._prelude: list[Cell] = []
        self._work: list[Cell] = []
        self._choose_roles()
        self._flow = self._follow()
        self._uses = _uses(self._flow)
        self._groups = Groups()
        self._above: Group | None = None

    def suggestions(self, *, joined: bool) -> tuple[Suggestion, ...]:
        """A suggestion for each code cell; with ``joined``, tasks that the compiler refuses are made larger."""
        for cell in self._work:
            self._place(cell)
        self._join_tied()
        while self._mend(joined=joined):
            pass
        return self._suggestions()

    def _suggestions(self) -> tuple[Suggestion, ...]:
        self._name_groups()
        groups = self._groups.by_cell()
        found, current = [], ""
        for cell in self._code:
            group, new = groups.get(cell.id), list(self._new.get(cell.id, ()))
            said = self._said[cell.id].task
            if group is not None:
                new += [f"task:{group.name}"] if said is None and group.name != current else []
                new += self._after(group) if cell is group.cells[0] else []
            current = group.name if group is not None else said or current
            found.append(self._suggestion(cell, tuple(new)))
        return tuple(found)

    def _suggestion(self, cell: Cell, new: tuple[str, ...]) -> Suggestion:
        return Suggestion(
            cell=cell.id,
            cell_index=cell.index,
            tags=new,
            all_tags=(*cell.tags, *new),
            why=self._why.get(cell.id, "tagged already"),
        )

    def _after(self, group: Group) -> list[str]:
        return [f"after:{other.name}" for other in group.after]

    def _join_tied(self) -> None:
        """Join the tasks of cells that share what no kernel can hand to another."""
        cells = {cell.id: cell for cell in self._work}
        for tie in self._flow.ties:
            if tie.cell in cells and tie.other in cells:
                by_cell = self._groups.by_cell()
                self._join(by_cell[CellId(tie.cell)], by_cell[CellId(tie.other)], tie.why)

    def _join_all(self, groups: Sequence[Group], why: str) -> bool:
        """Make one task of these as far as tags allow it; whether there are fewer tasks now."""
        before = self._groups.count
        for group in groups:
            self._join(self._groups.by_cell()[groups[0].cells[0].id], group, why)
        return self._groups.count < before

    def _join(self, one: Group, other: Group, why: str) -> None:
        moved = self._groups.join(one, other)
        if moved is not None and self._said[moved.id].task is None:
            self._say(moved, why)

    def _mend(self, *, joined: bool) -> bool:
        """Do one thing about what the compiler has against the tasks; whether there was one to do."""
        compilation = compile_cells(tagged(self._notebook, self._suggestions()))
        return (
            self._join_circle(compilation)
            or self._put_in_order(compilation)
            or (joined and self._join_refused(compilation))
        )

    def _join_circle(self, compilation: Compilation) -> bool:
        by_name = self._groups.by_name()
        waiting = circle(compilation.pipeline.edges)
        groups = sorted((by_name[name] for name in waiting), key=lambda group: group.first)
        names = _listed([group.name for group in groups])
        why = f"as tasks of their own, {names} would wait for each other"
        return self._join_all(groups, why)

    def _put_in_order(self, compilation: Compilation) -> bool:
        by_name = self._groups.by_name()
        for first, second in compilation.unordered:
            by_name[second].after.append(by_name[first])
        return bool(compilation.unordered)

    def _join_refused(self, compilation: Compilation) -> bool:
        by_cell = self._groups.by_cell()
        for found in compilation.diagnostics:
            group = by_cell.get(CellId(found.cell or ""))
            if group is None or found.cell_index is None or found.code not in _OF_TASKS:
                continue
            near = self._groups.near(group, found.cell_index)
            if self._join_all([group, *near], f"a task of its own is refused: {found.code}"):
                return True
        return False

    def _has_parameters(self) -> bool:
        roles = {said.role for said in self._said.values()}
        return bool(roles & {Role.PARAMETERS, Role.MORE_PARAMETERS})

    def _choose_roles(self) -> None:
        for cell in self._code:
            role = self._said[cell.id].role
            if role is Role.UNTAGGED:
                self._choose_role(cell)
            elif role in (Role.PARAMETERS, Role.MORE_PARAMETERS, Role.SETUP):
                self._prelude.append(cell)
            elif role is Role.TASK:
                self._work.append(cell)

    def _choose_role(self, cell: Cell) -> None:
        at_top = not self._work
        if only_own_lines(cell.code):
            self._say(cell, "only shows or runs this very pipeline", "skip")
        elif not cell.code.strip():
            self._say(cell, "holds no code")
        elif at_top and self._wants_parameters and _declares(cell):
            self._wants_parameters = False
            self._prelude.append(cell)
            self._say(cell, "assigns plain values above all work", "parameters")
        elif at_top and only_definitions(cell.code):
            self._prelude.append(cell)
            why = "imports, definitions and settings above all work"
            self._say(cell, why + self._told_of_heading(cell), "setup")
        else:
            self._work.append(cell)

    def _told_of_heading(self, cell: Cell) -> str:
        """Why such a cell is not in the task of its heading, if there is to be one."""
        section = self._sections[cell.id]
        works = any(not only_definitions(other.code) for other in section.cells)
        return f", for {section.title!r} and all below" if section.title and works else ""

    def _say(self, cell: Cell, why: str, *tags: str) -> None:
        self._why[cell.id] = why
        self._new[cell.id] = tags

    def _follow(self) -> Dataflow:
        """What each cell takes and makes, were it a task of its own."""
        prelude = {cell.id for cell in self._prelude}
        cells = sorted([*self._prelude, *self._work], key=lambda cell: cell.index)
        return analyse([self._block(cell, prelude) for cell in cells])

    def _block(self, cell: Cell, prelude: set[CellId]) -> Block:
        options = self._said[cell.id].options
        mutates, pure = options.get("mutates", ()), options.get("pure", ())
        assert isinstance(mutates, tuple)  # both are repeatable
        assert isinstance(pure, tuple)
        return Block(
            cell=cell.id,
            index=cell.index,
            code=cell.code,
            node=PRELUDE if cell.id in prelude else str(cell.index),
            mutates=frozenset(mutates),
            pure=frozenset(pure),
        )

    def _place(self, cell: Cell) -> None:
        """Put a cell into the task above or let it begin one."""
        section = self._sections[cell.id]
        said = self._said[cell.id].task
        above = self._above
        if said is not None:
            group = self._groups.said(said) or self._groups.add(Group(section, said=said))
        elif above is not None and section is above.section and section.title:
            self._say(cell, "under the same heading")
            group = above
        elif above is not None and (why := self._why_with(above, cell)):
            self._say(cell, why)
            group = above
        else:
            group = self._groups.add(Group(section))
        use = self._uses[cell.index]
        group.cells.append(cell)
        group.makes.update(dict.fromkeys(use.writes))
        group.takes_from |= use.sources
        self._above = group

    def _why_with(self, above: Group, cell: Cell) -> str:
        """Why a cell belongs to the task above though no heading says so; empty if it does not."""
        if self._sections[cell.id] is not above.section:
            return ""
        use = self._uses[cell.index]
        own = {name for name, sources in use.inputs.items() if sources & above.indexes}
        made = [n for n in use.writes if n not in above.makes and not n.startswith("<")]
        if only_definitions(cell.code):
            return "definitions go along to wherever they are needed"
        if any(name not in self._passing(cell) for name in made):
            return ""
        if not use.writes and not use.inputs:
            return "reads and makes no variable"
        if not own or not use.sources <= above.indexes | above.takes_from:
            return ""
        changes = [name for name in use.writes if name in own]
        return f"only {'changes' if changes else 'shows'} {_listed(changes or sorted(own))}, made above"

    def _passing(self, cell: Cell) -> set[str]:
        """Names that a cell binds on the way and that no other cell reads."""
        read = {
            name
            for use in self._uses.values()
            for name, sources in use.inputs.items()
            if cell.index in sources
        }
        return names_on_the_way(cell.code) - read

    def _name_groups(self) -> None:
        taken = {group.said for group in self._groups if group.said}
        for group in self._groups:
            if group.said:
                group.name = group.said
                continue
            wanted, why = self._wanted_name(group)
            group.name = free(wanted, taken)
            taken.add(group.name)
            self._say(group.cells[0], why)

    def _wanted_name(self, group: Group) -> tuple[str, str]:
        title = group.section.title
        if title:
            name, after = self._section_names.name(title, group.cells)
            return name, f"below the heading {title!r}" + (f", {after}" if after else "")
        main, readers = self._main(group)
        if main:
            read = f", read by cell{'s' if len(readers) > 1 else ''} {_listed(sorted(map(str, readers), key=int))}"
            return _as_name(main), f"makes {main}{read if readers else ''}"
        shown = [name for cell in group.cells for name in self._uses[cell.index].inputs]
        shown = [name for name in shown if not name.startswith("<")]
        if shown:
            return _as_name(f"show_{shown[0]}"), f"shows {_listed(list(dict.fromkeys(shown)))}"
        return f"cell_{group.cells[0].index}", "does work, and makes no variable"

    def _main(self, group: Group) -> tuple[str, list[int]]:
        """The variable that a task is about, and the cells that read it: the most read, else the last one made."""
        own = group.indexes
        on_the_way = {name for cell in group.cells for name in self._passing(cell)}
        best, best_readers = "", list[int]()
        for name in group.makes:
            if name.startswith(("_", "<")) or name in on_the_way:
                continue
            readers = [
                index
                for index, use in self._uses.items()
                if index not in own and use.inputs.get(name, frozenset()) & own
            ]
            if len(readers) > len(best_readers) or not best_readers:
                best, best_readers = name, readers
        return best, best_readers


def _uses(flow: Dataflow) -> dict[int, _Use]:
    """What each cell takes and leaves, by where it stands."""
    return {
        int(node): _Use(
            inputs={
                item.name: frozenset(int(source) for source in item.sources)
                for item in state.inputs
            },
            writes=state.writes,
        )
        for node, state in flow.nodes.items()
    }


def _declares(cell: Cell) -> bool:
    """Whether a cell could be the parameters cell; what computes something is rather work."""
    parameters, problems = declared_parameters(cell)
    nodes = ast.walk(ast.Module(parsed(cell.code), []))
    return bool(parameters) and not problems and not any(isinstance(n, ast.BinOp) for n in nodes)


def _as_name(text: str) -> str:
    return text if NAME.match(text) else slug(text) or "step"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (", …" if len(names) > 3 else "")
