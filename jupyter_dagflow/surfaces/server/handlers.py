"""Handlers made from the table of routes.

The law: who asks is checked first, then what; one error table; never 500 for bad input.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from itertools import groupby
from typing import Any

import tornado.web
from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from jupyter_server.utils import url_path_join

from jupyter_dagflow.app import Dagflow
from jupyter_dagflow.core.errors import (
    DagflowError,
    EnvironmentFault,
    InputError,
    NotFound,
    NotResumable,
    RunGoesOn,
)
from jupyter_dagflow.core.records import Origin
from jupyter_dagflow.settings import Settings
from jupyter_dagflow.storage.metastore import EventConflict, LeaseLost
from jupyter_dagflow.surfaces.errors import InternalError, as_ours
from jupyter_dagflow.surfaces.server.asked import Asked, read_body, read_query
from jupyter_dagflow.surfaces.server.openapi import OPENAPI, openapi_document
from jupyter_dagflow.surfaces.server.recovering import Recovering
from jupyter_dagflow.surfaces.server.routes import JSON, RESOURCE, ROUTES, Route
from jupyter_dagflow.wire import RefusalDocument, refusal_document, to_json

_APP = "jupyter_dagflow_app"
_RECOVERING = "jupyter_dagflow_recovering"

# The first that fits counts.
_STATUSES: tuple[tuple[type[DagflowError], int], ...] = (
    (NotFound, 404),
    (RunGoesOn, 409),
    (NotResumable, 409),
    (LeaseLost, 409),
    (EventConflict, 409),
    (EnvironmentFault, 503),
    (InputError, 400),
)
_HINTS = {
    400: "openapi.json tells what is expected.",
    403: "Log in to Jupyter, or ask whoever runs this server for leave.",
    404: "openapi.json tells what there is.",
    405: "openapi.json tells what there is.",
}


def handlers(base_url: str) -> list[tuple[str, type[APIHandler]]]:
    """Every address of the extension below a server's base URL, and what answers there."""
    root = url_path_join(base_url, "dagflow", "api", "v1")
    by_path = groupby(sorted(ROUTES, key=lambda route: route.path), key=lambda route: route.path)
    return [
        (url_path_join(root, OPENAPI), OpenApiHandler),
        *(
            (url_path_join(root, _pattern(path)), _handler(list(routes)))
            for path, routes in by_path
        ),
    ]


def app_of(settings: dict[str, Any]) -> Dagflow:
    """The app of a server with these settings, made when it is first asked for; raises `EnvironmentFault`."""
    if _APP not in settings:
        section = settings["config"].get("Dagflow") or None
        settings[_APP] = Dagflow(Settings.load(config=section), origin=Origin.SERVER)
    app: Dagflow = settings[_APP]
    return app


def recovering_of(settings: dict[str, Any]) -> Recovering:
    """What has the runs of a server with these settings, made when it is first asked for."""
    if _RECOVERING not in settings:
        settings[_RECOVERING] = Recovering(lambda: app_of(settings))
    recovering: Recovering = settings[_RECOVERING]
    return recovering


class DagflowHandler(APIHandler):
    """What all our handlers share: working off the event loop, and the error table."""

    auth_resource = RESOURCE

    async def answer(self, route: Route, names: dict[str, str]) -> None:
        """Do the blocking work of a route in a thread and send what it gives, or the error it raises."""
        try:
            given = {name: self.get_query_argument(name) for name in self.request.query_arguments}
            body = self.request.body
            sent = await asyncio.to_thread(
                lambda: route.work(self._asked(route, names, given, body))
            )
        except tornado.web.HTTPError:
            raise
        except Exception as error:
            ours = as_ours(error)
            if isinstance(ours, InternalError):
                self.log.exception("jupyter_dagflow could not answer %s", self.request.uri)
            self.set_status(next((code for kind, code in _STATUSES if isinstance(ours, kind)), 500))
            sent = refusal_document(ours)
        if isinstance(sent, bytes):
            self.finish(sent, set_content_type=route.media)
        else:
            self._send(sent)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """What Jupyter Server refuses itself, in the same shape."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        told = error.log_message if isinstance(error, tornado.web.HTTPError) else None
        self._send(
            RefusalDocument(
                message=told or f"{self.request.method} is refused here: {self._reason}.",
                hint=_HINTS.get(status_code, "The server's log tells more."),
                code=self._reason.lower().replace(" ", "_"),
            )
        )

    def _asked(
        self, route: Route, names: dict[str, str], given: dict[str, str], body: bytes
    ) -> Asked:
        return Asked(
            app=app_of(self.settings),
            recovering=recovering_of(self.settings),
            settings=self.settings,
            names=names,
            query=read_query(given, route.query),
            body=None if route.body is None else read_body(body, route.body),
        )

    def _send(self, document: Any) -> None:
        self.finish(to_json(document, indent=None), set_content_type=JSON)


class OpenApiHandler(DagflowHandler):
    """``GET openapi.json``: what all routes take and answer."""

    @tornado.web.authenticated
    @authorized("read", resource=RESOURCE)  # type: ignore[untyped-decorator]
    async def get(self) -> None:
        self._send(openapi_document(self.settings["base_url"]))


def _pattern(path: str) -> str:
    return re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path)


def _handler(routes: list[Route]) -> type[DagflowHandler]:
    """What answers at one address, by each of its methods."""
    return type(
        "RouteHandler", (DagflowHandler,), {route.method: _method(route) for route in routes}
    )


def _method(route: Route) -> Callable[..., Awaitable[None] | None]:
    @tornado.web.authenticated
    @authorized(route.action, resource=RESOURCE)  # type: ignore[untyped-decorator]
    async def method(self: DagflowHandler, **names: str) -> None:
        await self.answer(route, names)

    return method
