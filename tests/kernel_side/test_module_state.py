"""State in modules of the project, in tasks that run as bare processes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

KEPT = """
import collections, enum, functools, itertools, logging, queue, random, re, sqlite3, threading, weakref
import numpy as np

number = 1
nan = float("nan")
things = {"a": [1]}
bag = set()
nothing = None
lazy = None
ids = itertools.count()
dice = random.Random(0)
array = np.zeros(3)
generator = np.random.default_rng(0)
table = np.zeros(3).view()
_cache = {}
log = logging.getLogger("kept")
lock = threading.Lock()
connection = sqlite3.connect(":memory:")
jobs = queue.Queue()
alive = weakref.WeakValueDictionary()
local = threading.local()
words = re.compile("a+")

class Box:
    made = []
    count = 0
    __slots__ = ("items", "lock", "__weakref__")

    def __init__(self):
        self.items = []
        self.lock = threading.Lock()

    @functools.cached_property
    def long(self):
        return 1

class Color(enum.Enum):
    RED = 1

box = Box()

def plain():
    return 1

def function(x, seen=[], many=1):
    seen.append(x)

@functools.lru_cache
def remembered(x):
    return x

@functools.singledispatch
def single(x):
    return x

part = functools.partial(function, 1, [])
"""


@pytest.fixture
def project(tasks: Any) -> Path:
    folder: Path = tasks.folder / "project"
    folder.mkdir()
    (folder / "kept.py").write_text(KEPT)
    (folder / "other.py").write_text("import kept\nkept.things['other'] = 1\nown = []\n")
    (folder / "bad.py").write_text("import kept\nkept.number = 5\nraise ValueError(kept.number)\n")
    return folder


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("", []),
        ("kept.number += 1", ["number"]),
        ("kept.number = 1", []),
        ("kept.number = True", ["number"]),
        ("kept.things['a'].append(2)", ["things"]),
        ("kept.things['a'] = [1]", []),
        ("kept.bag.add(1)", ["bag"]),
        ("kept.nothing = 5", ["nothing"]),
        ("kept.new = 5", ["new"]),
        ("del kept.number", ["number"]),
        ("next(kept.ids)", ["ids"]),
        ("kept.dice.random()", ["dice"]),
        ("kept.array[0] = 1", ["array"]),
        ("kept.generator.random()", ["generator"]),
        ("kept.box.items.append(1)", ["box"]),
        ("kept.Box.made.append(1)", ["Box"]),
        ("kept.Box.count += 1", ["Box"]),
        ("kept.function(1)", ["function"]),
        ("kept.function.calls = 1", ["function"]),
        ("kept.plain = len", ["plain"]),
        ("kept.part()", ["part"]),
        ("def mine(): pass\nkept.plain = mine", ["plain"]),
        # what is live, or remembers only
        ("kept.lazy = kept.sqlite3.connect(':memory:')", []),
        ("kept.lazy = kept.logging.getLogger('x')", []),
        ("kept.log.info('x')\nkept.log.setLevel(10)", []),
        ("kept.lock.acquire()", []),
        ("kept.connection.execute('create table t (a)')", []),
        ("kept.jobs.put(1)", []),
        ("b = kept.Box()\nkept.alive[1] = b", []),
        ("kept.local.x = 1", []),
        ("kept._cache[1] = 1", []),
        ("kept.remembered(3)", []),
        ("kept.single(3)", []),
        ("kept.words.match('aa')\nkept.Color(1)\nkept.box.lock.acquire()", []),
    ],
)
def test_what_cells_change_in_a_module(
    tasks: Any, project: Path, code: str, names: list[str]
) -> None:
    setup = f"import sys\nsys.path.insert(0, {str(project)!r})\nimport kept"
    modules = tasks.ok(code, setup=setup).outcome["modules"]
    assert modules == (
        {"kept": {"file": str(project / "kept.py"), "names": names}} if names else {}
    )


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("import kept\nkept.number += 1", ["number"]),
        ("import kept\nimport other", []),
        ("import kept\nkept.number = 2\nimport other", ["number"]),
        ("import other\nother.kept.things['b'] = 1", ["things"]),
        ("import kept\ntry:\n    import bad\nexcept ValueError: pass\nkept.bag.add(1)", ["bag"]),
        ("import kept, importlib\nimportlib.reload(kept)\nkept.bag.add(1)", ["bag"]),
    ],
)
def test_what_an_import_does_is_no_change(
    tasks: Any, project: Path, code: str, names: list[str]
) -> None:
    setup = f"import sys\nsys.path.insert(0, {str(project)!r})"
    modules = tasks.ok(code, setup=setup).outcome["modules"]
    assert modules.get("kept", {"names": []})["names"] == names


def test_nothing_of_the_watching_is_seen(tasks: Any, project: Path) -> None:
    code = "import importlib.machinery as m\nimport bad"
    ended = tasks.run(code, setup=f"import sys\nsys.path.insert(0, {str(project)!r})")
    assert ended.error.count("File ") == 2
    assert ended.error.endswith("ValueError: 5")


@pytest.mark.parametrize(
    ("code", "running"),
    [
        ("start(work, daemon=True)", ["thread late"]),
        ("start(work, daemon=False)", []),
        ("start(time.sleep, 5, daemon=True)", []),
        ("start(functools.partial(work), daemon=True)", ["thread late"]),
        (
            "class T(threading.Thread):\n    run = work\nT(name='own', daemon=True).start()",
            ["thread own"],
        ),
        ("t = threading.Timer(0.3, work)\nt.start()", []),
        ("start(work, daemon=True).join()", []),
    ],
)
def test_threads_that_outlive_the_cells(tasks: Any, code: str, running: list[str]) -> None:
    setup = """
import functools, threading, time
done = []
def work(*_):
    time.sleep(0.3)
    done.append(1)
def start(target, *args, daemon):
    thread = threading.Thread(target=target, args=args, name="late", daemon=daemon)
    thread.start()
    return thread
forever = threading.Thread(target=work, daemon=True)
forever.start()
"""
    ended = tasks.ok(code, setup=setup)
    assert ended.outcome["running"] == running


def test_values_of_a_task_that_still_runs_are_not_stored(tasks: Any) -> None:
    code = "import threading, time\nthreading.Thread(target=lambda: time.sleep(1), daemon=True).start()\nx = 1"
    ended = tasks.run(code, writes="x")
    assert ended.outcome["stored"] == []
    assert "StillRunning" in ended.error
    assert tasks.ok(code).outcome["running"]
