"""Removing stored values that nobody needs any more.

The law: what is needed, and what was written or reused since a moment that the caller names, stays; whoever takes a
file into use meanwhile either keeps it or finds that it is gone, and is never left with one that goes later. Files
that are not of the store are left alone.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

_FOLDER = re.compile(r"[0-9a-f]{2}")
_FILE = re.compile(r"[0-9a-f]{14,}")
_UNFINISHED = re.compile(r"\.writing-.*")
_TICK_S = 0.02  # files are stamped by a clock that may be so much behind


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """How many stored values were removed, and how many bytes that freed."""

    artifacts: int
    size_bytes: int


def remove_unneeded(store: Path, needed: Collection[str], *, before: datetime) -> Removed:
    """Remove the stored files that are not ``needed`` (digests) and were last used before that moment."""
    kept = {digest.partition(":")[2] for digest in needed}
    until = before.timestamp() - _TICK_S
    count = size = 0
    for path, value in _stored(store):
        freed = _remove(path, until=until) if value not in kept else None
        if freed is not None:
            count += value != ""
            size += freed
    return Removed(artifacts=count, size_bytes=size)


def _stored(store: Path) -> Iterator[tuple[Path, str]]:
    """The files of a store, each with the value of its digest; what a killed kernel left has none."""
    with contextlib.suppress(FileNotFoundError):
        for folder in sorted(store.iterdir()):
            if _UNFINISHED.fullmatch(folder.name):
                yield folder, ""
            elif _FOLDER.fullmatch(folder.name) and folder.is_dir():
                for path in sorted(folder.iterdir()):
                    if _FILE.fullmatch(path.name):
                        yield path, folder.name + path.name


def _remove(path: Path, *, until: float) -> int | None:
    """The size of a file that was removed; None of one that was used since, or cannot be removed."""
    try:
        if path.stat().st_mtime >= until:
            return None
        aside = path.with_name(f".removing-{path.name}")
        os.replace(path, aside)
        status = aside.stat()
        if status.st_mtime >= until:  # somebody has just taken it into use
            os.replace(aside, path)
            return None
        aside.unlink()
    except OSError:  # in use on Windows, or gone already
        return None
    return status.st_size
