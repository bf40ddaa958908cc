"""The pipeline as a Mermaid flowchart, which GitHub and many wikis draw from a fenced block.

The law: nodes are numbered, names stand in their labels, so that no task name can break the syntax.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from jupyter_dagflow.core.model import Pipeline, TaskName
from jupyter_dagflow.core.nested import Inner
from jupyter_dagflow.core.run import RunView
from jupyter_dagflow.surfaces import words
from jupyter_dagflow.surfaces.graph.card import HEIGHT, card_width, cards
from jupyter_dagflow.surfaces.graph.layout import best_direction
from jupyter_dagflow.surfaces.look import TASK_LOOKS

_MOST_NAMES = 3


def mermaid(pipeline: Pipeline, run: RunView | None = None, *, nested: Sequence[Inner] = ()) -> str:
    """The flowchart, edges labelled by what they carry, with a run's states if one is given.

    Tasks of notebooks that are steps stand in a subgraph of their own, behind the task that runs them.
    """
    direction = best_direction(pipeline, width=card_width(pipeline.tasks), height=HEIGHT)
    number = {task.name: f"t{index}" for index, task in enumerate(pipeline.tasks)}
    lines = [f"flowchart {direction.value}"]
    for name, card in cards(pipeline, run).items():
        icon = "" if card.look is None else f"{card.look.icon} "
        task_run = None if run is None else run.tasks.get(name)
        state = "" if task_run is None else f":::{task_run.state.value}"
        below = f"<br/><small>{_escaped(icon + card.status)}</small>"
        lines.append(f'    {number[name]}("{_escaped(name)}{below}"){state}')
    for edge in pipeline.edges:
        values = list(dict.fromkeys(w.name for w in edge.reasons if not words.is_order(w)))
        label = ", ".join(values[:_MOST_NAMES]) + ("…" if len(values) > _MOST_NAMES else "")
        before, after, bare = ("==", "==>", "==>") if words.is_lane(edge) else ("--", "-->", "-.->")
        arrow = f'{before} "{_escaped(label)}" {after}' if values else bare
        lines.append(f"    {number[edge.source]} {arrow} {number[edge.target]}")
    lines += _subgraphs(nested, number)
    if run is not None:
        for state in dict.fromkeys(task.state for task in run.tasks.values()):
            lines.append(
                f"    classDef {state.value} stroke:{TASK_LOOKS[state].colour},stroke-width:2px"
            )
    return "\n".join(lines) + "\n"


def _subgraphs(nested: Sequence[Inner], number: Mapping[TaskName, str]) -> Iterator[str]:
    known = {str(name): node for name, node in number.items()}
    known |= {inner.name: f"n{index}" for index, inner in enumerate(nested)}
    for at, group in enumerate(dict.fromkeys(inner.group for inner in nested)):
        inside = [inner for inner in nested if inner.group == group]
        yield f'    subgraph g{at}["{_escaped(f"{group}: {inside[0].notebook}")}"]'
        for inner in inside:
            yield f'        {known[inner.name]}("{_escaped(inner.task.name)}")'
        yield "    end"
        for inner in inside:
            for source in inner.after:
                yield f"    {known[source]} --> {known[inner.name]}"
            if not inner.after:
                yield f"    {known[group]} -.-> {known[inner.name]}"


def _escaped(text: str) -> str:
    return "".join(f"#{ord(c)};" if c in '"#&<>[](){}|;`' else c for c in text)
