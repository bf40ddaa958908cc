"""The composition root: puts the floors together. No logic of its own."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from functools import partial, wraps
from importlib.metadata import entry_points
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, ParamSpec

from jupyter_dagflow.clock import utc_now
from jupyter_dagflow.core.calendar.intervals import DataInterval
from jupyter_dagflow.core.compile import compile_cells
from jupyter_dagflow.core.diagnostics import CompilationFailed
from jupyter_dagflow.core.errors import (
    EnvironmentFault,
    NotebookError,
    NotFound,
    NotResumable,
    OptionError,
    RunGoesOn,
)
from jupyter_dagflow.core.events import RunCreated
from jupyter_dagflow.core.lease import Lease
from jupyter_dagflow.core.model import (
    Compilation,
    Notebook,
    PartitionBy,
    Pipeline,
    RunId,
    TaskName,
)
from jupyter_dagflow.core.nested import NESTED, Within, compiled_to_keep
from jupyter_dagflow.core.observed import Observed
from jupyter_dagflow.core.parameters import resolve_parameters
from jupyter_dagflow.core.records import Origin
from jupyter_dagflow.core.remaining_paths import expected_paths
from jupyter_dagflow.core.resume import cleared_by, lost_within_budget, tasks_named, whole_lanes
from jupyter_dagflow.core.run import RunView, having_step, is_instance, whole_of
from jupyter_dagflow.core.run_config import RunConfig
from jupyter_dagflow.core.run_diff import RunDiff, Side, diff_runs
from jupyter_dagflow.core.secrets import (
    hidden,
    open_parameters,
    require_secrets,
    without_secrets,
)
from jupyter_dagflow.core.selection import EVERYTHING, Selected, Selection, select
from jupyter_dagflow.core.states import RunState
from jupyter_dagflow.core.suggest import Suggestion, suggest
from jupyter_dagflow.execution.cache import Reuse
from jupyter_dagflow.execution.circumstances import Circumstances
from jupyter_dagflow.execution.files import RunFiles
from jupyter_dagflow.execution.kernel_pool import KernelPools, kind_of
from jupyter_dagflow.execution.kernels import require_kernels
from jupyter_dagflow.execution.local import LocalExecutor
from jupyter_dagflow.execution.processes import this_process
from jupyter_dagflow.execution.runner import Begun, Runner, RunRequest, Survivors
from jupyter_dagflow.execution.watchers import Sink
from jupyter_dagflow.nesting import with_steps
from jupyter_dagflow.prepared import Prepared
from jupyter_dagflow.resuming import (
    as_it_stands,
    check_inputs,
    check_resumable,
    config_of,
    keep_source,
    notebook_file,
    require_begun,
    selection_of,
)
from jupyter_dagflow.run_handle import LiveRun, Run
from jupyter_dagflow.scheduling.leases import holder_is_gone, take_over, taken_run
from jupyter_dagflow.scheduling.recovery import Recovery
from jupyter_dagflow.settings import Settings
from jupyter_dagflow.storage.artifacts import ArtifactStore
from jupyter_dagflow.storage.garbage import remove_least_used, remove_these, remove_unneeded
from jupyter_dagflow.storage.home_key import home_key
from jupyter_dagflow.storage.metastore import LeaseLost, Metastore, exists
from jupyter_dagflow.storage.news import Feed
from jupyter_dagflow.storage.notebooks import read_notebook, unsaved_notebook
from jupyter_dagflow.storage.step_texts import AS_THEY_ARE, StepTexts
from jupyter_dagflow.storage.tagged import write_tagged
from jupyter_dagflow.wire import GarbageDocument

if TYPE_CHECKING:
    from jupyter_dagflow.wire import RunSummaryDocument

P = ParamSpec("P")
_WATCHERS = "jupyter_dagflow.watchers"
_LOOK_BACK = 20  # runs of a pipeline, for the last that was not cancelled, or that kept a value


def compile_notebook(
    notebook: str | Path, *, by: PartitionBy | str = PartitionBy.AUTO
) -> Compilation:
    """Compile a notebook file; never runs its code.

    Raises `NotebookError` if the file is no notebook. What is wrong inside it is in ``.diagnostics``.

    >>> compile_notebook("notebooks/hello.ipynb").ok
    True
    """
    return _compiled_with_steps(
        read_notebook(notebook), Path(notebook).absolute().parent, PartitionBy(by), frozenset()
    )


def _compiled_with_steps(
    source: Notebook,
    folder: Path,
    by: PartitionBy,
    observed: frozenset[Observed],
    pools: Collection[str] | None = None,
    texts: StepTexts = AS_THEY_ARE,
) -> Compilation:
    """A notebook of that folder, and those that are steps of it, compiled."""
    return with_steps(
        source,
        compile_cells(source, by=by, observed=observed, pools=pools),
        folder=folder,
        compile_with=partial(compile_cells, observed=observed),
        texts=texts,
    )


def suggest_tags(notebook: str | Path) -> tuple[Suggestion, ...]:
    """Tags that a notebook could have; writes nothing. Raises `NotebookError`."""
    return suggest(read_notebook(notebook))


def suggest_tags_unsaved(content: object, *, path: str | Path) -> tuple[Suggestion, ...]:
    """Tags for what a front end has on screen of the notebook at ``path``; raises `NotebookError`."""
    return suggest(unsaved_notebook(content, path=path))


def write_tagged_copy(
    notebook: str | Path, to: str | Path, *, force: bool = False
) -> tuple[Suggestion, ...]:
    """Write a copy of a notebook with the suggested tags, and return these; see `write_tagged`."""
    suggestions = suggest_tags(notebook)
    tags = {suggestion.cell: suggestion.all_tags for suggestion in suggestions}
    write_tagged(notebook, tags, to=to, force=force)
    return suggestions


def _to_its_end(start: Callable[P, LiveRun]) -> Callable[P, Run]:
    """The method that takes the same and waits."""

    @wraps(start, assigned=())  # the signature, not the name and the docstring
    def run(*args: P.args, **kwargs: P.kwargs) -> Run:
        """Run a notebook as a DAG and wait for its end; takes and raises what `Dagflow.start` does.

        Interrupted, it cancels the run, waits for its end and raises KeyboardInterrupt.
        """
        live = start(*args, **kwargs)
        try:
            live.wait()
        except KeyboardInterrupt:
            live.cancel("interrupted")
            live.wait()
            raise
        return live

    return run


class Dagflow:
    """Everything this package does, for one set of settings; ``origin`` is from where it is asked.

    >>> app = Dagflow()
    >>> run = app.run("notebooks/hello.ipynb")
    >>> run.state.value
    'success'
    """

    def __init__(self, settings: Settings | None = None, *, origin: Origin = Origin.PYTHON) -> None:
        self.settings = settings or Settings.load()
        self._origin = origin
        self._metastore: Metastore | None = None
        self.artifacts = ArtifactStore(self.settings.artifacts)
        self.kernels = KernelPools(
            logs=self.settings.home / "kernels",
            ahead=self.settings.jobs,
            forks=self.settings.fork,
        )

    @property
    def metastore(self) -> Metastore:
        """The metastore, opened (and made or upgraded) when it is first needed."""
        if self._metastore is None:
            self.settings.prepare_home()
            self._metastore = Metastore.open(self.settings.database_url)
        return self._metastore

    def compile(
        self,
        notebook: str | Path,
        *,
        by: PartitionBy | str = PartitionBy.AUTO,
        texts: StepTexts = AS_THEY_ARE,
    ) -> Compilation:
        """Compile a notebook file, as ``texts`` has it, knowing what runs have found out; see `compile_notebook`."""
        return self._compiled(texts.read(notebook), Path(notebook).absolute().parent, by, texts)

    def compile_unsaved(self, content: object, *, path: str | Path) -> Compilation:
        """Compile what a front end has on screen of the notebook at ``path``; raises `NotebookError`."""
        folder = Path(path).absolute().parent
        return self._compiled(unsaved_notebook(content, path=path), folder, PartitionBy.AUTO)

    def read(self, notebook: str | Path) -> Notebook:
        """Read a notebook file; raises `NotebookError`."""
        return read_notebook(notebook)

    def start(
        self,
        notebook: str | Path,
        *,
        parameters: Mapping[str, object] | None = None,
        parameter_texts: Mapping[str, str] | None = None,
        by: PartitionBy | str = PartitionBy.AUTO,
        jobs: int | None = None,
        keep: str | None = None,
        fresh: bool = False,
        selection: Selection = EVERYTHING,
        keep_names: Sequence[str] = (),
        sinks: Sequence[Sink] = (),
        on_compiled: Callable[[Compilation], None] | None = None,
    ) -> LiveRun:
        """Begin to run a notebook as a DAG and return at once.

        ``parameters`` are values; ``parameter_texts`` are read by the type the notebook declares.
        ``keep="all"`` stores every variable that survives a task, not only those that others read, ``keep_names``
        those of these names that the notebook ends with.
        A task whose code, inputs and surroundings are those of an earlier run has its result of that
        run; ``fresh`` has all of them run. Of a ``selection``, the tasks above it give what they left in
        earlier runs.
        ``on_compiled`` is told what the compiler made of the notebook, before anything else happens.
        Raises `InputError` or `EnvironmentFault` before anything has run; a failed task is a state,
        not an exception.
        """
        if keep not in (None, "all"):
            raise OptionError(f"keep is {keep!r}.", hint="Say keep='all', or leave it out.")
        check_jobs(jobs)
        prepared = self.prepare(
            notebook,
            parameters=parameters,
            parameter_texts=parameter_texts,
            by=by,
            fresh=fresh,
            on_compiled=on_compiled,
        )
        return self.launch(
            prepared,
            selected=select(prepared.compilation.running, selection),
            jobs=jobs,
            keep_all=keep == "all",
            reuse=Reuse.FRESH if fresh else Reuse.YES,
            keep_names=keep_names,
            sinks=sinks,
        )

    def start_within(
        self,
        within: Within,
        notebook: Path,
        *,
        parameters: Mapping[str, object],
        keep_names: Sequence[str] = (),
        clear: Sequence[str] = (),
        texts: StepTexts = AS_THEY_ARE,
        on_compiled: Callable[[Compilation], None] | None = None,
    ) -> LiveRun:
        """Begin to run a notebook that is a step of a task, as ``texts`` has it; as `start` otherwise.

        What an earlier attempt at that task has begun, and what would still be the same, is gone on with, as is what
        ended well if tasks of it are to be ``clear``ed. If that would not be the same, nothing of it is reused.
        """
        self._require_no_circle(within, notebook)
        prepared = self.prepare(
            notebook, parameters=parameters, on_compiled=on_compiled, texts=texts
        )
        names = {task.name for task in prepared.compilation.pipeline.tasks}
        clear = [name for name in clear if having_step(whole_of(TaskName(name))) in names]
        begun = self._begun_within(within, prepared, keep_names, ended_well=bool(clear))
        if begun is not None:
            with suppress(NotResumable, RunGoesOn):
                return self.resume(begun, clear=clear, texts=texts)
        reuse = Reuse(within.reuse)
        return self.launch(
            prepared,
            trigger=NESTED,
            reuse=reuse.cleared() if clear else reuse,
            keep_names=keep_names,
            within=within,
        )

    def _require_no_circle(self, within: Within, notebook: Path) -> None:
        """Raise `OptionError` if a run of a notebook would be within another of it: code may put its name together."""
        path, run_id = notebook.resolve(), within.run
        while True:
            view = self.metastore.view(RunId(run_id))
            if notebook_file(view).resolve() == path:
                raise OptionError(
                    f"{path.name} runs itself, by a step of its own or of another notebook.",
                    hint="Take one of these steps out.",
                )
            step = config_of(view).within
            if step is None:
                return
            run_id = step["run"]

    def _begun_within(
        self, within: Within, prepared: Prepared, keep_names: Sequence[str], *, ended_well: bool
    ) -> RunId | None:
        """The last run that an attempt at a task has begun, if it was of just this.

        One that ``ended_well`` counts only if so said.
        """
        for run in self.history(limit=_LOOK_BACK, pipeline=prepared.compilation.pipeline.name):
            if run.trigger != NESTED or (run.state is RunState.SUCCESS and not ended_well):
                continue
            view = self.metastore.view(RunId(run.run_id))
            config = config_of(view)
            step = config.within or {}
            if (step.get("run"), step.get("task")) == (within.run, within.task):
                same = (
                    view.record is not None
                    and view.record.source_digest == prepared.source.digest
                    and view.parameters == prepared.parameters
                    and set(keep_names) <= {*config.keep_names}
                )
                return view.run_id if same else None
        return None

    def prepare(
        self,
        notebook: str | Path,
        *,
        parameters: Mapping[str, object] | None = None,
        parameter_texts: Mapping[str, str] | None = None,
        by: PartitionBy | str = PartitionBy.AUTO,
        fresh: bool = False,
        on_compiled: Callable[[Compilation], None] | None = None,
        fill_in: Callable[[Pipeline], Mapping[str, object]] | None = None,
        recorded: RunView | None = None,
        texts: StepTexts = AS_THEY_ARE,
    ) -> Prepared:
        """Everything that can go wrong with a notebook before it runs; see `start`.

        With ``fill_in``, the parameters are those that it gives for what the notebook declares.
        For a run that was ``recorded`` and goes on, its parameters count but for secrets, which are found anew.
        It is read, as those are that are steps of it, where ``texts`` has it.
        """
        source = texts.read(notebook)
        cwd = Path(notebook).absolute().parent
        circumstances = Circumstances(cwd, self._origin)
        if fresh or not self._has_run(source):  # there will be no earlier results
            self.kernels.begin_early(kind_of(source.kernel_name, cwd))
        folder = Path(config_of(recorded).folder) if recorded is not None else cwd
        compilation = self._compiled(source, folder, by, texts)
        if on_compiled is not None:
            on_compiled(compilation)
        if not compilation.ok:
            raise CompilationFailed(source.path, compilation.diagnostics)
        pipeline = compilation.pipeline
        given = (parameters or {}) if fill_in is None else fill_in(pipeline)
        values = resolve_parameters(
            pipeline.parameters,
            open_parameters(pipeline, recorded.parameters) if recorded else given,
            texts=parameter_texts,
            notebook=source.path,
        )
        require_kernels(source, pipeline)
        secrets = require_secrets(
            pipeline,
            source,
            given=values,
            environ=os.environ,
            recorded=recorded.parameters if recorded else None,
            now=as_it_stands(recorded) if recorded else None,
        )
        return Prepared(
            source=hidden(source, pipeline, secrets.mask),
            compilation=compilation,
            parameters=without_secrets(values, secrets),
            secrets=secrets,
            cwd=cwd,
            circumstances=circumstances,
            by=PartitionBy(by),
            texts=texts,
        )

    def launch(
        self,
        prepared: Prepared,
        *,
        jobs: int | None = None,
        selected: Selected | None = None,
        keep_all: bool = False,
        survivors: Survivors = Survivors.ASKED_FOR,
        trigger: str = "manual",
        data_interval: DataInterval | None = None,
        reuse: Reuse = Reuse.YES,
        keep_names: Sequence[str] = (),
        within: Within | None = None,
        run_id: RunId | None = None,
        expected_s: float | None = None,
        deadline_at: datetime | None = None,
        schedule: str = "",
        sinks: Sequence[Sink] = (),
    ) -> LiveRun:
        """Begin to run what was prepared, or those tasks of it that were ``selected``.

        Variables of ``keep_names`` are kept though no task reads them; with ``within`` it is a step of that task.
        A run of a ``schedule`` is about its ``data_interval``, and has the ``run_id`` of its fire; people are told if
        it takes longer than ``expected_s`` or goes on at ``deadline_at``.
        Raises `OptionError` if the notebook ends with no such variable.
        """
        check_jobs(jobs)
        self.metastore  # noqa: B018 -- what is wrong with the home or the database is told before a file is written
        files = RunFiles(self.settings.home, run_id or new_run_id())
        keep_source(files, prepared)
        config = RunConfig(
            folder=str(prepared.cwd),
            by=prepared.by.value,
            jobs=jobs or 0,
            keep_all=keep_all or survivors is not Survivors.ASKED_FOR,
            survivors=survivors.value,
            reuse=reuse.value,
            run=None if selected is None else tuple(sorted(selected.run)),
            given=() if selected is None else tuple(sorted(selected.given)),
            keep_names=tuple(keep_names),
            expected_s=expected_s or 0.0,
            deadline_at="" if deadline_at is None else deadline_at.isoformat(),
            schedule=schedule,
            within=None if within is None else asdict(within),
        )
        lease = Lease(run_id=files.run_id, token=1, owner=this_process())
        return self._begin(
            prepared,
            config,
            lease=lease,
            trigger=trigger,
            data_interval=data_interval,
            sinks=sinks,
        )

    def resume(
        self,
        name: str,
        *,
        clear: Sequence[str] = (),
        downstream: bool = False,
        sinks: Sequence[Sink] = (),
        on_compiled: Callable[[Compilation], None] | None = None,
        texts: StepTexts = AS_THEY_ARE,
    ) -> LiveRun:
        """Go on with a run that has ended or lost its runner: what did not succeed in it is done again.

        So are the tasks that are to be ``clear``ed, those of steps too (``prepare.load``), with all ``downstream`` of
        them if so asked. The notebook counts as it is now, or as ``texts`` has it; if it is gone, as it was. Raises
        `RunGoesOn`, `NotResumable`, and what `start` does.
        """
        run_id = self.metastore.find_run(name)
        lease = take_over(self.metastore, run_id)
        with self._given_back_on_error(lease):
            files = RunFiles(self.settings.home, run_id)
            view = taken_run(self.metastore, lease, files.folder)
            require_begun(view)
            asked = self._named(view, clear, downstream=downstream)
            prepared = self._recorded(view, files)
            path = notebook_file(view)
            if texts.has(path):
                before = prepared
                prepared = self.prepare(
                    path, by=before.by, on_compiled=on_compiled, recorded=view, texts=texts
                )
                check_resumable(view, before, prepared, asked, downstream=downstream)
                keep_source(files, prepared)
            begun = Begun(view=view, clear=asked, downstream=downstream)
            return self._begin(
                prepared,
                config_of(view),
                lease=lease,
                trigger=view.trigger,
                sinks=sinks,
                begun=begun,
            )

    def _named(
        self, view: RunView, names: Sequence[str], *, downstream: bool
    ) -> tuple[TaskName, ...]:
        """Tasks of a run and of its steps by their names; of a step, those ``downstream`` in it as well, if so asked.

        Raises `NotFound`.
        """
        found: list[TaskName] = []
        for name in names:
            owner, dot, rest = name.partition(".")
            nested = self._step_with(self.open_run(view.run_id), name) if dot else None
            if nested is None or is_instance(TaskName(owner)):
                found += tasks_named(view, [name])
                continue
            its = self._named(nested.view, [rest], downstream=downstream)
            cleared = {*its, *cleared_by(nested.view, its, downstream=downstream)}
            found += (TaskName(f"{owner}.{each}") for each in sorted(cleared))
        return tuple(dict.fromkeys(found))

    def rerun(self, name: str, *, sinks: Sequence[Sink] = ()) -> LiveRun:
        """Begin a new run of the notebook of a run, as it is now, asked for as that one was.

        Raises `NotFound`, `OptionError` if a task that was selected is gone, and what `start` does.
        """
        view = self.metastore.view(self.metastore.find_run(name))
        require_begun(view)
        config = config_of(view)
        source = read_notebook(RunFiles(self.settings.home, view.run_id).source)
        before = self._compiled(source, Path(config.folder), config.by)
        chosen = selection_of(config, before.running)
        prepared = self.prepare(notebook_file(view), by=config.by, recorded=view)
        return self.launch(
            prepared,
            selected=select(prepared.compilation.running, chosen),
            jobs=config.jobs or None,
            keep_all=config.keep_all,
            reuse=Reuse(config.reuse),
            sinks=sinks,
        )

    def delete(self, name: str) -> RunId:
        """Forget a run that does not go on, with its files and its steps; the values it kept are garbage then.

        Raises `NotFound` and `RunGoesOn`.
        """
        run_id = self.metastore.find_run(name)
        lease = take_over(self.metastore, run_id)
        with self._given_back_on_error(lease):
            for _, step in self.steps_of(self.open_run(run_id)):
                with suppress(RunGoesOn, NotFound):
                    self.delete(step.run_id)
            with suppress(FileNotFoundError):
                shutil.rmtree(RunFiles(self.settings.home, run_id).folder)
            self.metastore.delete_run(lease)
        return run_id

    def recover(self, lease: Lease, *, sinks: Sequence[Sink] = ()) -> LiveRun:
        """Go on with a run that has lost its runner, of which we have the ``lease`` now, exactly as it was begun.

        Raises `NotResumable`, and what `start` does.
        """
        with self._given_back_on_error(lease):
            files = RunFiles(self.settings.home, lease.run_id)
            view = taken_run(self.metastore, lease, files.folder)
            if config_of(view).within is not None:  # whoever goes on with that task begins it anew
                self.metastore.request_cancel(lease.run_id)
            prepared = self._recorded(view, files)
            again = whole_lanes(view.lanes, lost_within_budget(view))
            check_inputs(view, prepared, again)
            return self._begin(
                prepared,
                config_of(view),
                lease=lease,
                trigger=view.trigger,
                sinks=sinks,
                begun=Begun(view=view, recovered=True),
            )

    def recovery(
        self,
        *,
        concerns: Callable[[RunId], bool] = lambda _: True,
        tell: Callable[[str], None] | None = None,
    ) -> Recovery[LiveRun] | None:
        """What finds the runs that have lost their runner and goes on with them, with those that it ``concerns``.

        None where nothing has run yet.
        """
        if self._metastore is None and not exists(self.settings.database_url):
            return None
        told = {} if tell is None else {"tell": tell}
        return Recovery(self.metastore, recover=self.recover, concerns=concerns, **told)

    def feed(self) -> Feed | None:
        """What tells what happens in all runs from now on, wherever they go on; None where nothing has run yet."""
        if self._metastore is None and not exists(self.settings.database_url):
            return None
        return self.metastore.feed()

    def _recorded(self, view: RunView, files: RunFiles) -> Prepared:
        """The notebook of a run as it was when it was last begun."""
        config = config_of(view)
        texts = StepTexts.of(files.folder)
        prepared = self.prepare(files.source, by=config.by, recorded=view, texts=texts)
        source = replace(prepared.source, path=view.notebook)
        return replace(prepared, source=source, cwd=Path(config.folder))

    @contextmanager
    def _given_back_on_error(self, lease: Lease) -> Iterator[None]:
        try:
            yield
        except BaseException:
            with suppress(EnvironmentFault):  # then it runs out, as this process ends
                self.metastore.give_lease_back(lease)
            raise

    def _begin(
        self,
        prepared: Prepared,
        config: RunConfig,
        *,
        lease: Lease,
        trigger: str,
        sinks: Sequence[Sink],
        begun: Begun | None = None,
        data_interval: DataInterval | None = None,
    ) -> LiveRun:
        files = RunFiles(self.settings.home, lease.run_id)
        compilation = compiled_to_keep(prepared.compilation, config.keep_names)
        masked = files.source.read_bytes() if prepared.secrets.mask else None
        request = RunRequest(
            run_id=files.run_id,
            notebook=prepared.source,
            compilation=compilation,
            parameters=prepared.parameters,
            secrets=prepared.secrets,
            home_key=home_key(self.settings.home),
            files=files,
            artifacts=self.settings.artifacts,
            cwd=prepared.cwd,
            jobs=config.jobs or self.settings.jobs,
            lease=lease,
            pools=self.settings.pools,
            keep_all=config.keep_all,
            survivors=Survivors(config.survivors),
            trigger=trigger,
            data_interval=data_interval,
            reuse=Reuse(config.reuse),
            selected=config.selected,
            options=config.options(),
            begun=begun,
            record=None if begun else prepared.circumstances.record(prepared.source, masked=masked),
            sinks=[
                *sinks,
                *(
                    self.watchers(compilation.pipeline.name, config)
                    if config.within is None
                    else ()
                ),
            ],
        )
        make_executor = partial(
            LocalExecutor, kernels=self.kernels, output_limit=self.settings.output_limit
        )
        runner = Runner(request, metastore=self.metastore, make_executor=make_executor, now=utc_now)
        run = LiveRun(
            runner,
            compilation=compilation,
            files=files,
            artifacts=self.artifacts,
            notebook_file=Path(config.folder) / Path(prepared.source.path).name,
            # What a server or a schedule began goes on in the next one.
            asked_for=self._origin is not Origin.SERVER
            and data_interval is None
            and (begun is None or not begun.recovered),
        )
        run.start()
        return run

    run = _to_its_end(start)

    def history(self, *, limit: int = 50, pipeline: str | None = None) -> list[RunSummaryDocument]:
        """The recorded runs, newest first."""
        return self.metastore.runs(limit=limit, pipeline=pipeline)

    def open_run(self, name: str) -> Run:
        """A recorded run by its id, the beginning of it, or ``latest``; raises `NotFound`."""
        run_id = self.metastore.find_run(name)
        view = self.metastore.view(run_id)
        files = RunFiles(self.settings.home, run_id)
        return Run(lambda: view, files=files, artifacts=self.artifacts)

    def steps_of(self, run: Run) -> list[tuple[TaskName, Run]]:
        """The runs of other notebooks that were steps of a run's tasks, oldest first, each with its task."""
        found = []
        for run_id in self.metastore.nested_runs(run.run_id, run.view.finished_at):
            nested = self.open_run(run_id)
            within = config_of(nested.view).within
            if within is not None and within["run"] == run.run_id:
                found.append((TaskName(within["task"]), nested))
        return found

    def step_texts(self, run_id: RunId) -> StepTexts:
        """The notebooks that are steps of a run, as it has kept them."""
        return StepTexts.of(RunFiles(self.settings.home, run_id).folder)

    def find_task(self, run: Run, name: str) -> tuple[Run, TaskName]:
        """The run that has the task which is called so seen from a run: ``prepare.load`` is one of a step's.

        One that is nowhere is taken for the run's own.
        """
        nested = self._step_with(run, name)
        if nested is not None:
            return self.find_task(nested, name.partition(".")[2])
        return run, TaskName(name)

    def _step_with(self, run: Run, name: str) -> Run | None:
        """The last step of a run that has the task which is called so seen from there; None if it is of none."""
        task, dot, rest = name.partition(".")
        for whole, nested in reversed(self.steps_of(run)) if dot else ():
            if whole == task and having_step(TaskName(rest)) in nested.tasks:
                return nested
        return None

    def newest_with(self, notebook: str | Path, names: Sequence[str]) -> Run | None:
        """The newest run of a notebook that kept values of all these names; None if of its last runs none did."""
        path = Path(notebook).absolute()
        last = self.history(limit=_LOOK_BACK, pipeline=path.stem)
        runs = (self.open_run(row.run_id) for row in last)
        return next((r for r in runs if r.has_kept(names) and notebook_file(r.view) == path), None)

    def diff(self, before: str, after: str) -> RunDiff:
        """What differs between two recorded runs, named as for `open_run`; raises `NotFound`."""
        return diff_runs(self._side(before), self._side(after))

    def expected_paths(self, run: str) -> tuple[RunId, dict[TaskName, float]]:
        """How long it takes, in seconds, from the beginning of each task of a run to the end of all below it.

        By what the pipeline's tasks took when they last ran; raises `NotFound`.
        """
        run_id = self.metastore.find_run(run)
        created = next(
            e for e in self.metastore.events(run_id, limit=1) if isinstance(e, RunCreated)
        )
        return run_id, expected_paths(created.tasks, self.metastore.durations(created.pipeline))

    def has_lost_its_runner(self, run_id: RunId) -> bool:
        """Whether a run has not ended, and nobody goes on with it."""
        leases = {lease.run_id: lease for lease in self.metastore.unfinished_leases()}
        return run_id in leases and holder_is_gone(leases[run_id])

    def request_cancel(self, name: str) -> RunId:
        """Ask whoever runs it to cancel a run; returns its id, at once.

        A run whose runner is gone is ended here, which is waited for.
        """
        run_id = self.metastore.find_run(name)
        if self.metastore.request_cancel(run_id):
            lease = self.metastore.lease(run_id)
            if lease is not None and holder_is_gone(lease):
                with suppress(LeaseLost):  # somebody else goes on with it, and will see the request
                    taken = self.metastore.take_lease(run_id, this_process(), seen=lease)
                    self.recover(taken).wait()
        return run_id

    def values_of(self, run_id: RunId) -> set[str]:
        """The digests of what a run and its steps have kept."""
        own = {stored.digest for _, stored in self.metastore.artifacts(run_id)}
        steps = self.steps_of(self.open_run(run_id))
        return own.union(*(self.values_of(step.run_id) for _, step in steps))

    def remove_values(self, digests: Collection[str]) -> None:
        """Remove those of these values that no run has kept, and the results that would give them back."""
        needed = self.metastore.needed_of(digests, now=utc_now())
        gone = set(digests) - needed.digests
        removed = remove_these(self.artifacts.root, gone, before=needed.before)
        self.metastore.forget_those_of(removed.values)

    def collect_garbage(
        self, *, older_than_s: float, max_bytes: int | None = None
    ) -> GarbageDocument:
        """Remove the results that were not used for so long, and the values that then nobody needs.

        A run that is younger, or goes on, keeps what it has. If all values together have more than
        ``max_bytes``, those go as well that were not used for longest, also of younger runs; never
        what has been used since the oldest run that goes on began.
        """
        now = utc_now()
        needed = self.metastore.forget_unused(now - timedelta(seconds=older_than_s), now=now)
        removed = remove_unneeded(self.artifacts.root, needed.digests, before=needed.before)
        artifacts, freed, forgotten = removed.artifacts, removed.size_bytes, needed.forgotten
        if max_bytes is not None:
            more = remove_least_used(
                self.artifacts.root, most_bytes=max_bytes, before=needed.before
            )
            artifacts, freed = artifacts + more.artifacts, freed + more.size_bytes
            forgotten += self.metastore.forget_those_of(more.values)
        return GarbageDocument(
            artifacts=artifacts,
            cache_entries=forgotten,
            freed_bytes=freed,
            older_than_s=older_than_s,
        )

    def watchers(self, pipeline: str, config: RunConfig | None = None) -> list[Sink]:
        """Those who watch every run, if the settings name somebody to be told.

        They belong to a floor above this one, so they are found by their entry points.
        """
        wanted = self.settings.notify.for_run(config, now=utc_now())
        if not wanted.urls:
            return []
        ended = (RunState.SUCCESS, RunState.FAILED)
        states = [run.state for run in self.history(limit=_LOOK_BACK, pipeline=pipeline)]
        last = next((state for state in states if state in ended), None)
        return [
            found.load()(
                wanted, look=self.metastore.view, had_failed=last is RunState.FAILED, now=utc_now
            )
            for found in entry_points(group=_WATCHERS)
        ]

    def _side(self, name: str) -> Side:
        """A recorded run with what it was made of, as far as its source can still be read."""
        run = self.open_run(name)
        view = run.view
        try:
            source = read_notebook(run.source_path)
        except NotebookError:
            return Side(view=view)
        config = config_of(view)
        compilation = self._compiled(source, Path(config.folder), config.by)
        return Side(view=view, notebook=source, pipeline=compilation.running)

    def _compiled(
        self,
        source: Notebook,
        folder: Path,
        by: PartitionBy | str,
        texts: StepTexts = AS_THEY_ARE,
    ) -> Compilation:
        pools, observed = self.settings.pools, self._observed()
        return _compiled_with_steps(source, folder, PartitionBy(by), observed, pools, texts)

    def _has_run(self, source: Notebook) -> bool:
        """Whether a notebook of that name has run before; not so where no metastore is."""
        try:
            known = self._metastore is not None or exists(self.settings.database_url)
            return known and bool(self.metastore.runs(limit=1, pipeline=source.name))
        except EnvironmentFault:  # told by whatever needs the metastore
            return True

    def _observed(self) -> frozenset[Observed]:
        """What runs have found out; nothing where no metastore is, as compiling needs none."""
        try:
            known = self._metastore is not None or exists(self.settings.database_url)
            return self.metastore.observed() if known else frozenset()
        except EnvironmentFault:  # told by whatever needs the metastore
            return frozenset()

    def close(self) -> None:
        """Let go of the metastore, and of the kernels that were started ahead."""
        self.kernels.close()
        if self._metastore is not None:
            self._metastore.close()
            self._metastore = None


def check_jobs(jobs: int | None) -> None:
    """Raise `OptionError` unless so many tasks may run at once."""
    if jobs is not None and jobs < 1:
        raise OptionError(f"jobs is {jobs}.", hint="Give it 1 or more.")


def new_run_id() -> RunId:
    """Sorts by time and never repeats: ``20261122-154501-9f3ac2``."""
    return RunId(f"{utc_now():%Y%m%d-%H%M%S}-{token_hex(3)}")
