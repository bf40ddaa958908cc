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
            later = [(self._after(base, state), base) for base in changed]
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

    def _after(self, base: int, state: NodeState) -> Step | None:
        """The first step of another task that changes an object since this one has begun."""
        steps = self._steps[base]
        place = bisect_right(steps, state.first_step, key=lambda step: step.number)
        others = (step for step in steps[place:] if step.node != state.node)
        return next(others, None)
