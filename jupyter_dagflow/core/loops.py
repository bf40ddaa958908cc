"""The one loop of a task that is tagged ``map``, as it stands there.

The law: the loop is ordinary Python, and each of its iterations has to stand alone. Above it there is nothing but
imports, functions and the beginnings of accumulators; in it, accumulators are only ever appended to, extended, added
to or set by key, each in a statement of its own. What that leaves open, whether an iteration meets another in some
object, `mapping` finds out.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from jupyter_dagflow.core.analysis.parsing import parsed
from jupyter_dagflow.core.assigned import catches, settled
from jupyter_dagflow.core.diagnostics import Code, Diagnostic
from jupyter_dagflow.core.model import ITEMS, Cell, CellId, Loop, TaskName

_REPORTS = ("append", "extend", "add")
_WAYS = "acc.append(…), acc.extend(…), acc.add(…), acc[key] = … and acc += …"
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_SCOPES = (*_FUNCTIONS, ast.ClassDef, ast.Lambda)
_LOOPS = (ast.For, ast.AsyncFor, ast.While)


@dataclass(frozen=True, slots=True)
class _Standing:
    """A statement of the task, and the cell it stands in."""

    cell: Cell
    node: ast.stmt


class _Refused(Exception):
    """The task cannot be mapped: the finding that says so."""

    def __init__(
        self, code: Code, message: str, cell: Cell, *, hint: str, node: ast.AST | None = None
    ) -> None:
        self.finding = Diagnostic.of(
            code,
            message,
            cell=cell.id,
            cell_index=cell.index,
            line=getattr(node, "lineno", None),
            hint=hint,
        )


def read_loop(task: TaskName, cells: Sequence[Cell]) -> Loop | Diagnostic:
    """The loop of a task, or why it is none that can be mapped."""
    try:
        return _read(task, cells)
    except _Refused as refused:
        return refused.finding


def _read(task: TaskName, cells: Sequence[Cell]) -> Loop:
    standing = [_Standing(cell, node) for cell in cells for node in parsed(cell.code)]
    standing = [each for each in standing if not _says_nothing(each.node)]
    place = _place_of_loop(task, cells, standing)
    loop = standing[place]
    assert isinstance(loop.node, ast.For)
    _refuse_ways_out(loop.node, loop.cell)
    own = dict.fromkeys(_bound(loop.node))
    reports = list(_reports(loop.node.body, own))
    accumulators = tuple(dict.fromkeys(report.id for report in reports))
    _refuse_other_uses(loop, accumulators, reports)
    _refuse_caught_reports(loop, accumulators)
    above = standing[:place]
    for each in above:
        _refuse_other_beginnings(each, accumulators)
    _refuse_below(task, standing[place + 1 :])
    imports = [each for each in above if _is_import(each.node)]
    functions = [each for each in above if isinstance(each.node, _FUNCTIONS)]
    return Loop(
        cell=loop.cell.id,
        line=loop.node.lineno,
        accumulators=accumulators,
        own=tuple(own),
        settled=settled(loop.node),
        expansion=_sources(cells, imports, loop, expansion_source(loop.cell.code, loop.node)),
        instance=_sources(cells, imports, loop, instance_source(loop.cell.code, loop.node)),
        gathering=_sources(cells, above, loop, ""),
        functions=_sources(cells, functions, loop, ""),
    )


def own_lines(source: str, code: str) -> dict[int, str]:
    """Those lines of the head of a loop, as they stand in the notebook, that read otherwise in the source of a part.

    >>> own_lines("for x in (__dagflow_items__):\\n    print(x)", "for x in xs:\\n    print(x)")
    {1: 'for x in xs:'}
    """
    if ITEMS not in source:
        return {}
    both = zip(source.split("\n"), code.split("\n"), strict=False)
    ours = re.compile(r"[ ):]*(;.*)?")  # what is left of the head, and what is done with its items
    return {
        number: own
        for number, (ran, own) in enumerate(both, start=1)
        if ran != own and (ITEMS in ran or ours.fullmatch(ran))
    }


def _place_of_loop(task: TaskName, cells: Sequence[Cell], standing: Sequence[_Standing]) -> int:
    places = [
        i for i, each in enumerate(standing) if isinstance(each.node, (ast.For, ast.AsyncFor))
    ]
    if not places:
        raise _Refused(
            Code.MAP_FORM,
            f"Task {task} is tagged map, but has no for loop at its top level.",
            cells[0],
            hint="Write the loop as a plain for statement of the cell, or remove the tag.",
        )
    first = standing[places[0]]
    if len(places) > 1:
        second = standing[places[1]]
        raise _Refused(
            Code.MAP_FORM,
            f"Task {task} is tagged map and has a second for loop at its top level.",
            second.cell,
            node=second.node,
            hint="One loop is fanned out: make the other one a task of its own.",
        )
    if isinstance(first.node, ast.AsyncFor):
        raise _Refused(
            Code.MAP_FORM,
            f"Task {task} is tagged map, but its loop is an async for, whose steps wait for each other.",
            first.cell,
            node=first.node,
            hint="Use a plain for loop, or remove the tag.",
        )
    return places[0]


def _refuse_ways_out(loop: ast.For, cell: Cell) -> None:
    """No iteration may decide what becomes of those after it."""
    if loop.orelse:
        raise _Refused(
            Code.MAP_FORM,
            "The loop of a task tagged map has an else branch, which belongs to no iteration.",
            cell,
            node=loop.orelse[0],
            hint="Put what stands there into a task below.",
        )
    for node in _breaks(loop.body):
        raise _Refused(
            Code.MAP_FORM,
            "The loop of a task tagged map is left with break, but its iterations run side by side.",
            cell,
            node=node,
            hint="Choose what to go through before the loop, or skip iterations with continue.",
        )


def _breaks(body: Iterable[ast.AST]) -> Iterator[ast.Break]:
    """What leaves this loop, and not one within it."""
    for node in body:
        if isinstance(node, ast.Break):
            yield node
        elif isinstance(node, _LOOPS):
            yield from _breaks(node.orelse)
        elif not isinstance(node, _SCOPES):
            yield from _breaks(ast.iter_child_nodes(node))


def _bound(node: ast.AST) -> Iterator[str]:
    """The names that a loop binds among the notebook's variables, but for what it only adds to."""
    match node:
        case ast.AugAssign(target=ast.Name()):
            yield from _bound(node.value)
            return
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
            yield name
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
            return
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)):
            yield name
        case ast.MatchStar(name=str(name)) | ast.MatchMapping(rest=str(name)):
            yield name
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            yield from (alias.asname or alias.name.partition(".")[0] for alias in names)
        case ast.Lambda():
            return
        case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
            walrus = (each for each in ast.walk(node) if isinstance(each, ast.NamedExpr))
            yield from (each.target.id for each in walrus)
            return
    for child in ast.iter_child_nodes(node):
        yield from _bound(child)


