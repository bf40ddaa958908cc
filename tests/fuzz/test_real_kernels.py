"""A few random notebooks, in real kernels: by `Dagflow` with ``keep="all"``, and top to bottom.

What each observes of its values (the texts it makes) is compared: that is all its own doing.
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
from jupyter_dagflow.settings import Settings
from tests.fuzz.programs import Program, write_program
from tests.fuzz.verdicts import Outcome, judge

_AMBIENT = ("random", "chdir")
_SAMPLE = 6
_TELL = (
    "print({n: v for n, v in list(globals().items()) if n.startswith('seen') and type(v) is str})"
)


@functools.cache
def _sample() -> list[int]:
    """The first notebooks that are equal in process, are not too long, and observe something."""
    found: list[int] = []
    number = 0
    while len(found) < _SAMPLE:
        number += 1
        program = write_program(random.Random(number))
        text = str(program)
        fits = len(program.cells) <= 8 and text.count("seen") >= 2
        fits = fits and not any(word in text for word in _AMBIENT)
        if fits and judge(program, random.Random(number)).outcome is Outcome.EQUAL:
            found.append(number)
    return found


@pytest.mark.parametrize("place", range(_SAMPLE))
def test_real_kernels_see_what_run_all_sees(place: int, tmp_path: Path) -> None:
    program = write_program(random.Random(_sample()[place]))
    expected = _run_all(program)
    path = tmp_path / "notebook.ipynb"
    nbformat.write(_notebook(program), path)
    app = Dagflow(Settings.load({"DAGFLOW_HOME": str(tmp_path / "home")}, config={}))
    try:
        run = app.run(path, keep="all", jobs=2)
        assert run.state is RunState.SUCCESS, f"{run.error}\n{program}"
        assert {name: _value(run, name) for name in expected} == expected, str(program)
    finally:
        app.close()


def _value(run: Any, name: str) -> object:
    try:
        return run.value(name)
    except NotFound:
        return None


def _run_all(program: Program) -> dict[str, object]:
    notebook = _notebook(program)
    notebook.cells = [c for c in notebook.cells if "skip" not in c.metadata.tags]
    notebook.cells.append(nbformat.v4.new_code_cell(_TELL))
    NotebookClient(notebook, kernel_name="python3").execute()
    text = "".join(output.text for output in notebook.cells[-1].outputs)
    told: dict[str, object] = eval(text, {})
    return told


def _notebook(program: Program) -> Any:
    cells = [
        nbformat.v4.new_code_cell(cell.source, metadata={"tags": list(cell.tags)})
        for cell in program.cells
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
