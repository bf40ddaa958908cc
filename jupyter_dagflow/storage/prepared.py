"""Statements that are put together once and executed very often.

The law: what SQLAlchemy makes of a statement is executed as it is, with every value turned into the database's
by the type of its column, and what goes wrong is raised as SQLAlchemy raises it. Only the work of making it is not done
again for every event of a run, nor that of a result with columns: either takes far longer than the database does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, Delete, Dialect, Insert, Select, Update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler

Statement = Insert | Update | Delete | Select[Any]


class _Prepared(NamedTuple):
    """SQL, the names of the values that it takes in order, and what turns those at some places into the database's."""

    sql: str
    names: tuple[str, ...]
    turned: tuple[tuple[int, Callable[[Any], Any]], ...]

    def values(self, row: Mapping[str, Any]) -> Sequence[Any]:
        values = [row[name] for name in self.names]
        for place, turn in self.turned:
            values[place] = turn(values[place])
        return values


def execute(
    connection: Connection, statement: Statement, rows: Sequence[Mapping[str, Any]]
) -> None:
    """Execute a statement for each of some rows, which have a value for all that it takes; nothing for none."""
    if rows:
        prepared = _prepared(statement, connection.dialect)
        values = [prepared.values(row) for row in rows]
        cursor = connection.connection.cursor()
        try:
            cursor.executemany(prepared.sql, values)
        except connection.dialect.loaded_dbapi.Error as error:
            raise _told(error, connection, prepared.sql, values) from error


def first(
    connection: Connection, statement: Select[Any], row: Mapping[str, Any]
) -> Sequence[Any] | None:
    """The first row that a query gives, its values as the database has them."""
    prepared = _prepared(statement, connection.dialect)
    values = prepared.values(row)
    cursor = connection.connection.cursor()
    try:
        cursor.execute(prepared.sql, values)
        found: Sequence[Any] | None = cursor.fetchone()
    except connection.dialect.loaded_dbapi.Error as error:
        raise _told(error, connection, prepared.sql, values) from error
    finally:
        cursor.close()  # else it goes on reading
    return found


def _told(error: Exception, connection: Connection, sql: str, values: Any) -> BaseException:
    """What the driver raises, as SQLAlchemy does."""
    return DBAPIError.instance(sql, values, error, connection.dialect.loaded_dbapi.Error)


@lru_cache(256)
def _prepared(statement: Statement, dialect: Dialect) -> _Prepared:
    compiled = statement.compile(dialect=dialect)
    assert isinstance(compiled, SQLCompiler)
    types = {name: bind.type for name, bind in compiled.binds.items()}
    names = tuple(compiled.positiontup or ())
    turns = [types[name].dialect_impl(dialect).bind_processor(dialect) for name in names]
    turned = tuple((place, turn) for place, turn in enumerate(turns) if turn is not None)
    return _Prepared(str(compiled), names, turned)
