"""The process that starts kernels for its owner: forks of itself, which has imported what they need,
or commands.

The law: it lives no longer than its owner. The owner holds the other end of a socket; when that
closes, however the owner ended, every kernel is killed with all that it started, the folders of their
sockets and logs are removed, and this process ends. It runs no thread, and nothing of the user but imports.

Run by path: ``python fork_server.py CONFIG``, of which `ForkServer` tells. Each line on the socket
is a JSON object. It is told what to ``preload``, if it has begun without knowing; to ``start`` a kernel
(a number, with its ``log``, its ``mark``, what its ``environment`` has more, and either a ``command`` or, to be forked,
``argv`` and the ``folder`` that it enters with its first cell) and to ``signal`` one (a number, for the group of
``pid``). It tells that one has ``started`` (that number, with its ``pid``), is ``ready`` (a pid: its sockets are
bound) and has ``ended`` (a pid, with the exit ``code``, minus the signal's number if it was killed); which module it
is ``importing``, until it tells something else, and that it is ``waiting_for`` what to preload; and which folders it
has ``imported_from``, as they then were.
"""

from __future__ import annotations

import atexit
import builtins
import contextlib
import ctypes
import gc
import importlib
import importlib.util
import io
import json
import os
import runpy
import select
import shutil
import signal
import site
import socket
import subprocess
import sys
import threading
import time
import tokenize
from collections.abc import Callable, Iterable
from typing import Any, NoReturn

_FILE: Any = io.IOBase.__base__  # of all files, also those written in C
_OWNER_LOOK_S = 5.0  # a child of the owner may hold the socket open for longer than the owner lives
_PR_SET_PDEATHSIG = 1
_MAIN_AGAIN = "__mp_main__"  # what multiprocessing calls the main module, too
_DISPENSABLE_THREADS = ("jemalloc_bg_thd",)  # jemalloc, and so pyarrow, does without it in a fork
_LAST_REQUEST_S = 2.0
_THREAD_END_S = 1.0  # how long the system may still list a thread that has ended
_OF_KERNELS = (  # what a kernel imports in the course of its life, and our part in it
    "ipykernel.kernelapp",
    "ipykernel.ipkernel",
    "ipykernel.zmqshell",
    "ipykernel.debugger",
    "ipykernel.parentpoller",
    "IPython.core.completerlib",
    "IPython.core.debugger",
    "IPython.core.logger",
    "IPython.core.oinspect",
    "IPython.extensions.storemagic",
    "sqlite3",
    "tornado.platform.asyncio",
    "cloudpickle",
    "faulthandler",
    "psutil",
    "pwd",
    "xxhash",
)


