"""Names for tasks: made of what people write in headings, and kept apart from one another."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container

_LONGEST = 60  # of a made name: it is shown in a card and leaves room for a number behind it


def slug(text: str) -> str:
    """The letters and digits of a text as a task's name; empty if there are none a name may have.

    Accents are dropped; other scripts have no letters that a name may have.

    >>> slug("2. Données brutes 🎉"), slug("数据")
    ('_2_donnees_brutes', '')
    """
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(c for c in decomposed if not unicodedata.combining(c))
    name = re.sub(r"[^A-Za-z0-9]+", "_", plain).strip("_")
    if name[:1].isdigit():
        name = f"_{name}"
    return name[:_LONGEST].rstrip("_")


def free(wanted: str, taken: Container[str]) -> str:
    """The wanted name, with a number behind it if it is taken.

    >>> free("load", {"load", "load_2"})
    'load_3'
    """
    name, n = wanted, 2
    while name in taken:
        name, n = f"{wanted}_{n}", n + 1
    return name
