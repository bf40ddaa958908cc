"""Taskbooks hold what their task needs, in the order in which Run All would have made it."""

from __future__ import annotations

import datetime

from jupyter_dagflow.core.model import (
    Cell,
    CellId,
    CellKind,
    Definition,
    Notebook,
    Parameter,
    PartitionBy,
    Pipeline,
    Task,
    TaskName,
)
from jupyter_dagflow.core.taskbook import TaskbookCell, assemble, definition_at, definitions_source


def cell(index: int, source: str, *tags: str) -> Cell:
    """A code cell whose id is its number."""
    return Cell(
        id=CellId(str(index)),
        index=index,
        kind=CellKind.CODE,
        source=source,
        code=source,
        tags=tags,
    )


CELLS = (
    cell(0, "from datetime import date", "setup"),
    cell(1, "n = 1\nday = date(2024, 1, 1)", "parameters"),
    cell(2, "import os", "setup"),
    cell(3, "def f(): pass"),
    cell(4, "x = f()", "task:a", "injected-parameters"),
    cell(5, "y = x", "task:b"),
)


def book(**parameters: object) -> tuple[TaskbookCell, ...]:
    """The taskbook of task b."""
    task = Task(
        name=TaskName("b"),
        cells=(CellId("5"),),
        cell_indexes=(5,),
        definitions=(definition(3, 1, "def f(): pass"),),
    )
    return assemble(
        notebook=Notebook(path="nb.ipynb", digest="", cells=CELLS, kernel_name="python3"),
        pipeline=Pipeline(
            name="nb",
            notebook="nb.ipynb",
            by=PartitionBy.TAGS,
            parameters=(),
            parameters_cell=CellId("1"),
            prelude=(CellId("0"), CellId("1"), CellId("2")),
            tasks=(task,),
            edges=(),
        ),
        task=task,
        parameters=parameters,
        enter="enter()",
        load="load()",
        save="save()",
    )


def definition(index: int, line: int, source: str, name: str = "f") -> Definition:
    """A definition of a numbered cell."""
    return Definition(
        name=name, cell=CellId(str(index)), cell_index=index, line=line, source=source
    )


def test_the_order_is_enter_prelude_definitions_load_own_save() -> None:
    assert [c.id for c in book(n=2)] == [
        "dagflow-title",
        "dagflow-enter",
        "0",
        "1",
        "2",
        "dagflow-definitions",
        "dagflow-load",
        "5",
        "dagflow-save",
    ]


def test_dates_are_made_from_the_text_that_is_injected() -> None:
    cells = book(day=datetime.date(2025, 1, 1), at=datetime.datetime(2025, 1, 1), n=3)  # noqa: DTZ001
    dates = cells[4]
    assert (dates.id, cells[3].id) == ("dagflow-dates", "1")
    names = {"day": "2025-02-03", "at": "2025-02-03T04:05:06+00:00", "n": 3}
    exec(dates.source, names)
    assert names["day"] == datetime.date(2025, 2, 3)
    assert names["at"] == datetime.datetime(2025, 2, 3, 4, 5, 6, tzinfo=datetime.timezone.utc)
    assert names["n"] == 3


def test_values_of_parameters_that_later_cells_declare_are_set_below_these() -> None:
    codes = ("n = 1", "k = n", "m = 2\nday = None", "o = 3")
    cells = tuple(
        Cell(id=CellId(f"p{i}"), index=i, kind=CellKind.CODE, source=code, code=code)
        for i, code in enumerate(codes)
    )
    declared = [("n", 0), ("m", 2), ("day", 2), ("o", 3)]
    assembled = assemble(
        notebook=Notebook(path="nb.ipynb", digest="", cells=cells, kernel_name="python3"),
        pipeline=Pipeline(
            name="nb",
            notebook="nb.ipynb",
            by=PartitionBy.TAGS,
            parameters=tuple(
                Parameter(
                    name=name, type="any", default=None, cell=CellId(f"p{i}"), cell_index=i, line=1
                )
                for name, i in declared
            ),
            parameters_cell=CellId("p0"),
            more_parameters_cells=(CellId("p2"), CellId("p3")),
            prelude=tuple(cell.id for cell in cells),
            tasks=(),
            edges=(),
        ),
        task=Task(name=TaskName("b"), cells=(), cell_indexes=()),
        parameters={"n": 5, "m": 6, "day": datetime.date(2026, 1, 2)},
        enter="",
        load="",
        save="",
    )
    ids = [c.id for c in assembled]
    assert ids[2:-2] == ["p0", "dagflow-dates", "p1", "p2", "dagflow-parameters-2", "p3"]
    names: dict[str, object] = {}
    exec(assembled[ids.index("dagflow-parameters-2")].source, names)
    assert (names["m"], names["day"]) == (6, datetime.date(2026, 1, 2))
    assert "n" not in names


def test_only_the_parameters_cell_is_tagged_as_one() -> None:
    tagged = [c.id for c in book() if "parameters" in c.tags or "injected-parameters" in c.tags]
    assert tagged == ["1"]
    assert {c.kind for c in book()} == {CellKind.MARKDOWN, CellKind.CODE}


def test_a_line_of_the_definitions_cell_leads_back_to_its_cell() -> None:
    definitions = (
        definition(2, 5, "def f():\n    return 1"),
        definition(4, 3, "from a import b, c", "b"),
        definition(4, 3, "from a import b, c", "c"),
        definition(6, 1, "from __future__ import annotations", "annotations"),
    )
    source = definitions_source(definitions).splitlines()
    assert source[1] == "from __future__ import annotations"
    assert source.count("from a import b, c") == 1
    for text, index, line in [("    return 1", 2, 6), ("from a import b, c", 4, 3)]:
        found = definition_at(definitions, source.index(text) + 1)
        assert found is not None
        assert (found[0].cell_index, found[1]) == (index, line)
    assert definition_at(definitions, 1) is None
    assert definition_at(definitions, 99) is None
