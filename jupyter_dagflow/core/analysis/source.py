"""One cell by itself: phase 1, a pure function of its code.

The law: nothing raises on odd input. A cell that cannot be read gives a `SyntaxProblem` and no
statements. Results are frozen, picklable, and hold no syntax tree, so they may be cached by the
code alone.
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterator, Sequence
from functools import lru_cache

from jupyter_dagflow.core.analysis import dynamic, library
from jupyter_dagflow.core.analysis.ir import CellSummary, Role, Statement, SyntaxProblem
from jupyter_dagflow.core.analysis.magics import SETUP_MAGICS
from jupyter_dagflow.core.analysis.parsing import without_warnings
from jupyter_dagflow.core.analysis.statements import StatementLowering

_DEFINITIONS = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_SETUP_MAGICS = ("run_line_magic",)
_role_of = lru_cache(Role)  # there are but a few, so statements share them


def analyse_cell(code: str) -> CellSummary:
    """What a cell says, statement by statement.

    Example: ``len(analyse_cell("import math\\nx = math.pi").statements) == 2``.
    """
    try:
        tree, text = _parse(code, check=True)
        return CellSummary(tuple(_statements(tree, text)))
    except SyntaxError as error:
        return CellSummary((), SyntaxProblem(error.msg or "invalid syntax", error.lineno or 1))
    except (ValueError, MemoryError) as error:
        return CellSummary((), SyntaxProblem(str(error) or "cannot be read", 1))
    except RecursionError:
        return CellSummary((), SyntaxProblem("too deeply nested to be read", 1))


def only_definitions(code: str) -> bool:
    """Whether a cell holds nothing but imports, functions, classes and module settings made with
    constants.

    Example: ``only_definitions("import os\\nos.environ['X'] = '1'")`` is true,
    ``only_definitions("x = 1")`` is not.
    """
    body = _body(code)
    return body is not None and all(
        _defines(node) or is_inert(node) or _is_constant_setting(node) for node in body
    )


def needed_at_once(code: str) -> frozenset[str]:
    """The names of others that a cell looks up as it runs: not those in the bodies of its functions.

    Example: ``needed_at_once("class C(Base):\n    def f(self): return x")`` is ``{"Base"}``.
    """
    nodes = _running_at_once(code)
    read = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    return frozenset(read) - names_bound(code)


def names_bound(code: str) -> frozenset[str]:
    """The names that a cell may bind, those in the bodies of its classes too."""
    found: set[str] = set()
    for node in _running_at_once(code):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            found.add(node.id)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.add(node.name)
        elif isinstance(node, ast.alias):
            found.add(node.asname or node.name.partition(".")[0])
    return frozenset(found)


def tree_of(text: str) -> ast.Module:
    """The syntax tree of a statement that stands in a cell."""
    return _parse(text)[0]


def text_of(code: str, line: int) -> str:
    """The text of the statement that begins on this line of a cell."""
    tree, text = _parse(code)
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return next((_text(node, lines) for node in tree.body if _first_line(node) == line), "")


def assigned(code: str, line: int, name: str) -> ast.expr | None:
    """What ``name = …`` on this line of a cell assigns, to that name or to it and others; None if
    another statement stands there.
    """
    for node in _parse(code)[0].body:
        if node.lineno == line and isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            parts = [p for t in targets for p in (t.elts if isinstance(t, ast.Tuple) else [t])]
            names = [part.id for part in parts if isinstance(part, ast.Name)]
            if len(names) == len(parts) and name in names:
                return node.value
    return None


def constants_of_class(text: str) -> frozenset[str]:
    """The names that a class statement gives constants, once and for all; none if it is another statement."""
    (node,) = _parse(text)[0].body or (ast.Pass(),)
    if not isinstance(node, ast.ClassDef):
        return frozenset()
    names: list[str] = []
    for part in node.body:
        if isinstance(part, (ast.Assign, ast.AnnAssign)) and isinstance(part.value, ast.Constant):
            targets = part.targets if isinstance(part, ast.Assign) else [part.target]
            names += [target.id for target in targets if isinstance(target, ast.Name)]
    again = [
        n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    ]
    return frozenset(name for name in names if again.count(name) == 1)


def attributes_of(tree: ast.AST, name: str) -> tuple[str, ...]:
    """The attributes of a name that code reads; ``""`` where it uses the name otherwise."""
    bases = {
        id(n.value): n.attr
        for n in ast.walk(tree)
        if isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Load)
    }
    used = (n for n in ast.walk(tree) if isinstance(n, ast.Name) and n.id == name)
    return tuple(bases.get(id(node), "") for node in used)


def _running_at_once(code: str) -> Iterator[ast.AST]:
    """The parts of a cell that run as it does: all but the bodies of functions."""
    todo: list[ast.AST] = [*(_body(code) or ())]
    while todo:
        node = todo.pop()
        yield node
        later = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        todo += [
            value
            for name, field in ast.iter_fields(node)
            if not (later and name == "body")
            for value in (field if isinstance(field, list) else [field])
            if isinstance(value, ast.AST)
        ]


def _body(code: str) -> list[ast.stmt] | None:
    """The statements of a cell; None if it cannot be read."""
    try:
        return _parse(code)[0].body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return None


def _parse(code: str, *, check: bool = False) -> tuple[ast.Module, str]:
    """The syntax tree of a cell, and the text it was made of; raises `SyntaxError`.

    ``check`` finds what parsing alone lets pass, `global x` of a parameter, say.
    """
    with without_warnings():
        try:
            tree, text = ast.parse(code), code
        except IndentationError:
            text = textwrap.dedent(code)
            if text == code:
                raise
            tree = ast.parse(text)
        # IPython compiles statement by statement, so an import from there may stand anywhere.
        if check and "__future__" not in text:
            compile(tree, "<cell>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
        return tree, text


def _statements(tree: ast.Module, code: str) -> list[Statement]:
    lines = code.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    lowering = StatementLowering(code)
    found = []
    for node in tree.body:
        role = _role(node)
        text = _text(node, lines) if role.definition or role.setting or role.future else ""
        found.append(Statement(lowering.block([node]), text, _first_line(node), role))
    return found


def _first_line(node: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(d.lineno for d in decorators)])


def _text(node: ast.stmt, lines: Sequence[str]) -> str:
    first, last = _first_line(node), node.end_lineno or node.lineno
    chosen = list(lines[first - 1 : last])
    chosen[-1] = _cut(chosen[-1], 0, node.end_col_offset)
    start = node.col_offset if first == node.lineno else 0
    chosen[0] = _cut(chosen[0], start, None)
    return "\n".join(chosen)


def _cut(line: str, start: int, end: int | None) -> str:
    return line[start:end] if line.isascii() else line.encode()[start:end].decode()


def _role(node: ast.stmt) -> Role:
    if isinstance(node, ast.ImportFrom) and node.module == "__future__" and not node.level:
        return Role(future=True)
    return _role_of(definition=_defines(node), setting=_may_set(node), inert=is_inert(node))


def is_inert(node: ast.stmt) -> bool:
    """Whether a statement does nothing: a docstring, a constant, ``pass``."""
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    return isinstance(node, (ast.Pass, ast.Global))


def _defines(node: ast.stmt) -> bool:
    """Whether a statement is a definition by its form, or a choice between definitions."""
    if isinstance(node, _DEFINITIONS) or type(node).__name__ == "TypeAlias":
        return True
    if (
        isinstance(node, ast.Assign)
        and len(node.targets) == 1
        and isinstance(node.targets[0], ast.Name)
    ):
        return isinstance(node.value, ast.Lambda) or _is_class_factory(node.value)
    if isinstance(node, ast.If):
        leaves = [*node.body, *node.orelse]
        return _is_plain_test(node.test) and _all_define(leaves)
    if isinstance(node, ast.Try):
        handled = [statement for handler in node.handlers for statement in handler.body]
        return _all_define([*node.body, *handled, *node.orelse, *node.finalbody])
    return False


def _all_define(leaves: Sequence[ast.stmt]) -> bool:
    harmless = [_defines(n) or is_inert(n) or _is_constant_assignment(n) for n in leaves]
    return all(harmless) and any(_defines(n) for n in leaves)


def _is_constant_assignment(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Assign)
        and all(isinstance(t, ast.Name) for t in node.targets)
        and isinstance(node.value, ast.Constant)
    )


def _is_plain_test(test: ast.expr) -> bool:
    plain = (
        ast.Name, ast.Attribute, ast.Constant, ast.Compare, ast.BoolOp, ast.UnaryOp, ast.Tuple,
        ast.Subscript,
        ast.cmpop, ast.boolop, ast.unaryop, ast.expr_context, ast.Slice,
    )  # fmt: skip
    return all(isinstance(n, plain) for n in ast.walk(test))


def _is_class_factory(value: ast.expr) -> bool:
    if not isinstance(value, ast.Call):
        return False
    name = (
        value.func.attr if isinstance(value.func, ast.Attribute) else getattr(value.func, "id", "")
    )
    return name in library.CLASS_FACTORIES


def _may_set(node: ast.stmt) -> bool:
    """Whether a statement could be a setting by its form: nothing but calls and stores, perhaps under
    conditions or for each of some values.
    """
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Call)
    if isinstance(node, (ast.Assign, ast.Delete)):
        return all(isinstance(t, (ast.Attribute, ast.Subscript)) for t in node.targets)
    if isinstance(node, ast.AugAssign):
        return isinstance(node.target, (ast.Attribute, ast.Subscript))
    if isinstance(node, (ast.If, ast.For)):
        return _all_may_set([*node.body, *node.orelse])
    if isinstance(node, ast.Try):
        handlers = node.handlers
        inside = [*node.body, *(n for h in handlers for n in h.body), *node.orelse, *node.finalbody]
        return not any(handler.name for handler in handlers) and _all_may_set(inside)
    return False


def _all_may_set(nodes: Sequence[ast.stmt]) -> bool:
    inert = [is_inert(node) for node in nodes]
    return not all(inert) and all(
        quiet or _may_set(node) for quiet, node in zip(inert, nodes, strict=True)
    )


def _is_constant_setting(node: ast.stmt) -> bool:
    """Whether a statement sets up a module or the kernel with constants, judged without knowing
    the imports.
    """
    if isinstance(node, ast.If):
        leaves = [*node.body, *node.orelse]
        return _is_plain_test(node.test) and all(
            _is_constant_setting(n) or _defines(n) or is_inert(n) for n in leaves
        )
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        return _is_setting_call(node.value)
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        target = node.targets[0]
        settings = any(
            part in _dotted(target) for part in ("environ", "rcParams", "options", "config")
        )
        return (
            isinstance(target, (ast.Attribute, ast.Subscript))
            and settings
            and _is_constant(node.value)
        )
    return False


def _is_setting_call(call: ast.Call) -> bool:
    arguments = [*call.args, *(k.value for k in call.keywords)]
    if not all(_is_constant(a) for a in arguments):
        return False
    if isinstance(call.func, ast.Attribute) and dynamic.is_shell(call.func.value):
        magic = dynamic.constant_text(call.args[0]) if call.args else None
        text = " ".join(dynamic.constant_text(a) or "" for a in call.args[1:])
        return (
            call.func.attr in _SETUP_MAGICS
            and magic in SETUP_MAGICS
            and "$" not in text
            and "{" not in text
        )
    path = ".".join(_dotted(call.func))
    seeds = path.endswith(("random.seed", "manual_seed", "random.set_seed", "set_random_seed"))
    return bool(path) and (seeds or library.is_setting(path))


def _is_constant(node: ast.expr) -> bool:
    """Constants, displays of them, dotted names of modules, and builtins."""
    if isinstance(node, ast.Name):
        return node.id in library.KNOWN_NAMES
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        return all(_is_constant(e) for e in node.elts)
    if isinstance(node, ast.Dict):
        return all(
            k is not None and _is_constant(k) and _is_constant(v)
            for k, v in zip(node.keys, node.values, strict=True)
        )
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.operand, ast.Constant)
    return isinstance(node, ast.Constant) or (
        isinstance(node, ast.Attribute) and bool(_dotted(node))
    )


def _dotted(node: ast.expr) -> list[str]:
    """The parts of a dotted name, through subscripts; empty if it is something else."""
    parts: list[str] = []
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Call)):
        if isinstance(node, ast.Attribute):
            parts.append(node.attr)
        node = node.func if isinstance(node, ast.Call) else node.value
    return [*reversed([*parts, node.id])] if isinstance(node, ast.Name) else []
