"""Statements of a syntax tree, lowered to IR.

The law: a statement keeps exactly what matters to names, their order and the branches around them.
"""
# ruff: noqa: SLF001 - the table at the end names this class's own methods

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence

from jupyter_dagflow.core.analysis import dynamic, ir
from jupyter_dagflow.core.analysis.scopes import Scope, bound_names, mangle
from jupyter_dagflow.core.analysis.texts import TextLowering

_SWALLOWING = frozenset(
    {"suppress", "raises", "assertRaises", "assert_raises", "capture_exceptions"}
)
_NAME_ERRORS = frozenset({"NameError", "Exception", "BaseException", "UnboundLocalError"})


class StatementLowering(TextLowering):
    """Lowers statements; the whole of phase 1 for one piece of Python."""

    def block(self, body: Sequence[ast.stmt]) -> tuple[ir.Stmt, ...]:
        found: list[ir.Stmt] = []
        for node in body:
            lower = _LOWER.get(type(node))
            if lower is not None:
                found += lower(self, node)
        return tuple(found)

    # simple statements

    def _expr(self, node: ast.Expr) -> list[ir.Stmt]:
        return [ir.ExprStmt(self.expr(node.value), self.line(node))]

    def _assign(self, node: ast.Assign) -> list[ir.Stmt]:
        unpacked = any(isinstance(t, (ast.Tuple, ast.List)) for t in node.targets)
        if unpacked and isinstance(node.value, (ast.Tuple, ast.List)):
            value = self.display(node.value)
        else:
            value = self.expr(node.value)
        return [ir.Assign(tuple(self.target(t) for t in node.targets), value, self.line(node))]

    def _aug_assign(self, node: ast.AugAssign) -> list[ir.Stmt]:
        read = ast.copy_location(_as_load(node.target), node.target)
        return [
            ir.AugAssign(
                self.target(node.target), self.expr(read), self.expr(node.value), self.line(node)
            )
        ]

    def _ann_assign(self, node: ast.AnnAssign) -> list[ir.Stmt]:
        found: list[ir.Stmt] = []
        if node.value is not None:
            found.append(
                ir.Assign((self.target(node.target),), self.expr(node.value), self.line(node))
            )
        elif isinstance(node.target, (ast.Attribute, ast.Subscript)):
            found.append(ir.ExprStmt(self.expr(_as_load(node.target)), self.line(node)))
        if self.scope.kind != "function":
            found.append(ir.Annotated(self.expr(node.annotation), self.line(node)))
        return found

    def _delete(self, node: ast.Delete) -> list[ir.Stmt]:
        flat: list[ast.expr] = []
        for target in node.targets:
            flat += target.elts if isinstance(target, (ast.Tuple, ast.List)) else [target]
        return [ir.Delete(tuple(self.target(t) for t in flat), self.line(node))]

    def _return(self, node: ast.Return) -> list[ir.Stmt]:
        return [ir.Return(self.expr(node.value) if node.value else None, self.line(node))]

    def _raise(self, node: ast.Raise) -> list[ir.Stmt]:
        values = tuple(self.expr(e) for e in (node.exc, node.cause) if e is not None)
        return [ir.Raise(values, self.line(node))]

    def _assert(self, node: ast.Assert) -> list[ir.Stmt]:
        return [
            ir.ExprStmt(
                ir.ShortCircuit(
                    tuple(self.expr(e) for e in (node.test, node.msg) if e), self.line(node)
                ),
                self.line(node),
            )
        ]

    def _jump(self, node: ast.Break | ast.Continue) -> list[ir.Stmt]:
        return [ir.Jump(isinstance(node, ast.Break), self.line(node))]

    def _import(self, node: ast.Import) -> list[ir.Stmt]:
        items = []
        for alias in node.names:
            root = alias.name.split(".")[0]
            target = self.bind(alias.asname or root, self.line(node))
            extends = alias.asname is None and root != alias.name
            items.append(ir.ImportItem(target, alias.name if alias.asname else root, extends))
        return [ir.Import(tuple(items), "", self.line(node))]

    def _import_from(self, node: ast.ImportFrom) -> list[ir.Stmt]:
        if node.module == "__future__" and not node.level:
            names = tuple(alias.name for alias in node.names)
            return [ir.Future(names, self.line(node))]
        module = "." * node.level + (node.module or "")
        if any(alias.name == "*" for alias in node.names):
            return [ir.Import((), module, self.line(node))]
        items = tuple(
            ir.ImportItem(
                self.bind(a.asname or a.name, self.line(node)), f"{module}.{a.name}", False
            )
            for a in node.names
        )
        return [ir.Import(items, "", self.line(node))]

    # compound statements

    def _if(self, node: ast.If) -> list[ir.Stmt]:
        return [
            ir.If(
                self.expr(node.test),
                self.block(node.body),
                self.block(node.orelse),
                _known(node.test),
                self.line(node),
            )
        ]

    def _for(self, node: ast.For | ast.AsyncFor) -> list[ir.Stmt]:
        iterable = self.expr(node.iter)
        target = self.target(node.target)
        nonempty = _is_nonempty(node.iter) and self.scope.find("range").kind == "module"
        return [
            ir.For(
                target,
                iterable,
                self.block(node.body),
                self.block(node.orelse),
                nonempty,
                self.line(node),
            )
        ]

    def _while(self, node: ast.While) -> list[ir.Stmt]:
        forever = isinstance(node.test, ast.Constant) and bool(node.test.value)
        test = self.expr(node.test)
        return [
            ir.While(test, self.block(node.body), self.block(node.orelse), forever, self.line(node))
        ]

    def _try(self, node: ast.Try) -> list[ir.Stmt]:
        body = self.block(node.body)
        handlers = tuple(self._handler(h) for h in node.handlers)
        return [
            ir.Try(
                body, handlers, self.block(node.orelse), self.block(node.finalbody), self.line(node)
            )
        ]

    def _handler(self, node: ast.ExceptHandler) -> ir.Handler:
        target = self.bind(node.name, node.lineno + self.offset) if node.name else None
        caught = (
            [n.id for n in ast.walk(node.type) if isinstance(n, ast.Name)]
            if node.type
            else ["Exception"]
        )
        type_ = self.expr(node.type) if node.type else None
        return ir.Handler(type_, target, self.block(node.body), bool(_NAME_ERRORS & set(caught)))

    def _with(self, node: ast.With | ast.AsyncWith) -> list[ir.Stmt]:
        items = tuple(
            ir.WithItem(
                self.expr(i.context_expr), self.target(i.optional_vars) if i.optional_vars else None
            )
            for i in node.items
        )
        swallows = any(_call_name(i.context_expr) in _SWALLOWING for i in node.items)
        return [ir.With(items, self.block(node.body), swallows, self.line(node))]

    def _match(self, node: ast.Match) -> list[ir.Stmt]:
        subject = self.expr(node.subject)
        return [ir.Match(subject, tuple(self._case(c) for c in node.cases), self.line(node))]

    def _case(self, case: ast.match_case) -> ir.Case:
        reads: list[ir.Expr] = []
        for part in ast.walk(case.pattern):
            if isinstance(part, ast.MatchValue):
                reads.append(self.expr(part.value))
            elif isinstance(part, ast.MatchClass):
                reads.append(self.expr(part.cls))
            elif isinstance(part, ast.MatchMapping):
                reads += [self.expr(k) for k in part.keys]
        captures = tuple(self._captures(case.pattern, 0))
        guard = self.expr(case.guard) if case.guard else None
        total = guard is None and _irrefutable(case.pattern)
        return ir.Case(tuple(reads), captures, guard, self.block(case.body), total)

    def _captures(self, pattern: ast.pattern, depth: int) -> Iterator[ir.Capture]:
        name, rest = getattr(pattern, "name", None), ""
        if isinstance(pattern, ast.MatchStar):
            rest = "list"
        elif isinstance(pattern, ast.MatchMapping):
            name, rest = pattern.rest, "dict"
        if name:
            inside = depth + (rest == "dict")
            target = self.bind(name, pattern.lineno + self.offset)
            yield ir.Capture(target, inside, rest)
        deeper = isinstance(pattern, (ast.MatchSequence, ast.MatchMapping, ast.MatchClass))
        for child in ast.iter_child_nodes(pattern):
            if isinstance(child, ast.pattern):
                yield from self._captures(child, depth + deeper)

    # definitions

    def _define(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ir.Stmt]:
        decorators = tuple(self.expr(d) for d in node.decorator_list)
        target = self.bind(node.name, self.line(node))
        outer = self._enter_type_parameters(node)
        annotations = [a.annotation for a in _arguments(node.args)] + [node.returns]
        lowered = tuple(
            self.expr(a) for a in annotations if a is not None and not isinstance(a, ast.Constant)
        )
        function = self.function(node.name, node.args, node.body, self.line(node))
        self.scope = outer
        return [ir.Define(target, function, decorators, lowered, self.line(node))]

    def _class(self, node: ast.ClassDef) -> list[ir.Stmt]:
        decorators = tuple(self.expr(d) for d in node.decorator_list)
        target = self.bind(node.name, self.line(node))
        outer = self._enter_type_parameters(node)
        bases = tuple(self.expr(b) for b in node.bases)
        keywords = tuple(ir.Keyword(k.arg, self.expr(k.value)) for k in node.keywords)
        bound, globals_, nonlocals = bound_names(node.body, walrus=self.has_walrus)
        outer_class, self.class_name = self.class_name, node.name
        scope = Scope(
            "class",
            self.scope,
            {mangle(n, node.name) for n in bound} - nonlocals,
            globals_,
            nonlocals,
        )
        self.scope = scope
        body = self.block(node.body)
        self.scope, self.class_name = outer, outer_class
        members = tuple(scope.renamed.items())
        return [
            ir.DefineClass(
                target, node.name, bases, keywords, decorators, body, members, self.line(node)
            )
        ]

    def _type_alias(self, node: ast.stmt) -> list[ir.Stmt]:
        name = getattr(node, "name", None)
        assert isinstance(name, ast.Name)
        target = self.bind(name.id, self.line(node))
        outer = self._enter_type_parameters(node)
        value = self.expr(getattr(node, "value", name))
        self.scope = outer
        body = (ir.Return(value, self.line(node)),)
        return [
            ir.Define(
                target,
                ir.Function(name.id, (), body, (), (), False, self.line(node)),
                (),
                (),
                self.line(node),
            )
        ]

    def _enter_type_parameters(self, node: ast.stmt) -> Scope:
        outer = self.scope
        parameters = getattr(node, "type_params", [])
        if parameters:
            self.scope = Scope("inner", outer, locals={p.name for p in parameters})
        return outer


