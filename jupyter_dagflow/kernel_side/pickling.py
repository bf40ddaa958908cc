"""Turning a value into a pickle and the memory beside it, with the notebook's meaning of names.

The law: plain pickle where it can, cloudpickle where it must, an error with a reason where neither
gives the value back as it was. Definitions travel by name (`definitions`); other functions by
value, their globals found where they arrive. What would silently become something else (an open
file) is refused.
"""

from __future__ import annotations

import contextlib
import copyreg
import enum
import functools
import gc
import importlib.util
import inspect
import io
import marshal
import os
import pickle
import sys
import types
from collections.abc import Callable
from typing import Any, NoReturn

from . import rebuild
from .anatomy import (
    dict_of,
    instance_dict,
    is_current_context,
    is_of_module,
    lineage,
    may_be_of_module,
    member,
    members,
    place_in_module,
    root_package,
    shown_by,
    slot_values,
)
from .arrays import (
    Place,
    bytes_of_others,
    copy_of_span,
    is_derived,
    is_row,
    memory_between,
    overlaps_itself,
    owner_of,
    place_of,
    reduce_derived,
    reduce_row,
    span_of,
    stepped_copy,
    stepped_copy_of_objects,
    within,
)
from .caches import Cached, calls_of, dispatches, own_attributes, parameters_of, registered_with
from .definitions import Definitions, found_by_name, names_in
from .observers import observers_of
from .sets import Ordered, out_of_order

_BACKWARDS: Any = type(reversed([]))
_VIEWS = {type({}.keys()): "keys", type({}.values()): "values", type({}.items()): "items"}
_OF_A_NAME = (AttributeError, NameError)
_OF_TYPES = (types.BuiltinMethodType, types.MethodWrapperType)
_DESCRIBING = (types.MethodDescriptorType, types.WrapperDescriptorType)
_FUNCTION_ATTRIBUTES = (
    "__defaults__",
    "__kwdefaults__",
    "__doc__",
    "__qualname__",
    "__module__",
    "__annotations__",
    "__type_params__",
)


class Refused(Exception):
    """This value cannot be handed over; the text says why."""


class Pickled:
    """A value as bytes, with the buffers that go beside them and what was seen on the way.

    ``by_name`` are the notebook names it refers to, ``looked_up`` those that code within it may
    look up, ``functions`` the ids of the functions within it that travel by value.
    ``strided`` are its arrays with steps, or of objects, which are copied unless `dump` is told that
    they share memory, by their `place_of`.
    """

    def __init__(self) -> None:
        self.data = b""
        self.buffers: list[pickle.PickleBuffer] = []
        self.by_name: set[str] = set()
        self.looked_up: set[str] = set()
        self.functions: set[int] = set()
        self.strided: list[Any] = []
        self.cloudpickle = False
        self.pickler: Any = None

    @property
    def size(self) -> int:
        """How many bytes it takes, about."""
        return len(self.data) + sum(buffer.raw().nbytes for buffer in self.buffers)

    def seen(self) -> dict[int, tuple[int, Any]]:
        """Every object that the pickle holds by identity, as id to (number, object).

        They live as long as this does, so an id means the same object in all that were pickled.
        """
        memo: dict[int, tuple[int, Any]] = self.pickler.memo.copy()
        return memo


def dump(
    value: Any,
    definitions: Definitions,
    *,
    cloudpickle: Callable[[], Any],
    sharing: frozenset[Place] = frozenset(),
) -> Pickled:
    """Pickle a value; raises `Refused`.

    ``cloudpickle`` gives that module, or None, when it is first needed. ``sharing`` are the places
    of arrays with steps whose memory others in the same value share: they are stored over that
    memory, not copied.
    """
    try:
        return _dump(value, definitions, pickle.Pickler, sharing)
    except Refused:
        raise
    except Exception as error:  # noqa: BLE001 -- whatever a value's own reduce raises
        module = cloudpickle()
        if module is None:
            _refuse(error)
    try:
        pickled = _dump(value, definitions, module.CloudPickler, sharing)
    except Refused:
        raise
    except Exception as error:  # noqa: BLE001
        _refuse(error)
    pickled.cloudpickle = True
    return pickled


