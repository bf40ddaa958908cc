"""Kale notebooks and percent files, run as their owners run them: through the command, with real kernels."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

DAGFLOW = Path(sys.executable).with_name("dagflow")
HELLO = Path(__file__).parents[2] / "notebooks" / "hello.ipynb"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGFLOW_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)


def dagflow(*arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([str(DAGFLOW), *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    return done


def document(*arguments: str, code: int = 0) -> Any:
    return json.loads(dagflow(*arguments, "--json", code=code).stdout)


def kale(*cells: tuple[str, ...]) -> None:
    raw = {
        "cells": [
            {
                "cell_type": "code",
                "metadata": {"tags": tags},
                "source": source,
                "outputs": [],
                "execution_count": None,
            }
            for source, *tags in cells
        ],
        "metadata": {
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
            "kubeflow_notebook": {
                "pipeline_name": "areas",
                "steps_defaults": ["label:access:true"],
                "volumes": [],
            },
        },
        "nbformat": 4,
        "nbformat_minor": 4,
    }
    Path("kale.ipynb").write_text(json.dumps(raw))


def texts(path: str) -> list[str]:
    """What each code cell of an executed notebook printed."""
    cells = json.loads(Path(path).read_text())["cells"]
    return ["".join("".join(o.get("text", "")) for o in c.get("outputs", ())) for c in cells]


def test_a_kale_notebook_runs(tmp_path: Path) -> None:
    kale(
        ("import math", "imports"),
        ("FACTOR = 2",),
        ("def area(r):\n    return math.pi * r**2 * FACTOR", "functions"),
        ("n = 3\nlabel = 'areas'", "pipeline-parameters"),
        ("radii = list(range(n))", "step:radii", "limit:nvidia.com/gpu:1", "image:python:3.11"),
        ("open('order.txt', 'w').write('radii')", "step:"),
        ("print(open('order.txt').read())", "step:after-it", "prev:radii"),
        ("areas = [area(r) for r in radii]", "step:areas", "prev:radii", "cache:enabled"),
        ("import no_such_package", "skip"),
        ("total = round(sum(areas), 3)",),
        ("print(n)\nprint(total)", "pipeline-metrics"),
    )
    before = Path("kale.ipynb").read_bytes()
    (told,) = document("check", "kale.ipynb")["diagnostics"]
    assert told["message"].endswith(
        "image:python:3.11 (cell 4), pipeline_name, steps_defaults (kubeflow_notebook)."
    )
    run = document("run", "kale.ipynb", "-p", "n=4")
    assert run["state"] == "success"
    assert [task["name"] for task in run["tasks"]] == [
        "radii",
        "after-it",
        "areas",
        "pipeline_metrics",
    ]
    assert run["metrics"] == {"n": 4, "total": 87.965}
    printed = texts(run["notebook"])
    assert printed[4] == ""  # the injected parameters stand below those of the notebook
    assert printed[7] == "radii\n"
    assert printed[-1] == "4\n87.965\n"
    assert Path("kale.ipynb").read_bytes() == before

    dagflow("tag", "kale.ipynb", "--apply", "-o", "ours.ipynb")
    again = document("run", "ours.ipynb", "-p", "n=4")
    assert again["metrics"] == run["metrics"]


def test_parameters_of_several_cells_run() -> None:
    kale(
        ("from datetime import date", "imports"),
        ("n = 2 * 50\nlow = -1\npath = 'a' + 'b'\nrates = [0.1, 0.2]", "pipeline-parameters"),
        ("double = n * 2", "functions"),
        ("k = 3", "pipeline-parameters"),
        ("day = date(2026, 1, 2)\nhalf = n / 2",),
        ("print(n, low, path, rates, double, k, day, half)", "step:show"),
        ("total = n + k", "step:sum", "prev:show"),
        ("print(total)", "pipeline-metrics"),
    )
    given = ("-p", "n=7", "-p", "k=5", "-p", "day=2026-05-06")
    run = document("run", "kale.ipynb")
    assert texts(run["notebook"])[5] == "100 -1 ab [0.1, 0.2] 200 3 2026-01-02 50.0\n"
    assert run["metrics"] == {"total": 103}
    run = document("run", "kale.ipynb", *given)
    assert texts(run["notebook"])[6] == "7 -1 ab [0.1, 0.2] 14 5 2026-05-06 3.5\n"
    assert run["metrics"] == {"total": 12}
    assert document("verify", "kale.ipynb", *given)["different"] == []

    dagflow("tag", "kale.ipynb", "--apply", "-o", "ours.ipynb")
    assert document("run", "ours.ipynb", *given)["metrics"] == run["metrics"]


def test_a_notebook_of_the_older_kale_runs() -> None:
    kale(
        ("n = 2", "pipeline-parameters"),
        ("import math", "imports"),
        ("numbers = [math.sqrt(i) for i in range(n)]", "block:make"),
        ("numbers.append(9)", "block:"),
        ("print(sum(numbers))", "block:show", "prev:make"),
        ("largest = max(numbers)", "prev:make", "block:largest"),
        ("",),
        ("print(largest, math.floor(2.5))", "block:report", "prev:show", "prev:largest"),
    )
    compiled = document("compile", "kale.ipynb")
    edges = {
        (e["source"], e["target"]): [r["kind"] for r in e["reasons"]] for e in compiled["edges"]
    }
    assert edges == {
        ("make", "show"): ["data", "after"],
        ("make", "largest"): ["data", "after"],
        ("show", "report"): ["after"],
        ("largest", "report"): ["data", "after"],
    }
    run = document("run", "kale.ipynb")
    assert run["state"] == "success"
    assert texts(run["notebook"])[-1] == "9 2\n"
    assert texts(run["notebook"])[4] == "10.0\n"


PERCENT = """\
# %% [markdown]
# # A pipeline in a Python file

