"""Code inside strings: names of the notebook that text reads, and namespaces used as dictionaries.

The law: only constant text is looked into. Names found in text are soft reads: they count if the
notebook has such a variable by then, and are nobody's mistake if it has not.
"""

from __future__ import annotations

import ast
import re

_AT_NAME = re.compile(r"(?<![\w.])@([A-Za-z_]\w*)")
_SELECTS = re.compile(r"\bselect\b", re.IGNORECASE)
_TABLE = re.compile(r"\b(?:from|join)\s+([A-Za-z_]\w*)\b(?!\s*[.(])", re.IGNORECASE)
_DOLLAR_NAME = re.compile(r"(?<!\$)\$([A-Za-z_]\w*)")
_NAMESPACE_CALLS = frozenset({"globals", "locals", "vars"})
_USER_NAMESPACES = frozenset({"user_ns", "user_global_ns"})


def at_names(text: str) -> list[str]:
    """The variables that a `DataFrame.query` text reads: ``"a > @limit"`` gives ``["limit"]``."""
    return list(dict.fromkeys(_AT_NAME.findall(text)))


def tables_in(text: str) -> list[str]:
    """The variables that SQL may read as tables, as DuckDB does: ``"select a from df"`` gives ``["df"]``."""
    return list(dict.fromkeys(_TABLE.findall(text))) if _SELECTS.search(text) else []


def shell_names(text: str) -> list[str]:
    """The ``$name`` of a shell line; variables of the shell look just the same."""
    return list(dict.fromkeys(_DOLLAR_NAME.findall(text)))


def shell_expressions(text: str) -> list[ast.expr]:
    """The ``{expression}`` parts of a shell line that are Python."""
    found: list[ast.expr] = []
    depth, start = 0, 0
    for index, char in enumerate(text):
        if char == "{":
            depth += 1
            if depth == 1:
                start = index + 1
        elif char == "}" and depth:
            depth -= 1
            if depth == 0:
                found += _parse_expression(text[start:index])
    return found


def _parse_expression(text: str) -> list[ast.expr]:
    try:
        return [ast.parse(text.strip(), mode="eval").body]
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return []


def constant_text(node: ast.expr | None) -> str | None:
    """The text of a string constant."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def joined_text(node: ast.expr) -> str | None:
    """The text of a string constant, of a sum of such, or of what is constant in an f-string."""
    parts: list[str] = []
    while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        parts.append(constant_text(node.right) or " ")
        node = node.left
    if isinstance(node, ast.JoinedStr):
        first = "".join(constant_text(each) or " " for each in node.values)
    else:
        first = constant_text(node) or (" " if parts else "")
    return "".join([first, *reversed(parts)]) or None


def is_namespace(node: ast.expr, *, at_module_level: bool) -> bool:
    """Whether an expression is the notebook's namespace, as ``globals()`` is."""
    if isinstance(node, ast.Attribute):
        return node.attr in _USER_NAMESPACES and is_shell(node.value)
    if not isinstance(node, ast.Call) or node.args or not isinstance(node.func, ast.Name):
        return False
    return node.func.id == "globals" or (at_module_level and node.func.id in _NAMESPACE_CALLS)


def is_shell(node: ast.expr) -> bool:
    """Whether an expression is ``get_ipython()``."""
    return (
        isinstance(node, ast.Call)
        and not node.args
        and isinstance(node.func, ast.Name)
        and node.func.id == "get_ipython"
    )
