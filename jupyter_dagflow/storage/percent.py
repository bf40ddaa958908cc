"""Percent files: Python files whose cells begin with ``# %%``, as the notebooks that they are.

The law: jupytext says what the cells are; the file is never written. Such cells have no ids, so they get some that
stay the same as long as the cell does: made of what it holds, numbered where several hold the same.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from jupyter_dagflow.core.errors import EnvironmentFault, Location, NotebookError

_MARKER = re.compile(r"^\s*#\s*(%%(%*\s.*)?|<codecell>|In\[[0-9 ]*\]:?)\s*$")
_FORMAT = {"extension": ".py", "format_name": "percent"}
_ID_DIGITS = 8


class PackageMissing(EnvironmentFault):
    """A package that is only needed for some things is not installed. The hint says how to get it."""

    code = "package_missing"


def is_percent_file(path: str | Path) -> bool:
    """Whether a file, by its name, is read as a percent file."""
    return Path(path).suffix == ".py"


def is_marker(line: str) -> bool:
    """Whether a line begins a cell."""
    return _MARKER.match(line) is not None


def parse_percent(text: str, *, path: str | Path) -> dict[str, Any]:
    """The notebook's JSON object in the text of a percent file.

    Raises `NotebookError` if there is no cell in it or jupytext cannot read it, `PackageMissing` without jupytext.
    """
    if not any(map(_MARKER.match, text.splitlines())):
        raise NotebookError(
            f"{Path(path).name} is a Python file without cells: no line begins with # %%.",
            hint='Begin each cell with a line of its own, like: # %% tags=["task:load"]',
            where=Location(notebook=str(path)),
        )
    try:
        import jupytext  # only who has percent files needs it
    except ImportError:
        raise PackageMissing(
            "Reading a percent file takes the package jupytext, which is not installed.",
            hint="Install it: pip install 'jupyter-dagflow[percent]'",
            where=Location(notebook=str(path)),
        ) from None
    try:
        notebook = jupytext.reads(text, fmt=_FORMAT)
    except Exception as error:  # noqa: BLE001 -- whatever a parser of other people's files raises
        raise NotebookError(
            f"{Path(path).name} does not read as a percent file: {_first_line(error)}",
            hint='Check the header between the two lines # ---, and write tags like: # %% tags=["task:load"]',
            where=Location(notebook=str(path)),
        ) from None
    raw: dict[str, Any] = json.loads(json.dumps(notebook, default=str))
    for cell, id_ in zip(raw["cells"], _ids(raw["cells"]), strict=True):
        cell["id"] = id_
    return {**raw, "nbformat_minor": max(raw["nbformat_minor"], 5)}


def first_lines(text: str, cells: Sequence[Mapping[str, Any]]) -> list[int | None]:
    """For each cell the line of the file, from 1, on which its source begins; None for one not found.

    Lines of a cell stand in the file one by one, though magics are comments there. A cell follows a marker, but
    for what stands above the first one.
    """
    lines = text.splitlines()
    numbers = _numbers(text)
    markers = [i for i, line in enumerate(lines) if _MARKER.match(line)]
    found: list[int | None] = []
    position = 0
    for cell in cells:
        source = cell["source"].split("\n") if cell["source"] else []
        starts = [*range(position, markers[0]), *(m + 1 for m in markers if m >= position)]
        is_code = cell["cell_type"] == "code"
        start = next((s for s in starts if not is_code or _stands(source, lines[s:])), None)
        if start is None:
            found.append(None)
            continue
        shift = _magic_of_marker(source, lines[start:]) if is_code else 0
        found.append(numbers[start] - shift if start < len(numbers) else None)
        position = start + len(source) - shift
    return found


def _stands(source: Sequence[str], lines: Sequence[str]) -> bool:
    shift = _magic_of_marker(source, lines)
    return len(source) - shift <= len(lines) and all(map(_same, source[shift:], lines))


def _magic_of_marker(source: Sequence[str], lines: Sequence[str]) -> int:
    """How many lines of a cell are not in the file: ``%%bash`` of a marker that says ``language="bash"``."""
    magic = bool(source) and source[0].startswith("%%")
    return int(magic and not (lines and _same(source[0], lines[0])))


def _same(line: str, in_file: str) -> bool:
    return line == in_file or line == re.sub(r"^(\s*)# ?", r"\1", in_file)


def _numbers(text: str) -> list[int]:
    """The number of each piece of ``str.splitlines``, which knows more line ends than an editor."""
    numbers, number = [], 1
    for piece in text.splitlines(keepends=True):
        numbers.append(number)
        number += piece.endswith(("\n", "\r"))
    return numbers


def _ids(cells: Iterable[Mapping[str, Any]]) -> list[str]:
    seen: Counter[str] = Counter()
    ids = []
    for cell in cells:
        held = f"{cell['cell_type']}\n{cell['source']}"
        digest = hashlib.sha256(held.encode("utf-8", "surrogatepass")).hexdigest()[:_ID_DIGITS]
        seen[digest] += 1
        ids.append(digest if seen[digest] == 1 else f"{digest}-{seen[digest]}")
    return ids


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)
