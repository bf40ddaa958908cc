"""Cells to pipelines, as tables: which cells become which tasks, with which edges, and what is said about it."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from jupyter_dagflow.core.compile import compile_cells
from jupyter_dagflow.core.model import (
    Cell,
    CellId,
    CellKind,
    Compilation,
    Notebook,
    PartitionBy,
    TaskName,
)
from jupyter_dagflow.core.retry import NO_RETRIES, RetryPolicy

Written = tuple[str, ...] | str


def notebook(*written: Written) -> Notebook:
    """A notebook of cells given as source, or (source, tag, …); a source that begins with # is markdown."""
    cells = []
    for index, cell in enumerate(written):
        source, *tags = (cell,) if isinstance(cell, str) else cell
        markdown = source.startswith("# ") and not tags
        cells.append(
            Cell(
                id=CellId(f"c{index}"),
                index=index,
                kind=CellKind.MARKDOWN if markdown else CellKind.CODE,
                source=source,
                code="" if markdown else source,
                tags=tuple(tags),
            )
        )
    return Notebook(path="folder/nb.ipynb", digest="", cells=tuple(cells), kernel_name="python3")


def compiled(*written: Written, by: PartitionBy = PartitionBy.AUTO) -> Compilation:
    return compile_cells(notebook(*written), by=by)


def tasks(compilation: Compilation) -> dict[str, list[int]]:
    return {task.name: list(task.cell_indexes) for task in compilation.pipeline.tasks}


def edges(compilation: Compilation) -> list[str]:
    return [
        f"{e.source}->{e.target}: {','.join(r.name for r in e.reasons)}"
        for e in compilation.pipeline.edges
    ]


def codes(compilation: Compilation) -> list[str]:
    return [d.code for d in compilation.diagnostics]


@dataclass
class Case:
    """Cells, the way to group them, and the tasks that come of it."""

    name: str
    cells: tuple[Written, ...]
    tasks: dict[str, list[int]]
    by: PartitionBy = PartitionBy.AUTO
    chosen: PartitionBy = PartitionBy.TAGS
    codes: tuple[str, ...] = ()


RUNS_ITSELF = (
    "# live\nget_ipython().run_line_magic('load_ext', 'jupyter_dagflow')\n"
    "get_ipython().run_line_magic('dagflow', 'run --jobs 2')"
)
GROUPING = [
    Case(
        "a tagged cell is a task",
        (("x = 1", "task:a"), ("print(x)", "task:b")),
        {"a": [0], "b": [1]},
    ),
    Case("untagged belongs to the task above", (("x = 1", "task:a"), "y = 2"), {"a": [0, 1]}),
    Case(
        "a task may be continued",
        (("x = 1", "task:a"), ("y = 2", "task:b"), ("z = 3", "task:a")),
        {"a": [0, 2], "b": [1]},
    ),
    Case(
        "definitions above the first task are setup", ("import os", ("x = 1", "task:a")), {"a": [1]}
    ),
    Case(
        "work above the first task is a task of its own",
        ("x = 1", ("y = x", "task:a")),
        {"cell_0": [0], "a": [1]},
        codes=("DF110",),
    ),
    Case("skip leaves out", (("x = 1", "task:a"), ("boom", "skip")), {"a": [0]}),
    Case(
        "a skipped cell still begins its task",
        (("x = 1", "task:a"), ("boom", "task:b", "skip"), ("y = 2",)),
        {"a": [0], "b": [2]},
    ),
    Case("setup is no task", (("import os", "setup"), ("x = 1", "task:a")), {"a": [1]}),
    Case("markdown is no task", ("# Title", ("x = 1", "task:a"), "# End"), {"a": [1]}),
    Case("an empty cell is no task", ("", ("x = 1", "task:a")), {"a": [1]}),
    Case(
        "a cell that only runs this pipeline is left out",
        (("x = 1", "task:a"), RUNS_ITSELF),
        {"a": [0]},
    ),
    Case(
        "but not one that does more",
        (("x = 1", "task:a"), "y = 2\n" + RUNS_ITSELF),
        {"a": [0, 1]},
        codes=("DF111",),
    ),
    Case(
        "a long heading makes a short name",
        ("# " + "very " * 100, "x = 1"),
        {("very_" * 12)[:-1]: [1]},
        chosen=PartitionBy.HEADINGS,
    ),
    Case(
        "headings, where nothing is tagged",
        ("# Load data", "x = 1", "y = 2", "# Train: a model!", "print(x)"),
        {"load_data": [1, 2], "train_a_model": [4]},
        chosen=PartitionBy.HEADINGS,
    ),
    Case(
        "equal headings are told apart",
        ("# Step", "x = 1", "# Step", "y = 2", "# 2nd", "z = 3"),
        {"step": [1], "step_2": [3], "_2nd": [5]},
        chosen=PartitionBy.HEADINGS,
    ),
    Case(
        "imports under the first heading are setup",
        ("# Imports", "import os", "# Load", "x = os.sep"),
        {"load": [3]},
        chosen=PartitionBy.HEADINGS,
    ),
    Case(
        "neither tags nor headings",
        ("x = 1", "print(x)"),
        {"cell_0": [0], "cell_1": [1]},
        chosen=PartitionBy.CELLS,
    ),
    Case(
        "cells, though there are tags",
        (
            ("x = 1", "task:a"),
            ("y = 2", "setup"),
            ("z = 3", "skip"),
            ("n = 1", "parameters"),
            "print(x)",
        ),
        {"cell_0": [0], "cell_4": [4]},
        by=PartitionBy.CELLS,
        chosen=PartitionBy.CELLS,
    ),
    Case("nothing to run", ("# Only words",), {}, chosen=PartitionBy.CELLS, codes=("DF122",)),
]


