"""Files that stand in commands for other programs: ``!wc -l out.csv``, ``subprocess.run(["sort", "a.txt"])``.

The law: this is a hint read off the text, as in `literal_paths`. What looks like the name of a file is taken for one
that is read, or written if the command is known to write it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

RUNNERS = frozenset(
    {"Popen", "call", "check_call", "check_output", "getoutput", "run", "system"}
    | {"run_cell_magic"}
)
_OWNERS = frozenset({"os", "subprocess", "get_ipython()"})
_SCRIPTS = frozenset({"bash", "sh", "script", "system", "sx", "!"})
_SEPARATE = re.compile(r"&&|\|\||[;|\n]")
_WORD = re.compile(r"""(?:(?P<into>>)>?\s*)?["']?(?P<word>[^\s"'<>|;&()`]+)["']?""")
_FILE = re.compile(r"(?!-)(?:[\w.@+-]*/)*[\w@+-][\w.@+-]*\.[A-Za-z]\w*\Z")
_WRITERS = frozenset({"mv", "rm", "tee", "touch"})
_TO_THE_LAST = frozenset({"cp", "ln"})
_OUTPUT = re.compile(r"(-o|-O|--output)\Z")


def files_in(call: ast.Call) -> Iterator[tuple[str, bool]]:
    """The files in the command that a call runs, each with whether it is written.

    >>> list(files_in(ast.parse("os.system('sort a.txt > b.txt')", mode="eval").body))
    [('a.txt', False), ('b.txt', True)]
    """
    for part in _SEPARATE.split(_text(call)):
        words = [(match["word"], match["into"]) for match in _WORD.finditer(part)]
        if not words:
            continue
        program, last = words[0][0], len(words) - 1
        for place, (word, into) in enumerate(words[1:], start=1):
            if _FILE.match(word):
                asked = bool(into) or bool(_OUTPUT.match(words[place - 1][0]))
                does = program in _WRITERS or (program in _TO_THE_LAST and place == last)
                yield word, asked or does


def _text(call: ast.Call) -> str:
    """The command, as it would stand in a shell; empty if none is known."""
    if not isinstance(call.func, ast.Attribute) or not call.args:
        return ""
    name, owner = call.func.attr, ast.unparse(call.func.value)
    if name not in RUNNERS or owner not in _OWNERS:
        return ""
    if name == "run_cell_magic":
        words = [_constant(argument) for argument in call.args]
        return words[2] if len(words) > 2 and words[0] in _SCRIPTS else ""
    if isinstance(call.args[0], (ast.List, ast.Tuple)):
        return " ".join(filter(None, map(_constant, call.args[0].elts)))
    return _constant(call.args[0])


def _constant(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
