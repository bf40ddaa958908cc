"""Which variables of the environment this process has set since it began, whatever code did it.

The law: all kernels of a run are given the same, so of a variable that has stayed as it was given there is nothing to
tell. Of a value no more leaves the kernel than tells it from others: too little to find it by trying, as it may be a
key or a password.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

_PREFIX = "os.environ."  # as `core.side_effects` calls it
_TELLING_APART = 2  # bytes


class Environment:
    """Watches ``os.environ``; `enter` as its process begins, `begin` before a task's cells, `end` after them."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables
        self.enter()

    def enter(self) -> None:
        """Remember what was given: nothing of the notebook has run yet."""
        self._given = self._before = dict(self._variables)

    def begin(self) -> None:
        """Remember what is set as the cells begin."""
        self._before = dict(self._variables)

    def end(self) -> dict[str, Any]:
        """Of each variable that was set or deleted: how it was before the cells, how it is now, and its name if that
        is not the same; told as `LibrarySettings` tells of libraries.
        """
        given, before, now = self._given, self._before, dict(self._variables)
        names = {name for found in (before, now) for name, _ in found.items() ^ given.items()}
        return {
            _PREFIX + name: {
                "before": _told(before.get(name)),
                "after": _told(now.get(name)),
                "changed": [name] if before.get(name) != now.get(name) else [],
            }
            for name in sorted(names)
        }


def _told(value: str | None) -> str:
    return hashlib.blake2b(ascii(value).encode(), digest_size=_TELLING_APART).hexdigest()
