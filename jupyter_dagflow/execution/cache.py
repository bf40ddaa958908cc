"""Earlier results in place of tasks: asked before an executor is, and told of what ran. Records what went into each.

The law: a result is given back only if all that went into it is the same and its values are whole, by all their bytes.
What cannot be told is not the same. Asking changes nothing of the run; all of it blocks and belongs in a thread.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from pathlib import Path

import msgspec

from jupyter_dagflow.core import reuse
from jupyter_dagflow.core.errors import ArtifactDamaged, EnvironmentFault
from jupyter_dagflow.core.events import NO_RESULT, Item, TaskFailure
from jupyter_dagflow.core.fan_out import Part, instance
from jupyter_dagflow.core.lookup import Lookup
from jupyter_dagflow.core.machine import AttemptEnded
from jupyter_dagflow.core.model import CellId, Notebook, Task, TaskName
from jupyter_dagflow.core.records import Surroundings, TaskRecord
from jupyter_dagflow.core.reuse import Asked, Entry, Recipe, Used
from jupyter_dagflow.core.run import TaskRun, is_instance, whole_of
from jupyter_dagflow.core.secrets import Secrets
from jupyter_dagflow.core.slices import Slicer, digest_of, normalised
from jupyter_dagflow.execution.attempt_files import Watched, watched
from jupyter_dagflow.execution.files import RunFiles
from jupyter_dagflow.execution.intake import Intake
from jupyter_dagflow.execution.kernels import kernel_identity, kernel_side_digest
from jupyter_dagflow.storage import cache_entries
from jupyter_dagflow.storage.artifacts import ArtifactStore
from jupyter_dagflow.storage.cache_entries import KnownEntry
from jupyter_dagflow.storage.metastore import Metastore
from jupyter_dagflow.storage.present import Present
from jupyter_dagflow.storage.taskbooks import copy_taskbook

_VERIFIED = "every task runs to be verified"

_log = logging.getLogger(__name__)


class Reuse(str, Enum):
    """What a run does with results: reuse and keep them, reuse only where a task asks for it, keep them, or neither."""

    YES = "yes"
    ASKED = "asked"
    FRESH = "fresh"
    NEVER = "never"

    @property
    def of_some(self) -> bool:
        """Whether any task may have an earlier result."""
        return self in (Reuse.YES, Reuse.ASKED)

    def cleared(self) -> Reuse:
        """What a part of the run that was cleared does instead."""
        return Reuse.FRESH if self.of_some else self


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """How the task has ended without being run, if it has, and why it need not or has to.

    ``watch`` is what must stay as it is while it runs, as far as that was found.
    """

    ended: AttemptEnded | None = None
    why: tuple[str, ...] = ()
    watch: Watched | None = None


class ResultCache:
    """The earlier results that one run may reuse, and those that it leaves to others.

    Tasks that are ``given`` do not run: there has to be a result of them; one that was skipped is asked again.

    Responsible for what is the same, and for the record of what that was, also where nothing is to be reused. Not
    for what runs when, nor for how long results are kept.
    """

    def __init__(
        self,
        *,
        notebook: Notebook,
        lookup: Lookup,
        parameters: Mapping[str, object],
        secrets: Secrets,
        home_key: bytes,
        files: RunFiles,
        artifacts: Path,
        cwd: Path,
        keep_all: bool,
        reuse: Reuse,
        metastore: Metastore,
        given: Collection[TaskName] = (),
    ) -> None:
        self._notebook = notebook
        self._lookup = lookup
        self._pipeline = lookup.pipeline
        self._parameters = parameters
        self._secrets = secrets
        self._home_key = home_key
        self._files = files
        self._cwd = cwd
        self._file = str(cwd / Path(notebook.path).name)
        self._keep_all = keep_all
        self._reuse = reuse
        self._metastore = metastore
        self._artifacts = ArtifactStore(artifacts)
        self._present = Present(cwd)
        self._faults: dict[str, str] = {}
        self._recipes: dict[TaskName, Recipe] = {}
        self._slicer: Slicer | None = None
        self._digests: dict[TaskName, str] = {}
        self._by_recipe: dict[str, list[KnownEntry]] = {}
        self._by_place: dict[str, KnownEntry] = {}
        self._given = frozenset(given)
        self._codes: dict[TaskName, str] = {}
        self._inputs: dict[TaskName, Mapping[str, str]] = {}
        self._asked: dict[TaskName, Asked] = {}
        self._surroundings: dict[object, tuple[str, Surroundings]] = {}
        self._reused: set[str] = set()

    def ask(
        self,
        name: TaskName,
        attempt: int,
        intake: Intake,
        at: datetime,
        *,
        cleared: bool = False,
    ) -> Answer:
        """Whether an earlier result may stand for an attempt that begins now on these values; never raises.

        None may for a task that was ``cleared``. ``intake`` is what the whole task takes.
        """
        task = self._task(name)
        name = task.name
        intake = intake.of(task)
        self._inputs[name] = intake.inputs
        try:
            self._look_up()
            return self._answer(task, attempt, intake, at, cleared=cleared)
        except (OSError, EnvironmentFault, ValueError) as error:
            _log.warning("The cache could not be asked for task %s: %s", name, error)
            why = (f"the cache could not be asked: {error}",)
            return _no_result(name, attempt, why, at) if name in self._given else Answer(why=why)

    def knows(self, name: TaskName) -> bool:
        """Whether an earlier result may be there: to ask then takes long. It does the first time, too."""
        whole = name if is_instance(name) else self._lookup.task(name).name
        return not self._recipes or self._digests.get(whole) in self._by_recipe

    def recall(self, task: TaskRun, at: datetime) -> AttemptEnded | None:
        """What came of a task that this run, which goes on, has done before; None if that is not kept. Never raises."""
        name = task.name
        inputs = task.record.inputs if task.record is not None else {}
        try:
            self._look_up(find=True)
            for known in self._by_recipe.get(self._digests[name], ()):
                if known.entry.inputs == inputs and not known.entry.barred:
                    return self._ended(known.entry, self._task(name), task.attempt, at)
        except (OSError, EnvironmentFault, ValueError, KeyError):
            _log.exception("It cannot be told what task %s did", name)
        return None

    def recorded(self, ended: AttemptEnded) -> AttemptEnded:
        """The end of an attempt that was asked about, with the record of what it was made of."""
        name, used = ended.task, ended.used
        kernel = self._notebook.kernel_of(self._task(name))
        digest, surroundings = self._surroundings_of(kernel, used)
        record = TaskRecord(
            code=self._codes.get(name, ""),
            recipe=self._digests.get(name, ""),
            inputs=self._inputs.get(name, {}),
            files=used.read,
            surroundings=digest,
        )
        return replace(ended, record=record, surroundings=surroundings)

    def _surroundings_of(self, kernel: str, used: Used) -> tuple[str, Surroundings]:
        """What a task ran in, and the digest of it, which is worked out once for all tasks that had the same."""
        packages = tuple(each for found in used.packages.values() for each in found.items())
        key = (kernel, used.python, packages, tuple(used.modules.items()))
        if key not in self._surroundings:
            found = Surroundings(
                kernel=kernel,
                python=used.python,
                packages=dict(sorted(packages)),
                modules=used.modules,
            )
            self._surroundings[key] = digest_of(msgspec.to_builtins(found)), found
        return self._surroundings[key]

    def results(self, ran: Iterable[AttemptEnded]) -> list[cache_entries.Row]:
        """What came of attempts that ran, to be kept for runs to come together with their end; never raises."""
        rows = []
        for ended in ran:
            if ended.task in self._asked and ended.task not in self._given:
                try:
                    recipe = self._digests[ended.task]
                    rows.append(cache_entries.row_of(self._entry(ended), recipe))
                except (OSError, ValueError, KeyError, TypeError):
                    _log.exception("The result of task %s was not kept for reuse", ended.task)
        return rows

    def close(self, at: datetime) -> None:
        """Note what has been reused; never raises."""
        try:
            if self._reused:
                self._metastore.note_reuse(self._reused, at=at)
        except EnvironmentFault as error:
            _log.warning("It was not noted which results were reused: %s", error)

    def expand(self, task: TaskName, items: Mapping[TaskName, Item], *, find: bool = False) -> None:
        """Find all that the instances of a task may come to need, at once, as `_look_up` does; never raises."""
        if self._reuse is Reuse.NEVER and not find:
            return
        try:
            self._look_up()
            recipes = dict(self._recipes_of_instances(self._lookup.task(task), items))
            digests = {name: recipe.digest for name, recipe in recipes.items()}
            self._digests |= digests
            self._codes |= {name: recipe.code for name, recipe in recipes.items()}
            if find or self._reuse.of_some:
                self._find({*digests.values()}, digests)
            self._recipes |= recipes
        except (OSError, EnvironmentFault, ValueError) as error:
            _log.warning("The cache could not be asked for the instances of %s: %s", task, error)

    def instances_made_of(self, name: TaskName, intake: Intake) -> str:
        """The digest of what goes into each instance of a task but its item; empty if it cannot be told."""
        try:
            self._look_up()
            task = self._lookup.task(name)
            inputs = intake.of(instance(task, name).task).inputs
            return digest_of([self._recipe_of_instances(task).digest, inputs])
        except (OSError, EnvironmentFault, ValueError) as error:
            _log.warning("It cannot be told what instances of %s are made of: %s", name, error)
            return ""

    def _recipes_of_instances(
        self, task: Task, items: Mapping[TaskName, Item]
    ) -> Iterator[tuple[TaskName, Recipe]]:
        recipe = self._recipe_of_instances(task)
        for name, item in items.items():
            yield name, replace(recipe, item=f"{item.digest}{' shared' if item.shared else ''}")

    def _recipe_of_instances(self, task: Task) -> Recipe:
        """What makes an instance, whatever its item."""
        assert self._slicer is not None  # it was made when the first task was asked for
        part = instance(task, task.name)
        found = self._slicer.slice(part.task, part.sources)
        return replace(
            self._recipes[task.name],
            pieces=found.pieces,
            parameters=found.parameters,
            environment=found.environment,
        )

    def _task(self, name: TaskName) -> Task:
        whole = self._lookup.task(whole_of(name))
        return instance(whole, name).task if is_instance(name) else whole

    def _look_up(self, *, find: bool = False) -> None:
        """Find all that the run may come to need, once; ``find`` results even if none is to be reused."""
        if self._recipes:
            return
        kernels = {self._notebook.kernel_of(task) for task in self._pipeline.tasks}
        identities = {name: (name, kernel_identity(name)) for name in kernels}
        program = kernel_side_digest()
        slicer = self._slicer = Slicer(
            self._notebook,
            self._pipeline,
            parameters=self._parameters,
            environ=os.environ,
            secrets=self._secrets.values,
            key=self._home_key,
        )
        own: dict[CellId, set[str]] = {}
        for task in self._pipeline.tasks:
            for definition in task.definitions:
                own.setdefault(definition.cell, set()).add(definition.name)
        recipes = {}
        for task in self._pipeline.tasks:
            found = slicer.slice(task)
            recipes[task.name] = Recipe(
                pieces=found.pieces,
                parameters=found.parameters,
                environment=found.environment,
                kernel=identities[self._notebook.kernel_of(task)],
                folder=str(self._cwd),
                own=tuple(sorted({name for cell in task.cells for name in own.get(cell, ())})),
                program=program,
            )
        self._codes = {name: recipe.code for name, recipe in recipes.items()}
        self._digests = {name: recipe.digest for name, recipe in recipes.items()}
        if find or self._reuse.of_some or self._given:
            self._find({*self._digests.values()}, self._digests)
        self._recipes = recipes

    def _find(self, recipes: set[str], tasks: Iterable[TaskName]) -> None:
        places = {self._place(task) for task in tasks}
        for known in self._metastore.reusable(recipes=recipes, places=places):
            self._by_recipe.setdefault(known.recipe, []).append(known)
            if known.place in places:
                newest = self._by_place.setdefault(known.place, known)
                if known.used_at > newest.used_at:
                    self._by_place[known.place] = known

    def _place(self, task: TaskName) -> str:
        return f"{self._file}#{task}"

    def _why_not(self, task: Task) -> str:
        """Why no result of a task may be reused, if so."""
        if task.options.cache is False:
            return reuse.OFF
        if self._reuse is Reuse.FRESH:
            return reuse.FRESH
        return reuse.UNASKED if self._reuse is Reuse.ASKED and not task.options.cache else ""

    def _answer(
        self,
        task: Task,
        attempt: int,
        intake: Intake,
        at: datetime,
        *,
        cleared: bool,
    ) -> Answer:
        if self._reuse is Reuse.NEVER:
            return Answer(why=(_VERIFIED,))
        inputs = intake.inputs
        found = watched(
            self._notebook, self._lookup, Part(task=task, alone=is_instance(task.name)), intake
        )
        self._asked[task.name] = asked = Asked(
            outputs=task.outputs,
            metrics=task.options.metrics,
            keep_all=self._keep_all and not is_instance(task.name),
            checks=found.checks,
        )
        # Of a task with a mapped loop only parts run.
        watch = found if task.loop is None or is_instance(task.name) else None
        given = task.name in self._given
        if not given and cleared:
            return Answer(why=(reuse.CLEARED,), watch=watch)
        if not given and (why_not := self._why_not(task)):
            return Answer(why=(why_not,), watch=watch)
        misses: list[list[str]] = []
        skipped = False
        for known in self._by_recipe.get(self._digests[task.name], ()):
            if known.entry.inputs == inputs:
                skipped = skipped or known.entry.barred == reuse.SKIPPED
                why = self._faults_of(known.entry, asked, given=given)
                if not why and not self._show(known.entry, task, attempt):
                    why = ["what it printed is gone"]
                if not why:
                    self._reused.add(known.entry_id)
                    ended = self._ended(known.entry, task, attempt, at)
                    return Answer(ended=ended, why=ended.why)
                misses.append(why)
        why_it_runs = tuple(misses[0] if misses else self._explained(task, inputs))
        answer = Answer(why=why_it_runs, watch=watch)
        if given and not skipped:  # else it is asked again: its condition may be of what changes
            return _no_result(task.name, attempt, answer.why, at)
        return answer

    def _faults_of(self, entry: Entry, asked: Asked, *, given: bool) -> list[str]:
        """Why a result that was made of the same cannot be given back; the cheapest to find out comes first."""
        why = list(entry.lacks(asked, given=given))
        used = entry.used.but_altered if given else entry.used
        why = why or list(used.changes(self._present.of(used)))
        if not why:
            for stored in entry.stored:
                if stored.digest not in self._faults:
                    self._faults[stored.digest] = self._fault(stored.digest)
                if fault := self._faults[stored.digest]:
                    why.append(f"artifact {fault}: {stored.name}")
        return why

    def _fault(self, digest: str) -> str:
        try:
            return self._artifacts.fault(digest)
        except ArtifactDamaged:
            return "damaged"

    def _explained(self, task: Task, inputs: Mapping[str, str]) -> list[str]:
        """Why there is no result that was made of the same."""
        recipe = self._recipes[task.name]
        last = self._by_place.get(self._place(task.name))
        others = self._by_recipe.get(self._digests[task.name], [])
        closest = last or next(iter(others), None)
        if closest is None:
            return [reuse.NEVER_RUN]
        return reuse.differences(closest.entry, recipe, inputs) or [
            closest.entry.barred or reuse.UNTOLD
        ]

    def _show(self, entry: Entry, task: Task, attempt: int) -> bool:
        """Put the taskbook that shows what the cells put out where the attempt's own would be."""
        run_id, name, number = entry.taskbook
        return copy_taskbook(
            RunFiles(self._files.home, run_id).taskbook(name, number),
            self._files.taskbook(_files_of(task, task.name), attempt),
            ids=dict(zip(entry.cells, self._speaking(task), strict=False)),
            parameters=self._parameters,
            parameters_cell=self._pipeline.parameters_cell,
        )

    def _speaking(self, task: Task) -> tuple[CellId, ...]:
        """The cells of a task that say more than comments, then those of the prelude."""
        own = [cell for cell in task.cells if normalised(self._notebook.by_id[cell].code)]
        return (*own, *self._pipeline.prelude)

    def _ended(self, entry: Entry, task: Task, attempt: int, at: datetime) -> AttemptEnded:
        latest = max(task.versions.values(), default=0)
        run_id = entry.taskbook[0]
        return AttemptEnded(
            at=at,
            task=task.name,
            attempt=attempt,
            cells_s=0.0,
            stored=tuple(
                replace(stored, version=task.versions.get(stored.name, latest))
                for stored in entry.stored
                if self._keep_all or stored.name in task.outputs
            ),
            metrics={
                name: value for name, value in entry.metrics.items() if name in task.options.metrics
            },
            files_read=entry.files_read,
            files_written=entry.files_written,
            files_appended=entry.files_appended,
            files_by_setup=entry.files_by_setup,
            drawn=entry.drawn,
            seeded=entry.seeded,
            left=entry.left,
            used=entry.used,
            reused_from=run_id,
            why=(f"unchanged since run {run_id}",),
        )

    def _entry(self, ended: AttemptEnded) -> Entry:
        task = self._task(ended.task)
        entry = Entry(
            place=self._place(ended.task),
            made_at=ended.at,
            taskbook=(self._files.run_id, _files_of(task, ended.task), ended.attempt),
            recipe=self._recipes[ended.task],
            inputs=self._inputs[ended.task],
            asked=self._asked[ended.task],
        )
        if ended.skipped:
            return replace(entry, barred=reuse.SKIPPED)
        if ended.stopped or ended.failure is not None:
            return replace(entry, barred=reuse.STOPPED if ended.stopped else reuse.FAILED)
        return replace(
            entry,
            used=ended.used,
            stored=ended.stored,
            metrics=ended.metrics,
            files_read=ended.files_read,
            files_written=ended.files_written,
            files_appended=ended.files_appended,
            files_by_setup=ended.files_by_setup,
            drawn=ended.drawn,
            seeded=ended.seeded,
            left=ended.left,
            cells=self._speaking(task),
            barred=ended.barred or (reuse.OFF if task.options.cache is False else ""),
        )


def _files_of(task: Task, name: TaskName) -> TaskName:
    """What the folder of its attempts is called."""
    return name if is_instance(name) else task.lead


def _no_result(task: TaskName, attempt: int, why: tuple[str, ...], at: datetime) -> Answer:
    """A task that is not to run, and that left nothing that could be used."""
    failure = TaskFailure(
        kind=NO_RESULT,
        message=f"Task {task} is not to run, and has no result to use: {'; '.join(why)}.",
        hint=f"Run it as well: with --from {task}, or with --until instead of --only.",
    )
    ended = AttemptEnded(at=at, task=task, attempt=attempt, failure=failure, why=why)
    return Answer(ended=ended, why=why)
