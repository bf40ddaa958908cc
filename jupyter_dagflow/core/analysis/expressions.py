"""Expressions of a syntax tree, lowered to IR with every name resolved.

The law: order of evaluation is kept, because a walrus may bind what a later operand reads. What is
not known by name is lowered to an operation on all its children: newer syntax is read correctly,
if not finely.
"""
# ruff: noqa: SLF001 - the table at the end names this class's own methods

from __future__ import annotations

import ast
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

from jupyter_dagflow.core.analysis import ir
from jupyter_dagflow.core.analysis.scopes import (
    Scope,
    bound_names,
    is_generator,
    mangle,
    parameter_names,
)

NUMBER, STRING, NONE, UNKNOWN = "number", "str", "none", "?"
_DISPLAYS = (ast.List, ast.Tuple, ast.Set, ast.Dict)


def constant_kind(value: object) -> str:
    """The kind of a constant: all are immutable."""
    if value is None or value is Ellipsis:
        return NONE
    return STRING if isinstance(value, (str, bytes)) else NUMBER


def constant_key(node: ast.expr | None) -> str | int | None:
    """The key a constant subscript gives, if it is a string or an integer."""
    if isinstance(node, ast.Constant):
        value = node.value
        return value if isinstance(value, (str, int)) and not isinstance(value, bool) else None
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = constant_key(node.operand)
        return -inner if isinstance(inner, int) else None
    return None


def _is_sliced(node: ast.Subscript) -> bool:
    parts = [node.slice, *getattr(node.slice, "elts", [])]
    return any(isinstance(part, ast.Slice) for part in parts)


