"""A notebook file, read as the core's `Notebook`.

The law: the file is read once, whole, and never written; everything that follows speaks of those
bytes (their digest says which). Outputs are not copied: a `Cell` holds what the user wrote, and
nothing that a run left behind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from jupyter_dagflow.core.errors import Location, NotebookError
from jupyter_dagflow.core.masking import NOTHING_HIDDEN, Mask
from jupyter_dagflow.core.model import Cell, CellId, CellKind, Notebook
from jupyter_dagflow.storage.ipython_syntax import automagic_name, bound_names, parses, to_python
from jupyter_dagflow.storage.notebook_file import (
    NotebookFile,
    conflict_line,
    fail_cell,
    open_notebook,
    unsaved_file,
)
from jupyter_dagflow.storage.percent import is_percent_file
from jupyter_dagflow.storage.taskbooks import notebook_bytes

DEFAULT_KERNEL = "python3"


def read_notebook(path: str | Path) -> Notebook:
    """Read a notebook file.

    Any nbformat 4 will do, and a percent file; cells without an id (before 4.5) get
    ``cell-<index>``. Raises `NotebookError` for a file that is missing, no notebook, damaged, or
    not written in Python.
    """
    return _notebook(path, open_notebook(path))


def unsaved_notebook(content: object, *, path: str | Path) -> Notebook:
    """What a front end has on screen, as it would be read from the file at ``path``; raises `NotebookError`."""
    return _notebook(path, unsaved_file(content, path=path))


def _notebook(path: str | Path, file: NotebookFile) -> Notebook:
    raw = file.raw
    metadata = _mapping(raw.get("metadata"))
    kernel = _mapping(metadata.get("kernelspec"))
    _check_language(path, metadata, kernel)
    ids = cell_ids(raw["cells"], path=path)
    cells = [
        replace(_cell(path, i, ids[i], cell), first_line=file.first_lines[i])
        for i, cell in enumerate(raw["cells"])
    ]
    codes = _codes(cells)
    return Notebook(
        path=str(path),
        digest=file.digest,
        cells=tuple(_with_code(path, cells[i], code) for i, code in enumerate(codes)),
        kernel_name=str(kernel.get("name") or DEFAULT_KERNEL),
        metadata=metadata,
    )


def notebook_bytes_of(source: Notebook, *, mask: Mask = NOTHING_HIDDEN) -> bytes:
    """The bytes of the file, or those of the notebook that a percent file stands for.

    Where cells of ``source`` are not as in the file, for secrets are hidden in them, it is written anew with these, and
    the outputs that it holds go through the ``mask``.

    Raises `NotebookError` if the file is no longer the one that was read.
    """
    file = open_notebook(source.path)
    if file.digest != source.digest:
        raise changed_while_read(source.path)
    cells = file.raw["cells"]
    differ = [_text(raw) != cell.source for raw, cell in zip(cells, source.cells, strict=True)]
    if mask or any(differ):
        for raw, cell in zip(cells, source.cells, strict=True):
            raw["source"] = cell.source.splitlines(keepends=True)
            if "outputs" in raw:
                raw["outputs"] = mask.deep(raw["outputs"])
        return notebook_bytes(file.raw)
    return notebook_bytes(file.raw) if is_percent_file(source.path) else file.data


def changed_while_read(path: str) -> NotebookError:
    """The error of a file that is not the one any more that was read."""
    return NotebookError(f"{path} was changed while it was being read.", hint="Run it again.")


def _text(raw: Mapping[str, Any]) -> str:
    return "".join(raw.get("source", ""))


def cell_ids(cells: Sequence[Mapping[str, Any]], *, path: str | Path) -> list[CellId]:
    """The cells' ids, in order; raises `NotebookError` if two are the same."""
    taken: dict[str, int] = {}
    for index, cell in enumerate(cells):
        id_ = cell.get("id")
        if not isinstance(id_, str | None):
            fail_cell(path, index, f"has an id that is not text: {id_!r}.")
        if id_ and id_ in taken:
            raise NotebookError(
                f"Cells {taken[id_]} and {index} have the same id {id_!r}.",
                hint="Open it in JupyterLab and save it: one of them then gets an id of its own.",
                where=Location(notebook=str(path), cell=id_, cell_index=index),
            )
        if id_:
            taken[id_] = index
    ids = []
    for index, cell in enumerate(cells):
        id_ = cell.get("id") or f"cell-{index}"
        while not cell.get("id") and id_ in taken:
            id_ += "-x"
        ids.append(CellId(id_))
    return ids


def _cell(path: str | Path, index: int, id_: CellId, raw: Mapping[str, Any]) -> Cell:
    try:
        kind = CellKind(raw.get("cell_type"))
    except ValueError:
        fail_cell(path, index, f"has the unknown type {raw.get('cell_type')!r}.")
    metadata = _mapping(raw.get("metadata"))
    tags = metadata.get("tags", [])
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        fail_cell(path, index, "has tags that are not a list of texts.")
    options = metadata.get("dagflow", {})
    if not isinstance(options, dict):
        fail_cell(path, index, 'has metadata "dagflow" that is not an object.')
    source = _source(path, index, raw.get("source"))
    return Cell(id=id_, index=index, kind=kind, source=source, tags=tuple(tags), options=options)


def _source(path: str | Path, index: int, source: object) -> str:
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if not isinstance(source, str):
        fail_cell(path, index, "has a source that is not text.")
    return source


def _codes(cells: Sequence[Cell]) -> list[str]:
    """Each cell's plain Python; a bare ``ls`` is a magic only if no cell binds ``ls``."""
    sources = [cell.source if cell.kind is CellKind.CODE else "" for cell in cells]
    bare = [automagic_name(source) is not None for source in sources]
    codes = ["" if bare[i] else to_python(source) for i, source in enumerate(sources)]
    if any(bare):
        bound = frozenset().union(*(bound_names(code) for code in codes))
        codes = [
            to_python(source, bound=bound) if is_bare else code
            for source, code, is_bare in zip(sources, codes, bare, strict=True)
        ]
    return codes


def _with_code(path: str | Path, cell: Cell, code: str) -> Cell:
    # In a string the markers may be meant; in code that does not parse they are not.
    if code and (line := conflict_line(code)) is not None and not parses(code):
        raise NotebookError(
            f"Cell {cell.index} has merge conflict markers.",
            hint="Keep what you want, delete the lines of <<<<<<<, ======= and >>>>>>>, and save.",
            where=Location(
                notebook=str(path),
                cell=cell.id,
                cell_index=cell.index,
                line=line,
                file_line=cell.file_line(line),
            ),
        )
    return replace(cell, code=code)


def _check_language(
    path: str | Path, metadata: Mapping[str, Any], kernel: Mapping[str, Any]
) -> None:
    language = _mapping(metadata.get("language_info")).get("name") or kernel.get("language")
    if str(language or "python").lower() not in ("python", "ipython"):
        raise NotebookError(
            f"The notebook is written in {language}; only Python can be run as a pipeline.",
            hint="Choose a Python kernel for it in JupyterLab and save, if it is Python after all.",
            where=Location(notebook=str(path)),
        )


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
