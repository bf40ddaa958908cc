"""Which values a task must leave as they are, because a later task reads them as they were.

The law: notebook order decides. In the notebook, whoever comes later would see a change; where the
pipeline lets a later task take the older version, the change must not happen unseen.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from jupyter_dagflow.core.model import CellId, Pipeline, Task, TaskName


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
    shares = {read.name: read.shares for read in task.from_prelude}
    shares |= {item.name: item.shares for item in task.inputs}
    taken = {item.name for item in task.inputs}
    changed, behind = _changed(task), left_behind(task)
    for name in (*_believed_unchanged(task, shares), *sorted(behind)):
        others = {o for o in shares[name] if o not in changed}
        names = {name, *others} if name in taken and name not in behind else others
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


def shared(
    pipeline: Pipeline, task: Task, bundles: Mapping[str, Bundled]
) -> dict[str, tuple[str, LaterRead]]:
    """The names through which a change by a task must not be seen, each with the input it changes.

    They came together with an input that it is known to write, and a later task still takes them
    from the same place, or the notebook ends with them.
    """
    later = pipeline.tasks[pipeline.tasks.index(task) + 1 :]
    changed = _changed(task)
    has = {*changed, *(item.name for item in task.inputs)}
    found: dict[str, tuple[str, LaterRead]] = {}
    for name, bundle in bundles.items():
        if name not in changed or name in task.options.pure:
            continue
        others = {*bundle.names} - has
        for reader in later:
            for item in reader.inputs:
                if item.name in others and bundle.source in item.sources:
                    read = _place(pipeline, reader, item.name)
                    found.setdefault(item.name, (name, read))
        for other in sorted(others):
            if _is_last(pipeline, bundle, other):
                left = LaterRead(name=other, task=bundle.source, left=True)
                found.setdefault(other, (name, left))
    return found


def strange(pipeline: Pipeline, task: Task) -> dict[str, LaterRead]:
    """The names of earlier tasks that a task neither takes nor is known to bind, and must not bind.

    A later task reads them as they were before it, or the notebook ends with them.
    """
    place = pipeline.tasks.index(task)
    before, later = pipeline.tasks[:place], pipeline.tasks[place + 1 :]
    names = {name for each in before for name in each.writes if not name.startswith("<")}
    names -= {*task.writes, *task.options.mutates, *task.options.pure}
    names -= {*(item.name for item in task.inputs), *(read.name for read in task.from_prelude)}
    earlier = {each.name for each in before}
    found: dict[str, LaterRead] = {}
    for reader in later:
        for item in reader.inputs:
            if (
                item.name in names
                and item.name not in found
                and not earlier.isdisjoint(item.sources)
            ):
                found[item.name] = _place(pipeline, reader, item.name)
    newer = {name for each in later for name in each.versions}
    for owner in reversed(before):
        for name in owner.writes:
            if name in names and name not in newer:
                found.setdefault(name, LaterRead(name=name, task=owner.name, left=True))
    return found


def _is_last(pipeline: Pipeline, bundle: Bundled, name: str) -> bool:
    """Whether the notebook ends with a name as it is in a bundle."""
    source = pipeline.task(bundle.source)
    version = source.versions.get(name, 0) if source is not None else 0
    return version > 0 and all(each.versions.get(name, 0) <= version for each in pipeline.tasks)


def unguarded(task: Task, names: Collection[str]) -> tuple[str, ...]:
    """What a task has and is believed not to change, but for the names that are guarded."""
    has = [*(item.name for item in task.inputs), *(read.name for read in task.from_prelude)]
    return tuple(n for n in dict.fromkeys(_believed_unchanged(task, has)) if n not in names)


def _believed_unchanged(task: Task, names: Collection[str] | Iterator[str]) -> Iterator[str]:
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
            bundle is not None and item.name in bundle.names and bundle.source in item.sources
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
