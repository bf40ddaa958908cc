"""The loop of a task tagged ``map``, as it stands there: what is taken, what is refused, and its three parts."""

from __future__ import annotations

import ast

import pytest

from jupyter_dagflow.core.assigned import free_in_functions, settled
from jupyter_dagflow.core.diagnostics import Diagnostic
from jupyter_dagflow.core.loops import read_loop, together
from jupyter_dagflow.core.model import Loop, TaskName
from tests.core.notebooks import tagged


def read(*codes: str) -> Loop | Diagnostic:
    return read_loop(TaskName("train"), tagged(*(("task:train map", code) for code in codes)).cells)


TAKEN = {
    "every way to report": (
        "a, b = [], set()\nc = d = {}\ne: float = 0\nfor x in xs:\n    a.append(x)\n    a.extend([x])\n    b.add(x)\n"
        "    c[x] = x\n    d['k', x] = 1\n    e += x",
        "a b c d e",
        "x",
    ),
    "what was there before": ("for x in xs:\n    out.append(x)", "out", "x"),
    "in branches": (
        "for i, (a, *b) in enumerate(xs):\n    if a:\n        out[i] = b\n        continue\n    try:\n        n = 1 / a\n"
        "    except E as error:\n        bad.append(error)\n    with f() as g:\n        out[n] = g",
        "out bad",
        "i a b n error g",
    ),
    "loops within": (
        "for x in xs:\n    total = 0\n    for y in x:\n        if y:\n            break\n        total += y\n"
        "    while total:\n        total -= 1\n    else:\n        pass\n    out.append(total)",
        "out",
        "x total y",
    ),
    "values of its own": (
        "for x in xs:\n    row = {}\n    row['a'] = [y for y in x]\n    row.update(b=1)\n    rows.append(row)",
        "rows",
        "x row",
    ),
    "nothing to report": ("for x in xs:\n    print(x)", "", "x"),
    "imports": ("import math\nout = []\nfor x in xs:\n    out.append(math.sqrt(x))", "out", "x"),
    "reports that are caught and raise nothing": (
        "for x in xs:\n    try:\n        a.append(f(x))\n    except E:\n        b[x] = 1\n    else:\n        n += 1",
        "a b n",
        "x",
    ),
    "functions": (
        "def f(x): ...\nasync def g(): ...\nout = []\nfor x in xs:\n    out.append(f(x))",
        "out",
        "x",
    ),
    "a text above": ("'''Trains.'''\nfor x in xs:\n    out.append(x)", "out", "x"),
}


@pytest.mark.parametrize("name", TAKEN)
def test_what_is_taken(name: str) -> None:
    code, accumulators, own = TAKEN[name]
    loop = read(code)
    assert isinstance(loop, Loop), loop
    assert sorted(loop.accumulators) == sorted(accumulators.split())
    assert sorted(loop.own) == sorted(own.split())


