"""Fingerprints: reading a value never changes it, writing to it always does."""

from __future__ import annotations

import collections
import copy
import dataclasses
import datetime
import decimal
import enum
import functools
import importlib.util
import io
import itertools
import pathlib
import random
import sys
import threading
import types
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import sklearn.cluster
import sklearn.compose
import sklearn.datasets
import sklearn.decomposition
import sklearn.ensemble
import sklearn.feature_extraction.text
import sklearn.linear_model
import sklearn.neighbors
import sklearn.pipeline
import sklearn.preprocessing
import sklearn.svm
import sklearn.tree
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_dagflow.kernel_side import bundle
from jupyter_dagflow.kernel_side.fingerprint import Walk, fingerprint

HAS_ARROW = importlib.util.find_spec("pyarrow") is not None

X, Y = sklearn.datasets.load_iris(return_X_y=True)


class Plain:
    def __init__(self, **values: Any) -> None:
        self.__dict__.update(values)

    @functools.cached_property
    def total(self) -> int:
        return sum(vars(self)["numbers"])


class Slotted:
    __slots__ = ("left", "right")

    def __init__(self, left: Any) -> None:
        self.left = left


@dataclasses.dataclass
class Node:
    value: int
    below: list[Node]


class Bag(list):  # type: ignore[type-arg]
    pass


class Colour(enum.Enum):
    RED = 1


class Hostile:
    """Whatever code of it runs, it says so."""

    def __init__(self) -> None:
        self.__dict__["items"] = [1]

    def _trap(self, *_: Any) -> Any:
        raise AssertionError("code of a user's class has run")

    __eq__ = __iter__ = __len__ = __getattr__ = __reduce__ = __reduce_ex__ = __getstate__ = _trap  # type: ignore[assignment]
    __repr__ = __contains__ = __bool__ = __getitem__ = __array__ = __setattr__ = _trap  # type: ignore[assignment]

    def __hash__(self) -> int:
        return 1


def frame() -> pd.DataFrame:
    made = pd.DataFrame({"a": [1, 2, 3], "b": [1.5, np.nan, -0.0], "s": ["x", None, "z"]})
    made["c"] = [7, 8, 9]  # a block of its own
    made["d"] = pd.Categorical(["p", "q", "p"])
    made["t"] = pd.date_range("2024-01-01", periods=3, tz="UTC")
    made["i"] = pd.array([1, None, 3], dtype="Int64")
    return made


def blocks() -> pd.DataFrame:
    made = pd.DataFrame(np.arange(12.0).reshape(4, 3), columns=list("abc"), copy=False)
    made["d"] = 1.0
    made["e"] = 2.0
    return made


def by_product(levels: int = 3) -> pd.DataFrame:
    index = pd.MultiIndex.from_product([range(levels), list("xy")], names=["n", "l"])
    return pd.DataFrame({"v": range(2 * levels)}, index=index)


def sparse() -> Any:
    return scipy.sparse.csr_matrix(
        (np.array([1.0, 2.0, 3.0]), np.array([2, 0, 1]), np.array([0, 2, 3])), shape=(2, 3)
    )


def closure() -> Callable[[], Any]:
    seen: list[int] = []

    def append(to: list[int] = [], *, more: dict[str, int] = {}) -> list[int]:  # noqa: B006
        seen.append(1)
        return to

    return append


def cells(function: Any) -> Any:
    return function.__closure__[0].cell_contents


def cycle() -> list[Any]:
    made: list[Any] = [1]
    made.append({"again": made})
    return made


def fitted(estimator: Any) -> Any:
    return estimator.fit(X, Y)


