"""Which values that a task has are changed in place by a task further down.

The law: what counts is the object, not the name it goes by where it is changed.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator

from jupyter_dagflow.core.analysis.steps import Step
from jupyter_dagflow.core.analysis.units import NodeState
from jupyter_dagflow.core.analysis.values import base_of
from jupyter_dagflow.core.model import Exposed, TaskName


class Changes:
    """The steps of a notebook that change each object, in order."""

    def __init__(self, steps: Iterable[Step]) -> None:
        self._steps: dict[int, list[Step]] = {}
        for step in steps:
            for base in {base_of(obj) for obj in step.effect.changed}:
                self._steps.setdefault(base, []).append(step)

    def exposed(self, state: NodeState) -> Iterator[Exposed]:
        """The values that a task has at its end and later ones change."""
        for name, kin in state.ends.items():
            changed = [base for base in kin.reach if base in self._steps]
            later = (self._after(base, state.last_step) for base in changed)
            step = min((s for s in later if s is not None), key=lambda s: s.number, default=None)
            if step is not None:
                yield Exposed(
                    name=name,
                    task=TaskName(step.node),
                    cell=step.block.cell,
                    line=min(step.effect.changed.values()),
                    shares=tuple(sorted(kin.names)),
                )

    def _after(self, base: int, number: int) -> Step | None:
        steps = self._steps[base]
        place = bisect_right(steps, number, key=lambda step: step.number)
        return steps[place] if place < len(steps) else None
