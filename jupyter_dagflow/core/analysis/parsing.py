"""Cells and modules as Python's syntax trees, without a word from Python's compiler.

The law: what the compiler warns of, the cell itself says when it runs. Warnings are silenced for all threads while
something is parsed, so only one of them does that at a time: two that overlapped would leave them silenced for good.
"""

from __future__ import annotations

import ast
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_one_at_a_time = threading.Lock()


@contextmanager
def without_warnings() -> Iterator[None]:
    """While this is entered, code can be parsed and compiled quietly."""
    with _one_at_a_time, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def parsed(code: str) -> list[ast.stmt]:
    """The statements of a text; none if it cannot be read, which is told elsewhere.

    >>> [type(statement).__name__ for statement in parsed("x = 1")], parsed("x =")
    (['Assign'], [])
    """
    try:
        with without_warnings():
            return ast.parse(code).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
