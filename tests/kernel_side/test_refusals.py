"""What cannot be handed over is refused with its name, type and reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


@pytest.mark.parametrize(
    ("make", "kind", "reason"),
    [
        ("x = (i for i in range(3))", "generator", "cannot pickle 'generator' object"),
        ("import threading; x = threading.Lock()", "_thread.lock", "lock' object"),
        ("import sqlite3; x = sqlite3.connect(':memory:')", "sqlite3.Connection", "Connection"),
        ("x = open(__file__)", "_io.TextIOWrapper", "it holds an open file"),
        ("x = {'log': open(__file__, 'rb')}", "dict", "it holds an open file"),
        ("import socket; x = [socket.socket()]", "list", "socket"),
        ("import types; x = types.ModuleType('made_up')", "module", "(made_up)"),
        ("class Odd:\n    def __reduce__(self): raise RuntimeError('no')\nx = Odd()", "Odd", "no"),
    ],
)
def test_a_value_that_cannot_leave_is_refused(
    tasks: Any, make: str, kind: str, reason: str
) -> None:
    ended = tasks.run(make, writes="x")
    refused = ended.outcome["refused"]
    assert (refused["name"], refused["type"]) == ("x", kind)
    assert reason in refused["reason"]
    assert ended.outcome["stored"] == []
    assert f"NotStorable: x ({kind}) cannot leave its kernel: " in ended.error


def test_what_nobody_reads_may_be_anything(tasks: Any) -> None:
    ended = tasks.ok("x = (i for i in [1])\ny = 2", writes="y")
    assert ended.outcome["refused"] is None


def test_extras_are_kept_if_they_can_be_and_it_is_said_if_not(tasks: Any) -> None:
    ended = tasks.ok("x = (i for i in [1])\ny = 2\nz = 3", writes="z", extras="x y z")
    assert [stored["name"] for stored in ended.outcome["stored"]] == ["z", "y"]
    reason = "cannot pickle 'generator' object"
    assert ended.outcome["not_kept"] == [{"name": "x", "type": "generator", "reason": reason}]
    assert ended.output == f"not kept: x (generator): {reason}\n"


def test_extras_are_values_and_not_code(tasks: Any) -> None:
    code = """
import functools, json, numpy as np
from collections import OrderedDict as Ordered
from json import dumps
from math import sqrt
def f(): pass
class C: pass
def adder(n): return lambda x: x + n
plus = adder(3)
instance = C()
part = functools.partial(dumps, indent=1)
"""
    code_names = "functools json np Ordered dumps sqrt f C adder"
    ended = tasks.ok(code, extras=f"{code_names} plus instance part")
    assert [stored["name"] for stored in ended.outcome["stored"]] == ["plus", "instance", "part"]
    assert ended.outcome["not_kept"] == []
    kept = tasks.ok(code, writes="f np", extras="f np")
    assert [stored["name"] for stored in kept.outcome["stored"]] == ["f", "np"]


@pytest.mark.parametrize(
    ("damage", "size"),  # of a large file only the frame is checked when it is loaded
    [
        *[("cut", 10), ("flip", 10), ("magic", 10), ("gone", 10)],
        *[("cut", 500_000), ("magic", 500_000), ("gone", 500_000)],
    ],
)
def test_a_damaged_file_is_never_used(tasks: Any, damage: str, size: int) -> None:
    made = tasks.ok(f"import numpy as np\nx = np.arange({size})", writes="x")
    path = next(path for path in Path(tasks.store).glob("*/*") if path.is_file())
    data = bytearray(path.read_bytes())
    if damage == "cut":
        path.write_bytes(data[:-3])
    elif damage == "flip":
        data[-1] ^= 1
        path.write_bytes(data)
    elif damage == "magic":
        path.write_bytes(b"x" + data[1:])
    else:
        path.unlink()
    ended = tasks.run("print(x)", reads="x")
    assert "DamagedBundle: Cannot load x. The stored file" in ended.error
    assert ended.output == ""
    assert made.stored("x")["digest"]


def test_storing_again_heals_a_damaged_file(tasks: Any) -> None:
    tasks.ok("x = [1]", writes="x")
    path = next(Path(tasks.store).glob("*/*"))
    path.write_bytes(b"")
    tasks.ok("x = [1]", writes="x")
    tasks.ok("assert x == [1]", reads="x")


def test_metrics_are_numbers_strings_or_bools(tasks: Any) -> None:
    ended = tasks.ok(
        "import numpy as np\nauc = np.float64(0.5)\nn = np.int64(3)\ngood = np.bool_(True)\n"
        "name = 'm'\nlong = np.longdouble(2.5)\nhalf = np.float16(0.5)\ntext = np.str_('t')",
        writes="auc n good name long half text",
        metrics="auc n good name long half text",
    )
    assert ended.outcome["metrics"] == {
        "auc": 0.5,
        "n": 3,
        "good": True,
        "name": "m",
        "long": 2.5,
        "half": 0.5,
        "text": "t",
    }
    assert ended.stored("auc")["value"] == 0.5


def test_a_metric_of_another_type_is_an_error(tasks: Any) -> None:
    ended = tasks.run("auc = [1]", writes="auc", metrics="auc")
    assert ended.outcome["not_metric"] == {"name": "auc", "type": "list"}
    assert "NotAMetric: Metric auc is of type list; a metric is a number" in ended.error
