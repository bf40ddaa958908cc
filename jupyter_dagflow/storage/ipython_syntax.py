"""IPython's own syntax, rewritten as plain Python with every line where it was.

The law: the analysis reads Python and nothing else, so what a kernel understands beyond it (magics,
``!``, ``?``, prompts, indented cells) becomes calls on ``get_ipython()`` here, by IPython's own
transformer. Line numbers are promises: line *n* of the result is line *n* of the cell. IPython is
imported only for a cell that needs it.
"""

from __future__ import annotations

import ast
import getopt
import re
import shlex
from collections.abc import Collection
from typing import Any

from jupyter_dagflow.core.analysis.parsing import without_warnings

# What the shell's prefilter takes for a magic without its ``%`` when a cell is one line and nothing
# in the notebook has the name: shell aliases first, then line magics.
_ALIASES = "cat cp ldir less lf lk ll ls lx man mkdir more mv rm rmdir"
_MAGICS = """
    alias autoawait autoreload bookmark cd colors conda config dhist dirs edit env history load
    load_ext loadpy logoff logon logstart logstate logstop lsmagic macro magic mamba matplotlib
    micromamba notebook page pastebin pdb pdef pdoc pfile pinfo pinfo2 pip popd precision prun
    psearch psource pushd pwd pycat pylab quickref recall rehashx reload_ext rerun reset
    reset_selective run save sc set_env store sx system tb time timeit unalias unload_ext uv who
    who_ls whos xdel xmode
"""
AUTOMAGICS = frozenset(f"{_ALIASES} {_MAGICS}".split())

_AUTOMAGIC = re.compile(r"\s*(?P<name>[A-Za-z_]\w*)(?:[ \t]+(?P<rest>\S.*?))?\s*\Z")
_CELL_MAGIC = re.compile(r"%%(?P<name>\S+)[ \t]?(?P<line>.*)\Z")
_LINE_MAGIC = re.compile(
    r"(?P<head>.*run_line_magic\('(?:time|prun|timeit)', )(?P<line>'.*'|\".*\")\)\n\Z"
)
# ``In [3]: x = 1`` is an annotated assignment to CPython and a pasted prompt to IPython.
_PROMPT = re.compile(r"\s*In \[\d+\]: ")
_PRUN_OPTIONS = "rqs:l:D:T:"
_MOST_MAGICS = 500


def to_python(source: str, *, bound: Collection[str] = ()) -> str:
    r"""The cell as plain Python, with the same line numbers.

    Cell magics that run their body in the notebook (``%%time``, ``%%prun``, ``%%capture``) become a
    call without a body, followed by the body; other cell magics keep theirs as a string. ``bound``
    are names that the notebook binds: they are never taken for a magic typed without its ``%``.
    What cannot be rewritten is returned as it is.

    >>> to_python("%%time\nx = 1")
    "get_ipython().run_cell_magic('time', '', '')\nx = 1"
    """
    source = source.replace("\r\n", "\n").replace("\r", "\n")
    if automagic := _automagic(source, bound):
        return automagic
    if parses(source) and not any(map(_PROMPT.match, source.split("\n", 2)[:2])):
        return source
    try:
        code = _rewrite(source)
    except (SyntaxError, ValueError, RecursionError, IndexError, AssertionError):
        return source
    if code.count("\n") != source.count("\n"):
        return source
    return _automagic(code, bound) or code  # a pasted prompt may have hidden one


def parses(code: str) -> bool:
    """Whether the code is Python to this interpreter; ``await`` may stand at top level."""
    flags = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    with without_warnings():
        try:
            compile(code, "<cell>", "exec", flags, dont_inherit=True)
        except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError):
            return False
    return True


def automagic_name(source: str) -> str | None:
    """The magic that a one-line cell calls without ``%``, if no variable has its name."""
    lines = [line for line in source.splitlines() if line.strip()]
    match = _AUTOMAGIC.match(lines[0]) if len(lines) == 1 else None
    if match is None or match["name"] not in AUTOMAGICS:
        return None
    rest = match["rest"] or ""
    if re.match(r"=[^=]|[-+*/%&|^@]=|[:,.]", rest):
        return None  # an assignment, or no call at all
    return match["name"]


