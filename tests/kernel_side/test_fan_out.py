"""What stands for an accumulator in an iteration notes what is reported, and answers nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from jupyter_dagflow.kernel_side.fan_out import Recording

ASKED: dict[str, Callable[[Any], object]] = {
    "its size": len,
    "its items": list,
    "one of them": lambda out: out[0],
    "whether one is there": lambda out: 1 in out,
    "whether there are any": bool,
    "whether it is equal": lambda out: out == [],
    "whether it is not": lambda out: out != [],
    "how it reads": str,
    "how it reads in a text": lambda out: f"{out}",
    "a sum": lambda out: out + 1,
    "to be sorted": lambda out: out.sort(),
}


@pytest.mark.parametrize("what", ASKED)
def test_an_accumulator_answers_nothing(what: str) -> None:
    namespace: dict[str, Any] = {}
    recording = Recording(namespace, ["out"])
    with pytest.raises((TypeError, AttributeError)):
        ASKED[what](namespace["out"])
    assert recording.report == []


def test_what_is_reported_is_noted_in_order() -> None:
    namespace: dict[str, Any] = {}
    recording = Recording(namespace, ["out", "n"])
    namespace["out"].append(1)
    namespace["n"] += 2
    namespace["out"]["key"] = 3
    namespace["out"].extend(iter("ab"))
    assert recording.report == [
        ("out", "append", (1,)),
        ("n", "__iadd__", (2,)),
        ("out", "__setitem__", ("key", 3)),
        ("out", "extend", (["a", "b"],)),
    ]
