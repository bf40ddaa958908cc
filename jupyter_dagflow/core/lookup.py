"""What is where in a pipeline, looked up instead of searched for.

The law: it is made once of a pipeline and never changes. What one attempt asks of it takes as long
as the answer concerns that attempt, however many tasks there are. Sets of tasks are numbers, a bit
for each place in notebook order: to compare two of ten thousand tasks takes a microsecond.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate, pairwise
from typing import NamedTuple

from jupyter_dagflow.core.model import (
    CellId,
    Definition,
    Edge,
    Mention,
    Pipeline,
    Reason,
    Task,
    TaskName,
)


class Read(NamedTuple):
    """An input: the place of its task in notebook order, its own among those of the task."""

    place: int
    number: int


@dataclass(slots=True)
class _Reads:
    """All inputs of one name in notebook order; ``since`` are the places of their first sources,
    ``earliest`` the lowest of these from there on.
    """

    reads: list[Read] = field(default_factory=list)
    since: list[int] = field(default_factory=list)
    earliest: list[int] = field(default_factory=list)


@dataclass(slots=True)
class _Newest:
    """The highest version of a name, where it is first held, and the tasks that write it."""

    version: int = 0
    place: int = -1
    writers: list[int] = field(default_factory=list)


class Lookup:
    """A pipeline with the ways to find things in it.

    ``copied_from`` has the definitions of each cell that are copied into any task.
    """

    def __init__(self, pipeline: Pipeline) -> None:
        self.pipeline = pipeline
        self.places = {task.name: place for place, task in enumerate(pipeline.tasks)}
        self._lanes = {s: place for place, task in enumerate(pipeline.tasks) for s in task.steps}
        self.upstream: dict[TaskName, list[TaskName]] = defaultdict(list)
        self.downstream: dict[TaskName, list[TaskName]] = defaultdict(list)
        self.edges_from: dict[TaskName, list[Edge]] = defaultdict(list)
        self.copied_from: dict[CellId, set[Definition]] = defaultdict(set)
        self._reasons: dict[tuple[TaskName, str], Reason] = {}
        self._reads: dict[str, _Reads] = defaultdict(_Reads)
        self._reads_from: dict[tuple[str, TaskName], list[Read]] = defaultdict(list)
        self._from_prelude: dict[str, list[Read]] = defaultdict(list)
        self._copies: dict[tuple[CellId, str], list[Read]] = defaultdict(list)
        self._newest: dict[str, _Newest] = defaultdict(_Newest)
        self._writers: dict[str, list[int]] = defaultdict(list)
        for edge in pipeline.edges:
            self.upstream[edge.target].append(edge.source)
            self.downstream[edge.source].append(edge.target)
            self.edges_from[edge.source].append(edge)
            for reason in edge.reasons:
                if reason.kind == "data":
                    self._reasons.setdefault((edge.target, reason.name), reason)
        for place, task in enumerate(pipeline.tasks):
            self._take_in(place, task)
        for place, task in enumerate(pipeline.tasks):
            for name in task.writes:
                self._writers[name].append(place)
                newest = self._newest[name]
                if task.versions.get(name, 0) == newest.version:
                    newest.writers.append(place)
        self._reopened = [one for one, next_ in pairwise(pipeline.tasks) if _is_within(next_, one)]
        for reads in self._reads.values():
            reads.earliest = [*accumulate(reversed(reads.since), min)][::-1]

    def _take_in(self, place: int, task: Task) -> None:
        for number, item in enumerate(task.inputs):
            reads = self._reads[item.name]
            reads.reads.append(Read(place, number))
            reads.since.append(min(self.places[source] for source in item.sources))
            for source in item.sources:
                self._reads_from[item.name, source].append(Read(place, number))
        for number, mention in enumerate(task.from_prelude):
            self._from_prelude[mention.name].append(Read(place, number))
        for number, definition in enumerate(task.definitions):
            self._copies[definition.cell, definition.name].append(Read(place, number))
            self.copied_from[definition.cell].add(definition)
        for name, version in task.versions.items():
            newest = self._newest[name]
            if version > newest.version:
                newest.version, newest.place = version, place

    def ordered_with(self, name: TaskName) -> int:
        """The places of the task itself, and of all that surely come before or after it."""
        before, after = self._ordered
        return before[name] | after[name] | 1 << self.places[name]

    @cached_property
    def _ordered(self) -> tuple[dict[TaskName, int], dict[TaskName, int]]:
        down = [(edge.source, edge.target) for edge in self.pipeline.edges]
        up = [(target, source) for source, target in down]
        down.sort(key=lambda step: self.places[step[0]])
        up.sort(key=lambda step: self.places[step[0]], reverse=True)
        return passed(self.places, down), passed(self.places, up)

    def interleaved_with(self, name: TaskName) -> int:
        """The places of the tasks that begin between the cells of this one, or the other way round."""
        place = self.places[name]
        found = sum(1 << self.places[task.name] for task in self.going_on(place))
        ends = self.pipeline.tasks[place].cell_indexes[-1:]
        for below in range(place + 1, len(self.pipeline.tasks)):
            if self.pipeline.tasks[below].cell_indexes[:1] >= ends:
                break
            found |= 1 << below
        return found

    def going_on(self, place: int) -> Iterable[Task]:
        """The tasks that begin above one and have cells below where that begins."""
        begins = self.pipeline.tasks[place].cell_indexes[:1]
        return (t for t in self._reopened if t.cell_indexes[:1] < begins < t.cell_indexes[-1:])

    def last_writer(self, name: str, place: int) -> Task | None:
        """The last task before a place that leaves a name bound or changed."""
        writers = self._writers.get(name, ())
        at = bisect_left(writers, place)
        return self.pipeline.tasks[writers[at - 1]] if at else None

    def task(self, name: TaskName) -> Task:
        """The task of that name; of a task of a lane, the lane."""
        place = self.places.get(name)
        return self.pipeline.tasks[self._lanes[name] if place is None else place]

    def reader(self, read: Read) -> Task:
        """The task that has an input."""
        return self.pipeline.tasks[read.place]

    def reason(self, reader: TaskName, name: str) -> Reason | None:
        """Where a task first reads a name that it takes from others."""
        return self._reasons.get((reader, name))

    def first_across(self, name: str, place: int) -> Read | None:
        """The first task behind a place that takes a name from before it."""
        known = self._reads.get(name)
        if known is None:
            return None
        at = bisect_left(known.reads, (place + 1, 0))
        while at < len(known.reads) and known.earliest[at] < place:
            if known.since[at] < place:
                return known.reads[at]
            at += 1
        return None

    def first_from(self, name: str, source: TaskName, place: int) -> Read | None:
        """The first task behind a place that takes a name from just this one, or others, too."""
        return _first_behind(self._reads_from.get((name, source), ()), place)

    def first_of_prelude(self, place: int) -> Iterable[tuple[Read, Mention]]:
        """Each name of setup that is read behind a place, where it first is."""
        for reads in self._from_prelude.values():
            read = _first_behind(reads, place)
            if read is not None:
                yield read, self.reader(read).from_prelude[read.number]

    def first_copy(self, cell: CellId, name: str, place: int) -> Read | None:
        """The first task behind a place that a definition is copied into."""
        return _first_behind(self._copies.get((cell, name), ()), place)

    def newest_version(self, name: str) -> int:
        """The highest version of a name that any task ends with."""
        newest = self._newest.get(name)
        return newest.version if newest is not None else 0

    def owner(self, name: str, place: int) -> Task | None:
        """The last task before a place that leaves a name as the notebook ends with it, if from that
        place on no other value comes.
        """
        newest = self._newest.get(name)
        if newest is None or newest.place > place:
            return None
        at = bisect_left(newest.writers, place)
        return self.pipeline.tasks[newest.writers[at - 1]] if at else None


def _is_within(task: Task, other: Task) -> bool:
    """Whether a task begins between the cells of one that began above it."""
    return task.cell_indexes[:1] < other.cell_indexes[-1:]


def passed(
    places: Mapping[TaskName, int], steps: Iterable[tuple[TaskName, TaskName]]
) -> dict[TaskName, int]:
    """Which tasks lie on some way of such steps to each one: their places, as the bits of a number.

    The more of the steps lie in the order of the ways, the sooner it is done.
    """
    found = dict.fromkeys(places, 0)
    steps, news = list(steps), True
    while news:
        news = False
        for start, end in steps:
            known = found[end]
            all_ = known | found[start] | 1 << places[start]
            if all_ != known:
                found[end], news = all_, True
    return found


def lowest(bits: int) -> int:
    """The lowest place of a set that is not empty."""
    return (bits & -bits).bit_length() - 1


def _first_behind(reads: list[Read] | tuple[()], place: int) -> Read | None:
    at = bisect_left(reads, (place + 1, 0))
    return reads[at] if at < len(reads) else None
