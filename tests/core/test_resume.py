"""What a run that goes on repeats, as a table: states before, and what begins anew."""

from __future__ import annotations

import re
from datetime import datetime, timezone

import pytest
from syrupy.assertion import SnapshotAssertion

from jupyter_dagflow.core.errors import NotFound, NotResumable
from jupyter_dagflow.core.model import RunId, TaskName
from jupyter_dagflow.core.resume import (
    anew,
    cleared_by,
    require_same_tasks,
    require_unchanged,
    tasks_named,
)
from jupyter_dagflow.core.run import RunView, TaskRun
from jupyter_dagflow.core.states import RunState, TaskState

AT = datetime(2026, 3, 1, tzinfo=timezone.utc)
STATES = {
    "+": TaskState.SUCCESS,
    "x": TaskState.FAILED,
    "u": TaskState.UPSTREAM_FAILED,
    "-": TaskState.SKIPPED,
    "c": TaskState.CANCELLED,
    "l": TaskState.LOST,
}


def view_of(spec: str) -> RunView:
    """``a+ b>ax``: a succeeded, b comes after a and failed."""
    tasks = {}
    for word in spec.split():
        name, _, upstream = word[:-1].partition(">")
        tasks[TaskName(name)] = TaskRun(
            name=TaskName(name),
            upstream=tuple(map(TaskName, upstream)),
            state=STATES[word[-1]],
        )
    return RunView(
        run_id=RunId("20260301-000000-abc"),
        seq=9,
        pipeline="p",
        notebook="p.ipynb",
        parameters={},
        trigger="manual",
        created_at=AT,
        state=RunState.FAILED,
        tasks=tasks,
    )


@pytest.mark.parametrize(
    ("spec", "named", "downstream", "again"),
    [
        ("a+ b>a+", "", False, ""),
        ("a+ b>ax c>bu", "", False, "bc"),
        ("a+ b>ac c>bl", "", False, "bc"),
        ("a+ b>a- c>b-", "", False, ""),  # skipped by its own condition: that stands
        ("ax b>a- c>b-", "", False, "abc"),  # skipped for what is to be repeated
        ("ax b>a+", "", False, "a"),  # trigger:all_done: it succeeded
        ("a+ b>a+ c>b+ d>a+", "b", False, "b"),
        ("a+ b>a+ c>b+ d>a+", "b", True, "bc"),
        ("a+ b>a+ c>b+ dx", "b", False, "bd"),  # the run goes on to its end
        ("a+ b>a- c>b+", "a", False, "ab"),
        ("a>b+ b+", "b", True, "ab"),  # an edge may lead up the notebook
        ("a+ b>a+ b[0]+ b[1]+ c>b+", "b[1]", False, "b b[1]"),  # and the task gathers again
        ("a+ b>a+ b[0]+ b[1]+ c>b+", "b[1]", True, "b b[1] c"),
        ("a+ b>a+ b[0]+ b[1]+ c>b+", "b[1] a", True, "a b b[1] c"),
        ("a+ b>a+ c>b+", "b.load b.x[0]", False, "b"),  # of a step of b: b runs that again
        ("a+ b>a+ c>b+ d>a+", "b.load", True, "bc"),
    ],
)
def test_what_begins_anew(spec: str, named: str, downstream: bool, again: str) -> None:
    view = view_of(spec)
    names = tuple(map(TaskName, words_of(named)))
    assert anew(view, cleared_by(view, names, downstream=downstream)) == {*words_of(again)}


def words_of(names: str) -> list[str]:
    """Names of one letter, or with blanks between them."""
    return names.split() if re.search(r"[ \[.]", names) else [*names]


def test_what_cannot_be_resumed_says_what_to_do(snapshot: SnapshotAssertion) -> None:
    view = view_of("load+ train>x")
    names = list(view.tasks)
    require_same_tasks(view, names)
    require_unchanged(view, [])
    told = []
    for ask in (
        lambda: tasks_named(view, ["train", "nope"]),
        lambda: require_same_tasks(view, [TaskName("load"), TaskName("fit")]),
        lambda: require_unchanged(view, [TaskName("load")]),
    ):
        with pytest.raises((NotFound, NotResumable)) as caught:
            ask()
        told.append(str(caught.value))
    assert "\n".join(told) == snapshot
