"""Kernels that die, do not start, or are stopped: told apart, reported once, nothing left."""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from jupyter_dagflow.core.errors import KernelNotInstalled
from jupyter_dagflow.core.model import TaskName
from jupyter_dagflow.execution.failure import kernel_died
from jupyter_dagflow.execution.kernels import require_kernel
from jupyter_dagflow.execution.oom import RanOut
from tests.execution.processes import is_gone


@pytest.mark.parametrize(
    ("source", "manner"),
    [
        ("import os; os._exit(3)", "it exited with code 3"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "it was killed by SIGKILL"),
        ("import ctypes; ctypes.string_at(0)", "it was killed by SIGSEGV"),
    ],
)
def test_a_kernel_that_dies_says_where_and_how(
    bench: Any, source: str, manner: str, capfd: pytest.CaptureFixture[str]
) -> None:
    bench.task("a", "x = 1", source, writes="x")
    ended = bench.run("a")
    assert ended.failure.kind == "kernel_died"
    assert ended.failure.message == f"The kernel died in cell 1: {manner}."
    assert ended.failure.hint
    assert not ended.stopped
    assert ended.stored == ()
    gc.collect()  # what asyncio has to say of tasks it never finished, it says then
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("exit_code", [3, -9, -11, -15])
@pytest.mark.parametrize("ran_out", RanOut)
def test_a_death_is_told_with_what_is_known_of_memory(
    bench: Any, exit_code: int, ran_out: RanOut, snapshot: SnapshotAssertion
) -> None:
    bench.task("a", "x = 1")
    failure = kernel_died(exit_code, bench.prepare("a"), cell="cell0", log="", ran_out=ran_out)
    assert (failure.kind, failure.message, failure.hint) == snapshot


RUNS_OUT = """\
import resource
pages = int(open('/proc/self/statm').read().split()[0])
limit = pages * resource.getpagesize() + 200_000_000
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
print('begun')
much = bytearray(2_000_000_000)
"""


@pytest.mark.parametrize(
    "source", [RUNS_OUT, "import numpy\n" + RUNS_OUT.replace("bytearray", "numpy.ones")]
)
def test_memory_that_runs_out_is_a_failure_of_its_own(bench: Any, source: str) -> None:
    bench.task("a", source, "never = 1")
    failure = bench.run("a").failure
    assert failure.kind == "out_of_memory"
    assert "MemoryError" in failure.message
    assert (failure.cell_index, failure.line) == (0, len(source.splitlines()))
    assert "--jobs 1" in failure.hint
    assert "begun" in bench.taskbook("a")


def test_a_crash_shows_what_the_library_said(bench: Any) -> None:
    bench.task("a", "import os; os.write(2, b'out of widgets\\n'); os.abort()")
    assert "out of widgets" in bench.run("a").failure.last_lines


def test_a_crash_tells_the_line_of_the_cell(bench: Any) -> None:
    bench.task("a", "\n\nimport ctypes\ndef crash():\n    ctypes.string_at(0)\n\ncrash()")
    failure = bench.run("a").failure
    assert (failure.kind, failure.cell_index, failure.line) == ("kernel_died", 0, 7)
    first, *_, above, last = failure.last_lines.splitlines()
    assert first == "Fatal Python error: Segmentation fault"
    assert above == "  crash, which the notebook defines"
    assert last == "  line 7 of the cell"


def test_a_kernel_that_does_not_start_says_why(bench: Any, kernels: Path) -> None:
    folder = kernels / "kernels" / "dagflow-broken"
    folder.mkdir(exist_ok=True)
    argv = [sys.executable, "-c", "raise SystemExit('no such module: ipykernel')"]
    spec = {"argv": argv, "display_name": "Broken", "language": "python"}
    (folder / "kernel.json").write_text(json.dumps(spec))
    bench.kernel = "dagflow-broken"
    bench.task("a", "x = 1")
    failure = bench.run("a").failure
    assert failure.kind == "kernel_start"
    assert failure.message == (
        "The kernel 'dagflow-broken' did not start: It ended before it answered."
    )
    assert failure.last_lines == "no such module: ipykernel"
    assert failure.cell is None


def test_a_working_directory_that_is_gone_is_told(bench: Any) -> None:
    bench.task("a", "x = 1")
    failure = bench.run("a", cwd=bench.home / "gone").failure
    assert failure.kind == "kernel_start"
    assert "gone" in failure.message


def test_trouble_of_papermills_is_no_fault_of_the_kernel(bench: Any) -> None:
    class Mute:
        def __str__(self) -> str:
            raise ValueError("no words")

    bench.task("a", "x = 1")
    failure = bench.run("a", parameters={"n": Mute()}).failure
    assert (failure.kind, failure.message) == ("internal", "ValueError: no words")


