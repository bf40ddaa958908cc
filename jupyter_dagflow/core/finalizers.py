"""Finalizers of the notebook's classes, which run whenever the last reference goes: no order of tasks can keep that.

The law: where Run All has one object, a DAG has a copy in each kernel that gets it, and drops each in its own time. So
``__del__`` may do nothing that is seen elsewhere: print, set what its own instance has, and close what that holds.
Of what ``weakref`` is told to call the analysis knows.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

FINALIZER = "__del__"
_ASKING = frozenset({"print", "hasattr", "getattr", "isinstance", "super"})
CLOSING = frozenset(
    {"close", "disconnect", "join", "quit", "release", "shutdown", "stop", "terminate"}
)
"""Methods that let go of what an object holds, and that it may call when it goes."""


def telling_finalizers(code: str) -> Iterator[tuple[int, str]]:
    """The finalizers of a cell that do more than that, each with its line.

    >>> list(telling_finalizers("class A:\\n    def __del__(self):\\n        A.alive -= 1"))
    [(2, 'A.__del__')]
    """
    if FINALIZER not in code:
        return
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return  # found by the analysis
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            for statement in node.body:
                if _tells(statement):
                    yield statement.lineno, f"{node.name}.{FINALIZER}"


def _tells(statement: ast.stmt) -> bool:
    match statement:
        case ast.FunctionDef(name=name, args=ast.arguments(args=[ast.arg(arg=own)], vararg=None)):
            return name == FINALIZER and any(_is_seen(each, own) for each in ast.walk(statement))
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            return name == FINALIZER
        case ast.Assign(targets=targets):
            return any(isinstance(each, ast.Name) and each.id == FINALIZER for each in targets)
    return False


def _is_seen(node: ast.AST, own: str) -> bool:
    """Whether more than the instance, by its ``own`` name, may see that this is done."""
    match node:
        case ast.Call(func=ast.Name(id=name)):
            return name not in _ASKING
        case ast.Call(func=ast.Attribute(attr=name)):
            return name not in CLOSING and name != FINALIZER
        case ast.Attribute(value=value, ctx=ast.Store() | ast.Del()):
            return not (isinstance(value, ast.Name) and value.id == own)
        case ast.Subscript(ctx=ast.Store() | ast.Del()):
            return True
    kinds = ast.Call, ast.AugAssign, ast.Global, ast.Import, ast.ImportFrom, ast.NamedExpr
    return isinstance(node, kinds)
