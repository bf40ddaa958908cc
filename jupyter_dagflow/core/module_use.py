"""Which globals of the project's modules a piece of code can reach, by the text of both.

The law: what a name means is followed through imports into the modules' own text, statement by statement. Modules
without a text here (installed ones) are the end of a way. A module that is passed on as a value is reached as a whole.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from jupyter_dagflow.core.analysis.parsing import parsed
from jupyter_dagflow.core.analysis.scopes import bound_names, parameter_names

SourceOf = Callable[[str], "ModuleText | None"]
Global = tuple[str, str]
"""A module's dotted name and the name of a global in it; ``*`` stands for all of them."""

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_LOOKS_NAMES_UP = frozenset({"eval", "exec", "globals", "locals", "vars"})
_IMPORTS = frozenset({"import_module", "__import__"})
_WORD = re.compile(r"\w+")
_READING = frozenset({"get", "keys", "values", "items", "copy", "index", "count"})
_MAKING = frozenset({"__new__", "__init__", "__post_init__"})
_NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ModuleText:
    """The source of a module, and whether it is a package."""

    source: str
    is_package: bool = False


@dataclass(slots=True)
class Namespace:
    """The names of a module, or of a notebook (which has no ``module`` name): what binds them.

    ``imports`` are the module and the name in it, if any, that a name stands for; ``stars`` the modules of which all
    names are imported.
    """

    module: str = ""
    imports: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    statements: dict[str, list[ast.stmt]] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)

    @classmethod
    def of(
        cls, body: Iterable[ast.stmt], *, module: str = "", is_package: bool = False
    ) -> Namespace:
        """The namespace that these statements fill."""
        space = cls(module)
        for statement in body:
            for node in ast.walk(statement):
                if isinstance(node, ast.Import):
                    for alias in node.names:
                        name = alias.asname or alias.name.partition(".")[0]
                        target = alias.name if alias.asname else name
                        space.imports.setdefault(name, []).append((target, ""))
                elif isinstance(node, ast.ImportFrom):
                    space._take_from(node, is_package)
            for name in bound_names([statement])[0]:
                space.statements.setdefault(name, []).append(statement)
        return space

    def _take_from(self, node: ast.ImportFrom, is_package: bool) -> None:
        base = node.module or ""
        if node.level:
            up = node.level - 1 if is_package else node.level
            parts = self.module.split(".")
            base = ".".join([*parts[: len(parts) - up], *filter(None, [base])])
        for alias in node.names:
            if alias.name == "*":
                self.stars.append(base)
            else:
                self.imports.setdefault(alias.asname or alias.name, []).append((base, alias.name))


class Modules:
    """The texts of modules, each read and parsed once."""

    def __init__(self, source_of: SourceOf) -> None:
        self._source_of = source_of
        self._known: dict[str, Namespace | None] = {}

    def get(self, name: str) -> Namespace | None:
        """The namespace of a module; None if its text is not known."""
        if name not in self._known:
            self._known[name] = None
            text = self._source_of(name)
            if text is not None:
                self._known[name] = Namespace.of(
                    parsed(text.source), module=name, is_package=text.is_package
                )
        return self._known[name]

    def place(self, module: str, names: Sequence[str]) -> tuple[str, str]:
        """The module that a dotted name leads to, and the global in it; none if it is the module itself."""
        at = 0
        while at < len(names) and self.get(f"{module}.{names[at]}") is not None:
            module = f"{module}.{names[at]}"
            at += 1
        return module, names[at] if at < len(names) else ""


def reached(modules: Modules, space: Namespace, body: Iterable[ast.AST]) -> set[Global]:
    """The globals that code may read, bind or change, if it runs in that namespace."""
    walk = _Reach(modules)
    for node in body:
        walk.follow(space, node)
    return walk.found


def changed_within(modules: Modules, space: Namespace, body: Iterable[ast.AST]) -> set[Global]:
    """Those of the globals reached that the modules' own code may change on the way."""
    walk = _Reach(modules)
    for node in body:
        walk.follow(space, node)
    return walk.changed


def texts_reached(modules: Modules, space: Namespace, body: Iterable[ast.AST]) -> set[str]:
    """The strings that stand in code, and in what it reaches of the namespace and the project's modules."""
    walk = _Reach(modules)
    for node in body:
        walk.follow(space, node)
    return walk.texts


def reached_by(modules: Modules, space: Namespace, name: str) -> set[Global]:
    """The globals that may be reached by one name of a namespace."""
    return reached(modules, space, [ast.Name(name, ast.Load())])


def reached_by_methods(modules: Modules, module: str, name: str) -> set[Global]:
    """The globals that an instance of a class may reach once it is made."""
    space = modules.get(module)
    body: list[ast.AST] = []
    for statement in space.statements.get(name, ()) if space else ():
        if isinstance(statement, ast.ClassDef):
            body += [each for each in statement.body if getattr(each, "name", "") not in _MAKING]
    return reached(modules, space, body) if space else set()


