"""Whatever went wrong, as one of our own errors.

The law: every surface asks here what an exception that reaches its edge means, so that a full disk
or a missing package is told the same by a command, a magic and the server.
"""

from __future__ import annotations

from jupyter_dagflow.core.errors import DagflowError, EnvironmentFault
from jupyter_dagflow.surfaces.commands import UsageError, option_error


class InternalError(DagflowError):
    """Something we did not foresee: our fault. Please report it with its traceback."""

    code = "internal"


def as_ours(error: BaseException) -> DagflowError:
    """The error as one of our own tree."""
    if isinstance(error, DagflowError):
        return error
    if isinstance(error, UsageError):
        return option_error(error, program="dagflow")
    if isinstance(error, OSError):
        place = f"{error.filename}: " if error.filename else ""
        return EnvironmentFault(
            f"{place}{error.strerror or error}.",
            hint="Check that the path exists, that you may write it, and that the disk has space.",
        )
    if isinstance(error, ImportError):
        return EnvironmentFault(
            f"A package is missing or broken: {error}.", hint="dagflow doctor checks the packages."
        )
    if isinstance(error, MemoryError):
        return EnvironmentFault(
            "There is not enough memory.", hint="End other programs, or use a larger machine."
        )
    return InternalError(
        f"Unexpected {type(error).__name__}: {error}",
        hint="This is our fault. Please report it with its traceback: dagflow --debug and the "
        "server's log show it.",
    )
