"""Two tasks and one file, with nothing that says which of them comes first.

The law: notebook order is the truth, and only an edge keeps it. Where no path leads from one task
to another, either may have come first, so a file that one of them wrote and the other touched may
hold what Run All would not have left in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from jupyter_dagflow.core.diagnostics import Code
from jupyter_dagflow.core.model import Pipeline, TaskName


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesTouched:
    """The project's files that a task read and wrote, by their paths from the notebook's folder."""

    read: tuple[str, ...] = ()
    written: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Race:
    """A file that two tasks touched, in notebook order, and what each of them did with it."""

    file: str
    first: TaskName
    second: TaskName
    first_wrote: bool
    second_wrote: bool

    @property
    def message(self) -> str:
        """What happened, in words."""
        first, second = _did(self.first_wrote), _did(self.second_wrote)
        return (
            f"{Code.FILE_RACE.code}: task {self.first} {first} {self.file} and task {self.second} "
            f"{second} it, but nothing says which of the two comes first."
        )

    @property
    def hint(self) -> str:
        """What to do about it."""
        one = f"{'writes' if self.first_wrote else 'reads'}:{self.file}"
        other = f"{'writes' if self.second_wrote else 'reads'}:{self.file}"
        return (
            f"Tag task {self.second} after:{self.first}; or tag task {self.first} {one} and task "
            f"{self.second} {other}."
        )


def race_of(
    pipeline: Pipeline, touched: Mapping[TaskName, FilesTouched], ended: TaskName
) -> Race | None:
    """The first race, in notebook order, between a task and those that ended before it."""
    mine = touched[ended]
    ordered = {ended} | _reached(pipeline, ended, up=True) | _reached(pipeline, ended, up=False)
    order = [task.name for task in pipeline.tasks]
    for other in order:
        if other in ordered or other not in touched:
            continue
        theirs = touched[other]
        both = {*mine.written} & {*theirs.read, *theirs.written}
        both |= {*theirs.written} & {*mine.read}
        if both:
            file = min(both)
            first, second = sorted((other, ended), key=order.index)
            return Race(
                file=file,
                first=first,
                second=second,
                first_wrote=file in touched[first].written,
                second_wrote=file in touched[second].written,
            )
    return None


def _reached(pipeline: Pipeline, start: TaskName, *, up: bool) -> set[TaskName]:
    """The tasks that a task comes after, or those that come after it."""
    steps: dict[TaskName, list[TaskName]] = {}
    for edge in pipeline.edges:
        near, far = (edge.target, edge.source) if up else (edge.source, edge.target)
        steps.setdefault(near, []).append(far)
    found: set[TaskName] = set()
    pending = [start]
    while pending:
        for step in steps.get(pending.pop(), ()):
            if step not in found:
                found.add(step)
                pending.append(step)
    return found


def _did(wrote: bool) -> str:
    return "wrote" if wrote else "read"
