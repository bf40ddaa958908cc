"""Which notebook a magic was typed in, and whether its file is what is on the screen.

A kernel is not told its notebook by the Jupyter protocol. Jupyter Server leaves the path in
``JPY_SESSION_NAME``, VS Code a variable in the user's namespace; else the user names the file.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_dagflow.core.errors import NotebookUnknown

if TYPE_CHECKING:
    from jupyter_dagflow.core.model import Notebook

_VSCODE_VARIABLE = "__vsc_ipynb_file__"
_SERVER_VARIABLE = "JPY_SESSION_NAME"


def find_notebook(
    named: str | None, *, namespace: Mapping[str, object], environ: Mapping[str, str] | None = None
) -> Path:
    """The file of the notebook a magic was typed in; raises `NotebookUnknown` if none is told."""
    if named:
        return Path(named)
    env = os.environ if environ is None else environ
    told = str(namespace.get(_VSCODE_VARIABLE) or env.get(_SERVER_VARIABLE) or "")
    if not told:
        raise NotebookUnknown(
            "This front end does not tell the kernel which notebook it runs.",
            hint="Name the file: add --notebook FILE.ipynb",
        )
    path = Path(told)
    if path.suffix not in (".ipynb", ".py") or not path.is_file():
        raise NotebookUnknown(
            f"The front end says that the notebook is {told}, but there is no such notebook file.",
            hint="Save the notebook; if it was renamed, restart the kernel or name it: "
            "--notebook FILE.ipynb",
        )
    return path


@dataclass(slots=True)
class Executed:
    """What was executed in the live kernel: cell id -> source and time (s since the epoch)."""

    cells: dict[str, tuple[str, float]] = field(default_factory=dict)

    def note(self, cell_id: str | None, source: str, *, at: float) -> None:
        """Take note of an execution; front ends that do not tell cell ids are not noted."""
        if cell_id:
            self.cells[cell_id] = (source, at)

    def unsaved(self, notebook: Notebook, *, saved_at: float) -> list[str]:
        """The cells that were executed since the file was saved and read otherwise in it.

        Told as ``cell 3`` or, for a cell the file does not have at all, ``a new cell``.
        """
        in_file = {cell.id: cell for cell in notebook.cells}
        found = []
        for cell_id, (source, at) in self.cells.items():
            cell = in_file.get(cell_id)  # type: ignore[call-overload]
            if at > saved_at and (cell is None or cell.source.strip() != source.strip()):
                found.append("a new cell" if cell is None else f"cell {cell.index}")
        return found
