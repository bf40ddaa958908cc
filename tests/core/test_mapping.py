"""Whether the iterations of a mapped loop stand alone: a table of notebooks and what is found."""

from __future__ import annotations

import pytest

from jupyter_dagflow.core.compile import compile_cells
from jupyter_dagflow.core.model import Compilation, Loop, TaskName
from tests.core.notebooks import tagged

SETUP = "import random\nimport os\nimport numpy as np\nfrom sklearn.linear_model import Ridge\n"
LOAD = "xs = [1, 2, 3]\ncfg = {}\nk = 2\n"


def compiled(
    body: str, *, above: str = "", setup: str = "", below: str = "y = out", tags: str = ""
) -> Compilation:
    lines = body.split("\n")
    loop = "\n".join(
        lines if body.startswith("for ") else ["for x in xs:", *(f"    {line}" for line in lines)]
    )
    begin = "" if "out = " in above else "out = []\n"
    return compile_cells(
        tagged(
            ("setup", SETUP + setup),
            ("task:load", LOAD + above),
            (f"task:train map {tags}", begin + loop),
            ("task:below", below),
        )
    )


def loop_of(compilation: Compilation) -> Loop:
    task = compilation.pipeline.task(TaskName("train"))
    assert task is not None
    assert task.loop is not None
    return task.loop


ALONE = {
    "values of its own": ("s = x * k\nout.append(s)", "", "k"),
    "an object of its own that it changes": (
        "m = Ridge(alpha=x)\nm.fit(k, x)\nout.append(m)",
        "",
        "k",
    ),
    "a name that was there before, bound anew": ("k = x\nout.append(k)", "", ""),
    "a function that reads a variable": (
        "out.append(f(x))",
        "w = 3\ndef f(v):\n    return v * w",
        "w",
    ),
    "functions that it goes through": (
        "for g in fs:\n    out.append(g(2))",
        "w = 3\ndef f(v):\n    return v * w\nfs = [f]",
        "w",
    ),
    "a generator of its own": ("r = np.random.default_rng(x)\nout.append(r.random())", "", ""),
    "an import and a function of its own": (
        "import math\ndef f(v):\n    return math.sqrt(v)\nout.append(f(x))",
        "",
        "",
    ),
    "an iterator": ("for i, (a, b) in enumerate(zip(xs, xs)):\n    out.append(a)", "", ""),
    "another name for what it reports through": ("out.append(x)", "out = []\nalso = out", ""),
    "a library that may draw": (
        "out.append(cross_val_score(x, k))",
        "from sklearn.model_selection import cross_val_score",
        "k",
    ),
    "files of its own": (
        "with open(f'{x}.txt', 'w') as f:\n    f.write('a')\nout.append(x)",
        "",
        "",
    ),
}


@pytest.mark.parametrize("name", ALONE)
def test_iterations_that_stand_alone_take_only_what_they_read(name: str) -> None:
    body, above, reads = ALONE[name]
    compilation = compiled(body, above=above)
    assert [d.message for d in compilation.diagnostics if d.code.startswith("DF13")] == []
    taken = [name for name in loop_of(compilation).instance_reads if not name.startswith("<")]
    assert taken == reads.split()


DEPENDENT = {
    "a value that is carried": ("k = k + x\nout.append(k)", "", "", 3),
    "one that is bound sometimes": ("if x > 1:\n    q = x\nout.append(q)", "", "", 5),
    "a variable that is changed": ("cfg.update(a=x)\nout.append(x)", "", "", 3),
    "an element of what it goes through": (
        "for d in ds:\n    d['a'] = 1\n    out.append(1)",
        "ds = [{}, {}]",
        "",
        3,
    ),
    "a variable that a function changes": (
        "put(x)\nout.append(1)",
        "d = {}\ndef put(v):\n    d[v] = 1",
        "",
        3,
    ),
    "a variable that a function binds": (
        "put(x)\nout.append(1)",
        "",
        "def put(v):\n    global g\n    g = v",
        2,
    ),
    "a name that a function reads": (
        "out.append(peek())\nlast = x",
        "last = 0\ndef peek():\n    return last",
        "",
        3,
    ),
    "a class that counts": (
        "out.append(f())",
        "",
        "class C:\n    n = 0\ndef f():\n    C.n += 1\n    return C.n",
        3,
    ),
    "a default that grows": (
        "out.append(f(x))",
        "",
        "def f(v, seen=[]):\n    seen.append(v)\n    return len(seen)",
        3,
    ),
    "a cache that hands out one object": (
        "out.append(f(x))",
        "",
        "import functools\n@functools.cache\ndef f(v):\n    return [v]",
        3,
    ),
    "an outer object in every report": ("out.append(cfg)", "", "", 3),
    "a generator of all": ("out.append(rng.random())", "rng = np.random.default_rng(1)", "", 3),
    "the global generator": ("out.append(random.random())", "", "", 3),
    "NumPy's": ("out.append(np.random.rand())", "np.random.seed(1)", "", 3),
    "the global generator, seeded": ("np.random.seed(x)\nout.append(np.random.rand())", "", "", 4),
    "the working directory": ("os.chdir(str(x))\nout.append(x)", "", "", 2),
    "a setting": ("os.environ['A'] = str(x)\nout.append(x)", "", "", 2),
    "going through draws": ("for x in np.random.permutation(3):\n    out.append(x)", "", "", 2),
    "going through changes": (
        "for x in rng.permutation(3):\n    out.append(x)",
        "rng = np.random.default_rng(1)",
        "",
        2,
    ),
    "another name for what it reports through": (
        "out.append(len(also))",
        "out = []\nalso = out",
        "",
        2,
    ),
    "code that is run from text": ("exec('z = 1')\nout.append(x)", "", "", 2),
}


