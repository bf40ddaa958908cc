"""What a cell says, as small frozen values: the form that is kept and cached instead of a syntax
tree.

The law: a name is resolved here once and for all. ``LoadGlobal`` is a variable of the notebook,
``LoadLocal`` a variable of the running function (or a comprehension's own), ``LoadClosure`` one of
a function around it. IPython's calls are spelled out as what they do. Everything is a tuple,
picklable and without positions but lines.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from typing_extensions import dataclass_transform
else:

    def dataclass_transform(**_):
        return lambda decorator: decorator


T = TypeVar("T")


@dataclass_transform(frozen_default=True)
def node(cls: type[T]) -> type[T]:
    """A frozen dataclass to the type checker. Nothing watches over it while it runs, for that
    triples the time it takes to make one, and a notebook has very many.
    """
    return dataclass(slots=True, unsafe_hash=True)(cls)


@node
class Const:
    """A constant; ``value`` is kept for short strings and integers, which may be keys."""

    kind: str
    value: str | int | None = None


@node
class Literal:
    """A display without names in it; ``plain`` if its elements are immutable."""

    kind: str
    plain: bool
    size: int


@node
class LoadGlobal:
    """A read of a notebook variable; ``soft`` if it may well not be one (``$HOME`` in a shell
    line).
    """

    name: str
    line: int
    soft: bool = False


@node
class LoadLocal:
    """A read of a variable of this function."""

    name: str


@node
class LoadClosure:
    """A read of a variable of a function around this one."""

    name: str


@node
class LoadClassVar:
    """A read in a class body: the class's own name if bound by now, else what lies outside."""

    local: str
    outside: Expr


@node
class Attr:
    """``base.name``."""

    base: Expr
    name: str
    line: int


@node
class Item:
    """``base[index]``; ``key`` is the index if it is a constant."""

    base: Expr
    index: Expr | None
    key: str | int | None
    sliced: bool
    line: int


@node
class Keyword:
    """``name=value`` in a call; no name for ``**value``."""

    name: str | None
    value: Expr


@node
class Call:
    """A call; ``starred`` tells which positional arguments are ``*args``."""

    func: Expr
    args: tuple[Expr, ...]
    starred: tuple[bool, ...]
    keywords: tuple[Keyword, ...]
    line: int


@node
class Display:
    """``[…]``, ``(…)``, ``{…}``; ``keys`` where they are constants."""

    kind: str
    items: tuple[Expr, ...]
    keys: tuple[str | int | None, ...]
    starred: tuple[bool, ...]
    line: int


@node
class Operation:
    """Operators, comparisons, f-strings: uses its operands and gives something new of that kind."""

    kind: str
    operands: tuple[Expr, ...]
    line: int
    looks: bool = False


@node
class Identity:
    """``a is b``: tells whether two values are one object."""

    operands: tuple[Expr, ...]
    line: int


@node
class Choice:
    """``test`` runs, then one of the options (``a if t else b``)."""

    test: Expr
    options: tuple[Expr, ...]
    line: int


@node
class ShortCircuit:
    """``a and b or c``: the first always runs, the others perhaps; the value is one of them."""

    values: tuple[Expr, ...]
    line: int = 0


@node
class Comprehension:
    """One ``for … in … if …`` of a comprehension."""

    target: Target
    iterable: Expr
    conditions: tuple[Expr, ...]


@node
class Comp:
    """A comprehension or generator expression of the given kind."""

    kind: str
    generators: tuple[Comprehension, ...]
    elements: tuple[Expr, ...]
    line: int


@node
class Lambda:
    """A function made by an expression."""

    function: Function


@node
class Walrus:
    """``(target := value)``."""

    target: Target
    value: Expr


@node
class Chain:
    """Expressions that run one after another; the value is the last one's."""

    values: tuple[Expr, ...]


