"""Finalizers of the notebook's classes, which run whenever the last reference goes: no order of tasks can keep that.

The law: where Run All has one object, a DAG has a copy in each kernel that gets it, and drops each in its own time. So
``__del__`` may do nothing that is seen elsewhere: print, set what its own instance has, and close what that holds.
Nor may what ``weakref`` is told to call, but for closing.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

FINALIZER = "__del__"
_WEAKREF = "weakref"
_TOLD_TO_CALL = frozenset({"finalize", "ref", "proxy", "WeakMethod"})
_ASKING = frozenset({"print", "hasattr", "getattr", "isinstance", "super"})
_CLOSING = frozenset(
    {FINALIZER, "close", "disconnect", "join", "quit", "release", "shutdown", "stop", "terminate"}
)


def telling_finalizers(code: str) -> Iterator[tuple[int, str]]:
    """The finalizers of a cell that do more than that, each with its line.

    >>> list(telling_finalizers("class A:\\n    def __del__(self):\\n        A.alive -= 1"))
    [(2, 'A.__del__')]
    """
    if FINALIZER not in code and _WEAKREF not in code:
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
        elif isinstance(node, ast.Call) and _is_told_to_call(node):
            yield node.lineno, ast.unparse(node.func)


def _is_told_to_call(node: ast.Call) -> bool:
    """Whether it is ``weakref.finalize(x, f)`` or the like, and not only to close something."""
    match node:
        case ast.Call(
            func=ast.Attribute(value=ast.Name(id="weakref"), attr=name), args=[_, called, *_]
        ):
            return name in _TOLD_TO_CALL and not _is_harmless(called)
    return False


def _is_harmless(called: ast.expr) -> bool:
    """Whether to call it is what a finalizer may do; None is nothing to call."""
    match called:
        case ast.Constant(value=None) | ast.Name(id="print"):
            return True
        case ast.Attribute(attr=name):
            return name in _CLOSING
    return False


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
            return name not in _CLOSING
        case ast.Attribute(value=value, ctx=ast.Store() | ast.Del()):
            return not (isinstance(value, ast.Name) and value.id == own)
        case ast.Subscript(ctx=ast.Store() | ast.Del()):
            return True
    kinds = ast.Call, ast.AugAssign, ast.Global, ast.Import, ast.ImportFrom, ast.NamedExpr
    return isinstance(node, kinds)
