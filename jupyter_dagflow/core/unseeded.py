"""Draws of random numbers that nobody has seeded, as the text of a notebook shows them.

The law: this is a hint read off the text of well-known calls, not an analysis. It explains why a value is another in
each run; it never makes an edge, nor different values equal.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from jupyter_dagflow.core.analysis.library import DRAWING_ESTIMATORS, ambient_draw
from jupyter_dagflow.core.analysis.parsing import parsed
from jupyter_dagflow.core.model import Cell, CellId
from jupyter_dagflow.core.module_use import Namespace, dotted, imports_of

_GENERATOR = re.compile(
    r"^(random\.Random|numpy\.random\.(default_rng|RandomState|SeedSequence|PCG64|MT19937|Philox|SFC64))$"
)
_NUMPYS = "<numpy.random>"
_SEEDS = {
    "<random>": "random.seed(0) above it",
    _NUMPYS: "np.random.seed(0) above it",
    "<torch.random>": "torch.manual_seed(0) above it",
}
_SEED_NAMES = frozenset({"random_state", "seed"})
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True, slots=True)
class Draw:
    """A call that draws without a seed: how it is written, where it stands, and what would seed it."""

    called: str
    cell_index: int
    line: int
    seed: str

    @property
    def message(self) -> str:
        """What it does, in words."""
        return (
            f"{self.called} (cell {self.cell_index}, line {self.line}) draws without a seed, so every run has other "
            f"numbers; {self.seed} makes runs comparable"
        )


@dataclass(frozen=True, slots=True)
class _Statement:
    """A top-level statement and the cell in which it stands."""

    cell: Cell
    node: ast.stmt

    @property
    def lines(self) -> set[int]:
        """Those on which it may be said to begin."""
        return {self.node.lineno, *(d.lineno for d in getattr(self.node, "decorator_list", ()))}

    @property
    def calls(self) -> Iterator[ast.Call]:
        """The calls in it."""
        return (each for each in ast.walk(self.node) if isinstance(each, ast.Call))


class Unseeded:
    """The draws without a seed in the cells of a notebook."""

    def __init__(self, cells: Sequence[Cell]) -> None:
        statements = [_Statement(cell, node) for cell in cells for node in parsed(cell.code)]
        self._space = Namespace.of(statement.node for statement in statements)
        self._seeded: dict[str, tuple[int, int]] = {}
        for statement in statements:
            for label, call in self._seeds(statement):
                self._seeded.setdefault(label, (statement.cell.index, call.lineno))
        self._found = {
            (statement.cell.id, line): draws
            for statement in statements
            if (draws := list(self._draws(statement)))
            for line in statement.lines
        }

    def at(self, cell: CellId, line: int) -> Sequence[Draw]:
        """Those in the top-level statement that begins on a line of a cell."""
        return self._found.get((cell, line), ())

    def _seeds(self, statement: _Statement) -> Iterator[tuple[str, ast.Call]]:
        """The global generators that it seeds, each with the call that does."""
        for call in statement.calls:
            drawn = self._drawn(call)
            if drawn is not None and drawn[1] and (call.args or call.keywords):
                yield drawn[0], call

    def _draws(self, statement: _Statement) -> Iterator[Draw]:
        for call in statement.calls:
            seed = self._missing_seed(call, statement)
            if seed:
                yield Draw(_called(call.func), statement.cell.index, call.lineno, seed)

    def _missing_seed(self, call: ast.Call, statement: _Statement) -> str:
        """What would seed a call; nothing if it draws nothing, or is seeded."""
        drawn = self._drawn(call)
        if drawn is not None:
            label, seeds = drawn
            return "" if seeds or self._is_seeded(label, call, statement) else _SEEDS[label]
        for path in imports_of(self._space, call.func):
            if _GENERATOR.match(path):
                given = _is_given(call.args[:1], call)
                return "" if given else f"a seed, as in {_called(call.func)}(0),"
        takes_it = _is_sample_of_table(call) or any(
            map(DRAWING_ESTIMATORS.match, imports_of(self._space, call.func))
        )
        given = not takes_it or _is_given([], call)
        return "" if given or self._is_seeded(_NUMPYS, call, statement) else "random_state=0"

    def _is_seeded(self, label: str, call: ast.Call, statement: _Statement) -> bool:
        """Whether a seed may count for a draw: one above it or, as functions run later, any."""
        seeded = self._seeded.get(label)
        if seeded is None or isinstance(statement.node, _DEFINITIONS):
            return seeded is not None
        return seeded < (statement.cell.index, call.lineno)

    def _drawn(self, call: ast.Call) -> tuple[str, bool] | None:
        """The global generator that a call uses, and whether it seeds that."""
        given = _is_given([], call)
        for path in imports_of(self._space, call.func):
            drawn = ambient_draw(path, seeded_arguments=given)
            if drawn is not None:
                return drawn
        return None


def _called(function: ast.expr) -> str:
    """How a call is written: ``np.random.rand``, or ``.sample`` of what has no name."""
    root, names = dotted(function)
    return ".".join([root.id if isinstance(root, ast.Name) else "", *names])


def _is_given(first: Sequence[ast.expr], call: ast.Call) -> bool:
    """Whether a call is given a seed, by its first argument or by name."""
    named = [each.value for each in call.keywords if each.arg in _SEED_NAMES or each.arg is None]
    return any(not (isinstance(v, ast.Constant) and v.value is None) for v in [*first, *named])


def _is_sample_of_table(call: ast.Call) -> bool:
    """Whether it is ``table.sample(…)`` of pandas; that of ``random`` takes two arguments."""
    sampling = isinstance(call.func, ast.Attribute) and call.func.attr == "sample"
    return sampling and len(call.args) <= 1
