"""What is particular to SQLite: durability, several processes, databases not ours to use."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import datetime, timezone
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from jupyter_dagflow.core.errors import EnvironmentFault, MetastoreTooNew, MetastoreUnreachable
from jupyter_dagflow.core.events import CancelRequested, RunCreated
from jupyter_dagflow.core.model import RunId
from jupyter_dagflow.storage import sqlite
from jupyter_dagflow.storage.metastore import Metastore
from jupyter_dagflow.storage.schema import HEAD, VERSION_TABLE, inspect_schema, parse_url

NOON = datetime(2026, 3, 8, 12, tzinfo=timezone.utc)

APPENDS = """
import sys
from datetime import datetime, timezone
from jupyter_dagflow.core.events import CancelRequested, RunCreated
from jupyter_dagflow.storage.metastore import Metastore

url, run_id, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
at = datetime(2026, 3, 8, 12, tzinfo=timezone.utc)
print("ready", flush=True)
sys.stdin.readline()
store = Metastore.open(url)
created = RunCreated(
    run_id=run_id, seq=1, at=at, pipeline="p", notebook="n", parameters={}, tasks=()
)
store.append(run_id, [created])
for seq in range(2, count + 1):
    store.append(run_id, [CancelRequested(run_id=run_id, seq=seq, at=at, reason="x")])