def test_a_kernelspec_that_is_gone_leaves_nothing_behind(
    bench: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = bench.home / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    bench.kernel = "gone"
    bench.task("a", "x = 1")
    failure = bench.run("a").failure
    assert failure.kind == "kernel_start"
    assert failure.message == "The kernel 'gone' did not start: No such kernel named gone."
    assert list(folder.iterdir()) == []


def test_a_kernelspec_that_is_missing_names_those_there_are(kernels: Path) -> None:
    assert kernels.exists()
    require_kernel("dagflow-test")
    with pytest.raises(KernelNotInstalled) as caught:
        require_kernel("no-such-kernel")
    assert "'no-such-kernel'" in caught.value.message
    assert "dagflow-test" in caught.value.hint


STUBBORN = """
import os, pathlib, signal, subprocess, sys, time
signal.signal(signal.SIGINT, signal.SIG_IGN)
child = subprocess.Popen(
    [sys.executable, "-c", "import signal, time; signal.signal(signal.SIGINT, signal.SIG_IGN); "
     "print('up', flush=True); time.sleep(600)"], stdout=subprocess.PIPE)
child.stdout.readline()
alone = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
ours, theirs = os.pipe()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.write(theirs, b"%d" % os.getpid())
        os.closerange(0, 1000)
        time.sleep(600)
    os._exit(0)
os.wait()
forked = int(os.read(ours, 100))
run = subprocess.run(["sh", "-c", "setsid sleep 600 >&- & echo $!"], stdout=subprocess.PIPE)
assert "DAGFLOW_KERNEL" not in os.environ
pathlib.Path("pids").write_text(f"{os.getpid()} {child.pid} {alone.pid} {forked} {int(run.stdout)}")
while True:
    try:
        time.sleep(600)
    except KeyboardInterrupt:
        pass
"""


def test_stopping_ends_all_that_was_started_however_stubborn(
    bench: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    bench.task("a", STUBBORN)

    async def main() -> None:
        executor = bench.executor(polite_s=0.2)
        await executor.start(bench.prepare("a"))
        pids = await appears(bench.home / "pids")
        await executor.stop(TaskName("a"), 1)
        await executor.stop(TaskName("a"), 1)
        await bench.end_of("a")
        await executor.close()
        for pid in pids.split():
            assert is_gone(int(pid))

    asyncio.run(main())
    assert bench.ended["a"].stopped
    assert bench.ended["a"].failure is None
    assert bench.reports == 1
    gc.collect()
    assert capfd.readouterr() == ("", "")


def test_stopping_interrupts_a_cell_politely(bench: Any) -> None:
    bench.task(
        "a",
        "import pathlib, time\ntry:\n    pathlib.Path('pids').write_text('up')\n"
        "    time.sleep(600)\nfinally:\n    pathlib.Path('tidied').write_text('yes')",
        "pathlib.Path('never').write_text('no')",
    )

    async def main() -> None:
        executor = bench.executor(polite_s=60)
        await executor.start(bench.prepare("a"))
        await appears(bench.home / "pids")
        await executor.stop(TaskName("a"), 1)
        await bench.end_of("a")
        await executor.close()

    asyncio.run(main())
    assert bench.ended["a"].stopped
    assert (bench.home / "tidied").exists()
    assert not (bench.home / "never").exists()


def test_an_attempt_can_be_stopped_before_its_kernel_runs(bench: Any) -> None:
    bench.task("a", "import pathlib; pathlib.Path('ran').touch()")

    async def main() -> None:
        executor = bench.executor()
        await executor.start(bench.prepare("a"))
        await executor.stop(TaskName("a"), 1)
        await executor.close()

    asyncio.run(main())
    assert bench.ended["a"].stopped
    assert bench.reports == 1
    assert not (bench.home / "ran").exists()


def test_stopping_what_does_not_run_does_nothing(bench: Any) -> None:
    bench.task("a", "x = 1", writes="x")

    async def main() -> None:
        executor = bench.executor()
        await executor.stop(TaskName("a"), 1)
        await executor.start(bench.prepare("a"))
        await bench.end_of("a")
        await executor.stop(TaskName("a"), 1)
        await executor.close()

    asyncio.run(main())
    assert not bench.ended["a"].stopped
    assert bench.reports == 1


def test_two_tasks_run_at_once_and_close_leaves_nothing(
    bench: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sockets = bench.home / "s"
    sockets.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(sockets))
    meet = (
        "import os, pathlib, time\npathlib.Path('{me}').write_text(str(os.getpid()))\n"
        "while not pathlib.Path('{other}').exists():\n    time.sleep(0.02)"
    )
    bench.task("a", meet.format(me="pids-a", other="pids-b"), "time.sleep(600)")
    bench.task("b", meet.format(me="pids-b", other="pids-a"), "x = 1", writes="x")

    async def main() -> None:
        executor = bench.executor()
        await executor.start(bench.prepare("a"))
        await executor.start(bench.prepare("b"))
        await bench.end_of("b")
        await executor.close()

    asyncio.run(main())
    assert bench.ended["b"].failure is None
    assert bench.ended["a"].stopped
    assert is_gone(int((bench.home / "pids-a").read_text()))
    bench.pools.close()  # waits for the kernel of b, which was ending by itself
    assert is_gone(int((bench.home / "pids-b").read_text()))
    assert list(sockets.iterdir()) == []


async def appears(path: Path) -> str:
    """Wait until a file has something in it."""
    while not path.exists() or not path.read_text():
        await asyncio.sleep(0.02)
    return path.read_text()


def test_a_kernel_whose_specification_names_a_provisioner_is_run_and_watched_as_well(
    bench: Any, kernels: Path
) -> None:
    spec = json.loads((kernels / "kernels" / "dagflow-test" / "kernel.json").read_text())
    provisioner = {"provisioner_name": "local-provisioner"}
    spec["metadata"] = {"kernel_provisioner": provisioner}
    folder = kernels / "kernels" / "dagflow-provisioned"
    folder.mkdir()
    (folder / "kernel.json").write_text(json.dumps(spec))
    bench.kernel = "dagflow-provisioned"
    bench.task("a", "x = 1", writes="x")
    bench.task("b", "y = 1", "import os; os._exit(3)", writes="y")
    assert bench.run("a").failure is None
    assert bench.run("b").failure.message == "The kernel died in cell 2: it exited with code 3."