def borrow_cloudpickle(lent: str = "") -> Any:
    """The kernel's own cloudpickle, else the one lent as a folder, else None."""
    try:
        return importlib.import_module("cloudpickle")
    except ImportError:
        pass
    spec = importlib.util.spec_from_file_location(
        "cloudpickle", os.path.join(lent, "__init__.py"), submodule_search_locations=[lent]
    )
    if not lent or spec is None or spec.loader is None:
        return None
    module = importlib.util.module_from_spec(spec)
    sys.modules["cloudpickle"] = module
    try:
        spec.loader.exec_module(module)
    except (ImportError, SyntaxError, OSError):
        del sys.modules["cloudpickle"]
        return None
    return module


def _refuse(error: BaseException) -> NoReturn:
    reason = str(error) or type(error).__name__
    raise Refused(reason[:1].lower() + reason[1:]) from None


def _dump(
    value: Any,
    definitions: Definitions,
    base: type[Any],
    sharing: frozenset[Place],
    tried: dict[int, BaseException | None] | None = None,
) -> Pickled:
    pickled = Pickled()
    file = io.BytesIO()
    pickler = _make_pickler(base)(file, protocol=5, buffer_callback=pickled.buffers.append)
    tried = {} if tried is None else tried
    pickler.rules = _Rules(definitions, pickled, sharing=sharing, base=base, tried=tried)
    pickler.dump(value)
    pickled.pickler = pickler
    pickled.data = file.getvalue()
    if type(value) is not Ordered and pickle.EMPTY_SET in pickled.data:
        orders = list(out_of_order(obj for _, obj in pickled.seen().values()))
        if orders:
            return _dump(Ordered(value, orders), definitions, base, sharing, tried)
    return pickled


def _make_pickler(base: Any) -> type[Any]:
    """That pickler with our rules first; its own come where ours have nothing to say."""
    fallback = getattr(base, "reducer_override", None)

    class NotebookPickler(base):  # type: ignore[misc]
        rules: _Rules

        def reducer_override(self, obj: Any) -> Any:
            reduced = self.rules.reduce(obj)
            if reduced is not None:
                return reduced
            reduced = fallback(self, obj) if fallback else NotImplemented
            if type(reduced) is not tuple or not isinstance(obj, type):
                return reduced
            as_made = _with_members if isinstance(obj, enum.EnumMeta) else _quiet
            return as_made(obj, *reduced)

    return NotebookPickler


