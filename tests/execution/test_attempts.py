"""How attempts end, in real kernels: well, by an error, or without a result that can be stored."""

from __future__ import annotations

import datetime
import json
import logging
import os
import shutil
import time
from pathlib import Path
from typing import Any

import nbclient
import nbformat
import pytest

import jupyter_dagflow
from jupyter_dagflow.core.model import CellId, Definition
from jupyter_dagflow.execution import attempt_files
from jupyter_dagflow.storage.logs import read_log


def test_values_pass_from_task_to_task(bench: Any, capfd: pytest.CaptureFixture[str]) -> None:
    bench.task("load", "import pandas as pd", "df = pd.DataFrame({'a': [1, 2, 3]})", writes="df")
    bench.task("total", "n = int(df.a.sum())", reads={"df": "load"}, writes="n", metrics="n")
    before = os.getcwd()
    ended = bench.run("load", "total")
    assert ended.failure is None
    assert ended.metrics == {"n": 6}
    (stored,) = ended.stored
    assert (stored.name, stored.type, stored.value, stored.preview) == ("n", "int", 6, "6")
    (frame,) = bench.ended["load"].stored
    assert (frame.type, frame.shape) == ("pandas.DataFrame", (3, 1))
    assert [(p.task, p.cell_index, p.done, p.total) for p in bench.progress] == [
        ("load", 0, 0, 2),
        ("load", 1, 1, 2),
        ("load", 1, 2, 2),
        ("total", 2, 0, 1),
        ("total", 2, 1, 1),
    ]
    assert os.getcwd() == before
    assert logging.getLogger("papermill").filters == []
    assert capfd.readouterr() == ("", "")


def test_the_time_counted_is_that_of_the_tasks_own_cells(bench: Any) -> None:
    source = "import time\nbegan = time.monotonic()\nsum(range(10**6))\n"
    bench.task("a", source + "took = time.monotonic() - began", writes="took")
    began = time.monotonic()
    ended = bench.run("a")
    assert ended.stored[0].value < ended.cells_s < time.monotonic() - began


def test_the_last_source_that_bound_a_name_gives_it(bench: Any) -> None:
    bench.task("a", "x = 'a'", writes="x")
    bench.task("b", "if False:\n    x = 'b'", writes="x")
    bench.task("c", "assert x == 'a'", reads={"x": "a b"})
    assert bench.run("a", "b", "c").failure is None


def test_an_error_tells_cell_line_and_traceback(bench: Any) -> None:
    bench.task("a", "x = 1", "y = x\ndef f(v):\n    return v / 0\nf(y)")
    failure = bench.run("a").failure
    assert (failure.kind, failure.message) == ("error", "ZeroDivisionError: division by zero")
    assert (failure.cell, failure.cell_index, failure.line) == ("cell1", 1, 3)
    assert failure.last_lines.endswith("ZeroDivisionError: division by zero")
    assert "\x1b" not in failure.last_lines
    assert failure.taskbook == str(bench.files.taskbook("a", 1))


@pytest.mark.parametrize(
    ("source", "line"),
    [("y = 1\nx = = 2", 2), ("%%time\na = 1\n1/0", 3), ("import json\njson.loads('x')\n", 2)],
)
def test_the_line_is_that_of_the_cell(bench: Any, source: str, line: int) -> None:
    bench.task("a", source)
    failure = bench.run("a").failure
    assert (failure.kind, failure.cell_index, failure.line) == ("error", 0, line)


def test_an_error_in_a_definition_tells_the_cell_it_comes_from(bench: Any) -> None:
    source = "import surely_no_such_module"
    definition = Definition(name="m", cell=CellId("x"), cell_index=7, line=4, source=source)
    good = Definition(name="k", cell=CellId("w"), cell_index=5, line=1, source="k = (1,\n2)")
    bench.task("a", "pass", definitions=(good, definition))
    failure = bench.run("a").failure
    assert "No module named 'surely_no_such_module'" in failure.message
    assert (failure.cell, failure.cell_index, failure.line) == ("x", 7, 4)


def test_a_traceback_speaks_of_the_notebooks_cells(bench: Any) -> None:
    source = "def half(n):\n    return json.loads(n)"
    definition = Definition(name="half", cell=CellId("x"), cell_index=7, line=4, source=source)
    imports = Definition(name="json", cell=CellId("w"), cell_index=5, line=1, source="import json")
    bench.prelude = [bench.cell("setup = 1")]
    bench.task("a", "y = 1", "\n\nhalf('x')", definitions=(imports, definition))
    failure = bench.run("a").failure
    assert (failure.cell_index, failure.line) == (2, 3)
    lines = failure.last_lines.splitlines()
    assert lines[:5] == [
        "Cell 2, line 3",
        "----> 3 half('x')",
        "Cell 7, line 5, in half(n)",
        "      4 def half(n):",
        "----> 5     return json.loads(n)",
    ]
    assert lines[5] == "…"
    assert lines[6].endswith("in JSONDecoder.raw_decode(self, s, idx)")
    assert lines[7].startswith("--> ")
    assert lines[8:] == ["JSONDecodeError: Expecting value: line 1 column 1 (char 0)"]


