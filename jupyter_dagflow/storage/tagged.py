"""A notebook with other tags, as a new file.

The law: nothing but the cells' tags differs from the source: outputs, ids and metadata are its own; a percent file
stays one, or becomes the notebook that it stands for. The source is never written, and neither is any file that is
there already, unless its loss was asked for.
"""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from pathlib import Path

from jupyter_dagflow.core.errors import Location, NotebookError, OptionError
from jupyter_dagflow.core.model import CellId
from jupyter_dagflow.storage.atomic import write_bytes
from jupyter_dagflow.storage.notebook_file import NotebookFile, open_notebook
from jupyter_dagflow.storage.notebooks import cell_ids
from jupyter_dagflow.storage.percent import is_percent_file
from jupyter_dagflow.storage.percent_tags import with_tags
from jupyter_dagflow.storage.taskbooks import notebook_bytes


def write_tagged(
    source: str | Path,
    tags: Mapping[CellId, tuple[str, ...]],
    *,
    to: str | Path,
    force: bool = False,
) -> None:
    """Write a copy of a notebook in which these cells have these tags.

    Raises `OptionError` if ``to`` is the source, has the name of no notebook, or is there (unless ``force``);
    `NotebookError` if it cannot be written.
    """
    _check_target(Path(source), Path(to), force=force)
    file = open_notebook(source)
    raw = file.raw
    for id_, cell in zip(cell_ids(raw["cells"], path=source), raw["cells"], strict=True):
        wanted = list(tags.get(id_, ()))
        metadata = cell.get("metadata") or {}
        if id_ in tags and wanted != metadata.get("tags", []):
            cell["metadata"] = {**metadata, "tags": wanted}
    try:
        write_bytes(
            to, _percent_bytes(file, source) if is_percent_file(to) else notebook_bytes(raw)
        )
    except OSError as error:
        raise NotebookError(
            f"The tagged copy cannot be written: {error.strerror or error}.",
            hint="Name a file in a folder that you may write.",
            where=Location(notebook=str(to)),
        ) from None


def _percent_bytes(file: NotebookFile, source: str | Path) -> bytes:
    mark = codecs.BOM_UTF8 if file.data.startswith(codecs.BOM_UTF8) else b""
    text = file.data.decode("utf-8-sig")
    return mark + with_tags(text, file.raw["cells"], path=source).encode()


def _check_target(source: Path, to: Path, *, force: bool) -> None:
    if to.exists() and source.exists() and to.samefile(source):
        raise OptionError(
            f"-o {to} is the notebook itself, which is only ever read.",
            hint=f"Name another file: -o {source.stem}-tagged{source.suffix}",
        )
    if is_percent_file(to) and not is_percent_file(source):
        raise OptionError(
            f"-o {to} is a Python file, which cannot hold the outputs of a notebook.",
            hint=f"Name it {to.stem}.ipynb.",
        )
    if to.suffix != ".ipynb" and not is_percent_file(to):
        raise OptionError(
            f"-o {to} is no notebook file.",
            hint=f"Name it {to.stem or source.stem}{source.suffix}.",
        )
    if not to.exists():
        return
    if to.is_dir() or not force:
        raise OptionError(
            f"{to} is there already, and nothing was written.",
            hint="Name another file." if to.is_dir() else "Name another file, or add --force.",
        )