class _Rules:
    """How objects of a notebook are reduced; None means that the pickler's own way is right."""

    def __init__(
        self,
        definitions: Definitions,
        pickled: Pickled,
        *,
        sharing: frozenset[Place],
        base: type[Any],
        tried: dict[int, BaseException | None],
    ) -> None:
        self._definitions = definitions
        self._base = base
        self._by_value = base is not pickle.Pickler
        self._tried = tried  # where exceptions came from, by id; None for what cannot travel
        self._pickled = pickled
        self._sharing = sharing
        self._dicts: dict[type[Any], Any] = {}
        self._observable: dict[type[Any], bool] = {}

    def reduce(self, obj: Any) -> Any:
        """The reduced value, NotImplemented for pickle's default, or None."""
        kind = type(obj)
        if kind is Ordered:
            return rebuild.in_order, tuple(obj)
        if kind is types.FunctionType:
            if self._by_name(obj):
                return self._named(obj)
            return _generic(obj) if dispatches(obj) else self._function(obj)
        if kind is Cached:
            return self._named(obj) if self._by_name(obj) else self._cached(obj)
        if issubclass(kind, type):
            return self._named(obj) if self._by_name(obj) else self._class(obj)
        if kind is functools.cached_property:
            return rebuild.make_cached_property, (obj.func, obj.attrname)
        if kind in (types.MethodType, types.BuiltinMethodType) and is_of_module(obj):
            module, _ = place_in_module(obj.__self__) or ("", "")
            of_module = getattr(sys.modules[module], obj.__name__, None) is obj
            return getattr, (sys.modules[module] if of_module else obj.__self__, obj.__name__)
        if kind is types.MethodType and not _finds_its_function(obj):
            found = _place_of_function(obj)
            if found is not None:
                return rebuild.bound, (obj.__self__, *found)
            return types.MethodType, (obj.__func__, obj.__self__)
        if kind in _OF_TYPES:
            owner = _type_of_method(obj)
            if owner is not None:
                return rebuild.bound, (obj.__self__, owner, obj.__name__)
        if may_be_of_module(kind):
            place = place_in_module(obj)
            if place is not None:
                return getattr, (sys.modules[place[0]], place[1])
        if is_current_context(obj):
            return sys.modules["decimal"].getcontext, ()
        if kind is object:
            return rebuild.marker, (self._definitions.label_of(obj),)
        if kind is types.GeneratorType and obj.gi_frame is None:
            return rebuild.ended_generator, (obj.__name__, obj.__qualname__)
        if kind is contextlib._GeneratorContextManager and _is_new(obj.gen):  # noqa: SLF001 -- nothing else names it
            return kind, (obj.func, obj.args, obj.kwds)
        if kind is types.CellType:
            return rebuild.empty_cell, ()
        if kind is types.ModuleType:
            return self._module(obj)
        if kind is memoryview:
            return _memory(obj)
        if kind is _BACKWARDS and _is_beyond(obj):
            return rebuild.backwards, (gc.get_referents(obj)[0], obj.__reduce__()[2])
        if kind in _VIEWS:
            return rebuild.view, (gc.get_referents(obj)[0], _VIEWS[kind])
        if kind is types.MappingProxyType:
            return _proxy(obj)
        if kind.__name__ == "ndarray" and kind.__module__ == "numpy":
            return self._array(obj)
        if is_derived(kind):
            return reduce_derived(obj)
        if is_row(obj):
            return reduce_row(obj)
        if root_package(kind) == "pandas":
            return self._pandas(obj)
        if isinstance(obj, io.IOBase) and not isinstance(obj, (io.BytesIO, io.StringIO)):
            raise Refused("it holds an open file ({})".format(getattr(obj, "name", kind.__name__)))
        reduced = self._instance(obj, kind)
        if _is_made_by_own_code(kind):
            reduced = _quietly_made(obj, kind, reduced)
        if isinstance(obj, BaseException):
            return self._with_origins(obj, reduced)
        if kind not in self._observable:
            self._observable[kind] = member(kind, "_add_notifiers") is not None
        return _with_observers(obj, reduced) if self._observable[kind] else reduced

    def _with_origins(self, error: Any, reduced: Any) -> Any:
        """An exception with what pickle leaves out: those that it came from, and the name that was not there."""
        given = {"__cause__": error.__cause__, "__context__": error.__context__}
        name = getattr(error, "name", None) if isinstance(error, _OF_A_NAME) else None
        if all(each is None for each in (*given.values(), name)) and not error.__suppress_context__:
            return reduced
        taken_apart = reduced or error.__reduce_ex__(pickle.HIGHEST_PROTOCOL)
        if type(taken_apart) is not tuple:
            return reduced
        make, arguments, *items = taken_apart
        state, *rest = items or (None,)
        if any(each is not None for each in rest[:2]):  # of what is a list or dict as well
            return reduced
        set_state = rest[2] if len(rest) > 2 else None
        origins: dict[str, Any] = {key: self._origin(each) for key, each in given.items()}
        origins["__suppress_context__"] = error.__suppress_context__  # which a cause sets
        if name is not None:
            origins["name"] = name
        return make, arguments, (set_state, state, origins), None, None, rebuild.set_origins

    def _origin(self, origin: BaseException | None) -> BaseException | None:
        """What an exception came from, unless that cannot travel: few look at it, and all would be refused."""
        if origin is None or id(origin) in self._tried:
            return self._tried.get(id(origin))
        self._tried[id(origin)] = origin
        try:
            _dump(origin, self._definitions, self._base, self._sharing, self._tried)
            if root_package(type(origin)) not in (rebuild.MAIN, "builtins"):
                pickle.loads(pickle.dumps(origin))  # noqa: S301 -- our own; many are made in another way than they tell
        except Exception as error:
            if not self._by_value and not isinstance(error, Refused):
                del self._tried[id(origin)]
                raise  # it may travel with cloudpickle
            self._tried[id(origin)] = None
        return self._tried[id(origin)]

    def _by_name(self, obj: Any) -> bool:
        """Whether the object travels by its name, which is pickle's way."""
        qualname = getattr(obj, "__qualname__", "")
        if obj.__module__ == rebuild.MAIN:
            known = self._definitions.has(obj, qualname)
            if known:
                self._pickled.by_name.add(qualname.partition(".")[0])
            return known
        return found_by_name(obj)

    def _named(self, obj: Any) -> Any:
        """What travels by name; pickle's own way asks what the name means by now."""
        if obj.__module__ != rebuild.MAIN:
            return NotImplemented
        return rebuild.named, (obj.__qualname__,)

    def _class(self, cls: type[Any]) -> Any:
        if cls.__module__ == rebuild.MAIN and not self._by_value:
            # Plain pickle would send the name, and whoever loads it may have no such class.
            raise pickle.PicklingError(f"class {cls.__qualname__} can only travel with cloudpickle")
        return None

    def _function(self, function: types.FunctionType) -> Any:
        module = self._home(function)
        if module is None and function.__module__ == rebuild.MAIN and not self._by_value:
            # As those that `%run` has made: by their name nobody would find them.
            raise pickle.PicklingError(f"{function.__qualname__} can only travel with cloudpickle")
        if module is None:
            return None
        code = function.__code__
        self._pickled.looked_up |= names_in(code)
        self._pickled.functions.add(id(function))
        cells = function.__closure__ or ()
        state: dict[str, Any] = {"cells": list(_contents(cells)), "dict": vars(function)}
        for name in _FUNCTION_ATTRIBUTES:
            try:
                state[name] = getattr(function, name)
            except (AttributeError, NameError):  # not in this Python; or annotations not yet known
                continue
        python = (sys.version_info[0], sys.version_info[1])
        arguments = (python, marshal.dumps(code), module, function.__name__, cells)
        return rebuild.make_function, arguments, state, None, None, rebuild.set_function

    def _home(self, function: types.FunctionType) -> str | None:
        """The module whose globals the function uses, if it is one that can be found again."""
        if function.__globals__ is self._definitions.namespace:
            return rebuild.MAIN
        name = function.__globals__.get("__name__")
        module = sys.modules.get(name) if isinstance(name, str) else None
        return name if module is not None and vars(module) is function.__globals__ else None

    def _cached(self, cached: Any) -> Any:
        arguments = (cached.__wrapped__, parameters_of(cached))
        if not cached.cache_info().misses:
            return rebuild.make_cached, arguments, vars(cached), None, None, rebuild.set_own_dict
        state = (list(calls_of(cached)), *cached.cache_info()[:2], vars(cached))
        return rebuild.make_kept, arguments, state, None, None, rebuild.set_kept

    def _module(self, module: types.ModuleType) -> Any:
        if sys.modules.get(module.__name__) is not module or module.__name__ == rebuild.MAIN:
            raise Refused(f"it holds a module that cannot be imported by name ({module.__name__})")
        return importlib.import_module, (module.__name__,)

    def _pandas(self, obj: Any) -> Any:
        """A piece of a table that is copied when it is written to, with the others it is one with.

        pandas keeps books of who shares its memory until then (`BlockValuesRefs`), and leaves them
        out of its pickles: what was apart would write to each other's memory.
        """
        kind = type(obj)
        if "_attrs" in instance_dict(obj):
            return _table(obj)
        if kind.__name__ == "BlockValuesRefs":
            return rebuild.new_references, (kind,)
        if kind.__name__ == "SingleBlockManager" and _is_shared(obj.blocks[0].refs):
            return kind, (obj.blocks[0], obj.axes[0])  # pandas' own way tells the values only
        place = rebuild.place_of_references(kind)
        known = place == "refs" or place in instance_dict(obj)  # a range index makes them up
        references = getattr(obj, place) if known else None
        # What a block of values itself makes for the newest protocol has lost its steps, and with them its memory.
        own_way = member(kind, "__reduce__") is not members(object)["__reduce__"]
        reduced = obj.__reduce__() if place == "refs" and own_way else None
        if not _is_shared(references):
            return reduced
        make, arguments, *state = reduced or obj.__reduce_ex__(pickle.HIGHEST_PROTOCOL)
        return (rebuild.referring, (references, make, arguments), *state)

    def _array(self, array: Any) -> Any:
        owner = bytes_of_others(array)
        if owner is not None:
            return _over_bytes(array, owner)
        if array.dtype.hasobject:
            return self._array_of_objects(array)
        if array.flags.forc:
            return None
        self._pickled.strided.append(array)
        if place_of(array) in self._sharing or overlaps_itself(array):
            span = span_of(array)
            memory = memory_between(array, span)
            strides, offset = array.strides, array.__array_interface__["data"][0] - span[0]
        else:
            memory, strides, offset = stepped_copy(array)
            memory.flags.writeable = array.flags.writeable
        arguments = (pickle.PickleBuffer(memory), array.dtype, array.shape, strides, offset)
        return rebuild.strided_array, arguments

    def _array_of_objects(self, array: Any) -> Any:
        """An array over the objects of the array whose view it is, if anybody shares those."""
        if array.dtype.kind == "O":
            self._pickled.strided.append(array)
            owner, over = owner_of(array), None
            if owner is not array and place_of(array) in self._sharing:
                over = (owner, *within(owner, array))
            elif overlaps_itself(array):
                over = copy_of_span(array)
            elif not array.flags.forc:
                over = stepped_copy_of_objects(array)
            if over is not None:
                return rebuild.objects_over, (*over, array.flags.writeable)
        if array.flags.writeable:
            return None
        return (*array.__reduce__(), None, None, rebuild.set_read_only)

    def _instance(self, obj: Any, kind: type[Any]) -> Any:
        """An object that is given its very ``__dict__``: somebody has that under another name."""
        if kind not in self._dicts:
            self._dicts[kind] = dict_of(kind) if _is_plain(kind) else None
        descriptor = self._dicts[kind]
        if descriptor is None:
            return None
        if _answers(kind):
            state = (descriptor.__get__(obj, kind), dict(slot_values(obj)))
            return copyreg.__newobj__, (kind,), state, None, None, rebuild.set_dict  # type: ignore[attr-defined]
        if _count(descriptor, obj, kind) <= _ALONE:
            return None
        make, arguments, state, *items = obj.__reduce_ex__(pickle.HIGHEST_PROTOCOL)
        in_slots = state[1] if type(state) is tuple else {}
        state = (descriptor.__get__(obj, kind), in_slots)
        return (make, arguments, state, *items, rebuild.set_dict)


