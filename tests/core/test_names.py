"""Names made of headings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_dagflow.core.names import free, slug
from jupyter_dagflow.core.tags import NAME

CASES = {
    "Load data": "load_data",
    "  1. Load!  ": "_1_load",
    "Données & Größe": "donnees_grosse",
    "🎉 Party": "party",
    "🎉": "",
    "读取数据": "",
    "读取 raw 数据": "raw",
    "__init__": "init",
    "x" * 200: "x" * 60,
}


@pytest.mark.parametrize(("text", "name"), CASES.items())
def test_slug(text: str, name: str) -> None:
    assert slug(text) == name


@given(st.text())
def test_a_slug_is_a_name_or_empty(text: str) -> None:
    assert slug(text) == "" or NAME.match(slug(text))


def test_free() -> None:
    assert free("a", set()) == "a"
    assert free("a", {"a", "a_2"}) == "a_3"
