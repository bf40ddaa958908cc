"""The magics in a real kernel, cell by cell, as a notebook's reader types them."""

from __future__ import annotations

import json
import os
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from jupyter_client.manager import KernelManager
from nbclient import NotebookClient

from jupyter_dagflow import Dagflow, Settings
from jupyter_dagflow.core.records import Origin
from jupyter_dagflow.core.states import RunState
from tests.execution.processes import is_gone
from tests.surfaces.brood import BROOD

HELLO = Path(__file__).parents[2] / "notebooks" / "hello.ipynb"
GRAPH = "application/vnd.jupyter-dagflow.graph+json"
SLEEP = "import time; time.sleep(120)"


class Session:
    """A live kernel; `type` runs one cell in it and gives its outputs."""

    def __init__(self, folder: Path, environ: dict[str, str]) -> None:
        self.folder = folder
        self._manager = KernelManager(kernel_name="python3")
        self._notebook = nbformat.v4.new_notebook()
        self._client = NotebookClient(self._notebook, km=self._manager, allow_errors=True)
        env = {**os.environ, "DAGFLOW_HOME": str(folder / "home"), **environ}
        self._manager.start_kernel(cwd=str(folder), env=env)
        self._client.start_new_kernel_client()

    def type(self, source: str) -> list[dict[str, Any]]:
        cell = nbformat.v4.new_code_cell(source)
        self._notebook.cells.append(cell)
        self._client.execute_cell(cell, len(self._notebook.cells) - 1)
        outputs: list[dict[str, Any]] = cell["outputs"]
        return outputs

    def say(self, comm: str, content: dict[str, Any]) -> None:
        """What a widget's browser says to it."""
        channel, session = self._client.kc.shell_channel, self._client.kc.session
        data = {"method": "custom", "content": content}
        channel.send(session.msg("comm_msg", {"comm_id": comm, "data": data}))

    def interrupt(self) -> None:
        self._manager.interrupt_kernel()

    def shut_down(self) -> None:
        """As *Shut Down Kernel* does: the kernel is asked, and ends by itself."""
        self._manager.shutdown_wait_time = 60  # on a busy machine the kernel may take its time
        self._manager.shutdown_kernel()

    def close(self) -> None:
        self._client.kc.stop_channels()
        if self._manager.is_alive():
            self._manager.shutdown_kernel(now=True)


def printed(outputs: list[dict[str, Any]]) -> str:
    return "".join(o["text"] for o in outputs if o["output_type"] == "stream")


def raised(outputs: list[dict[str, Any]]) -> str:
    return "\n".join(line for o in outputs for line in o.get("traceback", []))


def picture(outputs: list[dict[str, Any]]) -> dict[str, Any]:
    (shown,) = (o["data"] for o in outputs if o["output_type"] == "display_data")
    return dict(shown)


def write(path: Path, *cells: tuple[str, ...]) -> Path:
    notebook = nbformat.v4.new_notebook()
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "p", "language": "python"}
    for source, *tags in cells:
        notebook.cells.append(nbformat.v4.new_code_cell(source, metadata={"tags": tags}))
    nbformat.write(notebook, path)
    return path


@pytest.fixture
def session(tmp_path: Path) -> Any:
    notebook = shutil.copy(HELLO, tmp_path)
    session = Session(tmp_path, {"JPY_SESSION_NAME": str(notebook)})
    assert session.type("%load_ext jupyter_dagflow") == []
    yield session
    session.close()


def until(is_so: Callable[[], bool]) -> None:
    """Wait for what another process does; what has not come after minutes never will."""
    for _ in range(1000):
        if is_so():
            return
        time.sleep(0.2)
    raise AssertionError("It never came.")


def test_a_notebook_runs_itself_and_its_values_come_back(session: Session) -> None:
    shown = picture(session.type("%dagflow"))
    assert shown[GRAPH]["run"] is None
    assert shown["image/svg+xml"].startswith("<svg")
    assert "greet" in shown["text/plain"]

    outputs = session.type("%dagflow run --jobs 2")
    assert raised(outputs) == ""
    last = picture(outputs)
    assert "application/vnd.jupyter.widget-view+json" not in last, "what is left needs no kernel"
    assert {task["state"] for task in last[GRAPH]["run"]["tasks"]} == {"success"}
    assert "executed notebook" in printed(outputs)

    assert "success" in printed(session.type("%dagflow status"))
    assert (
        printed(session.type("%dagflow load squares greeting")) == "squares: list\ngreeting: str\n"
    )
    assert printed(session.type("print(squares)")) == "[1, 4, 9, 16, 25]\n"


