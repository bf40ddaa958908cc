"""The parts in which a task with a mapped loop runs: its expansion, its instances, and their gathering.

The law: each part is a task like others to whoever runs it, with the cells, the source and the inputs of that part.
What an instance leaves is its report, all that it would have done to the accumulators; gathering does that, in the
order of the iterations, to what the accumulators really are.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from jupyter_dagflow.core.model import CellId, Loop, Task, TaskName

REPORT = "<report>"
ITEM = "<item>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of a task: the task as it is in that part, and the source of its cells there.

    It stands ``alone`` if other iterations, too, must find what it has as it was.
    """

    task: Task
    sources: Mapping[CellId, str] = field(default_factory=dict)
    alone: bool = False


def loop_of(task: Task) -> Loop:
    """The loop of a task that has one."""
    assert task.loop is not None
    return task.loop


def expansion(task: Task, expand: str) -> Part:
    """What finds out what the loop goes through: ``expand`` is the source that then goes through it, on the same
    line.
    """
    loop = loop_of(task)
    sources = {**loop.expansion, loop.cell: f"{loop.expansion[loop.cell]}; {expand}"}
    return _part(task, sources, reads=loop.expansion_reads, name=task.name, outputs=())


def instance(task: Task, name: TaskName) -> Part:
    """One iteration of the loop; its condition has been asked before."""
    loop = loop_of(task)
    part = _part(task, loop.instance, reads=loop.instance_reads, name=name, outputs=(REPORT,))
    return replace(
        part,
        task=replace(
            part.task,
            options=replace(part.task.options, when=None),
            from_prelude=tuple(m for m in task.from_prelude if m.name in loop.instance_uses),
        ),
    )


def _part(
    task: Task,
    sources: Mapping[CellId, str],
    *,
    reads: Collection[str],
    name: TaskName,
    outputs: tuple[str, ...],
) -> Part:
    cells = [(c, i) for c, i in zip(task.cells, task.cell_indexes, strict=True) if sources[c]]
    return Part(
        task=replace(
            task,
            name=name,
            cells=tuple(cell for cell, _ in cells),
            cell_indexes=tuple(index for _, index in cells),
            inputs=tuple(item for item in task.inputs if item.name in reads),
            outputs=outputs,
            writes=(),
            versions={},
            exposed=(),
            options=replace(task.options, metrics=(), keep=()),
        ),
        sources=sources,
        alone=True,
    )


def gathering(task: Task, gather: str) -> Part:
    """What brings the reports together: ``gather`` is the source that does so, in the place of the loop."""
    loop = loop_of(task)
    task = replace(task, options=replace(task.options, when=None))
    above = loop.gathering[loop.cell]
    lines = "\n" * (loop.line - 1 - above.count("\n"))
    return Part(task=task, sources={**loop.gathering, loop.cell: f"{above}{lines}{gather}"})