def _generic(function: types.FunctionType) -> Any:
    """A function of ``functools.singledispatch``, with what is registered with it."""
    first, others = registered_with(function)
    state = (others, own_attributes(function))
    return functools.singledispatch, (first,), state, None, None, rebuild.set_generic


def _over_bytes(array: Any, owner: Any) -> Any:
    """An array over the bytes of what is stored for itself, too."""
    first, _ = span_of(sys.modules["numpy"].frombuffer(owner, dtype="u1"))
    offset = array.__array_interface__["data"][0] - first
    arguments = (owner, array.dtype, array.shape, array.strides, offset)
    if array.flags.writeable:
        return rebuild.array_over, arguments
    return rebuild.read_only_over, arguments


def _is_beyond(backwards: Any) -> bool:
    """Whether a reversed iterator stands beyond the end of its list, where pickle would not put it."""
    over, *index = backwards.__reduce__()[1:]
    return bool(gc.get_referents(backwards)) and (not index or index[0] >= len(over[0]))


def _is_made_by_own_code(kind: type[Any]) -> bool:
    """Whether a class of the notebook says itself how its instances are made, and pickle would ask it:
    for that of an exception it calls the class.
    """
    new = member(kind, "__new__")
    made = new.__func__ if type(new) is staticmethod else new
    if issubclass(kind, BaseException) and not issubclass(kind, OSError):
        made = member(kind, "__init__")
    return type(made) is types.FunctionType and made.__module__ == rebuild.MAIN


