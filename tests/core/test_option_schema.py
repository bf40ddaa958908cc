"""The form's schema takes what the compiler takes, and nothing is missing from it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_dagflow.core.option_schema import FIELDS, options_schema
from jupyter_dagflow.core.tags import MAP, VOCABULARY

PROPERTIES = options_schema()["properties"]
VALUES = (
    "load",
    "a-b",
    "1x",
    "é",
    "x y",
    "",
    "-",
    "a.b",
    "30s",
    "1.5h",
    "P",
    "PT",
    "P1DT",
    "PT1H30M",
    "P2W",
    "5",
    "-5",
    "1000000000",
    "0.5",
    "2.5",
    "on",
    "all_done",
    "gpu=1",
    "gpu=",
    "data/*.csv",
    "n" * 101,
)


def test_every_option_that_works_has_a_field() -> None:
    assert FIELDS.keys() == VOCABULARY.keys()
    assert set(PROPERTIES) == {k for k, o in VOCABULARY.items() if o.works(None)} | {MAP}
    for key, field in PROPERTIES.items():
        assert field["title"]
        assert field["description"].endswith("."), key


def by_schema(key: str, text: str) -> bool:
    field = PROPERTIES[key]
    value = field.get("items", field)
    if "enum" in value:
        return text in value["enum"]
    if value["type"] == "string":
        return re.search(value["pattern"].replace("$", r"\Z"), text) is not None
    try:
        number = int(text) if value["type"] == "integer" else float(text)
    except ValueError:
        return False
    return bool(value["minimum"] <= number <= value["maximum"])


def by_compiler(key: str, text: str) -> bool:
    try:
        VOCABULARY[key].parse(text)
    except (ValueError, KeyError, SyntaxError):
        return False
    return True


@pytest.mark.parametrize("key", sorted(set(PROPERTIES) - {MAP, "when"}))
def test_the_form_takes_what_the_compiler_takes(key: str) -> None:
    for text in VALUES:
        assert by_schema(key, text) == by_compiler(key, text), text


@given(st.text(alphabet="PTWDHMSsmhd.0123456789", max_size=8))
def test_durations_read_alike(text: str) -> None:
    assert by_schema("retry-delay", text) == by_compiler("retry-delay", text)
