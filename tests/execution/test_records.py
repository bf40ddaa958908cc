"""What is recorded of real runs: what each task was made of, whether or not anything may be reused."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from jupyter_dagflow.core.events import RunCreated, TaskFinished
from jupyter_dagflow.core.model import RunId, TaskName
from jupyter_dagflow.core.records import Origin, Surroundings, TaskRecord
from jupyter_dagflow.core.run import replay
from jupyter_dagflow.run_handle import Run
from jupyter_dagflow.verifying import Verifying
from jupyter_dagflow.wire import event_from_dict, event_to_dict
from tests.execution.projects import Project

CELLS = [
    ("parameters", "n = 3"),
    ("setup", "import numpy as np"),
    ("task:load", "import helpers\nrows = [*map(int, open('data.txt'))]"),
    ("task:total metric:total", "total = sum(rows) + n"),
    ("task:skipped when:n>5", "print('large')"),
]


@pytest.fixture
def project(tmp_path: Path, kernels: Path) -> Iterator[Project]:
    project = Project(tmp_path, helpers="one = 1\n")
    (project.folder / "data.txt").write_text("1\n2\n")
    yield project
    project.close()


def records(run: Run) -> dict[str, TaskRecord | None]:
    return {name: task.record for name, task in run.tasks.items()}


def surroundings(run: Run, task: str) -> Surroundings:
    found = run.view.surroundings_of(run.tasks[TaskName(task)])
    assert found is not None
    return found


def test_a_run_tells_what_it_was_made_of(project: Project) -> None:
    run = project.run(*CELLS)
    assert run.view.record is not None
    assert run.view.record.origin is Origin.PYTHON
    assert run.view.options["folder"] == str(project.folder)
    of_load, of_total, of_skipped = records(run).values()
    assert of_load is not None
    assert of_total is not None
    assert of_skipped is not None
    assert of_load.files.keys() == {"data.txt"}
    assert of_total.inputs == {"rows": run.tasks[TaskName("load")].stored[0].digest}
    assert len({record.code for record in (of_load, of_total, of_skipped)}) == 3
    here = surroundings(run, "load")
    assert (here.kernel, here.python) == ("dagflow-test", platform.python_version())
    assert here.packages.keys() >= {"numpy"}
    assert here.modules.keys() == {"helpers.py"}
    assert surroundings(run, "skipped").kernel == "dagflow-test"

    reused = project.run(*CELLS)
    assert reused.tasks[TaskName("total")].cached
    assert records(reused) == records(run), "what was reused was made of the same"
    assert surroundings(reused, "load") == here


def test_it_is_recorded_also_where_nothing_is_reused(project: Project) -> None:
    first = project.run(*CELLS, fresh=True)
    fresh = project.run(*CELLS, fresh=True)
    assert records(fresh) == records(first)
    assert not any(task.cached for task in fresh.tasks.values())
    prepared = project.app.prepare(project.write(*CELLS))
    verifying = Verifying(project.app, prepared)
    dag = verifying.start_dag()
    dag.wait()
    for name in ("load", "total"):
        verified, known = records(dag)[name], records(first)[name]
        assert verified is not None
        assert known is not None
        assert verified.code == known.code
        assert verified.files == known.files
    run_all = verifying.start_run_all(dag)
    run_all.wait()
    assert all(record is not None and record.code for record in records(run_all).values())
    off = project.run(*[(f"{t} cache:off" if "task" in t else t, s) for t, s in CELLS])
    assert records(off) == records(first)


def test_what_common_surroundings_cost_is_paid_once(project: Project) -> None:
    tasks = [(f"task:t{number}", f"x{number} = {number}") for number in range(12)]
    run = project.run(CELLS[1], *tasks)
    log = project.app.metastore.events(run.run_id)
    ended = [event for event in log if isinstance(event, TaskFinished)]
    assert len(ended) == len(tasks)
    told = [event.surroundings for event in ended if event.surroundings is not None]
    assert len(told) == len(
        {json.dumps(event_to_dict(e)["record"]) for e in ended if e.surroundings}
    )
    assert len(told) < len(tasks) / 2
    assert all(len(json.dumps(event_to_dict(event)["record"])) < 300 for event in ended)


def test_what_changed_between_two_runs_is_found(project: Project) -> None:
    before = project.run(*CELLS)
    (project.folder / "data.txt").write_text("1\n20\n")
    (project.folder / "helpers.py").write_text("one = 11\n")
    edited = [*CELLS[:3], ("task:total metric:total", "total = sum(rows) - n  # less"), *CELLS[4:]]
    after = project.app.run(project.write(*edited), parameters={"n": 4})
    diff = project.app.diff(before.run_id, after.run_id)
    assert [(change.name, change.tasks[0]) for change in diff.files] == [
        ("data.txt", "load"),
        ("helpers.py", "load"),
    ]
    assert [(change.name, change.before, change.after) for change in diff.parameters] == [
        ("n", "3", "4")
    ]
    (code,) = diff.code
    assert code.diff.endswith("-total = sum(rows) + n\n+total = sum(rows) - n")
    assert [(m.name, m.before, m.after) for m in diff.metrics] == [("total", 6, 17)]
    assert [(each.task, each.name) for each in diff.inputs] == [("total", "rows")]
    assert diff.unexplained == ()
    assert diff.unknown == ()
    assert diff.summary == (
        "total 6 → 17. What differs: the code of task total; parameter n 3 → 4; "
        "files data.txt, helpers.py."
    )


def test_chance_is_told_from_cause(project: Project) -> None:
    cells = [("task:draw keep:t", "import time\nt = time.time_ns()"), ("task:same", "u = 1")]
    runs = [project.run(*cells, fresh=True) for _ in range(2)]
    diff = project.app.diff(*(run.run_id for run in runs))
    assert [(result.task, result.names) for result in diff.unexplained] == [("draw", ("t",))]
    causes = (*diff.versions, *diff.files, *diff.code, *diff.parameters)
    assert causes == ()


def test_a_failed_attempt_is_recorded_as_far_as_it_came(project: Project) -> None:
    run = project.run(*CELLS[:4], ("task:bad", "total / 0"))
    record = run.tasks[TaskName("bad")].record
    assert record is not None
    assert record.inputs.keys() == {"total"}
    assert record.code
    assert surroundings(run, "bad") == Surroundings(kernel="dagflow-test")


def test_runs_of_earlier_versions_can_be_read_shown_and_compared(project: Project) -> None:
    new = project.run(*CELLS)
    log = []
    for event in project.app.metastore.events(new.run_id):
        body = event_to_dict(event)
        body.pop("record", None)
        body.pop("surroundings", None)
        log.append(replace(event_from_dict(body), run_id=RunId("20200101-000000-abcdef")))
    created = log[0]
    assert isinstance(created, RunCreated)
    assert created.record is None
    assert replay(log).tasks.keys() == new.tasks.keys()
    project.app.metastore.append(created.run_id, log)
    old = project.app.open_run(created.run_id)
    assert old.record_document().record is None
    assert old.record_document().records == {}
    diff = project.app.diff(created.run_id, new.run_id)
    assert len(diff.unknown) == 2


def test_the_exact_source_of_a_run_is_kept(project: Project) -> None:
    path = project.write(*CELLS)
    before = path.read_bytes()
    run = project.app.run(path)
    path.write_text("{}")
    assert run.source_path.read_bytes() == before
