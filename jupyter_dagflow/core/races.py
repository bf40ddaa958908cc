"""Two tasks and one file, with nothing that says which of them comes first.

The law: notebook order is the truth, and only an edge keeps it. Where no path leads from one task
to another, either may have come first, so a file that one of them wrote and the other touched may
hold what Run All would not have left in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from jupyter_dagflow.core.diagnostics import Code
from jupyter_dagflow.core.files import FileUses
from jupyter_dagflow.core.model import Edge, Mention, Pipeline, TaskName


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """Two tasks whose code names one file, in notebook order, and where."""

    first: TaskName
    second: TaskName
    earlier: Mention
    later: Mention
    first_writes: bool
    second_writes: bool


def race_of(
    pipeline: Pipeline, touched: Mapping[TaskName, FilesTouched], ended: TaskName
) -> Race | None:
    """The first race, in notebook order, between a task and those that ended before it."""
    mine = touched[ended]
    if not mine.read and not mine.written:
        return None
    ordered = _ordered_with(ended, pipeline.edges)
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


def unordered_meetings(files: Mapping[TaskName, FileUses], edges: Sequence[Edge]) -> list[Meeting]:
    """The pairs of tasks, in notebook order, that name one file in their code and that no path orders.

    One meeting for each pair; the paths are compared as they are written.
    """
    users: dict[str, list[TaskName]] = {}
    for name, uses in files.items():
        for path in dict.fromkeys(mention.name for mention in (*uses.writes, *uses.reads)):
            users.setdefault(path, []).append(name)
    pairs: dict[tuple[TaskName, TaskName], str] = {}
    order = {name: place for place, name in enumerate(files)}
    for path, names in users.items():
        writers = [n for n in names if any(m.name == path for m in files[n].writes)]
        for writer, other in product(writers, names):
            if writer != other:
                pair = (writer, other) if order[writer] < order[other] else (other, writer)
                pairs.setdefault(pair, path)
    ordered = {second: _ordered_with(second, edges) for _, second in pairs}
    return [
        Meeting(
            first=first,
            second=second,
            earlier=_mention(path, files[first]),
            later=_mention(path, files[second]),
            first_writes=any(m.name == path for m in files[first].writes),
            second_writes=any(m.name == path for m in files[second].writes),
        )
        for (first, second), path in sorted(
            pairs.items(), key=lambda item: (order[item[0][1]], order[item[0][0]])
        )
        if first not in ordered[second]
    ]


def _mention(path: str, uses: FileUses) -> Mention:
    return next(m for m in (*uses.writes, *uses.reads) if m.name == path)


def _ordered_with(task: TaskName, edges: Sequence[Edge]) -> set[TaskName]:
    """The task itself, and all that surely come before or after it."""
    return {task} | _reached(edges, task, up=True) | _reached(edges, task, up=False)


def _reached(edges: Sequence[Edge], start: TaskName, *, up: bool) -> set[TaskName]:
    """The tasks that a task comes after, or those that come after it."""
    steps: dict[TaskName, list[TaskName]] = {}
    for edge in edges:
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