def read_frame(df: pd.DataFrame) -> None:
    df.values  # noqa: B018
    df.describe(include="all")
    df.groupby("d", observed=True)["a"].sum()
    df.set_index("s").loc["x"]
    df.loc[0]
    df.iloc[1:]
    df["a"]
    df.T  # noqa: B018
    df.sort_values("a")
    df.merge(df, on="a")
    df.index.is_unique  # noqa: B018
    repr(df)
    df.to_csv()
    df.eq(df)
    df.columns.get_loc("a")
    df.memory_usage(deep=True)
    df.isna().any()
    df.t.dt.year  # noqa: B018
    df.d.cat.codes  # noqa: B018
    copy.copy(df)


def read_blocks(df: pd.DataFrame) -> None:
    df.values  # noqa: B018
    df.mean()
    df._mgr.consolidate() if hasattr(df._mgr, "consolidate") else None
    df._consolidate_inplace()


def read_sparse(matrix: Any) -> None:
    matrix.has_sorted_indices  # noqa: B018
    matrix.has_canonical_format  # noqa: B018
    matrix.sum(axis=0)
    matrix @ np.ones(3)
    matrix + matrix
    matrix.T.tocsc()
    matrix[0, 1]
    matrix.sort_indices()  # what solvers do to the matrices they are given
    matrix.sum_duplicates()


def predict(model: Any) -> None:
    for name in ("predict", "predict_proba", "transform", "score_samples", "kneighbors"):
        if hasattr(model, name):
            getattr(model, name)(X)
    repr(model)
    model.get_params()
    model._repr_html_() if hasattr(model, "_repr_html_") else None


