"""The home's key: with it, digests are made of what nobody may guess from them.

The law: it is made once, at random, in a file that only its owner may read; whoever else makes one at the same time
takes the first.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from jupyter_dagflow.core.errors import EnvironmentFault

_BYTES = 32


def home_key(home: Path) -> bytes:
    """The key of a home, made if there is none; raises `EnvironmentFault` if it cannot be read or written."""
    path = home / "secret.key"
    try:
        if not path.exists():
            _make(path)
        key = path.read_bytes()
    except OSError as error:
        raise EnvironmentFault(
            f"The key of the home, {path}, cannot be used: {error.strerror or error}.",
            hint="Make it a file that you may read and write, or remove it: results are then not reused once.",
        ) from error
    if len(key) != _BYTES:
        raise EnvironmentFault(
            f"The key of the home, {path}, is damaged.",
            hint="Remove it: a new one is made, and results are not reused once.",
        )
    return key


def _make(path: Path) -> None:
    """Make the file whole or not at all, though others may be making it."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(_BYTES))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(temporary, path)
        except FileExistsError:
            pass
        except OSError:  # a file system without links: then the last one wins, which costs a reuse
            os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
