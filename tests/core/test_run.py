"""A run as its events have made it: its attempts, and the records of what they were made of."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from jupyter_dagflow.core.events import Event, Item, TaskFailure, TaskFinished
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
from jupyter_dagflow.core.run import RunView, instance_name, replay
from jupyter_dagflow.core.states import TaskState

NOON = datetime(2026, 3, 8, 12, tzinfo=timezone.utc)
A, B = TaskName("a"), TaskName("b")
BOOM = TaskFailure(kind="error", message="boom")


def log_of(*stimuli: Stimulus, retries: int = 0) -> list[Event]:
    tasks = tuple(PlannedTask(name=name, retry=RetryPolicy(retries=retries)) for name in (A, B))
    plan = Plan(
        run_id=RunId("r"), pipeline="p", notebook="p.ipynb", parameters={}, tasks=tasks, slots=2
    )
    machine, log = RunMachine(plan), list[Event]()
    for stimulus in stimuli:
        if isinstance(stimulus, Resume):  # another machine goes on, which knows nothing but the log
            machine = RunMachine(plan, replay(log))
        log += machine.handle(stimulus).events
    return log


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


def test_what_was_cleared_in_a_step_is_known_until_its_task_has_succeeded() -> None:
    of_step = (TaskName("b.load"), TaskName("b.deep.x"))
    log = [Submit(at=NOON), ended(A), ended(B), Resume(at=NOON, clear=of_step)]
    view = replay(log_of(*log))
    assert view.tasks[B].state is not TaskState.SUCCESS
    assert (view.tasks[B].cleared, view.tasks[B].cleared_within) == (False, ("load", "deep.x"))
    assert (view.tasks[A].state, view.tasks[A].cleared_within) == (TaskState.SUCCESS, ())
    view = replay(log_of(*log, ended(B, 2, failure=BOOM), Resume(at=NOON)))
    assert view.tasks[B].cleared_within == ("load", "deep.x")
    view = replay(log_of(*log, ended(B, 2)))
    assert view.tasks[B].cleared_within == ()


def test_what_instances_tried_is_kept_when_they_run_anew() -> None:
    items = tuple(Item(digest=digest, made_of="code") for digest in "xy")
    one, two = (instance_name(A, number) for number in range(2))
    failed = [
        Submit(at=NOON),
        ended(B),
        ended(A, items=items),
        ended(one),
        ended(two, failure=BOOM),
    ]
    view = replay(log_of(*failed, Resume(at=NOON), ended(A, 2, items=items)))
    assert attempts(view, two) == [(1, "failed", "boom")]
    assert (view.tasks[two].attempt, view.tasks[two].last) == (2, TaskState.FAILED)
    assert view.tasks[one].state is TaskState.SUCCESS

    again = [*failed, Resume(at=NOON, clear=(one,)), ended(A, 2, items=items)]
    view = replay(log_of(*again))
    assert [view.tasks[name].cleared for name in (A, one, two)] == [True, True, False]
    assert attempts(view, one) == [(1, "success", "")]


def test_instances_that_were_lost_have_the_retries_that_were_left() -> None:
    items = (Item(digest="x", made_of="code"),)
    one = instance_name(A, 0)
    view = replay(
        log_of(
            Submit(at=NOON),
            ended(A, items=items),
            ended(one, failure=BOOM),
            RetryDue(at=NOON, task=one, attempt=1),
            Resume(at=NOON, recovered=True),
            ended(A, 2, items=items),
            retries=5,
        )
    )
    again = view.tasks[one]
    assert (again.attempt, again.tried, again.lost, again.last) == (3, 2, 1, TaskState.LOST)


@pytest.mark.parametrize("recovered", [False, True])
def test_a_run_that_had_ended_has_begun_when_it_was_resumed(recovered: bool) -> None:
    later = NOON + timedelta(hours=9)
    ends = () if recovered else (ended(A), ended(B))
    view = replay(log_of(Submit(at=NOON), *ends, Resume(at=later, recovered=recovered)))
    assert view.started_at == (NOON if recovered else later)
    assert view.created_at == NOON