def test_values_are_those_of_the_newest_run_that_kept_them(session: Session) -> None:
    assert raised(session.type("%dagflow run")) == ""
    write(
        session.folder / "other.ipynb",
        ("n = 1", "parameters"),
        ("x = n", "task:a", "keep:x"),
        ("y = 1 / x", "task:b", "keep:y"),
    )
    run = "%dagflow run --notebook other.ipynb"
    assert raised(session.type(run)) == ""
    assert "Task a is not to run" in raised(session.type(f"{run} --only b -p n=0"))
    told = printed(session.type("%dagflow load y x"))
    assert told.startswith("y: float\nx: int\nfrom run 2"), "what failed did not keep them"
    assert "kept no value 'y'" in raised(session.type("%dagflow load y --run latest"))
    session.type("%reload_ext jupyter_dagflow")
    assert printed(session.type("%dagflow load greeting")).startswith("greeting: str\nfrom run 2")
    assert "kept no value 'y'" in raised(session.type("%dagflow load y")), "another notebook's"


def test_two_runs_are_compared(session: Session) -> None:
    write(session.folder / "other.ipynb", ("name = 'x'", "parameters"), ("y = name", "task:a"))
    for name in ("Ada", "Bea"):
        assert raised(session.type(f"%dagflow run --notebook other.ipynb -p name={name}")) == ""
    app = Dagflow(Settings.load({"DAGFLOW_HOME": str(session.folder / "home")}, config={}))
    after, before = app.history(limit=2)
    record = app.open_run(after.run_id).view.record
    app.close()
    assert record is not None
    assert record.origin is Origin.MAGIC
    outputs = session.type(f"%dagflow runs diff {before.run_id} latest")
    assert raised(outputs) == ""
    assert "parameter name 'Ada' → 'Bea'" in printed(outputs).splitlines()[0]
    document = json.loads(
        printed(session.type(f"%dagflow runs diff {before.run_id} latest --json"))
    )
    assert document["parameters"][0]["after"] == "'Bea'"


def test_loaded_anew_it_replaces_what_was_there(session: Session) -> None:
    noted = "print(sum(f.__name__ == 'note_execution' for f in get_ipython().events.callbacks['pre_run_cell']))"
    assert printed(session.type(noted)) == "1\n"
    session.type("%reload_ext jupyter_dagflow")
    assert printed(session.type(noted)) == "1\n"
    assert picture(session.type("%dagflow"))[GRAPH]["run"] is None


def test_tags_are_suggested(session: Session) -> None:
    write(session.folder / "other.ipynb", ("x = 1 + 1",), ("print(x)",))
    told = printed(session.type("%dagflow suggest --notebook other.ipynb"))
    assert told.splitlines() == [
        "cell  suggested tags  why",
        "   0  task:x          makes x",
        "   1                  only shows x, made above",
        "",
        "1 of 2 code cells to tag",
    ]


def test_a_notebook_verifies_itself(session: Session) -> None:
    outputs = session.type("%dagflow verify --jobs 2")
    assert raised(outputs) == ""
    assert "✓ hello: 3 variables are equal in Run All and the DAG" in printed(outputs)
    runs = [o["data"][GRAPH]["run"] for o in outputs if o["output_type"] == "display_data"]
    assert [[task["name"] for task in run["tasks"]] for run in runs] == [
        ["greet", "count", "show"],
        ["run-all"],
    ]
    write(session.folder / "lie.ipynb", ("x = [2]", "task:a"), ("x.pop()", "task:b", "pure:x"))
    assert "x: 0 items != 1 items" in raised(session.type("%dagflow verify --notebook lie.ipynb"))


def test_errors_are_blocks_that_fail_the_cell(session: Session) -> None:
    for line, words in {
        "%dagflow run -p n=1": "There is no parameter 'n'",
        "%dagflow run --notebook missing.ipynb": "There is no such notebook",
        "%dagflow verify --keep all": "No such option",
        "%dagflow verify -p n=1": "There is no parameter 'n'",
        "%dagflow nosuch": "no command 'nosuch'",
        "%dagflow run --nosuch": "No such option",
        "%dagflow run 'x": "No closing quotation",
        "%dagflow load nosuch": "Nothing was run yet",
        "%dagflow status nosuch": "No run",
        "%dagflow runs diff nosuch latest": "No run",
        "%dagflow runs diff latest": "Missing argument 'AFTER'",
        "%dagflow runs frob": "no command 'frob'",
    }.items():
        text = raised(session.type(line))
        assert words in text, line
        assert "next:" in text, line
        assert "Traceback" not in text, line