def bound_names(code: str) -> Collection[str]:
    """Names that a cell may bind, rather too many than too few: no magic must hide a variable."""
    if not parses(code):
        return frozenset(re.findall(r"[A-Za-z_]\w*", code))
    names: set[str] = set()
    for node in ast.walk(ast.parse(code)):
        match node:
            case ast.Name(id=name, ctx=ast.Store()):
                names.add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                names.add(name)
            case ast.ClassDef(name=name):
                names.add(name)
            case ast.alias(name="*") | ast.Name(id="exec" | "globals" | "locals" | "vars"):
                return AUTOMAGICS
            case ast.Call(
                func=ast.Attribute(attr="run_line_magic"),
                args=[ast.Constant(value="run" | "store" | "load"), *_],
            ):
                return AUTOMAGICS
            case ast.alias(name=name, asname=asname):
                names.add(asname or name.partition(".")[0])
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)):
                names.add(name)
            case ast.MatchStar(name=str(name)) | ast.MatchMapping(rest=str(name)):
                names.add(name)
            case ast.Constant(value=str(text)):
                names.update(re.findall(r"[A-Za-z_]\w*", text))  # the arguments of magics
    return names


def _automagic(source: str, bound: Collection[str]) -> str | None:
    name = automagic_name(source)
    if name is None or name in bound:
        return None
    body = source.strip()
    line = body[len(name) :].strip()
    before, after = source.split(body, 1)
    return "\n" * before.count("\n") + f"get_ipython().run_line_magic({name!r}, {line!r})" + after


def _rewrite(source: str) -> str:
    manager = _transformer()
    ended = source.endswith("\n")
    lines = _lines(source if ended else source + "\n")
    blank = next((i for i, line in enumerate(lines) if line.strip()), 0)
    for transform in manager.cleanup_transforms:
        lines = transform(lines)
    lines = _lines("".join(lines))
    head = ["\n"] * blank
    if lines and lines[0].startswith("%%") and not re.match(r"%%\w+\?", lines[0]):
        text = "".join([*head, *_cell_magic(lines)])
    else:
        text = "".join([*head, *_line_magics(manager, lines)])
    return text if ended else text.removesuffix("\n")


def _transformer() -> Any:
    from IPython.core.inputtransformer2 import TransformerManager  # heavy, and seldom needed

    manager: Any = TransformerManager
    return manager()


def _cell_magic(lines: list[str]) -> list[str]:
    match = _CELL_MAGIC.match(lines[0].rstrip())
    if match is None:
        raise SyntaxError("a cell magic without a name")
    name, line, body = match["name"], match["line"], lines[1:]
    if _runs_in_notebook(name, line):
        call = f"get_ipython().run_cell_magic({name!r}, {line!r}, '')\n"
        # bound: a body of one line is no cell of one line, so there are no bare magics in it.
        return [call, to_python("".join(body), bound=AUTOMAGICS)]
    call = f"get_ipython().run_cell_magic({name!r}, {line!r}, {''.join(body)!r})\n"
    return [call, *["\n"] * len(body)]


def _runs_in_notebook(name: str, line: str) -> bool:
    """Whether a cell magic runs its body, and nothing else, in the notebook's namespace."""
    if name == "capture":
        return True
    if name == "time":
        return all(word.startswith("--") for word in line.split())
    if name != "prun":
        return False
    try:
        return not getopt.getopt(shlex.split(line), _PRUN_OPTIONS)[1]
    except (getopt.GetoptError, ValueError):
        return False


def _line_magics(manager: Any, lines: list[str]) -> list[str]:
    """Rewrite one piece of IPython syntax after the other; joined lines leave blank ones behind."""
    for _ in range(_MOST_MAGICS):
        changed, after = manager.do_one_token_transform(lines)
        if not changed:
            return lines
        pairs = enumerate(zip(lines, after, strict=False))
        first = next((i for i, (old, new) in pairs if old != new), len(after) - 1)
        after[first] = _statement_of_magic(after[first])
        after[first + 1 : first + 1] = ["\n"] * (len(lines) - len(after))
        lines = after
    raise ValueError("too many magics in one cell")


def _statement_of_magic(line: str) -> str:
    """The statement given to ``%time`` may itself be IPython's: ``%time files = !ls``."""
    match = _LINE_MAGIC.match(line)
    statement = ast.literal_eval(match["line"]) if match else ""
    if match is None or parses(statement):
        return line
    code = to_python(statement, bound=AUTOMAGICS)
    return f"{match['head']}{code!r})\n" if parses(code) else line


def _lines(source: str) -> list[str]:
    """Lines as Python counts them (``str.splitlines`` knows more line ends than its parser)."""
    return [line + "\n" for line in source.split("\n")[:-1]]
