"""Which globals of modules code reaches: a table of code and globals."""

from __future__ import annotations

import pytest

from jupyter_dagflow.core.module_use import (
    Modules,
    ModuleText,
    Namespace,
    changed_within,
    parsed,
    reached,
    reached_by_methods,
    texts_reached,
)

TEXTS = {
    "m": ModuleText(
        """
import os
from n import kept as held
total = 0
cache = {}
def add(n):
    global total
    total += n
def get(k):
    return cache[k]
def put(k):
    cache[k] = cache.get(1)
def shadow(cache):
    total = cache
    return [cache for cache in total]
def late():
    import n
    return n.kept
def any_of():
    return globals()["total"]
def through():
    return held
class Meter:
    start = total
    def __init__(self):
        self.first = cache
    def read(self):
        return add(1)
if os.name:
    either = cache
"""
    ),
    "n": ModuleText("kept = []\nother = 1\n"),
    "p": ModuleText("from .sub import f\nfrom . import sub as s\n", is_package=True),
    "p.sub": ModuleText("from ..n import nothing\nstate = {}\ndef f():\n    return state\n"),
    "star": ModuleText("from n import *\n"),
    "env": ModuleText(
        "KEY = 'MODE'\ndef f(e):\n    return e[KEY]\ndef g(e):\n    return e['LEVEL']\n"
    ),
}
TOTAL, CACHE, KEPT = ("m", "total"), ("m", "cache"), ("n", "kept")
STATE = ("p.sub", "state")


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("import m\nm.add(1)", {TOTAL}),
        ("import m as k\nk.get(1)", {CACHE}),
        ("from m import get as g\nx = map(g, [])", {CACHE}),
        ("from m import get", set()),
        ("import m\nm.shadow({})", set()),
        ("import m\nm.late()", {KEPT}),
        ("import m\nm.through()", {KEPT}),
        ("import m\nm.held", {KEPT}),
        ("import m\nm.any_of()", {TOTAL, CACHE, KEPT}),
        ("import m\nm.either", {CACHE}),
        ("import m\nprint(m)", {TOTAL, CACHE, KEPT}),
        ("import m\nm.Meter()", {TOTAL, CACHE}),
        ("import m\nx = lambda: m.total", {TOTAL}),
        ("import m\nm.cache['k'].x = 1", {CACHE}),
        ("import m\ndef f(m):\n    return m.cache", set()),
        ("import m\n[m for m in 'ab']", set()),
        ("import p\np.f()", {STATE}),
        ("import p.sub\np.sub.state", {STATE}),
        ("import p\np.s.state", {STATE}),
        ("from p import sub\nsub.f()", {STATE}),
        ("from star import *\nkept", {KEPT}),
        ("from star import *\nprint", set()),
        ("import m\neval('m.total')", {TOTAL, CACHE, KEPT}),
        ("import importlib\nimportlib.import_module('n')", {KEPT}),
        ("import numpy as np\nnp.total()", set()),
    ],
)
def test_what_code_reaches(code: str, found: set[tuple[str, str]]) -> None:
    body = parsed(code)
    all_ = reached(Modules(TEXTS.get), Namespace.of(body), body)
    assert all_ & {TOTAL, CACHE, KEPT, STATE} == found


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("import m\nm.add(1)", {TOTAL}),
        ("import m\nm.get(1)", set()),
        ("import m\nm.cache['k'] = 1", set()),
        ("import m\nm.put(1)", {CACHE}),
    ],
)
def test_what_modules_may_change_themselves(code: str, found: set[tuple[str, str]]) -> None:
    body = parsed(code)
    all_ = changed_within(Modules(TEXTS.get), Namespace.of(body), body)
    assert all_ & {TOTAL, CACHE, KEPT, STATE} == found


def test_what_an_object_reaches_once_it_is_made() -> None:
    found = reached_by_methods(Modules(TEXTS.get), "m", "Meter")
    assert found & {TOTAL, CACHE} == {TOTAL}
    assert reached_by_methods(Modules(TEXTS.get), "nowhere", "Meter") == set()


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("x = 'MODE'", {"MODE"}),
        ("x = f'{1} LEVEL'", {" LEVEL"}),
        ("def own():\n    return 'MODE'\nown", {"MODE"}),
        ("import env\nenv.f({})", {"MODE"}),
        ("import env\nmap(env.g, [])", {"LEVEL"}),
        ("import env\nx = 1", set()),
        ("MODE = 1", set()),
    ],
)
def test_which_texts_code_reaches(code: str, found: set[str]) -> None:
    body = parsed(code)
    assert texts_reached(Modules(TEXTS.get), Namespace.of(body), body) == found
