"""The pipeline in graphviz's DOT language: for ``--format dot``, and for the browser to lay out.

The law: a node's name is the task's name, every node is as large as the card drawn for it, and
every edge carries its reasons as a tooltip.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import graphviz
from graphviz.quoting import attr_list, quote

from jupyter_dagflow.core.model import Pipeline
from jupyter_dagflow.core.nested import Inner
from jupyter_dagflow.core.run import RunView
from jupyter_dagflow.surfaces import words
from jupyter_dagflow.surfaces.graph.card import HEIGHT, NAME_SIZE, Card, card_width, cards
from jupyter_dagflow.surfaces.graph.layout import NODE_GAP, RANK_GAP, best_direction

_POINTS_PER_INCH = 72.0


def dot(pipeline: Pipeline, run: RunView | None = None, *, nested: Sequence[Inner] = ()) -> str:
    """The DOT text of the pipeline, with the states of a run if one is given.

    Tasks of notebooks that are steps stand in a cluster of their own, behind the task that runs them.
    """
    width = card_width(pipeline.tasks)
    graph = graphviz.Digraph(
        pipeline.name,
        graph_attr={
            "rankdir": best_direction(pipeline, width=width, height=HEIGHT).value,
            "nodesep": _inches(NODE_GAP),
            "ranksep": _inches(RANK_GAP),
            "bgcolor": "transparent",
        },
        node_attr={
            "shape": "box",
            "style": "rounded,filled",
            "fontname": "Helvetica",
            "fontsize": f"{NAME_SIZE:g}",
            "fillcolor": "#ffffff",
            "color": "#9aa3af",
            "fixedsize": "true",
            "width": _inches(width),
            "height": _inches(HEIGHT),
        },
        edge_attr={"color": "#7d8794", "arrowsize": "0.7"},
    )
    for card in cards(pipeline, run).values():
        graph.node(
            card.task,
            label=_label(card),
            tooltip=graphviz.escape(card.hover).replace("\n", r"\n"),
            **({} if card.look is None else {"color": card.look.colour, "penwidth": "1.5"}),
        )
    for edge in pipeline.edges:
        source, target = pipeline.task(edge.source), pipeline.task(edge.target)
        reasons = [words.reason(why, edge, source=source, target=target) for why in edge.reasons]
        attributes = {"tooltip": graphviz.escape("\n".join(reasons)).replace("\n", r"\n")}
        if words.is_lane(edge):
            attributes["penwidth"] = "3"
        elif reasons and all(map(words.is_order, edge.reasons)):
            attributes["style"] = "dashed"
        # Not Digraph.edge(): it takes a colon in a name for a port.
        graph.body.append(
            f"\t{quote(edge.source)} -> {quote(edge.target)}{attr_list(kwargs=attributes)}\n"
        )
    for group in dict.fromkeys(inner.group for inner in nested):
        graph.body += _cluster(group, [inner for inner in nested if inner.group == group])
    return str(graph.source)


def _cluster(group: str, inner: Sequence[Inner]) -> Iterator[str]:
    yield f"\tsubgraph {quote(f'cluster_{group}')} {{\n"
    label = f"{group}: {inner[0].notebook}"
    yield f'\t\tlabel={quote(graphviz.escape(label))} style="rounded,dashed" color="#9aa3af"\n'
    for each in inner:
        yield f"\t\t{quote(each.name)}{attr_list(kwargs={'label': _inner_label(each)})}\n"
    yield "\t}\n"
    for each in inner:
        for source in each.after:
            yield f"\t{quote(source)} -> {quote(each.name)}\n"
        if not each.after:
            yield f"\t{quote(group)} -> {quote(each.name)}{attr_list(kwargs={'style': 'dotted'})}\n"


def _inner_label(inner: Inner) -> str:
    return f"{graphviz.escape(inner.task.name)}\\n{words.cells(inner.task)}"


def _label(card: Card) -> str:
    if card.look is None:
        text = f"{graphviz.escape(card.name)}\n{card.status}"
    else:
        text = f"{graphviz.escape(card.name)}\n{card.look.icon} {card.status}"
    return text.replace("\n", r"\n")


def _inches(points: float) -> str:
    return f"{points / _POINTS_PER_INCH:.3f}"
