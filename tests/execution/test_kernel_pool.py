"""Kernels started ahead, in real processes: what they begin with, and that nothing of them stays."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_dagflow.execution import kernel_server
from jupyter_dagflow.execution.kernel_pool import KernelKind, KernelPools, kind_of
from jupyter_dagflow.execution.kernel_process import TaskKernel
from jupyter_dagflow.execution.kernel_server import KernelServer, ServedKernel
from jupyter_dagflow.execution.kernel_session import KernelSession
from tests.execution.pooled import ask, client_of, ready
from tests.execution.processes import children, grandchildren, is_gone, parent_of, until


@pytest.fixture(params=[True, False], ids=["forked", "commands"])
def forks(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
def take(
    tmp_path: Path, kernels: Path, forks: bool
) -> Iterator[Callable[..., ServedKernel | None]]:
    """Takes a kernel from pools of its own."""
    pools = KernelPools(logs=tmp_path / "kernels", ahead=1, forks=forks)
    work = tmp_path / "work"
    work.mkdir()

    def take(*preload: str, name: str = "dagflow-test", **environment: str) -> ServedKernel | None:
        kind = KernelKind(
            name=name,
            folder=work,
            environment=frozenset({**os.environ, **environment}.items()),
            preload=preload,
        )
        return ready(pools, kind)

    yield take
    pools.close()


def test_kernels_are_each_a_process_in_the_folder_with_the_environment(
    take: Callable[..., ServedKernel], tmp_path: Path
) -> None:
    first, second = take(COLOUR="green"), take(COLOUR="green")
    here = (
        "[__import__('os').getcwd(), __import__('os').environ['COLOUR'], __import__('os').getpid()]"
    )
    assert ask(first, here) == [str(tmp_path / "work"), "green", first.pid]
    assert ask(second, here)[2] == second.pid != first.pid
    assert ask(take(COLOUR="blue"), here)[1] == "blue"


def test_modules_that_tasks_import_are_there_and_others_are_not(
    tmp_path: Path, kernels: Path
) -> None:
    pools = KernelPools(logs=tmp_path / "kernels", ahead=1)
    environment = frozenset(os.environ.items())
    (tmp_path / "beside.py").write_text("x = 1\nopen('imports', 'a').write('one ')")
    (tmp_path / "statistics.py").write_text("x = 1")
    kind = KernelKind(
        name="dagflow-test",
        folder=tmp_path,
        environment=environment,
        preload=("nosuchmodule", "wave", "beside", "statistics", "antigravity_that_is_none"),
    )
    kernel = ready(pools, kind)
    assert kernel is not None
    loaded = "[m in __import__('sys').modules for m in ('wave', 'beside', 'nosuchmodule')]"
    assert ask(kernel, loaded) == [True, False, False]
    assert ask(kernel, "__import__('beside').x") == 1
    assert (tmp_path / "imports").read_text() == "one "
    (tmp_path / "beside.py").write_text("x = 22")
    later = ready(pools, kind)
    assert later is not None
    assert ask(later, "__import__('beside').x") == 22, (
        "as it is now, not as the first kernel had it"
    )
    pools.close()


def test_what_has_begun_early_ends_though_nobody_asked_for_a_kernel(
    tmp_path: Path, kernels: Path
) -> None:
    pools = KernelPools(logs=tmp_path / "kernels", ahead=1)
    before = children()
    pools.begin_early(kind_of("dagflow-test", tmp_path))
    until(lambda: children() - before)
    pools.close()
    assert children() == before


MODULES = {
    "starts_a_thread": "import threading, time\nthread = threading.Thread(target=time.sleep, args=(600,), daemon=True)\nthread.start()",
    "asks_ipython": "import IPython\nis_notebook = IPython.get_ipython() is not None",
    "asks_builtins": "try:\n    shell = get_ipython()\nexcept NameError:\n    shell = None",
    "asks_what_it_is": "try:\n    kind = get_ipython().__class__.__name__\nexcept NameError:\n    kind = None",
    "starts_a_thread_in_c": "import ctypes, os\nlibc = ctypes.CDLL(None)\nlibc.pthread_create(ctypes.byref(ctypes.c_ulong()), None, libc.pause, None)\nthreads = os.listdir('/proc/self/task')",
    "opens_a_database": "import sqlite3, tempfile\nconnection = sqlite3.connect(tempfile.mktemp())\nconnection.execute('create table t (x)')",
    "makes_an_event_loop": "import asyncio\nloop = asyncio.new_event_loop()",
    "seeds_pythons_generator": "import random\nrandom.seed(7)",
    "seeds_numpys_generator": "import numpy\nnumpy.random.seed(7)",
    "leaves": "raise SystemExit",
}
LEFT = "[name for name in {names} if name not in __import__('sys').modules]"


@pytest.mark.parametrize("early", [False, True], ids=["known", "begun early"])
def test_what_a_fork_would_spoil_is_imported_in_each_kernel(
    tmp_path: Path, kernels: Path, early: bool
) -> None:
    site = _user_site(tmp_path)
    for name, source in MODULES.items():
        (site / f"{name}.py").write_text(source)
    environment = {**os.environ, "PYTHONPATH": str(site), "PYTHONUSERBASE": str(tmp_path)}
    kind = KernelKind(
        name="dagflow-test",
        folder=tmp_path,
        environment=frozenset(environment.items()),
        preload=(*MODULES, "wave", "numpy", "pandas", "sklearn.ensemble", "multiprocessing"),
    )
    pools = KernelPools(logs=tmp_path / "kernels", ahead=1)
    if early:
        pools.begin_early(kind)
    kernel = ready(pools, kind)
    assert kernel is not None
    assert ask(kernel, LEFT.format(names=kind.preload)) == list(MODULES)
    threads = "set(__import__('starts_a_thread_in_c').threads) <= set(__import__('os').listdir('/proc/self/task'))"
    assert ask(kernel, threads)
    modules = "__import__('sys').modules"
    assert ask(kernel, f"{modules}['__mp_main__'] is {modules}['__main__']")
    assert ask(kernel, "__import__('starts_a_thread').thread.is_alive()")
    assert ask(kernel, "__import__('asks_ipython').is_notebook")
    assert ask(kernel, "__import__('asks_builtins').shell is get_ipython()")
    assert ask(kernel, "__import__('asks_what_it_is').kind") == "ZMQInteractiveShell"
    pools.close()


def test_an_import_that_ends_or_holds_up_the_server_does_so_once(
    tmp_path: Path, kernels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kernel_server, "_IMPORT_S", 5.0)
    site = _user_site(tmp_path)
    ends = {
        "exits": "import os; os._exit(3)",
        "crashes": "import ctypes; ctypes.string_at(0)",
        "hangs": "import time; time.sleep(3600)",
    }
    for name, source in ends.items():
        note = f"with open({str(tmp_path / 'imports')!r}, 'a') as file: file.write('{name} ')"
        (site / f"{name}.py").write_text(f"{note}\n{source}")
    environment = {**os.environ, "PYTHONPATH": str(site), "PYTHONUSERBASE": str(tmp_path)}
    kind = KernelKind(
        name="dagflow-test",
        folder=tmp_path,
        environment=frozenset(environment.items()),
        preload=(*ends, "wave"),
    )
    pools = KernelPools(logs=tmp_path / "kernels", ahead=1)
    taken = [ready(pools, kind) for _ in range(3)]
    for kernel in taken:
        assert kernel is not None
        assert ask(kernel, "'wave' in __import__('sys').modules")
    assert (tmp_path / "imports").read_text() == "exits crashes hangs "
    assert len({parent_of(kernel.pid) for kernel in taken if kernel}) == 1
    assert kernel is not None
    with client_of(kernel) as client:
        client.execute("import exits")
        assert kernel.wait(60) == 3, "whoever imports it sees what it does"
    pools.close()
    assert list((tmp_path / "kernels").iterdir()) == []


def test_what_is_installed_meanwhile_is_what_the_next_kernel_imports(
    tmp_path: Path, kernels: Path
) -> None:
    site = _user_site(tmp_path)
    _install(site, "0.1")
    environment = {**os.environ, "PYTHONPATH": str(site), "PYTHONUSERBASE": str(tmp_path)}
    kind = KernelKind(
        name="dagflow-test",
        folder=tmp_path,
        environment=frozenset(environment.items()),
        preload=("upgraded",),
    )
    pools = KernelPools(logs=tmp_path / "kernels", ahead=1)
    before = ready(pools, kind)
    _install(site, "0.2")
    after = ready(pools, kind)
    assert before is not None
    assert after is not None
    version = "[__import__('upgraded').version, 'upgraded' in __import__('sys').modules]"
    assert ask(before, version) == ["0.1", True], "it is in use and lives on"
    assert ask(after, version) == ["0.2", True]
    pools.close()
    assert before.returncode is not None
    assert list((tmp_path / "kernels").iterdir()) == []


def test_a_kernel_that_is_not_wanted_any_more_ends_though_it_had_not_begun(
    tmp_path: Path, kernels: Path, forks: bool
) -> None:
    pools = KernelPools(logs=tmp_path / "kernels", ahead=1, forks=forks)
    kernel = pools.take(kind_of("dagflow-test", tmp_path))
    assert kernel is not None
    unwanted = threading.Event()
    unwanted.set()
    assert not kernel.becomes_ready(unless=unwanted) or kernel.poll() is None
    kernel.kill()
    until(lambda: kernel.poll() is not None)
    pools.close()


def test_a_session_that_was_stopped_leaves_no_kernel(tmp_path: Path, kernels: Path) -> None:
    pools = KernelPools(logs=tmp_path / "kernels", ahead=1)
    kind = kind_of("dagflow-test", tmp_path)
    assert ready(pools, kind) is not None
    until(lambda: len(grandchildren()) == 2)  # it, and the next one
    session = KernelSession(kind, kernels=pools)
    session.stop()

    def serve() -> None:
        session.prepare()
        session.clean_up()

    thread = threading.Thread(target=serve)
    thread.start()
    thread.join()
    until(lambda: len(grandchildren()) == 2)  # as before: the one that it took is gone
    pools.close()


def test_the_connection_file_of_a_kernel_that_begins_stays_as_it_is(
    tmp_path: Path, kernels: Path, forks: bool
) -> None:
    pools = KernelPools(logs=tmp_path / "kernels", ahead=0, forks=forks)
    kernel = pools.take(kind_of("dagflow-test", tmp_path))
    assert kernel is not None
    kernel.settled.wait()
    written = kernel.connection_file.stat()
    taken = TaskKernel("dagflow-test", warm=kernel)
    asyncio.run(taken.begin(cwd=tmp_path))
    now = kernel.connection_file.stat()
    assert (now.st_ino, now.st_mtime_ns) == (written.st_ino, written.st_mtime_ns)
    asyncio.run(taken.finish(kill=True))
    assert not kernel.connection_file.exists()
    pools.close()


def test_only_the_last_of_what_began_early_are_kept(tmp_path: Path, kernels: Path) -> None:
    pools = KernelPools(logs=tmp_path / "kernels", ahead=1)
    before = children()
    for name in "abcde":
        (tmp_path / name).mkdir()
        pools.begin_early(kind_of("dagflow-test", tmp_path / name))
    until(lambda: len(children() - before) == 2)
    pools.close()
    assert children() == before


def test_one_that_waits_to_be_told_what_to_preload_is_in_no_import(
    tmp_path: Path, kernels: Path
) -> None:
    server = KernelServer(
        [sys.executable],
        folder=tmp_path,
        logs=tmp_path / "kernels",
        environment=os.environ,
        forks=True,
        preload=None,
    )
    until(lambda: server.importing is not None)
    until(lambda: server.importing is None)
    server.close()


def test_a_forked_kernel_that_is_asked_to_end_writes_what_was_printed_and_ends(
    tmp_path: Path, kernels: Path
) -> None:
    pools = KernelPools(logs=tmp_path / "kernels", ahead=1)
    taken = [ready(pools, kind_of("dagflow-test", tmp_path)) for _ in range(8)]
    running = [kernel for kernel in taken if kernel is not None]
    assert [ask(kernel, "print('words') or 1") for kernel in running] == [1] * 8
    with contextlib.ExitStack() as clients:
        for client in [clients.enter_context(client_of(kernel)) for kernel in running]:
            client.shutdown()
    until(lambda: all(kernel.poll() is not None for kernel in running))
    assert [kernel.returncode for kernel in running] == [0] * 8
    assert not [kernel for kernel in running if "timed out" in kernel.log.read_text()]
    pools.close()


def _user_site(base: Path) -> Path:
    """Where a user's own packages are installed, with ``PYTHONUSERBASE``."""
    site = (
        base / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
    )
    site.mkdir(parents=True)
    return site


