"""What one run learns of durations decides the order of the next, with real kernels."""

from __future__ import annotations

from pathlib import Path

import nbformat

from jupyter_dagflow.app import Dagflow
from jupyter_dagflow.core.events import TaskStarted
from jupyter_dagflow.run_handle import Run
from jupyter_dagflow.settings import Settings

CELLS = [
    ("task:warm priority:1", "import time  # whoever is first waits for the first kernel, too"),
    ("task:short", "a = 1"),
    ("task:long", "time.sleep(1)\nb = 1"),
]


def test_a_second_run_starts_the_long_task_first(tmp_path: Path, kernels: Path) -> None:
    book = nbformat.v4.new_notebook()
    book.metadata["kernelspec"] = {"name": "dagflow-test", "display_name": "Python"}
    for tags, source in CELLS:
        cell = nbformat.v4.new_code_cell(source)
        cell.metadata["tags"] = tags.split()
        book.cells.append(cell)
    path = tmp_path / "order.ipynb"
    nbformat.write(book, path)
    app = Dagflow(Settings.load({"DAGFLOW_HOME": str(tmp_path / "home")}))
    try:
        assert order(app, app.run(path, jobs=1, fresh=True)) == ["warm", "short", "long"]
        assert order(app, app.run(path, jobs=1, fresh=True)) == ["warm", "long", "short"]
    finally:
        app.close()


def order(app: Dagflow, run: Run) -> list[str]:
    """The tasks of a run as they started."""
    assert run.error is None, run.error
    return [e.task for e in app.metastore.events(run.run_id) if isinstance(e, TaskStarted)]
