"""Notebooks that schedules are pinned to: their runs take them as they were, whatever becomes of the files.

The law: what is run, steps included, has the digest that stands in the schedule, or nothing is run. The text of a
notebook that may tell a secret is not kept; then the file counts, as long as it is as it was.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from jupyter_dagflow.core.errors import Location, NotebookError
from jupyter_dagflow.core.model import Compilation, Notebook
from jupyter_dagflow.core.schedule_definition import Schedule
from jupyter_dagflow.nesting import all_steps, digests_of
from jupyter_dagflow.storage.step_texts import AS_THEY_ARE, StepTexts

_SHOWN = 12  # characters of a digest
_UNNEEDED = "unneeded"  # a file that is as old as that is known
_STAYS = timedelta(hours=1)  # somebody may be about to read it


def pin(home: Path, schedule: Schedule, source: Notebook, compilation: Compilation) -> Schedule:
    """The schedule, pinned to its notebook with its steps, which are kept; raises `NotebookError`."""
    secret = any(each.secret for each in compilation.pipeline.parameters)
    digest = _digest(source.digest, digests_of(compilation.nested).values())
    pinned = replace(schedule, pin=digest)
    folder = _folder(home, pinned)
    (folder / _UNNEEDED).unlink(missing_ok=True)
    AS_THEY_ARE.pin_in(folder, source, all_steps(compilation.nested), secret=secret)
    return pinned


def pinned_texts(home: Path, schedule: Schedule) -> StepTexts:
    """Where the notebook of a schedule is read; raises `NotebookError` if it is not what it is pinned to."""
    if schedule.pin is None:
        return AS_THEY_ARE
    texts = StepTexts.of(_folder(home, schedule))
    source = texts.read(schedule.notebook)
    if _digest(source.digest, _steps(schedule, texts)) != schedule.pin:
        raise NotebookError(
            f"The notebook was changed since {schedule.name} was pinned to it, and its text is not kept.",
            hint=f"Pin it as it is now: dagflow schedule update {schedule.name} --pin",
            where=Location(notebook=schedule.notebook),
        )
    for path in texts.digests:
        texts.require_unchanged(path)
    return texts


def pinned_to(home: Path, schedule: Schedule) -> str:
    """What a schedule is pinned to, in words, and whether its file is another by now; nothing if it is not."""
    if schedule.pin is None:
        return ""
    texts = StepTexts.of(_folder(home, schedule))
    asked = {real: there for there, real in texts.links.items()}
    try:
        changed = any(
            AS_THEY_ARE.read(asked.get(path, path)).digest != digest
            for path, digest in texts.digests.items()
        )
    except NotebookError:
        return f"{schedule.pin[:_SHOWN]} (the file cannot be read any more)"
    return f"{schedule.pin[:_SHOWN]}{' (the file has changed since)' if changed else ''}"


def remove_unneeded(
    home: Path, schedules: Callable[[], Iterable[Schedule]], *, now: datetime
) -> None:
    """Remove what no schedule is pinned to any more, an hour after that was first seen."""
    try:
        folders = list((home / "pinned").iterdir())
    except FileNotFoundError:
        return
    needed = {_folder(home, each) for each in schedules() if each.pin is not None}
    for folder in folders:
        _remove_unneeded(folder, needed, now)


def _remove_unneeded(folder: Path, needed: Collection[Path], now: datetime) -> None:
    mark = folder / _UNNEEDED
    if folder in needed:
        mark.unlink(missing_ok=True)
    elif not mark.exists():
        mark.touch()
    elif mark.stat().st_mtime <= (now - _STAYS).timestamp():
        shutil.rmtree(folder)


def _digest(source: str, steps: Iterable[str]) -> str:
    """That of a notebook with its steps; of one without, its own."""
    listed = sorted(steps)
    return hashlib.sha256(" ".join([source, *listed]).encode()).hexdigest() if listed else source


def _steps(schedule: Schedule, texts: StepTexts) -> list[str]:
    """The digests of the steps that were kept with a notebook."""
    own = texts.real(schedule.notebook)
    return [digest for path, digest in texts.digests.items() if path != own]


def _folder(home: Path, schedule: Schedule) -> Path:
    return home / "pinned" / f"{schedule.name}-{(schedule.pin or '')[:_SHOWN]}"
