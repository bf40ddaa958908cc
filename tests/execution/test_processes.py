"""Telling processes apart, and ending those whose owner is gone."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from jupyter_dagflow.core.lease import Life
from jupyter_dagflow.execution.processes import end_group, life_of, owner_of, this_process
from jupyter_dagflow.execution.running_kernel import (
    end_kernel,
    end_what_is_left,
    note_kernel,
)
from jupyter_dagflow.kernel_side import marks

WITH_A_CHILD = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(child.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture
def leader() -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A process that leads a group, and its child's id."""
    command = [sys.executable, "-c", WITH_A_CHILD]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert process.stdout is not None
    child = int(process.stdout.readline())
    yield process, child
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()


def lives(pid: int) -> bool:
    return life_of(owner_of(pid)) is not Life.GONE


def until(condition: Callable[[], bool]) -> None:
    while not condition():
        time.sleep(0.01)


def test_the_lives_of_a_process(leader: tuple[subprocess.Popen[str], int]) -> None:
    process, _ = leader
    owner = owner_of(process.pid)
    assert life_of(owner) is Life.ALIVE
    os.kill(process.pid, signal.SIGSTOP)
    until(lambda: life_of(owner) is Life.STOPPED)
    os.kill(process.pid, signal.SIGCONT)
    until(lambda: life_of(owner) is Life.ALIVE)
    os.kill(process.pid, signal.SIGKILL)
    until(lambda: life_of(owner) is Life.GONE)  # though nobody has collected it yet
    process.wait()
    assert life_of(owner) is Life.GONE


def test_another_process_of_the_same_id_is_another() -> None:
    ours = this_process()
    assert life_of(ours) is Life.ALIVE
    assert life_of(replace(ours, began="1")) is Life.GONE


def test_what_another_machine_runs_cannot_be_told_from_here() -> None:
    ours = this_process()
    assert life_of(replace(ours, machine="m", host="elsewhere", boot="b")) is Life.UNKNOWN
    assert life_of(replace(ours, space="another container")) is Life.UNKNOWN


@pytest.mark.parametrize("machine", ["m", ""])
def test_what_ran_before_this_machine_was_started_is_gone(
    machine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def surroundings() -> tuple[str, str, str]:
        return "this boot", "space", machine

    monkeypatch.setattr("jupyter_dagflow.execution.processes._whereabouts", surroundings)
    before = replace(this_process(), boot="the boot before")
    assert life_of(before) is (Life.GONE if machine else Life.UNKNOWN)


def test_a_group_is_ended_even_if_its_leader_is_gone(
    leader: tuple[subprocess.Popen[str], int],
) -> None:
    process, child = leader
    owner = owner_of(process.pid)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert lives(child)
    end_group(owner)
    assert not lives(child)


def test_another_group_that_has_the_id_now_is_left_alone(
    leader: tuple[subprocess.Popen[str], int],
) -> None:
    process, child = leader
    owner = owner_of(process.pid)
    for other in (
        replace(owner, began="1"),
        replace(owner, boot="before"),
        replace(owner, space="there"),
    ):
        end_group(other)
    assert lives(process.pid)
    assert lives(child)


def test_a_kernel_that_was_noted_is_ended(
    leader: tuple[subprocess.Popen[str], int], tmp_path: Path
) -> None:
    process, child = leader
    path = tmp_path / "process.json"
    note_kernel(path, process.pid)
    end_kernel(path)
    process.wait()
    assert not lives(child)
    path.write_text("{")
    end_kernel(path)  # told in the log


@pytest.fixture
def daemons() -> Iterator[tuple[str, list[int]]]:
    """A mark, and processes that carry it: one that was begun with it, and one that was forked and is nobody's child."""
    mark = secrets.token_hex(len(marks.BLANK))[
        : len(marks.BLANK)
    ]  # no other test's at the same time
    program = FORKS_A_DAEMON.format(marks=marks.__file__, mark=mark)
    environment = {marks.VARIABLE: marks.BLANK}
    told = subprocess.run(
        [sys.executable, "-c", program], env=environment, stdout=subprocess.PIPE, check=True
    ).stdout
    begun = subprocess.Popen(["sleep", "600"], env={**os.environ, marks.VARIABLE: mark})
    pids = [int(told), begun.pid]
    yield mark, pids
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    begun.wait()


FORKS_A_DAEMON = """
import os, runpy, sys, time
marks = runpy.run_path({marks!r})
if os.fork() == 0:
    marks["put"]({mark!r})
    marks["hide"]()
    assert marks["VARIABLE"] not in os.environ
    os.setsid()
    if os.fork() == 0:
        print(os.getpid(), flush=True)
        os.closerange(0, 1000)
        time.sleep(600)
    os._exit(0)
os.wait()
"""


@pytest.mark.parametrize(
    "by", [end_kernel, lambda path: end_what_is_left([path])], ids=["its kernel", "what is left"]
)
def test_what_a_kernel_has_left_is_found_by_its_mark(
    by: Callable[[Path], None],
    daemons: tuple[str, list[int]],
    leader: tuple[subprocess.Popen[str], int],
    tmp_path: Path,
) -> None:
    mark, pids = daemons
    assert sorted(marks.carriers([mark])) == sorted(pids)
    process, _ = leader
    path = tmp_path / "process.json"
    note_kernel(path, process.pid, mark="d" * len(mark))
    by(path)
    assert all(map(lives, pids)), "what another kernel has started"
    path.unlink()
    note_kernel(path, os.getpid(), mark="")
    end_what_is_left([path])  # of a kernel that has no mark nothing is found
    assert all(map(lives, pids))
    path.unlink()
    note_kernel(path, process.pid, mark=mark)
    by(path)
    assert not any(map(lives, pids))


def test_a_kernel_that_was_not_noted_in_time_is_to_run_nothing(
    leader: tuple[subprocess.Popen[str], int], tmp_path: Path
) -> None:
    process, child = leader
    path = tmp_path / "1" / "process.json"  # of an attempt that had not even a folder
    for _ in range(2):  # whoever took the run over may have died, too
        end_kernel(path)
    with pytest.raises(FileExistsError):
        note_kernel(path, process.pid)
    end_kernel(path)
    assert lives(process.pid)
    assert lives(child)
