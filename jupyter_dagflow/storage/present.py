"""What the things that a task used hold now.

The law: it is told by content, and read at most once a run as long as nobody writes it: a stamp tells that it is what
was read, never that it is what it once was.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from jupyter_dagflow.core.reuse import Used
from jupyter_dagflow.kernel_side import packages, usage

_NONE: Mapping[str, str] = {}


class Present:
    """Looks at files below the notebook's folder ``root``, and elsewhere, for one run."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._read: dict[tuple[str, str], tuple[object, str | None]] = {}
        self._installed: dict[str, Mapping[str, str]] = {}

    def of(self, used: Used) -> Used:
        """The same things as they are now."""
        return Used(
            modules=self._digests(used.modules, usage.digest),
            read=self._digests(used.read, usage.digest),
            written=self._digests(used.written, usage.digest),
            folders=self._digests(used.folders, usage.listing),
            patterns={
                pattern: tuple(usage.matching(str(self._root), pattern))
                for pattern in used.patterns
            },
            packages={
                place: {name: self._versions(place).get(name) for name in versions}
                for place, versions in used.packages.items()
            },
        )

    def _digests(
        self, before: Mapping[str, str | None], look: Callable[[str, str], str | None]
    ) -> dict[str, str | None]:
        return {name: self._digest(name, digest, look) for name, digest in before.items()}

    def _digest(
        self, name: str, before: str | None, look: Callable[[str, str], str | None]
    ) -> str | None:
        """The digest of what is there by that name, with the same algorithm as before."""
        path = os.path.join(self._root, name)
        stamp = _stamp(path)
        if before is None or stamp is None:
            return None if stamp is None else "there"
        algorithm = before.partition(":")[0]
        known = self._read.get((path, algorithm))
        if known is None or known[0] != stamp:
            known = (stamp, look(path, algorithm))
            self._read[path, algorithm] = known
        return known[1]

    def _versions(self, place: str) -> Mapping[str, str]:
        if place not in self._installed:
            found = packages.installed(place)
            self._installed[place] = {name: version for name, (version, _) in found.items()}
        return self._installed[place]


def _stamp(path: str) -> object:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return (status.st_mtime_ns, status.st_size, status.st_ino, status.st_ctime_ns)
