"""``dagflow runs``: the history of runs, and what to do about it."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jupyter_dagflow.core.errors import NotFound, OptionError
from jupyter_dagflow.core.model import TaskName
from jupyter_dagflow.core.states import TaskState
from jupyter_dagflow.surfaces import report, run_record, words
from jupyter_dagflow.surfaces.cli.following import follow, warn
from jupyter_dagflow.surfaces.cli.output import put, put_json, put_parts, put_table
from jupyter_dagflow.surfaces.cli.session import application
from jupyter_dagflow.surfaces.commands import Commands
from jupyter_dagflow.surfaces.look import run_look
from jupyter_dagflow.surfaces.options import (
    AsJson,
    AttemptOption,
    RunArgument,
    diff_command,
    whole_number,
)
from jupyter_dagflow.surfaces.step_tasks import all_step_tasks, step_tasks
from jupyter_dagflow.surfaces.table import Column, Table

if TYPE_CHECKING:
    from jupyter_dagflow.app import Dagflow
    from jupyter_dagflow.execution.watchers import Sink
    from jupyter_dagflow.run_handle import LiveRun, Run
    from jupyter_dagflow.surfaces.cli.others import Others
    from jupyter_dagflow.wire import RunSummaryDocument

TaskArgument = Annotated[
    str | None,
    typer.Argument(metavar="[TASK]", help="One of the run's tasks.", show_default=False),
]


def group() -> Commands:
    """The commands of ``dagflow runs``."""
    runs = Commands(help="The history of runs.")
    runs.command("list")(list_)
    runs.command()(show)
    runs.command()(logs)
    runs.command()(cancel)
    runs.command()(resume)
    runs.command()(clear)
    runs.command()(notebook)
    runs.command("diff")(diff)
    return runs


def list_(
    limit: Annotated[
        int, typer.Option("--limit", min=1, metavar="N", help="At most so many.")
    ] = 20,
    pipeline: Annotated[
        str | None, typer.Option("--pipeline", metavar="NAME", help="Of this pipeline only.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List runs, newest first."""
    with application() as app:
        found = app.history(limit=limit, pipeline=pipeline)
    if as_json:
        put_json(found)
    elif found:
        put_table(_table(found))
    else:
        put("No runs yet. Try: dagflow run NOTEBOOK")


def show(run: RunArgument, as_json: AsJson = False) -> None:
    """Show a run: its tasks, what failed, its metrics, and what it was made of."""
    with application() as app:
        found = app.open_run(run)
        if as_json:
            put_json(found.record_document(all_step_tasks(app, found)))
        else:
            view = found.view
            steps = step_tasks(app, found)
            told = report.run_ended(view, notebook=found.notebook_path, steps=steps)
            put_parts([*told, *run_record.parts(view, source=found.source_path)])
            if app.has_lost_its_runner(found.run_id):
                put(
                    f"The process that ran it is gone. next: dagflow runs resume {found.run_id} "
                    "goes on with it, as dagflow serve and the next dagflow run do"
                )


@functools.wraps(diff_command)
def diff(*args: Any, **kwargs: Any) -> None:
    """Read the options as the magic does too, and compare."""
    from jupyter_dagflow.surfaces import run_comparison
    from jupyter_dagflow.wire import run_diff_document

    options = diff_command(*args, **kwargs)
    with application() as app:
        found = app.diff(options.before, options.after)
    if options.as_json:
        put_json(run_diff_document(found))
    else:
        put_parts(run_comparison.parts(found))


def logs(run: RunArgument, task: TaskArgument = None, attempt: AttemptOption = None) -> None:
    """Print what the tasks of a run printed, and their tracebacks."""
    number = _attempt(task, attempt)
    with application() as app:
        found = app.open_run(run)
        for name in [task] if task is not None else _started(found):
            if task is None:
                put(f"== {report.outcome(found.tasks[TaskName(name)])}")
            having, its = app.find_task(found, name)
            for entry in having.log(its, number):
                put(entry.text)


def cancel(run: RunArgument) -> None:
    """Ask for a run to be cancelled; whoever runs it stops its tasks."""
    with application() as app:
        run_id = app.request_cancel(run)
        found = app.open_run(run_id)
    if found.state.is_final:
        put(f"Run {run_id} has ended already: {found.state.value}.")
    else:
        put(f"Run {run_id} is being cancelled; dagflow runs show {run_id} tells when it has ended.")


def resume(run: RunArgument, as_json: AsJson = False) -> None:
    """Do again what did not succeed in a run, and what follows from it; waits for the end."""
    _resume(run, as_json=as_json)


def clear(
    run: RunArgument,
    tasks: Annotated[list[str], typer.Argument(metavar="TASK…", help="Tasks of the run.")],
    downstream: Annotated[
        bool, typer.Option("--downstream", help="With all tasks that depend on them.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Run tasks of a run again, though they succeeded, with whatever did not; waits for the end."""
    _resume(run, clear=tasks, downstream=downstream, as_json=as_json)


def _resume(
    run: str, *, clear: Sequence[str] = (), downstream: bool = False, as_json: bool
) -> None:
    def begin(app: Dagflow, others: Others, sink: Sink) -> LiveRun:
        live = app.resume(run, clear=clear, downstream=downstream, sinks=[sink], on_compiled=warn)
        others.take()
        return live

    raise typer.Exit(follow(begin, as_json=as_json).exit_code)


def notebook(run: RunArgument, task: TaskArgument = None, attempt: AttemptOption = None) -> None:
    """Print where the executed notebook of a run lies, or the taskbook of one of its tasks."""
    number = _attempt(task, attempt)
    with application() as app:
        found = app.open_run(run)
        path = found.notebook_path
        if task is not None:
            having, its = app.find_task(found, task)
            path = having.taskbook_path(its, number)
    if path is None:
        raise NotFound(
            f"Run {found.run_id} has no executed notebook: it is {found.state.value}.",
            hint=f"It is written when the run ends; the taskbook of a task is there before: "
            f"dagflow runs notebook {found.run_id} TASK",
        )
    put(str(path))


def _attempt(task: str | None, attempt: str | None) -> int | None:
    """The number given to ``--attempt``, which is one of a task."""
    if attempt is not None and task is None:
        raise OptionError("--attempt is of one task.", hint="Say of which: RUN TASK --attempt N.")
    return whole_number(attempt, "--attempt")


def _started(run: Run) -> list[str]:
    """The tasks that began; instances whose task has gathered them have put out nothing else than that."""
    return [
        name
        for name, task in run.tasks.items()
        if task.attempt
        and (task.instance_of is None or run.tasks[task.instance_of].state is not TaskState.SUCCESS)
    ]


def _table(found: list[RunSummaryDocument]) -> Table:
    looks = [run_look(row.state) for row in found]
    return Table(
        columns=(
            Column("run", style="bold"),
            Column("pipeline"),
            Column("state"),
            Column("trigger"),
            Column("started"),
            Column("duration", number=True),
        ),
        rows=tuple(
            (
                row.run_id,
                row.pipeline,
                f"{look.icon} {look.word}",
                row.trigger,
                words.moment(row.started_at),
                _taken(row),
            )
            for row, look in zip(found, looks, strict=True)
        ),
        styles=tuple(look.terminal for look in looks),
    )


def _taken(row: RunSummaryDocument) -> str:
    if row.started_at is None or row.finished_at is None:
        return ""
    return words.spent(row.started_at, row.finished_at)
