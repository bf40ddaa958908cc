"""The values of secret parameters, in the kernel: taken from whoever runs the task, given to the parameters cell.

The law: they are kept in memory and nowhere else, and what the kernel writes of them is ``***``.
"""

from __future__ import annotations

import json
import os
import pickle
import re
from datetime import date, datetime
from typing import Any

MASK = "***"
VARIABLE = "DAGFLOW_SECRET_"


class SecretMissing(Exception):
    """A taskbook that is run by hand asks for a secret; the text says how to give it."""


class SecretValues:
    """What `keep` was told; of a taskbook that is run by hand, nothing."""

    def __init__(self) -> None:
        self._values: dict[str, Any] = {}
        self._search: re.Pattern[str] | None = None

    def keep(self, pickled: bytes, pattern: str) -> None:
        """Take the values by their names, and the pattern of all forms in which they are to be hidden."""
        self._values = pickle.loads(pickled)  # noqa: S301 -- from whoever started this kernel
        self._search = re.compile(pattern) if pattern else None

    def value(self, name: str, kind: str, optional: bool) -> Any:
        """The value of a parameter of that type; without any, of the environment."""
        if name in self._values:
            return self._values[name]
        variable = VARIABLE + name.upper()
        if variable not in os.environ:
            raise SecretMissing(
                f"Set the environment variable {variable}: the value of {name} is not kept."
            )
        text = os.environ[variable]
        return None if optional and text in ("None", "null") else _read(text, kind)

    def are(self, name: str, value: Any) -> bool:
        """Whether a variable still has what the parameters cell gave it."""
        return name in self._values and self._values[name] is value

    def text(self, text: str) -> str:
        """The text with ``***`` in place of what is secret."""
        return text if self._search is None else self._search.sub(MASK, text)

    def deep(self, value: Any) -> Any:
        """The same for all texts within lists and dicts, keys too."""
        if self._search is None:
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.deep(key): self.deep(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.deep(item) for item in value]
        return value


def _read(text: str, kind: str) -> Any:
    if kind in ("date", "datetime"):
        return (datetime if kind == "datetime" else date).fromisoformat(text)
    if kind == "str":
        return text
    try:
        return json.loads(text)
    except ValueError:
        if kind == "any":
            return text
        raise
