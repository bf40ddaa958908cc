"""What pickles of notebook objects call when they are loaded.

The law: these names and their arguments stand in stored files, so they stay. A function of a
notebook is made anew over the namespace it is loaded into, and so finds its globals there, at call
time, as in the notebook.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import marshal
import sys
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .sets import fill

if TYPE_CHECKING:
    from .sets import Order

MAIN = "__main__"


def empty_cell() -> types.CellType:
    """A closure cell; `set_function` fills it."""
    return types.CellType()


def ended_generator(name: str, qualname: str) -> Any:
    """A generator that has nothing more to give."""
    nothing: tuple[Any, ...] = ()
    generator: Any = (each for each in nothing)
    next(generator, None)
    generator.__name__, generator.__qualname__ = name, qualname
    return generator


def make_function(
    namespace: dict[str, Any],
    python: tuple[int, int],
    code: bytes,
    module: str,
    name: str,
    cells: tuple[types.CellType, ...],
) -> types.FunctionType:
    """A function over ``namespace`` if it is of the notebook, else over its module's globals."""
    if tuple(python) != sys.version_info[:2]:
        here = "{}.{}".format(*sys.version_info[:2])
        there = "{}.{}".format(*python)
        raise ValueError(f"{name} was stored by Python {there}, and this is Python {here}")
    globals_ = namespace if module == MAIN else vars(importlib.import_module(module))
    return types.FunctionType(marshal.loads(code), globals_, name, None, cells)  # noqa: S302


def make_class(make: Callable[..., Any], kind: type[Any], name: str, bases: Any, *rest: Any) -> Any:
    """A class, made without running again what ran when it was made: the notebook's own metaclasses
    and ``__init_subclass__``.
    """
    plain: Any = next(each for each in kind.__mro__ if each.__module__ != MAIN)
    quiet: dict[str, Any] = {"__new__": staticmethod(plain.__new__), "__init__": plain.__init__}
    # Of a generic class they may be what is written there, as `Generic[T]` is.
    above = [each for base in types.resolve_bases(bases) for each in base.__mro__]
    replaced = [(cls, attribute, quiet[attribute]) for cls in kind.__mro__ for attribute in quiet]
    replaced += [(cls, "__init_subclass__", classmethod(_do_nothing)) for cls in above]
    replaced = [r for r in replaced if r[0].__module__ == MAIN and r[1] in vars(r[0])]
    before = {(cls, attribute): vars(cls)[attribute] for cls, attribute, _ in replaced}
    try:
        for change in replaced:
            type.__setattr__(*change)
        return make(kind, name, bases, *rest)
    finally:
        for (cls, attribute), value in before.items():
            type.__setattr__(cls, attribute, value)


def _do_nothing(*_: Any, **__: Any) -> None:
    """Stands for code that has run before."""


def make_cached_property(function: Callable[[Any], Any], name: str | None) -> Any:
    """A ``functools.cached_property`` of a class."""
    made = functools.cached_property(function)
    if name is not None:
        made.attrname = name
    return made


def proxy(mapping: Any) -> types.MappingProxyType[Any, Any]:
    """A read-only view of a mapping; pickle does not find its type by name."""
    return types.MappingProxyType(mapping)


def bound(owner: Any, kind: type[Any], name: str) -> Any:
    """The method of a class, bound to an instance that does not find it by its name."""
    return vars(kind)[name].__get__(owner, type(owner))


def named(find: Callable[[str], Any], qualname: str) -> Any:
    """What a definition made; ``find`` gives it by its name."""
    top, _, rest = qualname.partition(".")
    return functools.reduce(getattr, rest.split(".") if rest else (), find(top))


def marker(find: Callable[[str], object], label: str) -> object:
    """A bare ``object()``; ``find`` gives it by its label."""
    return find(label)


def set_function(function: types.FunctionType, state: dict[str, Any]) -> None:
    """Give a function all that is not its code: attributes, and the values its closure holds."""
    for cell, value in state.pop("cells"):
        cell.cell_contents = value
    function.__dict__ = state.pop("dict")
    for name, value in state.items():
        setattr(function, name, value)


