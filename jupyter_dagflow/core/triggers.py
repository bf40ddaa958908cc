"""Trigger rules: may a task start, given how its upstream tasks stand?

The law is the truth table of Airflow's ``TriggerRuleDep``: the verdict depends on how many upstream tasks are
in which state, never on their order, and may fall before all of them have ended.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from jupyter_dagflow.core.states import TaskState

_MOST_TOLD = 3
HOW_IT_ENDED = {
    TaskState.SUCCESS: "succeeded",
    TaskState.FAILED: "failed",
    TaskState.SKIPPED: "was skipped",
    TaskState.UPSTREAM_FAILED: "could not run",
    TaskState.CANCELLED: "was cancelled",
    TaskState.LOST: "was lost",
}


class TriggerRule(str, Enum):
    """Which outcomes upstream let a task run."""

    ALL_SUCCESS = "all_success"
    ALL_FAILED = "all_failed"
    ALL_DONE = "all_done"
    ALL_SKIPPED = "all_skipped"
    ONE_FAILED = "one_failed"
    ONE_SUCCESS = "one_success"
    ONE_DONE = "one_done"
    NONE_FAILED = "none_failed"
    NONE_FAILED_MIN_ONE_SUCCESS = "none_failed_min_one_success"
    NONE_SKIPPED = "none_skipped"
    ALWAYS = "always"

    @property
    def waits_for_all(self) -> bool:
        """Whether a task never runs before all of its upstream tasks have ended."""
        return self not in (self.ONE_FAILED, self.ONE_SUCCESS, self.ONE_DONE, self.ALWAYS)


class Verdict(Enum):
    """What a trigger rule decides about a task that has not started."""

    WAIT = "wait"
    RUN = "run"
    SKIP = "skip"
    UPSTREAM_FAILED = "upstream_failed"


@dataclass(slots=True)
class Upstream:
    """How many upstream tasks a task has, and how many of them ended how."""

    total: int
    success: int = 0
    failed: int = 0
    skipped: int = 0
    upstream_failed: int = 0

    @property
    def done(self) -> int:
        """How many have ended."""
        return self.success + self.failed + self.skipped + self.upstream_failed

    def count(self, state: TaskState) -> None:
        """Take note that one more upstream task ended in ``state``."""
        if state is TaskState.SUCCESS:
            self.success += 1
        elif state is TaskState.SKIPPED:
            self.skipped += 1
        elif state is TaskState.UPSTREAM_FAILED:
            self.upstream_failed += 1
        else:
            self.failed += 1


def verdict(rule: TriggerRule, upstream: Upstream) -> Verdict:
    """Decide what becomes of a task whose upstream tasks stand like this.

    A task without upstream tasks always runs. Source: the truth table of Airflow 3.3.2, which the tests hold.

    >>> verdict(TriggerRule.ONE_SUCCESS, Upstream(total=2, success=1))
    <Verdict.RUN: 'run'>
    """
    if upstream.total == 0 or rule is TriggerRule.ALWAYS:
        return Verdict.RUN
    return (
        _hopeless(rule, upstream)
        or (Verdict.RUN if _satisfied(rule, upstream) else None)
        or Verdict.WAIT
    )


def why_not(rule: TriggerRule, upstream: Sequence[tuple[str, TaskState]]) -> tuple[str, ...]:
    """Why a task with these upstream tasks does not run, in words.

    >>> why_not(TriggerRule.ALL_SUCCESS, [("a", TaskState.SUCCESS), ("b", TaskState.FAILED)])
    ('b failed',)
    >>> why_not(TriggerRule.ALL_FAILED, [("a", TaskState.SUCCESS)])
    ('trigger:all_failed, and a succeeded',)
    """
    ended = [(name, state) for name, state in upstream if state in HOW_IT_ENDED]
    bad = [(name, state) for name, state in ended if state is not TaskState.SUCCESS]
    told = [f"{name} {HOW_IT_ENDED[state]}" for name, state in (bad or ended)]
    text = ", ".join(told[:_MOST_TOLD])
    if len(told) > _MOST_TOLD:
        text += f", and {len(told) - _MOST_TOLD} more"
    return (text if rule is TriggerRule.ALL_SUCCESS else f"trigger:{rule.value}, and {text}",)


def _hopeless(rule: TriggerRule, up: Upstream) -> Verdict | None:
    """The end a task comes to without running, if its rule can no longer be satisfied."""
    failures = up.failed + up.upstream_failed
    all_done = up.done >= up.total
    match rule:
        case TriggerRule.ALL_SUCCESS if failures:
            return Verdict.UPSTREAM_FAILED
        case TriggerRule.ALL_SUCCESS if up.skipped:
            return Verdict.SKIP
        case TriggerRule.ALL_FAILED if up.success or up.skipped:
            return Verdict.SKIP
        case TriggerRule.ALL_SKIPPED if up.success or failures:
            return Verdict.SKIP
        case TriggerRule.ONE_SUCCESS if all_done and up.skipped == up.total:
            return Verdict.SKIP
        case TriggerRule.ONE_SUCCESS if all_done and not up.success:
            return Verdict.UPSTREAM_FAILED
        case TriggerRule.ONE_FAILED if all_done and not failures:
            return Verdict.SKIP
        case TriggerRule.ONE_DONE if all_done and not (up.success or up.failed):
            return Verdict.SKIP
        case TriggerRule.NONE_FAILED | TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS if failures:
            return Verdict.UPSTREAM_FAILED
        case TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS if up.skipped == up.total:
            return Verdict.SKIP
        case TriggerRule.NONE_SKIPPED if up.skipped:
            return Verdict.SKIP
    return None


def _satisfied(rule: TriggerRule, up: Upstream) -> bool:
    match rule:
        case TriggerRule.ONE_SUCCESS:
            return up.success > 0
        case TriggerRule.ONE_FAILED:
            return up.failed + up.upstream_failed > 0
        case TriggerRule.ONE_DONE:
            return up.success + up.failed > 0
        case _:
            return up.done >= up.total
