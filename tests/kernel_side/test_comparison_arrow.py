"""Arrow's tables and arrays, and pandas columns that are theirs, the same and not the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from jupyter_dagflow.kernel_side.comparison import difference

NAN = float("nan")

SAME: dict[str, Callable[[], Any]] = {
    "table": lambda: pa.table({"a": [1.0, NAN], "b": ["x", None], "c": [[1], [NAN]]}),
    "batch": lambda: pa.record_batch({"a": [1, 2]}),
    "array": lambda: pa.array([{"x": NAN}, None]),
    "chunks": lambda: pa.chunked_array([[1.0], [NAN]]),
    "scalar": lambda: pa.scalar(NAN),
    "schema": lambda: pa.schema([("a", pa.int8())], metadata={"m": "1"}),
    "type": lambda: pa.list_(pa.int8()),
    "column": lambda: pd.DataFrame({"a": pd.array([1, None], dtype="int64[pyarrow]")}),
    "text": lambda: pd.Series(["a", None], dtype="string[pyarrow]"),
}


@pytest.mark.parametrize("make", SAME.values(), ids=SAME)
def test_what_was_made_twice_is_the_same(make: Callable[[], Any]) -> None:
    assert difference(make(), make()) is None


def test_how_values_are_chunked_does_not_count() -> None:
    assert difference(pa.chunked_array([[1], [2]]), pa.chunked_array([[1, 2]])) is None


DIFFERENT: dict[str, tuple[Any, Any, str]] = {
    "value": (pa.table({"a": [1, 2]}), pa.table({"a": [1, 3]}), "x['a'][1]: 2 != 3"),
    "rows": (pa.table({"a": [1, 2]}), pa.table({"a": [1]}), "x: 2 rows != 1 rows"),
    "schema": (
        pa.table({"a": [1]}),
        pa.table({"b": [1]}),
        "x.schema: a: int64 != b: int64",
    ),
    "missing": (pa.array([1, None]), pa.array([1, 2]), "x[1]: None (NoneType) != 2 (int)"),
    "type": (pa.array([1], pa.int8()), pa.array([1], pa.int16()), None),
    "array's type": (
        pa.chunked_array([pa.array([1], pa.int8())]),
        pa.chunked_array([pa.array([1], pa.int16())]),
        "x.type: int8 != int16",
    ),
    "scalar": (pa.scalar(1), pa.scalar(2), "x: 1 != 2"),
    "data type": (pa.int8(), pa.int16(), None),
    "list": (pa.list_(pa.int8()), pa.list_(pa.int16()), None),
    "column": (
        pd.Series([1, 2], dtype="int64[pyarrow]"),
        pd.Series([1, 3], dtype="int64[pyarrow]"),
        "x row 1: 2 != 3",
    ),
}


@pytest.mark.parametrize(("one", "other", "text"), DIFFERENT.values(), ids=DIFFERENT)
def test_the_first_difference_is_named(one: Any, other: Any, text: str | None) -> None:
    found = difference(one, other, name="x")
    assert found is not None
    if text is not None:
        assert found == text