def _install(site: Path, version: str) -> None:
    metadata = site / f"upgraded-{version}.dist-info"
    metadata.mkdir(parents=True)
    # Of another length each time: within a second, Python tells by that alone what it has compiled.
    blanks = "\n" * int(version[-1])
    (site / "upgraded.py").write_text(f"version = {version!r}{blanks}")


def test_forks_draw_numbers_of_their_own_and_reckon_alike(tmp_path: Path, kernels: Path) -> None:
    pools = KernelPools(logs=tmp_path / "kernels", ahead=1)
    kind = KernelKind(
        name="dagflow-test",
        folder=tmp_path,
        environment=frozenset(os.environ.items()),
        preload=("random", "numpy", "numpy.random", "matplotlib.pyplot", "sqlite3", "asyncio"),
    )
    taken = [ready(pools, kind) for _ in range(2)]
    draws = "[__import__('random').random(), __import__('numpy').random.rand()]"
    (one, other), (third, fourth) = (ask(kernel, draws) for kernel in taken if kernel)
    assert one != third
    assert other != fourth
    for kernel in taken:
        assert kernel is not None
        product = (
            "__import__('numpy').ones((300, 300)).dot(__import__('numpy').ones((300, 300))).sum()"
        )
        assert ask(kernel, product) == 300**3
        backend = "(__import__('matplotlib.pyplot').pyplot.figure(), __import__('matplotlib').get_backend())[1]"
        assert "inline" in ask(kernel, backend)
    pools.close()