def _arguments(arguments: ast.arguments) -> list[ast.arg]:
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return every + [a for a in (arguments.vararg, arguments.kwarg) if a is not None]


def _as_load(node: ast.expr) -> ast.expr:
    load = ast.Load()
    if isinstance(node, ast.Name):
        read: ast.expr = ast.Name(node.id, load)
    elif isinstance(node, ast.Attribute):
        read = ast.Attribute(node.value, node.attr, load)
    elif isinstance(node, ast.Subscript):
        read = ast.Subscript(node.value, node.slice, load)
    else:
        return node
    return ast.copy_location(read, node)


def _known(test: ast.expr) -> bool | None:
    """Whether a test is surely true or false: constants, and ``__name__ == "__main__"``."""
    if isinstance(test, ast.Constant):
        return bool(test.value)
    if (
        isinstance(test, ast.Compare)
        and isinstance(test.left, ast.Name)
        and test.left.id == "__name__"
        and len(test.ops) == 1
        and isinstance(test.ops[0], ast.Eq)
        and dynamic.constant_text(test.comparators[0]) == "__main__"
    ):
        return True
    return None


def _is_nonempty(node: ast.expr) -> bool:
    """Whether an iterable is a display or constant with something in it, or ``range`` of a
    positive constant.
    """
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        return any(not isinstance(e, ast.Starred) for e in node.elts)
    if isinstance(node, ast.Dict):
        return any(k is not None for k in node.keys)
    if isinstance(node, ast.Constant):
        return isinstance(node.value, (str, bytes)) and bool(node.value)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "range":
        numbers = [
            a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, int)
        ]
        return len(numbers) == len(node.args) and 0 < len(numbers) < 4 and _range_has(numbers)
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "enumerate"
    ):
        return bool(node.args) and _is_nonempty(node.args[0])
    return False


