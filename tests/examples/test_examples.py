"""The examples, run as their reader runs them: through the command, with real kernels."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
DAGFLOW = Path(sys.executable).with_name("dagflow")


@pytest.fixture
def examples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DAGFLOW_HOME", str(tmp_path / "home"))
    ignored = shutil.ignore_patterns("output", ".ipynb_checkpoints")
    shutil.copytree(NOTEBOOKS, tmp_path / "notebooks", ignore=ignored)
    return tmp_path / "notebooks"


def dagflow(*arguments: str | Path) -> Any:
    """Run a command with ``--json``, away from the notebook's folder; gives its document."""
    command = [str(DAGFLOW), *map(str, arguments), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=os.sep, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def edges(notebook: Path) -> set[str]:
    document = dagflow("compile", notebook)
    assert [d for d in document["diagnostics"] if d["severity"] != "info"] == []
    return {f"{e['source']}->{e['target']}" for e in document["edges"]}


def outputs(notebook: str) -> dict[str, str]:
    """The text that each cell of an executed notebook printed."""
    cells = json.loads(Path(notebook).read_text())["cells"]
    return {
        cell["id"]: "".join(
            "".join(output.get("text", output.get("data", {}).get("text/plain", "")))
            for output in cell.get("outputs", [])
        )
        for cell in cells
    }


def test_hello(examples: Path) -> None:
    assert edges(examples / "hello.ipynb") == {"greet->show", "count->show"}
    run = dagflow("run", examples / "hello.ipynb")
    assert run["state"] == "success"
    assert outputs(run["notebook"])["show"].startswith("Hello! Here are the first five squares.")


def test_churn(examples: Path) -> None:
    notebook = examples / "churn.ipynb"
    models = ("logistic", "forest", "boosting")
    assert edges(notebook) == {
        "load->features",
        *(f"features->{model}" for model in models),
        *(f"{model}->evaluate" for model in models),
        "features->evaluate",
        "evaluate->report",
    }
    before = hashlib.sha256(notebook.read_bytes()).hexdigest()
    run = dagflow("run", notebook, "--jobs", "3", "-p", "folds=3")
    assert run["state"] == "success"
    tasks = {task["name"]: task for task in run["tasks"]}
    for one, other in itertools.combinations(models, 2):
        assert tasks[one]["started_at"] < tasks[other]["finished_at"]
        assert tasks[other]["started_at"] < tasks[one]["finished_at"]
    assert run["metrics"]["best_model"] in models
    assert 0.9 < run["metrics"]["best_held_out"] <= 1
    assert hashlib.sha256(notebook.read_bytes()).hexdigest() == before
    executed = json.loads(Path(run["notebook"]).read_text())
    source = json.loads(notebook.read_text())
    ran = [cell for cell in executed["cells"] if cell["id"] in {c["id"] for c in source["cells"]}]
    assert [cell["id"] for cell in ran] == [cell["id"] for cell in source["cells"]]
    pictures = [
        output
        for cell in executed["cells"]
        for output in cell.get("outputs", [])
        if "image/png" in output.get("data", {})
    ]
    assert pictures


def test_etl_twice_for_one_day_and_once_for_another(examples: Path) -> None:
    notebook = examples / "etl.ipynb"
    assert {"create_tables->load", "load->aggregate", "check->report"} <= edges(notebook)
    first = dagflow("run", notebook)
    again = dagflow("run", notebook)
    assert first["metrics"] == again["metrics"]
    dagflow("run", notebook, "-p", "day=2026-03-03")
    database = examples / "output" / "bikes.sqlite"
    with sqlite3.connect(database) as connection:
        stored = dict(connection.execute("select day, count(*) from readings group by day"))
    assert stored["2026-03-02"] == first["metrics"]["rows_stored"]
    assert set(stored) == {"2026-03-02", "2026-03-03"}


def test_a_notebook_as_a_step_twice(examples: Path) -> None:
    notebook = examples / "nested.ipynb"
    assert edges(notebook) == {"limits->few", "limits->many", "few->compare", "many->compare"}
    run = dagflow("run", notebook)
    assert run["state"] == "success"
    compared = outputs(run["notebook"])["compare"].splitlines()
    assert compared == [
        "   25 primes up to    97: on average 4.0 apart",
        " 1229 primes up to  9973: on average 8.1 apart",
    ]
    assert "gaps: ✓ success" in outputs(run["notebook"])["many"]
