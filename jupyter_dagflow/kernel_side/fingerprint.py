"""The fingerprint of a value: the same as long as nobody has changed the value.

The law: it is taken of what a value is, not of how it happens to be kept. What libraries store
lazily beside a value (caches, joined blocks, flags about sortedness) does not count; the order of a
dict and which mutable objects are one and the same do. Taking it changes nothing, runs no code of
the user's classes and never raises: what cannot be looked into counts as itself, by its identity.
Fingerprints are compared within one process only.
"""

from __future__ import annotations

import array
import collections
import contextlib
import enum
import gc
import io
import itertools
import marshal
import pathlib
import random
import sys
import types
import warnings
import weakref
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import TYPE_CHECKING, Any, cast

from . import foreign
from .anatomy import (
    bases,
    has_dict,
    instance_dict,
    is_current_context,
    is_lazy,
    is_of_module,
    is_shared_generator,
    may_be_of_module,
    member,
    members,
    origin,
    root_package,
    slots,
    type_name,
)
from .bundle import new_hasher
from .caches import attributes_of, closure_of

if TYPE_CHECKING:
    Children = Generator[Any, None, None]

_PLAIN = 2  # marshal's version without references: equal values, equal bytes
_ATOMS = frozenset({int, float, complex, str, bytes, bool, type(None), type(...)})
_FLAT = frozenset({list, dict})
_FLUSH_BYTES = 1 << 16
_CHUNK = 1 << 16
# What Python and its libraries keep in a class about it.
_BOOKKEEPING = frozenset(
    {"__dict__", "__weakref__", "__slotnames__", "_abc_impl", "__annotations_cache__"}
)
_HEAP_TYPE = 1 << 9  # Py_TPFLAGS_HEAPTYPE

# Live things that change by being used, and types whose state is all bookkeeping.
_OPAQUE_ROOTS = frozenset(
    {
        "_asyncio",
        "_thread",
        "IPython",
        "asyncio",
        "concurrent",
        "ipykernel",
        "logging",
        "matplotlib",
        "multiprocessing",
        "selectors",
        "socket",
        "sqlite3",
        "ssl",
        "subprocess",
        "threading",
        "zmq",
    }
)
_HOOKS = (
    "__reduce_ex__",
    "__reduce__",
    "__getstate__",
    "__getinitargs__",
    "__getnewargs__",
    "__getnewargs_ex__",
)


def fingerprint(value: Any, *, holders: Iterable[Any] = ()) -> str:
    """The fingerprint of a value, with the name of its algorithm before it.

    The ``holders`` are not looked into: what the value has of them is only that they are these.

    >>> fingerprint([1, {"a": 2}]) == fingerprint([1, {"a": 2}])
    True
    >>> fingerprint([1.0]) == fingerprint([1])
    False
    """
    walk = Walk()
    with collecting_later():
        for holder in holders:
            walk.seen(holder)
        walk.over(value)
    return walk.result()


