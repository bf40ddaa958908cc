"""``dagflow doctor``: whether this machine is ready, and what to do where it is not.

The law: each check answers for itself, changes nothing but the home folder it would make anyway,
and never stops the others. What is essential to run a notebook decides the exit code; the rest is
told.
"""

from __future__ import annotations

import importlib.metadata
import json
import platform
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import typer

from jupyter_dagflow import __version__
from jupyter_dagflow.core.errors import DagflowError, EnvironmentFault
from jupyter_dagflow.surfaces.cli.db import inspected
from jupyter_dagflow.surfaces.cli.output import put, put_json, put_table
from jupyter_dagflow.surfaces.options import AsJson
from jupyter_dagflow.surfaces.table import Column, Table

LAB_EXTENSION = "jupyter-dagflow"
SERVER_EXTENSION = "jupyter_dagflow"

_OLDEST_PYTHON = (3, 10)
_SHIPPED = "Install the package again: pip install --force-reinstall --no-deps jupyter-dagflow"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one check found; ``hint`` says what to do if it is not well."""

    name: str
    ok: bool
    detail: str
    hint: str = ""
    essential: bool = True


def doctor(as_json: AsJson = False) -> None:
    """Check that this machine is ready to run notebooks."""
    found = [_checked(check) for check in _CHECKS]
    well = all(finding.ok for finding in found if finding.essential)
    if as_json:
        from jupyter_dagflow.wire import CheckDocument, DoctorDocument

        put_json(DoctorDocument(ok=well, checks=[CheckDocument(**asdict(f)) for f in found]))
    else:
        put_table(_table(found))
        for finding in found:
            if not finding.ok and finding.hint:
                put(f"\n{finding.name}: {finding.hint}")
        put("\n✓ ready to run notebooks" if well else "\n✗ not ready: see above")
    if not well:
        raise typer.Exit(EnvironmentFault.exit_code)


def _table(found: list[Finding]) -> Table:
    return Table(
        columns=(Column("check", style="bold"), Column("state"), Column("detail")),
        rows=tuple((finding.name, _verdict(finding), finding.detail) for finding in found),
        styles=tuple("" if f.ok else "red" if f.essential else "yellow" for f in found),
    )


def _verdict(finding: Finding) -> str:
    if finding.ok:
        return "✓ ok"
    return "✗ wrong" if finding.essential else "✗ missing"


def _checked(check: Callable[[], Finding]) -> Finding:
    name = check.__name__.strip("_").replace("_", " ")
    try:
        return check()
    except DagflowError as error:
        return Finding(name=name, ok=False, detail=error.message, hint=error.hint)
    except Exception as error:  # noqa: BLE001 -- a check that breaks is a finding
        return Finding(name=name, ok=False, detail=f"{type(error).__name__}: {error}")


def _python() -> Finding:
    oldest = ".".join(str(part) for part in _OLDEST_PYTHON)
    return Finding(
        name="python",
        ok=sys.version_info[:2] >= _OLDEST_PYTHON,
        detail=f"{platform.python_version()} ({sys.executable})",
        hint=f"Python {oldest} or later is needed.",
    )


def _packages() -> Finding:
    needed = _requirements()
    missing = [name for name in needed if not _is_installed(name)]
    state = f"and the {len(needed)} it needs" if needed else "from a checkout, not installed"
    return Finding(
        name="packages",
        ok=not missing,
        detail=f"missing: {', '.join(missing)}"
        if missing
        else f"jupyter-dagflow {__version__} {state}",
        hint=f"pip install {' '.join(missing)}",
    )


def _requirements() -> list[str]:
    """The packages that ours always needs; empty for a checkout that is not installed."""
    try:
        lines = importlib.metadata.requires("jupyter-dagflow") or []
    except importlib.metadata.PackageNotFoundError:
        return []
    always = (line for line in lines if ";" not in line)
    return [match.group() for line in always if (match := re.match(r"[A-Za-z0-9._-]+", line))]


def _is_installed(name: str) -> bool:
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def _kernel() -> Finding:
    from jupyter_dagflow.execution.kernels import require_kernel

    require_kernel("python3")
    return Finding(name="kernel", ok=True, detail="python3 is installed")


def _home() -> Finding:
    from jupyter_dagflow.settings import Settings

    settings = Settings.load()
    settings.prepare_home()
    return Finding(name="home", ok=True, detail=str(settings.home))


def _database() -> Finding:
    _, schema = inspected()
    state = "up to date" if schema.is_current else "made or brought up to date by the next run"
    return Finding(name="database", ok=True, detail=state)


def _pools() -> Finding:
    from jupyter_dagflow.settings import Settings

    sizes = [f"{name} {size}" for name, size in Settings.load().pools.items()]
    detail = ", ".join(sizes) or "none has a size: of each, one task runs at a time"
    return Finding(name="pools", ok=True, detail=detail, essential=False)


def _lab_extension() -> Finding:
    from jupyter_core.paths import jupyter_path

    folders = [Path(folder, LAB_EXTENSION) for folder in jupyter_path("labextensions")]
    found = next((folder for folder in folders if (folder / "package.json").is_file()), None)
    disabled = LAB_EXTENSION in _disabled_in_lab()
    return Finding(
        name="lab extension",
        essential=False,
        ok=found is not None and not disabled,
        detail="disabled" if disabled else str(found) if found else "not installed",
        hint=f"jupyter labextension enable {LAB_EXTENSION}" if disabled else _SHIPPED,
    )


def _disabled_in_lab() -> set[str]:
    names: dict[str, bool] = {}
    for page in _configurations("labconfig/page_config.json"):
        listed = page.get("disabledExtensions")
        if isinstance(listed, dict):
            names.update({str(name): bool(off) for name, off in listed.items()})
    return {name for name, off in names.items() if off}


def _server_extension() -> Finding:
    enabled: object = None
    for pattern in ("jupyter_server_config.d/*.json", "jupyter_server_config.json"):
        for config in _configurations(pattern):
            section = config.get("ServerApp")
            extensions = section.get("jpserver_extensions") if isinstance(section, dict) else None
            if isinstance(extensions, dict):
                enabled = extensions.get(SERVER_EXTENSION, enabled)
    return Finding(
        name="server extension",
        essential=False,
        ok=enabled is True,
        detail="enabled" if enabled else "disabled" if enabled is False else "not installed",
        hint=f"jupyter server extension enable {SERVER_EXTENSION}"
        if enabled is False
        else _SHIPPED,
    )


def _configurations(pattern: str) -> Iterator[dict[str, object]]:
    """Jupyter's configuration files of that name, the one that counts most last."""
    from jupyter_core.paths import jupyter_config_path

    for folder in reversed(jupyter_config_path()):
        for file in sorted(Path(folder).glob(pattern)):
            try:
                config = json.loads(file.read_text(encoding="utf-8"))
            except (OSError, ValueError):
                continue  # Jupyter itself complains of it
            if isinstance(config, dict):
                yield config


def _graphviz() -> Finding:
    path = shutil.which("dot")
    return Finding(
        name="graphviz",
        essential=False,
        ok=True,
        detail=path or "no dot on the path: not needed, pictures are laid out in Python",
    )


_CHECKS: tuple[Callable[[], Finding], ...] = (
    _python,
    _packages,
    _kernel,
    _home,
    _database,
    _pools,
    _lab_extension,
    _server_extension,
    _graphviz,
)
