"""What two values have in common, as far as somebody could change it."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import pandas as pd
import pytest

from jupyter_dagflow.kernel_side.overlap import overlap, parts


class Box:
    def __init__(self, content: object) -> None:
        self.content = content
        self.log = logging.getLogger("box")


class Slotted:
    __slots__ = ("content",)

    def __init__(self, content: object) -> None:
        self.content = content


def function(x: object) -> object:
    return x


XS = [1, 2]
ARRAY = np.arange(10)
FRAME = pd.DataFrame({"p": [1, 2, 3], "s": ["a", "b", "c"]})
COPIES = int(pd.__version__.split(".")[0]) >= 3

CASES: dict[str, tuple[Any, Any, bool]] = {
    "the same list": (XS, XS, True),
    "equal lists": ([1, 2], [1, 2], False),
    "within a dict": ({"k": (0, [XS])}, XS, True),
    "within an instance": (Box(XS), XS, True),
    "within slots": (Slotted(XS), [XS], True),
    "functions of libraries": (
        [np.mean, np.log1p, str.lower],
        [np.mean, np.log1p, str.lower],
        False,
    ),
    "constants": ([pd.NA, ..., NotImplemented], [pd.NA, ..., NotImplemented], False),
    "lists in a table": (pd.DataFrame({"t": [XS, None]}), XS, True),
    "a bound method": (XS.append, XS, True),
    "text and numbers": (["a" * 100, 10**10], [10**10, "a" * 100], False),
    "a function": ([function], [function], False),
    "a class": ([Box], [Box], False),
    "instances of one class, with one logger": (Box([1]), Box([1]), False),
    "a tuple of numbers": (((1, 2),), ((1, 2),), False),
    "a view": (ARRAY[2:5], ARRAY, True),
    "two views that share nothing": (ARRAY[:3], ARRAY[5:], False),
    "every other element": (ARRAY[::2], ARRAY[1::2], False),
    "a copy": (ARRAY.copy(), ARRAY, False),
    "an array of lists": (np.array([XS, None], dtype=object), XS, True),
    "a very long list": ([XS, *range(300_000)], XS, True),
    "the same table": (FRAME, [FRAME], True),
    "a table and its copy": (FRAME.copy(), FRAME, False),
    "a table and its renamed self": (FRAME.rename(columns={"p": "q"}), FRAME, False),
    "two tables with text": (FRAME[["s"]].copy(), FRAME.copy(), False),
    "a grouped table": (FRAME.groupby("s"), FRAME, True),
    "a table over an array": (pd.DataFrame(ARRAY.reshape(5, 2), copy=False), ARRAY, True),
}


@pytest.mark.parametrize("name", CASES)
def test_overlap(name: str) -> None:
    one, other, expected = CASES[name]
    assert overlap(parts(one), parts(other)) is expected
    assert overlap(parts(other), parts(one)) is expected


@pytest.mark.parametrize("part", [lambda df: df["p"], lambda df: df[:2]], ids=["column", "rows"])
def test_parts_of_a_table_are_one_with_it_unless_pandas_copies_on_write(part: Any) -> None:
    assert overlap(parts(part(FRAME)), parts(FRAME)) is not COPIES


def test_nothing_of_the_values_is_run() -> None:
    class Touchy:
        def __getattribute__(self, name: str) -> Any:
            raise AssertionError(name)

        def __eq__(self, other: object) -> bool:
            raise AssertionError

        __hash__ = None  # type: ignore[assignment]

    touchy = Touchy()
    assert overlap(parts([touchy]), parts({"k": touchy}))