@pytest.mark.parametrize("case", GROUPING, ids=lambda case: case.name)
def test_cells_become_tasks(case: Case) -> None:
    compilation = compiled(*case.cells, by=case.by)
    assert tasks(compilation) == case.tasks
    assert compilation.pipeline.by is case.chosen
    assert tuple(codes(compilation)) == case.codes


def test_the_dag_a_person_would_draw() -> None:
    compilation = compiled(
        ("n = 3", "parameters"),
        "import math",
        ("X = [math.sqrt(i) for i in range(n)]", "task:load"),
        ("def fit(rows, k):\n    return sum(rows) * k", "task:models"),
        ("a = fit(X, 1)", "task:train_a"),
        ("b = fit(X, 2)", "task:train_b"),
        ("best = max(a, b)", "task:evaluate", "metric:best"),
    )
    assert codes(compilation) == []
    assert edges(compilation) == [
        "load->train_a: X",
        "load->train_b: X",
        "train_a->evaluate: a",
        "train_b->evaluate: b",
    ]
    by_name = {task.name: task for task in compilation.pipeline.tasks}
    train = by_name[TaskName("train_a")]
    assert [d.name for d in train.definitions] == ["fit"]
    assert [i.name for i in train.inputs] == ["X"]
    assert train.outputs == ("a",)
    assert by_name[TaskName("evaluate")].outputs == ("best",)
    assert [p.name for p in compilation.pipeline.parameters] == ["n"]
    assert compilation.pipeline.name == "nb"


def test_after_is_an_edge_and_may_name_a_later_task() -> None:
    compilation = compiled(("x = 1", "task:a", "after:b"), ("y = 1", "task:b"))
    assert edges(compilation) == ["b->a: b"]
    assert compilation.ok


def test_an_edge_carries_all_its_reasons() -> None:
    compilation = compiled(("x = 1\ny = 2", "task:a"), ("print(y)\nprint(x)", "task:b", "after:a"))
    (edge,) = compilation.pipeline.edges
    told = {(r.kind, r.name, r.source_line, r.target_line) for r in edge.reasons}
    assert told == {("data", "x", 1, 2), ("data", "y", 2, 1), ("after", "a", None, None)}


