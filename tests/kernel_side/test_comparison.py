"""Values of every kind that people hold, the same and not the same."""

from __future__ import annotations

import collections
import copy
import datetime
import decimal
import enum
import functools
import io
import math
import pathlib
import pickle
import random
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from scipy import sparse
from sklearn.cluster import KMeans
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from jupyter_dagflow.kernel_side.comparison import difference
from jupyter_dagflow.kernel_side.comparison_steps import NotComparable

NAN = float("nan")
UTC = datetime.timezone.utc


class Colour(enum.Enum):
    RED = 1
    BLUE = (2,)


class Point(NamedTuple):
    x: float
    y: float


@dataclass
class Settings:
    name: str
    paths: list[str] = field(default_factory=list)


class Slotted:
    __slots__ = ("a", "b")

    def __init__(self, a: int) -> None:
        self.a = a


class Lazy:
    @functools.cached_property
    def heavy(self) -> list[int]:
        return [1]


class Contrary:
    """What says of itself that it equals nothing."""

    def __init__(self, value: int) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return False

    __hash__ = object.__hash__


class Secretive:
    def __reduce__(self) -> Any:
        raise TypeError("not me")

    def __repr__(self) -> str:
        raise ValueError


def frame(**columns: Any) -> pd.DataFrame:
    return pd.DataFrame(columns)


def fitted(kind: Any, **options: Any) -> Any:
    features = np.random.default_rng(0).normal(size=(60, 3))
    return kind(**options).fit(features, (features[:, 0] > 0).astype(int))


def code(source: str, name: str = "f") -> Any:
    namespace: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(source, "<cell>", "exec", dont_inherit=True), namespace)
    return namespace[name]


def raised(error: Exception, cause: Exception | None) -> Exception:
    try:
        raise error from cause
    except Exception as raised:  # noqa: BLE001 -- whatever it is
        return raised


def with_loop() -> list[Any]:
    loop: list[Any] = [1]
    loop.append(loop)
    return loop


def deep(depth: int, end: int = 0) -> list[Any]:
    nest: list[Any] = [end]
    for _ in range(depth):
        nest = [nest]
    return nest


def advanced(seed: int, draws: int) -> np.random.Generator:
    rng = np.random.default_rng(seed)
    rng.random(draws)
    return rng


def read_only(size: int) -> np.ndarray[Any, Any]:
    array = np.zeros(size)
    array.flags.writeable = False
    return array


def used() -> Lazy:
    lazy = Lazy()
    assert lazy.heavy
    return lazy


