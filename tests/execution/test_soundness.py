"""What only running can tell: changes nobody declared, state outside variables, files."""

from __future__ import annotations

import contextlib
import io
import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jupyter_dagflow.run_handle import Run
from jupyter_dagflow.surfaces.report import failure_block
from tests.execution.projects import Project

HELPERS = """
def touch(value):
    value.append("touched")
    return len(value)

def draw():
    import numpy
    return numpy.random.rand()

def around(value):
    return {"it": value}

def look(value):
    return len(value)

def plot(data, axes):
    return len(axes.plot(data))
"""


def run_all(*cells: tuple[str, str], folder: Path) -> dict[str, Any]:
    """The variables that the cells leave when they are run in one namespace, from top to bottom."""
    namespace: dict[str, Any] = {}
    with contextlib.chdir(folder) if hasattr(contextlib, "chdir") else contextlib.nullcontext():
        for _, source in cells:
            exec(source, namespace)
    return namespace


@pytest.fixture
def project(tmp_path: Path, kernels: Path) -> Iterator[Project]:
    project = Project(tmp_path, helpers=HELPERS)
    yield project
    project.close()


def succeeded(run: Run) -> Run:
    for task in run.tasks.values():
        if task.failure is not None:
            raise AssertionError(failure_block(task, failure=task.failure, notebook="nb.ipynb"))
    return run


LOAD = ("task:load", "import helpers\nx = [1]")


def test_a_function_of_the_notebook_that_sets_up_a_logger_does_so_in_every_task(
    project: Project,
) -> None:
    make = (
        "import logging, sys\ndef get_logger(name='dagflow-run'):\n    logger = logging.getLogger(name)\n"
        "    logger.setLevel(logging.INFO)\n    handler = logging.StreamHandler(sys.stderr)\n"
        "    handler.setFormatter(logging.Formatter('%(message)s'))\n    logger.addHandler(handler)\n    return logger"
    )
    cells = (
        ("task:make", f"{make}\nlog = get_logger()"),
        (
            "task:use keep:found",
            "import logging\nfound = [log.level, len(log.handlers), log is logging.getLogger('dagflow-run')]",
        ),
    )
    run = succeeded(project.run(*cells))
    assert run.value("found") == [20, 1, True]


def test_an_undeclared_change_stops_the_run(project: Project) -> None:
    run = project.run(
        LOAD,
        ("task:change", "n = helpers.touch(x)"),
        ("task:look", "y = list(x)\nm = n"),
    )
    assert run.state.value == "failed"
    failure = run.tasks["change"].failure  # type: ignore[index]
    assert failure is not None
    assert (failure.kind, failure.cell_index, failure.line) == ("unsound", 1, 1)
    assert failure.message == (
        "DF201: task change, in cell 1, changed x, "
        "but task look, cell 2, line 1, reads it as it was before."
    )
    assert "mutates:x" in failure.hint


def test_a_run_remembers_what_it_saw(project: Project) -> None:
    cells = (LOAD, ("task:change", "n = helpers.touch(x)"), ("task:look", "y = list(x)"))
    assert project.run(*cells).state.value == "failed"
    compilation = project.app.compile(project.folder / "nb.ipynb")
    (said,) = [d for d in compilation.diagnostics if d.code == "DF203"]
    assert (said.cell_index, said.severity.value) == (1, "info")
    assert "mutates:x" in said.hint
    assert ("change", "look") in {(e.source, e.target) for e in compilation.pipeline.edges}
    assert succeeded(project.run(*cells, keep="all")).value("y") == [1, "touched"]
    other = project.write(LOAD, ("task:change", "m = helpers.look(x)"), cells[2])
    assert [d.code for d in project.app.compile(other).diagnostics] == []


