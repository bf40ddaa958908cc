"""Whether two values are the same by value, and where they first differ.

The law: two values are equal if nothing that a later cell could do would tell them apart; which
objects are one and the same counts as `Sharing` has it. NaN equals NaN, 0.0 equals -0.0; the order of
a dict counts, that of a set does not. Classes of a notebook are told by their qualified names, since
each kernel makes its own; an object is what it would be pickled as, whatever its own ``__eq__`` says.
No depth of nesting is too deep.

Each kind of value has a generator that yields a text, which is a difference and the end, or a pair
of parts that have to be equal in turn.
"""

from __future__ import annotations

import copyreg
import datetime
import decimal
import enum
import fractions
import functools
import itertools
import math
import pathlib
import re
import types
import uuid
import weakref
from collections import deque
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from . import comparison_code, comparison_data
from .anatomy import is_lazy, root_package, shown_by, slot_values
from .comparison_sharing import is_code
from .comparison_steps import (
    NotComparable,
    Pair,
    alike,
    clock_readings,
    lengths,
    only_in,
    shown,
    unequal,
)
from .observers import observers_of
from .summary import type_name

if TYPE_CHECKING:
    from .comparison_sharing import Sharing
    from .comparison_steps import Handler, Steps

_PLAIN = (
    bool,
    int,
    str,
    bytes,
    bytearray,
    range,
    type(None),
    type(Ellipsis),
    type(NotImplemented),
    datetime.date,
    datetime.timedelta,
    datetime.timezone,
    fractions.Fraction,
    uuid.UUID,
)
_HASHED = (bool, int, float, str, bytes, type(None), tuple, frozenset)
_FUNCTIONS = (types.FunctionType, types.BuiltinFunctionType)
_PATH = 200
_ACROSS = 500  # members of a set or dict that no hash can find: each is compared with each


def difference(
    one: Any, other: Any, *, name: str = "value", sharing: Sharing | None = None
) -> str | None:
    """Where two values first differ, as a short text that begins with a path; None if they do not.

    Which objects of a value are one and the same counts if there is a ``sharing`` to take them in, which other values
    may have taken in theirs. How they share memory is asked of that when all have.

    >>> difference({"paths": [1, 2]}, {"paths": [1, 3]}, name="cfg")
    "cfg['paths'][1]: 2 != 3"
    """
    met: dict[tuple[int, int], Pair] = {}  # the pairs themselves keep their ids from being reused
    stack: list[tuple[Steps, Sharing | None]] = [(iter([Pair(name, one, other)]), sharing)]
    shared: str | None = None  # told only of values that are equal
    while stack:
        steps, within = stack[-1]
        step = next(steps, None)
        if step is None:
            stack.pop()
        elif isinstance(step, str):
            return step
        elif not alike(step.one, step.other):
            step = step._replace(path=_shortened(step.path))
            within = None if is_code(step.one) else within
            told = within.meet(step, name=name) if within is not None else None
            shared = shared or told
            if (id(step.one), id(step.other)) not in met:
                met[id(step.one), id(step.other)] = step
                stack.append((_steps(step), within))
    return shared


