"""Tasks with a condition, in real kernels."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from jupyter_dagflow.core.selection import Selection
from jupyter_dagflow.core.states import RunState, TaskState
from jupyter_dagflow.surfaces.report import failure_block
from tests.execution.projects import Project

BRANCHES = (
    ("task:load", "n = 3\nx = [1]"),
    ("task:big when:n>5", "open('ran', 'w').close()\nx = [2]"),
    ("task:small when:n<=5", "x = [*x, 3]"),
    ("task:join keep:y", "y = x"),
)


@pytest.fixture
def project(tmp_path: Path, kernels: Path) -> Iterator[Project]:
    project = Project(tmp_path)
    yield project
    project.close()


def test_a_branch_whose_condition_is_false_is_skipped_and_the_join_takes_the_other(
    project: Project,
) -> None:
    run = project.run(*BRANCHES)
    assert run.state is RunState.SUCCESS
    assert run.tasks["big"].state is TaskState.SKIPPED
    assert run.tasks["big"].why == ("when:n>5 is false",)
    assert run.value("y") == [1, 3]
    assert not list(project.folder.glob("ran")), "no cell of it has run"


def test_what_takes_something_that_nobody_else_has_is_skipped_likewise(project: Project) -> None:
    run = project.run(
        *BRANCHES[:1],
        ("task:big when:n>5", "x = [2]\nmore = 1"),
        ("task:takes", "y = more"),
        ("task:after after:big", "z = x"),
        ("task:says trigger:none_failed after:big keep:z", "z = x"),
        ("task:either when:n>6", "more = 2"),
        ("task:of_either", "y = more"),
    )
    states = {name: run.tasks[name].state.value for name in ("takes", "after", "says", "of_either")}
    assert states == dict.fromkeys(states, "skipped") | {"says": "success"}
    assert run.state is RunState.SUCCESS
    assert run.value("z") == [1]


def test_a_condition_that_cannot_be_told_fails_the_task(
    project: Project, snapshot: SnapshotAssertion
) -> None:
    run = project.run(
        ("task:load", "import numpy as np\nx = np.arange(3)"),
        ("task:b when:x>1 retries:0", "y = 1"),
    )
    failure = run.tasks["b"].failure
    assert failure is not None
    assert (failure.cell_index, failure.line) == (1, None)
    told = str(failure_block(run.tasks["b"], failure=failure, notebook="nb.ipynb"))
    told = told.replace(str(project.folder.parent), "…").replace(run.run_id, "RUN")
    assert re.sub(r"id \w{8}", "id …", told) == snapshot


def test_a_task_that_was_skipped_is_asked_again(project: Project) -> None:
    path = project.write(*BRANCHES)
    for _ in range(2):
        run = project.app.run(path)
        assert run.tasks["big"].state is TaskState.SKIPPED
        assert run.value("y") == [1, 3]
    assert run.tasks["small"].cached


def test_a_task_above_that_was_skipped_is_asked_again_of_what_may_have_changed(
    project: Project,
) -> None:
    flag = project.folder / "flag"
    path = project.write(
        ("task:load", "x = 1"),
        ("task:b when:open('flag').read()=='yes'", "x = 2"),
        ("task:c keep:y", "y = x"),
        ("task:other", "z = 0"),
    )
    for said, value in (("no", 1), ("yes", 2), ("no", 1)):
        flag.write_text(said)
        run = (
            project.app.run(path)
            if not list(project.app.history())
            else project.app.run(path, selection=Selection(only=("c",)))
        )
        assert (run.state, run.value("y")) == (RunState.SUCCESS, value)


def test_a_run_that_lacks_a_result_fails_whatever_is_made_of_it(project: Project) -> None:
    path = project.write(
        ("task:a", "1 / 0"), ("task:c after:a trigger:all_done", "y = 1"), ("task:z", "z = 1")
    )
    project.app.run(path)
    run = project.app.run(path, selection=Selection(only=("c",)))
    assert run.state is RunState.FAILED
    assert run.tasks.keys() == {"a", "c"}


def test_a_name_that_a_task_runs_without_tells_who_did_not_give_it(project: Project) -> None:
    run = project.run(
        ("task:load", "x = 1"),
        ("task:skips when:x>1", "y = 1"),
        ("task:fails", "z = x / 0"),
        ("task:never", "v = z"),
        ("task:misses_y trigger:all_done", "print(y)"),
        ("task:misses_z trigger:one_failed", "print(z)"),
        ("task:asks trigger:all_done when:v", "print(v)"),
        ("task:misspells trigger:all_done after:fails", "print(zz)"),
    )
    told = {name: task.failure.hint for name, task in run.tasks.items() if task.failure}
    who = {"misses_y": "y", "misses_z": "z", "asks": "v"}
    became = ("skips, which was skipped", "fails, which failed", "never, which could not run")
    for (task, name), ended in zip(who.items(), became, strict=True):
        assert told[task] == (
            f"{name} comes from task {ended}, and the trigger: of task {task} has it run all the same: "
            f"do without {name}, or leave the trigger: out."
        )
    assert told["misspells"] == ""
