"""Which values a task must leave as they are, because a later task reads them as they were.

The law: notebook order decides. In the notebook, whoever comes later would see a change; where the
pipeline lets a later task take the older version, the change must not happen unseen.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from jupyter_dagflow.core.lookup import Lookup, Read
from jupyter_dagflow.core.model import CellId, Input, Path, Task, TaskName

# Whatever reaches the namespace of a notebook without naming the variable, reaches it by one of these.
_BINDS_UNSEEN = re.compile(
    r"\b(?:exec|eval|compile|globals|locals|vars|setattr|get_ipython|modules|import_module|run_path"
    r"|run_module|__import__|__main__|__dict__|__setattr__|f_globals|f_locals|user_ns|user_module)\b"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LaterRead:
    """Where a later task first reads ``name`` as it was before the task in question.

    Or, if it is ``left``, the earlier task whose value of it is what the notebook ends with.
    """

    name: str
    task: TaskName
    left: bool = False
    cell: CellId | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundled:
    """The task that an input came from, and the names stored there that share objects with it."""

    source: TaskName
    names: Collection[str]


def guarded(lookup: Lookup, task: Task, bundles: Mapping[str, Bundled]) -> dict[str, LaterRead]:
    """The names that a task has and must not change, each with the read that forbids it.

    Names that the task is known to change, or is said to leave alone (``pure:``), are not among
    them. ``bundles`` tells of its inputs what they came together with.
    """
    place = lookup.places[task.name]
    found: dict[str, LaterRead] = {}
    shares = {mention.name: mention.shares for mention in task.from_prelude}
    shares |= {item.name: item.shares for item in task.inputs}
    taken = {item.name for item in task.inputs}
    changed, behind = _changed(task), left_behind(task)
    for name in (*_believed_unchanged(task, shares), *sorted(behind)):
        others = {o for o in shares[name] if o not in changed}
        names = {name, *others} if name in taken and name not in behind else others
        first = _first_missing(lookup, place, names, others, bundles.get(name))
        if first is not None:
            found[name] = first
    for item in task.inputs:
        beside = {*item.shares} - changed if _is_looked_into(task, item) else set()
        first = _first_missing(lookup, place, beside, beside)
        if first is not None:
            found.setdefault(item.name, first)
    alike: dict[str, LaterRead] = {}
    for read in _made_in_both(lookup, task, place):
        alike.setdefault(read.name, read)
    for read in _further_down(lookup, task, place, shares):
        alike.setdefault(read.name, read)
    for name in _believed_unchanged(task, alike):
        found.setdefault(name, alike[name])
    return found


def of_other_iterations(task: Task, part: Task) -> dict[str, LaterRead]:
    """What a part of a task with a mapped loop has and must not change: every iteration has it as it was."""
    names = [
        *(item.name for item in part.inputs),
        *(mention.name for mention in part.from_prelude),
        *(definition.name for definition in part.definitions),
    ]
    cell = task.loop.cell if task.loop is not None else None
    return {
        name: LaterRead(name=name, task=task.name, cell=cell)
        for name in _believed_unchanged(part, dict.fromkeys(names))
    }


def shared(
    lookup: Lookup, task: Task, bundles: Mapping[str, Bundled]
) -> dict[str, tuple[str, LaterRead]]:
    """The names through which a change by a task must not be seen, each with the input it changes.

    They came together with an input that it is known to write, and a later task still takes them
    from the same place, or the notebook ends with them.
    """
    place, changed = lookup.places[task.name], _changed(task)
    has = {*changed, *(item.name for item in task.inputs)}
    found: dict[str, tuple[str, LaterRead]] = {}
    for name, bundle in bundles.items():
        if name not in changed or name in task.options.pure:
            continue
        others = {*bundle.names} - has
        reads = (lookup.first_from(other, bundle.source, place) for other in others)
        for read in sorted(read for read in reads if read is not None):
            later = _later_read(lookup, read)
            found.setdefault(later.name, (name, later))
        for other in sorted(others):
            if _is_last(lookup, bundle, other):
                left = LaterRead(name=other, task=bundle.source, left=True)
                found.setdefault(other, (name, left))
    return found


def strange(lookup: Lookup, task: Task, codes: Iterable[str]) -> dict[str, LaterRead]:
    """The names of earlier tasks that a task neither takes nor is known to bind, and must not bind.

    A later task reads them as they were before it, or the notebook ends with them. There are none
    where nothing in ``codes``, what runs in its kernel, could bind a name unseen.
    """
    if not any(map(_BINDS_UNSEEN.search, codes)):
        return {}
    place = lookup.places[task.name]
    before = lookup.pipeline.tasks[:place]
    names = {name for each in before for name in each.writes if not name.startswith("<")}
    names -= {*task.writes, *task.options.mutates, *task.options.pure}
    names -= {*(item.name for item in task.inputs), *(read.name for read in task.from_prelude)}
    found: dict[str, LaterRead] = {}
    for name in sorted(names):
        read = lookup.first_across(name, place)
        later = _later_read(lookup, read) if read else next(_left(lookup, place, [name]), None)
        if later is not None:
            found[name] = later
    return found


def _is_last(lookup: Lookup, bundle: Bundled, name: str) -> bool:
    """Whether the notebook ends with a name as it is in a bundle."""
    version = lookup.task(bundle.source).versions.get(name, 0)
    return 0 < version >= lookup.newest_version(name)


def unguarded(task: Task, names: Collection[str]) -> tuple[str, ...]:
    """What a task has and is believed not to change, but for the names that are guarded."""
    has = [*(item.name for item in task.inputs), *(read.name for read in task.from_prelude)]
    return tuple(n for n in dict.fromkeys(_believed_unchanged(task, has)) if n not in names)


def _believed_unchanged(task: Task, names: Iterable[str]) -> Iterator[str]:
    known = {*_changed(task), *task.options.pure}
    return (name for name in names if name not in known and not name.startswith("<"))


def _changed(task: Task) -> set[str]:
    """The names that a task is known to bind or change: not those that it only hands on."""
    kept = {item.name for item in task.inputs if item.kept and not item.rebound}
    return {*task.writes}.difference(kept).union(task.options.mutates)


def left_behind(task: Task) -> set[str]:
    """The inputs whose values a task is believed to leave as they are, though not under their names."""
    mutates = {*task.options.mutates, *task.options.pure}
    return {i.name for i in task.inputs if i.kept and i.rebound} - mutates


def looked_into(task: Task) -> dict[str, tuple[Path, ...]]:
    """The inputs that a task is known to change in some places, with these places: but for them, it must
    leave them as they are.
    """
    return {item.name: item.changes for item in task.inputs if _is_looked_into(task, item)}


def _is_looked_into(task: Task, item: Input) -> bool:
    return bool(item.changes) and item.name not in task.options.pure


def _first_missing(
    lookup: Lookup,
    place: int,
    names: Collection[str],
    others: Collection[str],
    bundle: Bundled | None = None,
) -> LaterRead | None:
    """Who would first miss a change: a later reader of the names, else the notebook's end with the others."""
    first = _first_read(lookup, place, names, bundle)
    return first or next(_left(lookup, place, sorted(others)), None)