def test_a_notebook_is_scheduled_from_within(session: Session) -> None:
    write(session.folder / "nb.ipynb", ("day = ''", "parameters"), ("x = day", "task:a"))
    times = '"0 6 * * mon-fri" --tz Europe/Berlin --notebook nb.ipynb'
    shown = printed(session.type(f"%dagflow schedule {times} --dry-run"))
    said, _, _, *runs = shown.splitlines()
    assert said == "At 06:00, Monday through Friday (Europe/Berlin)"
    assert len(runs) == 5
    template = "-p 'day={{ data_interval_start | ds }}'"
    assert "schedule nb is added" in printed(session.type(f"%dagflow schedule {times} {template}"))
    app = Dagflow(Settings.load({"DAGFLOW_HOME": str(session.folder / "home")}))
    (found,) = app.metastore.schedules.all()
    assert found.schedule.notebook == str(session.folder / "nb.ipynb")
    assert found.schedule.crons == ("0 6 * * mon-fri",)
    assert found.schedule.templates == {"day": "{{ data_interval_start | ds }}"}
    app.close()
    for typed, message in (
        (times, "There is a schedule nb already."),
        ("", "is given no time at all."),
        ('"99 * * * *"', "'99' is no minute in the cron expression"),
        ("--every often", "--every is 'often'."),
        (f"{times} --name other -p m=1", "There is no parameter 'm'."),
    ):
        text = raised(session.type(f"%dagflow schedule {typed}"))
        assert message in text, typed
        assert "next:" in text, typed
    assert "[CRON]" in printed(session.type("%dagflow schedule --help"))


def test_warnings_are_shown_with_the_graph_and_with_the_run(session: Session) -> None:
    write(session.folder / "warned.ipynb", ("before = 1",), ("x = 1", "task:a"), ("1", "taks:b"))
    for verb in ("", "run "):
        outputs = session.type(f"%dagflow {verb}--notebook warned.ipynb")
        assert raised(outputs) == ""
        assert "warning: DF103" in printed(outputs)
        assert "where: " in printed(outputs)
        assert "info: " not in printed(outputs)


def test_an_error_of_the_machine_is_a_block_as_in_the_terminal(session: Session) -> None:
    (session.folder / "home" / "runs").mkdir(parents=True)
    (session.folder / "home" / "runs").rmdir()
    (session.folder / "home" / "runs").touch()
    text = raised(session.type("%dagflow run"))
    assert text.startswith("error: ")
    assert "runs" in text
    assert "next:  Check that the path exists" in text
    assert "Traceback" not in text


def test_an_error_of_ours_is_shown_with_its_traceback_to_report(session: Session) -> None:
    session.type(
        "import jupyter_dagflow.surfaces.magic_commands as magics; magics.parse_run = None"
    )
    text = raised(session.type("%dagflow run"))
    assert "Traceback (most recent call last)" in text
    assert "error: Unexpected TypeError" in text
    assert "Please report it" in text


def test_without_the_browsers_part_the_picture_is_still(session: Session) -> None:
    module = "jupyter_dagflow.surfaces.widget.graph_widget"
    session.type(f"import sys; sys.modules[{module!r}] = None  # as if it were not built")
    outputs = session.type("%dagflow run")
    assert raised(outputs) == ""
    assert "note: the picture is not live here." in printed(outputs)
    assert {task["state"] for task in picture(outputs)[GRAPH]["run"]["tasks"]} == {"success"}


def test_a_failed_task_fails_the_cell_and_says_where(session: Session) -> None:
    write(session.folder / "fails.ipynb", ("x = 1", "task:a"), ("x / 0", "task:b"))
    outputs = session.type("%dagflow run --notebook fails.ipynb")
    for words in ("task b failed", "ZeroDivisionError", "cell 1", "line 1", "taskbook:"):
        assert words in raised(outputs)
    states = {task["name"]: task["state"] for task in picture(outputs)[GRAPH]["run"]["tasks"]}
    assert states == {"a": "success", "b": "failed"}
    assert "DF108" in raised(session.type(check_of_broken(session)))


