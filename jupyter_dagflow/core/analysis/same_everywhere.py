"""Which expressions give the same in every kernel, if the names in them do.

The law: such an expression is made of constants, names, and calls that ask for nothing but their arguments, the
environment and the folder the kernel stands in.
"""

from __future__ import annotations

import ast
from collections.abc import Callable

from jupyter_dagflow.core.analysis import library

PathOf = Callable[[str], str]
"""What of a library a name is, by its path; ``""`` for any other."""

_PARTS = (
    ast.Attribute, ast.BinOp, ast.BoolOp, ast.Compare, ast.Constant, ast.Dict, ast.FormattedValue,
    ast.IfExp, ast.JoinedStr, ast.List, ast.Name, ast.Set, ast.Slice, ast.Starred, ast.Subscript,
    ast.Tuple, ast.UnaryOp,
    ast.boolop, ast.cmpop, ast.expr_context, ast.keyword, ast.operator, ast.unaryop,
)  # fmt: skip


def asks_for_paths(tree: ast.AST, path_of: PathOf) -> bool:
    """Whether code asks where the kernel stands, or has paths worked out from there."""
    nodes = (n for n in ast.walk(tree) if isinstance(n, (ast.Name, ast.Attribute)))
    return any(library.ABOUT_PATHS.match(path_called(node, path_of)) for node in nodes)


def gives_the_same(value: ast.expr, path_of: PathOf) -> bool:
    """Whether an expression gives the same in every kernel, if the names in it do.

    ``path_of`` tells what of a library a name is, ``""`` for any other.

    Example: ``str(Path.cwd().parent)`` does, ``Path("a").read_text()`` does not.
    """
    nodes = list(ast.walk(value))
    if not all(isinstance(node, (*_PARTS, ast.Call)) for node in nodes):
        return False
    if _asks_the_interpreter(nodes, path_of):
        return False
    return all(_call_gives_the_same(n.func, path_of) for n in nodes if isinstance(n, ast.Call))


def _asks_the_interpreter(nodes: list[ast.AST], path_of: PathOf) -> bool:
    """Whether code asks what depends on what a kernel has done so far, as its list of modules does."""
    fine = {
        id(other)
        for node in nodes
        if isinstance(node, ast.Compare)
        and isinstance(node.left, ast.Constant)
        and node.left.value in library.THERE_FROM_THE_START
        for other in node.comparators
    }
    attributes = (n for n in nodes if isinstance(n, ast.Attribute) and id(n) not in fine)
    return any(library.OF_THE_INTERPRETER.match(path_called(n, path_of)) for n in attributes)


def _call_gives_the_same(called: ast.expr, path_of: PathOf) -> bool:
    path = path_called(called, path_of)
    if path:
        return library.SAME_EVERYWHERE.match(path) is not None
    return isinstance(called, ast.Attribute) and called.attr in library.SAME_EVERYWHERE_METHODS


def path_called(called: ast.expr, path_of: PathOf) -> str:
    """What of a library is called, by its path; empty if it is a method of a value or not known.

    What a call gives has its path with ``()`` behind: of ``logging.getLogger("a").info`` it is
    ``logging.getLogger().info``.
    """
    parts: list[str] = []
    while isinstance(called, ast.Attribute):
        parts.append(called.attr)
        called = called.value
    root = ""
    if isinstance(called, ast.Name):
        root = _root(called, path_of)
    elif isinstance(called, ast.Call):
        made_by = path_called(called.func, path_of)
        root = f"{made_by}()" if made_by and not made_by.startswith("builtins.") else ""
    return ".".join([root, *reversed(parts)]) if root else ""


def _root(name: ast.Name, path_of: PathOf) -> str:
    known = path_of(name.id)
    if not known and name.id in library.KNOWN_NAMES:
        return f"builtins.{name.id}"
    return known
