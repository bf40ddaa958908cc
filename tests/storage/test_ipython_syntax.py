"""Cells with IPython's syntax, and the Python that they become."""

from __future__ import annotations

import ast
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from IPython.core.inputtransformer2 import TransformerManager

from jupyter_dagflow.storage.ipython_syntax import AUTOMAGICS, bound_names, parses, to_python

LINE = "get_ipython().run_line_magic({!r}, {!r})".format
CELL = "get_ipython().run_cell_magic({!r}, {!r}, {!r})".format

CASES = {
    "plain Python": ("x = 1\ny = 2", "x = 1\ny = 2"),
    "empty": ("", ""),
    "line magic": ("%time z = 3", LINE("time", "z = 3")),
    "magic below code": (
        "x = 1\n%matplotlib inline\ny",
        f"x = 1\n{LINE('matplotlib', 'inline')}\ny",
    ),
    "magic in a block": (
        "def f():\n    %time g()\n    return 1",
        f"def f():\n    {LINE('time', 'g()')}\n    return 1",
    ),
    "magic as value": ("x = %time f()", f"x = {LINE('time', 'f()')}"),
    "shell": ("!ls {x}", "get_ipython().system('ls {x}')"),
    "shell as value": ("files = !echo $a", "files = get_ipython().getoutput('echo $a')"),
    "shell, two marks": ("!!ls", "get_ipython().getoutput('ls')"),
    "shell in a timed statement": (
        "%time out = !ls",
        "get_ipython().run_line_magic('time', \"out = get_ipython().getoutput('ls')\")",
    ),
    "help": ("x?", LINE("pinfo", "x")),
    "help before": ("?x", LINE("pinfo", "x")),
    "more help": ("x.y??\nz", f"{LINE('pinfo2', 'x.y')}\nz"),
    "help on a cell magic": ("%%time?", LINE("pinfo", "%%time")),
    "joined lines leave blank ones": (
        "files = !echo \\\n a \\\n b\nz = 1",
        "files = get_ipython().getoutput('echo   a   b')\n\n\nz = 1",
    ),
    "joined lines, twice": (
        "!a \\\n b\nx = 1\n!c \\\n d\ny = 2",
        "get_ipython().system('a   b')\n\nx = 1\nget_ipython().system('c   d')\n\ny = 2",
    ),
    "a continuation line that begins with %": ("r = (a\n  % b)\nr", "r = (a\n  % b)\nr"),
    "that, and a magic below": (
        "r = (a\n  % b)\n%time r",
        f"r = (a\n  % b)\n{LINE('time', 'r')}",
    ),
    "magics in a string": ("s = '''\n%time q\n!ls {y}\n'''", "s = '''\n%time q\n!ls {y}\n'''"),
    "magics in a string, and one outside": (
        "s = '''\n%time q\n'''\n%time q",
        f"s = '''\n%time q\n'''\n{LINE('time', 'q')}",
    ),
    "blank lines before": ("\n  \n\n%time x", f"\n\n\n{LINE('time', 'x')}"),
    "blank lines before a cell magic": ("\n\n%%time\nx = 1", f"\n\n{CELL('time', '', '')}\nx = 1"),
    "transparent": ("%%time\nx = 1\ny = 2\n", f"{CELL('time', '', '')}\nx = 1\ny = 2\n"),
    "transparent, no body": ("%%time", CELL("time", "", "")),
    "nested": (
        "%%capture out\n\n%%time\nx = 1\n!ls",
        f"{CELL('capture', 'out', '')}\n\n{CELL('time', '', '')}\nx = 1\n"
        "get_ipython().system('ls')",
    ),
    "profiled": ("%%prun -s cumulative\nx = 1", f"{CELL('prun', '-s cumulative', '')}\nx = 1"),
    "profiled with a statement": ("%%prun f()\nx = 1", CELL("prun", "f()", "x = 1\n") + "\n"),
    "a body that is indented": (
        "%%time\n\n  x = 1\n  y = 2",
        f"{CELL('time', '', '')}\n\nx = 1\ny = 2",
    ),
    "a body of one name is no magic": ("%%time\nls", f"{CELL('time', '', '')}\nls"),
    "opaque": (
        "%%bash --out listing\necho hi\nls",
        CELL("bash", "--out listing", "echo hi\nls\n") + "\n\n",
    ),
    "timeit does not bind": ("%%timeit\nx = 1", CELL("timeit", "", "x = 1\n") + "\n"),
    "indented": ("  x = 1\n  if x:\n    y = 2", "x = 1\nif x:\n  y = 2"),
    "top-level await": ("x = await f()", "x = await f()"),
    "await below a magic": ("%time 1\nx = await f()", f"{LINE('time', '1')}\nx = await f()"),
    "carriage returns": ("a\r\n%time b\rc\r\n", f"a\n{LINE('time', 'b')}\nc\n"),
    "form feed": ("!ls\x0c -l\nx = 1", "get_ipython().system('ls\\x0c -l')\nx = 1"),
    "automagic": ("pwd", LINE("pwd", "")),
    "automagic with arguments": ("cd /tmp", LINE("cd", "/tmp")),
    "automagic that is Python too": ("ls -l", LINE("ls", "-l")),
    "automagic below blank lines": ("\n\nls", f"\n\n{LINE('ls', '')}"),
    "no automagic: assigned": ("ls = 3", "ls = 3"),
    "no automagic: compared": ("ls == 3", LINE("ls", "== 3")),
    "no automagic: attribute": ("time.sleep(3)", "time.sleep(3)"),
    "no automagic: tuple": ("load, save = 1, 2", "load, save = 1, 2"),
    "no automagic: annotation": ("time: int = 3", "time: int = 3"),
    "no automagic: two lines": ("ls\nx", "ls\nx"),
    "pasted prompt": (">>> x = 1\n>>> y = 2", "x = 1\ny = 2"),
    "pasted IPython prompt that is Python": ("In [1]: x = 5", "x = 5"),
    "syntax error below a magic stays there": (
        "%matplotlib inline\nx = (",
        f"{LINE('matplotlib', 'inline')}\nx = (",
    ),
    "not Python at all": ("print 'x'", "print 'x'"),
    "a cell magic without a name": ("%%\nx", "%%\nx"),
    "mixed indentation": ("# c\n  x = 1", "# c\n  x = 1"),
}


