"""Which revision of the schema a database has, and bringing it to ours.

The law: a database of a newer program is refused before one of its bytes is changed; one of an older program is kept as
it was before it is changed, or not changed. Alembic is imported only when there is something to migrate.
"""

from __future__ import annotations

import logging
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, OperationalError

from jupyter_dagflow.core.errors import (
    EnvironmentFault,
    MetastoreBlocked,
    MetastoreTooNew,
    MetastoreUnreachable,
)
from jupyter_dagflow.storage import sqlite
from jupyter_dagflow.storage.backup import back_up, backups
from jupyter_dagflow.storage.tables import metadata

REVISIONS = ("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008", "0009", "0010")
HEAD = REVISIONS[-1]
VERSION_TABLE = "dagflow_schema"
_WHICH = f"SELECT version_num FROM {VERSION_TABLE}"  # noqa: S608 -- a constant
_SQLITE = "sqlite:///"

_log = logging.getLogger(__name__)


class NoBackup(EnvironmentFault):
    """The database has to be upgraded, and no copy of it could be kept; it was not changed. Make room beside it."""

    code = "no_backup"


@dataclass(frozen=True, slots=True)
class Schema:
    """What a database holds: ``revision`` is None if nothing of ours is in it yet."""

    revision: str | None

    @property
    def is_current(self) -> bool:
        """Whether this program can use the database as it is."""
        return self.revision == HEAD

    @property
    def is_newer(self) -> bool:
        """Whether a newer program made it what it is."""
        return self.revision is not None and self.revision not in REVISIONS


def parse_url(url: str) -> URL:
    """The URL of a database that we can use; raises `MetastoreUnreachable`.

    What follows ``sqlite:///`` is a path as it stands: folders may be called anything.
    """
    if url.startswith(_SQLITE):
        return URL.create("sqlite", database=url.removeprefix(_SQLITE))
    hint = "Set DAGFLOW_DATABASE_URL to sqlite:///PATH, or unset it to use the home folder."
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise MetastoreUnreachable("The metastore's URL is not one.", hint=hint) from None
    if parsed.get_backend_name() != "sqlite":
        raise MetastoreUnreachable(
            f"The metastore cannot be kept in {parsed.get_backend_name()}.", hint=hint
        )
    return parsed


def inspect_schema(url: str) -> Schema:
    """Look at a database without changing it; raises `MetastoreUnreachable`.

    A database that does not exist yet has no revision, like an empty one.
    """
    parsed = parse_url(url)
    path = sqlite.database_path(parsed)
    if sqlite.in_memory(parsed) or not path.exists():
        return Schema(revision=None)
    if path.is_dir():
        raise MetastoreUnreachable(
            f"{describe(parsed)} is a folder, not a database.",
            hint="Name a file in it: set DAGFLOW_DATABASE_URL to sqlite:///PATH.",
        )
    try:
        with closing(sqlite.look(path)) as connection:
            return _schema(connection, parsed)
    except sqlite3.Error as error:
        raise unreachable(parsed, error) from error


def upgrade(engine: Engine) -> None:
    """Bring the database to `HEAD` in one transaction; whoever comes second finds it done.

    One that has something in it is copied first; raises `NoBackup` if that cannot be.
    """
    from alembic import command
    from alembic.config import Config

    config = Config()
    folder = str(Path(__file__).with_name("migrations"))
    config.set_main_option("script_location", folder.replace("%", "%%"))
    writing = engine.execution_options(**{sqlite.WRITES: True})
    with writing.begin() as connection:
        revision = _revision(connection)
        if revision in REVISIONS[:-1]:
            _back_up(engine.url, revision)
        config.attributes["connection"] = connection
        command.upgrade(config, HEAD)


def _revision(connection: Connection) -> str | None:
    """What it is of by now, when nobody else can change that."""
    try:
        revision: str | None = connection.exec_driver_sql(_WHICH).scalar()
    except OperationalError:  # there is no such table
        return None
    return revision


def _back_up(url: URL, revision: str) -> None:
    try:
        kept = back_up(sqlite.database_path(url), before=HEAD)
    except (OSError, *sqlite.ERRORS) as error:
        raise NoBackup(
            f"{describe(url)} has to be upgraded from schema {revision} to {HEAD}, but no copy of it could be kept "
            f"beside it ({error}). It has been left as it is.",
            hint="Free some space there and see that its folder can be written, then run: dagflow db upgrade",
        ) from error
    _log.warning(
        "%s is upgraded from schema %s to %s; as it was, it is kept in %s.",
        *(describe(url), revision, HEAD, kept),
    )


def refuse_newer(url: str, schema: Schema) -> None:
    """Raise `MetastoreTooNew` for a database that a newer program made."""
    if schema.is_newer:
        raise MetastoreTooNew(
            f"{describe(parse_url(url))} was made by a newer jupyter-dagflow "
            f"(its schema is {schema.revision}, this program knows up to {HEAD}). "
            "It has been left as it is.",
            hint="Upgrade jupyter-dagflow, or set DAGFLOW_HOME to another folder.",
        )


def backups_of(url: str) -> list[Path]:
    """The copies of a database that were kept as it was upgraded."""
    return backups(sqlite.database_path(parse_url(url)))


def unreachable(url: URL, error: BaseException) -> MetastoreUnreachable:
    """The error that says what is wrong with the database."""
    what, hint = sqlite.advice(error)
    kind = MetastoreBlocked if sqlite.may_pass(error) else MetastoreUnreachable
    return kind(f"{describe(url)} {what} ({sqlite.reason(error)}).", hint=hint)


def describe(url: URL) -> str:
    """The database in words, without its password."""
    if sqlite.in_memory(url):
        return "The metastore in memory"
    return f"The metastore {sqlite.database_path(url)}"


def _schema(connection: sqlite3.Connection, url: URL) -> Schema:
    names = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
    if VERSION_TABLE in names:
        row = connection.execute(_WHICH).fetchone()
        return Schema(revision=row[0] if row else None)
    if taken := names & set(metadata.tables):
        raise MetastoreUnreachable(
            f"{describe(url)} belongs to another program: it has a table {min(taken)!r} "
            "that is not ours.",
            hint="Set DAGFLOW_DATABASE_URL to a database of its own.",
        )
    return Schema(revision=None)