def set_generic(generic: Any, state: tuple[Sequence[tuple[Any, Any]], dict[str, Any]]) -> None:
    """Give what ``functools.singledispatch`` made the functions for other classes, and attributes."""
    registered, attributes = state
    for kind, function in registered:
        generic.register(kind, function)
    vars(generic).update(attributes)


def make_cached(function: Callable[..., Any], parameters: dict[str, Any]) -> Any:
    """A ``functools.lru_cache`` around a function, empty."""
    return functools.lru_cache(**parameters)(function)


class _Answers:
    """A function that first gives the answers it is told."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.answer: Callable[[], Any] | None = None

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        if self.answer is not None:
            return self.answer()
        return self.function(*arguments, **keywords)


def make_kept(function: Callable[..., Any], parameters: dict[str, Any]) -> Any:
    """A ``functools.lru_cache`` around a function; `set_kept` fills it."""
    return functools.lru_cache(**parameters)(_Answers(function))


def set_kept(cached: Any, state: tuple[Sequence[Any], int, int, dict[str, Any]]) -> None:
    """Let a function with a cache have made these calls, and as many hits and misses."""
    calls, hits, misses, attributes = state
    answers = cached.__wrapped__
    answers.answer = _fail
    for number in range(misses - len(calls)):
        with contextlib.suppress(LookupError):
            cached(number)
    for arguments, keywords, result in calls:
        answers.answer = functools.partial(_same, result)
        cached(*arguments, **keywords)
    for _ in range(hits):
        cached(*arguments, **keywords)
    answers.answer = None
    set_own_dict(cached, attributes)


def set_own_dict(function: Any, attributes: dict[str, Any]) -> None:
    """Give a function its very ``__dict__``, which others may have as well."""
    function.__dict__ = attributes


def _same(result: Any) -> Any:
    return result


def _fail() -> Any:
    raise LookupError


def in_order(value: Any, orders: Iterable[Order]) -> Any:
    """A value in which these sets are gone through as they were."""
    for members, places, order in orders:
        fill(members, places, order)
    return value


def view(of: dict[Any, Any], kind: str) -> Any:
    """The keys, values or items of a dict, which follow it."""
    return getattr(of, kind)()


def strided_array(
    buffer: Any, dtype: Any, shape: Sequence[int], strides: Sequence[int], offset: int
) -> Any:
    """A NumPy array with steps between its elements, over memory that it may share with others."""
    numpy = importlib.import_module("numpy")
    memory = numpy.frombuffer(buffer, dtype="u1")  # an array, so that it can be stored again
    return numpy.ndarray(shape, dtype, buffer=memory, offset=offset, strides=strides)


class _Objects:
    """What NumPy makes an array over the objects of another of, which is its ``base``."""

    def __init__(
        self, base: Any, shape: Sequence[int], strides: Sequence[int], offset: int
    ) -> None:
        self.base = base
        first, read_only = base.__array_interface__["data"]
        self.__array_interface__ = {
            "data": (first + offset, read_only),
            "shape": tuple(shape),
            "strides": tuple(strides),
            "typestr": "|O",
            "version": 3,
        }


def objects_over(
    owner: Any,
    shape: Sequence[int],
    strides: Sequence[int],
    offset: int,
    writeable: bool = True,
) -> Any:
    """A NumPy array of objects over those of another."""
    numpy = importlib.import_module("numpy")
    made = numpy.asarray(_Objects(owner, shape, strides, offset))
    return made if writeable else read_only(made)


def set_read_only(array: Any, state: Any) -> None:
    """Give a NumPy array its state, and let nobody write to it."""
    array.__setstate__(state)
    read_only(array)


def backwards(over: list[Any], place: int) -> Any:
    """A reversed iterator that stands beyond the end of its list, which has become shorter since."""
    size = len(over)
    over += [None] * (place + 1 - size)
    made = reversed(over)
    made.__setstate__(place)
    del over[size:]
    return made


def array_over(
    owner: Any, dtype: Any, shape: Sequence[int], strides: Sequence[int], offset: int
) -> Any:
    """A NumPy array over the bytes of another object."""
    numpy = importlib.import_module("numpy")
    return numpy.ndarray(shape, dtype, buffer=owner, offset=offset, strides=strides)


def read_only_over(*arguments: Any) -> Any:
    """The like, which nobody may write to."""
    return read_only(array_over(*arguments))


def read_only(array: Any) -> Any:
    """A NumPy array that nobody may write to."""
    array.flags.writeable = False
    return array


def element(array: Any, place: Any) -> Any:
    """An element of a NumPy array; a row of a structured one is a view of it."""
    return array[place]


def derived(array: Any, kind: type[Any]) -> Any:
    """An array of a class that derives from NumPy's, over the memory of a plain one."""
    return array.view(kind)


