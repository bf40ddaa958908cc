"""Tracebacks of every IPython that a kernel may have tell the same place, in the notebook's terms."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_dagflow.execution.tracebacks import (
    CellError,
    RanCell,
    excerpt,
    last_lines,
    line_in_cell,
)

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
OURS = """\
Cell In[4], line 2
----> 2 print(1)

File ~/lib/jupyter_dagflow/kernel_side/last_words.py:130, in _keeping.<locals>.write(text)
    129     keep(number, text)
--> 130     return take(text)
    131 except BaseException:  # an interrupt

KeyboardInterrupt: """
MINIMAL = "ZeroDivisionError: division by zero"


def error(text: str, source: str = "x", **fields: Any) -> CellError:
    """An error of the taskbook's fourth cell; the second is ours, and holds copied definitions."""
    cell = RanCell(id="four", label="", source=source)
    ran = {2: RanCell(id="two", label="", source="x"), 4: cell}
    fields = {"ename": "E", "evalue": "", "ran": ran, **fields}
    return CellError(cell=cell, execution_count=4, traceback=(text,), **fields)


def origin(ran: RanCell, line: int) -> tuple[str, int] | None:
    """Cell four is the notebook's cell 7; cell two has one definition, of cell 3, from line 9 on."""
    if ran.id == "two":
        return ("3", line - 8) if line >= 9 else None
    return "7", line


@pytest.mark.parametrize(
    ("text", "line"),
    [(NEW, 3), (IPYTHON_8_0, 3), (IPYTHON_7, 3), (SYNTAX, 3), (MINIMAL, None)],
)
def test_the_innermost_line_of_the_failing_cell(text: str, line: int | None) -> None:
    coloured = text.replace("Cell In[4]", "\x1b]8;;file:x\x1b\\\x1b[36mCell\x1b[39m In[4]")
    assert line_in_cell(error(coloured)) == line


@pytest.mark.parametrize(("source", "line"), [("%%time\na\nb", 3), ("\n\n%%time\na\nb", 5)])
def test_the_body_of_a_timed_cell_begins_on_its_second_line(source: str, line: int) -> None:
    failed = error("File <timed exec>:2\n\nZeroDivisionError: division by zero", source)
    assert line_in_cell(failed) == line
    assert excerpt(failed, origin).splitlines()[:2] == [f"Cell 7, line {line}", f"----> {line} b"]


def test_blank_lines_at_a_cells_top_count() -> None:
    failed = error(SYNTAX, "\n  \nsource")
    assert line_in_cell(failed) == 5
    assert excerpt(failed, origin).splitlines()[:2] == ["Cell 7, line 5", "    x = = 1"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            NEW,
            """\
Cell 7, line 6
      3     return g(v)
      5 y = 1
----> 6 f(y)
Cell 7, line 3, in f(v)
      2 def f(v):
----> 3     return g(v)
Cell 3, line 1, in g(v)
----> 1     return v / 0
File /usr/lib/python3.11/json/decoder.py:355, in raw_decode(self)
--> 355     raise
ZeroDivisionError: division by zero""",
        ),
        (
            IPYTHON_8_0,
            """\
Cell 7, line 6
      5 y = 1
----> 6 f(y)
Cell 7, line 3, in f(v)
      2 def f(v):
----> 3     return g(v)
File /usr/lib/python3.8/x.py:12, in g(v)
---> 12     return v / 0""",
        ),
        (
            IPYTHON_7,
            """\
Cell 7, line 6
      5 y = 1
----> 6 f(y)
Cell 7, line 3, in f(v)
      2 def f(v):
----> 3     return g(v)
/usr/lib/python3.7/x.py in g(v)
     11     pass
---> 12     return v / 0""",
        ),
        (SYNTAX, "Cell 7, line 3\n    x = = 1\n        ^\nSyntaxError: invalid syntax"),
        (MINIMAL, MINIMAL),
        (OURS, "Cell 7, line 2\n----> 2 print(1)\nKeyboardInterrupt: "),
    ],
)
def test_an_excerpt_names_cells_as_the_notebook_does(text: str, expected: str) -> None:
    assert excerpt(error(text), origin) == expected