SAME: dict[str, Callable[[], Any]] = {
    "nan": lambda: [float("nan"), math.nan, complex(NAN, 1), decimal.Decimal("sNaN")],
    "nan as a key": lambda: {float("nan"): 1, (float("nan"), 1): {float("nan"), 2}},
    "text": lambda: ("a", b"b", bytearray(b"c"), None, ..., 1 << 100),
    "time": lambda: [
        datetime.datetime(2024, 1, 1, tzinfo=ZoneInfo("Europe/Vienna")),
        datetime.date(2024, 1, 1),
        datetime.timedelta(1),
        datetime.time(1, tzinfo=UTC),
    ],
    "own objects": lambda: [Settings("a", ["b"]), Slotted(1), Point(1, NAN), Colour.BLUE],
    "own objects in sets": lambda: {Contrary(1), Contrary(2)},
    "containers": lambda: [
        collections.OrderedDict(a=1),
        collections.defaultdict(list, a=[1]),
        collections.Counter("aab"),
        collections.deque([1], maxlen=3),
        {1, "a", (1, 2)},
        range(3),
        slice(1, None),
    ],
    "small things": lambda: [re.compile("a+", re.I), pathlib.Path("a"), decimal.Decimal("1.0")],
    "a loop": with_loop,
    "depth": lambda: deep(20_000),
    "iterators": lambda: [iter([1, 2]), iter({"a": 1}), io.BytesIO(b"abc")],
    "generators of numbers": lambda: [random.Random(1), advanced(1, 3), np.random.RandomState(2)],
    "functions": lambda: [math.sin, len, [].append, functools.partial(int, base=2)],
    "made functions": lambda: code("def f(x, *, k=[1]):\n    return [lambda: x + k, 3.0]"),
    "a class": lambda: code("class f:\n    n = 1\n    @property\n    def p(self): return self.n"),
    "what it made": lambda: code("class f:\n    def m(self): return super().m()")(),
    "arrays": lambda: [
        np.array([[1.0, np.nan]]),
        np.array(["a", None, [NAN]], dtype=object),
        np.array([("a", 1.5)], dtype=[("s", "U3"), ("x", "f8")]),
        np.array(["2024-01-01", "NaT"], dtype="M8[D]"),
        np.ma.masked_array([1.0, 2.0], mask=[False, True]),
        np.float64(NAN),
        np.float32(1.5),
        np.dtype("f4"),
        np.zeros((0, 3)),
        np.array(3),
        np.sin,
    ],
    "tables": lambda: [
        frame(a=[1.0, NAN], b=["x", None], c=pd.Categorical(["u", "v"])),
        frame(a=pd.array([1, None], dtype="Int64"), s=pd.array(["a", None], dtype="string")),
        frame(t=pd.to_datetime(["2024-01-01", None], utc=True), o=[[1, NAN], {"a": 1}]),
        pd.DataFrame({"a": [1]}, index=pd.MultiIndex.from_tuples([(1, NAN)], names=["i", None])),
        pd.Series([pd.Timedelta(1), pd.NaT], name="n"),
        pd.Timestamp("2024-01-01", tz="UTC"),
        pd.Interval(0, 1),
        pd.period_range("2024", periods=2, freq="M"),
        pd.IntervalIndex.from_breaks([0, 1, 2]),
        frame(s=pd.arrays.SparseArray([0, 1])),
        frame(z=pd.Series([0.0, 1.0], dtype="Float64") / pd.Series([0.0, 1.0], dtype="Float64")),
        pd.Series([pd.Series([1], dtype=object), decimal.Decimal("sNaN")], dtype=object),
    ],
    "estimators": lambda: [
        fitted(LogisticRegression),
        fitted(RandomForestClassifier, n_estimators=3, random_state=0),
        fitted(KMeans, n_clusters=2, random_state=0),
        make_pipeline(StandardScaler(), LogisticRegression()),
        fitted(GridSearchCV, estimator=LogisticRegression(), param_grid={"C": [1, 2]}, cv=2),
    ],
}


@pytest.mark.parametrize("make", SAME.values(), ids=SAME)
def test_what_was_made_twice_is_the_same(make: Callable[[], Any]) -> None:
    assert difference(make(), make()) is None


@pytest.mark.parametrize(
    ("make", "use"),
    [
        (
            lambda: pd.DataFrame({"k": [1, 1], "v": [1, 2]}).groupby("k"),
            lambda grouped: grouped["v"].sum(),
        ),
        (lambda: sparse.csr_matrix(np.eye(2)), lambda matrix: (matrix + matrix).sum()),
        (CountVectorizer, lambda vectorizer: vectorizer.build_analyzer()),
        (
            lambda: fitted(KNeighborsClassifier, n_neighbors=1),
            lambda neighbours: neighbours.predict(np.zeros((2, 3))),
        ),
    ],
    ids=["groups", "sparse", "words", "neighbours"],
)
def test_what_a_library_has_worked_out_does_not_count(
    make: Callable[[], Any], use: Callable[[Any], Any]
) -> None:
    one, other = make(), make()
    use(one)
    assert difference(one, other) is None


def validated(seconds: float, score: float = 0.5) -> dict[str, Any]:
    """What ``cross_validate`` returns."""
    times = np.array([seconds, seconds])
    return {"fit_time": times, "score_time": times / 2, "test_score": np.array([score, 1.0])}


