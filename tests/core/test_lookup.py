"""That what one attempt asks for takes no longer in a large pipeline than in a small one."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType

import pytest

from jupyter_dagflow.core.compile import compile_cells
from jupyter_dagflow.core.draws import Drawn, same_start
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
    lookup, touched, drawn = Lookup(pipeline), Touched(), Drawn()
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
    lookup, touched = Lookup(fan_out(2)), Touched()
    first, second = TaskName("t0"), TaskName("t1")
    touched.add(first, FilesTouched(read=("f",)))
    touched.add(second, FilesTouched(written=("f",)))
    assert race_of(lookup, touched, second) is not None
    touched.add(second, FilesTouched(written=("g",)))
    assert race_of(lookup, touched, second) is None
