"""Pools of which nobody has said how many of their tasks may run at once.

The law: one may, which is safe, and whoever has several tasks in such a pool is told: a size is a setting, and a name
that is misspelt there counts for nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator

from jupyter_dagflow.core.diagnostics import Code, Diagnostic
from jupyter_dagflow.core.partition import TaskCells
from jupyter_dagflow.core.tags import MAP

_MOST_TOLD = 3


def unsized_pools(tasks: Iterable[TaskCells], sized: Collection[str]) -> Iterator[Diagnostic]:
    """A word about each pool without a size that holds back a task, where it is first named."""
    by_pool: dict[str, list[TaskCells]] = defaultdict(list)
    for task in tasks:
        pool = task.options.get("pool")
        if isinstance(pool, str) and pool not in sized:
            by_pool[pool].append(task)
    for pool, members in by_pool.items():
        if len(members) > 1 or MAP in members[0].options:
            cell = members[0].option_cells["pool"]
            yield Diagnostic.of(
                Code.UNSIZED_POOL,
                f"Pool {pool} has no size: of {_named(members)}, one runs at a time.",
                cell=cell.id,
                cell_index=cell.index,
                hint=f"Say how many may: DAGFLOW_POOLS={pool}=2, or c.Dagflow.pools in jupyter_dagflow_config.py.",
            )


def _named(members: list[TaskCells]) -> str:
    if len(members) == 1:
        return f"the instances of task {members[0].name}"
    names = [task.name for task in members[:_MOST_TOLD]]
    more = len(members) - len(names)
    return f"tasks {', '.join(names)}" + (f" and {more} more" if more else "")
