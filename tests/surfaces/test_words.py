"""What is said to people, in the terminal as in the browser."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from jupyter_dagflow.surfaces import words
from jupyter_dagflow.surfaces.cli.output import for_people

CASES: dict[str, list[tuple[Any, str]]] = json.loads(
    (Path(__file__).parents[2] / "labextension/test/cases/words.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize(("seconds", "said"), CASES["durations"])
def test_durations_are_said_as_in_the_browser(seconds: float | None, said: str) -> None:
    assert words.duration(seconds) == said


@pytest.mark.parametrize(("numbers", "said"), CASES["ranges"])
def test_ranges_are_said_as_in_the_browser(numbers: list[int], said: str) -> None:
    assert words.ranges(numbers) == said


@pytest.mark.parametrize(("size_bytes", "said"), CASES["sizes"])
def test_sizes_keep_below_a_thousand_of_their_unit_as_in_the_browser(
    size_bytes: int, said: str
) -> None:
    assert words.size(size_bytes) == said


def test_a_terminal_without_dashes_gets_hyphens() -> None:
    assert for_people(f"{words.ranges([4, 5])} {words.NO_VALUE}", "ascii") == "4-5 -"