def _range_has(numbers: list[int]) -> bool:
    return not (len(numbers) == 3 and numbers[2] == 0) and len(range(*numbers)) > 0


def _call_name(node: ast.expr) -> str:
    if not isinstance(node, ast.Call):
        return ""
    func = node.func
    return (
        func.attr
        if isinstance(func, ast.Attribute)
        else func.id
        if isinstance(func, ast.Name)
        else ""
    )


def _irrefutable(pattern: ast.pattern) -> bool:
    if isinstance(pattern, ast.MatchAs):
        return pattern.pattern is None or _irrefutable(pattern.pattern)
    return isinstance(pattern, ast.MatchOr) and any(_irrefutable(p) for p in pattern.patterns)


_LOWER: dict[type[ast.stmt], Callable[..., list[ir.Stmt]]] = {
    ast.Expr: StatementLowering._expr,
    ast.Assign: StatementLowering._assign,
    ast.AugAssign: StatementLowering._aug_assign,
    ast.AnnAssign: StatementLowering._ann_assign,
    ast.Delete: StatementLowering._delete,
    ast.Return: StatementLowering._return,
    ast.Raise: StatementLowering._raise,
    ast.Assert: StatementLowering._assert,
    ast.Break: StatementLowering._jump,
    ast.Continue: StatementLowering._jump,
    ast.Import: StatementLowering._import,
    ast.ImportFrom: StatementLowering._import_from,
    ast.If: StatementLowering._if,
    ast.For: StatementLowering._for,
    ast.AsyncFor: StatementLowering._for,
    ast.While: StatementLowering._while,
    ast.Try: StatementLowering._try,
    ast.With: StatementLowering._with,
    ast.AsyncWith: StatementLowering._with,
    ast.Match: StatementLowering._match,
    ast.FunctionDef: StatementLowering._define,
    ast.AsyncFunctionDef: StatementLowering._define,
    ast.ClassDef: StatementLowering._class,
    **{
        getattr(ast, name): method
        for name, method in (
            ("TryStar", StatementLowering._try),
            ("TypeAlias", StatementLowering._type_alias),
        )
        if hasattr(ast, name)
    },
}
