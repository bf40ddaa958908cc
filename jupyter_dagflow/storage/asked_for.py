"""How a recorded run was asked for, and the file that it is of."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from jupyter_dagflow.core.run_config import RunConfig


def config_of(notebook: str, options: Mapping[str, object]) -> RunConfig:
    """The options of a run of a notebook, which is named as it was recorded."""
    return RunConfig.of(options, folder=str(Path(notebook).absolute().parent))


def file_of(notebook: str, options: Mapping[str, object]) -> Path:
    """The file that a run is of, wherever we are now."""
    return Path(config_of(notebook, options).folder) / Path(notebook).name
