"""Which values a task must leave as they are, because a later task reads them as they were.

The law: notebook order decides. In the notebook, whoever comes later would see a change; where the
pipeline lets a later task take the older version, the change must not happen unseen.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from jupyter_dagflow.core.model import CellId, Input, Pipeline, Task, TaskName


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


def guarded(pipeline: Pipeline, task: Task, bundles: Mapping[str, Bundled]) -> dict[str, LaterRead]:
    """The names that a task has and must not change, each with the read that forbids it.

    Names that the task is known to change, or is said to leave alone (``pure:``), are not among
    them. ``bundles`` tells of its inputs what they came together with.
    """
    place = pipeline.tasks.index(task)
    before, later = pipeline.tasks[:place], pipeline.tasks[place + 1 :]
    earlier = {each.name for each in before}
    found: dict[str, LaterRead] = {}
    shares = {has.name: has.shares for has in (*task.from_prelude, *task.inputs)}
    taken = {item.name for item in task.inputs}
    for name in _believed_unchanged(task, shares):
        others = {o for o in shares[name] if o not in task.writes}
        names = {name, *others} if name in taken else others
        bundle = bundles.get(name)
        reads = (_read_of(pipeline, earlier, reader, names, bundle) for reader in later)
        first = next((read for read in reads if read is not None), None)
        first = first or next(_left(before, task, later, sorted(others)), None)
        if first is not None:
            found[name] = first
    for reader in later:
        for name, read in _same_for_both(task, reader):
            if name not in found and name in set(_believed_unchanged(task, (name,))):
                found[name] = read
    return found


def shared(pipeline: Pipeline, task: Task, bundles: Mapping[str, Bundled]) -> dict[str, LaterRead]:
    """The inputs that a task may change only as long as nobody sees it through another name.

    That is so for those it is known to write that came together with a name that a later task still
    takes from the same place, or that the notebook ends with.
    """
    place = pipeline.tasks.index(task)
    before, later = pipeline.tasks[:place], pipeline.tasks[place + 1 :]
    written = {*task.writes, *task.options.mutates}
    found: dict[str, LaterRead] = {}
    for name, bundle in bundles.items():
        if name not in written or name in task.options.pure:
            continue
        others = {*bundle.names} - written
        for reader in later:
            for item in reader.inputs:
                if item.name in others and _is_from(pipeline, bundle, item):
                    found.setdefault(name, _place(pipeline, reader, item.name))
        for left in _left(before, task, later, sorted(others)):
            found.setdefault(name, left)
    return found


def _is_from(pipeline: Pipeline, bundle: Bundled, item: Input) -> bool:
    """Whether what a task takes is in a bundle, or is what the bundle's task took and stored beside."""
    if bundle.source in item.sources:
        return True
    source = pipeline.task(bundle.source)
    if source is None or item.name in source.writes:
        return False
    return any(i.name == item.name and i.sources == item.sources for i in source.inputs)


def unguarded(task: Task, names: Collection[str]) -> tuple[str, ...]:
    """What a task has and is believed not to change, but for the names that are guarded."""
    has = [*(item.name for item in task.inputs), *(read.name for read in task.from_prelude)]
    return tuple(n for n in dict.fromkeys(_believed_unchanged(task, has)) if n not in names)


def _believed_unchanged(task: Task, names: Collection[str] | Iterator[str]) -> Iterator[str]:
    known = {*task.writes, *task.options.mutates, *task.options.pure}
    return (name for name in names if name not in known and not name.startswith("<"))


def _read_of(
    pipeline: Pipeline,
    earlier: Collection[TaskName],
    reader: Task,
    names: Collection[str],
    bundle: Bundled | None,
) -> LaterRead | None:
    """How a task reads one of these names, or what came with them, from one of the earlier tasks."""
    for item in reader.inputs:
        same = item.name in names and any(s in earlier for s in item.sources)
        if same or (
            bundle is not None and item.name in bundle.names and _is_from(pipeline, bundle, item)
        ):
            return _place(pipeline, reader, item.name)
    return None


def _left(
    before: Sequence[Task], task: Task, later: Sequence[Task], names: Iterable[str]
) -> Iterator[LaterRead]:
    """Those of the names that no later task touches, so that the notebook ends with them."""
    for name in names:
        newest = max((each.versions.get(name, 0) for each in (*before, task)), default=0)
        owners = [e for e in before if name in e.writes and e.versions.get(name, 0) == newest]
        if owners and all(each.versions.get(name, 0) <= newest for each in later):
            yield LaterRead(name=name, task=owners[-1].name, left=True)


def _place(pipeline: Pipeline, reader: Task, name: str) -> LaterRead:
    for edge in pipeline.edges:
        for reason in edge.reasons:
            if edge.target == reader.name and reason.kind == "data" and reason.name == name:
                return LaterRead(
                    name=name,
                    task=reader.name,
                    cell=reason.target_cell,
                    line=reason.target_line,
                )
    return LaterRead(name=name, task=reader.name)


def _same_for_both(task: Task, reader: Task) -> Iterator[tuple[str, LaterRead]]:
    """What both tasks have made anew: by setup, or by definitions copied into both."""
    for read in reader.from_prelude:
        yield read.name, LaterRead(name=read.name, task=reader.name, cell=read.cell, line=read.line)
    copied = {(definition.cell, definition.name) for definition in task.definitions}
    for definition in reader.definitions:
        if (definition.cell, definition.name) in copied:
            yield definition.name, LaterRead(name=definition.name, task=reader.name)