class _Reach:
    """One search: what was ``found``, what of it code of its module may have ``changed``, what ``texts`` stand on the
    way, what is to be followed.
    """

    def __init__(self, modules: Modules) -> None:
        self.found: set[Global] = set()
        self.changed: set[Global] = set()
        self.texts: set[str] = set()
        self._modules = modules
        self._seen: set[tuple[str, str, tuple[str, ...]]] = set()
        self._pending: list[tuple[Namespace, ast.AST, frozenset[str]]] = []

    def follow(self, space: Namespace, node: ast.AST) -> None:
        """Find what this node reaches, and what that reaches."""
        self._pending.append((space, node, _NOTHING))
        while self._pending:
            self._step(*self._pending.pop())

    def _step(self, space: Namespace, node: ast.AST, hidden: frozenset[str]) -> None:
        if space.module:
            self.changed.update((space.module, name) for name in _written(node))
        if isinstance(node, _FUNCTIONS):
            self._function(space, node, hidden)
            return
        if isinstance(node, _COMPREHENSIONS):
            targets = [n for g in node.generators for n in ast.walk(g.target)]
            hidden |= {n.id for n in targets if isinstance(n, ast.Name)}
        elif isinstance(node, (ast.Attribute, ast.Name)):
            root, names = dotted(node)
            if isinstance(root, ast.Name):
                if root.id not in hidden:
                    self._name(space, root.id, names)
            else:
                self._pending.append((space, root, hidden))
            return
        elif isinstance(node, ast.Call):
            self._looked_up(space, node)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            self.texts.add(node.value)
        self._pending += [(space, child, hidden) for child in ast.iter_child_nodes(node)]

    def _function(
        self,
        space: Namespace,
        node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda,
        hidden: frozenset[str],
    ) -> None:
        body: list[ast.AST] = [node.body] if isinstance(node, ast.Lambda) else [*node.body]
        bound, declared, _ = bound_names(body)
        bound -= space.imports.keys()  # what is imported there is taken for the module's
        inside = hidden.union(bound, parameter_names(node.args)).difference(declared)
        inner = {id(child) for child in body}
        for child in ast.iter_child_nodes(node):
            self._pending.append((space, child, inside if id(child) in inner else hidden))

    def _looked_up(self, space: Namespace, call: ast.Call) -> None:
        """Follow names that stand in strings, where these are looked up."""
        root, names = dotted(call.func)
        name = names[-1] if names else getattr(root, "id", "")
        if name in ("globals", "vars") and space.module:
            self._whole(space.module)
        for argument in call.args:
            for text in _strings(argument) if name in _LOOKS_NAMES_UP | _IMPORTS else ():
                if name in _IMPORTS:
                    self._whole(text)
                else:
                    for word in _WORD.findall(text):
                        self._name(space, word, ())

    def _name(self, space: Namespace, name: str, names: tuple[str, ...]) -> None:
        key = (space.module, name, names)
        if key in self._seen:
            return
        self._seen.add(key)
        if space.module:
            self.found.add((space.module, name))
        for module, attribute in space.imports.get(name, ()):
            self._in_module(module, (attribute, *names) if attribute else names)
        for statement in space.statements.get(name, ()):
            if not isinstance(statement, (ast.Import, ast.ImportFrom)):
                self._pending.append((space, statement, _NOTHING))
        if name not in space.imports and name not in space.statements:
            for module in space.stars:
                self._in_module(module, (name, *names))

    def _in_module(self, module: str, names: tuple[str, ...]) -> None:
        module, name = self._modules.place(module, names)
        space = self._modules.get(module)
        if space is not None and name:
            self._name(space, name, ())
        elif not name:
            self._whole(module)

    def _whole(self, module: str) -> None:
        space = self._modules.get(module)
        if space is not None and (module, "*") not in self.found:
            self.found.add((module, "*"))
            for name in [*space.imports, *space.statements]:
                self._name(space, name, ())


def _written(node: ast.AST) -> Iterator[str]:
    """The names whose values a node itself may change, or bind for the whole module."""
    if isinstance(node, ast.Global):
        yield from node.names
        return
    target: ast.AST | None = None
    if isinstance(node, (ast.Attribute, ast.Subscript)) and not isinstance(node.ctx, ast.Load):
        target = node
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        target = node.func if node.func.attr not in _READING else None
    while isinstance(target, (ast.Attribute, ast.Subscript)):
        target = target.value
    if isinstance(target, ast.Name):
        yield target.id


def _strings(node: ast.AST) -> Iterator[str]:
    for each in ast.walk(node):
        if isinstance(each, ast.Constant) and isinstance(each.value, str):
            yield each.value


def dotted(node: ast.AST) -> tuple[ast.AST, tuple[str, ...]]:
    """Where a chain of attributes begins, and their names."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    return node, tuple(reversed(names))


def imports_of(space: Namespace, node: ast.AST) -> Iterator[str]:
    """The dotted names of what an expression may mean, if it is imported."""
    root, names = dotted(node)
    if isinstance(root, ast.Name):
        for module, attribute in space.imports.get(root.id, ()):
            yield ".".join(filter(None, [module, attribute, *names]))
