"""Draws without a seed, as a table of code and what is said of it."""

from __future__ import annotations

import pytest

from jupyter_dagflow.core.unseeded import Unseeded
from tests.core.notebooks import tagged

IMPORTS = """\
import random
import numpy as np
import pandas as pd
import torch
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import train_test_split
"""

TABLE = [
    ("global", "x = random.random()", ["random.random: random.seed(0) above it"]),
    ("NumPy's", "x = [np.random.rand(2)]", ["np.random.rand: np.random.seed(0) above it"]),
    ("PyTorch's", "x = torch.rand(2)", ["torch.rand: torch.manual_seed(0) above it"]),
    (
        "own",
        "rng = np.random.default_rng()",
        ["np.random.default_rng: a seed, as in np.random.default_rng(0),"],
    ),
    (
        "nothing for a seed",
        "rng = random.Random(None)",
        ["random.Random: a seed, as in random.Random(0),"],
    ),
    ("own with a seed", "rng = np.random.default_rng(7)\nx = rng.random()", []),
    ("own with a named seed", "rng = np.random.default_rng(seed=s)", []),
    (
        "split",
        "a, b = train_test_split(x)",
        ["train_test_split: np.random.seed(0) above it"],
    ),
    ("split with a state", "a, b = train_test_split(x, random_state=0)", []),
    ("estimator", "m = RandomForestClassifier()", ["RandomForestClassifier: random_state=0"]),
    ("estimator with a state", "m = RandomForestClassifier(random_state=0)", []),
    ("estimator, perhaps with a state", "m = RandomForestClassifier(**options)", []),
    ("estimator that draws nothing", "m = LinearRegression()", []),
    ("rows", "x = df.sample(5)", ["df.sample: random_state=0"]),
    ("rows of no name", "x = pd.read_csv('f').sample(n=5)", [".sample: random_state=0"]),
    ("rows with a state", "x = df.sample(5, random_state=1)", []),
    ("elements", "x = rng.sample(population, 2)", []),
]


def said(*sources: str) -> list[str]:
    """What is said of the statements of the cells below the imports."""
    notebook = tagged(("setup", IMPORTS), *((f"task:t{n}", s) for n, s in enumerate(sources)))
    unseeded = Unseeded(notebook.cells)
    places = [(cell.id, line) for cell in notebook.cells[1:] for line in range(1, 9)]
    return [f"{d.called}: {d.seed}" for place in places for d in unseeded.at(*place)]


@pytest.mark.parametrize(("code", "expected"), [pytest.param(*r[1:], id=r[0]) for r in TABLE])
def test_draws(code: str, expected: list[str]) -> None:
    assert said(code) == expected


@pytest.mark.parametrize(
    "draw", ["np.random.rand()", "RandomForestClassifier()", "df.sample(5)", "train_test_split(x)"]
)
def test_a_seed_counts_for_what_stands_below_it(draw: str) -> None:
    assert said("np.random.seed(0)", f"x = {draw}") == []
    assert said(f"x = {draw}", "np.random.seed(0)") != []
    assert said("random.seed(0)", f"x = {draw}") != []
    assert said("np.random.seed()", f"x = {draw}") != []


def test_functions_draw_when_they_are_called() -> None:
    function = "def f():\n    return random.random()"
    assert said(function) == ["random.random: random.seed(0) above it"]
    assert said(function, "random.seed(0)\nx = f()") == []


def test_a_decorated_function_is_found_by_either_line() -> None:
    assert len(said("@cached\ndef f():\n    return random.random()")) == 2


def test_what_it_reads_like() -> None:
    cells = tagged(("task:a", "import numpy as np\nx = 1 + np.random.rand()")).cells
    (draw,) = Unseeded(cells).at(cells[0].id, 2)
    assert draw.message == (
        "np.random.rand (cell 0, line 2) draws without a seed, so every run has other numbers; "
        "np.random.seed(0) above it makes runs comparable"
    )
