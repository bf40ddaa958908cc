"""Headings: what a markdown cell calls the code below it, as CommonMark reads it."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise

_CELLS_REMEMBERED = 16_384

# What has neither a # at the beginning of a line nor a line below a line has no heading.
_MAY_HOLD = re.compile(r"^ {0,3}(#|=+[ \t]*$|-+[ \t]*$)", re.MULTILINE)


@lru_cache(_CELLS_REMEMBERED)
def last_heading(source: str) -> str | None:
    """The text of the last heading of a markdown cell, of any level and either form.

    What only looks like one does not count: in a fence, a quotation or a list.

    >>> last_heading("# Report\\n\\nLoad *it*\\n---")
    'Load it'
    """
    if not _MAY_HOLD.search(source):
        return None
    from markdown_it import MarkdownIt  # takes a while, and most cells need it not

    tokens = MarkdownIt("commonmark").parse(source)
    title = None
    for opening, inline in pairwise(tokens):
        if opening.type == "heading_open" and opening.level == 0:
            parts = [_text(child.type, child.content) for child in inline.children or ()]
            title = "".join(parts).strip() or title
    return title


def _text(kind: str, content: str) -> str:
    if kind in ("text", "code_inline", "image"):
        return content
    return " " if kind in ("softbreak", "hardbreak") else ""
