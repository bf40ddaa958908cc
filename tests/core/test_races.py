"""When two tasks race for a file, as a table."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from jupyter_dagflow.core.errors import Location
from jupyter_dagflow.core.files import FileUses
from jupyter_dagflow.core.lookup import Lookup
from jupyter_dagflow.core.model import (
    CellId,
    Edge,
    Mention,
    PartitionBy,
    Pipeline,
    Reason,
    Task,
    TaskName,
)
from jupyter_dagflow.core.races import FilesTouched, Touched, race_of, too_early, unordered_meetings


def pipeline(names: str, *pairs: str) -> Pipeline:
    """Tasks by their letters, edges as pairs of letters."""
    return Pipeline(
        name="nb",
        notebook="nb.ipynb",
        by=PartitionBy.TAGS,
        parameters=(),
        parameters_cell=None,
        prelude=(),
        tasks=tuple(Task(name=TaskName(n), cells=(), cell_indexes=()) for n in names),
        edges=tuple(
            Edge(source=TaskName(s), target=TaskName(t), reasons=(Reason(kind="after", name=s),))
            for s, t in pairs
        ),
    )


def touched(lookup: Lookup, **files: str) -> Touched:
    """What each task touched: ``r:x w:y a:z`` reads x, writes y and appends to z."""
    found = Touched(lookup)
    for name, text in files.items():
        uses = [each.split(":") for each in text.split()]
        read = tuple(file for use, file in uses if use == "r")
        written = tuple(file for use, file in uses if use == "w")
        appended = tuple(file for use, file in uses if use == "a")
        found.add(TaskName(name), FilesTouched(read=read, written=written, appended=appended))
    return found


@pytest.mark.parametrize(
    ("edges", "files", "ended", "expected"),
    [
        ((), {"a": "w:f", "b": "r:f"}, "b", ("a", "b", "f")),
        ((), {"a": "r:f", "b": "w:f"}, "b", ("a", "b", "f")),
        ((), {"a": "w:f", "b": "w:f"}, "a", ("a", "b", "f")),
        ((), {"a": "r:f", "b": "r:f"}, "b", None),
        ((), {"a": "w:f", "b": "w:g"}, "b", None),
        ((), {"a": "w:sub/f", "b": "r:sub/"}, "b", ("a", "b", "sub/")),
        ((), {"a": "r:./", "b": "w:f"}, "b", ("a", "b", "./")),
        ((), {"a": "w:sub/f", "b": "r:./"}, "b", None),
        ((), {"a": "w:sub/f", "b": "w:sub/g"}, "b", None),
        (("ab",), {"a": "w:f", "b": "r:f"}, "b", None),
        (("ab", "bc"), {"a": "w:f", "c": "r:f"}, "c", None),
        (("ab", "ac"), {"b": "w:f", "c": "r:f"}, "c", ("b", "c", "f")),
        (("ba",), {"a": "w:f", "b": "r:f"}, "a", None),
        ((), {"a": "w:f"}, "a", None),
        ((), {"a": "a:log", "b": "a:log"}, "b", None),
        ((), {"a": "a:log", "b": "r:log"}, "b", ("a", "b", "log")),
        ((), {"a": "r:log", "b": "a:log"}, "b", ("a", "b", "log")),
        ((), {"a": "a:log", "b": "w:log"}, "b", ("a", "b", "log")),
        ((), {"a": "w:log", "b": "a:log"}, "b", ("a", "b", "log")),
    ],
)
def test_races(
    edges: tuple[str, ...],
    files: dict[str, str],
    ended: str,
    expected: tuple[str, str, str] | None,
) -> None:
    lookup = Lookup(pipeline("abc", *edges))
    race = race_of(lookup, touched(lookup, **files), TaskName(ended))
    assert (race and (race.first, race.second, race.file)) == expected


def test_no_edge_orders_tasks_whose_cells_alternate() -> None:
    a, b = pipeline("ab", "ab").tasks
    around = replace(a, cells=("c0", "c2"), cell_indexes=(0, 2))
    between = replace(b, cells=("c1",), cell_indexes=(1,))
    lookup = Lookup(replace(pipeline("ab", "ab"), tasks=(around, between)))
    race = race_of(lookup, touched(lookup, a="w:f.csv", b="r:f.csv"), TaskName("b"))
    assert race is not None
    assert race.message == (
        "DF202: task a wrote f.csv and task b read it, "
        "but task a has cells above and below, so that neither comes first."
    )
    assert race.hint == (
        "Tag the cells of task a that stand below as a task of their own, or put them into one task."
    )


def test_it_says_what_to_do() -> None:
    lookup = Lookup(pipeline("ab"))
    race = race_of(lookup, touched(lookup, a="w:out/f.csv", b="r:out/f.csv"), TaskName("b"))
    assert race is not None
    assert race.message == (
        "DF202: task a wrote out/f.csv and task b read it, "
        "but nothing says which of the two comes first."
    )
    assert race.hint == (
        "Run it again: that is known from now on, and task b waits for task a. To say so in the notebook, "
        "tag task b after:a; or tag task a writes:out/f.csv and task b reads:out/f.csv."
    )


def test_it_says_where_each_touched_the_file() -> None:
    lookup = Lookup(pipeline("ab"))
    found = Touched(lookup)
    wrote = {("out/f.csv", True): Location(cell="w", cell_index=3, line=2)}
    found.add(TaskName("a"), FilesTouched(written=("out/f.csv",), at=wrote))
    looked = {("out", False): Location(cell="r", cell_index=5, line=1)}
    found.add(TaskName("b"), FilesTouched(read=("out/",), at=looked))
    race = race_of(lookup, found, TaskName("b"))
    assert race is not None
    assert race.message == (
        "DF202: task a, cell 3, line 2, wrote out/ and task b, cell 5, line 1, read it, "
        "but nothing says which of the two comes first."
    )
    assert (race.at(TaskName("a")).cell, race.at(TaskName("b")).cell) == ("w", "r")


def test_of_very_many_tasks_each_is_compared_with_the_nearest_above() -> None:
    names = [TaskName(f"t{i}") for i in range(300)]
    log = Mention(name="log.txt", cell=CellId("c"), line=1)
    files = {name: FileUses(writes=(log,)) for name in names}
    met = unordered_meetings(files, ())
    assert {m.first for m in met if m.second == "t250"} == {f"t{i}" for i in range(150, 250)}
    in_turn = [Edge(source=s, target=t, reasons=()) for s, t in pairwise(names)]
    assert not unordered_meetings(files, in_turn)
    assert not unordered_meetings(files, in_turn[::-1])


@pytest.mark.parametrize(
    ("edges", "error", "above"),
    [
        ((), "FileNotFoundError: [Errno 2] No such file or directory: 'out/x'", "a, b"),
        ((), "sqlite3.OperationalError: no such table: t", "a, b"),
        (("ac",), "FileNotFoundError: x", "b"),
        (("ac", "bc"), "FileNotFoundError: x", None),
        ((), "ValueError: FileNotFoundError", None),
    ],
)
def test_what_is_missing_may_be_made_above(
    edges: tuple[str, ...], error: str, above: str | None
) -> None:
    hint = too_early(Lookup(pipeline("abcd", *edges)), TaskName("c"), error)
    assert (above is None) == (hint == "")
    assert hint.startswith(f"In the notebook {above} stand" if above else "")
