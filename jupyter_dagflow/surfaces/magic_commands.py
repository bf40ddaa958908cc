"""The commands of ``%dagflow``: the pipeline of this notebook, from within it.

The law: a magic parses, calls the app once, and shows; its options are those of the command of the same name, read
by the same parser. An error is the same short block as on the command line and fails the cell, without a traceback.
"""

from __future__ import annotations

import shlex
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from itertools import islice
from pathlib import Path
from typing import Any

from IPython.display import display

from jupyter_dagflow.app import Dagflow, suggest_tags
from jupyter_dagflow.clock import utc_now
from jupyter_dagflow.core.diagnostics import CompilationFailed
from jupyter_dagflow.core.errors import NotebookUnknown, NotFound, OptionError
from jupyter_dagflow.core.model import Compilation
from jupyter_dagflow.core.nested import VERB
from jupyter_dagflow.core.records import Origin
from jupyter_dagflow.core.run import TaskRun
from jupyter_dagflow.execution.watchers import Sink
from jupyter_dagflow.run_handle import CANCELLED, LiveRun, Run
from jupyter_dagflow.scheduled_runs import ScheduledRuns
from jupyter_dagflow.surfaces import report, run_comparison, schedule_report
from jupyter_dagflow.surfaces import verification as told
from jupyter_dagflow.surfaces.errors import InternalError, as_ours
from jupyter_dagflow.surfaces.magics import SCHEDULE
from jupyter_dagflow.surfaces.nested_run import asked, task_here
from jupyter_dagflow.surfaces.options import (
    RunOptions,
    parse_diff,
    parse_graph,
    parse_load,
    parse_notebook,
    parse_run,
    parse_status,
    parse_verify,
)
from jupyter_dagflow.surfaces.picture import Following, still
from jupyter_dagflow.surfaces.planned import refuse_planned
from jupyter_dagflow.surfaces.schedule_options import NEXT_SHOWN, parse_schedule, schedule_of
from jupyter_dagflow.surfaces.signals import INTERRUPT, CancelOnSignal
from jupyter_dagflow.surfaces.step_tasks import step_tasks
from jupyter_dagflow.surfaces.suggestions import suggestions_report
from jupyter_dagflow.surfaces.this_notebook import Executed, find_notebook
from jupyter_dagflow.verifying import Verifying
from jupyter_dagflow.wire import run_diff_document, to_json


