"""A copy of the database, made before its schema is upgraded.

The law: it is made while nobody else can write, is whole and on the disk before anything is changed, and never takes
the place of another. Whoever cannot make one changes nothing.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from jupyter_dagflow.storage import sqlite
from jupyter_dagflow.storage.atomic import sync

_ENDING = ".bak"


def back_up(database: Path, *, before: str) -> Path:
    """Keep the database as it is beside itself, as ``metastore.db.before-0007.bak``; returns the copy.

    If there is one already that is the same, that will do; if it is another, the new one is given a number.
    Raises `OSError` or what `sqlite.ERRORS` are.
    """
    unfinished = database.with_name(f".{database.name}.before-{before}.tmp")
    unfinished.unlink(missing_ok=True)  # of a process that was killed; nobody else has the lock
    try:
        with closing(sqlite.look(database)) as source, closing(sqlite3.connect(unfinished)) as copy:
            source.backup(copy)
        for number in range(1, 1000):
            place = _place(database, before, number)
            if not place.exists():
                unfinished.replace(place)
                sync(place)
                return place
            if place.read_bytes() == unfinished.read_bytes():
                return place
        raise OSError(f"There are too many backups of {database}.")
    finally:
        for left in database.parent.glob(f"{unfinished.name}*"):  # the journal of the copy, too
            left.unlink(missing_ok=True)


def backups(database: Path) -> list[Path]:
    """The copies that were made of a database, in the order of what they were made before."""
    return sorted(database.parent.glob(f"{database.name}.before-*{_ENDING}"))


def _place(database: Path, before: str, number: int) -> Path:
    again = f".{number}" if number > 1 else ""
    return database.with_name(f"{database.name}.before-{before}{again}{_ENDING}")
