"""What people are told of the difference between two runs: one line, then a section for each kind of difference.

The law: it is `RunDiff` and no more; of long lists the beginning is shown and the rest is counted (``--json`` has all).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from jupyter_dagflow.core.code_diff import CodeChange
from jupyter_dagflow.core.model import TaskName
from jupyter_dagflow.core.run_diff import Change, Compared, InputChange, RunDiff
from jupyter_dagflow.core.states import TaskState
from jupyter_dagflow.surfaces import words
from jupyter_dagflow.surfaces.lines import Lines, diff_lines
from jupyter_dagflow.surfaces.look import TASK_LOOKS, run_look
from jupyter_dagflow.surfaces.report import Part
from jupyter_dagflow.surfaces.run_record import COMMIT_SHOWN
from jupyter_dagflow.surfaces.table import Column, Table

T = TypeVar("T")

_MOST_ROWS = 20
_MOST_LINES = 60  # of one unified diff
_DIGEST_SHOWN = 8


def parts(diff: RunDiff) -> list[Part]:
    """The summary, both runs, and what differs."""
    told: list[Part] = [_line(diff.summary, style="bold"), _runs(diff.before, diff.after)]
    told += _metrics(diff)
    told += _changes("task", diff.states, say=_state)
    told += _names("new", diff.added) + _names("removed", diff.removed)
    told += [_code(change) for change in diff.code[:_MOST_ROWS]]
    if len(diff.code) > _MOST_ROWS:
        told.append(_line(f"+{len(diff.code) - _MOST_ROWS} more changes of code"))
    told += _changes("parameter", diff.parameters)
    told += _changes("file", diff.files, say=_digest)
    told += _changes("version", diff.versions)
    told += _changes("git", diff.git, say=_commit)
    told += _changes("asked for", diff.asked)
    told += _unexplained(diff)
    told += _inputs(diff.inputs)
    told += _durations(diff)
    if diff.unknown:
        told.append(Lines(tuple((f"not known: {what}", "") for what in diff.unknown)))
    return told


def _line(text: str, style: str = "") -> Lines:
    return Lines(((text, style),))


def _runs(before: Compared, after: Compared) -> Table:
    runs = (before, after)
    return Table(
        columns=(
            Column(""),
            Column("run", style="bold"),
            Column("pipeline"),
            Column("state"),
            Column("started"),
            Column("duration", number=True),
        ),
        rows=tuple(
            (
                when,
                run.run_id,
                run.pipeline if before.pipeline != after.pipeline else "",
                f"{run_look(run.state).icon} {run_look(run.state).word}",
                words.moment(run.started_at),
                _taken(run),
            )
            for when, run in zip(("before", "after"), runs, strict=True)
        ),
        styles=tuple(run_look(run.state).terminal for run in runs),
    )


def _taken(run: Compared) -> str:
    if run.started_at is None or run.finished_at is None:
        return ""
    return words.spent(run.started_at, run.finished_at)


def _metrics(diff: RunDiff) -> list[Part]:
    if not diff.metrics:
        return []
    columns = ("metric", "before", "after", "change")
    return [
        Table(
            columns=tuple(Column(heading, number=heading != "metric") for heading in columns),
            rows=_shown(
                diff.metrics, lambda m: (m.name, *m.texts, _by_how_much(m.before, m.after))
            ),
        )
    ]


def _by_how_much(before: object, after: object) -> str:
    numbers = (int, float)
    if isinstance(before, bool) or isinstance(after, bool):
        return ""
    if isinstance(before, numbers) and isinstance(after, numbers):
        return f"{after - before:+.4g}"
    return ""


def _changes(
    heading: str, changes: Sequence[Change], *, say: Callable[[Change, str], str] | None = None
) -> list[Part]:
    if not changes:
        return []
    said = say or (lambda _, value: value)

    def row(change: Change) -> tuple[str, ...]:
        values = (change.before, change.after)
        told = (words.NO_VALUE if value is None else said(change, value) for value in values)
        return (change.name, *told, words.listed(change.tasks))

    columns = (Column(heading, style="bold"), Column("before"), Column("after"), Column("tasks"))
    return [Table(columns=columns, rows=_shown(changes, row))]


def _state(_: Change, state: str) -> str:
    look = TASK_LOOKS[TaskState(state)]
    return f"{look.icon} {look.word}"


def _digest(_: Change, digest: str) -> str:
    return digest.rpartition(":")[2][:_DIGEST_SHOWN]


def _commit(change: Change, value: str) -> str:
    return value[:COMMIT_SHOWN] if change.name == "commit" else value


def _names(what: str, tasks: Sequence[TaskName]) -> list[Part]:
    noun = "task" if len(tasks) == 1 else "tasks"
    return [_line(f"{what} {noun}: {words.listed(tasks, most=_MOST_ROWS)}")] if tasks else []


def _code(change: CodeChange) -> Lines:
    lines = diff_lines(change.diff)
    more = len(lines) - _MOST_LINES
    rest = ((f"… {words.count(more, 'more line')}", "dim"),) if more > 0 else ()
    return Lines(((_where(change), "bold"), *lines[:_MOST_LINES], *rest))


def _where(change: CodeChange) -> str:
    tasks = words.listed(change.tasks)
    subject = {
        "cells": f"code of task {tasks}",
        "when": f"condition of task {tasks}",
        "definitions": f"definitions in {tasks}",
        "setup": f"setup of {tasks}",
    }[change.kind]
    return ", ".join([subject, *_cells(change)])


def _cells(change: CodeChange) -> Iterator[str]:
    before, after = change.cells_before, change.cells_after
    shown = after or before
    if shown:
        moved = f" (was {words.ranges(before)})" if before and after and before != after else ""
        yield ("cell " if len(shown) == 1 else "cells ") + words.ranges(shown) + moved


def _unexplained(diff: RunDiff) -> list[Part]:
    if not diff.unexplained:
        return []
    return [
        Table(
            columns=(Column("made other values of the same", style="bold"), Column("values")),
            rows=_shown(diff.unexplained, lambda r: (r.task, words.listed(r.names))),
        ),
        _line(
            "Look there for random numbers without a seed, for times, and for what the network gave."
        ),
    ]


def _inputs(inputs: Sequence[InputChange]) -> list[Part]:
    if not inputs:
        return []
    columns = (Column("other input", style="bold"), Column("of task"), Column("made by"))
    rows = _shown(inputs, lambda each: (each.name, each.task, words.listed(each.made_by)))
    return [Table(columns=columns, rows=rows)]


def _durations(diff: RunDiff) -> list[Part]:
    if not diff.durations:
        return []
    columns = (
        Column("took", style="bold"),
        Column("before", number=True),
        Column("after", number=True),
    )
    rows = _shown(
        diff.durations,
        lambda each: (each.task, words.duration(each.before_s), words.duration(each.after_s)),
    )
    return [Table(columns=columns, rows=rows)]


def _shown(
    changes: Sequence[T], row: Callable[[T], tuple[str, ...]]
) -> tuple[tuple[str, ...], ...]:
    """The rows of the first changes, and one that counts the others."""
    rows = tuple(row(change) for change in changes[:_MOST_ROWS])
    more = len(changes) - len(rows)
    return (*rows, (f"+{more} more", *[""] * (len(rows[0]) - 1))) if more else rows
