"""The log of a kernel that crashed tells in which line of the cell, and what was written before that."""

from __future__ import annotations

import pytest

from jupyter_dagflow.execution.crash_report import Crash, read_crash

FRAMES = """
Current thread 0x00007f (most recent call first):
  File "/lib/library.py", line 5 in crash
  File "/tmp/ipykernel_7/12.py", line 2 in f
  File "/tmp/ipykernel_7/12.py", line 3 in <module>
  File "/lib/IPython/core/interactiveshell.py", line 3 in run_code

Extension modules: numpy (total: 1)
"""
REPORT = "Fatal Python error: Aborted\n" + FRAMES
SHORT = """\
Fatal Python error: Aborted
  File "/lib/library.py", line 5 in crash
  f, which the notebook defines
  line 4 of the cell"""
ELSEWHERE = 'Fatal Python error: Aborted\n\n  File "/lib/library.py", line 5 in crash\n'


@pytest.mark.parametrize(
    ("log", "unlogged", "expected"),
    [
        ("", "", Crash(text="")),
        ("said\n", "more", Crash(text="said\nmore")),
        (REPORT, "", Crash(text=SHORT, line=4)),
        ("said\n" + REPORT, "", Crash(text="said\n" + SHORT, line=4)),
        ("said\n" + REPORT, "more\n", Crash(text="said\nmore\n" + SHORT, line=4)),
        ("said\n" + REPORT, "more", Crash(text="said\nmore\n" + SHORT, line=4)),
        ("said\n" + ELSEWHERE, "more\n", Crash(text="said\nmore\n" + ELSEWHERE)),
        ("Fatal Python error: ", "more", Crash(text="more\nFatal Python error: ")),
    ],
)
def test_what_was_not_logged_comes_before_the_crash(
    log: str, unlogged: str, expected: Crash
) -> None:
    assert read_crash(log, unlogged=unlogged, blank_lines=1) == expected
