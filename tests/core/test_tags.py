"""The tag vocabulary as a table: what each tag means, and what is said of one that means nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_dagflow.core.model import Cell, CellId, CellKind
from jupyter_dagflow.core.tags import VOCABULARY, CellTags, Role, duration_s, read_tags


def read(*tags: str, **options: object) -> CellTags:
    return read_tags(
        Cell(id=CellId("c"), index=4, kind=CellKind.CODE, source="", tags=tags, options=options)
    )


def codes(tags: CellTags) -> list[str]:
    return [d.code for d in tags.diagnostics]


@pytest.mark.parametrize(
    ("tags", "role"),
    [
        ((), Role.UNTAGGED),
        (("parameters",), Role.PARAMETERS),
        (("setup",), Role.SETUP),
        (("pipeline-parameters",), Role.MORE_PARAMETERS),
        (("pipeline-metrics",), Role.UNTAGGED),
        (("skip",), Role.SKIP),
        (("skip-execution",), Role.SKIP),
        (("task:train",), Role.TASK),
        (("task:train", "skip"), Role.SKIP),
        (("hide-input", "remove-cell"), Role.UNTAGGED),
    ],
)
def test_roles(tags: tuple[str, ...], role: Role) -> None:
    found = read(*tags)
    assert (found.role, codes(found)) == (role, [])


@pytest.mark.parametrize(
    ("tag", "key", "value"),
    [
        ("after:load", "after", ("load",)),
        ("keep:auc", "keep", ("auc",)),
        ("metric:auc", "metric", ("auc",)),
        ("mutates:df", "mutates", ("df",)),
        ("pure:df", "pure", ("df",)),
        ("priority:-3", "priority", -3),
        ("trigger:all_done", "trigger", "all_done"),
        ("cache:off", "cache", False),
        ("cache:on", "cache", True),
        ("retries:3", "retries", 3),
        ("retry-delay:PT1M", "retry-delay", "PT1M"),
        ("retry-backoff:2", "retry-backoff", 2.0),
        ("timeout:10m", "timeout", "10m"),
        ("kernel:python3.11", "kernel", "python3.11"),
    ],
)
def test_options(tag: str, key: str, value: object) -> None:
    found = read("task:t", tag)
    assert found.options == {key: value}
    assert not found.diagnostics


@pytest.mark.parametrize(
    "tag",
    [
        "task:1st",
        "task:",
        "task:a b",
        "after:",
        "trigger:sometimes",
        "retries:many",
        "retries:-1",
        "timeout:soon",
        "timeout:0s",
        "retry-delay:10",
        "priority:high",
        "cache:maybe",
        "keep:my-value",
        "when:a ==",
        "retry-backoff:0.5",
        "resource:gpu",
        "after",
        "task",
    ],
)
def test_a_value_that_does_not_read_is_an_error(tag: str) -> None:
    found = read(tag)
    assert codes(found) == ["DF102"]
    assert tag in found.diagnostics[0].message or tag + ":" in found.diagnostics[0].hint


@pytest.mark.parametrize(
    ("tag", "suggestion"),
    [
        ("taks:load", "task:load"),
        ("Task:load", "task:load"),
        ("tasks:load", "task:load"),
        ("retry:3", "retries:3"),
        ("retry_delay:10s", "retry-delay:10s"),
        ("afer:load", "after:load"),
        ("metrics:auc", "metric:auc"),
        ("paramters", "parameters"),
        ("parameter", "parameters"),
        ("setpu", "setup"),
        ("skip_execution", "skip-execution"),
    ],
)
def test_a_misspelt_tag_is_asked_about(tag: str, suggestion: str) -> None:
    found = read(tag)
    assert codes(found) == ["DF103"]
    assert f"'{suggestion}'" in found.diagnostics[0].hint


@pytest.mark.parametrize(
    "tag",
    [
        "hide-input",
        "remove_cell",
        "raises-exception",
        "injected-parameters",
        "step:train",
        "prev:load",
        "limit:gpu",
        "block:x",
        "name:x",
        "nbval-skip",
        "solution",
        "imports",
        "functions",
        "slideshow",
        "todo:me",
        "a:b",
        "x",
        "",
        ":",
    ],
)
def test_tags_of_others_are_left_alone(tag: str) -> None:
    assert read(tag) == CellTags()


@pytest.mark.parametrize(
    "tag",
    [
        "resource:gpu=1",
        "queue:big",
    ],
)
def test_what_is_not_built_says_so(tag: str) -> None:
    found = read("task:t", tag)
    assert codes(found) == ["DF109"]
    assert tag in found.diagnostics[0].message


def test_secret_belongs_on_the_parameters_cell() -> None:
    assert codes(read("parameters", "secret:token")) == []
    assert read("parameters", "secret:token", "secret:pin").options == {"secret": ("token", "pin")}
    assert codes(read("task:t", "secret:token")) == ["DF117"]


def test_metadata_says_the_same_as_tags() -> None:
    assert read(task="t", keep=["a", "b"], priority=2) == read(
        "task:t", "keep:a", "keep:b", "priority:2"
    )
    assert read(setup=True).role is Role.SETUP
    assert read(setup=False).role is Role.UNTAGGED


@pytest.mark.parametrize(
    ("tags", "options", "code"),
    [
        (("task:a",), {"task": "b"}, "DF104"),
        (("task:a", "keep:x"), {"keep": ["y"]}, "DF104"),
        (("task:a", "priority:1"), {"priority": 2}, "DF104"),
        (("task:a", "task:b"), {}, "DF104"),
        (("task:a", "setup"), {}, "DF104"),
        (("parameters", "setup"), {}, "DF104"),
        (("parameters", "pipeline-parameters"), {}, "DF104"),
        (("setup", "keep:x"), {}, "DF117"),
        ((), {"retrys": 3}, "DF102"),
        ((), {"priority": "high"}, "DF102"),
        ((), {"setup": "yes"}, "DF102"),
        ((), {"after": {"not": "a list"}}, "DF102"),
        ((), {"task": None}, "DF102"),
    ],
)
def test_contradictions(tags: tuple[str, ...], options: dict[str, object], code: str) -> None:
    assert codes(read(*tags, **options)) == [code]


def test_the_same_in_both_places_is_no_contradiction() -> None:
    found = read("task:a", "keep:x", "keep:y", keep=["y", "x"], task="a")
    assert not found.diagnostics


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30s", 30),
        ("10m", 600),
        ("2h", 7200),
        ("1d", 86400),
        ("PT1H30M", 5400),
        ("P1DT1S", 86401),
        ("P1W", 604800),
    ],
)
def test_durations(text: str, seconds: float) -> None:
    assert duration_s(text) == seconds


@pytest.mark.parametrize("text", ["", "10", "10 m", "m", "P", "PT", "-3s", "1y"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="no duration"):
        duration_s(text)


@given(
    st.lists(
        st.text(max_size=12)
        | st.builds("{}:{}".format, st.sampled_from([*VOCABULARY]), st.text(max_size=8)),
        max_size=4,
    ),
    st.dictionaries(
        st.sampled_from([*VOCABULARY, "setup", "skip", "map", "x"]),
        st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.lists(st.integers()),
        max_size=3,
    ),
)
def test_any_text_is_read_without_raising(tags: list[str], options: dict[str, object]) -> None:
    for diagnostic in read(*tags, **options).diagnostics:
        assert diagnostic.message
        assert diagnostic.hint
        assert diagnostic.cell_index == 4
