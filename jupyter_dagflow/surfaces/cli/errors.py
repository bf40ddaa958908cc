"""The one table from errors to what a terminal sees: a block of text or JSON, and the exit code.

The law: every exception that reaches the edge ends here. 1 a task failed or we are at fault, 2 the
input is wrong, 3 the environment is wrong, 130 cancelled.
"""

from __future__ import annotations

import traceback

from jupyter_dagflow.core.errors import DagflowError, EnvironmentFault
from jupyter_dagflow.surfaces.cli.output import put, put_json
from jupyter_dagflow.surfaces.options import UsageError, option_error
from jupyter_dagflow.surfaces.report import error_block

CANCELLED = 130


class InternalError(DagflowError):
    """Something we did not foresee: our fault. Run it again with --debug and report the output."""

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
    return InternalError(
        f"Unexpected {type(error).__name__}: {error}",
        hint="This is our fault. Please report it with the output of the same command and --debug.",
    )


def tell(error: BaseException, *, as_json: bool, debug: bool) -> int:
    """Print the error and return the exit code."""
    if debug:
        put("".join(traceback.format_exception(error)), error=True)
    ours = as_ours(error)
    if as_json:
        from jupyter_dagflow.wire import error_document

        put_json({"error": error_document(ours)})
    else:
        put(error_block(ours), error=True)
    return ours.exit_code


def tell_interrupted(*, as_json: bool) -> int:
    """Say that a command was interrupted and return the exit code."""
    if as_json:
        put_json(
            {
                "error": {
                    "code": "cancelled",
                    "message": "Interrupted.",
                    "hint": "",
                    "cell": None,
                    "line": None,
                }
            }
        )
    else:
        put("error: interrupted", error=True)
    return CANCELLED
