"""Notebooks without tags: which cells become which tasks, however awkward the headings are."""

from __future__ import annotations

import pytest

from jupyter_dagflow.core.compile import compile_cells
from jupyter_dagflow.core.model import Cell, CellId, CellKind, Compilation, Notebook, PartitionBy


def notebook(*sources: str) -> Notebook:
    """Cells from their sources; a source that begins with ``md:`` is markdown."""
    cells = []
    for index, source in enumerate(sources):
        markdown = source.startswith("md:")
        text = source.removeprefix("md:")
        cells.append(
            Cell(
                id=CellId(f"c{index}"),
                index=index,
                kind=CellKind.MARKDOWN if markdown else CellKind.CODE,
                source=text,
                code="" if markdown else text,
            )
        )
    return Notebook(path="nb.ipynb", digest="", cells=tuple(cells), kernel_name="python3")


def tasks(compilation: Compilation) -> dict[str, list[int]]:
    return {task.name: list(task.cell_indexes) for task in compilation.pipeline.tasks}


HEADINGS: dict[str, tuple[list[str], dict[str, list[int]]]] = {
    "of every level": (
        ["md:# A", "a = 1", "md:### B", "b = 1", "md:###### C", "c = 1"],
        {"a": [1], "b": [3], "c": [5]},
    ),
    "without code": (["md:# A", "md:# B", "b = 1", "md:# C"], {"b": [2]}),
    "over an empty cell": (["md:# A", "", "md:# B", "b = 1"], {"b": [3]}),
    "code before the first": (["a = 1", "md:# B", "b = a"], {"cell_0": [0], "b": [2]}),
    "definitions before the first": (["import os", "md:# B", "b = 1"], {"b": [2]}),
    "definitions that need a cell above": (
        [
            "a = 1\nimport os",
            "class C:\n    n = a",
            "def f(): return a",
            "import os\nclass D(os.PathLike): pass",
            "md:# B",
            "b = C",
        ],
        {"cell_0": [0], "cell_1": [1], "b": [5]},
    ),
    "text below does not end it": (["md:# A", "a = 1", "md:text", "a += 1"], {"a": [1, 3]}),
    "equal": (["md:# A", "a = 1", "md:# A", "b = 1", "md:# A", "c = 1"],
              {"a": [1], "a_2": [3], "a_3": [5]}),
    "equal to a name with a number": (
        ["md:# A", "a = 1", "md:# A 2", "b = 1", "md:# A", "c = 1"],
        {"a": [1], "a_2": [3], "a_3": [5]},
    ),
    "underlined": (["md:Load\n====", "a = 1", "md:Train\n---", "b = 1"],
                   {"load": [1], "train": [3]}),
    "of emoji and other scripts": (
        ["md:# 🎉", "a = 1", "md:# 读取数据", "b = 1", "md:# Données", "c = 1"],
        {"a": [1], "b": [3], "donnees": [5]},
    ),
    "of other scripts, over several variables": (
        ["md:# 读取", "a, b = f()", "md:# Ανάλυση", "c = g(b)", "d = c", "md:# Итог", "print(d)", "md:# 終", "print(1)"],
        {"b": [1], "d": [3, 4], "use_d": [6], "section": [8]},
    ),
    "of other scripts, over imports, loops and drawings": (
        ["md:# 读取", "import os", "xs = [os.name]", "md:# 圖", "for x in xs:\n    pass\nfig, ax = subplots()"],
        {"xs": [2], "use_xs": [4]},
    ),
    "several in a cell": (["md:# Report\n## Load", "a = 1"], {"load": [1]}),
}  # fmt: skip


@pytest.mark.parametrize(("sources", "expected"), HEADINGS.values(), ids=HEADINGS)
@pytest.mark.parametrize("by", [PartitionBy.AUTO, PartitionBy.HEADINGS])
def test_by_headings(sources: list[str], expected: dict[str, list[int]], by: PartitionBy) -> None:
    compilation = compile_cells(notebook(*sources), by=by)
    assert tasks(compilation) == expected
    assert compilation.pipeline.by is PartitionBy.HEADINGS
    assert compilation.ok


def test_by_headings_without_headings() -> None:
    compilation = compile_cells(notebook("a = 1", "b = a"), by=PartitionBy.HEADINGS)
    assert tasks(compilation) == {"cell_0": [0], "cell_1": [1]}


def test_by_cells_though_there_are_headings() -> None:
    compilation = compile_cells(notebook("md:# A", "a = 1", "b = a"), by=PartitionBy.CELLS)
    assert tasks(compilation) == {"cell_1": [1], "cell_2": [2]}
    assert [(e.source, e.target) for e in compilation.pipeline.edges] == [("cell_1", "cell_2")]


@pytest.mark.parametrize("by", [PartitionBy.CELLS, PartitionBy.HEADINGS])
def test_three_hundred_cells(by: PartitionBy) -> None:
    sources = [
        s for n in range(150) for s in (f"md:# Step {n}", f"x{n} = {f'x{n - 1}' if n else 0}")
    ]
    compilation = compile_cells(notebook(*sources), by=by)
    assert len(compilation.pipeline.tasks) == 150
    assert len(compilation.pipeline.edges) == 149
    assert compilation.ok