def set_attributes(obj: Any, state: dict[str, Any]) -> None:
    """Give an array what it has beside its elements, as a mask."""
    vars(obj).update(state)


def set_dict(obj: Any, state: tuple[dict[str, Any], dict[str, Any]]) -> None:
    """Give an object its very ``__dict__``, which others have as well, and its slots.

    Its class may want to know of that, or forbid it: but nothing is set that was not before.
    """
    own, slots = state
    object.__setattr__(obj, "__dict__", own)
    for name, value in slots.items():
        object.__setattr__(obj, name, value)


def set_origins(error: Any, state: tuple[Any, Any, Mapping[str, Any]]) -> None:
    """Give an exception its state, and what it came from."""
    set_state, own, origins = state
    if set_state is not None:
        set_state(error, own)
    elif own is not None:
        error.__setstate__(own)
    for name, value in origins.items():
        object.__setattr__(error, name, value)


def set_observed(obj: Any, state: tuple[Any, Sequence[tuple[str | None, str, Any]]]) -> None:
    """Give an object with traits its state, and have its observers called again; no name means all traits."""
    own, observers = state
    obj.__setstate__(own)
    add = getattr(obj, "_add_notifiers")  # noqa: B009 -- what `observe` itself does
    for name, event, called in observers:
        add(called, sys.modules["traitlets"].All if name is None else name, event)


def new_object(kind: type[Any], *arguments: Any) -> Any:
    """An object of a class, made without running again the class's own ``__new__``."""
    made_by = (vars(base).get("__new__") for base in kind.__mro__)
    return next(new for new in made_by if type(new) is types.BuiltinFunctionType)(kind, *arguments)


def set_enumeration(cls: Any, state: tuple[Callable[..., Any], Any, dict[str, Any]]) -> None:
    """Give an enumeration its state, and each member what it has."""
    set_state, own, members = state
    set_state(cls, own)
    for name, held in members.items():
        own = vars(cls.__members__[name])
        own.clear()  # for their order
        own.update(held)


def set_table(table: Any, state: tuple[Any, dict[Any, Any]]) -> None:
    """Give a table of pandas' its state, with its very ``attrs``."""
    own, attributes = state
    table.__setstate__(own)
    object.__setattr__(table, "_attrs", attributes)


def new_references(kind: type[Any]) -> Any:
    """The books pandas keeps of the pieces of tables over one memory; `referring` fills them."""
    return kind()


def place_of_references(kind: type[Any]) -> str:
    """The attribute in which a piece of a table has its books: of blocks and indexes only."""
    names = {base.__name__ for base in kind.__mro__}
    return "refs" if "Block" in names else "_references" if "Index" in names else ""


def referring(references: Any, make: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    """A piece of a table, entered in the books of those that share its memory until it changes."""
    piece = make(*arguments)
    place = place_of_references(type(piece))
    setattr(piece, place, references)
    enter = references.add_reference if place == "refs" else references.add_index_reference
    enter(piece)
    return piece