READS: dict[str, tuple[Callable[[], Any], Callable[[Any], object]]] = {
    "frame": (frame, read_frame),
    "blocks": (blocks, read_blocks),
    "row by row": (lambda: pd.DataFrame(np.arange(900.0).reshape(90, 10).T.copy().T), read_blocks),
    "index of several levels": (
        by_product,
        lambda df: (df.loc[(1, "x")], df.index.is_unique, df.unstack()),
    ),
    "column": (
        lambda: frame()["a"],
        lambda s: (s.mean(), s.index.get_loc(1), s.is_unique, s.values),
    ),
    "range index": (
        lambda: pd.RangeIndex(5),
        lambda i: (i.values, i.get_indexer([1]), i.is_unique),
    ),
    "dates": (
        lambda: pd.date_range("2024", periods=4, freq="D"),
        lambda i: (i.year, i.inferred_freq, i.get_loc("2024-01-02")),
    ),
    "intervals": (
        lambda: pd.interval_range(0, 3),
        lambda i: (i.get_loc(1), i.mid, i.is_overlapping),
    ),
    "periods": (
        lambda: pd.period_range("2024-01", periods=3, freq="M"),
        lambda i: (i.year, i.is_unique),
    ),
    "group by": (
        lambda: frame().groupby("a"),
        lambda g: (g.sum(numeric_only=True), g.groups, g.ngroups),
    ),
    "sparse": (sparse, read_sparse),
    "sparse array": (lambda: scipy.sparse.csr_array(sparse()), read_sparse),
    "coordinates": (lambda: sparse().tocoo(), lambda m: (m.tocsr(), m.sum(), m.T)),
    "array": (
        lambda: np.arange(6).reshape(2, 3),
        lambda a: (a.sum(), a.T, a[::2], a.astype(float), a.tobytes()),
    ),
    "view": (lambda: np.arange(20)[::3], lambda a: (a.sum(), a.copy(), np.ascontiguousarray(a))),
    "masked": (
        lambda: np.ma.masked_equal([1, 2, 3], 2),
        lambda a: (a.sum(), a.filled(0), a.mask, a[1:]),
    ),
    "generator of NumPy": (
        lambda: np.random.default_rng(1),
        lambda g: (repr(g), g.bit_generator.state),
    ),
    "text": (lambda: ["ab c", "d"], lambda t: (sys.intern("".join(t)), hash(tuple(t)))),
    "set": (
        lambda: {("a", 1), "b", frozenset({2})},
        lambda s: (1 in s, sorted(map(str, s)), s | {9}),
    ),
    "path": (
        lambda: pathlib.Path("a/b.txt"),
        lambda p: (p.name, p.parts, hash(p), p.parent, str(p)),
    ),
    "lazy attribute": (lambda: Plain(numbers=[1, 2]), lambda p: p.total),
    "dict": (lambda: {"a": [1], "b": {}}, lambda d: (d.get("c"), list(d.items()), dict(d))),
    "default dict": (
        lambda: collections.defaultdict(list, a=[1]),
        lambda d: (d.get("b"), "c" in d),
    ),
    "cached function": (lambda: Plain(f=functools.lru_cache(abs)), lambda p: p.f(3)),
    "hostile": (Hostile, lambda h: None),
    "hostile in a set": (lambda: {Hostile()}, lambda s: None),
    "frame of hostile": (lambda: pd.Series([Hostile()], dtype=object), lambda s: None),
    "lock": (
        lambda: Plain(lock=threading.Lock(), thread=threading.Thread()),
        lambda p: p.lock.acquire(),
    ),
    "vectorizer": (
        lambda: sklearn.feature_extraction.text.TfidfVectorizer().fit(["a bc", "bc de"]),
        lambda v: (v.transform(["bc"]), v.get_feature_names_out()),
    ),
    **{
        type(model).__name__: (lambda model=model: fitted(model), predict)  # type: ignore[misc]
        for model in (
            sklearn.linear_model.LogisticRegression(max_iter=500),
            sklearn.linear_model.LinearRegression(),
            sklearn.ensemble.RandomForestClassifier(5),
            sklearn.ensemble.IsolationForest(n_estimators=5),
            sklearn.ensemble.HistGradientBoostingClassifier(max_iter=3),
            sklearn.ensemble.GradientBoostingClassifier(n_estimators=3),
            sklearn.neighbors.KNeighborsClassifier(algorithm="kd_tree"),
            sklearn.neighbors.KernelDensity(algorithm="ball_tree"),
            sklearn.svm.SVC(probability=False),
            sklearn.tree.DecisionTreeClassifier(),
            sklearn.cluster.KMeans(3, n_init=1),
            sklearn.decomposition.PCA(2),
            sklearn.pipeline.make_pipeline(
                sklearn.preprocessing.StandardScaler(), sklearn.neighbors.KNeighborsRegressor()
            ),
        )
    },
}
if HAS_ARROW:
    import pyarrow as pa

    READS |= {
        "arrow table": (
            lambda: pa.table({"a": [1, 2], "s": ["x", None]}),
            lambda t: (t.to_pandas(), t.slice(1), t.column("a").to_pylist()),
        ),
        "arrow column": (
            lambda: pd.Series(["x", None, "y"], dtype="string[pyarrow]"),
            lambda s: (s.str.upper(), s.isna(), s.to_numpy(), s.unique()),
        ),
        "arrow dictionary": (
            lambda: pa.array(["a", "b", "a"]).dictionary_encode(),
            lambda a: a.to_pylist(),
        ),
    }


@pytest.mark.parametrize("name", READS)
def test_reading_leaves_a_value_as_it_was(name: str) -> None:
    make, read = READS[name]
    value = make()
    before = fingerprint(value)
    read(value)
    assert fingerprint(value) == before


def setitem(key: Any, new: Any) -> Callable[[Any], None]:
    return lambda value: value.__setitem__(key, new)


def caused_by_itself() -> ValueError:
    error, cause = ValueError("a"), KeyError("b")
    error.__cause__, cause.__cause__ = cause, error
    return error


def setattr_(name: str, new: Any) -> Callable[[Any], None]:
    return lambda value: setattr(value, name, new)