@node
class Consume:
    """``await x``, ``yield x``: uses its operand; what comes back is of unknown origin or the
    operand itself.

    ``gives`` is what a generator hands out here: its ``value``, the ``elements`` of it (``yield
    from``), or nothing.
    """

    value: Expr
    gives: str
    line: int


@node
class Inline:
    """Statements run in place by ``%time`` or ``exec``; ``isolated`` if their bindings do not
    escape.
    """

    body: tuple[Stmt, ...]
    isolated: bool
    line: int


@node
class BindNames:
    """A magic that binds names (``%%capture out``, ``%store -r x``)."""

    names: tuple[str, ...]
    line: int


@node
class Opaque:
    """Something that may bind any name, or read all there are; ``what`` is how a reader would call it."""

    what: str
    line: int
    binds: bool
    reads: bool = False


@node
class Ambient:
    """A setting of the kernel made by a magic (``%matplotlib inline``)."""

    path: str
    line: int


@node
class FileUse:
    """A file of the notebook's own that a magic writes or runs."""

    path: str
    writes: bool
    line: int


Expr = (
    Const
    | Literal
    | LoadGlobal
    | LoadLocal
    | LoadClosure
    | LoadClassVar
    | Attr
    | Item
    | Call
    | Display
    | Operation
    | Identity
    | Choice
    | ShortCircuit
    | Comp
    | Lambda
    | Walrus
    | Chain
    | Consume
    | Inline
    | BindNames
    | Opaque
    | Ambient
    | FileUse
)


@node
class GlobalTarget:
    """A notebook variable that is bound or deleted."""

    name: str
    line: int


@node
class LocalTarget:
    """A variable of this function that is bound; ``nonlocal_`` if it belongs to a function around
    it.
    """

    name: str
    nonlocal_: bool = False


@node
class AttrTarget:
    """``base.name = …``."""

    base: Expr
    name: str
    line: int


@node
class ItemTarget:
    """``base[index] = …``; a slice takes the elements of what is stored."""

    base: Expr
    index: Expr
    key: str | int | None
    sliced: bool
    line: int


@node
class SequenceTarget:
    """``a, *b = …``; ``star`` is the place of the starred target, or -1."""

    targets: tuple[Target, ...]
    star: int


Target = GlobalTarget | LocalTarget | AttrTarget | ItemTarget | SequenceTarget


@node
class Parameter:
    """A parameter: ``role`` is one of ``plain``, ``keyword``, ``args``, ``kwargs``."""

    name: str
    role: str
    default: Expr | None


@node
class Function:
    """A ``def`` or ``lambda``: its parameters with defaults, and its body.

    ``free`` are the variables of functions around it that it uses; ``names`` the notebook's
    variables that it, or a function in it, reads.
    """

    name: str
    parameters: tuple[Parameter, ...]
    body: tuple[Stmt, ...]
    free: tuple[str, ...]
    names: tuple[str, ...]
    generator: bool
    line: int


@node
class ExprStmt:
    """An expression as a statement: its value is dropped (or displayed)."""

    value: Expr
    line: int


@node
class Assign:
    """``t1 = t2 = value``."""

    targets: tuple[Target, ...]
    value: Expr
    line: int


@node
class AugAssign:
    """``target op= value``; ``old`` reads the target."""

    target: Target
    old: Expr
    value: Expr
    line: int


@node
class Delete:
    """``del`` of names, items and attributes; ``reads`` are the names, read first."""

    targets: tuple[Target, ...]
    line: int


@node
class If:
    """``if``; the branches that cannot run are left out by ``known``: ``True``, ``False`` or
    ``None``.
    """

    test: Expr
    body: tuple[Stmt, ...]
    orelse: tuple[Stmt, ...]
    known: bool | None
    line: int


@node
class For:
    """``for``; ``nonempty`` if the body surely runs."""

    target: Target
    iterable: Expr
    body: tuple[Stmt, ...]
    orelse: tuple[Stmt, ...]
    nonempty: bool
    line: int


@node
class While:
    """``while``; ``forever`` if only ``break`` ends it."""

    test: Expr
    body: tuple[Stmt, ...]
    orelse: tuple[Stmt, ...]
    forever: bool
    line: int


