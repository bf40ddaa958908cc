"""The promise as a property: a random notebook leaves the same both ways, or an error says why not.

A few hundred notebooks, the same every time; `make fuzz` goes looking for others.
"""

from __future__ import annotations

import random

import pytest

from tests.fuzz.programs import write_program
from tests.fuzz.verdicts import Outcome, judge

_BATCH = 50


@pytest.mark.parametrize("first", range(0, 300, _BATCH))
def test_tasks_leave_what_run_all_leaves(first: int) -> None:
    outcomes = []
    for seed in range(first, first + _BATCH):
        program = write_program(random.Random(seed))
        verdict = judge(program, random.Random(seed))
        outcomes.append(verdict.outcome)
        assert verdict.outcome is not Outcome.DIFFERENT, f"{seed}: {verdict.text}\n{program}"
        if program.certain and verdict.outcome is Outcome.REFUSED:
            # Nothing is left to guess in these, so the compiler has to understand them all.
            pytest.fail(f"{seed}: {verdict.label}: {verdict.text}\n{program}")
    assert outcomes.count(Outcome.EQUAL) > _BATCH // 2
