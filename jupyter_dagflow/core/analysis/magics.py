"""What IPython's magics do, as far as names go.

The law: after IPython's own transformation a magic is a call on ``get_ipython()`` with constant
strings. What runs Python in the notebook's namespace is lowered to that Python; what sets up the
kernel is ambient; what is unknown is opaque and says so.
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Sequence
from itertools import pairwise

from jupyter_dagflow.core import nested
from jupyter_dagflow.core.analysis import dynamic, ir
from jupyter_dagflow.core.analysis.expressions import ExpressionLowering
from jupyter_dagflow.core.errors import OptionError

SETUP_MAGICS = frozenset(
    [
        "matplotlib",
        "load_ext",
        "reload_ext",
        "autoreload",
        "config",
        "env",
        "set_env",
        "cd",
        "precision",
        "colors",
        "xmode",
        "doctest_mode",
        "pprint",
        "aimport",
        "pushd",
        "popd",
        "automagic",
        "gui",
        "alias",
        "unalias",
        "rehashx",
    ]
)
SILENT_MAGICS = frozenset(
    [
        "pwd",
        "ls",
        "ll",
        "dirs",
        "pip",
        "conda",
        "mamba",
        "uv",
        "who",
        "whos",
        "history",
        "hist",
        "lsmagic",
        "magic",
        "quickref",
        "logstart",
        "logstop",
        "load",
        "notebook",
        "pdb",
        "debug",
        "page",
        "man",
        "cat",
        "cp",
        "mv",
        "rm",
        "mkdir",
        "rmdir",
        "less",
        "more",
        "system",
        "sx",
        "sc",
        "bookmark",
        "tb",
        "connect_info",
        "qtconsole",
        "edit",
        "pastebin",
        "profile",
        "dhist",
        "subshell",
    ]
)
INSPECTING_MAGICS = frozenset(
    ["pinfo", "pinfo2", "pdef", "pdoc", "pfile", "psource", "psearch", "xdel"]
)
HISTORY_MAGICS = frozenset(["macro", "recall", "rep", "rerun", "save"])
STATEMENT_MAGICS = frozenset(
    ["time", "prun", "memit", "mprun", "lprun", "snakeviz", "pyinstrument"]
)
ISOLATED_MAGICS = frozenset(["timeit"])
CELL_STATEMENT_MAGICS = frozenset(["time", "prun", "capture", "snakeviz", "pyinstrument", "memit"])
FILE_MAGICS = frozenset(["writefile", "file"])
TEXT_MAGICS = frozenset(["html", "HTML", "markdown", "latex", "svg", "SVG", "javascript", "js"])
SCRIPT_MAGICS = frozenset(["bash", "sh", "script", "perl", "ruby", "cmd", "system", "sx", "!"])
SHELL_METHODS = frozenset(["system", "getoutput", "getoutput_lines", "system_raw", "system_piped"])


class MagicLowering(ExpressionLowering):
    """Lowers calls on ``get_ipython()``."""

    def shell_call(self, node: ast.Call, method: str) -> ir.Expr | None:
        """What ``get_ipython().method(…)`` means; nothing if it is an ordinary call."""
        texts = [dynamic.constant_text(a) for a in node.args]
        line = self.line(node)
        if method in SHELL_METHODS and texts and texts[0] is not None:
            kind = "list" if method.startswith("getoutput") else "none"
            return self._shell_line(texts[0], line, kind=kind)
        if method in ("run_line_magic", "magic") and texts and texts[0] is not None:
            name, _, rest = texts[0].partition(" ")
            text = (texts[1] or "") if len(texts) > 1 else rest
            return self._line_magic(name, text, line)
        if method == "run_cell_magic" and len(texts) > 2 and None not in texts[:3]:
            return self._cell_magic(str(texts[0]), str(texts[1]), str(texts[2]), line)
        if method in ("ex", "run_cell") and texts and texts[0] is not None:
            return self.inline(texts[0], line)
        if method == "push" and node.args and isinstance(node.args[0], ast.Dict):
            return self.assign_namespace(node.args[0], line)
        return None

    def assign_namespace(self, mapping: ast.Dict, line: int) -> ir.Expr:
        """Bind the constant keys of a display as notebook variables."""
        parts: list[ir.Expr] = []
        for key, value in zip(mapping.keys, mapping.values, strict=True):
            name = dynamic.constant_text(key)
            lowered = self.expr(value)
            parts.append(ir.Walrus(ir.GlobalTarget(name, line), lowered) if name else lowered)
        return ir.Chain((*parts, ir.Const("none")))

    def inline(
        self, text: str, line: int, *, isolated: bool = False, body_offset: int = 0
    ) -> ir.Expr:
        """Python in a string that runs in the notebook's namespace."""
        tree = parse_text(text)
        if tree is None:
            return ir.Opaque("code in a string", line, True)
        outer_offset = self.offset
        self.offset = line - 1 + body_offset
        body = self.block(tree.body)
        self.offset = outer_offset
        value: ir.Expr = ir.Inline(body, isolated, line)
        return value

    def soft_reads(self, text: str, line: int) -> tuple[ir.Expr, ...]:
        """The reads of ``$name`` and ``{expression}`` in a line given to the shell."""
        names = [ir.LoadGlobal(n, line, True) for n in dynamic.shell_names(text)]
        for expression in dynamic.shell_expressions(text):
            names += [
                ir.LoadGlobal(n.id, line, True)
                for n in ast.walk(expression)
                if isinstance(n, ast.Name)
            ]
        return tuple(names)

    def _shell_line(self, text: str, line: int, *, kind: str) -> ir.Expr:
        result: ir.Expr = ir.Literal("list", True, 0) if kind == "list" else ir.Const("none")
        return ir.Chain((*self.soft_reads(text, line), result))

    def _line_magic(self, name: str, text: str, line: int) -> ir.Expr:
        if name in STATEMENT_MAGICS or name in ISOLATED_MAGICS:
            return self.inline(_without_options(text), line, isolated=name in ISOLATED_MAGICS)
        if name == "store":
            return self._store(text.split(), line)
        if name == "run":
            return self._run(text, line)
        if name in ("reset", "pylab"):
            return ir.Opaque(f"%{name}", line, True)
        if name == "who_ls":
            return ir.Opaque("%who_ls", line, False, reads=True)
        if name in HISTORY_MAGICS:
            return ir.LoadGlobal("In", line, True)
        if name in INSPECTING_MAGICS:
            root = text.strip().split(".")[0].split("(")[0].split("[")[0]
            return ir.LoadGlobal(root, line, True) if root.isidentifier() else ir.Const("none")
        if name == "dagflow" and text.split()[:1] == [nested.VERB]:
            return self._notebook(text, line)
        reads = self.soft_reads(text, line)
        if name in SETUP_MAGICS:
            path = {"cd": "os.chdir", "env": "os.environ", "set_env": "os.environ"}.get(
                name, f"%{name}"
            )
            return ir.Chain((*reads, ir.Ambient(path, line)))
        if name in SILENT_MAGICS or name in TEXT_MAGICS:
            return ir.Chain((*reads, ir.Const("none")))
        return ir.Chain((*reads, ir.Opaque(f"%{name}", line, False)))

    def _notebook(self, text: str, line: int) -> ir.Expr:
        """Another notebook as a step: it takes copies of what it is given, and what it gives is nobody else's."""
        try:
            step = nested.read_step(text)
        except OptionError:  # told by who compiles the step
            step = None
        if step is None:
            return ir.Const("none")
        given = [self._given(expression, line) for _, expression in step.parameters]
        used = ir.FileUse(step.path, False, line)
        return ir.Chain((*given, used, ir.BindNames(step.binds, line)))

    def _given(self, expression: str, line: int) -> ir.Expr:
        """The expression behind the ``=`` of a parameter."""
        node = nested.expression_in(expression)
        assert node is not None  # the step was read
        outer_offset = self.offset
        self.offset = line - 1
        value = self.expr(node)
        self.offset = outer_offset
        return value

    def _store(self, words: list[str], line: int) -> ir.Expr:
        """What is stored and restored by name; of two tasks that do, the later one waits."""
        names, restores = tuple(w for w in words if w.isidentifier()), "-r" in words
        if restores and not names:
            return ir.Opaque("%store -r", line, True)
        reads = (ir.LoadGlobal(name, line, restores) for name in names)
        uses = (ir.FileUse(f"%store {name}", not restores, line) for name in names)
        given = ir.BindNames(names, line) if restores else ir.Const("none")
        return ir.Chain((*reads, *uses, given))

    def _run(self, text: str, line: int) -> ir.Expr:
        path = next((w for w in text.split() if not w.startswith("-")), "")
        used, run = ir.FileUse(path, False, line), ir.Opaque(f"%run {path}", line, True)
        return ir.Chain((*self.soft_reads(text, line), used, run))

    def _cell_magic(self, name: str, text: str, body: str, line: int) -> ir.Expr:
        reads = self.soft_reads(text, line)
        if name in CELL_STATEMENT_MAGICS:
            parts: list[ir.Expr] = [self.inline(body, line, body_offset=1)] if body.strip() else []
            captured = [w for w in text.split() if w.isidentifier()] if name == "capture" else []
            if captured:
                parts.append(ir.BindNames(tuple(captured[-1:]), line))
            return ir.Chain((*parts, ir.Const("none")))
        if name in ISOLATED_MAGICS:
            source = f"{_without_options(text)}\n{body}"
            return self.inline(source, line, isolated=True)
        if name in FILE_MAGICS:
            path = next((w for w in text.split() if not w.startswith("-")), "")
            return ir.Chain((*reads, ir.FileUse(path, True, line)))
        if name in TEXT_MAGICS:
            return ir.Const("none")
        bound = _output_names(text)
        parts = [*reads]
        if name not in SCRIPT_MAGICS:
            parts.append(ir.Opaque(f"%%{name}", line, False))
        return ir.Chain((*parts, ir.BindNames(bound, line)))


def parse_text(text: str) -> ast.Module | None:
    """Python from a string, uniformly indented or not, with top-level await; nothing if it is not
    Python.
    """
    for attempt in (text, textwrap.dedent(text)):
        try:
            return ast.parse(attempt)
        except (SyntaxError, ValueError, MemoryError, RecursionError):
            continue
    return None


def _without_options(text: str) -> str:
    words: Sequence[str] = text.split(" ")
    index = 0
    while index < len(words) and words[index].startswith("-"):
        takes_value = len(words[index]) == 2 and words[index][1] in "nrtcpslDT"
        bare = index + 1 < len(words) and words[index + 1].isdigit()
        index += 2 if takes_value and bare else 1
    return " ".join(words[index:])


def _output_names(text: str) -> tuple[str, ...]:
    words = text.replace("=", " ").split()
    pairs = pairwise(words)
    return tuple(value for option, value in pairs if option in ("--out", "--err", "-o", "<<"))
