"""Everything that is particular to SQLite.

The law: a write takes its lock when it begins (``BEGIN IMMEDIATE``) and waits for others up to
30 s; a commit is on the disk when it returns (WAL, ``synchronous=FULL``). Looking at a database
changes none of its bytes.
"""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import StaticPool

BUSY_TIMEOUT_S = 30
WRITES = "dagflow_writes"

# What SQLAlchemy passes on, and what comes from `_set_up` as it is.
ERRORS = (DBAPIError, sqlite3.Error)

_ADVICE = {
    "not a database": (
        "is not a SQLite database, or is damaged",
        "Restore it from a backup, or move it away: a new one is then made, without the old runs.",
    ),
    "malformed": (
        "is damaged",
        "Save what can be saved (sqlite3 OLD .recover | sqlite3 NEW), or restore a backup.",
    ),
    "locked": (
        f"has been locked by another program for {BUSY_TIMEOUT_S} s",
        "Close what holds it (a database browser?), and keep it off network file systems.",
    ),
    "full": ("cannot grow: the disk is full", "Free some space, then try again."),
    "I/O error": (
        "cannot be written or read: the disk failed, or is full",
        "See to the disk's room and health, then try again.",
    ),
    "readonly": (
        "is read-only",
        "Make the file and its folder writable, or set DAGFLOW_HOME to a folder of your own.",
    ),
}
_MAY_PASS = ("locked", "full", "I/O error", "readonly")  # what somebody may set right meanwhile
_OTHERWISE = (
    "cannot be opened",
    "Check that its folder exists and is yours; DAGFLOW_DATABASE_URL and DAGFLOW_HOME say where.",
)


def make_engine(url: URL) -> Engine:
    """An engine whose connections may be used by any thread, one at a time each."""
    arguments: dict[str, Any] = {"timeout": BUSY_TIMEOUT_S, "check_same_thread": False}
    if in_memory(url):
        engine = create_engine(url, poolclass=StaticPool, connect_args=arguments)
    else:
        engine = create_engine(url, connect_args=arguments)
    event.listen(engine, "connect", _set_up)
    event.listen(engine, "begin", _begin)
    return engine


def in_memory(url: URL) -> bool:
    """Whether the database is gone when it is closed."""
    return url.database in (None, "", ":memory:")


def database_path(url: URL) -> Path:
    """The database's file."""
    return Path(url.database or "")


def look(path: Path) -> sqlite3.Connection:
    """A connection that changes nothing; whoever asks for it closes it.

    One that may write removes the files beside the database that SQLite makes for any reader, but
    would also move into it what a crash has left in them: then it must be one that may not.
    """
    left = any(path.with_name(path.name + end).exists() for end in ("-wal", "-journal"))
    uri = f"{path.absolute().as_uri()}?mode={'ro' if left else 'rw'}"
    connection = sqlite3.connect(uri, uri=True, timeout=BUSY_TIMEOUT_S)
    connection.execute("PRAGMA query_only = ON")
    return connection


def follow(path: Path) -> sqlite3.Connection:
    """A connection that only reads, for whoever asks again and again whether something has changed."""
    connection = sqlite3.connect(
        path, isolation_level=None, timeout=BUSY_TIMEOUT_S, check_same_thread=False
    )
    connection.execute("PRAGMA query_only = ON")
    return connection


def advice(error: BaseException) -> tuple[str, str]:
    """What is wrong with the database, and what to do about it."""
    text = str(reason(error))
    return next((pair for word, pair in _ADVICE.items() if word in text), _OTHERWISE)


def may_pass(error: BaseException) -> bool:
    """Whether the same may well be done later: the database itself is sound."""
    return any(word in str(reason(error)) for word in _MAY_PASS)


def reason(error: BaseException) -> BaseException:
    """SQLite's own error, without SQLAlchemy's words around it."""
    return (error.orig if isinstance(error, DBAPIError) else None) or error


def _set_up(connection: sqlite3.Connection, _record: object) -> None:
    # SQLAlchemy's own BEGIN (below) is to be the only one: sqlite3 must not begin by itself.
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_S * 1000}")
    connection.execute("PRAGMA foreign_keys = ON")
    _use_wal(connection)
    connection.execute("PRAGMA synchronous = FULL")


def _use_wal(connection: sqlite3.Connection) -> None:
    """Switch to WAL once; SQLite does not wait its busy timeout for the lock this takes."""
    until = time.monotonic() + BUSY_TIMEOUT_S
    while True:
        try:
            if connection.execute("PRAGMA journal_mode").fetchone()[0] not in ("wal", "memory"):
                connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > until:
                raise
            time.sleep(0.02)


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get(WRITES, False)
    # By the driver: SQLAlchemy would make a result of it, and of the one before each write.
    connection.connection.cursor().execute("BEGIN IMMEDIATE" if writes else "BEGIN")
