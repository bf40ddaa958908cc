"""What a run costs in which nothing changed: the whole process, from the command to its end."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.measure import REPETITIONS, Figure

TASKS = 100


def figures() -> Iterator[Figure]:
    """One figure; to begin with, every task has to run once."""
    name = f"dagflow run, {TASKS} unchanged tasks, whole process"
    yield Figure(name=name, repetitions=unchanged(TASKS), unit="s", at_most=0.7)


def unchanged(size: int) -> list[float]:
    """How long such runs keep the processor busy, whoever else does."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "notebook.ipynb")
        path.write_text(json.dumps(_notebook(size)), encoding="utf-8")
        environ = {**os.environ, "DAGFLOW_HOME": str(Path(folder, "home"))}
        command = [sys.executable, "-m", "jupyter_dagflow.surfaces.cli.main", "run", str(path)]
        subprocess.run(command, env=environ, check=True, capture_output=True)
        return [_busy(command, environ) for _ in range(REPETITIONS)]


def _busy(command: list[str], environ: dict[str, str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, env=environ, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _notebook(size: int) -> dict[str, object]:
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    cells = [
        {
            "cell_type": "code",
            "id": f"c{number}",
            "metadata": {"tags": [f"task:t{number}", f"keep:x{number}"]},
            "source": f"x{number} = {number}",
            "outputs": [],
            "execution_count": None,
        }
        for number in range(size)
    ]
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": kernel}, "cells": cells}
