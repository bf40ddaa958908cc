"""What a run that goes on repeats.

The law: a task that succeeded in a run is not repeated in it unless somebody clears it by name; whatever follows from
what is repeated is decided anew.
"""

from __future__ import annotations

from collections.abc import Collection

from jupyter_dagflow.core.model import TaskName
from jupyter_dagflow.core.reach import reached
from jupyter_dagflow.core.run import RunView
from jupyter_dagflow.core.states import TaskState

MOST_LOST = 3
"""So often a task may lose its runner; after that it may be what kills it, and is not tried again by itself."""

_BAD = (TaskState.FAILED, TaskState.UPSTREAM_FAILED, TaskState.CANCELLED, TaskState.LOST)


def lost_within_budget(view: RunView) -> set[TaskName]:
    """The tasks that were lost with their runner, but not too often; all of them, if the run is to be cancelled."""
    return {
        name
        for name, task in view.tasks.items()
        if task.state is TaskState.LOST and (task.lost < MOST_LOST or view.cancel_requested)
    }


def cleared(view: RunView, names: Collection[TaskName], *, downstream: bool) -> set[TaskName]:
    """What begins anew in a run that is resumed: what did not succeed, and the tasks of these ``names``.

    With ``downstream``, all that is downstream of those as well. What was skipped below any of them is decided anew.
    """
    named = _below(view, names) if downstream else {*names}
    states = {name: task.state for name, task in view.tasks.items()}
    again = {n for n, state in states.items() if state.is_final and (n in named or state in _BAD)}
    skipped = {n for n in _below(view, again) if states[n] is TaskState.SKIPPED}
    return again | skipped


def _below(view: RunView, names: Collection[TaskName]) -> set[TaskName]:
    """These tasks and all that are downstream of them."""
    downstream: dict[TaskName, list[TaskName]] = {name: [] for name in view.tasks}
    for name, task in view.tasks.items():
        for parent in task.upstream:
            downstream[parent].append(name)
    return reached(names, downstream)
