"""Notebooks run cell by cell and as a DAG, and what comes of it."""

from __future__ import annotations

import random
import textwrap

from tests.fuzz.programs import Program, ProgramCell
from tests.fuzz.verdicts import Outcome, judge


def are_equal(cells: tuple[str, ...], order: int) -> None:
    """Assert that a task a cell leaves what Run All does; a cell that begins with ``# setup`` is none."""
    setup = any(text.startswith("# setup") for text in cells)
    tags = [
        ("setup" if text.startswith("# setup") else f"task:t{i}") for i, text in enumerate(cells)
    ]
    are_equal_as_tagged(
        tuple(
            (tag if setup else "", textwrap.dedent(text))
            for tag, text in zip(tags, cells, strict=True)
        ),
        order,
    )


def are_equal_as_tagged(cells: tuple[tuple[str, str], ...], order: int) -> None:
    """Assert that the tasks that tags make of cells leave what Run All does."""
    verdict = judge(_program(cells), random.Random(order))
    assert verdict.outcome is Outcome.EQUAL, verdict.text


def are_refused(code: str, cells: tuple[tuple[str, str], ...]) -> None:
    """Assert that such a notebook is refused, with that code."""
    verdict = judge(_program(cells), random.Random(0))
    assert (verdict.outcome, verdict.label) == (Outcome.REFUSED, code), verdict.text


def _program(cells: tuple[tuple[str, str], ...]) -> Program:
    return Program(tuple(ProgramCell((text,), tuple(tags.split())) for tags, text in cells))
