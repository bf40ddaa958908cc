"""What differs between two runs, as a table of what was done to the second and what is told of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from datetime import datetime, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_dagflow.core.compile import compile_cells
from jupyter_dagflow.core.events import Stored
from jupyter_dagflow.core.model import Notebook, RunId, TaskName
from jupyter_dagflow.core.records import Origin, Revision, RunRecord, Surroundings, TaskRecord
from jupyter_dagflow.core.run import RunView, TaskRun
from jupyter_dagflow.core.run_diff import Change, MetricChange, RunDiff, Side, diff_runs
from jupyter_dagflow.core.states import RunState, TaskState
from tests.core.notebooks import tagged

NOON = datetime(2026, 3, 8, 12, tzinfo=timezone.utc)
CELLS = [
    ("parameters", "n = 3\nname = 'x'"),
    ("task:load", "rows = list(range(n))"),
    ("task:train metric:auc", "auc = sum(rows) / 10"),
]
LOAD, TRAIN = TaskName("load"), TaskName("train")
HERE = Surroundings(
    kernel="python3",
    python="3.12.1",
    packages={"numpy": "2.0", "pandas": "2.2"},
    modules={"helpers.py": "xxh3:h1"},
)
RECORD = RunRecord(
    origin=Origin.CLI,
    user="ada",
    host="laptop",
    python="3.12.1",
    version="0.1.0",
    source_digest="s",
    revision=Revision(commit="c1", branch="main", dirty=False),
)


def notebook_of(*cells: tuple[str, str]) -> Notebook:
    return replace(tagged(*cells), digest=repr(cells))


def side(*cells: tuple[str, str], run_id: str = "r1") -> Side:
    """A run of these cells in which every task succeeded."""
    notebook = notebook_of(*(cells or CELLS))
    pipeline = compile_cells(notebook).pipeline
    tasks = {}
    for task in pipeline.tasks:
        code = repr([notebook.by_id[cell].code for cell in task.cells])
        record = TaskRecord(
            code=code,
            recipe=code,
            inputs={item.name: f"xxh3:{item.name}" for item in task.inputs},
            files={"data.csv": "xxh3:d1"} if task.name == LOAD else {},
            surroundings="here",
        )
        tasks[task.name] = TaskRun(
            name=task.name,
            upstream=(),
            state=TaskState.SUCCESS,
            attempt=1,
            duration_s=1.0,
            record=record,
            stored=(Stored(name="rows", digest="xxh3:rows", size_bytes=1, type="list"),),
            metrics={"auc": 0.5} if task.name == TRAIN else {},
        )
    view = RunView(
        run_id=RunId(run_id),
        seq=9,
        pipeline="nb",
        notebook="nb.ipynb",
        parameters={},
        trigger="manual",
        options={"folder": "/data/ada", "reuse": "yes"},
        created_at=NOON,
        state=RunState.SUCCESS,
        tasks=tasks,
        record=RECORD,
        surroundings={"here": HERE},
    )
    return Side(view=view, notebook=notebook, pipeline=pipeline)


def told(diff: RunDiff) -> dict[str, Any]:
    """The sections of a diff that have anything in them."""
    sections = [field.name for field in fields(diff) if field.name not in ("before", "after")]
    return {name: getattr(diff, name) for name in sections if getattr(diff, name)}


def recorded(a_side: Side, task: TaskName, **changes: Any) -> Side:
    run = a_side.view.tasks[task]
    assert run.record is not None
    run.record = replace(run.record, **changes)
    return a_side


def in_another_place(a_side: Side, **changes: Any) -> Side:
    """Both tasks ran in other surroundings."""
    a_side.view.surroundings[repr(changes)] = replace(HERE, **changes)
    for task in a_side.view.tasks:
        recorded(a_side, task, surroundings=repr(changes))
    return a_side


def asked(a_side: Side, **changes: Any) -> Side:
    return replace(a_side, view=replace(a_side.view, record=replace(RECORD, **changes)))


def viewed(a_side: Side, **changes: Any) -> Side:
    return replace(a_side, view=replace(a_side.view, **changes))


def measured(a_side: Side, auc: float) -> Side:
    a_side.view.tasks[TRAIN].metrics = {"auc": auc}
    return a_side


def left_other_values(a_side: Side) -> Side:
    run = a_side.view.tasks[LOAD]
    run.stored = tuple(replace(stored, digest="xxh3:other") for stored in run.stored)
    return a_side


def failed(a_side: Side) -> Side:
    run = a_side.view.tasks[TRAIN]
    run.state, run.stored, run.metrics = TaskState.FAILED, (), {}
    return recorded(a_side, TRAIN, surroundings="")


def slow(a_side: Side) -> Side:
    a_side.view.tasks[LOAD].duration_s = 3.0
    a_side.view.tasks[TRAIN].duration_s = 1.2
    return a_side


BOTH = (LOAD, TRAIN)
TABLE: list[tuple[str, Callable[[Side], Side], set[str], str]] = [
    ("nothing", lambda s: s, set(), "Nothing that could matter differs between these runs."),
    (
        "a parameter",
        lambda s: viewed(measured(s, 0.7), parameters={"n": 5}),
        {"parameters", "metrics"},
        "auc 0.5 → 0.7. What differs: parameter n 3 → 5.",
    ),
    ("its default given", lambda s: viewed(s, parameters={"n": 3}), set(), ""),
    (
        "a file",
        lambda s: recorded(s, LOAD, files={"data.csv": "xxh3:d2", "new.csv": None}),
        {"files"},
        "What differs: files data.csv, new.csv.",
    ),
    (
        "a package",
        lambda s: in_another_place(s, packages={"numpy": "2.1", "pandas": "2.2", "scipy": "1"}),
        {"versions"},
        "What differs: numpy 2.0 → 2.1, scipy none → 1.",
    ),
    (
        "Python and kernel",
        lambda s: in_another_place(s, python="3.13.0", kernel="new"),
        {"versions"},
        "What differs: kernel python3 → new, Python 3.12.1 → 3.13.0.",
    ),
    (
        "a module",
        lambda s: in_another_place(s, modules={"helpers.py": "xxh3:h2"}),
        {"files"},
        "What differs: file helpers.py.",
    ),
    (
        "the commit",
        lambda s: asked(s, revision=Revision(commit="c2", branch="main", dirty=None)),
        {"git"},
        "Nothing that could matter differs between these runs.",
    ),
    ("no repository", lambda s: asked(s, revision=None), {"git"}, ""),
    (
        "who and where",
        lambda s: asked(s, user="bea", host="server", origin=Origin.SERVER),
        {"asked"},
        "What differs: host laptop → server.",
    ),
    (
        "how it was asked for",
        lambda s: viewed(s, options={"folder": "/play", "reuse": "fresh", "given": ()}),
        {"asked"},
        "Nothing that could matter differs between these runs.",
    ),
    (
        "an input",
        lambda s: recorded(s, TRAIN, inputs={"rows": "xxh3:other"}),
        {"inputs"},
        "No cause of it is recorded.",
    ),
    (
        "chance",
        lambda s: measured(left_other_values(s), 0.6),
        {"unexplained", "metrics"},
        "auc 0.5 → 0.6. Nothing recorded explains it: load made other values of the same.",
    ),
    (
        "a failure",
        failed,
        {"states", "metrics"},
        "auc 0.5 → none. No cause of it is recorded.",
    ),
    ("a slow task", slow, {"durations"}, "Nothing that could matter differs between these runs."),
]


@pytest.mark.parametrize(
    ("done", "sections", "summary"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_what_differs_is_told_and_nothing_else(
    done: Callable[[Side], Side], sections: set[str], summary: str
) -> None:
    diff = diff_runs(side(), done(side(run_id="r2")))
    assert told(diff).keys() == sections
    if summary:
        assert diff.summary == summary


@pytest.mark.parametrize("done", [row[1] for row in TABLE], ids=[row[0] for row in TABLE])
def test_the_other_way_round_it_is_the_same(done: Callable[[Side], Side]) -> None:
    one, other = side(), done(side())
    there, back = told(diff_runs(one, other)), told(diff_runs(other, one))
    assert there.keys() == back.keys()

    def turned(change: Any) -> Any:
        names = {field.name for field in fields(change)}
        pairs = {("before", "after"), ("before_s", "after_s"), ("cells_before", "cells_after")}
        swapped: dict[str, Any] = {}
        for a, b in pairs:
            if a in names:
                swapped |= {a: getattr(change, b), b: getattr(change, a)}
        return replace(change, **swapped)

    for name, changes in there.items():
        by_text = sorted(map(repr, map(turned, changes)))
        assert by_text == sorted(map(repr, back[name])), name


def test_tasks_and_their_code() -> None:
    after = side(
        ("parameters", "n = 4\nname = 'x'"),
        CELLS[1],
        ("task:train metric:auc", "auc = sum(rows) / 20"),
        ("task:report", "print(auc)"),
        run_id="r2",
    )
    diff = diff_runs(side(), after)
    assert told(diff).keys() == {"added", "code", "parameters"}
    assert diff.added == (TaskName("report"),)
    (change,) = diff.code
    assert (change.kind, change.tasks) == ("cells", (TRAIN,))
    assert diff.parameters == (Change(name="n", before="3", after="4"),)
    assert diff.summary == (
        "What differs: the code of task train; parameter n 3 → 4; new task report."
    )
    assert diff_runs(after, side()).removed == diff.added


def test_instances_of_a_task_that_was_reused_are_not_gone() -> None:
    before = side()
    instance = TaskName("train[0]")
    before.view.tasks[instance] = TaskRun(
        name=instance, upstream=(), state=TaskState.SUCCESS, attempt=1
    )
    assert told(diff_runs(before, side())) == {}
    assert told(diff_runs(side(), before)) == {}


def test_who_made_an_input_is_told() -> None:
    diff = diff_runs(side(), recorded(side(), TRAIN, inputs={"rows": "xxh3:other"}))
    assert [(each.task, each.name, each.made_by) for each in diff.inputs] == [
        (TRAIN, "rows", (LOAD,))
    ]


def test_of_runs_without_records_it_is_said_that_there_are_none() -> None:
    old = side()
    for run in old.view.tasks.values():
        run.record = None
    old = viewed(old, record=None, surroundings={})
    changed = [*CELLS[:2], ("task:train metric:auc", "auc = 1.0")]
    diff = diff_runs(old, side(*changed))
    assert told(diff).keys() == {"code", "unknown"}
    assert diff.unknown == (
        "of run r1, which an earlier version made, no versions, files and inputs are recorded",
    )
    gone = diff_runs(replace(old, notebook=None, pipeline=None), side())
    assert "cannot be read any more" in gone.unknown[1]
    assert gone.summary == "What differs is not recorded."


@pytest.mark.parametrize(
    ("before", "after", "texts"),
    [
        (0.912345678, 0.912345679, ("0.912345678", "0.912345679")),
        (0.5, None, ("0.5", "none")),
        (1, 1.0, ("1", "1.0")),
        ("a", "b", ("a", "b")),
        (True, 1, ("True", "1")),
        ("1", 1, ("'1'", "1")),
    ],
)
def test_metrics_are_told_apart(before: object, after: object, texts: tuple[str, str]) -> None:
    assert MetricChange(name="m", before=before, after=after).texts == texts


VERSIONS = st.dictionaries(st.sampled_from("abcd"), st.sampled_from(["1", "2"]), max_size=4)


@given(VERSIONS, VERSIONS)
def test_each_version_that_differs_is_told_once(
    before: Mapping[str, str], after: Mapping[str, str]
) -> None:
    diff = diff_runs(
        in_another_place(side(), packages=before), in_another_place(side(), packages=after)
    )
    expected = {
        name: (before.get(name), after.get(name))
        for name in before.keys() | after.keys()
        if before.get(name) != after.get(name)
    }
    assert {c.name: (c.before, c.after) for c in diff.versions} == expected
    assert len(diff.versions) == len(expected)
    assert all(change.tasks == BOTH for change in diff.versions)
