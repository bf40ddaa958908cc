"""``dagflow --help`` and what needs no more than the arguments: quick, the same everywhere."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
import typer
from syrupy.assertion import SnapshotAssertion

from jupyter_dagflow import __version__
from jupyter_dagflow.surfaces.cli.main import build
from jupyter_dagflow.surfaces.planned import PLANNED

HEAVY = {
    "IPython",
    "alembic",
    "anywidget",
    "graphviz",
    "grandalf",
    "jupyter_client",
    "jupyter_core",
    "msgspec",
    "nbclient",
    "nbformat",
    "numpy",
    "pandas",
    "papermill",
    "rich",
    "sqlalchemy",
    "traitlets",
    "yaml",
}

COMMANDS = [
    [],
    ["compile"],
    ["check"],
    ["run"],
    ["runs"],
    ["runs", "list"],
    ["artifacts"],
    ["artifacts", "get"],
    ["examples"],
    ["doctor"],
    ["db"],
    ["schedule"],
    ["schedule", "add"],
]


def described(command: Any) -> dict[str, Any]:
    """What we say of a command; how it is set in type differs from one typer to the next."""
    parts: dict[str, Any] = {
        " ".join(parameter.opts): parameter.help
        for parameter in command.params
        if parameter.name != "help"
    }
    for name, inner in getattr(command, "commands", {}).items():
        parts[f"{name}: {inner.help}"] = described(inner)
    return parts


def test_commands_and_options(snapshot: SnapshotAssertion) -> None:
    assert described(typer.main.get_command(build())) == snapshot


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_help(command: list[str], dagflow: Callable[..., Any]) -> None:
    answer = dagflow(*command, "--help")
    assert answer.code == 0
    assert answer.out.startswith(" ".join(["Usage: dagflow", *command]))
    assert answer == dagflow(*command, "-h")


@pytest.mark.parametrize(
    "command", [[], ["--version"], ["--help"], ["run", "--help"]], ids=" ".join
)
def test_nothing_heavy_is_imported_for_help(command: list[str]) -> None:
    code = (
        "import sys, json\n"
        "from jupyter_dagflow.surfaces.cli.main import perform\n"
        f"code = perform({command!r})\n"
        "names = sorted({name.partition('.')[0] for name in sys.modules})\n"
        "print(json.dumps(names), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not HEAVY & set(json.loads(done.stderr))


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completing_a_command_imports_nothing_heavy(shell: str) -> None:
    code = (
        "import atexit, json, sys\n"
        "def told():\n"
        "    names = sorted({name.partition('.')[0] for name in sys.modules})\n"
        "    print(json.dumps(names), file=sys.stderr)\n"
        "atexit.register(told)\n"
        "from jupyter_dagflow.surfaces.cli.main import main\n"
        "main([])"
    )
    asked = {
        "_DAGFLOW_COMPLETE": f"complete_{shell}",
        "_TYPER_COMPLETE_ARGS": "dagflow artifacts g",
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
        "COMP_WORDS": "dagflow artifacts g",
        "COMP_CWORD": "2",
    }
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ, **asked}
    )
    assert re.findall(r"\b(?:get|gc|ls|list)\b(?=[\t\n\"])", done.stdout) == ["get", "gc"]
    rich = (
        {"rich"} if shell != "bash" else set()
    )  # where help is shown, too, typer strips it with that
    assert not (HEAVY - rich) & set(json.loads(done.stderr))


def test_the_program_may_be_interrupted_while_it_is_imported() -> None:
    code = (
        "import os, signal, sys\n"
        "class Finder:\n"
        "    def find_spec(self, name, path, target=None):\n"
        "        if name == 'typer' and self in sys.meta_path:\n"
        "            sys.meta_path.remove(self)\n"
        "            os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Finder())\n"
        "from importlib.metadata import entry_points\n"
        "(program,) = entry_points(group='console_scripts', name='dagflow')\n"
        "program.load()()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "error: interrupted\n")


def test_version_and_no_command(dagflow: Callable[..., Any]) -> None:
    assert dagflow("--version").out == f"jupyter-dagflow {__version__}\n"
    assert dagflow().out == dagflow("--help").out


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["frobnicate"], "No such command 'frobnicate'."),
        (["run"], "dagflow run: Missing argument 'NOTEBOOK'."),
        (["compile", "x.ipynb", "--frob"], "dagflow compile: No such option"),
        (["compile", "x.ipynb", "--format", "png"], "--format is 'png'."),
        (["compile", "x.ipynb", "--by", "x"], "--by is 'x'."),
        (["compile", "x", "--json", "--format", "dot"], "--json and --format dot contradict"),
        (["run", "x.ipynb", "--jobs", "-1"], "jobs is -1."),
        (["run", "x.ipynb", "--jobs", "many"], "--jobs is 'many'."),
        (["run", "x.ipynb", "--keep", "some"], "keep is 'some'."),
        (["run", "x.ipynb", "--executor", "dask"], "--executor is 'dask'."),
        (["run", "x.ipynb", "-p", "n"], "-p n is not of the form NAME=VALUE."),
        (["run", "x.ipynb", "--jobs", "1", "--jobs", "2"], "--jobs is given twice: '1' and '2'."),
        (["run", "x.ipynb", "--by", "tags", "--by=cells"], "--by is given twice: 'tags' and"),
        (["compile", "x", "--format", "dot", "--format", "svg"], "--format is given twice: 'dot'"),
        (["runs", "list", "--limit", "1", "--limit", "2"], "--limit is given twice: '1' and '2'."),
        (["run", "x.ipynb", "--jobs"], "dagflow run: Option '--jobs' requires an argument."),
        (
            ["artifacts", "get", "latest", "x", "--to", "x.doc"],
            "A value cannot be written as '.doc'.",
        ),
    ],
)
def test_wrong_usage_is_a_block_and_2(
    dagflow: Callable[..., Any], argv: list[str], message: str
) -> None:
    answer = dagflow(*argv)
    assert answer.code == 2
    assert answer.out == "" or "--json" in argv
    told = answer.err or json.loads(answer.out)["error"]["message"]
    assert message in told
    assert "\nnext:  " in told or "--json" in argv
    assert "Traceback" not in told


@pytest.mark.parametrize("typed", [row for row in PLANNED if row.startswith("dagflow ")])
def test_what_is_planned_is_called_planned_until_it_is_built(
    typed: str, dagflow: Callable[..., Any]
) -> None:
    *command, missing = typed.split()[1:]
    notebook = ["x.ipynb"] if missing.startswith("-") else []
    answer = dagflow(*command, *notebook, missing, "something")
    assert (answer.code, answer.out) == (2, "")
    parent = " ".join(["dagflow", *command])
    assert answer.err.startswith(f"error: {typed} is planned, but not built yet in this version.\n")
    assert f"next:  {parent} --help lists" in answer.err
    assert missing not in dagflow(*command, "--help").out.split()