def _quietly_made(obj: Any, kind: type[Any], reduced: Any) -> Any:
    """An instance that is made without the notebook's own code for it, which has run when it was made."""
    make, arguments, *state = reduced or obj.__reduce_ex__(pickle.HIGHEST_PROTOCOL)
    if make is kind and member(kind, "__reduce__") is vars(BaseException)["__reduce__"]:
        return (rebuild.new_object, (kind, *arguments), *state)
    given = member(kind, "__getnewargs__")
    if make is not copyreg.__newobj__ or type(given) is types.FunctionType:  # type: ignore[attr-defined]
        return (make, arguments, *state)
    return (rebuild.new_object, arguments, *state)


def _with_observers(obj: Any, reduced: Any) -> Any:
    """An object with traits, as a widget, with what others have asked to be called: its own way leaves that out."""
    observers = observers_of(obj)
    taken_apart = reduced or obj.__reduce_ex__(pickle.HIGHEST_PROTOCOL)
    if not observers or type(taken_apart) is not tuple:
        return reduced
    make, arguments, *items = taken_apart
    state, *rest = items or (None,)
    if state is None or any(each is not None for each in rest):  # not how `HasTraits` does it
        return reduced
    return make, arguments, (state, observers), None, None, rebuild.set_observed


def _answers(kind: type[Any]) -> bool:
    """Whether instances would be asked by pickle for what they lack, and answer with their own code."""
    given = any(member(kind, name) is not None for name in ("__getnewargs__", "__getnewargs_ex__"))
    asked = member(kind, "__getattr__") is not None
    return asked and not given and not issubclass(kind, (list, dict))