class ForkServer:
    """Serves one owner.

    ``command`` is what runs this program, ``fd`` its socket, ``folders`` are those of the kernels'
    sockets and of what they write, removed in the end. ``forks`` tells whether kernels are forked,
    ``preload`` which modules they will import (None: the owner will tell), and ``without`` which of
    these must not be imported here.
    """

    def __init__(
        self,
        *,
        fd: int,
        command: list[str],
        folders: list[str],
        forks: bool,
        preload: list[str] | None,
        without: tuple[str, ...] = (),
    ) -> None:
        self._socket = socket.socket(fileno=fd)
        self._command = command
        self._folders = folders
        self._forks = forks
        self._preloaded = preload
        self._without = without
        self._owner = os.getppid()
        self._received = b""
        self._kernels: dict[int, str] = {}  # with their marks
        self._marks: Any = _beside("marks.py")
        self._options: dict[tuple[str, ...], Any] = {}
        self._unseeded: Any = None
        self._enter: Any = None
        self._ready, self._say_ready = os.pipe()
        self._a_child_ended, told = os.pipe()
        for end in (self._a_child_ended, told):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(told, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, lambda *_: self._end())
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def preload(self) -> None:
        """Import what the kernels will need.

        A module that fails to import does so again in the task that needs it, where it is told.
        One that starts a thread, be it in C, which a fork would not have, that opens a file, database or
        event loop, which forks would share, that asks about the notebook what only a kernel knows, that
        gives a global generator of random numbers a seed, or that is not installed, so that it may be
        edited while this process lives, is left to the kernels: this process begins anew without it.
        """
        door = _beside("boot.py")
        self._enter = door["enter"]
        ours = door["prepare"]()
        self._unseeded = importlib.import_module(ours.__name__ + ".unseeded").Unseeded()
        with self._unseeded:
            self._import_all()
        sys.modules[ours.__name__ + ".usage"].look_around()
        self._tell(imported_from=_stamps(sys.path))
        gc.collect()
        gc.freeze()  # the collectors of the kernels leave the pages alone that they share

    def _import_all(self) -> None:
        for name in _OF_KERNELS:
            self._try_import(name)
        list(
            tokenize.generate_tokens(io.StringIO("x").readline)
        )  # prepares what cells are read with
        _look_for_modules_as_kernels_do()
        os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")
        asked = _Asked()
        if self._preloaded is None:
            self._preloaded = self._told_what_to_preload()
        for name in self._preloaded:
            if _would_be_edited(name):
                continue
            known, opened, threads = set(sys.modules), _open_files(), _threads()
            with asked:
                self._try_import(name)
            new = [sys.modules[module] for module in set(sys.modules) - known - {_MAIN_AGAIN}]
            if (
                asked.too_much
                or self._unseeded.has_seeded_globals
                or _would_miss_threads(threads)
                or _open_files() - opened
                or any(_may_be_edited(getattr(module, "__file__", None)) for module in new)
            ):
                self._begin_anew_without(name)

    def _told_what_to_preload(self) -> list[str]:
        """Wait for that, and leave in the socket what comes after it: this process may begin anew."""
        self._tell(waiting_for="preload")  # and for no import any more
        while True:
            readable, _, _ = select.select([self._socket], [], [], _OWNER_LOOK_S)
            if os.getppid() != self._owner:
                self._end()
            if readable:
                line, end, _ = self._socket.recv(65536, socket.MSG_PEEK).partition(b"\n")
                if not line and not end:
                    self._end()
                if end:
                    self._socket.recv(len(line) + len(end))
                    told: list[str] = json.loads(line)["preload"]
                    return told

    def serve(self) -> dict[str, Any]:
        """Do what the owner asks for; returns in a forked child only, with the start it came from."""
        while True:
            waiting_for: list[Any] = [self._socket, self._ready, self._a_child_ended]
            readable, _, _ = select.select(waiting_for, [], [], _OWNER_LOOK_S)
            if os.getppid() != self._owner:
                self._end()
            if self._ready in readable:
                for pid in os.read(self._ready, 65536).split():
                    self._tell(ready=int(pid))
            if self._a_child_ended in readable:
                os.read(self._a_child_ended, 4096)
                self._reap()
            if self._socket in readable:
                for request in self._requests():
                    if "preload" in request:
                        continue  # told to one whose place this process has taken, knowing it
                    if "signal" in request:
                        self._signal(request["pid"], request["signal"])
                    elif self._start(request) == 0:
                        return request

    def become_kernel(self, argv: list[str], folder: str) -> NoReturn:
        """Be a kernel from here on, in a forked child, until the end of both."""
        from ipykernel.kernelapp import IPKernelApp

        sys.argv = ["ipykernel_launcher.py", *argv]
        app: Any = IPKernelApp.instance(parent_handle=os.getppid())
        options = self._options_in(argv)
        if options is not None:
            options.IPKernelApp.connection_file = argv[_file_in(argv)]
            app.parse_command_line = lambda _: app.update_config(options)
        app.initialize(argv)
        if _MAIN_AGAIN in sys.modules:
            sys.modules[_MAIN_AGAIN] = sys.modules["__main__"]
        os.write(self._say_ready, b"%d\n" % os.getpid())
        os.close(self._say_ready)
        self._enter_with_first_cell(app.shell, folder)
        app.start()
        _answer_last_request(app.control_thread)
        _end_kernel()

    def _options_in(self, argv: list[str]) -> Any:
        """What the arguments of a kernel say, as ipykernel reads them; None if it has to read them itself.

        To find that out takes longer than much else in a kernel's beginning, so it is done once for all
        arguments that differ in nothing but the connection file, before the fork.
        """
        at = _file_in(argv)
        others = (*argv[:at], *argv[at + 1 :])
        if at and others not in self._options:
            from ipykernel.kernelapp import IPKernelApp

            make: Any = IPKernelApp
            reader = make()
            with contextlib.suppress(BaseException):  # told by the kernel, when it reads them
                reader.parse_command_line(argv)
            understood = not reader.extra_args and getattr(reader, "cli_config", None)
            self._options[others] = understood or None
        return self._options.get(others)

    def _enter_with_first_cell(self, shell: Any, folder: str) -> None:
        """Do what the first cell of a taskbook does, without the time that a cell takes."""

        def enter(*_: object) -> None:
            shell.events.unregister("pre_run_cell", enter)
            self._enter(folder)

        shell.events.register("pre_run_cell", enter)

    def _try_import(self, name: str) -> None:
        if name in self._without:
            return
        self._tell(importing=name)  # it may be the last that is heard of us
        with contextlib.suppress(BaseException):  # also SystemExit; told by the task that needs it
            importlib.import_module(name)

    def _begin_anew_without(self, name: str) -> None:
        os.set_inheritable(self._socket.fileno(), True)
        config = json.loads(sys.argv[-1])
        config["preload"] = self._preloaded
        config["without"] = [*self._without, name]
        command = [*self._command, json.dumps(config)]
        os.execv(command[0], command)  # noqa: S606 -- this very program

    def _requests(self) -> list[dict[str, Any]]:
        try:
            data = self._socket.recv(65536)
        except OSError:
            data = b""
        if not data:
            self._end()
        *lines, self._received = (self._received + data).split(b"\n")
        return [json.loads(line) for line in lines]

    def _start(self, request: dict[str, Any]) -> int:
        """Start a kernel; returns its process's number, and 0 in that process if it was forked."""
        if "command" in request:
            environment = {self._marks["VARIABLE"]: request["mark"], **request["environment"]}
            pid = _run(request["command"], request["log"], environment)
        else:
            server = os.getpid()
            self._options_in(request["argv"])
            pid = os.fork()
            if pid == 0:
                self._marks["put"](request["mark"])
                os.environ.update(request["environment"])
                self._leave(server, request["log"])
                return 0
        self._kernels[pid] = request["mark"]
        self._tell(started=request["start"], pid=pid)
        return pid

    def _leave(self, server: int, log: str) -> None:
        """Be a process of its own, in a forked child."""
        os.setsid()
        _end_with(server)
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        self._socket.close()
        os.close(self._ready)
        _redirect_to(log)
        self._unseeded.seed_anew()

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid in self._kernels:
                del self._kernels[pid]
                code = -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
                self._tell(ended=pid, code=code)

    def _signal(self, pid: int, number: int) -> None:
        """Signal the group of a kernel that is known to live: never one that has its number since."""
        if pid not in self._kernels:
            return
        for send in (os.killpg, os.kill):  # a kernel that has just begun has no group yet
            try:
                send(pid, number)
            except OSError:
                continue
            return

    def _tell(self, **news: Any) -> None:
        try:
            self._socket.sendall(json.dumps(news).encode() + b"\n")
        except OSError:
            self._end()

    def _end(self) -> NoReturn:
        for pid in list(self._kernels):
            self._signal(pid, signal.SIGKILL)
        for pid in self._marks["carriers"](self._kernels.values()):
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        for folder in self._folders:
            shutil.rmtree(folder, ignore_errors=True)
        os._exit(0)


