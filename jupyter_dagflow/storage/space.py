"""Telling a full disk from other trouble with files.

The law: a disk is full if the system says so of a write, a quota or a limit on files included.
"""

from __future__ import annotations

import errno
from pathlib import Path

from jupyter_dagflow.core.errors import NoSpace

NO_SPACE_ERRNOS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
WAY_OUT = (
    "Free some space (dagflow artifacts gc removes values that nobody needs), or set DAGFLOW_HOME to a folder on "
    "another disk."
)


def lacks_space(error: BaseException | None) -> bool:
    """Whether an error, or what it came of, is that there was no space left."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in NO_SPACE_ERRNOS:
            return True
        error = error.__cause__
    return False


def no_space(folder: Path, error: BaseException) -> NoSpace:
    """The error that says that nothing more can be kept in a folder."""
    return NoSpace(
        f"There is no space left in {folder} ({error}).",
        hint=WAY_OUT,
    )
