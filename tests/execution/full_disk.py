"""A disk that is full when a test says so, by means of the system."""

from __future__ import annotations

import os
import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PIECE = b"x" * 4096


class Disk:
    """A small file system of its own at ``path``, where the system lets us mount one.

    Where it does not (or ``mount`` is false), no file of this process may grow while the disk is full: writes fail
    the same way, but for the number of the error.
    """

    def __init__(self, path: Path, *, mount: bool) -> None:
        self.path = path
        path.mkdir()
        self._mounted = mount and _ran("mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(path))

    @contextmanager
    def full(self) -> Iterator[None]:
        """Full for this long."""
        if not self._mounted:
            limits = resource.getrlimit(resource.RLIMIT_FSIZE)
            resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
            try:
                yield
            finally:
                resource.setrlimit(resource.RLIMIT_FSIZE, limits)
            return
        filler = self.path / "filler"
        descriptor = os.open(filler, os.O_WRONLY | os.O_CREAT)
        try:
            while True:
                os.write(descriptor, _PIECE)
        except OSError:
            os.close(descriptor)
        yield
        filler.unlink()

    def close(self) -> None:
        """Unmount it."""
        if self._mounted:
            _ran("umount", "--lazy", str(self.path))


def _ran(*command: str) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False
