"""What can be asked of recorded runs: earlier attempts, what a run was made of, and what differs from another."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

BEFORE = [
    ("parameters", "n = 3"),
    ("task:load", "rows = list(range(n))"),
    ("task:total metric:total", "total = sum(rows)\nprint(total)"),
]
AFTER = [*BEFORE[:2], ("task:total metric:total", "total = sum(rows) * 2  # twice\nprint(total)")]
FLAKY = """\
import pathlib
tried = pathlib.Path('tried')
print('attempt', 2 if tried.exists() else 1)
if not tried.exists():
    tried.touch()
    raise ConnectionError('no route to host')"""


def test_what_differs_between_two_runs(
    dagflow: Callable[..., Any],
    write_notebook: Callable[..., Path],
    settled: Callable[[str], str],
    snapshot: SnapshotAssertion,
) -> None:
    write_notebook("good.ipynb", BEFORE)
    first = json.loads(dagflow("run", "good.ipynb", "--json").out)["run_id"]
    write_notebook("good.ipynb", AFTER)
    assert dagflow("run", "good.ipynb", "-p", "n=4").code == 0
    answer = dagflow("runs", "diff", first, "latest")
    assert (answer.code, answer.err) == (0, "")
    told, _, _ = answer.out.partition("\ntook ")  # which of them took longer is up to the machine
    assert settled(told) == snapshot(name="diff")
    document = json.loads(dagflow("runs", "diff", first, "latest", "--json").out)
    assert document["summary"] == answer.out.splitlines()[0]
    assert document["before"]["run_id"] == first
    assert [change["name"] for change in document["parameters"]] == ["n"]
    assert settled(dagflow("runs", "diff", first, first).out) == snapshot(name="no difference")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["latest"], "Missing argument 'AFTER'"),
        (["latest", "nosuch"], "There is no run 'nosuch'"),
        (["latest", "latest", "more"], "unexpected extra argument"),
    ],
)
def test_what_cannot_be_compared(
    dagflow: Callable[..., Any],
    write_notebook: Callable[..., Path],
    arguments: list[str],
    says: str,
) -> None:
    write_notebook("good.ipynb", [("task:a", "x = 1")])
    dagflow("run", "good.ipynb")
    answer = dagflow("runs", "diff", *arguments)
    assert (answer.code, answer.out) == (2, "")
    assert says in answer.err


def test_earlier_attempts_can_be_looked_at(
    dagflow: Callable[..., Any],
    write_notebook: Callable[..., Path],
    settled: Callable[[str], str],
    snapshot: SnapshotAssertion,
    tmp_path: Path,
) -> None:
    write_notebook("flaky.ipynb", [("task:fetch retries:1 retry-delay:0s", FLAKY)])
    assert dagflow("run", "flaky.ipynb").code == 0
    assert settled(dagflow("runs", "show", "latest").out) == snapshot(name="show")
    assert dagflow("runs", "logs", "latest", "fetch").out == "attempt 2\n"
    first = dagflow("runs", "logs", "latest", "fetch", "--attempt", "1").out
    assert first.startswith("attempt 1\n")
    assert first.endswith("ConnectionError: no route to host\n")
    taskbook = dagflow("runs", "notebook", "latest", "fetch", "--attempt", "1").out.strip()
    assert Path(taskbook.replace("/TMP", str(tmp_path))).parts[-3:] == ("fetch", "1", "fetch.ipynb")
    document = json.loads(dagflow("runs", "show", "latest", "--json").out)
    assert [a["state"] for a in document["attempts"]["fetch"]] == ["up_for_retry", "success"]
    assert document["record"]["origin"] == "cli"
    assert Path(document["source"].replace("/TMP", str(tmp_path))).is_file()


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["logs", "latest", "a", "--attempt", "7"], 2, "It has attempt 1 only."),
        (["logs", "latest", "a", "--attempt", "0"], 2, "It has attempt 1 only."),
        (["logs", "latest", "a", "--attempt", "one"], 2, "--attempt is 'one'."),
        (["logs", "latest", "--attempt", "1"], 2, "Say of which: RUN TASK --attempt N."),
        (["notebook", "latest", "b", "--attempt", "1"], 2, "Run "),
    ],
)
def test_an_attempt_that_is_not_there(
    dagflow: Callable[..., Any],
    write_notebook: Callable[..., Path],
    arguments: list[str],
    code: int,
    says: str,
) -> None:
    write_notebook("good.ipynb", [("task:a", "x = 1")])
    dagflow("run", "good.ipynb")
    answer = dagflow("runs", *arguments)
    assert (answer.code, answer.out) == (code, "")
    assert says in answer.err
