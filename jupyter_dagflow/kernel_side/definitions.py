"""Classes and functions of the notebook: which of them travel by name, and what a name needs on
arrival.

The law: one class is handled one way in a whole run. What every kernel of the run can make by
running the same statements (setup cells, definitions) travels by name, so classes keep one identity
per kernel. The statements travel along, so a kernel that lacks a name can make it. All else that is
code travels by value.
"""

from __future__ import annotations

import sys
import types
from collections.abc import Iterable, Mapping, Sequence
from typing import Any


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
        self._parents: dict[str, frozenset[str]] = {}

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
        """The statements that make these names, and what those look up in turn, in order."""
        needed: set[str] = set()
        pending = [name for name in names if name in self._named]
        while pending:
            name = pending.pop()
            if name not in needed:
                needed.add(name)
                pending += [other for other in self._uses(name) if other in self._named]
        return [
            {key: statement[key] for key in ("name", "source", "by")}
            for statement in self._statements
            if statement["name"] in needed and self._named[statement["name"]] is statement
        ]

    def admit(self, statements: Sequence[Mapping[str, Any]], by_name: Iterable[str]) -> None:
        """Make the missing ones of these names; raises `OtherVersion` if one is another here."""
        wanted = {statement["name"]: statement["source"] for statement in statements}
        of_setup = {statement["name"] for statement in statements if statement.get("by") == "setup"}
        for name in by_name:
            if name in wanted and self._replayed.get(name, wanted[name]) != wanted[name]:
                raise OtherVersion(f"it refers to another {name} than the one this task uses")
        for name, source in wanted.items():
            # What is there by a name may be setup's, and another than the task's that was stored.
            known = self._live or name in self._replayed or name in of_setup
            if name not in self._made and not (known and name in self._before):
                self._make(name, source)

    def _make(self, name: str, source: str) -> None:
        """Run the statement behind a name; a value that was loaded under it stays."""
        loaded = {name: self.namespace[name]} if name in self.namespace else {}
        code = compile(source, f"<definition of {name}>", "exec", dont_inherit=True)
        exec(code, self.namespace)  # noqa: S102 -- the notebook's own statement
        if name in self.namespace:
            self._made[name] = self.namespace[name]
        self.namespace.update(loaded)

    def _uses(self, name: str) -> frozenset[str]:
        if name not in self._parents:
            try:
                code = compile(
                    self._named[name]["source"], "<definition>", "exec", dont_inherit=True
                )
            except SyntaxError:
                self._parents[name] = frozenset()
            else:
                self._parents[name] = frozenset(names_in(code))
        return self._parents[name]


def is_code(name: str, value: Any) -> bool:
    """Whether a name holds what ``import``, ``def`` or ``class`` made, and no data with it.

    A function that closes over values, or was made by a call, may well be a result.
    """
    if isinstance(value, types.ModuleType):
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


def names_in(code: types.CodeType) -> set[str]:
    """The names that this code, or code within it, may look up by name."""
    names = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            names |= names_in(constant)
    return names
