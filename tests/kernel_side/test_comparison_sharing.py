"""Two namespaces that are equal by value, and differ by what in them is one and the same, or do not."""

from __future__ import annotations

import collections
import functools
import pickle
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import pandas as pd
import pytest

from jupyter_dagflow.kernel_side.comparison import difference
from jupyter_dagflow.kernel_side.comparison_sharing import Sharing

Made = dict[str, Any]


class Node:
    def __init__(self, *children: Node) -> None:
        self.children = list(children)


class Slotted:
    __slots__ = ("a",)

    def __init__(self, a: Any) -> None:
        self.a = a


def twice(value: Any) -> Made:
    return {"a": value, "b": value}


def copied(value: Any) -> Made:
    """Equal values that have nothing in common."""
    return {"a": pickle.loads(pickle.dumps(value)), "b": pickle.loads(pickle.dumps(value))}


def told(one: Made, other: Made) -> list[str]:
    """What is said of two namespaces, value by value and then of the memory."""
    sharing = Sharing()
    found = [difference(one[name], other[name], name=name, sharing=sharing) for name in one]
    return [*filter(None, found), *(text for _, text in sharing.of_memory())]


SHARED: dict[str, Callable[[], Any]] = {
    "list": lambda: [0],
    "dict": lambda: {"k": 0},
    "set": lambda: {1},
    "deque": lambda: collections.deque([1]),
    "counter": lambda: collections.Counter("a"),
    "bytearray": lambda: bytearray(b"a"),
    "instance": lambda: Node(),
    "instance with slots": lambda: Slotted(1),
    "table": lambda: pd.DataFrame({"x": [1]}),
    "series": lambda: pd.Series([1]),
}


@pytest.mark.parametrize("make", SHARED.values(), ids=SHARED)
def test_an_object_that_two_variables_have(make: Callable[[], Any]) -> None:
    assert told(twice(make()), twice(make())) == []
    assert told(copied(make()), copied(make())) == []
    assert told(twice(make()), copied(make())) == [
        "b: the same object as a in Run All, an equal one in the DAG"
    ]
    assert told(copied(make()), twice(make())) == [
        "b: an equal object to a in Run All, the same one in the DAG"
    ]


UNCHANGING: dict[str, Any] = {
    "text": "".join(["long", " text"]),
    "number": 10**20,
    "float": 1.5,
    "tuple": (1, "a"),
    "frozenset": frozenset({1}),
    "path": PurePosixPath("a/b"),
    "time": pd.Timestamp("2024"),
    "index": pd.Index([1, 2]),
    "scalar": np.float64(1),
    "dtype": np.dtype([("a", "i4")]),
    "class": Node,
    "function": told,
    "offset": pd.offsets.Day(2),
}


@pytest.mark.parametrize("value", UNCHANGING.values(), ids=UNCHANGING)
def test_what_nobody_can_change_may_be_one_or_two(value: Any) -> None:
    one = {"a": [value], "b": [value]}
    assert told(one, copied([value])) == []
    assert told(copied([value]), one) == []


def test_within_a_value_the_path_is_told() -> None:
    row = [0]
    leaf = Node()
    assert told({"x": [row] * 2}, {"x": [[0], [0]]}) == [
        "x[1]: the same object as x[0] in Run All, an equal one in the DAG"
    ]
    assert told({"n": Node(leaf, leaf)}, {"n": Node(Node(), Node())}) == [
        "n.children[1]: the same object as n.children[0] in Run All, an equal one in the DAG"
    ]
    assert told({"x": {"k": row}, "y": (row,)}, {"x": {"k": [0]}, "y": ([0],)}) == [
        "y[0]: the same object as x['k'] in Run All, an equal one in the DAG"
    ]


def test_a_value_that_differs_is_told_as_such() -> None:
    row = [0]
    assert told({"x": [row, row, 1]}, {"x": [[0], [0], 2]}) == ["x[2]: 1 != 2"]


def test_values_that_are_not_taken_in_together_may_share_or_not() -> None:
    one, other = twice([0]), copied([0])
    assert [difference(one[n], other[n], name=n, sharing=Sharing()) for n in one] == [None, None]
    assert difference([[0]] * 2, [[0], [0]]) is None


def test_loops_are_gone_round_once() -> None:
    def loop() -> Node:
        node = Node()
        node.children = [node, node]
        return node

    assert told({"x": loop()}, {"x": loop()}) == []


def test_what_functions_and_classes_keep_may_be_one_or_two() -> None:
    def keeping(first: list[int], second: list[int]) -> Made:
        def function(a: Any = first, b: Any = second) -> Any:
            return first, second, a, b

        return {"f": function, "g": functools.lru_cache(function)}

    row = [0]
    assert told(keeping(row, row), keeping([0], [0])) == []


def arrays(b_of: Callable[[Any], Any]) -> Made:
    a = np.arange(6.0)
    return {"a": a, "b": b_of(a), "c": [np.zeros(3)]}


@pytest.mark.parametrize("view", [lambda a: a, lambda a: a[2:], lambda a: a[2:].view()])
def test_arrays_that_share_memory(view: Callable[[Any], Any]) -> None:
    assert told(arrays(view), arrays(view)) == []
    copying = arrays(lambda a: view(a).copy())
    assert told(copying, arrays(lambda a: view(a).copy())) == []
    assert told(arrays(view), copying) == [
        "b: shares memory with a in Run All, in the DAG it does not"
    ]
    assert told(copying, arrays(view)) == [
        "b: does not share memory with a in Run All, in the DAG it does"
    ]


def test_columns_of_one_array_share_nothing() -> None:
    whole = np.zeros((3, 2))
    columns = {"a": whole[:, 0], "b": whole[:, 1]}
    apart = np.zeros((3, 2)), np.zeros((3, 2))
    assert told(columns, {"a": apart[0][:, 0], "b": apart[1][:, 1]}) == []


def test_of_very_many_arrays_over_one_stretch_nothing_is_said() -> None:
    whole = np.zeros(200)
    views, copies = [whole] * 100, [whole.copy() for _ in range(100)]
    assert told({"x": [v[:] for v in views]}, {"x": copies}) == []
