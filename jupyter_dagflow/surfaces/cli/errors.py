"""What a terminal sees of an error: a block of text or JSON, and the exit code.

The law: every exception that reaches the edge ends here. 1 a task failed or we are at fault, 2 the
input is wrong, 3 the environment is wrong, 130 cancelled.
"""

from __future__ import annotations

import traceback

from jupyter_dagflow.surfaces.cli.output import put, put_json
from jupyter_dagflow.surfaces.errors import as_ours
from jupyter_dagflow.surfaces.report import error_block

CANCELLED = 130


def tell(error: BaseException, *, as_json: bool, debug: bool) -> int:
    """Print the error and return the exit code."""
    if debug:
        put("".join(traceback.format_exception(error)), error=True)
    ours = as_ours(error)
    if as_json:
        from jupyter_dagflow.wire import error_document

        put_json(error_document(ours))
    else:
        put(error_block(ours), error=True)
    return ours.exit_code


def tell_interrupted(*, as_json: bool) -> int:
    """Say that a command was interrupted and return the exit code."""
    if as_json:
        from jupyter_dagflow.wire import ErrorDetail, ErrorDocument

        detail = ErrorDetail(code="cancelled", message="Interrupted.", hint="")
        put_json(ErrorDocument(error=detail))
    else:
        put("error: interrupted", error=True)
    return CANCELLED
