"""What a task leaves outside variables: in modules of the project, in pyplot, in threads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest

from jupyter_dagflow.run_handle import Run
from jupyter_dagflow.surfaces.report import failure_block
from tests.execution.projects import Project

COUNTER = """
import functools, logging, threading

_total = 0
cache = {}
log = logging.getLogger(__name__)
lock = threading.Lock()
_cache = {}

def add(n):
    global _total
    _total += n
    with lock:
        log.warning("added")
    return n

def total():
    return _total

def put(key, value):
    cache[key] = value
    return value

@functools.lru_cache(None)
def slow(n):
    _cache[n] = n
    return n

def double(n):
    return 2 * n

class Meter:
    def read(self):
        return _total
"""
REPORT = """
import counter

def summary():
    return f"total: {counter.total()}"

def title():
    return "a title"
"""
SETUP = ("setup", "import counter")
AGG = ("setup", "import matplotlib\nmatplotlib.use('Agg')\nimport matplotlib.pyplot as plt")


@pytest.fixture
def project(tmp_path: Path, kernels: Path) -> Iterator[Project]:
    project = Project(tmp_path, keep="all", counter=COUNTER, report=REPORT)
    yield project
    project.close()


def told(run: Run) -> str:
    """The messages of the tasks that failed."""
    failures = [task.failure for task in run.tasks.values()]
    return "\n".join(failure.message for failure in failures if failure is not None)


CHANGED = (
    "DF201: task a, in cell 1, changed counter.{}, which module counter keeps, but task b, cell 2,"
)


@pytest.mark.parametrize(
    ("setup", "first", "second", "name"),
    [
        ("import counter", "counter.add(3)", "t = counter.total()", "_total"),
        ("import counter as c", "n = c.add(3)", "t = c.total()", "_total"),
        ("", "import counter\nn = counter.add(3)", "t = counter.total()", "_total"),
        ("from counter import add, total", "n = add(3)", "t = total()", "_total"),
        ("from counter import put, cache", "n = put('k', 1)", "t = put('j', 2)", "cache"),
        ("import counter\nimport report", "n = counter.add(3)", "t = report.summary()", "_total"),
        ("import counter", "n = counter.add(3)", "import report\nt = report.summary()", "_total"),
        ("import counter", "def f():\n    return counter.add(1)\nn = f()", "t = f()", "_total"),
        ("import counter", "n = counter.add(3)", "t = counter.Meter().read()", "_total"),
        (
            "import counter",
            "counter.cache['i'] = 1\nn = counter.put('k', 2)",
            "t = len(counter.cache)",
            "cache",
        ),
        ("import counter", "m = counter.Meter()\nn = counter.add(3)", "t = m.read()", "_total"),
    ],
)
def test_a_change_in_a_module_that_a_later_task_would_miss(
    project: Project, setup: str, first: str, second: str, name: str
) -> None:
    run = project.run(("setup", setup), ("task:a", first), ("task:b", second))
    assert told(run).startswith(CHANGED.format(name))
    assert run.state.value == "failed"


@pytest.mark.parametrize("made", ["pkg.sub.Meter()", "pkg.sub.Gauge()"])
@pytest.mark.parametrize("first", ["make", "change"])
def test_an_object_shows_what_another_task_has_changed(
    project: Project, made: str, first: str
) -> None:
    (project.folder / "pkg").mkdir()
    (project.folder / "pkg" / "__init__.py").write_text("")
    (project.folder / "pkg" / "sub.py").write_text(COUNTER + "\nclass Gauge(Meter):\n    pass\n")
    cells = {"make": f"m = {made}", "change": "n = pkg.sub.add(3)"}
    order = [first, *(task for task in cells if task != first)]
    run = project.run(
        ("setup", "import pkg.sub"),
        *((f"task:{task}", cells[task]) for task in order),
        ("task:read", "t = m.read()"),
        jobs=1,
    )
    assert "changed pkg.sub._total" in told(run)
    assert run.state.value == "failed"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("n = counter.add(3)", "t = counter.double(3)"),
        ("n = counter.add(3)", "import report\nt = report.title()"),
        ("n = counter.total()", "t = counter.total()"),
        ("n = counter.slow(3)", "t = counter.slow(3)"),
        ("counter.log.setLevel(10)\nn = counter.double(1)", "t = counter.slow(counter.double(1))"),
        ("counter.cache['k'] = 1\nn = len(counter.cache)", "t = len(counter.cache)"),
    ],
)
def test_what_no_later_task_would_miss(project: Project, first: str, second: str) -> None:
    run = project.run(SETUP, ("task:a", first), ("task:b", second))
    assert (told(run), run.state.value) == ("", "success")


def test_a_change_that_does_not_matter_is_said_to(project: Project) -> None:
    cells = [SETUP, ("task:a", "n = counter.add(3)"), ("task:b", "t = counter.total()")]
    run = project.run(*cells)
    task = run.tasks["a"]  # type: ignore[index]
    assert task.failure is not None
    block = failure_block(task, failure=task.failure, notebook="nb.ipynb")
    assert "cell 1" in block
    assert "tag cell 1 pure:counter" in block
    cells[1] = ("task:a pure:counter", cells[1][1])
    assert told(project.run(*cells)) == ""


def test_what_setup_has_done_is_done_everywhere(project: Project) -> None:
    setup = ("setup", "import counter\ncounter.add(1)")
    run = project.run(setup, ("task:a", "n = counter.total()"), ("task:b", "t = counter.total()"))
    assert (told(run), run.value("t")) == ("", 1)


def test_a_result_that_is_reused_is_judged_by_who_comes_later_now(project: Project) -> None:
    cells = [SETUP, ("task:a", "n = counter.add(3)"), ("task:b", "t = n")]
    assert told(project.run(*cells)) == ""
    cells.append(("task:c", "u = counter.total()"))
    run = project.run(*cells)
    assert told(run) == (
        "DF201: task a, in cell 1, changed counter._total, which module counter keeps, but task c, cell 3, line 1, "
        "uses it and would have it as it was before."
    )
    failure = run.tasks["a"].failure  # type: ignore[index]
    assert failure is not None
    assert (failure.cell_index, failure.line) == (1, 1)


@pytest.mark.parametrize(
    ("first", "second", "deed"),
    [
        ("plt.plot([1, 2])", "plt.title('t')", "plt.title"),
        ("plt.plot([1, 2])", "plt.savefig('p.png')\nn = 1", "plt.savefig"),
        ("fig, ax = plt.subplots()\nx = 1", "y = x\nplt.plot([3])", "plt.plot"),
    ],
)
def test_a_figure_that_a_later_task_goes_on_with(
    project: Project, first: str, second: str, deed: str
) -> None:
    said = told(project.run(AGG, ("task:a", first), ("task:b", second)))
    assert said.startswith("DF201: task a left a figure open in pyplot, and task b, cell 2, line")
    assert f"({deed})" in said


@pytest.mark.parametrize(
    ("setup", "first", "second"),
    [
        (
            AGG[1],
            "fig, ax = plt.subplots()\nax.plot([1])",
            "fig2, ax2 = plt.subplots()\nplt.title('')",
        ),
        (AGG[1], "plt.plot([1])\nplt.close()", "plt.title('t')"),
        (AGG[1], "plt.plot([1])", "plt.close('all')\nplt.title('t')"),
        (AGG[1], "plt.plot([1])", "n = 1"),
        (AGG[1], "fig, axes = plt.subplots(2)", "axes[0].plot([1])\nplt.savefig('p.png')"),
        ("import matplotlib.pyplot as plt", "plt.plot([1])", "plt.title('t')"),
    ],
)
def test_figures_that_nobody_goes_on_with(
    project: Project, setup: str, first: str, second: str
) -> None:
    run = project.run(("setup", setup), ("task:a", first), ("task:b", second))
    assert (told(run), run.state.value) == ("", "success")


THREAD = """import sys, threading, time, traceback
box = []
def is_waited_for():
    frame = sys._current_frames()[threading.main_thread().ident]
    return any(each.name == 'wait_for_others' for each in traceback.extract_stack(frame))
