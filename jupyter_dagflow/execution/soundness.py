"""Whether what a task did can be relied upon, judged by all that the tasks of the run have done so far.

The law: what a kernel tells of files, draws, modules and figures is weighed against what others did, in notebook
order; where Run All might have come out differently, the attempt fails.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from jupyter_dagflow.core.draws import Drawn, UnseenDraw, reseeded, same_start, unseeded
from jupyter_dagflow.core.events import TaskFailure
from jupyter_dagflow.core.lookup import Lookup
from jupyter_dagflow.core.machine import AttemptEnded
from jupyter_dagflow.core.model import CellId, Notebook, TaskName
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
from jupyter_dagflow.core.unseen_settings import UnseenSettings
from jupyter_dagflow.core.unseen_writes import ChangedUnseen, Span, changed_unseen
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
        self._settings = UnseenSettings(lookup)
        self._classes: dict[str, set[tuple[str, str]]] = {}
        self._spans: dict[TaskName, Span] = {}
        self._changed_last: dict[TaskName, Mapping[str, int | None]] = {}

    def judged(self, ended: AttemptEnded, last: bool = False) -> AttemptEnded:
        """The end of an attempt as it counts: a failure of kind ``unsound``, where it cannot be relied upon.

        With the ``last`` end of a run, all files that its tasks have read are looked at once more.
        """
        files = _files_of(ended)
        self._touched.add(ended.task, files)
        self._note_files(ended)
        if ended.failure is not None and not ended.failure.hint:
            hint = too_early(self._lookup, ended.task, ended.failure.message)
            return replace(ended, failure=replace(ended.failure, hint=hint))
        if ended.failure is not None or ended.stopped:
            return ended
        self._settings.add(ended.task, None if ended.skipped else ended.left.settings)
        if ended.skipped:
            return ended
        if undone := undone_by_setup(self._lookup, ended.task, files, ended.files_by_setup):
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
        if missed := self._missed(ended) or self._setting_missed():
            return self._unsound(ended, missed)
        if last and self._spans and (changed := self._changed_unseen()):
            return self._unsound(ended, changed, self._seen_of(changed))
        return ended

    def recall(self, ended: AttemptEnded) -> None:
        """Take note of what a task did that was judged before."""
        self._touched.add(ended.task, _files_of(ended))
        self._note_files(ended)
        self._drawn.add(ended.task, ended.drawn, ended.seeded)
        self._note_left(ended)
        self._settings.add(ended.task, ended.left.settings)

    def _note_files(self, ended: AttemptEnded) -> None:
        """Keep when a task's cells ran and how the files stood that it read; an earlier result, as they stand now."""
        self._changed_last[ended.task] = ended.changed_last
        if ended.span_ns is not None:
            self._spans[ended.task] = Span(*ended.span_ns)
        if ended.reused_from is not None:
            self._changed_last[ended.task] = {f: self._changed(f) for f in ended.files_read}

    def _changed_unseen(self) -> ChangedUnseen | None:
        now: dict[str, int | None] = {}
        changes = []
        for task, files in self._changed_last.items():
            for file, before in files.items():
                if file not in now:
                    now[file] = self._changed(file)
                after = now[file]
                if after is not None and after != before:
                    changes.append((task, file, after))
        return changed_unseen(self._lookup, self._touched, self._spans, changes)

    def _changed(self, file: str) -> int | None:
        """When a file has changed last; None if there is none."""
        try:
            return (self._cwd / file).stat().st_ctime_ns
        except OSError:
            return None

    def _seen_of(self, changed: ChangedUnseen) -> list[Observed]:
        if not changed.sure:
            return []
        deeds = ((changed.writers[0], "writes"), (changed.reader, "reads"))
        return [self._seen(task, f"{deed}:{changed.file}") for task, deed in deeds]

    def _unsound(
        self,
        ended: AttemptEnded,
        why: Race | Undone | UnseenDraw | Missed | ChangedUnseen,
        seen: Sequence[Observed] = (),
    ) -> AttemptEnded:
        place = why.at(ended.task)
        task = self._lookup.task(ended.task)
        first = self._notebook.by_id[task.cells[0]]
        failure = TaskFailure(
            kind="unsound",
            message=why.message,
            hint=why.hint,
            taskbook=str(self._files.taskbook(task.lead, ended.attempt)),
            cell=CellId(place.cell or first.id),
            cell_index=first.index if place.cell_index is None else place.cell_index,
            line=place.line,
        )
        observed = (*ended.observed, *seen)
        return replace(ended, failure=failure, metrics={}, observed=observed, reused_from=None)

    def _missed(self, ended: AttemptEnded) -> Missed | None:
        """What a task left outside variables that a later one would miss; few leave anything.

        An object that one task stores may show what another has left before.
        """
        self._note_left(ended)
        concerned = self._left if ended.left.classes else self._left.keys() & {ended.task}
        return next(filter(None, map(self._missed_of, concerned)), None)

    def _note_left(self, ended: AttemptEnded) -> None:
        self._left.pop(ended.task, None)
        if ended.left:
            self._left[ended.task] = ended.left
        for name, classes in ended.left.classes.items():
            self._classes.setdefault(name, set()).update(classes)

    def _setting_missed(self) -> Missed | None:
        """What a task does without that one above has set unseen, as far as that can be told by now."""
        found = (
            self._told_of({}).setting_missed(each.setter, each.reader, each.library, each.changed)
            for each in self._settings.judged()
        )
        return next(filter(None, found), None)

    def _missed_of(self, task: TaskName) -> Missed | None:
        left = self._left[task]
        files = {name: module.file for name, module in left.modules.items()}
        return self._told_of(files).missed(task, left, self._classes)

    def _told_of(self, modules: Mapping[str, str]) -> SideEffects:
        """Who knows what code reaches, in modules that lie beside the notebook or where these do, each by its file."""
        roots = roots_of(self._cwd, modules)
        side_effects = self._side_effects.get(roots)
        if side_effects is None:
            source_of = functools.partial(module_text, roots)
            pipeline, cells = self._lookup.pipeline, self._notebook.cells
            side_effects = SideEffects(pipeline, cells, source_of)
            self._side_effects[roots] = side_effects
        return side_effects

    def _seen(self, name: TaskName, what: str) -> Observed:
        """What to remember of a task that did something unseen: by its end, it has."""
        task = self._lookup.task(name)
        cell = self._notebook.by_id[task.cells[-1]]
        return Observed(code=code_digest(cell.code), name=what)


def _files_of(ended: AttemptEnded) -> FilesTouched:
    return FilesTouched(
        read=ended.files_read,
        written=ended.files_written,
        appended=ended.files_appended,
        at=ended.files_at,
    )