def test_a_declared_change_is_seen_through_what_shares_the_object_unseen(project: Project) -> None:
    cells = [
        ("task:load", "import helpers\nx = [1]\ny = helpers.around(x)"),
        ("task:change mutates:x", "n = helpers.touch(x)"),
        ("task:look", "z = str(y)"),
    ]
    failure = project.run(*cells).tasks["load"].failure
    assert failure is not None
    assert "y has objects of x in it" in failure.message
    assert succeeded(project.run(*cells, keep="all")).value("z") == "{'it': [1, 'touched']}"


def test_a_change_that_a_keeper_would_miss_stops_the_run_once(project: Project) -> None:
    cells = [
        ("task:load", "x = [1]"),
        ("task:wrap", "import helpers\nbox = helpers.around(x)"),
        ("task:change", "x.append(2)"),
        ("task:look", "z = str(box)"),
    ]
    run = project.run(*cells)
    assert (run.state.value, run.tasks["wrap"].state.value) == ("failed", "failed")
    failure = run.tasks["wrap"].failure  # type: ignore[index]
    assert failure is not None
    assert (failure.kind, failure.cell_index, failure.line) == ("unsound", 1, 2)
    assert failure.message == (
        "DF205: after task wrap, box has objects of x in it, and task change, cell 2, line 1, "
        "changes x in place: box would not see that."
    )
    assert "a copy of x" in failure.hint
    (said,) = project.app.compile(project.folder / "nb.ipynb").diagnostics
    assert (said.code, said.severity.value, said.cell_index) == ("DF203", "info", 1)
    assert succeeded(project.run(*cells, keep="all")).value("z") == "{'it': [1, 2]}"


def test_a_keeper_that_is_changed_itself_is_one_with_what_it_keeps(project: Project) -> None:
    cells = [
        ("task:load", "x = [1]"),
        ("task:wrap", "import helpers\nbox = helpers.around(x)"),
        ("task:change", "box['it'].append(2)"),
        ("task:look", "z = str(x)"),
    ]
    failure = project.run(*cells).tasks["wrap"].failure
    assert failure is not None
    assert "has objects of box in it" in failure.message
    assert succeeded(project.run(*cells, keep="all")).value("z") == "[1, 2]"


def test_the_tag_it_proposes_mends_it(project: Project) -> None:
    cells = (
        LOAD,
        ("task:change mutates:x", "n = helpers.touch(x)"),
        ("task:look", "y = list(x)\nm = n"),
    )
    assert succeeded(project.run(*cells, keep="all")).value("y") == [1, "touched"]


def test_reading_is_no_change(project: Project) -> None:
    run = project.run(LOAD, ("task:a", "n = helpers.look(x)"), ("task:b", "y = list(x)"))
    succeeded(run)


def test_a_change_that_nobody_reads_is_kept_as_the_tasks_own(project: Project) -> None:
    run = project.run(LOAD, ("task:change", "n = helpers.touch(x)"), keep="all")
    assert succeeded(run).value("x") == [1, "touched"]


def test_a_change_is_seen_through_whatever_shares_the_object(project: Project) -> None:
    run = project.run(
        ("task:load", "import helpers\nx = [1]\nbox = {'x': x}"),
        ("task:change", "n = helpers.touch(x)"),
        ("task:look", "y = str(box)"),
    )
    failure = run.tasks["change"].failure  # type: ignore[index]
    assert failure is not None
    assert "changed x, but task look, cell 2, line 1, reads box, which" in failure.message


def test_what_setup_and_definitions_make_is_guarded_too(project: Project) -> None:
    run = project.run(
        ("setup", "import helpers\nseen = []"),
        ("task:change", "n = helpers.touch(seen)"),
        ("task:look", "y = len(seen)"),
    )
    failure = run.tasks["change"].failure  # type: ignore[index]
    assert failure is not None
    assert failure.message.startswith("DF201: task change, in cell 1, changed seen, but")


