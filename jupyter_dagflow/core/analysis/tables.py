"""What the tables of a notebook may have in common, though each is changed for itself.

The law: tables are pandas' kind. A part of one has the objects that lie in it; what a method makes of one
may be over the same memory until either is written to, and may have the very same index.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from types import MappingProxyType

_MANY = 64


class Kinship:
    """Tables, by number, that were made of others: which they go back to."""

    def __init__(self, roots: Mapping[int, Set[int]] = MappingProxyType({})) -> None:
        self.roots = dict(roots)
        self._alone: dict[int, frozenset[int]] = {}  # for most are made of one, as many others are

    def __eq__(self, other: object) -> bool:
        """Whether the same tables go back to the same."""
        return isinstance(other, Kinship) and self.roots == other.roots

    __hash__ = None  # type: ignore[assignment]

    def roots_of(self, table: int) -> Set[int]:
        """The tables that a table goes back to; itself if it was made of none."""
        return self.roots.get(table) or {table}

    def relate(self, table: int, others: Iterable[int]) -> Set[int]:
        """A table was made of others; returns the roots of these."""
        each = [self.roots.get(o) or self._alone.setdefault(o, frozenset((o,))) for o in others]
        roots = each[0] if len(each) == 1 else frozenset().union(*each)
        if table in roots:
            roots = roots - {table}
        if roots:
            known = self.roots.get(table)
            self.roots[table] = roots if known is None else self._newest(known | roots)
        return roots

    def add(self, table: int, roots: Set[int]) -> None:
        """A table goes back to these roots as well."""
        self.roots[table] = self._newest(self.roots_of(table) | roots)

    def _newest(self, roots: Set[int]) -> Set[int]:
        """A table that was made of very many goes back to the last of them: each has a list of its own."""
        return roots if len(roots) <= _MANY else frozenset(sorted(roots)[-_MANY:])


class Tables:
    """The tables of one heap: ``parts`` tells of a part which tables it is of, ``exported`` are roots of
    ``memory`` that an array may be over. ``noticed`` are roots for which it shows that their families
    share: somebody changes an index, or memory that an array is over.
    """

    def __init__(self) -> None:
        self.parts: dict[int, set[int]] = {}
        self.memory = Kinship()
        self.index = Kinship()
        self.exported: set[int] = set()
        self.noticed: set[int] = set()

    def fork(self) -> Tables:
        """The same tables in a heap of their own."""
        other = Tables()
        other.parts = {part: set(tables) for part, tables in self.parts.items()}
        other.memory, other.index = Kinship(self.memory.roots), Kinship(self.index.roots)
        other.exported, other.noticed = set(self.exported), set(self.noticed)
        return other

    def __eq__(self, other: object) -> bool:
        """Whether as much is known of as many tables."""
        return isinstance(other, Tables) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]

    def whole(self, table: int) -> Set[int]:
        """What a table is a part of; itself if of none."""
        return self.parts.get(table) or {table}

    def add_part(self, part: int, tables: Iterable[int]) -> None:
        """A part was taken out of tables."""
        of_tables = {each for table in tables for each in self.whole(table)}
        self.parts.setdefault(part, set()).update(of_tables)
