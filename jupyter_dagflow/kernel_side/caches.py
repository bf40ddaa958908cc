"""What functions keep for later: those with a cache (``functools.lru_cache``), and those that dispatch.

The law: nothing of it is run. Only the collector gets at the keys and results of a cache; which
arguments a key stands for is as CPython makes it.
"""

from __future__ import annotations

import functools
import gc
import itertools
import types
from collections.abc import Iterator
from typing import Any, NamedTuple

Cached = type(functools.lru_cache(maxsize=None)(len))
_ATTRIBUTES = frozenset({"register", "dispatch", "registry", "_clear_cache", "__wrapped__"})
_FOUND_OUT = frozenset({"dispatch_cache", "cache_token"})  # of ``functools.singledispatch``


class Call(NamedTuple):
    """A call whose result is kept."""

    arguments: tuple[Any, ...]
    keywords: dict[str, Any]
    result: Any


def closure_of(function: types.FunctionType) -> Iterator[tuple[str, types.CellType]]:
    """What a function closes over, but for what ``functools.singledispatch`` has found out so far."""
    of_functools = function.__globals__ is vars(functools)
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or ()):  # noqa: B905
        if not (of_functools and name in _FOUND_OUT):
            yield name, cell


def attributes_of(function: types.FunctionType) -> dict[str, Any]:
    """What a function has been given, but for how one that dispatches is made to forget."""
    if not dispatches(function):
        return vars(function)
    return {name: value for name, value in vars(function).items() if name != "_clear_cache"}


def dispatches(function: types.FunctionType) -> bool:
    """Whether a function is what ``functools.singledispatch`` makes."""
    registry = vars(function).get("registry")
    return function.__globals__ is vars(functools) and type(registry) is types.MappingProxyType


def registered_with(function: types.FunctionType) -> tuple[Any, list[tuple[Any, Any]]]:
    """The function that such a one was made of, and what it calls for which other classes."""
    registry = vars(function)["registry"]
    first = vars(function).get("__wrapped__", registry[object])
    others = [(k, f) for k, f in registry.items() if not (k is object and f is first)]
    return first, others


def own_attributes(function: types.FunctionType) -> dict[str, Any]:
    """The attributes that such a function does not have from its making."""
    return {name: value for name, value in vars(function).items() if name not in _ATTRIBUTES}


def parameters_of(cached: Any) -> dict[str, Any]:
    """What it was decorated with."""
    if hasattr(cached, "cache_parameters"):  # since Python 3.9
        parameters: dict[str, Any] = cached.cache_parameters()
        return parameters
    return {"maxsize": cached.cache_info().maxsize}


def calls_of(cached: Any) -> Iterator[Call]:
    """The calls whose results it has, the oldest first."""
    typed = parameters_of(cached).get("typed", False)
    for key, result in _entries(cached):
        arguments, keywords = _arguments_of(key, typed=typed)
        yield Call(arguments, keywords, result)


def _entries(cached: Any) -> Iterator[tuple[Any, Any]]:
    referents = gc.get_referents(cached)
    own = {id(vars(cached)), id(cached.__wrapped__)}
    table = next(r for r in reversed(referents) if type(r) is dict and id(r) not in own)
    if cached.cache_info().maxsize is None:
        yield from table.items()
        return
    told = {type(cached), *map(type, table.values())}  # newer Pythons tell the types of all of it
    flat = [each for each in referents if not (isinstance(each, type) and each in told)]
    yield from itertools.islice(zip(flat[::2], flat[1::2]), len(table))  # noqa: B905 -- Python 3.8


def _arguments_of(key: Any, *, typed: bool) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """What was called with: positional arguments, a mark, names and values of the others; types."""
    if type(key) is not tuple:
        return (key,), {}
    mark = next((at for at, each in enumerate(key) if type(each) is object), None)
    if mark is None:
        return key[: len(key) // 2] if typed else key, {}
    rest = len(key) - mark - 1
    others = (rest - mark) // 3 * 2 if typed else rest
    pairs = key[mark + 1 : mark + 1 + others]
    return key[:mark], dict(zip(pairs[::2], pairs[1::2]))  # noqa: B905 -- Python 3.8
