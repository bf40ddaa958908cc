"""Runs that failed, were cancelled, or lost their process: gone on with through the command line."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from jupyter_dagflow import Dagflow
from jupyter_dagflow.core.model import TaskName
from jupyter_dagflow.core.states import RunState, TaskState

# A folder for each time: a file that a task reads and writes would be a reason to run it again.
NOTE = "import os, time; os.makedirs(f'ran/{0}/{{time.time_ns()}}')\n"
CELLS = [
    ("parameters", "n = 3\nday = None"),
    ("task:load", NOTE.format("load") + "rows = list(range(n))"),
    (
        "task:total",
        NOTE.format("total") + "while not os.path.exists('go'): time.sleep(0.02)\n"
        "if os.path.exists('fail'): raise ValueError('told to fail')\ntotal = sum(rows)",
    ),
    ("task:report keep:words", NOTE.format("report") + "words = f'{total} of {n}'"),
]
RAN = {"load": 1, "total": 1, "report": 1}


def ran() -> dict[str, int]:
    """How often each task's cell has run, by what it left itself."""
    return {path.name: len(list(path.iterdir())) for path in sorted(Path("ran").glob("*"))}


@pytest.fixture
def notebook(write_notebook: Callable[..., Path], dagflow: Callable[..., Any]) -> Path:
    del dagflow  # it enters the working directory
    return write_notebook("good.ipynb", CELLS)