GENERATORS = """\
import random
import numpy

numpy_s = numpy.random.default_rng()
older = numpy.random.RandomState()
python_s = random.Random()


def draw_hidden(rng=numpy.random.default_rng()):
    return rng.random()


seeded = [numpy.random.default_rng(7), numpy.random.RandomState(7), random.Random(7)]
seeded_later = numpy.random.RandomState()
seeded_later.seed(7)
python_s_seeded_later = random.Random()
python_s_seeded_later.seed(7)


def draw_unseeded():
    spawned = numpy_s.bit_generator.seed_seq.spawn(1)[0].generate_state(1).tolist()
    return [numpy_s.random(), older.random(), python_s.random(), draw_hidden(), *spawned]


def draw_seeded():
    draws = [rng.random() for rng in seeded]
    return [*draws, seeded_later.random(), python_s_seeded_later.random()]
"""


def test_what_a_package_seeds_with_nothing_is_drawn_anew_in_each_fork(
    tmp_path: Path, kernels: Path
) -> None:
    site = _user_site(tmp_path)
    (site / "generators.py").write_text(GENERATORS)
    environment = {**os.environ, "PYTHONPATH": str(site), "PYTHONUSERBASE": str(tmp_path)}
    kind = KernelKind(
        name="dagflow-test",
        folder=tmp_path,
        environment=frozenset(environment.items()),
        preload=("generators",),
    )
    pools = KernelPools(logs=tmp_path / "kernels", ahead=1)
    one, other = (ready(pools, kind) for _ in range(2))
    assert one is not None
    assert other is not None
    assert ask(one, "'generators' in __import__('sys').modules")
    unseeded = "__import__('generators').draw_unseeded()"
    assert not set(ask(one, unseeded)) & set(ask(other, unseeded))
    seeded = "__import__('generators').draw_seeded()"
    imported: dict[str, Any] = {}
    exec(GENERATORS, imported)
    assert ask(one, seeded) == ask(other, seeded) == imported["draw_seeded"]()
    pools.close()


