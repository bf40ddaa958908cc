"""What runs have found out about pieces of code and compiling could not know.

The law: a fact belongs to the exact text of a cell, wherever that text stands; edited, it is
unknown again.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """The code of this digest changes what ``name`` holds, in place.

    Or, with ``other``: where it ends, the values of the two names have objects in common. Or, with a
    ``name`` like ``reads:PATH`` or ``writes:PATH``: it does what such a tag says.
    """

    code: str
    name: str
    other: str = ""

    @property
    def file(self) -> tuple[str, str]:
        """``reads`` or ``writes``, and the path; twice nothing if it is about names."""
        deed, colon, path = self.name.partition(":")
        return (deed, path) if colon else ("", "")


def code_digest(code: str) -> str:
    """The SHA-256 of a cell's code."""
    return hashlib.sha256(code.encode("utf-8", "surrogatepass")).hexdigest()