def test_numbers_drawn_are_those_of_run_all(project: Project) -> None:
    cells = (
        ("setup", "import random\nimport numpy as np\nrandom.seed(7)\nnp.random.seed(7)"),
        ("task:a", "a = [random.random(), np.random.rand()]"),
        ("task:b", "b = [random.randint(0, 10**9), np.random.randn()]"),
        ("task:c", "c = [random.gauss(0, 1), np.random.randint(10**9)]"),
        (
            "task:d",
            "d = [random.sample(range(99), 5), np.random.permutation(9).tolist(), random.gauss(0, 1)]",
        ),
    )
    run = succeeded(project.run(*cells, keep="all"))
    expected = run_all(*cells, folder=project.folder)
    assert {name: run.value(name) for name in "abcd"} == {name: expected[name] for name in "abcd"}
    assert {stored.name for _, stored in run.artifacts()} == set("abcd")


def test_a_seed_that_nobody_saw_stops_the_run_once(project: Project) -> None:
    (project.folder / "seeds.py").write_text(
        "import random\n\nimport numpy as np\n\n\n"
        "def everything(seed):\n    random.seed(seed)\n    np.random.seed(seed)\n"
    )
    cells = (
        ("setup", "import random\nimport numpy as np\nimport seeds"),
        ("task:begin", "seeds.everything(3)"),
        ("task:a", "a = [random.random(), np.random.rand()]"),
    )
    run = project.run(*cells, jobs=1)
    failures = [task.failure for task in run.tasks.values() if task.failure is not None]
    assert failures[0].message.startswith("DF204: task begin seeded ")
    project.run(*cells, jobs=1)  # the other generator
    again = succeeded(project.run(*cells, keep="all"))
    assert again.value("a") == [random.Random(3).random(), np.random.RandomState(3).rand()]


def test_a_draw_that_nobody_saw_stops_the_run_once(project: Project) -> None:
    cells = (
        ("setup", "import helpers\nimport numpy as np\nnp.random.seed(7)"),
        ("task:a", "a = helpers.draw()"),
        ("task:b", "b = helpers.draw()"),
    )
    run = project.run(*cells, jobs=1)
    failure = run.tasks["b"].failure  # type: ignore[index]
    assert failure is not None
    assert failure.message.startswith(
        "DF204: tasks a and b both drew from NumPy's global generator"
    )
    again = succeeded(project.run(*cells, keep="all"))
    generator = np.random.RandomState(7)
    assert [again.value("a"), again.value("b")] == [generator.rand(), generator.rand()]


def test_an_unseen_draw_below_a_seed_stops_the_run_once(project: Project) -> None:
    cells = (
        ("task:a", "import numpy as np\nnp.random.seed(7)"),
        ("task:b", "import helpers\nb = helpers.draw()"),
        ("task:c", "c = np.random.rand()"),
    )
    run = project.run(*cells)
    failure = run.tasks["b"].failure  # type: ignore[index]
    assert failure is not None
    assert failure.message == (
        "DF204: task b drew from NumPy's global generator without the state in which task a left it; "
        "in the notebook b goes on where a ended."
    )
    again = succeeded(project.run(*cells, keep="all"))
    generator = np.random.RandomState(7)
    assert [again.value("b"), again.value("c")] == [generator.rand(), generator.rand()]


def test_without_a_seed_everybody_may_draw(project: Project) -> None:
    cells = (
        ("setup", "import helpers\nimport numpy as np"),
        ("task:a", "a = helpers.draw()"),
        ("task:b", "b = helpers.draw()"),
    )
    succeeded(project.run(*cells))


def test_the_working_directory_travels(project: Project) -> None:
    (project.folder / "below").mkdir()
    run = project.run(
        ("task:go", "import os\nos.chdir('below')\nx = 1"),
        ("task:write", "open('there.txt', 'w').write(str(x)).bit_length()"),
    )
    succeeded(run)
    assert (project.folder / "below" / "there.txt").read_text() == "1"


