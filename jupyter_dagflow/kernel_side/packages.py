"""Installed packages: which are in a folder, in which versions, and whose the modules there are.

The law: it is told of a folder as it is now, and read anew only when something was installed into it or removed.
"""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Collection

_TOPS = re.compile(r"^[^/\\.,\s]+", re.MULTILINE)
_JUST_NOW_NS = 1_000_000_000


def installed(folder: str) -> dict[str, tuple[str, str]]:
    """What is installed in a folder of packages: version and folder of metadata by normalised name."""
    found = {}
    with contextlib.suppress(OSError):
        for entry in os.listdir(folder):
            stem, ending = os.path.splitext(entry)
            if ending in (".dist-info", ".egg-info"):
                name, _, version = stem.partition("-")
                found[_canonical(name)] = (version.partition("-")[0], entry)
    return found


def versions(folder: str, tops: Collection[str]) -> tuple[dict[str, str], set[str]]:
    """The versions of the packages that have these top-level modules, and the modules that none has."""
    here = _Folder.now(folder)
    owners = {top: here.owners(top) for top in tops}
    found = {name: here.installed[name][0] for names in owners.values() for name in names}
    return found, {top for top, names in owners.items() if not names}


class _Folder:
    """A folder of packages as it was at one time."""

    _known: dict[str, tuple[int, _Folder]] = {}  # noqa: RUF012 -- one memory for the process and its forks

    def __init__(self, folder: str) -> None:
        self.installed = installed(folder)
        self._folder = folder
        self._by_top: dict[str, list[str]] = {}

    @classmethod
    def now(cls, folder: str) -> _Folder:
        """The folder, from memory if nothing came or went since."""
        try:
            stamp = os.stat(folder).st_mtime_ns
        except OSError:
            return cls(folder)
        known = cls._known.get(folder)
        if known is not None and known[0] == stamp:
            return known[1]
        here = cls(folder)
        if (
            stamp < time.time_ns() - _JUST_NOW_NS
        ):  # what comes just now may leave the stamp as it is
            cls._known[folder] = (stamp, here)
        return here

    def owners(self, top: str) -> Collection[str]:
        """The packages that a top-level module belongs to: mostly the one of that name."""
        if _canonical(top) in self.installed:
            return (_canonical(top),)
        if not self._by_top:
            for name, (_, metadata) in self.installed.items():
                for each in self._tops(metadata):
                    self._by_top.setdefault(each, []).append(name)
        return self._by_top.get(top, ())

    def _tops(self, metadata: str) -> Collection[str]:
        """The top-level modules of a package, as its metadata have them."""
        for name in ("top_level.txt", "RECORD"):
            path = os.path.join(self._folder, metadata, name)
            with contextlib.suppress(OSError), open(path, encoding="utf-8", errors="replace") as f:
                return set(_TOPS.findall(f.read()))
        return ()


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
