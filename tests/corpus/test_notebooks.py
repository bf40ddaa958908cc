"""Whatever a notebook file holds: a diagnostic or a clear error, never a traceback."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from jupyter_dagflow.core.tags import BARE, VOCABULARY
from tests.corpus.examine import examine
from tests.corpus.notebooks import CORPUS, GOOD, TEXT, as_bytes, cell, notebook, put

FUZZ = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGFLOW_HOME", str(tmp_path / "home"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "nb.ipynb"


def test_the_good_one_could_run(path: Path) -> None:
    path.write_text(TEXT)
    assert examine(path)


@pytest.mark.parametrize("name", CORPUS)
def test_a_broken_notebook_is_told(name: str, path: Path) -> None:
    path.write_bytes(CORPUS[name])
    examine(path)


def places(document: object, above: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Where there is something in a document."""
    yield above
    if isinstance(document, dict):
        for key, value in document.items():
            yield from places(value, (*above, key))
    if isinstance(document, list):
        for index, value in enumerate(document):
            yield from places(value, (*above, index))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)
CHANGES = st.lists(
    st.tuples(st.sampled_from(sorted(places(GOOD), key=str)), JSON), min_size=1, max_size=3
)


@FUZZ
@given(changes=CHANGES)
def test_any_json_in_any_place_is_told(changes: list[tuple[Any, Any]], path: Path) -> None:
    document: object = GOOD
    for place, value in changes:
        document = put(document, place, value)
    path.write_bytes(as_bytes(document))
    examine(path)


@FUZZ
@given(
    at=st.integers(0, len(TEXT) - 1),
    data=st.binary(min_size=0, max_size=8),
    gone=st.integers(0, 40),
)
def test_any_bytes_in_any_place_are_told(at: int, data: bytes, gone: int, path: Path) -> None:
    path.write_bytes(TEXT.encode()[:at] + data + TEXT.encode()[at + gone :])
    examine(path)


WORDS = st.sampled_from([*VOCABULARY, *BARE, "map", "taks", "step", "block", "prev", "imports"])
VALUES = st.sampled_from(["", "a", "b", "x", "1", "-1", "1e9", "P1D", "1h", "a>b", "*.csv", "on"])
TAG = st.builds(
    "".join,
    st.tuples(WORDS, st.sampled_from(["", ":", "::", "=", " : "]), VALUES | st.text(max_size=12)),
) | st.text(max_size=12)


@FUZZ
@given(tags=st.lists(st.lists(TAG, max_size=4), min_size=1, max_size=4))
@example(tags=[["task:a", "when:__import__('os')"]])
@example(tags=[["task:a", "timeout:" + "9" * 400 + "d"]])
@example(tags=[["task:a", "retries:" + "9" * 5000]])
@example(tags=[["task:a", "retry-backoff:1e400"]])
def test_any_tags_are_told(tags: list[list[str]], path: Path) -> None:
    cells = [cell(f"x{i} = {i}", *each, id=f"c{i}") for i, each in enumerate(tags)]
    path.write_bytes(as_bytes(notebook(*cells)))
    examine(path)


@FUZZ
@given(options=st.dictionaries(WORDS | st.text(max_size=8), JSON, max_size=3))
def test_any_options_are_told(options: dict[str, Any], path: Path) -> None:
    one = cell("x = 1", metadata={"tags": ["task:a"], "dagflow": options})
    path.write_bytes(json.dumps(notebook(one)).encode())
    examine(path)


@FUZZ
@given(source=st.text(max_size=60))
@example(source="%%")
@example(source="%%bash\n")
@example(source="!" * 500)
@example(source="x = 1e999j\ndel x[")
def test_any_text_for_code_is_told(source: str, path: Path) -> None:
    path.write_bytes(as_bytes(notebook(cell(source, "task:a", id="a"), cell("y = 1", id="b"))))
    examine(path)