store.close()
"""


def url_of(path: Path) -> str:
    return f"sqlite:///{path}"


def recorded(path: Path, *run_ids: str) -> None:
    """A database with these runs."""
    store = Metastore.open(url_of(path))
    for run_id in run_ids:
        created = RunCreated(
            run_id=RunId(run_id),
            seq=1,
            at=NOON,
            pipeline="p",
            notebook="n",
            parameters={},
            tasks=(),
        )
        store.append(RunId(run_id), [created])
    store.close()


def refused(url: str, tmp_path: Path) -> tuple[EnvironmentFault, str]:
    with pytest.raises(EnvironmentFault) as caught:
        Metastore.open(url)
    assert caught.value.hint
    return caught.value, str(caught.value).replace(str(tmp_path), "FOLDER")


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_what_was_recorded_is_there_when_opened_again(tmp_path: Path) -> None:
    path = tmp_path / "dagflow.db"
    recorded(path, "r1")
    store = Metastore.open(url_of(path))
    assert [run.run_id for run in store.runs()] == ["r1"]
    store.close()
    assert [file.name for file in tmp_path.iterdir()] == ["dagflow.db"]


def test_connections_are_durable_and_strict(tmp_path: Path) -> None:
    engine = sqlite.make_engine(parse_url(url_of(tmp_path / "x.db")))
    with engine.connect() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    engine.dispose()
    assert pragmas == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 30_000,
    }


def test_a_writer_takes_its_lock_at_once(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    recorded(path)
    engine = sqlite.make_engine(parse_url(url_of(path)))
    writing = engine.execution_options(**{sqlite.WRITES: True})
    with closing(sqlite3.connect(path, timeout=0)) as other:
        with engine.begin():
            other.execute("BEGIN IMMEDIATE").connection.rollback()
        with writing.begin(), pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
    engine.dispose()


def test_two_processes_use_one_new_file(tmp_path: Path) -> None:
    path, count = tmp_path / "dagflow.db", 30
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", APPENDS, url_of(path), f"run-{i}", str(count)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for i in range(2)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        _, error = process.communicate(timeout=60)
        assert process.returncode == 0, error
    store = Metastore.open(url_of(path))
    for i in range(2):
        assert [event.seq for event in store.events(RunId(f"run-{i}"))] == [*range(1, count + 1)]
    store.close()


def test_a_request_to_cancel_is_seen_in_another_process(tmp_path: Path) -> None:
    path = tmp_path / "dagflow.db"
    recorded(path, "r1")
    store = Metastore.open(url_of(path))
    assert not store.cancel_requested(RunId("r1"))
    script = (
        "from jupyter_dagflow.storage.metastore import Metastore\n"
        f"Metastore.open({url_of(path)!r}).request_cancel('r1')"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
    assert store.cancel_requested(RunId("r1"))
    store.close()


@pytest.mark.parametrize("while_in_use", [False, True])
def test_a_newer_database_keeps_its_bytes(
    tmp_path: Path, snapshot: SnapshotAssertion, while_in_use: bool
) -> None:
    path = tmp_path / "dagflow.db"
    recorded(path, "r1")
    newer = sqlite3.connect(path)
    newer.execute(f"UPDATE {VERSION_TABLE} SET version_num = '9999'")
    newer.commit()
    if not while_in_use:
        newer.close()
    before = files(tmp_path)
    error, text = refused(url_of(path), tmp_path)
    assert isinstance(error, MetastoreTooNew)
    assert text == snapshot(name="too new")
    after = files(tmp_path)
    if while_in_use:  # its index of the log is shared memory, which readers note themselves in
        before.pop("dagflow.db-shm")
        after.pop("dagflow.db-shm")
    assert after == before
    newer.close()


def test_looking_at_a_database_makes_none(tmp_path: Path) -> None:
    url = url_of(tmp_path / "dagflow.db")
    assert inspect_schema(url).revision is None
    assert files(tmp_path) == {}
    recorded(tmp_path / "dagflow.db")
    before = files(tmp_path)
    assert inspect_schema(url).is_current
    assert inspect_schema(url).revision == HEAD
    assert files(tmp_path) == before


def test_an_empty_file_becomes_a_database(tmp_path: Path) -> None:
    path = tmp_path / "dagflow.db"
    path.touch()
    recorded(path, "r1")
    assert inspect_schema(url_of(path)).is_current


def test_a_database_may_lie_in_a_folder_of_any_name(tmp_path: Path) -> None:
    folder = tmp_path / "a b%20#é?x"
    folder.mkdir()
    path = folder / "dagflow.db"
    store = Metastore.open(url_of(path))
    store.close()
    assert list(files(folder)) == ["dagflow.db"]


@pytest.mark.parametrize(
    "name",
    [
        "a file that is no database",
        "a database whose pages are damaged",
        "a folder",
        "no such folder",
        "a file for a folder",
        "a database of somebody else's",
    ],
)
def test_says_what_is_wrong(name: str, tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    path = tmp_path / "dagflow.db"
    match name:
        case "a file that is no database":
            path.write_bytes(b"not a database, but long enough to look" * 100)
        case "a database whose pages are damaged":
            recorded(path, "r1")
            data = path.read_bytes()
            path.write_bytes(data[:100] + b"\xff" * (len(data) - 100))
        case "a folder":
            path.mkdir()
        case "no such folder":
            path = tmp_path / "none" / "dagflow.db"
        case "a file for a folder":
            path.write_bytes(b"x")
            path = path / "dagflow.db"
        case "a database of somebody else's":
            with closing(sqlite3.connect(path)) as connection:
                connection.execute("CREATE TABLE runs (run_uuid TEXT)")
    before = files(tmp_path) if path.is_file() else None
    error, text = refused(url_of(path), tmp_path)
    assert isinstance(error, MetastoreUnreachable)
    assert text == snapshot
    assert before is None or files(tmp_path) == before


@pytest.mark.parametrize("url", ["nonsense", "postgresql://me:secret@host/db", ""])
def test_says_which_urls_will_do(url: str, tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    _, text = refused(url, tmp_path)
    assert text == snapshot
    assert "secret" not in text


def test_damage_that_shows_later_is_told_the_same_way(tmp_path: Path) -> None:
    path = tmp_path / "dagflow.db"
    recorded(path, *(f"run-{i}" for i in range(50)))
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 3] + b"\xff" * (len(data) - len(data) // 3))
    with pytest.raises(MetastoreUnreachable, match="damaged"):  # noqa: PT012 -- wherever it shows
        store = Metastore.open(url_of(path))
        try:
            for run in store.runs(limit=100):
                store.events(RunId(run.run_id))
                store.view(RunId(run.run_id))
            event = CancelRequested(run_id=RunId("run-0"), seq=2, at=NOON, reason="x")
            store.append(RunId("run-0"), [event])
        finally:
            store.close()


def test_a_database_that_was_overwritten_is_told_the_same_way(tmp_path: Path) -> None:
    path = tmp_path / "dagflow.db"
    recorded(path)
    store = Metastore.open(url_of(path))
    path.write_bytes(b"something else" * 1000)
    with pytest.raises(MetastoreUnreachable, match="not a SQLite database"):
        store.runs()
    store.close()


@pytest.mark.parametrize(
    "text",
    [
        "database is locked",
        "database or disk is full",
        "attempt to write a readonly database",
        "database disk image is malformed",
        "file is not a database",
        "unable to open database file",
    ],
)
def test_advice(text: str, snapshot: SnapshotAssertion) -> None:
    assert sqlite.advice(sqlite3.OperationalError(text)) == snapshot


def test_what_was_acknowledged_survives_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "dagflow.db"
    told = APPENDS.replace('reason="x")])', 'reason="x")]); print(seq, flush=True)')
    with subprocess.Popen(
        [sys.executable, "-c", told, url_of(path), "r1", "100000"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("go\n")
        process.stdin.flush()
        lines = [process.stdout.readline() for _ in range(20)]
        process.kill()
        acknowledged = [int(line) for line in [*lines[1:], *process.stdout] if line.endswith("\n")]
    assert inspect_schema(url_of(path)).is_current
    store = Metastore.open(url_of(path))
    seqs = [event.seq for event in store.events(RunId("r1"))]
    store.close()
    assert seqs == list(range(1, len(seqs) + 1))
    assert seqs[-1] >= acknowledged[-1]


def test_a_database_that_vanished_is_told_the_same_way(tmp_path: Path) -> None:
    folder = tmp_path / "home"
    folder.mkdir()
    recorded(folder / "dagflow.db")
    store = Metastore.open(url_of(folder / "dagflow.db"))
    (folder / "dagflow.db").unlink()
    folder.rmdir()
    with pytest.raises(MetastoreUnreachable, match="cannot be opened"):
        store.runs()
    store.close()
