"""What people are told of a run besides how it went: who asked for it, of what it was made, and earlier attempts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from jupyter_dagflow.core.records import Origin, Revision, RunRecord, Surroundings
from jupyter_dagflow.core.run import Attempt, RunView, TaskRun
from jupyter_dagflow.core.states import TaskState
from jupyter_dagflow.surfaces import words
from jupyter_dagflow.surfaces.look import TASK_LOOKS, Look
from jupyter_dagflow.surfaces.report import Part
from jupyter_dagflow.surfaces.table import Column, Table

COMMIT_SHOWN = 9  # as many characters as git shows of a commit in a large repository
FROM = {
    Origin.CLI: "the command line",
    Origin.MAGIC: "a notebook",
    Origin.PYTHON: "Python",
    Origin.SERVER: "Jupyter Server",
}
_DIRTY = {True: ", with uncommitted changes", False: "", None: ", uncommitted changes unknown"}
_MOST_PACKAGES = 24
_MOST_ATTEMPTS = 50


def parts(view: RunView, *, source: Path) -> list[Part]:
    """The attempts that were not the last, and the record; ``source`` is where the exact notebook lies."""
    earlier = [(task, each) for task in view.tasks.values() for each in task.attempts[:-1]]
    told: list[Part] = []
    if earlier:
        told.append(_attempts_table(earlier[:_MOST_ATTEMPTS]))
        task = earlier[0][0].name
        told.append(
            f"next: dagflow runs logs {view.run_id} {task} --attempt 1 shows what that one printed"
        )
    rows = tuple(_rows(view, source))
    if rows:
        columns = (Column("", style="dim"), Column(""))
        told.append(Table(columns=columns, rows=rows, headed=False))
    return told


def _attempts_table(earlier: list[tuple[TaskRun, Attempt]]) -> Table:
    return Table(
        columns=(
            Column("earlier attempts", style="bold"),
            Column("attempt", number=True),
            Column("state"),
            Column("duration", number=True),
            Column("failure"),
        ),
        rows=tuple(_attempt_row(task, attempt) for task, attempt in earlier),
        styles=tuple(_attempt_look(attempt).terminal for _, attempt in earlier),
    )


def _attempt_row(task: TaskRun, attempt: Attempt) -> tuple[str, ...]:
    look = _attempt_look(attempt)
    return (
        task.name,
        str(attempt.number),
        f"{look.icon} {look.word}",
        words.duration(attempt.duration_s) if attempt.duration_s is not None else "",
        attempt.failure.message if attempt.failure is not None else "",
    )


def _attempt_look(attempt: Attempt) -> Look:
    """How an attempt looks: it has failed where its task is to be tried again."""
    again = attempt.state is TaskState.UP_FOR_RETRY
    return TASK_LOOKS[TaskState.FAILED if again else attempt.state]


def _rows(view: RunView, source: Path) -> Iterator[tuple[str, str]]:
    record = view.record
    if record is not None:
        yield "asked for", _asked_for(view, record)
    if view.options.get("folder"):
        yield "folder", str(view.options["folder"])
    if source.exists():
        yield "exact source", str(source)
    if record is not None and record.revision is not None:
        yield "git", commit(record.revision)
    if view.parameters:
        yield (
            "parameters",
            ", ".join(f"{name}={value!r}" for name, value in view.parameters.items()),
        )
    if view.surroundings:
        yield from _surroundings([*view.surroundings.values()])
    if record is not None:
        yield "run by", f"jupyter-dagflow {record.version}, Python {record.python}"


def _asked_for(view: RunView, record: RunRecord) -> str:
    at = words.moment(view.created_at)
    return f"by {record.user} on {record.host}, from {FROM[record.origin]}, at {at}"


def commit(revision: Revision) -> str:
    """A revision in words."""
    branch = f" on {revision.branch}" if revision.branch else ""
    return f"{revision.commit[:COMMIT_SHOWN]}{branch}{_DIRTY[revision.dirty]}"


def _surroundings(found: list[Surroundings]) -> Iterator[tuple[str, str]]:
    """The kernels with their Pythons, and the packages of all tasks."""
    pythons: dict[str, str] = {}
    packages: dict[str, dict[str, None]] = {}
    for each in found:
        pythons[each.kernel] = each.python or pythons.get(each.kernel, "")
        for name, version in each.packages.items():
            packages.setdefault(name, {})[version or "?"] = None
    yield "kernel", ", ".join(f"{k} (Python {p})" if p else k for k, p in pythons.items())
    if packages:
        listed = [f"{name} {' and '.join(packages[name])}" for name in sorted(packages)]
        yield "packages", words.listed(listed, most=_MOST_PACKAGES)
