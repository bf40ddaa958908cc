"""Two tasks and one file, with nothing that says which of them comes first.

The law: notebook order is the truth, and only an edge keeps it. Where no path leads from one task
to another, either may have come first, so a file that one of them wrote and the other touched may
hold what Run All would not have left in it. Nor can an edge keep it where a task has cells above and
below those of the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from operator import or_

from jupyter_dagflow.core.diagnostics import Code
from jupyter_dagflow.core.errors import NOWHERE, Location
from jupyter_dagflow.core.files import FileUses
from jupyter_dagflow.core.lookup import Lookup, lowest, passed
from jupyter_dagflow.core.model import Edge, Mention, TaskName

_MOST_ABOVE = 100
# So ends what asks for something outside the kernel that is not there, or not yet whole.
_MISSING = frozenset(
    {"FileNotFoundError", "NotADirectoryError", "ModuleNotFoundError", "CalledProcessError"}
) | frozenset({"OperationalError", "ProgrammingError", "EmptyDataError", "EOFError"})
_MOST_NAMED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesTouched:
    """The project's files that a task read and wrote, by their paths from the notebook's folder; a
    folder that it listed (``sub/``) is read, too. Those that it ``appended`` to were opened by setup, as logs are:
    tasks that do so may come in any order, but for one that reads the file. ``at`` tells where it first touched a file
    (its name, and whether it wrote it), if that is known.
    """

    read: tuple[str, ...] = ()
    written: tuple[str, ...] = ()
    appended: tuple[str, ...] = ()
    at: Mapping[tuple[str, bool], Location] = field(default_factory=dict)

    def place(self, file: str, *, wrote: bool) -> Location:
        """Where a file was first touched, or any file in a folder that was written into; else `NOWHERE`."""
        found = self.at.get((file.rstrip("/"), wrote))
        if found is None and wrote and file in folders_of(self.written):
            inside = (each for each in self.written if file in folders_of((each,)))
            found = next(filter(None, (self.at.get((each, True)) for each in inside)), None)
        return found or NOWHERE


@dataclass(frozen=True, slots=True, kw_only=True)
class Race:
    """A file that two tasks touched, in notebook order, and what each of them did with it.

    They are ``interleaved`` if the first has cells below where the second begins.
    """

    file: str
    first: TaskName
    second: TaskName
    first_wrote: bool
    second_wrote: bool
    first_read: bool
    second_read: bool
    first_at: Location = NOWHERE
    second_at: Location = NOWHERE
    interleaved: bool = False

    def at(self, task: TaskName) -> Location:
        """Where one of the two touched the file, as far as that is known."""
        return self.first_at if task == self.first else self.second_at

    @property
    def message(self) -> str:
        """What happened, in words."""
        first, second = _did(self.first_wrote), _did(self.second_wrote)
        why = "but nothing says which of the two comes first"
        if self.interleaved:
            why = f"but task {self.first} has cells above and below, so that neither comes first"
        return (
            f"{Code.FILE_RACE.code}: {_who(self.first, self.first_at)} {first} {self.file} and "
            f"{_who(self.second, self.second_at)} {second} it, {why}."
        )

    @property
    def hint(self) -> str:
        """What to do about it."""
        if self.interleaved:
            return (
                f"Tag the cells of task {self.first} that stand below as a task of their own, or put them into "
                "one task."
            )
        (first, *_), (second, *_) = self.deeds
        return (
            f"Run it again: that is known from now on, and task {self.second} waits for task {self.first}. To say "
            f"so in the notebook, tag task {self.second} after:{self.first}; or tag task {self.first} {first} and "
            f"task {self.second} {second}."
        )

    @property
    def deeds(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The tags that say what the first task did with the file, and the second."""
        return (
            _tags(self.file, wrote=self.first_wrote, read=self.first_read),
            _tags(self.file, wrote=self.second_wrote, read=self.second_read),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Undone:
    """A file that a task wrote and that setup reads, or writes anew, before each of the others."""

    file: str
    task: TaskName
    place: Location = NOWHERE

    def at(self, _task: TaskName) -> Location:
        """Where the task wrote it, as far as that is known."""
        return self.place

    @property
    def message(self) -> str:
        """What happened, in words."""
        return (
            f"{Code.FILE_RACE.code}: task {self.task} wrote {self.file}, which setup reads or writes before every "
            "task; so others would not find it as it was when the notebook began, or not as this task left it."
        )

    @property
    def hint(self) -> str:
        """What to do about it."""
        return f"Read or write {self.file} in a task and not in setup; or let task {self.task} write another file."


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """Two tasks whose code names one file, in notebook order, and where."""

    first: TaskName
    second: TaskName
    earlier: Mention
    later: Mention
    first_writes: bool
    second_writes: bool


class Touched:
    """The files that the tasks of a run have touched so far, each with the places of those that did."""

    def __init__(self, lookup: Lookup) -> None:
        self._places = lookup.places
        self._read: dict[str, int] = {}
        self._written: dict[str, int] = {}
        self._filled: dict[str, int] = {}
        self._appended: dict[str, int] = {}
        self._files: dict[TaskName, FilesTouched] = {}

    def add(self, task: TaskName, files: FilesTouched) -> None:
        """Take in what a task has touched; what an attempt before this one did counts no more."""
        before = self._files.get(task, FilesTouched())
        self._files[task] = files
        bit = 1 << self._places[task]
        for tasks, old, new in (
            (self._read, before.read, files.read),
            (self._written, before.written, files.written),
            (self._filled, folders_of(before.written), folders_of(files.written)),
            (self._appended, before.appended, files.appended),
        ):
            for file in old:
                tasks[file] &= ~bit
            for file in new:
                tasks[file] = tasks.get(file, 0) | bit

    def wrote(self, task: TaskName, file: str) -> bool:
        """Whether a task wrote a file, or into one that setup has opened, or one in a folder."""
        tasks = self._written.get(file, 0) | self._filled.get(file, 0) | self._appended.get(file, 0)
        return bool(tasks >> self._places[task] & 1)

    def read(self, task: TaskName, file: str) -> bool:
        """Whether a task read a file, or listed a folder."""
        return bool(self._read.get(file, 0) >> self._places[task] & 1)

    def at(self, task: TaskName, file: str) -> Location:
        """Where a task wrote a file or, if it did not, read it; `NOWHERE` if that is not known."""
        return self._files.get(task, FilesTouched()).place(file, wrote=self.wrote(task, file))

    def met(self, task: TaskName) -> dict[str, int]:
        """The files that this task touched and others, too, if either wrote them; with the places of the others."""
        found: dict[str, int] = {}
        mine, others = self._files[task], ~(1 << self._places[task])
        for tasks, files in (
            (self._written, mine.read),
            (self._written, mine.written),
            (self._read, mine.written),
            (self._filled, mine.read),
            (self._read, folders_of(mine.written)),
            (self._appended, mine.read),
            (self._read, mine.appended),
            (self._appended, mine.written),
            (self._written, mine.appended),
        ):
            for file in files:
                if those := tasks.get(file, 0) & others:
                    found[file] = found.get(file, 0) | those
        return found


def folders_of(files: Iterable[str]) -> tuple[str, ...]:
    """The folders in which files lie: ``sub/`` of ``sub/x``, ``./`` of ``x``."""
    found = {f"{file.rpartition('/')[0] or '.'}/" for file in files}
    return tuple(sorted(found))


def race_of(lookup: Lookup, touched: Touched, ended: TaskName) -> Race | None:
    """The first race, in notebook order, between a task and those that ended before it."""
    met = touched.met(ended)
    racing = reduce(or_, met.values(), 0)
    interleaved = lookup.interleaved_with(ended) if racing else 0
    racing &= ~lookup.ordered_with(ended) | interleaved if racing else 0
    if not racing:
        return None
    place = lowest(racing)
    file = min(file for file, places in met.items() if places >> place & 1)
    other = lookup.pipeline.tasks[place].name
    first, second = sorted((other, ended), key=lookup.places.__getitem__)
    return Race(
        file=file,
        first=first,
        second=second,
        first_wrote=touched.wrote(first, file),
        second_wrote=touched.wrote(second, file),
        first_read=touched.read(first, file),
        second_read=touched.read(second, file),
        first_at=touched.at(first, file),
        second_at=touched.at(second, file),
        interleaved=bool(interleaved >> place & 1),
    )


def undone_by_setup(
    lookup: Lookup, task: TaskName, files: FilesTouched, by_setup: Iterable[str]
) -> Undone | None:
    """The first file that a task wrote after setup had read or written it, or listed its folder, if setup may run again
    after that: before a task that stands below, or that nothing puts before this one.
    """
    touched = {*by_setup}
    both = {file for file in files.written if not touched.isdisjoint((file, *folders_of((file,))))}
    if not both:
        return None
    above = lookup.ordered_with(task) & ((1 << lookup.places[task]) - 1)
    if above.bit_count() == len(lookup.places) - 1:
        return None
    return Undone(file=min(both), task=task, place=files.place(min(both), wrote=True))


def too_early(lookup: Lookup, task: TaskName, error: str) -> str:
    """What to do if ``error`` tells that a task may have run before one above it, which makes what it
    misses; else nothing.
    """
    if error.partition(":")[0].rpartition(".")[2] not in _MISSING:
        return ""
    ordered, tasks = lookup.ordered_with(task), lookup.pipeline.tasks[: lookup.places[task]]
    above = [each.name for place, each in enumerate(tasks) if not ordered >> place & 1]
    if not above:
        return ""
    nearest = above[-_MOST_NAMED:]
    others = f" and {len(above) - len(nearest)} more" * (len(above) > len(nearest))
    stand = "stands" if len(above) == 1 else "stand"
    return (
        f"In the notebook {', '.join(nearest)}{others} {stand} above, but nothing says what comes first. If "
        f"it misses what one of them makes, tag task {task} after:{nearest[-1]}, or whichever it is."
    )


def unordered_meetings(files: Mapping[TaskName, FileUses], edges: Sequence[Edge]) -> list[Meeting]:
    """The pairs of tasks, in notebook order, that name one file in their code and that no path orders.

    One meeting for each pair; the paths are compared as they are written. Of very many tasks that
    use one file, each is compared with the nearest above it.
    """
    users: dict[str, dict[TaskName, Mention]] = {}
    written: dict[str, set[TaskName]] = {}
    for name, uses in files.items():
        for mention in (*uses.writes, *uses.reads):
            users.setdefault(mention.name, {}).setdefault(name, mention)
        for mention in uses.writes:
            written.setdefault(mention.name, set()).add(name)
    pairs: dict[tuple[TaskName, TaskName], str] = {}
    for path, names in users.items():
        writers = written.get(path, set())
        above: list[TaskName] = []
        writers_above: list[TaskName] = []
        for second in names:
            for first in (above if second in writers else writers_above)[-_MOST_ABOVE:]:
                pairs.setdefault((first, second), path)
            above.append(second)
            if second in writers:
                writers_above.append(second)
    if not pairs:
        return []
    order = {name: place for place, name in enumerate(files)}
    down = sorted(edges, key=lambda edge: order[edge.source])  # most edges lead down the notebook
    before = passed(order, [(edge.source, edge.target) for edge in down])
    return [
        Meeting(
            first=first,
            second=second,
            earlier=users[path][first],
            later=users[path][second],
            first_writes=first in written[path],
            second_writes=second in written[path],
        )
        for (first, second), path in sorted(
            pairs.items(), key=lambda item: (order[item[0][1]], order[item[0][0]])
        )
        if not (before[second] >> order[first] | before[first] >> order[second]) & 1
    ]


def _tags(file: str, *, wrote: bool, read: bool) -> tuple[str, ...]:
    """What says it in the notebook; who writes a file comes before and after others in any case."""
    if not file.endswith("/"):
        return (f"writes:{file}",) if wrote else (f"reads:{file}",)
    files = f"{file}*".removeprefix("./")
    return (f"writes:{files}",) * wrote + (f"reads:{files}",) * read


def _who(task: TaskName, place: Location) -> str:
    """A task, and where in the notebook it did it: ``task load, cell 3, line 1,``."""
    where = str(replace(place, cell=None))
    return f"task {task}, {where}," if where else f"task {task}"


def _did(wrote: bool) -> str:
    return "wrote" if wrote else "read"
