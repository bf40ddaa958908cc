"""What is proposed for the tags of a notebook, as a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from jupyter_dagflow.surfaces import words
from jupyter_dagflow.surfaces.report import Part
from jupyter_dagflow.surfaces.table import Column, Table

if TYPE_CHECKING:
    from jupyter_dagflow.core.suggest import Suggestion


def suggestions_report(suggestions: Sequence[Suggestion]) -> list[Part]:
    """Each code cell with the tags to add and why, and how many that are."""
    table = Table(
        columns=(
            Column("cell", number=True),
            Column("suggested tags", style="bold"),
            Column("why"),
        ),
        rows=tuple((str(s.cell_index), " ".join(s.tags), s.why) for s in suggestions),
    )
    to_tag = sum(bool(s.tags) for s in suggestions)
    cells = words.count(len(suggestions), "code cell")
    return [table, f"{to_tag} of {cells} to tag"]
