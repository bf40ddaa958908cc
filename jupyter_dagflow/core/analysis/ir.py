"""What a cell says, as small frozen values: the form that is kept and cached instead of a syntax
tree.

The law: a name is resolved here once and for all. ``LoadGlobal`` is a variable of the notebook,
``LoadLocal`` a variable of the running function (or a comprehension's own), ``LoadClosure`` one of
a function around it. IPython's calls are spelled out as what they do. Everything is a tuple,
picklable and without positions but lines.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Const:
    """A constant; ``value`` is kept for short strings and integers, which may be keys."""

    kind: str
    value: str | int | None = None


@dataclass(frozen=True, slots=True)
class Literal:
    """A display without names in it; ``plain`` if its elements are immutable."""

    kind: str
    plain: bool
    size: int


@dataclass(frozen=True, slots=True)
class LoadGlobal:
    """A read of a notebook variable; ``soft`` if it may well not be one (``$HOME`` in a shell
    line).
    """

    name: str
    line: int
    soft: bool = False


@dataclass(frozen=True, slots=True)
class LoadLocal:
    """A read of a variable of this function."""

    name: str


@dataclass(frozen=True, slots=True)
class LoadClosure:
    """A read of a variable of a function around this one."""

    name: str


@dataclass(frozen=True, slots=True)
class LoadClassVar:
    """A read in a class body: the class's own name if bound by now, else what lies outside."""

    local: str
    outside: Expr


@dataclass(frozen=True, slots=True)
class Attr:
    """``base.name``."""

    base: Expr
    name: str
    line: int


@dataclass(frozen=True, slots=True)
class Item:
    """``base[index]``; ``key`` is the index if it is a constant."""

    base: Expr
    index: Expr | None
    key: str | int | None
    sliced: bool
    line: int


@dataclass(frozen=True, slots=True)
class Keyword:
    """``name=value`` in a call; no name for ``**value``."""

    name: str | None
    value: Expr


