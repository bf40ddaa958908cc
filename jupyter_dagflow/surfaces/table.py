"""A table for people: rich where a terminal shows it, aligned plain text anywhere else.

The law: a table is a value; whether it is drawn with rich is decided where it is printed, and
nothing but that place imports rich.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import rich.table

_GAP = "  "


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its heading, whether numbers stand in it (right-aligned), and its rich style."""

    heading: str
    number: bool = False
    style: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of as many cells as there are columns; ``styles`` are rich styles of whole rows.

    One that is not ``headed`` is shown without the headings of its columns.
    """

    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    styles: tuple[str, ...] = ()
    headed: bool = True


def _filled(table: Table) -> list[int]:
    """The columns that have anything in them: a column without a value says nothing."""
    return [
        at
        for at in range(len(table.columns))
        if not table.rows or any(row[at] for row in table.rows)
    ]


def plain(table: Table) -> str:
    """The table as aligned lines, headings first, without trailing blanks."""
    shown = _filled(table)
    headings = [[table.columns[at].heading for at in shown]] if table.headed else []
    grid = [
        *headings,
        *([row[at] for at in shown] for row in table.rows),
    ]
    widths = [max(len(line[at]) for line in grid) for at in range(len(shown))]
    lines = []
    for line in grid:
        cells = [
            cell.rjust(width) if table.columns[column].number else cell.ljust(width)
            for cell, width, column in zip(line, widths, shown, strict=True)
        ]
        lines.append(_GAP.join(cells).rstrip())
    return "\n".join(lines)


def drawn(table: Table) -> rich.table.Table:
    """The table for a rich console."""
    import rich.box
    import rich.table
    from rich.text import Text

    result = rich.table.Table(
        box=rich.box.SIMPLE_HEAD, pad_edge=False, show_edge=False, show_header=table.headed
    )
    shown = _filled(table)
    for at in shown:
        column = table.columns[at]
        result.add_column(
            column.heading, justify="right" if column.number else "left", style=column.style or None
        )
    styles = table.styles or ("",) * len(table.rows)
    for row, style in zip(table.rows, styles, strict=True):
        result.add_row(*(Text(row[at]) for at in shown), style=style or None)
    return result
