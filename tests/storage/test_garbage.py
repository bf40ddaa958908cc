"""Which stored files go, and which stay whatever happens."""

from __future__ import annotations

import os
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from jupyter_dagflow.storage import garbage
from jupyter_dagflow.storage.artifacts import ArtifactStore
from jupyter_dagflow.storage.garbage import Removed, remove_least_used, remove_unneeded

NOW = datetime(2026, 3, 8, 12, tzinfo=timezone.utc)
OLD = NOW - timedelta(hours=1)


def put(store: Path, value: str, at: datetime = OLD) -> Path:
    path = store / value[:2] / value[2:]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"12345")
    os.utime(path, (at.timestamp(), at.timestamp()))
    return path


def test_what_nobody_needs_goes(tmp_path: Path) -> None:
    needed, other = put(tmp_path, "a" * 32), put(tmp_path, "b" * 32)
    new = put(tmp_path, "c" * 32, at=NOW)
    unfinished = tmp_path / ".writing-1-x"
    unfinished.write_bytes(b"123")
    os.utime(unfinished, (OLD.timestamp(), OLD.timestamp()))
    removed = remove_unneeded(tmp_path, {"xxh3:" + "a" * 32}, before=NOW)
    assert removed == Removed(artifacts=1, size_bytes=8, values=frozenset({"b" * 32}))
    assert (needed.exists(), other.exists(), new.exists(), unfinished.exists()) == (
        True,
        False,
        True,
        False,
    )


def test_what_is_not_of_the_store_stays(tmp_path: Path) -> None:
    for name in ("README", "notes/aa/x", "ab/notes.txt", "ab/.removing-x"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("mine")
    assert remove_unneeded(tmp_path, (), before=NOW + timedelta(days=99)).artifacts == 0
    assert len([p for p in tmp_path.rglob("*") if p.is_file()]) == 4
    assert remove_unneeded(tmp_path / "nowhere", (), before=NOW) == Removed(
        artifacts=0, size_bytes=0, values=frozenset()
    )


def test_what_a_collection_that_was_killed_has_left_goes_with_the_next(tmp_path: Path) -> None:
    path = put(tmp_path, "a" * 32)
    left = path.rename(path.with_name(f".removing-{path.name}"))
    removed = remove_unneeded(tmp_path, {"xxh3:" + "a" * 32}, before=NOW)
    assert (removed.artifacts, removed.size_bytes) == (0, 5)
    assert not left.exists()


@pytest.mark.parametrize(
    ("most", "left"), [(99, "abcd"), (20, "abcd"), (19, "bcd"), (10, "cd"), (1, "d"), (0, "d")]
)
def test_beyond_a_size_what_was_not_used_for_longest_goes(
    tmp_path: Path, most: int, left: str
) -> None:
    for age, name in enumerate("dcba"):  # d has just been used
        put(tmp_path, name * 32, at=NOW - timedelta(hours=age))
    removed = remove_least_used(tmp_path, most_bytes=most, before=NOW)
    assert "".join(sorted(path.parent.name[0] for path in tmp_path.glob("*/*"))) == left
    assert removed.values == {name * 32 for name in set("abcd") - set(left)}
    assert removed.size_bytes == 5 * removed.artifacts


def test_what_is_taken_into_use_meanwhile_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(tmp_path, "d" * 32)
    replace = os.replace

    def taken(source: Path, target: Path) -> None:
        if "removing" in str(target):
            os.utime(source)
        replace(source, target)

    monkeypatch.setattr(garbage.os, "replace", taken)
    assert remove_unneeded(tmp_path, (), before=NOW).artifacts == 0
    assert path.exists()


def test_asking_whether_a_value_is_whole_takes_it_into_use(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path)
    path = put(tmp_path, "e" * 32)
    assert store.fault("xxh3:" + "e" * 32) == "damaged"
    assert path.stat().st_mtime > OLD.timestamp()
    assert store.fault("xxh3:" + "f" * 32) == "missing"