@pytest.mark.parametrize("as_made", [dict, pd.DataFrame])
def test_how_long_a_cross_validation_took_does_not_count(as_made: Callable[..., Any]) -> None:
    assert difference(as_made(validated(0.5)), as_made(validated(0.25))) is None
    assert difference(as_made(validated(0.5)), as_made(validated(0.5, 0.75))) is not None
    times = {"fit_time": np.array([0.5]), "score_time": np.array([0.5])}
    others = {"fit_time": np.array([0.25]), "score_time": np.array([0.5])}
    assert difference(as_made(times), as_made(others)) is not None


def test_what_cannot_be_told_apart_but_by_identity_is_the_same() -> None:
    assert difference(0.0, -0.0) is None
    assert difference([[1]] * 2, [[1], [1]]) is None
    assert difference(Lazy(), used()) is None
    twice = functools.lru_cache(abs)
    twice(3)
    assert difference(twice, functools.lru_cache(abs)) is None


DIFFERENT: dict[str, tuple[Any, Any, str]] = {
    "number": (1, 2, "x: 1 != 2"),
    "type": (1, 1.0, "x: 1 (int) != 1.0 (float)"),
    "bool": ([1], [True], "x[0]: 1 (int) != True (bool)"),
    "nan": (NAN, 1.0, "x: nan != 1.0"),
    "digits": (
        decimal.Decimal("1.0"),
        decimal.Decimal("1.00"),
        "x: Decimal('1.0') != Decimal('1.00')",
    ),
    "nested": ({"p": ["a", "b"]}, {"p": ["a", "c"]}, "x['p'][1]: 'b' != 'c'"),
    "length": ([1, 2], [1], "x: 2 items != 1 items"),
    "key": ({"a": 1}, {}, "x: key 'a' is only in Run All"),
    "key added": ({}, {"a": 1}, "x: key 'a' is only in the DAG"),
    "order of keys": (
        {"a": 1, "b": 2},
        {"b": 2, "a": 1},
        "x: the order of the keys: ['a', 'b'] != ['b', 'a']",
    ),
    "member": ({1, 2}, {2, 3}, "x: 1 is only in Run All"),
    "member's type": ({1}, {True}, "x: 1 is only in Run All"),
    "object": (Settings("a", ["b"]), Settings("a", ["c"]), "x.paths[0]: 'b' != 'c'"),
    "slots": (Slotted(1), Slotted(2), "x.a: 1 != 2"),
    "contrary": (Contrary(1), Contrary(2), "x.value: 1 != 2"),
    "field": (Point(1, 2), Point(1, 3), "x.y: 2 != 3"),
    "counter": (collections.Counter("aa"), collections.Counter("a"), "x['a']: 2 != 1"),
    "default": (collections.defaultdict(list), collections.defaultdict(set), None),
    "enum": (Colour.RED, Colour.BLUE, "x: <Colour.RED: 1> != <Colour.BLUE: (2,)>"),
    "zone": (
        datetime.datetime(2024, 1, 1, 1, tzinfo=UTC),
        datetime.datetime(2024, 1, 1, 2, tzinfo=datetime.timezone(datetime.timedelta(hours=1))),
        None,
    ),
    "depth": (deep(20_000, 0), deep(20_000, 1), None),
    "drawn": (random.Random(1), random.Random(2), None),
    "drawn more": (advanced(1, 3), advanced(1, 4), None),
    "array": (np.array([[1, 2], [3, 4]]), np.array([[1, 2], [3, 5]]), "x[1, 1]: 4 != 5"),
    "array's nan": (np.array([NAN]), np.array([1.0]), "x[0]: nan != 1.0"),
    "dtype": (np.array([1.0]), np.array([1.0], "f4"), "x.dtype: float64 != float32"),
    "shape": (np.zeros(2), np.zeros((2, 1)), "x.shape: (2,) != (2, 1)"),
    "scalar": (np.float64(1), 1.0, "x: 1.0 (numpy.float64) != 1.0 (float)"),
    "mask": (np.ma.array([1, 2], mask=[0, 1]), np.ma.array([1, 2]), "x.mask[1]: True != False"),
    "object array": (
        np.array([[1], "a"], dtype=object),
        np.array([[2], "a"], dtype=object),
        "x[0][0]: 1 != 2",
    ),
    "record": (
        np.array([(1, 2.0)], "i4,f8"),
        np.array([(1, 3.0)], "i4,f8"),
        "x['f1'][0]: 2.0 != 3.0",
    ),
    "read-only": (np.zeros(2), read_only(2), "x.flags.writeable: True != False"),
    "order of elements": (
        np.zeros((2, 2)),
        np.zeros((2, 2), order="F"),
        "x.flags.c_contiguous: True != False",
    ),
    "steps": (np.zeros(2), np.zeros(4)[::2], "x.flags.c_contiguous: True != False"),
    "freq": (
        pd.Series([1, 2], index=pd.date_range("2024", periods=2)),
        pd.Series([1, 2], index=pd.DatetimeIndex(["2024-01-01", "2024-01-02"])),
        "x.index.freq: <Day> != None",
    ),
    "cell": (frame(age=[20, 21]), frame(age=[20, 22]), "x['age'] row 1: 21 != 22"),
    "column": (frame(a=[1]), frame(b=[1]), "x.columns[0]: 'a' != 'b'"),
    "column's dtype": (frame(a=[1]), frame(a=[1.0]), "x['a'].dtype: int64 != float64"),
    "rows": (frame(a=[1]), frame(a=[1, 2]), "x.shape: (1, 1) != (2, 1)"),
    "index": (
        pd.Series([1], index=["u"]),
        pd.Series([1], index=["v"]),
        "x.index[0]: 'u' != 'v'",
    ),
    "name": (pd.Series([1], name="a"), pd.Series([1]), "x.name: 'a' (str) != None (NoneType)"),
    "missing": (
        frame(a=pd.array([1, None], dtype="Int64")),
        frame(a=pd.array([1, 2], dtype="Int64")),
        "x['a'] row 1: <NA> (pandas.NAType) != 2 (numpy.int64)",
    ),
    "behind a nan": (
        pd.Series([0.0, 1.0], dtype="Float64") / pd.Series([0.0, 1.0], dtype="Float64"),
        pd.Series([0.0, 2.0], dtype="Float64") / pd.Series([0.0, 1.0], dtype="Float64"),
        "x row 1: 1.0 != 2.0",
    ),
    "categories": (
        frame(a=pd.Categorical(["u"], categories=["u", "v"])),
        frame(a=pd.Categorical(["u"], categories=["u"])),
        "x['a'].categories: 2 items != 1 items",
    ),
    "attrs": (
        frame(a=[1]),
        frame(a=[1]).pipe(lambda f: (f.attrs.update(a=1), f)[1]),
        "x.attrs: key 'a' is only in the DAG",
    ),
    "estimator": (
        fitted(LogisticRegression),
        fitted(LogisticRegression, C=2.0),
        "x.C: 1.0 != 2.0",
    ),
    "forest": (
        fitted(RandomForestClassifier, n_estimators=2, random_state=0),
        fitted(RandomForestClassifier, n_estimators=2, random_state=1),
        "x.random_state: 0 != 1",
    ),
    "code": (code("def f(x): return x"), code("def f(x): return -x"), "x: its code differs"),
    "constant": (
        code("def f(x): return x + 1"),
        code("def f(x): return x + 2"),
        "x, a constant in its code: 1 != 2",
    ),
    "default value": (
        code("def f(x=[1]): pass"),
        code("def f(x=[2]): pass"),
        "x.__defaults__[0][0]: 1 != 2",
    ),
    "closure": (
        code("def g(n):\n    return lambda: n\nf = g(1)"),
        code("def g(n):\n    return lambda: n\nf = g(2)"),
        "x<n>: 1 != 2",
    ),
    "attribute of a function": (
        code("def f(): pass\nf.a = 1"),
        code("def f(): pass"),
        "vars(x): key 'a' is only in Run All",
    ),
    "annotation": (
        code("def f(x: int): pass"),
        code("def f(x: str): pass"),
        "x.__annotations__['x']: <class 'int'> != <class 'str'>",
    ),
    "annotation of a class": (
        code("class f:\n    x: int"),
        code("class f:\n    x: 'int'"),
        "x.__annotations__['x']: <class 'int'> (type) != 'int' (str)",
    ),
    "docstring": (
        code("def f(): pass"),
        code("def f(): pass\nf.__doc__ = 'later'"),
        "x.__doc__: None (NoneType) != 'later' (str)",
    ),
    "operator": (code("def f(x): return x + 1"), code("def f(x): return x - 1"), None),
    "cause": (
        raised(ValueError(1), KeyError("a")),
        raised(ValueError(1), KeyError("b")),
        "x.__cause__<0>: 'a' != 'b'",
    ),
    "no cause": (
        raised(ValueError(1), None),
        ValueError(1),
        "x.__suppress_context__: True != False",
    ),
    "bounds": (
        collections.deque([1], maxlen=2),
        collections.deque([1], maxlen=3),
        "x.maxlen: 2 != 3",
    ),
    "bytes seen": (memoryview(b"ab"), memoryview(b"ac"), "x: b'ab' != b'ac'"),
    "method": (
        code("class f:\n    def m(self): return 1"),
        code("class f:\n    def m(self): return 2"),
        None,
    ),
    "class attribute": (code("class f: n = 1"), code("class f: n = 2"), "x.n: 1 != 2"),
    "imported": (math.sin, math.cos, "x: <built-in function sin> != <built-in function cos>"),
}