class MagicFailed(Exception):
    """Fails the cell with a block of text in place of a traceback."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


class NotebookFailed(MagicFailed):
    """Fails the cell whose step has failed: ``told`` in full, in one line to whoever asks about the cell."""

    def __init__(self, line: str, told: str) -> None:
        super().__init__(line)
        self._told = told

    def _render_traceback_(self) -> list[str]:
        return [self._told]


class MagicCommands:
    """The commands of one live kernel; ``executed`` is what was executed in it."""

    def __init__(self, shell: Any, executed: Executed) -> None:
        self._shell = shell
        self._executed = executed
        self._live: LiveRun | None = None

    @cached_property
    def _app(self) -> Dagflow:
        """Made when it is first needed, so that settings that make no sense fail that cell only."""
        return Dagflow(origin=Origin.MAGIC)

    def do(self, line: str, names: Mapping[str, Any]) -> None:
        """Do what a line says, typed where there are these names; raises `MagicFailed`."""
        verbs: dict[str, Callable[[list[str]], None]] = {
            "run": self._run,
            "verify": self._verify,
            "check": self._check,
            "suggest": self._suggest,
            "status": self._status,
            "cancel": self._cancel,
            "load": self._load,
            VERB: partial(self._step, names=names),
            "runs": self._runs,
            SCHEDULE: self._schedule,
        }
        try:
            verb, *rest = _split(line) or [""]
            if verb in verbs:
                verbs[verb](rest)
            elif verb.startswith("-") or not verb:
                self._graph([verb, *rest] if verb else [])
            else:
                hint = f"It has: {', '.join(verbs)}."
                refuse_planned(f"%dagflow {verb}", hint=hint)
                raise OptionError(f"%dagflow has no command {verb!r}.", hint=hint)
        except MagicFailed:
            raise
        except Exception as error:  # noqa: BLE001 -- the edge: every error gets its block
            ours = as_ours(error)
            trace = traceback.format_exception(error) if isinstance(ours, InternalError) else []
            told = "".join([*trace, report.error_block(ours)])
            if line.split()[:1] == [VERB]:
                raise NotebookFailed(ours.message, told) from None
            raise MagicFailed(told) from None

    def _graph(self, argv: Sequence[str]) -> None:
        options = parse_graph(argv)
        if options is None:
            return
        path = self._notebook(options.notebook)
        compilation = self._app.compile(path, by=options.by)
        self._warn_if_unsaved(path)
        run = self._live
        if run is not None and run.is_alive and run.compilation.pipeline == compilation.pipeline:
            following = Following(self._app)
            run.watch(following.take)  # before it is shown: what comes twice is told by its number
            following.show(run)
            following.in_background(run)
        else:
            display(still(compilation), raw=True)  # type: ignore[no-untyped-call]
        if compilation.ok:
            _warn(compilation)
        else:
            print(report.findings(compilation.diagnostics, notebook=path.name), file=sys.stderr)  # noqa: T201

    def _check(self, argv: Sequence[str]) -> None:
        options = parse_graph(argv, program="%dagflow check")
        if options is None:
            return
        path = self._notebook(options.notebook)
        compilation = self._app.compile(path, by=options.by)
        self._warn_if_unsaved(path)
        print(report.findings(compilation.diagnostics, notebook=path.name))  # noqa: T201
        if not compilation.ok:
            raise MagicFailed(
                report.error_block(CompilationFailed(str(path), compilation.diagnostics))
            )

    def _suggest(self, argv: Sequence[str]) -> None:
        options = parse_graph(argv, program="%dagflow suggest")
        if options is None:
            return
        path = self._notebook(options.notebook)
        suggestions = suggest_tags(path)
        self._warn_if_unsaved(path)
        print(report.as_text(suggestions_report(suggestions)))  # noqa: T201

    def _run(self, argv: Sequence[str]) -> None:
        options = parse_run(argv)
        if options is None:
            return
        path = self._notebook(options.notebook)
        self._warn_if_unsaved(path)
        run = self._followed(
            lambda sinks: self._start(path, options, sinks), background=options.background
        )
        if options.background:
            print(f"run {run.run_id} goes on; %dagflow status tells how, %dagflow cancel stops it")  # noqa: T201
        else:
            _show_end(run)

    def _start(self, path: Path, options: RunOptions, sinks: Sequence[Sink]) -> LiveRun:
        return self._app.start(
            path,
            parameters=options.parameters,
            parameter_texts=options.parameter_texts,
            by=options.by,
            jobs=options.jobs,
            keep=options.keep,
            fresh=options.fresh,
            selection=options.selection,
            sinks=sinks,
            on_compiled=_warn,
        )

    def _verify(self, argv: Sequence[str]) -> None:
        options = parse_verify(argv)
        if options is None:
            return
        path = self._notebook(options.notebook)
        self._warn_if_unsaved(path)
        prepared = self._app.prepare(
            path,
            parameters=options.parameters,
            parameter_texts=options.parameter_texts,
            by=options.by,
            fresh=True,
            on_compiled=_warn,
        )
        verifying = Verifying(self._app, prepared, jobs=options.jobs)
        runs = [self._followed(verifying.start_dag)]
        if runs[0].exit_code != CANCELLED:
            runs.append(self._followed(partial(verifying.start_run_all, runs[0])))
        if runs[-1].exit_code == CANCELLED:
            raise MagicFailed(report.headline(runs[-1].view))
        verification = verifying.compare(*runs)
        text = report.as_text([*told.parts(verification), told.runs(verification)])
        if not verification.ok:
            raise MagicFailed(text)
        print(text)  # noqa: T201

    def _followed(
        self, start: Callable[[Sequence[Sink]], LiveRun], *, background: bool = False
    ) -> LiveRun:
        """Start a run and show how it goes; wait for its end, unless it goes on in the background."""
        following = Following(self._app)
        with CancelOnSignal(INTERRUPT) as interrupts:
            self._live = run = start([following.take])
            interrupts.cancels(run)
            following.show(run)
            if background:
                following.in_background(run)
            else:
                following.until_ended(run)
        return run

    def _status(self, argv: Sequence[str]) -> None:
        name = parse_status(argv)
        if name is not None:
            run = self._find(name)
            told = report.run_ended(
                run.view, notebook=run.notebook_path, steps=step_tasks(self._app, run)
            )
            print(report.as_text(told))  # noqa: T201

    def _cancel(self, argv: Sequence[str]) -> None:
        name = parse_status(argv, program="%dagflow cancel")
        if name is None:
            return
        run = self._find(name)
        if run.state.is_final:
            print(report.headline(run.view))  # noqa: T201
            return
        self._app.request_cancel(run.run_id)
        print(f"run {run.run_id} is being cancelled; %dagflow status tells when it has ended")  # noqa: T201

    def _load(self, argv: Sequence[str]) -> None:
        options = parse_load(argv)
        if options is None:
            return
        run = self._find(options.run) if options.run else self._run_with(options.names)
        values = {name: run.value(name) for name in options.names}
        self._shell.push(values)
        for name in values:
            _, stored = run.find(name)
            shape = f" {stored.shape}" if stored.shape else ""
            print(f"{name}: {stored.type}{shape}")  # noqa: T201
        if not options.run and run.run_id != self._find("latest").run_id:
            print(f"from run {run.run_id}: later ones did not keep that")  # noqa: T201

    def _step(self, argv: Sequence[str], *, names: Mapping[str, Any]) -> None:
        step = parse_notebook(argv)
        if step is None:
            return
        task = task_here()
        try:
            if task is None:
                path = self._folder() / step.path
                given = asked(step, names)
                run = self._followed(
                    lambda sinks: self._app.start(path, sinks=sinks, on_compiled=_warn, **given)
                )
                _show_end(run)
            else:
                run = task.run(step, names)
                _show_end(run, tasks=True)
        except MagicFailed as failed:
            first = next((t for t in run.tasks.values() if t.failure is not None), None)
            why = "it was cancelled" if first is None else _said_of(first)
            raise NotebookFailed(f"{step.path}: {why}", str(failed)) from None
        self._shell.push({ours: run.value(theirs) for theirs, ours in step.outputs})

    def _folder(self) -> Path:
        """Where this notebook lies, if the front end tells; else where the kernel is."""
        try:
            return self._notebook(None).absolute().parent
        except NotebookUnknown:
            return Path.cwd()

    def _schedule(self, argv: Sequence[str]) -> None:
        options = parse_schedule(argv)
        if options is None:
            return
        path, now = self._notebook(options.notebook), utc_now()
        self._warn_if_unsaved(path)
        added = ScheduledRuns(self._app).add(
            schedule_of(str(path), options.asked, name=options.name, now=now),
            values=options.values,
            texts=options.texts,
            pinned=options.pinned,
            dry_run=options.dry_run,
        )
        following = list(islice(schedule_report.upcoming(added, None, now), NEXT_SHOWN))
        print(report.as_text(schedule_report.told_next(added, following)))  # noqa: T201
        if not options.dry_run:
            print(f"\n{schedule_report.told_added(added)}")  # noqa: T201

    def _runs(self, argv: Sequence[str]) -> None:
        verb, *rest = argv or [""]
        if verb != "diff":
            hint = "It has: diff. dagflow runs in a terminal has more."
            raise OptionError(f"%dagflow runs has no command {verb!r}.", hint=hint)
        options = parse_diff(rest)
        if options is None:
            return
        found = self._app.diff(options.before, options.after)
        if options.as_json:
            print(to_json(run_diff_document(found)))  # noqa: T201
        else:
            print(report.as_text(run_comparison.parts(found)))  # noqa: T201

    def _run_with(self, names: Sequence[str]) -> Run:
        """The newest run of this notebook that kept all these values; the newest at all, if none did."""
        newest = self._find("latest")
        if self._live is not None:
            if self._live.has_kept(names):
                return self._live
            return self._app.newest_with(self._live.notebook_file, names) or newest
        try:
            return self._app.newest_with(self._notebook(None), names) or newest
        except NotebookUnknown:
            return newest

    def _find(self, name: str) -> Run:
        """A run by its name; ``latest`` is this kernel's own newest, if it has run one."""
        if self._live is not None and name in ("latest", self._live.run_id):
            return self._live
        try:
            return self._app.open_run(name)
        except NotFound:
            if name == "latest":
                raise NotFound(
                    "Nothing was run yet.", hint="%dagflow run runs this notebook."
                ) from None
            raise

    def _notebook(self, named: str | None) -> Path:
        return find_notebook(named, namespace=self._shell.user_ns)

    def _warn_if_unsaved(self, path: Path) -> None:
        if not path.is_file():
            return  # reading it says so better
        unsaved = self._executed.unsaved(self._app.read(path), saved_at=path.stat().st_mtime)
        if unsaved:
            print(  # noqa: T201
                f"warning: {path.name} is older than what is on the screen: "
                f"{', '.join(unsaved)} ran after it was saved and is not in it as it ran.\n"
                "next:    save the notebook and run this again; what follows is about the saved file.",
                file=sys.stderr,
            )


def _warn(compilation: Compilation) -> None:
    if told := report.warnings(compilation):
        print(told, file=sys.stderr)  # noqa: T201


def _show_end(run: LiveRun, *, tasks: bool = False) -> None:
    """Tell how a run ended, and how its tasks did; anything but success fails the cell, so that Run All stops there."""
    if run.exit_code:
        blocks = [
            report.failure_block(task, failure=task.failure, notebook=run.view.notebook)
            for task in run.tasks.values()
            if task.failure is not None
        ]
        raise MagicFailed("\n\n".join([report.headline(run.view), *blocks]))
    print(report.headline(run.view))  # noqa: T201
    if tasks:
        print("\n".join(map(report.outcome, run.tasks.values())))  # noqa: T201
    if run.view.metrics:
        print(report.as_text([report.metrics_table(run.view.metrics)]))  # noqa: T201
    if run.notebook_path:
        print(f"executed notebook: {run.notebook_path}")  # noqa: T201


def _said_of(task: TaskRun) -> str:
    return f"task {task.name} failed: {task.failure.message if task.failure else ''}"


def _split(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError as error:
        raise OptionError(f"%dagflow {line}: {error}.", hint="Close the quotation mark.") from None
