"""Which names the body of a loop surely binds, in each iteration, before it uses them.

The law: a name counts only if that can be seen in the text: on every way through the body each use comes after a
binding. Who is not sure says no.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeGuard

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_TRY_STAR: tuple[type[ast.AST], ...] = tuple(
    getattr(ast, name) for name in ("TryStar",) if hasattr(ast, name)
)
_SWALLOWS = frozenset({"suppress", "raises", "assertRaises"})


def settled(loop: ast.For) -> frozenset[str]:
    """The names that an iteration takes from none before it.

    >>> loop = ast.parse("for x in xs:\\n  if x: y = 1\\n  z = x\\n  print(y, z)").body[0]
    >>> sorted(settled(loop))
    ['x', 'z']
    """
    uses = _Uses({*_stored(loop.target)})
    uses.follow(loop.body)
    return frozenset({*_stored(loop), *uses.defined} - uses.early)


def catches(node: ast.AST) -> TypeGuard[ast.Try | ast.With | ast.AsyncWith]:
    """Whether a statement may catch what its body raises."""
    match node:
        case ast.Try(handlers=[_, *_]):
            return True
        case ast.With(items=items) | ast.AsyncWith(items=items):
            return not _SWALLOWS.isdisjoint(_words(items))
    return isinstance(node, _TRY_STAR)


def free_in_functions(statements: Iterable[ast.stmt]) -> frozenset[str]:
    """The names that functions in these statements may read of the notebook's variables."""
    found: set[str] = set()
    for statement in statements:
        for node in ast.walk(statement):
            if isinstance(node, _FUNCTIONS):
                found |= _free(node)
    return frozenset(found)


def _free(function: ast.AST) -> set[str]:
    bound: set[str] = set()
    read: set[str] = set()
    outside: set[str] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Name):
            (read if isinstance(node.ctx, ast.Load) else bound).add(node.id)
        elif isinstance(node, ast.arg):
            bound.add(node.arg)
        elif isinstance(node, ast.Global):
            outside.update(node.names)
    return read - bound | outside


def _stored(node: ast.AST) -> Iterator[str]:
    return (
        each.id
        for each in ast.walk(node)
        if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)
    )


class _Uses:
    """Walks down a body in which some names are ``bound`` already.

    ``defined`` are the names of imports and definitions in it, ``early`` those that it uses before they are surely
    bound.
    """

    def __init__(self, bound: set[str]) -> None:
        self._bound = bound
        self.defined: set[str] = set()
        self.early: set[str] = set()

    def follow(self, body: Sequence[ast.stmt]) -> bool:
        """Follow statements; whether their end is reached."""
        return all(self._goes_on(statement) for statement in body)

    def _goes_on(self, node: ast.stmt) -> bool:
        match node:
            case ast.If():
                self._read(node.test)
                return self._either([node.body, node.orelse])
            case ast.For() | ast.AsyncFor():
                self._read(node.iter)
                self._perhaps(node.body, {*_stored(node.target)})
                self._perhaps(node.orelse)
            case ast.While():
                self._read(node.test)
                self._perhaps(node.body)
                self._perhaps(node.orelse)
            case ast.Try():
                return self._try(node)
            case ast.With() | ast.AsyncWith():
                for item in node.items:
                    self._read(item)
                if catches(node):
                    self._perhaps(node.body)
                    return True
                return self.follow(node.body)
            case ast.Match():
                self._read(node.subject)
                for case in node.cases:
                    self._perhaps(
                        [ast.Expr(case.guard)] if case.guard else [], {*_stored(case.pattern)}
                    )
                    self._perhaps(case.body)
            case ast.Continue() | ast.Break():
                return False
            case ast.Raise():
                self._read(node)
                return False
            case ast.Delete():
                self._read(node)
                self._bound -= {t.id for t in node.targets if isinstance(t, ast.Name)}
            case ast.AugAssign(target=ast.Name(id=name)):
                self._use(name)
                self._read(node.value)
                self._bound.add(name)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                self._bound.add(node.name)  # it may speak of itself
                self.defined.add(node.name)
                self._read(node)
            case ast.Assign() | ast.AnnAssign():
                if node.value is not None:
                    self._read(node.value)
                    self._read(node)
            case _:
                self._read(node)
        return True

    def _read(self, node: ast.AST) -> None:
        """Note what an expression or a plain statement uses, then what it binds for sure."""
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            self.defined |= {*_targets(node)}
        for each in ast.walk(node):
            if isinstance(each, ast.Name) and not isinstance(each.ctx, ast.Store):
                self._use(each.id)
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.expr)):
            self._bound |= {*_targets(node)}

    def _use(self, name: str) -> None:
        if name not in self._bound:
            self.early.add(name)

    def _perhaps(self, body: Sequence[ast.stmt], bound: Iterable[str] = ()) -> None:
        before = set(self._bound)
        self._bound |= {*bound}
        self.follow(body)
        self._bound = before

    def _either(self, ways: Iterable[Sequence[ast.stmt]]) -> bool:
        before, after = set(self._bound), []
        for way in ways:
            self._bound = set(before)
            if self.follow(way):
                after.append(self._bound)
        self._bound = set.intersection(*after) if after else before
        return bool(after)

    def _try(self, node: ast.Try) -> bool:
        before, after = set(self._bound), []
        if self.follow([*node.body, *node.orelse]):
            after.append(self._bound)
        for handler in node.handlers:
            self._bound = {*before, *([handler.name] if handler.name else [])}
            if self.follow(handler.body):
                after.append(self._bound - {handler.name or ""})
        self._bound = set(before)
        ends = self.follow(node.finalbody)
        self._bound |= set.intersection(*after) if after else set[str]()
        return ends and bool(after)


def _targets(node: ast.AST) -> Iterator[str]:
    """What a plain statement surely binds."""
    match node:
        case ast.Assign(targets=targets):
            for target in targets:
                yield from _stored(target)
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            yield from (alias.asname or alias.name.partition(".")[0] for alias in names)
        case ast.AnnAssign(target=target) | ast.withitem(optional_vars=ast.expr() as target):
            yield from _stored(target)


def _words(nodes: Iterable[ast.AST]) -> Iterator[str]:
    for node in nodes:
        for each in ast.walk(node):
            if isinstance(each, ast.Name):
                yield each.id
            elif isinstance(each, ast.Attribute):
                yield each.attr
