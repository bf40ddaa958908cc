"""What the prelude defines, by name and exact text."""

from __future__ import annotations

import warnings

import pytest

from jupyter_dagflow.core.model import Cell, CellId, CellKind
from jupyter_dagflow.core.prelude import prelude_definitions


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("import numpy as np", [("np", 1, "import numpy as np")]),
        ("import os.path", [("os", 1, "import os.path")]),
        ("\nfrom a import (b,\n  c)", [(n, 2, "from a import (b,\n  c)") for n in "bc"]),
        ("from a import *", []),
        ("@d\ndef f():\n    pass\nx = 1", [("f", 1, "@d\ndef f():\n    pass")]),
        ("class C: pass", [("C", 1, "class C: pass")]),
        ("async def f(): pass", [("f", 1, "async def f(): pass")]),
        ("if x:\n    import os", []),
        ("def f(:", []),
        ("x = '\0'", []),
    ],
)
def test_a_cell_defines(code: str, found: list[tuple[str, int, str]]) -> None:
    cell = Cell(id=CellId("c"), index=3, kind=CellKind.CODE, source=code, code=code)
    definitions = prelude_definitions([cell])
    assert [(d.name, d.line, d.source) for d in definitions] == found
    assert {(d.cell, d.cell_index) for d in definitions} <= {("c", 3)}


def test_what_python_has_to_say_of_a_cell_waits_until_it_runs() -> None:
    code = "pattern = '\\d'"
    cell = Cell(id=CellId("c"), index=0, kind=CellKind.CODE, source=code, code=code)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        assert prelude_definitions([cell]) == ()
    assert said == []
