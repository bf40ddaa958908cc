"""``python -m tests.chaos 200``: so many runs whose processes are killed and stopped; prints what came of them.

Exit 1 if anything did not hold in the end. ``--trial K`` repeats one and prints all that it did; ``--faults`` tries
every named place instead, ``--fault before-note:1:stop`` one of them.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

from tests.chaos.faults import Fault
from tests.chaos.places import fault_plan, fault_plans
from tests.chaos.trial import CANCEL_S, Outcome, Plan, random_plan, run_trial


def main() -> int:
    """Do it as the arguments say; the exit status."""
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("number", type=int, nargs="?", default=200, help="how many trials")
    parser.add_argument("--seed", type=int, default=0, help="others disturb in other ways")
    parser.add_argument("--jobs", type=int, default=2, choices=(1, 2), help="how many at once")
    parser.add_argument("--trial", type=int, help="only this one")
    parser.add_argument("--faults", action="store_true", help="every named place instead")
    parser.add_argument("--fault", type=Fault.of, help="one place: PLACE:NTH:kill, stop or fail")
    arguments = parser.parse_args()
    # One that is begun in the background ignores it, and so would all that it starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    plans = _plans(arguments)
    began = time.monotonic()
    outcomes = []
    with ThreadPoolExecutor(arguments.jobs) as pool:
        for outcome in pool.map(run_trial, plans):
            outcome.violations += [
                f"cancelling took {s:.1f} s" for s in outcome.cancel_s if s > CANCEL_S
            ]
            outcomes.append(outcome)
            _print_outcome(outcome, in_full=len(plans) == 1)
    _print_table(outcomes, time.monotonic() - began)
    return 1 if any(outcome.violations for outcome in outcomes) else 0


def _plans(arguments: argparse.Namespace) -> Sequence[Plan]:
    if arguments.fault is not None:
        return [fault_plan(arguments.fault)]
    if arguments.faults:
        return [*fault_plans()]
    numbers = range(arguments.number) if arguments.trial is None else [arguments.trial]
    return [random_plan(arguments.seed, number) for number in numbers]


def _print_outcome(outcome: Outcome, *, in_full: bool) -> None:
    done = ", ".join(f"{kind} x{n}" if n > 1 else kind for kind, n in outcome.disturbed.items())
    state = "VIOLATED" if outcome.violations else "ok"
    _print(
        f"{outcome.name:26} {outcome.shape:8} {outcome.seconds:5.1f} s  {state:8} {done or 'nothing'}"
    )
    for line in outcome.did if in_full or outcome.violations else ():
        _print(f"    {line}")
    for violation in outcome.violations:
        _print(f"  ! {violation}")


def _print_table(outcomes: Sequence[Outcome], seconds: float) -> None:
    disturbed: Counter[str] = sum((outcome.disturbed for outcome in outcomes), Counter())
    rows: list[tuple[str, object]] = [
        ("trials", len(outcomes)),
        ("  undisturbed", _count(not o.disturbed for o in outcomes)),
    ]
    rows += [("disturbances", disturbed.total())]
    rows += [(f"  {kind}", number) for kind, number in disturbed.most_common()]
    rows += [("recoveries", sum(outcome.recoveries for outcome in outcomes))]
    slowest = max((s for outcome in outcomes for s in outcome.resumption_s), default=0.0)
    rows += [("longest from death to resumption", f"{slowest:.1f} s")]
    slowest = max((s for outcome in outcomes for s in outcome.cancel_s), default=0.0)
    rows += [("longest from cancelling to the end", f"{slowest:.1f} s")]
    rows += [("trials with violations", _count(bool(o.violations) for o in outcomes))]
    rows += [("violations", sum(len(outcome.violations) for outcome in outcomes))]
    _print("")
    for title, value in rows:
        _print(f"{title:34} {value}")
    _print(f"in {seconds:.0f} s")


def _count(each: Iterable[bool]) -> int:
    return sum(each)


def _print(line: str) -> None:
    print(line, flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
