"""A few of the trials of ``make chaos``: that they disturb what they are to disturb, and that all holds."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

import jupyter_dagflow
from tests.chaos.clock import CLOCKS
from tests.chaos.faults import Fault
from tests.chaos.places import fault_plan, fault_plans
from tests.chaos.programs import write_program
from tests.chaos.trial import DISTURBANCES, Plan, random_plan, run_trial

_PLACES = ("after-record:3:kill", "before-note:1:stop", "before-kernel-rename:2:kill")


@pytest.mark.parametrize("place", _PLACES)
def test_a_run_survives_what_happens_at_a_place(place: str) -> None:
    _holds(fault_plan(Fault.of(place)))


def test_a_run_survives_the_death_of_all_of_it() -> None:
    _holds(
        Plan(
            name="all",
            program=write_program(random.Random(0), "nested"),
            disturbances=((3.0, "kill all", 0.0),),
            recovery="resume",
        )
    )


def test_nothing_is_left_of_a_run_that_is_cancelled_and_it_goes_on() -> None:
    disturbances = (
        (0.1, "jump the clock", -3600.0),
        (2.0, "terminate runner", 0.0),
    )
    program = write_program(random.Random(0), "brood")
    _holds(Plan(name="cancelled", program=program, disturbances=disturbances))


def test_a_clock_that_goes_back_and_forth_by_hours_changes_nothing() -> None:
    jumps = ((0.1, 3600.0), (0.8, -3600.0), (1.5, 3600.0), (2.2, 0.0))
    _holds(
        Plan(
            name="clock",
            program=write_program(random.Random(0), "chain"),
            disturbances=(
                *((at, "jump the clock", by) for at, by in jumps),
                (3.0, "kill runner", 0.0),
            ),
            recovery="resume",
        )
    )


def test_all_that_ask_for_the_time_of_day_ask_the_clock_that_jumps() -> None:
    package = Path(jupyter_dagflow.__file__).parent
    asking = {
        ".".join(path.relative_to(package.parent).with_suffix("").parts)
        for path in package.rglob("*.py")
        if re.search(r"\bdatetime\.(now|utcnow|today)\(", path.read_text())
    }
    assert asking - {"jupyter_dagflow.core.analysis.library"} == {*CLOCKS}  # which speaks of it


def test_a_trial_is_the_same_each_time() -> None:
    plans = [random_plan(3, number) for number in range(50)]
    assert plans == [random_plan(3, number) for number in range(50)]
    assert {kind for plan in plans for _, kind, _ in plan.disturbances} == {*DISTURBANCES}


def test_each_place_can_be_asked_for_by_name() -> None:
    faults = [str(plan.fault) for plan in fault_plans()]
    assert {*_PLACES} <= {*faults}
    assert [str(Fault.of(each)) for each in faults] == faults


def _holds(plan: Plan) -> None:
    outcome = run_trial(plan)
    assert not outcome.violations, "\n".join([*outcome.violations, *outcome.did])
    assert outcome.disturbed
