"""The pipeline as an SVG picture that stands alone: in a notebook, on GitHub, in a browser.

The law: whoever strips the style sheet, as some front ends do, still sees a legible picture, so
what matters is said by attributes; CSS only adapts it to a dark page. No scripts, no fonts, no
identifiers that could collide on a page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import hypot

from jupyter_dagflow.core.model import Edge, Nested, Pipeline
from jupyter_dagflow.core.run import RunView
from jupyter_dagflow.core.states import TaskState
from jupyter_dagflow.surfaces import words
from jupyter_dagflow.surfaces.graph.card import (
    HEIGHT,
    ICON_SPACE,
    NAME_SIZE,
    PADDING,
    STATUS_SIZE,
    Card,
    card_width,
    cards,
    text_width,
)
from jupyter_dagflow.surfaces.graph.engine import Engine, lay_out
from jupyter_dagflow.surfaces.graph.icons import ICONS
from jupyter_dagflow.surfaces.graph.layout import Layout, Point, wish
from jupyter_dagflow.surfaces.graph.text import description
from jupyter_dagflow.surfaces.look import TASK_LOOKS, run_look

MARGIN = 14.0
ARROW = 7.0
GROUP_GAP = 22.0
GROUP_TITLE = 22.0
GROUP_PADDING = 12.0

_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
_DARK = (
    ".dagflow-graph{at} .card{{fill:#1f242d;stroke:#56606f}}"
    ".dagflow-graph{at} .name{{fill:#eef1f5}}"
    ".dagflow-graph{at} .status{{fill:#aab3c0}}"
    ".dagflow-graph{at} .group{{stroke:#56606f}}"
    ".dagflow-graph{at} .edge{{stroke:#8b95a3}}"
    ".dagflow-graph{at} .arrow{{fill:#8b95a3}}"
    ".dagflow-graph{at} .edge.order{{stroke:#8b95a3}}"
)
_STYLE = (
    ".dagflow-graph .task:hover .card{stroke-width:2.4}"
    ".dagflow-graph .link:hover .edge{stroke-width:2.6}"
    # A JupyterLab theme, where the picture stands inside its page, is worth more than the system's
    # preference.
    "@media (prefers-color-scheme:dark){"
    + _DARK.format(at=':not([data-jp-theme-light="true"] *)')
    + "}"
    + _DARK.format(at=':is([data-jp-theme-light="false"] *)')
)


def svg(
    pipeline: Pipeline,
    run: RunView | None = None,
    *,
    nested: Sequence[Nested] = (),
    engine: Engine = lay_out,
) -> str:
    """Draw the pipeline, and on it the states of a run if one is given.

    Below it each of the ``nested`` notebooks that are steps is drawn in a frame of its own. ``engine`` lays things out;
    by default whichever there is.
    """
    drawn = _whole(pipeline, nested, run, engine)
    width, height = drawn.width + 2 * MARGIN, drawn.height + 2 * MARGIN
    title = _title(pipeline, run)
    parts = [
        '<svg xmlns="http://www.w3.org/2000/svg" class="dagflow-graph" role="img"'
        f' aria-label="{_attribute(title)}"'
        f' width="{width:g}" height="{height:g}" viewBox="0 0 {width:g} {height:g}"'
        f' font-family="{_attribute(_FONT)}" style="max-width:100%;height:auto">',
        f"<title>{escape(title)}</title>",
        f"<desc>{escape(description(pipeline, run, nested))}</desc>",
        f"<style>{_STYLE}</style>",
        f'<g transform="translate({MARGIN:g} {MARGIN:g})">',
        *drawn.parts,
        "</g>",
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Drawing:
    """What is drawn from the origin to the right and downwards."""

    width: float
    height: float
    parts: tuple[str, ...]


def _whole(
    pipeline: Pipeline, nested: Sequence[Nested], run: RunView | None, engine: Engine
) -> _Drawing:
    """A pipeline, and below it the notebooks that are steps of it."""
    wanted = wish(pipeline, width=card_width(pipeline.tasks), height=HEIGHT)
    layout = engine(wanted)
    parts = [
        *_links(pipeline, layout),
        *(
            _task(card, layout.centres[name], width=wanted.width, run=run)
            for name, card in cards(pipeline, run).items()
        ),
    ]
    width, height = layout.width, layout.height
    for each in nested:
        group = _group(each, engine)
        top = height + GROUP_GAP
        parts += [f'<g transform="translate(0 {top:g})">', *group.parts, "</g>"]
        width, height = max(width, group.width), top + group.height
    return _Drawing(width=width, height=height, parts=tuple(parts))


def _group(nested: Nested, engine: Engine) -> _Drawing:
    """A notebook that is a step, in a frame that says of which task; what a run made of it is not drawn."""
    inside = _whole(nested.compilation.pipeline, nested.compilation.nested, None, engine)
    title = f"{nested.task}: {nested.shown}"
    width = max(inside.width, text_width(title, STATUS_SIZE)) + 2 * GROUP_PADDING
    height = inside.height + GROUP_TITLE + GROUP_PADDING
    frame = (
        f'<rect class="group" width="{width:g}" height="{height:g}" rx="10" fill="none"'
        ' stroke="#9aa3af" stroke-width="1.2" stroke-dasharray="5 4"/>'
    )
    name = (
        f'<text class="status" x="{GROUP_PADDING:g}" y="15" font-size="{STATUS_SIZE:g}"'
        f' fill="#596373">{escape(title)}</text>'
    )
    at = f'<g transform="translate({GROUP_PADDING:g} {GROUP_TITLE:g})">'
    return _Drawing(width=width, height=height, parts=(frame, name, at, *inside.parts, "</g>"))


def _title(pipeline: Pipeline, run: RunView | None) -> str:
    if run is None:
        return f"Pipeline {pipeline.name}"
    return f"Pipeline {pipeline.name}: run {run.run_id}, {run_look(run.state).word}"


def _links(pipeline: Pipeline, layout: Layout) -> list[str]:
    drawn = []
    for edge in pipeline.edges:
        points = layout.routes.get((edge.source, edge.target))
        if points is None:
            points = tuple(reversed(layout.routes.get((edge.target, edge.source), ())))
        if points:
            drawn.append(_link(pipeline, edge, points))
    return drawn


def _link(pipeline: Pipeline, edge: Edge, points: tuple[Point, ...]) -> str:
    source, target = pipeline.task(edge.source), pipeline.task(edge.target)
    hover = "\n".join(words.reason(why, edge, source=source, target=target) for why in edge.reasons)
    hover = hover or f"{edge.source} → {edge.target}"
    order_only = bool(edge.reasons) and all(map(words.is_order, edge.reasons))
    dashes = ' stroke-dasharray="5 4"' if order_only and not words.is_lane(edge) else ""
    width = 3 if words.is_lane(edge) else 1.4
    tip, arrow = _arrow(points)
    stops = [*points[:-1], tip]
    path = f"M{_xy(stops[0])}" + "".join(
        "C" + " ".join(_xy(point) for point in stops[at : at + 3]) for at in range(1, len(stops), 3)
    )
    return (
        f'<g class="link"><title>{escape(hover)}</title>'
        f'<path class="edge" d="{path}" fill="none" stroke="#7d8794" stroke-width="{width}"{dashes}/>'
        f'<path d="{path}" fill="none" stroke="#000000" stroke-opacity="0" stroke-width="12"/>'
        f'<path class="arrow" d="{arrow}" fill="#7d8794"/></g>'
    )


def _arrow(points: tuple[Point, ...]) -> tuple[Point, str]:
    """Where the line stops short for the arrowhead, and the head's outline."""
    (x, y), (from_x, from_y) = points[-1], points[-2]
    length = hypot(x - from_x, y - from_y) or 1.0
    dx, dy = (x - from_x) / length, (y - from_y) / length
    base = (x - dx * ARROW, y - dy * ARROW)
    half = ARROW * 0.5
    left = (base[0] - dy * half, base[1] + dx * half)
    right = (base[0] + dy * half, base[1] - dx * half)
    return base, f"M{_xy((x, y))}L{_xy(left)}L{_xy(right)}Z"


