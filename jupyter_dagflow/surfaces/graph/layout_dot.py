"""Layout by graphviz's ``dot``, where it is installed; its ``plain`` output is read as geometry.

The law: only positions are taken from graphviz, so that a picture looks the same with it and
without it.
"""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Iterator, Sequence

from jupyter_dagflow.surfaces.graph.layout import NODE_GAP, RANK_GAP, Layout, Point, Wish

_PIXELS_PER_INCH = 72.0
_PATIENCE_S = 30.0


def lay_out(wish: Wish) -> Layout:
    """Ask ``dot``; raises `subprocess.SubprocessError` or `OSError` if it cannot answer."""
    done = subprocess.run(
        ["dot", "-Tplain"],  # noqa: S607 -- the graphviz on the path
        input=question(wish),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=_PATIENCE_S,
        check=True,
    )
    return answer(wish, done.stdout)


def question(wish: Wish) -> str:
    """The graph in DOT, nodes named by number so that no name needs quoting on the way back."""
    index = {name: number for number, name in enumerate(wish.nodes)}
    size = f"width={_inches(wish.width)} height={_inches(wish.height)}"
    gaps = f"nodesep={_inches(NODE_GAP)} ranksep={_inches(RANK_GAP)}"
    lines = [
        "digraph {",
        f"graph [rankdir={wish.direction.value} {gaps}]",
        f'node [shape=box label="" fixedsize=true {size}]',
        "edge [arrowhead=none]",
        *(f"{number}" for number in index.values()),
        *(f"{index[source]} -> {index[target]}" for source, target in wish.edges),
        "}",
    ]
    return "\n".join(lines)


def answer(wish: Wish, plain: str) -> Layout:
    """Read ``dot -Tplain``: inches from the lower left, an edge as a start and its curves."""
    width = height = 0.0
    centres: dict[str, Point] = {}
    routes: dict[tuple[str, str], tuple[Point, ...]] = {}
    for kind, fields in _lines(plain):
        if kind == "graph":
            width, height = float(fields[1]), float(fields[2])
        elif kind == "node":
            centres[fields[0]] = _pixels(fields[1:3], height)
        elif kind == "edge":
            count = int(fields[2])
            numbers = fields[3 : 3 + 2 * count]
            routes[fields[0], fields[1]] = tuple(
                _pixels(numbers[at : at + 2], height) for at in range(0, 2 * count, 2)
            )
    name = wish.nodes
    return Layout(
        width=round(width * _PIXELS_PER_INCH, 1),
        height=round(height * _PIXELS_PER_INCH, 1),
        centres={name[int(number)]: centre for number, centre in centres.items()},
        routes={(name[int(a)], name[int(b)]): points for (a, b), points in routes.items()},
    )


def _lines(plain: str) -> Iterator[tuple[str, Sequence[str]]]:
    for line in plain.splitlines():
        kind, *fields = shlex.split(line) or [""]
        yield kind, fields


def _inches(pixels: float) -> str:
    return f"{pixels / _PIXELS_PER_INCH:.4f}"


def _pixels(inches: Sequence[str], height: float) -> Point:
    x, y = float(inches[0]), height - float(inches[1])
    return round(x * _PIXELS_PER_INCH, 1), round(y * _PIXELS_PER_INCH, 1)
