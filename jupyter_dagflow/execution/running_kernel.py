"""Which process runs an attempt, noted beside its taskbook for whoever takes the run over.

The law: it is noted before the first cell runs, and once. So of an attempt of which nothing is noted nothing has run;
and whoever takes the run over notes nobody in its place, after which nothing can: not even a runner that was stopped
just there, and wakes up before it learns that the run is no longer its own.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from jupyter_dagflow.core.lease import Owner
from jupyter_dagflow.execution.processes import end_group, end_marked, owner_of
from jupyter_dagflow.storage.atomic import create

_NOBODY = b"null"
_MARK = "mark"

_log = logging.getLogger(__name__)


def note_kernel(path: Path, pid: int, *, mark: str = "") -> None:
    """Note the process that leads the group of a kernel, and what all carry that it starts.

    Raises `OSError`, also if nothing is to run there any more.
    """
    create(path, json.dumps({**asdict(owner_of(pid)), _MARK: mark}).encode())


def end_kernel(path: Path) -> None:
    """End the kernel that was noted, with all that it started; if none was, none can be from now on.

    Nothing, if it was on another machine or has ended.
    """
    try:
        create(path, _NOBODY)
        return
    except FileExistsError:
        pass
    except OSError:
        _log.exception("It cannot be kept from beginning what %s is about", path)
    noted = _noted(path)
    if noted is not None:
        leader, mark = noted
        end_group(leader)
        end_marked({mark})


def end_what_is_left(paths: Iterable[Path]) -> None:
    """End the kernels that were noted, and what they have started and left behind."""
    end_marked({noted[1] for path in paths if (noted := _noted(path)) is not None})


def _noted(path: Path) -> tuple[Owner, str] | None:
    """The leader of a kernel's group, and the mark; None if nobody is noted."""
    try:
        noted = path.read_bytes()
        if noted == _NOBODY:
            return None
        fields = json.loads(noted)
        mark = fields.pop(_MARK, "")
        return Owner(**fields), mark
    except (OSError, ValueError, TypeError, AttributeError):
        _log.exception("It cannot be told which kernel %s is about", path)
        return None
