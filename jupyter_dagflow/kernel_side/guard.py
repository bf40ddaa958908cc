"""Values that a task is believed to leave as they are, checked.

The law: what is guarded is looked at twice, before the task's cells and after them, and never
changed by that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .fingerprint import fingerprint


class Guard:
    """The fingerprints of some names of a namespace, as they were when this was made."""

    def __init__(self, namespace: Mapping[str, Any], names: Iterable[str]) -> None:
        self._namespace = namespace
        self._before = {n: fingerprint(namespace[n]) for n in names if n in namespace}

    def changed(self, names: Iterable[str]) -> list[str]:
        """Those of the names that now hold something else, or nothing."""
        return [name for name in names if name in self._before and not self._is_same(name)]

    def _is_same(self, name: str) -> bool:
        if name not in self._namespace:
            return False
        return fingerprint(self._namespace[name]) == self._before[name]
