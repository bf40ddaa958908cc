"""The notebooks that are steps of a run, as they were when it was begun or last resumed, kept in its folder.

The law: whoever goes on with a run reads them here, whatever has become of the files. Of one that may tell a secret,
its own or the run's, only the digest is kept; then the file counts, as long as it is as it was. Where links led when it
was kept counts, too.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from jupyter_dagflow.core.errors import NotebookError
from jupyter_dagflow.core.masking import NOTHING_HIDDEN, Mask
from jupyter_dagflow.core.model import Nested, Notebook
from jupyter_dagflow.storage.atomic import write_bytes
from jupyter_dagflow.storage.notebook_file import NotebookFile, open_notebook
from jupyter_dagflow.storage.notebooks import (
    changed_while_read,
    notebook_bytes_of,
    read_notebook,
)

_INDEX = "steps.json"
_LINKS = "links.json"


@dataclass(frozen=True, slots=True)
class StepTexts:
    """Where the text of a notebook is read: in the folder of a run that has kept it, else in its own file.

    ``digests`` are those of all notebooks that are steps of the run, by their paths with every link followed; ``links``
    are such paths by those that are asked for, where they are others.
    """

    folder: Path | None = None
    digests: Mapping[str, str] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, folder: Path) -> StepTexts:
        """Those that the run of that folder has kept."""
        return cls(folder, _read(folder / _INDEX), _read(folder / _LINKS))

    def has(self, path: str | Path) -> bool:
        """Whether there is such a notebook."""
        return os.path.exists(self._file(path))

    def read(self, path: str | Path) -> Notebook:
        """Read a notebook; raises `NotebookError`."""
        return replace(read_notebook(self._file(path)), path=str(path))

    def bytes_of(self, source: Notebook, *, mask: Mask = NOTHING_HIDDEN) -> bytes:
        """The bytes of what `read` has given, as `notebook_bytes_of` gives them."""
        return notebook_bytes_of(replace(source, path=str(self._file(source.path))), mask=mask)

    def require_unchanged(self, path: str | Path) -> None:
        """Raise `NotebookError` if a notebook that is a step of the run is not what it was, and was not kept."""
        digest = self.digests.get(self.real(path))
        if digest is not None and self.read(path).digest != digest:
            raise NotebookError(
                f"{Path(path).name} was changed since this run began, and its text was not kept, "
                "as it may tell a secret.",
                hint="Run the notebook again, or resume the run: that takes both as they are now.",
            )

    def pin_in(
        self, folder: Path, source: Notebook, steps: Iterable[Nested], *, secret: bool
    ) -> None:
        """Keep a notebook in a folder, with its steps; of one that may tell a ``secret``, its digest only.

        Raises `NotebookError` if one has changed since it was read.
        """
        asked, real = os.path.abspath(source.path), os.path.realpath(source.path)
        file = open_notebook(source.path)
        if file.digest != source.digest:
            raise changed_while_read(source.path)
        if not secret:
            write_bytes(_copy(folder, real, source.digest), file.data)
        self.keep_in(folder, steps)
        kept = StepTexts.of(folder)
        _write(folder / _INDEX, {**kept.digests, real: source.digest})
        _write(folder / _LINKS, {**kept.links, **_link(asked, real)})

    def keep_in(
        self, folder: Path, steps: Iterable[Nested], *, mask: Mask = NOTHING_HIDDEN
    ) -> None:
        """Have the run of that folder, in which the ``mask`` hides what is secret, go on with these.

        Raises `NotebookError` if one has changed since it was read.
        """
        digests, links = dict[str, str](), dict[str, str]()
        for step in steps:
            digests[step.path] = step.digest
            links.update(_link(step.asked, step.path))
            copy = _copy(folder, step.path, step.digest)
            if copy.exists() or any(p.secret for p in step.compilation.pipeline.parameters):
                continue
            file = self._opened(step)
            if mask.deep(file.raw) == file.raw:
                write_bytes(copy, file.data)
        _write(folder / _INDEX, digests)
        _write(folder / _LINKS, links)

    def real(self, path: str | Path) -> str:
        """Where a notebook lay when it was kept; for one that was not, where it lies."""
        asked = os.path.abspath(path)
        return self.links.get(asked) or (asked if asked in self.digests else os.path.realpath(path))

    def _file(self, path: str | Path) -> str | Path:
        if self.folder is not None and self.digests:
            real = self.real(path)
            copy = _copy(self.folder, real, self.digests.get(real, ""))
            if copy.exists():
                return copy
        return path

    def _opened(self, step: Nested) -> NotebookFile:
        file = open_notebook(self._file(step.path))
        if file.digest != step.digest:
            raise changed_while_read(step.path)
        return file


AS_THEY_ARE = StepTexts()


def _read(path: Path) -> dict[str, str]:
    try:
        found: dict[str, str] = json.loads(path.read_bytes())
    except FileNotFoundError:  # it has no steps
        return {}
    return found


def _write(path: Path, found: Mapping[str, str]) -> None:
    if found or path.exists():
        write_bytes(path, json.dumps(found).encode())


def _link(asked: str, real: str) -> dict[str, str]:
    return {} if asked == real else {asked: real}


def _copy(folder: Path, path: str, digest: str) -> Path:
    return folder / "steps" / f"{digest}{Path(path).suffix}"  # by which its format is told