def newlines(source: str) -> int:
    return source.replace("\r\n", "\n").replace("\r", "\n").count("\n")


@pytest.mark.parametrize(("source", "code"), CASES.values(), ids=CASES)
def test_rewrites(source: str, code: str) -> None:
    assert to_python(source) == code


@pytest.mark.parametrize("source", [source for source, _ in CASES.values()], ids=CASES)
def test_keeps_the_number_of_lines(source: str) -> None:
    assert to_python(source).count("\n") == newlines(source)


@pytest.mark.parametrize(
    "source",
    [s for s, _ in CASES.values() if not s.lstrip().startswith("%%") and "out = !" not in s],
)
def test_means_what_ipython_means(source: str) -> None:
    manager: Any = TransformerManager
    theirs = manager().transform_cell(source.replace("\x0c", " "))
    ours = to_python(source.replace("\x0c", " "), bound=AUTOMAGICS)
    if parses(theirs):
        assert ast.dump(ast.parse(ours)) == ast.dump(ast.parse(theirs))
    else:
        assert not parses(ours)


def test_a_variable_is_never_taken_for_a_magic() -> None:
    assert to_python("ls", bound={"ls"}) == "ls"
    assert to_python("ls -l", bound={"ls"}) == "ls -l"


@pytest.mark.parametrize(
    "code",
    [
        "ls = 1",
        "for ls in x: pass",
        "def ls(): pass",
        "class ls: pass",
        "import ls.sub",
        "import a as ls",
        "from a import *",
        "with f() as ls: pass",
        "try: pass\nexcept E as ls: pass",
        "match x:\n    case [*ls]: pass",
        "match x:\n    case {**ls}: pass",
        "match x:\n    case int() as ls: pass",
        "exec(text)",
        "globals().update(x)",
        "get_ipython().run_line_magic('run', 'a.py')",
        "get_ipython().run_cell_magic('capture', 'ls', '')",
        "ls = (",
        "(ls := 3)",
    ],
)
def test_names_a_cell_may_bind(code: str) -> None:
    assert "ls" in bound_names(code)


def test_names_a_cell_does_not_bind() -> None:
    assert "ls" not in bound_names("x = ls.y\nprint(ls)")


LINES = st.sampled_from(
    [
        "x = 1",
        "%time x",
        "!ls",
        "y = !ls \\",
        "  -l",
        "",
        "'''",
        "%%time",
        "%%capture v",
        "%%html",
        "if x:",
        "    pass",
        "    %magic \\",
        "x?",
        "(",
        ")",
        ">>> x",
        "ls",
        "# comment ?",
        "x = (a",
        "\\",
        "?",
        "%",
        "\t!x",
        "In [1]: x",
        "...: y",
    ]
)


@given(st.lists(LINES, max_size=8), st.sampled_from(["\n", "\r\n"]))
def test_every_line_stays_where_it_is(lines: list[str], end: str) -> None:
    assert to_python(end.join(lines)).count("\n") == max(len(lines) - 1, 0)


@given(st.text(max_size=40))
def test_any_text_is_taken(source: str) -> None:
    assert to_python(source).count("\n") == newlines(source)
