"""What each route answers.

The law: a few lines a handler, one error table, never 500 for bad input.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import tornado.web
from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from jupyter_server.utils import ApiPath, to_os_path, url_path_join

from jupyter_dagflow import __version__
from jupyter_dagflow.app import Dagflow
from jupyter_dagflow.core.errors import (
    DagflowError,
    EnvironmentFault,
    InputError,
    NotFound,
    OptionError,
    RunGoesOn,
)
from jupyter_dagflow.core.model import Compilation
from jupyter_dagflow.core.records import Origin
from jupyter_dagflow.settings import Settings
from jupyter_dagflow.surfaces.errors import InternalError, as_ours
from jupyter_dagflow.surfaces.graph.dot import dot
from jupyter_dagflow.wire import (
    GraphDocument,
    RefusalDocument,
    StatusDocument,
    UnsavedNotebookDocument,
    graph_document,
    refusal_document,
    to_json,
)

T = TypeVar("T")

_APP = "jupyter_dagflow_app"
_MOST_RUNS = 500


def routes(base_url: str) -> list[tuple[str, type[APIHandler]]]:
    """Every route of the extension below a server's base URL."""
    root = url_path_join(base_url, "dagflow", "api", "v1")
    return [
        (url_path_join(root, "status"), StatusHandler),
        (url_path_join(root, "compilation"), CompilationHandler),
        (url_path_join(root, "runs"), RunsHandler),
        (url_path_join(root, "runs", r"([^/]+)"), RunHandler),
    ]


def app_of(settings: dict[str, Any]) -> Dagflow:
    """The app of a server with these settings, made when it is first asked for; raises `EnvironmentFault`."""
    if _APP not in settings:
        section = settings["config"].get("Dagflow") or None
        settings[_APP] = Dagflow(Settings.load(config=section), origin=Origin.SERVER)
    app: Dagflow = settings[_APP]
    return app


class DagflowHandler(APIHandler):
    """What all our handlers share: the app, working off the event loop, and the error table."""

    auth_resource = "dagflow"

    @property
    def dagflow(self) -> Dagflow:
        """The app of this server."""
        return app_of(self.settings)

    async def answer(self, work: Callable[[], T]) -> None:
        """Do blocking work in a thread and send its result as JSON, or the error it raises."""
        document: T | RefusalDocument
        try:
            document = await asyncio.to_thread(work)
        except Exception as error:
            ours = as_ours(error)
            if isinstance(ours, InternalError):
                self.log.exception("jupyter_dagflow could not answer %s", self.request.uri)
            self.set_status(_status_of(ours))
            document = refusal_document(ours)
        self.set_header("Content-Type", "application/json")
        self.finish(to_json(document, indent=None))


class StatusHandler(DagflowHandler):
    """``GET status``: the version, and where runs are kept."""

    @tornado.web.authenticated
    @authorized
    async def get(self) -> None:
        await self.answer(
            lambda: StatusDocument(version=__version__, home=str(self.dagflow.settings.home))
        )


class CompilationHandler(DagflowHandler):
    """``GET compilation?path=``, ``POST compilation``: the DAG of a notebook, saved or not, and its picture as DOT."""

    @tornado.web.authenticated
    @authorized
    async def get(self) -> None:
        path = self.get_query_argument("path", "")
        await self.answer(lambda: _graph(self.dagflow.compile(_contained(path, self.settings))))

    @tornado.web.authenticated
    @authorized("read")  # type: ignore[untyped-decorator]  # nothing is changed by it
    async def post(self) -> None:
        body = self.request.body
        await self.answer(lambda: self._compile_unsaved(body))

    def _compile_unsaved(self, body: bytes) -> GraphDocument:
        unsaved = _read(body, UnsavedNotebookDocument)
        path = _contained(unsaved.path, self.settings)
        return _graph(self.dagflow.compile_unsaved(unsaved.notebook, path=path))


class RunsHandler(DagflowHandler):
    """``GET runs?pipeline=&limit=``: the newest runs."""

    @tornado.web.authenticated
    @authorized
    async def get(self) -> None:
        pipeline = self.get_query_argument("pipeline", None)
        limit = self.get_query_argument("limit", "50")
        await self.answer(lambda: self.dagflow.history(pipeline=pipeline, limit=_limit(limit)))


class RunHandler(DagflowHandler):
    """``GET runs/RUN``: one run with its tasks."""

    @tornado.web.authenticated
    @authorized
    async def get(self, run: str) -> None:
        await self.answer(lambda: self.dagflow.open_run(run).document())


def _graph(compilation: Compilation) -> GraphDocument:
    return graph_document(compilation, dot=dot(compilation.pipeline))


def _read(body: bytes, shape: type[T]) -> T:
    """The document that a request holds; raises `OptionError`."""
    try:
        return msgspec.json.decode(body, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise OptionError(
            f"The request does not read: {error}.", hint="openapi.json tells what is expected."
        ) from None


def _status_of(error: DagflowError) -> int:
    if isinstance(error, NotFound):
        return 404
    if isinstance(error, RunGoesOn):
        return 409
    if isinstance(error, EnvironmentFault):
        return 503
    return 400 if isinstance(error, InputError) else 500


def _limit(text: str) -> int:
    limit = int(text) if text.isdecimal() and len(text) <= len(str(_MOST_RUNS)) else 0
    if not 1 <= limit <= _MOST_RUNS:
        raise OptionError(f"limit is {text!r}.", hint=f"Give a number from 1 to {_MOST_RUNS}.")
    return limit


def _contained(path: str, settings: dict[str, Any]) -> Path:
    """The file behind a path of the contents API; only those below the server's root are ours."""
    root = Path(settings["server_root_dir"]).expanduser().resolve()
    if not path.strip("/"):
        raise OptionError("No notebook is named.", hint="Add ?path=NOTEBOOK to the address.")
    file = Path(to_os_path(ApiPath(path.strip("/")), str(root)))
    try:
        inside = file.resolve().is_relative_to(root)
    except (OSError, RuntimeError, ValueError):  # a NUL in it, or links in a circle
        raise OptionError(f"{path!r} is no path of a file.", hint="Check the path.") from None
    if not inside:
        raise NotFound(f"There is no notebook {path}.", hint="Paths are below the server's root.")
    return file
