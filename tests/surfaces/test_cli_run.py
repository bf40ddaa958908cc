"""Runs on real kernels through the command line: what is told, and how to stop one."""

from __future__ import annotations

import inspect
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
from jupyter_dagflow.core.errors import ArtifactDamaged
from jupyter_dagflow.core.model import Compilation
from jupyter_dagflow.core.states import RunState

GOOD = [
    ("parameters", "n = 3"),
    ("task:load", "rows = list(range(n))\nprint('loaded', n)"),
    ("task:total metric:total", "total = float(sum(rows))"),
    ("task:report keep:words", "words = {'total': total}"),
]
FAILING = [
    ("task:load", "x = 0"),
    ("task:divide", "print('about to divide')\ny = 1 / x"),
    ("task:report", "print(y)"),
]
STUBBORN = """\
import pathlib, time
pathlib.Path('started').touch()
while True:
    try:
        time.sleep(1)
    except KeyboardInterrupt:
        pass
"""


def test_some_tasks_run_with_what_those_above_them_have_left(
    dagflow: Callable[..., Any],
    write_notebook: Callable[..., Path],
    settled: Callable[[str], str],
    snapshot: SnapshotAssertion,
) -> None:
    write_notebook("good.ipynb", [*GOOD, ("task:other after:load cache:off", "print('other')")])
    answer = dagflow("run", "good.ipynb", "--only", "total")
    assert (answer.code, settled(answer.out)) == (1, snapshot(name="nothing to use"))
    assert dagflow("run", "good.ipynb").code == 0

    def ran(*options: str) -> dict[str, bool]:
        told = json.loads(dagflow("run", "good.ipynb", "--json", *options).out)
        assert told["state"] == "success"
        return {task["name"]: not task["cached"] for task in told["tasks"]}

    assert ran("--only", "total", "--fresh") == {"load": False, "total": True}
    assert ran("--from", "total", "--fresh") == {"load": False, "total": True, "report": True}
    assert ran("--until", "total", "--fresh") == {"load": True, "total": True}
    assert ran("--only", "other") == {"load": False, "other": True}
    assert ran("--from", "other") == {"load": False, "other": True}

    executed = max(Path().glob("../home/runs/*/executed.ipynb"), key=lambda p: p.stat().st_mtime_ns)
    assert "other" in executed.read_text(), "what the run did stands in its notebook"

    write_notebook("good.ipynb", [*GOOD[:1], ("task:load", "rows = [n]"), *GOOD[2:]])
    answer = dagflow("run", "good.ipynb", "--only", "report")
    assert (answer.code, settled(answer.out)) == (1, snapshot(name="changed above"))
    answer = dagflow("run", "good.ipynb", "--until", "reprot")
    assert (answer.code, answer.err) == (2, snapshot(name="no such task"))


def test_a_task_above_that_always_runs_gives_what_it_left_last(
    dagflow: Callable[..., Any], write_notebook: Callable[..., Path]
) -> None:
    counts = (
        "import pathlib\nfile = pathlib.Path('count.txt')\n"
        "n = int(file.read_text()) + 1 if file.exists() else 1\nfile.write_text(str(n))"
    )
    write_notebook(
        "counts.ipynb", [("task:count", counts), ("task:below keep:twice", "twice = 2 * n")]
    )
    assert [dagflow("run", "counts.ipynb").code for _ in range(2)] == [0, 0]
    assert dagflow("run", "counts.ipynb", "--only", "below", "--fresh").code == 0
    assert (Dagflow().open_run("latest").value("twice"), Path("count.txt").read_text()) == (4, "2")


