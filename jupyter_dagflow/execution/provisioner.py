"""How jupyter_client comes by a kernel that was started before: the provisioner ``dagflow``.

The law: to jupyter_client such a kernel is like any other; only where the process comes from differs. Of its end tells
what has started it, and of another kernel's Linux, by a descriptor of the process; other systems are asked.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from jupyter_dagflow import kernel_side
from jupyter_dagflow.execution.kernel_server import ServedKernel

if TYPE_CHECKING:
    from jupyter_client.connect import KernelConnectionInfo

PROVISIONER = "dagflow"
_LOOK_S = 0.02  # how long the end may go unnoticed where nobody tells of it
_LONG_S = 10.0
_TETHERED = Path(kernel_side.__file__).with_name("tethered.py")


class WarmProvisioner(LocalProvisioner):
    """Gives its manager the kernel that the manager has taken from a pool (``manager.warm``).

    A manager that has none gets an ordinary kernel, as from `LocalProvisioner`; on Linux it ends with
    the thread that has launched it.
    """

    _over: asyncio.Event | None = None  # set at the end, where that is told
    _descriptor: int | None = None

    async def launch_kernel(self, cmd: list[str], **options: Any) -> KernelConnectionInfo:
        """Take the kernel, or launch one."""
        warm = getattr(self.parent, "warm", None)
        if warm is None:
            info = await super().launch_kernel(_tethered(cmd), **options)
        else:
            self.process = warm
            self.pid = self.pgid = warm.pid
            self.cwd = options.get("cwd", Path.cwd())
            info = self.connection_info
        self._be_told()
        return info

    async def wait(self) -> int | None:
        """Wait for the end without the pauses of `LocalProvisioner`."""
        while not await self.is_over(within_s=_LOOK_S if self._over is None else _LONG_S):
            pass
        return await super().wait()

    async def is_over(self, *, within_s: float) -> bool:
        """Whether the process has ended: as soon as it has, where that is told, or so many seconds later."""
        if await self.poll() is None:
            if self._over is None:
                await asyncio.sleep(within_s)
            else:
                with contextlib.suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(self._over.wait(), within_s)
        return await self.poll() is not None

    async def cleanup(self, restart: bool = False) -> None:
        """Let go of the process, which has ended."""
        self._let_go()
        await super().cleanup(restart=restart)

    def _be_told(self) -> None:
        """See to it that the end of the process is told, if anybody tells it."""
        loop, over = asyncio.get_running_loop(), asyncio.Event()

        def tell() -> None:
            with contextlib.suppress(RuntimeError):  # nobody waits any more
                loop.call_soon_threadsafe(over.set)

        def is_readable() -> None:
            self._let_go()
            over.set()

        if isinstance(self.process, ServedKernel):
            self.process.when_ended(tell)
        elif hasattr(os, "pidfd_open") and self.process is not None:
            try:
                self._descriptor = os.pidfd_open(self.process.pid)
                loop.add_reader(self._descriptor, is_readable)
            except OSError:  # an older Linux
                self._let_go()
                return
        else:
            return
        self._over = over

    def _let_go(self) -> None:
        if self._descriptor is not None:
            asyncio.get_running_loop().remove_reader(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = None


def _tethered(command: list[str]) -> list[str]:
    """A command that does the same, and is killed when this process is gone."""
    if sys.platform != "linux" or not sys.executable or shutil.which(command[0]) is None:
        return command  # what cannot be found is told by whoever tries to run it
    return [sys.executable, "-ISs", str(_TETHERED), str(os.getpid()), *command]
