"""When two tasks that drew are found out, as a table."""

from __future__ import annotations

import pytest

from jupyter_dagflow.core.draws import Drawn, same_start
from jupyter_dagflow.core.lookup import Lookup
from jupyter_dagflow.core.model import (
    CellId,
    Input,
    Mention,
    PartitionBy,
    Pipeline,
    Task,
    TaskName,
)

R = "<random>"
SEEN_FROM_SETUP = {"writes": (R,), "from_prelude": (Mention(name=R, cell=CellId("c"), line=1),)}
SEEDS = {"writes": (R,)}
TAKES = {"writes": (R,), "inputs": (Input(name=R, sources=(TaskName("a"),)),)}


@pytest.mark.parametrize(
    ("a", "b", "states", "unseen"),
    [
        ({}, {}, {"a": "s0", "b": "s0"}, ("a", "b")),
        ({}, {}, {"a": "s0", "b": "s1"}, None),
        ({}, {}, {"b": "s0"}, None),
        (SEEN_FROM_SETUP, {}, {"a": "s0", "b": "s0"}, ("b",)),
        ({}, SEEN_FROM_SETUP, {"a": "s0", "b": "s0"}, ("a",)),
        ({}, SEEDS, {"a": "s0", "b": "s0"}, None),
        (SEEDS, {}, {"a": "s0", "b": "s0"}, ("b",)),
        (SEEDS, SEEDS, {"a": "s0", "b": "s0"}, None),
        (SEEDS, TAKES, {"a": "s0", "b": "s1"}, None),
    ],
)
def test_same_start(
    a: dict[str, object],
    b: dict[str, object],
    states: dict[str, str],
    unseen: tuple[str, ...] | None,
) -> None:
    tasks = tuple(
        Task(name=TaskName(name), cells=(), cell_indexes=(), **fields)  # type: ignore[arg-type]
        for name, fields in (("a", a), ("b", b))
    )
    pipeline = Pipeline(
        name="nb",
        notebook="nb.ipynb",
        by=PartitionBy.TAGS,
        parameters=(),
        parameters_cell=None,
        prelude=(),
        tasks=tasks,
        edges=(),
    )
    drawn = Drawn()
    for name, state in states.items():
        drawn.add(TaskName(name), {R: state})
    for ended in states:
        found = same_start(Lookup(pipeline), drawn, TaskName(ended))
        assert (found and found.unseen) == unseen
        if found is not None:
            assert (found.first, found.second) == ("a", "b")
            assert "the global generator of `random`" in found.message