def test_files_touched_are_recorded(project: Project) -> None:
    (project.folder / "in.csv").write_text("1")
    sqlite3.connect(project.folder / "old.db").close()
    code = """
import os, pathlib, sqlite3, helpers
name = "out"
text = pathlib.Path("in.csv").read_text()
pathlib.Path(name + ".tmp").write_text(text)
os.rename(name + ".tmp", name + ".csv")
connection = sqlite3.connect("new.db")
connection.execute("create table t (a)")
connection.close()
sqlite3.connect("old.db").execute("select 1")
open(os.path.expanduser("/dev/null")).close()
"""
    run = succeeded(project.run(("task:a", code)))
    finished = project.app.metastore.events(run.run_id)[-2]
    assert finished.files_written == ("new.db", "out.csv", "out.tmp")
    assert set(finished.files_read) == {"in.csv", "old.db", "helpers.py"}


def test_a_race_for_what_a_folder_holds_stops_the_run(project: Project) -> None:
    run = project.run(
        ("task:make", "from pathlib import Path\nPath('out').mkdir()"),
        ("task:write after:make", "name = 'out/' + 'a.txt'\nPath(name).write_text('1')"),
        ("task:look after:make", "import glob\nfound = glob.glob('out/*')"),
        jobs=1,
    )
    failure = run.tasks["look"].failure  # type: ignore[index]
    assert failure is not None
    assert failure.message == (
        "DF202: task write, cell 1, line 2, wrote out/ and task look, cell 2, line 2, read it, but nothing says "
        "which of the two comes first."
    )
    assert (failure.cell_index, failure.line) == (2, 2)
    assert "writes:out/*" in failure.hint


def test_drawing_on_axes_is_a_change(project: Project) -> None:
    cells = [
        ("task:make", "import matplotlib.pyplot as plt\nfig, axes = plt.subplots()"),
        ("task:draw", "import helpers\nn = helpers.plot([1, 2], axes)"),
        ("task:save", "fig.savefig('p.png')\nm = len(axes.lines)"),
    ]
    failure = project.run(*cells).tasks["draw"].failure  # type: ignore[index]
    assert failure is not None
    assert failure.message.startswith("DF201: task draw, in cell 1, changed ")
    run = project.run(*cells, keep="all")
    succeeded(run)
    assert run.value("m") == 1


def test_a_race_is_remembered(project: Project) -> None:
    cells = [
        ("task:write", "name = 'out'\nwritten = open(f'{name}.txt', 'w').write('1')"),
        ("task:read", "name2 = 'out'\ntext = open(f'{name2}.txt').read()"),
        ("task:list", "import os\nnames = os.listdir()"),
    ]
    assert project.run(*cells, jobs=1).state.value == "failed"
    succeeded(project.run(*cells))
    compilation = project.app.compile(project.write(*cells))
    said = [d for d in compilation.diagnostics if d.code == "DF203"]
    assert [d.message.split(",")[0] for d in said] == [
        f"This cell is taken to be tagged {tag}"
        for tag in ("writes:*", "writes:out.txt", "reads:out.txt", "reads:*")
    ]


def test_a_log_that_setup_opens_is_written_in_any_order_but_read_in_that_of_the_notebook(
    project: Project,
) -> None:
    cells = [
        ("setup", "import logging\nlogging.basicConfig(filename='run.log', level=20, force=True)"),
        ("task:a", "logging.info('a')"),
        ("task:b", "logging.info('b')"),
        ("task:quiet", "x = 1"),
    ]
    succeeded(project.run(*cells, jobs=2))
    cells.append(("task:look", "import os\nlines = open(os.path.join('run.log')).readlines()"))
    refused = project.run(*cells, jobs=1)
    failure = refused.tasks["look"].failure  # type: ignore[index]
    assert failure is not None
    told = (
        "DF202: task {} wrote run.log and task look, cell 4, line 2, read it, but nothing says which of the two "
        "comes first."
    )
    # the task that took longer the time before has its turn first, and is told
    assert failure.message in {told.format(name) for name in "ab"}