def test_a_run_and_what_can_be_asked_of_it(
    dagflow: Callable[..., Any],
    write_notebook: Callable[..., Path],
    settled: Callable[[str], str],
    snapshot: SnapshotAssertion,
    tmp_path: Path,
) -> None:
    source = write_notebook("good.ipynb", GOOD)
    before = source.read_bytes()
    run = dagflow("run", "good.ipynb", "-p", "n=4")
    assert run.code == 0
    assert settled(run.out) == snapshot(name="run")
    assert settled(run.err) == snapshot(name="progress")
    assert source.read_bytes() == before

    assert settled(dagflow("runs", "list").out) == snapshot(name="runs list")
    assert settled(dagflow("runs", "show", "latest").out) == snapshot(name="runs show")
    assert settled(dagflow("runs", "logs", "latest").out) == snapshot(name="runs logs")
    assert dagflow("runs", "logs", "latest", "load").out == "loaded 4\n"
    assert "has ended already: success" in dagflow("runs", "cancel", "latest").out
    executed = dagflow("runs", "notebook", "latest").out.strip().replace("/TMP", str(tmp_path))
    cells = {cell["id"]: cell for cell in json.loads(Path(executed).read_text())["cells"]}
    assert cells["cell-1"]["outputs"][0]["text"] == ["loaded 4\n"]
    taskbook = (
        dagflow("runs", "notebook", "latest", "load").out.strip().replace("/TMP", str(tmp_path))
    )
    assert Path(taskbook).name == "load.ipynb"

    assert settled(dagflow("artifacts", "list", "latest").out) == snapshot(name="artifacts list")
    assert settled(dagflow("artifacts", "show", "latest", "words").out) == snapshot(
        name="artifacts show"
    )
    shown = json.loads(dagflow("artifacts", "show", "latest", "words", "--json").out)
    assert (shown["task"], shown["value"]) == ("report", {"total": 6.0})
    assert dagflow("artifacts", "get", "latest", "words", "--to", "words.json").code == 0
    assert json.loads((tmp_path / "work" / "words.json").read_text()) == {"total": 6.0}

    listed = json.loads(dagflow("runs", "list", "--json").out)
    shown = json.loads(dagflow("runs", "show", listed[0]["run_id"][:15], "--json").out)
    assert (shown["state"], shown["metrics"]) == ("success", {"total": 6.0})
    assert dagflow("db", "check").code == 0


def test_what_is_reused_is_told_and_garbage_is_thrown_away(
    dagflow: Callable[..., Any],
    write_notebook: Callable[..., Path],
    settled: Callable[[str], str],
    snapshot: SnapshotAssertion,
    tmp_path: Path,
) -> None:
    write_notebook("good.ipynb", GOOD)
    assert dagflow("run", "good.ipynb", "--jobs", "1").code == 0
    again = dagflow("run", "good.ipynb", "--jobs", "1", "-p", "n=3")
    assert settled(again.out) == snapshot(name="run")
    assert settled(again.err) == snapshot(name="progress")
    told = json.loads(dagflow("run", "good.ipynb", "-p", "n=4", "--json").out)["tasks"]
    assert [task["cached"] for task in told] == [False, False, False]
    assert told[0]["why"] == ["parameter n changed: 3 -> 4"]
    told = json.loads(dagflow("runs", "show", "latest", "--json").out)["tasks"]
    assert told[1]["why"] == ["input rows changed"]
    assert dagflow("runs", "show", "latest").out.count("parameter n changed: 3 -> 4") == 1

    assert dagflow("artifacts", "gc").out.startswith("removed 0 stored values and 0 results")
    told = dagflow("artifacts", "gc", "--max-size", "1.5 GB").out
    assert told.startswith(
        "removed 0 stored values and 0 results to reuse, older than 30d or beyond 1.5 GB: "
    )
    for path in (tmp_path / "home" / "artifacts").glob("*/*"):
        os.utime(path, (0, 0))  # what has just been used is no garbage yet
    removed = json.loads(dagflow("artifacts", "gc", "--older-than", "0s", "--json").out)
    assert (removed["artifacts"], removed["cache_entries"]) == (6, 6)
    assert removed["freed_bytes"] > 0
    refused = dagflow("artifacts", "gc", "--older-than", "long")
    assert refused.code == 2
    assert "--older-than is 'long'." in refused.err
    refused = dagflow("artifacts", "gc", "--max-size", "much")
    assert refused.code == 2
    assert "--max-size is 'much'." in refused.err


