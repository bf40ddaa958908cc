"""Summaries are short, cheap and never fail."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import numpy as np
import pandas as pd
import pytest

from jupyter_dagflow.kernel_side.summary import summarise


class Rude:
    """A class that answers nothing."""

    def __repr__(self) -> str:
        raise RuntimeError("no")

    @property
    def shape(self) -> Any:
        """Raises, too."""
        raise RuntimeError("no")


@pytest.mark.parametrize(
    ("value", "kind", "shape", "json"),
    [
        (3, "int", None, 3),
        ("text", "str", None, "text"),
        (None, "NoneType", None, None),
        (float("nan"), "float", None, None),
        (np.float64(0.5), "numpy.float64", [], 0.5),
        (np.timedelta64(1, "s"), "numpy.timedelta64", [], None),
        (np.str_("t"), "numpy.str_", [], "t"),
        ({"a": [1, None, True]}, "dict", None, {"a": [1, None, True]}),
        ((1, 2), "tuple", None, None),
        ({1: 2}, "dict", None, None),
        ("x" * 1025, "str", None, None),
        (list(range(5000)), "list", None, None),
        pytest.param(10**5000, "int", None, None, id="a number of 5001 digits"),
        ({"k" * 2000: 1}, "dict", None, None),
        (np.zeros((2, 3)), "numpy.ndarray", [2, 3], None),
        (pd.DataFrame({"a": [1]}), "pandas.DataFrame", [1, 1], None),
        (OrderedDict.fromkeys(range(20_000)), "collections.OrderedDict", None, None),
    ],
)
def test_a_value_is_summed_up(value: object, kind: str, shape: Any, json: object) -> None:
    summary = summarise(value)
    assert (summary["type"], summary["shape"], summary["value"]) == (kind, shape, json)
    assert 0 < len(summary["preview"]) <= 200


def test_a_value_that_answers_nothing_still_has_a_summary() -> None:
    summary = summarise(Rude())
    assert summary["type"].endswith("Rude")
    assert summary["preview"] == f"<{summary['type']}>"


def test_what_is_too_big_to_tell_is_not_walked_through() -> None:
    value: Any = 0
    for _ in range(8):
        value = [value] * 1000  # 10**24 items, if one were to look at all
    summary = summarise(value)
    assert summary["value"] is None
    assert len(summary["preview"]) == 200


def test_a_list_that_holds_itself_has_no_value() -> None:
    loop: list[Any] = []
    loop.append(loop)
    assert summarise(loop)["value"] is None
