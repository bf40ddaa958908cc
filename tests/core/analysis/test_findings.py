"""What the analysis has to say: each finding with its cell, its line and a way out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

SETUP = ""

# title, cells, nodes ("" is setup; none: a task a cell), expected (code, cell, line)
TABLE: list[tuple[str, list[str], list[str], list[tuple[str, int, int]]]] = [
    ("syntax", ["x = 1", "y = 1\nz = (", "print(x)"], [], [("DF101", 1, 2)]),
    (
        "what only a compiler finds",
        ["x = 1", "def f(x):\n    global x\n    return x", "y = 1\nreturn y", "print(x)"],
        [],
        [("DF101", 1, 2), ("DF101", 2, 2)],
    ),
    ("null byte", ["x = '\0'"], [], [("DF101", 0, 1)]),
    ("undefined", ["a = 1\nprint(nope)"], [], [("DF112", 0, 2)]),
    ("defined only below", ["print(x)", "x = 1"], [], [("DF112", 0, 1)]),
    ("undefined in a function", ["def f():\n    return zork", "f()"], [], [("DF112", 1, 1)]),
    ("never called", ["def f():\n    return zork"], [], []),
    ("guarded", ["try:\n    cache\nexcept NameError:\n    cache = {}"], [], []),
    ("known names", ["display(__name__)\nget_ipython()\nprint(exit)"], [], []),
    ("deleted", ["x = 1", "del x", "print(x)"], [], [("DF112", 2, 1)]),
    ("history", ["1 + 1", "print(_)", "Out[1]", "_i3"], [], [("DF116", i, 1) for i in (1, 2, 3)]),
    ("history name bound", ["for _ in range(3):\n    pass\nprint(_)"], [], []),
    ("setup reads a task", ["x = 1", "y = x"], ["a", SETUP], [("DF113", 1, 1)]),
    ("setup changes a task's value", ["x = []", "x.append(1)"], ["a", SETUP], [("DF113", 1, 1)]),
    ("setup too late", ["x = 1", "print(x)", "x = 2"], [SETUP, "a", SETUP], [("DF114", 2, 1)]),
    ("two versions", ["x = 1", "x = 2", "print(x)"], ["a", "b", "a"], [("DF114", 2, 1)]),
    (
        "two versions read",
        ["x = 1", "print(x)", "x = 2", "x"],
        ["a", "b", "c", "b"],
        [("DF114", 3, 1)],
    ),
    ("one version, two places", ["x = 1", "y = 2", "print(x, y)"], ["a", "b", "a"], []),
    ("open file", ["f = open('x')", "print(f.read())"], [], [("DF120", 1, 1)]),
    ("open file, one task", ["f = open('x')", "print(f.read())"], ["a", "a"], []),
    (
        "opened path",
        ["import pathlib\nf = pathlib.Path('x').open()", "print(f.read())"],
        [],
        [("DF120", 1, 1)],
    ),
    (
        "own folder",
        ["import tempfile\nd = tempfile.TemporaryDirectory()", "print(d.name)"],
        [],
        [("DF120", 1, 1)],
    ),
    ("generator", ["g = (i for i in [1])", "list(g)"], [], [("DF120", 1, 1)]),
    (
        "setup fits without a seed",
        [
            "from sklearn.cluster import KMeans\nkm = KMeans(3).fit([[1], [2], [4]])",
            "a = km",
            "b = km",
        ],
        ["", "t1", "t2"],
        [("DF121", 0, 2)],
    ),
    (
        "setup fits with a seed",
        [
            "from sklearn.cluster import KMeans\nkm = KMeans(3, random_state=1).fit([[1], [2], [4]])",
            "a = km",
            "b = km",
        ],
        ["", "t1", "t2"],
        [],
    ),
    (
        "setup draws from a distribution",
        ["from scipy import stats\nx = stats.norm(0, 1).rvs(3)", "a = x", "b = x"],
        ["", "t1", "t2"],
        [("DF121", 0, 2)],
    ),
    ("generator call", ["def g():\n    yield 1\nv = g()", "list(v)"], [], [("DF120", 1, 1)]),
    ("list iterator", ["it = iter([1])", "next(it)"], [], []),
    ("lock", ["import threading\nl = threading.Lock()", "l.acquire()"], [], [("DF120", 1, 1)]),
    ("held", ["fs = [open('x')]", "print(len(fs))"], [], [("DF120", 1, 1)]),
    (
        "what a reader gives",
        ["import csv\nwith open('x') as f:\n    rows = list(csv.DictReader(f))", "print(rows)"],
        [],
        [],
    ),
    (
        "what holds a reader",
        ["import csv\nbox = {'r': csv.reader(open('x'))}", "print(box)"],
        [],
        [("DF120", 1, 1)],
    ),
    ("not handed over", ["f = open('x')\nt = f.read()", "print(t)"], [], []),
    ("function that opens", ["def f():\n    return open('x')", "f().read()"], [], []),
    ("magic", ["%%sparql x\nSELECT"], [], [("DF111", 0, 1)]),
    (
        "module set with code, by which another goes",
        [
            "import copyreg, copy\nclass P:\n    pass",
            "def red(p):\n    return P, ()\ncopyreg.pickle(P, red)",
            "q = copy.copy(P())",
        ],
        [],
        [("DF121", 1, 3)],
    ),
    ("history magic", ["x = 1", "%rerun"], [], [("DF116", 1, 1)]),
    ("star", ["from nowhere import *", "print(thing)"], [], [("DF115", 0, 1)]),
    (
        "module set with data",
        ["import pandas as pd\nn = open('n').read()", "pd.set_option('a', n)", "pd.DataFrame()"],
        [],
        [("DF121", 1, 1)],
    ),
    (
        "module set with data, not used after",
        ["import pandas as pd\nn = input()", "pd.set_option('a', n)", "print(1)"],
        [],
        [("DF125", 1, 1)],
    ),
    (
        "environment set with data",
        [
            "import os\nv = str(input())",
            "os.environ['V'] = v",
            "import subprocess\nsubprocess.run('x')",
        ],
        [],
        [("DF125", 1, 1)],
    ),
    (
        "setup makes another each time",
        ["import uuid\nrun = uuid.uuid4().hex\nout = f'runs/{run}'", "print(out)", "print(out)"],
        [SETUP, "a", "b"],
        [("DF121", 0, 3)],
    ),
    (
        "setup makes another each time, for one",
        ["import time\nstart = time.time()", "print(start)", "print(2)"],
        [SETUP, "a", "b"],
        [],
    ),
    (
        "setup asks for what stays the same",
        [
            "import tempfile, time\nwhere = tempfile.gettempdir(), time.gmtime(0), time.strptime('1', '%d')",
            "print(where)",
            "print(where)",
        ],
        [SETUP, "a", "b"],
        [],
    ),
    (
        "setup draws without a seed",
        ["import random\nn = random.random()", "print(n)", "print(n)"],
        [SETUP, "a", "b"],
        [("DF121", 0, 2)],
    ),
    (
        "setup makes another each time, and then it does not",
        ["import time\nstart = time.time()\nstart = 0", "print(start)", "print(start)"],
        [SETUP, "a", "b"],
        [],
    ),
    ("set with data by the last task", ["import os\nn = 1", "os.environ['V'] = str(n)"], [], []),
    ("set with a constant", ["import os\nos.environ['V'] = '1'", "x = 1"], [], []),
    ("hides a function of Python", ["list = [1]\nlist.append(2)"], [], [("DF124", 0, 1)]),
    (
        "hides an import",
        ["import numpy as np", "np = 1", "x = 1"],
        [],
        [("DF124", 1, 1)],
    ),
    ("imports again", ["import json as np", "import numpy as np", "np.e"], [], []),
    (
        "a value that nobody reads",
        ["m = 1\nprint(m)", "m = 2", "print(m)"],
        [],
        [("DF124", 2, 1)],
    ),
    ("a value that only its own task reads", ["m = 1\nprint(m)", "m = 2\nprint(m)"], [], []),
    ("a value read and replaced", ["m = 1", "m = m + 1", "print(m)"], [], []),
    (
        "global generator",
        ["import numpy as np\nnp.random.seed(0)", "x = np.random.rand()"],
        [],
        [("DF119", 1, 1)],
    ),
    (
        "working directory",
        ["import os\nos.chdir('..')", "x = os.getcwd()", "y = 1"],
        [],
        [("DF119", 0, 2)],
    ),
]


@pytest.mark.parametrize(
    ("cells", "nodes", "expected"), [pytest.param(*row[1:], id=row[0]) for row in TABLE]
)
def test_findings(
    cells: list[str],
    nodes: list[str],
    expected: list[tuple[str, int, int]],
    mini: Callable[..., Any],
) -> None:
    found = mini(*cells, nodes=nodes).flow.diagnostics
    assert [(d.code, d.cell_index, d.line) for d in found] == expected
    assert all(d.hint and d.cell for d in found)


def test_refusal_names_variable_and_both_cells(mini: Callable[..., Any]) -> None:
    (found,) = mini(
        "x = 1", "import sqlite3\ncon = sqlite3.connect('x')", "con.close()"
    ).flow.diagnostics
    assert "`con` is a database connection" in found.message
    assert "(cell 1)" in found.message
    assert "(cell 2)" in found.message
    assert "put both cells in one task" in found.hint


@pytest.mark.parametrize(
    ("readers", "told"),
    [
        (1, "task `cell_1` below uses it and waits for it"),
        (2, "tasks `cell_1`, `cell_2` below use it and wait for it"),
        (5, "tasks `cell_1`, `cell_2`, `cell_3` and 2 more below use it and wait for it"),
    ],
)
def test_who_waits_because_of_the_working_directory_is_told_once(
    readers: int, told: str, mini: Callable[..., Any]
) -> None:
    cells = ["import os\nos.chdir('..')", *(f"x{n} = os.getcwd()" for n in range(readers))]
    (found,) = mini(*cells).flow.diagnostics
    assert found.message == f"task `cell_0` changes the working directory; {told}"


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        (
            ["x = 1", "y = x\ndel x", "print(x)"],
            "task `cell_1` deletes it above, in cell 1, line 2",
        ),
        (["x = 1", "del x\nprint(x)"], "task `cell_1` deletes it above, in cell 1, line 1"),
    ],
)
def test_a_name_that_was_deleted_says_where(
    cells: list[str], told: str, mini: Callable[..., Any]
) -> None:
    (found,) = mini(*cells).flow.diagnostics
    assert found.message == f"`x` is used but {told}"
    assert found.hint == "use `x` above that line, or leave out the `del` or the `as x`"


def test_what_is_bound_again_after_a_del_is_there(mini: Callable[..., Any]) -> None:
    assert mini("x = 1", "del x", "x = 2", "print(x)").codes == []


def test_cell_with_an_error_contributes_nothing(mini: Callable[..., Any]) -> None:
    notebook = mini("x = 1", "x = 2 +", "print(x)")
    assert notebook.edges == {(0, 2)}


@pytest.mark.parametrize(
    "odd",
    [
        "",
        "\n\n",
        "# only a comment",
        "x = " + "(" * 500 + ")" * 500,
        "x = " + " + ".join(["1"] * 5000),
        "x = " + "[" * 90 + "]" * 90,
        "\ud800 = 1",
        "return 1",
        "break",
        "await x\nyield",
        "def f():\n    return f()\nf()",
        "class A(A): pass",
        "del x, y[0], z.a",
        "global a, b\nnonlocal c",
        "lambda: (yield)",
        "f(**{**a}, *b)",
        "exec(exec(exec))\nexec('exec(\"x = 1\")')",
        "globals()['a']['b'] = globals()\nlocals().update(**locals())",
        "get_ipython().run_line_magic()\nget_ipython().run_cell_magic('time', '', 'x = (')",
        "match x:\n    case [*_, {'a': A(b=c) | None, **r}] if (d := r):\n        pass",
        "@(yield)\nasync def f(a, /, b=1, *c, d=2, **e) -> e:\n    async for x in y: nonlocal_ = x",
        "x = y = z.a[b] = *c, d = 1, 2",
        "with a as (b, [c, *d]), e: pass\nfor x.y, z[0] in w: continue\nelse: pass",
    ],
    ids=range(23),
)
def test_nothing_raises(odd: str, mini: Callable[..., Any]) -> None:
    assert mini("a = 1", odd, "print(a)").flow.nodes.keys() == {"cell_0", "cell_1", "cell_2"}
