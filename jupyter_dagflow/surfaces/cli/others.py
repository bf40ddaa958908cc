"""Runs that had lost their runner, and go on in a command that was typed for something else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jupyter_dagflow.app import Dagflow
    from jupyter_dagflow.run_handle import LiveRun


class Others:
    """Takes them, and stays with them to their end; ``tell`` is told what they are."""

    def __init__(self, app: Dagflow, *, tell: Callable[[str], None]) -> None:
        self._recovery = app.recovery()
        self._tell = tell

    def take(self, *, wait_for: Path | None = None) -> None:
        """Go on with those there are; of the notebook that is to run now, wait for the end: both write its files."""
        if self._recovery is None:
            return
        found = self._recovery.look()
        for run in found:
            self._tell(f"run {run.run_id} of {run.view.pipeline} had lost its runner and goes on")
        for run in found:
            if wait_for is not None and run.notebook_file == wait_for:
                self._tell(f"waiting for run {run.run_id}, which is of this notebook")
                run.wait()

    def stay(self) -> None:
        """Wait for their ends; interrupted, leave them to whoever comes next."""
        if self._recovery is None:
            return
        left: list[LiveRun] = [run for run in self._recovery.runs if run.is_alive]
        for run in left:
            self._tell(
                f"waiting for run {run.run_id}, which had lost its runner (Ctrl-C leaves it)"
            )
        try:
            self._recovery.close()
        except KeyboardInterrupt:
            self._recovery.close(patience_s=0)
