"""Earlier results in place of tasks, with real kernels: what runs again, what does not, and why."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest

from jupyter_dagflow.app import Dagflow
from jupyter_dagflow.execution.cache import Reuse
from jupyter_dagflow.execution.ports import PROCESS
from jupyter_dagflow.run_handle import Run
from jupyter_dagflow.settings import Settings

Cells = list[tuple[str, str]]
PIPELINE: Cells = [
    ("parameters", "n = 3\nlabel = 'x'"),
    ("task:load", "rows = list(range(n))  # so many\nprint('loaded', n)"),
    ("task:total metric:total", "total = float(sum(rows))"),
    ("task:side keep:other", "other = label * 2"),
]


class Project:
    """A folder with notebooks, and a home."""

    def __init__(self, folder: Path, home: Path) -> None:
        self.folder = folder
        self.home = home
        self.app = Dagflow(Settings.load({"DAGFLOW_HOME": str(home)}))

    def write(self, cells: Cells, name: str = "nb.ipynb") -> Path:
        """Write a notebook; a cell is its tags, in one word, and its source."""
        book = nbformat.v4.new_notebook()
        book.metadata["kernelspec"] = {"name": "dagflow-test", "display_name": "Python"}
        for at, (tags, source) in enumerate(cells):
            cell = nbformat.v4.new_code_cell(source, id=f"{name[:2]}-{at}")
            cell.metadata["tags"] = tags.split()
            book.cells.append(cell)
        path = self.folder / name
        nbformat.write(book, path)
        return path

    def run(self, cells: Cells, *, name: str = "nb.ipynb", **options: Any) -> Run:
        """Write the notebook and run it; it has to end well."""
        run = self.app.run(self.write(cells, name), **options)
        assert run.error is None, run.error
        return run

    def why(self, cells: Cells, **options: Any) -> dict[str, list[str]]:
        """Why each task ran; nothing for those that did not."""
        tasks = self.run(cells, **options).tasks.values()
        return {task.name: [] if task.cached else list(task.why) for task in tasks}

    def age_values(self) -> None:
        """As if what is stored was last used long ago: what has just been used is no garbage yet."""
        for path in self.app.artifacts.root.glob("*/*"):
            os.utime(path, (0, 0))


@pytest.fixture
def project(tmp_path: Path, kernels: Path) -> Iterator[Project]:
    folder = tmp_path / "project"
    folder.mkdir()
    project = Project(folder, tmp_path / "home")
    yield project
    project.app.close()


def edited(cells: Cells, at: int, source: str) -> Cells:
    return [(tags, source if place == at else old) for place, (tags, old) in enumerate(cells)]


def outputs(run: Run) -> list[str]:
    """What the executed notebook shows below each cell."""
    assert run.notebook_path is not None
    cells = json.loads(run.notebook_path.read_text())["cells"]
    return ["".join("".join(o["text"]) for o in cell["outputs"]) for cell in cells]


def test_only_what_changed_runs_again(project: Project) -> None:
    first = project.run(PIPELINE)
    assert {task.why for task in first.tasks.values()} == {("never run before",)}
    assert not any(task.cached for task in first.tasks.values())

    again = project.run(PIPELINE)
    assert all(task.cached for task in again.tasks.values())
    assert {task.reused_from for task in again.tasks.values()} == {first.run_id}
    assert {task.why for task in again.tasks.values()} == {(f"unchanged since run {first.run_id}",)}
    assert again.view.metrics == {"total": 3.0}
    assert again.value("other") == "xx"
    assert again.artifacts() == first.artifacts()
    assert outputs(again) == outputs(first) == ["", "loaded 3\n", "", ""]
    assert again.log("load") == first.log("load")
    assert project.app.open_run("latest").tasks == again.tasks

    comment = edited(PIPELINE, 1, "# all of them\nrows = list(range(n))\n\nprint('loaded', n)")
    assert not any(project.why(comment).values())

    # The same values: what is downstream need not run.
    same = edited(PIPELINE, 1, "rows = [*range(n)]\nprint('loaded', n)")
    assert project.why(same) == {"load": ["code changed (cell 1)"], "total": [], "side": []}
    others = edited(PIPELINE, 1, "rows = [*range(n + 1)]")
    assert project.why(others) == {
        "load": ["code changed (cell 1)"],
        "total": ["input rows changed"],
        "side": [],
    }
    assert not any(project.why(PIPELINE).values()), "what was is still known"

    five = project.run(PIPELINE, parameters={"n": 5})
    assert five.tasks["load"].why == ("parameter n changed: 3 -> 5",)
    assert five.tasks["side"].cached
    shown = json.loads(five.notebook_path.read_text())["cells"]
    assert [cell["source"] for cell in shown if "injected" in str(cell["metadata"])] == [
        ["# Parameters\n", "n = 5\n"]
    ]
    assert all(task.cached for task in project.run(PIPELINE, parameters={"n": 5}).tasks.values())


def test_asked_for_fresh_every_task_runs_and_is_kept(project: Project) -> None:
    cells = PIPELINE[:2]
    project.run(cells)
    assert project.why(cells, fresh=True) == {"load": ["--fresh"]}
    assert project.why(cells) == {"load": []}
    off = [cells[0], ("task:load cache:off", cells[1][1])]
    assert project.why(off) == {"load": ["cache:off"]}
    on = [cells[0], ("task:load cache:on", cells[1][1])]
    assert project.why(on) == {"load": []}
    assert project.why(cells, keep="all") == {"load": ["--keep all"]}
    assert project.why(cells) == {"load": []}
    assert [stored.name for _, stored in project.app.open_run("latest").artifacts()] == []


def test_a_run_that_nobody_waits_for_reuses_only_what_a_task_asks_for(project: Project) -> None:
    cells = [PIPELINE[0], ("task:load cache:on", PIPELINE[1][1]), *PIPELINE[2:]]
    project.run(cells)
    prepared = project.app.prepare(project.write(cells))
    run = project.app.launch(prepared, reuse=Reuse.ASKED)
    run.wait()
    assert {name: task.cached for name, task in run.tasks.items()} == {
        "load": True,
        "total": False,
        "side": False,
    }
    assert run.tasks["side"].why == ("a scheduled run reuses results with cache:on only",)


def test_files_and_modules_are_looked_at(project: Project) -> None:
    data, module = project.folder / "data.csv", project.folder / "helpers.py"
    (project.folder / "parts").mkdir()
    data.write_text("1,2")
    module.write_text("def double(x): return 2 * x")
    cells = [
        ("setup", "import json"),
        ("task:read keep:text", "text = open('data.csv').read()"),
        ("task:use keep:y", "import helpers\ny = helpers.double(2)"),
        ("task:list keep:names", "import glob\nnames = sorted(glob.glob('parts/*'))"),
        ("task:write", "with open('out.txt', 'w') as file:\n    file.write('made')"),
        ("task:count keep:k", "k = int(open('data.csv').read()[0])\nopen('log', 'a').write('x')"),
    ]
    project.run(cells)
    assert project.why(cells) == {
        "read": [],
        "use": [],
        "list": [],
        "write": [],
        "count": ["it changes file log, which it reads"],
    }
    cells = cells[:-1]
    data.write_text("3,4")
    assert project.why(cells)["read"] == ["file data.csv changed"]
    data.write_text("1,2")
    assert project.why(cells)["read"] == [], "the older file, the older result"
    module.write_text("def double(x): return x + x")
    (project.folder / "parts" / "a").touch()
    (project.folder / "out.txt").unlink()
    assert project.why(cells) == {
        "read": [],
        "use": ["module helpers.py changed"],
        "list": ["folder parts changed"],
        "write": ["file out.txt is gone"],
    }
    assert (project.folder / "out.txt").read_text() == "made"


def test_damaged_values_are_made_again(project: Project) -> None:
    cells = PIPELINE[:3]
    first = project.run(cells)
    (stored,) = (s for _, s in first.artifacts() if s.name == "rows")
    path = project.app.artifacts.path(stored.digest)
    whole = path.read_bytes()
    for harm, told in (
        (whole[:-1], "artifact damaged: rows"),
        (whole[:-1] + bytes([whole[-1] ^ 1]), "artifact damaged: rows"),
        (None, "artifact missing: rows"),
    ):
        path.unlink()
        if harm is not None:
            path.write_bytes(harm)
        assert project.why(cells) == {"load": [told], "total": []}
        assert path.read_bytes() == whole


def test_a_failure_is_not_reused(project: Project) -> None:
    cells = [("task:a keep:x", "import os\nx = os.path.exists('there') or 1 / 0")]
    path = project.write(cells)
    assert project.app.run(path).error is not None
    (project.folder / "there").touch()
    assert project.why(cells) == {"a": ["failed last time"]}
    assert project.why(cells) == {"a": []}


def test_notebooks_share_results(project: Project) -> None:
    first = project.run(PIPELINE)
    other = [
        ("", "# another notebook"),
        *(
            ("task:" + tags.split(":", 1)[1] if tags.startswith("task") else tags, s)
            for tags, s in PIPELINE
        ),
    ]
    other[2] = ("task:fetch", other[2][1])
    run = project.run(other, name="other.ipynb")
    assert {task.reused_from for task in run.tasks.values()} == {first.run_id}
    assert outputs(run) == ["", "", "loaded 3\n", "", ""]


def test_what_was_not_watched_is_run_again_to_be_watched(project: Project) -> None:
    (project.folder / "away.py").write_text("def touch(x):\n    x.append(1)\n    return len(x)")
    cells = [
        ("setup", "import away"),
        ("task:make", "xs = [0]"),
        ("task:use keep:size", "size = away.touch(xs)"),
    ]
    project.run(cells)
    reader = [*cells, ("task:read keep:seen", "seen = list(xs)")]
    run = project.app.run(project.write(reader))
    assert run.tasks["make"].cached
    assert run.tasks["use"].why == ("xs has to be watched for changes now",)
    assert run.error is not None
    assert "DF201" in run.error.message
    assert project.run(reader).value("seen") == [0, 1]


def test_generators_are_inputs_like_any_other(project: Project) -> None:
    cells = [
        ("task:seed", "import random\nrandom.seed(1)"),
        ("task:draw keep:x", "x = random.random()"),
        ("task:more keep:y", "y = random.random()"),
    ]
    first = project.run(cells)
    again = project.run(cells)
    assert all(task.cached for task in again.tasks.values())
    more = project.run(edited(cells, 2, "y = random.random() + 0"))
    assert (more.tasks["draw"].cached, more.tasks["more"].cached) == (True, False)
    assert more.value("y") == first.value("y")


def test_a_class_whose_comment_changed_is_still_the_same(project: Project) -> None:
    cells = [
        ("setup", "class Point:\n    def __init__(self, x):\n        self.x = x"),
        ("task:make", "p = Point(1)"),
        ("task:use keep:same", "same = isinstance(p, Point)"),
    ]
    project.run(cells)
    comment = edited(cells, 0, cells[0][1].replace(":\n", ":  # a point\n", 1))
    run = project.run(edited(comment, 2, "same = (isinstance(p, Point),)"))
    assert run.tasks["make"].cached
    assert run.value("same") == (True,)


def test_verifying_reuses_nothing_and_garbage_goes(project: Project) -> None:
    run = project.run(PIPELINE)
    assert project.app.collect_garbage(older_than_s=3600).artifacts == 0
    project.age_values()
    removed = project.app.collect_garbage(older_than_s=0)
    assert (removed.artifacts, removed.cache_entries) == (3, 3)
    assert removed.freed_bytes > 0
    assert not [p for p in project.app.artifacts.root.glob("*/*") if p.is_file()]
    assert run.artifacts(), "what it kept is still told of"
    assert project.why(PIPELINE)["load"] == ["never run before"]


def test_beyond_a_size_results_go_with_the_values_that_were_used_least(project: Project) -> None:
    cells = [
        ("task:old keep:o", "o = list(range(1000))"),
        ("task:new keep:p", "p = list(range(2000))"),
    ]
    project.run(cells)
    project.run(edited(cells, 1, "p = list(range(3000))"))  # o is used again
    kept = sum(path.stat().st_size for path in project.app.artifacts.root.glob("*/*"))
    removed = project.app.collect_garbage(older_than_s=3600, max_bytes=kept)
    assert (removed.artifacts, removed.cache_entries) == (0, 0)
    removed = project.app.collect_garbage(older_than_s=3600, max_bytes=kept - 1)
    assert (removed.artifacts, removed.cache_entries) == (1, 1)
    again = project.run(cells)
    assert (again.tasks["old"].cached, again.tasks["new"].cached) == (True, False)
    project.age_values()
    assert project.app.collect_garbage(older_than_s=3600, max_bytes=0).artifacts == 3


def test_garbage_is_collected_beside_a_run_that_goes_on(project: Project) -> None:
    waits = "import os, time\nwhile not os.path.exists('go'): time.sleep(0.02)\n"
    cells = [
        ("task:old keep:o", "o = list(range(100))"),
        ("task:new keep:p", "p = list(range(200))"),
        ("task:end keep:q", f"{waits}q = len(o) + len(p)"),
    ]
    project.run(edited(cells, 2, "q = o, p"))
    project.age_values()
    live = project.app.start(project.write(edited(cells, 1, "p = list(range(300))")))
    while not all(live.tasks[name].state.is_final for name in ("old", "new")):
        assert not live.wait(0.02)
    assert (live.tasks["old"].cached, live.tasks["new"].cached) == (True, False)
    removed = project.app.collect_garbage(older_than_s=0)
    assert removed.artifacts == 2, "p and q of the run that has ended"
    (project.folder / "go").touch()
    live.wait()
    assert live.error is None
    assert (live.value("o"), live.value("q")) == (list(range(100)), 400)


def test_what_a_cell_puts_out_can_be_read_while_it_runs(project: Project) -> None:
    shows = "import os, time\nprint('begun')\nwhile not os.path.exists('go'): time.sleep(0.02)\nprint('over')"
    live = project.app.start(project.write([("task:a", "print('quick')"), ("task:b", shows)]))
    while live.notebook_path is None or outputs(live)[1] == "":  # what there is, is whole each time
        assert not live.wait(0.02)
    assert outputs(live) == ["quick\n", "begun\n"]
    (project.folder / "go").touch()
    live.wait()
    assert outputs(live) == ["quick\n", "begun\nover\n"]


def test_a_class_of_setup_counts_for_whom_its_objects_reach(project: Project) -> None:
    cells = [
        ("setup", "class Point:\n    def size(self): return 1"),
        ("task:make", "p = Point()"),
        ("task:use keep:size", "size = p.size()"),
        ("task:other keep:x", "x = 1"),
    ]
    project.run(cells)
    bigger = edited(cells, 0, cells[0][1].replace("return 1", "return 2"))
    assert project.why(bigger) == {
        "make": ["code changed (cell 0)"],
        "use": ["input p changed"],
        "other": [],
    }
    assert project.app.open_run("latest").value("size") == 2


def test_a_run_that_reuses_all_starts_no_kernel_and_loads_nothing_heavy(project: Project) -> None:
    path = project.write([*PIPELINE, ("task:table", "import pandas\nt = pandas.DataFrame()")])
    script = f"""
import json, sys
from jupyter_dagflow.app import Dagflow
run = Dagflow().run({str(path)!r})
assert run.error is None, run.error
heavy = {{"papermill", "psutil", "jupyter_client", "nbclient", "nbformat", "zmq", "pandas", "numpy", "IPython", "alembic"}}
print(json.dumps([run.state.value, [t.cached for t in run.tasks.values()], sorted(heavy & sys.modules.keys())]))
"""
    told = [
        json.loads(
            subprocess.run(
                [sys.executable, "-c", script],
                env={**os.environ, "DAGFLOW_HOME": str(project.home)},
                capture_output=True,
                text=True,
                check=True,
            ).stdout
        )
        for _ in range(2)
    ]
    assert told[0][:2] == ["success", [False] * 4]
    assert told[1] == ["success", [True] * 4, []]
    notes = [len(list(path.rglob(PROCESS))) for path in sorted((project.home / "runs").iterdir())]
    assert notes == [4, 0]  # a kernel that is given a task is noted
