"""Which of the variables that a task is left with it stores, and what it says of the others."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import cloudpickle
from IPython.core.interactiveshell import InteractiveShell

from jupyter_dagflow.kernel_side.survivors import survivors

from .conftest import BOOT, Ended, Tasks

CODE = "x.append(1); y = 2; _z = 3\nimport os\nlock = __import__('threading').Lock()\ndef f(): pass"


def names(ended: Ended) -> set[str]:
    """What was stored."""
    return {stored["name"] for stored in ended.outcome["stored"]}


def test_new_is_what_the_cells_bound(tasks: Tasks) -> None:
    tasks.ok("x = []\nw = 1", writes="x w")
    ended = tasks.ok(CODE, reads="x w", setup="made_by_setup = 1", survivors="new")
    assert names(ended) == {"y", "f"}
    assert [left["name"] for left in ended.outcome["not_kept"]] == ["lock"]
    assert ended.outcome["gone"] == []


def test_all_is_whatever_is_bound(tasks: Tasks) -> None:
    tasks.ok("x = []", writes="x")
    ended = tasks.ok(CODE, reads="x", setup="made_by_setup = 1", survivors="all")
    assert names(ended) == {"x", "y", "f", "made_by_setup"}


def test_a_definition_made_anew_is_new_though_its_name_is_not(tasks: Tasks) -> None:
    ended = tasks.ok(
        "def f(): return 2",
        definitions={"f": "def f(): return 1", "g": "def g(): pass"},
        survivors="new",
    )
    assert names(ended) == {"f"}


def test_what_the_cells_deleted_is_gone(tasks: Tasks) -> None:
    tasks.ok("x = 1\ny = 2", writes="x y")
    ended = tasks.ok("del x, given", reads="x y", setup="given = 1", survivors="new")
    assert ended.outcome["gone"] == ["given", "x"]


def test_what_ipython_bound_does_not_survive() -> None:
    shell = InteractiveShell()
    shell.run_cell("import os; a = 1; _b = 2; exit = 3")
    assert survivors(shell.user_ns) == ["exit", "a"]


def compared(tasks: Tasks, one: dict[str, str], other: dict[str, str], **spec: Any) -> Any:
    """What the comparison of two sides, name to digest, finds."""
    path = tasks.folder / "comparison.json"
    outcome = tasks.folder / "compared.json"
    fields = {
        "store": str(tasks.store),
        "cloudpickle": str(Path(cloudpickle.__file__).parent),
        "run_all": one,
        "dag": other,
        "left_by": {},
        "gone": [],
        "skip": [],
        "outcome": str(outcome),
        **spec,
    }
    path.write_text(json.dumps(fields))
    script = f"import runpy\nsetting = [1]\nrunpy.run_path({str(BOOT)!r})['compare']({str(path)!r})"
    subprocess.run([sys.executable, "-c", script], check=True)
    return json.loads(outcome.read_text())


def test_two_sides_are_compared_name_by_name(tasks: Tasks) -> None:
    tasks.ok("setting = [1]\nx = [1, 2]\nsame = 'a'\nalone = 1\nsecret = 2", survivors="all")
    one = dict(tasks.digests)
    tasks.ok("x = [1, 3]\nsame = 'a'\nsecret = 1", survivors="all")
    other = {name: tasks.digests[name] for name in ("x", "same", "secret")}
    found = compared(tasks, one, other, skip=["secret"])
    assert found["equal"] == ["same", "setting"]
    assert found["different"] == {"x": "x[1]: 2 != 3", "alone": "alone is only in Run All: 1"}
    assert found["not_compared"] == {}


def test_what_the_dag_deleted_is_not_the_preludes(tasks: Tasks) -> None:
    assert compared(tasks, {}, {}, gone=["setting"])["different"] == {}
    found = compared(tasks, {}, {})
    assert found["different"] == {"setting": "setting is only in the DAG: [1]"}


def test_a_bundle_that_is_damaged_is_not_called_equal(tasks: Tasks) -> None:
    tasks.ok("x = [1, 2]", writes="x")
    found = compared(tasks, {"x": tasks.digests["x"]}, {"x": "xxh3:" + "0" * 32})
    assert found["equal"] == ["setting"] or "setting" in found["different"]
    assert "missing" in found["not_compared"]["x"]


def test_classes_of_one_name_are_compared_and_not_confused(tasks: Tasks) -> None:
    source = "class C:\n    n = 1\n"
    tasks.ok(source + "C.n = 2\nc = C()\nc.a = 1", survivors="all")
    one = dict(tasks.digests)
    tasks.ok(source + "c = C()\nc.a = 1", own={"C": source}, survivors="new")
    found = compared(tasks, one, dict(tasks.digests), skip=["setting"])
    assert found["different"] == {"C": "C.n: 2 != 1", "c": "type(c).n: 2 != 1"}
