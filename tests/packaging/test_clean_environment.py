"""What ``pip install .`` and Binder give, in an environment that has nothing yet.

One environment serves both: Binder's recipe installs the project by pip, so whatever has to be enabled by an
installation has to be enabled by it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


class CleanEnvironment:
    """A virtual environment, a copy of the checkout as git has it, and an empty home."""

    def __init__(self, folder: Path) -> None:
        self.checkout = folder / "checkout"
        self._bin = folder / "venv" / "bin"
        self._home = folder / "home"
        self._home.mkdir()
        copy_tracked_files(self.checkout)
        venv.create(folder / "venv", with_pip=True)

    def run(self, *command: str, errors: bool = True) -> str:
        kept = ("PIP_", "NPM_", "npm_", "SSL_", "REQUESTS_", "http", "HTTP", "NODE_", "LANG")
        env = {key: value for key, value in os.environ.items() if key.startswith(kept)}
        env |= {"PATH": f"{self._bin}:{os.environ['PATH']}", "HOME": str(self._home)}
        done = subprocess.run(
            command, cwd=self.checkout, env=env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + (done.stderr if errors else "")


def copy_tracked_files(target: Path) -> None:
    """The files git knows, or would take if they were added: no build of ours must be lying about."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)


@pytest.fixture(scope="module")
def binder(tmp_path_factory: pytest.TempPathFactory) -> CleanEnvironment:
    """An environment made as Binder makes it."""
    environment = CleanEnvironment(tmp_path_factory.mktemp("binder"))
    environment.run("pip", "install", "--quiet", "-r", "binder/requirements.txt")
    environment.run("bash", "binder/postBuild")
    return environment


def test_the_commands_are_there(binder: CleanEnvironment) -> None:
    assert binder.run("dagflow", "--version") == binder.run("jupyter", "dagflow", "--version")


def test_the_lab_extension_is_enabled(binder: CleanEnvironment) -> None:
    listed = binder.run("jupyter", "labextension", "list")
    (line,) = (line for line in listed.splitlines() if "jupyter-dagflow" in line)
    assert "enabled" in line
    assert "OK" in line


def test_the_server_extension_is_enabled(binder: CleanEnvironment) -> None:
    listed = binder.run("jupyter", "server", "extension", "list")
    (line,) = (
        line for line in listed.splitlines() if "jupyter_dagflow" in line and "enabled" in line
    )
    assert line
    assert "jupyter_dagflow 0." in listed


def test_this_machine_is_fit(binder: CleanEnvironment) -> None:
    report = json.loads(binder.run("dagflow", "doctor", "--json", errors=False))
    assert report["ok"]
    assert [check for check in report["checks"] if not check["ok"]] == []


def test_the_widget_can_be_made(binder: CleanEnvironment) -> None:
    binder.run("python", "-c", "import jupyter_dagflow.surfaces.widget.graph_widget")


def test_an_example_runs(binder: CleanEnvironment) -> None:
    run = binder.run("dagflow", "run", "notebooks/hello.ipynb", "--json", errors=False)
    assert json.loads(run)["state"] == "success"


def test_the_python_of_binder_is_supported() -> None:
    wanted = (ROOT / "binder" / "runtime.txt").read_text().strip()
    assert wanted in {f"python-3.{minor}" for minor in (10, 11, 12, 13)}
    assert sys.version_info >= (3, 10)