def test_a_race_beside_the_notebooks_folder_stops_the_run(project: Project) -> None:
    run = project.run(
        ("task:make", "import pathlib, tempfile\nfolder = pathlib.Path(tempfile.mkdtemp())"),
        ("task:write", "(folder / 'a.txt').write_text('1').bit_length()"),
        ("task:look", "found = sorted(p.name for p in folder.iterdir())"),
        jobs=1,
    )
    failure = run.tasks["look"].failure  # type: ignore[index]
    assert failure is not None
    assert failure.message.startswith("DF202: task write, cell 1, line 1, wrote /")
    assert "tag task look after:write" in failure.hint


def test_a_race_for_a_file_stops_the_run(project: Project) -> None:
    cells = [
        (
            "task:write",
            "import pathlib\nname = 'out'\npathlib.Path(f'{name}.txt').write_text('1').bit_length()",
        ),
        (
            "task:read",
            "import pathlib\nname2 = 'out'\ntext = pathlib.Path(f'{name2}.txt').read_text()",
        ),
    ]
    run = project.run(*cells, jobs=1)
    assert run.state.value == "failed"
    failure = run.tasks["read"].failure  # type: ignore[index]
    assert failure is not None
    assert failure.message == (
        "DF202: task write, cell 0, line 3, wrote out.txt and task read, cell 1, line 3, read it, "
        "but nothing says which of the two comes first."
    )
    assert (failure.cell_index, failure.line) == (1, 3)
    assert "after:write" in failure.hint
    cells[1] = ("task:read after:write", cells[1][1])
    succeeded(project.run(*cells))


UNSEEN = [
    ("task:name", "import pathlib\nname = 'ou' + 't.txt'"),
    (
        "task:write after:name",
        "import subprocess\nstatus = subprocess.call(f'n={name}; echo 2 > $n', shell=True)",
    ),
    ("task:read after:name priority:10", "text = pathlib.Path(name).read_text()"),
    ("task:report after:write after:read", "print(text)"),
]


def test_a_file_that_another_program_wrote_after_it_was_read_stops_the_run(
    project: Project,
) -> None:
    (project.folder / "out.txt").write_text("1")
    run = project.run(*UNSEEN, jobs=1)
    assert run.state.value == "failed"
    failure = run.tasks["report"].failure  # type: ignore[index]
    assert failure is not None
    assert failure.message == (
        "DF202: out.txt changed after task read had read it, while task write ran, and nothing says "
        "which comes first."
    )
    assert failure.hint == (
        "Another program or a library may have written it there, where Python does not see it. Run it "
        "again: that is known from now on. To say so in the notebook, tag task write writes:out.txt and "
        "task read reads:out.txt; or tag task read after:write."
    )
    (project.folder / "out.txt").write_text("1")
    assert succeeded(project.run(*UNSEEN, jobs=1)).value("text") == "2\n"


def test_a_file_that_another_program_was_handed_counts_for_both_sides(project: Project) -> None:
    write = (
        UNSEEN[1][0],
        "import subprocess\nstatus = subprocess.call(f'echo 2 > {name}', shell=True)",
    )
    cells = [UNSEEN[0], write, ("task:read after:name keep:text", UNSEEN[2][1])]
    (project.folder / "out.txt").write_text("1")
    failures = [task.failure for task in project.run(*cells, jobs=1).tasks.values()]
    (failure,) = [each for each in failures if each is not None]
    assert failure.message.startswith(
        "DF202: task write, cell 1, line 2, wrote out.txt and task read"
    )
    assert succeeded(project.run(*cells)).value("text") == "2\n"