def _shortened(path: str) -> str:
    """A path that stays short however deep it leads."""
    return path if len(path) <= _PATH else path[: _PATH // 2] + "…" + path[-_PATH // 4 :]


def _steps(pair: Pair) -> Steps:
    path, one, other = pair
    if not _same_kind(type(one), type(other)):
        kinds = type_name(type(one)), type_name(type(other))
        if kinds[0] == kinds[1]:
            kinds = f"{type(one).__module__}.{kinds[0]}", f"{type(other).__module__}.{kinds[1]}"
        text = f"{shown(one)} ({kinds[0]}) != {shown(other)} ({kinds[1]})"
        return iter([f"{path}: {text}"])
    return _handler(one)(path, one, other)


def _same_kind(one: type[Any], other: type[Any]) -> bool:
    return one is other or (one.__module__, one.__qualname__) == (
        other.__module__,
        other.__qualname__,
    )


def _handler(value: Any) -> Handler:
    kind = type(value)
    if kind in _EXACT:
        return _EXACT[kind]
    if isinstance(value, type):
        return comparison_code.classes
    handler = comparison_data.handler(value)
    if handler is not None:
        return handler
    for base, handler in _BY_BASE:
        if isinstance(value, base):
            return handler
    return _objects


def _plain(path: str, one: Any, other: Any) -> Steps:
    if one != other:
        yield unequal(path, one, other)


def _floats(path: str, one: float, other: float) -> Steps:
    if one != other and not (math.isnan(one) and math.isnan(other)):
        yield unequal(path, one, other)


def _complex(path: str, one: complex, other: complex) -> Steps:
    for a, b in ((one.real, other.real), (one.imag, other.imag)):
        if a != b and not (math.isnan(a) and math.isnan(b)):
            yield unequal(path, one, other)
            return


def _texts(path: str, one: Any, other: Any) -> Steps:
    """What is told apart by its text: ``Decimal`` has more NaNs than one, and 1.0 is not 1.00."""
    if str(one) != str(other):
        yield unequal(path, one, other)


def _times(path: str, one: Any, other: Any) -> Steps:
    if (one.isoformat(), one.fold) != (other.isoformat(), other.fold):
        yield unequal(path, one, other)
    yield Pair(f"{path}.tzinfo", one.tzinfo, other.tzinfo)


def _sequences(path: str, one: Sequence[Any], other: Sequence[Any]) -> Steps:
    if len(one) != len(other):
        yield lengths(path, len(one), len(other))
    else:
        for at, (a, b) in enumerate(zip(one, other)):  # noqa: B905 -- as long as each other
            if not alike(a, b):
                yield Pair(f"{path}[{at}]", a, b)


def _tuples(path: str, one: tuple[Any, ...], other: tuple[Any, ...]) -> Steps:
    names = getattr(one, "_fields", None)
    if type(one) is tuple or names is None or len(names) != len(one) or len(one) != len(other):
        yield from _sequences(path, one, other)
    else:
        for name, a, b in zip(names, one, other):  # noqa: B905
            yield Pair(f"{path}.{name}", a, b)
    yield from _states(path, getattr(one, "__dict__", {}), getattr(other, "__dict__", {}))


def _deques(path: str, one: deque[Any], other: deque[Any]) -> Steps:
    yield Pair(f"{path}.maxlen", one.maxlen, other.maxlen)
    yield from _sequences(path, one, other)


def _buffers(path: str, one: memoryview, other: memoryview) -> Steps:
    for name in ("format", "shape", "strides", "readonly"):
        yield Pair(f"{path}.{name}", getattr(one, name), getattr(other, name))
    yield Pair(path, one.tobytes(), other.tobytes())
    yield Pair(f"{path}.obj", one.obj, other.obj)


def _dicts(path: str, one: Mapping[Any, Any], other: Mapping[Any, Any]) -> Steps:
    keys, others = list(one), list(other)
    for a, b in itertools.zip_longest(keys, others, fillvalue=_NOTHING):
        if not alike(a, b) and (a is _NOTHING or b is _NOTHING or difference(a, b) is not None):
            yield _keys_differ(path, keys, others)
            return
    clocks = clock_readings(one)
    # By the pairs, for the keys of one side may not be found in the other (NaN, own classes).
    for (key, a), (_, b) in zip(one.items(), other.items()):  # noqa: B905
        if not alike(a, b) and not (isinstance(key, str) and key in clocks):
            yield Pair(f"{path}[{shown(key)}]", a, b)


def _keys_differ(path: str, one: Sequence[Any], other: Sequence[Any]) -> str:
    missing, added = _unmatched(one, other)
    if missing:
        return f"{path}: key {shown(missing[0])} {only_in(run_all=True)}"
    if added:
        return f"{path}: key {shown(added[0])} {only_in(run_all=False)}"
    return f"{path}: the order of the keys: {shown(list(one))} != {shown(list(other))}"


def _sets(path: str, one: frozenset[Any], other: frozenset[Any]) -> Steps:
    missing, added = _unmatched(list(one), list(other))
    if missing:
        yield f"{path}: {shown(missing[0])} {only_in(run_all=True)}"
    elif added:
        yield f"{path}: {shown(added[0])} {only_in(run_all=False)}"


def _unmatched(one: Sequence[Any], other: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    """What of each has no equal in the other."""
    found = {value: value for value in one if type(value) in _HASHED}
    known = {value: value for value in other if type(value) in _HASHED}
    left = [a for a in one if not _is_among(a, known)]
    right = [b for b in other if not _is_among(b, found)]
    if min(len(left), len(right)) > _ACROSS:
        raise NotComparable(f"it holds more than {_ACROSS} members that only look alike")
    missing = []
    for a in left:
        at = next((i for i, b in enumerate(right) if difference(a, b) is None), None)
        if at is None:
            missing.append(a)
        else:
            del right[at]
    return missing, right


def _is_among(value: Any, known: Mapping[Any, Any]) -> bool:
    return type(value) in _HASHED and value in known and type(known[value]) is type(value)


def _enums(path: str, one: enum.Enum, other: enum.Enum) -> Steps:
    if one.name != other.name:
        yield unequal(path, one, other)
    else:
        yield Pair(f"{path}.value", one.value, other.value)
        yield Pair(f"type({path})", type(one), type(other))
        yield from _states(path, vars(one), vars(other))


def _patterns(path: str, one: re.Pattern[Any], other: re.Pattern[Any]) -> Steps:
    if (one.pattern, one.flags) != (other.pattern, other.flags):
        yield unequal(path, one, other)


def _proxies(path: str, one: Any, other: Any) -> Steps:
    yield Pair(path, shown_by(one), shown_by(other))


def _modules(path: str, one: types.ModuleType, other: types.ModuleType) -> Steps:
    if one.__name__ != other.__name__:
        yield unequal(path, one, other)


def _objects(path: str, one: Any, other: Any) -> Steps:
    """Objects by what makes them anew: the callable, its arguments, the state, the items."""
    a, b = _reduced(one), _reduced(other)
    if isinstance(a, str) or isinstance(b, str):
        if a != b:
            yield f"{path}: {a} != {b}"
        return
    yield Pair(f"type({path})", a[0], b[0])
    yield from _arguments(path, a[1], b[1])
    yield from _states(path, a[2] or {}, b[2] or {})
    yield from _sequences(path, list(a[3] or ()), list(b[3] or ()))
    yield from _dicts(path, dict(a[4] or ()), dict(b[4] or ()))
    yield Pair(f"{path}, its observers", observers_of(one), observers_of(other))


def _arguments(path: str, one: Sequence[Any], other: Sequence[Any]) -> Steps:
    """What an object is made from; the first is mostly its class, or says nothing to people."""
    if len(one) != len(other):
        yield f"{path}: made from {len(one)} values != {len(other)} values"
        return
    for at, (a, b) in enumerate(zip(one, other)):  # noqa: B905
        if isinstance(a, type):
            yield Pair(f"type({path})", a, b)
        else:
            whole = len(one) == 1 and isinstance(a, (dict, list, tuple))  # of a Counter, say
            yield Pair(path if whole else f"{path}<{at}>", a, b)


def _states(path: str, one: Any, other: Any) -> Steps:
    if _is_of_slots(one) and _is_of_slots(other):
        for a, b in zip(one, other):  # noqa: B905 -- both are two
            yield from _states(path, a or {}, b or {})
        return
    if not (isinstance(one, dict) and isinstance(other, dict)):
        yield Pair(f"{path}.__getstate__()", one, other)
        return
    for name in dict.fromkeys([*one, *other]):
        if name not in one or name not in other:
            yield f"{path}: attribute {name} {only_in(run_all=name in one)}"
        else:
            yield Pair(f"{path}.{name}", one[name], other[name])


def _exceptions(path: str, one: BaseException, other: BaseException) -> Steps:
    """Exceptions: as other objects, and what they keep where pickle does not look: where they come from, say."""
    yield from _objects(path, one, other)
    yield from _states(path, dict(slot_values(one)), dict(slot_values(other)))
    for name in ("__cause__", "__context__"):
        yield Pair(f"{path}.{name}", getattr(one, name), getattr(other, name))


def _weak(path: str, one: Any, other: Any) -> Steps:
    yield Pair(f"{path}()", one(), other())


def _generators(path: str, one: Any, other: Any) -> Steps:
    """Generators that have ended are alike; how far others are cannot be seen."""
    ended, theirs = one.gi_frame is None, other.gi_frame is None
    if not (ended or theirs):
        raise NotComparable("it holds a generator that has not ended")
    if ended != theirs or one.__qualname__ != other.__qualname__:
        yield unequal(path, one, other)


def _is_of_slots(state: Any) -> bool:
    """Whether it is the state of an object with slots: its dict and they, either perhaps None."""
    return (
        isinstance(state, tuple)
        and len(state) == 2
        and all(part is None or isinstance(part, dict) for part in state)
    )


def _reduced(value: Any) -> Any:
    """What pickle would store of it: a global's name, or five parts."""
    registered = copyreg.dispatch_table.get(type(value))
    try:
        reduced = registered(value) if registered else value.__reduce_ex__(4)
    except Exception as error:  # noqa: BLE001 -- whatever its own reduce raises
        reason = str(error) or type(error).__name__
        raise NotComparable(f"it holds a {type_name(type(value))}: {reason}") from None
    if isinstance(reduced, str):
        return reduced
    parts = [*reduced, *[None] * 5][:5]
    if isinstance(parts[2], dict):
        parts[2] = {k: v for k, v in parts[2].items() if not is_lazy(type(value), k)}
        if root_package(type(value)) == "sklearn":
            parts[2] = _without_clocks(parts[2])
    return parts


def _without_clocks(state: dict[str, Any]) -> dict[str, Any]:
    """What scikit-learn's searches found out, but for how long that took."""
    state = {name: value for name, value in state.items() if name != "refit_time_"}
    results = state.get("cv_results_")
    if type(results) is dict:
        kept = {name: value for name, value in results.items() if not name.endswith("_time")}
        state["cv_results_"] = kept
    return state


_NOTHING = object()

_EXACT: dict[type[Any], Handler] = {
    **dict.fromkeys(_PLAIN, _plain),
    float: _floats,
    complex: _complex,
    decimal.Decimal: _texts,
    datetime.datetime: _times,
    datetime.time: _times,
    list: _sequences,
    tuple: _tuples,
    deque: _deques,
    memoryview: _buffers,
    dict: _dicts,
    set: _sets,
    frozenset: _sets,
    re.Pattern: _patterns,
    types.MappingProxyType: _proxies,
    types.GeneratorType: _generators,
    types.ModuleType: _modules,
    **dict.fromkeys(_FUNCTIONS, comparison_code.functions),
    type(functools.lru_cache(maxsize=None)(len)): comparison_code.cached,
    types.MethodType: comparison_code.methods,
    types.CellType: comparison_code.cells,
    property: comparison_code.properties,
    functools.cached_property: comparison_code.cached_properties,
    staticmethod: comparison_code.wrapped,
    classmethod: comparison_code.wrapped,
}
_BY_BASE: tuple[tuple[type[Any], Handler], ...] = (
    (enum.Enum, _enums),
    (tuple, _tuples),
    (pathlib.PurePath, _texts),
    (BaseException, _exceptions),
    (weakref.ref, _weak),
)
