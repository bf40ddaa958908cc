"""Each way in which a task fails, as whoever ran it sees it: told apart, with its place, its log and its taskbook."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from jupyter_dagflow import Dagflow
from jupyter_dagflow.execution.oom import OomKills
from tests.execution.processes import is_gone

BEGIN = """\
import os, signal, subprocess, sys, time
child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])
open('pids', 'w').write(f'{os.getpid()} {child.pid}')
print('last words')
"""
IGNORES = "signal.signal(signal.SIGINT, signal.SIG_IGN)\n"


@dataclass(frozen=True)
class Way:
    """How the task's second cell ends, and what is told of it; ``line`` is that of the cell."""

    source: str
    kind: str
    line: int | None = None
    tags: str = ""


WAYS = {
    "error": Way("1 / 0", "error", line=5),
    "SystemExit": Way("sys.exit(4)", "error"),
    "memory": Way("much = bytearray(1 << 60)", "out_of_memory", line=5),
    "os._exit": Way("os._exit(3)", "kernel_died"),
    "SIGKILL": Way("os.kill(os.getpid(), signal.SIGKILL)", "kernel_died"),
    "SIGTERM": Way("os.kill(os.getpid(), signal.SIGTERM); time.sleep(600)", "kernel_died"),
    "segfault": Way("import ctypes; ctypes.string_at(0)", "kernel_died", line=5),
    "timeout": Way("time.sleep(600)", "timeout", line=5, tags="timeout:3s"),
    "stubborn timeout": Way(IGNORES + "time.sleep(600)", "timeout", tags="timeout:3s"),
}


@pytest.mark.parametrize("name", WAYS)
def test_each_way_to_fail_is_told_apart(
    name: str,
    dagflow: Callable[..., Any],
    write_notebook: Callable[..., Path],
    snapshot: SnapshotAssertion,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    way = WAYS[name]
    # What else is killed on this machine meanwhile is no matter here.
    monkeypatch.setattr("jupyter_dagflow.execution.attempt.oom_kills", lambda: OomKills(None, 0))
    write_notebook(
        "nb.ipynb",
        [
            (f"task:a {way.tags}", "print('first cell')"),
            ("", BEGIN + way.source),
            ("", "print('never')"),
            ("task:b after:a", "print('neither')"),
        ],
    )
    answer = dagflow("run", "nb.ipynb", "--json")
    assert answer.code == 1, answer
    told = json.loads(answer.out)
    a, b = told["tasks"]
    assert (told["state"], a["state"], b["state"]) == ("failed", "failed", "upstream_failed")
    error = a["error"]
    assert error["kind"] == way.kind
    assert (error["cell"], error["cell_index"], error["line"]) == ("cell-1", 1, way.line)
    assert (re.sub(r"\d{3,}", "N", error["message"]), error["hint"]) == snapshot
    log = dagflow("runs", "logs", "latest", "a").out
    assert log.startswith("first cell\nlast words\n")
    assert log.count("last words\n") == 1
    assert "never" not in log
    run = Dagflow().open_run("latest")
    assert run.taskbook_path("a").exists()
    executed = json.loads(Path(told["notebook"].replace("/TMP", str(tmp_path))).read_text())
    reached = [cell["execution_count"] is not None or cell["outputs"] for cell in executed["cells"]]
    assert [bool(each) for each in reached] == [True, True, False, False]
    for pid in (tmp_path / "work" / "pids").read_text().split():
        assert is_gone(int(pid))


def test_a_kernel_that_does_not_start_is_the_environments_fault(
    dagflow: Callable[..., Any],
    write_notebook: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    spec = tmp_path / "jupyter" / "kernels" / "broken" / "kernel.json"
    spec.parent.mkdir(parents=True)
    argv = [sys.executable, "-c", "raise SystemExit('no such module: ipykernel')"]
    spec.write_text(json.dumps({"argv": argv, "display_name": "Broken", "language": "python"}))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    write_notebook("nb.ipynb", [("task:a kernel:broken", "x = 1"), ("task:b after:a", "y = 1")])
    answer = dagflow("run", "nb.ipynb", "--json")
    assert answer.code == 3
    a, b = json.loads(answer.out)["tasks"]
    assert (a["state"], a["error"]["kind"]) == ("failed", "kernel_start")
    assert a["error"]["last_lines"] == "no such module: ipykernel"
    assert b["state"] == "upstream_failed"


def test_an_import_in_setup_that_fails_tells_its_cell(
    dagflow: Callable[..., Any], write_notebook: Callable[..., Path]
) -> None:
    write_notebook(
        "nb.ipynb",
        [("setup", "print('begun')\nimport no_such_module"), ("task:a", "print('never')")],
    )
    answer = dagflow("run", "nb.ipynb", "--json")
    assert answer.code == 1
    (task,) = json.loads(answer.out)["tasks"]
    error = task["error"]
    assert (error["kind"], error["cell"], error["line"]) == ("error", "cell-0", 2)
    assert error["message"] == "ModuleNotFoundError: No module named 'no_such_module'"
