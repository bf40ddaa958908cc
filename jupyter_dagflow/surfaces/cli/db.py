"""``dagflow db``: the metastore's database."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from jupyter_dagflow.core.errors import EnvironmentFault
from jupyter_dagflow.surfaces.cli.output import put, put_json
from jupyter_dagflow.surfaces.cli.session import application
from jupyter_dagflow.surfaces.commands import Commands
from jupyter_dagflow.surfaces.options import AsJson

if TYPE_CHECKING:
    from jupyter_dagflow.storage.schema import Schema


def group() -> Commands:
    """The commands of ``dagflow db``."""
    db = Commands(help="The database that holds the history.")
    db.command()(upgrade)
    db.command()(check)
    return db


def upgrade() -> None:
    """Make the database, or bring it up to date and keep a copy; one of a newer version is left as it is."""
    from jupyter_dagflow.storage.schema import backups_of

    with application() as app:
        app.metastore.runs(limit=1)
        put(f"The database is up to date: {app.settings.database_url}")
        for kept in backups_of(app.settings.database_url):
            put(f"Kept as it was before an upgrade: {kept}")


def check(as_json: AsJson = False) -> None:
    """Check that the database can be used as it is; changes nothing."""
    url, schema = inspected()
    if as_json:
        from jupyter_dagflow.wire import DatabaseDocument

        put_json(DatabaseDocument(url=url, revision=schema.revision, current=schema.is_current))
    elif schema.is_current:
        put(f"✓ the database is up to date: {url}")
    if schema.is_current:
        return
    if as_json:
        raise typer.Exit(EnvironmentFault.exit_code)
    state = "does not exist yet" if schema.revision is None else f"is of revision {schema.revision}"
    raise EnvironmentFault(
        f"The database {url} {state}.",
        hint="dagflow db upgrade brings it up to date; so does any run. A copy of it as it was is kept beside it.",
    )


def inspected() -> tuple[str, Schema]:
    """The database's URL and what it holds; raises `EnvironmentFault` if it cannot be used."""
    from jupyter_dagflow.settings import Settings
    from jupyter_dagflow.storage.schema import inspect_schema, refuse_newer

    url = Settings.load().database_url
    schema = inspect_schema(url)
    refuse_newer(url, schema)
    return url, schema
