"""Notebooks that schedules are pinned to: their runs take them as they were, whatever becomes of the files.

The law: what is run has the digest that stands in the schedule, or nothing is run. The text of a notebook that may tell
a secret is not kept; then the file counts, as long as it is as it was.
"""

from __future__ import annotations

from pathlib import Path

from jupyter_dagflow.core.errors import Location, NotebookError
from jupyter_dagflow.core.model import Compilation, Notebook
from jupyter_dagflow.core.schedule_definition import Schedule
from jupyter_dagflow.nesting import all_steps
from jupyter_dagflow.storage.step_texts import AS_THEY_ARE, StepTexts

_SHOWN = 12  # characters of a digest


def pin(home: Path, schedule: Schedule, source: Notebook, compilation: Compilation) -> None:
    """Keep the notebook of a schedule that is pinned to it, with its steps; raises `NotebookError`."""
    secret = any(each.secret for each in compilation.pipeline.parameters)
    AS_THEY_ARE.pin_in(
        _folder(home, schedule), source, all_steps(compilation.nested), secret=secret
    )


def pinned_texts(home: Path, schedule: Schedule) -> StepTexts:
    """Where the notebook of a schedule is read; raises `NotebookError` if it is not what it is pinned to."""
    if schedule.pin is None:
        return AS_THEY_ARE
    texts = StepTexts.of(_folder(home, schedule))
    if texts.read(schedule.notebook).digest != schedule.pin:
        raise NotebookError(
            f"The notebook was changed since {schedule.name} was pinned to it, and its text is not kept.",
            hint=f"Pin it as it is now: dagflow schedule update {schedule.name} --pin",
            where=Location(notebook=schedule.notebook),
        )
    for path in texts.digests:
        texts.require_unchanged(path)
    return texts


def pinned_to(schedule: Schedule) -> str:
    """What a schedule is pinned to, in words, and whether its file is another by now; nothing if it is not."""
    if schedule.pin is None:
        return ""
    try:
        now = AS_THEY_ARE.read(schedule.notebook).digest
    except NotebookError:
        return f"{schedule.pin[:_SHOWN]} (the file cannot be read any more)"
    changed = "" if now == schedule.pin else " (the file has changed since)"
    return f"{schedule.pin[:_SHOWN]}{changed}"


def _folder(home: Path, schedule: Schedule) -> Path:
    return home / "pinned" / f"{schedule.name}-{(schedule.pin or '')[:_SHOWN]}"