@pytest.mark.parametrize(
    ("cells", "code", "cell", "words"),
    [
        ((("x = 1", "task:a", "after:b"),), "DF108", 0, "no task b"),
        ((("x = 1", "task:a", "after:a"),), "DF107", 0, "a → a"),
        (
            (("x = 1", "task:a", "after:b"), ("y = x", "task:b")),
            "DF107",
            0,
            "a → b → a",
        ),
        (
            (("x = 1", "task:a"), ("y = x", "task:b"), ("print(y)", "task:a")),
            "DF107",
            0,
            "reads",
        ),
        (
            (("n = 1", "parameters"), ("m = 1", "parameters"), ("x = 1", "task:a")),
            "DF105",
            1,
            "cell 1",
        ),
        ((("n = f()", "parameters"), ("x = 1", "task:a")), "DF106", 0, "literal"),
        ((("x = 1", "task:a", "keep:y"),), "DF118", 0, "no variable y"),
        ((("x = 1", "task:a"), ("y = 1", "task:b", "when:z>1")), "DF118", 1, "asks for `z`"),
        ((("x = 1", "task:a", "when:x>1"),), "DF118", 0, "asks for `x`"),
        ((("x = 1", "task:a", "queue:p"),), "DF109", 0, "queue:p"),
        ((("x = 1", "taks:a"), ("y = 2", "task:b")), "DF103", 0, "taks:a"),
        ((("x = (", "task:a", "keep:x"),), "DF101", 0, "was never closed"),
        ((("x = 1", "task:" + "a" * 101),), "DF102", 0, "at most 100"),
        ((("x = 1", "task:a", "priority:1"), ("y = 1", "priority:2")), "DF104", 1, "priority"),
    ],
)
def test_what_is_wrong_is_told_with_its_cell(
    cells: tuple[Written, ...], code: str, cell: int, words: str
) -> None:
    found = [d for d in compiled(*cells).diagnostics if d.code == code]
    assert len(found) == 1
    assert found[0].cell_index == cell
    assert words in found[0].message
    assert found[0].hint


def test_every_circle_is_told() -> None:
    after = {"a": "b", "b": "a", "c": "c", "d": "a"}
    cells = [("x = 1", f"task:{name}", f"after:{other}") for name, other in after.items()]
    found = [d for d in compiled(*cells).diagnostics if d.code == "DF107"]
    told = [d.message.split(" (")[0].removeprefix("The tasks wait for each other: ") for d in found]
    assert sorted(zip([d.cell_index for d in found], told, strict=True)) == [
        (0, "a → b → a"),
        (2, "c → c"),
    ]


def test_retries_and_the_time_limit_are_those_of_all_cells_of_a_task() -> None:
    tags = ("task:a", "retries:3", "retry-delay:1m"), ("retry-backoff:2", "timeout:PT1H")
    compilation = compiled(*(("x = 1", *each) for each in tags), ("z = x", "task:b"))
    first, second = compilation.pipeline.tasks
    assert first.options.retry == RetryPolicy(retries=3, delay_s=60, backoff=2)
    assert first.options.timeout_s == 3600
    assert (second.options.retry, second.options.timeout_s) == (NO_RETRIES, None)


def test_repeated_options_of_a_task_add_up() -> None:
    compilation = compiled(("x = 1", "task:a", "keep:x"), ("y = 2", "keep:y"), ("z = y", "task:b"))
    first = compilation.pipeline.tasks[0]
    assert first.options.keep == ("x", "y")
    assert first.declared == {"keep": ["x", "y"]}
    assert set(first.outputs) == {"x", "y"}


def test_only_what_others_read_is_stored() -> None:
    compilation = compiled(("x = 1\nscratch = 2", "task:a"), ("print(x)", "task:b"))
    first = compilation.pipeline.tasks[0]
    assert first.outputs == ("x",)
    assert set(first.writes) == {"x", "scratch"}
