"""The prelude: the parameters and setup cells, which run first in every task.

The law: what the prelude defines is the same in every kernel of a run, so values may refer to it by
name. Only whole statements at top level count; the prelude itself always runs as the user wrote it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from jupyter_dagflow.core.analysis.parsing import parsed
from jupyter_dagflow.core.model import Cell, Definition


def prelude_definitions(cells: Iterable[Cell]) -> tuple[Definition, ...]:
    """The imports, functions and classes that these cells make, with their exact text.

    A cell that cannot be parsed makes none. Example: a cell ``import numpy as np`` gives one, of
    the name ``np``.
    """
    return tuple(definition for cell in cells for definition in _made_by(cell))


def _made_by(cell: Cell) -> Iterator[Definition]:
    lines = cell.code.split("\n")
    for statement in parsed(cell.code):
        extended: list[str] = []
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            extended = [
                name for each in statement.decorator_list if (name := _registers_with(each))
            ]
            names = [*extended, statement.name]
            first = min([statement.lineno, *(d.lineno for d in statement.decorator_list)])
        elif isinstance(statement, (ast.Import, ast.ImportFrom)):
            names = [alias.asname or alias.name.partition(".")[0] for alias in statement.names]
            first = statement.lineno
        else:
            continue
        for name in names:
            if name != "*":
                yield Definition(
                    name=name,
                    cell=cell.id,
                    cell_index=cell.index,
                    line=first,
                    source="\n".join(lines[first - 1 : statement.end_lineno]),
                    extends=name in extended,
                )


def _registers_with(decorator: ast.expr) -> str | None:
    """The name before ``.register`` or ``.register(…)``."""
    match decorator:
        case ast.Call(func=func):
            return _registers_with(func)
        case ast.Attribute(attr="register", value=ast.Name(id=name)):
            return name
    return None