WRITES: dict[str, tuple[Callable[[], Any], Callable[[Any], object]]] = {
    "new column": (frame, setitem("z", 1)),
    "column replaced": (frame, setitem("a", [1, 2, 4])),
    "cell of a frame": (frame, lambda df: df.loc.__setitem__((0, "b"), 2.5)),
    "text in a frame": (frame, lambda df: df.loc.__setitem__((0, "s"), "other")),
    "missing text": (frame, lambda df: df.loc.__setitem__((0, "s"), None)),
    "category": (frame, lambda df: df.loc.__setitem__((0, "d"), "q")),
    "date": (frame, lambda df: df.loc.__setitem__((0, "t"), df.t[1])),
    "masked integer": (frame, lambda df: df.loc.__setitem__((1, "i"), 5)),
    "block of rows": (blocks, lambda df: df.iloc.__setitem__((3, 2), 5.0)),
    "sorted frame": (frame, lambda df: df.sort_values("a", ascending=False, inplace=True)),
    "rows dropped": (frame, lambda df: df.drop(index=1, inplace=True)),
    "renamed columns": (frame, lambda df: setattr(df, "columns", [c.upper() for c in df])),
    "attrs": (frame, lambda df: df.attrs.update(unit="m")),
    "name of an index": (frame, lambda df: setattr(df.index, "name", "k")),
    "names of levels": (by_product, lambda df: setattr(df.index, "names", ["p", "q"])),
    "labels": (frame, lambda df: setattr(df, "index", [5, 6, 7])),
    "type of a column": (frame, lambda df: df.__setitem__("a", df["a"].astype("int32"))),
    "name of a column": (lambda: frame()["a"], setattr_("name", "b")),
    "element of a column": (lambda: frame()["a"].copy(), lambda s: s.iloc.__setitem__(1, 99)),
    "column moved": (frame, lambda df: df.insert(0, "i", df.pop("i"))),
    "NaN filled": (frame, lambda df: df.__setitem__("b", df["b"].fillna(0.0))),
    "sign of zero": (frame, lambda df: df.loc.__setitem__((2, "b"), 0.0)),
    "element": (lambda: np.zeros((3, 4)), setitem((1, 2), 1.0)),
    "element of a view": (lambda: np.zeros(30)[::7], setitem(3, 1.0)),
    "element of columns": (lambda: np.zeros((30, 4), order="F")[::2], setitem((3, 1), 1.0)),
    "shape": (
        lambda: np.zeros(6),
        lambda a: a.__imul__(1) if setattr_("shape", (2, 3))(a) else None,
    ),
    "object": (lambda: np.array([[1], "a"], dtype=object), lambda a: a[0].append(2)),
    "record": (
        lambda: np.zeros(2, dtype=[("a", int), ("b", object)]),
        lambda a: a["b"].__setitem__(1, "x"),
    ),
    "mask": (lambda: np.ma.masked_equal([1, 2, 3], 2), lambda a: a.__setitem__(0, np.ma.masked)),
    "sparse data": (sparse, lambda m: m.data.__setitem__(0, 9.0)),
    "sparse entry": (lambda: sparse().tolil(), setitem((1, 2), 4.0)),
    "fit": (lambda: sklearn.linear_model.LinearRegression(), lambda m: m.fit(X, Y)),
    "fit again": (
        lambda: fitted(sklearn.tree.DecisionTreeClassifier()),
        lambda m: m.fit(X[:100], Y[:100]),
    ),
    "neighbours fit again": (
        lambda: fitted(sklearn.neighbors.KNeighborsClassifier(algorithm="kd_tree")),
        lambda m: m.fit(X + 1, Y),
    ),
    "parameter": (lambda: sklearn.linear_model.Ridge(), lambda m: m.set_params(alpha=3)),
    "nested list": (lambda: [[1, [2]], 3], lambda v: v[0][1].append(4)),
    "set": (lambda: {1, 2}, lambda s: s.add(3)),
    "set of text": (lambda: {"a"}, lambda s: s.add("b")),
    "order of a dict": (lambda: {"a": 1, "b": 2}, lambda d: d.__setitem__("a", d.pop("a"))),
    "order of an ordered dict": (
        lambda: collections.OrderedDict(a=1, b=2),
        lambda d: d.move_to_end("a"),
    ),
    "key": (lambda: {"a": 1}, setitem("b", 2)),
    "missing key": (lambda: collections.defaultdict(list), lambda d: d["a"]),
    "counter": (lambda: collections.Counter("aab"), lambda c: c.update("b")),
    "queue": (lambda: collections.deque([1, 2]), lambda d: d.rotate(1)),
    "slot": (lambda: Slotted(1), setattr_("left", 2)),
    "new slot": (lambda: Slotted(1), setattr_("right", 2)),
    "attribute": (lambda: Plain(a=1), setattr_("a", 2)),
    "attribute gone": (lambda: Plain(a=1), lambda p: delattr(p, "a")),
    "dataclass": (lambda: Node(1, [Node(2, [])]), lambda n: n.below[0].below.append(Node(3, []))),
    "list with attributes": (lambda: Bag([1]), setattr_("owner", "me")),
    "item of a subclass": (lambda: Bag([1]), lambda b: b.append(2)),
    "inside the hostile": (Hostile, lambda h: vars(h)["items"].append(2)),
    "number for a bool": (lambda: [True], setitem(0, 1)),
    "float for an int": (lambda: [1], setitem(0, 1.0)),
    "closure": (closure, lambda f: cells(f).append(1)),
    "default": (closure, lambda f: f.__defaults__[0].append(1)),
    "keyword default": (closure, lambda f: f.__kwdefaults__["more"].update(a=1)),
    "attribute of a function": (closure, setattr_("calls", 1)),
    "code": (
        closure,
        setattr_("__code__", (lambda: 1).__code__) if False else setattr_("__defaults__", None),
    ),
    "bound method": (lambda: Bag([1]).append, lambda m: m(2)),
    "partial": (lambda: functools.partial(print, [1]), lambda p: p.args[0].append(2)),
    "random": (lambda: random.Random(1), lambda r: r.random()),
    "gauss": (lambda: random.Random(1), lambda r: r.gauss(0, 1)),
    "generator of NumPy": (lambda: np.random.default_rng(1), lambda g: g.random()),
    "old generator of NumPy": (lambda: np.random.RandomState(1), lambda g: g.rand()),
    "bytes": (lambda: bytearray(b"ab"), setitem(0, 65)),
    "iterator": (lambda: iter([1, 2, 3]), next),
    "count": (itertools.count, next),
    "text file": (lambda: io.StringIO("ab"), lambda f: f.write("c")),
    "place in a file": (lambda: io.BytesIO(b"ab"), lambda f: f.read(1)),
    "namespace": (types.SimpleNamespace, setattr_("a", 1)),
    "exception": (lambda: ValueError("a"), setattr_("args", ("b",))),
    "cause of an exception": (lambda: ValueError("a"), setattr_("__cause__", KeyError("b"))),
    "context of an exception": (lambda: ValueError("a"), setattr_("__context__", KeyError("b"))),
    "inside the cause of an exception": (
        caused_by_itself,
        lambda error: setattr(error.__cause__, "args", ("c",)),
    ),
    "cycle": (cycle, lambda c: c[1].update(more=1)),
    "tuple of lists": (lambda: ([1], 2), lambda t: t[0].append(3)),
    "frozen set of instances": (
        lambda: frozenset({Hostile()}),
        lambda s: vars(next(iter(s)))["items"].append(2),
    ),
}


