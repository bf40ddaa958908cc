"""Classes and functions of the notebook: which of them travel by name, and what a name needs on
arrival.

The law: one class is handled one way in a whole run. What every kernel of the run can make by
running the same statements (setup cells, definitions) travels by name, so classes keep one identity
per kernel. The statements travel along, so a kernel that lacks a name can make it. All else that is
code travels by value.
"""

from __future__ import annotations
import __future__

import ast
import bisect
import functools
import inspect
import sys
import types
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from .anatomy import is_of_module


class OtherVersion(Exception):
    """A value belongs to another version of a class or function than the one this kernel has."""


class Definitions:
    """The definitions of one kernel, over the namespace they live in.

    ``statements`` are ``{"name", "source", "by"}``: they stand in setup, were replayed before the
    task's cells (``definitions``), or are made by those themselves (``task``). ``before`` is what the
    namespace held when the task's cells began, ``task`` what the task is called. A namespace is
    ``live`` if the user's cells have run in it: what it has by a name is meant then, whatever
    statement the value came with.
    """

    def __init__(
        self,
        namespace: dict[str, Any],
        statements: Sequence[Mapping[str, Any]] = (),
        before: Mapping[str, Any] = types.MappingProxyType({}),
        task: str = "",
        *,
        live: bool = False,
    ) -> None:
        self.namespace = namespace
        self._statements = list(statements)
        self._before = before
        self._named = {statement["name"]: statement for statement in statements}
        self._replayed = {s["name"]: s["source"] for s in statements if s["by"] != "task"}
        self._made: dict[str, Any] = {}
        self._task = task
        self._live = live
        self._markers: dict[str, object] = {}
        self._parents: dict[str, tuple[frozenset[str], frozenset[str]]] = {}

    def has(self, obj: Any, qualname: str) -> bool:
        """Whether ``obj`` is what every kernel of the run gets by making that name."""
        top, _, rest = qualname.partition(".")
        own = self._named.get(top, {}).get("by") == "task"
        found = self.namespace.get(top) if own else self._before.get(top)
        for part in rest.split(".") if rest else ():
            found = getattr(found, part, None)
        return found is obj

    def __contains__(self, name: str) -> bool:
        """Whether a name means something here."""
        return name in self._before or name in self._made or name in self.namespace

    def find(self, name: str) -> Any:
        """What pickles mean by a name: what it was before any value was loaded, but for what came with one."""
        places = (self._made, self._before, self.namespace)
        return next(place[name] for place in places if name in place)

    def marker(self, label: str) -> object:
        """The bare ``object()`` of that label: the same whenever it is asked for.

        Such have nothing but their identity, by which code tells that a value is missing.
        """
        if label in self._before:
            return self._before[label]
        return self._markers.setdefault(label, object())

    def label_of(self, marker: object) -> str:
        """What tells a bare ``object()`` from the others of a run: its name in setup, or the task that
        made it and a number.
        """
        for known in (self._before, self._markers):
            for label, value in known.items():
                if value is marker:
                    return label
        label = f"{self._task}#{len(self._markers)}"
        self._markers[label] = marker
        return label

    def needed_for(self, names: Iterable[str]) -> list[dict[str, Any]]:
        """The statements that make these names, and what those look up in turn, in order.

        A statement that is run looks up what is there by then: what decorates a function may be
        another further down. What is imported from ``__future__`` above counts for all of them.
        """
        needed: set[tuple[int, int]] = set()
        pending = [(name, len(self._statements)) for name in names]
        places, again = self._places if pending else ({}, [])  # most values need none
        while pending:
            name, below = pending.pop()
            above = [place for place in places.get(name, ()) if place < below]
            # Between two statements that define something anew, all look up the same.
            if above and (above[-1], bisect.bisect(again, below)) not in needed:
                needed.add((above[-1], bisect.bisect(again, below)))
                at_once, later = self._uses(self._statements[above[-1]]["source"])
                pending += [(other, above[-1]) for other in at_once]
                pending += [(other, below) for other in later]
        found = {place for place, _ in needed}
        found.update(place for place in self._futures if found and place < max(found))
        return [
            {key: self._statements[place][key] for key in ("name", "source", "by")}
            for place in sorted(found)
        ]

    @functools.cached_property
    def _futures(self) -> list[int]:
        """The places of the statements that import from ``__future__``."""
        return [place for place, each in enumerate(self._statements) if _is_future(each["source"])]

    @functools.cached_property
    def _places(self) -> tuple[dict[str, list[int]], list[int]]:
        """Where each name is made among the statements, and which of these make a name that others make, too."""
        places: dict[str, list[int]] = {}
        for place, statement in enumerate(self._statements):
            for name in {statement["name"], *_imported(statement["source"])}:
                places.setdefault(name, []).append(place)
        return places, sorted({p for each in places.values() if len(each) > 1 for p in each})

    def admit(self, statements: Sequence[Mapping[str, Any]], by_name: Iterable[str]) -> None:
        """Make the missing ones of these names; raises `OtherVersion` if one is another here."""
        futures = [s["source"] for s in statements if _is_future(s["source"])]
        statements = [s for s in statements if not _is_future(s["source"])]
        wanted = {statement["name"]: statement for statement in statements}
        for name in by_name:
            source = wanted[name]["source"] if name in wanted else None
            if source is not None and self._replayed.get(name, source) != source:
                raise OtherVersion(f"it refers to another {name} than the one this task uses")
        missing = {name for name, last in wanted.items() if not self._has_made(last)}
        if not missing:
            return
        # A value that was loaded under such a name stays; so does what is known and meant anyhow.
        bound = {name for statement in statements for name in _imported(statement["source"])}
        stays = {n: self.namespace[n] for n in {*wanted, *bound} if n in self.namespace}
        try:
            for statement in statements:
                name = statement["name"]
                if name in missing or statement is not wanted[name]:
                    self._make(name, statement["source"], futures)
                elif name in stays:
                    self.namespace[name] = stays[name]
            self._made.update({n: self.namespace[n] for n in missing if n in self.namespace})
        finally:
            self.namespace.update(stays)

    def _has_made(self, statement: Mapping[str, Any]) -> bool:
        """Whether what this statement makes is there.

        What is there by a name may be setup's, and another than the task's that was stored.
        """
        name = statement["name"]
        known = self._live or name in self._replayed or statement.get("by") == "setup"
        return name in self._made or (known and name in self._before)

    def _make(self, name: str, source: str, futures: Sequence[str]) -> None:
        """Run the notebook's own statement behind a name, with what stands above it from ``__future__``."""
        file, flags = f"<definition of {name}>", _flags_of(futures)
        code = compile(source, file, "exec", flags=flags, dont_inherit=True)
        exec(code, self.namespace)  # noqa: S102

    def _uses(self, source: str) -> tuple[frozenset[str], frozenset[str]]:
        """The names that a statement looks up where it is run, and those that what it makes looks up."""
        if source not in self._parents:
            try:
                code = compile(source, "<definition>", "exec", dont_inherit=True)
            except SyntaxError:
                self._parents[source] = frozenset(), frozenset()
            else:
                self._parents[source] = frozenset(_looked_up(code)), frozenset(names_in(code))
        return self._parents[source]


