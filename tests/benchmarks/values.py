"""What it costs to hand a large table from task to task, beside copying its memory and beside Parquet.

A hand-over is what the taskbooks say their own cells took: the saving in one task, the loading in the next.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import nbformat

from tests.benchmarks.measure import REPETITIONS, Figure
from tests.benchmarks.notebook_file import write_notebook

_TABLE = """\
import numpy as np
import pandas as pd
rows = 8_000_000
df = pd.DataFrame({f"x{n}": np.random.default_rng(n).random(rows) for n in range(12)})
df["word"] = pd.Series(np.random.default_rng(0).integers(10**8, 10**9, rows)).astype("str")
"""
_BESIDE = """
import os, sys, time
def timed(work):
    began = time.perf_counter()
    result = work()
    return time.perf_counter() - began, result
bytes_ = np.ones(df.memory_usage(deep=True).sum(), dtype="u1")
copied, _ = timed(lambda: bytes_.copy())
del bytes_
saved, _ = timed(lambda: df.to_parquet("table.parquet"))
loaded, _ = timed(lambda: pd.read_parquet("table.parquet"))
print(copied, saved + loaded)
"""
_CHAIN = [
    (_TABLE, "task:make"),
    ("df2 = df.assign(x0=0.0)", "task:change"),
    ("total = float(df2.x1.sum())", "task:total"),
]


def figures() -> Iterator[Figure]:
    """One table of a gigabyte, numbers and strings, through three tasks."""
    handovers, copies, parquets = [], [], []
    for _ in range(REPETITIONS):
        with tempfile.TemporaryDirectory() as folder:
            handovers.append(_handover(Path(folder)))
            copied, parquet = _beside(Path(folder))
            copies.append(copied)
            parquets.append(parquet)
    name = "1 GB of table from task to task / copying it"
    yield Figure(name, _ratios(handovers, copies), "times", at_most=3)
    yield Figure("… / Parquet", _ratios(handovers, parquets), "times", at_most=0.1)


def _ratios(ours: list[float], theirs: list[float]) -> list[float]:
    return [one / other for one, other in zip(ours, theirs, strict=True)]


def _handover(folder: Path) -> float:
    """Seconds for a hand-over, the mean of two."""
    from jupyter_dagflow import Dagflow, Settings

    path = write_notebook(folder / "table.ipynb", _CHAIN)
    app = Dagflow(Settings.load({"DAGFLOW_HOME": str(folder / "home"), "DAGFLOW_JOBS": "1"}))
    run = app.run(path, fresh=True)
    taskbooks = {task: nbformat.read(run.taskbook_path(task), as_version=4) for task in run.tasks}
    app.close()
    cells = [("make", "save"), ("change", "load"), ("change", "save"), ("total", "load")]
    return sum(_took(taskbooks[task], f"dagflow-{cell}") for task, cell in cells) / 2


def _took(taskbook: Any, cell_id: str) -> float:
    """Seconds that a cell took by the kernel's own clock: papermill's includes waiting for it."""
    cell = next(cell for cell in taskbook.cells if cell.id == cell_id)
    told = cell.metadata["execution"]
    began, ended = (
        datetime.fromisoformat(told[key].replace("Z", "+00:00"))
        for key in ("iopub.status.busy", "iopub.status.idle")
    )
    return (ended - began).total_seconds()


def _beside(folder: Path) -> tuple[float, float]:
    """Seconds to copy as many bytes into new memory, and to write and read the table as Parquet."""
    told = subprocess.check_output(
        [sys.executable, "-c", _TABLE + _BESIDE], cwd=folder, env=os.environ, text=True
    )
    copied, parquet = told.split()
    return float(copied), float(parquet)
