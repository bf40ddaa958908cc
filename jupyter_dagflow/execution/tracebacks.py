"""IPython's tracebacks, read and told again in the terms of the notebook that the user wrote.

The law: a place is a cell of the source notebook and a line in it. The kernel names cells by its own
count and lines as it ran them: it drops blank lines at a cell's top, a magic hides the line it
stands on, and copied definitions stand in a cell of ours.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from jupyter_dagflow.storage.logs import CELL_FRAME, plain_text

LAST_LINES = 10
CUT = "…"
_MESSAGE_CHARS = 2000
_MOST_FRAMES = 4  # of the notebook's own; a recursion has a thousand
_OTHER_FRAME = re.compile(r"^(?:File .+(?::\d+|, in )|(?:~|/|[A-Za-z]:\\|<).* in \S)")
_OUR_FRAME = re.compile(r"^(?:File )?.*[/\\]jupyter_dagflow[/\\]kernel_side[/\\]\w+\.py[: ]")
_PLAIN_FRAME = re.compile(r'^ *File "(.*[/\\]ipykernel_\d+[/\\]\d+\.py)", line (\d+)', re.M)
_TIMED_FRAME = re.compile(r"^File <timed (?:exec|eval)>:(\d+)")
_SOURCE_LINE = re.compile(r"^(-*> ?| +)(\d+)(?= |$)")
_FUNCTION = re.compile(r"[, ]in (?!<module>|<cell line)(.+)$")
_BANNER = re.compile(r"^(?:-{20,}|\S+ +Traceback \(most recent call last\))$")
_TIMED = ("%%time", "%%capture", "%%prun")


@dataclass(frozen=True, slots=True, kw_only=True)
class RanCell:
    """A cell of the taskbook that ran; ``label`` is how to call it if it is none of the user's.

    ``own`` are those of its lines, by their numbers, that read otherwise in the notebook.
    """

    id: str
    label: str
    source: str
    own: Mapping[int, str] = field(default_factory=dict)

    @property
    def timed(self) -> bool:
        """Whether its lines run within a magic that names them ``<timed exec>``."""
        return self.source.lstrip().startswith(_TIMED)

    @property
    def blank_lines(self) -> int:
        """How many lines at its top IPython drops before it counts."""
        lines = self.source.splitlines()
        return next((place for place, line in enumerate(lines) if line.strip()), 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class CellError:
    """What a kernel told when a cell raised; ``ran`` are the cells so far by the kernel's count."""

    execution_count: int | None
    cell: RanCell
    ename: str
    evalue: str
    traceback: tuple[str, ...]
    plain: str = ""  # what it printed where it had no memory left for a traceback
    ran: Mapping[int, RanCell] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The traceback without colours."""
        return plain_text("\n".join(self.traceback))

    @property
    def summary(self) -> str:
        """The last line of it, in short."""
        evalue = plain_text(self.evalue)
        text = f"{self.ename}: {evalue}" if evalue else self.ename
        return _clipped(text)


Origin = Callable[[RanCell, int], tuple[str, int] | None]
"""From a line of a taskbook's cell to what to call the cell it comes from, and the line there."""


def last_lines(text: str) -> str:
    """The end of a traceback or log: its last lines that are not blank at either end."""
    return "\n".join(map(_clipped, text.strip("\n").splitlines()[-LAST_LINES:]))


def _clipped(text: str) -> str:
    return text if len(text) <= _MESSAGE_CHARS else text[: _MESSAGE_CHARS - 1] + CUT


def line_in_cell(error: CellError) -> int | None:
    """The innermost line of the failing cell that the traceback names; None if it names none."""
    lines = [
        frame.line
        for frame in _parts(error)
        if isinstance(frame, _Frame) and frame.ran is error.cell
    ]
    told = next((line for line in reversed(lines) if line is not None), None)
    return _plain_line(error) if not error.traceback else told


def _plain_line(error: CellError) -> int | None:
    """The same by Python's own traceback: a cell's frames have one file, and the failing cell's come first."""
    cause = error.plain.partition("During handling of the above exception")[0]
    frames = _PLAIN_FRAME.findall(cause)
    lines = [int(line) for file, line in frames if file == frames[0][0]]
    return lines[-1] + error.cell.blank_lines if lines else None


def excerpt(error: CellError, origin: Origin) -> str:
    """The traceback in short: the notebook's own frames, where it ended, and the error.

    What libraries did in between is cut (``…``). Cells have the names that ``origin`` gives them.
    """
    parts = [_retold(part, origin) for part in _parts(error)]
    whole = [line for part in parts for line in part.lines]
    return "\n".join(map(_clipped, whole if len(whole) <= LAST_LINES else _short(parts)))


@dataclass(frozen=True, slots=True)
class _Text:
    """Lines that are no frame: the error itself, and how one led to another."""

    lines: Sequence[str]


