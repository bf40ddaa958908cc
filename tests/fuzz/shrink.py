"""Making a counterexample small: leave out what it does not need.

The law: a smaller notebook counts if it comes to the same outcome for the same label, and Run All
ends as it did. Cells go first, then statements, then lines, then tags.
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import replace

from tests.fuzz.programs import Program, ProgramCell

Fails = Callable[[Program], bool]


def shrink(program: Program, fails: Fails) -> Program:
    """The smallest notebook found for which ``fails`` still holds; it does for ``program``."""
    shrunk = True
    while shrunk:
        shrunk = False
        for smaller in (_without_cells, _without_statements, _simpler_statements, _untagged):
            found = _go_through(program, fails, smaller)
            shrunk = shrunk or found != program
            program = found
    return program


def _go_through(
    program: Program, fails: Fails, smaller: Callable[[Program], Iterator[Program]]
) -> Program:
    """Take the first smaller notebook that fails, and go on from there."""
    found = True
    while found:
        found = False
        for candidate in smaller(program):
            if fails(candidate):
                program, found = candidate, True
                break
    return program


def _without_cells(program: Program) -> Iterator[Program]:
    cells = program.cells
    size = len(cells) // 2 or 1
    while size:
        for start in range(0, len(cells), size):
            yield replace(program, cells=cells[:start] + cells[start + size :])
        size //= 2


def _without_statements(program: Program) -> Iterator[Program]:
    for place, cell in enumerate(program.cells):
        for index in range(len(cell.statements)):
            rest = cell.statements[:index] + cell.statements[index + 1 :]
            yield _with(program, place, replace(cell, statements=rest))


def _simpler_statements(program: Program) -> Iterator[Program]:
    for place, cell in enumerate(program.cells):
        for index, statement in enumerate(cell.statements):
            for simpler in _simpler(statement):
                parts = (*cell.statements[:index], simpler, *cell.statements[index + 1 :])
                yield _with(program, place, replace(cell, statements=parts))


def _simpler(statement: str) -> Iterator[str]:
    lines = statement.split("\n")
    for number in range(len(lines)):
        less = "\n".join(lines[:number] + lines[number + 1 :])
        if _is_python(less):
            yield less
        if number:
            body = textwrap.dedent("\n".join(lines[number:]))
            if _is_python(body):
                yield body


def _untagged(program: Program) -> Iterator[Program]:
    for place, cell in enumerate(program.cells):
        for tag in cell.tags:
            if place or not tag.startswith("task:"):
                yield _with(
                    program, place, replace(cell, tags=tuple(t for t in cell.tags if t != tag))
                )


def _with(program: Program, place: int, cell: ProgramCell) -> Program:
    return replace(program, cells=(*program.cells[:place], cell, *program.cells[place + 1 :]))


def _is_python(text: str) -> bool:
    try:
        return bool(ast.parse(text).body)
    except SyntaxError:
        return False
