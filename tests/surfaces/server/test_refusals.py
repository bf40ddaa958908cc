"""Who is refused: every address and method, without a token, with a wrong one, across sites, and by role."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests

from jupyter_dagflow.surfaces.server.routes import ROUTES, Route

if TYPE_CHECKING:
    from tests.surfaces.server.conftest import Server

BASE_URL = "/user/ada/"
METHODS = ("get", "post", "put", "patch", "delete")
PATHS = sorted({route.path for route in ROUTES})
ROLES = {
    "reader": ("read",),
    "writer": ("read", "write"),
    "runner": ("read", "execute"),
    "stranger": (),
}


def filled(path: str) -> str:
    names = {"run": "nosuchrun", "task": "nosuchtask", "name": "nosuchname"}
    return path.format(schedule="nosuchschedule", **names)


def each_route(test: object) -> object:
    ids = [f"{route.method} {route.path}" for route in ROUTES]
    return pytest.mark.parametrize("route", ROUTES, ids=ids)(test)


@each_route
@pytest.mark.parametrize("token", [None, "", "wrong"])
def test_without_the_right_token_nothing_is_told(
    server: Server, route: Route, token: str | None
) -> None:
    answer = server.ask(route.method, filled(route.path), token=token, json={})
    assert answer.status_code == 403
    assert set(answer.json()) == {"message", "hint", "code"}
    assert all(answer.json().values())


@each_route
@pytest.mark.parametrize("role", list(ROLES))
def test_each_role_may_do_what_it_may(server: Server, route: Route, role: str) -> None:
    answer = server.ask(route.method, filled(route.path), token=role, json={})
    assert (answer.status_code != 403) == (route.action in ROLES[role])


def test_a_page_of_another_site_can_change_nothing(server: Server) -> None:
    """Whoever is logged in by a cookie, as browsers are, has to show that the page is Jupyter's."""
    browser = requests.Session()
    assert browser.get(f"{server.url}/status", params={"token": "owner"}).ok
    referer = {"Referer": f"{server.url}/lab"}
    assert browser.get(f"{server.origin}{BASE_URL}login").ok  # any page brings the cookie along
    assert browser.get(f"{server.url}/status", headers=referer).ok
    for route in (route for route in ROUTES if route.method != "get"):
        url = f"{server.url}/{filled(route.path)}"
        answer = browser.request(route.method, url, headers=referer, json={})
        assert answer.status_code == 403, route
        xsrf = {**referer, "X-XSRFToken": browser.cookies["_xsrf"]}
        answer = browser.request(route.method, url, headers=xsrf, json={})
        assert answer.status_code in (400, 404), route


@pytest.mark.parametrize("path", PATHS)
def test_no_other_method_is_answered(server: Server, path: str) -> None:
    known = {route.method for route in ROUTES if route.path == path}
    for method in set(METHODS) - known:
        answer = server.ask(method, filled(path), json={})
        assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")


def test_the_description_is_for_readers_only(server: Server) -> None:
    assert server.ask("GET", "openapi.json", token="reader").ok
    for token in (None, "wrong", "stranger"):
        assert server.ask("GET", "openapi.json", token=token).status_code == 403
