"""The table of results that may be reused.

The law: an entry is what it was when it was made; only when it was last used changes. One that is made again from the
same takes the place of the older one. None is the truth about a run: all may be thrown away at any time.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, RowMapping, Select, func, select

from jupyter_dagflow.core.reuse import Entry
from jupyter_dagflow.core.slices import digest_of
from jupyter_dagflow.storage import prepared
from jupyter_dagflow.storage.projection import as_json
from jupyter_dagflow.storage.tables import cache_entries

Row = dict[str, object]

_PUT = cache_entries.insert().prefix_with("OR REPLACE")
_NEWEST = 64  # of one recipe: as many inputs as it may go back to
_AT_ONCE = 500  # SQLite takes some thousand values in a statement


class KnownEntry:
    """An entry as it was found; read only when it is looked at."""

    __slots__ = ("_body", "_entry", "entry_id", "place", "recipe", "used_at")

    def __init__(self, row: RowMapping) -> None:
        self.entry_id: str = row["entry_id"]
        self.recipe: str = row["recipe"]
        self.place: str = row["place"]
        self.used_at: datetime = row["used_at"]
        self._body: str = row["body"]
        self._entry: Entry | None = None

    @property
    def entry(self) -> Entry:
        """What it says."""
        if self._entry is None:
            self._entry = msgspec.convert(json.loads(self._body), Entry)
        return self._entry


def find(
    connection: Connection, *, recipes: Collection[str], places: Collection[str]
) -> list[KnownEntry]:
    """The entries of these recipes, the last used first, and for each of these places the last used one made there."""
    found: dict[str, KnownEntry] = {}
    for column, wanted, most in (("recipe", recipes, _NEWEST), ("place", places, 1)):
        for row in connection.execute(_latest(column, sorted(wanted), most)).mappings():
            known = KnownEntry(row)
            found.setdefault(known.entry_id, known)
    return list(found.values())


def row_of(entry: Entry, recipe: str = "") -> Row:
    """An entry as it is written, of which ``recipe`` is the digest; raises `TypeError` or `ValueError` if JSON cannot
    say it.
    """
    recipe = recipe or entry.recipe.digest
    return {
        "entry_id": _id(entry, recipe),
        "recipe": recipe,
        "place": entry.place,
        "made_at": entry.made_at,
        "used_at": entry.made_at,
        "body": as_json(entry),
    }


def put(connection: Connection, rows: Sequence[Row]) -> None:
    """Write entries, each in place of one that says the same."""
    prepared.execute(connection, _PUT, rows)


def touch(connection: Connection, entry_ids: Collection[str], at: datetime) -> None:
    """Note that entries have been used."""
    for some in parts(entry_ids):
        where = cache_entries.c.entry_id.in_(some)
        connection.execute(cache_entries.update().where(where).values(used_at=at))


def unused(connection: Connection, since: datetime) -> list[str]:
    """The ids of the entries that nobody has used since."""
    query = select(cache_entries.c.entry_id).where(cache_entries.c.used_at < since)
    return list(connection.scalars(query))


def used_values(connection: Connection, since: datetime) -> set[str]:
    """The digests of all values that the entries may give back which somebody has used since."""
    bodies = connection.scalars(
        select(cache_entries.c.body).where(cache_entries.c.used_at >= since)
    )
    return {stored["digest"] for body in bodies for stored in json.loads(body)["stored"]}


def those_of(connection: Connection, values: Collection[str]) -> list[str]:
    """The ids of the entries that would give back one of these values (digests without their kind)."""
    listed = connection.execute(select(cache_entries.c.entry_id, cache_entries.c.body))
    return [
        entry_id
        for entry_id, body in listed
        if any(
            stored["digest"].partition(":")[2] in values for stored in json.loads(body)["stored"]
        )
    ]


def forget(
    connection: Connection, entry_ids: Sequence[str], *, unused_since: datetime | None = None
) -> int:
    """Remove entries, of one of the `parts`, but for those that were used since; returns how many."""
    gone = cache_entries.delete().where(cache_entries.c.entry_id.in_(entry_ids))
    if unused_since is not None:
        gone = gone.where(cache_entries.c.used_at < unused_since)
    return connection.execute(gone).rowcount


def parts(entry_ids: Collection[str]) -> Iterator[Sequence[str]]:
    """Ids, as many at a time as one statement takes."""
    listed = sorted(entry_ids)
    return (listed[start : start + _AT_ONCE] for start in range(0, len(listed), _AT_ONCE))


def _latest(column: str, wanted: Sequence[str], most: int) -> Select[Any]:
    """Of each wanted value of a column, as many entries as are asked for, the last used first.

    Of those that are older not even the index is read: there may be one for every run there ever was.
    """
    c, same = cache_entries.c, cache_entries.alias("same")
    listed = func.json_each(json.dumps(wanted)).table_valued("value", name="wanted")
    newest = (
        select(same.c.entry_id)
        .where(same.c[column] == listed.c.value)
        .order_by(same.c.used_at.desc())
        .limit(most)
        .correlate(listed)
    )
    return (
        select(c.entry_id, c.recipe, c.place, c.used_at, c.body)
        .select_from(listed.join(cache_entries, c.entry_id.in_(newest)))
        .order_by(c.used_at.desc())
    )


def _id(entry: Entry, recipe: str) -> str:
    """What tells it from others: all but when and where it was made, and what came of it."""
    parts = (dict(entry.inputs), entry.asked, entry.used, entry.barred)
    return digest_of([recipe, *map(msgspec.to_builtins, parts)])
