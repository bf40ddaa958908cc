"""Values that must not change, in a task that runs as a bare process."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.mark.parametrize(
    ("code", "changed"),
    [
        ("len(x)", []),
        ("x.append(2)", ["x"]),
        ("x = [1]", []),
        ("x = [2]", ["x"]),
        ("del x", ["x"]),
    ],
)
def test_a_guarded_name(tasks: Any, code: str, changed: list[str]) -> None:
    tasks.ok("x = [1]", writes="x")
    ended = tasks.run(code, reads="x", guarded="x missing")
    assert ended.outcome["changed"] == changed
    assert ("UndeclaredChange" in ended.error) is bool(changed)


@pytest.mark.parametrize(("code", "changed"), [("x = [2]", []), ("x.append(2); x = 0", ["x"])])
def test_the_object_behind_a_name(tasks: Any, code: str, changed: list[str]) -> None:
    tasks.ok("x = [1]", writes="x")
    assert tasks.run(code, setup="x = [1]", made_alike="x").outcome["changed"] == changed


@pytest.mark.parametrize(
    ("code", "changed"),
    [("x[1].append(2)", ["y"]), ("x[0].append(2)", []), ("x = 0", [])],
)
def test_what_came_beside_an_input_and_is_read_later(
    tasks: Any, code: str, changed: list[str]
) -> None:
    tasks.ok("y = [5]\nx = [[1], y]", writes="x y")
    assert tasks.run(code, reads="x", beside={"y": "x"}).outcome["changed"] == changed


def test_nothing_is_stored_of_a_task_that_changed_what_it_must_not(tasks: Any) -> None:
    tasks.ok("x = [1]", writes="x")
    ended = tasks.run("x.append(2)\ny = 1", reads="x", writes="y", guarded="x")
    assert ended.outcome["stored"] == []


def test_what_has_changed_is_kept_if_all_is(tasks: Any) -> None:
    tasks.ok("x = [1]\nz = [2]", writes="x z")
    ended = tasks.ok("x.append(2)", reads="x z", changing="x z")
    assert [stored["name"] for stored in ended.outcome["stored"]] == ["x"]
    assert ended.stored("x")["value"] == [1, 2]


@pytest.mark.parametrize(
    ("code", "paths", "changed"),
    [
        ("p[0].append(1)", [["p", 0]], False),
        ("p[0].append(1)", [["p", 1]], True),
        ("p[0].append(1)", [["p", None]], False),
        ("q.append(1)", [["q"]], False),
        ("p[2]['k'].append(1)", [["p", 2, "k"]], False),
        ("p[2]['k'].append(1)", [["p", 2]], True),
        ("p[2]['j'] = 1", [["p", 2]], False),
        ("p[3].x.append(1)", [["p", 3, "x"]], False),
        ("p[3].y = 1", [["p", 3]], False),
        ("p[3].y = 1", [["p", 3, "x"]], True),
        ("p[:] = p[::-1]", [["p"]], False),
        ("p[:] = p[::-1]", [["p", 0]], True),
        ("p[0].append(1)", [["p", 1], ["p", 9]], False),  # nobody knows what may change
    ],
)
def test_what_is_beside_a_known_change_is_guarded(
    tasks: Any, code: str, paths: list[list[object]], changed: bool
) -> None:
    thing = {"Thing": "class Thing:\n    def __init__(self):\n        self.x = []"}
    tasks.ok("q = [0]\np = [q, [0], {'k': [0]}, Thing()]", definitions=thing, writes="p q")
    ended = tasks.run(code, definitions=thing, reads="p q", looked_into={"p": paths})
    assert ended.outcome["changed"] == (["p"] if changed else [])


@pytest.mark.parametrize(
    ("made", "shared"),
    [
        ("from random import random as draw", "__import__('random')._inst"),
        ("from numpy.random import rand as draw", "__import__('numpy').random.mtrand._rand"),
        (
            "draw = __import__('numpy').random.mtrand._rand.rand",
            "__import__('numpy').random.mtrand._rand",
        ),
    ],
)
def test_to_draw_from_the_generator_that_all_share_changes_no_function(
    tasks: Any, made: str, shared: str
) -> None:
    tasks.ok(f"{made}\nfunctions = [draw]", writes="functions")
    ended = tasks.ok(
        f"functions[0]()\nsame = functions[0].__self__ is {shared}",
        reads="functions",
        writes="same",
        guarded="functions",
    )
    assert ended.outcome["changed"] == []
    assert ended.stored("same")["value"] is True


@pytest.mark.parametrize(
    ("shared", "draw"),
    [
        ("__import__('random')._inst", "random()"),
        ("__import__('numpy').random.mtrand._rand", "rand()"),
    ],
)
def test_who_holds_the_generator_that_all_share_holds_that_of_his_kernel(
    tasks: Any, shared: str, draw: str
) -> None:
    tasks.ok(f"own = [{shared}]\nother = {{'of': own[0]}}", writes="own other")
    ended = tasks.ok(
        f"own[0].{draw}\nsame = own[0] is {shared} is other['of']",
        reads="own other",
        writes="same",
        guarded="own other",
        exposed={"own": []},
    )
    assert (ended.outcome["changed"], ended.outcome["sharing"]) == ([], [])
    assert ended.stored("same")["value"] is True


def test_what_setup_made_is_guarded(tasks: Any) -> None:
    ended = tasks.run("seen.append(1)", setup="seen = []", guarded="seen")
    assert ended.outcome["changed"] == ["seen"]


@pytest.mark.parametrize(
    ("code", "exposed", "sharing"),
    [
        ("x = [1]\ny = {'k': x}", {"x": []}, [["y", "x"]]),
        ("x = [1]\ny = {'k': x}", {"x": ["y"]}, []),
        ("x = [1]\ny = {'k': x}", {}, []),
        ("x = [1]\ny = {'k': list(x)}", {"x": []}, []),
        ("y = {'k': old}", {"old": []}, [["y", "old"]]),
        ("y = {'k': old}", {"y": []}, [["old", "y"]]),
        ("y = old[:]", {"old": [], "y": []}, []),
        ("y = {'k': there}", {"there": []}, [["y", "there"]]),
        ("y = {'k': there}", {"y": []}, [["there", "y"]]),
        ("y = 1", {"gone": [], "old": []}, []),
    ],
)
def test_what_keeps_objects_that_will_be_changed(
    tasks: Any, code: str, exposed: dict[str, list[str]], sharing: list[list[str]]
) -> None:
    tasks.ok("old = [0]", writes="old")
    ended = tasks.run(
        code, setup="there = [2]", reads="old", writes="x y", exposed=exposed, from_prelude="there"
    )
    assert ended.outcome["sharing"] == sharing
    assert bool(ended.outcome["stored"]) is not bool(sharing)
    assert ("UndeclaredSharing" in ended.error) is bool(sharing)
