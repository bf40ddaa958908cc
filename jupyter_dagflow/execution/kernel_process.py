"""The kernel of one attempt: a process group of its own, reached over sockets in a private folder.

The law: whoever made a `TaskKernel` ends it, with `finish`; after that no process of its group and
no file of its connection is left.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from queue import Empty
from types import MappingProxyType
from typing import Any

import zmq.asyncio
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager, NoSuchKernel
from jupyter_client.manager import AsyncKernelManager

from jupyter_dagflow.core.lease import Owner
from jupyter_dagflow.execution.held_folders import HeldFolder
from jupyter_dagflow.execution.kernel_pool import NO_HISTORY, is_ipykernel, task_environment
from jupyter_dagflow.execution.kernel_server import ServedKernel, new_mark, private_folder
from jupyter_dagflow.execution.last_words import LastWords, last_words_beside
from jupyter_dagflow.execution.processes import descendants, end_marked, kill
from jupyter_dagflow.execution.provisioner import PROVISIONER, WarmProvisioner
from jupyter_dagflow.kernel_side import marks
from jupyter_dagflow.kernel_side.last_words import VARIABLE

START_TIMEOUT_S = 120
_SOON_S = 0.2  # iopub tells of an answer at once, or nobody listened there yet
_LOOK_S = 1.0  # how long it may go unnoticed that a kernel has ended before it answered
_ASK_AGAIN_S = 10.0  # a question waits in the socket for the kernel, and is hardly ever lost
_LONGEST_LOG = 10_000_000
_CUT = b"[dagflow: this log was too long; what stood here before is left out]\n"
_LONGEST_SOCKET_PATH = 90  # the system's limit is 107, less the port number and some air

_NOTHING: Mapping[str, Any] = MappingProxyType({"msg_type": ""})

log = logging.getLogger(__name__)
log.addHandler(logging.NullHandler())


class KernelNotStarted(RuntimeError):
    """The kernel could not be started, or never answered; the text says why."""


class TaskClient(AsyncKernelClient):
    """A client that is ready as soon as the kernel is, and once it is stays so.

    jupyter_client waits on for 0.2 s of silence on iopub. There is no need: what still comes there
    answers our own first question, and whoever runs a cell reads only what belongs to it. And it asks
    every second anew: then a cell is sent while answers are under way, and ipykernel 7.0 to 7.3 may
    never take note of a request that comes while it sends (ipython/ipykernel#1554).
    ``language_info`` is what the kernel has told of its language by then.
    """

    _ready = False
    language_info: Mapping[str, Any] = MappingProxyType({})

    def start_channels(
        self,
        shell: bool = True,
        iopub: bool = True,
        stdin: bool = True,
        hb: bool = False,
        control: bool = True,
    ) -> None:
        """Open the channels but the heartbeat: the process itself tells whether the kernel lives.

        A heartbeat that is stopped before its thread has come to run (up to jupyter_client 8.10)
        beats for ever, and whoever stopped it waits for it.
        """
        del hb
        super().start_channels(shell, iopub, stdin, False, control)

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Wait for the first answer, and for iopub to be connected; raises `KernelNotStarted`."""
        deadline = time.monotonic() + (timeout or float("inf"))
        awaited, answered, asked_at = 0, False, 0.0
        while not self._ready:
            if not awaited or time.monotonic() > asked_at + _ASK_AGAIN_S:
                self.kernel_info()
                awaited, asked_at = awaited + 1, time.monotonic()
            answer = await _next(self.shell_channel, _LOOK_S)
            if answer["msg_type"] == "kernel_info_reply":
                awaited, answered = awaited - 1, True
                self.language_info = answer["content"].get("language_info", {})
            elif answered:
                awaited = 0  # what has not come by now was lost
            if not awaited:
                self._ready = await _next(self.iopub_channel, _SOON_S) is not _NOTHING
            if self._ready:
                return
            if not await self.is_alive():
                raise KernelNotStarted("It ended before it answered.")
            if time.monotonic() > deadline:
                raise KernelNotStarted(f"It did not answer within {timeout:.0f} s.")

    async def run_silently(self, code: str, *, timeout: float) -> None:
        """Run code that leaves no trace in the session, and wait until nothing of it is under way.

        Raises `KernelNotStarted` if it did not come to its end.
        """
        request = self.execute(code, silent=True, store_history=False, allow_stdin=False)
        deadline = time.monotonic() + timeout
        waiting = [(self.shell_channel, _is_reply), (self.iopub_channel, _is_idle)]
        while waiting:
            channel, is_last = waiting[0]
            message = await _next(channel, _LOOK_S)
            if message.get("parent_header", {}).get("msg_id") == request and is_last(message):
                if message["content"].get("status", "ok") != "ok":
                    raise KernelNotStarted("It could not be given the secrets.")
                waiting.pop(0)
            elif not await self.is_alive():
                raise KernelNotStarted("It ended before it was given the secrets.")
            elif time.monotonic() > deadline:
                raise KernelNotStarted(f"It did not take the secrets within {timeout:.0f} s.")


def _is_reply(message: Mapping[str, Any]) -> bool:
    return bool(message["msg_type"] == "execute_reply")


def _is_idle(message: Mapping[str, Any]) -> bool:
    state = message["content"]["execution_state"] if message["msg_type"] == "status" else ""
    return bool(state == "idle")


async def _next(channel: Any, wait_s: float) -> Mapping[str, Any]:
    """The next message, or `_NOTHING` if none comes in that time."""
    try:
        message: Mapping[str, Any] = await channel.get_msg(timeout=wait_s)
    except Empty:
        return _NOTHING
    return message


class TaskKernel(AsyncKernelManager):
    """Starts, signals and ends the kernel process of one attempt; raises `KernelNotStarted`.

    ``warm`` is one that was started before, if there is one; the log of another lies in ``logs`` until it is moved.
    ``request_end``, ``kill_group`` and ``exit_code`` may be called from any thread; all else in the session's own.
    """

    def __init__(
        self, kernel_name: str, *, warm: ServedKernel | None = None, logs: Path | None = None
    ) -> None:
        super().__init__(
            kernel_name=kernel_name,
            kernel_spec_manager=_Specs(),
            context=zmq.asyncio.Context.instance(),  # one for all: its threads take time to start
            log=log,
        )
        self.warm = warm
        self.mark = new_mark() if warm is None else warm.mark
        self._client: TaskClient | None = None
        self._log_at_last: Path | None = None
        self._end_requested = False
        self._group: int | None = None
        self._descendants: set[Owner] = set()
        self._folders: list[HeldFolder] = []
        try:
            ipykernel = self.ipykernel  # looks the kernelspec up, before anything has to be undone
        except NoSuchKernel as error:
            raise KernelNotStarted(f"{error}.") from None
        if warm is not None:
            self._log = warm.log
            self.last_words = LastWords(last_words_beside(self._log))
            self.connection_file = str(warm.connection_file)
            # It has its ports, and may be reading its file at this moment: that is not written again.
            self.cache_ports = False
            self._connection_file_written = True
            self.load_connection_file()
            return
        self._folders += [private_folder()]
        # A log can be moved within a file system while the kernel goes on writing.
        self._folders += [HeldFolder(logs)] if logs is not None else []
        self._log = self._folders[-1].path / "kernel.log"
        self.last_words = LastWords(last_words_beside(self._log))
        folder = str(self._folders[0].path)
        self.connection_file = os.path.join(folder, "kernel.json")
        if ipykernel and os.name == "posix" and len(folder) < _LONGEST_SOCKET_PATH:
            self.transport = "ipc"

    @property
    def ipykernel(self) -> bool:
        """Whether the kernel takes ipykernel's options."""
        return self.kernel_spec is not None and is_ipykernel(self.kernel_spec)

    @property
    def enters(self) -> bool:
        """Whether it enters the notebook's folder by itself."""
        return self.warm is not None and self.warm.enters

    async def begin(self, *, cwd: Path) -> None:
        """Start the kernel in a folder; it keeps no history, for which kernels would compete.

        Raises `KernelNotStarted`.
        """
        history = [NO_HISTORY] if self.ipykernel else []
        words = str(last_words_beside(self._log))
        env = {**task_environment(), VARIABLE: words, marks.VARIABLE: self.mark}
        try:
            await self.start_kernel(cwd=str(cwd), env=env, extra_arguments=history)
        except Exception as error:
            raise KernelNotStarted(str(error) or type(error).__name__) from error

    async def start_kernel(self, **options: Any) -> None:  # type: ignore[override]
        """Start the process; what it writes goes to the log file, never to our own terminal."""
        self._log.touch(mode=0o600)  # what is secret in it is masked when the task has ended
        with self._log.open("ab") as output:
            await super().start_kernel(stdout=output, stderr=subprocess.STDOUT, **options)
        self._group = getattr(self.provisioner, "pgid", None)
        if self._end_requested:
            self.kill_group()

    async def connect(self, *, timeout: float) -> None:
        """Wait for the first answer; raises `KernelNotStarted` after so many seconds."""
        client = self.client()
        client.start_channels()
        await client.wait_for_ready(timeout=timeout)

    def move_log(self, path: Path) -> None:
        """Have what the process has written, and will write, in another file."""
        self._log_at_last = path
        with contextlib.suppress(
            OSError
        ):  # it was never started, or cannot be moved before it ends
            self._log.replace(path)
            self._log = path

    async def _async_is_alive(self) -> bool:
        """Whether the process has not ended; asked every second while a cell runs, so its log is looked at, too."""
        with contextlib.suppress(OSError):
            if self._log.stat().st_size > _LONGEST_LOG:
                os.truncate(self._log, 0)  # the kernel appends, so it goes on from here
                with self._log.open("ab") as file:
                    file.write(_CUT)
        return bool(await super()._async_is_alive())

    async def is_over(self, *, within_s: float) -> bool:
        """Whether the process has ended: as soon as it has, or so many seconds later."""
        if isinstance(self.provisioner, WarmProvisioner):
            return await self.provisioner.is_over(within_s=within_s)
        await asyncio.sleep(within_s)  # a provisioner of another kind, named by the kernelspec
        return not await self._async_is_alive()

    @property
    def log_path(self) -> Path:
        """Where what the process writes lies now."""
        return self._log

    def client(self, **options: Any) -> TaskClient:  # type: ignore[override]
        """The client of this kernel, closed by `finish`."""
        if self._client is None:
            self.client_factory = TaskClient
            self._client = super().client(context=self.context, **options)  # type: ignore[assignment]
        assert self._client is not None
        return self._client

    @property
    def group(self) -> int | None:
        """The process group that it leads, where there are such."""
        return self._group

    @property
    def exit_code(self) -> int | None:
        """How the process ended (minus the signal's number if by a signal); None while it lives."""
        process = getattr(self.provisioner, "process", None)
        return None if process is None else process.poll()

    def request_end(self) -> None:
        """Interrupt the kernel and its children; one that has not started yet ends when it does."""
        self._end_requested = True
        self._note_descendants()
        self._signal(signal.SIGINT)

    def kill_group(self) -> None:
        """Kill the kernel and all that it started, also what has left its group, and its parents."""
        self._note_descendants()
        self._signal(getattr(signal, "SIGKILL", signal.SIGTERM))
        for process in self._descendants:
            kill(process)
        if self._log_at_last is not None:  # else no attempt has had it, and it has started nothing
            end_marked({self.mark})

    def _note_descendants(self) -> None:
        """Note what it has started as long as that can be told: until one in between has ended."""
        if self._group is not None and self.exit_code is None:
            self._descendants |= descendants(self._group)

    async def finish(self, *, kill: bool) -> None:
        """End the process (with its whole group if ``kill``) and remove what it needed."""
        try:
            if self._client is not None:
                self._client.stop_channels()
            if kill:
                self.kill_group()
            if self.has_kernel:
                await self.shutdown_kernel(now=kill or self.exit_code is not None)
            await self.cleanup_resources()
        finally:
            if self._log_at_last is None or self._log_at_last != self._log:
                with contextlib.suppress(OSError):
                    if self._log_at_last is not None:
                        shutil.copyfile(self._log, self._log_at_last)
                    self._log.unlink()
            self.last_words.close()
            for folder in self._folders:
                folder.remove()

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if self._group is not None and hasattr(os, "killpg"):
                os.killpg(self._group, number)
            elif self.exit_code is None and self.provisioner is not None:
                process = getattr(self.provisioner, "process", None)
                if process is not None:
                    process.kill()


class _Specs(KernelSpecManager):
    """The kernelspecs of this machine, whose kernels may come from our pools."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """A kernelspec; one that names a provisioner of its own keeps it."""
        spec = super().get_kernel_spec(kernel_name)
        spec.metadata = {"kernel_provisioner": {"provisioner_name": PROVISIONER}, **spec.metadata}
        return spec