def _quiet(cls: type[Any], make: Any, arguments: Any, *state: Any) -> Any:
    """A class that is made without the notebook's code that runs when a class is made, with its slots and
    as part of the class that it stands in.
    """
    if make.__name__ != "_make_skeleton_class":
        return (make, arguments, *state)
    kind, name, bases, given, *rest = arguments
    given = {**given, "__qualname__": cls.__qualname__}
    if "__slots__" in vars(cls):
        given = {**given, "__slots__": vars(cls)["__slots__"]}
    return (rebuild.make_class, (make, kind, name, bases, given, *rest), *state)


def _with_members(cls: Any, make: Any, arguments: Any, state: Any = None, *rest: Any) -> Any:
    """An enumeration with all that its members have; cloudpickle takes their values only."""
    if state is None:  # by name
        return make, arguments
    *items, set_state = rest
    members = {name: vars(each) for name, each in cls.__members__.items()}
    return (make, arguments, (set_state, state, members), *items, rebuild.set_enumeration)


class _Alone:
    """A class whose instance nobody else has the ``__dict__`` of."""


def _count(descriptor: Any, obj: Any, kind: type[Any]) -> int:
    """How many have the ``__dict__`` of an object, counted in the same way each time."""
    return sys.getrefcount(descriptor.__get__(obj, kind))