def _beside(name: str) -> dict[str, Any]:
    """What a file beside this one defines."""
    return runpy.run_path(os.path.join(os.path.dirname(os.path.abspath(__file__)), name))


def _file_in(argv: list[str]) -> int:
    """Where the connection file stands among a kernel's arguments; 0 if they do not give it as kernelspecs do."""
    return argv.index("-f") + 1 if "-f" in argv[:-1] else 0


class _Asked:
    """Notes, while it is entered, whether anybody asks about the notebook what only a kernel knows.

    That there will be a kernel is known, and is all that pandas asks.
    """

    def __init__(self) -> None:
        from IPython.core.interactiveshell import InteractiveShell

        self._class: Any = InteractiveShell
        self._builtins: Any = builtins
        self._shell: Any = None
        self._unkept = 0
        self._noted = False

    @property
    def too_much(self) -> bool:
        """Whether somebody did, or has kept a shell that will not be the kernel's."""
        return self._noted or sys.getrefcount(self._shell) > self._unkept

    def __enter__(self) -> None:
        # IPython's get_ipython asks this; the function itself may be bound for good by who imports it.
        self._class.initialized = lambda: self._note()
        self._shell = _shell_to_be(self._note)
        self._unkept = sys.getrefcount(self._shell)
        self._builtins.get_ipython = lambda: self._shell

    def __exit__(self, *_: object) -> None:
        del self._class.initialized
        del self._builtins.get_ipython

    def _note(self) -> bool:
        self._noted = True
        return False


def _shell_to_be(note: Callable[[], object]) -> object:
    """What is known of the shell of a kernel before there is one; calls ``note`` if it is asked for more."""

    class ZMQInteractiveShell:
        __module__ = "ipykernel.zmqshell"

        def __getattribute__(self, name: str) -> object:
            if name == "kernel":
                return True
            note()
            raise AttributeError(name)

    return ZMQInteractiveShell()


def _open_files() -> set[tuple[int, int]]:
    """The files, sockets and the like that this process holds open, by what the system calls them."""
    found = set()
    for name in os.listdir("/dev/fd"):
        with contextlib.suppress(OSError):  # the folder itself, which is closed by now
            status = os.fstat(int(name))
            found.add((status.st_dev, status.st_ino))
    return found


