"""Backfills for people and for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from jupyter_dagflow.core.backfill import Choice
from jupyter_dagflow.core.fires import Fire
from jupyter_dagflow.core.states import RunState
from jupyter_dagflow.surfaces import words
from jupyter_dagflow.surfaces.look import run_look
from jupyter_dagflow.surfaces.report import Part
from jupyter_dagflow.surfaces.table import Column, Table
from jupyter_dagflow.wire import BackfillDocument, BackfillIntervalDocument

Newest = Mapping[datetime, tuple[Fire, RunState]]


def parts(chosen: Sequence[Choice], newest: Newest, zone: str, *, dry_run: bool) -> list[Part]:
    """The intervals within the bounds, each with what became of it, and how many there are."""
    count = sum(each.runs for each in chosen)
    last = f"{words.count(count, 'interval')} of {len(chosen)} would run" if dry_run else ""
    if not chosen:
        return ["No data interval of the schedule that has ended starts within these bounds."]
    if not count and not dry_run:
        last = (
            "Nothing was left to run: dagflow backfill --reprocess failed|all runs intervals again."
        )
    clocks = ZoneInfo(zone)
    columns = (Column(f"data from ({zone})"), Column("until"), Column("run", style="bold"))
    rows = tuple(
        (
            words.by_clock(each.interval.start, clocks),
            words.by_clock(each.interval.end, clocks),
            "" if (found := newest.get(each.interval.start)) is None else found[0].run_id,
            _fate(each, None if found is None else found[1], dry_run=dry_run),
        )
        for each in chosen
    )
    return [Table(columns=(*columns, Column("state")), rows=rows), *([last] if last else [])]


def document(name: str, chosen: Sequence[Choice], newest: Newest) -> BackfillDocument:
    """The same for programs."""
    return BackfillDocument(
        schedule=name,
        intervals=[
            BackfillIntervalDocument(
                logical_date=each.interval.logical_date,
                data_interval_start=each.interval.start,
                data_interval_end=each.interval.end,
                runs=each.runs,
                run_id=None
                if (found := newest.get(each.interval.start)) is None
                else found[0].run_id,
                state=None if found is None else found[1],
            )
            for each in chosen
        ],
    )


def _fate(choice: Choice, state: RunState | None, *, dry_run: bool) -> str:
    known = "" if state is None else f"{run_look(state).icon} {run_look(state).word}"
    if dry_run:
        return f"{known}, would run again" if known and choice.runs else known or "would run"
    return known or "not begun"
