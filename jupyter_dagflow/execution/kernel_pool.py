"""Kernels that are ready before they are needed.

The law: a kernel is given to one attempt only and never taken back. As one is given away the next is
begun, so that the time a kernel takes to start passes while other tasks run. Where none can be had,
none is given, and whoever asked starts an ordinary one, which shows what is wrong.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import secrets
import string
import sys
import threading
import weakref
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_dagflow.execution.kernel_server import KernelServer, ServedKernel, sweep_folders
from jupyter_dagflow.execution.kernels import resolved

if TYPE_CHECKING:
    from jupyter_client.kernelspec import KernelSpec

NO_HISTORY = "--HistoryManager.hist_file=:memory:"  # for which kernels would compete
_LAUNCHERS = ("ipykernel_launcher", "ipykernel")
_MOST_POOLS = 4
_MOST_EARLY = 2  # of notebooks that are not compiled yet, or never were
_END_S = 10.0
_LONGEST_FOLDER = 80  # of sockets, whose paths the system limits to 107


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelKind:
    """What kernels have in common that may stand for one another.

    They are of the kernelspec ``name``, begin in ``folder`` with ``environment``, and will import
    ``preload``.
    """

    name: str
    folder: Path
    environment: frozenset[tuple[str, str]]
    preload: tuple[str, ...] = ()


def kind_of(name: str, folder: Path, *, preload: tuple[str, ...] = ()) -> KernelKind:
    """The kind of kernels that tasks of a notebook in this folder run in."""
    environment = frozenset(task_environment().items())
    return KernelKind(name=name, folder=folder, environment=environment, preload=preload)


class KernelPools:
    """A pool for each kind of kernel that was asked for; of those idle, the last few.

    ``ahead`` kernels of a kind are kept ready. With ``forks`` false, none is forked. What they
    write until they are given away lies below ``logs``. The first that is asked for a kernel
    removes what others have left that were killed.
    """

    def __init__(self, *, logs: Path, ahead: int, forks: bool = True) -> None:
        self.logs = logs
        self._ahead = ahead
        self._forks = forks and sys.platform == "linux"
        self._lock = threading.Lock()
        self._swept = False
        self._pools: dict[KernelKind, KernelPool] = {}
        self._outdated: list[KernelPool] = []  # of which kernels are in use
        self._early: dict[KernelKind, _EarlyPool] = {}
        self._ending: list[threading.Thread] = []
        # if nobody has closed it
        weakref.finalize(self, _close_all, self._pools, self._outdated, self._early)

    def begin_early(self, kind: KernelKind) -> None:
        """Begin what starts kernels of a kind while it is still to be found out what they will import."""
        kind = replace(kind, preload=())
        with self._lock:
            known = kind in self._early or any(replace(k, preload=()) == kind for k in self._pools)
            if os.name != "posix" or not self._forks or known:
                return
            unused = [(k, self._early.pop(k)) for k in list(self._early)[: 1 - _MOST_EARLY]]
            self._early[kind] = _EarlyPool(kind, logs=self.logs, ahead=self._ahead)
        for other, early in unused:
            early.of(other).close()

    def take(self, kind: KernelKind) -> ServedKernel | None:
        """A kernel that is ready, or will be; None if there cannot be one."""
        if os.name != "posix":
            return None
        with self._lock:
            if not self._swept:
                self._swept = True
                sweep_folders(self.logs)
            pool = self._pools.pop(kind, None)
            if pool is None or not pool.is_current:
                self._outdated += [pool] if pool is not None else []
                pool = self._new_pool(kind)
            self._pools[kind] = pool  # the last one used stands last
            idle = [kind for kind, pool in self._pools.items() if pool.is_idle][:-1]
            unused = [
                self._pools.pop(kind) for kind in idle[: max(0, len(self._pools) - _MOST_POOLS)]
            ]
            unused += [pool for pool in self._outdated if pool.is_idle]
            self._outdated[:] = [pool for pool in self._outdated if pool not in unused]
        for each in unused:
            each.close()
        return pool.take()

    def wait_for(self, thread: threading.Thread) -> None:
        """Have `close` wait for a thread in which a kernel comes to its end: code of the user may run there."""
        with self._lock:
            self._ending = [*(each for each in self._ending if each.is_alive()), thread]

    def close(self) -> None:
        """End all of them, and wait until nothing is left."""
        for thread in self._ending:
            thread.join(_END_S)
        _close_all(self._pools, self._outdated, self._early)

    def _new_pool(self, kind: KernelKind) -> KernelPool:
        early = self._early.pop(replace(kind, preload=()), None)
        if early is not None:
            pool = early.of(kind)
            if pool.is_current:
                return pool
            pool.close()
        return KernelPool(kind, logs=self.logs, ahead=self._ahead, forks=self._forks)


def _close_all(
    pools: dict[KernelKind, KernelPool],
    outdated: list[KernelPool],
    early: dict[KernelKind, _EarlyPool],
) -> None:
    while early:
        kind, begun = early.popitem()
        begun.of(kind).close()
    while pools:
        _, pool = pools.popitem()
        pool.close()
    while outdated:
        outdated.pop().close()


class KernelPool:
    """Kernels of one kind; see `KernelPools`. If it is ``early``, `will_preload` tells what they import."""

    def __init__(
        self, kind: KernelKind, *, logs: Path, ahead: int, forks: bool, early: bool = False
    ) -> None:
        self._kind = kind
        self._early = early
        self._ahead = ahead
        self._numbers = itertools.count(1)
        self._ready: deque[ServedKernel] = deque()
        self._lock = threading.Lock()
        self._given: list[ServedKernel] = []
        self._logs = logs
        self._server: KernelServer | None = None
        # the folder is gone, there is no such kernel, or it is for another to start
        with contextlib.suppress(OSError, LookupError):
            self._server, self._begin = self._serve(forks)

    @property
    def is_current(self) -> bool:
        """Whether it has kernels to give, with what is installed now."""
        return self._server is not None and self._server.is_alive and self._server.is_current

    @property
    def is_idle(self) -> bool:
        """Whether none of the kernels it has given away is alive."""
        return not self._running()

    def will_preload(self, modules: Sequence[str]) -> None:
        """Tell what kernels will import, before the first is taken."""
        if self._server is not None and self._server.forks:
            self._server.preload(modules)

    def take(self) -> ServedKernel | None:
        """See `KernelPools.take`."""
        with self._lock:
            if self._server is None:
                return None
            kernel = self._ready.popleft() if self._ready else self._begin()
            while len(self._ready) < self._ahead:
                self._ready.append(self._begin())
            self._given = [*self._running(), kernel]
        return kernel

    def close(self) -> None:
        """End all kernels, also those given away, and wait until nothing is left of them."""
        with self._lock:
            server, self._server = self._server, None
        if server is not None:
            server.close()

    def _running(self) -> list[ServedKernel]:
        return [kernel for kernel in self._given if kernel.returncode is None]

    def _serve(self, forks: bool) -> tuple[KernelServer, Callable[[], ServedKernel]]:
        """A server for the kind, and how to begin a kernel of it."""
        # It brings zmq along: only who starts a kernel pays for it.
        from jupyter_client.kernelspec import KernelSpecManager

        kind = self._kind
        spec = KernelSpecManager().get_kernel_spec(kind.name)
        if "kernel_provisioner" in spec.metadata:
            raise LookupError(f"The kernelspec {kind.name} names what starts its kernels.")
        python = _python_of(spec) if forks else None
        substitutes = {**os.environ, **dict(kind.environment)}
        environment = {
            **dict(kind.environment),
            **{k: string.Template(v).safe_substitute(substitutes) for k, v in spec.env.items()},
        }
        server = KernelServer(
            python.command if python else [sys.executable],
            folder=kind.folder,
            logs=self._logs,
            environment=environment,
            forks=python is not None,
            preload=None if self._early and python is not None else kind.preload,
        )

        def fork() -> ServedKernel:
            assert python is not None
            file = self._connection(server, ipc=True)
            return server.fork(file, argv=_filled([*python.arguments, NO_HISTORY], file, spec))

        def run() -> ServedKernel:
            ipykernel = is_ipykernel(spec)
            file = self._connection(server, ipc=ipykernel)
            command = [resolved(spec.argv[0]), *spec.argv[1:]]
            return server.run(
                file, command=_filled([*command, *[NO_HISTORY] * ipykernel], file, spec)
            )

        return server, fork if python else run

    def _connection(self, server: KernelServer, *, ipc: bool) -> Path:
        """A new connection file."""
        from jupyter_client.connect import write_connection_file

        file = server.home / f"k{next(self._numbers)}.json"
        ipc = ipc and len(str(file)) < _LONGEST_FOLDER
        write_connection_file(
            str(file),
            ip=str(file.with_suffix("")) if ipc else "",
            transport="ipc" if ipc else "tcp",
            key=secrets.token_hex(16).encode(),
            kernel_name=self._kind.name,
        )
        return file


class _EarlyPool:
    """A pool that is made in a thread of its own: it brings jupyter_client along, and starts a process."""

    def __init__(self, kind: KernelKind, *, logs: Path, ahead: int) -> None:
        self._made: list[KernelPool] = []
        self._make = partial(KernelPool, kind, logs=logs, ahead=ahead, forks=True, early=True)
        self._thread = threading.Thread(target=self._run, name="dagflow early kernels", daemon=True)
        self._thread.start()

    def of(self, kind: KernelKind) -> KernelPool:
        """The pool, once it is made, for kernels that import what this kind says."""
        self._thread.join()
        pool = self._made[0] if self._made else self._make()
        pool.will_preload(kind.preload)
        return pool

    def _run(self) -> None:
        self._made.append(self._make())


@dataclass(frozen=True, slots=True)
class _Python:
    """How a kernelspec runs Python, and the arguments of ipykernel."""

    command: Sequence[str]
    arguments: Sequence[str]


def task_environment() -> dict[str, str]:
    """Ours, marked so that ``%dagflow`` does nothing in a task: the pipeline would run itself without end.

    Text has the same hashes in all kernels, if we were not told which: a set of words is gone through in
    the same order in every task. Who is to be told of runs is no business of a task's: the addresses hold passwords.
    """
    ours = ("JPY_SESSION_NAME", "DAGFLOW_NOTIFY")
    env = {name: value for name, value in os.environ.items() if name not in ours}
    return {"PYTHONHASHSEED": "0", **env, "DAGFLOW_IN_TASK": "1"}


def is_ipykernel(spec: KernelSpec) -> bool:
    """Whether the kernel takes ipykernel's options, by what it runs rather than by its name."""
    return any("ipykernel" in argument for argument in spec.argv)


def _python_of(spec: KernelSpec) -> _Python | None:
    """How to run ipykernel in a process of ours; None if the kernelspec does something else."""
    argv = spec.argv
    if "-m" not in argv[1:] or "python" not in Path(argv[0]).name.lower():
        return None
    at = argv.index("-m")
    if len(argv) <= at + 1 or argv[at + 1] not in _LAUNCHERS:
        return None
    return _Python([resolved(argv[0]), *argv[1:at]], argv[at + 2 :])


def _filled(argv: Sequence[str], connection_file: Path, spec: KernelSpec) -> list[str]:
    """Arguments of a kernelspec with what stands in braces filled in."""
    values: Mapping[str, str] = {
        "{connection_file}": str(connection_file),
        "{prefix}": sys.prefix,
        "{resource_dir}": spec.resource_dir,
    }
    filled = []
    for argument in argv:
        for name, value in values.items():
            argument = argument.replace(name, value)
        filled.append(argument)
    return filled
