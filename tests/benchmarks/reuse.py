"""What a run costs in which nothing changed: the whole process, from the command to its end."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.measure import REPETITIONS, Figure
from tests.benchmarks.notebook_file import write_notebook

TASKS = 100


def figures() -> Iterator[Figure]:
    """One figure; to begin with, every task has to run once."""
    name = f"dagflow run, {TASKS} unchanged tasks, whole process"
    yield Figure(name=name, repetitions=unchanged(TASKS), unit="s", at_most=0.7)


def unchanged(size: int) -> list[float]:
    """How long such runs keep the processor busy, whoever else does."""
    with tempfile.TemporaryDirectory() as folder:
        cells = [
            (f"x{number} = {number}", f"task:t{number}", f"keep:x{number}")
            for number in range(size)
        ]
        path = write_notebook(Path(folder, "notebook.ipynb"), cells)
        environ = {**os.environ, "DAGFLOW_HOME": str(Path(folder, "home"))}
        command = [sys.executable, "-m", "jupyter_dagflow.surfaces.cli.main", "run", str(path)]
        subprocess.run(command, env=environ, check=True, capture_output=True)
        return [_busy(command, environ) for _ in range(REPETITIONS)]


def _busy(command: list[str], environ: dict[str, str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, env=environ, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