def test_pandas_shows_tables_as_in_a_kernel_that_has_imported_it(
    tmp_path: Path, kernels: Path
) -> None:
    options = "[__import__('pandas').get_option(o) for o in ('display.max_columns', 'display.width', 'display.max_rows')]"
    told = []
    for preload in (("pandas",), ()):
        pools = KernelPools(logs=tmp_path / "kernels", ahead=1)
        kind = KernelKind(
            name="dagflow-test",
            folder=tmp_path,
            environment=frozenset(os.environ.items()),
            preload=preload,
        )
        kernel = ready(pools, kind)
        assert kernel is not None
        assert ask(kernel, "'pandas' in __import__('sys').modules") is bool(preload)
        told.append(ask(kernel, options))
        pools.close()
    assert told[0] == told[1]


def test_a_kernel_tells_how_it_ended(take: Callable[..., ServedKernel]) -> None:
    kernel = take()
    assert kernel.poll() is None
    os.kill(kernel.pid, signal.SIGKILL)
    assert kernel.wait(60) == -signal.SIGKILL
    kernel.kill()  # as a process that has ended, it takes no notice


def test_a_signal_reaches_all_that_a_kernel_started(take: Callable[..., ServedKernel]) -> None:
    kernel = take()
    child = ask(kernel, "__import__('subprocess').Popen(['sleep', '600']).pid")
    assert not is_gone(child)
    kernel.kill()
    assert kernel.wait(60) == -signal.SIGKILL
    until(lambda: is_gone(child))


