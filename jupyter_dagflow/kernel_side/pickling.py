"""Turning a value into a pickle and the memory beside it, with the notebook's meaning of names.

The law: plain pickle where it can, cloudpickle where it must, an error with a reason where neither
gives the value back as it was. Definitions travel by name (`definitions`); other functions by
value, their globals found where they arrive. What would silently become something else (an open
file) is refused.
"""

from __future__ import annotations

import functools
import gc
import importlib.util
import io
import marshal
import os
import pickle
import sys
import types
from collections.abc import Callable
from typing import Any, NoReturn

from . import rebuild
from .anatomy import instance_dict, root_package
from .definitions import Definitions, found_by_name, names_in

_Cached = type(functools.lru_cache(maxsize=None)(len))
_VIEWS = {type({}.keys()): "keys", type({}.values()): "values", type({}.items()): "items"}
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
    ``strided`` are its arrays with steps, which are copied unless `dump` is told that they share
    memory.
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
    sharing: frozenset[int] = frozenset(),
) -> Pickled:
    """Pickle a value; raises `Refused`.

    ``cloudpickle`` gives that module, or None, when it is first needed. ``sharing`` are the ids of
    arrays with steps whose memory others in the same value share: they are stored over that memory,
    not copied.
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
    value: Any, definitions: Definitions, base: type[Any], sharing: frozenset[int]
) -> Pickled:
    pickled = Pickled()
    file = io.BytesIO()
    pickler = _make_pickler(base)(file, protocol=5, buffer_callback=pickled.buffers.append)
    by_value = base is not pickle.Pickler
    pickler.rules = _Rules(definitions, pickled, sharing=sharing, by_value=by_value)
    pickler.dump(value)
    pickled.pickler = pickler
    pickled.data = file.getvalue()
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
            return fallback(self, obj) if fallback else NotImplemented

    return NotebookPickler


class _Rules:
    """How objects of a notebook are reduced; None means that the pickler's own way is right."""

    def __init__(
        self,
        definitions: Definitions,
        pickled: Pickled,
        *,
        sharing: frozenset[int],
        by_value: bool,
    ) -> None:
        self._definitions = definitions
        self._by_value = by_value
        self._pickled = pickled
        self._sharing = sharing

    def reduce(self, obj: Any) -> Any:
        """The reduced value, NotImplemented for pickle's default, or None."""
        kind = type(obj)
        if kind is types.FunctionType:
            return self._named(obj) if self._by_name(obj) else self._function(obj)
        if kind is _Cached:
            return self._named(obj) if self._by_name(obj) else self._cached(obj)
        if issubclass(kind, type):
            return self._named(obj) if self._by_name(obj) else self._class(obj)
        if kind is functools.cached_property:
            return rebuild.make_cached_property, (obj.func, obj.attrname)
        if kind is types.CellType:
            return rebuild.empty_cell, ()
        if kind is types.ModuleType:
            return self._module(obj)
        if kind in _VIEWS:
            return rebuild.view, (gc.get_referents(obj)[0], _VIEWS[kind])
        if kind.__name__ == "ndarray" and kind.__module__ == "numpy":
            return self._array(obj)
        if root_package(kind) == "pandas":
            return self._pandas(obj)
        if isinstance(obj, io.IOBase) and not isinstance(obj, (io.BytesIO, io.StringIO)):
            raise Refused("it holds an open file ({})".format(getattr(obj, "name", kind.__name__)))
        return None

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
        if module is None:
            return None
        code = function.__code__
        self._pickled.looked_up |= names_in(code)
        self._pickled.functions.add(id(function))
        cells = function.__closure__ or ()
        state: dict[str, Any] = {"cells": list(_contents(cells)), "dict": dict(vars(function))}
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
        if not all(map(_is_unchanging, _results_of(cached))):
            raise Refused("it keeps the results of its calls, which cannot be taken out of it")
        parameters: dict[str, Any] = {"maxsize": cached.cache_info().maxsize}
        if hasattr(cached, "cache_parameters"):  # since Python 3.9
            parameters = cached.cache_parameters()
        return rebuild.make_cached, (cached.__wrapped__, parameters)

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
        if kind.__name__ == "BlockValuesRefs":
            return rebuild.new_references, (kind,)
        if kind.__name__ == "SingleBlockManager" and _is_shared(obj.blocks[0].refs):
            return kind, (obj.blocks[0], obj.axes[0])  # pandas' own way tells the values only
        place = rebuild.place_of_references(kind)
        known = place == "refs" or place in instance_dict(obj)  # a range index makes them up
        references = getattr(obj, place) if known else None
        if not _is_shared(references):
            return None
        make, arguments, *state = obj.__reduce_ex__(pickle.HIGHEST_PROTOCOL)
        return (rebuild.referring, (references, make, arguments), *state)

    def _array(self, array: Any) -> Any:
        if array.flags.forc or array.dtype.hasobject:
            return None
        self._pickled.strided.append(array)
        if id(array) not in self._sharing:
            return None
        span = span_of(array)
        memory = _memory_between(array, span)
        if memory is None:
            return None
        offset = array.__array_interface__["data"][0] - span[0]
        arguments = (pickle.PickleBuffer(memory), array.dtype, array.shape, array.strides, offset)
        return rebuild.strided_array, arguments


def _is_shared(references: Any) -> bool:
    """Whether pandas' books say that others share the memory."""
    kind = type(references)
    return kind.__name__ == "BlockValuesRefs" and bool(references.has_reference())


def span_of(array: Any) -> tuple[int, int]:
    """The addresses between which an array's elements lie."""
    first: int = array.__array_interface__["data"][0]
    last = first + array.itemsize
    for count, step in zip(array.shape, array.strides):  # noqa: B905 -- Python 3.8
        reach = (count - 1) * step
        first, last = (first + reach, last) if reach < 0 else (first, last + reach)
    return first, last


def _memory_between(array: Any, span: tuple[int, int]) -> Any:
    """The bytes of that span as an array of their own kind over the same memory, or None."""
    owner = array
    while type(owner.base) is type(array):
        owner = owner.base
    if not owner.flags.forc:
        return None
    flat = owner.reshape(-1, order="A").view("u1")
    start = span[0] - owner.__array_interface__["data"][0]
    memory = flat[start : start + span[1] - span[0]]
    memory.flags.writeable = array.flags.writeable
    return memory


def _results_of(cached: Any) -> Any:
    """What ``functools.lru_cache`` keeps, keys and results; only the collector gets at them."""
    for held in gc.get_referents(cached):
        if held is vars(cached) or held is cached.__wrapped__ or type(held) in (type, object):
            continue  # what it is, and a mark of its own
        if type(held) is dict:
            yield from (v for v in held.values() if type(v).__name__ != "_lru_list_elem")
        else:
            yield held


def _is_unchanging(value: Any) -> bool:
    """Whether it is plain, and worked out anew it is as good as it was."""
    if type(value) is tuple:
        return all(map(_is_unchanging, value))
    return value is None or type(value) in (bool, int, float, complex, str, bytes, object)


def _contents(cells: tuple[types.CellType, ...]) -> Any:
    for cell in cells:
        try:
            yield cell, cell.cell_contents
        except ValueError:  # a cell that is not filled yet
            continue
