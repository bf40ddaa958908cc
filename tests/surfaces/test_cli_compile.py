"""``dagflow compile`` and ``check`` on real files: what is shown, where, with which exit code."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from syrupy.assertion import SnapshotAssertion

MODELS = [
    ("parameters", "n: int = 3\nname = 'Ada'"),
    ("setup", "import math"),
    ("task:load", "rows = list(range(n))"),
    ("task:linear", "linear = sum(rows)"),
    ("task:root metric:root", "root = math.sqrt(len(rows))"),
    ("task:report after:linear", "print(name, root)"),
]
WRONG = [("task:a after:nobody", "x = 1"), ("taks:b", "y = x"), ("task:c", "y = (")]


@pytest.mark.parametrize("form", ["table", "json", "dot", "mermaid"])
def test_formats(
    dagflow: Callable[..., Any],
    write_notebook: Callable[..., Path],
    snapshot: SnapshotAssertion,
    form: str,
) -> None:
    write_notebook("models.ipynb", MODELS)
    answer = dagflow("compile", "models.ipynb", "--format", form)
    assert answer.code == 0
    assert answer.out == snapshot


@pytest.mark.parametrize("form", ["table", "json", "dot", "mermaid"])
def test_a_notebook_that_is_a_step_is_a_group(
    dagflow: Callable[..., Any],
    write_notebook: Callable[..., Path],
    snapshot: SnapshotAssertion,
    form: str,
) -> None:
    write_notebook("deep.ipynb", [("task:only", "z = 1")])
    inner = [("parameters", "n = 1"), ("task:load", "y = n"), ("task:use", "w = y")]
    write_notebook("inner.ipynb", [*inner, ("task:go", "%dagflow notebook deep.ipynb -o z")])
    step = "%dagflow notebook inner.ipynb -p n=x -o w"
    write_notebook("outer.ipynb", [("task:a", "x = 1"), ("task:step", step), ("task:b", "w")])
    answer = dagflow("compile", "outer.ipynb", "--format", form)
    assert answer.code == 0
    assert answer.out == snapshot


def edges(out: str) -> list[list[str]]:
    """The table of edges without its head, cells of a row apart."""
    rows = out[out.index("\nedge ") :].strip().split("\n\n")[0].splitlines()[1:]
    return [re.split(r"  +", row) for row in rows]


SHARED = [("", "a = []"), ("task:b", "b = a"), ("task:c", "b.append(1)"), ("task:d", "print(a, b)")]


@pytest.mark.parametrize(("tag", "written"), [("task:a", "cell 0, line 1"), ("setup", "setup")])
def test_what_is_passed_on_tells_where_it_was_last_written(
    dagflow: Callable[..., Any], write_notebook: Callable[..., Path], tag: str, written: str
) -> None:
    write_notebook("shared.ipynb", [(tag, SHARED[0][1]), *SHARED[1:]])
    rows = edges(dagflow("compile", "shared.ipynb").out)
    passed_on = rows.index(["b → c", "b", "cell 1, line 1", "cell 2, line 1"]) + 1
    assert rows[passed_on] == ["", "a", written, "cell 2, line 1"]


def test_a_percent_file_has_its_own_line_numbers(dagflow: Callable[..., Any]) -> None:
    Path("pipe.py").write_text(
        '# %% tags=["task:a", "writes:f"]\nx = 1\n\n# %% tags=["task:b", "reads:f"]\ny = 1\n\nz = x\n'
    )
    assert edges(dagflow("compile", "pipe.py").out) == [
        ["a → b", "x", "line 2 of the file", "line 7 of the file"],
        ["", "file f", "line 1 of the file", "line 4 of the file"],
    ]


def test_svg(dagflow: Callable[..., Any], write_notebook: Callable[..., Path]) -> None:
    write_notebook("models.ipynb", MODELS)
    answer = dagflow("compile", "models.ipynb", "--format", "svg")
    root = ElementTree.fromstring(answer.out)
    names = [
        t.text for t in root.iter("{http://www.w3.org/2000/svg}text") if t.get("class") == "name"
    ]
    assert names == ["load", "linear", "root", "report"]


def test_json_is_the_default_document(
    dagflow: Callable[..., Any], write_notebook: Callable[..., Path]
) -> None:
    write_notebook("models.ipynb", MODELS)
    documents = [
        json.loads(dagflow("compile", "models.ipynb", *options).out)
        for options in (
            ["--json"],
            ["--format", "json"],
            ["--format=json"],
            ["--json", "--format=json"],
        )
    ]
    assert all(document == documents[0] for document in documents)
    assert [task["name"] for task in documents[0]["tasks"]] == ["load", "linear", "root", "report"]


@pytest.mark.parametrize("by", ["cells", "headings"])
def test_by(dagflow: Callable[..., Any], write_notebook: Callable[..., Path], by: str) -> None:
    write_notebook("plain.ipynb", [("", "a = 1"), ("", "b = a")])
    assert json.loads(dagflow("compile", "plain.ipynb", "--json", "--by", by).out)["by"] == by


def test_findings_of_a_notebook_with_errors(
    dagflow: Callable[..., Any], write_notebook: Callable[..., Path], snapshot: SnapshotAssertion
) -> None:
    write_notebook("wrong.ipynb", WRONG)
    answer = dagflow("check", "wrong.ipynb")
    assert (answer.code, answer.err) == (2, "")
    assert answer.out == snapshot
    document = json.loads(dagflow("check", "wrong.ipynb", "--json").out)
    assert {d["code"] for d in document["diagnostics"]} >= {"DF101", "DF108"}


def test_a_picture_is_alone_on_standard_output(
    dagflow: Callable[..., Any], write_notebook: Callable[..., Path]
) -> None:
    write_notebook("wrong.ipynb", WRONG)
    answer = dagflow("compile", "wrong.ipynb", "--format", "dot")
    assert answer.code == 2
    assert answer.out.startswith("digraph")
    assert answer.out.rstrip().endswith("}")
    assert "error: DF108" in answer.err


def test_nothing_to_say(dagflow: Callable[..., Any], write_notebook: Callable[..., Path]) -> None:
    write_notebook("models.ipynb", MODELS)
    answer = dagflow("check", "models.ipynb")
    assert (answer.code, answer.out) == (0, "✓ nothing to say about this notebook\n")


BAD_FILES = {
    "empty": b"",
    "truncated": b'{"cells": [',
    "latin-1": b'{"cells": [], "metadata": {"author": "Jos\xe9"}, "nbformat": 4}',
    "conflict": b'{\n<<<<<<< HEAD\n "cells": []\n=======\n "cells": [1]\n>>>>>>> other\n}',
    "version 3": b'{"worksheets": [], "metadata": {}, "nbformat": 3, "nbformat_minor": 0}',
}


@pytest.mark.parametrize("name", [*BAD_FILES, "missing"])
def test_a_file_that_is_no_notebook(
    dagflow: Callable[..., Any], tmp_path: Path, snapshot: SnapshotAssertion, name: str
) -> None:
    if name in BAD_FILES:
        (tmp_path / "work" / "nb.ipynb").write_bytes(BAD_FILES[name])
    answers = [dagflow(command, "nb.ipynb") for command in ("compile", "check", "run")]
    assert {answer.code for answer in answers} == {2}
    assert len({answer.err for answer in answers}) == 1
    assert answers[0].out == ""
    assert answers[0].err == snapshot
    told = json.loads(dagflow("run", "nb.ipynb", "--json").out)["error"]
    assert told["message"] in answers[0].err
    assert not (tmp_path / "home" / "runs").exists()


def test_debug_shows_the_traceback(dagflow: Callable[..., Any]) -> None:
    answer = dagflow("compile", "nb.ipynb", "--debug")
    assert answer.code == 2
    assert "Traceback (most recent call last)" in answer.err
    assert "Traceback" not in dagflow("compile", "nb.ipynb").err
