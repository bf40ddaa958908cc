"""The part of a log that was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from jupyter_dagflow.storage.logs import Entry
from jupyter_dagflow.wire import LogEntryDocument


class LogPart(NamedTuple):
    """The entries from the character at ``start`` to the one before ``end``, of all that was printed one after another.

    Who asks from ``end`` on the next time gets what was printed since.
    """

    entries: list[LogEntryDocument]
    start: int
    end: int


def log_part(entries: Sequence[Entry], *, start: int = 0, tail: int = 0) -> LogPart:
    """What stands in a log from ``start`` on, and of that the last ``tail`` lines, if that is not 0.

    >>> log = [Entry(cell="a", kind="stdout", text="one\\ntwo\\n"), Entry(cell="b", kind="stdout", text="three")]
    >>> [entry.text for entry in log_part(log, start=4).entries]
    ['two\\n', 'three']
    >>> [entry.text for entry in log_part(log, tail=1).entries]
    ['three']
    """
    text = "".join(entry.text for entry in entries)
    begin = min(start, len(text))
    if tail:
        begin = max(begin, _start_of_last(text, tail))
    cut, place = [], 0
    for entry in entries:
        shown = entry.text[max(0, begin - place) :]
        place += len(entry.text)
        if shown:
            cut.append(LogEntryDocument(cell=entry.cell, kind=entry.kind, text=shown))
    return LogPart(cut, begin, len(text))


def _start_of_last(text: str, lines: int) -> int:
    """Where the last lines begin; a line end that ends the text begins no line."""
    place = len(text) - text.endswith("\n")
    for _ in range(lines):
        place = text.rfind("\n", 0, place)
        if place < 0:
            return 0
    return place + 1
