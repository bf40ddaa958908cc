"""What one run learns of durations decides the order of the next, with real kernels."""

from __future__ import annotations

from pathlib import Path

from jupyter_dagflow.app import Dagflow
from jupyter_dagflow.core.events import TaskStarted
from jupyter_dagflow.run_handle import Run
from tests.execution.projects import Project

CELLS = [
    ("task:warm priority:1", "import time  # whoever is first waits for the first kernel, too"),
    ("task:short", "a = 1"),
    ("task:long", "time.sleep(1)\nb = 1"),
]


def test_a_second_run_starts_the_long_task_first(tmp_path: Path, kernels: Path) -> None:
    project = Project(tmp_path)
    try:
        for expected in (["warm", "short", "long"], ["warm", "long", "short"]):
            run = project.run(*CELLS, jobs=1, fresh=True)
            assert order(project.app, run) == expected
    finally:
        project.close()


def order(app: Dagflow, run: Run) -> list[str]:
    """The tasks of a run as they started."""
    assert run.error is None, run.error
    return [e.task for e in app.metastore.events(run.run_id) if isinstance(e, TaskStarted)]
