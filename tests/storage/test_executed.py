"""Taskbooks are ordinary notebooks; the executed one is the source with their outputs in place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nbformat
import pytest

from jupyter_dagflow.core.model import CellId, CellKind
from jupyter_dagflow.core.taskbook import TaskbookCell
from jupyter_dagflow.storage.executed import executed_notebook, write_executed
from jupyter_dagflow.storage.taskbooks import write_taskbook

STALE = {"output_type": "stream", "name": "stdout", "text": ["of an earlier run\n"]}
WIDGETS = "application/vnd.jupyter.widget-state+json"


def printed(text: Any) -> dict[str, Any]:
    return {"output_type": "stream", "name": "stdout", "text": text}


def code(source: str, id_: str, **extra: Any) -> dict[str, Any]:
    cell = {"cell_type": "code", "metadata": {}, "outputs": [STALE], "execution_count": 7}
    return {**cell, "source": source, "id": id_, **extra}


def markdown(id_: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": "# text", "id": id_}


def save(path: Path, *cells: dict[str, Any], minor: int = 5, **metadata: Any) -> Path:
    raw = {"cells": list(cells), "metadata": metadata, "nbformat": 4, "nbformat_minor": minor}
    path.write_text(json.dumps(raw))
    return path


def ran(id_: str, text: Any, count: int = 1) -> dict[str, Any]:
    return code("", id_, outputs=[printed(text)], execution_count=count)


def outputs(raw: dict[str, Any]) -> list[Any]:
    return [
        (cell["execution_count"], [output.get("text") for output in cell["outputs"]])
        if cell["cell_type"] == "code"
        else None
        for cell in raw["cells"]
    ]


def valid(path: Path) -> Any:
    """The notebook as nbformat reads it, which has to find nothing wrong."""
    read: Any = nbformat.read
    notebook = read(path, as_version=nbformat.NO_CONVERT)
    nbformat.validate(notebook)
    return notebook


def test_outputs_go_where_their_cells_are(tmp_path: Path) -> None:
    source = save(
        tmp_path / "nb.ipynb",
        *[code("a = 1", "a"), markdown("m"), code("b = 2", "b"), code("c", "c"), code("d", "d")],
        title="kept",
    )
    before = source.read_bytes()
    load = save(tmp_path / "load.ipynb", ran("dagflow-load", "x"), ran("c", "c", 3), ran("a", "a"))
    train = save(tmp_path / "train.ipynb", ran("b", "b", 2))
    taskbooks = {CellId("a"): load, CellId("c"): load, CellId("b"): train}
    raw = executed_notebook(source, taskbooks)
    assert outputs(raw) == [(1, ["a"]), None, (2, ["b"]), (3, ["c"]), (None, [])]
    assert [cell["source"] for cell in raw["cells"]] == ["a = 1", "# text", "b = 2", "c", "d"]
    assert raw["metadata"] == {"title": "kept"}
    assert source.read_bytes() == before


def test_cells_that_ran_count_from_one_in_notebook_order(tmp_path: Path) -> None:
    """As after Run All, though every task counts for itself, its own cells between the user's."""
    parameters = code("n = 1", "p", metadata={"tags": ["parameters"]})
    source = save(
        tmp_path / "nb.ipynb", parameters, *[code(id_, id_) for id_ in ("a", "b", "skip", "c", "d")]
    )
    header = "\x1b[36mCell\x1b[39m\x1b[36m \x1b[39m\x1b[32mIn[{}]\x1b[39m\x1b[32m, line 1\x1b[39m"
    shown = "\n----> 1 'In [5]'"
    error = {"output_type": "error", "ename": "E", "evalue": ""}
    result = {"output_type": "execute_result", "data": {}, "metadata": {}}
    injected = code("n = 2", "i", metadata={"tags": ["injected-parameters"]}, outputs=[])
    first = save(
        tmp_path / "1.ipynb",
        ran("p", "p", 2),
        {**injected, "execution_count": 3},
        ran("a", "a", 5),
        code("", "c", execution_count=6, outputs=[{**result, "execution_count": 6}]),
    )
    frames = [
        header.format(7) + shown,
        header.format(2),
        header.format(4),
        "Input In [6], in <cell line: 1>()",
    ]
    second = save(
        tmp_path / "2.ipynb",
        ran("p", "p", 2),
        ran("b", "b", 6),
        code("", "d", execution_count=7, outputs=[{**error, "traceback": frames}]),
    )
    raw = executed_notebook(
        source, {CellId(id_): first if id_ in "pac" else second for id_ in "pabcd"}
    )
    counts = [cell["execution_count"] for cell in raw["cells"]]
    assert counts == [1, 2, 3, 4, None, 5, 6]
    assert raw["cells"][5]["outputs"][0]["execution_count"] == 5
    assert raw["cells"][6]["outputs"][0]["traceback"] == [
        header.format(6) + shown,
        header.format(1),
        header.format(" "),
        "Input In [4], in <cell line: 1>()",
    ]


