"""Every kind of bad input, as its user meets it: exit code, a short block, nothing half-done."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

DAGFLOW = Path(sys.executable).with_name("dagflow")


def cell(source: str, *tags: str, id_: str = "", **options: object) -> dict[str, Any]:
    metadata: dict[str, Any] = {"tags": list(tags)}
    if options:
        metadata["dagflow"] = options
    return {
        "cell_type": "code",
        "id": id_,
        "metadata": metadata,
        "source": source,
        "outputs": [],
        "execution_count": None,
    }


def notebook(*cells: dict[str, Any], kernel: str = "python3", **changes: object) -> dict[str, Any]:
    for index, each in enumerate(cells):
        each["id"] = each["id"] or f"cell{index}"
    return {
        "cells": list(cells),
        "metadata": {"kernelspec": {"name": kernel, "display_name": kernel, "language": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
        **changes,
    }


GOOD = notebook(cell("n = 3", "parameters"), cell("x = n", "task:a"))
CONFLICT = '<<<<<<< HEAD\n  "x"\n=======\n  "y"\n>>>>>>> theirs\n'

FILES: dict[str, bytes | dict[str, Any]] = {
    "empty": b"",
    "truncated": json.dumps(GOOD).encode()[:-40],
    "not UTF-8": json.dumps(GOOD, ensure_ascii=False)
    .replace("python3", "pyth\xf6n")
    .encode("latin-1"),
    "holds NaN": json.dumps(GOOD).replace("null", "NaN").encode(),
    "merge conflict": json.dumps(GOOD, indent=1)
    .replace('"cells": [', '"cells": [\n' + CONFLICT)
    .encode(),
    "nbformat 3": {
        "worksheets": [{"cells": []}],
        "metadata": {},
        "nbformat": 3,
        "nbformat_minor": 0,
    },
    "kernel not installed": notebook(cell("x = 1", "task:a"), kernel="no-such-kernel"),
    "duplicate cell ids": notebook(cell("x = 1", "task:a", id_="same"), cell("y = 1", id_="same")),
    "two parameters cells": notebook(
        cell("n = 1", "parameters"), cell("m = 1", "parameters"), cell("x = n", "task:a")
    ),
    "cycle": notebook(cell("x = 1", "task:a", "after:b"), cell("y = x", "task:b")),
    "after nothing": notebook(cell("x = 1", "task:a", "after:lod"), cell("y = 1", "task:load")),
    "tag and metadata differ": notebook(cell("x = 1", "task:a", "priority:1", priority=2)),
    "a tag that is not built yet": notebook(cell("x = 1", "task:a", "queue:gpu")),
    "a tag whose value does not read": notebook(cell("x = 1", "task:1st")),
    "syntax error": notebook(cell("x = 1", "task:a"), cell("ok = 1\ny = (", "task:b")),
    "keep of nothing": notebook(cell("x = 1", "task:a", "keep:y")),
}
ENVIRONMENT = {"kernel not installed"}


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    def run(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        env = {**os.environ, "DAGFLOW_HOME": str(tmp_path / "home"), "COLUMNS": "200", **environ}
        return subprocess.run(
            [str(DAGFLOW), *arguments],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=env,
            check=False,
        )

    return run


Run = Callable[..., subprocess.CompletedProcess[str]]


def write(tmp_path: Path, content: bytes | dict[str, Any]) -> Path:
    path = tmp_path / "nb.ipynb"
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return path


def block(done: subprocess.CompletedProcess[str], tmp_path: Path) -> str:
    """What was said, without what differs from machine to machine."""
    assert "Traceback" not in done.stderr + done.stdout
    text = done.stderr.replace(str(tmp_path), "TMP")
    return re.sub(r"Installed: .*?\. Choose", "Installed: …. Choose", text)


@pytest.mark.parametrize("name", FILES)
def test_a_notebook_that_cannot_run(
    name: str, tmp_path: Path, run: Run, snapshot: SnapshotAssertion
) -> None:
    path = write(tmp_path, FILES[name])
    before = path.read_bytes()
    done = run("run", "nb.ipynb")
    assert done.returncode == (3 if name in ENVIRONMENT else 2)
    assert done.stdout == ""
    assert block(done, tmp_path) == snapshot
    assert path.read_bytes() == before
    assert not list((tmp_path / "home").glob("runs/*")), "nothing is left half-done"


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "missing.ipynb"),
        ("run", "."),
        ("run", "nb.ipynb", "-p", "n=abc"),
        ("run", "nb.ipynb", "-p", "m=1"),
        ("run", "nb.ipynb", "-p", "n"),
        ("run", "nb.ipynb", "-p", "n=1", "-p", "n=2"),
        ("run", "nb.ipynb", "--jobs", "0"),
        ("run", "nb.ipynb", "--no-such-option"),
        ("run",),
        ("compile", "nb.ipynb", "--format", "svg", "--json"),
        ("runs", "show", "nosuchrun"),
        ("nosuchcommand",),
    ],
    ids=" ".join,
)
def test_arguments_that_make_no_sense(
    arguments: tuple[str, ...], tmp_path: Path, run: Run, snapshot: SnapshotAssertion
) -> None:
    write(tmp_path, GOOD)
    done = run(*arguments)
    assert done.returncode == 2
    assert block(done, tmp_path) == snapshot
    with_json = run(*arguments, *(() if "--json" in arguments else ("--json",)))
    assert with_json.returncode == 2
    error = json.loads(with_json.stdout)["error"]
    assert set(error) == {"code", "message", "hint", "notebook", "cell", "line"}
    assert error["message"]
    assert error["hint"]


def test_a_misspelt_tag_is_a_warning_with_the_suggestion(tmp_path: Path, run: Run) -> None:
    write(tmp_path, notebook(cell("x = 1", "task:a"), cell("y = x", "taks:b")))
    done = run("check", "nb.ipynb")
    assert done.returncode == 0
    assert "DF103" in done.stdout
    assert "'task:b'" in done.stdout


@pytest.mark.parametrize("name", [name for name in FILES if name not in ENVIRONMENT])
def test_an_error_in_json_names_the_notebook(name: str, tmp_path: Path, run: Run) -> None:
    write(tmp_path, FILES[name])
    error = json.loads(run("run", "nb.ipynb", "--json").stdout)["error"]
    assert error["notebook"] == "nb.ipynb"


def test_a_home_that_cannot_be_written(
    tmp_path: Path, run: Run, snapshot: SnapshotAssertion
) -> None:
    write(tmp_path, GOOD)
    (tmp_path / "file").write_text("")
    done = run("run", "nb.ipynb", DAGFLOW_HOME=str(tmp_path / "file" / "home"))
    assert done.returncode == 3
    assert block(done, tmp_path) == snapshot


def test_a_database_of_a_newer_version(
    tmp_path: Path, run: Run, snapshot: SnapshotAssertion
) -> None:
    write(tmp_path, GOOD)
    assert run("runs", "list").returncode == 0
    database = tmp_path / "home" / "metastore.db"
    connection = sqlite3.connect(database, isolation_level=None)
    connection.execute("update dagflow_schema set version_num = '9999'")
    connection.execute("pragma wal_checkpoint(truncate)")
    connection.close()
    before = database.read_bytes()
    done = run("run", "nb.ipynb")
    assert done.returncode == 3
    assert re.sub(r"up to \d{4}", "up to 0000", block(done, tmp_path)) == snapshot
    assert database.read_bytes() == before


def test_a_value_that_cannot_be_stored_fails_its_task(tmp_path: Path, run: Run) -> None:
    made = "class Holder: pass\nheld = Holder()\nheld.lines = (i for i in [1])"
    path = write(tmp_path, notebook(cell(made, "task:a"), cell("print(held)", "task:b")))
    before = path.read_bytes()
    done = run("run", "nb.ipynb")
    assert done.returncode == 1
    for words in (
        "held",
        "Holder",
        "generator",
        "cell 0",
        "task b, cell 1",
        "put both cells in one task",
    ):
        assert words in done.stdout
    assert path.read_bytes() == before


def test_a_failing_cell_says_where(tmp_path: Path, run: Run) -> None:
    write(tmp_path, notebook(cell("x = 1", "task:a"), cell("y = x\n\ny / 0", "task:b")))
    done = run("run", "nb.ipynb")
    assert done.returncode == 1
    for words in ("task b failed", "ZeroDivisionError", "cell 1", "line 3", "b.ipynb"):
        assert words in done.stdout
