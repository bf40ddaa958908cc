"""State that the project's own modules keep, and that a task's cells have changed.

The law: what a module's globals hold is looked at as the cells begin and as they end, never touched. What an import
does to modules is not the cells' doing: whoever imports the same has it, too. So when one of the project's modules is
imported by the cells, all are looked at anew after it. Live things (locks, connections, loggers) do not count, nor
what a library keeps in its objects beside such, nor what is remembered of results: by ``functools``, or under a
private name that says "cache".
"""

from __future__ import annotations

import contextlib
import importlib.machinery
import os
import sys
import threading
import types
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from .anatomy import is_private_cache, member, members, root_package
from .fingerprint import INSTANCE_WAYS, Walk, collecting_later
from .usage import LocalModules

_ATOMS = frozenset({int, float, complex, str, bytes, bool, type(None)})
_BY_IDENTITY = (
    types.FunctionType,
    types.BuiltinFunctionType,
    types.MethodType,
    types.ModuleType,
    type,
)
_OF_CLASSES = (
    types.FunctionType,
    staticmethod,
    classmethod,
    property,
    types.MemberDescriptorType,
    types.GetSetDescriptorType,
)
_REMEMBER_ONLY = frozenset({"functools", "weakref"})
_TRIMMED = "<frozen importlib._bootstrap_external>"


class _Live(NamedTuple):
    """What a value is that only its identity can tell."""

    identity: int


class _Told(NamedTuple):
    """The fingerprint of a value, and those of libraries' objects in it by their identity.

    In the first these count by identity. Their own are None if they have live things in them.
    """

    fingerprint: str
    objects: Mapping[int, str | None]


class ModuleState:
    """Watches one process; `begin` and `end` as often as there are tasks in it."""

    def __init__(self) -> None:
        self._local: LocalModules | None = None
        self._modules: dict[str, types.ModuleType] = {}
        self._before: dict[str, dict[str, Any]] = {}
        self._changed: dict[str, set[str]] = {}
        self._imports = threading.local()
        self._undo: Callable[[], None] = lambda: None
        self._names: frozenset[str] = frozenset()

    def begin(self, local: LocalModules) -> None:
        """Watch from now on the modules that are ``local``."""
        self.end()
        self._local = local
        self._changed = {}
        self._modules = {n: m for n, m in list(sys.modules.items()) if local.has(n, m)}
        self._look()
        self._undo = _around_imports(self._import_begins, self._import_ended)

    def end(self) -> dict[str, Any]:
        """Watch no more; the modules that have changed, each with its file and the names of what has."""
        self._undo()
        self._undo = lambda: None
        self._note()
        found = {
            name: {
                "file": os.path.abspath(str(self._modules[name].__file__)),
                "names": sorted(names),
            }
            for name, names in sorted(self._changed.items())
            if names
        }
        self._names = frozenset(self._modules)
        self._local, self._modules, self._before, self._changed = None, {}, {}, {}
        return found

    def classes_of(self, value: Any) -> list[tuple[str, str]]:
        """The classes of the modules watched until `end` that a value is an instance of: module and name of each."""
        return [
            (kind.__module__, kind.__qualname__)
            for kind in type(value).__mro__
            if type(kind.__module__) is str and kind.__module__ in self._names
        ]

    def _look(self) -> None:
        with collecting_later():
            roots = self._roots()
            self._before = {n: _state(vars(m), roots) for n, m in self._modules.items()}

    def _note(self) -> None:
        """Take in what has changed since it was looked at last."""
        with collecting_later():
            roots = self._roots()
            for name, before in self._before.items():
                after = _state(vars(self._modules[name]), roots)
                self._changed.setdefault(name, set()).update(_changed(before, after))

    def _roots(self) -> frozenset[str]:
        """The packages whose classes are looked into, whatever they are."""
        return frozenset({"__main__", *(name.partition(".")[0] for name in self._modules)})

    def _import_begins(self, module: Any) -> None:
        """One module is to be imported, and others by it."""
        imports = self._imports
        imports.depth = getattr(imports, "depth", 0) + 1
        if imports.depth == 1:
            imports.found = {}
        if not imports.found and self._is_local(module):
            self._note()
        if self._is_local(module):
            imports.found[module.__name__] = module

    def _import_ended(self, module: Any) -> None:  # noqa: ARG002 -- it is in what was found
        imports = self._imports
        imports.depth -= 1
        if imports.depth == 0 and imports.found:
            there = {n: m for n, m in imports.found.items() if sys.modules.get(n) is m}
            self._modules.update(there)
            self._look()

    def _is_local(self, module: Any) -> bool:
        return self._local is not None and self._local.has(module.__name__, module)