@contextlib.contextmanager
def collecting_later() -> Iterator[None]:
    """No garbage is collected meanwhile: objects come and go by the million, all looked through each time."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


class _Sink:
    """A hasher that many small pieces can be given to."""

    def __init__(self) -> None:
        self.algorithm, self._hasher = new_hasher()
        self._pending = bytearray()

    def write(self, data: bytes) -> None:
        self._pending += data
        if len(self._pending) > _FLUSH_BYTES:
            self.flush()

    def flush(self) -> None:
        self._hasher.update(self._pending)
        self._pending = bytearray()

    def update(self, memory: Any) -> None:
        self.flush()
        self._hasher.update(memory)

    def digest(self) -> bytes:
        self.flush()
        data: bytes = self._hasher.digest()
        return data


class Walk:
    """One walk over a value, depth first and without recursion.

    What is told of a type is a generator: it writes what it knows itself and yields the objects
    that are to be walked in that place. `foreign` has those of the libraries we know.
    """

    def __init__(self) -> None:
        self._sinks = [_Sink()]
        self._memos: list[dict[int, int]] = [{}]
        self._kept: list[Any] = []
        self._ways: dict[type[Any], Callable[[Walk, Any], Iterator[Any]]] = {}
        self._names: dict[type[Any], bytes] = {}
        self._slots: dict[type[Any], tuple[tuple[str, Any], ...]] = {}

    def over(self, value: Any) -> None:
        """Walk over a value and all that it holds."""
        stack: list[tuple[Any, Iterator[Any], int]] = [(None, iter((value,)), 1)]
        while stack:
            owner, children, depth = stack[-1]
            try:
                for child in children:
                    below = self._below(child)
                    if below is not None:
                        stack.append((child, below, len(self._sinks)))
                        break
                else:
                    stack.pop()
            except Exception:  # noqa: BLE001 -- whatever a library's own code raises
                stack.pop()
                del self._sinks[depth:], self._memos[depth:]
                self.opaque(owner)

    def _below(self, obj: Any) -> Iterator[Any] | None:
        """What is to be walked in an object, if it cannot be told at once."""
        kind = type(obj)
        if kind in _ATOMS:
            self.atom(obj)
            return None
        if kind in _FLAT and len(obj) < _CHUNK and _is_flat(obj):
            if not self.seen(obj):
                self.atom(obj)
            return None
        way = self._ways.get(kind)
        if way is None:
            way = self._ways[kind] = self.way(kind)
        return way(self, obj)

    def result(self) -> str:
        """The fingerprint of all that was walked."""
        sink = self._sinks[0]
        return f"{sink.algorithm}:{sink.digest().hex()}"

    def way(self, kind: type[Any]) -> Callable[[Walk, Any], Iterator[Any]]:
        """How values of a type are told."""
        return _way_for(kind)

    # for whoever tells of a type

    def write(self, data: bytes) -> None:
        """Count these bytes, which must tell themselves where they end."""
        self._sinks[-1].write(data)

    def atom(self, value: Any) -> None:
        """Count a plain value: a number, text, or a tuple of such."""
        self._sinks[-1].write(marshal.dumps(value, _PLAIN))

    def memory(self, memory: Any) -> None:
        """Count a contiguous stretch of memory, which is not copied."""
        view = memoryview(memory).cast("B") if memoryview(memory).nbytes else memoryview(b"")
        self.atom(view.nbytes)
        self._sinks[-1].update(view)

    def kind(self, kind: type[Any]) -> None:
        """Count a type, by its name."""
        name = self._names.get(kind)
        if name is None:
            name = self._names[kind] = b"T" + marshal.dumps(type_name(kind), _PLAIN)
        self._sinks[-1].write(name)

    def keep(self, temporary: Any) -> Any:
        """Keep an object made for the walk, so that no other gets its identity meanwhile."""
        self._kept.append(temporary)
        return temporary

    def seen(self, obj: Any) -> bool:
        """Whether a mutable object has been walked before; if so, that is what counts of it."""
        key = id(obj)
        for level, memo in enumerate(self._memos):
            number = memo.get(key)
            if number is not None:
                self.write(b"@%d.%d;" % (level, number))
                return True
        memo = self._memos[-1]
        memo[key] = len(memo)
        return False

    def knows(self, obj: Any) -> bool:
        """Whether an object has been walked before, or is being walked."""
        return any(id(obj) in memo for memo in self._memos)

    def opaque(self, obj: Any) -> None:
        """Count an object by its identity."""
        self.kind(type(obj))
        self.write(b"#%d;" % id(obj))

    def items(self, items: list[Any] | tuple[Any, ...]) -> Iterator[Any]:
        """Count a list, walking what in it is not plain."""
        self.write(b"[%d;" % len(items))
        for start in range(0, len(items), _CHUNK):
            part = items if len(items) <= _CHUNK else items[start : start + _CHUNK]
            kinds = set(map(type, part))
            if kinds <= _ATOMS:
                self.atom(part)
            elif kinds == {tuple}:
                yield from self._rows(list(part))
            else:
                yield from part

    def _rows(self, rows: list[tuple[Any, ...]]) -> Iterator[Any]:
        """Tuples of plain values, many at a time."""
        if _ATOMS.issuperset(map(type, itertools.chain.from_iterable(rows))):
            self.atom(rows)
        else:
            yield from rows

    def unordered(self, items: list[Any]) -> Children:
        """Count what has no order: each by a digest of its own, and these sorted."""
        if set(map(type, items)) in ({str}, {int}):
            self.atom(sorted(items))
            return
        digests = []
        for item in items:
            if type(item) in _ATOMS:
                digests.append(marshal.dumps(item, _PLAIN))
                continue
            self._sinks.append(_Sink())
            self._memos.append({})
            yield item
            self._memos.pop()
            digests.append(b"D" + self._sinks.pop().digest())
        self.atom(sorted(digests))

    def attributes(self, obj: Any, *, without: frozenset[str] = frozenset()) -> Children:
        """Walk what an instance has in its ``__dict__`` and its slots; their order is nothing."""
        kind = type(obj)
        state = instance_dict(obj)
        if state:
            names = [name for name in state if type(name) is str]
            lazy = {name for name in names if is_lazy(kind, name)}
            for name in sorted(names):
                if name not in lazy and name not in without:
                    self.atom(name)
                    yield state[name]
        if kind not in self._slots:
            self._slots[kind] = slots(kind)
        for name, slot in self._slots[kind]:
            if name not in without:
                try:
                    value = slot.__get__(obj, kind)
                except AttributeError:
                    continue
                self.atom(name)
                yield self.keep(value)


def _is_flat(obj: Any) -> bool:
    """Whether an exact list or dict holds plain values only."""
    if type(obj) is dict and not _ATOMS.issuperset(map(type, obj.values())):
        return False
    return _ATOMS.issuperset(map(type, obj))


def _is_ours_to_call(hook: Any) -> bool:
    """Whether this is compiled code of a library and not Python that anybody may have written."""
    return type(hook) not in (types.FunctionType, staticmethod, classmethod, property)


def _way_for(kind: type[Any]) -> Callable[[Walk, Any], Iterator[Any]]:
    way = _way_by_type(kind)
    if issubclass(kind, BaseException):
        return _with_origins(way)
    special = may_be_of_module(kind) or type_name(kind) == "decimal.Context"
    return _unless_of_module(way) if special else way


def _with_origins(way: Callable[[Walk, Any], Iterator[Any]]) -> Callable[[Walk, Any], Children]:
    """An exception has what it came from, too, as it is handed over with that."""

    def tell(walk: Walk, error: BaseException) -> Children:
        told = walk.knows(error)
        yield from way(walk, error)
        if not told:
            walk.atom(error.__suppress_context__)
            yield from (error.__cause__, error.__context__)

    return tell


def _unless_of_module(way: Callable[[Walk, Any], Iterator[Any]]) -> Callable[[Walk, Any], Children]:
    """Draws from a generator that every kernel has, and settings of ``decimal``, are told apart from changes."""

    def tell(walk: Walk, obj: Any) -> Children:
        if not (is_shared_generator(obj) or is_current_context(obj)):
            yield from way(walk, obj)
        else:
            walk.kind(type(obj))

    return tell


def _way_by_type(kind: type[Any]) -> Callable[[Walk, Any], Iterator[Any]]:
    known = foreign.way_for(kind)
    if known is not None:
        return known
    for base, way in _WAYS:
        if issubclass(kind, base):
            return way
    if root_package(kind) in _OPAQUE_ROOTS:
        return _opaque
    hooks = [member(kind, name) for name in _HOOKS]
    if all(map(_is_ours_to_call, hooks)):
        if hooks[0] is not object.__reduce_ex__ or hooks[1] is not object.__reduce__:
            return _reduced
        if hooks[2] is not None and hooks[2] is not getattr(object, "__getstate__", None):
            return _with_state
    return _instance


# Each of these writes what it can tell of an object and gives what is to be walked in it.


def _opaque(walk: Walk, obj: Any) -> Children:
    walk.opaque(obj)
    return
    yield


def _instance(walk: Walk, obj: Any) -> Children:
    if walk.seen(obj):
        return
    kind = type(obj)
    walk.kind(kind)
    if has_dict(kind) or slots(kind):
        yield from walk.attributes(obj)
    elif kind.__basicsize__ != object.__basicsize__ or not kind.__flags__ & _HEAP_TYPE:
        walk.opaque(obj)  # it has something, where we cannot see it
    walk.write(b";")


def _reduced(walk: Walk, obj: Any) -> Children:
    """What compiled code can tell of its objects for pickling."""
    if walk.seen(obj):
        return
    walk.kind(type(obj))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Python 3.12 and later: itertools will not always tell
        reduced = walk.keep(member(type(obj), "__reduce_ex__").__get__(obj)(2))
    if type(reduced) is str:
        walk.atom(reduced)
        return
    yield from reduced[:3]
    for further in reduced[3:5]:  # iterators over items
        yield walk.keep(list(further)) if further is not None else None


def _with_state(walk: Walk, obj: Any) -> Children:
    if walk.seen(obj):
        return
    walk.kind(type(obj))
    yield walk.keep(member(type(obj), "__getstate__").__get__(obj)())


def _rest(walk: Walk, obj: Any, base: type[Any]) -> Children:
    """What an instance of a subclass of a built-in type has besides."""
    if type(obj) is not base:
        yield from walk.attributes(obj)
        walk.write(b";")


INSTANCE_WAYS = frozenset({_instance, _with_state})
"""Of objects whose classes say nothing of how they are to be told."""


def _list(walk: Walk, obj: Any) -> Children:
    if walk.seen(obj):
        return
    walk.kind(type(obj))
    yield from walk.items(obj if type(obj) is list else walk.keep(list(list.__iter__(obj))))
    yield from _rest(walk, obj, list)


def _tuple(walk: Walk, obj: Any) -> Children:
    """A tuple; one that holds only plain values is told again wherever it is met."""
    if type(obj) is tuple and _ATOMS.issuperset(map(type, obj)):
        walk.atom(obj)
        return
    if walk.seen(obj):
        return
    walk.kind(type(obj))
    yield from walk.items(obj if type(obj) is tuple else walk.keep(tuple(tuple.__iter__(obj))))
    yield from _rest(walk, obj, tuple)


def _dict(walk: Walk, obj: Any) -> Children:
    if walk.seen(obj):
        return
    walk.kind(type(obj))
    ordered = issubclass(type(obj), collections.OrderedDict)
    base: Any = collections.OrderedDict if ordered else dict
    keys = list(base.keys(obj))
    yield from walk.items(walk.keep(keys))
    yield from walk.items(walk.keep(list(base.values(obj))))
    yield from _rest(walk, obj, dict)


def _set(walk: Walk, obj: Any) -> Children:
    if walk.seen(obj):
        return
    walk.kind(type(obj))
    base: Any = set if issubclass(type(obj), set) else frozenset
    yield from walk.unordered(walk.keep(list(base.__iter__(obj))))
    yield from _rest(walk, obj, base)


def _deque(walk: Walk, obj: Any) -> Children:
    if walk.seen(obj):
        return
    walk.kind(type(obj))
    walk.atom(collections.deque.maxlen.__get__(obj))
    yield from walk.items(walk.keep(list(collections.deque.__iter__(obj))))
    yield from _rest(walk, obj, collections.deque)


def _enum(walk: Walk, obj: Any) -> Children:
    walk.kind(type(obj))
    yield instance_dict(obj).get("_value_")


def _plain_subclass(base: Any, plain: Callable[[Any], Any]) -> Callable[[Walk, Any], Children]:
    """The way for subclasses of numbers and text."""

    def way(walk: Walk, obj: Any) -> Children:
        if walk.seen(obj):
            return
        walk.kind(type(obj))
        walk.atom(plain(obj))
        yield from _rest(walk, obj, base)

    return way


def _parts(value: complex) -> tuple[float, float]:
    return complex.real.__get__(value), complex.imag.__get__(value)


def _buffer(walk: Walk, obj: Any) -> Children:
    if walk.seen(obj):
        return
    walk.kind(type(obj))
    if type(obj) is array.array:
        walk.atom(obj.typecode)
    with memoryview(obj) as view:
        walk.atom((view.format, tuple(view.shape or ())))
        walk.memory(view if view.c_contiguous else view.tobytes())
    if has_dict(type(obj)):
        yield from walk.attributes(obj)
    walk.write(b";")


def _range(walk: Walk, obj: Any) -> Children:
    walk.kind(type(obj))
    yield from (obj.start, obj.stop, obj.step)


def _module(walk: Walk, module: types.ModuleType) -> Children:
    """A module, which is what it is called."""
    walk.kind(type(module))
    walk.atom(str(types.ModuleType.__getattribute__(module, "__name__")))
    return
    yield


def _class(walk: Walk, cls: type[Any]) -> Children:
    """A class: by its name if a module has it, else what it is made of and what it holds."""
    walk.kind(type(cls))
    walk.atom(type_name(cls))
    if _is_of_module(cls) or issubclass(type(cls), enum.EnumMeta) or walk.seen(cls):
        return  # an enumeration remembers the members that are combined
    yield type(cls)
    yield bases(cls)
    held = members(cls)
    for name in sorted(name for name in held if type(name) is str):
        if name not in _BOOKKEEPING:
            walk.atom(name)
            yield held[name]
    walk.write(b";")


def _function(walk: Walk, function: types.FunctionType) -> Children:
    """A function: by its name if a module has it, else its code and all that goes with it."""
    walk.kind(types.FunctionType)
    walk.atom(f"{function.__module__}.{function.__qualname__}")
    if _is_of_module(function) or walk.seen(function):
        return
    walk.write(marshal.dumps(function.__code__, _PLAIN))
    yield function.__defaults__
    yield function.__kwdefaults__
    for _, cell in closure_of(function):
        yield cell
    for name, value in sorted(attributes_of(function).items(), key=lambda item: item[0]):
        walk.atom(name)
        yield value
    walk.write(b";")


def _is_of_module(code: types.FunctionType | type[Any]) -> bool:
    """Whether a function or class is found where it says that it is from, and that is not the notebook."""
    is_class = issubclass(type(code), type)
    name, path = origin(cast("type", code)) if is_class else (code.__module__, code.__qualname__)
    module = sys.modules.get(name) if type(name) is str else None
    found: Any = None
    if module is not None and name != "__main__":
        first, *rest = path.split(".")
        found = vars(module).get(first)
        for part in rest:
            found = members(found).get(part) if issubclass(type(found), type) else None
    return found is code


def _code(walk: Walk, code: types.CodeType) -> Children:
    walk.write(marshal.dumps(code, _PLAIN))
    return
    yield


def _cell(walk: Walk, cell: types.CellType) -> Children:
    if walk.seen(cell):
        return
    walk.write(b"C")
    try:
        contents = cell.cell_contents
    except ValueError:  # not filled yet
        return
    yield contents


def _method(walk: Walk, method: types.MethodType) -> Children:
    walk.write(b"M")
    if is_of_module(method):
        walk.atom(method.__name__)
        return
    yield method.__func__
    yield method.__self__


def _builtin(walk: Walk, function: types.BuiltinFunctionType) -> Children:
    walk.write(b"B")
    walk.atom(function.__name__)
    if not issubclass(type(function.__self__), types.ModuleType) and not is_of_module(function):
        yield function.__self__


def _random(walk: Walk, generator: random.Random) -> Children:
    if walk.seen(generator):
        return
    walk.kind(type(generator))
    if not issubclass(type(generator), random.SystemRandom):
        walk.atom(super(random.Random, generator).getstate())
    yield from walk.attributes(generator)
    walk.write(b";")


def _text_file(walk: Walk, file: Any) -> Children:
    if walk.seen(file):
        return
    if type(file) not in (io.StringIO, io.BytesIO) or file.closed:
        walk.opaque(file)
        return
    walk.kind(type(file))
    walk.atom(file.getvalue())
    walk.atom(file.tell())
    yield from walk.attributes(file)
    walk.write(b";")


def _path(walk: Walk, path: pathlib.PurePath) -> Children:
    walk.kind(type(path))
    walk.atom(pathlib.PurePath.__str__(path))
    return
    yield


def _weak(walk: Walk, obj: Any) -> Children:
    walk.kind(type(obj))
    return
    yield


_WAYS: tuple[tuple[type[Any], Callable[[Walk, Any], Iterator[Any]]], ...] = (
    (enum.Enum, _enum),
    (list, _list),
    (tuple, _tuple),
    (dict, _dict),
    (set, _set),
    (frozenset, _set),
    (collections.deque, _deque),
    (str, _plain_subclass(str, str.__str__)),
    (int, _plain_subclass(int, int.__int__)),
    (float, _plain_subclass(float, float.__float__)),
    (complex, _plain_subclass(complex, _parts)),
    (bytes, _buffer),
    (bytearray, _buffer),
    (memoryview, _buffer),
    (array.array, _buffer),
    (range, _range),
    (slice, _range),
    (type, _class),
    (types.ModuleType, _module),
    (types.FunctionType, _function),
    (types.CodeType, _code),
    (types.CellType, _cell),
    (types.MethodType, _method),
    (types.BuiltinFunctionType, _builtin),
    (types.GeneratorType, _opaque),
    (random.Random, _random),
    (io.IOBase, _text_file),
    (pathlib.PurePath, _path),
    (weakref.ReferenceType, _weak),
)