def test_a_taskbook_that_is_not_whole_counts_as_not_run(tmp_path: Path) -> None:
    source = save(tmp_path / "nb.ipynb", code("a", "a"), code("b", "b"), code("c", "c"))
    cut = tmp_path / "cut.ipynb"
    cut.write_text('{"cells": [')
    other = tmp_path / "other.ipynb"
    other.write_text("[]")
    taskbooks = {CellId("a"): tmp_path / "none.ipynb", CellId("b"): cut, CellId("c"): other}
    assert outputs(executed_notebook(source, taskbooks)) == [(None, [])] * 3


def test_cells_without_ids_are_found_by_their_place(tmp_path: Path) -> None:
    cells = [code("a", "x"), code("b", "y")]
    for cell in cells:
        del cell["id"]
    source = save(tmp_path / "nb.ipynb", *cells, minor=4)
    book = save(tmp_path / "b.ipynb", ran("cell-1", "b"))
    raw = executed_notebook(source, {CellId("cell-1"): book})
    assert outputs(raw) == [(None, []), (1, ["b"])]
    assert not any("id" in cell for cell in raw["cells"])


@pytest.mark.parametrize("minor", [4, 5])
def test_injected_parameters_follow_the_parameters_cell(tmp_path: Path, minor: int) -> None:
    parameters = code("n = 1", "p", metadata={"tags": ["parameters"]})
    injected = {"metadata": {"tags": ["injected-parameters"]}}
    cells = [parameters, code("n = 0", "old", **injected), code("n", "a")]
    if minor == 4:
        for cell in cells:
            del cell["id"]
    source = save(tmp_path / "nb.ipynb", *cells, minor=minor)
    in_taskbook = {**parameters, "id": "p" if minor == 5 else "cell-0"}
    first, second = (
        save(tmp_path / f"{i}.ipynb", in_taskbook, code(f"n = 5  # {i}", "new", **injected))
        for i in range(2)
    )
    raw = executed_notebook(source, {CellId("p"): first, CellId("a"): second})
    assert [cell["source"] for cell in raw["cells"]] == ["n = 1", "n = 5  # 0", "n"]
    assert all(("id" in cell) == (minor == 5) for cell in raw["cells"])


def test_nan_in_outputs_becomes_what_json_knows(tmp_path: Path) -> None:
    source = save(tmp_path / "nb.ipynb", code("a", "a"))
    data = {"application/json": {"y": [1.0, float("nan")]}}
    output = {"output_type": "display_data", "data": data, "metadata": {}}
    book = save(tmp_path / "b.ipynb", code("", "a", outputs=[output]))
    write_executed(tmp_path / "out" / "x.ipynb", source=source, taskbooks={CellId("a"): book})
    text = (tmp_path / "out" / "x.ipynb").read_text()
    raw = json.loads(text, parse_constant=pytest.fail)
    assert raw["cells"][0]["outputs"][0]["data"]["application/json"]["y"] == [1.0, None]


def test_the_state_of_widgets_comes_along(tmp_path: Path) -> None:
    source = save(tmp_path / "nb.ipynb", code("a", "a"), code("b", "b"), widgets={WIDGETS: "old"})
    first = save(tmp_path / "1.ipynb", widgets={WIDGETS: {"state": {"m1": 1}, "version_major": 2}})
    second = save(tmp_path / "2.ipynb", widgets={WIDGETS: {"state": {"m2": 2}, "version_major": 2}})
    raw = executed_notebook(source, {CellId("a"): first, CellId("b"): second})
    state = {"state": {"m1": 1, "m2": 2}, "version_major": 2}
    assert raw["metadata"]["widgets"] == {WIDGETS: state}


def test_what_is_written_is_a_valid_notebook(tmp_path: Path) -> None:
    cells = [
        TaskbookCell(id="p", source="n = 1", tags=("parameters", "parameters")),
        TaskbookCell(id="m", source="# é\n", kind=CellKind.MARKDOWN),
        TaskbookCell(id="a", source="x = 1\nx", tags=("task:a",)),
        TaskbookCell(id="s", source="'\ud800'"),
    ]
    path = tmp_path / "deep" / "t.ipynb"
    write_taskbook(path, cells, kernel_name="py")
    read = valid(path)
    assert read.metadata.kernelspec.name == "py"
    assert read.metadata.language_info.name == "python"
    assert [cell.id for cell in read.cells] == ["p", "m", "a", "s"]
    assert [cell.source for cell in read.cells] == ["n = 1", "# é\n", "x = 1\nx", "'\ud800'"]
    assert [cell.metadata.get("tags") for cell in read.cells] == [
        ["parameters"],
        None,
        ["task:a"],
        None,
    ]
    executed = tmp_path / "executed.ipynb"
    write_executed(executed, source=path, taskbooks={CellId("a"): path})
    assert len(valid(executed).cells) == 4


def test_whoever_is_not_to_write_it_any_more_leaves_it_as_it_is(tmp_path: Path) -> None:
    source = save(tmp_path / "x.ipynb", code("x", "a"))
    executed = tmp_path / "executed.ipynb"
    executed.write_text("what another wrote")
    write_executed(executed, source=source, taskbooks={}, unless=lambda: True)
    assert executed.read_text() == "what another wrote"
    write_executed(executed, source=source, taskbooks={}, unless=lambda: False)
    assert len(valid(executed).cells) == 1
