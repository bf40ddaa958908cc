"""Which modules a pipeline's tasks import, so that their kernels can have them beforehand."""

from __future__ import annotations

import pytest

from jupyter_dagflow.core.compile import compile_cells
from jupyter_dagflow.core.imports import imported_modules
from tests.core.notebooks import tagged


@pytest.mark.parametrize(
    ("cells", "modules"),
    [
        ([("import os, json as j", "setup"), ("x = 1", "task:a")], ("os", "json")),
        ([("from a.b import c", "setup"), ("x = 1", "task:a")], ("a.b",)),
        ([("import math\ndef f(x): return math.pi", "task:a"), ("f(1)", "task:b")], ("math",)),
        ([("from __future__ import annotations", "setup"), ("x = 1", "task:a")], ()),
        ([("from . import sibling", "setup"), ("x = 1", "task:a")], ()),
        ([("x = 'import os'", "task:a"), ("x", "task:b")], ()),
    ],
)
def test_modules(cells: list[tuple[str, str]], modules: tuple[str, ...]) -> None:
    assert (
        imported_modules(compile_cells(tagged(*((tags, code) for code, tags in cells))).pipeline)
        == modules
    )
