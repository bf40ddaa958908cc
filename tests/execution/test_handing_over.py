"""Values are saved in one kernel and loaded in another while the cells of a third run.

Each of the three waits until the other two have begun: where one of them kept another waiting, none would end.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.execution.projects import Project

SETUP = """
import time
from pathlib import Path

PATIENCE = 3000

def meet(me):
    (SIGNS / me).touch()
    for _ in range(PATIENCE):
        if all((SIGNS / each).exists() for each in ("saves", "loads", "runs")):
            return
        time.sleep(0.01)
    raise RuntimeError(f"whoever {me} was alone")

class MetWhenSaved:
    def __getstate__(self):
        meet("saves")
        return {"met": True}

class MetWhenLoaded:
    def __setstate__(self, state):
        meet("loads")
        self.met = True

    def __getstate__(self):
        return {"met": False}
"""

CELLS = [
    ("task:source", "first = MetWhenLoaded()"),
    ("task:saves after:source keep:last", "last = MetWhenSaved()"),
    ("task:loads after:source keep:loaded", "loaded = first.met"),
    ("task:runs after:source", "meet('runs')"),
]


@pytest.mark.parametrize("cells", [CELLS, [CELLS[0], *reversed(CELLS[1:])]])
def test_one_saves_while_one_loads_while_one_runs(
    tmp_path: Path, kernels: Path, cells: list[tuple[str, str]]
) -> None:
    signs = tmp_path / "signs"
    signs.mkdir()
    project = Project(tmp_path)
    try:
        run = project.run(("setup", f"{SETUP}\nSIGNS = Path({str(signs)!r})"), *cells, jobs=3)
        assert run.error is None, run.error
        assert run.value("loaded") is True
    finally:
        project.close()
    assert sorted(sign.name for sign in signs.iterdir()) == ["loads", "runs", "saves"]


def test_functions_that_a_script_has_made_are_handed_over(tmp_path: Path, kernels: Path) -> None:
    project = Project(tmp_path, keep="all")
    (project.folder / "other.py").write_text("n = 2\ndef times(x):\n    return n * x\n")
    run = project.run(
        ("task:a", "get_ipython().run_line_magic('run', 'other.py')\ny = times(1)"),
        ("task:b", "z = times(y)"),
    )
    value = run.value("z")
    project.close()
    assert value == 4