def test_nothing_is_left_when_pools_are_closed(tmp_path: Path, kernels: Path, forks: bool) -> None:
    pools = KernelPools(logs=tmp_path / "kernels", ahead=2, forks=forks)
    kind = KernelKind(
        name="dagflow-test", folder=tmp_path, environment=frozenset(os.environ.items())
    )
    kernel = ready(pools, kind)
    assert kernel is not None
    sockets = kernel.connection_file.parent
    assert sockets.exists()
    pools.close()
    assert kernel.returncode is not None
    until(lambda: is_gone(kernel.pid))
    assert not sockets.exists()
    assert list((tmp_path / "kernels").iterdir()) == []


def test_nothing_is_left_of_pools_that_nobody_holds(tmp_path: Path, kernels: Path) -> None:
    kind = KernelKind(
        name="dagflow-test", folder=tmp_path, environment=frozenset(os.environ.items())
    )
    kernel = ready(KernelPools(logs=tmp_path / "kernels", ahead=1), kind)
    assert kernel is not None
    until(lambda: is_gone(kernel.pid))


OWNER = """\
import json, os, sys, threading
from pathlib import Path
from jupyter_dagflow.execution.kernel_pool import KernelKind, KernelPools, kind_of

folder, forks = Path(sys.argv[1]), sys.argv[2] == "True"
pools = KernelPools(logs=folder / "kernels", ahead=1, forks=forks)
kind = KernelKind(name="dagflow-test", folder=folder, environment=frozenset(os.environ.items()))
kernel = pools.take(kind)
kernel.becomes_ready(unless=threading.Event())
print(json.dumps([kernel.pid, str(kernel.connection_file.parent)]), flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_nothing_outlives_its_owner(
    tmp_path: Path, kernels: Path, forks: bool, number: signal.Signals
) -> None:
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(tmp_path), str(forks)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with owner:
        assert owner.stdout is not None
        pid, sockets = json.loads(owner.stdout.readline())
        kernel_server = parent_of(pid)
        owner.send_signal(number)
    until(lambda: is_gone(pid) and is_gone(kernel_server))
    until(lambda: not Path(sockets).exists())
    until(lambda: list((tmp_path / "kernels").iterdir()) == [])


def test_kernels_end_with_their_server_and_others_are_started(
    take: Callable[..., ServedKernel],
) -> None:
    kernel = take()
    server = parent_of(kernel.pid)
    os.kill(server, signal.SIGKILL)
    assert kernel.wait(60) == -signal.SIGKILL
    until(lambda: is_gone(kernel.pid))
    assert ask(take(), "1 + 1") == 2


def test_where_none_can_be_had_none_is_given(take: Callable[..., ServedKernel | None]) -> None:
    assert take(name="no-such-kernel") is None


def test_a_command_that_does_not_stay_is_no_kernel(
    take: Callable[..., ServedKernel], kernels: Path
) -> None:
    folder = kernels / "kernels" / "dagflow-dying"
    folder.mkdir(exist_ok=True)
    argv = [sys.executable, "-c", "raise SystemExit(3)"]
    spec = {"argv": argv, "display_name": "Dying", "language": "python"}
    (folder / "kernel.json").write_text(json.dumps(spec))
    kernel = take(name="dagflow-dying")
    assert kernel is None or kernel.wait(60) == 3


def test_an_environment_needs_only_ipykernel(tmp_path: Path, kernels: Path) -> None:
    """A Python that sees ipykernel and what that needs, but neither us nor cloudpickle or xxhash."""
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    for name in ("jupyter_dagflow", "cloudpickle", "xxhash"):
        (hidden / f"{name}.py").write_text("raise ImportError('not in this environment')")
    kind = KernelKind(
        name="dagflow-test",
        folder=tmp_path,
        environment=frozenset({**os.environ, "PYTHONPATH": str(hidden)}.items()),
    )
    pools = KernelPools(logs=tmp_path / "kernels", ahead=1)
    kernel = ready(pools, kind)
    assert kernel is not None
    assert ask(kernel, "6 * 7") == 42
    pools.close()


LEAVES_MUCH = """
import atexit, helper, threading, time, weakref
from pathlib import Path

open_file = open("open.txt", "w"); open_file.write("written")
helper.held = open("held.txt", "w"); helper.held.write("written")

class Leaver:
    def __del__(self, write=Path("deleted.txt").write_text):
        write("written")

leaver = Leaver()
finalizer = weakref.finalize(Leaver, Path("finalized.txt").write_text, "written")
atexit.register(Path("at-exit.txt").write_text, "written")

def late():
    time.sleep(0.5)
    Path("thread.txt").write_text("written")

threading.Thread(target=late).start()
"""
WRITTEN = ("open", "held", "deleted", "finalized", "at-exit", "thread")


def test_a_kernel_that_ends_leaves_what_python_leaves(
    take: Callable[..., ServedKernel], tmp_path: Path
) -> None:
    work = tmp_path / "work"
    (work / "helper.py").write_text("held = None\n")
    kernel = take()
    with client_of(kernel) as client:
        assert client.execute(LEAVES_MUCH, reply=True, timeout=60)["content"]["status"] == "ok"
        client.shutdown(reply=True, timeout=60)
    assert kernel.wait(60) == 0
    found = {name: (work / f"{name}.txt").read_text() for name in WRITTEN}
    assert found == dict.fromkeys(WRITTEN, "written")
