"""Which process runs an attempt, noted beside its taskbook for whoever takes the run over.

The law: it is noted before the first cell runs, and once. So of an attempt of which nothing is noted nothing has run;
and whoever takes the run over notes nobody in its place, after which nothing can: not even a runner that was stopped
just there, and wakes up before it learns that the run is no longer its own.
"""

from __future__ import annotations

import json
import logging
from dataclasses import asdict
from pathlib import Path

from jupyter_dagflow.core.lease import Owner
from jupyter_dagflow.execution.processes import end_group, owner_of
from jupyter_dagflow.storage.atomic import create

_NOBODY = b"null"

_log = logging.getLogger(__name__)


def note_kernel(path: Path, pid: int) -> None:
    """Note the process that leads the group of a kernel; raises `OSError`, also if nothing is to run there any more."""
    create(path, json.dumps(asdict(owner_of(pid))).encode())


def end_kernel(path: Path) -> None:
    """End the kernel that was noted, with all of its group; if none was, none can be from now on.

    Nothing, if it was on another machine or has ended.
    """
    try:
        create(path, _NOBODY)
        return
    except FileExistsError:
        pass
    except OSError:
        _log.exception("It cannot be kept from beginning what %s is about", path)
    try:
        noted = path.read_bytes()
        if noted != _NOBODY:
            end_group(Owner(**json.loads(noted)))
    except (OSError, ValueError, TypeError):
        _log.exception("It cannot be told which kernel %s is about", path)
