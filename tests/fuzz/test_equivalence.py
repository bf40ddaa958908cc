"""The promise as a property: a random notebook leaves the same both ways, or an error says why not.

A few hundred notebooks, the same every time; `make fuzz` goes looking for others.
"""

from __future__ import annotations

import random

from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st

from tests.fuzz.programs import write_program
from tests.fuzz.verdicts import Outcome, judge


@settings(
    max_examples=300,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)
@given(rng=st.randoms(use_true_random=False), order=st.integers(0, 1000))
def test_tasks_leave_what_run_all_leaves(rng: random.Random, order: int) -> None:
    program = write_program(rng)
    verdict = judge(program, random.Random(order))
    event(f"{'certain' if program.certain else 'the rest'}: {verdict.outcome.value}")
    assert verdict.outcome is not Outcome.DIFFERENT, f"{verdict.text}\n{program}"
    if program.certain:
        assert verdict.outcome is not Outcome.REFUSED, f"{verdict.label}: {verdict.text}\n{program}"
