"""Taking a figure: each repetition in a process of its own, the median of several."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

REPETITIONS = 3
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Figure:
    """What was measured: all repetitions, and what was promised."""

    name: str
    repetitions: list[float]
    unit: str
    at_most: float

    @property
    def median(self) -> float:
        """The figure that counts."""
        return statistics.median(self.repetitions)

    @property
    def reached(self) -> bool:
        """Whether it keeps the promise."""
        return self.median <= self.at_most


def seconds(work: Callable[[], object], clock: Callable[[], float] = time.process_time) -> float:
    """How long a piece of work keeps the processor busy, whoever else does; or takes by another clock."""
    began = clock()
    work()
    return clock() - began


def fresh_process(measure: Callable[[int], float], size: int) -> list[float]:
    """Repeat a measurement, each time in a new interpreter."""
    code = f"from {measure.__module__} import {measure.__name__} as m; print(m({size}))"
    return [
        float(subprocess.check_output([sys.executable, "-c", code], cwd=ROOT, text=True))
        for _ in range(REPETITIONS)
    ]