@node
class Handler:
    """``except type as target``; ``names_errors`` if it would catch a NameError."""

    type: Expr | None
    target: Target | None
    body: tuple[Stmt, ...]
    names_errors: bool


@node
class Try:
    """``try`` with its handlers, ``else`` and ``finally``."""

    body: tuple[Stmt, ...]
    handlers: tuple[Handler, ...]
    orelse: tuple[Stmt, ...]
    final: tuple[Stmt, ...]
    line: int


@node
class WithItem:
    """``with value as target``."""

    value: Expr
    target: Target | None


@node
class With:
    """``with``; ``swallows`` if it may end its body early and go on."""

    items: tuple[WithItem, ...]
    body: tuple[Stmt, ...]
    swallows: bool
    line: int


@node
class Capture:
    """A name in a pattern: bound to what lies ``depth`` levels inside the subject, or to a new list or
    dict (``rest``) of what lies there.
    """

    target: Target
    depth: int
    rest: str


@node
class Case:
    """One ``case``: what its pattern reads, what it captures, its guard; ``total`` if it always
    matches.
    """

    reads: tuple[Expr, ...]
    captures: tuple[Capture, ...]
    guard: Expr | None
    body: tuple[Stmt, ...]
    total: bool


@node
class Match:
    """``match``."""

    subject: Expr
    cases: tuple[Case, ...]
    line: int


@node
class Define:
    """``def``: decorators, annotations (evaluated unless they are lazy) and the function."""

    target: Target
    function: Function
    decorators: tuple[Expr, ...]
    annotations: tuple[Expr, ...]
    line: int


@node
class DefineClass:
    """``class``: ``members`` are the names bound in its body, with the local for each."""

    target: Target
    name: str
    bases: tuple[Expr, ...]
    keywords: tuple[Keyword, ...]
    decorators: tuple[Expr, ...]
    body: tuple[Stmt, ...]
    members: tuple[tuple[str, str], ...]
    line: int


@node
class Annotated:
    """The annotation of a variable; evaluated unless annotations are lazy."""

    annotation: Expr
    line: int


@node
class ImportItem:
    """``target`` is bound to the module or member ``path``; ``extends`` for ``import a.b``, which
    binds ``a``.
    """

    target: Target
    path: str
    extends: bool


@node
class Import:
    """``import`` or ``from … import``; ``star`` is the module of a star import."""

    items: tuple[ImportItem, ...]
    star: str
    line: int


@node
class Future:
    """``from __future__ import …``."""

    names: tuple[str, ...]
    line: int


@node
class Return:
    """``return``."""

    value: Expr | None
    line: int


@node
class Raise:
    """``raise``: nothing after it runs."""

    values: tuple[Expr, ...]
    line: int


@node
class Jump:
    """``break`` or ``continue``."""

    leaves: bool
    line: int


Stmt = (
    ExprStmt
    | Assign
    | AugAssign
    | Delete
    | If
    | For
    | While
    | Try
    | With
    | Match
    | Define
    | DefineClass
    | Annotated
    | Import
    | Future
    | Return
    | Raise
    | Jump
)


@node
class Role:
    """What a top-level statement may be besides code that simply runs.

    ``definition``: import, def, class, or a choice between such; ``setting``: might change a
    module's state only; ``inert``: does nothing (a docstring, ``pass``).
    """

    definition: bool = False
    setting: bool = False
    inert: bool = False
    future: bool = False


@node
class Statement:
    """A top-level statement: its IR, its exact text, and what it may be."""

    body: tuple[Stmt, ...]
    text: str
    line: int
    role: Role


@node
class SyntaxProblem:
    """Why a cell could not be read."""

    message: str
    line: int


@node
class CellSummary:
    """All that the analysis keeps of one cell: a pure function of its code."""

    statements: tuple[Statement, ...]
    problem: SyntaxProblem | None = None
