"""Tasks in kernels of their own choice."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_dagflow.core.errors import KernelNotInstalled, NotebookError
from jupyter_dagflow.core.states import RunState
from tests.execution.projects import Project

WHICH = "import os\nwhich = os.environ.get('WHICH', 'the first')"


@pytest.fixture
def project(tmp_path: Path, kernels: Path) -> Iterator[Project]:
    _install(kernels, "dagflow-other", WHICH="the other")
    _install(kernels, "dagflow-r", language="R")
    project = Project(tmp_path, keep="all")
    yield project
    project.close()


def _install(kernels: Path, name: str, *, language: str = "python", **environment: str) -> None:
    folder = kernels / "kernels" / name
    folder.mkdir(exist_ok=True)
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = {"argv": argv, "display_name": name, "language": language, "env": environment}
    (folder / "kernel.json").write_text(json.dumps(spec))


def test_a_task_runs_in_the_kernel_that_it_names(project: Project) -> None:
    cells = (
        ("task:a", WHICH + "\nfirst = which"),
        ("task:b kernel:dagflow-other", WHICH + "\nsecond = first + ', ' + which"),
        ("task:c", "third = second.upper()"),
    )
    run = project.run(*cells)
    assert run.state is RunState.SUCCESS
    assert run.value("second") == "the first, the other"
    assert run.value("third") == "THE FIRST, THE OTHER"
    book = json.loads(run.taskbook_path("b").read_text())
    assert book["metadata"]["kernelspec"]["name"] == "dagflow-other"
    again = project.run(*cells)
    assert all(task.cached for task in again.tasks.values())
    moved = project.run(cells[0], ("task:b", cells[1][1]), cells[2])
    assert {name: task.cached for name, task in moved.tasks.items()} == {
        "a": True,
        "b": False,
        "c": False,
    }
    assert moved.value("second") == "the first, the first"


def test_a_kernel_that_is_missing_is_told_with_the_task_before_anything_runs(
    project: Project,
) -> None:
    cells = ("task:a", "x = 1"), ("task:b kernel:nowhere", "y = x")
    with pytest.raises(KernelNotInstalled) as caught:
        project.run(*cells)
    assert caught.value.message == ("Task b asks for the kernel 'nowhere', which is not installed.")
    assert caught.value.where.cell_index == 1
    assert "dagflow-other" in caught.value.hint
    assert project.app.history() == []


def test_a_kernel_of_another_language_runs_no_task(project: Project) -> None:
    with pytest.raises(NotebookError) as caught:
        project.run(("task:a kernel:dagflow-r", "x = 1"))
    assert caught.value.message == (
        "Task a asks for the kernel 'dagflow-r', which runs R; a task is Python."
    )
    assert "%%R" in caught.value.hint


@pytest.mark.parametrize(
    ("ran", "fresh", "early"), [(False, False, True), (True, False, False), (True, True, True)]
)
def test_what_starts_kernels_begins_while_compiling_if_nothing_could_be_reused(
    ran: bool, fresh: bool, early: bool, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = []
    cells = (("task:a", "x = 1"),)
    if ran:
        assert project.run(*cells).state is RunState.SUCCESS
    monkeypatch.setattr(project.app.kernels, "begin_early", begun.append)
    compiled = []
    project.app.prepare(
        project.write(*cells), fresh=fresh, on_compiled=lambda _: compiled.append(list(begun))
    )
    assert [kind.name for kind in begun] == ["dagflow-test"] * early
    assert compiled == [begun], "before it was compiled"
