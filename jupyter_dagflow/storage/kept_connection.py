"""A connection that is kept for the next transaction.

The law: a transaction on it is one like any other, and a connection in which one has raised is closed. A
checkout from SQLAlchemy's pool, and its return, take as long as what SQLite does with the end of a task.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import Connection, Engine


class KeptConnection:
    """Begins transactions as its engine does, in any thread: on the one kept, or while that is taken on another."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._waiting: list[Connection] = []
        self._closed = False

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """Commit at the end of the block, or roll back what has raised."""
        try:
            connection = self._waiting.pop()
        except IndexError:
            connection = self._engine.connect()
        try:
            with connection.begin():
                yield connection
        except BaseException:
            connection.close()
            raise
        self._waiting.append(connection)
        if self._closed or len(self._waiting) > 1:
            self._close_one()

    def close(self) -> None:
        """Keep none any more."""
        self._closed = True
        self._close_one()

    def _close_one(self) -> None:
        with suppress(IndexError):  # another thread was faster
            self._waiting.pop().close()
