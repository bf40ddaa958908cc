"""Tasks that another can do without: what the machine makes of it when they are skipped."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from jupyter_dagflow.core.alternatives import alternatives
from jupyter_dagflow.core.compile import compile_cells
from jupyter_dagflow.core.machine import AttemptEnded, Plan, PlannedTask, RunMachine, Submit
from jupyter_dagflow.core.model import RunId, TaskName
from jupyter_dagflow.core.states import TaskState
from tests.core.notebooks import tagged

AT = datetime(2026, 3, 1, tzinfo=timezone.utc)
BOTH = frozenset({TaskName("a"), TaskName("b")})
SETUP_TOO = frozenset({TaskName(""), TaskName("b")})


def test_a_task_can_do_without_what_another_gives_as_well() -> None:
    notebook = tagged(
        ("task:a", "x = 1\nz = 1"),
        ("task:b when:z>1", "x = 2\nw = 1"),
        ("task:c", "y = x"),
        ("task:d", "y = x, z"),
        ("task:e after:b", "y = x"),
        ("task:f", "y = x, w"),
    )
    found = alternatives(compile_cells(notebook).pipeline)
    assert found == {
        "c": {"a": (BOTH,), "b": (BOTH,)},
        "d": {"b": (BOTH,)},
        "e": {"a": (BOTH,)},
        "f": {"a": (BOTH,)},
    }


def test_what_setup_makes_is_there_anyway() -> None:
    notebook = tagged(
        ("parameters", "n = 1"),
        ("task:b when:n>1", "import random\nrandom.seed(3)\nn = 3"),
        ("task:c", "y = n"),
        ("task:d", "import random\nz = random.random()"),
    )
    found = alternatives(compile_cells(notebook).pipeline)
    assert found == {"c": {"b": (SETUP_TOO,)}, "d": {"b": (SETUP_TOO,)}}


@pytest.mark.parametrize(
    ("skipped", "state"),
    [("", "running"), ("a", "running"), ("b", "running"), ("ab", "skipped"), ("ba", "skipped")],
)
def test_one_that_has_something_from_others_goes_on(skipped: str, state: str) -> None:
    a, b, c = (TaskName(name) for name in "abc")
    tasks = (
        PlannedTask(name=a),
        PlannedTask(name=b),
        PlannedTask(name=c, upstream=(a, b), alternatives={a: (BOTH,), b: (BOTH,)}),
    )
    plan = Plan(run_id=RunId("r"), pipeline="p", notebook="n", parameters={}, tasks=tasks, slots=3)
    machine = RunMachine(plan)
    machine.handle(Submit(at=AT))
    for name in dict.fromkeys((*skipped, "a", "b")):
        machine.handle(AttemptEnded(at=AT, task=TaskName(name), attempt=1, skipped=name in skipped))
    assert machine.view.tasks[c].state is TaskState(state)
