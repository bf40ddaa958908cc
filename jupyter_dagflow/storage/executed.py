"""The executed notebook: the source as it was, with what each task's cells put out in their place.

The law: order, sources and metadata are the source notebook's; outputs and execution counts are the
taskbooks'. A code cell that did not run in this run shows nothing, whatever the source file held.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from jupyter_dagflow.core.model import CellId
from jupyter_dagflow.core.taskbook import INJECTED_TAG, PARAMETERS_TAG
from jupyter_dagflow.storage.atomic import write_bytes
from jupyter_dagflow.storage.notebook_file import read_notebook_file
from jupyter_dagflow.storage.notebooks import cell_ids
from jupyter_dagflow.storage.taskbooks import notebook_bytes

_WIDGETS = "application/vnd.jupyter.widget-state+json"


def write_executed(
    path: str | Path, *, source: str | Path, taskbooks: Mapping[CellId, Path]
) -> None:
    """Write the executed notebook of a run; see `executed_notebook`."""
    write_bytes(path, notebook_bytes(executed_notebook(source, taskbooks)))


def executed_notebook(source: str | Path, taskbooks: Mapping[CellId, Path]) -> dict[str, Any]:
    """The source notebook's JSON with the outputs that its cells have in the taskbooks.

    ``taskbooks`` tells for every cell that may have run which taskbook it ran in. A taskbook that
    is not there, or was cut off when its kernel was killed, counts as not run. Papermill's cell of
    injected parameters follows the parameters cell, as papermill itself would have put it.
    """
    notebook, _ = read_notebook_file(source)
    books = {path: _read_taskbook(path) for path in dict.fromkeys(taskbooks.values())}
    ran = {path: {cell.get("id"): cell for cell in book["cells"]} for path, book in books.items()}
    cells = []
    injected = _injected(books.values())
    ids = cell_ids(notebook["cells"], path=source)
    for id_, cell in zip(ids, notebook["cells"], strict=True):
        tags = _tags(cell)
        if INJECTED_TAG in tags:
            continue  # of an earlier run
        if cell["cell_type"] == "code":
            result = ran[taskbooks[id_]].get(id_, {}) if id_ in taskbooks else {}
            cell["outputs"] = result.get("outputs", [])
            cell["execution_count"] = result.get("execution_count")
        cells.append(cell)
        if id_ in injected:
            cells.append(_like(cell, injected[id_]))
    notebook["cells"] = cells
    _add_widgets(notebook, books.values())
    return notebook


def _read_taskbook(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
        # Outputs may hold the NaN of Python's json, which no browser reads: null is what is drawn.
        book = json.loads(text, parse_constant=lambda _: None)
    except (OSError, ValueError):
        return {"cells": []}
    return book if isinstance(book, dict) and isinstance(book.get("cells"), list) else {"cells": []}


def _tags(cell: Mapping[str, Any]) -> Sequence[str]:
    return (cell.get("metadata") or {}).get("tags") or ()


def _injected(books: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """The first cell of injected parameters, by the id of the parameters cell that it follows.

    Every taskbook has the same. There it is told by a tag; in the source it may be by another's word.
    """
    for book in books:
        for above, cell in pairwise(book["cells"]):
            if INJECTED_TAG in _tags(cell) and PARAMETERS_TAG in _tags(above):
                return {above.get("id"): cell}
    return {}


def _like(source: Mapping[str, Any], cell: Mapping[str, Any]) -> dict[str, Any]:
    """Cells have ids from nbformat 4.5 on, and may have none before."""
    return {key: value for key, value in cell.items() if key != "id" or "id" in source}


def _add_widgets(notebook: dict[str, Any], books: Iterable[Mapping[str, Any]]) -> None:
    """Outputs that show widgets need their state, which stands in the notebook's metadata."""
    metadata = {**(notebook.get("metadata") or {})}
    metadata.pop("widgets", None)
    notebook["metadata"] = metadata
    merged: dict[str, Any] = {}
    for book in books:
        widgets = book.get("metadata", {}).get("widgets", {}).get(_WIDGETS, {})
        state = {**merged.get("state", {}), **widgets.get("state", {})}
        merged = {**merged, **widgets, "state": state} if widgets else merged
    if merged:
        metadata["widgets"] = {_WIDGETS: merged}
