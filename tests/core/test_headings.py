"""What counts as a heading, as CommonMark has it."""

from __future__ import annotations

import pytest

from jupyter_dagflow.core.headings import last_heading

CASES = {
    "of level one": ("# Load", "Load"),
    "of level six": ("###### Load", "Load"),
    "closed": ("## Load ##", "Load"),
    "the last of several": ("# Report\n\n## Load\ntext", "Load"),
    "underlined with =": ("Load\n====", "Load"),
    "underlined with -": ("Load\n-", "Load"),
    "underlined, of two lines": ("Load the\ndata\n---", "Load the data"),
    "with marks inside": ("# **Load** `x` from [here](http://a.b)", "Load x from here"),
    "of an emoji": ("# 🎉", "🎉"),
    "of another script": ("# 读取数据", "读取数据"),
    "a rule below a blank line": ("text\n\n---", None),
    "a rule below a list": ("- item\n---", None),
    "a table": ("a | b\n--|--\n1 | 2", None),
    "seven marks": ("####### Load", None),
    "no blank behind the mark": ("#Load", None),
    "nothing behind the mark": ("# Load\n#", "Load"),
    "in a fence": ("```\n# Load\n```", None),
    "in a fence that is not closed": ("~~~\n# Load", None),
    "in a quotation": ("> # Load", None),
    "in a list": ("- # Load", None),
    "indented as code": ("    # Load", None),
    "in a comment": ("<!--\n# Load\n-->", None),
    "none": ("text", None),
    "empty": ("", None),
}


@pytest.mark.parametrize(("source", "title"), CASES.values(), ids=CASES)
def test_last_heading(source: str, title: str | None) -> None:
    assert last_heading(source) == title
