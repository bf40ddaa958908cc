"""What can be reached from somewhere in a graph."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import TypeVar

Node = TypeVar("Node", bound=Hashable)


def reached(start: Iterable[Node], following: Mapping[Node, Iterable[Node]]) -> set[Node]:
    """Where one starts, and all that follows from there.

    >>> sorted(reached("a", {"a": "b", "b": "", "c": "b"}))
    ['a', 'b']
    """
    found: set[Node] = set()
    todo = [*start]
    while todo:
        node = todo.pop()
        if node not in found:
            found.add(node)
            todo += following[node]
    return found
