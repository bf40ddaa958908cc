"""Removing stored values that nobody needs any more.

The law: what is needed, and what was written or reused since a moment that the caller names, stays; whoever takes a
file into use meanwhile either keeps it or finds that it is gone, and is never left with one that goes later. Files
that are not of the store are left alone.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

_FOLDER = re.compile(r"[0-9a-f]{2}")
_FILE = re.compile(r"[0-9a-f]{14,}")
_UNFINISHED = re.compile(r"\.writing-.*")
_ASIDE = ".removing-"
_LEFT_ASIDE = re.compile(re.escape(_ASIDE) + _FILE.pattern)
_TICK_S = 0.02  # files are stamped by a clock that may be so much behind


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """How many stored values were removed, how many bytes that freed, and the values of their digests."""

    artifacts: int
    size_bytes: int
    values: frozenset[str]


def remove_unneeded(store: Path, needed: Collection[str], *, before: datetime) -> Removed:
    """Remove the stored files that are not ``needed`` (digests) and were last used before that moment."""
    kept = {digest.partition(":")[2] for digest in needed}
    unneeded = (found for found in _stored(store) if found[1] not in kept)
    return _remove_all(unneeded, before=before)


def remove_these(store: Path, digests: Collection[str], *, before: datetime) -> Removed:
    """Remove the stored files of these digests that were last used before that moment."""
    values = (digest.partition(":")[2] for digest in digests)
    files = ((store / value[:2] / value[2:], value) for value in values)
    return _remove_all(files, before=before)


def remove_least_used(store: Path, *, most_bytes: int, before: datetime) -> Removed:
    """Remove stored files, the one first that was not used for longest, until the rest has at most so many bytes.

    Those used since that moment stay, also if they have more.
    """
    found = []
    for path, value in _stored(store):
        with contextlib.suppress(OSError):  # gone already
            status = path.stat()
            found.append((status.st_mtime, status.st_size, path, value))
    beyond = sum(size for _, size, _, _ in found) - most_bytes

    def longest_unused() -> Iterator[tuple[Path, str]]:
        left = beyond
        for _, size, path, value in sorted(found):
            if left <= 0:
                return
            left -= size
            yield path, value

    return _remove_all(longest_unused(), before=before)


def _remove_all(files: Iterable[tuple[Path, str]], *, before: datetime) -> Removed:
    until = before.timestamp() - _TICK_S
    values = set()
    size = 0
    for path, value in files:
        freed = _remove(path, until=until)
        if freed is not None:
            values.add(value)
            size += freed
    values.discard("")
    return Removed(artifacts=len(values), size_bytes=size, values=frozenset(values))


def _stored(store: Path) -> Iterator[tuple[Path, str]]:
    """The files of a store, each with the value of its digest; what somebody left who was killed has none."""
    with contextlib.suppress(FileNotFoundError):
        for folder in sorted(store.iterdir()):
            if _UNFINISHED.fullmatch(folder.name):
                yield folder, ""
            elif _FOLDER.fullmatch(folder.name) and folder.is_dir():
                for path in sorted(folder.iterdir()):
                    if _FILE.fullmatch(path.name):
                        yield path, folder.name + path.name
                    elif _LEFT_ASIDE.fullmatch(path.name):
                        yield path, ""


def _remove(path: Path, *, until: float) -> int | None:
    """The size of a file that was removed; None of one that was used since, or cannot be removed."""
    try:
        if path.stat().st_mtime >= until:
            return None
        aside = path
        if _FILE.fullmatch(path.name):  # somebody may still want it
            aside = path.with_name(_ASIDE + path.name)
            os.replace(path, aside)
        status = aside.stat()
        if status.st_mtime >= until:  # somebody has just taken it into use
            os.replace(aside, path)
            return None
        aside.unlink()
    except OSError:  # in use on Windows, or gone already
        return None
    return status.st_size