def check_of_broken(session: Session) -> str:
    write(session.folder / "broken.ipynb", ("x = 1", "task:a", "after:b"))
    return "%dagflow check --notebook broken.ipynb"


def test_a_run_in_the_background_is_watched_and_cancelled(session: Session) -> None:
    write(session.folder / "long.ipynb", (SLEEP, "task:a"), (SLEEP, "task:b"))
    outputs = session.type("%dagflow run --background --notebook long.ipynb")
    assert "goes on" in printed(outputs)
    assert "application/vnd.jupyter.widget-view+json" in picture(outputs)
    assert "running" in printed(session.type("%dagflow status"))
    assert "is being cancelled" in printed(session.type("%dagflow cancel"))
    until(lambda: "■ cancelled: long" in printed(session.type("%dagflow status")))


def test_the_picture_of_a_run_cancels_it_with_all_that_it_has_started(session: Session) -> None:
    write(
        session.folder / "brood.ipynb", ("x = 1", "task:a", "keep:x"), (BROOD, "task:b", "after:a")
    )
    shown = picture(session.type("%dagflow run --background --notebook brood.ipynb"))
    until((session.folder / "begun").exists)
    session.say(shown["application/vnd.jupyter.widget-view+json"]["model_id"], {"kind": "cancel"})
    until(lambda: "■ cancelled: brood" in printed(session.type("%dagflow status")))
    pids = map(int, (session.folder / "pids").read_text().split())
    assert [pid for pid in pids if not is_gone(pid)] == []
    assert raised(session.type("%dagflow load x")) == "", "what had succeeded is kept"


def test_an_interrupt_cancels_the_run_and_waits_for_its_end(session: Session) -> None:
    write(session.folder / "long.ipynb", (SLEEP, "task:a"))
    started = session.folder / "home" / "runs"

    def interrupt_once_it_runs() -> None:
        until(lambda: any(started.glob("*/tasks/a/1/*.ipynb")))
        session.interrupt()

    threading.Thread(target=interrupt_once_it_runs, daemon=True).start()
    outputs = session.type("%dagflow run --notebook long.ipynb")
    assert "cancelled" in raised(outputs)
    assert {task["state"] for task in picture(outputs)[GRAPH]["run"]["tasks"]} == {"cancelled"}


def test_a_run_in_the_background_is_cancelled_when_its_kernel_is_shut_down(
    session: Session,
) -> None:
    begun = session.folder / "begun"
    write(session.folder / "long.ipynb", (f"open('begun', 'w').close()\n{SLEEP}", "task:a"))
    session.type("%dagflow run --background --notebook long.ipynb")
    until(begun.exists)
    session.shut_down()
    app = Dagflow(Settings.load({"DAGFLOW_HOME": str(session.folder / "home")}, config={}))
    assert app.open_run("latest").state is RunState.CANCELLED
    app.close()


def test_a_notebook_whose_cells_run_it_does_not_run_itself_for_ever(session: Session) -> None:
    write(
        session.folder / "hello.ipynb",
        ("%load_ext jupyter_dagflow",),
        ("x = 1", "task:a"),
        ("y = x\nnothing = %dagflow run",),
    )
    outputs = session.type("%dagflow run")
    assert raised(outputs) == ""
    assert [task["name"] for task in picture(outputs)[GRAPH]["run"]["tasks"]] == ["a"]
    assert len(list((session.folder / "home" / "runs").iterdir())) == 1


def test_without_a_path_it_says_what_to_do(tmp_path: Path) -> None:
    session = Session(tmp_path, {"JPY_SESSION_NAME": ""})
    try:
        session.type("%load_ext jupyter_dagflow")
        assert "--notebook FILE.ipynb" in raised(session.type("%dagflow run"))
    finally:
        session.close()


def test_settings_that_make_no_sense_are_a_block(tmp_path: Path) -> None:
    session = Session(tmp_path, {"DAGFLOW_JOBS": "many"})
    try:
        assert session.type("%load_ext jupyter_dagflow") == []
        text = raised(session.type("%dagflow status"))
        assert text.startswith("error: DAGFLOW_JOBS")
        assert "next:  Set it to 1 or more." in text
    finally:
        session.close()


def test_a_run_does_not_change_the_notebook(session: Session) -> None:
    notebook = session.folder / "hello.ipynb"
    before = notebook.read_bytes()
    session.type("%dagflow run")
    assert notebook.read_bytes() == before
    assert json.loads(before)["nbformat"] == 4
