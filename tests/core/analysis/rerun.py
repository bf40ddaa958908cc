"""Runs a notebook twice, in one namespace and as isolated tasks, to compare what is left.

The isolated run is what the runtime does: definitions first, then the inputs, bundled by source so that what one
task stores together stays shared, then the task's own cells.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from types import FunctionType

from jupyter_dagflow.core.analysis.dataflow import PRELUDE, Block, Dataflow, analyse
from jupyter_dagflow.core.model import CellId

Namespace = dict[str, object]


def blocks_of(cells: Sequence[str], nodes: Sequence[str] | None = None) -> list[Block]:
    """Cells as blocks, each a task of its own unless said otherwise."""
    names = nodes or [f"cell_{i}" for i in range(len(cells))]
    return [
        Block(cell=CellId(f"c{i}"), index=i, code=code, node=node)
        for i, (code, node) in enumerate(zip(cells, names, strict=True))
    ]


def run_all(cells: Sequence[str]) -> Namespace:
    """Run All: every cell in one namespace."""
    namespace: Namespace = {"__name__": "__main__"}
    for code in cells:
        exec(compile(code, "<cell>", "exec"), namespace)
    return namespace


def run_isolated(blocks: Sequence[Block], flow: Dataflow) -> dict[str, Namespace]:
    """Every task in a namespace of its own, fed only with what the analysis says."""
    ended: dict[str, Namespace] = {}
    for node, part in flow.nodes.items():
        namespace: Namespace = {"__name__": "__main__"}
        sources = [b.code for b in blocks if b.node == PRELUDE]
        sources += [d.source for d in part.definitions]
        for source in sources:
            exec(compile(source, "<definitions>", "exec"), namespace)
        bundles: dict[str, list[str]] = {}
        for taken in part.inputs:
            having = [s for s in taken.sources if taken.name in ended[s]]
            if having:
                bundles.setdefault(having[-1], []).append(taken.name)
        for source, names in bundles.items():
            namespace.update(_moved({n: ended[source][n] for n in names}, namespace))
        for block in blocks:
            if block.node == node:
                exec(compile(block.code, "<cell>", "exec"), namespace)
        ended[node] = namespace
    return ended


def _moved(values: Namespace, into: Namespace) -> Namespace:
    """A deep copy that keeps sharing; notebook functions look names up where they arrive."""
    functions = {n: v for n, v in values.items() if isinstance(v, FunctionType)}
    plain = {n: v for n, v in values.items() if n not in functions}
    defaults = {n: f.__defaults__ for n, f in functions.items()}
    moved, defaults = copy.deepcopy((plain, defaults))
    for name, function in functions.items():
        moved[name] = FunctionType(function.__code__, into, name, defaults[name])
    return moved


def left_over(cells: Sequence[str], nodes: Sequence[str] | None = None) -> tuple[Namespace, Namespace]:
    """The plain data that is left after Run All, and after the isolated run."""
    blocks = blocks_of(cells, nodes)
    flow = analyse(blocks)
    ended = run_isolated(blocks, flow)
    whole = _plain(run_all(cells))
    parts: Namespace = {}
    for node, part in flow.nodes.items():
        parts.update({n: ended[node][n] for n in part.writes if n in ended[node] and n in whole})
    return whole, _plain(parts)


def _plain(namespace: Mapping[str, object]) -> Namespace:
    return {k: v for k, v in namespace.items() if not k.startswith("__") and not callable(v)}