def _threads() -> set[str]:
    """The threads of this process, also those that Python knows nothing of."""
    found = set()
    for thread in os.listdir("/proc/self/task"):
        # It may have ended by now.
        with contextlib.suppress(OSError), open(f"/proc/self/task/{thread}/comm") as name:
            if name.read().strip() not in _DISPENSABLE_THREADS:
                found.add(thread)
    return found


def _would_miss_threads(before: set[str]) -> bool:
    """Whether there are threads that were not there ``before`` and that a fork would not have.

    Some libraries see to it that they have theirs: OpenBLAS ends them before a fork, and begins new
    ones when it needs them. So a fork is made to see which are left.
    """
    if threading.active_count() > 1:
        return True
    if _threads() <= before:
        return False
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    until = time.monotonic() + _THREAD_END_S
    while not _threads() <= before:
        if time.monotonic() > until:
            return True
        time.sleep(0.01)
    return False


def _stamps(folders: Iterable[str]) -> dict[str, int]:
    """When something was last installed into these folders, or removed."""
    found = {}
    for folder in filter(
        None, folders
    ):  # the working directory's modules are imported by each kernel
        with contextlib.suppress(OSError):
            found[folder] = os.stat(folder).st_mtime_ns
    return found


def _look_for_modules_as_kernels_do() -> None:
    """Look in the working directory too, after the standard library, as IPython has it."""
    folders = [os.path.basename(path) for path in sys.path]
    installed = [
        at for at, name in enumerate(folders) if name in ("site-packages", "dist-packages")
    ]
    sys.path.insert(installed[0] if installed else len(sys.path), "")


def _would_be_edited(name: str) -> bool:
    """`_may_be_edited` of what a name would import, found without importing it."""
    try:
        spec = importlib.util.find_spec(name.partition(".")[0])
    except (ImportError, ValueError):
        return False
    if spec is None:
        return False
    folders = spec.submodule_search_locations or ()
    return any(map(_may_be_edited, [*folders, spec.origin if spec.has_location else None]))


def _may_be_edited(path: str | None) -> bool:
    """Whether a module is not installed, but lies where its author works on it."""
    installed = {sys.prefix, sys.base_prefix, sys.exec_prefix, site.getusersitepackages()}
    return path is not None and not os.path.abspath(path).startswith(
        tuple(os.path.join(folder, "") for folder in installed)
    )


def _run(command: list[str], log: str, environment: dict[str, str]) -> int:
    """Run a command in a session of its own; returns the process's number."""
    server = os.getpid()
    with open(log, "ab", opener=_for_us_alone) as output:
        process = subprocess.Popen(  # noqa: S603 -- the kernelspec's own command
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=lambda: _end_with(server),
            env={**os.environ, **environment, "JPY_PARENT_PID": str(server)},
        )
    process.returncode = 0  # it is waited for with all others, not by this object
    return process.pid


def _for_us_alone(path: str, flags: int) -> int:
    """Open a file that nobody else may read: what a kernel writes there is masked when its task has ended."""
    return os.open(path, flags, 0o600)


def _end_with(server: int) -> None:
    """Have the system kill this process when the server is gone."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != server:  # it was gone before that was said
        os._exit(1)


def _redirect_to(log: str) -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    nothing = os.open(os.devnull, os.O_RDONLY)
    output = _for_us_alone(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for source, target in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(source, target)
    os.close(nothing)
    os.close(output)


def _answer_last_request(control: Any) -> None:
    """Let the thread end that was asked to end the kernel.

    It writes out what was printed, by way of a thread that ipykernel stops first: it would wait for
    that in vain, and whoever asked for it.
    """
    if control is not None and control.is_alive():
        with contextlib.suppress(RuntimeError):  # its loop was closed just then
            control.stop()
        control.join(_LAST_REQUEST_S)


def _end_kernel() -> NoReturn:
    """End this process as Python would, but for taking the interpreter apart.

    That would touch, and so copy, nearly all the memory that is shared with the server. What people
    notice of it is done: threads are waited for, exit functions run, IPython's among them, which
    forgets the notebook's variables, and what is still open is written.
    """
    threading._shutdown()  # type: ignore[attr-defined]  # noqa: SLF001
    atexit._run_exitfuncs()  # noqa: SLF001
    gc.collect()
    for left in gc.get_objects():
        if issubclass(type(left), _FILE):  # isinstance would ask it for its __class__
            with contextlib.suppress(Exception):
                left.flush()
    ctypes.CDLL(None).fflush(None)
    os._exit(0)


def main() -> None:
    """Serve until the owner ends, or in a forked child be a kernel until that ends."""
    del sys.path[0]  # where this file lies, among modules with names that others have too
    config = json.loads(sys.argv[-1])
    server = ForkServer(**config)
    if config["forks"]:
        server.preload()
    start = server.serve()
    server.become_kernel(start["argv"], start["folder"])


if __name__ == "__main__":
    main()
