"""Whether what a task did can be relied upon, judged by all that the tasks of the run have done so far.

The law: what a kernel tells of files, draws, modules and figures is weighed against what others did, in notebook
order; where Run All might have come out differently, the attempt fails.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from jupyter_dagflow.core.draws import Drawn, UnseenDraw, reseeded, same_start, unseeded
from jupyter_dagflow.core.events import TaskFailure
from jupyter_dagflow.core.lookup import Lookup
from jupyter_dagflow.core.machine import AttemptEnded
from jupyter_dagflow.core.model import Notebook, TaskName
from jupyter_dagflow.core.observed import Observed, code_digest
from jupyter_dagflow.core.races import (
    FilesTouched,
    Race,
    Touched,
    Undone,
    race_of,
    too_early,
    undone_by_setup,
)
from jupyter_dagflow.core.side_effects import Left, Missed, SideEffects
from jupyter_dagflow.execution.files import RunFiles
from jupyter_dagflow.execution.module_sources import module_text, roots_of


class Soundness:
    """The judge of one run: asked once for each attempt that has ended, in the order of their ends."""

    def __init__(self, *, notebook: Notebook, lookup: Lookup, files: RunFiles, cwd: Path) -> None:
        self._notebook = notebook
        self._lookup = lookup
        self._files = files
        self._cwd = cwd
        self._touched = Touched(lookup)
        self._drawn = Drawn(lookup)
        self._side_effects: dict[tuple[Path, ...], SideEffects] = {}
        self._left: dict[TaskName, Left] = {}
        self._classes: dict[str, set[tuple[str, str]]] = {}

    def judged(self, ended: AttemptEnded) -> AttemptEnded:
        """The end of an attempt as it counts: a failure of kind ``unsound``, where it cannot be relied upon."""
        files = FilesTouched(
            read=ended.files_read, written=ended.files_written, appended=ended.files_appended
        )
        self._touched.add(ended.task, files)
        if ended.failure is not None and not ended.failure.hint:
            hint = too_early(self._lookup, ended.task, ended.failure.message)
            return replace(ended, failure=replace(ended.failure, hint=hint))
        if ended.failure is not None or ended.stopped:
            return ended
        if undone := undone_by_setup(
            self._lookup, ended.task, ended.files_written, ended.files_by_setup
        ):
            return self._unsound(ended, undone)
        self._drawn.add(ended.task, ended.drawn, ended.seeded)
        if race := race_of(self._lookup, self._touched, ended.task):
            both = zip((race.first, race.second), race.deeds, strict=True)
            seen = [self._seen(task, deed) for task, deeds in both for deed in deeds]
            if race.interleaved:  # to know it would put in order what has none
                seen = []
            return self._unsound(ended, race, seen)
        draws = (
            unseeded(self._lookup, ended.drawn, ended.task)
            or same_start(self._lookup, self._drawn, ended.task)
            or reseeded(self._lookup, self._drawn, ended.task)
        )
        if draws is not None:
            seen = [self._seen(task, draws.generator) for task in draws.unseen]
            return self._unsound(ended, draws, seen)
        if missed := self._missed(ended):
            return self._unsound(ended, missed)
        return ended

    def _unsound(
        self,
        ended: AttemptEnded,
        why: Race | Undone | UnseenDraw | Missed,
        seen: Sequence[Observed] = (),
    ) -> AttemptEnded:
        failure = TaskFailure(
            kind="unsound",
            message=why.message,
            hint=why.hint,
            taskbook=str(self._files.taskbook(ended.task, ended.attempt)),
            cell=why.cell if isinstance(why, Missed) else None,
            cell_index=why.cell_index if isinstance(why, Missed) else None,
        )
        observed = (*ended.observed, *seen)
        return replace(ended, failure=failure, metrics={}, observed=observed, reused_from=None)

    def _missed(self, ended: AttemptEnded) -> Missed | None:
        """What a task left outside variables that a later one would miss; few leave anything.

        An object that one task stores may show what another has left before.
        """
        self._left.pop(ended.task, None)
        if ended.left:
            self._left[ended.task] = ended.left
        for name, classes in ended.left.classes.items():
            self._classes.setdefault(name, set()).update(classes)
        concerned = self._left if ended.left.classes else self._left.keys() & {ended.task}
        return next(filter(None, map(self._missed_of, concerned)), None)

    def _missed_of(self, task: TaskName) -> Missed | None:
        left = self._left[task]
        roots = roots_of(self._cwd, {name: module.file for name, module in left.modules.items()})
        side_effects = self._side_effects.get(roots)
        if side_effects is None:
            source_of = functools.partial(module_text, roots)
            pipeline, cells = self._lookup.pipeline, self._notebook.cells
            side_effects = SideEffects(pipeline, cells, source_of)
            self._side_effects[roots] = side_effects
        return side_effects.missed(task, left, self._classes)

    def _seen(self, name: TaskName, what: str) -> Observed:
        """What to remember of a task that did something unseen: by its end, it has."""
        task = self._lookup.task(name)
        cell = self._notebook.by_id[task.cells[-1]]
        return Observed(code=code_digest(cell.code), name=what)
