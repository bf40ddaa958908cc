"""What code changed between two notebooks, as far as the results of their tasks depend on it.

The law: code is the same here if it is the same to `slices`: comments and blank lines do not count, and are not shown.
A statement that many tasks have in common is told once, with all tasks that it matters to.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from jupyter_dagflow.core.model import Notebook, Pipeline, Task, TaskName
from jupyter_dagflow.core.slices import Part, Slicer, normalised

_CONTEXT = 2  # lines around what changed
_WHOLE = ("own", "when")  # else, statements are looked for one by one
KINDS = {"own": "cells", "when": "when", "copied": "definitions", "setup": "setup"}


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeChange:
    """Code that is another in two runs, and the ``tasks`` it matters to.

    ``kind`` is ``cells`` (a task's own), ``when`` (its condition), ``definitions`` (functions, classes and imports
    that are copied into it) or ``setup``. ``cells_before`` and ``cells_after`` are the places of the cells that
    hold what is only in the one or the other run, ``diff`` is unified, without the names of files.
    """

    kind: str
    tasks: tuple[TaskName, ...]
    cells_before: tuple[int, ...]
    cells_after: tuple[int, ...]
    diff: str


class Code:
    """The code of one notebook by its tasks; what is asked of a task is worked out when it is asked."""

    def __init__(self, notebook: Notebook, pipeline: Pipeline) -> None:
        self._notebook = notebook
        self._slicer = Slicer(notebook, pipeline, parameters={}, environ={}, secrets={}, key=b"")
        self._tasks: Mapping[str, Task] = {task.name: task for task in pipeline.tasks}

    def parts(self, name: TaskName) -> tuple[Part, ...]:
        """All source that a task depends on; nothing of one that the notebook does not have."""
        task = self._tasks.get(name)
        return () if task is None else self._slicer.parts(task)

    def shown(self, part: Part) -> str:
        """A part as its author wrote it, but for comments: IPython's own syntax is Python in `Part.code`."""
        cell = self._notebook.cells[part.cell]
        if part.kind != "own" or cell.code == cell.source:
            return part.code
        return normalised(cell.source)


def code_changes(before: Code, after: Code, tasks: Iterable[TaskName]) -> tuple[CodeChange, ...]:
    """What changed in the code of tasks that both have: first that of their own cells, in notebook order."""
    found: dict[tuple[str, tuple[Part, ...], tuple[Part, ...]], list[TaskName]] = {}
    for task in tasks:
        old, new = _by_kind(before.parts(task)), _by_kind(after.parts(task))
        for kind in KINDS:
            for gone, come in _changed(kind, old.get(kind, ()), new.get(kind, ())):
                found.setdefault((kind, gone, come), []).append(task)
    order = list(KINDS)
    changes = sorted(found.items(), key=lambda each: order.index(each[0][0]))
    return tuple(
        CodeChange(
            kind=KINDS[kind],
            tasks=tuple(names),
            cells_before=_places(gone, come),
            cells_after=_places(come, gone),
            diff=unified([before.shown(p) for p in gone], [after.shown(p) for p in come]),
        )
        for (kind, gone, come), names in changes
    )


def unified(before: Sequence[str], after: Sequence[str]) -> str:
    """The unified diff of some texts that stand below one another, without the names of files.

    >>> print(unified(["a = 1", "b = 2"], ["a = 1", "b = 3"]))
    @@ -1,2 +1,2 @@
     a = 1
    -b = 2
    +b = 3
    """
    old, new = ("\n".join(texts).splitlines() for texts in (before, after))
    lines = difflib.unified_diff(old, new, n=_CONTEXT, lineterm="")
    return "\n".join(list(lines)[2:])


def _by_kind(parts: Sequence[Part]) -> dict[str, tuple[Part, ...]]:
    found: dict[str, list[Part]] = {}
    for part in parts:
        found.setdefault(part.kind, []).append(part)
    return {kind: tuple(some) for kind, some in found.items()}


def _changed(
    kind: str, before: tuple[Part, ...], after: tuple[Part, ...]
) -> Iterable[tuple[tuple[Part, ...], tuple[Part, ...]]]:
    """What stands there before and after, if that is not the same; of statements only those that are not in both."""
    old, new = [part.code for part in before], [part.code for part in after]
    if old == new:
        return ()
    if kind in _WHOLE:
        return ((before, after),)
    gone = tuple(part for part in before if part.code not in {*new})
    come = tuple(part for part in after if part.code not in {*old})
    return ((gone, come),) if gone or come else ((before, after),)


def _places(some: Sequence[Part], others: Sequence[Part]) -> tuple[int, ...]:
    """The cells of parts that are not among the others."""
    known = {part.code for part in others}
    return tuple(sorted({part.cell for part in some if part.code not in known}))