REFUSED = {
    "no loop": ("x = 1", "DF134", None),
    "a comprehension": ("out = [x for x in xs]", "DF134", None),
    "a loop that is not at the top": (
        "if xs:\n    for x in xs:\n        out.append(x)",
        "DF134",
        None,
    ),
    "two loops": ("for x in xs:\n    out.append(x)\nfor x in xs:\n    out.append(x)", "DF134", 3),
    "an async for": ("async for x in xs:\n    out.append(x)", "DF134", 1),
    "else": ("for x in xs:\n    out.append(x)\nelse:\n    y = 1", "DF134", 4),
    "break": ("for x in xs:\n    if x:\n        break", "DF134", 3),
    "break in the else of a loop within": (
        "for x in xs:\n    for y in x:\n        pass\n    else:\n        break",
        "DF134",
        5,
    ),
    "a statement below": ("for x in xs:\n    out.append(x)\nprint(out)", "DF134", 3),
    "a statement above": ("print(1)\nfor x in xs:\n    out.append(x)", "DF134", 1),
    "a class above": ("class C: ...\nfor x in xs:\n    out.append(C())", "DF134", 1),
    "a function that is reported through": (
        "def f(x): ...\nfor x in xs:\n    f[x] = 1",
        "DF134",
        1,
    ),
    "a value above that is no accumulator": ("n = 3\nfor x in xs:\n    out.append(n)", "DF134", 1),
    "an element above": ("out[0] = 3\nfor x in xs:\n    out.append(x)", "DF134", 1),
    "an accumulator that is read": ("for x in xs:\n    out.append(len(out))", "DF131", 2),
    "one that is gone through": ("for x in out:\n    out.append(x)", "DF131", 1),
    "one that is asked for what a report gives": (
        "for x in xs:\n    y = out.pop()\n    out.append(x)",
        "DF131",
        2,
    ),
    "one that is changed in another way": (
        "for x in xs:\n    out.append(x)\n    out.sort()",
        "DF131",
        3,
    ),
    "one that is taken from": ("for x in xs:\n    n += x\n    n -= 1", "DF131", 3),
    "an element of one": ("for x in xs:\n    out[x] = 1\n    out[x].append(2)", "DF131", 3),
    "an element that may not be set, and is caught": (
        "for x in xs:\n    try:\n        out[x] = 1\n    except E:\n        pass",
        "DF131",
        3,
    ),
    "a sum that may not be made, and is caught": (
        "for x in xs:\n    with suppress(E):\n        if x:\n            n += x",
        "DF131",
        4,
    ),
    "one in a function": ("for x in xs:\n    out.append(x)\n    f = lambda: out", "DF131", 3),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_with_its_line(name: str) -> None:
    code, finding, line = REFUSED[name]
    found = read(code)
    assert isinstance(found, Diagnostic), found
    assert (found.code, found.cell_index, found.line) == (finding, 0, line)
    assert found.hint


def test_the_parts_stand_on_the_lines_of_the_notebook() -> None:
    loop = read(
        "import math",
        "out = []; more = {\n  'a': 1}\n# a comment\nfor i, x in zip(\n    xs,\n    'äbc', # b\n):\n    out.append(x)\n    more[i] = 1",
    )
    assert isinstance(loop, Loop)
    above, there = loop.expansion
    assert loop.line == 4
    assert loop.gathering == {above: "import math", there: "out = []; more = {\n  'a': 1}"}
    assert loop.expansion == {
        above: "import math",
        there: "\n\n\n__dagflow_items__ = (zip(\n    xs,\n    'äbc', # b\n))",
    }
    assert loop.instance == {
        above: "import math",
        there: "\n\n\nfor i, x in (__dagflow_items__\n\n\n):\n    out.append(x)\n    more[i] = 1",
    }


def test_functions_above_stand_in_each_part_with_what_decorates_them() -> None:
    above = "import math\n@cache\ndef f(v):\n    return v  # as it is\nout = []"
    loop = read(f"{above}\nfor x in xs:\n    out.append(f(x))")
    assert isinstance(loop, Loop)
    (cell,) = loop.functions
    assert loop.functions[cell] == "\n@cache\ndef f(v):\n    return v  # as it is"
    assert loop.gathering[cell] == above
    assert together(loop.functions, loop.instance)[cell] == (
        "import math\n@cache\ndef f(v):\n    return v  # as it is\n\n"
        "for x in (__dagflow_items__):\n    out.append(f(x))"
    )


SETTLED = {
    "x = 1\nprint(x)": "i x",
    "print(x)\nx = 1": "i",
    "if i:\n    x = 1\nelse:\n    x = 2\nprint(x)": "i x",
    "if i:\n    x = 1\nprint(x)": "i",
    "if i:\n    x = 1\nelse:\n    continue\nprint(x)": "i x",
    "for j in i:\n    x = j\nprint(x)": "i j",
    "for j in i:\n    x = j\n    print(x, j)": "i j x",
    "while i:\n    x = 1\nprint(x)": "i",
    "try:\n    x = f()\nexcept E:\n    x = 1\nprint(x)": "i x",
    "try:\n    x = f()\nexcept E:\n    pass\nprint(x)": "i",
    "try:\n    x = f()\nexcept E:\n    raise\nprint(x)": "i x",
    "try:\n    x = f()\nfinally:\n    print(x)": "i",
    "with f() as x:\n    y = x\nprint(x, y)": "i x y",
    "with suppress(E):\n    y = f()\nprint(y)": "i",
    "x += 1": "i",
    "x = 0\nx += 1": "i x",
    "x = 0\ndel x\nprint(x)": "i",
    "f = lambda: x\nx = 1": "f i",
    "(x := 1)\nprint(x)": "i",
    "def f():\n    return f\nf()": "i f",
    "if i:\n    def f(): ...\nf()": "i",
    "match i:\n    case [x]:\n        print(x)": "i",
}


@pytest.mark.parametrize("body", SETTLED)
def test_names_that_each_iteration_binds_before_it_uses_them(body: str) -> None:
    lines = "\n".join(f"    {line}" for line in body.split("\n"))
    loop = ast.parse(f"for i in xs:\n{lines}").body[0]
    assert isinstance(loop, ast.For)
    bound = {n.name for n in ast.walk(loop) if isinstance(n, ast.FunctionDef)} | {
        n.id for n in ast.walk(loop) if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)
    }
    assert settled(loop) & bound == {*SETTLED[body].split()}


def test_names_that_functions_may_read_of_the_notebook() -> None:
    code = "def f(a, *b, c=d):\n    e = a + g\n    return lambda h: h + i\ndef j():\n    global k\n    k = 1"
    assert free_in_functions(ast.parse(code).body) == {"d", "g", "i", "k"}
