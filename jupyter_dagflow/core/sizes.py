"""Numbers of bytes as people write them."""

from __future__ import annotations

import re

_SIZE = re.compile(r"(\d+(?:\.\d+)?) ?([kmgt]?)(i?)b?")


def parse_size(text: str) -> int | None:
    """The bytes that a text like ``500MB`` or ``1 GiB`` says; None if it says no size.

    >>> [parse_size(text) for text in ("1.5kB", "2 MiB", "10", "many")]
    [1500, 2097152, 10, None]
    """
    found = _SIZE.fullmatch(text.strip().lower())
    if found is None:
        return None
    number, unit, binary = found.groups()
    return int(float(number) * (1024 if binary else 1000) ** " kmgt".index(unit or " "))
