"""``python -m tests.fuzz 20000``: judge that many random notebooks and print what came of them.

Exit 1 if any was different (one whose DAG comes to no end is), if one was refused in which nothing
is uncertain, or if too many of those were refused in which calls are; some have tags, too, with which
they may well be refused. Of what is wrong with a single notebook,
one such is printed, made small.
"""

from __future__ import annotations

import argparse
import collections
import multiprocessing
import os
import random
import sys
import time
from collections.abc import Iterable, Iterator, Mapping

from tests.fuzz.programs import Program, write_program
from tests.fuzz.shrink import shrink
from tests.fuzz.verdicts import Outcome, Verdict, judge

_BATCH = 50
_ORDERS = 4
_MOST_REFUSED = 0.05  # of those in which something is uncertain
_COLUMNS = ("certain", "uncertain", "odd tags")
Tally = collections.Counter[tuple[str, Outcome, str]]


def main() -> int:
    """Run it as the arguments say; the exit status."""
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("number", type=int, help="how many notebooks")
    parser.add_argument("--seed", type=int, default=0, help="where to begin; others find others")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--show", type=int, default=1, help="how many counterexamples to print")
    arguments = parser.parse_args()
    begun = time.monotonic()
    tally: Tally = collections.Counter()
    wrong: list[int] = []
    first = arguments.seed * 1_000_000
    batches = _batches(first, first + arguments.number)
    with multiprocessing.Pool(arguments.jobs, maxtasksperchild=4) as pool:
        for counted, found in pool.imap_unordered(_judge_batch, batches):
            tally += counted
            wrong += found
            if sys.stderr.isatty():
                print(f"\r{tally.total()} judged", end="", file=sys.stderr)  # noqa: T201
        _print_table(tally, time.monotonic() - begun)
        for seed, program, verdict in pool.imap(_small, sorted(wrong)[: arguments.show]):
            title = f"{verdict.outcome.value.capitalize()} (number {seed}), made small:"
            print(f"\n{title}\n\n{program}\n\n{verdict.label} {verdict.text}")  # noqa: T201
    refused = _refusal_rate(tally, "uncertain")
    if refused > _MOST_REFUSED:
        print(f"\nToo many uncertain ones are refused: {refused:.2%} > {_MOST_REFUSED:.0%}")  # noqa: T201
    return 1 if wrong or refused > _MOST_REFUSED else 0


def _batches(start: int, stop: int) -> Iterator[range]:
    for first in range(start, stop, _BATCH):
        yield range(first, min(first + _BATCH, stop))


def _judge_batch(seeds: range) -> tuple[Tally, list[int]]:
    tally: Tally = collections.Counter()
    wrong = []
    for seed in seeds:
        program = write_program(random.Random(seed))
        verdict = judge(program, random.Random(seed))
        tally[_column(program), verdict.outcome, verdict.label] += 1
        refused = program.certain and verdict.outcome is Outcome.REFUSED
        if refused or verdict.outcome is Outcome.DIFFERENT:
            wrong.append(seed)
    return tally, wrong


def _column(program: Program) -> str:
    if program.certain:
        return "certain"
    return "odd tags" if program.odd_tags else "uncertain"


def _small(seed: int) -> tuple[int, Program, Verdict]:
    """The counterexample of that number, made small."""
    program = write_program(random.Random(seed))
    wanted = judge(program, random.Random(seed))

    def verdict(candidate: Program) -> Verdict:
        for order in range(_ORDERS):
            found = judge(candidate, random.Random(seed + order))
            if found.is_like(wanted):
                return found
        return found

    def fails(candidate: Program) -> bool:
        try:
            return verdict(candidate).is_like(wanted)
        except RecursionError:  # of a notebook that has lost what ends it
            return False

    program = shrink(program, fails)
    return seed, program, verdict(program)


def _print_table(tally: Mapping[tuple[str, Outcome, str], int], seconds: float) -> None:
    _print_row("", _COLUMNS)
    rows = sorted({(outcome, label) for _, outcome, label in tally}, key=str)
    for outcome in Outcome:
        mine = [row for row in rows if row[0] is outcome]
        counts = (sum(tally.get((column, *row), 0) for row in mine) for column in _COLUMNS)
        _print_row(outcome.value, counts)
        for row in mine if outcome is not Outcome.EQUAL else ():
            _print_row(f"  {row[1]}", (tally.get((column, *row), 0) for column in _COLUMNS))
    _print_row("refusal rate", (f"{_refusal_rate(tally, column):.2%}" for column in _COLUMNS))
    print(f"{sum(tally.values())} notebooks in {seconds:.0f} s")  # noqa: T201


def _refusal_rate(tally: Mapping[tuple[str, Outcome, str], int], column: str) -> float:
    counts = {(o, label): n for (c, o, label), n in tally.items() if c == column}
    refused = sum(n for (outcome, _), n in counts.items() if outcome is Outcome.REFUSED)
    return refused / max(sum(counts.values()), 1)


def _print_row(title: str, cells: Iterable[object]) -> None:
    print(f"{title:28}" + "".join(f"{cell:>10}" for cell in cells))  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