_ALONE = _count(dict_of(_Alone), _Alone(), _Alone)


def _finds_its_function(method: types.MethodType) -> bool:
    """Whether who asks the object for the function's name gets this method, which is pickle's way."""
    owner, name = method.__self__, getattr(method.__func__, "__name__", "")
    found = member(type(owner), name)
    if isinstance(owner, type):
        own = member(owner, name)
        found = own.__func__ if isinstance(own, classmethod) else found if own is None else own
    elif isinstance(found, classmethod):
        return False
    elif found is not None and not isinstance(found, types.FunctionType):
        return root_package(type(found)) != rebuild.MAIN  # as scikit-learn's `available_if`
    return found is method.__func__ and name not in instance_dict(owner)


def _place_of_function(method: types.MethodType) -> tuple[type[Any], str] | None:
    """The class, and the name there, of a method that its own name does not find: decorated, or private."""
    for kind in () if isinstance(method.__self__, type) else lineage(type(method.__self__)):
        for name, found in members(kind).items():
            if found is method.__func__:
                return kind, name
    return None


def _type_of_method(method: Any) -> type[Any] | None:
    """The class whose method this is if another, or the object itself, has something else of that name; else None."""
    owner, name = method.__self__, method.__name__
    if owner is None or isinstance(owner, (type, types.ModuleType)):
        return None
    having = [kind for kind in lineage(type(owner)) if name in members(kind)]
    for kind in having:
        found = members(kind)[name]
        if type(found) in _DESCRIBING and found.__get__(owner, type(owner)) == method:
            return None if kind is having[0] and name not in instance_dict(owner) else kind
    return None


def _is_plain(kind: type[Any]) -> bool:
    """Whether pickle takes instances of a class apart in its ordinary way."""
    ways = ("__reduce_ex__", "__reduce__", "__getstate__", "__setstate__")
    ordinary = all(member(kind, way) is vars(object).get(way) for way in ways)
    return ordinary and kind not in copyreg.dispatch_table


def _table(table: Any) -> Any:
    """A table of pandas', with its very ``attrs``: pandas' own way makes a copy of them."""
    make, arguments, state, *items = table.__reduce_ex__(pickle.HIGHEST_PROTOCOL)
    own_way = getattr(type(table), "__setstate__", None)
    attributes = instance_dict(table).get("_attrs")
    plain = type(state) is dict and "attrs" in state and own_way is not None
    if not plain or type(attributes) is not dict:
        return None
    state = {**state, "attrs": {}}
    return (make, arguments, (state, attributes), *items, rebuild.set_table)


def _is_shared(references: Any) -> bool:
    """Whether pandas' books say that others share the memory."""
    kind = type(references)
    return kind.__name__ == "BlockValuesRefs" and bool(references.has_reference())


def _proxy(proxy: Any) -> Any:
    """A read-only view of a mapping, which is stored as that; of a class' own, as ``vars`` of that class."""
    shown = shown_by(proxy)
    return (vars if isinstance(shown, type) else rebuild.proxy), (shown,)


def _is_new(generator: Any) -> bool:
    """Whether a generator has not begun."""
    return inspect.getgeneratorstate(generator) == inspect.GEN_CREATED


def _memory(view: memoryview) -> Any:
    """A view of the whole memory of an object, which is stored as that."""
    whole = memoryview(view.obj)
    if (view.nbytes, view.format, view.shape) != (whole.nbytes, whole.format, whole.shape):
        raise Refused("it is a view of a part of the memory of another object")
    return memoryview, (view.obj,)


def _contents(cells: tuple[types.CellType, ...]) -> Any:
    for cell in cells:
        try:
            yield cell, cell.cell_contents
        except ValueError:  # a cell that is not filled yet
            continue
