"""What each route of schedules answers.

The law: as in `answers`; options are those of the commands, read by the same reader, so both refuse the same.
"""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import msgspec

from jupyter_dagflow.clock import utc_now
from jupyter_dagflow.scheduled_runs import ScheduledRuns
from jupyter_dagflow.surfaces import backfill_report, schedule_report
from jupyter_dagflow.surfaces import schedule_options as options
from jupyter_dagflow.surfaces.server.asked import Asked
from jupyter_dagflow.wire import (
    BackfillDocument,
    CancelledBackfillsDocument,
    FireDocument,
    NextRunsDocument,
    PrunedDocument,
    RemovedScheduleDocument,
    ScheduleChangesDocument,
    ScheduleDocument,
    ScheduledPathDocument,
    ScheduleRecordDocument,
    SchedulesDocument,
)


def schedules(asked: Asked) -> SchedulesDocument:
    """A page of schedules."""
    query, now = asked.query, utc_now()
    found = asked.app.metastore.schedules.all(after=query.after, limit=query.limit + 1)
    shown = found[: query.limit]
    return SchedulesDocument(
        schedules=[schedule_report.document(each, now) for each in shown],
        next=shown[-1].schedule.name if len(found) > len(shown) else None,
    )


def schedule(asked: Asked) -> ScheduleRecordDocument:
    """One schedule with its newest fires, what it missed, and its next runs."""
    store, name, limit = asked.app.metastore.schedules, asked.names["schedule"], asked.query.limit
    return schedule_report.record_document(
        store.find(name), store.fires(name, limit=limit), store.missed(name, limit=limit), utc_now()
    )


def next_runs(asked: Asked) -> NextRunsDocument:
    """When a schedule fires next."""
    return _next_runs(asked, asked.query.limit)


def notebook_path(asked: Asked) -> ScheduledPathDocument:
    """Where the notebook of a schedule is."""
    _, found = asked.app.metastore.schedules.definition(asked.names["schedule"])
    path = asked.path_of(Path(found.notebook), hint=f"The schedule has it at {found.notebook}.")
    return ScheduledPathDocument(schedule=found.name, path=path)


def add(asked: Asked) -> NextRunsDocument:
    """Have a saved notebook run at times, or only tell when that would be."""
    body, now = asked.body, utc_now()
    notebook = str(asked.notebook(body.path))
    added = ScheduledRuns(asked.app).add(
        options.schedule_of(notebook, _options(body), name=body.name, now=now),
        values=body.parameters,
        texts=body.parameter_texts,
        pinned=body.pin is True,
        dry_run=body.dry_run,
    )
    return schedule_report.next_document(added, None, now)


def update(asked: Asked) -> NextRunsDocument:
    """Change options of a schedule."""
    body = asked.body
    before = asked.app.metastore.schedules.find(asked.names["schedule"]).schedule
    ScheduledRuns(asked.app).update(
        options.changed(before, _options(body)),
        values=body.parameters,
        texts=body.parameter_texts,
        pinned=None if body.pin is msgspec.UNSET else body.pin,
    )
    return _next_runs(asked, options.NEXT_SHOWN)


def pause(asked: Asked) -> ScheduleDocument:
    """Have a schedule begin nothing until it is resumed."""
    asked.app.metastore.schedules.pause(asked.names["schedule"])
    return _standing(asked)


def resume(asked: Asked) -> ScheduleDocument:
    """Have a paused schedule go on."""
    asked.app.metastore.schedules.resume(asked.names["schedule"], at=utc_now())
    return _standing(asked)


def trigger(asked: Asked) -> FireDocument:
    """Ask for a run of a schedule now."""
    fire = ScheduledRuns(asked.app).trigger(
        asked.names["schedule"], values=asked.body.parameters, texts=asked.body.parameter_texts
    )
    return schedule_report.fire_document(fire, None)


def prune(asked: Asked) -> PrunedDocument:
    """Delete the runs of a schedule that are not kept any longer."""
    name = asked.names["schedule"]
    return PrunedDocument(schedule=name, runs=list(ScheduledRuns(asked.app).prune(name)))


def remove(asked: Asked) -> RemovedScheduleDocument:
    """Remove a schedule."""
    name = asked.names["schedule"]
    asked.app.metastore.schedules.remove(name)
    return RemovedScheduleDocument(schedule=name)


def backfill(asked: Asked) -> BackfillDocument:
    """Ask for runs of intervals that have passed, or only tell which."""
    name, body, metastore = asked.names["schedule"], asked.body, asked.app.metastore
    wanted = options.backfill_of(
        body.start,
        body.end,
        reprocess=body.reprocess,
        reverse=body.reverse,
        jobs=None,
        zone=metastore.schedules.find(name).schedule.zone,
    )
    found = ScheduledRuns(asked.app).backfill(
        name,
        start=wanted.start,
        end=wanted.end,
        reprocess=wanted.reprocess,
        reverse=wanted.reverse,
        max_active_runs=body.jobs,
        values=body.parameters,
        texts=body.parameter_texts,
        dry_run=body.dry_run,
    )
    return backfill_report.document(name, found.intervals, metastore.backfills.newest(name, wanted))


def cancel_backfills(asked: Asked) -> CancelledBackfillsDocument:
    """Cancel the backfills of a schedule."""
    name = asked.names["schedule"]
    cancelled = ScheduledRuns(asked.app).cancel_backfills(name)
    return CancelledBackfillsDocument(schedule=name, cancelled=cancelled)


def _next_runs(asked: Asked, limit: int) -> NextRunsDocument:
    found = asked.app.metastore.schedules.find(asked.names["schedule"])
    last = found.standing.last
    return schedule_report.next_document(found.schedule, last, utc_now(), limit=limit)


def _standing(asked: Asked) -> ScheduleDocument:
    found = asked.app.metastore.schedules.find(asked.names["schedule"])
    return schedule_report.document(found, utc_now())


def _options(body: ScheduleChangesDocument) -> options.Asked:
    """The options that were sent, as they would be typed."""
    sent = {option.name: getattr(body, option.name) for option in fields(options.Asked)}
    return options.Asked(
        **{name: _typed(value) for name, value in sent.items() if value is not msgspec.UNSET}
    )


def _typed(value: Any) -> Any:
    if value is None:
        return options.NONE
    return value if isinstance(value, bool | str | list) else str(value)
