"""Calls that run or look into text: ``exec``, ``eval``, ``df.query``, ``globals()`` used as a
dictionary.

The law: constant text is lowered as the Python that it is; other text is opaque.
"""

from __future__ import annotations

import ast
from dataclasses import replace

from jupyter_dagflow.core.analysis import dynamic, ir
from jupyter_dagflow.core.analysis.magics import MagicLowering, parse_text

_QUERY_METHODS = frozenset({"query", "eval", "execute", "sql"})


class TextLowering(MagicLowering):
    """Lowers calls that have a meaning of their own."""

    def special_call(self, node: ast.Call) -> ir.Expr | None:
        func = node.func
        if isinstance(func, ast.Name) and func.id in ("exec", "eval"):
            return self._run_text(node, func.id)
        if isinstance(func, ast.Name) and func.id == "getattr":
            return self._get_attribute(node)
        if isinstance(func, ast.Name) and func.id == "hasattr":
            return self._has_attribute(node)
        if isinstance(func, ast.Name) and func.id == "setattr":
            return self._set_attribute(node)
        if self._is_namespace(node):
            return ir.Opaque(ast.unparse(node), self.line(node), True, reads=True)
        if self._lists_names(node) and self.scope.find("dir").kind == "module":
            return ir.Opaque(ast.unparse(node), self.line(node), False, reads=True)
        if not isinstance(func, ast.Attribute):
            return None
        if dynamic.is_shell(func.value):
            return self.shell_call(node, func.attr)
        if self._is_namespace(func.value):
            return self._namespace_call(node, func.attr)
        if func.attr in _QUERY_METHODS:
            given = [*node.args[:1], *(k.value for k in node.keywords if k.arg == "expr")]
            return self._query(node, given[0]) if given else None
        return None

    def _get_attribute(self, node: ast.Call) -> ir.Expr | None:
        """``getattr(x, "name", default)``, which is ``x.name`` or the default."""
        name = dynamic.constant_text(node.args[1]) if len(node.args) in (2, 3) else None
        shadowed = self.scope.find("getattr").kind != "module"
        if name is None or shadowed or node.keywords:
            return None
        read = ir.Attr(self.expr(node.args[0]), name, self.line(node))
        rest = tuple(self.expr(default) for default in node.args[2:])
        return ir.ShortCircuit((read, *rest)) if rest else read

    def _has_attribute(self, node: ast.Call) -> ir.Expr | None:
        """``hasattr(x, "name")``, which reads ``x.name`` to find out."""
        name = dynamic.constant_text(node.args[1]) if len(node.args) == 2 else None
        if name is None or self.scope.find("hasattr").kind != "module" or node.keywords:
            return None
        line = self.line(node)
        return ir.Operation("number", (ir.Attr(self.expr(node.args[0]), name, line),), line)

    def _set_attribute(self, node: ast.Call) -> ir.Expr | None:
        """``setattr(x, "name", value)``, which is ``x.name = value``."""
        name = dynamic.constant_text(node.args[1]) if len(node.args) == 3 else None
        shadowed = self.scope.find("setattr").kind != "module"
        if name is None or shadowed or node.keywords:
            return None
        target = ir.AttrTarget(self.expr(node.args[0]), name, self.line(node))
        return ir.Chain((ir.Walrus(target, self.expr(node.args[2])), ir.Const("none")))

    def _compare(self, node: ast.Compare) -> ir.Expr:
        """``"x" in globals()`` reads a variable, if there is one."""
        text = dynamic.constant_text(node.left)
        alone = len(node.ops) == 1 and isinstance(node.ops[0], (ast.In, ast.NotIn))
        if text is None or not alone or not self._lists_names(node.comparators[0]):
            return super()._compare(node)
        return ir.Operation(
            "number", (ir.LoadGlobal(text, self.line(node), True),), self.line(node)
        )

    def _lists_names(self, node: ast.expr) -> bool:
        own = isinstance(node, ast.Call) and not node.args and isinstance(node.func, ast.Name)
        at_top = self.scope.kind == "module"
        return self._is_namespace(node) or (own and at_top and ast.unparse(node) == "dir()")

    def _run_text(self, node: ast.Call, name: str) -> ir.Expr | None:
        shadowed = self.scope.find(name).kind != "module"
        own_namespace = len(node.args) > 1 and not self._is_namespace(node.args[1])
        if shadowed or not node.args or own_namespace or node.keywords:
            return None
        text = dynamic.constant_text(node.args[0])
        if text is None:
            args = tuple(self.expr(a) for a in node.args)
            return ir.Chain(
                (*args, ir.Opaque(f"{name}()", self.line(node), name == "exec", reads=True))
            )
        tree = parse_text(text.strip() if name == "eval" else text)
        if (
            name == "eval"
            and tree is not None
            and len(tree.body) == 1
            and isinstance(tree.body[0], ast.Expr)
        ):
            outer, self.offset = self.offset, self.line(node) - 1
            value = self.expr(tree.body[0].value)
            self.offset = outer
            return value
        return self.inline(text, self.line(node))

    def _namespace_call(self, node: ast.Call, method: str) -> ir.Expr | None:
        line = self.line(node)
        name = dynamic.constant_text(node.args[0]) if node.args else None
        if method == "update":
            return self._namespace_update(node, line)
        if name is None:
            return None
        rest = tuple(self.expr(a) for a in node.args[1:])
        read = ir.LoadGlobal(name, line, True)
        if method in ("get", "__getitem__", "__contains__"):
            return ir.Chain((*rest, read))
        if method in ("setdefault", "__setitem__"):
            value = rest[0] if rest else ir.Const("none")
            bound = ir.Walrus(ir.GlobalTarget(name, line), value)
            return bound if method == "__setitem__" else ir.ShortCircuit((read, bound))
        return ir.Chain((*rest, read)) if method == "pop" else None

    def _namespace_update(self, node: ast.Call, line: int) -> ir.Expr:
        parts: list[ir.Expr] = []
        for argument in node.args:
            if isinstance(argument, ast.Dict):
                parts.append(self.assign_namespace(argument, line))
            else:
                parts += [self.expr(argument), ir.Opaque("globals().update()", line, True)]
        for keyword in node.keywords:
            value = self.expr(keyword.value)
            target = ir.GlobalTarget(keyword.arg, line) if keyword.arg else None
            parts.append(ir.Walrus(target, value) if target else value)
        return ir.Chain((*parts, ir.Const("none")))

    def _query(self, node: ast.Call, given: ast.expr) -> ir.Expr | None:
        text = dynamic.joined_text(given)
        if text is None:
            return None
        read = (*dynamic.at_names(text), *dynamic.tables_in(text))
        names = [self.load(n, self.line(node)) for n in read]
        if (
            isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
            and node.func.attr == "eval"
        ):
            names += self._bare_names(text, node)
        soft = [replace(n, soft=True) if isinstance(n, ir.LoadGlobal) else n for n in names]
        return ir.Chain((*soft, self.plain_call(node)))

    def _bare_names(self, text: str, node: ast.Call) -> list[ir.Expr]:
        """Plain names in ``pd.eval("x + y")`` are variables, if the receiver is a module."""
        func = node.func
        assert isinstance(func, ast.Attribute)
        assert isinstance(func.value, ast.Name)
        tree = (
            parse_text(text.replace("@", "")) if func.value.id in ("pd", "pandas", "ne") else None
        )
        found = [n.id for n in ast.walk(tree) if isinstance(n, ast.Name)] if tree else []
        return [self.load(n, self.line(node)) for n in found]

    def target(self, node: ast.expr) -> ir.Target:
        """``globals()[key] = …`` may bind any name, and needs none."""
        if isinstance(node, ast.Subscript) and self._is_namespace(node.value):
            name = self.namespace_key(node)
            line = self.line(node)
            if name is None:
                anything = ir.Opaque(ast.unparse(node.value), line, True)
                return ir.ItemTarget(anything, self.expr(node.slice), None, False, line)
        return super().target(node)

    def _is_namespace(self, node: ast.expr) -> bool:
        return dynamic.is_namespace(node, at_module_level=self.scope.kind == "module")

    def namespace_key(self, node: ast.expr) -> str | None:
        if not isinstance(node, ast.Subscript) or not self._is_namespace(node.value):
            return None
        return dynamic.constant_text(node.slice)
