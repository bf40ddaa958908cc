"""A kernel with the client that is connected to it, in the thread that will use it.

The law: a session serves one attempt. It may be made ready before there is one; all that takes place in one thread,
which also cleans it up.
"""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

from jupyter_core.utils import ensure_event_loop, run_sync

from jupyter_dagflow.execution.kernel_pool import KernelKind, KernelPools
from jupyter_dagflow.execution.kernel_process import START_TIMEOUT_S, KernelNotStarted, TaskKernel
from jupyter_dagflow.execution.late_imports import imported_later


class KernelSession:
    """`prepare`, `kernel` and `clean_up` in one thread; `stop` and `kill` from any."""

    def __init__(self, kind: KernelKind, *, kernels: KernelPools | None) -> None:
        self._kind = kind
        self._kernels = kernels
        self._kernel: TaskKernel | None = None
        self._trouble: Exception | None = None
        self._stopping = threading.Event()

    @property
    def exit_code(self) -> int | None:
        """How the kernel ended; None while it lives, and of one that never began."""
        return None if self._kernel is None else self._kernel.exit_code

    @property
    def is_usable(self) -> bool:
        """Whether nothing has gone wrong so far."""
        return self._trouble is None and self.exit_code is None

    @property
    def log(self) -> Path | None:
        """Where what the kernel writes lies now."""
        return None if self._kernel is None else self._kernel.log_path

    @property
    def unlogged(self) -> bytes:
        """What it has written, of one that died, and what did not come there any more."""
        return b"" if self._kernel is None else self._kernel.last_words.unlogged

    def prepare(self) -> None:
        """Begin a kernel and wait for its answer; what prevents that is told by `kernel`."""
        try:
            self._prepare()
        except Exception as error:  # noqa: BLE001 -- raised again by `kernel`
            self._trouble = error

    def kernel(self, *, log: Path) -> TaskKernel:
        """The kernel; what it writes lies at ``log`` from now on.

        Raises `KernelNotStarted`, and whatever else prevented it.
        """
        if self._kernel is not None:
            self._kernel.move_log(log)
        if self._trouble is not None:
            raise self._trouble
        if self._kernel is None:
            raise KernelNotStarted("It was not wanted any more.")
        self._kernel.last_words.open()
        return self._kernel

    def tell(self, code: str) -> None:
        """Have the kernel run code that stands in no taskbook; raises `KernelNotStarted`."""
        assert self._kernel is not None
        run_sync(self._kernel.client().run_silently)(code, timeout=START_TIMEOUT_S)

    def stop(self) -> None:
        """Interrupt the kernel; one that is still to begin will not."""
        self._stopping.set()
        if self._kernel is not None:
            self._kernel.request_end()

    def kill(self) -> None:
        """End the kernel's processes at once."""
        if self._kernel is not None:
            self._kernel.kill_group()

    def clean_up(self) -> None:
        """Leave nothing behind: the kernel's processes, its files, and this thread's event loop."""
        loop = ensure_event_loop()
        try:
            if self._kernel is not None:
                kill = self._stopping.is_set() or self._kernel.exit_code is not None
                run_sync(self._kernel.finish)(kill=kill)
        finally:
            left = asyncio.all_tasks(loop)  # nbclient's, of a cell that never came to its end
            for task in left:
                task.cancel()
            loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
            loop.close()

    def _prepare(self) -> None:
        warm = self._kernels.take(self._kind) if self._kernels is not None else None
        # papermill takes half a second to import: in that time the kernel starts.
        with imported_later():
            import jupyter_dagflow.execution.papermill_door  # noqa: F401
        if warm is not None and not warm.becomes_ready(unless=self._stopping):
            warm = None
        if self._stopping.is_set():
            if warm is not None:  # nobody else knows of it
                warm.kill()
            return
        logs = None if self._kernels is None else self._kernels.logs
        kernel = TaskKernel(self._kind.name, warm=warm, logs=logs)
        self._kernel = kernel
        run_sync(kernel.begin)(cwd=self._kind.folder)
        if not self._stopping.is_set():
            run_sync(kernel.connect)(timeout=START_TIMEOUT_S)
