"""Which process runs an attempt, noted beside its taskbook for whoever takes the run over.

The law: it is noted before the first cell runs, so that of an attempt of which nothing is noted nothing can have run.
"""

from __future__ import annotations

import json
import logging
from dataclasses import asdict
from pathlib import Path

from jupyter_dagflow.core.lease import Owner
from jupyter_dagflow.execution.processes import end_group, named
from jupyter_dagflow.storage.atomic import write_bytes

_log = logging.getLogger(__name__)


def note_kernel(path: Path, pid: int) -> None:
    """Note the process that leads the group of a kernel; raises `OSError`."""
    write_bytes(path, json.dumps(asdict(named(pid))).encode(), durable=False)


def end_kernel(path: Path) -> None:
    """End the kernel that was noted, with all of its group; nothing, if it was on another machine or has ended."""
    try:
        leader = Owner(**json.loads(path.read_bytes()))
    except FileNotFoundError:
        return
    except (OSError, ValueError, TypeError):
        _log.exception("It cannot be told which kernel %s is about", path)
        return
    end_group(leader)
