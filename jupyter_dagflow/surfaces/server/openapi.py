"""The OpenAPI document, made from the table of routes and the schemas of `wire`."""

from __future__ import annotations

from typing import Any

import msgspec

from jupyter_dagflow import __version__
from jupyter_dagflow.surfaces.server.routes import JSON, NAMES, ROUTES, Route
from jupyter_dagflow.wire import RefusalDocument, schemas

OPENAPI = "openapi.json"

_REF = "#/components/schemas/{name}"
_REFUSALS = {
    400: "What was asked does not read, or makes no sense.",
    403: "Whoever asks may not.",
    404: "What was named does not exist.",
    409: "The run is in the way: it goes on, or cannot be gone on with.",
    503: "The machine is not ready: a kernel, the home, the database, or disk space.",
}


def openapi_document(base_url: str = "/") -> dict[str, Any]:
    """The document of a server with this base URL."""
    paths: dict[str, dict[str, Any]] = {}
    for route in ROUTES:
        paths.setdefault(f"/{route.path}", {})[route.method] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "jupyter-dagflow",
            "version": __version__,
            "description": "Runs of notebooks as DAGs, and schedules for them. What happens in runs is told live on "
            "Jupyter Server's event stream.",
        },
        "servers": [{"url": f"{base_url.rstrip('/')}/dagflow/api/v1"}],
        "security": [{"token": []}, {"cookie": []}],
        "paths": paths,
        "components": {
            "schemas": schemas(_REF),
            "securitySchemes": {
                "token": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Authorization",
                    "description": "token TOKEN, as Jupyter Server takes it.",
                },
                "cookie": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": "_xsrf",
                    "description": "The cookies of whoever is logged in; all methods but GET also take the header "
                    "X-XSRFToken with the value of this one.",
                },
            },
        },
    }


def _operation(route: Route) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": _operation_id(route),
        "summary": route.does,
        "description": f"Needs leave to {route.action} the resource dagflow.",
        "parameters": [*_names(route), *_query(route)],
        "responses": {
            "200": {
                "description": route.does,
                "content": {route.media: {"schema": _answer(route)}},
            },
            **{str(code): _refusal(code) for code in route.refusals},
        },
    }
    if route.body is not None:
        schema = {"$ref": _REF.format(name=route.body.__name__)}
        required = any(field.required for field in msgspec.structs.fields(route.body))
        operation["requestBody"] = {"required": required, "content": {JSON: {"schema": schema}}}
    return operation


def _operation_id(route: Route) -> str:
    """Names that a client's methods may have: ``get_runs_run_events``."""
    words = route.path.replace("{", "").replace("}", "").split("/")
    return "_".join([route.method, *words])


def _names(route: Route) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": NAMES[name],
            "schema": {"type": "string"},
        }
        for name in route.names
    ]


def _query(route: Route) -> list[dict[str, Any]]:
    schema = msgspec.json.schema_components([route.query], ref_template=_REF)[1]
    shape = schema[route.query.__name__]
    return [
        {
            "name": name,
            "in": "query",
            "required": name in shape.get("required", ()),
            "description": field.get("description", ""),
            "schema": _plain(field),
        }
        for name, field in shape["properties"].items()
    ]


def _plain(field: dict[str, Any]) -> dict[str, Any]:
    """The schema of one value of an address, which cannot be null: what may be is left out."""
    kinds = [kind for kind in field.get("anyOf", ()) if kind != {"type": "null"}]
    kept = {key: value for key, value in field.items() if key not in ("description", "anyOf")}
    if kinds:
        kept = kinds[0]
    return {key: value for key, value in kept.items() if value is not None}


def _answer(route: Route) -> dict[str, Any]:
    if route.answer is None:
        return {"type": "object", "description": "A notebook, as nbformat has it."}
    return msgspec.json.schema_components([route.answer], ref_template=_REF)[0][0]


def _refusal(code: int) -> dict[str, Any]:
    schema = {"$ref": _REF.format(name=RefusalDocument.__name__)}
    return {"description": _REFUSALS[code], "content": {JSON: {"schema": schema}}}
