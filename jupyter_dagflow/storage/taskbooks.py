"""Taskbooks as files: the notebook that runs one task, for papermill and for who opens it later.

The law: a taskbook is an ordinary notebook of nbformat 4.5, whole on disk or not there at all.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from jupyter_dagflow.core.model import CellKind
from jupyter_dagflow.core.taskbook import INJECTED_TAG, TaskbookCell
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


def copy_taskbook(
    source: Path,
    to: Path,
    *,
    ids: Mapping[str, str],
    parameters: Mapping[str, object],
    parameters_cell: str | None,
) -> bool:
    """Copy a taskbook that has run, with other ids for some of its cells; whether there was one to copy.

    The cell of injected parameters is as papermill would have made it of these ``parameters``.
    """
    try:
        data = source.read_bytes()
        if parameters or _INJECTED in data or any(old != new for old, new in ids.items()):
            notebook = json.loads(data)
            for cell in notebook["cells"]:
                cell["id"] = ids.get(cell["id"], cell["id"])
            _inject(notebook["cells"], parameters, after=parameters_cell)
            data = json.dumps(notebook, indent=1, ensure_ascii=False).encode("utf-8", _ESCAPED)
    except (OSError, ValueError, KeyError, TypeError):
        return False
    write_bytes(to, data, durable=False)
    return True


def read_taskbook(path: Path) -> dict[str, Any]:
    """A taskbook's JSON; without cells if it is not there, or was cut off as it was written."""
    try:
        text = path.read_text(encoding="utf-8")
        # Outputs may hold the NaN of Python's json, which no browser reads: null is what is drawn.
        book = json.loads(text, parse_constant=lambda _: None)
    except (OSError, ValueError):
        return {"cells": []}
    return book if isinstance(book, dict) and isinstance(book.get("cells"), list) else {"cells": []}


_INJECTED = f'"{INJECTED_TAG}"'.encode()
_ESCAPED = (
    "backslashreplace"  # half a surrogate pair, which UTF-8 cannot hold, becomes JSON's own escape
)


def _inject(
    cells: list[dict[str, Any]], parameters: Mapping[str, object], *, after: str | None
) -> None:
    """Have the cell of injected parameters say these, or not be there if there are none."""
    is_injected = [INJECTED_TAG in (cell["metadata"].get("tags") or ()) for cell in cells]
    place = is_injected.index(True) if any(is_injected) else None
    if not parameters:
        if place is not None:
            del cells[place]
        return
    plain = {n: v.isoformat() if isinstance(v, date) else v for n, v in parameters.items()}
    lines = ["# Parameters", *(f"{name} = {value!r}" for name, value in plain.items())]
    if place is None:
        above = [cell["id"] for cell in cells]
        place = above.index(after) + 1 if after in above else 1
        cells.insert(place, _cell(TaskbookCell(INJECTED_TAG, "", tags=(INJECTED_TAG,))))
        cells[place]["execution_count"] = (
            0  # it ran before all that ran; the numbers are given anew
        )
    elif _says_the_same("".join(cells[place]["source"]), "\n".join(lines)):
        return
    cells[place]["source"] = "\n".join(lines).splitlines(keepends=True)


def _says_the_same(one: str, other: str) -> bool:
    try:
        return ast.dump(ast.parse(one)) == ast.dump(ast.parse(other))
    except (SyntaxError, ValueError):
        return False


def notebook_bytes(notebook: Mapping[str, Any]) -> bytes:
    """A notebook's JSON as nbformat writes it: an indent of one space, and a last newline."""
    try:
        text = json.dumps(notebook, ensure_ascii=False, allow_nan=False).encode()
    except UnicodeEncodeError:  # half of a surrogate pair: only an escape can say it
        return (json.dumps(notebook, indent=1, allow_nan=False) + "\n").encode()
    # The standard library would indent in Python, value by value, which takes many times as long.
    return msgspec.json.format(text, indent=1) + b"\n"


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
