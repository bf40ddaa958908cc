"""Pictures of values: two values are alike if their pictures are equal.

The law: a picture tells all that a later cell could find out. Content with types, which of the
objects within a value are one and the same, which arrays share memory. It does not tell addresses,
nor the order of a set. Functions and classes are pictured by what they are made of.
"""

from __future__ import annotations

import collections
import functools
import itertools
import random
import types
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.typing import DataFrameGroupBy

_PLAIN = (type(None), bool, int, float, complex, str, bytes, np.generic, range, slice)
_VIEWS = (type({}.keys()), type({}.values()), type({}.items()))
_WRITTEN_BY_PYTHON = frozenset(
    {
        "__dict__",
        "__doc__",
        "__firstlineno__",
        "__module__",
        "__qualname__",
        "__slotnames__",
        "__static_attributes__",
        "__weakref__",
    }
)
Picture = tuple[object, ...]


def picture(value: object, *, aliases: bool = True) -> Picture:
    """The picture of one value; ``aliases`` within it count, or do not.

    >>> a = []; picture([a, a]) == picture([[], []])
    False
    """
    camera = _Camera(aliases=aliases)
    taken = camera.take(value)
    return (taken, camera.shared_memory() if aliases else ())


class _Camera:
    """Takes one picture; knows what it has seen."""

    def __init__(self, code: dict[int, int] | None = None, *, aliases: bool = True) -> None:
        self._aliases = aliases
        self._seen: dict[int, int] = {}
        self._code: dict[int, int] = {} if code is None else code
        self._open: set[int] = set()
        self._kept: list[object] = []
        self._arrays: list[np.ndarray[Any, Any]] = []

    def shared_memory(self) -> Picture:
        """Which pairs of the arrays that were seen have a byte in common."""
        pairs = itertools.combinations(enumerate(self._arrays), 2)
        return tuple((i, j) for (i, one), (j, two) in pairs if np.shares_memory(one, two))

    def take(self, value: object) -> Picture:
        """The picture of a value within the whole."""
        kind = type(value).__name__
        if isinstance(value, _PLAIN):
            return (kind, repr(value))
        if isinstance(value, (tuple, frozenset)) and not hasattr(value, "_fields"):
            return (kind, *self._parts(value))
        if isinstance(value, types.FunctionType):
            return self._function_once(value)
        seen = self._code if isinstance(value, type) else self._seen
        if id(value) in seen:
            return ("same", seen[id(value)])
        seen[id(value)] = len(seen)
        self._kept.append(value)
        taken = (kind, *self._content(value))
        if not self._aliases and seen is self._seen:
            del seen[id(value)]  # from here on it is taken anew
        return taken

    def _alone(self, value: object) -> Picture:
        """The picture of a value that shares only code with what is around it."""
        return _Camera(self._code, aliases=self._aliases).take(value)

    def _parts(self, values: Any) -> Picture:
        if isinstance(values, (set, frozenset)):
            return tuple(sorted((self.take(part) for part in values), key=repr))
        return tuple(self.take(part) for part in values)

    def _content(self, value: Any) -> Picture:
        if isinstance(value, dict):
            factory = self.take(value.default_factory) if hasattr(value, "default_factory") else ()
            return (factory, *((self.take(k), self.take(v)) for k, v in value.items()))
        if isinstance(value, (list, set, collections.deque)):
            return self._parts(value)
        if isinstance(value, _VIEWS):
            return tuple(self.take(part) for part in value)
        if isinstance(value, DataFrameGroupBy):
            return (repr(value.keys), self.take(value.obj))
        if isinstance(value, np.ndarray):
            self._arrays.append(value)
            return (value.dtype.str, value.shape, repr(value.tolist()))
        if isinstance(value, (pd.DataFrame, pd.Series, pd.Index)):
            return _pandas(value)
        if isinstance(value, type):
            return self._class(value)
        if isinstance(value, types.MethodType):
            return (self.take(value.__self__), value.__name__)
        if isinstance(value, functools.partial):
            return (self.take(value.func), self.take(value.args), self.take(value.keywords))
        if isinstance(value, property):
            return (self.take(value.fget), self.take(value.fset))
        if isinstance(value, (staticmethod, classmethod)):
            return (self.take(value.__func__),)
        if isinstance(value, (types.ModuleType, types.BuiltinFunctionType)):
            return (value.__name__,)
        if isinstance(value, BaseException):
            return (self.take(value.args),)
        if isinstance(value, random.Random):
            return (repr(value.getstate()),)
        if isinstance(value, np.random.Generator):
            return (repr(value.bit_generator.state),)
        if hasattr(value, "__wrapped__"):
            return (self.take(value.__wrapped__),)
        return (self.take(vars(value)),) if hasattr(value, "__dict__") else ()

    def _function_once(self, function: types.FunctionType) -> Picture:
        """A function wherever it turns up: which of two equal ones it is, nothing but ``is`` can tell.

        What it carries may be shared, and is pictured so.
        """
        if id(function) in self._open:
            return ("function", "itself")
        self._open.add(id(function))
        try:
            return ("function", *self._function(function))
        finally:
            self._open.discard(id(function))

    def _function(self, function: types.FunctionType) -> Picture:
        cells = [cell.cell_contents for cell in function.__closure__ or ()]
        return (
            function.__name__,
            _code(function.__code__),
            self._alone(function.__defaults__),
            self._alone(function.__kwdefaults__),
            self.take(vars(function)) if vars(function) else (),
            *(self.take(cell) for cell in cells),
        )

    def _class(self, cls: type) -> Picture:
        if cls.__module__ != "__main__":
            return (cls.__module__, cls.__qualname__)
        own = {
            name: value
            for name, value in vars(cls).items()
            if name not in _WRITTEN_BY_PYTHON
            and not name.startswith(("__dataclass", "_abc"))
            # cloudpickle leaves out what a base has as well
            and not any(vars(base).get(name) is value for base in cls.__mro__[1:])
        }
        return (
            cls.__name__,
            tuple(self.take(base) for base in cls.__bases__),
            # each by itself: a definition makes its own data anew, and nobody changes it
            *((name, self._alone(value)) for name, value in sorted(own.items())),
        )


def _pandas(value: Any) -> Picture:
    if isinstance(value, pd.Index):
        return (str(value.dtype), repr(value.tolist()), repr(value.names))
    index = _pandas(value.index)
    if isinstance(value, pd.Series):
        return (str(value.dtype), repr(value.tolist()), repr(value.name), index)
    columns = (_pandas(value.iloc[:, place])[:2] for place in range(value.shape[1]))
    return (_pandas(value.columns), index, *columns)


def _code(code: types.CodeType) -> Picture:
    constants = tuple(
        _code(c) if isinstance(c, types.CodeType) else repr(c) for c in code.co_consts
    )
    # not its bytes: the compiler knows the imports of the same text, and makes use of them
    return (code.co_name, code.co_names, code.co_varnames, constants)


def difference(one: object, other: object) -> str:
    """The first part in which two pictures differ.

    >>> difference((1, (2, 3)), (1, (2, 4)))
    '3 / 4'
    """
    if isinstance(one, tuple) and isinstance(other, tuple) and len(one) == len(other):
        for mine, theirs in zip(one, other, strict=True):
            if mine != theirs:
                return difference(mine, theirs)
    return f"{one} / {other}"
