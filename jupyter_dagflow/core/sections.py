"""Sections of a notebook: the cells below each heading, and what a task made of them is called.

The law: however tasks come about, by headings or by proposed tags, one section gives one name. It is that of the
heading; where that has no letters a task's name may have, it is that of the variable the section is about.
"""

from __future__ import annotations

import ast
from bisect import bisect
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from jupyter_dagflow.core.analysis.parsing import parsed
from jupyter_dagflow.core.analysis.source import names_bound, only_definitions
from jupyter_dagflow.core.headings import last_heading
from jupyter_dagflow.core.model import Cell, CellKind
from jupyter_dagflow.core.names import slug

# What a cell that draws binds on the way.
_DRAWN = frozenset({"fig", "figure", "ax", "axs", "axes", "chart", "plot", "_"})


@dataclass(slots=True, eq=False)
class Section:
    """The code cells below one heading; without a title, those above all headings."""

    number: int = 0
    title: str | None = None
    cells: list[Cell] = field(default_factory=list)


def sections(cells: Iterable[Cell]) -> list[Section]:
    """The sections of a notebook in order, also those without code."""
    found = [Section()]
    for cell in cells:
        if cell.kind is CellKind.MARKDOWN and (title := last_heading(cell.source)):
            found.append(Section(number=len(found), title=title))
        elif cell.kind is CellKind.CODE:
            found[-1].cells.append(cell)
    return found


class SectionNames:
    """Names for sections, found by their headings or else in the code; the notebook is read once, if at all."""

    def __init__(self, cells: Iterable[Cell]) -> None:
        self._cells = [cell for cell in cells if cell.kind is CellKind.CODE]

    def name(self, title: str, own: Sequence[Cell]) -> tuple[str, str]:
        """The name of the task that has these cells below a heading, and in a few words what it is after, if not that.

        >>> from jupyter_dagflow.core.model import CellId
        >>> cell = Cell(id=CellId("c"), index=1, kind=CellKind.CODE, source="", code="df = load()")
        >>> names = SectionNames([cell])
        >>> names.name("Load it", [cell]), names.name("读取", [cell])
        (('load_it', ''), ('df', 'makes df'))
        """
        if name := slug(title):
            return name, ""
        about = [cell for cell in own if not only_definitions(cell.code)]
        if made := self._made(about):
            return slug(made), f"makes {made}"
        if used := self._used(about):
            return f"use_{slug(used)}", f"uses {used}"
        return "section", ""

    def _made(self, own: Sequence[Cell]) -> str:
        """Of the variables that cells bind the one that most cells below read, else the last one."""
        best, most = "", 0
        for name in _variables(own):
            readers = self._readers.get(name, [])
            below = len(readers) - bisect(readers, own[-1].index)
            if below > most or not most:
                best, most = name, below
        return best

    def _used(self, own: Sequence[Cell]) -> str:
        """The first variable of the cells above that cells read."""
        read = (name for cell in own for name in _read(cell))
        return next((n for n in read if self._bound_at.get(n, own[0].index) < own[0].index), "")

    @cached_property
    def _readers(self) -> Mapping[str, list[int]]:
        """Where each name is read."""
        found: dict[str, list[int]] = {}
        for cell in self._cells:
            for name in _read(cell):
                found.setdefault(name, []).append(cell.index)
        return found

    @cached_property
    def _bound_at(self) -> Mapping[str, int]:
        """Where each variable is bound first."""
        found: dict[str, int] = {}
        for cell in self._cells:
            for name in _variables([cell]):
                found.setdefault(name, cell.index)
        return found


def names_on_the_way(code: str) -> set[str]:
    """Names of imports, functions, loops, comprehensions, ``with … as`` and drawing: a cell is not about these."""
    found = set(_DRAWN)
    for node in ast.walk(ast.Module(parsed(code), [])):
        match node:
            case (
                ast.For(target=target)
                | ast.comprehension(target=target)
                | ast.withitem(optional_vars=ast.expr() as target)
            ):
                found |= _names_in(target)
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                found |= {alias.asname or alias.name.partition(".")[0] for alias in names}
            case (
                ast.FunctionDef(name=name)
                | ast.AsyncFunctionDef(name=name)
                | ast.ClassDef(name=name)
            ):
                found.add(name)
            case ast.Assign(targets=[ast.Tuple() as target]) if _names_in(target) & _DRAWN:
                found |= _names_in(target)
    return found


def _variables(cells: Sequence[Cell]) -> list[str]:
    """The variables that cells bind and are about, and whose names a task may have, in order."""
    on_the_way = {name for cell in cells for name in names_on_the_way(cell.code)}
    bound: dict[str, None] = {}
    for cell in cells:
        binds = names_bound(cell.code)
        bound |= dict.fromkeys(name for name in _names(cell) if name in binds)
    return [name for name in bound if name not in on_the_way and name[0] != "_" and slug(name)]


def _read(cell: Cell) -> dict[str, None]:
    return _names(cell, of=ast.Load)


def _names(cell: Cell, *, of: type[ast.expr_context] = ast.expr_context) -> dict[str, None]:
    nodes = ast.walk(ast.Module(parsed(cell.code), []))
    return {n.id: None for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, of)}


def _names_in(target: ast.expr) -> set[str]:
    return {node.id for node in ast.walk(target) if isinstance(node, ast.Name)}
