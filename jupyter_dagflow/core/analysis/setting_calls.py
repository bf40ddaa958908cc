"""Calls of a notebook's own functions that set modules, seed generators and do no more: ``seed_everything(42)``.

The law: such a call can be repeated as a setting can. Every statement of the function is seen to set a module, to
seed, to prepare what a module is set to, or to ask what has the same answer in every kernel.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from jupyter_dagflow.core.analysis import library
from jupyter_dagflow.core.analysis.same_everywhere import PathOf, gives_the_same, path_called
from jupyter_dagflow.core.analysis.source import tree_of

FunctionOf = Callable[[str], "ast.FunctionDef | None"]
"""The notebook's own function that a name is; None if it is none, or not the same in every task."""

_DEEPEST = 8  # functions that call functions
_TELLING = re.compile(r"(builtins\.print|logging\.(\w+\(\)\.)?(debug|info|warning))\Z")
_GENERATOR = re.compile(r"(numpy\.random\.(default_rng|RandomState)|random\.Random)\Z")
_OF_A_HANDLER = re.compile(r"logging\.\w+\(\)\.set\w+")
_MADE = "()"  # behind the path of what is called, for what that gives


def calls_by_name(tree: ast.Module) -> tuple[str, ast.Call] | None:
    """The name of what a statement calls, if it is such a call or gives a name what one gives, and the call."""
    match tree.body:
        case [ast.Expr(value=ast.Call(func=ast.Name(id=name)) as call)]:
            return name, call
        case [ast.Assign(targets=[ast.Name()], value=ast.Call(func=ast.Name(id=name)) as call)]:
            return name, call
    return None


def assigned_call(tree: ast.Module) -> ast.Call | None:
    """What ``name = f(…)`` calls."""
    match tree.body:
        case [ast.Assign(targets=[ast.Name()], value=ast.Call() as call)]:
            return call
    return None


def function_in(text: str) -> ast.FunctionDef | None:
    """The function that a statement defines, without decorators."""
    match tree_of(text).body:
        case [ast.FunctionDef(decorator_list=[]) as function]:
            return function
    return None


def only_sets(call: ast.Call, function_of: FunctionOf, path_of: PathOf, depth: int = 0) -> bool:
    """Whether a call of one of the notebook's functions does no more than set and seed, with what is the same in
    every kernel, if the names in it and in the function are.
    """
    function = function_of(call.func.id) if isinstance(call.func, ast.Name) else None
    if function is None or depth > _DEEPEST:
        return False
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    if not all(gives_the_same(value, path_of) for value in given):
        return False
    body = _Body(function_of, path_of, depth)
    arguments = function.args
    every = (
        *arguments.posonlyargs,
        *arguments.args,
        *arguments.kwonlyargs,
        arguments.vararg,
        arguments.kwarg,
    )
    body.own.update({each.arg: "" for each in every if each is not None})
    return body.only_sets(function.body)


@dataclass(slots=True)
class _Body:
    """What is known within a function: ``own`` tells of its own names what of a library they are."""

    function_of: FunctionOf
    path_of_global: PathOf
    depth: int
    own: dict[str, str] = field(default_factory=dict)

    def path_of(self, name: str) -> str:
        return self.own[name] if name in self.own else self.path_of_global(name)

    def only_sets(self, statements: Iterable[ast.stmt]) -> bool:
        return all(map(self._sets, statements))

    def _sets(self, node: ast.stmt) -> bool:
        match node:
            case ast.Pass() | ast.Expr(value=ast.Constant()) | ast.Return(value=None):
                return True
            case ast.Import() | ast.ImportFrom(level=0):
                return self._imports(node)
            case ast.Return(value=ast.expr() as value):
                return self._same(value) or self._is_generator(value)
            case ast.Expr(value=ast.Call() as call):
                return self._is_setting(call) or self._only_tells(call)
            case ast.Assign(targets=targets, value=value):
                same = self._same(value)
                return all(self._takes(target, value) for target in targets) and same
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                same = self._same(value)
                return self._takes(target, value) and same
            case ast.If(test=test, body=body, orelse=orelse):
                return self._same(test) and self.only_sets(body) and self.only_sets(orelse)
            case ast.For(target=target, iter=values, body=body, orelse=[]):
                return self._same(values) and self._takes(target, values) and self.only_sets(body)
            case ast.Try(body=body, handlers=handlers, orelse=orelse, finalbody=final):
                caught = [each for handler in handlers for each in handler.body]
                return self.only_sets((*body, *caught, *orelse, *final))
        return False

    def _same(self, value: ast.expr) -> bool:
        return gives_the_same(value, self.path_of)

    def _takes(self, target: ast.expr, value: ast.expr) -> bool:
        """Whether what is given a value is something in a module, or the function's own; that is noted."""
        match target:
            case ast.Name(id=name):
                self.own[name] = self._made_by(value)
                return True
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                return all(self._takes(part, ast.Constant(None)) for part in parts)
        return self._is_of_module(target)

    def _is_generator(self, value: ast.expr) -> bool:
        """Whether it is a new generator of random numbers, which is given away."""
        return isinstance(value, ast.Call) and bool(
            _GENERATOR.match(path_called(value.func, self.path_of))
        )

    def _only_tells(self, call: ast.Call) -> bool:
        """Whether it prints, or logs, what is the same in every kernel."""
        told = [*call.args, *(keyword.value for keyword in call.keywords)]
        return bool(_TELLING.match(path_called(call.func, self.path_of))) and all(
            map(self._same, told)
        )

    def _made_by(self, value: ast.expr) -> str:
        path = path_called(value.func, self.path_of) if isinstance(value, ast.Call) else ""
        return path + _MADE if path else ""

    def _imports(self, node: ast.Import | ast.ImportFrom) -> bool:
        for alias in node.names:
            if isinstance(node, ast.ImportFrom):
                self.own[alias.asname or alias.name] = f"{node.module}.{alias.name}"
            else:
                name = alias.asname or alias.name.partition(".")[0]
                self.own[name] = alias.name if alias.asname else name
        return all(alias.name != "*" for alias in node.names)

    def _is_of_module(self, target: ast.expr) -> bool:
        """Whether it is something in a module that is given a value."""
        same = True
        while isinstance(target, (ast.Attribute, ast.Subscript)):
            if isinstance(target, ast.Subscript):
                same = same and self._same(target.slice)
            target = target.value
        if isinstance(target, ast.Call):
            made_by = path_called(target.func, self.path_of)
            return same and self._same(target) and made_by in library.MODULE_LIKE
        return same and isinstance(target, ast.Name) and bool(self.path_of(target.id))

    def _is_setting(self, call: ast.Call) -> bool:
        path = path_called(call.func, self.path_of)
        if not path:
            deeper = self.depth + 1
            return only_sets(call, self._own_function, self.path_of, deeper)
        drawn = library.ambient_draw(path, seeded_arguments=bool(call.args))
        seeds = drawn is not None and drawn[1] and bool(call.args)
        sets = library.is_setting(path) or _OF_A_HANDLER.match(path) is not None
        given = [*call.args, *(keyword.value for keyword in call.keywords), call.func]
        return (seeds or sets) and all(map(self._same, given))

    def _own_function(self, name: str) -> ast.FunctionDef | None:
        return None if name in self.own else self.function_of(name)
