"""Who asks for a run, and on which commit: real repositories, and the places where there is none."""

from __future__ import annotations

import getpass
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from jupyter_dagflow import __version__
from jupyter_dagflow.core.model import Notebook
from jupyter_dagflow.core.records import Origin, Revision
from jupyter_dagflow.execution import circumstances
from jupyter_dagflow.execution.circumstances import Circumstances, head, is_dirty

NOTEBOOK = Notebook(path="nb.ipynb", digest="abc", cells=(), kernel_name="python3")
Git = Callable[..., str]


@pytest.fixture
def git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Git:
    """Runs git in a folder of its own, where nobody's settings are heard."""
    for name in ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"):
        monkeypatch.setenv(name, os.devnull)
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Ada")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "ada@example.org")

    def run(*arguments: str) -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=tmp_path, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    return run


def committed(git: Git, folder: Path) -> str:
    git("init", "-q", "-b", "main")
    (folder / "nb.ipynb").write_text("{}")
    git("add", ".")
    git("commit", "-q", "-m", "one")
    return git("rev-parse", "HEAD")


def test_no_repository_no_revision(tmp_path: Path) -> None:
    assert head(tmp_path) is None


def test_a_repository_without_a_commit_has_none(git: Git, tmp_path: Path) -> None:
    git("init", "-q")
    assert head(tmp_path) is None


def test_the_commit_its_branch_and_what_is_not_committed(git: Git, tmp_path: Path) -> None:
    commit = committed(git, tmp_path)
    below = tmp_path / "below"
    below.mkdir()
    (below / "new.txt").write_text("git does not know it")
    assert head(below) == Revision(commit=commit, branch="main")
    assert is_dirty(below) is False
    (tmp_path / "nb.ipynb").write_text("{ }")
    assert is_dirty(below) is True
    git("checkout", "-q", "--detach")
    assert head(tmp_path) == Revision(commit=commit, branch="")


def test_git_is_only_asked(git: Git, tmp_path: Path) -> None:
    committed(git, tmp_path)
    marker = tmp_path / "ran"
    hook = tmp_path / "hook"
    hook.write_text(f"#!/bin/sh\ntouch {marker}\n")
    hook.chmod(0o755)
    git("config", "core.fsmonitor", str(hook))
    index = tmp_path / ".git" / "index"
    os.utime(tmp_path / "nb.ipynb", (1, 1))  # git would like to note that it is the same
    before = index.read_bytes()
    (tmp_path / ".git" / "index.lock").touch()  # somebody else commits just now
    assert is_dirty(tmp_path) is False
    assert index.read_bytes() == before
    assert not marker.exists()


def test_a_hook_of_another_repository_does_not_mislead(
    git: Git, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    committed(git, tmp_path)
    outside = tmp_path.parent / f"{tmp_path.name}-outside"
    outside.mkdir()
    monkeypatch.setenv("GIT_DIR", str(tmp_path / ".git"))
    assert head(outside) is None


def test_without_git_there_is_no_revision(
    git: Git, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    committed(git, tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    record = Circumstances(tmp_path, Origin.PYTHON).record(NOTEBOOK)
    assert record.revision is None


def test_a_git_that_takes_its_time_is_not_waited_for(
    git: Git, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = committed(git, tmp_path)
    slow = tmp_path / "bin" / "git"
    slow.parent.mkdir()
    slow.write_text(
        f"#!/bin/sh\ncase \"$*\" in *status*) sleep 60;; *) printf '{commit}\\nmain\\n';; esac\n"
    )
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", f"{slow.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(circumstances, "_PATIENCE_S", 20.0)  # git is ended before
    monkeypatch.setattr(circumstances, "_GIT_ENDS_S", 1.0)
    record = Circumstances(tmp_path, Origin.PYTHON).record(NOTEBOOK)
    assert record.revision == Revision(commit=commit, branch="main", dirty=None)


def test_who_asks_is_recorded(git: Git, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commit = committed(git, tmp_path)
    monkeypatch.setattr(circumstances, "_PATIENCE_S", 20.0)
    record = Circumstances(tmp_path, Origin.MAGIC).record(NOTEBOOK)
    assert (record.origin, record.user) == (Origin.MAGIC, getpass.getuser())
    assert (record.version, record.source_digest) == (__version__, "abc")
    assert record.revision == Revision(commit=commit, branch="main", dirty=False)
    assert record.host


def test_a_user_without_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(
        os, "getuid", lambda: 2**31 - 7
    )  # as in a container that knows no such user
    assert circumstances.user_name() == circumstances.NOBODY
