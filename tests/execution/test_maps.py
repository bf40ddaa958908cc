"""Mapped loops, in real kernels."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_dagflow.core.states import RunState, TaskState
from tests.execution.projects import Project

LOAD = ("task:load", "xs = [1, 2, 3]\nk = 2")
TRAIN = (
    "task:train map keep:scores",
    "scores = []\nfor x in xs:\n    print('x', x)\n    s = x * k\n    scores.append(s)",
)


@pytest.fixture
def project(tmp_path: Path, kernels: Path) -> Iterator[Project]:
    project = Project(tmp_path)
    yield project
    project.close()


def test_each_iteration_is_an_instance_and_they_are_gathered_in_order(project: Project) -> None:
    run = project.run(LOAD, TRAIN)
    assert run.error is None
    assert run.state is RunState.SUCCESS
    assert list(run.tasks) == ["load", "train", "train[0]", "train[1]", "train[2]"]
    assert {task.state for task in run.tasks.values()} == {TaskState.SUCCESS}
    assert run.value("scores") == [2, 4, 6]
