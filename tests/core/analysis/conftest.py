"""What the tests of the analysis share: mini notebooks, analysed, and run in two ways.

A notebook runs in one namespace and as isolated tasks, to compare what is left. The isolated run is what the runtime does: definitions first, then the inputs, bundled by source so that
what one task stores together stays shared, then the task's own cells.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from types import FunctionType

import pytest

from jupyter_dagflow.core.analysis.dataflow import PRELUDE, Block, Dataflow, analyse
from jupyter_dagflow.core.model import CellId
from jupyter_dagflow.storage.notebooks import to_python

Namespace = dict[str, object]


class Mini:
    """A mini notebook: cells of raw source, each a task ``cell_i`` unless nodes are given."""

    def __init__(
        self,
        *cells: str,
        nodes: Sequence[str] = (),
        mutates: Mapping[int, str] | None = None,
        pure: Mapping[int, str] | None = None,
    ) -> None:
        names = nodes or [f"cell_{i}" for i in range(len(cells))]
        self.blocks = [
            Block(
                cell=CellId(f"c{i}"),
                index=i,
                code=to_python(code),
                node=node,
                mutates=frozenset((mutates or {}).get(i, "").split()),
                pure=frozenset((pure or {}).get(i, "").split()),
            )
            for i, (code, node) in enumerate(zip(cells, names, strict=True))
        ]
        self.flow: Dataflow = analyse(self.blocks)

    @property
    def edges(self) -> set[tuple[int, int]]:
        """The edges, by cell numbers."""
        return {(_number(e.source), _number(e.target)) for e in self.flow.edges}

    @property
    def definitions(self) -> set[tuple[int, int]]:
        """Which cell's definitions are copied into which cell's task."""
        nodes = self.flow.nodes.items()
        return {(d.cell_index, _number(name)) for name, node in nodes for d in node.definitions}

    @property
    def codes(self) -> list[str]:
        """The codes of all findings."""
        return [d.code for d in self.flow.diagnostics]

    def inputs(self, node: str) -> dict[str, tuple[str, ...]]:
        """What a task takes, and from whom."""
        return {i.name: i.sources for i in self.flow.nodes[node].inputs}

    def run_all(self) -> Namespace:
        """The plain data that is left after every cell has run in one namespace."""
        namespace: Namespace = {"__name__": "__main__"}
        for block in self.blocks:
            exec(compile(block.code, "<cell>", "exec"), namespace)
        return _plain(namespace)

    def run_isolated(self) -> Namespace:
        """The plain data that is left when every task has run by itself; of each name the last task's."""
        left: Namespace = {}
        if any(block.node == PRELUDE for block in self.blocks):
            left = Mini(*(b.code for b in self.blocks if b.node == PRELUDE)).run_all()
        for node, ended in self._isolated().items():
            left.update({n: ended[n] for n in self.flow.nodes[node].writes if n in ended})
        return _plain(left)

    def _isolated(self) -> dict[str, Namespace]:
        ended: dict[str, Namespace] = {}
        for node, part in self.flow.nodes.items():
            namespace: Namespace = {"__name__": "__main__"}
            sources = [b.code for b in self.blocks if b.node == PRELUDE]
            for source in [*sources, *(d.source for d in part.definitions)]:
                exec(compile(source, "<definitions>", "exec"), namespace)
            bundles: dict[str, list[str]] = {}
            for taken in part.inputs:
                having = [s for s in taken.sources if taken.name in ended[s]]
                if having:
                    bundles.setdefault(having[-1], []).append(taken.name)
            for source, names in bundles.items():
                namespace.update(_moved({n: ended[source][n] for n in names}, namespace))
            for block in self.blocks:
                if block.node == node:
                    exec(compile(block.code, "<cell>", "exec"), namespace)
            ended[node] = namespace
        return ended


def _number(node: str) -> int:
    return int(node.rpartition("_")[2])


def _moved(values: Namespace, into: Namespace) -> Namespace:
    """A deep copy that keeps sharing; notebook functions look names up where they arrive."""
    functions = {n: v for n, v in values.items() if isinstance(v, FunctionType)}
    plain = {n: v for n, v in values.items() if n not in functions}
    defaults = {n: f.__defaults__ for n, f in functions.items()}
    moved, defaults = copy.deepcopy((plain, defaults))
    for name, function in functions.items():
        moved[name] = FunctionType(function.__code__, into, name, defaults[name])
    return moved


def _plain(namespace: Mapping[str, object]) -> Namespace:
    return {k: v for k, v in namespace.items() if not k.startswith("__") and not callable(v)}


@pytest.fixture(scope="session")
def mini() -> Callable[..., Mini]:
    """Makes a mini notebook of cells."""
    return Mini
