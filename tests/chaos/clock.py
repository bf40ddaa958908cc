"""A clock that jumps: the time of day as the commands of a trial see it, and nobody else.

The law: a file says by how many seconds it is wrong, and is read each time. Only the time of day jumps, as when
somebody sets it: monotonic clocks go on, and what the file system stamps has the right time.
"""

from __future__ import annotations

import importlib
import os
import time
from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo
from pathlib import Path

CLOCK = "DAGFLOW_CHAOS_CLOCK"  # the file
CLOCKS = ("jupyter_dagflow.clock",)
"""All modules that ask for the time of day by ``datetime.now``."""


def install() -> None:
    """Let this process ask that clock, if there is one."""
    name = os.environ.get(CLOCK)
    if name is None:
        return
    path = Path(name)

    def wrong_by_s() -> float:
        return float(path.read_text() or 0)

    class Jumping(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + timedelta(seconds=wrong_by_s())

    for module in map(importlib.import_module, CLOCKS):
        vars(module)["datetime"] = Jumping
    right: Callable[[], float] = time.time
    time.time = lambda: right() + wrong_by_s()
