"""The migrations make the tables that the program believes in, and only when it is needed."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine
from sqlalchemy.exc import OperationalError

from jupyter_dagflow.core.observed import Observed
from jupyter_dagflow.storage import schema, sqlite
from jupyter_dagflow.storage.metastore import Metastore
from jupyter_dagflow.storage.tables import metadata


def migrated(path: Path) -> Path:
    Metastore.open(f"sqlite:///{path}").close()
    return path


def statements(path: Path) -> dict[str, str]:
    """What SQLite says that it was told, by the name of what was made."""
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
        return {name: re.sub(r"\s+", " ", sql) for name, sql in rows}


def test_an_upgrade_makes_the_tables_as_they_are_declared(tmp_path: Path) -> None:
    upgraded = statements(migrated(tmp_path / "upgraded.db"))
    engine = create_engine(f"sqlite:///{tmp_path}/made.db")
    metadata.create_all(engine)
    engine.dispose()
    del upgraded[schema.VERSION_TABLE]
    assert upgraded == statements(tmp_path / "made.db")


def test_alembic_finds_nothing_to_add(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{migrated(tmp_path / 'x.db')}")
    with engine.connect() as connection:
        options = {"version_table": schema.VERSION_TABLE}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_the_program_knows_its_migrations() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(schema.__file__).with_name("migrations")))
    revisions = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    assert tuple(reversed(revisions)) == schema.REVISIONS


def test_opening_twice_changes_nothing(tmp_path: Path) -> None:
    path = migrated(tmp_path / "x.db")
    before = path.read_bytes()
    assert migrated(path).read_bytes() == before


@contextmanager
def at_revision(revision: str, path: Path) -> Iterator[Connection]:
    """A new database of that schema, to be filled."""
    config = Config()
    config.set_main_option("script_location", str(Path(schema.__file__).with_name("migrations")))
    engine = sqlite.make_engine(schema.parse_url(f"sqlite:///{path}"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        yield connection
    engine.dispose()


def test_what_runs_had_observed_is_still_known(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    with at_revision("0003", path) as connection:
        row = "('digest', 'x', '2026-01-01 00:00:00')"
        connection.exec_driver_sql(f"INSERT INTO observed_changes VALUES {row}")
    metastore = Metastore.open(f"sqlite:///{path}")
    assert metastore.observed() == {Observed(code="digest", name="x")}
    metastore.close()


def test_an_upgrade_knows_durations_by_the_history_that_there_is(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    with at_revision("0005", path) as connection:
        for day, state, cached, took in (
            (1, "success", 0, 9.0),
            (2, "success", 0, 5.0),
            (3, "success", 1, 0.0),
            (4, "failed", 0, 1.0),
        ):
            connection.exec_driver_sql(
                "INSERT INTO runs (run_id, pipeline, notebook, state, trigger, parameters, created_at)"
                f" VALUES ('r{day}', 'p', 'p.ipynb', 'success', 'manual', '{{}}', '2026-01-0{day}')"
            )
            connection.exec_driver_sql(
                "INSERT INTO task_runs (run_id, task, position, state, attempt, cached, duration_s, finished_at)"
                f" VALUES ('r{day}', 't', 0, '{state}', 1, {cached}, {took}, '2026-01-0{day} 00:00:00')"
            )
    metastore = Metastore.open(f"sqlite:///{path}")
    assert metastore.durations("p") == {"t": 5.0}
    metastore.close()


def test_an_upgrade_that_fails_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE VIEW ix_runs_state AS SELECT 1")
    engine = sqlite.make_engine(schema.parse_url(f"sqlite:///{path}"))
    with pytest.raises(OperationalError, match="ix_runs_state"):
        schema.upgrade(engine)
    engine.dispose()
    assert list(statements(path)) == ["ix_runs_state"]


def test_alembic_is_imported_only_for_an_upgrade(tmp_path: Path) -> None:
    script = (
        "import sys\n"
        "from jupyter_dagflow.storage.metastore import Metastore\n"
        f"Metastore.open('sqlite:///{tmp_path}/x.db').runs()\n"
        "print('alembic' in sys.modules)"
    )
    told = [
        subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
        for _ in range(2)
    ]
    assert [ran.stdout.strip() for ran in told] == ["True", "False"]
    assert [ran.stderr for ran in told] == ["", ""]