def _state(namespace: Mapping[str, Any], roots: frozenset[str]) -> dict[str, Any]:
    """What can be told of all that a module's globals hold, by name."""
    own = namespace.get("__name__")
    found: dict[str, Any] = {}
    for name, value in list(namespace.items()):
        if not _counts(name) or is_private_cache(name):
            continue
        kind = type(value)
        if kind in _ATOMS:
            found[name] = value
        elif issubclass(kind, types.FunctionType):
            kept = (value.__defaults__ or (), value.__kwdefaults__ or {}, vars(value))
            plain = _ATOMS.issuperset(map(type, kept[0])) and not kept[1] and not kept[2]
            there = value.__module__ == own and not plain
            found[name] = (value, _told(kept, roots) if there else None)
        elif issubclass(kind, type):
            there = members(value).get("__module__") == own
            found[name] = (value, _told(_of_class(value), roots) if there else None)
        elif issubclass(kind, _BY_IDENTITY):
            found[name] = (value, None)
        else:
            found[name] = _told(value, roots)
    return found


def _counts(name: Any) -> bool:
    return type(name) is str and not (name.startswith("__") and name.endswith("__"))


def _of_class(kind: type[Any]) -> dict[str, Any]:
    """The data that a class has for all its instances."""
    return {
        name: value
        for name, value in members(kind).items()
        if _counts(name)
        and not name.startswith("_abc_")
        and not is_private_cache(name)
        and not issubclass(type(value), (*_OF_CLASSES, *_BY_IDENTITY))
    }


def _changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    for name in {**before, **after}:
        if name not in before or name not in after:
            if not isinstance(after.get(name), _Live):
                yield name
        elif not _is_same(before[name], after[name]):
            yield name


def _is_same(before: Any, after: Any) -> bool:
    if before is after or isinstance(before, _Live) or isinstance(after, _Live):
        return True
    if type(before) is not type(after):
        return False
    if isinstance(before, _Told):
        return before.fingerprint == after.fingerprint and all(
            told is None or after.objects.get(key, told) in (None, told)
            for key, told in before.objects.items()
        )
    if type(before) is tuple:
        return before[0] is after[0] and _is_same(before[1], after[1])
    return bool(before == after)


def _told(value: Any, roots: frozenset[str]) -> _Told | _Live:
    walk = _OwnWalk(roots)
    walk.over(value)
    objects: dict[int, str | None] = {}
    for key, each in walk.objects.items():
        probe = _Probe()
        probe.over(each)
        objects[key] = None if probe.live else probe.result()
    if id(value) in walk.opaque_ones and objects.get(id(value)) is None:
        return _Live(id(value))
    return _Told(walk.result(), objects)


class _OwnWalk(Walk):
    """A walk over what is the project's own; libraries' ``objects`` are met and left."""

    def __init__(self, roots: frozenset[str]) -> None:
        super().__init__()
        self._roots = roots
        self.objects: dict[int, Any] = {}
        self.opaque_ones: set[int] = set()

    def way(self, kind: type[Any]) -> Callable[[Walk, Any], Iterator[Any]]:
        """Objects whose classes are not the project's are told apart."""
        way = super().way(kind)
        if way not in INSTANCE_WAYS or root_package(kind) in self._roots:
            return way
        remembers = member(kind, "__call__") is not None or root_package(kind) in _REMEMBER_ONLY
        return _left if remembers else _met

    def opaque(self, obj: Any) -> None:
        """Count an object by its identity, and note that."""
        self.opaque_ones.add(id(obj))
        super().opaque(obj)


def _left(walk: Walk, obj: Any) -> Iterator[Any]:
    walk.opaque(obj)
    return iter(())


def _met(walk: Walk, obj: Any) -> Iterator[Any]:
    if isinstance(walk, _OwnWalk):
        walk.objects[id(obj)] = obj
    return _left(walk, obj)


class _Probe(Walk):
    """A walk that tells whether it has met something ``live``."""

    def __init__(self) -> None:
        super().__init__()
        self.live = False

    def opaque(self, obj: Any) -> None:
        """Note it."""
        self.live = True
        super().opaque(obj)


def _around_imports(
    begins: Callable[[Any], None], ended: Callable[[Any], None]
) -> Callable[[], None]:
    """Have these two called before and after each module's code runs; what is returned undoes it."""
    loader: Any = importlib.machinery.SourceFileLoader
    original, own = loader.exec_module, vars(loader).get("exec_module")

    def quietly(tell: Callable[[Any], None], module: Any) -> None:
        with contextlib.suppress(Exception):  # an import must not fail of being watched
            tell(module)

    def _call_with_frames_removed(self: Any, module: Any) -> None:
        quietly(begins, module)
        try:
            original(self, module)
        finally:
            quietly(ended, module)

    def undo() -> None:
        if vars(loader).get("exec_module") is _call_with_frames_removed:
            del loader.exec_module
            if own is not None:
                loader.exec_module = own

    # By its name and file Python leaves it out of tracebacks, as it does its own part of an import.
    code = _call_with_frames_removed.__code__
    _call_with_frames_removed.__code__ = code.replace(co_filename=_TRIMMED)
    loader.exec_module = _call_with_frames_removed
    return undo
