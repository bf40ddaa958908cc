"""A file that is being written is the old one or the new one, whatever happens in between."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from jupyter_dagflow.storage.atomic import create, unfinished, write_bytes


class Crash(BaseException):
    """Stands for whatever ends the process; the test goes on to look at what is left."""


def crash(*_: object, **__: object) -> None:
    raise Crash


def test_makes_the_file_and_its_folder(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "file"
    write_bytes(path, b"one")
    write_bytes(path, b"two")
    assert path.read_bytes() == b"two"
    assert os.listdir(path.parent) == ["file"]


def test_takes_the_longest_name_there_is(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 255)
    write_bytes(path, b"one")
    assert path.read_bytes() == b"one"


def test_rights_are_those_of_any_new_file(tmp_path: Path) -> None:
    write_bytes(tmp_path / "ours", b"")
    (tmp_path / "theirs").write_bytes(b"")
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("ours", "theirs")]
    assert modes[0] == modes[1]


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_crash_before_the_rename_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path = tmp_path / "file"
    write_bytes(path, b"old")
    monkeypatch.setattr(os, step, crash)
    with pytest.raises(Crash):
        write_bytes(path, b"new")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file"]


def test_the_bytes_are_on_the_disk_before_the_name_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []

    def noted(name: str, function: Callable[..., None]) -> Callable[..., None]:
        def call(*args: object) -> None:
            steps.append(name)
            function(*args)

        return call

    for name in ("fsync", "replace"):
        monkeypatch.setattr(os, name, noted(name, getattr(os, name)))
    write_bytes(tmp_path / "file", b"new")
    assert steps[:2] == ["fsync", "replace"]
    steps.clear()
    write_bytes(tmp_path / "file", b"newer", durable=False)
    assert steps == ["replace"]


def test_a_folder_in_the_way_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder"):
        write_bytes(tmp_path / "folder", b"new")
    assert os.listdir(tmp_path) == ["folder"]


@pytest.mark.parametrize("links", [True, False])
def test_of_those_who_create_a_file_the_first_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    if not links:
        monkeypatch.setattr(os, "link", refuse)
    path = tmp_path / "folder" / "file"
    create(path, b"mine")
    with pytest.raises(FileExistsError):
        create(path, b"theirs")
    assert path.read_bytes() == b"mine"
    assert os.listdir(path.parent) == ["file"]


def test_what_a_killed_writer_left_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "folder" / "file"
    write_bytes(path, b"old")
    assert unfinished(tmp_path) == []
    with monkeypatch.context() as patch:  # a writer that is killed tidies nothing up
        patch.setattr(os, "replace", crash)
        patch.setattr(Path, "unlink", crash)
        with pytest.raises(Crash):
            write_bytes(path, b"new")
    (left,) = unfinished(tmp_path)
    assert left.read_bytes() == b"new"
    assert path.read_bytes() == b"old"
