"""Where the cards of a picture stand and which way the edges take.

The law: a `Layout` is pure geometry in CSS pixels, y downwards, without colour or text. It is the
same for the same pipeline and the same engine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from jupyter_dagflow.core.model import Pipeline, TaskName

PAGE_WIDTH = 960.0
NODE_GAP = 26.0
RANK_GAP = 48.0

Point = tuple[float, float]


class Direction(str, Enum):
    """Which way time runs in the picture: graphviz's ``rankdir``."""

    DOWN = "TB"
    RIGHT = "LR"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be laid out: nodes of one size, in order, and acyclic edges between them."""

    nodes: tuple[TaskName, ...]
    edges: tuple[tuple[TaskName, TaskName], ...]
    width: float
    height: float
    direction: Direction


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Centres of the nodes; for every edge its start, then three points for each Bézier curve."""

    width: float
    height: float
    centres: dict[TaskName, Point]
    routes: dict[tuple[TaskName, TaskName], tuple[Point, ...]]


def acyclic_edges(pipeline: Pipeline) -> list[tuple[TaskName, TaskName]]:
    """The edges, those turned round that would close a cycle: such a pipeline is drawn, too."""
    downstream: dict[TaskName, list[TaskName]] = {task.name: [] for task in pipeline.tasks}
    edges = []
    for edge in pipeline.edges:
        source, target = edge.source, edge.target
        if source == target or source not in downstream or target not in downstream:
            continue
        if _reaches(downstream, target, source):
            source, target = target, source
        if target not in downstream[source]:
            downstream[source].append(target)
            edges.append((source, target))
    return edges


def _reaches(downstream: dict[TaskName, list[TaskName]], start: TaskName, end: TaskName) -> bool:
    seen, waiting = {start}, [start]
    while waiting:
        for name in downstream[waiting.pop()]:
            if name == end:
                return True
            if name not in seen:
                seen.add(name)
                waiting.append(name)
    return False


def ranks(
    nodes: Sequence[TaskName], edges: Sequence[tuple[TaskName, TaskName]]
) -> dict[TaskName, int]:
    """How many tasks stand before each one on the longest way to it.

    >>> ranks("abc", [("a", "b"), ("b", "c"), ("a", "c")])
    {'a': 0, 'b': 1, 'c': 2}
    """
    result = dict.fromkeys(nodes, 0)
    waiting = {name: sum(target == name for _, target in edges) for name in nodes}
    ready = [name for name in nodes if not waiting[name]]
    while ready:
        name = ready.pop()
        for source, target in edges:
            if source == name:
                result[target] = max(result[target], result[name] + 1)
                waiting[target] -= 1
                if not waiting[target]:
                    ready.append(target)
    return result


def best_direction(pipeline: Pipeline, *, width: float, height: float) -> Direction:
    """The way that is shrunk less to fit a page's width; of two that fit, the flatter one."""
    rank_of = ranks([task.name for task in pipeline.tasks], acyclic_edges(pipeline))
    depth = max(rank_of.values(), default=0) + 1
    breadth = max((list(rank_of.values()).count(rank) for rank in range(depth)), default=1)
    down = breadth * (width + NODE_GAP)
    right = depth * (width + RANK_GAP)
    if right <= PAGE_WIDTH and depth * (height + RANK_GAP) > breadth * (height + NODE_GAP):
        return Direction.RIGHT
    return Direction.DOWN if down <= max(right, PAGE_WIDTH) else Direction.RIGHT


def wish(pipeline: Pipeline, *, width: float, height: float) -> Wish:
    """What to ask an engine for."""
    return Wish(
        nodes=tuple(task.name for task in pipeline.tasks),
        edges=tuple(acyclic_edges(pipeline)),
        width=width,
        height=height,
        direction=best_direction(pipeline, width=width, height=height),
    )
