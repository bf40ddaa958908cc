"""Which values share mutable objects or memory, and so have to travel together.

The law: two names that can see each other's changes before they are stored can see them after they
are loaded. Sharing what nothing can change (text, numbers, dates, classes) binds nobody.
"""

from __future__ import annotations

import contextlib
import datetime
import decimal
import enum
import fractions
import gc
import itertools
import pathlib
import re
import sys
import types
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from .anatomy import objects_of_modules
from .arrays import Place, place_of, span_of
from .bundle import address_of
from .pickling import Pickled

_UNCHANGING = (
    str,
    bytes,
    int,
    float,
    complex,
    tuple,
    frozenset,
    range,
    slice,
    type,
    type(None),
    enum.Enum,
    datetime.date,
    datetime.time,
    datetime.timedelta,
    datetime.tzinfo,
    decimal.Decimal,
    fractions.Fraction,
    uuid.UUID,
    pathlib.PurePath,
    re.Pattern,
    types.ModuleType,
    types.BuiltinFunctionType,
    types.CodeType,
)

TOO_MANY = 64  # arrays over one stretch of memory: so many are taken to share it, unexamined
_MAX_WORK = 10_000


class Memory(NamedTuple):
    """The memory of one array: where it lies, whose it is, and the array itself if it has steps."""

    first: int
    last: int
    owner: str
    array: Any
    strided: bool


def groups(pickled: Mapping[str, Pickled]) -> list[list[str]]:
    """The names, in groups that have to be stored as one; order is kept."""
    leader = {name: name for name in pickled}
    if len(pickled) > 1:
        with _no_collection():
            for name, other in _sharing_objects(pickled):
                _join(leader, name, other)
        for memory, overlapping in _sharing(pickled):
            _join(leader, memory.owner, overlapping.owner)
    found: dict[str, list[str]] = {}
    for name in pickled:
        found.setdefault(_find(leader, name), []).append(name)
    return list(found.values())


def share_memory(one: Iterable[Memory], other: Iterable[Memory]) -> bool:
    """Whether an array of one side has a byte in common with one of the other side."""
    sides = [*(m._replace(owner="one") for m in one), *(m._replace(owner="other") for m in other)]
    return any(memory.owner != beside.owner for memory, beside in _overlapping(sides))


def sharing_arrays(pickled: Mapping[str, Pickled]) -> frozenset[Place]:
    """The places of arrays with steps whose memory another array among these values uses as well."""
    return frozenset(
        place_of(memory.array) for pair in _sharing(pickled) for memory in pair if memory.strided
    )


def _sharing_objects(pickled: Mapping[str, Pickled]) -> Iterator[tuple[str, str]]:
    """Pairs of names that hold one and the same object that somebody could change.

    The largest value comes last: it may have millions of objects, and they are only looked up.
    """
    owners: dict[int, str] = {}
    names = sorted(pickled, key=lambda name: len(pickled[name].data))
    for name in names:
        last = name == names[-1]
        if last and not owners:
            return
        objects = pickled[name].seen()
        yield from ((name, owners[key]) for key in owners.keys() & objects.keys())
        if not last:
            owners.update(dict.fromkeys(_changeable(objects, pickled[name]), name))


def unchanging() -> tuple[type[Any], ...]:
    """The types of what nobody can change."""
    numpy, traitlets = sys.modules.get("numpy"), sys.modules.get("traitlets")
    return (
        *_UNCHANGING,
        *((numpy.generic, numpy.dtype) if numpy else ()),
        # What a class with traits has of its methods is in all its instances.
        *((traitlets.EventHandler,) if traitlets else ()),
    )


def _changeable(objects: Mapping[int, tuple[int, Any]], value: Pickled) -> Iterator[int]:
    """The ids of those objects that somebody could change."""
    constant, shared = unchanging(), objects_of_modules()
    known: dict[type[Any], bool] = {}
    for key, (number, obj) in objects.items():
        if number == 0:
            continue  # the dict that names the value, made for the pickle
        kind = type(obj)
        if kind not in known:
            known[kind] = issubclass(kind, constant)
        by_name = kind is types.FunctionType and key not in value.functions
        if not (known[kind] or by_name or key in shared):
            yield key


def _sharing(pickled: Mapping[str, Pickled]) -> Iterator[tuple[Memory, Memory]]:
    """Pairs of arrays that share memory; enough of them to connect all that do."""
    return _overlapping(_memories(pickled))


def _overlapping(memories: Iterable[Memory]) -> Iterator[tuple[Memory, Memory]]:
    for cluster in clusters(sorted(memories, key=lambda memory: memory.first)):
        if len(cluster) > TOO_MANY:
            yield from ((cluster[0], other) for other in cluster[1:])
        else:
            yield from (pair for pair in itertools.combinations(cluster, 2) if may_share(*pair))


def _memories(pickled: Mapping[str, Pickled]) -> Iterator[Memory]:
    numpy = sys.modules.get("numpy")
    if numpy is None:
        return
    for name, value in pickled.items():
        for array in value.strided:
            if array.size:
                yield Memory(*span_of(array), owner=name, array=array, strided=True)
        for view in (buffer.raw() for buffer in value.buffers):
            if view.nbytes:
                first = address_of(view)
                array = numpy.frombuffer(view, dtype="u1")
                yield Memory(first, first + view.nbytes, owner=name, array=array, strided=False)


def clusters(memories: Sequence[Memory]) -> Iterator[list[Memory]]:
    """Runs of memories whose bounds overlap, of two or more."""
    cluster: list[Memory] = []
    reach = 0
    for memory in memories:
        if cluster and memory.first >= reach:
            if len(cluster) > 1:
                yield cluster
            cluster = []
        cluster.append(memory)
        reach = max(reach, memory.last)
    if len(cluster) > 1:
        yield cluster


def may_share(one: Memory, other: Memory) -> bool:
    """Whether they have a byte in common, as two columns of one matrix have not."""
    if not (one.strided or other.strided):
        return one.first < other.last and other.first < one.last
    numpy = sys.modules["numpy"]
    try:
        return bool(numpy.shares_memory(one.array, other.array, max_work=_MAX_WORK))
    except RuntimeError:  # NumPy's TooHardError: not known, so taken to share
        return True


@contextlib.contextmanager
def _no_collection() -> Iterator[None]:
    """Millions of small tuples come and go: the collector would walk through them over and over."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _find(leader: dict[str, str], name: str) -> str:
    while leader[name] != name:
        leader[name] = leader[leader[name]]
        name = leader[name]
    return name


def _join(leader: dict[str, str], one: str, other: str) -> None:
    leader[_find(leader, one)] = _find(leader, other)
