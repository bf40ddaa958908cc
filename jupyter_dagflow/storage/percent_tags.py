"""Percent files with other tags: the same text, but for the lines that begin cells.

The law: what was written is read back; a file in which anything but the tags would differ is not written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jupyter_dagflow.core.errors import Location, NotebookError
from jupyter_dagflow.storage.percent import first_lines, is_marker, parse_percent

_TAGS = re.compile(r"\s+tags=\[[^\]]*\]")


def with_tags(text: str, cells: Sequence[Mapping[str, Any]], *, path: str | Path) -> str:
    """The text of a percent file whose cells have the tags that they have in ``cells``.

    ``cells`` are those that `parse_percent` reads in it, with other tags. Raises `NotebookError` for a cell whose
    marker cannot hold them.
    """
    before = parse_percent(text, path=path)["cells"]
    starts = first_lines(text, before)
    lines = text.split("\n")
    for old, new, start in reversed(list(zip(before, cells, starts, strict=True))):
        if start is not None and tags_of(old) != tags_of(new):
            _mark(lines, start - 1, tags_of(new))
    written = "\n".join(lines)
    _check(parse_percent(written, path=path)["cells"], cells, path=path)
    return written


def tags_of(cell: Mapping[str, Any]) -> list[str]:
    """The tags of a cell of a notebook file."""
    tags: list[str] = (cell.get("metadata") or {}).get("tags") or []
    return tags


def _mark(lines: list[str], start: int, tags: Sequence[str]) -> None:
    """Have the marker above a line say these tags; without one, there is one now."""
    said = f" tags={json.dumps(tags, ensure_ascii=False)}"
    above = next((i for i in range(start - 1, -1, -1) if lines[i].strip()), None)
    if above is None or not is_marker(lines[above]):
        end = "\r" if lines[start].endswith("\r") else ""
        lines.insert(start, f"# %%{said}{end}")
        return
    marker = lines[above].rstrip()
    end = lines[above][len(marker) :]
    lines[above] = (_TAGS.sub("", marker) if "%%" in marker else "# %%") + said + end


def _check(
    found: Sequence[Mapping[str, Any]], wanted: Sequence[Mapping[str, Any]], *, path: str | Path
) -> None:
    for index, cell in enumerate(wanted):
        if index >= len(found) or _held(found[index]) != _held(cell):
            raise NotebookError(
                f"The line that begins cell {index} cannot hold its tags.",
                hint="Begin the cell with a plain line # %%, or write the copy as a notebook: "
                f"-o {Path(path).stem}.ipynb",
                where=Location(notebook=str(path), cell_index=index),
            )


def _held(cell: Mapping[str, Any]) -> tuple[object, ...]:
    other = {key: value for key, value in (cell.get("metadata") or {}).items() if key != "tags"}
    return cell["cell_type"], cell["source"], other, tags_of(cell)