def test_a_value_with_a_flipped_bit_is_refused_and_made_anew(
    dagflow: Callable[..., Any],
    write_notebook: Callable[..., Path],
    settled: Callable[[str], str],
    snapshot: SnapshotAssertion,
    tmp_path: Path,
) -> None:
    write_notebook("large.ipynb", [("task:make keep:big", "big = bytes(2_000_000)")])
    assert dagflow("run", "large.ipynb").code == 0
    app = Dagflow()
    run = app.open_run("latest")
    path = app.artifacts.path(run.find("big")[1].digest)
    with path.open("r+b") as file:
        file.seek(1_000_000)
        file.write(b"\1")
    refused = dagflow("artifacts", "get", "latest", "big", "--to", "big.pkl")
    assert (refused.code, refused.out) == (3, "")
    told = settled(refused.err).replace(f"{path.parent.name}/{path.name}", "DIGEST")
    assert told == snapshot(name="damaged")
    with pytest.raises(ArtifactDamaged):
        run.value("big")
    assert dagflow("run", "large.ipynb").code == 0
    assert dagflow("artifacts", "get", "latest", "big", "--to", "big.pkl").code == 0
    assert run.value("big") == bytes(2_000_000), "it is the same file"
    app.close()


def test_a_text_in_a_file_of_parameters_stays_text(
    dagflow: Callable[..., Any], write_notebook: Callable[..., Path]
) -> None:
    path = write_notebook(
        "typed.ipynb",
        [("parameters", "version = None\nn = 3"), ("task:t keep:told", "told = [version, n]")],
    )
    path.with_name("p.yaml").write_text("version: '1.10'\n")
    assert dagflow("run", "typed.ipynb", "-f", "p.yaml", "-p", "n=4", "--fresh").code == 0
    shown = json.loads(dagflow("artifacts", "show", "latest", "told", "--json").out)
    assert shown["value"] == ["1.10", 4]


def test_a_run_in_python_waits_and_says_what_it_is(
    dagflow: Callable[..., Any], write_notebook: Callable[..., Path]
) -> None:
    del dagflow  # its home
    app = Dagflow()
    told: list[Compilation] = []
    run = app.run(write_notebook("good.ipynb", GOOD), parameters={"n": 2}, on_compiled=told.append)
    assert run.state is RunState.SUCCESS
    assert repr(run) == f"<Run {run.run_id} of good: success>"
    assert repr(app.open_run("latest")) == repr(run)
    assert [compilation.pipeline.name for compilation in told] == ["good"]
    app.close()


def test_run_takes_what_start_takes() -> None:
    assert inspect.signature(Dagflow.run) == inspect.signature(Dagflow.start)


def test_a_failing_cell(
    dagflow: Callable[..., Any],
    write_notebook: Callable[..., Path],
    settled: Callable[[str], str],
    snapshot: SnapshotAssertion,
) -> None:
    write_notebook("failing.ipynb", FAILING)
    run = dagflow("run", "failing.ipynb", "--jobs", "1")
    assert run.code == 1
    assert settled(run.out) == snapshot(name="run")
    logs = dagflow("runs", "logs", "latest", "divide").out
    assert logs.startswith("about to divide\n")
    assert logs.rstrip().endswith("ZeroDivisionError: division by zero")
    refused = dagflow("runs", "logs", "latest", "report")
    assert refused.code == 2
    assert "never started" in refused.err