def _is_future(source: str) -> bool:
    return source.startswith("from __future__ ")


def _flags_of(futures: Iterable[str]) -> int:
    """What the compiler is told by statements that import from ``__future__``."""
    flags = 0
    for source in futures:
        flags |= compile(source, "<future>", "exec", dont_inherit=True).co_flags
    known: int = 0
    for name in __future__.all_feature_names:
        known |= getattr(__future__, name).compiler_flag
    return flags & known


def is_code(name: str, value: Any) -> bool:
    """Whether a name holds what ``import``, ``def`` or ``class`` made, and no data with it.

    A function that closes over values, or was made by a call, may well be a result.
    """
    if isinstance(value, types.ModuleType):
        return True
    bound = isinstance(value, (types.MethodType, types.BuiltinMethodType))
    if bound and is_of_module(value):
        return True
    if not isinstance(value, (type, types.FunctionType, types.BuiltinFunctionType)):
        return False
    if value.__module__ == "__main__":
        return value.__name__ == name and not getattr(value, "__closure__", None)
    return found_by_name(value)


def found_by_name(obj: Any) -> bool:
    """Whether an object is what its module has under its name."""
    found: Any = sys.modules.get(obj.__module__ or "")
    for part in obj.__qualname__.split("."):
        found = getattr(found, part, None)
    return found is obj


def _imported(source: str) -> list[str]:
    """The names that an import binds; of ``import a.b`` the first part."""
    if not source.startswith(("import ", "from ")):
        return []
    try:
        statements = ast.parse(source).body
    except SyntaxError:
        return []
    imports = (each for each in statements if isinstance(each, (ast.Import, ast.ImportFrom)))
    aliases = (alias for each in imports for alias in each.names)
    return [alias.asname or alias.name.partition(".")[0] for alias in aliases]


def _looked_up(code: types.CodeType) -> Iterator[str]:
    """The names that are looked up where this code runs: not those that functions made by it look up."""
    yield from code.co_names
    for inner in code.co_consts:
        if isinstance(inner, types.CodeType):
            is_class = not inner.co_flags & inspect.CO_OPTIMIZED
            if is_class or (inner.co_name.startswith("<") and inner.co_name != "<lambda>"):
                yield from _looked_up(inner)


def names_in(code: types.CodeType) -> set[str]:
    """The names that this code, or code within it, may look up by name."""
    names = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            names |= names_in(constant)
    return names
