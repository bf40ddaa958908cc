"""A folder with a notebook in it, run as its user would, in real kernels."""

from __future__ import annotations

import os
from pathlib import Path

import nbformat

from jupyter_dagflow.app import Dagflow
from jupyter_dagflow.run_handle import Run
from jupyter_dagflow.settings import Settings


class Project:
    """A folder of its own below ``root``, with ``modules`` (name to source) in it, and a home; `close` it.

    ``keep`` is what its runs keep if they do not say otherwise.
    """

    def __init__(self, root: Path, *, keep: str | None = None, **modules: str) -> None:
        self._keep = keep
        self.folder = root / "project"
        self.folder.mkdir()
        for name, source in modules.items():
            (self.folder / f"{name}.py").write_text(source)
        asked = {name: os.environ[name] for name in ("DAGFLOW_FORK",) if name in os.environ}
        self.app = Dagflow(Settings.load({**asked, "DAGFLOW_HOME": str(root / "home")}))

    def run(
        self, *cells: tuple[str, str], keep: str | None = None, jobs: int = 2, fresh: bool = False
    ) -> Run:
        """Write the notebook and run it; a cell is its tags and its source."""
        return self.app.run(self.write(*cells), keep=keep or self._keep, jobs=jobs, fresh=fresh)

    def write(self, *cells: tuple[str, str]) -> Path:
        """Write the notebook."""
        book = nbformat.v4.new_notebook()
        book.metadata["kernelspec"] = {"name": "dagflow-test", "display_name": "Python"}
        for tags, source in cells:
            cell = nbformat.v4.new_code_cell(source)
            cell.metadata["tags"] = tags.split()
            book.cells.append(cell)
        path = self.folder / "nb.ipynb"
        nbformat.write(book, path)
        return path

    def close(self) -> None:
        """End what is left of its kernels."""
        self.app.close()
