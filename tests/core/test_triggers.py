"""The trigger rules against Airflow's truth table, for two upstream tasks and for many."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_dagflow.core.states import TaskState
from jupyter_dagflow.core.triggers import TriggerRule, Upstream, Verdict, verdict

STATES = {
    "S": TaskState.SUCCESS,
    "F": TaskState.FAILED,
    "K": TaskState.SKIPPED,
    "U": TaskState.UPSTREAM_FAILED,
}
VERDICTS = {
    "R": Verdict.RUN,
    "K": Verdict.SKIP,
    "U": Verdict.UPSTREAM_FAILED,
    ".": Verdict.WAIT,
}
UNFINISHED = "r"


def table() -> Iterator[tuple[str, str, str]]:
    lines = (Path(__file__).parent / "cases" / "trigger-rules.txt").read_text().splitlines()
    header = next(line for line in lines if line.startswith("rule"))
    pairs = header.split()[1:]
    for line in lines[lines.index(header) + 1 :]:
        if not line.strip():
            return
        rule, *expected = line.split()
        for pair, letter in zip(pairs, expected, strict=True):
            yield rule, pair, letter


def upstream_of(letters: str) -> Upstream:
    upstream = Upstream(total=len(letters))
    for letter in letters:
        if letter != UNFINISHED:
            upstream.count(STATES[letter])
    return upstream


def test_the_table_covers_every_rule() -> None:
    assert {rule for rule, _, _ in table()} == {rule.value for rule in TriggerRule}


@pytest.mark.parametrize(("rule", "pair", "expected"), list(table()))
def test_two_upstream_tasks(rule: str, pair: str, expected: str) -> None:
    assert verdict(TriggerRule(rule), upstream_of(pair)) is VERDICTS[expected]


@pytest.mark.parametrize("rule", TriggerRule)
def test_without_upstream_tasks_it_runs(rule: TriggerRule) -> None:
    assert verdict(rule, Upstream(total=0)) is Verdict.RUN


@given(st.sampled_from(TriggerRule), st.text(alphabet="SFKU", min_size=1, max_size=12))
def test_once_all_have_ended_it_is_decided(rule: TriggerRule, letters: str) -> None:
    assert verdict(rule, upstream_of(letters)) is not Verdict.WAIT


@given(st.sampled_from(TriggerRule), st.text(alphabet="SFKU", min_size=1, max_size=8), st.data())
def test_a_verdict_to_end_is_never_taken_back(
    rule: TriggerRule, letters: str, data: st.DataObject
) -> None:
    """What was decided early still holds when the rest have ended."""
    known = data.draw(st.integers(0, len(letters)))
    early = verdict(rule, upstream_of(letters[:known] + UNFINISHED * (len(letters) - known)))
    late = verdict(rule, upstream_of(letters))
    if early in (Verdict.SKIP, Verdict.UPSTREAM_FAILED):
        assert late in (Verdict.SKIP, Verdict.UPSTREAM_FAILED)
    if early is Verdict.RUN:
        assert late is Verdict.RUN


@given(st.sampled_from(list(table())), st.integers(1, 6), st.integers(1, 6))
def test_many_upstream_tasks_decide_as_two(row: tuple[str, str, str], n: int, m: int) -> None:
    """Only which states there are counts, so the table tells of any number of tasks in one state or two."""
    rule, (one, other), expected = row
    assert verdict(TriggerRule(rule), upstream_of(one * n + other * m)) is VERDICTS[expected]


@given(st.sampled_from(TriggerRule), st.text(alphabet="SFKUr", min_size=1, max_size=12))
def test_how_many_are_in_a_state_decides_nothing(rule: TriggerRule, letters: str) -> None:
    once = "".join(sorted({*letters}))
    assert verdict(rule, upstream_of(letters)) is verdict(rule, upstream_of(once))