@dataclass(frozen=True, slots=True)
class Call:
    """A call; ``starred`` tells which positional arguments are ``*args``."""

    func: Expr
    args: tuple[Expr, ...]
    starred: tuple[bool, ...]
    keywords: tuple[Keyword, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Display:
    """``[…]``, ``(…)``, ``{…}``; ``keys`` where they are constants."""

    kind: str
    items: tuple[Expr, ...]
    keys: tuple[str | int | None, ...]
    starred: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class Operation:
    """Operators, comparisons, f-strings: uses its operands and gives something new of that kind."""

    kind: str
    operands: tuple[Expr, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Identity:
    """``a is b``: tells whether two values are one object."""

    operands: tuple[Expr, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Choice:
    """``test`` runs, then one of the options (``a if t else b``)."""

    test: Expr
    options: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class ShortCircuit:
    """``a and b or c``: the first always runs, the others perhaps; the value is one of them."""

    values: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Comprehension:
    """One ``for … in … if …`` of a comprehension."""

    target: Target
    iterable: Expr
    conditions: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Comp:
    """A comprehension or generator expression of the given kind."""

    kind: str
    generators: tuple[Comprehension, ...]
    elements: tuple[Expr, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Lambda:
    """A function made by an expression."""

    function: Function


@dataclass(frozen=True, slots=True)
class Walrus:
    """``(target := value)``."""

    target: Target
    value: Expr


@dataclass(frozen=True, slots=True)
class Chain:
    """Expressions that run one after another; the value is the last one's."""

    values: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Consume:
    """``await x``, ``yield x``: uses its operand; what comes back is of unknown origin or the
    operand itself.

    ``gives`` is what a generator hands out here: its ``value``, the ``elements`` of it (``yield
    from``), or nothing.
    """

    value: Expr
    gives: str
    line: int


@dataclass(frozen=True, slots=True)
class Inline:
    """Statements run in place by ``%time`` or ``exec``; ``isolated`` if their bindings do not
    escape.
    """

    body: tuple[Stmt, ...]
    isolated: bool
    line: int


@dataclass(frozen=True, slots=True)
class BindNames:
    """A magic that binds names (``%%capture out``, ``%store -r x``)."""

    names: tuple[str, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Opaque:
    """Something that may bind any name; ``what`` is how a reader would call it."""

    what: str
    line: int
    binds: bool


@dataclass(frozen=True, slots=True)
class Ambient:
    """A setting of the kernel made by a magic (``%matplotlib inline``)."""

    path: str
    line: int


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class GlobalTarget:
    """A notebook variable that is bound or deleted."""

    name: str
    line: int


@dataclass(frozen=True, slots=True)
class LocalTarget:
    """A variable of this function that is bound; ``nonlocal_`` if it belongs to a function around
    it.
    """

    name: str
    nonlocal_: bool = False


@dataclass(frozen=True, slots=True)
class AttrTarget:
    """``base.name = …``."""

    base: Expr
    name: str
    line: int


@dataclass(frozen=True, slots=True)
class ItemTarget:
    """``base[index] = …``; a slice takes the elements of what is stored."""

    base: Expr
    index: Expr
    key: str | int | None
    sliced: bool
    line: int


@dataclass(frozen=True, slots=True)
class SequenceTarget:
    """``a, *b = …``; ``star`` is the place of the starred target, or -1."""

    targets: tuple[Target, ...]
    star: int


Target = GlobalTarget | LocalTarget | AttrTarget | ItemTarget | SequenceTarget


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter: ``role`` is one of ``plain``, ``keyword``, ``args``, ``kwargs``."""

    name: str
    role: str
    default: Expr | None


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class ExprStmt:
    """An expression as a statement: its value is dropped (or displayed)."""

    value: Expr
    line: int


@dataclass(frozen=True, slots=True)
class Assign:
    """``t1 = t2 = value``."""

    targets: tuple[Target, ...]
    value: Expr
    line: int


@dataclass(frozen=True, slots=True)
class AugAssign:
    """``target op= value``; ``old`` reads the target."""

    target: Target
    old: Expr
    value: Expr
    line: int


@dataclass(frozen=True, slots=True)
class Delete:
    """``del`` of names, items and attributes; ``reads`` are the names, read first."""

    targets: tuple[Target, ...]
    line: int


@dataclass(frozen=True, slots=True)
class If:
    """``if``; the branches that cannot run are left out by ``known``: ``True``, ``False`` or
    ``None``.
    """

    test: Expr
    body: tuple[Stmt, ...]
    orelse: tuple[Stmt, ...]
    known: bool | None
    line: int


@dataclass(frozen=True, slots=True)
class For:
    """``for``; ``nonempty`` if the body surely runs."""

    target: Target
    iterable: Expr
    body: tuple[Stmt, ...]
    orelse: tuple[Stmt, ...]
    nonempty: bool
    line: int


@dataclass(frozen=True, slots=True)
class While:
    """``while``; ``forever`` if only ``break`` ends it."""

    test: Expr
    body: tuple[Stmt, ...]
    orelse: tuple[Stmt, ...]
    forever: bool
    line: int


@dataclass(frozen=True, slots=True)
class Handler:
    """``except type as target``; ``names_errors`` if it would catch a NameError."""

    type: Expr | None
    target: Target | None
    body: tuple[Stmt, ...]
    names_errors: bool


@dataclass(frozen=True, slots=True)
class Try:
    """``try`` with its handlers, ``else`` and ``finally``."""

    body: tuple[Stmt, ...]
    handlers: tuple[Handler, ...]
    orelse: tuple[Stmt, ...]
    final: tuple[Stmt, ...]
    line: int


@dataclass(frozen=True, slots=True)
class WithItem:
    """``with value as target``."""

    value: Expr
    target: Target | None


@dataclass(frozen=True, slots=True)
class With:
    """``with``; ``swallows`` if it may end its body early and go on."""

    items: tuple[WithItem, ...]
    body: tuple[Stmt, ...]
    swallows: bool
    line: int


@dataclass(frozen=True, slots=True)
class Capture:
    """A name in a pattern: bound to what lies ``depth`` levels inside the subject, or to a new list or
    dict (``rest``) of what lies there.
    """

    target: Target
    depth: int
    rest: str


@dataclass(frozen=True, slots=True)
class Case:
    """One ``case``: what its pattern reads, what it captures, its guard; ``total`` if it always
    matches.
    """

    reads: tuple[Expr, ...]
    captures: tuple[Capture, ...]
    guard: Expr | None
    body: tuple[Stmt, ...]
    total: bool


@dataclass(frozen=True, slots=True)
class Match:
    """``match``."""

    subject: Expr
    cases: tuple[Case, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Define:
    """``def``: decorators, annotations (evaluated unless they are lazy) and the function."""

    target: Target
    function: Function
    decorators: tuple[Expr, ...]
    annotations: tuple[Expr, ...]
    line: int


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class Annotated:
    """The annotation of a variable; evaluated unless annotations are lazy."""

    annotation: Expr
    line: int


@dataclass(frozen=True, slots=True)
class ImportItem:
    """``target`` is bound to the module or member ``path``; ``extends`` for ``import a.b``, which
    binds ``a``.
    """

    target: Target
    path: str
    extends: bool


@dataclass(frozen=True, slots=True)
class Import:
    """``import`` or ``from … import``; ``star`` is the module of a star import."""

    items: tuple[ImportItem, ...]
    star: str
    line: int


@dataclass(frozen=True, slots=True)
class Future:
    """``from __future__ import …``."""

    names: tuple[str, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Return:
    """``return``."""

    value: Expr | None
    line: int


@dataclass(frozen=True, slots=True)
class Raise:
    """``raise``: nothing after it runs."""

    values: tuple[Expr, ...]
    line: int


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class Role:
    """What a top-level statement may be besides code that simply runs.

    ``definition``: import, def, class, or a choice between such; ``setting``: might change a
    module's state only; ``inert``: does nothing (a docstring, ``pass``).
    """

    definition: bool = False
    setting: bool = False
    inert: bool = False
    future: bool = False


@dataclass(frozen=True, slots=True)
class Statement:
    """A top-level statement: its IR, its exact text, and what it may be."""

    body: tuple[Stmt, ...]
    text: str
    line: int
    role: Role


@dataclass(frozen=True, slots=True)
class SyntaxProblem:
    """Why a cell could not be read."""

    message: str
    line: int


@dataclass(frozen=True, slots=True)
class CellSummary:
    """All that the analysis keeps of one cell: a pure function of its code."""

    statements: tuple[Statement, ...]
    problem: SyntaxProblem | None = None
