"""The time zones that schedules name."""

from __future__ import annotations

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from jupyter_dagflow.core.errors import EnvironmentFault
from jupyter_dagflow.core.schedule_definition import Schedule


def zone_of(schedule: Schedule) -> ZoneInfo:
    """The zone whose clocks a schedule means; raises `EnvironmentFault` if this machine does not know it."""
    try:
        return ZoneInfo(schedule.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise EnvironmentFault(
            f"The time zone {schedule.zone} of the schedule {schedule.name} is not known to this machine.",
            hint="Install its time zones (the package tzdata of the system or of Python).",
        ) from None