def test_warnings_are_shown_before_the_run_begins(
    dagflow: Callable[..., Any],
    write_notebook: Callable[..., Path],
    settled: Callable[[str], str],
    snapshot: SnapshotAssertion,
) -> None:
    write_notebook("warned.ipynb", [("", "before = 1"), ("task:a", "x = 1"), ("taks:b", "y = x")])
    answer = dagflow("run", "warned.ipynb", "--jobs", "1", "--json")
    assert answer.code == 0
    assert json.loads(answer.out)["state"] == "success"
    assert settled(answer.err) == snapshot(name="misspelt tag")
    write_notebook("nothing.ipynb", [("skip", "x = 1")])
    answer = dagflow("run", "nothing.ipynb")
    assert answer.code == 0
    assert settled(answer.err) == snapshot(name="nothing to run")


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (["runs", "show", "latest"], "no run"),
        (["runs", "cancel", "2024"], "no run"),
        (["artifacts", "list", "latest"], "no run"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
def test_asking_for_what_is_not_there(
    dagflow: Callable[..., Any], command: list[str], message: str
) -> None:
    answer = dagflow(*command)
    assert answer.code == 2
    assert message in answer.err.lower()
    assert "next:" in answer.err


def test_what_a_run_refuses_before_it_begins(
    dagflow: Callable[..., Any],
    write_notebook: Callable[..., Path],
    snapshot: SnapshotAssertion,
    tmp_path: Path,
) -> None:
    write_notebook("good.ipynb", GOOD)
    write_notebook("strange.ipynb", GOOD, kernel="no-such-kernel")
    write_notebook("wrong.ipynb", [("task:a after:nobody", "x = 1")])
    for name, argv, code in [
        ("unknown parameter", ["good.ipynb", "-p", "m=1"], 2),
        ("wrong type", ["good.ipynb", "-p", "n=abc"], 2),
        ("wrong notebook", ["wrong.ipynb"], 2),
    ]:
        answer = dagflow("run", *argv)
        assert (answer.code, answer.out) == (code, "")
        assert answer.err == snapshot(name=name)
    strange = dagflow("run", "strange.ipynb")
    assert strange.code == 3
    assert "no-such-kernel" in strange.err
    assert not (tmp_path / "home" / "runs").exists()


def test_a_home_that_cannot_be_made(
    dagflow: Callable[..., Any],
    write_notebook: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    write_notebook("good.ipynb", GOOD)
    (tmp_path / "file").touch()
    monkeypatch.setenv("DAGFLOW_HOME", str(tmp_path / "file" / "home"))
    answer = dagflow("run", "good.ipynb")
    assert answer.code == 3
    assert "cannot be written" in answer.err
    doctor = dagflow("doctor")
    assert doctor.code == 3
    assert "home" in doctor.out


@pytest.fixture
def started(
    write_notebook: Callable[..., Path], tmp_path: Path
) -> Iterator[Callable[[], subprocess.Popen[str]]]:
    """Starts a run of a task that ignores interrupts, and returns when the task runs."""
    processes = []
    write_notebook(
        "stubborn.ipynb", [("task:stubborn", STUBBORN), ("task:after after:stubborn", "1")]
    )

    def start() -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "jupyter_dagflow.surfaces.cli.main",
                "run",
                "stubborn.ipynb",
                "--json",
            ],
            cwd=tmp_path / "work",
            env={**os.environ, "DAGFLOW_HOME": str(tmp_path / "home")},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        while not (tmp_path / "work" / "started").exists():
            assert process.poll() is None, process.communicate()
            time.sleep(0.05)
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_cancels_the_run(
    started: Callable[[], subprocess.Popen[str]], number: signal.Signals
) -> None:
    process = started()
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert json.loads(out)["state"] == "cancelled"
    assert [task["state"] for task in json.loads(out)["tasks"]] == ["cancelled", "cancelled"]
    assert "cancelling" in err
    assert "Traceback" not in err


def test_another_process_cancels_the_run(
    started: Callable[[], subprocess.Popen[str]], dagflow: Callable[..., Any]
) -> None:
    process = started()
    assert "is being cancelled" in dagflow("runs", "cancel", "latest").out
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert json.loads(out)["state"] == "cancelled"


def test_a_reader_that_goes_away_is_no_error(
    dagflow: Callable[..., Any], write_notebook: Callable[..., Path], tmp_path: Path
) -> None:
    write_notebook("good.ipynb", [(f"task:t{at}", "1") for at in range(400)])
    program = f"{sys.executable} -m jupyter_dagflow.surfaces.cli.main"
    shell = f"{program} compile good.ipynb --json | head -n 1"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", shell],
        cwd=tmp_path / "work",
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "{\n", "")
