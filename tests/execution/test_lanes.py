"""Lanes in real kernels: what cannot be pickled goes along, and whoever fails takes the lane back to its beginning."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest

from jupyter_dagflow.core.selection import Selection
from jupyter_dagflow.core.states import RunState, TaskState
from jupyter_dagflow.verifying import Verifying
from tests.execution.projects import Project

BEGUN = "print('begun', file=open('begun', 'a'))\n"
LANE = (
    ("task:load", "rows = [(1,), (2,), (3,)]"),
    (
        "task:connect lane:db retries:2 retry-delay:0s",
        f"{BEGUN}import sqlite3\ndb = sqlite3.connect(':memory:')\n_ = db.execute('create table t (x)')",
    ),
    (
        "task:fill lane:db",
        "_ = db.executemany('insert into t values (?)', rows)\n"
        "numbers = (10 * n for n, in rows)\nfirst = next(numbers)\nmine = rows",
    ),
    (
        "task:read lane:db",
        "total = db.execute('select sum(x) from t').fetchone()[0]\nrest = list(numbers)\n"
        "same = mine is rows\nprint('the rest is', rest)",
    ),
    ("task:report keep:told", "told = total, first, rest, same"),
)
TOLD = (6, 10, [20, 30], True)


@pytest.fixture
def project(tmp_path: Path, kernels: Path) -> Iterator[Project]:
    project = Project(tmp_path)
    yield project
    project.close()


def failing(source: str, how: str, *, times: int = 1) -> tuple[tuple[str, str], ...]:
    """The lane, in whose task ``read`` something is wrong so often, before ``source``."""
    trouble = f"import os\nif len(open('begun').readlines()) <= {times}:\n    {how}\n"
    cells = dict(LANE)
    return tuple((tags, trouble + source if "read" in tags else cells[tags]) for tags in cells)


READ = dict(LANE)["task:read lane:db"]
LANES_TASKS = ("connect", "fill", "read")


def times_begun(project: Project) -> int:
    return len((project.folder / "begun").read_text().splitlines())


def test_a_connection_and_a_generator_go_along_a_lane(project: Project) -> None:
    run = project.run(*LANE)
    assert run.state is RunState.SUCCESS, run.error
    assert run.value("told") == TOLD
    assert times_begun(project) == 1
    assert [run.tasks[name].attempt for name in LANES_TASKS] == [1, 1, 1]
    assert not run.tasks["connect"].stored, "what goes along is not stored"
    shown = {run.taskbook_path(name) for name in LANES_TASKS}
    assert len(shown) == 1, "one taskbook for one kernel"
    printed = [entry.text for name in LANES_TASKS for entry in run.log(name)]
    assert printed == ["the rest is [20, 30]\n"], "and each task has its own part of it"


@pytest.mark.parametrize("how", ["raise RuntimeError('down')", "os._exit(3)"])
def test_a_failure_takes_the_lane_back_to_its_beginning(project: Project, how: str) -> None:
    run = project.run(*failing(READ, how))
    assert run.state is RunState.SUCCESS, run.error
    assert run.value("told") == TOLD
    assert times_begun(project) == 2
    assert [run.tasks[name].attempt for name in LANES_TASKS] == [2, 2, 2]
    assert [each.state for each in run.tasks["fill"].attempts] == [TaskState.SUCCESS] * 2
    assert [each.state for each in run.tasks["read"].attempts] == [
        TaskState.UP_FOR_RETRY,
        TaskState.SUCCESS,
    ]
    assert run.tasks["connect"].why == ("attempt 1 failed in task read",)
    assert run.tasks["load"].attempt == 1


def test_a_resumed_run_repeats_its_half_done_lane_and_a_cleared_task_all_of_it(
    project: Project,
) -> None:
    cells = tuple((tags.replace("retries:2 ", ""), code) for tags, code in failing(READ, "1 / 0"))
    run = project.run(*cells)
    states = {name: task.state.value for name, task in run.tasks.items()}
    assert states == {
        "load": "success",
        "connect": "success",
        "fill": "success",
        "read": "failed",
        "report": "upstream_failed",
    }
    failure = run.tasks["read"].failure
    assert failure is not None
    assert (failure.cell_index, failure.line) == (3, 3)
    resumed = project.app.resume(run.run_id)
    resumed.wait()
    assert resumed.state is RunState.SUCCESS, resumed.error
    assert resumed.value("told") == TOLD
    assert [resumed.tasks[name].attempt for name in ("load", *LANES_TASKS)] == [1, 2, 2, 2]
    cleared = project.app.resume(run.run_id, clear=["fill"])
    cleared.wait()
    assert [cleared.tasks[name].attempt for name in ("load", *LANES_TASKS)] == [1, 3, 3, 3]
    assert times_begun(project) == 3


def test_a_lane_is_reused_whole_or_not_at_all(project: Project) -> None:
    cells = [(tags, code.removeprefix(BEGUN)) for tags, code in LANE]  # who appends to a file runs
    project.run(*cells)
    again = project.run(*cells)
    assert all(task.cached for task in again.tasks.values())
    assert again.value("told") == TOLD
    edited = list(cells)
    edited[3] = ("task:read lane:db", READ.replace("sum(x)", "sum(x) + 1"))
    run = project.run(*edited)
    assert [task.cached for task in run.tasks.values()] == [True, False, False, False, False]
    assert run.value("told") == (7, *TOLD[1:])
    only = project.app.run(project.write(*edited), selection=Selection(only=("fill",)))
    assert [*only.tasks] == ["load", *LANES_TASKS], (
        "who asks for one of its tasks asks for the lane"
    )


def test_a_condition_is_asked_once_for_the_lane(project: Project) -> None:
    cells = list(LANE)
    cells[1] = (cells[1][0] + " when:len(rows)>5", cells[1][1])
    run = project.run(*cells)
    assert {run.tasks[name].state for name in LANES_TASKS} == {TaskState.SKIPPED}
    assert run.tasks["connect"].why == ("when:len(rows)>5 is false",)
    assert not (project.folder / "begun").exists()


def test_what_cannot_leave_its_lane_is_refused_with_the_cell_that_wrote_it_last(
    project: Project,
) -> None:
    cells = (*LANE[:-1], ("task:report", "print(db)"))
    run = project.run(*cells)
    failure = run.tasks["read"].failure
    assert failure is not None
    assert failure.kind == "not_storable"
    assert failure.cell_index == 3
    assert "lane:NAME" in failure.hint
    assert run.tasks["read"].attempt == 1, "the same code would fail again"


def test_a_lane_that_takes_too_long_ends_where_it_is(project: Project) -> None:
    run = project.run(
        ("task:a lane:slow timeout:1s", "x = 1"),
        ("task:b lane:slow", "import time\ntime.sleep(60)"),
    )
    assert [task.state.value for task in run.tasks.values()] == ["success", "failed"]
    failure = run.tasks["b"].failure
    assert failure is not None
    assert (failure.kind, failure.cell_index) == ("timeout", 1)


def test_who_takes_a_run_over_ends_the_kernel_of_its_lane_and_begins_it_again(
    project: Project,
) -> None:
    """A runner that abandons its run stands for one that was killed: its lane was in the second task then."""
    cells = (
        ("task:a lane:l", f"{BEGUN}x = iter([1, 2, 3])"),
        (
            "task:b lane:l",
            "import time\ny = next(x)\nwhile len(open('begun').readlines()) < 2:\n    time.sleep(0.02)",
        ),
        ("task:c keep:z", "z = y"),
    )
    live = project.app.start(project.write(*cells))
    while live.tasks["b"].state is not TaskState.RUNNING:
        live.wait(0.05)
    live.abandon()
    live.wait()
    run = project.app.resume(live.run_id)
    run.wait()
    assert run.state is RunState.SUCCESS, run.error
    assert run.value("z") == 1
    assert [run.tasks[name].attempt for name in ("a", "b")] == [2, 2]
    assert times_begun(project) == 2
    assert run.tasks["a"].tried == 1


def test_verify_finds_a_lane_equal_to_run_all(project: Project) -> None:
    verifying = Verifying(project.app, project.app.prepare(project.write(*LANE)), jobs=2)
    dag = verifying.start_dag()
    dag.wait()
    run_all = verifying.start_run_all(dag)
    run_all.wait()
    found = verifying.compare(dag, run_all)
    assert found.ok, found
    assert {"rows", "first", "mine", "total", "rest", "same", "told"} <= {*found.equal}
    assert "db" in found.not_compared


def test_a_run_with_a_lane_is_run_again_as_it_was_asked_for(project: Project) -> None:
    run = project.run(
        ("task:a lane:x", "items = iter([1, 2])"), ("task:b lane:x", "one = next(items)")
    )
    book = nbformat.read(project.folder / "nb.ipynb", as_version=4)
    book.cells.append(
        nbformat.v4.new_code_cell("two = one + 1", metadata={"tags": ["task:c", "keep:two"]})
    )
    nbformat.write(book, project.folder / "nb.ipynb")
    again = project.app.rerun(run.run_id)
    again.wait()
    assert again.state is RunState.SUCCESS, again.error
    assert again.value("two") == 2, "all was asked for, so what has been added is a part"