def _reports(body: Iterable[ast.AST], own: Iterable[str]) -> Iterator[ast.Name]:
    """The accumulators where a loop's statements report through them."""
    for node in body:
        name = _reported(node)
        if name is not None and name.id not in own:
            yield name
        elif not isinstance(node, _SCOPES):
            yield from _reports(ast.iter_child_nodes(node), own)


def _reported(node: ast.AST) -> ast.Name | None:
    match node:
        case ast.Expr(
            value=ast.Call(
                func=ast.Attribute(value=ast.Name() as name, attr=how), args=[given], keywords=[]
            )
        ) if how in _REPORTS and not isinstance(given, ast.Starred):
            return name
        case ast.Assign(targets=[ast.Subscript(value=ast.Name() as name)]):
            return name
        case ast.AugAssign(target=ast.Name() as name, op=ast.Add()):
            return name
    return None


def _refuse_other_uses(
    loop: _Standing, accumulators: Sequence[str], reports: Sequence[ast.Name]
) -> None:
    known = {id(report) for report in reports}
    for node in ast.walk(loop.node):
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            if id(node.target) not in known and node.target.id not in accumulators:
                known.add(id(node.target))  # of the loop's own; of others `mapping` tells
            elif id(node.target) not in known:
                _refuse_use(node.target, node, loop.cell)
        elif isinstance(node, ast.Name) and node.id in accumulators and id(node) not in known:
            _refuse_use(node, node, loop.cell)


def _refuse_caught_reports(loop: _Standing, accumulators: Sequence[str]) -> None:
    """An error that only the accumulator itself could raise would come too late to be caught."""
    caught = (each for node in ast.walk(loop.node) if catches(node) for each in node.body)
    for node in (each for statement in caught for each in ast.walk(statement)):
        name = _reported(node)
        if isinstance(node, (ast.Assign, ast.AugAssign)) and name and name.id in accumulators:
            raise _Refused(
                Code.MAP_ACCUMULATOR,
                f"What is reported through {name.id} here may raise an error, which would only come when all reports "
                "are brought together, and would not be caught.",
                loop.cell,
                node=node,
                hint="Put it into the else: of the try, or below it.",
            )


def _refuse_use(name: ast.Name, node: ast.AST, cell: Cell) -> None:
    raise _Refused(
        Code.MAP_ACCUMULATOR,
        f"{name.id} gathers what the iterations report, so none of them can read it or use it in another way.",
        cell,
        node=node,
        hint=f"Report with {_WAYS}, and do the rest in a task below.",
    )


