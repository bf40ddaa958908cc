"""What is told of processes: by Linux's own files and by psutil alike."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from types import ModuleType

import pytest

from jupyter_dagflow.execution import proc_table, psutil_table
from tests.execution.processes import until

SLEEPER = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)"]
PARENT = f"""
import subprocess
child = subprocess.Popen({SLEEPER!r}, stdout=subprocess.PIPE)
child.stdout.readline()
print(child.pid, flush=True)
child.wait()
"""


@pytest.fixture(params=[proc_table, psutil_table], ids=lambda module: module.__name__[-12:])
def table(request: pytest.FixtureRequest) -> ModuleType:
    if request.param is proc_table and sys.platform != "linux":
        pytest.fail("asked for on Linux only")
    module: ModuleType = request.param
    return module


def test_what_is_told_of_a_process_and_those_below_it(table: ModuleType) -> None:
    command = [sys.executable, "-c", PARENT]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        began = table.began(parent.pid)
        assert began
        assert began == table.began(parent.pid)
        assert table.below(parent.pid) == {child}
        assert parent.pid in table.below(os.getpid())
        assert child in table.below(os.getpid())
        assert table.group_lives(parent.pid)
        assert not table.is_stopped(parent.pid)
        os.kill(parent.pid, signal.SIGSTOP)
        until(lambda: table.is_stopped(parent.pid))
        assert table.began(parent.pid) == began
        os.killpg(parent.pid, signal.SIGKILL)
        until(lambda: table.began(parent.pid) is None)  # though nobody has collected it yet
        assert table.below(parent.pid) == set()
    until(lambda: not table.group_lives(parent.pid))
    assert not table.is_stopped(parent.pid)


def test_where_processes_are_is_told_the_same_each_time(table: ModuleType) -> None:
    assert table.whereabouts() == table.whereabouts()
    assert all(isinstance(part, str) for part in table.whereabouts())
