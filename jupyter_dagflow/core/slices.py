"""The source that makes a task's result: its own cells, what is copied into it, and of the prelude what it can feel.

The law: only what cannot matter is left out. Comments and blank lines never do. Of the prelude, a statement that does
no more than bind a name (an import, a function, a class, a plain value) matters to who speaks of that name, be it in a
string; every other statement matters to all, and all matter to code that looks names up as it goes.
"""

from __future__ import annotations

import ast
import hashlib
import io
import json
import re
import tokenize
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from jupyter_dagflow.core.analysis.parsing import parsed
from jupyter_dagflow.core.constants import constant
from jupyter_dagflow.core.model import Cell, CellId, Definition, Notebook, Pipeline, Task

KEYED = "keyed "  # no value's own text begins so, for texts have quotes
_WORD = re.compile(r"\w+")
_ESCAPE = re.compile(r"\\[nrtfv]")
# These set up the kernel, or run what follows them as it stands: they look no names up.
_PLAIN_MAGIC = re.compile(
    r"get_ipython\(\)\.run_(line|cell)_magic\('"
    r"(matplotlib|config|load_ext|reload_ext|autoreload|time|capture|precision|xmode|colors)',"
)
_LOOKS_NAMES_UP = frozenset(
    {"globals", "locals", "vars", "eval", "exec", "get_ipython", "user_ns", "__main__"}
    | {"currentframe", "_getframe", "stack", "query", "evaluate", "formula"}
)
_READS_ENVIRONMENT = frozenset({"environ", "getenv", "environb", "expandvars", "expanduser"})
_QUIET_DECORATORS = frozenset(
    {"cache", "lru_cache", "wraps", "dataclass", "contextmanager", "total_ordering"}
    | {"staticmethod", "classmethod", "property", "abstractmethod", "cached_property"}
)


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a slice: the digest of its normalised source, and the place of its cell in the notebook."""

    digest: str
    cell: int


class Part(NamedTuple):
    """A piece as text: normalised source, the place of its cell, and the ``kind`` of it.

    That is ``setup`` (a statement of the prelude), ``copied`` (a definition), ``when`` (the condition), or ``own``.
    """

    kind: str
    code: str
    cell: int

    @property
    def piece(self) -> Piece:
        """Its digest; a class is stored in another way where it is copied than where it is the task's own."""
        return Piece(_digest(f"{self.kind}:{self.code}"), self.cell)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """All source that a task's result depends on, in running order, and what of its surroundings that speaks of.

    ``parameters`` are the values of those that it can see, ``environment`` digests of variables of the process.
    """

    pieces: tuple[Piece, ...]
    parameters: Mapping[str, str]
    environment: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Statement:
    """One of the prelude's; ``binds`` are its names, and of who hears of them, if it does no more than bind them."""

    part: Part
    piece: Piece
    words: frozenset[str]
    binds: frozenset[str] | None


