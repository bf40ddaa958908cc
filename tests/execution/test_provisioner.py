"""That a kernel has ended is told, not asked for; where nobody tells it, it is found out."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from jupyter_dagflow.execution.kernel_pool import KernelPools, kind_of
from jupyter_dagflow.execution.kernel_process import TaskKernel
from jupyter_dagflow.execution.kernel_server import ServedKernel
from tests.execution.pooled import ready

_NEVER_S = 3600.0


async def _end(folder: Path, *, within_s: float, warm: ServedKernel | None = None) -> None:
    """Begin a kernel, kill it, and wait until it is over, asking anew when that has not come in that time."""
    kernel = TaskKernel("dagflow-test", warm=warm)
    await kernel.begin(cwd=folder)
    assert not await kernel.is_over(within_s=0)
    over = asyncio.create_task(kernel.is_over(within_s=within_s))
    await asyncio.sleep(0)
    kernel.kill_group()
    while not await over:
        over = asyncio.create_task(kernel.is_over(within_s=within_s))
    await kernel.finish(kill=True)


def _descriptors_of_processes() -> list[str]:
    found = (os.readlink(path) for path in Path("/proc/self/fd").iterdir() if path.is_symlink())
    return [name for name in found if "pidfd" in name]


@pytest.mark.parametrize("forks", [True, False], ids=["forked", "commands"])
def test_the_end_of_a_kernel_of_a_pool_is_told(tmp_path: Path, kernels: Path, forks: bool) -> None:
    pools = KernelPools(logs=tmp_path / "kernels", ahead=1, forks=forks)
    warm = ready(pools, kind_of("dagflow-test", tmp_path))
    assert warm is not None
    asyncio.run(_end(tmp_path, within_s=_NEVER_S, warm=warm))
    pools.close()


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="no descriptors of processes here")
def test_the_end_of_another_is_told_by_a_descriptor_that_is_closed(
    tmp_path: Path, kernels: Path
) -> None:
    asyncio.run(_end(tmp_path, within_s=_NEVER_S))
    assert _descriptors_of_processes() == []


def test_the_end_is_found_out_where_there_are_no_such_descriptors(
    tmp_path: Path, kernels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "pidfd_open", raising=False)
    asyncio.run(_end(tmp_path, within_s=0.01))
