"""Which tasks another can do without if they are skipped, since it takes from others what they would have given.

The law: such a task gives the other values and nothing else, and each of them has another provider: a task, or setup,
which runs in every task, or the kernel itself, of state outside variables (`analysis.ambient`).
"""

from __future__ import annotations

from collections.abc import Mapping

from jupyter_dagflow.core.model import Pipeline, TaskName

SETUP = TaskName("")
"""What stands for setup among providers: nobody can skip it."""

Alternatives = Mapping[TaskName, tuple[frozenset[TaskName], ...]]
"""By the task that gives, the providers of each name that it gives."""


def alternatives(pipeline: Pipeline) -> Mapping[TaskName, Alternatives]:
    """What each task can do without, by its name; tasks that can do without none are left out.

    Of ``x = 1`` in a task a, ``x = 2`` in a task b that may be skipped, and ``y = x`` in a task c, that is b of c, and
    a as well: ``{"c": {"a": ({"a", "b"},), "b": ({"a", "b"},)}}``.
    """
    found: dict[TaskName, dict[TaskName, tuple[frozenset[TaskName], ...]]] = {}
    anyway = pipeline.prelude_versions
    several: dict[TaskName, dict[str, frozenset[TaskName]]] = {}
    for task in pipeline.tasks:
        several[task.name] = {
            item.name: frozenset((*item.sources, *([SETUP] if there else [])))
            for item in task.inputs
            if (there := item.name in anyway or item.name.startswith("<")) or len(item.sources) > 1
        }
    for edge in pipeline.edges:
        of_names = several[edge.target]
        if of_names and all(r.kind == "data" and r.name in of_names for r in edge.reasons):
            providers = tuple(dict.fromkeys(of_names[reason.name] for reason in edge.reasons))
            found.setdefault(edge.target, {})[edge.source] = providers
    return found