def _refuse_other_beginnings(each: _Standing, accumulators: Sequence[str]) -> None:
    """Above the loop only what it reports through begins, and functions."""
    node = each.node
    if _is_import(node) or (isinstance(node, _FUNCTIONS) and node.name not in accumulators):
        return
    if isinstance(node, ast.ClassDef):
        raise _Refused(
            Code.MAP_FORM,
            f"Class {node.name} is defined above the loop of a task tagged map, where only accumulators are set.",
            each.cell,
            node=node,
            hint="Move the class into a cell above the task's: iterations have the definitions that they use.",
        )
    targets: list[ast.expr] = []
    if isinstance(node, ast.Assign):
        targets = node.targets
    elif isinstance(node, ast.AnnAssign) and node.value is not None:
        targets = [node.target]
    names = [target for whole in targets for target in _names(whole)]
    if not names:
        raise _Refused(
            Code.MAP_FORM,
            "In a task tagged map, only accumulators are set above the loop.",
            each.cell,
            node=node,
            hint="Put this statement into a task above.",
        )
    for target in names:
        if not isinstance(target, ast.Name) or target.id not in accumulators:
            raise _Refused(
                Code.MAP_FORM,
                f"{ast.unparse(target)} is set above the loop of a task tagged map, but the loop does not report "
                "through it.",
                each.cell,
                node=node,
                hint=f"Set it in a task above. The loop reports with {_WAYS}.",
            )


def _refuse_below(task: TaskName, below: Sequence[_Standing]) -> None:
    for each in below:
        raise _Refused(
            Code.MAP_FORM,
            f"Something stands below the loop of task {task}, which is tagged map.",
            each.cell,
            node=each.node,
            hint="Put it into a task below: tag its cell task:NAME.",
        )


def _names(target: ast.expr) -> Iterator[ast.expr]:
    if isinstance(target, (ast.Tuple, ast.List)):
        for element in target.elts:
            yield from _names(element)
    else:
        yield target


def _is_import(node: ast.stmt) -> bool:
    return isinstance(node, (ast.Import, ast.ImportFrom))


def _says_nothing(node: ast.stmt) -> bool:
    return isinstance(node, ast.Pass) or (
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    )


# Sources: each statement on the lines that it has in the notebook.


def expansion_source(code: str, loop: ast.For) -> str:
    """What the loop goes through, bound to `ITEMS`."""
    first = "\n" * (loop.iter.lineno - loop.lineno)
    return f"{ITEMS} = ({first}{_segment(code, loop.iter)})"


def instance_source(code: str, loop: ast.For) -> str:
    """The loop over `ITEMS`."""
    whole = _segment(code, loop)
    iterable = loop.iter
    assert iterable.end_lineno is not None
    assert iterable.end_col_offset is not None
    before = _upto(whole, iterable.lineno - loop.lineno, iterable.col_offset)
    behind = _upto(whole, iterable.end_lineno - loop.lineno, iterable.end_col_offset)
    lines = "\n" * (iterable.end_lineno - iterable.lineno)
    return f"{before}({ITEMS}{lines}){whole[len(behind) :]}"


def _segment(code: str, node: ast.AST) -> str:
    return ast.get_source_segment(code, node) or ""


def _upto(text: str, line: int, column: int) -> str:
    """The beginning of a text up to a column, counted in bytes, of one of its lines."""
    lines = text.split("\n")
    return "\n".join([*lines[:line], lines[line].encode()[:column].decode()])


def together(one: Mapping[CellId, str], other: Mapping[CellId, str]) -> dict[CellId, str]:
    """Of each cell what two sources of it have, on the lines on which they have it.

    >>> together({CellId("c"): "def f(): ..."}, {CellId("c"): "\\nfor x in xs: f()"})
    {'c': 'def f(): ...\\nfor x in xs: f()'}
    """
    found = {}
    for cell, text in one.items():
        lines = [""] * (max(text.count("\n"), other[cell].count("\n")) + 1)
        _put(lines, 1, text)
        _put(lines, 1, other[cell])
        found[cell] = "\n".join(lines)
    return found


def _sources(
    cells: Sequence[Cell], above: Sequence[_Standing], loop: _Standing, source: str
) -> dict[CellId, str]:
    """Of each cell what of these statements stands in it, ``source`` in place of the loop."""
    found = {}
    for cell in cells:
        lines = [""] * (cell.code.count("\n") + 1)
        for each in above:
            if each.cell is cell:
                _put(lines, *_written(cell.code, each.node))
        if cell is loop.cell:
            _put(lines, loop.node.lineno, source)
        found[cell.id] = "\n".join(lines).rstrip()
    return found


def _written(code: str, node: ast.stmt) -> tuple[int, str]:
    """The line on which a statement begins, and its text: of a function with what decorates it."""
    if not isinstance(node, _FUNCTIONS):
        return node.lineno, _segment(code, node)
    first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
    return first, "\n".join(code.split("\n")[first - 1 : node.end_lineno])


def _put(lines: list[str], line: int, text: str) -> None:
    for number, part in enumerate(text.split("\n"), start=line - 1):
        there = lines[number]
        lines[number] = f"{there}; {part}" if there and part else there or part
