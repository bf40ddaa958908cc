"""What users may look for that this version does not do yet.

The law: a row is what is typed, up to the word that is not there; who builds it deletes its row.
"""

from __future__ import annotations

from jupyter_dagflow.core.errors import OptionError

PLANNED = ("dagflow export",)


def refuse_planned(typed: str, *, hint: str) -> None:
    """Raise `OptionError` if what was typed is a row of `PLANNED`."""
    if typed in PLANNED:
        raise OptionError(f"{typed} is planned, but not built yet in this version.", hint=hint)
