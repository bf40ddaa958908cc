"""``python -m tests.benchmarks``: every figure with what was promised, as a table and in a JSON file.

It reports and never fails: a slow machine is no defect. What was measured is compared by people.
"""

from __future__ import annotations

import json
import os
import platform
import sys
from dataclasses import asdict
from itertools import chain
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.benchmarks import analysis, engine, history, many_tasks, reuse, values

RESULTS = Path("build/bench.json")


def main() -> None:
    """Measure, print, write."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # what is installed is compiled already
    table = Table("what", "median", "all", "promised", "", box=None, header_style="bold")
    found = []
    parts = (analysis, reuse, many_tasks, history, engine, values)
    for figure in chain.from_iterable(part.figures() for part in parts):
        every = " ".join(f"{value:.3g}" for value in sorted(figure.repetitions))
        table.add_row(
            figure.name,
            f"{figure.median:.3g} {figure.unit}",
            every,
            f"≤ {figure.at_most:g} {figure.unit}",
            "✓" if figure.reached else "✗ not reached",
        )
        found.append({**asdict(figure), "median": figure.median})
    Console(file=sys.stdout).print(table)
    RESULTS.parent.mkdir(exist_ok=True)
    machine = {"python": platform.python_version(), "machine": platform.machine()}
    RESULTS.write_text(json.dumps({**machine, "figures": found}, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
