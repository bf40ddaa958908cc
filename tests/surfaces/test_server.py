"""The REST surface on a real Jupyter Server: what it answers, and whom it refuses."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from tornado.httpclient import HTTPClientError

from jupyter_dagflow import Dagflow, __version__
from jupyter_dagflow.storage.metastore import Metastore

pytest_plugins = ["pytest_jupyter.jupyter_server"]

Fetch = Callable[..., Awaitable[Any]]
EXAMPLES = Path(__file__).parents[2] / "notebooks"
ROUTES = ["status", "compilation?path=hello.ipynb", "runs", "runs/latest"]


@pytest.fixture
def jp_server_config() -> dict[str, Any]:
    return {"ServerApp": {"jpserver_extensions": {"jupyter_dagflow": True}}}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DAGFLOW_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def ask(jp_fetch: Fetch, jp_root_dir: Path) -> Callable[..., Awaitable[Any]]:
    """Ask our API for something; gives the status and the JSON body."""
    shutil.copy(EXAMPLES / "hello.ipynb", jp_root_dir)

    async def fetch(route: str, **options: Any) -> tuple[int, Any]:
        path, _, query = route.partition("?")
        params = dict(part.split("=", 1) for part in query.split("&")) if query else {}
        try:
            answer = await jp_fetch(
                "dagflow", "api", "v1", *path.split("/"), params=params, **options
            )
        except HTTPClientError as error:
            body = error.response.body if error.response else b""
            return error.code, json.loads(body) if body[:1] in (b"{", b"[") else body
        return answer.code, json.loads(answer.body)

    return fetch


async def test_status(ask: Fetch, home: Path) -> None:
    assert await ask("status") == (200, {"version": __version__, "home": str(home)})


async def test_the_graph_of_a_saved_notebook(ask: Fetch) -> None:
    code, body = await ask("compilation?path=hello.ipynb")
    assert code == 200
    assert [task["name"] for task in body["compilation"]["tasks"]] == ["greet", "count", "show"]
    assert body["dot"].startswith("digraph")


def unsaved(path: str = "hello.ipynb", **changes: Any) -> str:
    """The body of a request to compile hello.ipynb with a task more than its file has."""
    notebook = json.loads((EXAMPLES / "hello.ipynb").read_text())
    cell = {"id": "new", "cell_type": "code", "source": "x = 1", "metadata": {"tags": ["task:new"]}}
    notebook["cells"].append(cell)
    return json.dumps({"path": path, "notebook": {**notebook, **changes}})


@pytest.mark.parametrize("path", ["hello.ipynb", "not-there-yet.ipynb", "by-jupytext.py"])
async def test_the_graph_of_what_is_on_screen(ask: Fetch, jp_root_dir: Path, path: str) -> None:
    before = (jp_root_dir / "hello.ipynb").read_bytes()
    code, body = await ask("compilation", method="POST", body=unsaved(path))
    assert (code, body["compilation"]["notebook"]) == (200, str(jp_root_dir / path))
    assert [task["name"] for task in body["compilation"]["tasks"]][-1] == "new"
    assert "new" in body["dot"]
    assert (jp_root_dir / "hello.ipynb").read_bytes() == before


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("", 400),
        ("[]", 400),
        ("{", 400),
        ('{"path": "hello.ipynb"}', 400),
        ('{"path": 1, "notebook": {}}', 400),
        ('{"path": "hello.ipynb", "notebook": {}}', 400),
        ('{"path": "hello.ipynb", "notebook": {"x": ' + "[" * 5000 + "]" * 5000 + "}}", 400),
        (b'{"path": "\xff", "notebook": {}}', 400),
        (unsaved("../outside.ipynb"), 404),
        (unsaved(""), 400),
        (unsaved(cells=[]), 400),
        (unsaved(cells=[1]), 400),
        (unsaved(cells=[{"cell_type": "code", "source": 1}]), 400),
        (unsaved(cells=[{"cell_type": "code", "source": "", "metadata": {"tags": 1}}]), 400),
        (unsaved(nbformat=3), 400),
    ],
)
async def test_what_is_no_notebook_is_refused_with_a_hint(
    ask: Fetch, body: str | bytes, code: int
) -> None:
    got, answer = await ask("compilation", method="POST", body=body)
    assert got == code
    assert set(answer) == {"message", "hint", "code"}
    assert all(answer.values())


async def test_runs_and_one_of_them(ask: Fetch) -> None:
    assert await ask("runs") == (200, {"runs": [], "next": None})
    run = Dagflow().run(EXAMPLES / "hello.ipynb", jobs=2)
    code, runs = await ask("runs?pipeline=hello")
    assert (code, [r["run_id"] for r in runs["runs"]]) == (200, [run.run_id])
    code, body = await ask(f"runs/{run.run_id}")
    assert (code, body["state"], len(body["tasks"])) == (200, "success", 3)


@pytest.mark.parametrize(
    ("route", "code"),
    [
        ("compilation", 400),
        ("compilation?path=", 400),
        ("compilation?path=missing.ipynb", 400),
        ("compilation?path=folder", 400),
        ("compilation?path=data.csv", 400),
        ("compilation?path=.", 400),
        ("compilation?path=nul\0.ipynb", 400),
        ("compilation?path=" + "long" * 500, 400),
        ("compilation?path=circle/nb.ipynb", 400),
        ("compilation?path=..", 404),
        ("compilation?path=../../etc/passwd", 404),
        ("compilation?path=/../outside.ipynb", 404),
        ("runs?limit=many", 400),
        ("runs?limit=0", 400),
        ("runs?limit=²", 400),
        ("runs?limit=" + "9" * 5000, 400),
        ("runs/nosuchrun", 404),
    ],
)
async def test_bad_input_is_never_500(ask: Fetch, jp_root_dir: Path, route: str, code: int) -> None:
    (jp_root_dir / "folder").mkdir()
    (jp_root_dir / "data.csv").write_text("a,b\n1,2\n")
    (jp_root_dir / "circle").symlink_to("circle")
    got, body = await ask(route)
    assert got == code
    assert set(body) == {"message", "hint", "code"}
    assert all(body.values())


async def test_a_route_that_is_not_ours_is_jupyters_404(ask: Fetch) -> None:
    code, _ = await ask("nosuchroute")
    assert code == 404


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (OSError(28, "No space left on device"), 503),
        (ModuleNotFoundError("No module named 'alembic'"), 503),
        (MemoryError(), 503),
        (RuntimeError("boom"), 500),
    ],
)
async def test_what_is_not_the_asker_s_fault(
    ask: Fetch, monkeypatch: pytest.MonkeyPatch, error: Exception, code: int
) -> None:
    def fail(metastore: Metastore, *of: object, **options: object) -> None:
        raise error

    monkeypatch.setattr(Metastore, "page", fail)
    got, body = await ask("runs")
    assert got == code
    assert set(body) == {"message", "hint", "code"}
    assert all(body.values())


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("token", ["", "wrong"])
async def test_without_the_right_token_nothing_is_told(ask: Fetch, route: str, token: str) -> None:
    code, _ = await ask(route, headers={"Authorization": f"token {token}"})
    assert code == 403


async def test_the_server_goes_on_with_a_run_whose_process_died(
    ask: Fetch, jp_root_dir: Path
) -> None:
    run = subprocess.Popen(
        [sys.executable, "-m", "jupyter_dagflow.surfaces.cli.main", "run", "waits.ipynb"],
        cwd=write_waiting(jp_root_dir),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while not (jp_root_dir / "begun").exists():
        await asyncio.sleep(0.02)
    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    (jp_root_dir / "go").touch()
    while (answer := await ask("runs/latest"))[1]["state"] == "running":
        await asyncio.sleep(0.1)
    (task,) = answer[1]["tasks"]
    assert (answer[1]["state"], task["attempt"]) == ("success", 2)


def write_waiting(folder: Path) -> Path:
    """A notebook that waits for a file; gives the folder back."""
    notebook = json.loads((EXAMPLES / "hello.ipynb").read_text())
    source = (
        "import pathlib, time\npathlib.Path('begun').touch()\n"
        "while not pathlib.Path('go').exists(): time.sleep(0.02)"
    )
    cell = {"cell_type": "code", "id": "a", "source": source, "outputs": [], "metadata": {}}
    cell |= {"metadata": {"tags": ["task:wait"]}, "execution_count": None}
    (folder / "waits.ipynb").write_text(json.dumps({**notebook, "cells": [cell]}))
    return folder
