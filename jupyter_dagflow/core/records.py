"""What is recorded of a run besides what happens in it: who asked for it, and what its tasks were made of.

The law: a record never changes, and tells two runs apart when everything around them has changed since. What tasks have
in common is written once: the record of a task names its surroundings by their digest, and the event of the first task
of the run that had them carries them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum


class Origin(str, Enum):
    """From where a run was asked for."""

    CLI = "cli"
    MAGIC = "magic"
    PYTHON = "python"
    SERVER = "server"


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """The git commit that a notebook's folder stands on.

    ``branch`` is empty where none is checked out. ``dirty`` tells whether files that git knows differ from the commit;
    None if git did not say so in time.
    """

    commit: str
    branch: str = ""
    dirty: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """Who asked for a run, from where, and of what: ``python`` and ``version`` (ours) are those of the runner.

    ``source_digest`` is the SHA-256 of the notebook's bytes; of one with secrets, of what is kept
    of it, which has none. There is no ``revision`` outside a repository.
    """

    origin: Origin
    user: str
    host: str
    python: str
    version: str
    source_digest: str
    revision: Revision | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a task ran in, but for its values: the kernel's name and Python, packages and modules of the project.

    ``packages`` are the versions of those that were imported, ``modules`` digests of files by their paths from the
    notebook's folder. Of a task that did not come to its end only the kernel is known.
    """

    kernel: str
    python: str = ""
    packages: Mapping[str, str | None] = field(default_factory=dict)
    modules: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRecord:
    """What an attempt was made of, by digests.

    ``code`` is that of the source it depends on (see `slices`), ``recipe`` that of all that makes its result but
    for its inputs; both empty if they could not be told. ``inputs`` are the values it took, ``files`` what it read
    (None: not there), ``surroundings`` the digest of its `Surroundings`.
    """

    code: str = ""
    recipe: str = ""
    inputs: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str | None] = field(default_factory=dict)
    surroundings: str = ""
