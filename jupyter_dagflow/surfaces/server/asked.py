"""What a request asks for, read and checked before any work is done.

The law: the shape of what may stand behind the ``?`` of an address is declared here, and of what is sent, in `wire`;
whatever does not fit is an `OptionError`, and paths of notebooks lead nowhere but below the server's root.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec
from jupyter_core.paths import is_hidden
from jupyter_server.utils import ApiPath, to_os_path

from jupyter_dagflow.app import Dagflow
from jupyter_dagflow.core.errors import NotFound, OptionError
from jupyter_dagflow.core.model import PartitionBy
from jupyter_dagflow.core.states import RunState
from jupyter_dagflow.storage.run_list import Which
from jupyter_dagflow.surfaces.schedule_options import NEXT_SHOWN
from jupyter_dagflow.surfaces.server.recovering import Recovering

T = TypeVar("T")
Q = TypeVar("Q", bound=msgspec.Struct)

_MOST = 500

_Limit = Annotated[int, msgspec.Meta(ge=1, le=_MOST, description="At most so many.")]
_Number = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
_Attempt = Annotated[
    int,
    msgspec.Meta(ge=0, le=2**31, description="Of this attempt at the task; 0 is the last one."),
]


class Nothing(msgspec.Struct):
    """An address that takes nothing more."""


class NotebookQuery(msgspec.Struct, kw_only=True):
    """Which notebook."""

    path: Annotated[str, msgspec.Meta(description="Its path below the server's root.")] = ""
    by: Annotated[PartitionBy, msgspec.Meta(description="What makes a task of cells.")] = (
        PartitionBy.AUTO
    )


class RunsQuery(msgspec.Struct, kw_only=True):
    """Which runs, and which page of them."""

    pipeline: Annotated[str, msgspec.Meta(description="Of this pipeline only.")] = ""
    path: Annotated[
        str, msgspec.Meta(description="Of the notebook at this path below the server's root only.")
    ] = ""
    state: Annotated[
        RunState | msgspec.UnsetType, msgspec.Meta(description="In this state only.")
    ] = msgspec.UNSET
    search: Annotated[
        str, msgspec.Meta(description="With this in the pipeline's name, or beginning the id.")
    ] = ""
    before: Annotated[str, msgspec.Meta(description="What the page above has as next.")] = ""
    limit: _Limit = 50


class PipelinesQuery(msgspec.Struct, kw_only=True):
    """Which page of the pipelines."""

    after: Annotated[str, msgspec.Meta(description="What the page above has as next.")] = ""
    limit: _Limit = 50


class SchedulesQuery(msgspec.Struct, kw_only=True):
    """Which page of the schedules."""

    after: Annotated[str, msgspec.Meta(description="What the page above has as next.")] = ""
    limit: _Limit = 50


class FiresQuery(msgspec.Struct, kw_only=True):
    """How much of what a schedule has done."""

    limit: Annotated[
        int, msgspec.Meta(ge=1, le=_MOST, description="At most so many fires, and so many misses.")
    ] = 10


class NextRunsQuery(msgspec.Struct, kw_only=True):
    """How many runs of a schedule that come."""

    limit: _Limit = NEXT_SHOWN


class EventsQuery(msgspec.Struct, kw_only=True):
    """Which events of a run."""

    after: Annotated[_Number, msgspec.Meta(description="The number of the last known one.")] = 0
    limit: _Limit = _MOST


class AttemptQuery(msgspec.Struct, kw_only=True):
    """Which attempt at a task."""

    attempt: _Attempt = 0


class LogQuery(msgspec.Struct, kw_only=True):
    """Which part of the log of an attempt: from a character on, and of that the last lines if so asked."""

    attempt: _Attempt = 0
    start: Annotated[_Number, msgspec.Meta(description="From this character on.")] = 0
    tail: Annotated[_Number, msgspec.Meta(description="Only so many last lines; 0 for all.")] = 0


class ComparisonQuery(msgspec.Struct, kw_only=True):
    """Which two runs."""

    before: Annotated[str, msgspec.Meta(min_length=1, description="A run.")]
    after: Annotated[str, msgspec.Meta(min_length=1, description="The run to compare it with.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request: ``names`` stand in its path, ``query`` and ``body`` are of the shapes that the route declares.

    ``settings`` are those of the web application.
    """

    app: Dagflow
    recovering: Recovering
    settings: Mapping[str, Any]
    names: Mapping[str, str]
    query: Any
    body: Any

    @property
    def run(self) -> str:
        """How the run is named."""
        return self.names["run"]

    @property
    def attempt(self) -> int | None:
        """The number of the attempt, None for the last one."""
        return self.query.attempt or None

    @property
    def runs(self) -> Which:
        """The runs that a `RunsQuery` asks for."""
        query = self.query
        return Which(
            pipeline=query.pipeline,
            state=None if query.state is msgspec.UNSET else query.state,
            search=query.search,
            file=self.notebook(query.path) if query.path else None,
        )

    def notebook(self, path: str) -> Path:
        """The file behind a path of the contents API; only those below its root, and not hidden, are ours."""
        return contained(path, self.settings)

    def path_of(self, file: Path, *, hint: str) -> str:
        """The path that the contents API has for a file; raises `NotFound` with the hint where it has none."""
        root = _root(self.settings)
        try:
            path = file.resolve().relative_to(root).as_posix()
        except (OSError, RuntimeError, ValueError):
            path = ""
        if not path or not contained(path, self.settings).is_file():
            raise NotFound(
                f"{file.name} is not among the notebooks of this server any more, or never was.",
                hint=hint,
            )
        return path


