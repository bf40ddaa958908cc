"""Kernels of a pool, as who asks for one has them."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient

from jupyter_dagflow.execution.kernel_pool import KernelKind, KernelPools
from jupyter_dagflow.execution.kernel_server import ServedKernel

_NOT_STOPPED = threading.Event()


def ready(pools: KernelPools, kind: KernelKind) -> ServedKernel | None:
    """A kernel, when it is ready."""
    kernel = pools.take(kind)
    return kernel if kernel is not None and kernel.becomes_ready(unless=_NOT_STOPPED) else None


def ask(kernel: ServedKernel, expression: str) -> Any:
    """What an expression is worth in a kernel, by way of JSON."""
    code = f"answer = __import__('json').dumps({expression})"
    with client_of(kernel) as client:
        reply = client.execute(code, reply=True, user_expressions={"it": "answer"}, timeout=60)
    answer = reply["content"]["user_expressions"]["it"]
    assert answer["status"] == "ok", answer
    return json.loads(eval(answer["data"]["text/plain"]))


@contextmanager
def client_of(kernel: ServedKernel) -> Iterator[BlockingKernelClient]:
    """A client whose kernel has answered."""
    client = BlockingKernelClient(connection_file=str(kernel.connection_file))
    client.load_connection_file()
    client.start_channels(hb=False)
    try:
        client.wait_for_ready(timeout=60)
        yield client
    finally:
        client.stop_channels()
