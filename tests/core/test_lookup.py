"""That what one attempt asks for takes no longer in a large pipeline than in a small one."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType

import pytest

from jupyter_dagflow.core.compile import compile_cells
from jupyter_dagflow.core.draws import Drawn, same_start, unseeded
from jupyter_dagflow.core.guarding import Bundled, guarded, shared
from jupyter_dagflow.core.lookup import Lookup
from jupyter_dagflow.core.model import Pipeline, TaskName
from jupyter_dagflow.core.races import FilesTouched, Touched, race_of
from tests.core.notebooks import tagged

RANDOM = "<random>"


def fan_out(size: int) -> Pipeline:
    """One value that many tasks read."""
    readers = [(f"task:t{i}", f"y{i} = len(x)") for i in range(size)]
    return compile_cells(tagged(("task:make", "x = lib.make()"), *readers)).pipeline


def chain(size: int) -> Pipeline:
    """Each task makes a value of the one before it, under one name."""
    links = [(f"task:t{i}", "x = lib.next(x)") for i in range(size)]
    return compile_cells(tagged(("task:make", "x = lib.make()"), *links)).pipeline


def work(ask: Callable[[], object]) -> int:
    """How many lines of Python run for an answer."""
    lines = 0

    def count(frame: FrameType, event: str, arg: object) -> object:
        nonlocal lines
        lines += event == "line"
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        ask()
    finally:
        sys.settrace(before)
    return lines


def asked(pipeline: Pipeline, place: int) -> list[int]:
    """How much work it is to answer what one task asks for."""
    lookup = Lookup(pipeline)
    touched, drawn = Touched(lookup), Drawn(lookup)
    for each in pipeline.tasks:
        touched.add(each.name, FilesTouched(read=("data.csv",), written=(each.name,)))
        drawn.add(each.name, {RANDOM: each.name})
    task = pipeline.tasks[1:][place]
    bundles = {"x": Bundled(source=TaskName("make"), names={"y", "z"})}
    return [
        work(lambda: guarded(lookup, task, bundles)),
        work(lambda: shared(lookup, task, bundles)),
        work(lambda: race_of(lookup, touched, task.name)),
        work(lambda: same_start(lookup, drawn, task.name)),
    ]


@pytest.mark.parametrize("make", [fan_out, chain])
@pytest.mark.parametrize("place", [0, 10, -1])
def test_what_an_attempt_asks_for_does_not_grow_with_the_pipeline(
    make: Callable[[int], Pipeline], place: int
) -> None:
    assert asked(make(400), place) == asked(make(20), place)


def test_an_attempt_takes_the_place_of_the_one_before_it() -> None:
    lookup = Lookup(fan_out(2))
    touched = Touched(lookup)
    first, second = TaskName("t0"), TaskName("t1")
    touched.add(first, FilesTouched(read=("f",)))
    touched.add(second, FilesTouched(written=("f",)))
    assert race_of(lookup, touched, second) is not None
    touched.add(second, FilesTouched(written=("g",)))
    assert race_of(lookup, touched, second) is None


@pytest.mark.parametrize("place", [1, 10])
def test_a_crowd_is_judged_as_quickly_as_a_few(place: int) -> None:
    assert judged(chain(400), place) == judged(chain(20), place)


def judged(pipeline: Pipeline, place: int) -> list[int]:
    """How much work it is to judge a task when all have drawn alike and written one file."""
    lookup = Lookup(pipeline)
    touched, drawn = Touched(lookup), Drawn(lookup)
    for each in pipeline.tasks:
        touched.add(each.name, FilesTouched(written=("log.txt",)))
        drawn.add(each.name, {RANDOM: "seeded"})
    first, task = pipeline.tasks[0].name, pipeline.tasks[place].name
    race_of(lookup, touched, first)  # what is found out once, for all tasks
    same_start(lookup, drawn, first)
    return [
        work(lambda: race_of(lookup, touched, task)),
        work(lambda: same_start(lookup, drawn, task)),
        work(lambda: unseeded(lookup, [RANDOM], task)),
    ]