def test_what_libraries_did_in_between_is_cut() -> None:
    frames = "".join(
        f"File ~/lib/x.py:{n}, in f{n}(a)\n     {n} above\n---> {n} call\n     {n} below\n\n"
        for n in range(20, 40)
    )
    cause = f"E   Traceback (most recent call last)\n{frames}KeyError: 'x'\n\n"
    bridge = "The above exception was the direct cause of the following exception:\n\n"
    text = f"{cause}{bridge}E   Traceback (most recent call last)\nCell In[4], line 1\n----> 1 go()"
    assert excerpt(error(f"{text}\n\n{frames}ValueError: 1\n2\n"), origin).splitlines() == [
        "…",
        "KeyError: 'x'",
        bridge.strip(),
        "Cell 7, line 1",
        "----> 1 go()",
        "…",
        "File ~/lib/x.py:39, in f39(a)",
        "---> 39 call",
        "ValueError: 1",
        "2",
    ]


def test_lines_of_five_digits_belong_to_their_frame() -> None:
    """IPython's arrow has only its head left there."""
    text = "File ~/lib/x.py:13788, in f(a)\n  13787 above\n> 13788 call\n  13789 below\n"
    frames = "Cell In[4], line 1\n----> 1 go()\n" + text * 9 + "ValueError: 1"
    assert excerpt(error(frames), origin).splitlines() == [
        "Cell 7, line 1",
        "----> 1 go()",
        "…",
        "File ~/lib/x.py:13788, in f(a)",
        "> 13788 call",
        "ValueError: 1",
    ]


def test_a_recursion_and_a_long_message_are_cut() -> None:
    frames = "Cell In[4], line 1, in r(n)\n----> 1 def r(n): r(n + 1)\n\n" * 900
    message = "E: " + "\n".join(f"m{n}" for n in range(100))
    lines = excerpt(error(frames + message), origin).splitlines()
    assert lines[:2] == ["Cell 7, line 1, in r(n)", "----> 1 def r(n): r(n + 1)"]
    assert (lines.count("…"), lines[-1], len(lines)) == (2, "m99", 20)


def test_a_long_summary_is_cut_and_a_long_log_keeps_its_end() -> None:
    failed = error("", evalue="m" * 5000)
    assert len(failed.summary) == 2000
    long = error("E: " + "m" * 5000)
    assert len(excerpt(long, origin)) == 2000
    assert len(last_lines("x" * 5000)) == 2000
    assert failed.summary.endswith("…")
    assert last_lines("\n".join(map(str, range(30)))).splitlines()[0] == "20"


PLAIN = """\
a warning of File "/tmp/x.py", line 9, in f
Traceback (most recent call last):
  File "/lib/IPython/core/interactiveshell.py", line 3823, in run_code
    exec(code_obj, self.user_global_ns, self.user_ns)
  File "/tmp/ipykernel_9/664349540.py", line 6, in <module>
  File "/tmp/ipykernel_9/664349540.py", line 3, in grow
  File "/tmp/ipykernel_9/111111111.py", line 12, in rows
MemoryError

During handling of the above exception, another exception occurred:

  File "/tmp/ipykernel_9/664349540.py", line 99, in <module>
OSError: [Errno 12] Cannot allocate memory"""


@pytest.mark.parametrize(("plain", "line"), [(PLAIN, 5), ("no frames", None), ("", None)])
def test_where_no_memory_is_left_for_a_traceback_pythons_own_tells_the_line(
    plain: str, line: int | None
) -> None:
    error = CellError(
        execution_count=4,
        cell=RanCell(id="c", label="", source="\n\ndef grow():\n    pass"),
        ename="MemoryError",
        evalue="",
        traceback=(),
        plain=plain,
    )
    assert line_in_cell(error) == line