def _first_read(
    lookup: Lookup, place: int, names: Collection[str], bundle: Bundled | None
) -> LaterRead | None:
    """The first read behind a task of one of these names, or of what came with them, from before it."""
    reads = [lookup.first_across(name, place) for name in names]
    if bundle is not None:
        reads += [lookup.first_from(name, bundle.source, place) for name in bundle.names]
    first = min((read for read in reads if read is not None), default=None)
    return _later_read(lookup, first) if first is not None else None


def _left(lookup: Lookup, place: int, names: Iterable[str]) -> Iterator[LaterRead]:
    """Those of the names that no later task touches, so that the notebook ends with them."""
    for name in names:
        owner = lookup.owner(name, place)
        if owner is not None:
            yield LaterRead(name=name, task=owner.name, left=True)


def _later_read(lookup: Lookup, read: Read) -> LaterRead:
    reader = lookup.reader(read)
    name = reader.inputs[read.number].name
    reason = lookup.reason(reader.name, name)
    if reason is None:
        return LaterRead(name=name, task=reader.name)
    return LaterRead(name=name, task=reader.name, cell=reason.target_cell, line=reason.target_line)


def _further_down(
    lookup: Lookup, task: Task, place: int, names: Iterable[str]
) -> Iterator[LaterRead]:
    """What a task has, too, that began above this one and goes on below it: that may read it there."""
    copied = [definition.name for definition in task.definitions]
    for other in lookup.going_on(place):
        for name in (*names, *copied):
            if name in other.versions:
                yield LaterRead(name=name, task=other.name)


def _made_in_both(lookup: Lookup, task: Task, place: int) -> Iterator[LaterRead]:
    """What a task and a later one have both made anew, by setup or by definitions copied into both:
    in order of the later tasks; then the copies of what the notebook ends with.
    """
    found: list[tuple[Read, bool, LaterRead]] = []
    for read, mention in lookup.first_of_prelude(place):
        reader = lookup.reader(read).name
        later = LaterRead(name=mention.name, task=reader, cell=mention.cell, line=mention.line)
        found.append((read, False, later))
    for cell, name in {(definition.cell, definition.name) for definition in task.definitions}:
        copy = lookup.first_copy(cell, name, place)
        if copy is not None:
            later = LaterRead(name=name, task=lookup.reader(copy).name)
            found.append((copy, True, later))
    found.sort(key=lambda each: (each[0].place, each[1], each[0].number))
    yield from (later for _, _, later in found)
    yield from _left(lookup, place, sorted({definition.name for definition in task.definitions}))
