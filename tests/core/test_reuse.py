"""What is the same, and what is told where it is not, as tables."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_dagflow.core.model import RunId, TaskName
from jupyter_dagflow.core.reuse import Asked, Checks, Entry, Recipe, Used, differences
from jupyter_dagflow.core.slices import Piece

RECIPE = Recipe(
    pieces=(Piece("a", 0), Piece("b", 3)),
    parameters={"n": "3"},
    environment={"WHERE": "1"},
    kernel=("python3", "one"),
    folder="/here",
    own=("Point",),
    program="1.0",
)
INPUTS = {"df": "xxh3:1", "m": "xxh3:2"}
CHECKS = Checks(
    guarded=("df",),
    may_go=("df",),
    made_alike=("K",),
    looked_into={"p": (("p", 0),)},
    strange=("s",),
    beside={"other": "df"},
    exposed={"xs": ("ys", "zs")},
    from_prelude=("K",),
)
ENTRY = Entry(
    place="nb#t",
    made_at=datetime(2026, 1, 1, tzinfo=timezone.utc),
    taskbook=(RunId("r1"), TaskName("t"), 1),
    recipe=RECIPE,
    inputs=INPUTS,
    asked=Asked(outputs=("x", "y"), metrics=("y",), checks=CHECKS),
)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"pieces": (Piece("a", 0), Piece("c", 3))}, ["code changed (cell 3)"]),
        ({"pieces": (Piece("c", 1), Piece("d", 3))}, ["code changed (cells 1, 3)"]),
        ({"pieces": (Piece("a", 0),)}, ["code removed"]),
        ({"pieces": (Piece("b", 0), Piece("a", 3))}, ["code moved"]),
        ({"parameters": {"n": "5"}}, ["parameter n changed: 3 -> 5"]),
        ({"parameters": {"n": repr("x" * 99)}}, [f"parameter n changed: 3 -> '{'x' * 38}…"]),
        ({"parameters": {"m": "1"}}, ["parameter m is new", "parameter n is gone"]),
        ({"environment": {}}, ["environment variable WHERE changed"]),
        ({"kernel": ("julia", "one")}, ["kernel python3 -> julia"]),
        ({"kernel": ("python3", "two")}, ["the interpreter of kernel python3 changed"]),
        ({"folder": "/there"}, ["the notebook lies in another folder"]),
        ({"program": "2.0"}, ["jupyter-dagflow itself changed"]),
        ({"own": ("Point", "Line")}, ["other tasks use Line in another way"]),
    ],
)
def test_recipes_that_differ(change: dict[str, Any], told: list[str]) -> None:
    other = replace(RECIPE, **change)
    assert differences(ENTRY, other, INPUTS) == told
    assert other.digest != RECIPE.digest


def test_where_cells_stand_makes_no_difference() -> None:
    moved = replace(RECIPE, pieces=(Piece("a", 7), Piece("b", 8)))
    assert moved.digest == RECIPE.digest
    assert differences(ENTRY, moved, INPUTS) == []


def test_inputs_that_differ() -> None:
    assert differences(ENTRY, RECIPE, {"df": "xxh3:9", "k": "xxh3:3"}) == [
        "input df changed",
        "input k changed",
        "input m is gone",
    ]


TEXTS = st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=3)


@given(TEXTS, TEXTS, TEXTS, TEXTS)
def test_recipes_have_one_digest_if_they_are_the_same(
    parameters: dict[str, str],
    others: dict[str, str],
    environment: dict[str, str],
    more: dict[str, str],
) -> None:
    one = replace(RECIPE, parameters=parameters, environment=environment)
    backwards = replace(
        RECIPE,
        parameters=dict(reversed(parameters.items())),
        environment=dict(reversed(environment.items())),
    )
    other = replace(RECIPE, parameters=others, environment=more)
    assert one.digest == backwards.digest
    assert (one.digest == other.digest) == ((parameters, environment) == (others, more))
    entry = replace(ENTRY, recipe=one)
    assert bool(differences(entry, other, INPUTS)) == (one.digest != other.digest)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({}, []),
        ({"outputs": ("x",), "metrics": (), "checks": Checks()}, []),
        ({"outputs": ("x", "y", "z")}, ["z was not stored"]),
        ({"outputs": ("x", "y"), "metrics": ("x", "y")}, ["metric x was not recorded"]),
        ({"keep_all": True}, ["--keep all"]),
        ({"checks": Checks(guarded=("df", "k"))}, ["k", "df"]),
        ({"checks": Checks(guarded=("df",), may_go=("df",))}, []),
        ({"checks": Checks(guarded=("df",))}, ["df"]),
        ({"checks": Checks(made_alike=("J",))}, ["J"]),
        ({"checks": Checks(looked_into={"p": (("p", 0), ("p", 1))})}, []),
        ({"checks": Checks(looked_into={"p": (("p", 1),)})}, ["p"]),
        ({"checks": Checks(looked_into={"q": (("q",),)})}, ["q"]),
        ({"checks": Checks(strange=("s", "t"))}, ["t"]),
        ({"checks": Checks(leaves_files=("out/*",))}, ["out/*"]),
        ({"checks": Checks(beside={"other": "k"})}, ["other"]),
        ({"checks": Checks(exposed={"xs": ("ys", "zs", "ws")})}, []),
        ({"checks": Checks(exposed={"xs": ("ys",)})}, ["xs"]),
        ({"checks": Checks(exposed={"zs": ()})}, ["zs"]),
        ({"checks": Checks(exposed={"xs": ("ys", "zs")}, from_prelude=("L",))}, ["L"]),
        ({"checks": Checks(from_prelude=("L",))}, []),
    ],
)
def test_more_may_be_asked_than_was(asked: dict[str, Any], told: list[str]) -> None:
    reasons = [
        text if " " in text or text.startswith("-") else f"{text} has to be watched for changes now"
        for text in told
    ]
    assert list(ENTRY.lacks(replace(ENTRY.asked, **asked))) == reasons


def test_what_is_barred_says_only_that() -> None:
    barred = replace(ENTRY, barred="failed last time")
    assert list(barred.lacks(Asked(keep_all=True))) == ["failed last time"]


USED = Used(
    modules={"helpers.py": "d:1"},
    read={"data.csv": "d:2", "absent": None},
    written={"out.txt": "d:3"},
    folders={"parts": "d:4"},
    patterns={"*.csv": ("data.csv",)},
    packages={"/site": {"pandas": "3.0.0"}},
)


@pytest.mark.parametrize(
    ("now", "told"),
    [
        ({}, []),
        ({"modules": {"helpers.py": "d:9"}}, ["module helpers.py changed"]),
        ({"modules": {"helpers.py": None}}, ["module helpers.py is gone"]),
        ({"read": {"data.csv": "d:9", "absent": None}}, ["file data.csv changed"]),
        ({"read": {"data.csv": "d:2", "absent": "there"}}, ["file absent changed"]),
        ({"written": {"out.txt": None}}, ["file out.txt is gone"]),
        ({"folders": {"parts": "d:9"}}, ["folder parts changed"]),
        ({"patterns": {"*.csv": ("a.csv",)}}, ["the files of *.csv are others"]),
        ({"packages": {"/site": {"pandas": "3.1.0"}}}, ["pandas 3.0.0 -> 3.1.0"]),
        ({"packages": {}}, ["pandas 3.0.0 -> not installed"]),
    ],
)
def test_what_was_used_is_compared(now: dict[str, Any], told: list[str]) -> None:
    assert list(USED.changes(replace(USED, **now))) == told
