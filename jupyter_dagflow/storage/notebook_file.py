"""The bytes of a notebook file, as the JSON object that they are or, in a percent file, stand for.

The law: whatever can be wrong with the file as a file is said here, in words that name the place
and the way out; who calls may take nbformat 4 with at least one cell, and cells that are objects,
for granted.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from jupyter_dagflow.core.errors import Location, NotebookError
from jupyter_dagflow.storage.percent import first_lines, is_percent_file, parse_percent

_CONFLICT = re.compile(r"^(?:<{7}|>{7}|\|{7})(?: .*)?$|^={7}$", re.MULTILINE)
_STRING_OR_CONSTANT = re.compile(r'"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b')
_CLOSE = 0.75  # of difflib's measure: a letter left out, doubled or swapped, not another word
_LFS_POINTER = b"version https://git-lfs"


class _NotANumberError(Exception):
    """JSON knows neither NaN nor Infinity; Python's parser does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotebookFile:
    """A notebook's JSON object, and the bytes that it was read from.

    ``first_lines`` tells for each cell of a percent file the line on which its source begins.
    """

    raw: dict[str, Any]
    data: bytes
    first_lines: Sequence[int | None]

    @property
    def digest(self) -> str:
        """The SHA-256 of the bytes, in hex."""
        return hashlib.sha256(self.data).hexdigest()


def open_notebook(path: str | Path) -> NotebookFile:
    """Read a notebook file or a percent file; raises `NotebookError`."""
    data = _bytes(path)
    text = _text(path, data)
    raw = parse_notebook(text, path=path)
    lines = first_lines(text, raw["cells"]) if is_percent_file(path) else [None] * len(raw["cells"])
    return NotebookFile(raw=raw, data=data, first_lines=lines)


def unsaved_file(content: object, *, path: str | Path) -> NotebookFile:
    """The notebook's JSON object that is to be saved at ``path``, whatever the format there; raises `NotebookError`."""
    raw = _checked(path, content)
    data = json.dumps(raw).encode()
    return NotebookFile(raw=raw, data=data, first_lines=[None] * len(raw["cells"]))


def read_notebook_file(path: str | Path) -> tuple[dict[str, Any], str]:
    """The notebook's JSON object and the SHA-256 of its bytes, in hex; raises `NotebookError`."""
    file = open_notebook(path)
    return file.raw, file.digest


def parse_notebook(text: str, *, path: str | Path) -> dict[str, Any]:
    """The notebook's JSON object in a text, which ``path`` tells the format of; raises `NotebookError`."""
    if is_percent_file(path):
        return parse_percent(text, path=path)
    try:
        raw = json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        _broken_json(path, text, error)
    except _NotANumberError:
        _not_a_number(path, text)
    except ValueError:  # Python reads no number of more than some thousand digits
        _fail(path, "has a number in it that is too long to be read.", "Restore it from a backup.")
    except RecursionError:
        _fail(path, "is nested too deeply to be a notebook.", "Restore the file from a backup.")
    return _checked(path, raw)


def conflict_line(source: str) -> int | None:
    """The line, from 1, of the first marker that an unresolved merge left in a text."""
    match = _CONFLICT.search(source.replace("\r", ""))
    return None if match is None else source.replace("\r", "").count("\n", 0, match.start()) + 1


def _bytes(path: str | Path) -> bytes:
    if "\0" in str(path):
        raise NotebookError(f"{str(path)!r} is not the name of a file.", hint="Check the path.")
    try:
        return Path(path).read_bytes()
    except FileNotFoundError:
        raise NotebookError(
            "There is no such notebook.",
            hint=_similar(Path(path)),
            where=Location(notebook=str(path)),
        ) from None
    except IsADirectoryError:
        _fail(path, "is a folder, not a notebook.", _notebooks_in(Path(path)))
    except OSError as error:
        reason = error.strerror or type(error).__name__
        _fail(path, f"cannot be read: {reason}.", "Check the path and the file's permissions.")


def _text(path: str | Path, data: bytes) -> str:
    if not data.strip():
        _fail(path, "is empty.", "Save it again, or restore it from a checkpoint or backup.")
    if data.startswith(_LFS_POINTER):
        _fail(path, "is a Git LFS pointer, not the notebook itself.", "Run: git lfs pull")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        _fail(
            path,
            f"is not UTF-8 text: byte {error.start} is 0x{data[error.start]:02x}.",
            "Save it as UTF-8, or restore it from a checkpoint or backup.",
            line=data.count(b"\n", 0, error.start) + 1,
        )


