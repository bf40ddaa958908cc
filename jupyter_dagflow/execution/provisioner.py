"""How jupyter_client comes by a kernel that was started before: the provisioner ``dagflow``.

The law: to jupyter_client such a kernel is like any other; only where the process comes from differs.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from jupyter_dagflow import kernel_side

if TYPE_CHECKING:
    from jupyter_client.connect import KernelConnectionInfo

PROVISIONER = "dagflow"
_LOOK_S = 0.02
_TETHERED = Path(kernel_side.__file__).with_name("tethered.py")


class WarmProvisioner(LocalProvisioner):
    """Gives its manager the kernel that the manager has taken from a pool (``manager.warm``).

    A manager that has none gets an ordinary kernel, as from `LocalProvisioner`; on Linux it ends with
    the thread that has launched it.
    """

    async def launch_kernel(self, cmd: list[str], **options: Any) -> KernelConnectionInfo:
        """Take the kernel, or launch one."""
        warm = getattr(self.parent, "warm", None)
        if warm is None:
            return await super().launch_kernel(_tethered(cmd), **options)
        self.process = warm
        self.pid = self.pgid = warm.pid
        self.cwd = options.get("cwd", Path.cwd())
        return self.connection_info

    async def wait(self) -> int | None:
        """Wait for the end without the long pauses of `LocalProvisioner`."""
        while await self.poll() is None:
            await asyncio.sleep(_LOOK_S)
        return await super().wait()


def _tethered(command: list[str]) -> list[str]:
    """A command that does the same, and is killed when this process is gone."""
    if sys.platform != "linux" or not sys.executable or shutil.which(command[0]) is None:
        return command  # what cannot be found is told by whoever tries to run it
    return [sys.executable, "-ISs", str(_TETHERED), str(os.getpid()), *command]
