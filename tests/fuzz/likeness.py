"""Pictures of values: two values are alike if their pictures are equal.

The law: a picture tells all that a later cell could find out. Content with types, what any object
carries beside its content (attributes, slots), which of the objects within a value are one and the
same, which arrays and buffers share memory. It does not tell addresses, nor the order of a set, nor
what only caches hold. Functions and classes are pictured by what they are made of.
"""

from __future__ import annotations

import collections
import datetime
import functools
import itertools
import pathlib
import random
import types
import weakref
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.typing import DataFrameGroupBy

from jupyter_dagflow.kernel_side.anatomy import place_in_module, shown_by

_PLAIN = (
    type(None),
    bool,
    int,
    float,
    complex,
    str,
    bytes,
    np.generic,
    range,
    slice,
    datetime.date,
    datetime.timedelta,
    pathlib.PurePath,
)
_Cached = type(functools.lru_cache(len))
# What the decorator writes, and what a kernel needs to make one like another again.
_WRITTEN_BY_CACHES = frozenset(
    {*functools.WRAPPER_ASSIGNMENTS, "answer", "cache_parameters", "function"}
)
_VIEWS: Any = (type({}.keys()), type({}.values()), type({}.items()))
# What these carry is theirs, told by their content, or nobody's to see.
_WITHOUT_ATTRIBUTES = (
    np.ndarray,
    np.random.Generator,
    pd.DataFrame,
    pd.Series,
    pd.Index,
    DataFrameGroupBy,
    random.Random,
    type,
    types.BuiltinFunctionType,
    types.MethodType,
    types.ModuleType,
    weakref.WeakKeyDictionary,
)
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
    >>> picture(collections.deque([1], maxlen=1)) == picture(collections.deque([1]))
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
        """Which pairs of the arrays and buffers that were seen have a byte in common."""
        pairs = itertools.combinations(enumerate(self._arrays), 2)
        return tuple((i, j) for (i, one), (j, two) in pairs if np.shares_memory(one, two))

    def take(self, value: object) -> Picture:
        """The picture of a value within the whole."""
        kind = type(value).__name__
        if isinstance(value, _PLAIN):
            return (kind, repr(value))
        if (
            place_in_module(value) is not None
        ):  # every kernel has one, and what is in it is looked at where it is read
            return ("one in a kernel", kind)
        if isinstance(value, (tuple, frozenset)) and not hasattr(value, "__dict__"):
            return (kind, *self._parts(value))
        if isinstance(value, types.FunctionType):
            return self._function_once(value)
        seen = self._code if isinstance(value, type) else self._seen
        if id(value) in seen:
            return ("same", seen[id(value)])
        seen[id(value)] = len(seen)
        self._kept.append(value)
        if _is_iterator(value):
            kind = "iterator"  # at its end it is stored as one over an empty list
        taken = (kind, *self._content(value), *self._attributes(value))
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
        """What a value is made of, but for its attributes."""
        if isinstance(value, dict):
            factory = self.take(value.default_factory) if hasattr(value, "default_factory") else ()
            return (factory, *((self.take(k), self.take(v)) for k, v in value.items()))
        if isinstance(value, collections.deque):
            return (value.maxlen, *self._parts(value))
        if isinstance(value, (list, set, tuple, frozenset)):
            return self._parts(value)
        if isinstance(value, _VIEWS):
            return tuple(self.take(part) for part in value)
        if isinstance(value, types.MappingProxyType):
            return (self.take(shown_by(value)),)
        if isinstance(value, (np.ndarray, bytearray, memoryview)):
            return self._memory(value)
        if isinstance(value, DataFrameGroupBy):
            return (repr(value.keys), self.take(value.obj))
        if isinstance(value, (pd.DataFrame, pd.Series)):
            return (*_pandas(value), self.take(value.attrs) if value.attrs else ())
        if isinstance(value, pd.Index):
            return _pandas(value)
        if isinstance(value, BaseException):
            return (self.take(value.args),)
        if isinstance(value, random.Random):
            return (repr(value.getstate()),)
        if isinstance(value, np.random.Generator):
            return (repr(value.bit_generator.state),)
        if _is_iterator(value):
            return self._iterator(value)
        return self._code_content(value)

    def _code_content(self, value: Any) -> Picture:
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
        return ()

    def _attributes(self, value: Any) -> Picture:
        """What a value carries in its ``__dict__`` and in the slots of the notebook's classes."""
        if isinstance(value, _WITHOUT_ATTRIBUTES):
            return ()
        own = getattr(value, "__dict__", None)
        if isinstance(value, (property, staticmethod, classmethod)):
            own = None  # what it wraps carries the same
        if isinstance(value, _Cached):
            mine = sorted(vars(value).items())
            own = {name: each for name, each in mine if name not in _WRITTEN_BY_CACHES}
        slots = tuple(
            (name, self.take(slot.__get__(value)))
            for cls in type(value).__mro__
            if cls.__module__ == "__main__"
            for name, slot in sorted(vars(cls).items())
            if isinstance(slot, types.MemberDescriptorType) and _is_filled(slot, value)
        )
        return (*((self.take(own),) if own else ()), *slots)

    def _memory(self, value: Any) -> Picture:
        """An array or a buffer: what it holds, whether it may be written to, which parts are one."""
        if isinstance(value, np.ndarray):
            array, form = value, [value.dtype.str, value.flags.writeable]
        else:
            array, form = np.asarray(value), []
        self._arrays.append(array)
        form += [array.shape, repr(array.tolist()), *_overlap_within(array)]
        if isinstance(value, memoryview):
            form += [value.format, value.readonly, self.take(value.obj)]
        return tuple(form)

    def _iterator(self, iterator: Any) -> Picture:
        """Where it stands and what it goes over; a generator does not tell."""
        if isinstance(iterator, types.GeneratorType):
            return (iterator.__name__,)
        reduced = tuple(iterator.__reduce__())
        if reduced[1:2] in ((((),),), (([],),)):  # at its end, or over nothing, which is the same
            return ("nothing left",)
        return (self.take(reduced),)

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


