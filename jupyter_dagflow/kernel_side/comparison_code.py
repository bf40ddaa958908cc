"""Functions and classes, compared by what they do: code, defaults, closure, members.

The law: where the code stood (file, line) does not count, nor how it was compiled, which depends on what else
stood there; and globals are variables of their own.
"""

from __future__ import annotations

import dis
import functools
import types
from typing import TYPE_CHECKING, Any

from .caches import attributes_of, closure_of, parameters_of
from .comparison_steps import Pair, only_in, unequal

if TYPE_CHECKING:
    from .comparison_steps import Steps

NOT_CODE = frozenset(  # made by the interpreter for the class, not by its author
    (
        "__dict__",
        "__weakref__",
        "__module__",
        "__qualname__",
        "__annotations__",
        "__annotations_cache__",
        "__annotate__",
        "__annotate_func__",
        "__firstlineno__",
        "__static_attributes__",
        "__slotnames__",  # copyreg's memory
        "_abc_impl",
        "__abstractmethods__",
    )
)
_OF_FUNCTIONS = ("__name__", "__doc__", "__annotations__", "__type_params__")
# What the decorator writes: it is told by the function, and by the parameters.
WRITTEN_BY_CACHES = frozenset((*functools.WRAPPER_ASSIGNMENTS, "__wrapped__", "cache_parameters"))
_CODE = ("co_names", "co_varnames", "co_freevars", "co_cellvars")
_SIGNATURE = ("co_argcount", "co_posonlyargcount", "co_kwonlyargcount")
_FUTURE = 0x1FF0000  # flags of ``from __future__``, of which only annotations are left
_SILENT = frozenset(("CACHE", "EXTENDED_ARG", "NOP", "PRECALL", "PUSH_NULL", "RESUME"))
_CALLS = frozenset(("CALL_FUNCTION", "CALL_METHOD"))
_DESCRIPTORS = (types.MemberDescriptorType, types.GetSetDescriptorType)


def functions(path: str, one: Any, other: Any) -> Steps:
    """Functions, those written in C too."""
    if one.__qualname__ != other.__qualname__ or one.__module__ != other.__module__:
        yield unequal(path, one, other)
        return
    if not isinstance(one, types.FunctionType):
        yield Pair(f"{path}.__self__", one.__self__, other.__self__)
        return
    yield from _code(path, one.__code__, other.__code__)
    for name in ("__defaults__", "__kwdefaults__"):
        yield Pair(f"{path}.{name}", getattr(one, name), getattr(other, name))
    for name in _OF_FUNCTIONS:
        yield Pair(f"{path}.{name}", getattr(one, name, ()), getattr(other, name, ()))
    for (name, a), (_, b) in zip(closure_of(one), closure_of(other)):  # noqa: B905
        yield Pair(f"{path}<{name}>", a, b)
    yield Pair(f"vars({path})", attributes_of(one), attributes_of(other))


def cached(path: str, one: Any, other: Any) -> Steps:
    """What ``functools.lru_cache`` makes; what it remembers can be computed again."""
    yield Pair(f"{path}.cache_parameters()", parameters_of(one), parameters_of(other))
    yield Pair(f"{path}.__wrapped__", one.__wrapped__, other.__wrapped__)
    yield Pair(f"vars({path})", given_to_cached(one), given_to_cached(other))


def given_to_cached(cached: Any) -> dict[str, Any]:
    """What such a function carries that the decorator has not written."""
    own = vars(cached).items()
    return {name: value for name, value in own if name not in WRITTEN_BY_CACHES}


def methods(path: str, one: Any, other: Any) -> Steps:
    """Bound methods."""
    yield Pair(f"{path}.__func__", one.__func__, other.__func__)
    yield Pair(f"{path}.__self__", one.__self__, other.__self__)


def cells(path: str, one: Any, other: Any) -> Steps:
    """What a closure holds."""
    a, b = _content(one), _content(other)
    if len(a) != len(b):
        yield f"{path}: bound on one side only"
    elif a:
        yield Pair(path, a[0], b[0])


def properties(path: str, one: Any, other: Any) -> Steps:
    """Properties of classes."""
    for name in ("fget", "fset", "fdel", "__doc__"):
        yield Pair(f"{path}.{name}", getattr(one, name), getattr(other, name))


def cached_properties(path: str, one: Any, other: Any) -> Steps:
    """``functools.cached_property``; before Python 3.12 it has a lock, too."""
    for name in ("attrname", "func"):
        yield Pair(f"{path}.{name}", getattr(one, name), getattr(other, name))


def wrapped(path: str, one: Any, other: Any) -> Steps:
    """Static methods and class methods."""
    yield Pair(path, one.__func__, other.__func__)


def classes(path: str, one: Any, other: Any) -> Steps:
    """Classes: the name, the bases, and each member. Of an imported one the name is enough."""
    if one.__qualname__ != other.__qualname__ or one.__module__ != other.__module__:
        yield unequal(path, one, other)
        return
    if one.__module__ != "__main__":
        return
    yield Pair(f"{path}.__bases__", one.__bases__, other.__bases__)
    yield Pair(
        f"{path}.__annotations__", *(getattr(c, "__annotations__", {}) for c in (one, other))
    )
    members, others = _members(one), _members(other)
    for name in dict.fromkeys([*members, *others]):
        if name not in members or name not in others:
            yield f"{path}: member {name} {only_in(run_all=name in members)}"
        else:
            yield Pair(f"{path}.{name}", members[name], others[name])


def _members(cls: Any) -> dict[str, Any]:
    return {
        name: value
        for name, value in vars(cls).items()
        if name not in NOT_CODE and not isinstance(value, _DESCRIPTORS)
    }


def _code(path: str, one: types.CodeType, other: types.CodeType) -> Steps:
    for name in _SIGNATURE:
        if getattr(one, name) != getattr(other, name):
            yield f"{path}: its parameters differ"
            return
    same = all(getattr(one, name) == getattr(other, name) for name in _CODE)
    same = same and (one.co_code == other.co_code or instructions(one) == instructions(other))
    if not same or (one.co_flags ^ other.co_flags) & ~_FUTURE:
        yield f"{path}: its code differs"
        return
    if len(one.co_consts) != len(other.co_consts):
        yield f"{path}: its code differs"
        return
    for a, b in zip(one.co_consts, other.co_consts):  # noqa: B905 -- of one length
        if isinstance(a, types.CodeType) and isinstance(b, types.CodeType):
            yield from _code(f"{path}.{a.co_name}", a, b)
        else:
            yield Pair(f"{path}, a constant in its code", a, b)


def instructions(code: types.CodeType) -> list[tuple[str, Any]]:
    """What code does, however it calls: the compiler knows the imports of the same text, and makes use of that."""
    return [_instruction(each) for each in dis.get_instructions(code) if each.opname not in _SILENT]


def _instruction(each: dis.Instruction) -> tuple[str, Any]:
    name = "LOAD_ATTR" if each.opname == "LOAD_METHOD" else each.opname
    name = "CALL" if name in _CALLS else name
    jumps = each.opcode in dis.hasjrel or each.opcode in dis.hasjabs
    constant = each.opcode in dis.hasconst  # which is compared by itself
    return name, None if jumps else each.arg if constant else each.argval


def _content(cell: Any) -> list[Any]:
    try:
        return [cell.cell_contents]
    except ValueError:  # not filled yet
        return []