def read_query(given: Mapping[str, str], shape: type[Q]) -> Q:
    """What stands behind the ``?``; raises `OptionError`.

    What Jupyter puts there for itself is left alone: its own names, and numbers that make an address new to caches.
    """
    known = [field.encode_name for field in msgspec.structs.fields(shape)]
    ours = {name: text for name, text in given.items() if not _is_jupyters(name)}
    for name in ours:
        if name not in known:
            raise OptionError(
                f"{name!r} is nothing that can be asked here.",
                hint=f"There is: {', '.join(known) or 'nothing'}.",
            )
    try:
        return msgspec.convert(ours, shape, strict=False)
    except msgspec.ValidationError as error:
        raise OptionError(f"The address does not read: {error}.", hint=_HINT) from None


def _is_jupyters(name: str) -> bool:
    return name in ("token", "_xsrf", "no_track_activity") or name.isdecimal()


def read_body(body: bytes, shape: type[T]) -> T:
    """The document that was sent, an empty one if none was; raises `OptionError`."""
    try:
        return msgspec.json.decode(body or b"{}", type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise OptionError(f"The request does not read: {error}.", hint=_HINT) from None


_HINT = "openapi.json tells what is expected."


def _root(settings: Mapping[str, Any]) -> Path:
    """The folder that the contents API shows."""
    contents = settings["contents_manager"]
    return Path(getattr(contents, "root_dir", settings["server_root_dir"])).expanduser().resolve()


def contained(path: str, settings: Mapping[str, Any]) -> Path:
    """The file behind a path of the contents API; raises `OptionError` and `NotFound`."""
    contents = settings["contents_manager"]
    root = _root(settings)
    if not path.strip("/"):
        raise OptionError("No notebook is named.", hint="Give its path below the server's root.")
    try:
        file = Path(to_os_path(ApiPath(path.strip("/")), str(root)))
        inside = file.resolve().is_relative_to(root)
        hidden = inside and not contents.allow_hidden and is_hidden(file, root)
    except (OSError, RuntimeError, ValueError):  # a NUL in it, or links in a circle
        raise OptionError(f"{path!r} is no path of a file.", hint="Check the path.") from None
    if not inside or hidden:
        raise NotFound(f"There is no notebook {path}.", hint="Paths are below the server's root.")
    return file