@dataclass(frozen=True, slots=True)
class _Frame:
    """A frame; ``ran`` is the notebook's cell if it is of one, ``line`` the line in its source."""

    lines: Sequence[str]
    ran: RanCell | None = None
    line: int | None = None

    @property
    def gist(self) -> list[str]:
        """Its first line, and the line that ran."""
        return [self.lines[0], *(line for line in self.lines[1:] if line[0] in "->")]


def _parts(error: CellError) -> list[_Text | _Frame]:
    """The traceback in its parts, in order, without what we do ourselves where a cell prints or opens a file.

    Reads the forms of IPython 7 to 9: the line stands in a frame's first line or at its arrow.
    """
    told = (lines for lines in _split(error.text) if lines and not _OUR_FRAME.match(lines[0]))
    return [_part(lines, error) for lines in told]


def _split(text: str) -> Iterator[list[str]]:
    lines: list[str] = []
    in_frame = False
    for line in text.splitlines():
        begins = bool(CELL_FRAME.match(line) or _OTHER_FRAME.match(line))
        leaves = in_frame and line.strip() != "" and line[0] not in " ->"
        if begins or leaves:
            yield lines
            lines, in_frame = [], begins
        if line.strip() and not _BANNER.match(line):
            lines.append(line)
    yield lines


def _part(lines: list[str], error: CellError) -> _Text | _Frame:
    cell, timed = CELL_FRAME.match(lines[0]), _TIMED_FRAME.match(lines[0])
    if timed and error.cell.timed:
        line = error.cell.blank_lines + 1 + int(timed.group(1))  # the magic itself is the first
        text = error.cell.source.splitlines()[line - 1 : line]
        return _Frame([lines[0], *(f"----> {line} {code}" for code in text)], error.cell, line)
    if cell:
        count = int(cell.group(1) or cell.group(3))
        ran = error.cell if count == error.execution_count else error.ran.get(count)
        arrows = (m for m in map(_SOURCE_LINE.match, lines) if m and ">" in m.group(1))
        arrow = next(arrows, None)
        number = cell.group(2) or (arrow.group(2) if arrow else None)
        if ran is None or number is None:
            return _Frame(lines, ran)
        dropped = ran.blank_lines
        body = [_as_written(line, ran.own) for line in _body(lines, lambda n: n + dropped)]
        return _Frame(body, ran, int(number) + dropped)
    return _Frame(lines) if _OTHER_FRAME.match(lines[0]) else _Text(lines)


def _body(lines: Sequence[str], number: Callable[[int], int | None]) -> list[str]:
    """The lines of a frame with other numbers before its source, which syntax errors have none."""
    if lines[0].startswith(" "):
        return list(lines)
    return [lines[0], *(text for line in lines[1:] if (text := _renumbered(line, number)))]


def _as_written(line: str, own: Mapping[int, str]) -> str:
    """A numbered line of source as it reads in the notebook."""
    match = _SOURCE_LINE.match(line)
    if match is None or int(match.group(2)) not in own:
        return line
    return f"{line[: match.end()]} {own[int(match.group(2))]}"


def _renumbered(line: str, number: Callable[[int], int | None]) -> str:
    """A line of source with another number before it; empty if it is to have none."""
    match = _SOURCE_LINE.match(line)
    if match is None:
        return line
    new = number(int(match.group(2)))
    if new is None:
        return ""
    width = match.end()
    arrow = "-" * (width - len(str(new)) - 2) + f"> {new}"
    return (arrow if ">" in match.group(1) else f"{new:>{width}}") + line[width:]


def _retold(part: _Text | _Frame, origin: Origin) -> _Text | _Frame:
    """A frame of a cell with the name and the lines that its user knows."""
    if isinstance(part, _Text) or part.ran is None or part.line is None:
        return part
    ran = part.ran
    place = origin(ran, part.line)
    if place is None:
        return part
    label, line = place

    def number(taskbooks: int) -> int | None:
        found = origin(ran, taskbooks)
        return found[1] if found is not None and found[0] == label else None

    function = _FUNCTION.search(part.lines[0])
    head = f"Cell {label}, line {line}" + (f", in {function.group(1)}" if function else "")
    return _Frame([head, *_body(part.lines, number)[1:]], ran, line)


def _short(parts: Sequence[_Text | _Frame]) -> list[str]:
    own = [place for place, part in enumerate(parts) if isinstance(part, _Frame) and part.ran]
    kept = {*own[: _MOST_FRAMES // 2], *own[-(_MOST_FRAMES // 2) :]}
    last = max((p for p, part in enumerate(parts) if isinstance(part, _Frame)), default=None)
    lines: list[str] = []
    for place, part in enumerate(parts):
        if isinstance(part, _Text):
            lines += _cut(part.lines)
        elif place in kept:
            lines += part.lines
        elif place == last:
            lines += part.gist
        elif lines[-1:] != [CUT]:
            lines.append(CUT)
    return lines


def _cut(lines: Sequence[str]) -> list[str]:
    """The lines without their middle if they are many."""
    if len(lines) <= LAST_LINES:
        return list(lines)
    half = LAST_LINES // 2
    return [*lines[:half], CUT, *lines[-half:]]