def work():
    while {}:
        time.sleep(0.01)
    box.append(1)
thread = threading.Thread(target=work, name='late', daemon={})
thread.start()
n = 1
{}"""


def _threaded(going_on: str, *, daemon: bool = False, then: str = "del thread") -> str:
    return THREAD.format(going_on, daemon, then)


def test_a_thread_is_waited_for(project: Project) -> None:
    run = project.run(("task:a", _threaded("not is_waited_for()")), ("task:b", "t = len(box)"))
    assert (told(run), run.value("t")) == ("", 1)


def test_a_daemon_that_still_runs_stops_the_run(project: Project) -> None:
    run = project.run(("task:a", _threaded("True", daemon=True)), ("task:b", "t = len(box)"))
    assert told(run).startswith("DF206: thread late of task a still runs when")
    assert "task b, cell 1" in told(run)
    joined = _threaded("False", daemon=True, then="thread.join()\ndel thread")
    run = project.run(("task:a", joined), ("task:b", "t = len(box)"))
    assert (told(run), run.value("t")) == ("", 1)


ASYNC = "import asyncio\nbox = []\nasync def work():\n    {}\n    box.append(1)\ntask = asyncio.create_task(work(), name='late')"


def test_an_asyncio_task_that_still_runs_stops_the_run(project: Project) -> None:
    below = ("task:b", "t = len(box)")
    never = ASYNC.format("await asyncio.Event().wait()")
    run = project.run(("task:a", f"{never}\nawait asyncio.sleep(0)\nn = 1"), below)
    assert told(run).startswith("DF206: asyncio task late of task a still runs when")
    awaited = ASYNC.format("await asyncio.sleep(0)")
    run = project.run(("task:a", f"{awaited}\nawait task\nn = 1"), below)
    assert (told(run), run.value("t")) == ("", 1)


def test_a_figure_is_shown_as_a_picture_in_another_task(project: Project) -> None:
    run = project.run(
        ("task:draw", "import matplotlib.pyplot as plt\nfig, ax = plt.subplots()"),
        ("task:show", "fig"),
    )
    assert told(run) == ""
    assert run.notebook_path is not None
    shown = nbformat.read(run.notebook_path, 4).cells[1].outputs
    assert [output["data"].keys() for output in shown] == [{"text/plain", "image/png"}]


SETTER = """
import decimal
import pandas as pd

