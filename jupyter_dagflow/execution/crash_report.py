"""What Python's fault handler wrote into a kernel's log when the kernel crashed: in which line of its cell that was.

The law: the log is told as it is, but for what the handler adds below the cell's own frame: IPython, its loop, and the
list of compiled modules. What was written and did not come into the log any more was written before the kernel crashed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_FATAL = "Fatal Python error: "
_FRAME = re.compile(r'  File "(?P<file>.+)", line (?P<line>\d+) in (?P<function>.+)')
_OF_CELL = re.compile(r"[/\\]ipykernel_\d+[/\\]\d+\.py$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Crash:
    """The end of a kernel's log in short, and the line of the cell."""

    text: str
    line: int | None = None


def read_crash(log: str, *, unlogged: str = "", blank_lines: int = 0) -> Crash:
    """Read a kernel's log and what is ``unlogged``; one in which no cell has crashed is told as it is.

    The kernel counts the cell's lines without the ``blank_lines`` at its top.

    >>> log = 'Fatal Python error: Aborted\\n\\n  File "/tmp/ipykernel_7/12.py", line 3 in <module>\\n  File "x"'
    >>> read_crash(log, blank_lines=1)
    Crash(text='Fatal Python error: Aborted\\n  line 4 of the cell', line=4)
    """
    before, fatal, report = log.rpartition(_FATAL)
    if not fatal:
        return Crash(text=log + unlogged)
    before += unlogged
    before += "\n" if unlogged and not unlogged.endswith("\n") else ""
    kind, _, below = report.partition("\n")
    told = [before + fatal + kind]
    for text in below.splitlines():
        frame = _FRAME.match(text)
        if frame is None:
            continue
        of_cell = _OF_CELL.search(frame["file"])
        if of_cell and frame["function"] == "<module>":
            line = int(frame["line"]) + blank_lines
            return Crash(text="\n".join([*told, f"  line {line} of the cell"]), line=line)
        told.append(f"  {frame['function']}, which the notebook defines" if of_cell else text)
    return Crash(text=before + fatal + report)
