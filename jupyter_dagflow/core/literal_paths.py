"""Files that stand in code by their names, as in ``open("scores.csv", "w")``.

The law: this is a hint read off the text of well-known calls, not an analysis. It may warn and complete what a tag
says; it never makes an edge by itself.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

_READERS = frozenset(
    {"imread", "load", "loadtxt", "genfromtxt", "fromfile", "loadmat", "open_dataset"}
    | {"read_bytes", "read_text"}
    # that it is there, and how large it is, no audit event tells
    | {"exists", "isfile", "isdir", "getsize", "getmtime", "is_file", "is_dir", "stat"}
)
_WRITERS = frozenset(
    {"imsave", "imwrite", "save", "savefig", "savemat", "savetxt", "savez", "savez_compressed"}
    | {"write_bytes", "write_html", "write_image", "write_text", "remove", "unlink"}
)
_FRAME_WRITER = re.compile(
    r"to_(csv|excel|feather|hdf|html|json|latex|markdown|netcdf|orc|parquet|pickle|stata|xml|zarr)\Z"
)
_NO_FILE = re.compile(r"read_(sql|gbq|clipboard)")
_COPIES = frozenset({"copy", "copy2", "copyfile", "move", "rename", "replace"})
_COPIERS = frozenset({"shutil", "os"})
_WORTH_A_LOOK = re.compile(
    r"\b(open|read_\w+|to_\w+|load\w*|save\w*|dump|im(read|save|write)|write_\w+|genfromtxt|fromfile|remove|unlink"
    r"|copy\w*|move|rename|replace|exists|is_?(file|dir)|get(size|mtime)|stat)\("
)


@dataclass(frozen=True, slots=True)
class Touch:
    """One file that a line of a cell reads or writes."""

    path: str
    wrote: bool
    line: int


def touches(code: str) -> list[Touch]:
    """The files whose names stand in calls known to read or write them, in order of their lines.

    >>> touches('df.to_csv("out.csv")')
    [Touch(path='out.csv', wrote=True, line=1)]
    """
    if not _WORTH_A_LOOK.search(code):
        return []
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []  # told elsewhere
    found = [
        Touch(path, wrote, node.lineno)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        for path, wrote in _of(node)
        if path and "://" not in path and "\n" not in path
    ]
    return sorted(found, key=lambda touch: touch.line)


def _of(call: ast.Call) -> Iterator[tuple[str, bool]]:
    """The files of one call, each with whether it is written."""
    match call.func:
        case ast.Name(id="open"):
            yield from _opened(_text(call, 0), call, mode_at=1)
        case ast.Attribute(attr=name, value=ast.Call(func=made, args=[ast.Constant(str(path))])):
            if _last_name(made) == "Path":
                yield from _of_path(path, name, call)
        case ast.Attribute(attr=name, value=owner):
            yield from _of_method(name, owner, call)


def _of_path(path: str, name: str, call: ast.Call) -> Iterator[tuple[str, bool]]:
    if name == "open":
        yield from _opened(path, call, mode_at=0)
    elif name in _WRITERS or name in _READERS:
        yield path, name in _WRITERS


def _of_method(name: str, owner: ast.expr, call: ast.Call) -> Iterator[tuple[str, bool]]:
    first = _text(call, 0)
    if name == "open":
        yield from _opened(first, call, mode_at=1)
    elif name == "dump":
        yield _text(call, 1), True
    elif name in _COPIES and _last_name(owner) in _COPIERS:
        yield first, name not in ("copy", "copy2", "copyfile")
        yield _text(call, 1), True
    elif name in _WRITERS or _FRAME_WRITER.match(name):
        yield first, True
    elif name in _READERS or (name.startswith("read_") and not _NO_FILE.match(name)):
        yield first, False


def _opened(path: str, call: ast.Call, *, mode_at: int) -> Iterator[tuple[str, bool]]:
    mode = _text(call, mode_at) or next(
        (_constant(k.value) for k in call.keywords if k.arg == "mode"), "r"
    )
    yield path, any(letter in mode for letter in "wax+")


def _text(call: ast.Call, place: int) -> str:
    """The text that stands as an argument; empty if something else does."""
    return _constant(call.args[place]) if place < len(call.args) else ""


def _constant(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
