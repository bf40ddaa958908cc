"""The files that a command for another program names.

The law: what the program does with them is not seen; that it was handed their names is. What only makes folders,
prints or installs is handed none.
"""

from __future__ import annotations

import os
import re
import sys
import threading
import types
from collections.abc import Iterator
from typing import Any, NamedTuple

_MOST = 200
_SEPARATE = re.compile(r"&&|\|\||[;|\n]|(?<!>)&")
_WORD = re.compile(r"""(>>?)?\s*("[^"\n]*"|'[^'\n]*'|[^\s"'<>()`]+)""")
_NOT_A_FILE = re.compile(r"[$\n{}()*?\[\]\"']|://")
_SHELLS = frozenset({"sh", "bash", "zsh", "dash"})
# What these are told are no files, but for what they put into one.
_OTHERWISE = frozenset(
    {"cd", "conda", "echo", "export", "mamba", "mkdir", "pip", "pip3", "printf", "sleep", "uv"}
)
# Where IPython keeps the text that it hands to a shell, by no event of Python's.
_OF_IPYTHON = {("system", "_process_posix.py"): "cmd", ("shebang", "script.py"): "cell"}


class Handed(NamedTuple):
    """A name that may be a file's, and whether what was in that file is surely ``lost``."""

    name: str
    lost: bool


def handed(command: Any) -> Iterator[Handed]:
    """The names in a command: a text for a shell, or a program with what it is given."""
    if isinstance(command, (str, bytes)):
        yield from _in_text(os.fsdecode(command))
        return
    words = [os.fsdecode(word) for word in list(command)[:_MOST]]
    program = os.path.basename(words[0])
    if program in _SHELLS and words[1:2] == ["-c"]:
        yield from _in_text(words[2])
    elif program not in _OTHERWISE:
        for word in words[1:]:
            yield from _named(word, False)


def texts_of_ipython() -> Iterator[str]:
    """What IPython is handing to a shell now, in a line that begins with ``!`` or a cell with ``%%bash``."""
    thread = threading.main_thread().ident
    frame: types.FrameType | None = sys._current_frames().get(thread or 0)  # noqa: SLF001 -- there is no other way
    while frame is not None:
        code = frame.f_code
        name = _OF_IPYTHON.get((code.co_name, os.path.basename(code.co_filename)))
        if name is not None and isinstance(frame.f_locals.get(name), str):
            yield frame.f_locals[name]
            return
        frame = frame.f_back


def _in_text(text: str) -> Iterator[Handed]:
    for part in _SEPARATE.split(text)[:_MOST]:
        words = [(redirect, word.strip("\"'")) for redirect, word in _WORD.findall(part)]
        otherwise = bool(words) and os.path.basename(words[0][1]) in _OTHERWISE
        for place, (redirect, word) in enumerate(words):
            if redirect or (place and not otherwise):
                yield from _named(word, redirect == ">")


def _named(word: str, lost: bool) -> Iterator[Handed]:
    if word.startswith("-") or "=" in word:
        word = word.partition("=")[2]
    if word and not word.startswith("&") and not _NOT_A_FILE.search(word):
        yield Handed(os.path.expanduser(word), lost)
