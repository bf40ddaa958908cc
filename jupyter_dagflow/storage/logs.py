"""What a task's cells printed and how they failed, as its taskbook holds it.

The law: reading only. A taskbook that is being written, or was cut off with its kernel, counts as
far as it can be read.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_dagflow.core.taskbook import cells_of_step

# Colours and the like, as IPython puts into tracebacks and programs into their output.
_CONTROL = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")

# How IPython names a cell in a traceback: by its execution count, and since 8 mostly with the line.
CELL_FRAME = re.compile(
    r"^\s*(?:Cell In|Input In|In) ?\[(\d+)\](?:, line (\d+))?|^<ipython-input-(\d+)-"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One output of one cell: ``kind`` is ``stdout``, ``stderr`` or ``error`` (a traceback)."""

    cell: str
    kind: str
    text: str


def read_log(taskbook: Path, task: str) -> tuple[Entry, ...]:
    """Streams and errors of a task's cells in its taskbook, in the order in which the cells ran; plain text.

    Empty if the taskbook is not there or cannot be read yet.
    """
    try:
        book = json.loads(taskbook.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ()
    cells = book.get("cells", []) if isinstance(book, dict) else []
    concern = {*cells_of_step([str(cell.get("id", "")) for cell in cells], task)}
    return tuple(
        entry
        for cell in cells
        for output in cell.get("outputs", [])
        if (entry := _entry(str(cell.get("id", "")), output)) is not None and entry.cell in concern
    )


def _entry(cell: str, output: dict[str, Any]) -> Entry | None:
    if output.get("output_type") == "stream":
        text = "".join(output.get("text", ""))  # nbformat has one text or a list of its lines
        return Entry(cell=cell, kind=str(output.get("name", "stdout")), text=plain_text(text))
    if output.get("output_type") == "error":
        lines = output.get("traceback") or [f"{output.get('ename')}: {output.get('evalue')}"]
        return Entry(cell=cell, kind="error", text=plain_text("\n".join(lines)))
    return None


def plain_text(text: str) -> str:
    """The text as a terminal shows it in the end: no colours, a rewritten line once."""
    lines = _CONTROL.sub("", text).replace("\r\n", "\n").split("\n")
    return "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in lines)