class ExpressionLowering(ABC):
    """Lowers expressions and targets within a stack of scopes; statements are the subclass's."""

    def __init__(self, code: str) -> None:
        self.has_walrus = ":=" in code
        self.has_yield = "yield" in code
        self.scope = Scope("module", None)
        self.class_name = ""
        self.counter = 0
        self.offset = 0
        self.free: list[set[str]] = []
        self.names: list[set[str]] = []

    @abstractmethod
    def block(self, body: Sequence[ast.stmt]) -> tuple[ir.Stmt, ...]:
        """Lower statements in the current scope."""

    @abstractmethod
    def special_call(self, node: ast.Call) -> ir.Expr | None:
        """The meaning of a call that is no ordinary one (IPython, exec, globals), or nothing."""

    @abstractmethod
    def namespace_key(self, node: ast.expr) -> str | None:
        """The notebook variable that ``globals()['x']`` and the like mean, or nothing."""

    def line(self, node: ast.expr | ast.stmt) -> int:
        """The line of a node within its cell."""
        return node.lineno + self.offset

    # names

    def load(self, name: str, line: int, *, scope: Scope | None = None) -> ir.Expr:
        """A read of a name from the current scope."""
        here = scope or self.scope
        name = mangle(name, self.class_name)
        owner = here.find(name)
        if owner.kind == "module":
            if self.names:
                self.names[-1].add(name)
            return ir.LoadGlobal(name, line)
        if owner is here and owner.kind == "class" and owner.parent is not None:
            return ir.LoadClassVar(self._local(owner, name), self._outside(owner, name, line))
        local = self._local(owner, name)
        if owner.frame is here.frame:
            return ir.LoadLocal(local)
        self._is_free(local)
        return ir.LoadClosure(local)

    def _is_free(self, local: str) -> None:
        if self.free:
            self.free[-1].add(local)

    def _outside(self, owner: Scope, name: str, line: int) -> ir.Expr:
        outer = owner.parent
        while outer is not None and outer.kind == "class":
            outer = outer.parent
        return (
            self.load(name, line, scope=outer) if outer is not None else ir.LoadGlobal(name, line)
        )

    def bind(self, name: str, line: int, *, scope: Scope | None = None) -> ir.Target:
        """A binding of a name in the current scope."""
        here = scope or self.scope
        name = mangle(name, self.class_name)
        owner = here.find(name)
        if owner.kind == "module":
            return ir.GlobalTarget(name, line)
        local = self._local(owner, name)
        if owner.frame is not here.frame:
            self._is_free(local)
        return ir.LocalTarget(local, owner.frame is not here.frame)

    def _local(self, owner: Scope, name: str) -> str:
        if owner.kind == "function":
            return name
        if name not in owner.renamed:
            self.counter += 1
            owner.renamed[name] = f"{name}@{self.counter}"
        return owner.renamed[name]

    def target(self, node: ast.expr) -> ir.Target:
        """A target of an assignment."""
        if isinstance(node, ast.Name):
            return self.bind(node.id, self.line(node))
        if isinstance(node, ast.Attribute):
            return ir.AttrTarget(
                self.expr(node.value), mangle(node.attr, self.class_name), self.line(node)
            )
        if isinstance(node, ast.Subscript):
            name = self.namespace_key(node)
            if name is not None:
                return ir.GlobalTarget(name, self.line(node))
            return ir.ItemTarget(
                self.expr(node.value),
                self.expr(node.slice),
                constant_key(node.slice),
                _is_sliced(node),
                self.line(node),
            )
        if isinstance(node, ast.Starred):
            return self.target(node.value)
        assert isinstance(node, (ast.Tuple, ast.List))
        star = next((i for i, e in enumerate(node.elts) if isinstance(e, ast.Starred)), -1)
        return ir.SequenceTarget(tuple(self.target(e) for e in node.elts), star)

    # expressions

    def expr(self, node: ast.expr) -> ir.Expr:
        """Any expression."""
        lower = _LOWER.get(type(node))
        return lower(self, node) if lower is not None else self._children(node)

    def _children(self, node: ast.expr) -> ir.Expr:
        return ir.Operation(UNKNOWN, self._operands(node), self.line(node))

    def _operands(self, node: ast.AST) -> tuple[ir.Expr, ...]:
        found: list[ir.Expr] = []
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                found.append(self.expr(child))
            else:
                found.extend(self._operands(child))
        return tuple(found)

    def _constant(self, node: ast.Constant) -> ir.Expr:
        return ir.Const(constant_kind(node.value), constant_key(node))

    def _name(self, node: ast.Name) -> ir.Expr:
        return self.load(node.id, self.line(node))

    def _attribute(self, node: ast.Attribute) -> ir.Expr:
        return ir.Attr(self.expr(node.value), mangle(node.attr, self.class_name), self.line(node))

    def _subscript(self, node: ast.Subscript) -> ir.Expr:
        name = self.namespace_key(node)
        if name is not None:
            return ir.LoadGlobal(name, self.line(node))
        key = constant_key(node.slice)
        if isinstance(node.slice, ast.Name) and node.slice.id == "__name__":
            key = "__main__"
        index = None if key is not None else self.expr(node.slice)
        return ir.Item(self.expr(node.value), index, key, _is_sliced(node), self.line(node))

    def _call(self, node: ast.Call) -> ir.Expr:
        special = self.special_call(node)
        return special if special is not None else self.plain_call(node)

    def plain_call(self, node: ast.Call) -> ir.Expr:
        """An ordinary call."""
        func = self.expr(node.func)
        args = tuple([self.expr(a.value if isinstance(a, ast.Starred) else a) for a in node.args])
        starred = tuple([isinstance(a, ast.Starred) for a in node.args])
        keywords = tuple([ir.Keyword(k.arg, self.expr(k.value)) for k in node.keywords])
        return ir.Call(func, args, starred, keywords, self.line(node))

    def _compare(self, node: ast.Compare) -> ir.Expr:
        values = [node.left, *node.comparators]
        same = all(isinstance(op, (ast.Is, ast.IsNot)) for op in node.ops)
        if same and not any(isinstance(value, ast.Constant) for value in values):
            return ir.Identity(tuple(self.expr(value) for value in values), self.line(node))
        return self._operation(node)

    def _display(self, node: ast.List | ast.Tuple | ast.Set) -> ir.Expr:
        literal = _literal(node)
        return literal if literal is not None else self.display(node)

    def display(self, node: ast.List | ast.Tuple | ast.Set) -> ir.Expr:
        """A display, element by element."""
        kind = {ast.List: "list", ast.Tuple: "tuple", ast.Set: "set"}[type(node)]
        starred = tuple(isinstance(e, ast.Starred) for e in node.elts)
        items = tuple(self.expr(e.value if isinstance(e, ast.Starred) else e) for e in node.elts)
        keys: tuple[int | None, ...] = (None,) * len(items)
        if not any(starred) and kind != "set":
            keys = tuple(range(len(items)))
        return ir.Display(kind, items, keys, starred, self.line(node))

    def _dict(self, node: ast.Dict) -> ir.Expr:
        literal = _literal(node)
        if literal is not None:
            return literal
        reads = tuple(
            ir.Operation(NUMBER, (self.expr(k),), self.line(k), looks=True)
            for k in node.keys
            if k is not None and not isinstance(k, ast.Constant)
        )
        display = ir.Display(
            "dict",
            tuple(self.expr(v) for v in node.values),
            tuple(constant_key(k) for k in node.keys),
            tuple(k is None for k in node.keys),
            self.line(node),
        )
        return ir.Chain((*reads, display)) if reads else display

    def _operation(self, node: ast.expr) -> ir.Expr:
        kind = UNKNOWN
        if isinstance(node, ast.JoinedStr):
            kind = STRING
        elif (isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)) or (
            isinstance(node, ast.Compare)
            and all(isinstance(op, (ast.Is, ast.IsNot, ast.In, ast.NotIn)) for op in node.ops)
        ):
            kind = NUMBER
        looks = isinstance(node, (ast.JoinedStr, ast.Compare))
        return ir.Operation(kind, self._operands(node), self.line(node), looks)

    def _binary(self, node: ast.BinOp) -> ir.Expr:
        """``a + b + c + …`` is one operation, so that long sums do not nest."""
        parts: list[ast.expr] = []
        whole: list[ast.BinOp] = []
        first: ast.expr = node
        while isinstance(first, ast.BinOp):
            whole.append(first)
            parts.append(first.right)
            first = first.left
        operands = tuple(self.expr(part) for part in (first, *reversed(parts)))
        looks = any(isinstance(each.op, ast.Mod) for each in whole)  # it may put values into text
        return ir.Operation(UNKNOWN, operands, self.line(node), looks)

    def _choice(self, node: ast.IfExp) -> ir.Expr:
        options = (self.expr(node.body), self.expr(node.orelse))
        return ir.Choice(self.expr(node.test), options, self.line(node))

    def _bool(self, node: ast.BoolOp) -> ir.Expr:
        return ir.ShortCircuit(tuple(self.expr(v) for v in node.values), self.line(node))

    def _walrus(self, node: ast.NamedExpr) -> ir.Expr:
        value = self.expr(node.value)
        return ir.Walrus(
            self.bind(node.target.id, self.line(node), scope=self._walrus_scope()), value
        )

    def _walrus_scope(self) -> Scope:
        return self.scope.binder

    def _consume(self, node: ast.Await | ast.YieldFrom | ast.Yield) -> ir.Expr:
        if node.value is None:
            return ir.Const(NONE)
        given = {ast.Yield: "value", ast.YieldFrom: "elements"}.get(type(node), "")
        return ir.Consume(self.expr(node.value), given, self.line(node))

    def _starred(self, node: ast.Starred) -> ir.Expr:
        return self.expr(node.value)

    def _comprehension(
        self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
    ) -> ir.Expr:
        kind = {ast.ListComp: "list", ast.SetComp: "set", ast.DictComp: "dict"}.get(
            type(node), "generator"
        )
        first = self.expr(node.generators[0].iter)
        outer = self.scope
        names: set[str] = set()
        for generator in node.generators:
            names |= {
                n.id for n in ast.walk(generator.target) if isinstance(n, ast.Name) and _stores(n)
            }
        self.scope = Scope("inner", outer, locals=names)
        generators = []
        for index, generator in enumerate(node.generators):
            iterable = first if index == 0 else self.expr(generator.iter)
            target = self.target(generator.target)
            generators.append(
                ir.Comprehension(target, iterable, tuple(self.expr(i) for i in generator.ifs))
            )
        parts = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        elements = tuple(self.expr(part) for part in parts)
        self.scope = outer
        return ir.Comp(kind, tuple(generators), elements, self.line(node))

    def _lambda(self, node: ast.Lambda) -> ir.Expr:
        return ir.Lambda(
            self.function(
                "<lambda>",
                node.args,
                [ast.copy_location(ast.Return(node.body), node.body)],
                self.line(node),
            )
        )

    def function(
        self, name: str, arguments: ast.arguments, body: Sequence[ast.stmt], line: int
    ) -> ir.Function:
        """A function in the current scope: its defaults are lowered out here, its body in a scope
        of its own.
        """
        parameters = self._parameters(arguments)
        bound, globals_, nonlocals = bound_names(body, walrus=self.has_walrus)
        names = {mangle(n, self.class_name) for n in [*bound, *parameter_names(arguments)]}
        outer = self.scope
        self.scope = Scope(
            "function",
            outer,
            locals=names - nonlocals,
            globals={mangle(n, self.class_name) for n in globals_},
            nonlocals={mangle(n, self.class_name) for n in nonlocals},
        )
        self.free.append(set())
        self.names.append(set())
        lowered = self.block(body)
        self.scope = outer
        free = self.free.pop()
        named = self.names.pop()
        if self.names:
            self.names[-1] |= named
        if self.free:
            self.free[-1] |= {
                n
                for n in free
                if n not in outer.frame.locals and n not in outer.frame.renamed.values()
            }
        return ir.Function(
            name,
            parameters,
            lowered,
            tuple(sorted(free)),
            tuple(sorted(named)),
            self.has_yield and is_generator(body),
            line,
        )

    def _parameters(self, arguments: ast.arguments) -> tuple[ir.Parameter, ...]:
        plain = [*arguments.posonlyargs, *arguments.args]
        defaults: list[ast.expr | None] = [None] * (len(plain) - len(arguments.defaults))
        found: list[tuple[str, str, ast.expr | None]] = [
            (a.arg, "plain", d)
            for a, d in zip(plain, [*defaults, *arguments.defaults], strict=True)
        ]
        if arguments.vararg:
            found.append((arguments.vararg.arg, "args", None))
        found += [
            (a.arg, "keyword", d)
            for a, d in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
        ]
        if arguments.kwarg:
            found.append((arguments.kwarg.arg, "kwargs", None))
        return tuple(
            ir.Parameter(
                mangle(name, self.class_name), role, self.expr(d) if d is not None else None
            )
            for name, role, d in found
        )


