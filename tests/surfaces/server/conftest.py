"""A real Jupyter Server in a process of its own, with users who may do more or less."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

BASE_URL = "/user/ada/"
OWNER = "owner"
ROLES = {
    "reader": ("read",),
    "writer": ("read", "write"),
    "runner": ("read", "execute"),
    "stranger": (),
}
_CONFIG = f"""
from jupyter_server.auth import Authorizer, IdentityProvider, User

ROLES = {ROLES!r}


class Roles(IdentityProvider):
    async def get_user_token(self, handler):
        token = self.get_token(handler)
        return User(username=token) if token in ROLES else await super().get_user_token(handler)


class ByRole(Authorizer):
    def is_authorized(self, handler, user, action, resource):
        return resource != "dagflow" or user.username not in ROLES or action in ROLES[user.username]


others = ("jupyter_lsp", "jupyter_server_terminals", "jupyterlab", "notebook_shim")
c.ServerApp.jpserver_extensions = {{"jupyter_dagflow": True, **dict.fromkeys(others, False)}}
c.ServerApp.identity_provider_class = Roles
c.ServerApp.authorizer_class = ByRole
c.ServerApp.allow_unauthenticated_access = False
c.ServerApp.allow_root = True
c.ServerApp.base_url = {BASE_URL!r}
c.ServerApp.open_browser = False
c.ServerApp.port = 0
c.IdentityProvider.token = Roles.token = {OWNER!r}
"""
_START_S = 120


@dataclass
class Server:
    """A Jupyter Server over a folder; it can be ended and started again."""

    folder: Path
    process: subprocess.Popen[bytes] | None = None
    origin: str = ""

    @property
    def root(self) -> Path:
        """The folder of its notebooks."""
        return self.folder / "root"

    @property
    def environ(self) -> dict[str, str]:
        """What a process has that shares its runs."""
        own = {
            "JUPYTER_CONFIG_DIR": str(self.folder / "config"),
            "JUPYTER_RUNTIME_DIR": str(self.folder / "runtime"),
            "DAGFLOW_HOME": str(self.folder / "home"),
        }
        return {**os.environ, **own}

    def start(self) -> None:
        """Start it, and wait until it answers."""
        for name in ("root", "config", "runtime"):
            (self.folder / name).mkdir(exist_ok=True)
        (self.folder / "config/jupyter_server_config.py").write_text(_CONFIG)
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "jupyter_server"],
                cwd=self.root,
                env=self.environ,
                stdout=log,
                stderr=log,
            )
        file = self.folder / "runtime" / f"jpserver-{self.process.pid}.json"
        until = time.monotonic() + _START_S
        while not self._answers(file):
            assert self.process.poll() is None, (self.folder / "server.log").read_text()
            assert time.monotonic() < until, (self.folder / "server.log").read_text()
            time.sleep(0.05)

    def end(self) -> None:
        """End it as a system does that shuts down."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait()

    def ask(
        self, method: str, path: str, *, token: str | None = OWNER, **options: Any
    ) -> requests.Response:
        """Ask our API for something."""
        headers = {} if token is None else {"Authorization": f"token {token}"}
        return requests.request(  # not in a session, whose cookies would log in whoever comes next
            method,
            f"{self.url}/{path}",
            headers={**headers, **options.pop("headers", {})},
            **options,
        )

    def get(self, address: str, **query: Any) -> Any:
        """What is answered to a GET, which must be good."""
        answer = self.ask("GET", address, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, address: str, **body: Any) -> Any:
        """What is answered to a POST, which must be good."""
        answer = self.ask("POST", address, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def ended(self, run: str) -> Any:
        """A run, once it has ended."""
        while (found := self.get(f"runs/{run}"))["state"] in ("queued", "running"):
            time.sleep(0.05)
        return found

    @property
    def url(self) -> str:
        """The address of our API."""
        return f"{self.origin}{BASE_URL}dagflow/api/v1"

    def write(self, name: str, **tasks: str) -> str:
        """Write a notebook with these tasks below its root; gives its path there."""
        cells = [
            {
                "cell_type": "code",
                "id": task,
                "source": source,
                "outputs": [],
                "execution_count": None,
                "metadata": {"tags": [task if task == "parameters" else f"task:{task}"]},
            }
            for task, source in tasks.items()
        ]
        notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
        (self.root / name).write_text(json.dumps(notebook))
        return name

    def _answers(self, file: Path) -> bool:
        try:
            self.origin = f"http://127.0.0.1:{json.loads(file.read_text())['port']}"
            return self.ask("GET", "status").ok
        except (OSError, ValueError):  # the file is not there or whole yet, or nobody listens
            return False


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server for the tests of a module."""
    yield from _served(tmp_path_factory.mktemp("server"))


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Server]:
    """A server for one test, which may end it."""
    yield from _served(tmp_path)


def _served(folder: Path) -> Iterator[Server]:
    server = Server(folder)
    server.start()
    try:
        yield server
    finally:
        server.end()
