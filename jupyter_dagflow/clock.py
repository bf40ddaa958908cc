"""The time of day, for all who may ask for it."""

from __future__ import annotations

from datetime import datetime, timezone


def utc_now() -> datetime:
    """What time it is, aware, in UTC."""
    return datetime.now(timezone.utc)
