"""The program that ``dagflow`` is: it can be interrupted from its first moment on.

The law: nothing is imported here before it is told what an interruption is.
"""

from __future__ import annotations

import sys
from typing import NoReturn


def main() -> NoReturn:
    """Run the command line and exit with its code; with 130 if it is interrupted while it is still being imported."""
    try:
        from jupyter_dagflow.surfaces.cli.main import main

        main()
    except KeyboardInterrupt:
        from jupyter_dagflow.surfaces.cli import errors

        sys.exit(errors.tell_interrupted(as_json="--json" in sys.argv))
