"""Printing: results on standard output, progress and errors on standard error.

The law: a reader that has gone away (``dagflow runs list | head``) is no error; a terminal that
lacks a character gets one that it has, and a machine gets an escape that means the same; colour and
boxes only where a person looks at them.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, TextIO

from jupyter_dagflow.surfaces.lines import Lines, unstyled
from jupyter_dagflow.surfaces.look import TASK_LOOKS
from jupyter_dagflow.surfaces.report import Part
from jupyter_dagflow.surfaces.table import Table, plain

_SUBSTITUTES = str.maketrans(
    {
        **{look.icon: look.plain for look in TASK_LOOKS.values()},
        "→": "->",
        "←": "<-",
        "—": "-",
        "–": "-",  # noqa: RUF001
        "…": "...",
        "·": "-",
        "━": "-",
        "⚠": "!",
    }
)

Fit = Callable[[str, str], str]


def for_people(text: str, encoding: str) -> str:
    """The text, with what the encoding lacks replaced by something like it."""
    return text.translate(_SUBSTITUTES).encode(encoding, "backslashreplace").decode(encoding)


def for_json(text: str, encoding: str) -> str:
    """JSON text, with what the encoding lacks escaped as JSON does."""
    del encoding
    return json.dumps(json.loads(text), indent=2)


def for_markup(text: str, encoding: str) -> str:
    """SVG, DOT or Mermaid, with what the encoding lacks as character references."""
    return text.encode(encoding, "xmlcharrefreplace").decode(encoding)


def put(text: str, *, fit: Fit = for_people, error: bool = False) -> None:
    """Print a text and a line end."""
    stream = sys.stderr if error else sys.stdout
    encoding = stream.encoding or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        text = fit(text, encoding)
    try:
        stream.write(text if text.endswith("\n") else text + "\n")
        stream.flush()
    except BrokenPipeError:
        hush(stream)


def put_json(document: Any) -> None:
    """Print a document of `jupyter_dagflow.wire` on standard output."""
    from jupyter_dagflow.wire import to_json

    put(to_json(document), fit=for_json)


def put_parts(parts: Sequence[Part]) -> None:
    """Print texts and tables with blank lines between them."""
    for number, part in enumerate(parts):
        if number:
            put("")
        if isinstance(part, Table):
            put_table(part)
        elif isinstance(part, Lines):
            put_lines(part)
        else:
            put(part)


def put_table(table: Table) -> None:
    """Print a table: with rich in a terminal, else as aligned text."""
    if not is_rich(sys.stdout):
        put(plain(table))
        return
    from jupyter_dagflow.surfaces.table import drawn

    _draw(drawn(table))


def put_lines(lines: Lines) -> None:
    """Print lines: in colour in a terminal, which wraps those that are too long for it."""
    if not is_rich(sys.stdout):
        put(unstyled(lines))
        return
    from jupyter_dagflow.surfaces.lines import coloured

    _draw(coloured(lines))


def _draw(drawing: Any) -> None:
    from rich.console import Console

    try:
        Console(file=sys.stdout).print(drawing)
    except BrokenPipeError:
        hush(sys.stdout)


def is_rich(stream: TextIO) -> bool:
    """Whether a person looks at it through a terminal that can draw."""
    drawable = (stream.encoding or "").lower().replace("-", "").startswith("utf")
    return stream.isatty() and drawable and os.environ.get("TERM") != "dumb"


def hush(stream: TextIO) -> None:
    """Nobody reads it any more: what is still to come goes nowhere, Python's flush at exit too."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
    except (OSError, ValueError):
        pass  # not a file: there is nothing to redirect
