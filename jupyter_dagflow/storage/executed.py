"""The executed notebook: the source as it was, with what each task's cells put out in their place.

The law: order, sources and metadata are the source notebook's; outputs are the taskbooks'; cells
that ran count from 1 in notebook order, as after Run All. A code cell that did not run in this run
shows nothing, whatever the source file held.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from jupyter_dagflow.core.model import CellId
from jupyter_dagflow.core.taskbook import INJECTED_TAG
from jupyter_dagflow.storage.atomic import write_bytes
from jupyter_dagflow.storage.logs import CELL_FRAME, plain_text
from jupyter_dagflow.storage.notebook_file import read_notebook_file
from jupyter_dagflow.storage.notebooks import cell_ids
from jupyter_dagflow.storage.taskbooks import notebook_bytes, read_taskbook

_COUNT = re.compile(r"(?<=In)( ?)\[(\d+)\]")
_WIDGETS = "application/vnd.jupyter.widget-state+json"


class _Executed(NamedTuple):
    """A cell of the executed notebook that ran, and the taskbook it ran in."""

    cell: dict[str, Any]
    key: Any
    taskbook: Path


def write_executed(
    path: str | Path,
    *,
    source: str | Path,
    taskbooks: Mapping[CellId, Path],
    durable: bool = True,
    unless: Callable[[], bool] = lambda: False,
) -> None:
    """Write the executed notebook of a run, ``unless`` that is not to be any more; see `executed_notebook`."""
    data = notebook_bytes(executed_notebook(source, taskbooks))
    if not unless():
        write_bytes(path, data, durable=durable)


def executed_notebook(source: str | Path, taskbooks: Mapping[CellId, Path]) -> dict[str, Any]:
    """The source notebook's JSON with the outputs that its cells have in the taskbooks.

    ``taskbooks`` tells for every cell that may have run which taskbook it ran in. A taskbook that
    is not there, or was cut off when its kernel was killed, counts as not run. Papermill's cell of
    injected parameters follows the parameters cell, as papermill itself would have put it.
    """
    notebook, _ = read_notebook_file(source)
    books = {path: read_taskbook(path) for path in dict.fromkeys(taskbooks.values())}
    ran = {path: {_key(cell): cell for cell in book["cells"]} for path, book in books.items()}
    cells: list[dict[str, Any]] = []
    executed: list[_Executed] = []
    injected = _injected(ran)
    ids = cell_ids(notebook["cells"], path=source)
    for id_, cell in zip(ids, notebook["cells"], strict=True):
        tags = _tags(cell)
        if INJECTED_TAG in tags:
            continue  # of an earlier run
        cells.append(cell)
        if cell["cell_type"] == "code":
            result = ran[taskbooks[id_]].get(id_, {}) if id_ in taskbooks else {}
            cell["outputs"] = result.get("outputs", [])
            cell["execution_count"] = result.get("execution_count")
            if cell["execution_count"] is not None:
                executed.append(_Executed(cell, id_, taskbooks[id_]))
        if id_ in injected:
            below = injected[id_]._replace(cell=_like(cell, injected[id_].cell))
            cells.append(below.cell)
            if below.cell["execution_count"] is not None:
                executed.append(below)
    _renumber(executed, ran)
    notebook["cells"] = cells
    _add_widgets(notebook, books.values())
    return notebook


def _tags(cell: Mapping[str, Any]) -> Sequence[str]:
    metadata = cell.get("metadata")
    return (metadata.get("tags") or ()) if isinstance(metadata, dict) else ()


def _key(cell: Mapping[str, Any]) -> Any:
    """What a cell is called in every taskbook; papermill gives its own a new id in each."""
    return INJECTED_TAG if INJECTED_TAG in _tags(cell) else cell.get("id")


def _injected(ran: Mapping[Path, Mapping[Any, Any]]) -> dict[Any, _Executed]:
    """The first cell of injected parameters, by the id of the cell that it follows: the parameters cell.

    Every taskbook has the same. There it is told by a tag; in the source it may be by another's word.
    """
    for path, by_key in ran.items():
        for above, key in pairwise(by_key):
            if key == INJECTED_TAG:
                return {above: _Executed(by_key[key], INJECTED_TAG, path)}
    return {}


def _like(source: Mapping[str, Any], cell: Mapping[str, Any]) -> dict[str, Any]:
    """Cells have ids from nbformat 4.5 on, and may have none before."""
    return {key: value for key, value in cell.items() if key != "id" or "id" in source}


def _renumber(executed: Sequence[_Executed], ran: Mapping[Path, Mapping[Any, Any]]) -> None:
    """Count the cells that ran from 1, in their outputs and tracebacks as well.

    A traceback may name a cell that only the taskbook has: that one gets no number.
    """
    numbers = {one.key: number for number, one in enumerate(executed, start=1)}
    counts = {
        path: {cell.get("execution_count"): numbers.get(key) for key, cell in by_key.items()}
        for path, by_key in ran.items()
    }
    for one in executed:
        one.cell["execution_count"] = numbers[one.key]
        for output in one.cell["outputs"]:
            if "execution_count" in output:
                output["execution_count"] = numbers[one.key]
            if "traceback" in output:
                new = counts[one.taskbook]
                output["traceback"] = [_recounted(text, new) for text in output["traceback"]]


def _recounted(text: str, counts: Mapping[int, int | None]) -> str:
    """A part of a traceback that names cells by other counts; colours stay as they are."""
    return "\n".join(
        _COUNT.sub(lambda m: f"{m.group(1)}[{counts.get(int(m.group(2))) or ' '}]", line, count=1)
        if CELL_FRAME.match(plain_text(line))
        else line
        for line in text.split("\n")
    )


def _add_widgets(notebook: dict[str, Any], books: Iterable[Mapping[str, Any]]) -> None:
    """Outputs that show widgets need their state, which stands in the notebook's metadata."""
    given = notebook.get("metadata")
    metadata = dict(given) if isinstance(given, dict) else {}  # nobody else minds it either
    metadata.pop("widgets", None)
    notebook["metadata"] = metadata
    merged: dict[str, Any] = {}
    for book in books:
        widgets = book.get("metadata", {}).get("widgets", {}).get(_WIDGETS, {})
        state = {**merged.get("state", {}), **widgets.get("state", {})}
        merged = {**merged, **widgets, "state": state} if widgets else merged
    if merged:
        metadata["widgets"] = {_WIDGETS: merged}
