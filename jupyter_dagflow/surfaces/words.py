"""How numbers and times are said to people; documents for machines keep seconds and bytes.

The browser says them alike: ``labextension/test/cases/words.json`` holds both to it.
"""

# ruff: noqa: RUF001, RUF002 - the en dashes are meant

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, tzinfo

from jupyter_dagflow.core.model import Edge, Reason, Task

NO_VALUE = "–"
_KINDS = {"file": "file ", "after": "after:", "lane": "lane:"}
_ORDER = ("after", "lane")


def duration(seconds: float | None) -> str:
    """A duration, in three digits or so.

    >>> [duration(s) for s in (None, 0.042, 1.26, 59.7, 125, 7300)]
    ['–', '0.04 s', '1.3 s', '59.7 s', '2 min 05 s', '2 h 01 min']
    """
    if seconds is None:
        return NO_VALUE
    if _rounded(seconds, 2) < 1:
        return f"{_rounded(seconds, 2):.2f} s"
    if _rounded(seconds, 1) < 60:
        return f"{_rounded(seconds, 1):.1f} s"
    minutes, rest = divmod(int(_rounded(seconds, 0)), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def spent(since: datetime, until: datetime) -> str:
    """The duration between two times; none where the clock was set back between them."""
    return duration(max(0.0, (until - since).total_seconds()))


def size(size_bytes: int) -> str:
    """A number of bytes in decimal units.

    >>> [size(n) for n in (0, 999, 1500, 208_000_000)]
    ['0 B', '999 B', '1.5 kB', '208.0 MB']
    """
    if size_bytes < 1000:
        return f"{size_bytes} B"
    amount = float(size_bytes)
    for unit in ("kB", "MB", "GB"):
        amount /= 1000
        if _rounded(amount, 1) < 1000:
            return f"{_rounded(amount, 1):.1f} {unit}"
    return f"{_rounded(amount / 1000, 1):.1f} TB"


def moment(at: datetime | None) -> str:
    """A time on the reader's own clock, to the second."""
    return NO_VALUE if at is None else at.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def by_clock(at: datetime, zone: tzinfo) -> str:
    """A time by the clocks of a zone."""
    return at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


def ranges(numbers: Sequence[int]) -> str:
    """Whole numbers with neighbours joined.

    >>> ranges([4, 5, 6, 9])
    '4–6, 9'
    """
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}–{run[-1]}" for run in runs)


def count(number: int, noun: str) -> str:
    """A number of things.

    >>> count(1, "task"), count(0, "edge")
    ('1 task', '0 edges')
    """
    return f"{number} {noun}" + ("" if number == 1 else "s")


def listed(names: Sequence[str], most: int = 4) -> str:
    """Names with commas between them, and how many more there are.

    >>> listed(["a", "b", "c"], most=3), listed(["a", "b", "c", "d"], most=3)
    ('a, b, c', 'a, b, +2 more')
    """
    if len(names) <= most:
        return ", ".join(names)
    return ", ".join([*names[: most - 1], f"+{len(names) - most + 1} more"])


def cells(task: Task) -> str:
    """Which cells of the notebook a task is made of: ``cell 4`` or ``cells 4–6``."""
    return ("cell " if len(task.cell_indexes) == 1 else "cells ") + ranges(task.cell_indexes)


def shortened(text: str, length: int) -> str:
    """The text, or so much of it that it and an ellipsis have that length.

    >>> shortened("logistic_regression", 12)
    'logistic_re…'
    """
    return text if len(text) <= length else text[: length - 1] + "…"


def reason(why: Reason, edge: Edge, *, source: Task | None, target: Task | None) -> str:
    """One reason: ``X: load, line 3 → train, line 1``; the cell too where a task has several."""
    if is_order(why):
        return f"{subject(why)}: {edge.source} → {edge.target}"
    start = _place(source, edge.source, cell=why.source_cell, line=why.source_line)
    end = _place(target, edge.target, cell=why.target_cell, line=why.target_line)
    return f"{subject(why)}: {start} → {end}"


def subject(why: Reason) -> str:
    """What a reason is about: the variable, ``file data.csv``, ``after:load`` or ``lane:db``."""
    return why.name if why.kind == "data" else f"{_KINDS[why.kind]}{why.name}"


def is_order(why: Reason) -> bool:
    """Whether it is about order alone, and not about something that is handed over."""
    return why.kind in _ORDER


def is_lane(edge: Edge) -> bool:
    """Whether two tasks run one after the other in one kernel."""
    return any(why.kind == "lane" for why in edge.reasons)


def _rounded(number: float, digits: int) -> float:
    """Half up, which unlike Python's own half to even is the same in JavaScript."""
    scale: int = 10**digits
    return math.floor(number * scale + 0.5) / scale


def _place(task: Task | None, name: str, *, cell: str | None, line: int | None) -> str:
    several = task if task is not None and len(task.cells) > 1 else None
    return ", ".join([name, *_cell_and_line(several, cell, line)])


def _cell_and_line(task: Task | None, cell: str | None, line: int | None) -> list[str]:
    parts = []
    if task is not None and cell in task.cells:
        parts.append(f"cell {task.cell_indexes[task.cells.index(cell)]}")
    if line is not None:
        parts.append(f"line {line}")
    return parts
