"""What a run has left, where the first of its failures is, and what explains a difference."""

from __future__ import annotations

import pytest

from jupyter_dagflow.core.compile import compile_cells
from jupyter_dagflow.core.events import Stored, TaskFailure
from jupyter_dagflow.core.model import CellId, TaskName
from jupyter_dagflow.core.verify import (
    Difference,
    Stopped,
    TaskLeft,
    explained,
    first_failure,
    left_by,
)
from tests.core.notebooks import tagged


def stored(name: str, digest: str = "d", kind: str = "int") -> Stored:
    return Stored(name=name, digest=digest, size_bytes=1, type=kind)


def left(*values: Stored, gone: tuple[str, ...] = (), **not_stored: str) -> TaskLeft:
    return TaskLeft(stored=values, gone=gone, not_stored=not_stored)


def test_the_last_task_that_left_a_name_bound_decides() -> None:
    found = left_by(
        {
            TaskName("a"): left(
                stored("x", "1"), stored("y"), stored("z"), stored("os", kind="module")
            ),
            TaskName("b"): left(stored("x", "2"), stored("<random>"), gone=("y",), db="refused"),
            TaskName("c"): left(stored("db"), gone=("table",), z="refused"),
        }
    )
    assert {name: value.digest for name, value in found.stored.items()} == {"x": "2", "db": "d"}
    assert found.by == {"x": "b", "db": "c"}
    assert found.gone == {"y", "table"}
    assert found.not_stored == {"z": "refused"}


def test_a_task_that_goes_on_further_down_left_the_newer_value() -> None:
    early = TaskLeft(
        stored=(stored("x", "1"),), gone=("y",), not_stored={}, versions={"x": 9, "y": 8}
    )
    late = TaskLeft(
        stored=(stored("x", "2"), stored("y")), gone=(), not_stored={}, versions={"x": 4, "y": 3}
    )
    found = left_by({TaskName("a"): early, TaskName("b"): late})
    assert {name: value.digest for name, value in found.stored.items()} == {"x": "1"}
    assert found.gone == {"y"}


def test_what_setup_binds_after_all_tasks_is_left_by_none() -> None:
    one = TaskLeft(stored=(stored("x"),), gone=(), not_stored={}, versions={"x": 2})
    assert left_by({TaskName("a"): one}, {"x": 5}).stored == {}


def failure(index: int | None, message: str = "KeyError: 1", kind: str = "error") -> TaskFailure:
    cell = None if index is None else CellId(f"c{index}")
    return TaskFailure(kind=kind, message=message, cell=cell, cell_index=index)


def test_the_first_failure_is_the_one_run_all_would_come_to_first() -> None:
    assert first_failure([]) is None
    assert first_failure([failure(5), failure(2)]) == failure(2)
    assert first_failure([failure(2), failure(None)]) == failure(None)


@pytest.mark.parametrize(
    ("run_all", "dag", "alike"),
    [
        (failure(1), failure(1, "KeyError: <object at 0x7f>"), True),
        (failure(1), failure(2), False),
        (failure(1), failure(1, "ValueError: 1"), False),
        (failure(1), failure(1, kind="kernel_died"), False),
        (failure(1), None, False),
        (None, failure(1), False),
    ],
)
def test_two_stops_are_alike_if_cell_and_kind_of_error_are(
    run_all: TaskFailure | None, dag: TaskFailure | None, alike: bool
) -> None:
    assert Stopped(run_all=run_all, dag=dag).alike is alike


def explain(cells: list[tuple[str, str]], *names: str) -> dict[str, Difference]:
    notebook = tagged(*cells)
    different = {name: f"{name}: 1 != 2" for name in names}
    return {d.name: d for d in explained(notebook, compile_cells(notebook), different)}


def test_a_difference_has_the_place_of_its_last_write() -> None:
    found = explain(
        [
            ("setup", "limit = 3"),
            ("task:a", "x = [1]\ny = 2"),
            ("task:b", "\nx.append(y)"),
        ],
        *("nowhere", "x", "y", "limit"),
    )
    assert [(d.name, d.task, d.cell, d.cell_index, d.line) for d in found.values()] == [
        ("limit", None, "c0", 0, 1),
        ("y", "a", "c1", 1, 2),
        ("x", "b", "c2", 2, 2),
        ("nowhere", None, None, None, None),
    ]


def test_draws_without_a_seed_explain() -> None:
    found = explain(
        [
            ("setup", "import random\nimport numpy as np"),
            ("task:a", "_rng = np.random.default_rng()\ndef f():\n    return random.random()"),
            ("task:b", "x = _rng.random()\ny = f()"),
            ("task:c", "z = x + 1\nalone = 1"),
        ],
        *("x", "y", "z", "alone"),
    )
    said = {name: [w for w in d.explained_by if "seed" in w] for name, d in found.items()}
    assert said == {
        "x": [
            "np.random.default_rng (cell 1, line 1) draws without a seed, so every run has other numbers; "
            "a seed, as in np.random.default_rng(0), makes runs comparable"
        ],
        "y": [
            "random.random (cell 1, line 3) draws without a seed, so every run has other numbers; "
            "random.seed(0) above it makes runs comparable"
        ],
        "z": [],
        "alone": [],
    }


def test_what_is_known_of_the_place_explains() -> None:
    found = explain(
        [
            ("task:a", "rows = [1]\nother = 1"),
            ("task:b pure:rows", "rows.append(1)"),
            ("task:c", "doubled = [2 * row for row in rows]\nlast = doubled[-1]\nalone = unknown"),
        ],
        *("rows", "last", "alone"),
    )
    assert found["rows"].explained_by == (
        "pure:rows on task b says that it leaves rows as it is; cell 1, line 1 seems to change it",
        "task b takes rows from task a",
    )
    assert found["last"].explained_by[0] == "it is made from rows, which differs too"
    assert not any("made from" in why for why in found["alone"].explained_by)
    assert [why for why in found["alone"].explained_by if why.startswith("DF112 (cell 2, line 3)")]
