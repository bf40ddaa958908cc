"""What the things that were used hold now: by content, read once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jupyter_dagflow.core.reuse import Used
from jupyter_dagflow.kernel_side import usage
from jupyter_dagflow.storage.present import Present


def used(root: Path) -> Used:
    return Used(
        modules={"helpers.py": usage.digest(str(root / "helpers.py"))},
        read={
            "data/a.csv": usage.digest(str(root / "data" / "a.csv"), "blake2b"),
            "absent": None,
            str(root.parent / "far"): usage.digest(str(root.parent / "far")),
        },
        folders={"data": usage.listing(str(root / "data"))},
        patterns={"data/*.csv": ("data/a.csv",)},
        packages={str(root.parent / "site-packages"): {"pandas": "3.0.0", "scikit-learn": "1.5.0"}},
    )


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "[project]"
    (root / "data").mkdir(parents=True)
    (root / "helpers.py").write_text("x = 1")
    (root / "data" / "a.csv").write_text("1")
    (tmp_path / "far").write_text("2")
    for name in ("pandas-3.0.0.dist-info", "scikit_learn-1.5.0.dist-info", "pandas"):
        (tmp_path / "site-packages" / name).mkdir(parents=True)
    return root


def test_nothing_changed(root: Path) -> None:
    before = used(root)
    (root / "data" / "__pycache__").mkdir()
    os.utime(root / "helpers.py")
    assert list(before.changes(Present(root).of(before))) == []


def test_everything_changed(root: Path) -> None:
    before = used(root)
    (root / "helpers.py").write_text("x = 2")
    (root / "data" / "a.csv").write_text("2")
    (root / "data" / "b.csv").write_text("1")
    (root / "absent").write_text("")
    (root.parent / "far").unlink()
    (root.parent / "site-packages" / "pandas-3.0.0.dist-info").rename(
        root.parent / "site-packages" / "pandas-3.1.0.dist-info"
    )
    assert list(before.changes(Present(root).of(before))) == [
        "module helpers.py changed",
        "file data/a.csv changed",
        "file absent changed",
        f"file {root.parent / 'far'} is gone",
        "folder data changed",
        "the files of data/*.csv are others",
        "pandas 3.0.0 -> 3.1.0",
    ]


def test_a_file_is_read_once_and_again_when_it_was_written(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, present = used(root), Present(root)
    read: list[str] = []
    digest = usage.digest

    def counted(path: str, algorithm: str = "") -> str | None:
        read.append(os.path.basename(path))
        found: str | None = digest(path, algorithm)
        return found

    monkeypatch.setattr(usage, "digest", counted)
    for _ in range(3):
        assert list(before.changes(present.of(before))) == []
    assert sorted(read) == ["a.csv", "far", "helpers.py"]
    (root / "helpers.py").write_text("x = 3")
    assert list(before.changes(present.of(before))) == ["module helpers.py changed"]
