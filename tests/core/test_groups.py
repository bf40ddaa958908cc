"""Groups of cells: joining two, what stands near one, and who waits in a circle."""

from __future__ import annotations

import pytest

from jupyter_dagflow.core.groups import Group, Groups, circle
from jupyter_dagflow.core.model import Cell, CellId, CellKind, Edge, TaskName
from jupyter_dagflow.core.sections import Section


def group(*indexes: int, said: str = "") -> Group:
    cells = [Cell(id=CellId(f"c{i}"), index=i, kind=CellKind.CODE, source="") for i in indexes]
    return Group(Section(), said=said, cells=cells)


def groups(*several: Group) -> Groups:
    made = Groups()
    for each in several:
        made.add(each)
    return made


def test_the_lower_of_two_goes_into_the_upper() -> None:
    upper, between, lower = group(0), group(1), group(2, 3, said="b")
    between.after.append(lower)
    upper.after.append(lower)
    known = groups(upper, between, lower)
    moved = known.join(lower, upper)
    assert moved is not None
    assert moved.index == 2
    assert list(known) == [upper, between]
    assert [cell.index for cell in upper.cells] == [0, 2, 3]
    assert upper.said == "b"
    assert (upper.after, between.after) == ([], [upper])


def test_two_that_tags_have_named_stay_two() -> None:
    one, other = group(0, said="a"), group(1, said="b")
    known = groups(one, other)
    assert known.join(one, other) is None
    assert list(known) == [one, other]


def test_near_is_what_stands_between_or_else_above() -> None:
    one, other, third = group(0, 4), group(1), group(2)
    known = groups(one, other, third)
    assert known.near(one, 4) == [other, third]
    assert known.near(third, 2) == [other]
    assert known.near(one, 0) == []


@pytest.mark.parametrize(
    ("edges", "waiting"),
    [
        ("", ""),
        ("ab bc ac", ""),
        ("ab ba", "ab"),
        ("xa ab bc ca cd", "abc"),
        ("aa", "a"),
    ],
)
def test_circles(edges: str, waiting: str) -> None:
    made = [Edge(source=TaskName(s), target=TaskName(t), reasons=()) for s, t in edges.split()]
    assert circle(made) == set(waiting)
