"""A few random notebooks, in real kernels: verified as a user would, and run top to bottom by another tool.

Between them they have whatever notebooks are made of. ``dagflow verify`` compares every value;
what each notebook observes of its values (the texts it makes) must be what nbclient's run observes.
"""

from __future__ import annotations

import functools
import random
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from jupyter_dagflow import Dagflow
from jupyter_dagflow.core.errors import NotFound
from jupyter_dagflow.core.states import RunState
from jupyter_dagflow.run_handle import LiveRun
from jupyter_dagflow.settings import Settings
from jupyter_dagflow.verifying import Verifying
from tests.fuzz.programs import Program, write_program
from tests.fuzz.templates import STATEMENTS
from tests.fuzz.verdicts import Outcome, judge

_SAMPLE = 9
_LONGEST = 10
_PATIENCE = 20
_TELL = """\
import builtins  # the notebook may mean something else by these names
builtins.print({n: v for n, v in [*builtins.globals().items()] if n.startswith("seen") and builtins.type(v) is builtins.str})
"""


@functools.cache
def _sample() -> list[int]:
    """The first notebooks that are equal in process and not too long, with most features between them.

    The later a notebook comes, the less it need bring: who waits for the last feature waits long.
    """
    found: list[int] = []
    missing = set(STATEMENTS)
    number = 0
    while len(found) < _SAMPLE:
        number += 1
        program = write_program(random.Random(number))
        brings = len(missing.intersection(program.features))
        fits = len(program.cells) <= _LONGEST
        fits = fits and brings * (_SAMPLE - len(found)) >= len(missing) - number // _PATIENCE
        fits = fits and not _may_skip(program)  # what a skipped task skips is the machine's to tell
        if fits and judge(program, random.Random(number)).outcome is Outcome.EQUAL:
            found.append(number)
            missing -= {*program.features}
    return found


def _may_skip(program: Program) -> bool:
    return any(tag.startswith("when:") for cell in program.cells for tag in cell.tags)


@pytest.mark.parametrize("place", range(_SAMPLE))
def test_real_kernels_leave_and_see_what_run_all_does(place: int, tmp_path: Path) -> None:
    program = write_program(random.Random(_sample()[place]))
    path = tmp_path / "mine" / "notebook" / "notebook.ipynb"
    path.parent.mkdir(parents=True)
    nbformat.write(_notebook(program), path)
    expected = _run_all(program, tmp_path / "other" / "notebook")
    app = Dagflow(Settings.load({"DAGFLOW_HOME": str(tmp_path / "home")}, config={}))
    try:
        verifying = Verifying(app, app.prepare(path), jobs=2)
        dag = _ended(verifying.start_dag())
        run_all = _ended(verifying.start_run_all(dag))
        assert dag.state is RunState.SUCCESS, f"{dag.error}\n{program}"
        verification = verifying.compare(dag, run_all)
        assert verification.ok, f"{verification}\n{program}"
        assert {name: _value(dag, name) for name in expected} == expected, str(program)
    finally:
        app.close()


def _ended(run: LiveRun) -> LiveRun:
    run.wait()
    return run


def _value(run: Any, name: str) -> object:
    try:
        return run.value(name)
    except NotFound:
        return None


def _run_all(program: Program, folder: Path) -> dict[str, object]:
    folder.mkdir(parents=True)
    notebook = _notebook(program)
    notebook.cells = [c for c in notebook.cells if "skip" not in c.metadata.get("tags", ())]
    notebook.cells.append(nbformat.v4.new_code_cell(_TELL))
    resources = {"metadata": {"path": str(folder)}}
    NotebookClient(notebook, kernel_name="python3", resources=resources).execute()
    text = "".join(output.get("text", "") for output in notebook.cells[-1].outputs)
    told: dict[str, object] = eval(text, {})
    return told


def _notebook(program: Program) -> Any:
    cells = [
        nbformat.v4.new_markdown_cell(cell.source)
        if cell.heading
        else nbformat.v4.new_code_cell(cell.source, metadata={"tags": list(cell.tags)})
        for cell in program.cells
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
