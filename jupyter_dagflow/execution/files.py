"""The files of one run, and where each of them lies below the home.

``runs/<run id>/`` holds ``source.ipynb`` (the exact bytes that were compiled), the notebooks that are
steps of it (`storage.step_texts`), ``executed.ipynb`` (the notebook with every cell's outputs in its
place), and ``tasks/<task>/<attempt>/`` with the taskbook of each attempt, what went in and came out of
it, and which process ran it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from jupyter_dagflow.core.model import RunId
from jupyter_dagflow.execution.ports import PROCESS


@dataclass(frozen=True, slots=True)
class RunFiles:
    """Knows the paths of one run; makes nothing."""

    home: Path
    run_id: RunId

    @property
    def folder(self) -> Path:
        """Everything of this run lies below it."""
        return self.home.joinpath("runs", self.run_id)

    @property
    def source(self) -> Path:
        """The notebook as it was when the run was asked for, or last resumed, byte for byte."""
        return self.folder / "source.ipynb"

    @property
    def first_source(self) -> Path:
        """The same, of a run that was resumed with another: as it was at first."""
        return self.folder / "source-first.ipynb"

    @property
    def executed(self) -> Path:
        """The source with the outputs of this run."""
        return self.folder / "executed.ipynb"

    def attempt(self, task: str, attempt: int) -> Path:
        """The folder of one attempt at a task."""
        return self.home.joinpath("runs", self.run_id, "tasks", task, str(attempt))

    def taskbook(self, task: str, attempt: int) -> Path:
        """The notebook that runs one attempt at a task."""
        return self.home.joinpath("runs", self.run_id, "tasks", task, str(attempt), f"{task}.ipynb")

    def process(self, task: str, attempt: int) -> Path:
        """Which process runs an attempt, for whoever may have to end it."""
        return self.attempt(task, attempt) / PROCESS

    def processes(self) -> list[Path]:
        """The same, of all attempts of which it is known."""
        return [*self.folder.glob(f"tasks/*/*/{PROCESS}")]

    def kernel_log(self, task: str, attempt: int) -> Path:
        """What the kernel process of an attempt itself wrote."""
        return self.attempt(task, attempt) / "kernel.log"

    def expansion(self, task: str, attempt: int) -> Path:
        """The notebook that finds out what a mapped loop goes through, beside the task's own."""
        return self.taskbook(expansion_name(task), attempt)


def expansion_name(task: str) -> str:
    """What the expansion of a task is called among its files; no task and no instance has such a name."""
    return f"{task}[]"
