"""Lines for people, each in a style: coloured where a terminal shows it, as they are anywhere else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import rich.text

_DIFF_STYLES = {"+": "green", "-": "red", "…": "dim"}


@dataclass(frozen=True, slots=True)
class Lines:
    """Texts of one line, each with its rich style."""

    lines: tuple[tuple[str, str], ...]


def diff_lines(diff: str) -> tuple[tuple[str, str], ...]:
    """The lines of a unified diff, what came and what went told apart by colour as well.

    Between places that lie apart is an ellipsis: the numbers of lines without comments would mislead.
    """
    lines = ["…" if line.startswith("@@ ") else line for line in diff.splitlines()[1:]]
    return tuple((line, _DIFF_STYLES.get(line[:1], "")) for line in lines)


def unstyled(lines: Lines) -> str:
    """The lines as text, without blanks at their ends."""
    return "\n".join(text.rstrip() for text, _ in lines.lines)


def coloured(lines: Lines) -> rich.text.Text:
    """The lines for a rich console."""
    from rich.text import Text

    return Text("\n").join(Text(text.rstrip(), style=style) for text, style in lines.lines)
