"""The promise as a property: a random notebook leaves the same both ways, or an error says why not.

A few hundred notebooks, the same every time; `make fuzz` goes looking for others. Those that Hypothesis draws it makes
small by itself; what `make fuzz` finds, `shrink` does, which knows cells and statements and is done sooner.
"""

from __future__ import annotations

import functools
import random

import pytest
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

from tests.fuzz.programs import Program, write_program
from tests.fuzz.verdicts import Outcome, Verdict, judge

_SAMPLE = 300
_BATCH = 50
_MOST_REFUSED = 0.05  # of those in which something is uncertain, as in `make fuzz`


@functools.cache
def _judged(seed: int) -> tuple[Program, Verdict]:
    program = write_program(random.Random(seed))
    return program, judge(program, random.Random(seed))


@pytest.mark.xdist_group("random notebooks")
@pytest.mark.parametrize("first", range(0, _SAMPLE, _BATCH))
def test_tasks_leave_what_run_all_leaves(first: int) -> None:
    for seed in range(first, first + _BATCH):
        program, verdict = _judged(seed)
        assert _is_kept(program, verdict), f"{seed}: {_told(program, verdict)}"


@pytest.mark.xdist_group("random notebooks")
def test_of_those_with_something_uncertain_hardly_any_is_refused() -> None:
    judged = [_judged(seed) for seed in range(_SAMPLE)]
    uncertain = [v for program, v in judged if not (program.certain or program.odd_tags)]
    refused = [verdict for verdict in uncertain if verdict.outcome is Outcome.REFUSED]
    assert len(refused) < _MOST_REFUSED * len(uncertain), refused


@settings(
    max_examples=10,
    phases=(Phase.generate, Phase.shrink),  # to explain a failure, each line would be traced
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(st.randoms(use_true_random=False))
def test_so_do_those_that_hypothesis_draws(rng: random.Random) -> None:
    program = write_program(rng)
    verdict = judge(program, random.Random(0))
    note(_told(program, verdict))
    assert _is_kept(program, verdict)


def _is_kept(program: Program, verdict: Verdict) -> bool:
    """Whether the promise is: nothing is different, and where nothing is left to guess, nothing is refused."""
    if verdict.outcome is Outcome.REFUSED:
        return not program.certain
    return verdict.outcome in (Outcome.EQUAL, Outcome.UNUSABLE)


def _told(program: Program, verdict: Verdict) -> str:
    return f"{verdict.outcome.value} {verdict.label}: {verdict.text}\n{program}"