@pytest.mark.parametrize("name", WRITES)
def test_writing_is_seen(name: str) -> None:
    make, write = WRITES[name]
    value = make()
    before = fingerprint(value)
    assert fingerprint(value) == before
    write(value)
    assert fingerprint(value) != before


def test_one_object_twice_is_not_two_equal_ones() -> None:
    one: list[int] = []
    assert fingerprint([one, one]) != fingerprint([[], []])
    assert fingerprint([(1, 2), (1, 2)]) == fingerprint([(1, 2)] * 2)


def test_what_cannot_be_looked_into_counts_as_itself() -> None:
    lock, other = threading.Lock(), threading.Lock()
    assert fingerprint([lock]) == fingerprint([lock])
    assert fingerprint([lock]) != fingerprint([other])


def test_depth_is_no_limit() -> None:
    deep: list[Any] = []
    for _ in range(50_000):
        deep = [deep]
    tree: tuple[Any, ...] = ()
    for _ in range(200):
        tree = (tree, tree)
    assert fingerprint(deep) == fingerprint(deep)
    assert fingerprint(tree) == fingerprint(tree)


def test_the_walk_looks_into_everything_of_the_libraries_we_know(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    opaque: list[type[Any]] = []
    monkeypatch.setattr(Walk, "opaque", lambda self, obj: opaque.append(type(obj)))
    for name in READS.keys() - {"lock"}:
        fingerprint(READS[name][0]())
    for name, (make, _) in WRITES.items():
        if "file" not in name:
            fingerprint(make())
    assert opaque == []


def test_without_xxhash_another_algorithm_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    value = frame()
    assert fingerprint(value).startswith("xxh3:")
    monkeypatch.setitem(sys.modules, "xxhash", None)
    assert fingerprint(value).startswith("blake2b:")
    assert bundle.new_hasher()[0] == "blake2b"


def test_large_values_are_told_in_pieces() -> None:
    rows = [str(number) for number in range(70_000)]
    before = fingerprint(rows)
    rows[66_000] = "other"
    assert fingerprint(rows) != before
    table = pd.DataFrame(np.zeros((70_000, 3)).T.copy().T, copy=False)
    columns = pd.DataFrame({n: np.zeros(70_000) for n in range(3)})
    columns.columns = table.columns
    assert fingerprint(table) == fingerprint(columns)
    table.iloc[69_999, 2] = 1.0
    assert fingerprint(table) != fingerprint(columns)


ATOMS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.binary()
    | st.decimals()
    | st.datetimes()
    | st.sampled_from(
        [Colour.RED, np.float64(1), np.int8(3), decimal.Decimal("1.0"), datetime.date(2024, 1, 1)]
    )
)
HASHABLE = st.integers() | st.text() | st.tuples(st.integers(), st.text())
VALUES = st.recursive(
    ATOMS,
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(HASHABLE, inner)
        | st.sets(HASHABLE | st.frozensets(HASHABLE))
        | st.lists(inner).map(tuple)
        | st.lists(inner).map(lambda items: Plain(items=items))
        | st.lists(inner).map(Slotted)
        | st.lists(inner).map(lambda items: np.array([*items, None], dtype=object))
    ),
    max_leaves=20,
)


def containers(value: Any, found: list[Any]) -> list[Any]:
    """Every list, dict and set within a value."""
    if isinstance(value, (list, dict, set)):
        found.append(value)
    inner: Any = ()
    if isinstance(value, dict):
        inner = value.values()
    elif isinstance(value, (list, tuple, np.ndarray)):
        inner = value
    elif isinstance(value, Plain):
        inner = vars(value).values()
    elif isinstance(value, Slotted):
        inner = [value.left]
    for each in inner:
        containers(each, found)
    return found


@settings(deadline=None, max_examples=200)
@given(value=VALUES, choice=st.randoms(use_true_random=False))
def test_copies_agree_until_one_is_changed(value: Any, choice: random.Random) -> None:
    value = [value]
    copied = copy.deepcopy(value)
    assert fingerprint(copied) == fingerprint(value)
    changed = choice.choice(containers(copied, []))
    if isinstance(changed, list):
        changed.append("new")
    elif isinstance(changed, dict):
        changed["new", 1] = changed.get(("new", 1), 0) != 1
    else:
        changed.add(("new", len(changed)))
    assert fingerprint(copied) != fingerprint(value)
