"""The states of runs and tasks, and which may follow which.

The law: a state changes only along its table. ``check_run`` and ``check_task`` raise `IllegalTransition` for
every other step, and whoever catches that has changed nothing yet. A run goes on from running to running if another
runner takes it over. Words and meanings are Airflow's.
"""

from __future__ import annotations

from enum import Enum

from jupyter_dagflow.core.errors import IllegalTransition


class RunState(str, Enum):
    """Where a run is in its life."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCESS = "success"
    FAILED = "failed"
    CANCELLED = "cancelled"

    def __str__(self) -> str:
        return self.value

    @property
    def is_final(self) -> bool:
        """Whether nothing more will happen to the run by itself: it may be resumed."""
        return self not in (RunState.QUEUED, RunState.RUNNING)


class TaskState(str, Enum):
    """Where a task of one run is in its life."""

    NONE = "none"
    QUEUED = "queued"
    RUNNING = "running"
    SUCCESS = "success"
    FAILED = "failed"
    UP_FOR_RETRY = "up_for_retry"
    SKIPPED = "skipped"
    UPSTREAM_FAILED = "upstream_failed"
    CANCELLED = "cancelled"
    LOST = "lost"

    def __str__(self) -> str:
        return self.value

    @property
    def is_final(self) -> bool:
        """Whether nothing more will happen to the task by itself: it may be cleared."""
        return self in _ENDED


_ENDED = frozenset(
    {
        TaskState.SUCCESS,
        TaskState.FAILED,
        TaskState.SKIPPED,
        TaskState.UPSTREAM_FAILED,
        TaskState.CANCELLED,
        TaskState.LOST,
    }
)
_RESUMED = frozenset({RunState.RUNNING})
_CLEARED = frozenset({TaskState.NONE})

RUN_TRANSITIONS: dict[RunState, frozenset[RunState]] = {
    RunState.QUEUED: frozenset({RunState.RUNNING, RunState.CANCELLED}),
    RunState.RUNNING: frozenset({RunState.SUCCESS, RunState.FAILED, RunState.CANCELLED}) | _RESUMED,
    RunState.SUCCESS: _RESUMED,
    RunState.FAILED: _RESUMED,
    RunState.CANCELLED: _RESUMED,
}

TASK_TRANSITIONS: dict[TaskState, frozenset[TaskState]] = {
    TaskState.NONE: frozenset(
        {TaskState.QUEUED, TaskState.SKIPPED, TaskState.UPSTREAM_FAILED, TaskState.CANCELLED}
    ),
    TaskState.QUEUED: frozenset({TaskState.RUNNING, TaskState.CANCELLED}),
    TaskState.RUNNING: frozenset(
        {
            TaskState.SUCCESS,
            TaskState.FAILED,
            TaskState.UP_FOR_RETRY,
            TaskState.SKIPPED,
            TaskState.CANCELLED,
            TaskState.LOST,
        }
    ),
    # To none: a lane begins again with its first task, whichever of them has failed.
    TaskState.UP_FOR_RETRY: frozenset({TaskState.QUEUED, TaskState.CANCELLED, TaskState.NONE}),
    **dict.fromkeys(_ENDED, _CLEARED),
}


def check_run(before: RunState, after: RunState) -> None:
    """Raise `IllegalTransition` unless a run may go from one state to the other."""
    if after not in RUN_TRANSITIONS[before]:
        raise IllegalTransition(f"A run cannot go from {before.value} to {after.value}.")


def check_task(before: TaskState, after: TaskState) -> None:
    """Raise `IllegalTransition` unless a task may go from one state to the other."""
    if after not in TASK_TRANSITIONS[before]:
        raise IllegalTransition(f"A task cannot go from {before.value} to {after.value}.")


def check_expanded(before: TaskState) -> None:
    """Raise `IllegalTransition` unless a task may be expanded in this state, which it keeps."""
    if before is not TaskState.RUNNING:
        raise IllegalTransition(f"A task cannot be expanded that is {before.value}.")
