"""The tables of leases: who may append to the log of a run, and who has a role that one process has at a time.

The law: a token only grows, and a row once made stays; so who has lost a lease finds another token in every write.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, RowMapping, Table, bindparam, select

from jupyter_dagflow.core.lease import Lease, Owner
from jupyter_dagflow.core.model import RunId
from jupyter_dagflow.core.states import RunState
from jupyter_dagflow.storage import prepared
from jupyter_dagflow.storage.tables import leases, runs

GOING_ON = runs.c.state.in_([state.value for state in RunState if not state.is_final])
TOKEN = select(leases.c.token).where(leases.c.run_id == bindparam("of_run"))


def put_first(connection: Connection, lease: Lease, table: Table = leases) -> None:
    """Write the lease on a run that has just been created, or the first on a role."""
    connection.execute(table.insert(), _row(lease, table))


def find(connection: Connection, name: str, table: Table = leases) -> Lease | None:
    """The lease on a run or a role, whoever has it."""
    query = select(table).where(table.c[_key(table)] == name)
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else _lease(row, table)


def token(connection: Connection, run_id: RunId) -> int | None:
    """The token of the lease on a run, without the rest."""
    row = prepared.first(connection, TOKEN, {"of_run": run_id})
    return None if row is None else row[0]


def unfinished(connection: Connection) -> list[Lease]:
    """The leases on all runs that have not ended."""
    query = select(leases).join(runs, runs.c.run_id == leases.c.run_id)
    rows = connection.execute(query.where(GOING_ON)).mappings()
    return [_lease(row) for row in rows]


def replace(
    connection: Connection, seen: Lease | None, lease: Lease, table: Table = leases
) -> bool:
    """Write a lease in the place of one that was seen, None if there was none; whether it still was so."""
    if seen is None:
        put_first(connection, lease, table)
        return True
    before = _row(seen, table).items()
    unmoved = [table.c[name].is_not_distinct_from(value) for name, value in before]
    change = table.update().where(*unmoved).values(_row(lease, table))
    return connection.execute(change).rowcount > 0


def move(connection: Connection, lease: Lease, table: Table = leases) -> bool:
    """Show that the holder is there; whether it still has the lease."""
    moved = table.update().where(*_held(lease, table)).values(beat=table.c.beat + 1)
    return connection.execute(moved).rowcount > 0


def give_back(connection: Connection, lease: Lease, table: Table = leases) -> None:
    """Leave the run or the role to others."""
    connection.execute(table.update().where(*_held(lease, table)).values(owner=None))


def _held(lease: Lease, table: Table) -> tuple[ColumnElement[bool], ...]:
    return table.c[_key(table)] == lease.run_id, table.c.token == lease.token


def _key(table: Table) -> str:
    """The column that says what the leases are on."""
    return table.primary_key.columns[0].name


def _row(lease: Lease, table: Table) -> dict[str, Any]:
    owner = None if lease.owner is None else json.dumps(msgspec.to_builtins(lease.owner))
    return {_key(table): lease.run_id, "token": lease.token, "owner": owner, "beat": lease.beat}


def _lease(row: RowMapping, table: Table = leases) -> Lease:
    owner = row["owner"]
    return Lease(
        run_id=RunId(row[_key(table)]),
        token=row["token"],
        owner=None if owner is None else msgspec.convert(json.loads(owner), Owner),
        beat=row["beat"],
    )