class Slicer:
    """Slices of one notebook: the prelude is read once, and then every task costs what it is long.

    ``parameters`` are the values that differ from the notebook's, ``environ`` the variables of the process.
    Of those, and of the values of ``secrets``, digests are told that nobody can make without the ``key``.
    """

    def __init__(
        self,
        notebook: Notebook,
        pipeline: Pipeline,
        *,
        parameters: Mapping[str, object],
        environ: Mapping[str, str],
        secrets: Mapping[str, object],
        key: bytes,
    ) -> None:
        self._cells: dict[CellId, Cell] = {cell.id: cell for cell in notebook.cells}
        self._environ = environ
        self._key = key
        declared: dict[CellId, set[str]] = {}
        for parameter in pipeline.parameters:
            declared.setdefault(parameter.cell, set()).add(parameter.name)
        self._prelude: list[_Statement] = []
        beside: set[str] = set()
        for id_ in pipeline.prelude:
            cell = self._cells[id_]
            own = declared.get(id_, set())
            found = list(_statements(cell, parameters=own))
            self._prelude += found
            if own:
                beside |= {word for each in found if each.binds is None for word in each.words}
        self._values = {
            parameter.name: shown(parameters.get(parameter.name, parameter.default))
            + (f" (and {shown(parameter.default)})" if parameter.name in beside else "")
            for parameter in pipeline.parameters
            if parameter.name not in secrets
        }
        self._values |= {name: KEYED + self._keyed(shown(value)) for name, value in secrets.items()}

    def slice(self, task: Task, sources: Mapping[CellId, str] | None = None) -> Slice:
        """The slice of one task; ``sources`` are what of its cells counts, if that is not all."""
        felt, others, words = self._source(task, sources)
        everything = not _LOOKS_NAMES_UP.isdisjoint(words)
        environ = self._environ if not _READS_ENVIRONMENT.isdisjoint(words) else {}
        return Slice(
            pieces=(*(each.piece for each in felt), *(part.piece for part in others)),
            parameters={
                name: value for name, value in self._values.items() if everything or name in words
            },
            environment={
                name: self._keyed(environ[name]) for name in sorted(words) if name in environ
            },
        )

    def _keyed(self, text: str) -> str:
        return _digest(text, key=self._key)

    def parts(self, task: Task) -> tuple[Part, ...]:
        """The same slice to be read: its pieces as text, in the same order."""
        felt, others, _ = self._source(task)
        return (*(each.part for each in felt), *others)

    def _source(
        self, task: Task, sources: Mapping[CellId, str] | None = None
    ) -> tuple[list[_Statement], list[Part], frozenset[str]]:
        """What of the prelude a task can feel, all other source of it, and the words that count in both."""
        own = [self._cells[id_] for id_ in task.cells]
        texts = [(cell.code if sources is None else sources[cell.id], cell.index) for cell in own]
        codes = [(code, index) for text, index in texts if (code := normalised(text))]
        asked = [(task.options.when, own[0].index)] if task.options.when is not None else []
        copied = list(_copied(task.definitions))
        words = frozenset[str]().union(*(words_in(code) for code, _ in (*copied, *asked, *codes)))
        felt, words = self._felt(words)
        others = [
            *(Part("copied", *each) for each in copied),
            *(Part("when", *each) for each in asked),
            *(Part("own", *each) for each in codes),
        ]
        return felt, others, words

    def _felt(self, words: frozenset[str]) -> tuple[list[_Statement], frozenset[str]]:
        """The statements of the prelude that code of these words can feel, and all words that then count."""
        taken = {place for place, each in enumerate(self._prelude) if each.binds is None}
        known = words.union(*(self._prelude[place].words for place in taken))
        everything = not _LOOKS_NAMES_UP.isdisjoint(known)
        pending = True
        while pending:
            pending = False
            for place, each in enumerate(self._prelude):
                binds = each.binds or frozenset()
                if place not in taken and (everything or not binds.isdisjoint(known)):
                    taken.add(place)
                    known |= each.words
                    everything = everything or not _LOOKS_NAMES_UP.isdisjoint(each.words)
                    pending = True
        return [self._prelude[place] for place in sorted(taken)], known


_in_order = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


def digest_of(value: object) -> str:
    """The digest of a plain JSON value, whatever order its dictionaries have."""
    return _digest(_in_order(value))


@lru_cache(4096)
def normalised(code: str) -> str:
    """Code without comments, blank lines and blanks at the ends of lines; as it stands if it cannot be read.

    >>> normalised("x = 1  # one\\n\\n# two\\ny = '# 3'")
    "x = 1\\ny = '# 3'"
    """
    if "#" not in code and '"""' not in code and "'''" not in code:
        return _closed_up(code.split("\n"), kept=frozenset())
    lines = code.split("\n")
    kept: set[int] = set()
    try:
        for token in tokenize.generate_tokens(io.StringIO(code).readline):
            (first, start), (last, _) = token.start, token.end
            if token.type == tokenize.COMMENT:
                lines[first - 1] = lines[first - 1][:start]
            elif last > first and token.type not in _LAYOUT:
                kept.update(range(first - 1, last - 1))
    except (tokenize.TokenError, SyntaxError, IndexError):
        return code
    return _closed_up(lines, kept=kept)


def words_in(code: str) -> frozenset[str]:
    """The words of a text that might be names; those of magics that look no names up count less."""
    text = code if code.isascii() else unicodedata.normalize("NFKC", code)
    return frozenset(_WORD.findall(_ESCAPE.sub(" ", _PLAIN_MAGIC.sub("(", text))))


def texts_in(codes: Iterable[str]) -> tuple[str, ...]:
    """The strings that stand in code, whole and by words: any of them may name a file."""
    return tuple(dict.fromkeys(text for code in codes for text in _said(code).texts))


def imports_in(codes: Iterable[str]) -> tuple[str, ...]:
    """The top-level packages that code imports by their names."""
    return tuple(dict.fromkeys(name for code in codes for name in _said(code).imports))


class _Said(NamedTuple):
    """What `texts_in` and `imports_in` give for one code."""

    texts: tuple[str, ...]
    imports: tuple[str, ...]


