"""What is left when a process and its fork server are killed at once, and who removes it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jupyter_dagflow.execution.held_folders import HeldFolder, sweep
from jupyter_dagflow.execution.kernel_pool import KernelKind, KernelPools
from tests.execution.pooled import ready
from tests.execution.processes import is_gone, is_stopped, parent_of, until

OWNER = """\
import json, os, sys, threading
from pathlib import Path
from jupyter_dagflow.execution.kernel_pool import KernelKind, KernelPools

folder, forks, name = Path(sys.argv[1]), sys.argv[2] == "True", sys.argv[3]
pools = KernelPools(logs=folder / "kernels", ahead=1, forks=forks)
kind = KernelKind(name=name, folder=folder, environment=frozenset(os.environ.items()))
kernel = pools.take(kind)
kernel.becomes_ready(unless=threading.Event())
print(json.dumps([kernel.pid, str(kernel.connection_file.parent)]), flush=True)
sys.stdin.read()
"""
START_KERNEL = """\
import asyncio, json, os, sys
from pathlib import Path
from jupyter_dagflow.execution.kernel_process import TaskKernel

async def main():
    kernel = TaskKernel(sys.argv[2], logs=Path(sys.argv[1]) / "kernels")
    await kernel.begin(cwd=Path(sys.argv[1]))
    print(json.dumps([kernel.provisioner.pid, str(Path(kernel.connection_file).parent)]), flush=True)
    sys.stdin.read()

asyncio.run(main())
"""


@pytest.fixture
def temporary(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for temporary files that nobody else uses, with a path that is short enough for sockets."""
    with tempfile.TemporaryDirectory(prefix="left-", dir="/tmp") as folder:
        monkeypatch.setenv("TMPDIR", folder)
        monkeypatch.setattr(tempfile, "tempdir", folder)
        yield Path(folder)


@pytest.fixture
def sleeping(kernels: Path) -> str:
    """A kernelspec whose process takes no notice of whether its parent lives."""
    folder = kernels / "kernels" / "dagflow-sleeping"
    folder.mkdir(exist_ok=True)
    argv = [sys.executable, "-c", "import time; time.sleep(3600)"]
    spec = {"argv": argv, "display_name": "Sleeping", "language": "python"}
    (folder / "kernel.json").write_text(json.dumps(spec))
    return "dagflow-sleeping"


def start(program: str, *arguments: object) -> tuple[subprocess.Popen[str], int, Path]:
    """A process that has begun a kernel, the kernel's process, and the folder of its sockets."""
    owner = subprocess.Popen(
        [sys.executable, "-c", program, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert owner.stdout is not None
    pid, sockets = json.loads(owner.stdout.readline())
    return owner, pid, Path(sockets)


def kill_at_once(owner: subprocess.Popen[str], *others: int) -> None:
    """Kill processes so that none of them sees another end."""
    for pid in (*others, owner.pid):
        os.kill(pid, signal.SIGSTOP)
    until(lambda: all(map(is_stopped, (*others, owner.pid))))
    for pid in (*others, owner.pid):
        os.kill(pid, signal.SIGKILL)
    with owner:
        owner.wait()


@pytest.mark.parametrize(("forks", "name"), [(True, "dagflow-test"), (False, "dagflow-sleeping")])
def test_kernels_end_and_the_next_start_removes_the_folders(
    tmp_path: Path, temporary: Path, sleeping: str, forks: bool, name: str
) -> None:
    owner, pid, sockets = start(OWNER, tmp_path, forks, name)
    other, alive, kept = start(OWNER, tmp_path, forks, name)
    kill_at_once(owner, parent_of(pid))
    until(lambda: is_gone(pid))
    assert sockets.exists()
    assert len(list((tmp_path / "kernels").iterdir())) == 2

    pools = KernelPools(logs=tmp_path / "kernels", ahead=1, forks=forks)
    kind = KernelKind(name=name, folder=tmp_path, environment=frozenset(os.environ.items()))
    assert ready(pools, kind) is not None
    assert not sockets.exists()
    assert kept.exists(), "its process lives"
    assert not is_gone(alive)
    assert len(list((tmp_path / "kernels").iterdir())) == 2
    pools.close()
    kill_at_once(other, parent_of(alive))
    until(lambda: is_gone(alive))
    sweep(tmp_path / "kernels")
    assert list((tmp_path / "kernels").iterdir()) == []


def test_a_kernel_of_no_pool_ends_and_the_next_start_removes_what_it_needed(
    tmp_path: Path, temporary: Path, sleeping: str
) -> None:
    owner, pid, sockets = start(START_KERNEL, tmp_path, sleeping)
    kill_at_once(owner)
    until(lambda: is_gone(pid))
    assert sockets.exists()
    assert len(list((tmp_path / "kernels").iterdir())) == 1
    pools = KernelPools(logs=tmp_path / "kernels", ahead=1)
    environment = frozenset(os.environ.items())
    pools.take(KernelKind(name="no-such-kernel", folder=tmp_path, environment=environment))
    assert list(temporary.iterdir()) == []
    assert list((tmp_path / "kernels").iterdir()) == []


def test_nothing_is_left_of_a_server_that_could_not_be_started(
    tmp_path: Path, temporary: Path, kernels: Path
) -> None:
    pools = KernelPools(logs=tmp_path / "kernels", ahead=1)
    kind = KernelKind(
        name="dagflow-test",
        folder=tmp_path / "nowhere",
        environment=frozenset(os.environ.items()),
    )
    assert pools.take(kind) is None
    assert list(temporary.iterdir()) == []
    assert list((tmp_path / "kernels").iterdir()) == []


def test_only_folders_that_nobody_holds_are_swept(tmp_path: Path) -> None:
    held = HeldFolder(tmp_path, prefix="dagflow-")
    (tmp_path / "dagflow-of-a-user").mkdir()
    (tmp_path / "dagflow-file").write_text("mine")
    dead = tmp_path / "dagflow-dead"
    dead.mkdir()
    (dead / ".held").touch()
    (dead / "kernel.json").touch()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / ".held").touch()
    sweep(tmp_path, prefix="dagflow-")
    assert held.path.exists()
    names = {"dagflow-of-a-user", "dagflow-file", "other", held.path.name}
    assert {path.name for path in tmp_path.iterdir()} == names
    held.remove()
    assert not held.path.exists()
    sweep(tmp_path / "nowhere")


def test_a_folder_that_is_swept_before_it_is_locked_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    make: Callable[..., str] = tempfile.mkdtemp

    def make_and_sweep(**options: object) -> str:
        made.append(make(**options))
        if len(made) == 1:
            (Path(made[0]) / ".held").touch()
            sweep(tmp_path)
        return made[-1]

    monkeypatch.setattr(tempfile, "mkdtemp", make_and_sweep)
    held = HeldFolder(tmp_path)
    assert [str(path) for path in tmp_path.iterdir()] == [str(held.path)] == made[1:]
    held.remove()