def test_a_cell_that_may_raise_does_not_end_the_task(bench: Any) -> None:
    bench.task("a", "x = 1\n1/0", "x += 1", writes="x", tags=("raises-exception",))
    ended = bench.run("a")
    assert ended.failure is None
    assert ended.stored[0].value == 2


SHOWN_ERROR = """\
def f():
    1/0
try:
    f()
except ZeroDivisionError:
    get_ipython().showtraceback()
"""


def test_an_error_that_is_only_shown_fails_the_task_as_papermill_has_it(bench: Any) -> None:
    bench.task("a", SHOWN_ERROR, "import pathlib; pathlib.Path('ran').touch()", "x = 1", writes="x")
    ended = bench.run("a")
    failure = ended.failure
    assert (failure.kind, failure.message) == ("error", "ZeroDivisionError: division by zero")
    assert (failure.cell, failure.cell_index, failure.line) == ("cell0", 0, 2)
    assert failure.last_lines.endswith("ZeroDivisionError: division by zero")
    assert ended.stored == ()
    assert not (bench.home / "ran").exists()
    book = json.loads(bench.taskbook("a"))
    (cell,) = (cell for cell in book["cells"] if cell["id"] == "cell0")
    assert [output["output_type"] for output in cell["outputs"]] == ["error"]
    assert cell["metadata"]["papermill"]["exception"]


def test_an_error_that_is_shown_where_one_is_expected_does_not_end_the_task(bench: Any) -> None:
    bench.task("a", SHOWN_ERROR, "x = 1", writes="x", tags=("raises-exception",))
    assert bench.run("a").failure is None


def test_leaving_early_is_an_error_that_says_so(bench: Any) -> None:
    bench.task("a", "import sys; sys.exit(0)", "x = 1", writes="x")
    failure = bench.run("a").failure
    assert (failure.kind, failure.cell_index) == ("error", 0)
    assert failure.message.startswith("SystemExit")
    assert "before its results are stored" in failure.hint


def test_parameters_are_injected_below_their_cell_with_their_types(bench: Any) -> None:
    imports = bench.cell("from datetime import date, datetime")
    bench.parameters_cell = bench.cell(
        "n = 1\nday = date(2020, 1, 1)\nat = datetime(2020, 1, 1)\nkept = 'k'", tags=("parameters",)
    )
    bench.prelude = [imports, bench.parameters_cell, bench.cell("twice = n * 2")]
    bench.task("a", "x = [n, twice, kept, day.isoformat(), at.hour]", writes="x")
    values = {
        "n": 5,
        "day": datetime.date(2024, 2, 29),
        "at": datetime.datetime(2024, 2, 29, 7, tzinfo=datetime.timezone.utc),
    }
    ended = bench.run("a", parameters=values)
    assert ended.failure is None
    assert ended.stored[0].value == [5, 10, "k", "2024-02-29", 7]


def test_a_task_runs_in_the_folder_it_is_given(bench: Any) -> None:
    folder = bench.home / "data {n} ü"
    folder.mkdir()
    bench.task("a", "import os; here = os.getcwd()", writes="here")
    assert bench.run("a", cwd=folder).stored[0].value == str(folder)


def test_paths_with_braces_and_spaces_work(bench: Any) -> None:
    bench.home = bench.home / "home {x} y"
    bench.home.mkdir()
    bench.task("a", "x = 1", writes="x")
    assert bench.run("a").failure is None


def test_a_kept_result_that_cannot_leave_says_where_it_was_made(bench: Any) -> None:
    bench.task("rows", "n = 3", "m = 1\ngen = (i for i in range(n))", writes="gen", keep="gen")
    failure = bench.run("rows").failure
    assert (failure.kind, failure.cell, failure.line) == ("not_storable", "cell1", 2)


def test_a_result_that_cannot_leave_says_who_needs_it_and_what_to_do(bench: Any) -> None:
    bench.task("rows", "gen = (i for i in range(3))", writes="gen")
    bench.task("use", "list(gen)", reads={"gen": "rows"})
    failure = bench.run("rows").failure
    assert failure.kind == "not_storable"
    assert failure.message == (
        "gen (generator) cannot leave the kernel of task rows: cannot pickle 'generator' object. "
        "It is read by task use, cell 1."
    )
    assert "put both cells in one task" in failure.hint


def test_the_taskbook_keeps_outputs_and_names_files_as_people_do(bench: Any) -> None:
    bench.task("a", "print('dagflow-taskbook:')", "1/0")
    bench.run("a")
    book = json.loads(bench.taskbook("a"))
    path = str(bench.files.taskbook("a", 1))
    assert book["metadata"]["papermill"]["input_path"] == path
    outputs = {cell["id"]: cell.get("outputs") for cell in book["cells"]}
    assert "dagflow-taskbook:" in json.dumps(outputs["cell0"])
    assert outputs["cell1"][0]["ename"] == "ZeroDivisionError"
    assert outputs["dagflow-save"] == []


