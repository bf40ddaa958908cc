"""The app for the length of one command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from jupyter_dagflow.core.records import Origin

if TYPE_CHECKING:
    from jupyter_dagflow.app import Dagflow


@contextmanager
def application() -> Iterator[Dagflow]:
    """The app with the settings of this environment, closed in the end."""
    from jupyter_dagflow.app import Dagflow

    app = Dagflow(origin=Origin.CLI)
    try:
        yield app
    finally:
        app.close()