@pytest.mark.parametrize("reader", ["task:read after:name", "task:read after:name after:write"])
def test_a_file_that_another_program_wrote_before_it_was_read_is_none_of_it(
    reader: str, project: Project
) -> None:
    cells = [*UNSEEN[:2], (reader, UNSEEN[2][1]), UNSEEN[3]]
    assert succeeded(project.run(*cells, jobs=1)).value("text") == "2\n"


def test_a_file_that_another_program_moved_there_after_it_was_read_stops_the_run(
    project: Project,
) -> None:
    (project.folder / "out.txt").write_text("1")
    (project.folder / "other.txt").write_text("2")
    move = ("task:write after:name", "subprocess.call(f'n={name}; mv other.txt $n', shell=True)")
    name = ("task:name", f"import subprocess\n{UNSEEN[0][1]}")
    run = project.run(name, move, *UNSEEN[2:], jobs=1)
    failure = run.tasks["report"].failure  # type: ignore[index]
    assert failure is not None
    assert failure.message.startswith("DF202: out.txt changed after task read had read it")


SETUP_READS = [
    ("setup", "from pathlib import Path\nname = 'state' + '.txt'\nstate = Path(name).read_text()"),
    ("task:change", "Path(name).write_text(state + '1')"),
    ("task:look after:change", "seen = state"),
]


def test_a_file_that_setup_reads_is_not_written_by_a_task(project: Project) -> None:
    (project.folder / "state.txt").write_text("1")
    run = project.run(*SETUP_READS)
    failure = run.tasks["change"].failure  # type: ignore[index]
    assert failure is not None
    assert failure.message == (
        "DF202: task change wrote state.txt, which setup reads or writes before every task; so others "
        "would not find it as it was when the notebook began, or not as this task left it."
    )


def test_the_last_task_of_all_may_write_what_setup_reads(project: Project) -> None:
    (project.folder / "state.txt").write_text("1")
    setup, change, _ = SETUP_READS
    succeeded(
        project.run(setup, ("task:look", "seen = state"), ("task:change after:look", change[1]))
    )


def test_a_file_that_somebody_else_writes_is_none_of_it(project: Project) -> None:
    """A log that grows between tasks, say; or one that the task itself has another program sort."""
    (project.folder / "out.txt").write_text("1")
    mine = "import subprocess\ntext = open(f'{name}.txt').read()\nsubprocess.call(f'sort -o {name}.txt {name}.txt', shell=True)"
    succeeded(project.run(("task:a", "name = 'out'"), ("task:b", mine), ("task:c after:b", "1")))


BY_WAY_OF_AN_OBJECT = [
    (
        "task:a",
        "class C:\n    n = 0\n    def inc(self):\n        exec('type(x).n = 5', {'x': self})\nmake = C",
    ),
    ("task:b", "m = 1"),
    ("task:b", "d = make()\nd.inc()"),
    ("task:c", "k = 1\ny = C.n"),
]


def test_a_class_that_no_line_of_the_task_names(project: Project) -> None:
    run = project.run(*BY_WAY_OF_AN_OBJECT)
    failure = run.tasks["b"].failure  # type: ignore[index]
    assert failure is not None
    assert failure.message == (
        "DF201: task b, in cell 1 or 2, changed C, but task c, cell 3, line 2, reads it as it was before."
    )
    assert (failure.cell_index, failure.line) == (1, None)


def test_how_it_reads(project: Project) -> None:
    run = project.run(LOAD, ("task:change", "n = helpers.touch(x)"), ("task:look", "y = list(x)"))
    out = io.StringIO()
    task = run.tasks["change"]  # type: ignore[index]
    assert task.failure is not None
    out.write(failure_block(task, failure=task.failure, notebook="nb.ipynb"))
    lines = out.getvalue().splitlines()
    assert lines[0].startswith("task change failed: DF201: ")
    assert any(line.startswith("where:") and "cell 1" in line for line in lines)
    assert "tag a cell of the task mutates:x" in lines[-1]
