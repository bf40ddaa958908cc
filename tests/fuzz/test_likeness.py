"""What pictures tell apart: each row are two values that a later cell could tell apart."""

from __future__ import annotations

import collections
import doctest
import functools
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.fuzz import likeness
from tests.fuzz.likeness import picture

_CLASSES = """
import collections, functools
class Slotted:
    __slots__ = ('xs', '__hidden')
    def __init__(self, xs):
        self.xs = xs
class Hidden(Slotted):
    __slots__ = ('more',)
class Wrong(Exception):
    def __init__(self, row):
        self.row = row
class MyList(list): pass
class MyDict(dict): pass
class MySet(set): pass
class MyTuple(tuple): pass
Point = collections.namedtuple('Point', 'x y')
@functools.lru_cache
def cached(i): return i
"""


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    """A module that is the notebook, with classes of its own."""
    module = types.ModuleType("__main__")
    monkeypatch.setitem(sys.modules, "__main__", module)
    exec(_CLASSES, vars(module))
    return module


def _with(value: Any, **attributes: object) -> Any:
    for name, attribute in attributes.items():
        setattr(value, name, attribute)
    return value


def _read_only(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    array.flags.writeable = False
    return array


def _begun(iterator: Iterator[object]) -> Iterator[object]:
    next(iterator)
    return iterator


def _buffers(*, shared: bool) -> list[object]:
    held = bytearray(4)
    return [held, memoryview(held if shared else bytearray(4))]


def _bytes_and_array(*, shared: bool) -> list[object]:
    held = bytearray(4)
    return [held, np.frombuffer(held if shared else bytearray(4), dtype="u1")]


def _windows(*, one_memory: bool) -> np.ndarray[Any, Any]:
    windows = np.lib.stride_tricks.sliding_window_view(np.arange(4), 2, writeable=True)
    return windows if one_memory else windows.copy()


Pair = Callable[[Any], tuple[object, object]]
_TOLD_APART: dict[str, Pair] = {
    "slots": lambda m: (m.Slotted([1]), m.Slotted([2])),
    "slots of a base": lambda m: (m.Hidden([1]), m.Hidden([2])),
    "slots that are filled": lambda m: (m.Hidden([1]), _with(m.Hidden([1]), more=1)),
    "slots with a private name": lambda m: (
        m.Slotted(1),
        _with(m.Slotted(1), _Slotted__hidden=1),
    ),
    "named tuples": lambda m: (m.Point(1, [2]), m.Point(1, [3])),
    "attributes of a tuple": lambda m: (m.MyTuple([1]), _with(m.MyTuple([1]), note=1)),
    "bytes of a bytearray": lambda _: (bytearray(b"ab"), bytearray(b"ac")),
    "bytes behind a memoryview": lambda _: (memoryview(b"ab"), memoryview(b"ac")),
    "whether a memoryview may be written to": lambda _: (
        memoryview(b"ab"),
        memoryview(bytearray(b"ab")),
    ),
    "which buffer a memoryview shows": lambda _: (_buffers(shared=True), _buffers(shared=False)),
    "whose bytes an array shows": lambda _: (
        _bytes_and_array(shared=True),
        _bytes_and_array(shared=False),
    ),
    "attributes of an exception": lambda m: (m.Wrong([1]), _with(m.Wrong([1]), row=[2])),
    "attributes of a list": lambda m: (m.MyList([1]), _with(m.MyList([1]), note=1)),
    "attributes of a dict": lambda m: (m.MyDict(a=1), _with(m.MyDict(a=1), note=1)),
    "attributes of a set": lambda m: (m.MySet([1]), _with(m.MySet([1]), note=1)),
    "the longest a deque may be": lambda _: (
        collections.deque([1], maxlen=2),
        collections.deque([1], maxlen=3),
    ),
    "attributes of a partial": lambda _: (
        functools.partial(print),
        _with(functools.partial(print), calls=1),
    ),
    "attributes of a cached function": lambda m: (m.cached, _with(_again(m).cached, calls=1)),
    "where an iterator stands": lambda _: (iter([1, 2]), _begun(iter([1, 2]))),
    "whether an array may be written to": lambda _: (np.arange(2), _read_only(np.arange(2))),
    "windows over one memory": lambda _: (_windows(one_memory=True), _windows(one_memory=False)),
    "attrs of a frame": lambda _: (
        pd.DataFrame({"a": [1]}),
        _with(pd.DataFrame({"a": [1]}), attrs={"k": 1}),
    ),
}


def _again(module: types.ModuleType) -> Any:
    namespace: dict[str, object] = {"__name__": "__main__"}
    exec(_CLASSES, namespace)
    return types.SimpleNamespace(**namespace)


@pytest.mark.parametrize("pair", _TOLD_APART.values(), ids=_TOLD_APART.keys())
def test_a_picture_tells(pair: Pair, notebook: types.ModuleType) -> None:
    one, other = pair(notebook)
    assert picture(one) == picture(pair(notebook)[0]), "the same, made again, is alike"
    assert picture(one) != picture(other)


def test_the_order_of_a_set_is_nobodys_to_see() -> None:
    def known(x: int) -> bool:
        return x in {0, 8}  # in one place of a table of eight

    constants = known.__code__.co_consts
    turned = [frozenset([*c][::-1]) if isinstance(c, frozenset) else c for c in constants]
    other = types.FunctionType(known.__code__.replace(co_consts=tuple(turned)), {}, "known")
    assert repr(turned) != repr([*constants])
    assert picture(known) == picture(other)


def test_the_examples_in_the_docstrings() -> None:
    assert doctest.testmod(likeness).failed == 0
