"""What has to hold for a run to be gone on with, and the notebook that it goes on with.

The law: what succeeded in a run is what it would be if all of the run were done now; else whoever asks is told.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from jupyter_dagflow.core.errors import NotebookError, NotResumable
from jupyter_dagflow.core.lookup import Lookup
from jupyter_dagflow.core.model import Notebook, Pipeline, Task, TaskName
from jupyter_dagflow.core.resume import (
    anew,
    changed_since,
    cleared_by,
    require_kept,
    require_same_inputs,
    require_same_tasks,
    require_unchanged,
    whole_lanes,
)
from jupyter_dagflow.core.run import RunView
from jupyter_dagflow.core.run_config import RunConfig
from jupyter_dagflow.core.selection import EVERYTHING, Selection, select
from jupyter_dagflow.core.states import TaskState
from jupyter_dagflow.execution.files import RunFiles
from jupyter_dagflow.execution.intake import are_there, find_intake
from jupyter_dagflow.nesting import all_steps, digests_of
from jupyter_dagflow.prepared import Prepared
from jupyter_dagflow.storage import asked_for
from jupyter_dagflow.storage.atomic import write_bytes
from jupyter_dagflow.storage.notebooks import read_notebook
from jupyter_dagflow.storage.step_texts import StepTexts


def config_of(view: RunView) -> RunConfig:
    """How a run was asked for."""
    return asked_for.config_of(view.notebook, view.options)


def notebook_file(view: RunView) -> Path:
    """The file that a run is of, wherever we are now."""
    return asked_for.file_of(view.notebook, view.options)


def selection_of(config: RunConfig, pipeline: Pipeline) -> Selection:
    """What a run of that pipeline was asked for, of which a task that has been added since is a part if all was."""
    names = {task.name for task in pipeline.tasks}
    if config.selected is None or config.selected.run >= names:
        return EVERYTHING
    return Selection(only=tuple(sorted(config.selected.run)))


def as_it_stands(view: RunView) -> Notebook | None:
    """The notebook of a run as it is now; None if it is gone, or no notebook any more."""
    try:
        return read_notebook(notebook_file(view))
    except NotebookError:
        return None


def require_begun(view: RunView) -> None:
    """Raise `NotResumable` for a run none of whose tasks could begin: there is no notebook to go on with."""
    if view.failure is not None:
        raise NotResumable(
            f"No task of run {view.run_id} has begun: {view.failure.message}",
            hint="Mend that, and have its schedule run again: dagflow schedule trigger NAME",
        )


def check_resumable(
    view: RunView, before: Prepared, now: Prepared, asked: Sequence[TaskName], *, downstream: bool
) -> None:
    """Raise `NotResumable` unless what succeeded in a run, and is not to be repeated, would be the same now."""
    pipeline, config = now.compilation.running, config_of(view)
    lanes = tuple(task.steps for task in pipeline.tasks if task.members)
    selected = config.selected or select(pipeline, EVERYTHING)
    tasks = [task for task in pipeline.tasks if task.name in selected]
    require_same_tasks(view, [step for task in tasks for step in task.steps])
    named = whole_lanes(lanes, cleared_by(view, asked, downstream=downstream))
    again = whole_lanes(lanes, anew(view, named))
    if not config.keep_all:
        require_kept(view, before.compilation.running, pipeline, again)
    kept = _kept(view, again)
    changed = changed_since(
        (before.source, before.compilation),
        (now.source, now.compilation),
        kept,
        parameters=now.parameters,
        secrets=now.secrets.values,
        environ=os.environ,
    )
    require_unchanged(view, [*changed, *_with_changed_steps(before.texts, now, kept)])
    check_inputs(view, now, again)


def _with_changed_steps(
    before: StepTexts, now: Prepared, kept: Iterable[TaskName]
) -> Iterator[TaskName]:
    """The tasks that are kept of which a step, another notebook, is not what it was ``before``."""
    for name in kept:
        steps = tuple(each for each in now.compilation.nested if each.task == name)
        digests = digests_of(steps)
        if any(before.digests.get(path, digest) != digest for path, digest in digests.items()):
            yield name


def check_inputs(view: RunView, now: Prepared, again: Collection[TaskName]) -> None:
    """Raise `NotResumable` if a task that is not to be repeated would take other values than it took."""
    lookup = Lookup(now.compilation.running)
    kept = _kept(view, again)
    taken = {name: _taken(lookup, lookup.task(name), view) for name in kept}
    require_same_inputs(view, taken, again)


def _taken(lookup: Lookup, task: Task, view: RunView) -> Mapping[str, str]:
    """The inputs that a task would take now; or that it took, if it did not wait for the rest and they are there."""
    record = view.tasks[task.name].record
    waited = task.options.trigger.waits_for_all
    if record is not None and not waited and are_there(record.inputs, task, view.tasks):
        return record.inputs
    return find_intake(lookup, task, view.tasks).inputs


def keep_source(files: RunFiles, prepared: Prepared) -> None:
    """Have the source of a run be this from now on, with its steps; what it was at first stays beside it."""
    mask = prepared.secrets.mask
    data = prepared.texts.bytes_of(prepared.source, mask=mask)
    before = files.source.read_bytes() if files.source.exists() else None
    if before is not None and data != before and not files.first_source.exists():
        write_bytes(files.first_source, before)
    if data != before:
        write_bytes(files.source, data)
    prepared.texts.keep_in(files.folder, all_steps(prepared.compilation.nested), mask=mask)


def _kept(view: RunView, again: Collection[TaskName]) -> list[TaskName]:
    tasks = view.tasks.items()
    kept = [(n, task) for n, task in tasks if task.instance_of is None and n not in again]
    return [n for n, task in kept if task.state is TaskState.SUCCESS]
