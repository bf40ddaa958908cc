"""How an object is put together, seen without running any code of its class.

The law: no attribute is looked up in the ordinary way, because ``__getattribute__``, properties and
metaclasses may be anybody's Python.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import sys
import types
from collections.abc import Iterator
from typing import Any

_MRO = type.__dict__["__mro__"]
_DICT = type.__dict__["__dict__"]
_MODULE = type.__dict__["__module__"]
_QUALNAME = type.__dict__["__qualname__"]
_BASES: Any = type.__dict__["__bases__"]
_OF_MODULES = {
    "Random": ("random", "_inst"),
    "RandomState": ("numpy.random.mtrand", "_rand"),
    "_Environ": ("os", "environ"),
    "RcParams": ("matplotlib", "rcParams"),
}
# Of SciPy's sparse arrays, and for which list of words scikit-learn's vectorizers have looked at it.
_WORKED_OUT = frozenset({"_has_canonical_format", "_has_sorted_indices", "_stop_words_id"})


def lineage(kind: type[Any]) -> tuple[type[Any], ...]:
    """The class and those it inherits from, in order of resolution."""
    found: tuple[type[Any], ...] = _MRO.__get__(kind)
    return found


def members(kind: type[Any]) -> Any:
    """What stands in the class itself, by name."""
    return _DICT.__get__(kind)


def member(kind: type[Any], name: str) -> Any:
    """What instances of the class find under a name in it or above it; None if nothing."""
    for base in lineage(kind):
        found = members(base)
        if name in found:
            return found[name]
    return None


def bases(kind: type[Any]) -> tuple[type[Any], ...]:
    """The classes that it is made of."""
    found: tuple[type[Any], ...] = _BASES.__get__(kind)
    return found


def origin(kind: type[Any]) -> tuple[Any, str]:
    """The module that it says it is from, which may be anything, and its qualified name there."""
    return _MODULE.__get__(kind), _QUALNAME.__get__(kind)


def type_name(kind: type[Any]) -> str:
    """Module and qualified name."""
    return f"{_MODULE.__get__(kind)}.{_QUALNAME.__get__(kind)}"


def root_package(kind: type[Any]) -> str:
    """The package that a class comes from: ``pandas``, ``__main__``, ``builtins``."""
    module = _MODULE.__get__(kind)
    return module.partition(".")[0] if type(module) is str else ""


def is_lazy(kind: type[Any], name: Any) -> bool:
    """Whether an attribute of instances only holds what was worked out before, and may be again."""
    if type(name) is not str:
        return False
    remembered = is_private_cache(name) or name in _WORKED_OUT
    if remembered and root_package(kind) != "__main__":
        return True
    return type(member(kind, name)) is functools.cached_property


def is_private_cache(name: str) -> bool:
    """Whether a name says that what it means is remembered only, and is nobody else's business."""
    return name.startswith("_") and "cache" in name.lower()


def instance_dict(obj: Any) -> dict[str, Any]:
    """The instance's own ``__dict__``; empty if it has none."""
    descriptor = dict_of(type(obj))
    state: dict[str, Any] = descriptor.__get__(obj, type(obj)) if descriptor is not None else {}
    return state


def dict_of(kind: type[Any]) -> Any:
    """What gives an instance's own ``__dict__``; None if instances have none."""
    for base in lineage(kind):
        found = members(base).get("__dict__")
        if type(found) is types.GetSetDescriptorType:
            return found
    return None


def has_dict(kind: type[Any]) -> bool:
    """Whether instances have a ``__dict__``."""
    return dict_of(kind) is not None


def slots(kind: type[Any]) -> tuple[tuple[str, Any], ...]:
    """The members that instances have beside their ``__dict__``, and how to get at them."""
    return tuple(
        (name, each)
        for base in lineage(kind)
        for name, each in members(base).items()
        if type(each) is types.MemberDescriptorType and name not in ("__dict__", "__weakref__")
    )


def may_be_of_module(kind: type[Any]) -> bool:
    """Whether `place_in_module` knows an object that has a type of this name."""
    return kind.__name__ in _OF_MODULES


def place_in_module(obj: Any) -> tuple[str, str] | None:
    """The module and the name by which a kernel finds what every kernel has one of, a global generator of ``random``
    or NumPy, the environment, Matplotlib's settings; None if it is none of these.

    They are so in every kernel that they are handed over to.
    """
    module, name = _OF_MODULES.get(type(obj).__name__, ("", ""))
    there = module in sys.modules and vars(sys.modules[module]).get(name) is obj
    return (module, name) if there else None


def is_shared_generator(obj: Any) -> bool:
    """Whether this is the global generator of ``random`` or NumPy."""
    return type(obj).__name__.startswith("Random") and place_in_module(obj) is not None


def is_current_context(obj: Any) -> bool:
    """Whether this is the context that ``decimal`` calculates in, which every kernel has one of."""
    decimal = sys.modules.get("decimal")
    return decimal is not None and type(obj) is decimal.Context and obj is decimal.getcontext()


def objects_of_modules() -> frozenset[int]:
    """The ids of these objects, to look very many up."""
    known = (vars(sys.modules[m]).get(n) for m, n in _OF_MODULES.values() if m in sys.modules)
    return frozenset(map(id, known))


def is_of_module(method: Any) -> bool:
    """Whether a bound method is what ``from random import …`` gives, or NumPy's likewise: one of an object that is the
    module's own.
    """
    owner = method.__self__
    return owner is not None and place_in_module(owner) is not None


def slot_values(obj: Any) -> Iterator[tuple[str, Any]]:
    """What an instance has in its slots, by their names; those that are not filled are left out."""
    for name, slot in slots(type(obj)):
        with contextlib.suppress(AttributeError):
            yield name, slot.__get__(obj, type(obj))


def shown_by(proxy: types.MappingProxyType[Any, Any]) -> Any:
    """The mapping that a proxy shows, or the class whose own that is.

    A class written in C is not told to the collector of garbage; its mapping never changes.
    """
    (mapping,) = gc.get_referents(proxy)
    if type(mapping) is not dict or not mapping.keys() >= {"__module__", "__doc__"}:
        return mapping  # whom the collector would have to look for among all there is
    holders = gc.get_referrers(mapping)
    return next((each for each in holders if issubclass(type(each), type)), mapping)
