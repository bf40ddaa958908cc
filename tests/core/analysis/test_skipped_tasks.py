"""Notebooks with tasks that may be skipped, run with and without their cells."""

from __future__ import annotations

import pytest

from tests.core.analysis.judged import are_equal_as_tagged, are_refused

# Each is run with n = 1, when it is skipped, and with n = 9, when it is not.
EQUAL: dict[str, tuple[tuple[str, str], ...]] = {
    "a name that it binds anew": (
        ("task:a", "x = [1]"),
        ("task:b when:n>5", "x = [2]"),
        ("task:c", "y = x"),
    ),
    "a name that nobody else binds": (
        ("task:a", "x = [1]"),
        ("task:b when:n>5", "more = [2]\ndef f(): return more"),
        ("task:c", "y = x, n"),
    ),
    "what it changes in place, under two names": (
        ("task:a", "x = [1]\ny = x"),
        ("task:b when:n>5", "x.append(2)"),
        ("task:c", "y.append(3)"),
        ("task:d", "z = [x, y]"),
    ),
    "two names that are one object only without it": (
        ("task:a", "x = [1]"),
        ("task:b", "y = x"),
        ("task:c when:n>5", "y = [3]"),
        ("task:d", "y.append(4)"),
        ("task:e", "z = [x, y]"),
    ),
    "an object that it only reads, and another that holds it": (
        ("task:a", "x = {'k': 1}"),
        ("task:b", "from collections import ChainMap\nall_ = ChainMap({}, x)\ns = set()"),
        ("task:c when:n>5", "s |= {x.get('k')}"),
        ("task:d", "x.setdefault('i', 2)"),
        ("task:e", "all_.update(j=3)"),
    ),
    "either of two": (
        ("task:a when:n>5", "model = 'big'"),
        ("task:b when:n<=5", "model = 'small'"),
        ("task:c", "y = model"),
    ),
    "one after another": (
        ("task:a", "x = [1]\ny = x"),
        ("task:b when:n>5", "x.append(2)"),
        ("task:c when:len(x)>1", "y = [5]"),
        ("task:d", "x.append(4)\nz = [x, y]"),
    ),
    "a function that it defines anew": (
        ("task:a", "def f(q): return q + 1"),
        ("task:b when:n>5", "def f(q): return q * 2"),
        ("task:c", "y = f(10)"),
    ),
    "what it imports is imported above": (
        ("task:a", "import math\nx = math.pi"),
        ("task:b when:n>5", "import math\ny = math.e"),
        ("task:c", "z = math.floor(x)"),
    ),
    "numbers it draws": (
        ("task:a", "import random\nrandom.seed(1)\nx = random.random()"),
        ("task:b when:n>5", "y = random.random()"),
        ("task:c", "z = random.random()"),
    ),
    "what it is asked for is a function's": (
        ("task:a", "rows = [1, 2]\ndef enough(q): return len(rows) + n > q"),
        ("task:b when:enough(6)", "rows = rows + [3]"),
        ("task:c", "z = len(rows)"),
    ),
}


@pytest.mark.parametrize("n", [1, 9])
@pytest.mark.parametrize("name", EQUAL)
def test_a_task_that_is_skipped_has_done_nothing(name: str, n: int) -> None:
    for order in range(3):
        are_equal_as_tagged((("task:numbers", f"n = {n}"), *EQUAL[name]), order)


REFUSED: dict[str, tuple[tuple[str, str], ...]] = {
    "a name that it deletes is read below": (
        ("task:a", "n = 1\nc = 1"),
        ("task:b when:n>5", "del c"),
        ("task:c", "y = c"),
    ),
    "it binds a name that setup makes and a task has deleted": (
        ("setup", "k = 4"),
        ("task:a", "n = 1\ndel k"),
        ("task:b when:n>5", "k = 5"),
        ("task:c", "y = k"),
    ),
    "a name of setup that a task has deleted is read below": (
        ("setup", "k = 4"),
        ("task:a", "del k"),
        ("task:b", "y = k"),
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_may_be_gone_is_not_read(name: str) -> None:
    are_refused("DF121", REFUSED[name])


def test_a_setting_of_a_task_that_may_be_skipped_is_missed_below() -> None:
    cells = (
        ("task:a", "import os\nn = 1"),
        ("task:b when:n>5", "os.environ['MODE'] = 'x'"),
        ("task:c", "m = os.environ.get('MODE')"),
    )
    are_refused("DF121", cells)
