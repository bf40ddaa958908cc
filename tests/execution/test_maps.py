"""Mapped loops, in real kernels."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pandas as pd
import pytest

from jupyter_dagflow.core.events import TaskFailure
from jupyter_dagflow.core.states import RunState, TaskState
from jupyter_dagflow.run_handle import Run
from tests.execution.projects import Project

LOAD = ("task:load", "xs = [1, 2, 3]\nk = 2")
MAP = "task:train map"
TRAIN = (MAP, "scores = []\nfor x in xs:\n    print('x', x)\n    s = x * k\n    scores.append(s)")


@pytest.fixture
def project(tmp_path: Path, kernels: Path) -> Iterator[Project]:
    project = Project(tmp_path)
    yield project
    project.close()


def ran(run: Run) -> list[str]:
    """The tasks that ran, and did not take an earlier result."""
    return [name for name, task in run.tasks.items() if task.attempt and not task.cached]


def failure(run: Run, task: str) -> TaskFailure:
    """Why a task failed."""
    found = run.tasks[task].failure
    assert found is not None
    return found


def test_each_iteration_is_an_instance_and_they_are_gathered_in_order(project: Project) -> None:
    run = project.run(LOAD, TRAIN, ("task:report keep:top", "top = max(scores)"), keep="all")
    assert run.error is None
    names = ["load", "train", "train[0]", "train[1]", "train[2]", "report"]
    assert list(run.tasks) == names
    assert {task.state for task in run.tasks.values()} == {TaskState.SUCCESS}
    assert (run.value("scores"), run.value("top")) == ([2, 4, 6], 6)
    assert [stored.name for task, stored in run.artifacts() if task == "train"] == ["scores"]
    assert run.notebook_path is not None
    cell = nbformat.read(run.notebook_path, as_version=4).cells[1]
    assert cell.outputs[0].text == "x 1\nx 2\nx 3\n"
    assert [entry.text for entry in run.log("train[1]")] == ["x 2\n"]


LOOPS = {
    "before": (
        "scores = {'z': 0}\nseen = set()\ntotal = 0.1",
        """
        for i, (a, b) in enumerate(
            zip(xs, "cab"),
        ):
            scores[b] = i
            seen.add(a % 2)
            total += a / 3
        """,
    ),
    "alias": (
        "one = [0]\nother = one\nboth = (one, other)",
        """
        for x in xs:
            one.append(x)
            other.extend([x] * x)
        """,
    ),
    "one object in two": (
        "",
        """
        rows, by_key = [], {}
        for x in xs:
            row = {"x": x}
            rows.append(row)
            row["late"] = True
            by_key[x] = row
        """,
    ),
    "nothing to go through": (
        "",
        """
        got = []
        for x in xs[:0]:
            got.append(x)
        """,
    ),
    "ways through": (
        "",
        """
        import math
        def root(v):
            return math.sqrt(1 / v)
        good = []; bad = []
        for x in [1, 0, 2]:
            if x == 2:
                continue
            try:
                y = root(x)
            except ZeroDivisionError as error:
                bad.append(str(error))
            else:
                good += [y]
        """,
    ),
    "functions": (
        "def scaled(v):\n    return v * factor\nfactor = 10\nfs = [scaled, abs]",
        """
        out = []
        for f in fs:
            out.append(f(-3))
        """,
    ),
    "arrays": (
        "import numpy as np\nX = np.arange(6.0).reshape(3, 2)\nsums = np.zeros(3)\nall_ = np.zeros(2)",
        """
        for i, row in enumerate(X):
            sums[i] = row.sum()
            all_ += row
        """,
    ),
    "classes": (
        "class Model:\n    def fit(self, x):\n        self.x = x\n        return self",
        """
        models = []
        for x in xs:
            model = Model()
            model.fit(x)
            models.append(model)
        """,
    ),
    "generator": (
        "",
        """
        lines = []
        for n in (len(w) for w in "to be or".split()):
            lines.append(n)
        """,
    ),
}


@pytest.mark.parametrize("name", LOOPS)
def test_the_result_is_that_of_run_all(project: Project, name: str) -> None:
    from jupyter_dagflow.verifying import Verifying

    above, loop = LOOPS[name]
    cells = [LOAD, ("task:above", above), (MAP, textwrap.dedent(loop).strip())]
    path = project.write(*[cell for cell in cells if cell[1]])
    verifying = Verifying(project.app, project.app.prepare(path))
    dag = verifying.start_dag()
    dag.wait()
    run_all = verifying.start_run_all(dag)
    run_all.wait()
    verification = verifying.compare(dag, run_all)
    assert verification.ok, (dag.error, verification.different, verification.stopped)
    assert "xs" in verification.equal


def test_only_instances_that_changed_or_failed_run_again(project: Project) -> None:
    flag = project.folder / "flag"
    train = (
        MAP,
        "scores = []\nfor x in xs:\n    assert x != 3 or open('flag').read()\n    scores.append(x)",
    )
    run = project.run(LOAD, train)
    assert run.state is RunState.FAILED
    states = {name: task.state.value for name, task in run.tasks.items()}
    assert states == {
        "load": "success",
        "train": "failed",
        "train[0]": "success",
        "train[1]": "success",
        "train[2]": "failed",
    }
    told = failure(run, "train")
    assert (told.cell_index, told.line) == (1, 3)
    assert told.message.endswith("(train[2] of 3 instances failed)")
    flag.write_text("yes")
    run = project.run(LOAD, train)
    assert run.state is RunState.SUCCESS
    assert ran(run) == ["train", "train[2]"]
    assert ran(project.run(LOAD, train)) == []
    more = (LOAD[0], "xs = [1, 5, 2, 3]\nk = 2")
    run = project.run(more, train, keep="all")
    assert run.value("scores") == [1, 5, 2, 3]
    assert ran(run) == ["load", "train", "train[1]"]


def test_a_run_that_goes_on_repeats_only_the_instances_that_did_not_end_well(
    project: Project,
) -> None:
    loop = "out = []\nfor x in xs:\n    print(x)\n    assert x != 2 or open('flag').read()\n    out.append(x)"
    path = project.write(LOAD, (f"{MAP} cache:off", loop), ("task:below keep:y", "y = out"))
    run = project.app.run(path)
    assert run.state is RunState.FAILED
    shown = failure(run, "train[1]").last_lines
    assert "      2 for x in xs:\n      3     print(x)\n----> 4     assert" in shown, (
        "as it is written"
    )
    before = {name: task.started_at for name, task in run.tasks.items()}
    (project.folder / "flag").write_text("yes")
    again = project.app.resume(run.run_id)
    again.wait()
    assert again.state is RunState.SUCCESS, again.error
    assert again.value("y") == [1, 2, 3]
    repeated = {n for n, task in again.tasks.items() if task.started_at != before.get(n)}
    assert repeated == {"train", "train[1]", "below"}
    assert again.tasks["train[1]"].why == ("attempt 1 failed",)
    assert [each.state for each in again.tasks["train[1]"].attempts] == [
        TaskState.FAILED,
        TaskState.SUCCESS,
    ]
    assert [entry.text for entry in again.log("train")] == ["1\n2\n3\n"]


def test_an_instance_that_is_cleared_runs_anew_and_the_others_do_not(project: Project) -> None:
    loop = "out = []\nfor x in xs:\n    print(x)\n    out.append(x)"
    run = project.run(LOAD, (MAP, loop), ("task:below keep:y", "y = out"))
    before = {name: task.started_at for name, task in run.tasks.items()}
    again = project.app.resume(run.run_id, clear=["train[1]"], downstream=True)
    again.wait()
    assert again.state is RunState.SUCCESS, again.error
    repeated = {n for n, task in again.tasks.items() if task.started_at != before[n]}
    assert repeated == {"train", "train[1]", "below"}
    assert [again.tasks[n].why for n in ("train", "train[1]", "below")] == [("cleared",)] * 3
    assert (again.value("y"), len(again.tasks["train[1]"].attempts)) == ([1, 2, 3], 2)


def test_a_run_that_goes_on_with_another_loop_repeats_all_instances(project: Project) -> None:
    loop = "out = []\nfor x in xs:\n    assert x != 2\n    out.append(x)"
    path = project.write(LOAD, (f"{MAP} cache:off keep:out", loop))
    run = project.app.run(path)
    assert run.state is RunState.FAILED
    book = nbformat.read(path, as_version=4)
    book.cells[1].source = loop.replace("assert x != 2", "x = x * 10")
    nbformat.write(book, path)
    again = project.app.resume(run.run_id)
    again.wait()
    assert again.state is RunState.SUCCESS, again.error
    assert again.value("out") == [10, 20, 30]


def test_an_instance_is_tried_again_by_itself(project: Project) -> None:
    loop = "out = []\nfor x in xs:\n    mark = f'ran{x}'\n    import os\n    if x == 2 and not os.path.exists(mark):\n"
    loop += "        open(mark, 'w').close(); os._exit(3)\n    out.append(x)"
    run = project.run(LOAD, (f"{MAP} keep:out retries:1 retry-delay:0s", loop))
    assert run.error is None
    attempts = {name: task.attempt for name, task in run.tasks.items()}
    assert attempts == {"load": 1, "train": 1, "train[0]": 1, "train[1]": 2, "train[2]": 1}
    assert run.value("out") == [1, 2, 3]


def test_a_condition_is_asked_once_for_all_instances(project: Project) -> None:
    run = project.run(
        LOAD, (f"{MAP} when:k>5", TRAIN[1]), ("task:below after:train trigger:none_failed", "y = 1")
    )
    assert run.state is RunState.SUCCESS
    assert list(run.tasks) == ["load", "train", "below"]
    assert run.tasks["train"].state is TaskState.SKIPPED


UNSOUND = {
    "an outer object in every report": (
        "import gc\ncfg = {'a': 1}",
        "out.append(gc.get_referents([cfg])[0])",
        "DF205",
    ),
    "an item that others have": ("d = {}\nxs = [d, d]", "out.append(x)", "DF205"),
    "a change nobody sees coming": (
        "class Sly:\n    n = 0\n    def __getattr__(self, name):\n        vars(self)['n'] = vars(self).get('n', 0) + 1\n"
        "        return vars(self)['n']\nsly = Sly()\nhow = 'next_number'",
        "out.append(getattr(sly, how))",
        "DF201",
    ),
    "a draw nobody sees coming": (
        "import random\nname = 'random'",
        "out.append(getattr(__import__(name), name)())",
        "DF204",
    ),
    "a listing of what all write into": (
        "import os, time",
        "time.sleep((3 - x) * 0.2); open(f'f{x}', 'w').close()\n    out.append(os.listdir('.'))",
        "DF202",
    ),
    "a listing by who writes into it last": (
        "import os\nos.mkdir('sub')",
        "open(f'sub/f{x}', 'w').close()\n    out.append(os.listdir('sub') if x == 3 else [])",
        "DF202",
    ),
    "a file of all": ("", "open('log.txt', 'a').write('x')\n    out.append(x)", "DF202"),
    "changed after it was set": ("out = {}", "v = [x]\n    out[x] = v\n    v.append(0)", "DF201"),
}


@pytest.mark.parametrize("copied", [True, False])
def test_groups_of_a_table_may_be_views_of_one_memory(project: Project, copied: bool) -> None:
    """Before pandas 3 they are, and a column that one is given might be seen by the others."""
    loop = f"""
        frames = []
        for name, group in df.groupby("g"):
            {"group = group.copy()" if copied else "pass"}
            group["w"] = group.v * 2
            frames.append(group)
    """
    table = "import pandas as pd\ndf = pd.DataFrame({'g': ['b', 'a', 'b'], 'v': [1, 2, 3]})"
    run = project.run(LOAD, ("task:above", table), (f"{MAP} keep:frames", textwrap.dedent(loop)))
    if copied or pd.__version__ >= "3":
        assert run.error is None
        assert [list(frame["w"]) for frame in run.value("frames")] == [[4], [2, 6]]
    else:
        assert failure(run, "train").message.startswith("DF201: train[0] changed an item that")


@pytest.mark.parametrize("name", UNSOUND)
def test_what_iterations_would_have_of_each_other_fails_them(project: Project, name: str) -> None:
    above, body, code = UNSOUND[name]
    begin = "" if "out = " in above else "out = []\n"
    cells = [LOAD, ("task:above", above), (MAP, f"{begin}for x in xs:\n    {body}")]
    run = project.run(*[cell for cell in cells if cell[1]])
    assert run.state is RunState.FAILED
    told = failure(run, "train")
    assert told.message.startswith(code), told.message
    assert told.cell_index == len([cell for cell in cells if cell[1]]) - 1
    assert told.hint


def test_a_run_that_is_cancelled_ends_its_instances(project: Project) -> None:
    path = project.write(
        LOAD,
        (MAP, "out = []\nfor x in xs:\n    import time\n    time.sleep(600)\n    out.append(x)"),
    )
    run = project.app.start(path, jobs=2)
    while "train[0]" not in run.tasks or run.tasks["train[0]"].state is not TaskState.RUNNING:
        run.wait(0.05)
    run.cancel()
    run.wait()
    assert run.state is RunState.CANCELLED
    states = {name: task.state.value for name, task in run.tasks.items()}
    assert states.pop("load") == "success"
    assert states == dict.fromkeys(["train", "train[0]", "train[1]", "train[2]"], "cancelled")
