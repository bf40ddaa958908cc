"""Whether code goes on with pyplot's current figure, or begins one of its own.

The law: the first call that could tell decides, in the order in which the code runs: one that acts on the current
figure (``plt.title``), or one that makes a new one or closes what is there. What neither pyplot nor seaborn is asked
for by name is believed to bring its own. Functions of the notebook and of the project's modules are looked into where
they are called.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from jupyter_dagflow.core.module_use import Modules, Namespace, dotted, imports_of

_PYPLOT = ("matplotlib.pyplot.", "pylab.", "matplotlib.pylab.")
_NEW = frozenset({"figure", "subplots", "subplot_mosaic"})
_NEITHER = frozenset(
    {"rc", "rc_context", "rcdefaults", "ion", "ioff", "isinteractive", "show", "pause", "imread"}
    | {"imsave", "get_cmap", "setp", "getp", "switch_backend", "get_backend", "xkcd", "figaspect"}
    | {"set_loglevel", "findobj", "new_figure_manager", "draw_all", "cycler", "get_fignums"}
)
_SEABORN_FIGURES = frozenset(
    {"relplot", "displot", "catplot", "lmplot", "jointplot", "pairplot", "clustermap"}
)
_MAY_BE_A_TABLES = frozenset({"plot", "hist", "boxplot"})


@dataclass(frozen=True, slots=True)
class FigureUse:
    """A call that decides: its name, where it stands, and whether it goes ``on`` or ``closes`` what is there."""

    name: str
    line: int
    on: bool = False
    closes: bool = False


def first_use(modules: Modules, space: Namespace, body: Iterable[ast.stmt]) -> FigureUse | None:
    """The first call that decides, if one surely comes first."""
    return _Look(modules).in_body(space, body)


class _Look:
    """One look, which does not follow a function within itself."""

    def __init__(self, modules: Modules) -> None:
        self._modules = modules
        self._within: set[int] = set()

    def in_body(self, space: Namespace, body: Iterable[ast.AST]) -> FigureUse | None:
        """The first that decides in a sequence."""
        for node in body:
            use = self._in(space, node)
            if use is not None:
                return use
        return None

    def _in(self, space: Namespace, node: ast.AST) -> FigureUse | None:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda() | ast.ClassDef():
                return None
            case ast.If(test=test, body=body, orelse=orelse):
                return self._in(space, test) or self._either(space, [body, orelse])
            case ast.Try(body=body, handlers=handlers, orelse=orelse, finalbody=final):
                first = self.in_body(space, [*body, *orelse])
                first = first or self._either(space, [[], *(each.body for each in handlers)])
                return first or self.in_body(space, final)
            case ast.Call():
                first = self.in_body(space, ast.iter_child_nodes(node))
                return first or self._called(space, node)
        return self.in_body(space, ast.iter_child_nodes(node))

    def _either(self, space: Namespace, bodies: list[list[ast.stmt]]) -> FigureUse | None:
        """What decides if one of these runs: going on if any does, else what all of them do."""
        found = [self.in_body(space, body) for body in bodies]
        going_on = next((use for use in found if use is not None and use.on), None)
        return going_on or (found[0] if all(found) else None)

    def _called(self, space: Namespace, call: ast.Call) -> FigureUse | None:
        for name in imports_of(space, call.func):
            use = _pyplot(name, call) or _seaborn(name, call)
            if use is not None:
                return use
        for where, function in self._functions(space, call.func):
            if id(function) not in self._within:
                self._within.add(id(function))
                use = self.in_body(where, function.body)
                self._within.discard(id(function))
                if use is not None:
                    return FigureUse(use.name, call.lineno, use.on, use.closes)
        root, names = dotted(call.func)
        if names and not _MAY_BE_A_TABLES.isdisjoint(names) and not _has(call, "ax"):
            known = isinstance(root, ast.Name) and root.id in space.imports
            return None if known else FigureUse(names[-1], call.lineno)
        return None

    def _functions(
        self, space: Namespace, node: ast.AST
    ) -> Iterator[tuple[Namespace, ast.FunctionDef]]:
        """The functions that a call may mean, with their namespaces."""
        root, names = dotted(node)
        if not isinstance(root, ast.Name):
            return
        if not names:
            for statement in space.statements.get(root.id, ()):
                if isinstance(statement, ast.FunctionDef):
                    yield space, statement
        for module, attribute in space.imports.get(root.id, ()):
            place, name = self._modules.place(module, [*filter(None, [attribute]), *names])
            there = self._modules.get(place)
            for statement in there.statements.get(name, ()) if there else ():
                if there is not None and isinstance(statement, ast.FunctionDef):
                    yield there, statement


def _pyplot(name: str, call: ast.Call) -> FigureUse | None:
    function = next((name[len(start) :] for start in _PYPLOT if name.startswith(start)), "")
    if not function or "." in function or function in _NEITHER or function[0].isupper():
        return None
    numbered = _has(call, "num") or (function == "figure" and call.args)
    if function in _NEW and not numbered:
        return FigureUse(function, call.lineno)
    if function in ("close", "clf"):
        return FigureUse(function, call.lineno, closes=True)
    return FigureUse(f"plt.{function}", call.lineno, on=True)


def _seaborn(name: str, call: ast.Call) -> FigureUse | None:
    if not name.startswith("seaborn.") or _has(call, "ax"):
        return None
    function = name.rpartition(".")[2]
    if function in _SEABORN_FIGURES or function.endswith("Grid"):
        return FigureUse(function, call.lineno)
    if function.endswith("plot") or function in ("heatmap", "despine"):
        return FigureUse(f"sns.{function}", call.lineno, on=True)
    return None


def _has(call: ast.Call, keyword: str) -> bool:
    return any(each.arg in (keyword, None) for each in call.keywords)
