"""Lists of runs: pages of them, pipelines with their last ones, and how each task of each run stands.

The law: what is read is what is shown. A page goes on from a place in the order, not from a count of rows, so the
thousandth costs what the first does, and a run that begins or is deleted meanwhile neither repeats nor hides another.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, func, literal, select, tuple_

from jupyter_dagflow.core.errors import OptionError
from jupyter_dagflow.core.states import RunState, TaskState
from jupyter_dagflow.storage.asked_for import file_of
from jupyter_dagflow.storage.tables import UtcDateTime, events, metrics, runs, task_runs
from jupyter_dagflow.wire import (
    GridDocument,
    GridRunDocument,
    GridTaskDocument,
    PipelineDocument,
    PipelinesDocument,
    RunsDocument,
    RunSummaryDocument,
)

_TIME = "%Y%m%dT%H%M%S.%f"
_SHOWN_OF_PIPELINE = 10
_LOOK = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Which:
    """Which runs: of a ``pipeline``, in a ``state``, with a text in their pipeline's name or beginning their id.

    Pipelines are named after their notebooks, of which several in different folders may have one name; those of a
    ``file`` are its own.
    """

    pipeline: str = ""
    state: RunState | None = None
    search: str = ""
    file: Path | None = None


ALL = Which()


class Place(NamedTuple):
    """Where a run stands among all; as text, what a page is asked for that goes on below it."""

    created_at: datetime
    run_id: str

    def __str__(self) -> str:
        return f"{self.created_at.astimezone(timezone.utc).strftime(_TIME)}~{self.run_id}"

    @classmethod
    def of(cls, text: str) -> Place:
        """The place that a text tells; raises `OptionError`."""
        at, _, run_id = text.partition("~")
        try:
            return cls(datetime.strptime(at, _TIME).replace(tzinfo=timezone.utc), run_id)
        except ValueError:
            raise OptionError(
                f"before is {text!r}, which is no place in the list.",
                hint="Give what the page above it has as next, or leave it out.",
            ) from None


def newest(connection: Connection, which: Which, *, limit: int) -> list[RunSummaryDocument]:
    """Runs, newest first."""
    rows = connection.execute(_query(which).limit(limit)).mappings()
    return [_summary(row) for row in rows]


def page(connection: Connection, which: Which, *, limit: int, before: str = "") -> RunsDocument:
    """Runs, newest first, from below a place on; raises `OptionError` if it is none.

    Of a file, a page may hold fewer than ``limit`` though others follow: where the runs of its namesakes are many, it
    goes through so many of them and leaves the rest to the next page.
    """
    query = _query(which)
    if before:
        at, run_id = Place.of(before)
        place = tuple_(literal(at, UtcDateTime()), literal(run_id))
        query = query.where(tuple_(runs.c.created_at, runs.c.run_id) < place)
    most = limit + 1 if which.file is None else max(limit + 1, _LOOK)
    rows = connection.execute(query.limit(most)).mappings().all()
    found = rows if which.file is None else _of_file(connection, rows, which.file)
    shown = found[:limit]
    last = None
    if len(found) > limit:
        last = shown[-1]
    elif len(rows) == most:
        last = rows[-1]
    return RunsDocument(
        runs=[_summary(row) for row in shown],
        next=None if last is None else str(Place(last["created_at"], last["run_id"])),
    )


def pipelines(connection: Connection, *, limit: int, after: str = "") -> PipelinesDocument:
    """The pipelines that have runs, by name from the one ``after`` on, each with its last runs, newest first.

    Each name is found from the one before it in the index, so a long history costs nothing.
    """
    names: list[str] = []
    last: str | None = after
    while len(names) <= limit and (last := _name_after(connection, last or "")) is not None:
        names.append(last)
    shown = names[:limit]
    return PipelinesDocument(
        pipelines=[_pipeline(connection, name) for name in shown],
        next=shown[-1] if len(names) > limit else None,
    )


def grid(connection: Connection, which: Which, *, limit: int, before: str = "") -> GridDocument:
    """A page of runs with how each of their tasks stands; instances of mapped tasks are left out."""
    found = page(connection, which, limit=limit, before=before)
    ids = [run.run_id for run in found.runs]
    if not ids:
        return GridDocument(tasks=[], runs=[], next=None)
    tasks = _tasks(connection, ids)
    measured = _metrics(connection, ids)
    return GridDocument(
        tasks=_in_order([list(tasks[run_id]) for run_id in ids]),
        runs=[
            GridRunDocument(run=run, tasks=tasks[run.run_id], metrics=measured[run.run_id])
            for run in found.runs
        ],
        next=found.next,
    )


def newest_first() -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    """The order in which runs are listed."""
    return runs.c.created_at.desc(), runs.c.run_id.desc()


def _query(which: Which) -> Select[Any]:
    query = select(runs).order_by(*newest_first())
    if which.pipeline:
        query = query.where(runs.c.pipeline == which.pipeline)
    if which.file is not None:
        query = query.where(runs.c.pipeline == which.file.stem)
    if which.state is not None:
        query = query.where(runs.c.state == which.state.value)
    if which.search:
        named = runs.c.pipeline.contains(which.search, autoescape=True)
        query = query.where(named | runs.c.run_id.startswith(which.search, autoescape=True))
    return query


def _of_file(
    connection: Connection, rows: Sequence[RowMapping], file: Path
) -> Sequence[RowMapping]:
    """Those of the runs that are of a file: each tells in its first event where it was asked for."""
    query = select(events.c.run_id, events.c.body).where(
        events.c.run_id.in_([row["run_id"] for row in rows]), events.c.seq == 1
    )
    options = {
        run_id: json.loads(body).get("options", {})
        for run_id, body in (connection.execute(query) if rows else ())
    }
    real = cache(Path.resolve)  # of many runs of few files
    return [
        row
        for row in rows
        if real(file_of(row["notebook"], options.get(row["run_id"], {}))) == real(file)
    ]


def _name_after(connection: Connection, name: str) -> str | None:
    found: str | None = connection.scalar(
        select(func.min(runs.c.pipeline)).where(runs.c.pipeline > name)
    )
    return found


def _pipeline(connection: Connection, name: str) -> PipelineDocument:
    query = _query(Which(pipeline=name)).limit(_SHOWN_OF_PIPELINE)
    rows = connection.execute(query).mappings().all()
    return PipelineDocument(
        pipeline=name, notebook=rows[0]["notebook"], last_runs=[_summary(row) for row in rows]
    )


def _tasks(connection: Connection, ids: Collection[str]) -> dict[str, dict[str, GridTaskDocument]]:
    query = (
        select(task_runs)
        .where(task_runs.c.run_id.in_(ids), task_runs.c.task.not_like("%[%"))
        .order_by(task_runs.c.run_id, task_runs.c.position)
    )
    found: dict[str, dict[str, GridTaskDocument]] = {run_id: {} for run_id in ids}
    for row in connection.execute(query).mappings():
        found[row["run_id"]][row["task"]] = GridTaskDocument(
            state=TaskState(row["state"]),
            attempt=row["attempt"],
            cached=row["cached"],
            duration_s=row["duration_s"],
        )
    return found


def _metrics(connection: Connection, ids: Collection[str]) -> dict[str, dict[str, Any]]:
    query = select(metrics).where(metrics.c.run_id.in_(ids)).order_by(metrics.c.name)
    found: dict[str, dict[str, Any]] = {run_id: {} for run_id in ids}
    for row in connection.execute(query).mappings():
        found[row["run_id"]][row["name"]] = json.loads(row["value"])
    return found


def _in_order(lists: Sequence[Sequence[str]]) -> list[str]:
    """The names of all lists, those of the first as it has them, each other one behind its neighbour.

    >>> _in_order([["load", "report"], ["load", "clean", "report"]])
    ['load', 'clean', 'report']
    """
    behind: dict[str, str] = {"": ""}  # each name's neighbour; no task is called nothing
    for names in lists:
        place = ""
        for name in names:
            if name not in behind:
                behind[name], behind[place] = behind[place], name
            place = name
    order, name = [], behind[""]
    while name:
        order.append(name)
        name = behind[name]
    return order


def _summary(row: RowMapping) -> RunSummaryDocument:
    return RunSummaryDocument(
        run_id=row["run_id"],
        pipeline=row["pipeline"],
        state=RunState(row["state"]),
        trigger=row["trigger"],
        logical_date=row["logical_date"],
        started_at=row["started_at"],
        finished_at=row["finished_at"],
    )
