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

_MOST = 200_000  # objects looked at in one value: a longer search would be felt
_LEAVES = (
    str,
    bytes,
    int,
    float,
    complex,
    type,
    types.FunctionType,
    types.BuiltinFunctionType,
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
    changing: dict[type[Any], bool] = {}
    table = _table_type()
    tables = []
    for obj in _within([value], leaves=(*_LEAVES, *table)):
        kind = type(obj)
        if kind not in changing:
            changing[kind] = _can_change(kind)
        if changing[kind]:
            found.objects.add(id(obj))
        if issubclass(kind, table):
            tables.append(obj)
        else:
            found.memory.extend(_memory(obj))
    inside = [part for obj in tables for part in gc.get_referents(obj)]
    for obj in _within(inside, leaves=_LEAVES):
        found.tables.extend(_memory(obj))
    return found


def overlap(one: Parts, other: Parts) -> bool:
    """Whether a change of one value might be seen in the other."""
    if not one.objects.isdisjoint(other.objects):
        return True
    theirs = other.memory + other.tables
    return share_memory(one.memory, theirs) or share_memory(one.tables, other.memory)


def _within(roots: Iterable[Any], *, leaves: tuple[type[Any], ...]) -> Iterator[Any]:
    """These objects and what they hold, but for what lies within leaves; not all of very many."""
    seen: set[int] = set()
    level = list(roots)
    while level and len(seen) < _MOST:
        following: list[Any] = []
        for obj in level:
            if id(obj) not in seen:
                seen.add(id(obj))
                yield obj
                if not issubclass(type(obj), leaves):
                    following += _held(obj)
        level = following


def _held(obj: Any) -> Iterable[Any]:
    kind = type(obj)
    numpy = sys.modules.get("numpy")
    if numpy and issubclass(kind, numpy.ndarray):
        many = obj.dtype.hasobject and obj.dtype.names is None
        return numpy.ndarray.ravel(obj)[:_MOST].tolist() if many else [obj.base]
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
    return not any(base.__name__ == "ExtensionDtype" for base in lineage(kind))


def _table_type() -> tuple[type[Any], ...]:
    """pandas' tables, if a write to one of them is never seen in another."""
    pandas = sys.modules.get("pandas")
    if pandas is None:
        return ()
    copies = int(pandas.__version__.split(".")[0]) >= 3 or pandas.options.mode.copy_on_write is True
    return (pandas.core.generic.NDFrame,) if copies else ()
