"""Values that a task is believed to leave as they are, checked.

The law: what is guarded is looked at twice, before the task's cells and after them, and never
changed by that.
"""

from __future__ import annotations

import collections
import types
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from .anatomy import instance_dict, lineage, members, place_in_module, root_package, slot_values
from .caches import closure_of
from .fingerprint import fingerprint

# What Python keeps in a class speaks of that class alone.
_BELONG = (types.GetSetDescriptorType, types.MemberDescriptorType)
_METHODS = (types.MethodType, types.BuiltinMethodType)
_COLLECTIONS: tuple[Any, ...] = (list, tuple, set, collections.deque)


class Guard:
    """The fingerprints of some names of a namespace, as they were when this was made.

    Of the names in ``objects``, those objects are looked at, whatever the names hold later. Names
    in ``may_go`` may also be deleted. What is one in every kernel, as ``os.environ`` is, may change if
    it is of a module that the task ``sets``: the next one has it set, too.
    """

    def __init__(
        self,
        namespace: Mapping[str, Any],
        names: Iterable[str] = (),
        objects: Mapping[str, Any] | None = None,
        may_go: Iterable[str] = (),
        sets: Collection[str] = (),
    ) -> None:
        self._namespace = namespace
        self._may_go = frozenset(may_go)
        self._objects = dict(objects or {})
        held = {name: namespace[name] for name in names if name in namespace}
        self._before = {
            name: _fingerprint(value)
            for name, value in {**held, **self._objects}.items()
            if (place_in_module(value) or ("", ""))[0] not in sets
        }

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
    """What some objects hold by now; whatever they hold later, these items are the same."""

    holders: tuple[Any, ...]
    items: tuple[Any, ...]


def contents(namespace: dict[str, Any], name: str, paths: Iterable[Sequence[Any]]) -> Contents:
    """A variable's value but for the collections, instances, classes or functions at some paths: what
    these hold counts, and that they are where they are. Raises `LookupError` if a path leads nowhere.

    >>> a, b = [], []
    >>> contents({"p": {"a": a, "b": b}}, "p", [["p", "a"]]).holders == (a,)
    True
    """
    holders = {id(each): each for path in paths for each in _at(namespace, path)}
    held = [part for each in holders.values() for part in _held(each)]
    return Contents(tuple(holders.values()), (namespace[name], *held))


def _at(namespace: dict[str, Any], path: Sequence[Any]) -> list[Any]:
    """What is at a path by now: a name, then keys, positions or attributes, None for all."""
    found: list[Any] = [namespace]
    for key in path:
        found = [_bound_to(part) for each in found for part in _parts(each, key)]
    return found


def _bound_to(value: Any) -> Any:
    """Of a bound method the object: to the compiler it is that."""
    return value.__self__ if isinstance(value, _METHODS) else value


def _parts(value: Any, key: Any) -> Iterable[Any]:
    if key is None and isinstance(value, (dict, *_COLLECTIONS)):
        return _held(value)
    if isinstance(value, dict) and dict.__contains__(value, key):
        return [dict.__getitem__(value, key)]
    if isinstance(key, int) and not isinstance(value, dict):
        return [list(_items(value))[key]]
    return [_attributes(value)[key]]


def _fingerprint(value: Any) -> str:
    if type(value) is Contents:
        return fingerprint(value.items, holders=value.holders)
    return fingerprint(value)


def _held(value: Any) -> Iterable[Any]:
    if isinstance(value, type):
        return [held for held in members(value).values() if type(held) not in _BELONG]
    if isinstance(value, types.FunctionType):
        defaults = (value.__defaults__ or (), tuple((value.__kwdefaults__ or {}).values()))
        return (*defaults, *(cell for _, cell in closure_of(value)), *vars(value).values())
    if _is_of_pandas(value):
        return ()  # what it keeps its elements in, it changes with them
    return (*_items(value), *_attributes(value).values())


def _attributes(value: Any) -> dict[str, Any]:
    """What an instance has by names, those of its traits among them; what libraries note of them is its own."""
    found = {**instance_dict(value), **dict(slot_values(value))}
    traits = found.pop("_trait_values", None)
    found.pop("__pydantic_fields_set__", None)
    return {**found, **traits} if type(traits) is dict else found


def _is_of_pandas(value: Any) -> bool:
    return any(root_package(kind) == "pandas" for kind in lineage(type(value)))


def _items(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return dict.values(value)
    collection = next((kind for kind in _COLLECTIONS if isinstance(value, kind)), None)
    return () if collection is None else collection.__iter__(value)