# %% tags=["parameters"]
n = 3

# %% tags=["task:load"]
numbers = list(range(n))
# %time doubled = [2 * i for i in numbers]

# %% tags=["task:total", "metric:total"]
total = sum(doubled)

if total > 6:
    raise ValueError(f"{total} is too much")
"""


def test_a_percent_file_runs() -> None:
    Path("pipe.py").write_text(PERCENT)
    run = document("run", "pipe.py")
    assert run["metrics"] == {"total": 6}
    cells = json.loads(Path(run["notebook"]).read_text())["cells"]
    assert Path(run["notebook"]).suffix == ".ipynb"
    assert [cell["cell_type"] for cell in cells] == ["markdown", "code", "code", "code"]
    assert "Wall time" in texts(run["notebook"])[2]
    assert Path("pipe.py").read_text() == PERCENT


def test_a_failure_in_a_percent_file_tells_its_line() -> None:
    Path("pipe.py").write_text(PERCENT)
    run = document("run", "pipe.py", "-p", "n=4", code=1)
    error = next(task["error"] for task in run["tasks"] if task["error"])
    assert (error["cell_index"], error["line"], error["file_line"]) == (3, 4, 15)
    assert PERCENT.splitlines()[14].strip().startswith("raise")
    told = dagflow("runs", "show", run["run_id"]).stdout
    assert "where:    pipe.py:15, cell 3 (id " in told


def test_a_race_in_a_percent_file_tells_its_line() -> None:
    Path("pipe.py").write_text(
        '# %% tags=["setup"]\nimport os\nname = "out" + ".txt"\n\n'
        '# %% tags=["task:write"]\nwritten = open(os.path.join(name), "w").write("1")\n\n'
        '# %% tags=["task:look"]\nfound = os.path.exists(os.path.join(name))\n'
    )
    run = document("run", "pipe.py", "--jobs", "1", code=1)
    error = next(task["error"] for task in run["tasks"] if task["error"])
    assert error["message"] == (
        "DF202: task write, cell 1, line 1, wrote out.txt and task look, cell 2, line 1, read it, "
        "but nothing says which of the two comes first."
    )
    assert (error["cell_index"], error["line"], error["file_line"]) == (2, 1, 9)


def test_a_difference_in_a_percent_file_tells_its_line() -> None:
    Path("pipe.py").write_text(
        '# %% tags=["task:load"]\nrows = [3, 1]\n\n'
        '# %% tags=["task:sort", "pure:rows"]\nrows.sort()\n\n'
        '# %% tags=["task:first"]\nfirst = rows[0]\n'
    )
    different = document("verify", "pipe.py", code=1)["different"]
    assert [(each["name"], each["line"], each["file_line"]) for each in different] == [
        ("rows", 1, 5),
        ("first", 1, 8),
    ]


WRONG = {
    "a syntax error": PERCENT.replace("if total > 6:", "if total > 6"),
    "a tag that does not read": PERCENT.replace("task:load", "task:1st"),
    "a task that is not there": PERCENT.replace("metric:total", "after:lod"),
    "a parameter that is no literal": PERCENT.replace("n = 3", "n = 3\nm = n + 1"),
    "a name that nothing defines": PERCENT.replace("list(range(n))", "list(unknown)"),
}


@pytest.mark.parametrize("text", WRONG.values(), ids=WRONG)
def test_findings_in_a_percent_file_tell_its_lines(text: str, snapshot: SnapshotAssertion) -> None:
    Path("pipe.py").write_text(text)
    is_warning = "unknown" in text
    told = dagflow("check", "pipe.py", code=0 if is_warning else 2).stdout
    assert re.sub(r"id [0-9a-f]{8}", "id ID", told) == snapshot
    found = document("check", "pipe.py", code=0 if is_warning else 2)["diagnostics"]
    assert all(each["file_line"] for each in found)


def test_a_wrong_parameter_of_a_percent_file(snapshot: SnapshotAssertion) -> None:
    Path("pipe.py").write_text(PERCENT)
    told = dagflow("run", "pipe.py", "-p", "n=x", code=2).stderr
    assert re.sub(r"id [0-9a-f]{8}", "id ID", told) == snapshot
    error = document("run", "pipe.py", "-p", "n=x", code=2)["error"]
    assert (error["line"], error["file_line"]) == (1, 5)


def test_a_python_file_without_cells(snapshot: SnapshotAssertion) -> None:
    Path("script.py").write_text("x = 1\n")
    assert dagflow("compile", "script.py", code=2).stderr == snapshot
