"""``dagflow schedule``: notebooks that run when they should; ``dagflow serve`` runs them."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Annotated

import typer

from jupyter_dagflow.clock import utc_now
from jupyter_dagflow.surfaces import schedule_options as options
from jupyter_dagflow.surfaces import words
from jupyter_dagflow.surfaces.cli.output import put, put_json, put_parts, put_table
from jupyter_dagflow.surfaces.cli.session import application
from jupyter_dagflow.surfaces.commands import Commands
from jupyter_dagflow.surfaces.options import (
    AsJson,
    NotebookArgument,
    ParameterFile,
    Parameters,
    gathered_parameters,
)

if TYPE_CHECKING:
    from jupyter_dagflow.core.calendar.intervals import DataInterval
    from jupyter_dagflow.core.schedule_definition import Schedule

_FIRES_SHOWN = 10


def group() -> Commands:
    """The commands of ``dagflow schedule``."""
    schedule = Commands(help="Notebooks that run when they should, as long as dagflow serve runs.")
    schedule.command()(add)
    schedule.command("list")(list_)
    schedule.command()(show)
    schedule.command("next")(next_)
    schedule.command()(update)
    schedule.command()(pause)
    schedule.command()(resume)
    schedule.command()(trigger)
    schedule.command()(prune)
    schedule.command()(remove)
    return schedule


@options.taking_asked
def add(
    notebook: NotebookArgument,
    *,
    name: options.Name = None,
    asked: options.Asked,
    pin: options.Pin = None,
    parameter: Parameters = None,
    file: ParameterFile = None,
    dry_run: options.AddDryRun = False,
    as_json: AsJson = False,
) -> None:
    """Have a notebook run at times, and show the next ones."""
    from jupyter_dagflow.scheduled_runs import ScheduledRuns
    from jupyter_dagflow.surfaces import schedule_report

    values, texts = gathered_parameters(parameter or (), file)
    with application() as app:
        added = ScheduledRuns(app).add(
            options.schedule_of(notebook, asked, name=name, now=utc_now()),
            values=values,
            texts=texts,
            pinned=bool(pin),
            dry_run=dry_run,
        )
    _show_next(added, None, options.NEXT_SHOWN, as_json=as_json)
    if not dry_run:
        put(f"\n{schedule_report.told_added(added)}", error=True)


@options.taking_asked
def update(
    name: options.ScheduleArgument,
    *,
    asked: options.Asked,
    pin: options.Pin = None,
    parameter: Parameters = None,
    file: ParameterFile = None,
    as_json: AsJson = False,
) -> None:
    """Change options of a schedule, and show its next runs; --misfire none and the like take one back."""
    from jupyter_dagflow.scheduled_runs import ScheduledRuns

    values, texts = gathered_parameters(parameter or (), file)
    with application() as app:
        before = app.metastore.schedules.find(name)
        ScheduledRuns(app).update(
            options.changed(before.schedule, asked),
            values=values,
            texts=texts,
            pinned=pin,
        )
        found = app.metastore.schedules.find(name)
    _show_next(found.schedule, found.standing.last, options.NEXT_SHOWN, as_json=as_json)


def list_(as_json: AsJson = False) -> None:
    """List the schedules."""
    from jupyter_dagflow.surfaces import schedule_report

    with application() as app:
        found = app.metastore.schedules.all()
    if as_json:
        put_json([schedule_report.document(each, utc_now()) for each in found])
    elif found:
        put_table(schedule_report.table(found, utc_now()))
    else:
        put("No schedules yet. Try: dagflow schedule add NOTEBOOK --cron '0 6 * * *'")


def show(name: options.ScheduleArgument, as_json: AsJson = False) -> None:
    """Show a schedule: how it stands, its last fires, and what it missed."""
    from jupyter_dagflow.surfaces import schedule_report

    with application() as app:
        schedules = app.metastore.schedules
        found = schedules.find(name)
        fires = schedules.fires(name, limit=_FIRES_SHOWN)
        missed = schedules.missed(name, limit=_FIRES_SHOWN)
    if as_json:
        put_json(schedule_report.record_document(found, fires, missed, utc_now()))
    else:
        home = app.settings.home
        put_parts(schedule_report.parts(found, fires, missed, utc_now(), home=home))


def next_(
    name: options.ScheduleArgument,
    number: Annotated[
        int, typer.Option("-n", min=1, max=1000, metavar="N", help="So many.")
    ] = options.NEXT_SHOWN,
    as_json: AsJson = False,
) -> None:
    """Show when a schedule fires next, and which data intervals those runs are about."""
    with application() as app:
        found = app.metastore.schedules.find(name)
    _show_next(found.schedule, found.standing.last, number, as_json=as_json)


def pause(name: options.ScheduleArgument) -> None:
    """Have a schedule begin nothing until it is resumed; what runs goes on."""
    with application() as app:
        app.metastore.schedules.pause(name)
    put(f"Schedule {name} is paused; dagflow schedule resume {name} has it go on.")


def resume(name: options.ScheduleArgument) -> None:
    """Have a paused schedule go on."""
    with application() as app:
        app.metastore.schedules.resume(name, at=utc_now())
    put(f"Schedule {name} goes on; dagflow schedule next {name} tells when.")


def trigger(
    name: options.ScheduleArgument,
    parameter: Parameters = None,
    file: ParameterFile = None,
) -> None:
    """Ask for a run of a schedule now; dagflow serve begins it."""
    from jupyter_dagflow.scheduled_runs import ScheduledRuns

    values, texts = gathered_parameters(parameter or (), file)
    with application() as app:
        fire = ScheduledRuns(app).trigger(name, values=values, texts=texts)
    put(f"Run {fire.run_id} is asked for; dagflow serve begins it.")


def prune(name: options.ScheduleArgument) -> None:
    """Delete the runs of a schedule that are not kept any longer, as dagflow serve does each minute."""
    from jupyter_dagflow.scheduled_runs import ScheduledRuns

    with application() as app:
        gone = ScheduledRuns(app).prune(name)
    put(
        f"{words.count(len(gone), 'run')} of schedule {name} deleted; "
        "their steps and the values that only they had kept went with them."
    )


def remove(name: options.ScheduleArgument) -> None:
    """Remove a schedule; its runs stay, and those that go on do."""
    with application() as app:
        app.metastore.schedules.remove(name)
    put(f"Schedule {name} is removed.")


def _show_next(
    schedule: Schedule, last: DataInterval | None, number: int, *, as_json: bool
) -> None:
    from jupyter_dagflow.surfaces import schedule_report

    intervals = list(islice(schedule_report.upcoming(schedule, last, utc_now()), number))
    if as_json:
        put_json([schedule_report.interval_document(schedule, each) for each in intervals])
    else:
        put_parts(schedule_report.told_next(schedule, intervals))
