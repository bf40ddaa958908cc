"""What people are told, and that tables and odd terminals do not garble it."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from jupyter_dagflow.core.compile import compile_cells
from jupyter_dagflow.core.diagnostics import Code, CompilationFailed, Diagnostic, Severity
from jupyter_dagflow.core.errors import Location, ParameterError
from jupyter_dagflow.core.events import Stored, TaskFailure
from jupyter_dagflow.core.model import CellId, Pipeline
from jupyter_dagflow.core.run import RunView
from jupyter_dagflow.core.states import RunState, TaskState
from jupyter_dagflow.surfaces import report
from jupyter_dagflow.surfaces.cli.output import for_markup, is_rich, put, put_json, put_table
from jupyter_dagflow.surfaces.table import Column, Table, plain
from tests.core.notebooks import tagged

FINDINGS = (
    Diagnostic.of(Code.NO_TASKS, "there is nothing to run", hint="Tag a cell task:NAME."),
    Diagnostic.of(
        Code.MISSPELT_TAG,
        "`taks:load` looks like a tag of ours",
        cell="c3",
        cell_index=3,
        hint="Did you mean `task:load`?",
    ),
    Diagnostic.of(
        Code.SYNTAX, "invalid syntax", cell="c4", cell_index=4, line=2, hint="Run the cell."
    ),
    Diagnostic.of(Code.CYCLE, "a → b → a", cell="c5", cell_index=5),
)


def test_error_block(snapshot: SnapshotAssertion) -> None:
    error = ParameterError(
        "There is no parameter 'm'.",
        hint="Declared are: n (int).",
        where=Location(notebook="nb.ipynb", cell="c1", cell_index=1, line=3),
    )
    assert report.error_block(error) == snapshot


def test_error_block_of_a_compilation(snapshot: SnapshotAssertion) -> None:
    assert report.error_block(CompilationFailed("nb.ipynb", FINDINGS)) == snapshot


def test_findings_of_mapped_loops(snapshot: SnapshotAssertion) -> None:
    bad = (
        "for x in xs:\n    break",
        "out = []\nfor x in xs:\n    out.append(len(out))",
        "out = []\nfor x in xs:\n    k = k + x\n    out.append(k)",
        "out = []\nfor x in xs:\n    out.append(random.random())",
        "out = []\nfor x in xs:\n    d[x] = 1\n    last = d",
    )
    cells = [(f"task:t{number} map", code) for number, code in enumerate(bad)]
    above, below = "import random\nxs, k, d = [1], 0, {}", "print(x)"
    found = compile_cells(tagged(("task:load", above), *cells, ("task:below", below)))
    errors = [each for each in found.diagnostics if each.severity is Severity.ERROR]
    assert report.findings(errors, notebook="nb.ipynb") == snapshot


def test_findings(snapshot: SnapshotAssertion) -> None:
    assert report.findings(FINDINGS, notebook="nb.ipynb") == snapshot(name="some")
    assert report.findings(()) == snapshot(name="none")


def test_how_a_run_ended(
    churn: Pipeline, make_run: Callable[..., RunView], snapshot: SnapshotAssertion
) -> None:
    view = make_run(
        churn,
        {
            "load": TaskState.SUCCESS,
            "features": TaskState.FAILED,
            **dict.fromkeys(["logistic", "forest", "boosting"], TaskState.UPSTREAM_FAILED),
        },
        state=RunState.FAILED,
    )
    view.tasks[churn.tasks[1].name].attempt = 2
    view.tasks[churn.tasks[1].name].failure = TaskFailure(
        kind="error",
        message="ZeroDivisionError: division by zero",
        cell=CellId("c1"),
        cell_index=3,
        line=7,
        last_lines="----> 7 1 / 0\n\nZeroDivisionError: division by zero",
        taskbook="/home/runs/r/tasks/features/2/features.ipynb",
    )
    view.tasks[churn.tasks[0].name].metrics = {"auc": 0.912345678, "best": "forest", "rows": 1000}
    parts = report.run_ended(view, notebook=Path("/home/runs/r/executed.ipynb"))
    assert report.as_text(parts) == snapshot


@pytest.mark.parametrize(
    "kind", ["error", "not_storable", "kernel_died", "out_of_memory", "kernel_start", "internal"]
)
def test_every_failure_names_a_next_step(
    churn: Pipeline, make_run: Callable[..., RunView], kind: str
) -> None:
    task = next(iter(make_run(churn, {}).tasks.values()))
    failure = TaskFailure(kind=kind, message="boom")
    block = report.failure_block(task, failure=failure, notebook="nb.ipynb")
    assert block.splitlines()[-1].startswith("next: ")


def test_a_column_in_which_nothing_stands_is_left_out() -> None:
    columns = (Column("name"), Column("note"), Column("size", number=True))
    table = Table(columns=columns, rows=(("a", "", "7"), ("bcd", "", "10")))
    assert plain(table) == "name  size\na        7\nbcd     10"


def terminal(monkeypatch: pytest.MonkeyPatch, encoding: str) -> Callable[[], str]:
    """Standard output with another encoding; gives what was written."""
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding=encoding))
    return lambda: raw.getvalue().decode(encoding)


def test_a_terminal_that_knows_only_ascii(monkeypatch: pytest.MonkeyPatch) -> None:
    written = terminal(monkeypatch, "ascii")
    put("✓ success: a → b, π …")
    assert written() == "+ success: a -> b, \\u03c0 ...\n"


def test_json_stays_json_and_markup_markup(monkeypatch: pytest.MonkeyPatch) -> None:
    written = terminal(monkeypatch, "ascii")
    put_json(Stored(name="π", digest="", size_bytes=1, type="str", preview="✓ 😀"))
    assert json.loads(written())["preview"] == "✓ 😀"
    assert for_markup("<t>π</t>", "ascii") == "<t>&#960;</t>"


def test_half_a_surrogate_pair_can_be_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    written = terminal(monkeypatch, "utf-8")
    put("a\udcffb")
    assert written() == "a\\udcffb\n"


class Tty(io.StringIO):
    """A terminal of that encoding."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def test_a_terminal_is_drawn_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("NO_COLOR", "1")
    tty = Tty()
    monkeypatch.setattr(sys, "stdout", tty)
    assert is_rich(tty)
    put_table(
        Table(columns=(Column("task", style="bold"),), rows=(("[red]load",),), styles=("red",))
    )
    assert "───" in tty.getvalue()
    assert "[red]load" in tty.getvalue()
    assert "\x1b[31m" not in tty.getvalue()
    monkeypatch.setenv("TERM", "dumb")
    assert not is_rich(tty)
