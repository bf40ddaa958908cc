"""The artifact store: the values that runs keep, as files named by what they hold.

The law: a file's name is the digest of its bytes, so nothing is ever overwritten by something else
and a damaged value is found out. The file format is `kernel_side.bundle`'s; only `load` unpickles,
and the server never calls it.
"""

from __future__ import annotations

import builtins
import contextlib
import importlib
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from jupyter_dagflow.core.errors import ArtifactDamaged, EnvironmentFault
from jupyter_dagflow.kernel_side import bundle, loading, usage
from jupyter_dagflow.kernel_side.definitions import Definitions
from jupyter_dagflow.storage.atomic import sync, write_copy

_DIGEST = re.compile(r"[a-z0-9]+:[0-9a-f]{16,}")


class ArtifactNotLoadable(EnvironmentFault):
    """A whole value cannot be made here; load it where the packages are that it was made with."""

    code = "artifact_not_loadable"


class ArtifactStore:
    """Finds and loads stored values below ``root``. Kernels write them."""

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root)

    def path(self, digest: str) -> Path:
        """Where the file of that digest lies, or would."""
        if not _DIGEST.fullmatch(digest):
            raise ArtifactDamaged(f"{digest!r} is not the digest of a stored value.", hint=_HINT)
        return Path(bundle.digest_path(str(self.root), digest))

    def fault(self, digest: str) -> str:
        """What is wrong with a stored file, by all its bytes: ``missing``, ``damaged``, or nothing.

        It counts as new from now on, so that nobody takes it for garbage before its use is recorded.
        """
        path = str(self.path(digest))
        try:
            os.utime(path)
        except FileNotFoundError:
            return "missing"
        except OSError:  # a store that may only be read, from which nothing is removed
            pass
        found = usage.digest(path, digest.partition(":")[0])
        if found is None:
            return "missing"
        return "" if found == digest else "damaged"

    def make_durable(self, digests: Iterable[str]) -> None:
        """Have the files of these digests on the disk, so that they outlast a power cut; raises `OSError`.

        One that is not there is left alone: whoever uses it finds that out.
        """
        for digest in digests:
            with contextlib.suppress(FileNotFoundError):
                sync(self.path(digest))

    def write_anew(self, digests: Iterable[str]) -> None:
        """Write these files once more, and durably: that failed, and what of them is on the disk nobody knows.

        Raises `OSError`, and leaves then what was there.
        """
        for digest in digests:
            with contextlib.suppress(FileNotFoundError):
                write_copy(self.path(digest))

    def load(self, digest: str, *, namespace: dict[str, Any] | None = None) -> dict[str, Any]:
        """The values of a bundle by name, unpickled in this process once all its bytes are known to be right.

        Classes and functions of the notebook are looked up in ``namespace`` and made there if they
        are missing; without one they get a namespace of their own. Raises `ArtifactDamaged`, or
        `ArtifactNotLoadable` if something is missing here that the values are made with.
        """
        if namespace is None:
            namespace = {"__name__": "__main__", "__builtins__": builtins}
        definitions = Definitions(namespace, before=dict(namespace), live=True)
        path = str(self.path(digest))
        if self.fault(digest) == "damaged":
            raise ArtifactDamaged(
                f"The stored file {path} is not what its digest says.", hint=_HINT
            )
        try:
            return loading.load(path, digest, definitions, cloudpickle=_cloudpickle)
        except bundle.DamagedBundle as error:
            raise ArtifactDamaged(str(error), hint=_HINT) from error
        except loading.CannotLoad as error:
            raise ArtifactNotLoadable(
                str(error),
                hint="Load it where the packages are that it was made with: in its kernel's "
                "environment.",
            ) from error


_HINT = "Run the task that made it again: dagflow run NB makes it anew."


def _cloudpickle() -> Any:
    return importlib.import_module("cloudpickle")
