"""What both judges tell apart, the pictures of the search and `dagflow verify`: each row are two values that a
later cell could tell apart.
"""

from __future__ import annotations

import collections
import doctest
import functools
import sys
import types
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest

from jupyter_dagflow.kernel_side.comparison import difference
from jupyter_dagflow.kernel_side.comparison_sharing import Sharing
from tests.fuzz import likeness
from tests.fuzz.likeness import album, picture

_CLASSES = """
import collections, dataclasses, enum, functools, traitlets
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
class Colour(enum.Enum):
    RED = 1
@dataclasses.dataclass(slots=True)
class Config:
    xs: list
class Dial(traitlets.HasTraits):
    n = traitlets.Int(0)
def caught(inner, outer, how='pass'):
    try:
        try:
            raise ValueError(inner)
        except ValueError as error:
            exec(how)
            raise KeyError(outer)
    except KeyError as error:
        return error
def named(name):
    try:
        eval(name)
    except NameError as error:
        error.args = ()
        return error
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


def _code(source: str) -> Any:
    namespace: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(source, "<cell>", "exec", dont_inherit=True), namespace)
    return namespace["f"]


def _from(error: BaseException, cause: BaseException | None) -> BaseException:
    try:
        raise error from cause
    except BaseException as raised:  # noqa: BLE001 -- whatever it is
        return raised


def _noted(error: BaseException, note: str) -> BaseException:
    return _with(error, __notes__=[note])  # as `add_note` does, since Python 3.11


def _dial(module: Any, *observers: object) -> Any:
    dial = module.Dial()
    for each in observers:
        dial.observe(each, "n")
    return dial


def _weak(target: Any) -> list[object]:
    return [target, weakref.ref(target)]


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
    "what an exception was raised from": lambda _: (
        _from(ValueError(1), KeyError(1)),
        _from(ValueError(1), KeyError(2)),
    ),
    "whether it was raised from nothing": lambda _: (
        _from(ValueError(1), None),
        ValueError(1),
    ),
    "what was handled when it was raised": lambda m: (m.caught(1, 1), m.caught(2, 1)),
    "what that carries": lambda m: (
        m.caught(1, 1, how="error.row = [1]"),
        m.caught(1, 1, how="error.row = [2]"),
    ),
    "notes of an exception": lambda _: (
        _noted(ValueError(1), "a"),
        _noted(ValueError(1), "b"),
    ),
    "the name that was not there": lambda m: (m.named("nothing"), m.named("nobody")),
    "annotations of a function": lambda _: (
        _code("def f(x: int): pass"),
        _code("def f(x: str): pass"),
    ),
    "annotations that are text": lambda _: (
        _code("def f(x: int): pass"),
        _code("def f(x: 'int'): pass"),
    ),
    "annotations of a class": lambda _: (
        _code("class f:\n    x: int"),
        _code("class f:\n    x: str"),
    ),
    "the docstring of a function": lambda _: (
        _code("def f(): pass"),
        _with(_code("def f(): pass"), __doc__="said later"),
    ),
    "what a function does": lambda _: (
        _code("def f(x): return x + 1"),
        _code("def f(x): return x - 1"),
    ),
    "what a function returns": lambda _: (
        _code("def f(x, y): return x if x else y"),
        _code("def f(x, y): return y if x else x"),
    ),
    "defaults by name": lambda _: (
        _code("def f(*, x=[1]): pass"),
        _code("def f(*, x=[2]): pass"),
    ),
    "what a function wraps": lambda _: (
        functools.wraps(_code("def f(): return 1"))(_code("def f(): pass")),
        functools.wraps(_code("def f(): return 2"))(_code("def f(): pass")),
    ),
    "cells of a closure": lambda _: (
        _code("def g(k):\n    return lambda: k\nf = g([1])"),
        _code("def g(k):\n    return lambda: k\nf = g([2])"),
    ),
    "the third function of a property": lambda _: (
        property(None, None, len),
        property(None, None, repr),
    ),
    "who observes a trait": lambda m: (_dial(m, m.caught), _dial(m)),
    "which of them does": lambda m: (_dial(m, m.caught), _dial(m, m.named)),
    "whom a weak reference means": lambda m: (
        _weak(m.MyList([1])),
        [m.MyList([1]), weakref.ref(m.MyList)],
    ),
    "attributes of a member": lambda m: (
        m.Colour.RED,
        _with(_again(m).Colour.RED, note=1),
    ),
    "slots of a dataclass": lambda m: (m.Config([1]), m.Config([2])),
    "views of one array": lambda _: (
        [np.arange(4)[:2], np.arange(4)[1:3]],
        (lambda x: [x[:2], x[1:3]])(np.arange(4)),
    ),
}


def _again(module: types.ModuleType) -> Any:
    namespace: dict[str, object] = {"__name__": "__main__"}
    exec(_CLASSES, namespace)
    return types.SimpleNamespace(**namespace)


@pytest.mark.parametrize("pair", _TOLD_APART.values(), ids=_TOLD_APART.keys())
def test_both_judges_tell(pair: Pair, notebook: types.ModuleType) -> None:
    one, other = pair(notebook)
    again = pair(notebook)[0]
    assert picture(one) == picture(again), "the same, made again, is alike"
    assert _compared(one, again) is None
    assert picture(one) != picture(other)
    assert _compared(one, other) is not None


def _compared(one: object, other: object) -> str | None:
    sharing = Sharing()
    found = difference(one, other, sharing=sharing)
    return found or next((text for _, text in sharing.of_memory()), None)


def test_an_album_tells_what_variables_have_in_common() -> None:
    kept, array = [1], np.arange(3)
    one = album({"a": kept, "b": [kept], "x": array, "y": array[:2], "z": "text"})
    other = album({"a": [1], "b": [[1]], "x": array, "y": array[:2].copy(), "z": "text"})
    assert one.pictures == other.pictures
    assert one.common.keys() == {("a", "b"), ("x", "y")}
    assert not other.common


def test_the_order_of_a_set_is_nobodys_to_see() -> None:
    def known(x: int) -> bool:
        return x in {0, 8}  # in one place of a table of eight

    constants = known.__code__.co_consts
    turned = [frozenset([*c][::-1]) if isinstance(c, frozenset) else c for c in constants]
    other = types.FunctionType(known.__code__.replace(co_consts=tuple(turned)), {}, "known")
    other.__qualname__, other.__annotations__ = known.__qualname__, known.__annotations__
    assert repr(turned) != repr([*constants])
    assert picture(known) == picture(other)


def test_the_examples_in_the_docstrings() -> None:
    assert doctest.testmod(likeness).failed == 0