def _task(card: Card, centre: Point, *, width: float, run: RunView | None) -> str:
    left, top = centre[0] - width / 2, centre[1] - HEIGHT / 2
    stroke = card.look.colour if card.look is not None else "#9aa3af"
    text_left = PADDING if card.look is None else ICON_SPACE
    task_run = None if run is None else run.tasks.get(card.task)
    state = None if task_run is None else task_run.state
    # The state's colour is an inline style as well: the dark style sheet must not take it from the
    # frame.
    frame = f' style="stroke:{stroke}"' if card.look is not None else ""
    return (
        f'<g class="task" transform="translate({left:g} {top:g})">'
        f"<title>{escape(card.hover)}</title>"
        f'<rect class="card" width="{width:g}" height="{HEIGHT:g}" rx="10" fill="#ffffff"'
        f' stroke="{stroke}" stroke-width="1.5"{frame}/>'
        f"{_icon(state)}"
        f'<text class="name" x="{text_left:g}" y="23" font-size="{NAME_SIZE:g}" font-weight="600"'
        f' fill="#1b2330">{escape(card.name)}</text>'
        f'<text class="status" x="{text_left:g}" y="40" font-size="{STATUS_SIZE:g}"'
        f' fill="#596373">{escape(card.status)}</text></g>'
    )


def _icon(state: TaskState | None) -> str:
    if state is None:
        return ""
    look, icon = TASK_LOOKS[state], ICONS[state]
    disc = (
        f'<circle r="8" fill="none" stroke="{look.colour}" stroke-width="2"'
        ' stroke-dasharray="3 2.6"/>'
        if icon.hollow
        else f'<circle r="9" fill="{look.colour}"/>'
    )
    paint = (
        f'fill="{look.ink}"'
        if icon.fill
        else f'fill="none" stroke="{look.ink}" stroke-width="1.8"'
        ' stroke-linecap="round" stroke-linejoin="round"'
    )
    mark = f'<path d="{icon.path}" {paint}/>' if icon.path else ""
    place = f"translate({ICON_SPACE / 2 + 1:g} {HEIGHT / 2:g})"
    return f'<g class="icon" transform="{place}">{disc}{mark}</g>'


def _xy(point: Point) -> str:
    return f"{round(point[0], 1):g} {round(point[1], 1):g}"


def _attribute(text: str) -> str:
    return escape(text, quote=True)