def load():
    pd.set_option("display.max_rows", 7)
    return pd.DataFrame({"a": [1]})

def precise():
    decimal.getcontext().prec = 9

def rounded(x):
    with decimal.localcontext() as context:
        context.prec = 3
        return +decimal.Decimal(x)
"""
WITH_SETTER = ("setup", "import decimal, pandas as pd, setter")
READS_ROWS = "rows = pd.get_option('display.max_rows')"


def _with_setter(project: Project, *cells: tuple[str, str]) -> Run:
    (project.folder / "setter.py").write_text(SETTER)
    return project.run(WITH_SETTER, *cells)


@pytest.mark.parametrize(
    ("load", "show"),
    [
        ("df = setter.load()", READS_ROWS),
        (
            "def f():\n    return pd.get_option('display.max_rows')\ndf = setter.load()",
            "rows = f()",
        ),
    ],
)
def test_a_setting_made_in_a_module_is_missed_by_who_uses_that_library(
    project: Project, load: str, show: str
) -> None:
    run = _with_setter(project, ("task:load", load), ("task:show", show))
    assert told(run).startswith(
        "DF201: task load changed settings of pandas (display.max_rows) in a way that its cells do not show, but task "
        "show, cell 2, line "
    )


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("df = setter.load()", "n = len(df)"),  # does not speak of pandas
        ("df = setter.load()", f"df = setter.load()\n{READS_ROWS}"),  # sets it itself
        ("n = setter.rounded('1.234')", "d = decimal.Decimal(1) / 3"),  # set back
        ("pd.set_option('display.max_rows', 8)", READS_ROWS),  # is repeated
        (f"df = setter.load()\npd.reset_option('display.max_rows')\n{READS_ROWS}", READS_ROWS),
    ],
)
def test_a_setting_that_nobody_misses_is_none_of_it(
    project: Project, first: str, second: str
) -> None:
    assert told(_with_setter(project, ("task:a", first), ("task:b", second))) == ""


def test_a_setting_made_below_is_not_missed_above(project: Project) -> None:
    cells = (("task:a", "x = decimal.Decimal(1) / 3"), ("task:b", "setter.precise()"))
    assert told(_with_setter(project, *cells)) == ""


ENV = """
import os

def configure(mode):
    os.environ["APP_MODE"] = mode
"""
WITH_ENV = ("setup", "import env, os, subprocess")
SHOWS_MODE = "shown = subprocess.check_output('echo $APP_MODE', shell=True, text=True)"


@pytest.mark.parametrize("show", ["mode = os.environ.get('APP_MODE')", SHOWS_MODE])
def test_a_variable_of_the_environment_that_a_module_set_is_missed_by_who_names_it(
    project: Project, show: str
) -> None:
    (project.folder / "env.py").write_text(ENV)
    run = project.run(WITH_ENV, ("task:load", "env.configure('fast')"), ("task:show", show))
    assert told(run).startswith(
        "DF201: task load set the environment variable APP_MODE in a way that its cells do not show, but task show, "
        "cell 2, line 1, names it and has it not."
    )


def test_a_variable_of_the_environment_that_all_have_or_nobody_names_is_missed_by_nobody(
    project: Project,
) -> None:
    (project.folder / "env.py").write_text(ENV)
    run = project.run(
        WITH_ENV,
        ("task:load", "env.configure('fast')"),
        ("task:other", "home = os.environ.get('HOME')"),
        ("task:again", f"env.configure('fast')\n{SHOWS_MODE}"),
        ("task:seen", "os.environ['LEVEL'] = '3'"),
        ("task:level", "level = subprocess.check_output('echo $LEVEL', shell=True, text=True)"),
    )
    assert (told(run), run.value("shown"), run.value("level")) == ("", "fast\n", "3\n")
