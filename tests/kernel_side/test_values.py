"""Values arrive as they were: content, identity, views, and what can be done with them."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest


@pytest.mark.parametrize(
    ("make", "check"),
    [
        ("x = {'a': [1, 2.5, None], 'b': {3, 4}, 'c': (b'd', 1j)}", "x['b'] == {3, 4}"),
        ("import datetime; x = datetime.datetime(2024, 2, 29)", "x.day == 29"),
        (
            "import pandas as pd; x = pd.DataFrame({'a': [1, 2], 's': ['p', None]})",
            "x.a.sum() == 3",
        ),
        ("import numpy as np; x = np.arange(6).reshape(2, 3).T", "x.tolist()[2] == [2, 5]"),
        ("import numpy as np; x = np.array([{}, 'b'], dtype=object)", "x[1] == 'b'"),
        ("import numpy as np; x = np.arange(9.0).reshape(3, 3)[::2, ::-1]", "x[1, 0] == 8"),
        ("import numpy as np; x = np.random.default_rng(7)", "x.integers(1000) == 944"),
        ("from io import BytesIO; x = BytesIO(b'abc')", "x.read() == b'abc'"),
        ("import json; x = json", "x.dumps([1]) == '[1]'"),
        ("x = iter([1, 2, 3]); next(x)", "next(x) == 2"),
        ("x = (n for n in [1]); list(x)", "list(x) == [] and x.__name__ == '<genexpr>'"),
        ("x = 10 ** 30", "x == 10 ** 30"),
        ("x = b'0' * 3_000_000", "len(x) == 3_000_000"),
        ("x = ()", "x == ()"),
        ("d = {'a': 1}; x = [d, d.keys()]", "x[0].update(b=2) or list(x[1]) == ['a', 'b']"),
        ("d = {'a': 1}; x = [d.items(), d]", "x[1].update(b=2) or len(x[0]) == 2"),
        (
            "import threading\ntry:\n    try:\n        raise ValueError(threading.Lock())\n"
            "    except ValueError:\n        raise KeyError(1)\nexcept KeyError as error:\n    x = error",
            "x.args == (1,) and x.__context__ is None",
        ),
        (
            "import io, urllib.error\ntry:\n    try:\n"
            "        raise urllib.error.HTTPError('u', 404, 'gone', {}, io.BytesIO())\n"
            "    except OSError as first:\n        raise KeyError(1) from first\n"
            "except KeyError as error:\n    x = error",
            "x.args == (1,) and x.__cause__ is None and x.__suppress_context__",
        ),
        (
            "class Few(Exception):\n    def __len__(self):\n        return 0\n"
            "x = KeyError(1)\nx.__cause__ = Few(2)",
            "x.__cause__.args == (2,)",
        ),
        (
            "x = first = KeyError(0)\nfor n in range(1, 40):\n    new = KeyError(n)\n"
            "    new.__cause__, x = x, new\nfirst.note = x",
            "x.__cause__.__cause__.args == (37,)",
        ),
        (
            "x = []\nfor text in ('nobody', 'x.nobody'):\n    try:\n        eval(text)\n"
            "    except (NameError, AttributeError) as error:\n        x.append(error)",
            "[each.name for each in x] == ['nobody'] * 2",
        ),
        (
            "class Outer:\n    class Inner:\n        pass\n    n = 1\nOuter.n = 2\nx = Outer",
            "x.Inner.__qualname__ == 'Outer.Inner'",
        ),
        (
            "class Named:\n    def __go(self):\n        return 1\n    def go(self):\n"
            "        return self.__go\nit = Named(); x = [it, it.go()]",
            "x[0].go() == x[1]",
        ),
        (
            "from sklearn.linear_model import LinearRegression\n"
            "from sklearn.pipeline import make_pipeline\n"
            "it = make_pipeline(LinearRegression()); x = [it, it.predict]",
            "x[0].predict == x[1]",
        ),
        (
            "from types import MappingProxyType\nd = {'a': 1}; x = [MappingProxyType(d), d]",
            "x[1].update(b=2) or list(x[0]) == ['a', 'b']",
        ),
        (
            "class Plain:\n    n = 1\nx = [vars(Plain), Plain]",
            "setattr(x[1], 'n', 2) or x[0]['n'] == 2",
        ),
        (
            "import functools; x = functools.lru_cache(lambda n, m=0: (n, 'b')); x(1, m=2)",
            "x(2) == (2, 'b')",
        ),
        (
            "import functools\nclass C:\n    @functools.cached_property\n"
            "    def n(self):\n        return 3\nx = C()",
            "x.n == 3 and vars(x) == {'n': 3}",
        ),
    ],
)
def test_a_value_crosses(tasks: Any, make: str, check: str) -> None:
    tasks.ok(make, writes="x")
    tasks.ok(f"assert {check}", reads="x")


def test_a_fitted_pipeline_with_a_lambda_crosses(tasks: Any) -> None:
    tasks.ok(
        """
