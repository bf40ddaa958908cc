"""Statements that are put together once and executed very often.

The law: what SQLAlchemy makes of a statement is executed as it is, with every value turned into the database's
by the type of its column; only the work of making it is not done again for every event of a run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, Delete, Dialect, Insert, Select, Update
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
        connection.exec_driver_sql(prepared.sql, [prepared.values(row) for row in rows])


def scalar(connection: Connection, statement: Statement, row: Mapping[str, Any]) -> Any:
    """The first value of the first row that a statement gives."""
    prepared = _prepared(statement, connection.dialect)
    return connection.exec_driver_sql(prepared.sql, prepared.values(row)).scalar()


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
