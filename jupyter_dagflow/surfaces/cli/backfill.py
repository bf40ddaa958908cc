"""``dagflow backfill``: the runs of data intervals that have passed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer

from jupyter_dagflow.core.backfill import Backfill, Choice
from jupyter_dagflow.core.errors import EnvironmentFault
from jupyter_dagflow.core.fires import FireKind
from jupyter_dagflow.core.states import RunState
from jupyter_dagflow.surfaces import schedule_options as options
from jupyter_dagflow.surfaces import words
from jupyter_dagflow.surfaces.cli.output import put, put_json, put_parts
from jupyter_dagflow.surfaces.cli.session import application
from jupyter_dagflow.surfaces.options import (
    AsJson,
    ParameterFile,
    Parameters,
    gathered_parameters,
)
from jupyter_dagflow.surfaces.signals import CancelOnSignal

if TYPE_CHECKING:
    from jupyter_dagflow.app import Dagflow
    from jupyter_dagflow.surfaces.backfill_report import Newest

_LOOK_S = 0.1
_PATIENCE_S = 1.0
_CANCELLED = 130


def backfill(
    name: options.ScheduleArgument,
    start: options.BackfillStart = None,
    end: options.BackfillEnd = None,
    reprocess: options.ReprocessOption = "none",
    reverse: options.Reverse = False,
    jobs: options.BackfillJobs = None,
    dry_run: options.DryRun = False,
    cancel: Annotated[
        bool, typer.Option("--cancel", help="Cancel the backfills of the schedule instead.")
    ] = False,
    parameter: Parameters = None,
    file: ParameterFile = None,
    as_json: AsJson = False,
) -> int:
    """Run the data intervals of a schedule that have passed and have no run, several at once.

    Killed, it goes on where dagflow serve runs, or where it is typed again; Ctrl-C cancels it.
    """
    from jupyter_dagflow.scheduled_runs import ScheduledRuns
    from jupyter_dagflow.surfaces import backfill_report

    with application() as app:
        schedules = ScheduledRuns(app)
        if cancel:
            count = schedules.cancel_backfills(name)
            put(f"{words.count(count, 'interval')} of backfills of {name} will not run or go on.")
            return 0
        zone = app.metastore.schedules.find(name).schedule.zone
        asked = options.backfill_of(
            start, end, reprocess=reprocess, reverse=reverse, jobs=jobs, zone=zone
        )
        values, texts = gathered_parameters(parameter or (), file)
        chosen = schedules.backfill(
            name,
            start=asked.start,
            end=asked.end,
            reprocess=asked.reprocess,
            reverse=asked.reverse,
            max_active_runs=None if jobs is None else asked.max_active_runs,
            values=values,
            texts=texts,
            dry_run=dry_run,
        )
        following = _Following(app, name, asked, chosen)
        if not dry_run:
            following.to_its_end()
        newest = app.metastore.backfills.newest(name, asked)
        if as_json:
            put_json(backfill_report.document(name, chosen, newest))
        else:
            put_parts(backfill_report.parts(chosen, newest, zone, dry_run=dry_run))
        return 0 if dry_run else following.exit_code(newest)


class _Following:
    """A backfill from its beginning to its end; what others have of the same intervals is waited for."""

    def __init__(self, app: Dagflow, name: str, asked: Backfill, chosen: list[Choice]) -> None:
        self._app = app
        self._name = name
        self._asked = asked
        self._cancelled = False
        self._own = {each.interval.start for each in chosen if each.runs}
        self._ended = 0

    def to_its_end(self) -> None:
        """Begin its runs as others end, and tell how many have; also those of a process that is gone."""
        if not self._going_on():
            return
        from jupyter_dagflow.scheduled_runs import ScheduledRuns

        recovery = self._app.recovery(tell=_tell)
        assert recovery is not None
        scheduler = ScheduledRuns(self._app).scheduler(own=recovery.own, tell=_tell)
        recovery.start()
        patience_s: float | None = None
        try:
            with CancelOnSignal() as interrupts, scheduler.beginning():
                interrupts.cancels(self)
                wait_s = 0.0
                while True:
                    time.sleep(wait_s)
                    try:
                        wait_s = _LOOK_S
                        scheduler.tick_backfills(self._name)
                        if self._cancelled:
                            ScheduledRuns(self._app).cancel_backfills(self._name)
                        if not self._going_on():
                            break
                    except EnvironmentFault as fault:  # a busy database may answer later
                        wait_s = _PATIENCE_S
                        _tell(f"The metastore did not answer: {fault.message}")
        except KeyboardInterrupt:
            patience_s = 0.0
            raise
        finally:
            recovery.close(patience_s=patience_s)

    def cancel(self, reason: str = "", /) -> None:
        """Begin none any more, and cancel those that go on."""
        del reason
        self._cancelled = True

    def exit_code(self, newest: Newest) -> int:
        """0 if all that was run or waited for has succeeded."""
        if self._cancelled:
            return _CANCELLED
        succeeded = {start for start, (_, state) in newest.items() if state is RunState.SUCCESS}
        return int(not self._own <= succeeded)

    def _going_on(self) -> bool:
        newest = self._app.metastore.backfills.newest(self._name, self._asked)
        left = {
            start
            for start, (fire, state) in newest.items()
            if fire.kind is FireKind.BACKFILL and not state.is_final
        }
        self._own |= left
        ended = len(self._own - left)
        if ended > self._ended:
            self._ended = ended
            failed = sum(newest[start][1] is RunState.FAILED for start in self._own & newest.keys())
            more = f", {failed} failed" if failed else ""
            _tell(f"backfill of {self._name}: {ended} of {len(self._own)} have ended{more}")
        return bool(left)


def _tell(line: str) -> None:
    put(line, error=True)
