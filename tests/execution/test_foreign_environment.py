"""Tasks in an environment of its own, which has ipykernel 6 and what that needs, and nothing of ours."""

from __future__ import annotations

import fcntl
import json
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_dagflow.core.states import RunState
from tests.execution.projects import Project

KERNEL = "dagflow-ipykernel-6"
REQUIREMENT = "ipykernel==6.29.*"
ABOUT = """\
import importlib.util, json, os, sys, ipykernel
about = {
    "ipykernel": ipykernel.__version__,
    "prefix": sys.prefix,
    "found": [name for name in ("jupyter_dagflow", "cloudpickle", "papermill") if importlib.util.find_spec(name)],
    "server": open(f"/proc/{os.getppid()}/cmdline").read().split(chr(0)),
    "preloaded": preloaded,
}
"""


@pytest.fixture(scope="session")
def foreign(tmp_path_factory: pytest.TempPathFactory, worker_id: str, kernels: Path) -> Path:
    """The environment, made once for all processes that test, with a kernelspec that names its Python."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "ipykernel-6"
    with open(f"{folder}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "ready").exists():
            venv.create(folder, with_pip=True)
            pip = [str(folder / "bin" / "pip"), "install", "--quiet", REQUIREMENT]
            done = subprocess.run(pip, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr
            (folder / "ready").touch()
    python = str(folder / "bin" / "python")
    argv = [python, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = {"argv": argv, "display_name": "ipykernel 6", "language": "python"}
    (kernels / "kernels" / KERNEL).mkdir(exist_ok=True)
    (kernels / "kernels" / KERNEL / "kernel.json").write_text(json.dumps(spec))
    return folder


@pytest.fixture
def project(tmp_path: Path, foreign: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    monkeypatch.delenv("PYTHONPATH", raising=False)
    project = Project(tmp_path)
    yield project
    project.close()


def test_values_are_handed_over_and_kernels_forked(project: Project, foreign: Path) -> None:
    tags = f"kernel:{KERNEL}"
    cells = (
        ("setup", "import sys\npreloaded = 'wave' in sys.modules\nimport wave"),
        (
            f"task:make {tags}",
            "class Point:\n    def __init__(self, x):\n        self.x = x\n\n"
            "def times(factor):\n    return lambda point: factor * point.x\n\n"
            "points = [Point(1), Point(2)]\nboth = {'all': points, 'last': points[-1]}\nthrice = times(3)",
        ),
        (f"task:change {tags}", "both['last'].x += 5"),
        (f"task:use {tags} keep:total", "total = sum(thrice(point) for point in both['all'])"),
        (f"task:tell {tags} keep:about", ABOUT),
        ("task:here keep:doubled", "doubled = [2 * n for n in (total, total + 1)]"),
    )
    run = project.run(*cells)
    assert run.state is RunState.SUCCESS, run.error
    assert run.value("total") == 24
    assert run.value("doubled") == [48, 50], "in the kernel that the notebook names"
    about = run.value("about")
    assert isinstance(about, dict)
    assert about["ipykernel"].startswith("6.29.")
    assert Path(about["prefix"]) == foreign
    assert about["found"] == []

    forks = project.app.settings.fork and sys.platform == "linux"
    server = about["server"]
    assert Path(server[1]).name == "fork_server.py"
    assert json.loads(server[-2])["forks"] is forks
    assert (Path(server[0]) == foreign / "bin" / "python") is forks
    assert about["preloaded"] is forks
    again = project.run(*cells)
    assert all(task.cached for task in again.tasks.values()), "it tells of what it used, too"


def test_a_failure_is_told_with_its_cell(project: Project) -> None:
    run = project.run((f"task:fails kernel:{KERNEL}", "x = 1\nx / 0"))
    assert run.state is RunState.FAILED
    assert run.error is not None
    assert run.error.message.startswith("ZeroDivisionError")
    assert run.error.line == 2
