"""Tracebacks of every IPython that a kernel may have name the same line."""

from __future__ import annotations

import pytest

from jupyter_dagflow.execution.failure import CellError, last_lines, line_in_cell

NEW = """\
---------------------------------------------------------------------------
ZeroDivisionError                         Traceback (most recent call last)
Cell In[4], line 6
      3     return g(v)
      5 y = 1
----> 6 f(y)

Cell In[4], line 3, in f(v)
      2 def f(v):
----> 3     return g(v)

Cell In[2], line 9, in g(v)
----> 9     return v / 0

File /usr/lib/python3.11/json/decoder.py:355, in raw_decode(self)
--> 355     raise

ZeroDivisionError: division by zero"""
IPYTHON_8_0 = """\
Input In [4], in <cell line: 6>()
      5 y = 1
----> 6 f(y)

Input In [4], in f(v)
      2 def f(v):
----> 3     return g(v)

File /usr/lib/python3.8/x.py:12, in g(v)
---> 12     return v / 0"""
IPYTHON_7 = """\
<ipython-input-4-9c1f> in <module>
      5 y = 1
----> 6 f(y)

<ipython-input-4-9c1f> in f(v)
      2 def f(v):
----> 3     return g(v)

/usr/lib/python3.7/x.py in g(v)
     11     pass
---> 12     return v / 0"""
SYNTAX = """\
  Cell In[4], line 3
    x = = 1
        ^
SyntaxError: invalid syntax"""
MINIMAL = "ZeroDivisionError: division by zero"


@pytest.mark.parametrize(
    ("text", "line"),
    [(NEW, 3), (IPYTHON_8_0, 3), (IPYTHON_7, 3), (SYNTAX, 3), (MINIMAL, None)],
)
def test_the_innermost_line_of_the_failing_cell(text: str, line: int | None) -> None:
    coloured = text.replace("Cell In[4]", "\x1b]8;;file:x\x1b\\\x1b[36mCell\x1b[39m In[4]")
    error = CellError(
        cell="c", execution_count=4, ename="E", evalue="", traceback=(coloured,), timed=False
    )
    assert line_in_cell(error) == line


def test_the_body_of_a_timed_cell_begins_on_its_second_line() -> None:
    text = "File <timed exec>:2\n\nZeroDivisionError: division by zero"
    error = CellError(
        cell="c", execution_count=4, ename="E", evalue="", traceback=(text,), timed=True
    )
    assert line_in_cell(error) == 3


def test_a_long_message_is_cut_and_a_long_traceback_keeps_its_end() -> None:
    error = CellError(cell="c", execution_count=1, ename="E", evalue="m" * 5000, traceback=())
    assert len(error.summary) == 2000
    assert error.summary.endswith("…")
    assert last_lines("\n".join(map(str, range(30)))).splitlines()[0] == "20"
