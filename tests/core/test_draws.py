"""When two tasks that drew are found out, as a table."""

from __future__ import annotations

import pytest

from jupyter_dagflow.core.draws import Drawn, reseeded, same_start, unseeded
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
    pipeline = _pipeline(a, b)
    lookup = Lookup(pipeline)
    drawn = Drawn(lookup)
    for name, state in states.items():
        drawn.add(TaskName(name), {R: state})
    for ended in states:
        found = same_start(lookup, drawn, TaskName(ended))
        assert (found and found.unseen) == unseen
        if found is not None:
            assert (found.first, found.second) == ("a", "b")
            assert "the global generator of `random`" in found.message


@pytest.mark.parametrize(
    ("a", "b", "moved", "seeded", "unseen"),
    [
        ({}, TAKES, "a", "a", ("a",)),
        ({}, SEEN_FROM_SETUP, "a", "a", ("a",)),
        ({}, {}, "ab", "a", ("a", "b")),
        ({}, {}, "ba", "a", ("a", "b")),
        ({}, {}, "a", "a", None),
        ({}, {}, "ab", "ab", None),
        ({}, {}, "ab", "b", None),
        ({}, SEEDS, "ab", "a", None),
        (SEEDS, TAKES, "ab", "a", None),
    ],
)
def test_who_seeds_unseen_above_a_draw(
    a: dict[str, object],
    b: dict[str, object],
    moved: str,
    seeded: str,
    unseen: tuple[str, ...] | None,
) -> None:
    lookup = Lookup(_pipeline(a, b))
    drawn = Drawn(lookup)
    found = None
    for name in map(TaskName, moved):
        drawn.add(name, {R: f"before {name}"}, [R] if name in seeded else [])
        found = found or reseeded(lookup, drawn, name)
    assert (found and found.unseen) == unseen
    if found is not None:
        assert (found.first, found.second) == ("a", "b")
        assert "in the notebook b goes on where a ended" in found.message


@pytest.mark.parametrize(
    ("a", "b", "found"),
    [
        (SEEDS, {}, True),
        (SEEDS, TAKES, False),
        (SEEDS, SEEDS, False),
        ({}, {}, False),
        (SEEN_FROM_SETUP, {}, True),
    ],
)
def test_who_draws_unseen_below_a_seed(
    a: dict[str, object], b: dict[str, object], found: bool
) -> None:
    told = unseeded(Lookup(_pipeline(a, b)), [R], TaskName("b"))
    assert (told is not None) == found
    if told is not None:
        assert told.unseen == ("b",)
        assert "in the notebook b goes on where a ended" in told.message
    assert unseeded(Lookup(_pipeline(a, b)), [R], TaskName("a")) is None


def _pipeline(a: dict[str, object], b: dict[str, object]) -> Pipeline:
    tasks = tuple(
        Task(name=TaskName(name), cells=(), cell_indexes=(), **fields)  # type: ignore[arg-type]
        for name, fields in (("a", a), ("b", b))
    )
    return Pipeline(
        name="nb",
        notebook="nb.ipynb",
        by=PartitionBy.TAGS,
        parameters=(),
        parameters_cell=None,
        prelude=(),
        tasks=tasks,
        edges=(),
    )
