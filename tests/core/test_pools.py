"""Pools without a size, as a table: what is said of which, and where."""

from __future__ import annotations

import pytest

from jupyter_dagflow.core.compile import compile_cells
from tests.core.test_compile import Written, notebook

A, B = ("a = 1", "task:a", "pool:db"), ("b = 1", "task:b", "pool:db")
MORE = tuple((f"x{n} = 1", f"task:t{n}", "pool:db") for n in range(5))
MAPPED = ("out = []\nfor x in [1, 2]:\n    out.append(x)", "task:m", "map", "pool:gpu")


@pytest.mark.parametrize(
    ("cells", "sized", "told"),
    [
        ((A, B), (), {0: "Pool db has no size: of tasks a, b, one runs at a time."}),
        ((A, B), ("db",), {}),
        ((A, B), ("dbs",), {0: "Pool db has no size: of tasks a, b, one runs at a time."}),
        ((A, ("b = 1", "task:b", "pool:gpu")), (), {}),  # it holds back nobody
        ((A, ("b = 1", "task:b")), (), {}),
        (
            (MAPPED,),
            (),
            {0: "Pool gpu has no size: of the instances of task m, one runs at a time."},
        ),
        (
            MORE,
            (),
            {0: "Pool db has no size: of tasks t0, t1, t2 and 2 more, one runs at a time."},
        ),
        ((A, B), None, {}),  # whoever compiles knows of no sizes
    ],
)
def test_who_is_told(
    cells: tuple[Written, ...], sized: tuple[str, ...] | None, told: dict[int, str]
) -> None:
    found = compile_cells(notebook(*cells), pools=sized).diagnostics
    assert {d.cell_index: d.message for d in found if d.code == "DF126"} == told
