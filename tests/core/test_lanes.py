"""Lanes as the compiler sees them: what is one task to whoever runs it, and what makes no sense."""

from __future__ import annotations

import pytest

from jupyter_dagflow.core.compile import compile_cells
from jupyter_dagflow.core.model import CellId
from tests.core.notebooks import tagged

DATABASE = (
    ("task:load", "rows = [1, 2]"),
    ("task:connect lane:db", "db = open_it()"),
    ("task:fill lane:db", "db.add(rows)\nn = len(rows)"),
    ("task:beside", "m = len(rows)"),
    ("task:read lane:db", "total = db.sum()"),
    ("task:report", "print(total, n)"),
)
SETUP = ("setup", "from base import open_it")


def test_a_lane_is_one_task_to_whoever_runs_it() -> None:
    found = compile_cells(tagged(SETUP, *DATABASE))
    assert found.ok
    assert [task.name for task in found.running.tasks] == ["load", "read", "beside", "report"]
    lane = found.running.task("read")
    assert lane is not None
    assert lane.steps == ("connect", "fill", "read")
    assert lane.lead == "connect"
    assert lane.cell_indexes == (2, 3, 5)
    assert [item.name for item in lane.inputs] == ["rows"]
    assert set(lane.outputs) == {"total", "n"}
    edges = {(edge.source, edge.target) for edge in found.running.edges}
    assert edges == {("load", "read"), ("load", "beside"), ("read", "report")}


def test_people_see_each_of_its_tasks_and_what_ties_them() -> None:
    found = compile_cells(tagged(SETUP, *DATABASE)).pipeline
    names = ["load", "connect", "fill", "beside", "read", "report"]
    assert [task.name for task in found.tasks] == names
    edges = {
        (edge.source, edge.target): {(why.kind, why.name) for why in edge.reasons}
        for edge in found.edges
    }
    assert edges["connect", "fill"] == {("data", "db"), ("lane", "db")}
    assert edges["fill", "read"] == {("data", "db"), ("lane", "db")}
    assert edges["fill", "report"] == {("data", "n")}


def test_without_lanes_there_is_one_pipeline() -> None:
    found = compile_cells(tagged(("task:a", "x = 1"), ("task:b lane:alone", "y = x")))
    assert found.by_kernel is None
    assert found.running is found.pipeline


def test_who_waits_for_a_task_of_a_lane_waits_for_the_lane() -> None:
    found = compile_cells(
        tagged(
            ("task:a lane:one", "x = 1"),
            ("task:b lane:one after:a", "y = 2"),
            ("task:c after:a", "z = 3"),
        )
    )
    assert found.ok
    edges = [(edge.source, edge.target) for edge in found.running.edges]
    assert edges == [("b", "c")]


def test_options_of_one_task_count_for_the_lane() -> None:
    lane = compile_cells(
        tagged(
            ("task:a lane:one retries:2 keep:x", "x = 1"),
            ("task:b lane:one pool:db keep:y timeout:5m", "y = 2"),
        )
    ).running.tasks[0]
    options = lane.options
    assert (options.retry.retries, options.pool, options.timeout_s) == (2, "db", 300.0)
    assert options.keep == ("x", "y")


@pytest.mark.parametrize(
    ("cells", "code", "cell", "words"),
    [
        (
            (("task:a lane:one", "x = [1]"), ("task:b lane:one map", "for i in x:\n    pass")),
            "DF135",
            1,
            "map and lane:one",
        ),
        ((("task:a lane:one map", "for i in [1]:\n    pass"),), "DF135", 0, "map and lane:one"),
        (
            (("task:a lane:one kernel:k1", "x = 1"), ("task:b lane:one kernel:k2", "y = 1")),
            "DF104",
            1,
            "kernel:k1 on cell 0 and kernel:k2",
        ),
        (
            (("task:a lane:one", "x = 1"), ("task:b lane:one when:n>0", "y = 1")),
            "DF135",
            1,
            "decided before its first task, a",
        ),
        (
            (("task:a lane:one", "x = 1"), ("task:b lane:one trigger:all_done", "y = 1")),
            "DF135",
            1,
            "trigger:all_done stands on task b",
        ),
        (
            (("task:a lane:one after:b", "x = 1"), ("task:b lane:one", "y = 1")),
            "DF135",
            0,
            "in notebook order",
        ),
        (
            (("task:a lane:one", "x = 1"), ("task:b lane:one", "y = 1"), ("task:a", "z = 1")),
            "DF135",
            1,
            "stands above cell 2 of task a",
        ),
        (
            (
                ("task:a lane:one", "x = [1]"),
                ("task:o", "x.append(2)"),
                ("task:b lane:one", "y = x"),
            ),
            "DF107",
            0,
            "wait for each other",
        ),
        (
            (("task:a lane:one metric:n", "n = 1"), ("task:b lane:one", "n = 2")),
            "DF135",
            0,
            "task b of the same lane changes n",
        ),
    ],
)
def test_what_makes_no_sense_is_said(
    cells: tuple[tuple[str, str], ...], code: str, cell: int, words: str
) -> None:
    found = [each for each in compile_cells(tagged(*cells)).diagnostics if each.code == code]
    assert len(found) == 1
    assert words in found[0].message
    assert found[0].hint
    assert found[0].cell == CellId(f"c{cell}")


def test_findings_name_the_task_that_the_cell_is_in() -> None:
    """To the analysis the lane is one task, of the last one's name; to people it is not."""
    cells = (
        ("task:open lane:one", "f = open('x')"),
        ("task:other lane:one", "y = 1"),
        ("task:read", "text = f.read()"),
    )
    (found,) = [d for d in compile_cells(tagged(*cells)).diagnostics if d.code == "DF120"]
    assert "made by task `open` (cell 0)" in found.message
    assert "tag them lane:NAME" in found.hint


def test_pure_is_what_a_task_says_for_itself() -> None:
    """Of a name that other tasks of the lane speak of, too, it is not known whether they leave it alone."""
    cells = (
        ("task:a", "x, y = [1], [1]"),
        ("task:b lane:one pure:x pure:y", "f(x)\nf(y)"),
        ("task:c lane:one", "f(x)"),
        ("task:d", "z = x, y"),
    )
    found = compile_cells(tagged(("setup", "from base import f"), *cells))
    lane = found.running.task("c")
    assert lane is not None
    assert lane.options.pure == ("y",)