@pytest.mark.parametrize("name", DEPENDENT)
def test_iterations_that_depend_on_each_other_are_refused(name: str) -> None:
    body, above, setup, line = DEPENDENT[name]
    compilation = compiled(body, above=above, setup=setup)
    found = [d for d in compilation.diagnostics if d.code == "DF132"]
    assert found, [d.message for d in compilation.diagnostics]
    assert found[0].cell_index == 2
    assert line in {each.line for each in found}
    assert all(each.hint for each in found)
    assert not compilation.ok


def test_what_the_last_iteration_leaves_is_nobodys() -> None:
    found = [
        d
        for d in compiled("s = x\nout.append(s)", below="print(s)\nx").diagnostics
        if d.code == "DF133"
    ]
    assert {(d.cell_index, d.line) for d in found} == {(3, 1), (3, 2)}
    found = [
        d
        for d in compiled("s = x\nout.append(s)", tags="keep:s metric:s").diagnostics
        if d.code == "DF133"
    ]
    assert [(d.cell_index, d.line) for d in found] == [(2, None), (2, None)]
    assert compiled("s = x\nout.append(s)", below="s = 1\nprint(s)").ok


def test_what_is_gone_through_is_no_business_of_the_iterations() -> None:
    loop = loop_of(compiled("out.append(x + k)"))
    assert (loop.expansion_reads, loop.instance_reads) == (("xs",), ("k",))


BESIDE = {  # a function in the cell of the loop: what of it each iteration takes, or the line that is refused
    "that reads a variable": ("def f(v):\n    return v * k", "k"),
    "that calls another": ("def g(v):\n    return v + k\ndef f(v):\n    return g(v)", "k"),
    "that is decorated": ("def same(h):\n    return h\n@same\ndef f(v):\n    return v", ""),
    "that has a value of the notebook's": ("def f(v, w=k):\n    return v * w", 5),
    "that remembers": ("def f(v, seen=[]):\n    seen.append(v)\n    return len(seen)", 6),
    "that counts": ("def f(v):\n    f.n = getattr(f, 'n', 0) + 1\n    return f.n", 6),
    "that changes a variable": ("def f(v):\n    cfg[v] = 1\n    return v", 6),
}


@pytest.mark.parametrize("name", BESIDE)
def test_a_function_beside_the_loop_is_judged_as_one_above(name: str) -> None:
    function, expected = BESIDE[name]
    loop = "out = []\nfor x in xs:\n    out.append(f(x))"
    compilation = compile_cells(
        tagged(("task:load", LOAD), ("task:train map", f"{function}\n{loop}"))
    )
    found = [(d.code, d.line) for d in compilation.diagnostics if d.code.startswith("DF13")]
    if isinstance(expected, int):
        assert found == [("DF132", expected)]
    else:
        assert found == []
        assert loop_of(compilation).instance_reads == tuple(expected.split())


def test_what_is_gone_through_may_not_change_a_function_beside_the_loop() -> None:
    function = "def f(seen=[]):\n    seen.append(1)\n    return seen"
    loop = "out = []\nfor x in f():\n    out.append(x)"
    found = compile_cells(tagged(("task:train map", f"{function}\n{loop}"))).diagnostics
    assert [d.message for d in found if d.code == "DF132"] == [
        "To find out what the loop goes through changes f."
    ]


def test_a_condition_is_asked_where_it_is_found_out_what_to_go_through() -> None:
    loop = loop_of(compiled("out.append(x)", tags="when:k>1"))
    assert sorted(loop.expansion_reads) == ["k", "xs"]
    assert loop.instance_reads == ()


def test_the_same_holds_for_each_of_several_loops() -> None:
    compilation = compile_cells(
        tagged(
            ("task:a map", "one = []\nfor x in range(3):\n    one.append(x)"),
            ("task:b map", "two = []\nfor x in one:\n    k = k + x\n    two.append(x)"),
            ("task:c map", "for y in two:\n    one.append(y)"),
        )
    )
    assert [
        (d.code, d.cell_index) for d in compilation.diagnostics if d.severity.value == "error"
    ] == [("DF132", 1)]