@lru_cache(4096)
def _said(code: str) -> _Said:
    """Asked of every task for setup, too, which is the same for all of them."""
    texts: dict[str, None] = {}
    imports: dict[str, None] = {}
    for node in ast.walk(ast.Module(body=parsed(code), type_ignores=[])):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            texts.update(dict.fromkeys([node.value, *node.value.split()]))
        elif isinstance(node, ast.Import):
            imports.update(dict.fromkeys(n.name.partition(".")[0] for n in node.names))
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            imports[node.module.partition(".")[0]] = None
    named = (text for text in texts if 0 < len(text) <= _LONGEST_PATH and "\0" not in text)
    return _Said(tuple(named), tuple(imports))


_LONGEST_PATH = 400
_LAYOUT = (tokenize.NEWLINE, tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)


def _closed_up(lines: list[str], *, kept: Collection[int]) -> str:
    """The lines without those that are blank; what a string of several lines holds is left alone."""
    return "\n".join(
        line if place in kept else line.rstrip()
        for place, line in enumerate(lines)
        if place in kept or line.strip()
    )


def _copied(definitions: tuple[Definition, ...]) -> Iterator[tuple[str, int]]:
    """What is copied into a task, each statement once."""
    once = {(d.cell, d.line, d.source): d for d in definitions}
    for definition in once.values():
        yield normalised(definition.source), definition.cell_index


def _statements(cell: Cell, *, parameters: Collection[str]) -> Iterator[_Statement]:
    """The statements of a cell of the prelude, but for those that set declared parameters."""
    body = parsed(cell.code)
    if not body and normalised(cell.code):  # a cell that cannot be read counts as a whole
        yield _statement(normalised(cell.code), cell, words=frozenset(), binds=None)
    lines = cell.code.split("\n")
    for statement in body:
        binds = _bound(statement)
        if parameters and binds and binds <= {*parameters} and not _is_import(statement):
            continue
        first = min([statement.lineno, *(d.lineno for d in _decorators(statement))])
        code = normalised("\n".join(lines[first - 1 : statement.end_lineno]))
        yield _statement(code, cell, words=words_in(code), binds=binds)


def _statement(
    code: str, cell: Cell, *, words: frozenset[str], binds: frozenset[str] | None
) -> _Statement:
    part = Part("setup", code, cell.index)
    return _Statement(part, part.piece, words, binds)


def _bound(statement: ast.stmt) -> frozenset[str] | None:
    """The names that a statement binds if it does nothing else that anybody could feel."""
    match statement:
        case ast.Import(names=names):
            return frozenset(alias.asname or alias.name.partition(".")[0] for alias in names)
        case ast.ImportFrom(module=module, names=names):
            stars = any(alias.name == "*" for alias in names)
            if stars or module == "__future__":
                return None
            return frozenset(alias.asname or alias.name for alias in names)
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            quiet = all(_last_name(d) in _QUIET_DECORATORS for d in _decorators(statement))
            return frozenset({name, *_told_of(statement)}) if quiet else None
        case ast.Assign(targets=targets, value=value) if _is_plain(value):
            bound = [target.id for target in targets if isinstance(target, ast.Name)]
            return frozenset(bound) if len(bound) == len(targets) else None
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value) if _is_plain(value):
            return frozenset({name})
    return None


def _told_of(statement: ast.stmt) -> frozenset[str]:
    """The names of what learns of a class when it is made: its bases may keep a list, and so may a metaclass."""
    if not isinstance(statement, ast.ClassDef):
        return frozenset()
    kin = [*statement.bases, *(keyword.value for keyword in statement.keywords)]
    return frozenset().union(*(words_in(ast.unparse(each)) for each in kin))


def _is_plain(value: ast.expr) -> bool:
    try:
        constant(value)
    except ValueError:
        return False
    return True


def _is_import(statement: ast.stmt) -> bool:
    return isinstance(statement, (ast.Import, ast.ImportFrom))


def _decorators(statement: ast.stmt) -> list[ast.expr]:
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return statement.decorator_list
    return []


def _last_name(node: ast.expr) -> str:
    match node:
        case ast.Call(func=func):
            return _last_name(func)
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
    return ""


def shown(value: object) -> str:
    """A parameter's value as text that no other value has."""
    return repr(value.isoformat() if isinstance(value, date) else value)


def _digest(text: str, *, key: bytes = b"") -> str:
    data = text.encode("utf-8", "surrogatepass")
    return hashlib.blake2b(data, digest_size=16, key=key).hexdigest()