def _stores(node: ast.Name) -> bool:
    return isinstance(node.ctx, ast.Store)


def _literal(node: ast.expr) -> ir.Literal | None:
    """A display of constants only, however deep, as one value."""
    plain = True
    stack: list[ast.expr] = [node]
    while stack:
        part = stack.pop()
        if isinstance(part, ast.Constant):
            if isinstance(part.value, str) and "@" in part.value:
                return None  # a text that may name a variable is looked at
            continue
        if isinstance(part, ast.UnaryOp) and isinstance(part.operand, ast.Constant):
            continue
        if isinstance(part, _DISPLAYS):
            if part is not node and not isinstance(part, ast.Tuple):
                plain = False
            if isinstance(part, ast.Dict):
                if None in part.keys:
                    return None
                stack += [k for k in part.keys if k is not None] + part.values
            else:
                stack += part.elts
        else:
            return None
    kind = {ast.List: "list", ast.Tuple: "tuple", ast.Set: "set", ast.Dict: "dict"}[type(node)]
    length = len(node.keys) if isinstance(node, ast.Dict) else len(getattr(node, "elts", ()))
    return ir.Literal(kind, plain, length)


_LOWER: dict[type[ast.expr], Callable[..., ir.Expr]] = {
    ast.Constant: ExpressionLowering._constant,
    ast.Name: ExpressionLowering._name,
    ast.Attribute: ExpressionLowering._attribute,
    ast.Subscript: ExpressionLowering._subscript,
    ast.Call: ExpressionLowering._call,
    ast.List: ExpressionLowering._display,
    ast.Tuple: ExpressionLowering._display,
    ast.Set: ExpressionLowering._display,
    ast.Dict: ExpressionLowering._dict,
    ast.BinOp: ExpressionLowering._binary,
    ast.UnaryOp: ExpressionLowering._operation,
    ast.Compare: lambda self, node: self._compare(node),
    ast.JoinedStr: ExpressionLowering._operation,
    ast.IfExp: ExpressionLowering._choice,
    ast.BoolOp: ExpressionLowering._bool,
    ast.NamedExpr: ExpressionLowering._walrus,
    ast.Await: ExpressionLowering._consume,
    ast.Yield: ExpressionLowering._consume,
    ast.YieldFrom: ExpressionLowering._consume,
    ast.Starred: ExpressionLowering._starred,
    ast.ListComp: ExpressionLowering._comprehension,
    ast.SetComp: ExpressionLowering._comprehension,
    ast.DictComp: ExpressionLowering._comprehension,
    ast.GeneratorExp: ExpressionLowering._comprehension,
    ast.Lambda: ExpressionLowering._lambda,
}