def _is_filled(slot: Any, value: object) -> bool:
    try:
        slot.__get__(value)
    except AttributeError:
        return False
    return True


def _overlap_within(array: np.ndarray[Any, Any]) -> Picture:
    """Which elements of an array are one and the same, if any are: a change of one shows in all.

    >>> _overlap_within(np.broadcast_to(np.arange(2), (2, 2)))
    ((0, 1, 0, 1),)
    >>> _overlap_within(np.arange(4).reshape(2, 2).T)
    ()
    """
    steps = zip(np.indices(array.shape), array.strides, strict=True)
    places = sum((index * stride for index, stride in steps), np.zeros(array.shape, dtype=int))
    distinct, which = np.unique(places, return_inverse=True)
    return (tuple(which.ravel().tolist()),) if len(distinct) < array.size else ()


def _pandas(value: Any) -> Picture:
    if isinstance(value, pd.Index):
        return (str(value.dtype), repr(value.tolist()), repr(value.names))
    index = _pandas(value.index)
    if isinstance(value, pd.Series):
        return (str(value.dtype), repr(value.tolist()), repr(value.name), index)
    columns = (_pandas(value.iloc[:, place])[:2] for place in range(value.shape[1]))
    return (_pandas(value.columns), index, *columns)


def _code(code: types.CodeType) -> Picture:
    constants = tuple(_constant(each) for each in code.co_consts)
    # not its bytes: the compiler knows the imports of the same text, and makes use of them
    return (code.co_name, code.co_names, code.co_varnames, constants)


def _constant(value: object) -> Picture:
    if isinstance(value, types.CodeType):
        return _code(value)
    if isinstance(value, frozenset):  # what ``x in {"a", "b"}`` is compiled to
        return ("frozenset", *sorted((_constant(each) for each in value), key=repr))
    if isinstance(value, tuple):
        return ("tuple", *(_constant(each) for each in value))
    return (type(value).__name__, repr(value))


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


def _is_iterator(value: object) -> bool:
    """Whether a value is one of Python's own iterators."""
    return isinstance(value, Iterator) and type(value).__module__ == "builtins"
