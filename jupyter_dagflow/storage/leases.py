"""The table of leases: who may append to the log of a run.

The law: a token only grows, and a row once made stays; so who has lost a lease finds another token in every write.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec
from sqlalchemy import Connection, RowMapping, bindparam, select

from jupyter_dagflow.core.lease import Lease, Owner
from jupyter_dagflow.core.model import RunId
from jupyter_dagflow.core.states import RunState
from jupyter_dagflow.storage import prepared
from jupyter_dagflow.storage.tables import leases, runs

GOING_ON = runs.c.state.in_([state.value for state in RunState if not state.is_final])
TOKEN = select(leases.c.token).where(leases.c.run_id == bindparam("of_run"))


def put_first(connection: Connection, lease: Lease) -> None:
    """Write the lease on a run that has just been created."""
    connection.execute(leases.insert(), _row(lease))


def find(connection: Connection, run_id: RunId) -> Lease | None:
    """The lease on a run, whoever has it."""
    query = select(leases).where(leases.c.run_id == run_id)
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else _lease(row)


def token(connection: Connection, run_id: RunId) -> int | None:
    """The token of the lease on a run, without the rest."""
    row = prepared.first(connection, TOKEN, {"of_run": run_id})
    return None if row is None else row[0]


def unfinished(connection: Connection) -> list[Lease]:
    """The leases on all runs that have not ended."""
    query = select(leases).join(runs, runs.c.run_id == leases.c.run_id)
    rows = connection.execute(query.where(GOING_ON)).mappings()
    return [_lease(row) for row in rows]


def replace(connection: Connection, seen: Lease | None, lease: Lease) -> bool:
    """Write a lease in the place of one that was seen, None if there was none; whether it still was so."""
    if seen is None:
        put_first(connection, lease)
        return True
    unmoved = [leases.c[name].is_not_distinct_from(value) for name, value in _row(seen).items()]
    return connection.execute(leases.update().where(*unmoved).values(_row(lease))).rowcount > 0


def move(connection: Connection, lease: Lease) -> bool:
    """Show that the holder is there; whether it still has the lease."""
    held = (leases.c.run_id == lease.run_id, leases.c.token == lease.token)
    moved = leases.update().where(*held).values(beat=leases.c.beat + 1)
    return connection.execute(moved).rowcount > 0


def give_back(connection: Connection, lease: Lease) -> None:
    """Leave the run to others."""
    held = (leases.c.run_id == lease.run_id, leases.c.token == lease.token)
    connection.execute(leases.update().where(*held).values(owner=None))


def _row(lease: Lease) -> dict[str, Any]:
    owner = None if lease.owner is None else json.dumps(msgspec.to_builtins(lease.owner))
    return {"run_id": lease.run_id, "token": lease.token, "owner": owner, "beat": lease.beat}


def _lease(row: RowMapping) -> Lease:
    owner = row["owner"]
    return Lease(
        run_id=RunId(row["run_id"]),
        token=row["token"],
        owner=None if owner is None else msgspec.convert(json.loads(owner), Owner),
        beat=row["beat"],
    )