@pytest.mark.parametrize(("one", "other", "text"), DIFFERENT.values(), ids=DIFFERENT)
def test_the_first_difference_is_named(one: Any, other: Any, text: str | None) -> None:
    found = difference(one, other, name="x")
    assert found is not None
    if text is not None:
        assert found == text
    assert difference(other, one) is not None


def test_what_cannot_be_told_is_not_called_equal() -> None:
    with pytest.raises(NotComparable, match="not me"):
        difference([Secretive()], [Secretive()])
    many = [{Contrary(n) for n in range(600)} for _ in range(2)]
    with pytest.raises(NotComparable, match="500"):
        difference(*many)


def test_where_code_stood_and_how_it_was_compiled_do_not_count() -> None:
    source = "def f(x: int) -> int: return np.abs(x) + len(x.y())"
    assert difference(code(source), code("\n\n" + source)) is None
    together = code("import numpy as np\n" + source)  # which is called in another way
    assert difference(code(source), together) is None
    assert together.__code__.co_code != code(source).__code__.co_code or sys.version_info[
        :2
    ] not in {(3, 11), (3, 12)}


PLAIN = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.complex_numbers()
    | st.text(max_size=5)
    | st.binary(max_size=5)
    | st.datetimes(timezones=st.sampled_from([ZoneInfo("Europe/Vienna"), UTC]))
    | st.decimals()
    | st.builds(Settings, st.text(max_size=3))
)
KEYS = st.integers() | st.text(max_size=3) | st.floats()
HOLDERS: list[Callable[[list[Any]], Any]] = [
    list,
    tuple,
    collections.deque,
    lambda items: Point(items, None),
    lambda items: np.array([*items, None], dtype=object),
    lambda items: pd.Series(items, dtype=object),
]


@st.composite
def values(draw: st.DrawFn, depth: int = 3) -> Any:
    kind = draw(st.integers(0, 3 if depth else 0))
    if kind == 0:
        return draw(PLAIN)
    if kind == 1:
        return {draw(KEYS): draw(values(depth - 1)) for _ in range(draw(st.integers(0, 3)))}
    if kind == 2:
        return draw(st.frozensets(KEYS | st.tuples(KEYS), max_size=4))
    items = [draw(values(depth - 1)) for _ in range(draw(st.integers(0, 3)))]
    return draw(st.sampled_from(HOLDERS))(items)


@settings(max_examples=300)
@given(values())
def test_a_copy_is_the_same(value: Any) -> None:
    assert difference(value, copy.deepcopy(value)) is None
    assert difference(pickle.loads(pickle.dumps(value)), value) is None


@given(values(), values())
def test_a_difference_is_found_from_either_side(one: Any, other: Any) -> None:
    assert (difference(one, other) is None) == (difference(other, one) is None)