@pytest.mark.parametrize(
    ("sources", "tags", "cell", "line"),
    [
        (("auc = 0", "\nfor auc in [[0.5]]:\n    pass", "print(auc)"), (), 1, 2),
        (("x = 1", "globals()['auc'] = [0.5]"), ("metric:auc",), 0, None),
    ],
)
def test_a_metric_that_is_none_is_an_error_with_a_place_and_a_way_out(
    bench: Any, sources: tuple[str, ...], tags: tuple[str, ...], cell: int, line: int | None
) -> None:
    bench.task("a", *sources, writes="auc", metrics="auc", tags=tags)
    failure = bench.run("a").failure
    assert (failure.kind, failure.message) == (
        "error",
        "Metric auc is of type list; a metric is a number, a string or a bool.",
    )
    assert (failure.cell, failure.cell_index, failure.line) == (f"cell{cell}", cell, line)
    assert "auc = float(...)" in failure.hint


def test_keeping_all_keeps_what_can_be_kept_and_says_what_cannot(bench: Any) -> None:
    bench.task("a", "import os\nx = 1\ny = 2\ng = (i for i in [])", writes="x", bound="os x y g")
    ended = bench.run("a", keep_all=True)
    assert ended.failure is None
    assert [s.name for s in ended.stored] == ["x", "y"]
    assert [entry.text for entry in read_log(bench.files.taskbook("a", 1), "a")] == [
        "not kept: g (generator): cannot pickle 'generator' object\n"
    ]


def test_a_damaged_input_is_reported(bench: Any) -> None:
    bench.task("a", "x = [1]", writes="x")
    bench.task("b", "print(x)", reads={"x": "a"})
    bench.run("a")
    next((bench.home / "store").glob("*/*")).write_bytes(b"broken")
    failure = bench.run("b").failure
    assert failure.kind == "internal"
    path = next((bench.home / "store").glob("*/*"))
    assert failure.message == (
        f"Cannot load x. The stored file {path} is not what its digest says."
    )
    assert failure.hint == "Run the task that made it again."


def test_a_taskbook_can_be_run_again_by_hand(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    installed = bench.home / "an 'environment' {e}" / "kernel_side"
    shutil.copytree(Path(jupyter_dagflow.__file__).parent / "kernel_side", installed)
    monkeypatch.setattr(attempt_files, "_BOOT", installed / "boot.py")
    bench.home = bench.home / 'my "project" {p}'
    bench.task("a", "x = [1]", writes="x")
    bench.task("b", "x.append(2)\nassert x == [1, 2]", reads={"x": "a"})
    bench.home.mkdir()
    assert bench.run("a", "b").failure is None
    source = f"""
import nbclient, nbformat
book = nbformat.read({str(bench.files.taskbook("b", 1))!r}, as_version=4)
nbclient.NotebookClient(book, kernel_name={bench.kernel!r}).execute()
"""
    bench.task("hand", source)
    assert bench.run("hand").failure is None


def test_run_again_by_hand_a_taskbook_sees_the_notebooks_own_folder(
    bench: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = bench.home / "my 'project'"
    (project / "data").mkdir(parents=True)
    (project / "data" / "n.txt").write_text("7")
    (project / "beside_the_notebook.py").write_text("def half(n): return n / 2")
    bench.prelude = [bench.cell("import os, sys\nfrom beside_the_notebook import half")]
    bench.task("a", "n = half(int(open('data/n.txt').read()))\nprint(n, sys.path[0])\n1 / 0")
    assert bench.run("a", cwd=project).failure.message == "ZeroDivisionError: division by zero"
    elsewhere = bench.files.taskbook("a", 1).parent
    monkeypatch.chdir(elsewhere)
    book = nbformat.read(elsewhere / "a.ipynb", as_version=4)  # type: ignore[no-untyped-call]
    (before,) = (cell.outputs[0] for cell in book.cells if cell.id == "cell1")
    client = nbclient.NotebookClient(book, kernel_name=bench.kernel)
    with pytest.raises(nbclient.exceptions.CellExecutionError, match="ZeroDivisionError"):
        client.execute(cwd=str(elsewhere))
    (after,) = (cell.outputs[0] for cell in book.cells if cell.id == "cell1")
    assert after.text == before.text
    assert after.text.startswith("3.5 ")


def test_an_executor_works_inside_a_kernel(bench: Any) -> None:
    root = os.path.dirname(os.path.dirname(jupyter_dagflow.__file__))
    bench.task(
        "outer",
        f"""
import asyncio, pathlib, sys, threading
sys.path += [{root!r}, {os.path.dirname(__file__)!r}]
from conftest import Bench
inner = Bench(pathlib.Path({str(bench.home / "inner")!r}), kernel={bench.kernel!r})
inner.task("a", "x = 1", writes="x")
thread = threading.Thread(target=inner.run, args=("a",))
thread.start()
thread.join()
state = inner.ended["a"].failure
value = inner.ended["a"].stored[0].value
""",
        writes="state value",
    )
    ended = bench.run("outer")
    assert ended.failure is None
    assert {s.name: s.value for s in ended.stored} == {"state": None, "value": 1}
