"""State outside all variables that tasks hand over: global generators, the working directory.

The law: how to take such state and how to restore it comes with the spec, as Python source. A
module that nobody has imported has no state to take.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping
from typing import Any


class Ambient:
    """The states that a task takes or leaves, by their names (``<random>``).

    Each has ``module``, ``save`` (an expression), ``restore`` (a statement that uses ``state``), and
    ``idle`` and ``fresh`` (expressions that do).
    """

    def __init__(self, states: Mapping[str, Mapping[str, str]]) -> None:
        self._states = states

    def __contains__(self, name: str) -> bool:
        return name in self._states

    def is_there(self, name: str) -> bool:
        """Whether this kernel has such state."""
        return self._states[name]["module"] in sys.modules

    def take(self, name: str) -> Any:
        """The state as it is now."""
        state = self._states[name]
        return eval(state["save"], _names(state["module"]))  # noqa: S307 -- our own source

    def is_idle(self, name: str) -> bool:
        """Whether the state is one that its module may have been imported with."""
        return self._tells(name, "idle")

    def is_fresh(self, name: str) -> bool:
        """Whether the state is one that a seed gives, before any draw."""
        return self._tells(name, "fresh")

    def put(self, name: str, value: Any) -> None:
        """Make the state what it was when it was taken."""
        state = self._states[name]
        exec(state["restore"], {**_names(state["module"]), "state": value})  # noqa: S102 -- likewise

    def _tells(self, name: str, question: str) -> bool:
        state = self._states[name]
        names = {**_names(state["module"]), "state": self.take(name)}
        return bool(eval(state[question], names))  # noqa: S307 -- likewise


def _names(module: str) -> dict[str, Any]:
    importlib.import_module(module)
    root = module.partition(".")[0]
    return {root: sys.modules[root]}
