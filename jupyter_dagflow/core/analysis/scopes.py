"""Which scope a name belongs to, as CPython decides it, without `symtable`.

The law: comprehension variables are their own, class names are invisible to functions and
comprehensions inside the class, a walrus binds in the nearest scope that is no comprehension,
private names are mangled. `symtable` is not used because since PEP 709 it reports comprehension
variables as the enclosing scope's.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass(slots=True)
class Scope:
    """One lexical scope; ``kind`` is ``module``, ``function``, ``class`` or ``inner``
    (comprehension, type parameters).

    ``renamed`` gives the local that stands for a name of this scope: class bodies and
    comprehensions share the frame of what is around them.
    """

    kind: str
    parent: Scope | None
    locals: set[str] = field(default_factory=set)
    globals: set[str] = field(default_factory=set)
    nonlocals: set[str] = field(default_factory=set)
    renamed: dict[str, str] = field(default_factory=dict)

    @property
    def frame(self) -> Scope:
        """The module or function whose variables live where this scope's live."""
        scope = self
        while scope.kind in ("class", "inner") and scope.parent is not None:
            scope = scope.parent
        return scope

    def find(self, name: str) -> Scope:
        """The scope that owns a name read or bound here; the module's if no other does."""
        scope: Scope | None = self
        while scope is not None and scope.parent is not None:
            if scope.kind == "class" and scope is not self:
                scope = scope.parent
                continue
            if name in scope.globals:
                return scope.top
            if name in scope.locals and name not in scope.nonlocals:
                return scope
            scope = scope.parent
        return self.top

    @property
    def top(self) -> Scope:
        """The module's scope."""
        scope = self
        while scope.parent is not None:
            scope = scope.parent
        return scope

    @property
    def binder(self) -> Scope:
        """The scope a walrus binds in: the nearest that is no comprehension."""
        scope = self
        while scope.kind == "inner" and scope.parent is not None:
            scope = scope.parent
        return scope


def bound_names(
    body: Iterable[ast.AST], *, walrus: bool = True
) -> tuple[set[str], set[str], set[str]]:
    """The names that a function or class body binds itself, declares ``global``, and declares
    ``nonlocal``.

    Without ``walrus`` only targets are looked into: enough for code without ``:=``, and several
    times faster.
    """
    bound: set[str] = set()
    global_: set[str] = set()
    nonlocal_: set[str] = set()
    for node in _own_nodes(body) if walrus else _own_targets(body):
        if isinstance(node, ast.Name):
            if not isinstance(node.ctx, ast.Load):
                bound.add(node.id)
        elif isinstance(node, _DEFINITIONS):
            bound.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            bound.update(alias.asname or alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)):
            bound.update([node.name] if node.name else [])
        elif isinstance(node, ast.MatchMapping):
            bound.update([node.rest] if node.rest else [])
        elif isinstance(node, ast.Global):
            global_.update(node.names)
        elif isinstance(node, ast.Nonlocal):
            nonlocal_.update(node.names)
    return bound - global_, global_, nonlocal_


def is_generator(body: Iterable[ast.AST]) -> bool:
    """Whether a function with this body gives a generator when called."""
    return any(isinstance(node, (ast.Yield, ast.YieldFrom)) for node in _own_nodes(body))


def parameter_names(arguments: ast.arguments) -> list[str]:
    """All parameter names of a function."""
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    every += [a for a in (arguments.vararg, arguments.kwarg) if a is not None]
    return [a.arg for a in every]


def mangle(name: str, class_name: str) -> str:
    """A private name as CPython spells it inside a class: ``__x`` in ``A`` is ``_A__x``."""
    if not class_name or not name.startswith("__") or name.endswith("__") or "." in name:
        return name
    stripped = class_name.lstrip("_")
    return f"_{stripped}{name}" if stripped else name


def _own_nodes(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """The nodes of a body that belong to its own scope; of comprehensions only what a walrus
    binds.
    """
    stack = list(body)
    while stack:
        node = stack.pop()
        if isinstance(node, _DEFINITIONS):
            yield node
            stack += node.decorator_list
            continue
        if isinstance(node, ast.Lambda):
            continue
        if isinstance(node, _COMPREHENSIONS):
            stack += _walruses(node)
            continue
        yield node
        stack.extend(ast.iter_child_nodes(node))


def _own_targets(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """The statements of a body, and of its expressions only those that are bound or deleted."""
    stack = list(body)
    while stack:
        node = stack.pop()
        yield node
        if isinstance(node, _DEFINITIONS):
            continue
        for field_name in node._fields:
            child = getattr(node, field_name)
            for part in child if isinstance(child, list) else (child,):
                if isinstance(part, ast.expr):
                    if not isinstance(getattr(part, "ctx", None), (ast.Load, type(None))):
                        stack.append(part)
                elif isinstance(part, ast.AST):
                    stack.append(part)


def _walruses(comprehension: ast.AST) -> list[ast.AST]:
    targets: list[ast.AST] = []
    stack = list(ast.iter_child_nodes(comprehension))
    while stack:
        node = stack.pop()
        if isinstance(node, ast.NamedExpr):
            targets.append(node.target)
        if not isinstance(node, (ast.Lambda, *_DEFINITIONS)):
            stack.extend(ast.iter_child_nodes(node))
    return targets
