"""Writing files so that a reader sees the old bytes or the new ones, never half of them.

The law: write a temporary file in the same folder, fsync it, rename it over the target, fsync the
folder. Whatever stops us before the rename leaves the old file as it was and no litter behind. What
is not to be durable leaves the two fsyncs out: only a crash of the machine can then lose it.
"""

from __future__ import annotations

import mmap
import os
import secrets
from pathlib import Path


def write_copy(path: Path) -> None:
    """Have a file's bytes in a new file of that name, durably; raises `OSError`."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        write_bytes(path, data)


def write_bytes(path: str | Path, data: bytes | mmap.mmap, *, durable: bool = True) -> None:
    """Make the file hold these bytes, and its folders exist; raises `OSError` if it cannot."""
    path = Path(path)
    temporary = _temporary(path)
    try:
        with os.fdopen(_open_new(temporary), "wb") as file:
            file.write(data)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    if durable:
        _sync_folder(path.parent)


def create(path: Path, data: bytes) -> None:
    """Make a file that must not be there yet, with these bytes at once; of those who try, one succeeds.

    Not durable. Raises `OSError`: `FileExistsError` for all but the first.
    """
    temporary = _temporary(path)
    try:
        with os.fdopen(_open_new(temporary), "wb") as file:
            file.write(data)
        _link(temporary, path, data)
    finally:
        temporary.unlink(missing_ok=True)


def unfinished(folder: Path) -> list[Path]:
    """What is being written below a folder, or was by somebody who was killed; no name comes again."""
    return [*folder.rglob(f".*{_UNFINISHED}")]


def sync(path: Path) -> None:
    """Have a file that others have written on the disk, under its name; raises `OSError`."""
    descriptor = os.open(path, os.O_RDWR | _BINARY)  # only to read, Windows would not do it
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    _sync_folder(path.parent)


_UNFINISHED = ".tmp"
_BINARY = getattr(os, "O_BINARY", 0)  # only Windows has it
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY


def _link(temporary: Path, path: Path, data: bytes) -> None:
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without links: whoever reads it just now finds it empty
        with os.fdopen(_open_new(path), "wb") as file:
            file.write(data)


def _temporary(path: Path) -> Path:
    return path.with_name(f".{path.name[:80]}.{secrets.token_hex(6)}{_UNFINISHED}")


def _open_new(path: Path) -> int:
    try:
        return os.open(path, _NEW, 0o666)
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, _NEW, 0o666)


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":
        return  # a folder cannot be opened there
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError:
        pass  # some file systems cannot; the file itself is whole
    finally:
        os.close(descriptor)
