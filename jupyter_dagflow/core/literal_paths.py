"""Files that stand in code by their names, as in ``open("scores.csv", "w")`` and ``pd.read_csv(DATA / "scores.csv")``.

The law: this is a hint read off the text of well-known calls, not an analysis. It may warn and complete what a tag
says; it never makes an edge by itself. A name in a path counts if the notebook binds it once, to a path that stands
there.
"""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from jupyter_dagflow.core.analysis.parsing import parsed
from jupyter_dagflow.core.command_files import RUNNERS, files_in

_READERS = frozenset(
    {"imread", "load", "loadtxt", "genfromtxt", "fromfile", "loadmat", "open_dataset"}
    # that it is there, and how large it is, no audit event tells
    | {"exists", "isfile", "isdir", "getsize", "getmtime", "stat"}
    | {"islink", "lexists", "lstat", "readlink"}
)
_WRITERS = frozenset(
    {"imsave", "imwrite", "save", "savefig", "savemat", "savetxt", "savez", "savez_compressed"}
    | {"write_html", "write_image", "remove", "unlink"}
)
_READERS_OF_PATHS = frozenset(
    {"read_bytes", "read_text", "exists", "is_file", "is_dir", "is_symlink", "stat"}
)
_WRITERS_OF_PATHS = frozenset({"write_bytes", "write_text", "unlink", "symlink_to"})
_FRAME_WRITER = re.compile(
    r"to_(csv|excel|feather|hdf|html|json|latex|markdown|netcdf|orc|parquet|pickle|stata|xml|zarr)\Z"
)
_NO_FILE = re.compile(r"read_(sql|gbq|clipboard|bytes|text)")
_MODE = re.compile(r"[rwax][bt+]{0,2}\Z")
_COPIES = frozenset({"copy", "copy2", "copyfile", "move", "rename", "replace", "symlink"})
_COPIERS = frozenset({"shutil", "os"})
_PATHS = frozenset({"Path", "PurePath", "PosixPath"})
_SAME_PATHS = frozenset({"str", "fspath"})
_WORTH_A_LOOK = re.compile(
    r"\b(open|read_\w+|to_\w+|load\w*|save\w*|dump|im(read|save|write)|write_\w+|genfromtxt|fromfile|remove|unlink"
    r"|copy\w*|move|rename|replace|exists|is_?(file|dir)|get(size|mtime)|stat|symlink\w*"
    rf"|is_?link|lexists|readlink|{'|'.join(sorted(RUNNERS))})\("
)
_DEEPEST = 16  # names made of names made of names
_CELLS_REMEMBERED = 65_536


@dataclass(frozen=True, slots=True)
class Touch:
    """One file that a line of a cell reads or writes."""

    path: str
    wrote: bool
    line: int


PathOf = Callable[[str], str]  # what path a name is, "" if none that is known


class PathNames:
    """What path a name is, of those that a notebook's cells bind once; ``""`` for any other.

    >>> PathNames(["DATA = Path('data')", "raw = DATA / 'raw.csv'"])("raw")
    'data/raw.csv'
    """

    def __init__(self, codes: Iterable[str]) -> None:
        self._codes = tuple(codes)
        self._known: dict[str, str] = {}

    def __call__(self, name: str) -> str:
        if name not in self._known:
            self._known[name] = ""  # until then: it may be made of itself
            value = self._value(name)
            self._known[name] = _path(value, self) if value is not None else ""
        return self._known[name]

    def _value(self, name: str) -> ast.expr | None:
        """What the one statement assigns that binds a name."""
        binding = _binding(name)
        places = [code for code in self._codes if name in code for _ in binding.finditer(code)]
        if len(places) != 1:
            return None
        for node in parsed(places[0]):
            match node:
                case ast.Assign(targets=[ast.Name(id=bound)], value=value) if bound == name:
                    return value
                case ast.AnnAssign(target=ast.Name(id=bound), value=value) if bound == name:
                    return value
        return None


def touches(code: str, path_of: PathOf = lambda _: "") -> list[Touch]:
    """The files whose names stand in calls known to read or write them, in order of their lines.

    >>> touches('df.to_csv("out.csv")')
    [Touch(path='out.csv', wrote=True, line=1)]
    """
    return [
        Touch(posixpath.normpath(path), call.wrote, call.line)
        for call in _calls(code)
        if (path := _path(call.path, path_of)) and "://" not in path and "\n" not in path
    ]


