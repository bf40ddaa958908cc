"""Statements that are put together once and executed very often.

The law: what SQLAlchemy makes of a statement is executed as it is, with every value turned into the database's
by the type of its column, and what goes wrong is raised as SQLAlchemy raises it. Only the work of making it is not done
again for every event of a run, nor that of a result with columns: either takes far longer than the database does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, Delete, Dialect, Insert, Select, Update
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler

Statement = Insert | Update | Delete | Select[Any]


class _Prepared(NamedTuple):
    """SQL, and the values it takes in order: their names, and what turns each into the database's."""

    sql: str
    takes: tuple[tuple[str, Callable[[Any], Any] | None], ...]

    def values(self, row: Mapping[str, object]) -> tuple[object, ...]:
        return tuple(turn(row[name]) if turn else row[name] for name, turn in self.takes)


def execute(
    connection: Connection, statement: Statement, rows: Sequence[Mapping[str, Any]]
) -> None:
    """Execute a statement for each of some rows, which have a value for all that it takes; nothing for none."""
    if rows:
        prepared = _prepared(statement, connection.dialect)
        values = [prepared.values(row) for row in rows]
        with _cursor(connection, prepared.sql, values) as cursor:
            cursor.executemany(prepared.sql, values)


def first(
    connection: Connection, statement: Select[Any], row: Mapping[str, Any]
) -> Sequence[Any] | None:
    """The first row that a query gives, its values as the database has them."""
    prepared = _prepared(statement, connection.dialect)
    values = prepared.values(row)
    with _cursor(connection, prepared.sql, values) as cursor:
        cursor.execute(prepared.sql, values)
        found: Sequence[Any] | None = cursor.fetchone()
        return found


@contextmanager
def _cursor(connection: Connection, sql: str, values: Any) -> Iterator[DBAPICursor]:
    """The driver's own, in the connection's transaction."""
    cursor = connection.connection.cursor()
    try:
        yield cursor
    except connection.dialect.loaded_dbapi.Error as error:
        raise DBAPIError.instance(
            sql, values, error, connection.dialect.loaded_dbapi.Error
        ) from error
    finally:
        cursor.close()


@lru_cache(256)
def _prepared(statement: Statement, dialect: Dialect) -> _Prepared:
    compiled = statement.compile(dialect=dialect)
    assert isinstance(compiled, SQLCompiler)
    types = {name: bind.type for name, bind in compiled.binds.items()}
    return _Prepared(
        str(compiled),
        tuple(
            (name, types[name].dialect_impl(dialect).bind_processor(dialect))
            for name in compiled.positiontup or ()
        ),
    )
