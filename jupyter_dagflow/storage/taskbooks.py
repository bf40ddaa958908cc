"""Taskbooks as files: the notebook that runs one task, for papermill and for who opens it later.

The law: a taskbook is an ordinary notebook of nbformat 4.5, whole on disk or not there at all.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jupyter_dagflow.core.model import CellKind
from jupyter_dagflow.core.taskbook import TaskbookCell
from jupyter_dagflow.storage.atomic import write_bytes


def write_taskbook(path: str | Path, cells: Sequence[TaskbookCell], *, kernel_name: str) -> None:
    """Write a taskbook that has not run yet."""
    notebook = {
        "cells": [_cell(cell) for cell in cells],
        "metadata": {
            "kernelspec": {
                "display_name": kernel_name,
                "language": "python",
                "name": kernel_name,
            },
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    write_bytes(path, notebook_bytes(notebook), durable=False)


def notebook_bytes(notebook: Mapping[str, Any]) -> bytes:
    """A notebook's JSON as nbformat writes it: an indent of one space, and a last newline."""
    text = json.dumps(notebook, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    try:
        return text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair: only an escape can say it
        return (json.dumps(notebook, indent=1, allow_nan=False) + "\n").encode()


def _cell(cell: TaskbookCell) -> dict[str, Any]:
    raw: dict[str, Any] = {
        "cell_type": cell.kind.value,
        "id": cell.id,
        "metadata": {"tags": list(dict.fromkeys(cell.tags))} if cell.tags else {},
        "source": cell.source.splitlines(keepends=True),
    }
    if cell.kind is CellKind.CODE:
        raw.update(execution_count=None, outputs=[])
    return raw
