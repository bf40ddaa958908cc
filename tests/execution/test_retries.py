"""Tasks that are tried again, and tasks that take too long, in real kernels."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_dagflow.core.states import RunState, TaskState
from jupyter_dagflow.surfaces.report import failure_block
from tests.execution.processes import is_gone
from tests.execution.projects import Project

FLAKY = """
import os, pathlib
tries = pathlib.Path('tries')
n = len(tries.read_text()) if tries.exists() else 0
tries.write_text('x' * (n + 1))
first_here = 'seen' not in globals()
seen = True
"""


@pytest.fixture
def project(tmp_path: Path, kernels: Path) -> Iterator[Project]:
    project = Project(tmp_path, keep="all")
    yield project
    project.close()


def test_a_task_is_tried_again_in_a_new_kernel_until_it_ends_well(project: Project) -> None:
    run = project.run(
        ("task:a", "rows = [1, 2]"),
        (
            "task:b retries:3 retry-delay:0.1s",
            FLAKY + "rows = [*rows, n]\n[lambda: 1/0, lambda: os._exit(3), int][n]()",
        ),
        ("task:c", "total = sum(rows)"),
    )
    assert run.state is RunState.SUCCESS
    assert (run.value("rows"), run.value("total"), run.value("first_here")) == ([1, 2, 2], 5, True)
    task = run.tasks["b"]
    assert (task.attempt, task.failure, task.why) == (3, None, ("attempt 2 failed",))
    assert run.tasks["c"].attempt == 1
    attempts = sorted(path.name for path in run.taskbook_path("b").parents[1].iterdir())
    assert attempts == ["1", "2", "3"], "what each of them left can be looked at"


def test_a_task_fails_when_no_attempt_is_left(project: Project) -> None:
    run = project.run(
        ("task:a retries:1 retry-delay:0s", FLAKY + "raise ValueError(n)"), ("task:b", "y = n")
    )
    assert [run.tasks[name].state for name in "ab"] == [
        TaskState.FAILED,
        TaskState.UPSTREAM_FAILED,
    ]
    assert run.tasks["a"].attempt == 2
    assert run.tasks["a"].failure is not None
    assert run.tasks["a"].failure.message == "ValueError: 1"


def test_a_run_that_waits_for_a_retry_is_cancelled_at_once(project: Project) -> None:
    run = project.app.start(
        project.write(("task:a retries:1 retry-delay:1d", "raise ValueError"), ("task:b", "y = 1"))
    )
    while run.tasks["a"].state is not TaskState.UP_FOR_RETRY:
        time.sleep(0.02)
    assert run.tasks["a"].retry_at is not None
    run.cancel()
    run.wait()
    assert run.state is RunState.CANCELLED
    assert run.tasks["a"].state is TaskState.CANCELLED


ENDLESS = "import time\nprint('begin')\nwhile True:\n    time.sleep(0.02)"
STUBBORN = """
import pathlib, signal, subprocess, sys, time
signal.signal(signal.SIGINT, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
pathlib.Path("child").write_text(str(child.pid))
while True:
    time.sleep(0.02)
"""


def test_a_task_that_takes_too_long_fails_and_tells_where_it_was(project: Project) -> None:
    run = project.run(
        ("task:a timeout:5s", "x = 1"), ("", ENDLESS), ("task:b", "y = x"), ("task:c", "z = 1")
    )
    states = {name: task.state for name, task in run.tasks.items()}
    assert states == {
        "a": TaskState.FAILED,
        "b": TaskState.UPSTREAM_FAILED,
        "c": TaskState.SUCCESS,
    }
    failure = run.tasks["a"].failure
    assert failure is not None
    assert (failure.kind, failure.cell_index, failure.line) == ("timeout", 1, 4)
    assert failure.message == "The task was still running after 5 s, in cell 1."
    assert "time.sleep(0.02)" in failure.last_lines
    block = failure_block(run.tasks["a"], failure=failure, notebook="nb.ipynb")
    assert "another timeout: tag" in block


def test_what_ignores_the_interrupt_is_killed_with_all_it_started(project: Project) -> None:
    run = project.run(("task:a timeout:5s", STUBBORN), ("task:b", "y = child"))
    failure = run.tasks["a"].failure
    assert failure is not None
    assert (failure.kind, failure.cell_index) == ("timeout", 0)
    assert is_gone(int((project.folder / "child").read_text()))


def test_a_task_that_hung_once_is_tried_again(project: Project) -> None:
    run = project.run(
        (
            "task:a timeout:5s retries:1 retry-delay:0s",
            FLAKY + "import time\nwhile n == 0:\n    time.sleep(0.02)",
        ),
    )
    assert (run.state, run.tasks["a"].attempt, run.value("n")) == (RunState.SUCCESS, 2, 1)
