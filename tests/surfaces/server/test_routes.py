"""What each route answers, asked of a real server as a front end would ask it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.execution.processes import is_gone
from tests.surfaces.brood import BROOD

if TYPE_CHECKING:
    from tests.surfaces.server.conftest import Server

WAITS = "import pathlib, time\npathlib.Path('begun').touch()\nwhile not pathlib.Path('go').exists(): time.sleep(0.02)"


@pytest.fixture(scope="module")
def run(server: Server) -> Any:
    """A run that printed, kept a value, measured, took a secret and failed; as it is told when it has ended."""
    path = server.write(
        "scores.ipynb",
        parameters="n: int = 3\napi_key = 'hunter2'  # dagflow: secret",
        load="values = list(range(n))\nprint('one')\nprint('two')\nprint(f'key {api_key}')",
        train="import sys\nif len(values) > 1:\n    sys.exit('too many')\nscore = len(values)",
    )
    notebook = json.loads((server.root / path).read_text())
    notebook["cells"][0]["metadata"]["tags"].append("secret:api_key")
    notebook["cells"][2]["metadata"]["tags"].append("metric:score")
    (server.root / path).write_text(json.dumps(notebook))
    begun = server.post("runs", path=path, parameters={"n": 2}, jobs=1)
    assert begun["state"] in ("queued", "running", "failed")
    return server.ended(begun["run_id"])


def test_a_run_has_its_tasks_with_attempts_and_reasons(run: Any) -> None:
    assert (run["pipeline"], run["state"], run["parameters"]) == ("scores", "failed", {"n": 2})
    states = {task["name"]: task["state"] for task in run["tasks"]}
    assert states == {"load": "success", "train": "failed"}
    assert run["attempts"]["train"][0]["error"]["message"]
    assert run["tasks"][0]["why"]
    assert run["records"]["load"]
    assert run["record"]["origin"] == "server"


def test_a_log_whole_from_a_character_and_its_last_lines(server: Server, run: Any) -> None:
    address = f"runs/{run['run_id']}/tasks/load/log"
    whole = server.get(address)
    text = "".join(entry["text"] for entry in whole["entries"])
    assert text == "one\ntwo\nkey ***\n"
    assert (whole["start"], whole["end"]) == (0, len(text))
    assert server.get(address, start=4)["entries"][0]["text"] == text[4:]
    assert server.get(address, start=whole["end"])["entries"] == []
    assert server.get(address, tail=2)["entries"][0]["text"] == "two\nkey ***\n"
    assert server.get(address, attempt=1) == whole
    assert server.ask("GET", address, params={"attempt": 7}).status_code == 404


def test_outputs_and_notebooks_hold_no_secret(server: Server, run: Any) -> None:
    run_id = run["run_id"]
    cells = server.get(f"runs/{run_id}/tasks/load/outputs")["cells"]
    (own,) = (cell for cell in cells if cell["cell"] == "load")
    assert own["outputs"][0]["text"] in ("one\ntwo\nkey ***\n", ["one\n", "two\n", "key ***\n"])
    for path in ("notebook", "tasks/load/notebook", "tasks/train/notebook"):
        answer = server.ask("GET", f"runs/{run_id}/{path}")
        assert answer.headers["Content-Type"].startswith("application/x-ipynb+json")
        assert answer.json()["nbformat"] == 4
        assert "hunter2" not in answer.text
    for path in ("", "/events", "/artifacts", "/tasks/load/outputs"):
        assert "hunter2" not in server.ask("GET", f"runs/{run_id}{path}").text


def test_values_are_shown_as_they_were_when_they_were_stored(server: Server, run: Any) -> None:
    (value,) = server.get(f"runs/{run['run_id']}/artifacts")
    assert (value["name"], value["task"], value["value"]) == ("values", "load", [0, 1])
    assert server.get(f"runs/{run['run_id']}/artifacts/values") == value


def test_the_notebook_of_a_run_is_found_until_it_is_gone(server: Server) -> None:
    (server.root / "deep").mkdir(exist_ok=True)
    file = server.root / server.write("deep/found.ipynb", a="1")
    run_id = server.post("runs", path="deep/found.ipynb")["run_id"]
    assert server.get(f"runs/{run_id}/path") == {"run_id": run_id, "path": "deep/found.ipynb"}
    file.unlink()
    refused = server.ask("GET", f"runs/{run_id}/path")
    assert refused.status_code == 404
    assert refused.json()["message"].startswith("found.ipynb is not among the notebooks")
    server.ended(run_id)
    assert server.ask("DELETE", f"runs/{run_id}").ok


def test_events_from_a_number_on(server: Server, run: Any) -> None:
    address = f"runs/{run['run_id']}/events"
    whole = server.get(address)
    assert [event["seq"] for event in whole["events"]] == list(range(1, run["seq"] + 1))
    page = server.get(address, limit=2)
    assert (page["events"], page["next"]) == (whole["events"][:2], 2)
    assert server.get(address, after=2)["events"] == whole["events"][2:]
    assert server.get(address, after=run["seq"]) == {
        "run_id": run["run_id"],
        "events": [],
        "next": None,
    }


def test_what_a_run_may_take_is_known_by_earlier_ones(server: Server, run: Any) -> None:
    found = server.get(f"runs/{run['run_id']}/expectation")
    assert found["run_id"] == run["run_id"]
    load, train = (found["remaining_s"][task] for task in ("load", "train"))
    assert load == pytest.approx(
        2 * train
    )  # what nobody has seen succeed is expected to take as long


def test_the_form_hides_what_is_secret(server: Server, run: Any) -> None:
    n, key = server.get("parameters", path="scores.ipynb")["parameters"]
    assert (n["name"], n["type"], n["default"], n["secret"]) == ("n", "int", 3, False)
    assert (key["name"], key["default"], key["secret"]) == ("api_key", "***", True)


def test_tags_are_suggested_for_what_is_on_screen(server: Server) -> None:
    cells = [
        {"cell_type": "markdown", "id": "h", "source": "# Load", "metadata": {}},
        {"cell_type": "code", "id": "a", "source": "x = open('f').read()", "metadata": {}},
        {"cell_type": "markdown", "id": "i", "source": "# Count", "metadata": {}},
        {"cell_type": "code", "id": "b", "source": "n = len(x)", "metadata": {}},
    ]
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    found = server.post("suggestions", path="new.ipynb", notebook=notebook)["suggestions"]
    assert {each["cell"]: each["tags"] for each in found} == {
        "a": ["task:load"],
        "b": ["task:count"],
    }
    answer = server.ask("POST", "suggestions", json={"path": "new.ipynb", "notebook": {}})
    assert (answer.status_code, answer.json()["code"]) == (400, "notebook")


def test_resume_clear_rerun_compare_and_delete(server: Server, run: Any) -> None:
    first = run["run_id"]
    assert server.post(f"runs/{first}/resume")["run_id"] == first
    assert server.ended(first)["tasks"][1]["attempt"] == 2
    server.post(f"runs/{first}/clear", tasks=["load"], downstream=True)
    assert server.ended(first)["tasks"][0]["attempt"] == 2
    second = server.post(f"runs/{first}/rerun")["run_id"]
    assert second != first
    assert server.ended(second)["parameters"] == {"n": 2}
    third = server.post("runs", path="scores.ipynb", parameter_texts={"n": "1"}, fresh=True)
    found = server.ended(third["run_id"])
    assert (found["state"], found["metrics"]) == ("success", {"score": 1})
    diff = server.get("comparison", before=first, after=third["run_id"])
    assert [change["name"] for change in diff["parameters"]] == ["n"]
    only = server.post("runs", path="scores.ipynb", only=["load"])
    assert [task["name"] for task in server.ended(only["run_id"])["tasks"]] == ["load"]

    grid = server.get("grid", pipeline="scores", limit=2)
    assert grid["tasks"] == ["load", "train"]
    assert grid["runs"][1]["metrics"] == {"score": 1}
    assert [p["pipeline"] for p in server.get("pipelines")["pipelines"]] == ["scores"]

    folder = server.folder / "home" / "runs" / second
    assert folder.is_dir()
    answer = server.ask("DELETE", f"runs/{second}")
    assert (answer.status_code, answer.json()) == (200, {"run_id": second})
    assert not folder.exists()
    assert server.ask("GET", f"runs/{second}").status_code == 404
    listed = [run["run_id"] for run in server.get("runs", state="failed")["runs"]]
    assert listed == [first]
    assert server.ended(server.post("runs", path="scores.ipynb")["run_id"])["state"] == "failed"


def test_notebooks_of_one_name_have_their_own_runs(server: Server) -> None:
    (server.root / "others").mkdir()
    paths = [server.write(name, a="x = 1") for name in ("twin.ipynb", "others/twin.ipynb")]
    ids = [server.ended(server.post("runs", path=path)["run_id"])["run_id"] for path in paths]
    for path, run_id in zip(paths, ids, strict=True):
        for resource in ("runs", "grid"):
            runs = server.get(resource, path=path)["runs"]
            assert [run.get("run", run)["run_id"] for run in runs] == [run_id]
    assert len(server.get("runs", pipeline="twin")["runs"]) == 2
    assert server.ask("GET", "runs", params={"path": "../twin.ipynb"}).status_code == 404


def test_a_run_outlives_the_server_and_nobody_deletes_it(own_server: Server) -> None:
    server = own_server
    run = server.post("runs", path=server.write("waits.ipynb", wait=WAITS))["run_id"]
    while not (server.root / "begun").exists():
        time.sleep(0.02)
    for method, path in (("DELETE", f"runs/{run}"), ("POST", f"runs/{run}/resume")):
        answer = server.ask(method, path)
        assert (answer.status_code, answer.json()["code"]) == (409, "run_goes_on")
    server.end()
    (server.root / "go").touch()
    server.start()
    found = server.ended(run)
    assert (found["state"], found["tasks"][0]["attempt"]) == ("success", 2)


def test_a_run_of_the_server_is_cancelled_with_all_that_it_has_started(own_server: Server) -> None:
    server = own_server
    run = server.post("runs", path=server.write("brood.ipynb", before="x = 1", brood=BROOD))
    while not (server.root / "begun").exists():
        time.sleep(0.02)
    server.post(f"runs/{run['run_id']}/cancel")
    ended = server.ended(run["run_id"])
    states = [task["state"] for task in ended["tasks"]]
    assert (ended["state"], states) == ("cancelled", ["success", "cancelled"])
    pids = map(int, (server.root / "pids").read_text().split())
    assert [pid for pid in pids if not is_gone(pid)] == []


def test_a_run_of_another_process_is_cancelled(own_server: Server) -> None:
    server = own_server
    server.write("waits.ipynb", wait=WAITS)
    command = [sys.executable, "-m", "jupyter_dagflow.surfaces.cli.main", "run", "waits.ipynb"]
    with subprocess.Popen(
        command,
        cwd=server.root,
        env=server.environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as other:
        while not (server.root / "begun").exists():
            time.sleep(0.02)
        server.post("runs/latest/cancel")
        assert server.ended("latest")["state"] == "cancelled"
        assert other.wait() == 130


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("", 400),
        ("{", 400),
        ("[]", 400),
        ('{"path": ""}', 400),
        ('{"path": "missing.ipynb"}', 400),
        ('{"path": "../outside.ipynb"}', 404),
        ('{"path": ".hidden.ipynb"}', 404),
        ('{"path": "nul\\u0000.ipynb"}', 400),
        ('{"path": "good.ipynb", "jobs": 0}', 400),
        ('{"path": "good.ipynb", "job": 1}', 400),
        ('{"path": "good.ipynb", "by": "magic"}', 400),
        ('{"path": "good.ipynb", "only": ["nosuch"]}', 400),
        ('{"path": "good.ipynb", "parameters": {"m": 1}}', 400),
        ('{"path": "good.ipynb", "parameters": {"n": "many"}}', 400),
        ('{"path": "bad.ipynb"}', 400),
    ],
)
def test_what_cannot_be_run_is_refused_with_a_hint(server: Server, body: str, code: int) -> None:
    server.write("good.ipynb", parameters="n = 1", a="x = n")
    server.write("bad.ipynb", a="x = (")
    server.write(".hidden.ipynb", a="x = 1")
    answer = server.ask("POST", "runs", data=body)
    assert answer.status_code == code
    assert set(answer.json()) == {"message", "hint", "code"}
    assert all(answer.json().values())


@pytest.mark.parametrize(
    "address",
    [
        "runs?limit=0",
        "runs?limit=501",
        "runs?state=lost",
        "runs?before=here",
        "runs?pipline=churn",
        "runs/latest/events?after=-1",
        "runs/latest/tasks/load/log?tail=x",
        "comparison?before=latest",
        "pipelines?limit=",
    ],
)
def test_what_cannot_be_asked_is_refused_with_a_hint(server: Server, address: str) -> None:
    answer = server.ask("GET", address)
    assert answer.status_code == 400
    assert all(answer.json()[key] for key in ("message", "hint", "code"))


def test_what_jupyter_puts_into_an_address_is_left_alone(server: Server) -> None:
    assert server.ask("GET", "runs?1700000000000&no_track_activity=1").ok
