"""The owner's side of a fork server: the process that starts kernels, and the kernels it has started.

The law: what `kernel_side/fork_server.py` tells is believed as it comes, by one thread; when it
tells no more, because it has ended, every kernel of it counts as killed and is. One that an import
ends, or holds up, has started none yet: another takes its place, and leaves that module to the kernels.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import signal
import socket
import subprocess
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

from jupyter_dagflow.execution.held_folders import HeldFolder, sweep
from jupyter_dagflow.execution.last_words import last_words_beside
from jupyter_dagflow.kernel_side import marks
from jupyter_dagflow.kernel_side.last_words import VARIABLE

_SCRIPT = Path(__file__).parents[1] / "kernel_side" / "fork_server.py"
_KILLED = -int(getattr(signal, "SIGKILL", signal.SIGTERM))
_END_S = 10.0
_SETTLE_S = 120.0
_IMPORT_S = 60.0  # an import that takes longer is left to each kernel
_FOLDERS = "dagflow-"  # what those of sockets are called in the temporary folder
_MOST_PRELOADED = 500  # which is told in one piece
_LOOK_S = 0.2  # how long it may go unnoticed that a kernel is no longer wanted


class ServedKernel:
    """A kernel's process, as `subprocess.Popen` would have it: of a group of its own.

    ``settled`` is set when it has bound its sockets or, of a command that cannot tell, has been
    started; and when it has ended without that. One that ``enters`` the notebook's folder by itself
    needs no cell that does.
    """

    stdin = stdout = stderr = None

    def __init__(self, server: KernelServer, *, connection_file: Path, log: Path) -> None:
        self._server = server
        self.enters = server.forks
        self.connection_file = connection_file
        self.log = log
        self.mark = new_mark()
        self.settled = threading.Event()
        self.ended = threading.Event()
        self._to_tell: list[Callable[[], None]] = []
        self.pid = 0
        self.signals: list[int] = []  # that came before there was a process
        self.returncode: int | None = None

    def becomes_ready(self, *, unless: threading.Event) -> bool:
        """Wait for that, ``unless`` it is no longer wanted; a kernel that does not is ended."""
        until = time.monotonic() + _SETTLE_S
        while not self.settled.wait(_LOOK_S):
            if unless.is_set() or time.monotonic() > until:
                self.kill()
                return False
        return self.returncode is None

    def poll(self) -> int | None:
        """The exit code, minus the signal's number if it was killed; None while the kernel lives."""
        return self.returncode

    def wait(self, timeout: float | None = None) -> int | None:
        """Wait for the end, and give the exit code."""
        self.ended.wait(timeout)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Signal the kernel and all that it started."""
        if self.returncode is None:
            self._server.signal(self, number)

    def terminate(self) -> None:
        """Ask the kernel to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End the kernel and all that it started."""
        self.send_signal(-_KILLED)

    def has_started(self, pid: int, *, will_be_ready: bool) -> None:
        """Take note of the process, and whether it will tell when it is ready."""
        self.pid = pid
        if not will_be_ready:
            self.settled.set()

    def has_ended(self, code: int) -> None:
        """Take note of the end."""
        self.returncode = code
        self.settled.set()
        self.ended.set()
        for tell in [*self._to_tell]:
            tell()

    def when_ended(self, tell: Callable[[], None]) -> None:
        """Have the end told, in any thread and perhaps twice; also if it has come already."""
        self._to_tell.append(tell)
        if self.ended.is_set():
            tell()


class KernelServer:
    """Starts a fork server in ``folder``, which its kernels begin in, with their ``environment``.

    ``python`` is the command that runs Python there, ``forks`` whether kernels are forked from it,
    ``preload`` the modules they will need, None if `preload` is to tell; what they write goes to a
    file each in a folder below ``logs``, removed in the end. Whoever makes one calls `close`; if it
    does not come to that, all ends with this process. Raises `OSError` if it cannot be started.
    """

    def __init__(
        self,
        python: Sequence[str],
        *,
        folder: Path,
        logs: Path,
        environment: Mapping[str, str],
        forks: bool,
        preload: Sequence[str] | None = (),
    ) -> None:
        self.forks = forks
        self._logs = HeldFolder(logs)
        self._home = private_folder()
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._starting: dict[int, tuple[ServedKernel, dict[str, object]]] = {}
        self._kernels: dict[int, ServedKernel] = {}
        self._closing = False
        self._ended = False
        self.importing: str | None = None  # the module that is being imported there
        self._imported_from: dict[str, int] = {}
        self._folder = folder
        self._environment = {**environment, marks.VARIABLE: marks.BLANK}
        self._config: dict[str, Any] = {
            "command": [*python, str(_SCRIPT)],
            "folders": [str(self._home.path), str(self._logs.path)],
            "forks": forks,
            "preload": None if preload is None else list(preload),
            "without": [],
        }
        try:
            self._socket, self._process = self._launch()
        except BaseException:
            self._remove_folders()
            raise
        threading.Thread(target=self._listen, name="dagflow kernels", daemon=True).start()

    @property
    def is_alive(self) -> bool:
        """Whether it starts kernels still."""
        return not self._ended

    @property
    def is_current(self) -> bool:
        """Whether what is installed is what it has imported."""
        return all(_stamp(folder) == then for folder, then in self._imported_from.items())

    @property
    def home(self) -> Path:
        """The folder of its kernels' sockets; gone when it has ended."""
        return self._home.path

    def preload(self, modules: Sequence[str]) -> None:
        """Tell one that began without knowing what its kernels will need."""
        with self._lock, contextlib.suppress(OSError):  # one that takes its place will know
            self._config["preload"] = list(modules)[:_MOST_PRELOADED]
            self._send({"preload": self._config["preload"]})

    def fork(self, connection_file: Path, *, argv: Sequence[str]) -> ServedKernel:
        """Begin to fork a kernel, which ipykernel's arguments tell what to be."""
        how = {"argv": list(argv), "folder": str(self._folder)}
        return self._start(connection_file, how)

    def run(self, connection_file: Path, *, command: Sequence[str]) -> ServedKernel:
        """Begin to run a kernel's command."""
        return self._start(connection_file, {"command": list(command)})

    def signal(self, kernel: ServedKernel, number: int) -> None:
        """Signal a kernel's process group, once there is one."""
        with self._lock:
            if not kernel.pid:
                kernel.signals.append(number)
                return
        if not self._tell({"signal": number, "pid": kernel.pid}) and kernel.pid:
            _signal_group(kernel.pid, number)

    def close(self) -> None:
        """End it with all its kernels, and wait until nothing is left of them."""
        with self._lock, contextlib.suppress(OSError):
            self._closing = True
            self._socket.shutdown(socket.SHUT_RDWR)
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._no_more()

    def _launch(self) -> tuple[socket.socket, subprocess.Popen[bytes]]:
        ours, theirs = socket.socketpair()
        try:
            with theirs, (self._logs.path / "server.log").open("ab") as log:
                return ours, subprocess.Popen(  # noqa: S603 -- the kernelspec's Python
                    [
                        *self._config["command"],
                        json.dumps({**self._config, "fd": theirs.fileno()}),
                    ],
                    pass_fds=[theirs.fileno()],
                    cwd=self._folder,
                    env=self._environment,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
        except BaseException:
            ours.close()
            raise

    def _start(self, connection_file: Path, how: Mapping[str, object]) -> ServedKernel:
        log = self._logs.path / connection_file.with_suffix(".log").name
        kernel = ServedKernel(self, connection_file=connection_file, log=log)
        number = next(self._numbers)
        environment = {VARIABLE: str(last_words_beside(log))}
        request = {
            "start": number,
            "log": str(log),
            "mark": kernel.mark,
            "environment": environment,
        }
        request |= how
        with self._lock:
            alive = not self._ended
            if alive:
                self._starting[number] = kernel, request
        if alive:
            self._tell(request)  # if in vain, who listens finds out what has become of it
        else:
            kernel.has_ended(_KILLED)
        return kernel

    def _tell(self, request: Mapping[str, object]) -> bool:
        try:
            with self._lock:
                self._send(request)
        except OSError:
            return False
        return True

    def _send(self, request: Mapping[str, object]) -> None:
        self._socket.sendall(json.dumps(request).encode() + b"\n")

    def _listen(self) -> None:
        try:
            self._follow()
            while self._begin_anew():
                self._follow()
        finally:
            self._socket.close()
            self._process.wait()
            self._no_more()

    def _follow(self) -> None:
        """Take what it tells until it has ended, which it is made to if an import takes too long."""
        received = b""
        while wait([self._socket], _IMPORT_S if self.importing else None):
            try:
                data = self._socket.recv(65536)
            except OSError:
                data = b""
            if not data:
                return
            *lines, received = (received + data).split(b"\n")
            for line in lines:
                self._take(json.loads(line))
        _signal_group(self._process.pid, -_KILLED)

    def _begin_anew(self) -> bool:
        """Have another take its place if it has ended in an import; whether there is one."""
        self._process.wait()
        with self._lock, contextlib.suppress(OSError):
            if self.importing and not self._closing and self._home.path.exists():
                self._config["without"].append(self.importing)
                self.importing = None
                self._socket.close()
                self._socket, self._process = self._launch()
                for _, request in self._starting.values():
                    self._send(request)
                return True
        return False

    def _take(self, news: Mapping[str, Any]) -> None:
        self.importing = news.get("importing")
        if "started" in news:
            with self._lock:
                kernel, _ = self._starting.pop(news["started"])
                self._kernels[news["pid"]] = kernel
                kernel.has_started(news["pid"], will_be_ready=self.forks)
            for number in kernel.signals:
                self.signal(kernel, number)
        elif "imported_from" in news:
            self._imported_from = news["imported_from"]
        elif "ready" in news:
            ready = self._kernels.get(news["ready"])
            if ready is not None:  # else it has ended just then
                ready.settled.set()
        elif "ended" in news:
            with self._lock:
                ended = self._kernels.pop(news["ended"])
            ended.has_ended(news["code"])

    def _no_more(self) -> None:
        """Take it for ended, with all that it started; done again, it does nothing."""
        with self._lock:
            self._ended = True
            left = [*self._kernels.values(), *(kernel for kernel, _ in self._starting.values())]
            self._kernels.clear()
            self._starting.clear()
        for kernel in left:
            if kernel.pid:
                _signal_group(kernel.pid, -_KILLED)
            kernel.has_ended(_KILLED)
        self._remove_folders()

    def _remove_folders(self) -> None:
        for folder in (self._home, self._logs):
            folder.remove()


def new_mark() -> str:
    """What no other kernel has."""
    return uuid.uuid4().hex


def private_folder() -> HeldFolder:
    """A new folder for sockets, whose paths have to be short."""
    return HeldFolder(Path(tempfile.gettempdir()), prefix=_FOLDERS)


def sweep_folders(logs: Path) -> None:
    """Remove what processes have left in such folders, and in the folders below ``logs``, that were killed."""
    sweep(Path(tempfile.gettempdir()), prefix=_FOLDERS)
    sweep(logs)


def _stamp(folder: str) -> int | None:
    try:
        return os.stat(folder).st_mtime_ns
    except OSError:
        return None


def _signal_group(pid: int, number: int) -> None:
    with contextlib.suppress(OSError):
        os.killpg(pid, number)