@pytest.fixture
def interrupted(notebook: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A command that runs the notebook and is in its second task."""
    process = begin()
    until(lambda: "total" in ran())
    yield process
    if process.poll() is None:
        os.kill(process.pid, signal.SIGKILL)
        os.kill(process.pid, signal.SIGCONT)
    process.wait()


def begin() -> subprocess.Popen[bytes]:
    """A command that runs the notebook."""
    command = [sys.executable, "-m", "jupyter_dagflow.surfaces.cli.main", "run", "good.ipynb"]
    return subprocess.Popen(
        [*command, "-p", "n=4"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def until(condition: Callable[[], bool]) -> None:
    while not condition():
        time.sleep(0.02)


def kill(process: subprocess.Popen[bytes]) -> None:
    os.kill(process.pid, signal.SIGKILL)
    process.wait()


def test_what_did_not_succeed_is_done_again(
    notebook: Path,
    dagflow: Callable[..., Any],
    settled: Callable[[str], str],
    snapshot: SnapshotAssertion,
) -> None:
    del notebook
    Path("go").touch()
    Path("fail").touch()
    assert dagflow("run", "good.ipynb", "-p", "n=4").code == 1
    assert ran() == {"load": 1, "total": 1}
    Path("fail").unlink()
    answer = dagflow("runs", "resume", "latest")
    assert (answer.code, settled(answer.out)) == (0, snapshot(name="resumed"))
    assert settled(answer.err) == snapshot(name="progress")
    assert ran() == {"load": 1, "total": 2, "report": 1}
    answer = dagflow("runs", "resume", "latest", "--json")
    told = json.loads(answer.out)
    assert (answer.code, told["state"]) == (0, "success")
    assert [task["attempt"] for task in told["tasks"]] == [1, 2, 1]
    assert ran() == {"load": 1, "total": 2, "report": 1}, "there was nothing to do again"
    assert Dagflow().open_run("latest").value("words") == "6 of 4"


def test_a_task_is_run_again_though_it_succeeded(
    notebook: Path, dagflow: Callable[..., Any], snapshot: SnapshotAssertion
) -> None:
    del notebook
    Path("go").touch()
    assert dagflow("run", "good.ipynb").code == 0
    assert dagflow("runs", "clear", "latest", "total").code == 0
    assert ran() == {**RAN, "total": 2}
    assert dagflow("runs", "clear", "latest", "total", "--downstream").code == 0
    assert ran() == {"load": 1, "total": 3, "report": 2}
    (recorded,) = Dagflow().history()
    view = Dagflow().open_run("latest").view
    assert recorded.started_at == view.started_at != view.created_at
    answer = dagflow("runs", "clear", "latest", "totl")
    assert answer.code == 2
    assert "has no task 'totl'" in answer.err


def test_the_cell_that_failed_is_mended_and_the_run_goes_on(
    write_notebook: Callable[..., Path], dagflow: Callable[..., Any]
) -> None:
    Path("go").touch()
    broken = "words = total + ' of ' + n"
    write_notebook(
        "good.ipynb", [*CELLS[:3], ("task:report keep:words", NOTE.format("report") + broken)]
    )
    assert dagflow("run", "good.ipynb", "-p", "n=4").code == 1
    write_notebook("good.ipynb", CELLS)
    assert dagflow("runs", "resume", "latest").code == 0
    assert ran() == {**RAN, "report": 2}
    run = Dagflow().open_run("latest")
    assert run.value("words") == "6 of 4"
    first = run.taskbook_path("report").parents[3] / "source-first.ipynb"
    assert broken in first.read_text(), "what it was at first is kept"


def test_what_nobody_read_was_not_kept(
    write_notebook: Callable[..., Path],
    dagflow: Callable[..., Any],
    settled: Callable[[str], str],
    snapshot: SnapshotAssertion,
) -> None:
    Path("go").touch()
    misspelt = ("task:report keep:words", NOTE.format("report") + "words = totl")
    write_notebook("good.ipynb", [*CELLS[:3], misspelt])
    assert dagflow("run", "good.ipynb").code == 1
    write_notebook("good.ipynb", CELLS)
    answer = dagflow("runs", "resume", "latest")
    assert (answer.code, settled(answer.err)) == (2, snapshot)
    assert dagflow("runs", "clear", "latest", "total").code == 0
    assert ran() == {"load": 1, "report": 2, "total": 2}


def test_what_succeeded_is_not_mixed_with_other_code(
    write_notebook: Callable[..., Path],
    dagflow: Callable[..., Any],
    settled: Callable[[str], str],
    snapshot: SnapshotAssertion,
) -> None:
    Path("go").touch()
    Path("fail").touch()
    write_notebook("good.ipynb", CELLS)
    assert dagflow("run", "good.ipynb").code == 1
    Path("fail").unlink()
    changed = [CELLS[0], ("task:load", NOTE.format("load") + "rows = [n]"), *CELLS[2:]]
    write_notebook("good.ipynb", changed)
    answer = dagflow("runs", "resume", "latest")
    assert (answer.code, settled(answer.err)) == (2, snapshot(name="changed"))
    write_notebook("good.ipynb", CELLS[:-1])
    answer = dagflow("runs", "resume", "latest")
    assert (answer.code, settled(answer.err)) == (2, snapshot(name="a task is gone"))
    write_notebook("good.ipynb", changed)
    assert dagflow("runs", "clear", "latest", "load", "--downstream").code == 0
    assert Dagflow().open_run("latest").value("words") == "3 of 3"


def test_a_notebook_that_is_gone_is_run_as_it_was(
    notebook: Path, dagflow: Callable[..., Any]
) -> None:
    Path("go").touch()
    Path("fail").touch()
    assert dagflow("run", "good.ipynb", "-p", "n=4").code == 1
    Path("fail").unlink()
    notebook.unlink()
    assert dagflow("runs", "resume", "latest").code == 0
    assert Dagflow().open_run("latest").value("words") == "6 of 4"


@pytest.mark.parametrize("how", ["resume", "run", "serve"])
def test_a_run_whose_process_died_goes_on(
    how: str, interrupted: subprocess.Popen[bytes], dagflow: Callable[..., Any]
) -> None:
    kill(interrupted)
    Path("go").touch()
    if how == "resume":
        assert dagflow("runs", "resume", "latest").code == 0
    elif how == "run":
        answer = dagflow("run", "good.ipynb", "-p", "n=4")
        assert answer.code == 0
        assert "had lost its runner" in answer.err
    else:
        served = subprocess.Popen(
            [sys.executable, "-m", "jupyter_dagflow.surfaces.cli.main", "serve"]
        )
        until(lambda: Dagflow().open_run("latest").state is RunState.SUCCESS)
        os.kill(served.pid, signal.SIGTERM)
        assert served.wait() == 0
    assert ran() == {**RAN, "total": 2}, "and what had succeeded was not repeated"
    found = Dagflow().history()
    run = Dagflow().open_run(found[-1].run_id)
    assert (run.state, run.value("words")) == (RunState.SUCCESS, "6 of 4")
    assert run.tasks["total"].why == ("attempt 1 was lost",)
    if how == "run":
        assert [task.cached for task in Dagflow().open_run("latest").tasks.values()] == [True] * 3


def test_a_step_goes_on_with_the_text_that_the_run_began_with(
    write_notebook: Callable[..., Path], dagflow: Callable[..., Any]
) -> None:
    waits = "while not os.path.exists('go'): time.sleep(0.02)\n"
    other = [
        ("parameters", "m = 0"),
        ("task:first", "start = 10 * m"),
        ("task:second", NOTE.format("second") + waits + "answer = start + 1"),
    ]
    path = write_notebook("other.ipynb", other)
    step = "%dagflow notebook other.ipynb -p m=n -o answer"
    write_notebook("good.ipynb", [CELLS[0], ("task:step keep:answer", step)])
    write_notebook("another.ipynb", [("task:only", "x = 1")])
    process = begin()
    until(lambda: "second" in ran())
    kill(process)
    path.write_text("no notebook any more")
    Path("go").touch()
    assert dagflow("run", "another.ipynb").code == 0
    run = Dagflow().newest_with("good.ipynb", ["answer"])
    assert run is not None
    assert (run.state, run.value("answer")) == (RunState.SUCCESS, 41)
    assert run.tasks[TaskName("step")].why == ("attempt 1 was lost",)


def test_a_stopped_process_loses_its_run_and_records_nothing_more(
    interrupted: subprocess.Popen[bytes], dagflow: Callable[..., Any]
) -> None:
    run = Dagflow().open_run("latest")
    noted = json.loads((run.taskbook_path("total").parent / "process.json").read_text())
    os.kill(interrupted.pid, signal.SIGSTOP)
    Path("go").touch()
    assert dagflow("runs", "resume", "latest").code == 0
    assert ran() == {**RAN, "total": 2}
    assert not Path(f"/proc/{noted['pid']}/cmdline").exists() or not (
        Path(f"/proc/{noted['pid']}/cmdline").read_bytes()
    ), "its kernel was ended first"
    log = len(Dagflow().metastore.events(run.run_id))
    os.kill(interrupted.pid, signal.SIGCONT)
    assert interrupted.wait() == 1
    assert len(Dagflow().metastore.events(run.run_id)) == log
    assert Dagflow().open_run("latest").state is RunState.SUCCESS


def test_a_run_that_goes_on_elsewhere_is_left_alone(
    interrupted: subprocess.Popen[bytes],
    dagflow: Callable[..., Any],
    settled: Callable[[str], str],
) -> None:
    answer = dagflow("runs", "resume", "latest")
    assert answer.code == 2
    assert f"goes on, in process {interrupted.pid} on" in answer.err
    Path("go").touch()
    assert interrupted.wait() == 0
    assert ran() == RAN


def test_a_run_whose_process_died_is_cancelled_by_whoever_asks_and_once(
    interrupted: subprocess.Popen[bytes],
    dagflow: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kill(interrupted)
    assert dagflow("runs", "cancel", "latest").code == 0
    run = Dagflow().open_run("latest")
    states = {name: task.state for name, task in run.tasks.items()}
    assert run.state is RunState.CANCELLED
    assert states == {
        "load": TaskState.SUCCESS,
        "total": TaskState.CANCELLED,
        "report": TaskState.CANCELLED,
    }
    assert ran() == {"load": 1, "total": 1}, "nothing began anew to be stopped at once"
    Path("go").touch()
    # It looks all the time whether it is asked to end, also before it is recorded that the run goes on.
    monkeypatch.setattr("jupyter_dagflow.execution.runner._CANCEL_CHECK_S", 0.001)
    assert dagflow("runs", "resume", "latest").code == 0
    assert ran() == {**RAN, "total": 2}
