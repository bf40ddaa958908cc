"""When a task that failed is tried again."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from jupyter_dagflow.core.retry import RetryPolicy, retry_after_s

A_DAY_S = 86_400.0
policies = st.builds(
    RetryPolicy,
    retries=st.integers(0, 10**9),
    delay_s=st.floats(0, 1e7),
    backoff=st.floats(1, 1000),
)


@given(policies, st.integers(1, 10**9), st.text())
def test_a_delay_is_one_that_can_be_waited_for(
    policy: RetryPolicy, attempt: int, salt: str
) -> None:
    after_s = retry_after_s(policy, "error", attempt=attempt, salt=salt)
    assert (after_s is None) == (attempt > policy.retries)
    if after_s is not None:
        assert min(policy.delay_s, A_DAY_S) <= after_s <= A_DAY_S
        assert after_s == retry_after_s(policy, "error", attempt=attempt, salt=salt)


def test_a_delay_grows_by_its_factor_and_at_most_a_quarter_more() -> None:
    policy = RetryPolicy(retries=9, delay_s=10, backoff=2)
    delays = [retry_after_s(policy, "error", attempt=n, salt="run task") for n in range(1, 5)]
    for delay, plain in zip(delays, (10, 20, 40, 80), strict=True):
        assert delay is not None
        assert plain <= delay <= 1.25 * plain


def test_tasks_that_failed_together_come_back_apart() -> None:
    policy = RetryPolicy(retries=1, delay_s=100, backoff=2)
    delays = [retry_after_s(policy, "error", attempt=1, salt=f"run t{i}") for i in range(100)]
    spread = [delay for delay in delays if delay is not None]
    assert len({math.floor(delay) for delay in spread}) > 15


def test_a_plain_delay_is_what_it_says() -> None:
    policy = RetryPolicy(retries=3, delay_s=7)
    assert [retry_after_s(policy, "timeout", attempt=n, salt="") for n in (1, 2, 3)] == [7, 7, 7]


def test_what_would_fail_again_is_not_tried_again() -> None:
    policy = RetryPolicy(retries=3)
    for kind in ("unsound", "not_storable"):
        assert retry_after_s(policy, kind, attempt=1, salt="") is None