import numpy as np
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
twice = FunctionTransformer(lambda X: X + X)
model = make_pipeline(twice, LinearRegression()).fit(np.eye(2), [0, 4])
""",
        writes="model",
    )
    tasks.ok(
        "import numpy as np\nassert abs(model.predict(np.eye(2)) - [0, 4]).max() < 1e-9",
        reads="model",
    )


def test_a_hundred_megabytes_cross_and_can_be_written_to(tasks: Any) -> None:
    made = tasks.ok("import numpy as np\nx = np.arange(12_500_000.0)", writes="x")
    assert made.stored("x")["size_bytes"] == pytest.approx(100_000_000, rel=1e-4)
    changed = "x[0] = -1\nassert x[-1] == 12_499_999 and x.sum() == 78_124_993_750_000 - 1"
    tasks.ok(changed, reads="x")
    tasks.ok(changed, reads="x")  # so the first change did not reach the store


MAPPED = """
where = x.__array_interface__["data"][0]
for line in open("/proc/self/maps"):
    addresses, access, *_, file = line.split()
    first, end = (int(address, 16) for address in addresses.split("-"))
    if first <= where and where + x.nbytes <= end:
        print(access, file)
"""


def test_an_array_lies_where_its_file_is_mapped_and_changing_it_changes_no_file(tasks: Any) -> None:
    made = tasks.ok("import numpy as np\nx = np.arange(1_000_000.0)", writes="x")
    value = made.stored("x")["digest"].partition(":")[2]
    file = tasks.store / value[:2] / value[2:]
    before = file.read_bytes()
    loaded = tasks.ok(f"import numpy\nx[:] = 7\n{MAPPED}", reads="x")
    assert loaded.output.split() == ["rw-p", str(file)]
    assert file.read_bytes() == before


def test_names_of_one_object_stay_one_object(tasks: Any) -> None:
    made = tasks.ok("a = [1]\nb = a\nc = {'k': a}\nd = [1]", writes="a b c d")
    assert made.stored("a")["digest"] == made.stored("b")["digest"] == made.stored("c")["digest"]
    assert made.stored("a")["digest"] != made.stored("d")["digest"]
    tasks.ok("b.append(2)\nassert a == [1, 2] == c['k'] and d == [1]", reads="a b c d")


def test_shared_text_numbers_and_classes_bind_nothing_together(tasks: Any) -> None:
    made = tasks.ok(
        "import datetime\nt = 'long ' * 99\nd = datetime.date(2024, 1, 1)\n"
        "a = [t, d, datetime.date, 2**99]\nb = [t, d, datetime.date]",
        writes="a b",
    )
    assert made.stored("a")["digest"] != made.stored("b")["digest"]


@pytest.mark.parametrize(
    "view",
    ["base[2:5]", "base[::2]", "base[::-1]", "base.reshape(2, 5)[:, 1]", "base.reshape(2, 5).T"],
)
def test_views_stay_views(tasks: Any, view: str) -> None:
    tasks.ok(f"import numpy as np\nbase = np.arange(10)\nview = {view}", writes="base view")
    tasks.ok("base[:] = 7\nassert (view == 7).all() and view.size", reads="base view")


def test_columns_that_share_no_element_are_stored_apart(tasks: Any) -> None:
    made = tasks.ok(
        "import numpy as np\ndata = np.ones((1000, 100))\nx = data[:, 3]\ny = data[:, 4]",
        writes="x y",
    )
    assert made.stored("x")["digest"] != made.stored("y")["digest"]
    assert made.stored("x")["size_bytes"] < 20_000


def test_a_frame_and_its_column_take_the_room_of_the_frame(tasks: Any) -> None:
    made = tasks.ok(
        "import numpy as np, pandas as pd\ndf = pd.DataFrame(np.ones((100_000, 4)))\ns = df[2]",
        writes="df s",
    )
    files = [path for path in tasks.store.glob("*/*") if path.is_file()]
    assert made.stored("df")["digest"] == made.stored("s")["digest"]
    assert sum(path.stat().st_size for path in files) < 3_300_000
    tasks.ok("assert (df[2] == s).all()", reads="df s")


@pytest.mark.parametrize(
    "other",
    [
        "df[['p', 'q']]",
        "df.rename(columns={'p': 'r'})",
        "df.reset_index(drop=True)",
        "df['p']",
        "df[:2]",
        "df.set_index('s')",
        "[df.copy(deep=False)][0]",
        "pd.Index(df['p'])",
    ],
)
def test_tables_that_share_memory_until_one_is_written_to_stay_apart(
    tasks: Any, other: str
) -> None:
    table = "pd.DataFrame({'p': [1, 2, 3], 'q': [1.5, 2.5, 3.5], 's': ['a', 'b', 'c']})"
    lazily = (
        "import pandas as pd\n"
        "if pd.__version__ < '3':\n    pd.set_option('mode.copy_on_write', True)\n"
    )
    tasks.ok(f"{lazily}df = {table}\nother = {other}", writes="df other")
    tasks.ok(
        f"{lazily}before = other.copy(deep=True)\ndf.iloc[0, 0] = 7\ndf.iloc[0, 1] = 7.5\n"
        "assert df.iloc[0, 0] == 7\nassert other.equals(before)",
        reads="df other",
    )


_OVER_MEMORY = ["df", "df[0]", "df[:2]", "df.T"]
if pd.__version__ >= "3":  # before, these are copies
    _OVER_MEMORY += ["df[[0]]", "df.rename(columns={0: 'a'})"]


@pytest.mark.parametrize("part", _OVER_MEMORY)
def test_tables_stay_over_the_memory_of_an_array(tasks: Any, part: str) -> None:
    table = "import numpy as np, pandas as pd\narr = np.zeros((3, 2))\ndf = pd.DataFrame(arr, copy=False)"
    tasks.ok(
        f"{table}\npart = {part}\nassert np.shares_memory(arr, part.to_numpy())",
        writes="arr part",
    )
    tasks.ok("arr[0, 0] = 7\nassert part.to_numpy().ravel()[0] == 7", reads="arr part")


def test_only_the_names_asked_for_are_bound(tasks: Any) -> None:
    tasks.ok("a = [1]\nb = a", writes="a b")
    tasks.ok("assert a == [1] and 'b' not in globals()", reads="a")


def test_no_name_is_left_behind(tasks: Any) -> None:
    tasks.ok("x = [1]", writes="x")
    tasks.ok(
        "import sys\nnames = {n for n in globals() if not n.startswith('__')}\n"
        "assert names == {'sys', 'x'}, names\n"
        "assert not [p for p in sys.path if 'kernel_side' in p]",
        reads="x",
    )


def test_a_name_that_was_never_bound_is_not_stored(tasks: Any) -> None:
    made = tasks.ok("if False:\n    x = 1\ny = 2", writes="x y")
    assert [stored["name"] for stored in made.outcome["stored"]] == ["y"]


def test_equal_values_are_one_file(tasks: Any) -> None:
    one = tasks.ok("x = list(range(100))", writes="x")
    two = tasks.ok("x = list(range(100))", writes="x")
    assert one.stored("x")["digest"] == two.stored("x")["digest"]
    assert len(list(tasks.store.glob("*/*"))) == 1
    assert one.stored("x")["size_bytes"] < 1000
