"""Has notebooks run when they should: keeps schedules that make sense, and prepares the run of each fire.

The law: a run of a schedule is begun as any other is, with what its fire fills in. Which fires begin, and when, is
`scheduling.scheduler`'s to say.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from jupyter_dagflow.app import Dagflow, new_run_id
from jupyter_dagflow.clock import utc_now
from jupyter_dagflow.core.backfill import (
    Backfill,
    Choice,
    Reprocess,
    check_backfill,
    choices,
    shares,
)
from jupyter_dagflow.core.calendar.intervals import DataInterval
from jupyter_dagflow.core.diagnostics import CompilationFailed
from jupyter_dagflow.core.errors import DagflowError, NotFound, OptionError, RunGoesOn
from jupyter_dagflow.core.events import Event, RunCreated
from jupyter_dagflow.core.fires import Fire, FireKind, deadline_of
from jupyter_dagflow.core.model import Pipeline, RunId
from jupyter_dagflow.core.retention import not_kept
from jupyter_dagflow.core.schedule_definition import Schedule, check_schedule
from jupyter_dagflow.core.states import RunState
from jupyter_dagflow.execution.cache import Reuse
from jupyter_dagflow.execution.kernels import require_kernels
from jupyter_dagflow.execution.watchers import Watchers
from jupyter_dagflow.pinning import pin, pinned_texts, remove_unneeded
from jupyter_dagflow.run_handle import LiveRun
from jupyter_dagflow.schedule_parameters import (
    check_filled_in,
    filled_in,
    given_to,
    kept_parameters,
)
from jupyter_dagflow.scheduling.election import Election
from jupyter_dagflow.scheduling.scheduler import Scheduler
from jupyter_dagflow.scheduling.zones import zone_of
from jupyter_dagflow.storage.metastore import EventConflict

_log = logging.getLogger(__name__)
_ROLE = "schedules"  # of whoever begins their runs
_WATCHED_WITHIN_S = 5.0  # then the next run begins


class AskedBackfill(NamedTuple):
    """The intervals within the bounds of a backfill, and its number; None if it has none to run."""

    intervals: tuple[Choice, ...]
    number: int | None


class ScheduledRuns:
    """The schedules of an app, and the runs that it begins for them."""

    def __init__(self, app: Dagflow) -> None:
        self._app = app

    def add(
        self,
        schedule: Schedule,
        *,
        values: Mapping[str, object],
        texts: Mapping[str, str],
        pinned: bool = False,
        dry_run: bool = False,
    ) -> Schedule:
        """Keep a schedule with these values, or texts of values, for parameters of its notebook.

        One that is ``pinned`` runs the notebook as it is now. With ``dry_run`` it is only checked.

        Raises `OptionError`, `CronError`, and what `Dagflow.start` does for its notebook and parameters.
        """
        check_schedule(schedule)
        self._require_upstream(schedule)
        schedule = self._with_pin(schedule, pinned=pinned, dry_run=dry_run)
        pipeline = self._sound_pipeline(schedule)
        kept = kept_parameters(pipeline, values, texts)
        added = replace(schedule, parameters=kept.values, templates=kept.templates)
        now = utc_now()
        check_filled_in(pipeline, added, kept, now=now)
        if not dry_run:
            self._app.metastore.schedules.add(added, at=now)
        return added

    def update(
        self,
        schedule: Schedule,
        *,
        values: Mapping[str, object],
        texts: Mapping[str, str],
        pinned: bool | None = None,
    ) -> None:
        """Have a schedule be as this one from now on, with these values beside those that it has.

        Whether it is pinned stays as it is unless said; if so, it is to the notebook as it is now.
        Raises what `add` does, and `NotFound`.
        """
        check_schedule(schedule)
        self._require_upstream(schedule)
        if pinned is not None:
            schedule = self._with_pin(schedule, pinned=pinned)
        pipeline = self._sound_pipeline(schedule)
        kept = kept_parameters(pipeline, values, texts).over(schedule)
        changed = replace(schedule, parameters=kept.values, templates=kept.templates)
        check_filled_in(pipeline, changed, kept, now=utc_now())
        self._app.metastore.schedules.update(changed)

    def trigger(self, name: str, *, values: Mapping[str, object], texts: Mapping[str, str]) -> Fire:
        """Ask for a run of a schedule now, with these values instead of its own; whoever serves begins it.

        Raises `NotFound`, and what `Dagflow.start` does for its notebook and parameters.
        """
        schedules = self._app.metastore.schedules
        schedule = schedules.find(name).schedule
        now = utc_now()
        pipeline = self._sound_pipeline(schedule)
        kept = kept_parameters(pipeline, values, texts)
        fire = Fire(
            interval=DataInterval(now, now),
            run_id=new_run_id(),
            recorded_at=now,
            kind=FireKind.MANUAL,
            parameters=kept.values,
            templates=kept.templates,
        )
        check_filled_in(pipeline, schedule, given_to(schedule, fire), now=now)
        schedules.trigger(name, fire)
        return fire

    def backfill(
        self,
        name: str,
        *,
        start: datetime,
        end: datetime,
        reprocess: Reprocess = Reprocess.NONE,
        reverse: bool = False,
        max_active_runs: int | None = None,
        values: Mapping[str, object],
        texts: Mapping[str, str],
        dry_run: bool = False,
    ) -> AskedBackfill:
        """Ask for runs of the intervals of a schedule that start within bounds; whoever serves begins them.

        With ``dry_run`` it is only told which. Raises `NotFound`, `OptionError`, and what `Dagflow.start` does for its
        notebook, kernels and parameters.
        """
        metastore, now = self._app.metastore, utc_now()
        schedule = metastore.schedules.find(name).schedule
        table = schedule.timetable(zone_of(schedule))
        asked = Backfill(
            start=start,
            end=end,
            reprocess=reprocess,
            reverse=reverse,
            max_active_runs=1 if max_active_runs is None else max_active_runs,
        )
        check_backfill(asked, table, schedule.policy)
        pipeline = self._sound_pipeline(schedule)
        source = pinned_texts(self._app.settings.home, schedule).read(schedule.notebook)
        require_kernels(source, pipeline)
        kept = kept_parameters(pipeline, values, texts)
        like = Fire(
            interval=DataInterval(now, now),
            run_id=RunId(""),
            recorded_at=now,
            parameters=kept.values,
            templates=kept.templates,
        )
        check_filled_in(pipeline, schedule, given_to(schedule, like), now=now)
        settings = self._app.settings
        pools = {task.options.pool for task in pipeline.tasks if task.options.pool is not None}
        runs, jobs = shares(
            max_active_runs, settings.jobs, [settings.pools.get(pool, 1) for pool in pools]
        )
        asked = replace(asked, max_active_runs=runs, jobs=jobs)
        chosen: list[Choice] = []

        def choose(states: Mapping[datetime, RunState]) -> list[DataInterval]:
            chosen[:] = choices(asked, table, states, now=now)
            return [each.interval for each in chosen if each.runs]

        if dry_run:
            choose(metastore.backfills.states(name, asked))
            return AskedBackfill(tuple(chosen), None)
        fires = metastore.backfills.ask(
            name,
            asked,
            choose=choose,
            parameters=kept.values,
            templates=kept.templates,
            at=now,
            new_run_id=new_run_id,
        )
        return AskedBackfill(tuple(chosen), fires[0].backfill if fires else None)

    def cancel_backfills(self, name: str, these: Collection[int] | None = None) -> int:
        """Cancel these backfills of a schedule, or all, at once; returns of how many intervals. Raises `NotFound`."""
        backfills, count = self._app.metastore.backfills, 0
        for each in backfills.unfinished(name):
            if these is not None and each.backfill_id not in these:
                continue
            count += backfills.drop(each.backfill_id)
            for run_id in backfills.find(each.backfill_id).active:  # none is created any more
                self._app.request_cancel(run_id)
                count += 1
        return count

    def prune(self, name: str) -> list[RunId]:
        """Delete the runs of a schedule that are not kept any longer, and return them; raises `NotFound`.

        Their steps and what only they had kept goes with them. One that somebody has resumed meanwhile stays.
        """
        schedules, gone, values = self._app.metastore.schedules, list[RunId](), set[str]()
        schedule = schedules.find(name).schedule
        found = schedules.runs(name)  # first: what is taken or ends meanwhile is only kept longer
        gone_by_now = not_kept(
            schedule,
            found,
            untaken=schedules.untaken(name),
            going_back=schedules.going_back(name),
            now=utc_now(),
        )
        try:
            for run_id in gone_by_now:
                with suppress(RunGoesOn, NotFound):
                    kept = self._app.values_of(run_id)
                    gone.append(self._app.delete(run_id))
                    values |= kept
        finally:  # nobody asks for those of a run that is gone again
            self._app.remove_values(values)
        return gone

    def prune_all(self) -> None:
        """Delete the runs of all schedules that are not kept any longer; what fails now is done later.

        So are notebooks to which none is pinned any more.
        """
        for name in self._app.metastore.schedules.pruning():
            try:
                self.prune(name)
            except (DagflowError, OSError):
                _log.warning("Runs of the schedule %s could not be deleted", name, exc_info=True)
        try:
            remove_unneeded(
                self._app.settings.home, self._app.metastore.schedules.definitions, now=utc_now()
            )
        except (DagflowError, OSError):
            _log.warning("Notebooks that were pinned could not be removed", exc_info=True)

    def scheduler(
        self, *, own: Callable[[LiveRun], None], tell: Callable[[str], None]
    ) -> Scheduler[LiveRun]:
        """What begins the runs; ``own`` is handed each, and ``tell`` is told of it and of what comes to nothing."""

        def begin(schedule: Schedule, fire: Fire) -> LiveRun:
            run = self._begin(schedule, fire)
            own(run)
            tell(
                f"schedule {schedule.name}: run {run.run_id} for {fire.interval.start.isoformat()}"
            )
            return run

        metastore = self._app.metastore
        return Scheduler(
            metastore,
            begin=begin,
            new_run_id=new_run_id,
            now=utc_now,
            election=Election(metastore, _ROLE),
            tell=tell,
            watch=self._watch,
            prune=self.prune_all,
        )

    def _watch(self, events: Sequence[Event]) -> None:
        """Tell those who watch every run of one that could not begin; they are waited for as after any run."""
        created = events[0]
        assert isinstance(created, RunCreated)
        watchers = Watchers(f"run {created.run_id}")
        for sink in self._app.watchers(created.pipeline):
            watchers.add(sink)
        for event in events:
            watchers.tell(event)
        watchers.close(_WATCHED_WITHIN_S)

    def _begin(self, schedule: Schedule, fire: Fire) -> LiveRun:
        """Begin the run of a fire; raises `EventConflict` if it has begun already, and what `Dagflow.start` does."""
        if self._app.metastore.events(fire.run_id, limit=1):  # its files are not ours
            raise EventConflict(f"Run {fire.run_id} has begun already.")
        given = given_to(schedule, fire)
        prepared = self._app.prepare(
            schedule.notebook,
            by=schedule.by,
            fresh=True,
            texts=pinned_texts(self._app.settings.home, schedule),
            fill_in=lambda pipeline: filled_in(
                pipeline, schedule, fire.interval, run_id=fire.run_id, given=given
            ),
        )
        return self._app.launch(
            prepared,
            jobs=self._app.metastore.backfills.asked(fire.backfill).jobs if fire.backfill else None,
            keep_all=schedule.keep_all,
            trigger=fire.kind.value,
            data_interval=fire.interval,
            reuse=Reuse.ASKED,
            run_id=fire.run_id,
            expected_s=schedule.policy.expected_s,
            deadline_at=deadline_of(schedule, fire),
            schedule=schedule.name,
        )

    def _require_upstream(self, schedule: Schedule) -> None:
        """Raise `NotFound` if there is no schedule that it is to follow, `OptionError` if it would follow itself."""
        after = schedule.after
        while after is not None:
            if after == schedule.name:
                raise OptionError(
                    f"The schedule {schedule.name} would follow itself.",
                    hint="Say another schedule with --on-success.",
                )
            after = self._app.metastore.schedules.find(after).schedule.after

    def _with_pin(self, schedule: Schedule, *, pinned: bool, dry_run: bool = False) -> Schedule:
        """A schedule that is pinned to its notebook as it is now, which is kept, or that follows the file."""
        following = replace(schedule, pin=None)
        if not pinned or dry_run:
            return following
        compilation = self._app.compile(schedule.notebook, by=schedule.by)
        source = self._app.read(schedule.notebook)
        return pin(self._app.settings.home, following, source, compilation)

    def _sound_pipeline(self, schedule: Schedule) -> Pipeline:
        """The pipeline of a schedule's notebook; raises `NotebookError` and `CompilationFailed`."""
        texts = pinned_texts(self._app.settings.home, schedule)
        compilation = self._app.compile(schedule.notebook, by=schedule.by, texts=texts)
        if not compilation.ok:
            raise CompilationFailed(compilation.pipeline.notebook, compilation.diagnostics)
        return compilation.pipeline
