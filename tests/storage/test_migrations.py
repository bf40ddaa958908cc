"""The migrations make the tables that the program believes in, and only when it is needed."""

from __future__ import annotations

import re
import resource
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timezone
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine
from sqlalchemy.exc import OperationalError
from syrupy.assertion import SnapshotAssertion

from jupyter_dagflow.core.events import CancelRequested
from jupyter_dagflow.core.fires import FireKind
from jupyter_dagflow.core.model import RunId, TaskName
from jupyter_dagflow.core.observed import Observed
from jupyter_dagflow.storage import schema, sqlite
from jupyter_dagflow.storage.metastore import EventConflict, LeaseLost, Metastore
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


FIXTURES = sorted((Path(__file__).parent / "fixtures").glob("[0-9]*.sql"))


def restored(fixture: Path, folder: Path) -> Path:
    """The database that a program of that time left."""
    path = folder / "metastore.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(fixture.read_text())
        connection.execute("PRAGMA journal_mode = WAL")
    return path


def test_every_schema_there_was_is_kept() -> None:
    assert tuple(fixture.stem for fixture in FIXTURES) == schema.REVISIONS


@pytest.mark.parametrize("fixture", FIXTURES, ids=lambda fixture: fixture.stem)
def test_a_database_of_every_earlier_program_shows_the_same_runs(
    fixture: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = restored(fixture, tmp_path)
    with closing(sqlite3.connect(path)) as connection:
        listed = connection.execute(
            "SELECT run_id, state FROM runs ORDER BY run_id DESC"
        ).fetchall()
        logged = connection.execute("SELECT count(*) FROM events").fetchone()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert [state for _, state in listed] == ["failed", "success"]
    before = dump(path)
    store = Metastore.open(f"sqlite:///{path}")
    assert [(run.run_id, run.state) for run in store.runs()] == listed
    assert sum(len(store.events(RunId(run_id))) for run_id, _ in listed) == logged[0]
    failed, well = (store.view(RunId(run_id)) for run_id, _ in listed)
    assert [task.state.value for task in well.tasks.values()] == ["success"] * 3
    assert [task.state.value for task in failed.tasks.values()] == ["success", "success", "failed"]
    assert failed.tasks[TaskName("share")].failure is not None
    assert [(task, kept.name, kept.value) for task, kept in store.artifacts(well.run_id)] == [
        ("load", "numbers", [0, 1, 2]),
        ("total", "total", 3),
    ]
    assert store.durations("numbers").keys() >= {"load", "total"}
    scheduled = store.schedules.all()
    kinds = [fire.kind for each in scheduled for fire in each.waiting]
    backfilled = [FireKind.BACKFILL] * 2 * (fixture.stem >= "0009")
    assert kinds == [FireKind.MANUAL] * (fixture.stem >= "0008") + backfilled
    assert [each.schedule.parameters for each in scheduled] == [{"n": 4}] * bool(kinds)
    cancel = CancelRequested(
        run_id=well.run_id, seq=99, at=datetime.now(timezone.utc), reason="too late"
    )
    with pytest.raises((EventConflict, LeaseLost)):
        store.append(well.run_id, [cancel])
    store.close()
    kept = tmp_path / f"metastore.db.before-{schema.HEAD}.bak"
    assert kept.exists() == (fixture.stem != schema.HEAD)
    if kept.exists():
        assert dump(kept) == before
        assert f"from schema {fixture.stem} to {schema.HEAD}; as it was, it is kept in {kept}" in (
            caplog.text
        )
    assert schema.backups_of(f"sqlite:///{path}") == [kept] * kept.exists()
    left = {file.name for file in tmp_path.iterdir()}
    assert left == {"metastore.db", *([kept.name] if kept.exists() else [])}


def dump(path: Path) -> str:
    with closing(sqlite3.connect(path)) as connection:
        return "\n".join(connection.iterdump())


def test_a_backup_is_not_repeated_nor_replaced(tmp_path: Path) -> None:
    path = restored(FIXTURES[0], tmp_path)
    url = f"sqlite:///{path}"
    old = path.read_bytes()
    names = []
    for change in ("", "", "DELETE FROM metrics"):
        path.write_bytes(old)
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute(change)
        Metastore.open(url).close()
        names.append([kept.name for kept in schema.backups_of(url)])
    first, second = (f"metastore.db.before-{schema.HEAD}{n}.bak" for n in ("", ".2"))
    assert names == [[first], [first], [second, first]]
    assert 'INSERT INTO "metrics"' in dump(tmp_path / first)
    assert 'INSERT INTO "metrics"' not in dump(tmp_path / second)


def test_without_a_backup_nothing_is_upgraded(tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    path = restored(FIXTURES[0], tmp_path)
    before = path.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    with closing(sqlite3.connect(path)) as reader:  # keeps the files beside it, which need room too
        reader.execute("SELECT count(*) FROM runs").fetchone()
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
        try:
            with pytest.raises(schema.NoBackup) as caught:
                Metastore.open(f"sqlite:///{path}")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert str(caught.value).replace(str(tmp_path), "FOLDER") == snapshot
    assert caught.value.exit_code == 3
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["metastore.db"]


def test_processes_that_upgrade_at_once_keep_one_backup(tmp_path: Path) -> None:
    path = restored(FIXTURES[0], tmp_path)
    before = dump(path)
    script = (
        "from jupyter_dagflow.storage.metastore import Metastore\n"
        f"print(len(Metastore.open('sqlite:///{path}').runs()))"
    )
    both = [
        subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    assert [process.communicate()[0] for process in both] == ["2\n", "2\n"]
    (kept,) = schema.backups_of(f"sqlite:///{path}")
    assert dump(kept) == before


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


def test_a_program_that_was_started_before_the_upgrade_goes_on_with_schedules(
    tmp_path: Path,
) -> None:
    """It names the columns that there were in its time."""
    path = migrated(tmp_path / "x.db")
    at = "'2026-01-01 00:00:00.000000'"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "INSERT INTO schedules (name, edition, paused, added_at, wake_at, body) VALUES "
            f"""('s', 1, 0, {at}, NULL, '{{"name": "s", "notebook": "n.ipynb", "start": "2026-01-01T00:00:00Z"}}')"""
        )
        connection.execute(
            "INSERT INTO fires (schedule_id, kind, interval_start, interval_end, run_id, recorded_at, waits, parameters) "
            f"VALUES (1, 'scheduled', {at}, {at}, 'r', {at}, 1, '{{}}')"
        )
    store = Metastore.open(f"sqlite:///{path}")
    ((fire, _),) = store.schedules.fires("s", limit=9)
    assert (fire.run_id, fire.backfill, fire.templates) == ("r", 0, {})
    store.close()
