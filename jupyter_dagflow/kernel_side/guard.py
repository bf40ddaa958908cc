"""Values that a task is believed to leave as they are, checked.

The law: what is guarded is looked at twice, before the task's cells and after them, and never
changed by that.
"""

from __future__ import annotations

import collections
import types
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from .anatomy import instance_dict, lineage, members, root_package, slot_values
from .caches import closure_of
from .fingerprint import fingerprint

# What Python keeps in a class speaks of that class alone.
_BELONG = (types.GetSetDescriptorType, types.MemberDescriptorType)
_COLLECTIONS: tuple[Any, ...] = (list, set, collections.deque)


class Guard:
    """The fingerprints of some names of a namespace, as they were when this was made.

    Of the names in ``objects``, those objects are looked at, whatever the names hold later. Names
    in ``may_go`` may also be deleted.
    """

    def __init__(
        self,
        namespace: Mapping[str, Any],
        names: Iterable[str] = (),
        objects: Mapping[str, Any] | None = None,
        may_go: Iterable[str] = (),
    ) -> None:
        self._namespace = namespace
        self._may_go = frozenset(may_go)
        self._objects = dict(objects or {})
        held = {name: namespace[name] for name in names if name in namespace}
        self._before = {n: _fingerprint(value) for n, value in {**held, **self._objects}.items()}

    def changed(self, names: Iterable[str]) -> list[str]:
        """Those of the names that now hold something else, or nothing."""
        return [name for name in names if name in self._before and not self._is_same(name)]

    def _is_same(self, name: str) -> bool:
        if name in self._objects:
            return _fingerprint(self._objects[name]) == self._before[name]
        if name not in self._namespace:
            return name in self._may_go
        return _fingerprint(self._namespace[name]) == self._before[name]


class Contents(NamedTuple):
    """The objects that a value holds by now; whatever it holds later, they are the same."""

    holder: Any
    items: tuple[Any, ...]


def contents(value: Any) -> Contents:
    """What a collection, an instance, a class or a function holds.

    >>> a = []
    >>> contents({"a": a}).items[0] is a
    True
    """
    return Contents(value, tuple(_held(value)))


def _fingerprint(value: Any) -> str:
    if type(value) is Contents:
        return fingerprint(value.items, holder=value.holder)
    return fingerprint(value)


def _held(value: Any) -> Iterable[Any]:
    if isinstance(value, type):
        return [held for held in members(value).values() if type(held) not in _BELONG]
    if isinstance(value, types.FunctionType):
        defaults = (value.__defaults__ or (), tuple((value.__kwdefaults__ or {}).values()))
        return (*defaults, *(cell for _, cell in closure_of(value)), *vars(value).values())
    if any(root_package(kind) == "pandas" for kind in lineage(type(value))):
        return ()  # what it keeps its elements in, it changes with them
    collection = next((kind for kind in _COLLECTIONS if isinstance(value, kind)), None)
    items: Iterable[Any] = () if collection is None else collection.__iter__(value)
    if isinstance(value, dict):
        items = dict.values(value)
    return (*items, *instance_dict(value).values(), *(held for _, held in slot_values(value)))
