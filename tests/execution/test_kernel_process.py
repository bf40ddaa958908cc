"""How a task's kernel is spoken to until it is ready."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest
import zmq
from jupyter_client.session import Session

from jupyter_dagflow.execution.kernel_process import TaskClient

_KEY = b"key"


class SlowKernel(threading.Thread):
    """Answers a question when no other has come for two seconds and more; says so on iopub."""

    def __init__(self, folder: Path) -> None:
        super().__init__(daemon=True)
        self.asked = 0
        self._folder = folder
        self._session = Session(key=_KEY)

    def run(self) -> None:
        """Answer once."""
        with zmq.Context() as context, context.socket(zmq.ROUTER) as shell:
            shell.bind(f"ipc://{self._folder}/k-1")
            with context.socket(zmq.XPUB) as iopub:
                iopub.bind(f"ipc://{self._folder}/k-2")
                iopub.recv()  # somebody listens
                questions = [self._question(shell)]
                while shell.poll(2500):
                    questions.append(self._question(shell))
                self.asked = len(questions)
                for identities, question in questions:
                    self._session.send(iopub, "status", {"execution_state": "busy"})
                    self._session.send(
                        shell, "kernel_info_reply", {}, parent=question, ident=identities
                    )

    def _question(self, shell: zmq.Socket[bytes]) -> tuple[list[bytes], dict[str, object]]:
        identities, parts = self._session.feed_identities(shell.recv_multipart())
        return identities, self._session.deserialize(parts)


def test_a_slow_kernel_is_asked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # paths of sockets have to be short
    kernel = SlowKernel(Path())
    client = TaskClient(
        ip="k", transport="ipc", shell_port=1, iopub_port=2, stdin_port=3, control_port=4
    )
    client.session.key = _KEY

    async def get_ready() -> None:
        client.is_alive = lambda: asyncio.sleep(0, True)
        client.start_channels()
        kernel.start()
        await client.wait_for_ready(timeout=60)

    try:
        asyncio.run(get_ready())
    finally:
        client.stop_channels()
    kernel.join()
    assert kernel.asked == 1
