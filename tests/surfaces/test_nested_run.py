"""Another notebook as a step, run by real kernels: typed live, in a pipeline, and top to bottom."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from jupyter_dagflow import Dagflow, Settings
from jupyter_dagflow.core.errors import InputError, NotFound
from jupyter_dagflow.core.events import RunResumed
from jupyter_dagflow.core.model import RunId, TaskName
from jupyter_dagflow.core.nested import Within
from jupyter_dagflow.core.run import TaskRun
from jupyter_dagflow.core.states import RunState, TaskState
from jupyter_dagflow.run_handle import Run
from jupyter_dagflow.surfaces.cli.progress import Lines
from jupyter_dagflow.surfaces.step_tasks import StepWatch, all_step_tasks, step_tasks
from jupyter_dagflow.verifying import Verifying
from tests.surfaces.test_magics import Session, printed, raised, until, write

CLEAN = (
    ("day = 1\nlimit: int = 3\nlabels = {}", "parameters"),
    ("import math, os\nx = 'its own'\ndef double(n): return 2 * n", "setup"),
    (
        "import random\nrows = [double(i) for i in range(limit)]\nnoise = random.random()",
        "task:load",
    ),
    ("total = sum(rows) + day + math.floor(noise) + len(labels)", "task:sum"),
    ("rows.append(99)\nopened = open(os.devnull)", "task:more", "lane:one"),
    ("opened.close(); place = os.path.basename(os.getcwd())", "task:where", "lane:one"),
)
OUTER = (
    ("%load_ext jupyter_dagflow",),
    ("import random\nrandom.seed(1)\nx = 10\ndays = [5, 6]\nlimit = 7", "task:start"),
    (
        '%dagflow notebook sub/clean.ipynb -p day=days[1] -p "limit=len(days) + 2" '
        "-p \"labels={'a':10, 'b':20}\" -o rows -o total=the_total -o place",
        "task:prepare",
    ),
    ("rows.append(x)\ndrawn = random.random()", "task:use"),
    ("answer = (sum(rows), the_total, limit, x, place, drawn)", "task:end"),
)


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Dagflow]:
    (tmp_path / "sub").mkdir()
    app = Dagflow(Settings.load({"DAGFLOW_HOME": str(tmp_path / "home")}, config={}))
    yield app
    app.close()


def nested_runs(app: Dagflow) -> list[Run]:
    """The runs that were steps of others, newest first."""
    return [app.open_run(run.run_id) for run in app.history() if run.trigger == "nested"]


def test_run_all_and_the_dag_are_equal(app: Dagflow, tmp_path: Path) -> None:
    write(tmp_path / "sub" / "clean.ipynb", *CLEAN)
    path = write(tmp_path / "outer.ipynb", *OUTER)
    verifying = Verifying(app, app.prepare(path))
    runs: list[Any] = [verifying.start_dag()]
    runs[0].wait()
    assert runs[0].error is None
    runs.append(verifying.start_run_all(runs[0]))
    runs[1].wait()
    verification = verifying.compare(*runs)
    assert verification.ok, verification
    assert {"answer", "rows", "the_total", "place"} <= {*verification.equal}
    answer = runs[0].value("answer")
    assert answer[:5] == (12 + 99 + 10, 12 + 6 + 2, 7, 10, "sub")
    assert len(nested_runs(app)) == 2
    assert app.open_run("latest").run_id == runs[1].run_id, "of those that somebody asked for"
    assert "load: ✓ success" in "".join(entry.text for entry in runs[0].log("prepare"))

    shown = step_tasks(app, runs[0])["prepare"]
    assert [task.name for task in shown] == [
        f"prepare.{name}" for name in ("load", "sum", "more", "where")
    ]
    having, task = app.find_task(runs[0], "prepare.sum")
    assert (having.run_id, task) == (nested_runs(app)[1].run_id, "sum")
    assert app.find_task(runs[0], "prepare.nosuch") == (runs[0], "prepare.nosuch")
    record = runs[0].tasks[TaskName("prepare")].record
    assert record is not None
    assert "sub/clean.ipynb" in record.files, "so runs diff tells that it has changed"


def test_a_step_that_failed_is_gone_on_with(app: Dagflow, tmp_path: Path) -> None:
    other = [
        ("n = 1", "parameters"),
        ("y = [n]", "task:load"),
        ("z = int(open('in.txt').read()) + len(y)", "task:use"),
    ]
    inner = write(tmp_path / "sub" / "o.ipynb", *other)
    step = ("%dagflow notebook sub/o.ipynb -p n=x -o z", "task:step")
    end = ("w = z + 1", "task:end", "keep:w")
    path = write(tmp_path / "outer.ipynb", ("x = 3", "task:a"), step, end)
    run: Run = app.run(path)
    assert run.state is RunState.FAILED
    assert run.error is not None
    assert run.error.message.startswith(
        "NotebookFailed: sub/o.ipynb: task use failed: FileNotFoundError"
    )
    assert (run.error.cell_index, run.error.line) == (1, None)
    assert "o.ipynb, cell 2" in run.error.last_lines

    (tmp_path / "sub" / "in.txt").write_text("7")
    resumed = app.resume(run.run_id)
    resumed.wait()
    assert resumed.value("w") == 9
    (nested,) = nested_runs(app)
    assert {name: task.attempt for name, task in nested.tasks.items()} == {"load": 1, "use": 2}

    write(inner, *other, ("more = 1", "task:more"))
    with pytest.raises(InputError, match="and the source has changed since"):
        app.resume(run.run_id, clear=["end"])
    again = app.resume(run.run_id, clear=["step"], downstream=True)
    again.wait()
    assert again.state is RunState.SUCCESS
    newest, _ = nested_runs(app)
    assert [task.cached for task in newest.tasks.values()] == [False] * 3, "it was cleared whole"
    assert app.run(path).state is RunState.SUCCESS
    newest, *_ = nested_runs(app)
    assert [task.cached for task in newest.tasks.values()] == [True] * 3


def test_a_task_of_a_step_is_cleared_in_it(app: Dagflow, tmp_path: Path) -> None:
    first = ("import uuid\nmark = uuid.uuid4().hex", "task:first")
    inner = (first, ("size = len(mark)", "task:next"), ("other = 1", "task:aside"))
    write(tmp_path / "sub" / "o.ipynb", *inner)
    step = ("%dagflow notebook sub/o.ipynb -o mark -o other", "task:step")
    end = ("seen = mark", "task:end", "keep:seen")
    run: Run = app.run(write(tmp_path / "outer.ipynb", step, end))
    before = run.value("seen")

    def attempts() -> dict[str, int]:
        (nested,) = nested_runs(app)
        return {name: task.attempt for name, task in nested.tasks.items()}

    with pytest.raises(NotFound, match=r"has no task 'step\.nosuch'"):
        app.resume(run.run_id, clear=["step.nosuch"])
    again = app.resume(run.run_id, clear=["step.first"])
    again.wait()
    assert again.error is None
    assert attempts() == {"first": 2, "next": 1, "aside": 1}
    assert {name: task.attempt for name, task in again.tasks.items()} == {"step": 2, "end": 1}

    again = app.resume(run.run_id, clear=["step.first"], downstream=True)
    again.wait()
    assert again.error is None
    assert attempts() == {"first": 3, "next": 2, "aside": 1}
    assert {name: task.attempt for name, task in again.tasks.items()} == {"step": 3, "end": 2}
    assert again.value("seen") != before


def test_files_of_a_step_are_those_of_its_task(app: Dagflow, tmp_path: Path) -> None:
    write(tmp_path / "sub" / "w.ipynb", ("open('data.txt', 'w').write('hello'); q = 1", "task:w"))
    reads = "import os\nthere = os.path.exists('sub/data.txt')"
    path = write(
        tmp_path / "outer.ipynb",
        ("%dagflow notebook sub/w.ipynb -o q", "task:step"),
        (reads, "task:read"),
    )
    run: Run = app.run(path)
    assert run.error is not None
    assert "DF202" in run.error.message
    assert "sub/data.txt" in run.error.message
    with pytest.raises(InputError, match="runs itself"):  # however it came to be asked for
        app.start_within(Within(run=run.run_id, task="step", reuse="yes"), path, parameters={})


def test_how_a_step_stands_is_told_while_it_runs(app: Dagflow, tmp_path: Path) -> None:
    waits = "import os, time\nwhile not os.path.exists('go'): time.sleep(0.01)"
    write(tmp_path / "sub" / "slow.ipynb", ("first = 1", "task:first"), (waits, "task:waits"))
    outer = [("%dagflow notebook sub/slow.ipynb", "task:step"), ("last = 1", "task:last")]
    run = app.start(write(tmp_path / "outer.ipynb", *outer))
    watch = StepWatch(app, run)
    lines: list[str] = []
    progress = Lines(lines.append)

    def states() -> dict[str, str]:
        if watch.look():
            progress.steps(watch.tasks)
        return {task.name: task.state.value for task in watch.tasks}

    until(lambda: states() == {"step.first": "success", "step.waits": "running"})
    (tmp_path / "sub" / "go").touch()
    run.wait()
    assert states() == {"step.first": "success", "step.waits": "success"}
    told = [line.split(" s  ")[1].split(" (")[0] for line in lines]
    assert [line for line in told if "waits" in line] == [
        "▶ running         step.waits",
        "✓ success         step.waits",
    ]
    document = app.open_run(run.run_id).document(all_step_tasks(app, run))
    assert [(task.name, task.state) for task in document.steps] == [
        ("step.first", TaskState.SUCCESS),
        ("step.waits", TaskState.SUCCESS),
    ]


def test_what_a_step_did_before_its_run_was_resumed_is_not_told_again() -> None:
    at = datetime(2026, 3, 1, tzinfo=timezone.utc)
    lines: list[str] = []
    progress = Lines(lines.append)
    progress(RunResumed(run_id=RunId("r"), seq=9, at=at, tasks=()))
    before = TaskRun(
        name=TaskName("step.a"),
        upstream=(),
        state=TaskState.FAILED,
        finished_at=at - timedelta(minutes=1),
    )
    progress.steps([before])
    progress.steps([replace(before, state=TaskState.RUNNING, started_at=at, finished_at=None)])
    assert [line.split(" s  ")[1] for line in lines[1:]] == ["▶ running         step.a"]


def test_a_secret_is_given_only_to_a_secret(app: Dagflow, tmp_path: Path) -> None:
    parameters = ("who = 'nobody'\napi_token = ''", "parameters")
    load = ("n = len(who) + len(api_token)\nprint(api_token)", "task:load")
    write(tmp_path / "sub" / "o.ipynb", parameters, load)
    states = {}
    for name in ("who", "api_token"):
        step = f"%dagflow notebook sub/o.ipynb -p {name}=api_token -o n"
        path = tmp_path / f"{name}.ipynb"
        write(path, ("api_token = ''", "parameters"), (step, "task:step", "keep:n"))
        run: Run = app.run(path, parameters={"api_token": "hunter2hunter"})
        states[name] = run.error.message if run.error is not None else run.value("n")
    assert states == {
        "who": "NotebookFailed: -p who=api_token gives a secret to a parameter of sub/o.ipynb that is none.",
        "api_token": 19,
    }
    files = [path for path in (tmp_path / "home").rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if b"hunter2hunter" in path.read_bytes()]


def test_a_step_that_is_cancelled_leaves_nothing_behind(app: Dagflow, tmp_path: Path) -> None:
    slow = f"open({str(tmp_path / 'pid')!r}, 'w').write(str(__import__('os').getpid()))"
    write(tmp_path / "sub" / "slow.ipynb", (f"{slow}\nimport time; time.sleep(600)", "task:slow"))
    path = write(tmp_path / "outer.ipynb", ("%dagflow notebook sub/slow.ipynb", "task:step"))
    run = app.start(path)
    until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text() != "")
    run.cancel()
    run.wait()
    assert run.state is RunState.CANCELLED
    until(lambda: nested_runs(app)[0].state.is_final)
    assert [task.state for task in nested_runs(app)[0].tasks.values()] == [TaskState.CANCELLED]
    until(lambda: not Path(f"/proc/{(tmp_path / 'pid').read_text()}").exists())


def test_typed_live_it_runs_and_binds(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    write(tmp_path / "sub" / "clean.ipynb", *CLEAN)
    write(tmp_path / "sub" / "fails.ipynb", ("x = 1", "task:a"), ("x / 0", "task:b"))
    session = Session(tmp_path, {"JPY_SESSION_NAME": str(write(tmp_path / "outer.ipynb", *OUTER))})
    try:
        session.type("%load_ext jupyter_dagflow\nimport os; os.mkdir('elsewhere')")
        session.type("os.chdir('elsewhere'); days = [5, 6]; x = 10")
        outputs = session.type(OUTER[2][0])
        assert raised(outputs) == ""
        assert any("image/svg+xml" in o.get("data", {}) for o in outputs)
        assert printed(session.type("print(rows, the_total, place, x)")) == (
            "[0, 2, 4, 6, 99] 20 sub 10\n"
        )
        failed = raised(session.type("%dagflow notebook sub/fails.ipynb"))
        for words in ("task b failed: ZeroDivisionError", "fails.ipynb, cell 1", "taskbook:"):
            assert words in failed
        for line, words in {
            "sub/clean.ipynb -p day=nosuch": "-p day=nosuch: NameError: name 'nosuch'",
            "sub/clean.ipynb -p day='[]'": "Parameter 'day' is of type int; [] is not.",
            "sub/clean.ipynb -o nosuch": "ends with no variable 'nosuch'",
            "sub/missing.ipynb": "There is no such notebook",
            "sub/clean.ipynb --frob": "No such option",
        }.items():
            text = raised(session.type(f"%dagflow notebook {line}"))
            assert words in text, line
            assert "next:" in text, line
            assert "Traceback" not in text, line
    finally:
        session.close()
