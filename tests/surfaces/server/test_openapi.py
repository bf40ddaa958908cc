"""The OpenAPI document says what the server does: whatever fits it or does not, is asked of a real one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import Case
from schemathesis.checks import (
    content_type_conformance,
    negative_data_rejection,
    not_a_server_error,
    response_schema_conformance,
    status_code_conformance,
)

from jupyter_dagflow.surfaces.server.openapi import openapi_document
from jupyter_dagflow.surfaces.server.routes import ROUTES

if TYPE_CHECKING:
    from tests.surfaces.server.conftest import Server

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
schema = schemathesis.openapi.from_dict(openapi_document())


@schema.parametrize()
@settings(
    max_examples=8,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
def test_the_server_answers_as_it_is_described(server: Server, case: Case) -> None:
    case.call_and_validate(
        base_url=server.url,
        headers={"Authorization": "token owner"},
        checks=CHECKS,
    )


def test_the_server_gives_its_own_description(server: Server) -> None:
    document = server.get("openapi.json")
    assert document == json.loads(json.dumps(openapi_document("/user/ada/")))
    operations = {(method, path) for path, item in document["paths"].items() for method in item}
    assert operations == {(route.method, f"/{route.path}") for route in ROUTES}
    assert server.url.endswith(document["servers"][0]["url"])
    ids = [
        operation["operationId"]
        for item in document["paths"].values()
        for operation in item.values()
    ]
    assert len(set(ids)) == len(ids)
