"""Sets are gone through in the same order after they were loaded."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_dagflow.kernel_side.sets import fill, out_of_order

MEMBERS = st.one_of(
    st.integers(), st.text(max_size=4), st.tuples(st.integers(), st.text(max_size=1))
)


@given(st.lists(MEMBERS, max_size=60), st.lists(MEMBERS, max_size=60))
def test_sets_made_of_sets(one: list[Any], other: list[Any]) -> None:
    for members in (set(one), set(one) | set(other), {*other, *one}, set(dict.fromkeys(one))):
        for _, places, order in out_of_order([members]):
            again: set[Any] = set()
            fill(again, places, order)
            assert [*again] == order


@given(st.lists(st.integers(0, 200), max_size=60), st.integers(0, 60))
def test_nothing_is_lost_of_sets_that_have_shrunk(numbers: list[int], gone: int) -> None:
    members = set(range(201)).intersection(numbers).union(range(300, 400))
    members -= set(numbers[:gone])
    for _, places, order in out_of_order([members]):
        again: set[int] = set()
        fill(again, places, order)
        assert again == members


@pytest.mark.parametrize(
    "members",
    [
        "set(range(1000, 1400)) - set(range(1010, 1400))",
        "{3, 1000, 70} | set(range(40))",
        "{k * 7919 % 1009 for k in range(500)}",
        "set(map(float, range(50))) | {0.5}",
    ],
)
def test_a_set_is_handed_over_in_its_order(tasks: Any, members: str) -> None:
    tasks.ok(f"s = {members}\nbeside = [s, 1]\norder = list(s)", writes="s beside order")
    ended = tasks.ok(
        "same = list(s) == order and beside[0] is s", reads="s beside order", writes="same"
    )
    assert ended.stored("same")["value"] is True


def test_members_of_the_notebooks_own_are_not_asked(tasks: Any) -> None:
    own = {"Odd": "class Odd:\n    def __hash__(self):\n        print('asked')\n        return 1"}
    ended = tasks.ok("s = {Odd(), Odd()}\nprint('made')", definitions=own, writes="s")
    assert ended.stored("s")["type"] == "set"
