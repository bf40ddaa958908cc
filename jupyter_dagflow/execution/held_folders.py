"""Folders that are needed as long as the process lives that made them.

The law: such a folder holds a file that its process has locked. The system takes the lock back when the process ends,
however it ends, so whoever can lock the file knows that nobody needs the folder. One without such a file is not ours.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
from pathlib import Path

if sys.platform != "win32":
    import fcntl

_LOCK = ".held"


class HeldFolder:
    """A new folder in ``parent``, which is made if need be, with a name that begins with ``prefix``."""

    def __init__(self, parent: Path, *, prefix: str = "") -> None:
        parent.mkdir(parents=True, exist_ok=True)
        self._lock: int | None = None
        self.path = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
        while not self._hold():  # whoever sweeps has found it before it was locked
            self.path = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))

    def remove(self) -> None:
        """Remove it with all that it holds; done again, it does nothing."""
        shutil.rmtree(self.path, ignore_errors=True)
        lock, self._lock = self._lock, None
        if lock is not None:
            os.close(lock)

    def _hold(self) -> bool:
        if sys.platform == "win32":
            return True
        file = self.path / _LOCK
        try:
            self._lock = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            held = file.exists()
        except BlockingIOError:
            held = False
        except OSError:  # a file system without locks, where nobody is to be able to take it
            file.unlink(missing_ok=True)
            return True
        if not held:
            os.close(self._lock)
        return held


def sweep(parent: Path, *, prefix: str = "") -> None:
    """Remove the folders there, with names that begin so, whose processes have ended."""
    with contextlib.suppress(OSError):  # there are none
        for folder in list(parent.iterdir()):
            if folder.name.startswith(prefix):
                _remove_unheld(folder)


def _remove_unheld(folder: Path) -> None:
    if sys.platform == "win32":
        return
    with contextlib.suppress(OSError):  # not ours, another user's, or held
        lock = os.open(folder / _LOCK, os.O_RDWR | os.O_NOFOLLOW)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
        finally:
            os.close(lock)
