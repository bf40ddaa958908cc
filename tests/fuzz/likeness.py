"""Pictures of values: two values are alike if their pictures are equal.

The law: a picture tells all that a later cell could find out. Content with types, what any object
carries beside its content (attributes, slots, observers, where an exception came from), which of the
objects within a value are one and the same, which arrays and buffers share memory; `Album` tells that of
several values. It does not tell addresses, nor the order of a set, nor what only caches hold. Functions and
classes are pictured by what they are made of.

`jupyter_dagflow.kernel_side.comparison` looks at two values side by side, which a kernel that goes on cannot
offer: so both are held to one table of what is to be told apart (`test_likeness`), and share what knows where
things are kept.
"""

from __future__ import annotations

import collections
import datetime
import enum
import functools
import itertools
import pathlib
import random
import types
import weakref
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import traitlets
from pandas.api.typing import DataFrameGroupBy

from jupyter_dagflow.kernel_side.anatomy import place_in_module, shown_by, slot_values
from jupyter_dagflow.kernel_side.caches import attributes_of, closure_of, parameters_of
from jupyter_dagflow.kernel_side.comparison_code import NOT_CODE, given_to_cached, instructions
from jupyter_dagflow.kernel_side.comparison_sharing import can_change
from jupyter_dagflow.kernel_side.observers import observers_of

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
    weakref.ref,
    weakref.WeakKeyDictionary,
    weakref.WeakSet,
    weakref.WeakValueDictionary,
)
# Of what else has slots they are told by the content, or nobody's to see.
_SLOTS_OF = ("__main__", "dataclasses")
Picture = tuple[object, ...]


def picture(value: object, *, aliases: bool = True) -> Picture:
    """The picture of one value; ``aliases`` within it count, or do not.

    >>> a = []; picture([a, a]) == picture([[], []])
    False
    >>> picture(collections.deque([1], maxlen=1)) == picture(collections.deque([1]))
    False
    """
    return album({"": value}, aliases=aliases).pictures[""]


class Album(NamedTuple):
    """Pictures of variables; and which pairs of them have what in common, by where it is in each."""

    pictures: Mapping[str, Picture]
    common: Mapping[tuple[str, str], Picture]


def album(values: Mapping[str, object], *, aliases: bool = True) -> Album:
    """The pictures of variables, which tell what they have in common if ``aliases`` count.

    >>> a = []; album(dict(a=a, b=a)) == album(dict(a=[], b=[]))
    False
    >>> x = np.arange(3); album(dict(x=x, y=x[:1])) == album(dict(x=x, y=x[:1].copy()))
    False
    """
    cameras = {name: _Camera(aliases=aliases) for name in values}
    taken = {name: camera.take(values[name]) for name, camera in cameras.items()}
    pictures = {n: (taken[n], cameras[n].shared_memory() if aliases else ()) for n in cameras}
    pairs = itertools.combinations(sorted(cameras) if aliases else (), 2)
    common = {(a, b): cameras[a].in_common(cameras[b]) for a, b in pairs}
    return Album(pictures, {pair: found for pair, found in common.items() if found != ((), ())})


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

    def in_common(self, other: _Camera) -> Picture:
        """Which objects that can change both have seen, and which of their arrays have a byte in common."""
        mine, theirs = self._changing(), other._changing()
        objects = sorted((mine[each], theirs[each]) for each in mine.keys() & theirs.keys())
        pairs = itertools.product(enumerate(self._arrays), enumerate(other._arrays))
        shared = tuple((i, j) for (i, one), (j, two) in pairs if np.shares_memory(one, two))
        return tuple(objects), shared

    def _changing(self) -> dict[int, int]:
        kept = {id(each): each for each in self._kept}
        return {key: place for key, place in self._seen.items() if can_change(type(kept[key]))}

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
        if isinstance(value, traitlets.EventHandler):  # a method of its class
            return (kind, *_Camera(self._code, aliases=self._aliases)._attributes(value))
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
            return (*map(self.take, (value.args, value.__cause__, value.__context__)),)
        if isinstance(value, weakref.ref):
            return (self.take(value()),)
        if isinstance(value, weakref.WeakSet):
            return self._parts({*value})
        if isinstance(value, (weakref.WeakKeyDictionary, weakref.WeakValueDictionary)):
            return tuple((self.take(k), self.take(v)) for k, v in value.items())
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
            return (*map(self.take, (value.fget, value.fset, value.fdel, value.__doc__)),)
        if isinstance(value, (staticmethod, classmethod)):
            return (self.take(value.__func__),)
        if isinstance(value, (types.ModuleType, types.BuiltinFunctionType)):
            return (value.__name__,)
        if isinstance(value, _Cached):
            return (self.take(value.__wrapped__), repr(parameters_of(value)))
        return ()

    def _attributes(self, value: Any) -> Picture:
        """What a value carries in its ``__dict__`` and its slots, and who observes it."""
        if isinstance(value, _WITHOUT_ATTRIBUTES):
            return ()
        own = getattr(value, "__dict__", None)
        if isinstance(value, (property, staticmethod, classmethod)):
            own = None  # what it wraps carries the same
        if isinstance(value, _Cached):
            own = given_to_cached(value)
        if isinstance(value, enum.Enum):
            own = dict(vars(value))  # of a member, which each kernel has, nobody else has the dict
        slotted = isinstance(value, BaseException) or type(value).__module__ in _SLOTS_OF
        slots = sorted(slot_values(value), key=lambda slot: slot[0]) if slotted else []
        if isinstance(value, AttributeError):  # the object that was asked is not handed over
            slots = [slot for slot in slots if slot[0] != "obj"]
        observers = observers_of(value) if own else ()
        return (
            *((self.take(own),) if own else ()),
            *((name, self.take(each)) for name, each in slots),
            *(self.take(each) for each in observers),
        )

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
        own = attributes_of(function)
        return (
            function.__name__,
            function.__qualname__,
            function.__doc__,
            _code(function.__code__),
            self._alone(function.__defaults__),
            self._alone(function.__kwdefaults__),
            self._alone(function.__annotations__),
            self.take(own) if own else (),
            *(self._cell(cell) for _, cell in closure_of(function)),
        )

    def _cell(self, cell: types.CellType) -> Picture:
        try:
            return self.take(cell.cell_contents)
        except ValueError:  # not filled yet
            return ("empty",)

    def _class(self, cls: type) -> Picture:
        if cls.__module__ != "__main__":
            return (cls.__module__, cls.__qualname__)
        own = {
            name: value
            for name, value in vars(cls).items()
            if name not in NOT_CODE
            and not isinstance(value, (types.MemberDescriptorType, types.GetSetDescriptorType))
            # cloudpickle leaves out what a base has as well
            and not any(vars(base).get(name) is value for base in cls.__mro__[1:])
        }
        return (
            cls.__qualname__,
            self._alone(getattr(cls, "__annotations__", {})),
            tuple(self.take(base) for base in cls.__bases__),
            # each by itself: a definition makes its own data anew, and nobody changes it
            *((name, self._alone(value)) for name, value in sorted(own.items())),
        )


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


@functools.lru_cache(maxsize=10_000)
def _code(code: types.CodeType) -> Picture:
    constants = tuple(_constant(each) for each in code.co_consts)
    return (code.co_name, code.co_names, code.co_varnames, constants, tuple(instructions(code)))


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