class _Call(NamedTuple):
    """What a call reads or writes, as it stands there."""

    path: ast.expr
    wrote: bool
    line: int


@lru_cache(_CELLS_REMEMBERED)
def _calls(code: str) -> tuple[_Call, ...]:
    if not _WORTH_A_LOOK.search(code):
        return ()
    tree = ast.Module(body=parsed(code), type_ignores=[])
    found = [
        _Call(path, wrote, node.lineno)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        for path, wrote in (*_of(node), *_of_command(node))
    ]
    return tuple(sorted(found, key=lambda call: call.line))


def _of(call: ast.Call) -> Iterator[tuple[ast.expr, bool]]:
    """What may be the files of one call, each with whether it is written."""
    first, second = (call.args[place] if place < len(call.args) else None for place in (0, 1))
    match call.func:
        case ast.Name(id="open") if first is not None:
            yield first, _writes(call, second)
        case ast.Attribute(attr="open", value=owner):
            if first is None or _MODE.match(_text(first)):
                yield owner, _writes(call, first)
            else:
                yield first, _writes(call, second)
        case ast.Attribute(attr=name, value=owner):
            if name in _READERS_OF_PATHS | _WRITERS_OF_PATHS:
                yield owner, name in _WRITERS_OF_PATHS
            if first is not None:
                yield from _of_arguments(name, owner, first, second)


def _of_command(call: ast.Call) -> Iterator[tuple[ast.expr, bool]]:
    for path, wrote in files_in(call):
        yield ast.Constant(path), wrote


def _of_arguments(
    name: str, owner: ast.expr, first: ast.expr, second: ast.expr | None
) -> Iterator[tuple[ast.expr, bool]]:
    if name == "dump" and second is not None:
        yield second, True
    elif name in _COPIES and _last_name(owner) in _COPIERS:
        yield first, name not in ("copy", "copy2", "copyfile", "symlink")
        if second is not None:
            yield second, True
    elif name in _WRITERS or _FRAME_WRITER.match(name):
        yield first, True
    elif name in _READERS or (name.startswith("read_") and not _NO_FILE.match(name)):
        yield first, False


def _writes(call: ast.Call, mode: ast.expr | None) -> bool:
    said = next((keyword.value for keyword in call.keywords if keyword.arg == "mode"), mode)
    return any(letter in _text(said) for letter in "wax+")


def _path(node: ast.expr, path_of: PathOf, depth: int = 0) -> str:
    """The path that an expression is, if it is made of text and names that are paths; else nothing."""
    if depth > _DEEPEST:
        return ""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.Name(id=name):
            return path_of(name)
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            return _joined([left, right], path_of, depth)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _together([left, right], path_of, depth)
        case ast.JoinedStr(values=values):
            return _together(values, path_of, depth)
        case ast.FormattedValue(value=value, conversion=-1, format_spec=None):
            return _path(value, path_of, depth + 1)
        case ast.Call(func=func, args=[*args], keywords=[]) if args:
            if _last_name(func) in _PATHS or ast.unparse(func).endswith("path.join"):
                return _joined(args, path_of, depth)
            if _last_name(func) in _SAME_PATHS and len(args) == 1:
                return _path(args[0], path_of, depth + 1)
    return ""


def _joined(nodes: list[ast.expr], path_of: PathOf, depth: int) -> str:
    parts = [_path(node, path_of, depth + 1) for node in nodes]
    return posixpath.join(*parts) if all(parts) else ""


def _together(nodes: list[ast.expr], path_of: PathOf, depth: int) -> str:
    parts = [_path(node, path_of, depth + 1) for node in nodes]
    return "".join(parts) if all(parts) else ""


@lru_cache(1024)
def _binding(name: str) -> re.Pattern[str]:
    """What every statement fits that binds a name, and little else."""
    word = rf"\b{re.escape(name)}\b"
    assigned = rf"^[^\n=(#]*{word}[^\n=(#]*=(?!=)"
    looped = rf"\bfor\b(?:(?!\bin\b)[^\n:#])*{word}"
    otherwise = (
        rf"{looped}|\b(?:as|def|class|import|global|nonlocal|del)\b[^\n:#]*{word}|{word}\s*:="
    )
    return re.compile(f"{assigned}|{otherwise}", re.MULTILINE)


def _text(node: ast.expr | None) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
