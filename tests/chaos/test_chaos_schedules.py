"""A few seconds of ``make chaos-schedules``."""

from __future__ import annotations

from tests.chaos.schedules import try_schedules


def test_each_interval_fires_once_though_services_are_killed() -> None:
    outcome = try_schedules(seconds=8, services=2, seed=0)
    assert outcome.holds, outcome
    assert outcome.runs["each"] == outcome.due["each"] >= 8
    assert outcome.runs["newest"] + outcome.missed["newest"] == outcome.due["newest"] >= 4
    assert outcome.kills
