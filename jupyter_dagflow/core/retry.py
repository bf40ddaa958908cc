"""Whether a task that failed is tried again, and when.

The law: the answer follows from the policy, the failure and the number of the attempt alone, so that whoever takes a
run over comes to the same one. Words and meanings are Airflow's.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

_LONGEST_S = 86_400.0
_JITTER = 0.25  # of the delay at most, so that tasks that failed together do not come back together
_IN_VAIN = frozenset(
    {"unsound", "not_storable", "no_result"}
)  # failures to which the same code would come again


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How often a task is tried again (``retries``), after how many seconds at first, and how that grows from one
    attempt to the next.
    """

    retries: int = 0
    delay_s: float = 1.0
    backoff: float = 1.0


NO_RETRIES = RetryPolicy()


def retry_after_s(policy: RetryPolicy, kind: str, *, attempt: int, salt: str) -> float | None:
    """The seconds until the attempt after number ``attempt``, which failed; None if there will be none.

    ``kind`` is that of the failure. At most a day. Where the delay grows, up to a quarter is added, which ``salt`` and
    the attempt's number decide.

    >>> policy = RetryPolicy(retries=2, delay_s=10)
    >>> [retry_after_s(policy, "error", attempt=n, salt="") for n in (1, 2, 3)]
    [10, 10, None]
    """
    if attempt > policy.retries or kind in _IN_VAIN:
        return None
    if policy.backoff == 1.0:
        return min(policy.delay_s, _LONGEST_S)
    try:
        delay_s = policy.delay_s * policy.backoff ** (attempt - 1)
    except OverflowError:
        return _LONGEST_S
    return min(delay_s * (1 + _JITTER * _share(f"{salt} {attempt}")), _LONGEST_S)


def _share(text: str) -> float:
    """A number from 0 to 1 that looks drawn, but is always the same for a text."""
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64
