"""A run as its events have made it: its attempts, and the records of what they were made of."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from jupyter_dagflow.core.events import Event, TaskFailure, TaskFinished
from jupyter_dagflow.core.machine import (
    AttemptEnded,
    Cancel,
    Plan,
    PlannedTask,
    Resume,
    RetryDue,
    RunMachine,
    Stimulus,
    Submit,
)
from jupyter_dagflow.core.model import RunId, TaskName
from jupyter_dagflow.core.records import Surroundings, TaskRecord
from jupyter_dagflow.core.retry import RetryPolicy
from jupyter_dagflow.core.run import RunView, replay
from jupyter_dagflow.core.states import TaskState

NOON = datetime(2026, 3, 8, 12, tzinfo=timezone.utc)
A, B = TaskName("a"), TaskName("b")
BOOM = TaskFailure(kind="error", message="boom")


def log_of(*stimuli: Stimulus, retries: int = 0) -> list[Event]:
    tasks = tuple(PlannedTask(name=name, retry=RetryPolicy(retries=retries)) for name in (A, B))
    plan = Plan(
        run_id=RunId("r"), pipeline="p", notebook="p.ipynb", parameters={}, tasks=tasks, slots=2
    )
    machine = RunMachine(plan)
    return [event for stimulus in stimuli for event in machine.handle(stimulus).events]


def ended(task: TaskName, attempt: int = 1, **fields: object) -> AttemptEnded:
    return AttemptEnded(at=NOON + timedelta(seconds=attempt), task=task, attempt=attempt, **fields)  # type: ignore[arg-type]


def attempts(view: RunView, task: TaskName) -> list[tuple[int, str, str]]:
    return [
        (each.number, each.state.value, each.failure.message if each.failure else "")
        for each in view.tasks[task].attempts
    ]


def test_every_attempt_that_ended_is_kept_with_its_failure() -> None:
    view = replay(
        log_of(
            Submit(at=NOON),
            ended(A, failure=BOOM),
            RetryDue(at=NOON, task=A, attempt=1),
            ended(A, 2, failure=BOOM),
            RetryDue(at=NOON, task=A, attempt=2),
            ended(A, 3),
            ended(B),
            retries=2,
        )
    )
    assert attempts(view, A) == [
        (1, "up_for_retry", "boom"),
        (2, "up_for_retry", "boom"),
        (3, "success", ""),
    ]
    assert attempts(view, B) == [(1, "success", "")]
    assert [each.finished_at.second for each in view.tasks[A].attempts] == [1, 2, 3]


def test_what_ends_without_having_begun_is_no_attempt() -> None:
    waiting = log_of(
        Submit(at=NOON),
        ended(A, failure=BOOM),
        Cancel(at=NOON, reason="enough"),
        ended(B, stopped=True),
        retries=1,
    )
    view = replay(waiting)
    assert view.tasks[A].state is TaskState.CANCELLED
    assert attempts(view, A) == [(1, "up_for_retry", "boom")]
    assert attempts(view, B) == [(1, "cancelled", "")]


def test_surroundings_are_written_once_a_run_and_found_for_every_task() -> None:
    here = Surroundings(kernel="python3", python="3.12.1", packages={"numpy": "2.0"})
    record = TaskRecord(code="c", recipe="r", inputs={"x": "d"}, surroundings="here")
    log = log_of(
        Submit(at=NOON),
        ended(A, record=record, surroundings=here),
        ended(B, record=record, surroundings=here),
    )
    told = [event.surroundings for event in log if isinstance(event, TaskFinished)]
    assert told == [here, None]
    view = replay(log)
    assert view.surroundings == {"here": here}
    assert [view.surroundings_of(task) for task in view.tasks.values()] == [here, here]
    assert view.copy() == view


def test_attempts_before_a_run_was_resumed_are_kept() -> None:
    view = replay(
        log_of(
            Submit(at=NOON),
            ended(A, failure=BOOM),
            ended(B),
            Resume(at=NOON, clear=(B,)),
            ended(A, 2),
            ended(B, 2),
        )
    )
    assert attempts(view, A) == [(1, "failed", "boom"), (2, "success", "")]
    assert attempts(view, B) == [(1, "success", ""), (2, "success", "")]
