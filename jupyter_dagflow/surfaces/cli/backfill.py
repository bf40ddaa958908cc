"""``dagflow backfill``: the runs of data intervals that have passed."""

from __future__ import annotations

import time
from collections.abc import Collection
from typing import TYPE_CHECKING, Annotated

import typer

from jupyter_dagflow.core.backfill import Backfill
from jupyter_dagflow.core.errors import EnvironmentFault, MetastoreUnreachable
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
    from jupyter_dagflow.core.model import RunId
    from jupyter_dagflow.run_handle import LiveRun
    from jupyter_dagflow.scheduled_runs import AskedBackfill
    from jupyter_dagflow.scheduling.scheduler import Scheduler
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

    Killed, it goes on where dagflow serve runs, or where it is typed again; Ctrl-C cancels it, and no other.
    """
    from jupyter_dagflow.scheduled_runs import ScheduledRuns
    from jupyter_dagflow.surfaces import backfill_report

    with application() as app:
        schedules = ScheduledRuns(app)
        if cancel:
            count = schedules.cancel_backfills(name)
            if as_json:
                from jupyter_dagflow.wire import CancelledBackfillsDocument

                put_json(CancelledBackfillsDocument(schedule=name, cancelled=count))
            else:
                put(
                    f"{words.count(count, 'interval')} of backfills of {name} will not run or go on."
                )
            return 0
        zone = app.metastore.schedules.find(name).schedule.zone
        asked = options.backfill_of(
            start, end, reprocess=reprocess, reverse=reverse, jobs=jobs, zone=zone
        )
        values, texts = gathered_parameters(parameter or (), file)
        found = schedules.backfill(
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
        following = _Following(app, name, asked, found)
        if not dry_run:
            following.to_its_end()
        newest = app.metastore.backfills.newest(name, asked)
        if as_json:
            put_json(backfill_report.document(name, found.intervals, newest))
        else:
            put_parts(backfill_report.parts(found.intervals, newest, zone, dry_run=dry_run))
        return 0 if dry_run else following.exit_code(newest)


class _Following:
    """A backfill from its beginning to its end; what others have of the same intervals is waited for.

    Cancelled, it cancels what was asked for here, or, if that was nothing, what it goes on with for others.
    """

    def __init__(self, app: Dagflow, name: str, asked: Backfill, found: AskedBackfill) -> None:
        self._app = app
        self._name = name
        self._asked = asked
        self._cancelled = False
        self._own = set[int]() if found.number is None else {found.number}
        self._all = self._own
        self._intervals = {each.interval.start for each in found.intervals if each.runs}
        self._ended = 0

    def to_its_end(self) -> None:
        """Begin its runs as others end, and tell how many have; also those of a process that is gone.

        Raises `EnvironmentFault` if none can begin here.
        """
        if not self._goes_on():
            return
        from jupyter_dagflow.scheduled_runs import ScheduledRuns

        recovery = self._app.recovery(concerns=self._concerns, tell=_tell)
        assert recovery is not None
        scheduler = ScheduledRuns(self._app).scheduler(own=recovery.own, tell=_tell)
        recovery.start()
        patience_s: float | None = None
        try:
            with CancelOnSignal() as interrupts, scheduler.beginning():
                interrupts.cancels(self)
                wait_s = 0.0
                while self._goes_on_after(wait_s, scheduler):
                    wait_s = _LOOK_S
        except KeyboardInterrupt:
            patience_s = 0.0
            raise
        finally:
            recovery.close(patience_s=0.0 if self._cancelled else patience_s)

    def cancel(self, reason: str = "", /) -> None:
        """Begin none any more, and cancel those that go on."""
        del reason
        self._cancelled = True

    def exit_code(self, newest: Newest) -> int:
        """0 if all that was run or waited for has succeeded."""
        if self._cancelled:
            return _CANCELLED
        succeeded = {start for start, (_, state) in newest.items() if state is RunState.SUCCESS}
        return int(not self._intervals <= succeeded)

    def _goes_on_after(self, wait_s: float, scheduler: Scheduler[LiveRun]) -> bool:
        """Wait, begin what may, and look whether anything is left."""
        from jupyter_dagflow.scheduled_runs import ScheduledRuns

        time.sleep(wait_s)
        try:
            if self._cancelled:
                ScheduledRuns(self._app).cancel_backfills(self._name, self._own or self._all)
                return bool(self._own or self._all) and self._left(self._own or self._all) > 0
            scheduler.tick_backfills(self._name, self._all)
            if self._left(self._all):
                if not self._app.metastore.backfills.is_active(self._all):
                    self._tell_fault(scheduler.fault)
                return True
            return self._goes_on()
        except MetastoreUnreachable as fault:  # a busy database may answer later
            _tell(f"The metastore did not answer: {fault.message}")
            time.sleep(_PATIENCE_S)
            return True

    def _tell_fault(self, fault: EnvironmentFault | None) -> None:
        """Raise what keeps runs from beginning here."""
        if fault is None:
            return
        _tell(
            f"backfill of {self._name}: what has not begun waits; dagflow serve or this command begins it when that is "
            f"mended, dagflow backfill {self._name} --cancel gives it up"
        )
        raise fault

    def _concerns(self, run_id: RunId) -> bool:
        return self._app.metastore.backfills.is_of(run_id, self._all)

    def _goes_on(self) -> bool:
        """Whether anything within its bounds waits or goes on, as far as backfills have it: these are followed."""
        newest = self._app.metastore.backfills.newest(self._name, self._asked)
        left = {
            start: fire.backfill
            for start, (fire, state) in newest.items()
            if fire.kind is FireKind.BACKFILL and not state.is_final
        }
        self._intervals |= left.keys()
        self._all = self._own | set(left.values())
        self._left(self._all)
        return bool(left)

    def _left(self, these: Collection[int]) -> int:
        """How many intervals within its bounds these backfills have yet to end; more that have ended are told."""
        backfills, bounds = self._app.metastore.backfills, (self._asked.start, self._asked.end)
        left = backfills.left(these, *bounds)
        ended = len(self._intervals) - left
        if ended > self._ended:
            self._ended = ended
            failed = backfills.failed(these, *bounds)
            more = f", {failed} failed" if failed else ""
            _tell(f"backfill of {self._name}: {ended} of {len(self._intervals)} have ended{more}")
        return left


def _tell(line: str) -> None:
    put(line, error=True)
