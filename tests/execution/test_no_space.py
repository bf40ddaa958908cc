"""A disk that is full fails what does not fit, with a kind of its own; nothing half-written stays or is believed."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_dagflow.core.states import RunState, TaskState
from jupyter_dagflow.execution import patience
from tests.execution.full_disk import Disk
from tests.execution.processes import until
from tests.execution.projects import Project

LIMITED = """
import resource
limits = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, ({room}, limits[1]))
"""


@pytest.fixture(params=["small disk", "limit"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Disk]:
    disk = Disk(tmp_path / "disk", mount=request.param == "small disk")
    yield disk
    disk.close()


@pytest.fixture
def project(disk: Disk, kernels: Path) -> Iterator[Project]:
    assert kernels.exists()
    project = Project(disk.path)
    yield project
    project.close()


def files_of(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*") if path.is_file()}


# 100,000 bytes: the value does not fit, what is told of it does. None: not even that does.
@pytest.mark.parametrize("room", [100_000, 0])
def test_a_value_that_does_not_fit_fails_its_task(project: Project, room: int) -> None:
    home = project.app.settings.home
    cells = [
        ("task:a keep:x", "x = 1"),
        ("task:b", LIMITED.format(room=room) + "y = b'y' * 1_000_000 + bytes([x])"),
        ("task:c", "print(len(y))"),
    ]
    run = project.run(*cells)
    assert run.state is RunState.FAILED
    assert run.exit_code == 3
    assert [task.state for task in run.tasks.values()] == [
        TaskState.SUCCESS,
        TaskState.FAILED,
        TaskState.UPSTREAM_FAILED,
    ]
    failure = run.tasks["b"].failure
    assert failure is not None
    assert failure.kind == "no_space"
    assert failure.message.startswith("There is no space left for what task b leaves")
    assert "dagflow artifacts gc" in failure.hint
    assert run.tasks["b"].stored == ()
    left = files_of(home / "artifacts") | files_of(home / "runs")
    assert not [name for name in left if name.startswith(".") or name.endswith(".tmp")]
    assert run.value("x") == 1
    again = project.run(*cells[:1], ("task:b", "y = b'y' * 1_000_000 + bytes([x])"), cells[2])
    assert again.state is RunState.SUCCESS
    assert again.tasks["a"].cached


WAITS = """
import os, time
while not os.path.exists("go"):
    time.sleep(0.01)
"""


def test_a_taskbook_that_does_not_fit_fails_its_task(
    project: Project,
    disk: Disk,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(patience, "PAUSE_S", 0.02)
    with caplog.at_level(logging.WARNING, logger="jupyter_dagflow"):
        started = threading.Event()
        live = project.app.start(
            project.write(("task:a", WAITS + "print('done')"), ("task:b after:a", "x = 1")),
            sinks=[lambda news: started.set() if getattr(news, "total", 0) else None],
        )
        assert started.wait(60)
        with disk.full():
            (project.folder / "go").touch()
            until(lambda: "waits, and tries again" in caplog.text)
            assert live.is_alive
        assert live.wait(60)
    assert live.state is RunState.FAILED
    failure = live.tasks["a"].failure
    assert failure is not None
    assert failure.kind == "no_space"
    assert live.exit_code == 3
    assert live.tasks["b"].state is TaskState.UPSTREAM_FAILED
    assert live.notebook_path is not None
    left = files_of(project.app.settings.home / "runs")
    assert not [name for name in left if name.endswith(".tmp")]
    stored = project.app.open_run(live.run_id)
    assert stored.state is RunState.FAILED
