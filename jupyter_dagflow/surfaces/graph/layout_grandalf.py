"""Layered layout in pure Python, by grandalf (Sugiyama's method), for machines without graphviz.

The law: what grandalf does not do is done here and no more: parts that do not hang together stand
side by side, and edges become curves that leave and reach a card squarely and pass between the
cards of a layer in a straight line.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from grandalf.graphs import Edge, Vertex, graph_core
from grandalf.layouts import SugiyamaLayout, VertexViewer

from jupyter_dagflow.core.model import TaskName
from jupyter_dagflow.surfaces.graph.layout import (
    NODE_GAP,
    RANK_GAP,
    Direction,
    Layout,
    Point,
    Wish,
)

_ROUNDS = 8.0
_LANE = 10.0


class _EdgeView:
    """Takes the waypoints of an edge from grandalf: the centres it passes, ends included."""

    def __init__(self) -> None:
        self.waypoints: list[Point] = []

    def setpath(self, points: Sequence[Point]) -> None:
        self.waypoints = list(points)


def lay_out(wish: Wish) -> Layout:
    """Lay out the nodes in layers; grandalf works downwards, the other direction is transposed."""
    across, along = wish.width, wish.height
    if wish.direction is Direction.RIGHT:
        across, along = along, across
    vertices: dict[TaskName, Any] = {name: Vertex(name) for name in wish.nodes}
    for vertex in vertices.values():
        vertex.view = VertexViewer(w=across, h=along)
    edges = [Edge(vertices[source], vertices[target]) for source, target in wish.edges]
    for edge in edges:
        edge.view = _EdgeView()
    left = depth = 0.0
    for part in _parts(wish):
        core = graph_core(
            [vertices[name] for name in part],
            [edge for edge in edges if edge.v[0].data in part],
        )
        left, bottom = _place(core, left=left, across=across, along=along)
        depth = max(depth, bottom)
    return _finish(
        wish, vertices, edges, breadth=max(0.0, left - NODE_GAP), depth=depth, along=along
    )


def _parts(wish: Wish) -> list[dict[TaskName, None]]:
    """The nodes that hang together, in order (grandalf's own ``Graph`` puts edges in no order)."""
    beside: dict[TaskName, list[TaskName]] = {name: [] for name in wish.nodes}
    for source, target in wish.edges:
        beside[source].append(target)
        beside[target].append(source)
    part_of: dict[TaskName, TaskName] = {}
    for first in wish.nodes:
        waiting = [first]
        while waiting:
            name = waiting.pop()
            if name not in part_of:
                part_of[name] = first
                waiting += beside[name]
    parts: dict[TaskName, dict[TaskName, None]] = {}
    for name in wish.nodes:
        parts.setdefault(part_of[name], {})[name] = None
    return list(parts.values())


def _place(part: Any, *, left: float, across: float, along: float) -> tuple[float, float]:
    layout = SugiyamaLayout(part)
    layout.xspace, layout.yspace = NODE_GAP, RANK_GAP
    layout.dw, layout.dh = _LANE, along
    roots = [v for v in part.sV if not v.e_in()]
    layout.init_all(roots=roots, inverted_edges=[], optimize=True)
    layout.draw(_ROUNDS)
    xs = [x for layer in layout.layers for v in layer for x in _extent(v, across)]
    shift = left - min(xs)
    for layer in layout.layers:
        for v in layer:
            x, y = v.view.xy
            v.view.xy = (x + shift, y)
    layout.draw_edges()
    bottom = max(v.view.xy[1] + along / 2 for v in part.sV)
    return max(xs) + shift + NODE_GAP, bottom


def _extent(vertex: Any, across: float) -> tuple[float, float]:
    half = across / 2 if isinstance(vertex, Vertex) else _LANE / 2
    return vertex.view.xy[0] - half, vertex.view.xy[0] + half


def _finish(
    wish: Wish,
    vertices: dict[TaskName, Any],
    edges: Sequence[Any],
    *,
    breadth: float,
    depth: float,
    along: float,
) -> Layout:
    centres = {name: _rounded(vertex.view.xy) for name, vertex in vertices.items()}
    routes = {
        pair: _curves(edge.view.waypoints, along=along)
        for pair, edge in zip(wish.edges, edges, strict=True)
    }
    if wish.direction is Direction.RIGHT:
        centres = {name: (y, x) for name, (x, y) in centres.items()}
        routes = {pair: tuple((y, x) for x, y in points) for pair, points in routes.items()}
        breadth, depth = depth, breadth
    return Layout(width=round(breadth, 1), height=round(depth, 1), centres=centres, routes=routes)


def _curves(waypoints: Sequence[Point], *, along: float) -> tuple[Point, ...]:
    """Leave the first card squarely, run straight through the layers between, end on the last."""
    (x, y), *inner, last = waypoints
    points: list[Point] = [(x, y + along / 2)]
    for lane_x, lane_y in inner:
        _bend(points, (lane_x, lane_y - along / 2))
        _bend(points, (lane_x, lane_y + along / 2))
    _bend(points, (last[0], last[1] - along / 2))
    return tuple(_rounded(point) for point in points)


def _bend(points: list[Point], end: Point) -> None:
    (x0, y0), (x1, y1) = points[-1], end
    middle = (y0 + y1) / 2
    points += [(x0, middle), (x1, middle), (x1, y1)]


def _rounded(point: Point) -> Point:
    return round(point[0], 1), round(point[1], 1)
