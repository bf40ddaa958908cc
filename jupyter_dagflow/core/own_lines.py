"""Lines of a notebook that only load, run or show this very program; not those that run another notebook as a step."""

from __future__ import annotations

import ast

from jupyter_dagflow.core import nested


def only_own_lines(code: str) -> bool:
    """Whether a cell only loads our extension or types ``%dagflow …``: in a task it would run itself again.

    >>> only_own_lines("get_ipython().run_line_magic('dagflow', 'run --jobs 2')  # again")
    True
    """
    if "get_ipython()" not in code:
        return False
    try:
        statements = ast.parse(code).body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return False  # found by the analysis
    return bool(statements) and all(map(_is_own, statements))


def _is_own(statement: ast.stmt) -> bool:
    match statement:
        case ast.Expr(
            ast.Call(
                func=ast.Attribute(attr="run_line_magic"),
                args=[ast.Constant(value=str(magic)), ast.Constant(value=str(line))],
            )
        ):
            if magic == "dagflow":
                return line.split()[:1] != [nested.VERB]
            return magic in ("load_ext", "reload_ext") and line.strip() == "jupyter_dagflow"
    return False
