"""Suggested tags: what each cell is taken for, what tasks are called, and that nothing depends on less than before."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_dagflow.core.compile import compile_cells
from jupyter_dagflow.core.diagnostics import Severity
from jupyter_dagflow.core.model import Cell, CellId, CellKind, Compilation, Notebook, PartitionBy
from jupyter_dagflow.core.suggest import suggest, tagged
from jupyter_dagflow.storage.notebooks import read_notebook

EXAMPLES = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))


def notebook(*written: str | tuple[str, ...]) -> Notebook:
    """Cells from their sources, or (source, tag, …); a source that begins with ``md:`` is markdown."""
    cells = []
    for index, cell in enumerate(written):
        source, *tags = (cell,) if isinstance(cell, str) else cell
        markdown = source.startswith("md:")
        text = source.removeprefix("md:")
        cells.append(
            Cell(
                id=CellId(f"c{index}"),
                index=index,
                kind=CellKind.MARKDOWN if markdown else CellKind.CODE,
                source=text,
                code="" if markdown else text,
                tags=tuple(tags),
            )
        )
    return Notebook(path="nb.ipynb", digest="", cells=tuple(cells), kernel_name="python3")


LOAD_EXTENSION = "get_ipython().run_line_magic('dagflow', 'run')"

CASES: dict[str, tuple[list[str | tuple[str, ...]], list[str]]] = {
    "nothing": ([""], [""]),
    "setup, parameters, a task": (
        ["import os", "n = 3\nname = 'x'", "x = os.cpu_count() + n"],
        ["setup", "parameters", "task:x"],
    ),
    "only the first cell of values is of parameters": (
        ["n = 3", "m = 4", "x = n + m"],
        ["parameters", "task:m", "task:x"],
    ),
    "values below work are none": (["x = f()", "n = 3"], ["task:x", "task:n"]),
    "the magic itself": (["x = 1 + 1", LOAD_EXTENSION], ["task:x", "skip"]),
    "what only shows": (["x = f()", "print(x)", "x"], ["task:x", "", ""]),
    "what only changes": (["x = [f()]", "x.append(1)", "x = x + [2]"], ["task:x", "", ""]),
    "what makes something for another": (
        ["x = f()", "y = x + 1", "z = y"],
        ["task:x", "task:y", "task:z"],
    ),
    "what shows something from further above": (
        ["x = f()", "y = f()", "print(x)"],
        ["task:x", "task:y", "task:show_x"],
    ),
    "what shows something the task above takes too": (
        ["x = f()", "y = g(x)", "print(x, y)"],
        ["task:x", "task:y", ""],
    ),
    "loops": (["xs = f()", "for x in xs:\n    print(x)"], ["task:xs", ""]),
    "a loop whose variable is read": (
        ["xs = f()", "for x in xs:\n    pass", "y = x"],
        ["task:xs", "task:x", "task:y"],
    ),
    "drawings": (
        ["df = f()", "fig, (left, right) = subplots()\nleft.plot(df)"],
        ["task:df", ""],
    ),
    "neither reads nor makes": (["x = f()", "print('hello')"], ["task:x", ""]),
    "does work above all": (["print('hello')", "x = f()"], ["task:cell_0", "task:x"]),
    "definitions below work": (
        ["x = f()", "def g(v):\n    return v", "y = g(x)"],
        ["task:x", "", "task:y"],
    ),
    "the most read variable": (
        ["a, b = f()", "c = g(b)", "d = h(b, a)"],
        ["task:b", "task:c", "task:d"],
    ),
    "equal names": (["x = f()", "y = g(x)", "x = g(y)"], ["task:x", "task:y", "task:x_2"]),
    "names in other scripts": (["größe = f()"], ["task:grosse"]),
    "headings": (
        ["md:# Load", "x = f()", "y = f()", "md:# Train\n## Fit", "z = x", "md:# Empty"],
        ["task:load", "", "task:fit"],
    ),
    "definitions under the first heading": (
        ["md:# Imports", "import os", "md:# Load", "x = os.cpu_count()"],
        ["setup", "task:load"],
    ),
    "headings without letters that count": (
        ["md:# 🎉", "x = f()", "md:# 读取", "y = f()"],
        ["task:x", "task:y"],
    ),
    "code above the first heading": (
        ["x = f()", "print(x)", "y = f()", "md:# Load", "z = x"],
        ["task:x", "", "task:y", "task:load"],
    ),
    "equal headings": (
        ["md:# A", "x = f()", "md:# A", "y = f()"],
        ["task:a", "task:a_2"],
    ),
    "some tags there already": (
        [("n = 1", "parameters"), "m = 2", ("x = n", "task:x"), "print(x)", "y = f()"],
        ["", "task:m", "", "", "task:y"],
    ),
    "a name that a tag has taken": (
        ["x = f()", ("y = x", "task:x")],
        ["task:x_2", ""],
    ),
    "a connection": (
        ["import sqlite3", "con = sqlite3.connect(':memory:')", "a = con.execute('select 1').fetchall()", "b = len(a)",
         "con.close()"],
        ["setup", "task:a", "", "task:b", "task:a"],
    ),
    "a connection that a function makes": (
        ["import sqlite3\ndef opened():\n    return sqlite3.connect('x')", "con = opened()", "a = con.execute('').fetchall()"],
        ["setup", "task:a", ""],
    ),
    "a connection under several headings": (
        ["md:# Open", "import sqlite3", "con = sqlite3.connect('x')", "md:# Other", "a = f()", "md:# Read",
         "b = con.execute('').fetchall()", "md:# End", "c = b + a"],
        ["setup", "task:open", "task:other", "task:open", "task:end"],
    ),
    "a connection that takes back what it gave": (
        ["import sqlite3", "con = sqlite3.connect('x')", "a = con.execute('').fetchall()", "b = g(a)", "c = f()",
         "con.execute('', b)"],
        ["setup", "task:b", "", "", "task:c", "task:b"],
    ),
    "an engine": (
        ["import sqlalchemy", "e = sqlalchemy.create_engine('')", "con = e.connect()", "a = con.execute('').fetchall()"],
        ["setup", "task:a", "", ""],
    ),
    "an open file": (["f = open('x')", "a = f.read()", "b = a + f.read()"], ["task:b", "", ""]),
    "a generator": (["g = (i for i in [1])", "a = next(g)", "b = a"], ["task:a", "", "task:b"]),
    "a lock": (
        ["import threading", "lock = threading.Lock()", "with lock:\n    a = f()", "b = a"],
        ["setup", "task:a", "", "task:b"],
    ),
    "state of a module": (
        ["import decimal", "n = int(input())", "decimal.getcontext().prec = n", "a = decimal.Decimal(1) / 3"],
        ["setup", "task:a", "", ""],
    ),
    "a connection of a task that has a name": (
        ["import sqlite3", ("con = sqlite3.connect('x')", "task:db"), "a = f()", "b = con.execute('').fetchall()"],
        ["setup", "", "task:a", "task:db"],
    ),
    "a connection of two tasks that have names": (
        ["import sqlite3", ("con = sqlite3.connect('x')", "task:db"), ("b = con.execute('').fetchall()", "task:b")],
        ["setup", "", ""],
    ),
    "a file that is written and read": (
        ["open('x', 'w').write('1')", "a = f()", "b = open('x').read()"],
        ["task:cell_0", "task:a", "task:b after:cell_0"],
    ),
    "other tags stay": ([("x = f()", "keep:x", "hide")], ["task:x"]),
    "a cell that does not parse": (["x = f()", "y = ("], ["task:x", ""]),
    "another dialect": (
        [("import os", "imports"), ("x = 1", "step:a"), ("y = x", "step:b", "prev:a"), "y"],
        ["setup", "task:a", "task:b after:a", ""],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("written", "expected"), CASES.values(), ids=CASES)
def test_suggested_tags(written: list[str | tuple[str, ...]], expected: list[str]) -> None:
    suggestions = suggest(notebook(*written))
    assert [" ".join(s.tags) for s in suggestions] == expected
    assert all(s.why for s in suggestions)


def test_why_cells_are_in_one_task() -> None:
    suggestions = suggest(
        notebook(
            "import sqlite3",
            "con = sqlite3.connect('x')",
            "a = con.execute('').fetchall()",
            "b = g(a)",
            "c = f()",
            "con.execute('', b)",
        )
    )
    assert [s.why for s in suggestions] == [
        "imports, definitions and settings above all work",
        "makes b",
        "con is a database connection, which cannot be handed to another task",
        "as tasks of their own, a, b would wait for each other",
        "makes c",
        "con is a database connection, which cannot be handed to another task",
    ]


def test_tags_that_are_there_stay() -> None:
    (suggestion,) = suggest(notebook(("x = f()", "keep:x", "hide")))
    assert suggestion.all_tags == ("keep:x", "hide", "task:x")


def stripped(read: Notebook, *, headings: bool) -> Notebook:
    kept = [c for c in read.cells if headings or c.kind is CellKind.CODE]
    cells = tuple(replace(c, index=i, tags=(), options={}) for i, c in enumerate(kept))
    return replace(read, cells=cells)


def errors(compilation: Compilation) -> list[str]:
    return [d.message for d in compilation.diagnostics if d.severity is Severity.ERROR]


def places(compilation: Compilation) -> dict[str, str]:
    return {cell: task.name for task in compilation.pipeline.tasks for cell in task.cells}


def assert_depends_as_before(source: Notebook) -> None:
    """Each value that went from a cell to another still does, within a task, along an edge or by the prelude."""
    before = compile_cells(source, by=PartitionBy.CELLS)
    after = compile_cells(tagged(source, suggest(source)))
    assert errors(after) == [] or errors(before) != []
    assert [d.message for d in after.diagnostics if d.code in ("DF120", "DF123")] == []
    where = places(after)
    pairs = {(e.source, e.target) for e in after.pipeline.edges}
    for edge in before.pipeline.edges:
        for reason in edge.reasons:
            one, other = where.get(str(reason.source_cell)), where.get(str(reason.target_cell))
            if one and other and one != other:
                assert (one, other) in pairs, (reason, pairs)


HEADED = ("md:# 读取", "md:# Ανάλυση", "md:# Load", "xs = f()", "ys = [f(x) for x in xs]", "xs.append(ys)", "print(xs)",
          "def f():\n    return [1]", "for y in ys:\n    z = y", "fig, ax = draw(z)", "größe = len(ys)", "数 = 1")  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(HEADED), min_size=1, max_size=10))
def test_a_heading_gives_one_name_however_tasks_come_about(sources: list[str]) -> None:
    source = notebook("md:# Begin", "started = f()", *sources)
    proposed = compile_cells(tagged(source, suggest(source)))
    by_headings = compile_cells(source, by=PartitionBy.HEADINGS)
    assert places(proposed) == places(by_headings)


@pytest.mark.parametrize("headings", [True, False], ids=["headings", "no headings"])
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples_without_their_tags(path: Path, headings: bool) -> None:
    source = stripped(read_notebook(path), headings=headings)
    compilation = compile_cells(tagged(source, suggest(source)))
    assert errors(compilation) == []
    assert compilation.pipeline.by is PartitionBy.TAGS
    assert_depends_as_before(source)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_headings_make_the_tasks_that_they_make_untagged(path: Path) -> None:
    source = stripped(read_notebook(path), headings=True)
    by_tags = compile_cells(tagged(source, suggest(source)))
    by_headings = compile_cells(source)
    assert [(t.name, t.cells) for t in by_tags.pipeline.tasks if t.name != "parameters"] == [
        (t.name, tuple(c for c in t.cells if c not in by_tags.pipeline.prelude))
        for t in by_headings.pipeline.tasks
        if set(t.cells) - set(by_tags.pipeline.prelude)
    ]


LINES = ("h = open('x')", "h.read()", "g = (i for i in b)", "f = next(g)", "a = 1", "b = [a]", "b.append(2)", "a = a + 1", "c = b", "print(a)", "c", "import os", "def f():\n    return a",
         "d = f()", "for i in b:\n    print(i)", "md:# Head", "md:text", "", "e = i", "del c", LOAD_EXTENSION)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(LINES), min_size=1, max_size=10))
def test_any_notebook_depends_as_before(sources: list[str]) -> None:
    assert_depends_as_before(notebook(*sources))
