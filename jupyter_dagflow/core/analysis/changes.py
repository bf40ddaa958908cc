"""Which values that a task has are changed in place by a task further down.

The law: what counts is the object, not the name it goes by where it is changed.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence

from jupyter_dagflow.core.analysis.steps import Step, Story
from jupyter_dagflow.core.analysis.units import NodeState
from jupyter_dagflow.core.analysis.values import base_of
from jupyter_dagflow.core.model import Exposed, TaskName


def exposed(story: Story, state: NodeState) -> Iterator[Exposed]:
    """The values that a task has at its end and other tasks change further down."""
    for name, kin in state.ends.items():
        if story.changed.keys().isdisjoint(kin.reach):
            continue
        changed = (base for base in kin.reach if base in story.changed)
        later = ((_after(story.changed[base], state), base) for base in changed)
        found = [(step, base) for step, base in later if step is not None]
        if found:
            step, base = min(found, key=lambda each: each[0].number)
            yield Exposed(
                name=name,
                task=TaskName(step.node),
                cell=step.block.cell,
                line=min(n for obj, n in step.effect.changed.items() if base_of(obj) == base),
                shares=tuple(sorted(kin.names)),
            )


def _after(steps: Sequence[Step], state: NodeState) -> Step | None:
    """The first of these steps that another task takes since this one has begun."""
    place = bisect_right(steps, state.first_step, key=lambda step: step.number)
    below = (steps[at] for at in range(place, len(steps)))  # a slice would copy them for each task
    return next((step for step in below if step.node != state.node), None)
