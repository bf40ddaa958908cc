"""Whether two values that are both in memory have parts in common that somebody could change.

The law: what the values hold counts, not the notebook's code nor what that keeps, and none of it is run.
pandas' tables that share memory only until one of them is written to have nothing in common. Of a
value with very many parts the nearest are looked at.
"""

from __future__ import annotations

import array
import collections
import gc
import itertools
import logging
import pathlib
import sys
import types
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from .anatomy import lineage, objects_of_modules, root_package, type_name
from .arrays import as_array, is_row, span_of
from .sharing import Memory, share_memory, unchanging

_SHOWN = frozenset({"matplotlib", "plotly", "bokeh", "altair"})  # keep what they draw, as it was
_MOST = 200_000  # objects looked at in one value, and no more: a longer search would be felt
_LEAVES = (
    str,
    bytes,
    int,
    float,
    complex,
    type,
    types.ModuleType,
    types.CodeType,
    types.FrameType,
    types.TracebackType,
    types.MethodDescriptorType,
    types.ClassMethodDescriptorType,
    types.WrapperDescriptorType,
    types.GetSetDescriptorType,
    types.MemberDescriptorType,
    type(Ellipsis),
    type(NotImplemented),
    logging.Logger,
    pathlib.PurePath,  # it keeps what it has worked out in lists
)
_LEAVES_BY_NAME = frozenset(
    {
        "numpy.ufunc",
        "numpy._ArrayFunctionDispatcher",
        "pandas._libs.missing.NAType",
        "pandas.api.typing.NAType",
        # What a class with traits has of its methods is in all its instances.
        "traitlets.traitlets.DefaultHandler",
        "traitlets.traitlets.ObserveHandler",
        "traitlets.traitlets.ValidateHandler",
    }
)


class Parts(NamedTuple):
    """The ids of the objects in a value that somebody could change, and the memory of its arrays.

    ``tables`` is the memory of pandas' tables, which changes under one of them alone.
    """

    objects: set[int]
    memory: list[Memory]
    tables: list[Memory]


NO_PARTS = Parts(set(), [], [])


def parts(value: object) -> Parts:
    """Look through a value, nearest parts first; what functions keep is not looked into."""
    found = Parts(set(), [], [])
    changing: dict[type[Any], bool] = {}
    shared = objects_of_modules()
    tables: list[Any] = []
    loose: list[Any] = [value]
    while loose:
        for obj in _within(loose):
            kind = type(obj)
            if kind not in changing:
                changing[kind] = _can_change(kind)
            if changing[kind] and id(obj) not in shared:
                found.objects.add(id(obj))
            found.memory.extend(_memory(obj))
            if root_package(kind) == "pandas":
                tables.append(obj)
        loose = list(_loose(tables, found))
        tables = []
    return found


def _loose(tables: Iterable[Any], found: Parts) -> Iterator[Any]:
    """What lies in pandas' objects: the memory and the tables are noted, elements are given."""
    table, copies = _pandas()
    for obj in _within([part for each in tables for part in _held(each)], inside_pandas=True):
        memory = list(_memory(obj))
        (found.tables if copies else found.memory).extend(memory)
        if table is not None and issubclass(type(obj), table):
            found.objects.add(id(obj))
        if memory and memory[0].strided and memory[0].array.dtype.hasobject:
            yield from (part for part in _held(obj) if not _is_leaf(type(part)))


def overlap(one: Parts, other: Parts) -> bool:
    """Whether a change of one value might be seen in the other."""
    if not one.objects.isdisjoint(other.objects):
        return True
    theirs = other.memory + other.tables
    return share_memory(one.memory, theirs) or share_memory(one.tables, other.memory)


def _within(roots: Iterable[Any], *, inside_pandas: bool = False) -> Iterator[Any]:
    """These objects and what they hold, but not all of very many, and not what pandas' hold, or
    else only that, but for its indexes.
    """
    seen: set[int] = set()
    waiting = collections.deque(roots)
    while waiting and len(seen) < _MOST:
        obj = waiting.popleft()
        if id(obj) in seen:
            continue
        seen.add(id(obj))
        yield obj
        kind = type(obj)
        of_pandas = root_package(kind) == "pandas"
        stop = _is_index(kind) or _is_object_array(obj) if inside_pandas else of_pandas
        if not (stop or _is_leaf(kind)):
            waiting.extend(itertools.islice(_held(obj), max(0, _MOST - len(waiting))))


def _is_leaf(kind: type[Any]) -> bool:
    """Whether what is inside is nobody's to change, or only for show."""
    shown = root_package(kind) in _SHOWN
    return shown or issubclass(kind, _LEAVES) or type_name(kind) in _LEAVES_BY_NAME


def _is_index(kind: type[Any]) -> bool:
    return any(base.__name__ in ("Index", "BlockPlacement") for base in lineage(kind))


def _is_object_array(obj: Any) -> bool:
    numpy = sys.modules.get("numpy")
    if numpy is None or not issubclass(type(obj), numpy.ndarray):
        return False
    return bool(obj.dtype.hasobject)


def _held(obj: Any) -> Iterable[Any]:
    kind = type(obj)
    if kind is types.FunctionType:
        return _closed_over(obj)
    numpy = sys.modules.get("numpy")
    if numpy and issubclass(kind, numpy.ndarray):
        if obj.dtype.hasobject and obj.dtype.names is None:
            elements: list[Any] = numpy.ndarray.ravel(obj)[:_MOST].tolist()
            return elements
        return [] if issubclass(type(obj.base), numpy.ndarray) else [obj.base]
    if kind in (list, tuple, set, frozenset, dict) and len(obj) > _MOST:
        return itertools.islice(obj.values() if kind is dict else obj, _MOST)
    return gc.get_referents(obj)


def _closed_over(function: types.FunctionType) -> Iterable[Any]:
    """What a library's function closes over; of the notebook's the compiler knows it."""
    if function.__module__ == "__main__":
        return ()
    return [each for cell in function.__closure__ or () for each in gc.get_referents(cell)]


def _memory(obj: Any) -> Iterator[Memory]:
    numpy = sys.modules.get("numpy")
    if numpy and issubclass(type(obj), numpy.ndarray) and obj.size:
        yield Memory(*span_of(obj), owner="", array=obj, strided=True)
    elif numpy and issubclass(type(obj), numpy.void) and is_row(obj):
        row = as_array(obj)
        yield Memory(*span_of(row), owner="", array=row, strided=True)
    elif numpy and type(obj) in (bytearray, array.array) and obj:  # an array may be over it
        span = span_of(numpy.frombuffer(obj, dtype="u1"))
        yield Memory(*span, owner="", array=None, strided=False)


def _can_change(kind: type[Any]) -> bool:
    if (
        kind in (object, types.FunctionType)
        or _is_leaf(kind)
        or issubclass(kind, unchanging())
        or root_package(kind) == "pyarrow"
    ):
        return False
    return not any(base.__name__ in ("ExtensionDtype", "Index") for base in lineage(kind))


def _pandas() -> tuple[Any, bool]:
    """The type of pandas' tables, and whether a write to one of them is never seen in another."""
    pandas = sys.modules.get("pandas")
    if pandas is None:
        return None, False
    version = int(pandas.__version__.split(".")[0])
    copies = version >= 3 or (version == 2 and pandas.options.mode.copy_on_write is True)
    return pandas.core.generic.NDFrame, copies
