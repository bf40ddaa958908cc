"""News on Jupyter's own event stream: of runs of any process, in names and states only."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import websocket

from jupyter_dagflow.core.states import RunState
from jupyter_dagflow.surfaces.server.live import SCHEMA_ID

if TYPE_CHECKING:
    from tests.surfaces.server.conftest import Server

OF_A_RUN = {"run_id", "pipeline", "state", "seq", "tasks"}
OF_A_TASK = {"task", "state", "attempt"}
PATIENCE_S = 120  # for what hangs


def subscribed(server: Server) -> websocket.WebSocket:
    address = server.url.replace("http", "ws").replace("dagflow/api/v1", "api/events/subscribe")
    return websocket.create_connection(
        address, header={"Authorization": "token owner"}, timeout=PATIENCE_S
    )


def news(stream: websocket.WebSocket) -> Iterator[Any]:
    while True:
        told = json.loads(stream.recv())
        if told["schema_id"] == SCHEMA_ID:
            yield told


def test_the_runs_of_another_process_are_told_as_they_go_on(server: Server) -> None:
    server.write("hello.ipynb", parameters="password = 'hunter2'", a="x = 1", b="y = x")
    command = [sys.executable, "-m", "jupyter_dagflow.surfaces.cli.main", "run", "hello.ipynb"]
    stream = subscribed(server)
    with subprocess.Popen(
        command, cwd=server.root, env=server.environ, stdout=subprocess.DEVNULL
    ) as other:
        told = []
        for each in news(stream):
            told += each["runs"]
            if told and RunState(told[-1]["state"]).is_final:
                break
        assert other.wait() == 0
    stream.close()
    run = server.get("runs/latest")
    assert {each["run_id"] for each in told} == {run["run_id"]}
    numbers = [each["seq"] for each in told]
    assert numbers == sorted(set(numbers))
    assert (numbers[-1], told[-1]["state"]) == (run["seq"], "success")
    last = {task["task"]: task["state"] for each in told for task in each["tasks"]}
    assert last == {"a": "success", "b": "success"}
    assert all(set(each) == OF_A_RUN for each in told)
    assert all(set(task) == OF_A_TASK for each in told for task in each["tasks"])


def test_a_deleted_run_is_told_to_all_who_look(server: Server) -> None:
    server.write("gone.ipynb", a="x = 1")
    stream = subscribed(server)
    run = server.post("runs", path="gone.ipynb")["run_id"]
    told = (each["runs"] for each in news(stream))
    assert any(
        known["run_id"] == run and known["state"] == "success" for each in told for known in each
    )
    assert server.ask("DELETE", f"runs/{run}").ok
    server.post("runs", path="gone.ipynb")
    assert any(each["anew"] for each in news(stream))
    stream.close()
