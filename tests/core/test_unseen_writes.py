"""Files that changed after they had been read, and who may have written them, as a table."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jupyter_dagflow.core.lookup import Lookup
from jupyter_dagflow.core.model import TaskName
from jupyter_dagflow.core.races import FilesTouched, Touched
from jupyter_dagflow.core.unseen_writes import Span, changed_unseen
from tests.core.test_races import pipeline

SECOND = 1_000_000_000
SPANS = {"a": (0, 2), "b": (1, 3), "c": (4, 5)}


@pytest.mark.parametrize(
    ("edges", "at", "says", "expected"),
    [
        ((), 2.5, {}, ("b",)),
        ((), 1.5, {}, ("a", "b")),
        ((), 3.5, {}, None),
        (("ad",), 1.5, {}, ("b",)),
        (("da",), 0.5, {}, None),
        ((), 3.0, {}, ("b",)),
        ((), 3.01, {}, None),
        ((), 1.5, {"a": "out/*"}, None),
        ((), 1.5, {"a": "in/*"}, ("a", "b")),
        ((), 1.5, {"d": "out/x"}, None),
        ((), 1.5, {"c": "out/x"}, ("a", "b")),
    ],
)
def test_who_may_have_changed_what_was_read(
    edges: tuple[str, ...],
    at: float,
    says: dict[str, str],
    expected: tuple[str, ...] | None,
) -> None:
    plain = pipeline("abcd", *edges)
    tasks = [
        replace(task, leaves_files=tuple(says.get(task.name, "").split())) for task in plain.tasks
    ]
    lookup = Lookup(replace(plain, tasks=tuple(tasks)))
    spans = {TaskName(n): Span(b * SECOND, e * SECOND) for n, (b, e) in SPANS.items()}
    change = (TaskName("d"), "out/x", int(at * SECOND))
    found = changed_unseen(lookup, Touched(lookup), spans, [change])
    assert (found and found.writers) == expected
    assert found is None or found.sure == (len(found.writers) == 1)


def test_what_a_task_is_known_to_have_written_is_judged_elsewhere() -> None:
    lookup = Lookup(pipeline("ab"))
    touched = Touched(lookup)
    touched.add(TaskName("a"), FilesTouched(written=("x",)))
    spans = {TaskName("a"): Span(0, SECOND)}
    assert changed_unseen(lookup, touched, spans, [(TaskName("b"), "x", 1)]) is None


def test_several_are_named_and_none_is_remembered() -> None:
    lookup = Lookup(pipeline("abcdef"))
    spans = {TaskName(name): Span(0, SECOND) for name in "abcde"}
    found = changed_unseen(lookup, Touched(lookup), spans, [(TaskName("f"), "x", 1)])
    assert found is not None
    assert not found.sure
    assert found.message == (
        "DF202: x changed after task f had read it, while tasks a, b, c and 2 more ran, and nothing "
        "says which comes first."
    )
    assert found.hint == (
        "Another program or a library may have written it there, where Python does not see it. If so, "
        "tag task a writes:x and task f reads:x; or tag task f after:a."
    )
