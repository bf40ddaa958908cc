"""How often a file is written again while it grows.

The law: about once a second, and less often if that takes so long that it would be noticed.
"""

from __future__ import annotations

import time

_EVERY_S = 1.0
_SHARE = 0.05  # of the time, at most, is spent with writing


class Pace:
    """Tells when it is time; the file is there already when this is made."""

    def __init__(self) -> None:
        self._not_before = time.monotonic() + _EVERY_S

    def wait_s(self) -> float:
        """How many seconds are left until then; 0 if it is time."""
        return max(0.0, self._not_before - time.monotonic())

    def wrote(self, *, began: float) -> None:
        """Take note of a writing that ``began`` then, by `time.monotonic`, and has ended now."""
        ended = time.monotonic()
        self._not_before = ended + max(_EVERY_S, (ended - began) / _SHARE)
