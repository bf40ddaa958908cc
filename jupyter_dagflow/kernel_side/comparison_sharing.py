"""Which objects within two sets of values are one and the same, and which arrays and buffers share memory.

The law: a change is seen by all who have the object, so two equal values differ if one holds an object twice where the
other holds two. Only what can be changed counts, and nothing that code keeps: that is made anew in each kernel.
"""

from __future__ import annotations

import functools
import itertools
import sys
import types
from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple

from .anatomy import dict_of, root_package, slots
from .arrays import span_of
from .sharing import TOO_MANY, Memory, clusters, may_share, unchanging

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .comparison_steps import Pair

_CONTAINERS = (list, dict, set, bytearray, deque)
_CODE = (
    type,
    types.FunctionType,
    types.BuiltinFunctionType,
    types.ModuleType,
    types.CellType,
    property,
    staticmethod,
    classmethod,
    functools.cached_property,
    type(functools.lru_cache(maxsize=None)(len)),
)
_HEAP_TYPE = 1 << 9  # Py_TPFLAGS_HEAPTYPE
# What these keep is theirs to share or to copy, be it when they are loaded or when they are asked.
_OF_THEIR_OWN = frozenset({"pandas", "pyarrow", "matplotlib", "numpy", "polars", "torch"})


class _Array(NamedTuple):
    """An array of each side, and where in which variable they stand."""

    name: str
    path: str
    one: Any
    other: Any


class Sharing:
    """What has been met so far, in values that were left together."""

    def __init__(self) -> None:
        self._met: tuple[dict[int, Pair], dict[int, Pair]] = {}, {}
        self._arrays: dict[tuple[int, int], _Array] = {}
        self._counts: dict[type[Any], bool] = {}

    def meet(self, pair: Pair, *, name: str) -> str | None:
        """Take in two parts that stand for each other; how they do not, if another stood for one of them before."""
        told = self._meet_object(pair) if self._may_change(type(pair.one)) else None
        one, other = _array(pair.one), _array(pair.other)
        # What an object keeps, as a fitted model does, may lie over a table that several tasks were given.
        if told is None and one is not None and "." not in pair.path:
            self._arrays[id(pair.one), id(pair.other)] = _Array(name, pair.path, one, other)
        return told

    def _may_change(self, kind: type[Any]) -> bool:
        if kind not in self._counts:
            self._counts[kind] = can_change(kind)
        return self._counts[kind]

    def _meet_object(self, pair: Pair) -> str | None:
        ones, others = self._met
        before = ones.setdefault(id(pair.one), pair)
        if before.other is not pair.other:
            others.setdefault(id(pair.other), pair)
            return (
                f"{pair.path}: the same object as {before.path} in Run All, an equal one in the DAG"
            )
        before = others.setdefault(id(pair.other), pair)
        if before.one is not pair.one:
            return (
                f"{pair.path}: an equal object to {before.path} in Run All, the same one in the DAG"
            )
        return None

    def of_memory(self) -> Iterator[tuple[str, str]]:
        """The variables with arrays that share memory with another on one side only, and how."""
        arrays = [each for each in self._arrays.values() if each.one.size]
        ones, unknown = _pairs([each.one for each in arrays])
        others, unknown_too = _pairs([each.other for each in arrays])
        for first, second in sorted(ones ^ others):
            if {first, second}.isdisjoint(unknown | unknown_too):
                run_all, dag = "shares", "does not"
                if (first, second) in others:
                    run_all, dag = "does not share", "does"
                earlier, later = arrays[first], arrays[second]
                text = f"{later.path}: {run_all} memory with {earlier.path} in Run All, in the DAG it {dag}"
                yield later.name, text


def is_code(value: Any) -> bool:
    """Whether what is inside belongs to a function or a class."""
    return isinstance(value, _CODE)


def _array(value: Any) -> Any:
    """An array, or what shows as one the bytes of a buffer; None for all else."""
    numpy = sys.modules.get("numpy")
    if numpy is None:
        return None
    if isinstance(value, numpy.ndarray):
        return value
    return numpy.frombuffer(value, "u1") if type(value) is bytearray and value else None


def can_change(kind: type[Any]) -> bool:
    """Whether objects of this type can be changed, and are handed over as the one object that they are."""
    if issubclass(kind, _CODE) or issubclass(kind, unchanging()):
        return False
    if issubclass(kind, _CONTAINERS) or _is_table(kind):
        return True
    is_class = bool(kind.__flags__ & _HEAP_TYPE) and root_package(kind) not in _OF_THEIR_OWN
    return is_class and (dict_of(kind) is not None or bool(slots(kind)))


def _is_table(kind: type[Any]) -> bool:
    pandas = sys.modules.get("pandas")
    return pandas is not None and issubclass(kind, (pandas.DataFrame, pandas.Series))


def _pairs(arrays: Sequence[Any]) -> tuple[set[tuple[int, int]], set[int]]:
    """Which of the arrays share memory, by their places; and those that are too many over one stretch to tell."""
    numbered = [
        Memory(*span_of(array), owner=str(number), array=array, strided=True)
        for number, array in enumerate(arrays)
    ]
    pairs: set[tuple[int, int]] = set()
    unknown: set[int] = set()
    for cluster in clusters(sorted(numbered, key=lambda memory: memory.first)):
        if len(cluster) > TOO_MANY:
            unknown.update(int(memory.owner) for memory in cluster)
            continue
        for one, other in itertools.combinations(cluster, 2):
            if may_share(one, other):
                first, second = sorted((int(one.owner), int(other.owner)))
                pairs.add((first, second))
    return pairs, unknown