def _refuse_constant(name: str) -> NoReturn:
    raise _NotANumberError(name)


def _broken_json(path: str | Path, text: str, error: json.JSONDecodeError) -> NoReturn:
    if (line := conflict_line(text)) is not None:
        _fail(
            path,
            f"has merge conflict markers: {text.splitlines()[line - 1].strip()!r}.",
            "Resolve the conflict, for instance with nbdime: git mergetool --tool nbdime",
            line=line,
        )
    if error.msg.startswith("Unterminated") or error.pos >= len(text.rstrip()):
        _fail(
            path,
            "is cut off: its JSON ends in the middle.",
            "Restore it from a checkpoint or backup; writing it was interrupted.",
            line=error.lineno,
        )
    _fail(
        path,
        f"is not JSON: {error.msg}, at column {error.colno}.",
        "Correct that line in a text editor, or restore the file from a checkpoint or backup.",
        line=error.lineno,
    )


def _not_a_number(path: str | Path, text: str) -> NoReturn:
    found = next(m for m in _STRING_OR_CONSTANT.finditer(text) if not m.group().startswith('"'))
    _fail(
        path,
        f"has the value {found.group()}, which JSON does not know.",
        "If it is in an output, clear that output and save; else write null or a number there.",
        line=text.count("\n", 0, found.start()) + 1,
    )


def _checked(path: str | Path, raw: object) -> dict[str, Any]:
    if not isinstance(raw, dict) or not isinstance(raw.get("nbformat"), int):
        _fail(
            path,
            "is JSON, but not a notebook: it does not say which nbformat it is.",
            "Check that this is the file you mean.",
        )
    major = raw["nbformat"]
    if major < 4:
        _fail(
            path,
            f"is in the old format nbformat {major}.",
            f"Convert it: jupyter nbconvert --to notebook --inplace {Path(path).name}",
        )
    if major > 4:
        _fail(
            path,
            f"is in nbformat {major}, which is newer than this program.",
            "Upgrade jupyter-dagflow, or save the notebook as nbformat 4.",
        )
    cells = raw.get("cells")
    if not isinstance(cells, list) or not cells:
        _fail(path, "has no cells.", "Write some code in it, save, and try again.")
    for index, cell in enumerate(cells):
        if not isinstance(cell, dict):
            fail_cell(path, index, "is not an object.")
    return raw


def fail_cell(path: str | Path, index: int, what: str) -> NoReturn:
    """Refuse a notebook one of whose cells is not what nbformat says that cells are."""
    if is_percent_file(path):
        raise NotebookError(
            f"Cell {index} {what}",
            hint='Write its marker like: # %% tags=["task:load"]',
            where=Location(notebook=str(path), cell_index=index),
        )
    raise NotebookError(
        f"The notebook is damaged: cell {index} {what}",
        hint="Open and save it in JupyterLab, which repairs much, or restore it from a backup.",
        where=Location(notebook=str(path), cell_index=index),
    )


def _fail(path: str | Path, what: str, hint: str, *, line: int | None = None) -> NoReturn:
    where = Location(notebook=str(path), file_line=line)
    raise NotebookError(f"{Path(path).name or path} {what}", hint=hint, where=where)


def _similar(path: Path) -> str:
    # By stems: the ending that all of them have would make any two names alike.
    found = list(path.parent.glob("*.ipynb")) if path.parent.is_dir() else []
    stems = [notebook.stem for notebook in found]
    if close := difflib.get_close_matches(path.stem, stems, n=3, cutoff=_CLOSE):
        return "Did you mean " + " or ".join(f"{stem}.ipynb" for stem in close) + "?"
    return "Check the path; a relative one counts from the folder you are in."


def _notebooks_in(folder: Path) -> str:
    try:
        names = sorted(p.name for p in folder.glob("*.ipynb"))[:5]
    except OSError:
        names = []
    if not names:
        return "Name a notebook file (.ipynb)."
    return f"Name a notebook in it: {', '.join(names)}"
