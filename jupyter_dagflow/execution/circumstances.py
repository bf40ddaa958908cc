"""Who asks for a run, on which machine, and on which git commit: looked up while the notebook is compiled.

The law: a run never waits long for it and never fails by it. Git is only asked: it takes no lock, writes no index,
and runs no program that a repository's own settings name. What it does not tell in time is not known.
"""

from __future__ import annotations

import getpass
import os
import platform
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Generic, TypeVar

from jupyter_dagflow import __version__
from jupyter_dagflow.core.model import Notebook
from jupyter_dagflow.core.records import Origin, Revision, RunRecord

T = TypeVar("T")

NOBODY = "unknown"
_PATIENCE_S = 0.3  # how long a run that could begin waits for git
_GIT_ENDS_S = 10.0
_GIT = (
    "git",
    "--no-optional-locks",
    "-c",
    "core.fsmonitor=false",
    "-c",
    "core.hooksPath=/dev/null",
)
_HEAD = ("rev-parse", "HEAD", "--abbrev-ref", "HEAD")
_CHANGES = ("status", "--porcelain", "--untracked-files=no", "--ignore-submodules=dirty")
_DETACHED = "HEAD"
# A hook of git's runs us with these set: they speak of its repository, not of the folder's.
_OF_ANOTHER = frozenset(
    {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_PREFIX"}
)


class _Later(Generic[T]):
    """What a function gives, as soon as a thread of its own has it."""

    def __init__(self, look: Callable[[Path], T], folder: Path) -> None:
        self._found: T | None = None
        self._thread = threading.Thread(target=self._look, args=(look, folder), daemon=True)
        self._thread.start()

    def _look(self, look: Callable[[Path], T], folder: Path) -> None:
        self._found = look(folder)

    def by(self, deadline: float) -> T | None:
        """The same; None if it has not come at that time of the monotonic clock."""
        self._thread.join(max(0.0, deadline - time.monotonic()))
        return self._found


class Circumstances:
    """Of one run that is asked for now: threads look them up, `record` takes what they have found."""

    def __init__(self, folder: Path, origin: Origin) -> None:
        self._origin = origin
        self._head = _Later(head, folder)
        self._dirty = _Later(is_dirty, folder)

    def record(self, notebook: Notebook, *, masked: bytes | None = None) -> RunRecord:
        """The record of a run of this notebook; waits for what is not known yet, but never long.

        Of one with secrets, what is kept of it is told by its digest: that of the whole would tell who guesses.
        """
        deadline = time.monotonic() + _PATIENCE_S
        revision = self._head.by(deadline)
        if revision is not None:
            revision = replace(revision, dirty=self._dirty.by(deadline))
        return RunRecord(
            origin=self._origin,
            user=user_name(),
            host=socket.gethostname(),
            python=platform.python_version(),
            version=__version__,
            source_digest=notebook.digest if masked is None else sha256(masked).hexdigest(),
            revision=revision,
        )


def user_name() -> str:
    """Who this process belongs to; `NOBODY` if nobody knows, as in a container without such a user."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return NOBODY


def head(folder: Path) -> Revision | None:
    """The commit that a folder stands on; None outside a repository, before its first commit, or without git."""
    told = _git(folder, *_HEAD)
    if told is None:
        return None
    commit, branch = told.split("\n")[:2]
    return Revision(commit=commit, branch="" if branch == _DETACHED else branch)


def is_dirty(folder: Path) -> bool | None:
    """Whether files of the repository that git knows differ from the commit; None if git does not say."""
    told = _git(folder, *_CHANGES)
    return None if told is None else bool(told)


def _git(folder: Path, *arguments: str) -> str | None:
    """What git prints, stripped; None if there is no git, or nothing that it could tell of."""
    env = {name: value for name, value in os.environ.items() if name not in _OF_ANOTHER}
    try:
        told = subprocess.run(  # noqa: S603 -- a command of ours
            [*_GIT, *arguments],
            cwd=folder,
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_GIT_ENDS_S,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return told.stdout.decode("utf-8", "replace").strip()
