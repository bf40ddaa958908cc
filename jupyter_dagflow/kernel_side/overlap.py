"""Whether two values that are both in memory have parts in common that somebody could change.

The law: what the values hold counts, not their code, and none of it is run. pandas' tables that
share memory only until one of them is written to have nothing in common.
"""

from __future__ import annotations

import gc
import itertools
import logging
import sys
import types
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from .anatomy import lineage, root_package
from .pickling import span_of
from .sharing import Memory, share_memory, unchanging

_SHOWN = frozenset({"matplotlib", "plotly", "bokeh", "altair"})  # keep what they draw, as it was
_MOST = 200_000  # objects looked at in one value: a longer search would be felt
_LEAVES = (
    str,
    bytes,
    int,
    float,
    complex,
    type,
    types.FunctionType,
    types.ModuleType,
    types.CodeType,
    logging.Logger,
)


class Parts(NamedTuple):
    """The ids of the objects in a value that somebody could change, and the memory of its arrays.

    ``tables`` is the memory of pandas' tables, which changes under one of them alone.
    """

    objects: set[int]
    memory: list[Memory]
    tables: list[Memory]


def parts(value: object) -> Parts:
    """Look through a value, nearest parts first."""
    found = Parts(set(), [], [])
    tables = _tables()
    changing: dict[type[Any], bool] = {}
    of_pandas = []
    for obj in _within([value], leave=tables is not None):
        kind = type(obj)
        if kind not in changing:
            changing[kind] = _can_change(kind)
        if changing[kind]:
            found.objects.add(id(obj))
        found.memory.extend(_memory(obj))
        if tables is not None and root_package(kind) == "pandas":
            of_pandas.append(obj)
    inside = [part for obj in of_pandas for part in _held(obj)]
    for obj in _within(inside):
        found.tables.extend(_memory(obj))
        if issubclass(type(obj), tables):
            found.objects.add(id(obj))
    return found


def overlap(one: Parts, other: Parts) -> bool:
    """Whether a change of one value might be seen in the other."""
    if not one.objects.isdisjoint(other.objects):
        return True
    theirs = other.memory + other.tables
    return share_memory(one.memory, theirs) or share_memory(one.tables, other.memory)


def _within(roots: Iterable[Any], *, leave: bool = False) -> Iterator[Any]:
    """These objects and what they hold, but not all of very many; ``leave`` out what pandas' hold."""
    seen: set[int] = set()
    level = list(roots)
    while level and len(seen) < _MOST:
        following: list[Any] = []
        for obj in level:
            if id(obj) in seen:
                continue
            seen.add(id(obj))
            yield obj
            kind = type(obj)
            package = root_package(kind)
            if not (
                issubclass(kind, _LEAVES) or package in _SHOWN or (leave and package == "pandas")
            ):
                following += _held(obj)
        level = following


def _held(obj: Any) -> Iterable[Any]:
    kind = type(obj)
    numpy = sys.modules.get("numpy")
    if numpy and issubclass(kind, numpy.ndarray):
        if obj.dtype.hasobject and obj.dtype.names is None:
            elements: list[Any] = numpy.ndarray.ravel(obj)[:_MOST].tolist()
            return elements
        return [] if issubclass(type(obj.base), numpy.ndarray) else [obj.base]
    if kind in (list, tuple, set, frozenset, dict) and len(obj) > _MOST:
        return itertools.islice(obj.values() if kind is dict else obj, _MOST)
    return gc.get_referents(obj)


def _memory(obj: Any) -> Iterator[Memory]:
    numpy = sys.modules.get("numpy")
    if numpy and issubclass(type(obj), numpy.ndarray) and obj.size:
        yield Memory(*span_of(obj), owner="", array=obj, strided=True)


def _can_change(kind: type[Any]) -> bool:
    if issubclass(kind, (*_LEAVES, *unchanging())) or root_package(kind) == "pyarrow":
        return False
    return not any(base.__name__ in ("ExtensionDtype", "Index") for base in lineage(kind))


def _tables() -> Any:
    """The type of pandas' tables, if a write to one of them is never seen in another."""
    pandas = sys.modules.get("pandas")
    if pandas is None:
        return None
    copies = int(pandas.__version__.split(".")[0]) >= 3 or pandas.options.mode.copy_on_write is True
    return pandas.core.generic.NDFrame if copies else None
