"""``python -m tests.benchmarks.peers``: a chain of trivial tasks, run by us, papermill, Ploomber and Airflow.

Each in an environment of its own below ``build/peers``, made when it is missing. Whole commands are measured: a chain
twice as long tells what a task adds. Airflow runs as ``dags test``: in one process, without its scheduler.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.benchmarks.engine import DAGFLOW
from tests.benchmarks.measure import REPETITIONS, ROOT
from tests.benchmarks.notebook_file import linked, write_notebook

_HOME = ROOT / "build" / "peers"
_RESULTS = ROOT / "build" / "bench-peers.json"
_SHORT, _LONG = 5, 10
_AIRFLOW_DAG = """\
import datetime
from airflow.sdk import DAG
from airflow.providers.papermill.operators.papermill import PapermillOperator

for size in ({short}, {long}):
    with DAG(f"chain{{size}}", schedule=None, start_date=datetime.datetime(2024, 1, 1)) as dag:
        before = None
        for number in range(size):
            task = PapermillOperator(
                task_id=f"t{{number}}", input_nb="{notebook}", output_nb=f"{out}/{{number}}.ipynb"
            )
            if before is not None:
                before >> task
            before = task
    globals()[f"chain{{size}}"] = dag
"""


@dataclass(frozen=True, slots=True)
class Peer:
    """One of us: its name, and commands that run a chain of so many tasks, anew or once more."""

    name: str
    run: Callable[[int], Sequence[Sequence[str]]]
    again: Callable[[int], Sequence[Sequence[str]]] | None
    folder: Callable[[int], Path]
    environ: Mapping[str, str]


def main() -> None:
    """Measure, print, write."""
    table = Table("", "a task more", f"{_LONG} tasks", "unchanged", box=None, header_style="bold")
    found = {}
    for make in (_ours, _papermill, _ploomber, _airflow):
        peer = make()
        short = [_seconds(peer, peer.run, _SHORT) for _ in range(REPETITIONS)]
        long = [_seconds(peer, peer.run, _LONG) for _ in range(REPETITIONS)]
        again = (
            [_seconds(peer, peer.again, _LONG) for _ in range(REPETITIONS)] if peer.again else []
        )
        more = (statistics.median(long) - statistics.median(short)) / (_LONG - _SHORT)
        unchanged = f"{statistics.median(again):.2f} s" if again else "runs again"
        table.add_row(peer.name, f"{more:.3f} s", f"{statistics.median(long):.2f} s", unchanged)
        found[peer.name] = {"short": short, "long": long, "unchanged": again}
    Console(file=sys.stdout).print(table)
    machine = {"python": platform.python_version(), "tasks": [_SHORT, _LONG]}
    _RESULTS.write_text(json.dumps({**machine, "seconds": found}, indent=1), encoding="utf-8")


def _ours() -> Peer:
    folder = _folder("dagflow")
    for size in (_SHORT, _LONG):
        write_notebook(folder / f"chain{size}.ipynb", linked(size))
    command = [*DAGFLOW, "run"]
    return Peer(
        "jupyter-dagflow",
        lambda size: [[*command, str(folder / f"chain{size}.ipynb"), "--fresh"]],
        lambda size: [[*command, str(folder / f"chain{size}.ipynb")]],
        lambda _: ROOT,
        {"DAGFLOW_HOME": str(folder / "home")},
    )


def _papermill() -> Peer:
    folder = _folder("papermill")
    one = write_notebook(folder / "one.ipynb", [("x = 1",)])
    command = [sys.executable, "-m", "papermill", "--no-progress-bar", str(one), os.devnull]
    return Peer(
        "papermill, a call a task", lambda size: [command] * size, None, lambda _: folder, {}
    )


def _ploomber() -> Peer:
    bin_ = _environment("ploomber", ["ploomber", "setuptools<81", "ipykernel"])
    folder = _folder("ploomber")
    for size in (_SHORT, _LONG):
        chain = folder / str(size)
        chain.mkdir(exist_ok=True)
        tasks = []
        for number in range(size):
            upstream = [f"t{number - 1}"] if number else None
            write_notebook(
                chain / f"t{number}.ipynb",
                [(f"upstream = {upstream}\nproduct = None", "parameters"), ("x = 1",)],
            )
            tasks.append(
                f"  - {{source: t{number}.ipynb, name: t{number}, product: out/t{number}.ipynb}}\n"
            )
        (chain / "pipeline.yaml").write_text("tasks:\n" + "".join(tasks), encoding="utf-8")
    build = [str(bin_ / "ploomber"), "build"]
    path = f"{bin_}{os.pathsep}{os.environ['PATH']}"
    return Peer(
        "Ploomber",
        lambda _: [[*build, "--force"]],
        lambda _: [build],
        lambda size: folder / str(size),
        {"PATH": path, "PLOOMBER_STATS_ENABLED": "false"},
    )


def _airflow() -> Peer:
    packages = ["apache-airflow>=3", "apache-airflow-providers-papermill", "ipykernel"]
    bin_ = _environment("airflow", packages)
    folder = _folder("airflow")
    (folder / "dags").mkdir(exist_ok=True)
    (folder / "out").mkdir(exist_ok=True)
    one = write_notebook(folder / "one.ipynb", [("x = 1",)])
    dag = _AIRFLOW_DAG.format(short=_SHORT, long=_LONG, notebook=one, out=folder / "out")
    (folder / "dags" / "chain.py").write_text(dag, encoding="utf-8")
    environ = {
        "AIRFLOW_HOME": str(folder),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "PATH": f"{bin_}{os.pathsep}{os.environ['PATH']}",
    }
    airflow = str(bin_ / "airflow")
    _run([airflow, "db", "migrate"], folder, environ)
    return Peer(
        "Airflow, dags test",
        lambda size: [[airflow, "dags", "test", f"chain{size}"]],
        None,
        lambda _: folder,
        environ,
    )


def _folder(name: str) -> Path:
    folder = _HOME / f"{name}-work"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _environment(name: str, packages: Sequence[str]) -> Path:
    """The folder of the programs of an environment that has these packages."""
    folder = _HOME / name
    done = folder / "complete"
    if not done.exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        subprocess.run([folder / "bin" / "pip", "install", "--quiet", *packages], check=True)
        done.touch()
    return folder / "bin"


def _seconds(peer: Peer, commands: Callable[[int], Sequence[Sequence[str]]], size: int) -> float:
    began = time.perf_counter()
    for command in commands(size):
        _run(command, peer.folder(size), peer.environ)
    return time.perf_counter() - began


def _run(command: Sequence[str], folder: Path, environ: Mapping[str, str]) -> None:
    subprocess.run(
        command, cwd=folder, env={**os.environ, **environ}, check=True, capture_output=True
    )


if __name__ == "__main__":
    main()
