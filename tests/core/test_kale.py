"""Kale's words and what they come to here, as tables."""

from __future__ import annotations

import pytest

from jupyter_dagflow.core.compile import compile_cells
from jupyter_dagflow.core.diagnostics import Severity
from jupyter_dagflow.core.kale import translate
from jupyter_dagflow.core.model import Cell, CellId, CellKind, Compilation, Notebook

Written = tuple[str, ...]


def cells(*written: Written) -> tuple[Cell, ...]:
    """Code cells, each given as (source, tag, …)."""
    return tuple(
        Cell(
            id=CellId(f"c{index}"),
            index=index,
            kind=CellKind.CODE,
            source=source,
            code=source,
            tags=tuple(tags),
        )
        for index, (source, *tags) in enumerate(written)
    )


def compiled(*written: Written) -> Compilation:
    return compile_cells(
        Notebook(path="nb.ipynb", digest="", cells=cells(*written), kernel_name="python3")
    )


def edges(compilation: Compilation) -> list[str]:
    return [
        f"{e.source}->{e.target}: {','.join(f'{r.kind} {r.name}' for r in e.reasons)}"
        for e in compilation.pipeline.edges
    ]


STEP = ("a = 1", "step:a")
TAGS: dict[str, tuple[list[Written], list[list[str]]]] = {
    "a step": ([("x", "step:load")], [["task:load"]]),
    "a block": ([("x", "block:load")], [["task:load"]]),
    "a step after another": (
        [STEP, ("x", "step:b", "prev:a")],
        [["task:a"], ["task:b", "after:a"]],
    ),
    "after several": (
        [STEP, ("x", "block:b"), ("y", "prev:a", "prev:b", "block:c")],
        [["task:a"], ["task:b"], ["task:c", "after:a", "after:b"]],
    ),
    "a block without a name continues": (
        [("x", "block:a"), ("y", "block:")],
        [["task:a"], []],
    ),
    "a step without a name continues": ([("x", "step:a"), ("y", "step:")], [["task:a"], []]),
    "no tag continues a step": ([STEP, ("b",)], [["task:a"], []]),
    "a step taken up again": (
        [STEP, ("b", "step:b"), ("a += 1", "step:a", "prev:a")],
        [["task:a"], ["task:b"], ["task:a"]],
    ),
    "imports and functions": (
        [("import os", "imports"), ("def f(): 0", "functions"), STEP],
        [["setup"], ["setup"], ["task:a"]],
    ),
    "no tag continues imports": (
        [("import os", "imports"), ("x = 1",), STEP],
        [["setup"], ["setup"], ["task:a"]],
    ),
    "an empty cell continues nothing": (
        [("import os", "imports"), ("",), STEP],
        [["setup"], [], ["task:a"]],
    ),
    "skip is not continued": (
        [("import os", "imports"), ("x", "skip"), ("y = 1",), STEP],
        [["setup"], ["skip"], ["setup"], ["task:a"]],
    ),
    "skip wins": ([STEP, ("x", "step:b", "skip")], [["task:a"], ["skip"]]),
    "imports win": ([STEP, ("x", "step:b", "imports")], [["task:a"], ["setup"]]),
    "no tag after functions, between steps": (
        [STEP, ("def f(): 0", "functions"), ("def g(): 0",), ("b", "step:b")],
        [["task:a"], ["setup"], ["setup"], ["task:b"]],
    ),
    "parameters": ([("n = 1", "pipeline-parameters"), STEP], [["parameters"], ["task:a"]]),
    "more parameters": (
        [("n = 1", "pipeline-parameters"), ("m = 1",), ("k = 1", "pipeline-parameters"), STEP],
        [["parameters"], ["pipeline-parameters"], ["pipeline-parameters"], ["task:a"]],
    ),
    "parameters with more than constants": (
        [("n = f()", "pipeline-parameters"), ("m = 1", "pipeline-parameters"), STEP],
        [["pipeline-parameters"], ["pipeline-parameters"], ["task:a"]],
    ),
    "parameters beside papermill's": (
        [("n = 1", "parameters"), ("m = 1", "pipeline-parameters"), STEP],
        [["parameters"], ["pipeline-parameters"], ["task:a"]],
    ),
    "papermill's parameters": (
        [("n = 1", "parameters"), ("import os", "imports"), STEP],
        [["parameters"], ["setup"], ["task:a"]],
    ),
    "metrics": (
        [STEP, ("print(a)\nb", "pipeline-metrics"), ("print(c)",)],
        [["task:a"], ["task:pipeline_metrics", "metric:a", "metric:b"], ["metric:c"]],
    ),
    "metrics beside a step of that name": (
        [("a = 1", "step:pipeline_metrics"), ("print(a)", "pipeline-metrics")],
        [["task:pipeline_metrics"], ["task:pipeline_metrics_2", "metric:a"]],
    ),
    "only for Kubernetes": (
        [("x", "step:a", "limit:nvidia.com/gpu:2", "label:a:b", "annotation:c/d:e", "image:p:3")],
        [["task:a", "limit:nvidia.com/gpu:2", "label:a:b", "annotation:c/d:e", "image:p:3"]],
    ),
    "cache": (
        [("x", "step:a", "cache:disabled"), ("y", "step:b", "cache:enabled")],
        [["task:a", "cache:off"], ["task:b", "cache:on"]],
    ),
    "our own options": ([("a = 1", "step:a", "keep:a")], [["task:a", "keep:a"]]),
    "of somebody else": ([("a = 1", "step:a", "hide_input")], [["task:a", "hide_input"]]),
    "names that a task may have": (
        [("x", "step:My-Step_1")],
        [["task:My-Step_1"]],
    ),
    "names that it may not": (
        [("x", "step:1st step"), ("y", "step:_1st_step", "prev:1st step"), ("z", "step:数")],
        [["task:_1st_step_2"], ["task:_1st_step", "after:_1st_step_2"], ["task:step"]],
    ),
    "a notebook of ours": (
        [("x", "task:a"), ("y", "step:b", "prev:a"), ("z", "imports")],
        [["task:a"], ["step:b", "prev:a"], ["imports"]],
    ),
    "no steps": ([("x", "imports"), ("y", "skip")], [["imports"], ["skip"]]),
}


@pytest.mark.parametrize(("written", "expected"), TAGS.values(), ids=TAGS)
def test_tags(written: list[Written], expected: list[list[str]]) -> None:
    assert [list(cell.tags) for cell in translate(cells(*written)).cells] == expected


def test_an_option_in_the_metadata_makes_it_ours() -> None:
    cell = Cell(
        id=CellId("c"), index=0, kind=CellKind.CODE, source="x", tags=("step:a",), options={"task": "b"}
    )  # fmt: skip
    assert translate([cell]).cells == (cell,)


def test_beside_tags_of_ours_theirs_are_said_not_to_be_read() -> None:
    (told,) = translate(cells(("x", "step:a"), ("y", "task:b"), ("z", "block:c"))).diagnostics
    assert (told.code, told.cell_index) == ("DF103", 0)
    assert "of cells 0, 2 are not read, because cell 1 has" in told.message


def test_prev_is_an_edge_though_data_flows() -> None:
    compilation = compiled(
        ("a = 1", "step:a"), ("b = a", "step:b", "prev:a"), ("c = 1", "step:c", "prev:b")
    )
    assert edges(compilation) == ["a->b: data a,after a", "b->c: after b"]


def test_what_has_no_meaning_is_told_once() -> None:
    compilation = compiled(
        ("a = 1", "step:a", "limit:nvidia.com/gpu:2", "cache:enabled"),
        ("b = a", "step:b step", "prev:a", "image:python:3.11", "limit:nvidia.com/gpu:2"),
    )
    (found,) = compilation.diagnostics
    assert (found.code, found.severity) == ("DF140", Severity.INFO)
    assert found.message == (
        "Read as a Kale notebook: 2 steps are tasks. Without a meaning here: "
        "limit:nvidia.com/gpu:2 (cells 0, 1), image:python:3.11 (cell 1). "
        "Renamed: 'b step' as b_step."
    )


KUBEFLOW = {
    "experiment": {"id": "new", "name": "first"},
    "pipeline_name": "areas",
    "docker_image": "",
    "volumes": [],
    "snapshot_volumes": False,
    "steps_defaults": ["label:a:b"],
}


@pytest.mark.parametrize("step", ["step:a", "block:a"])
def test_what_the_notebook_itself_says_is_told(step: str) -> None:
    translation = translate(
        cells(("a = 1", step, "limit:cpu:1")),
        {"kubeflow_notebook": KUBEFLOW, "kernelspec": {"name": "x"}},
    )
    assert [d.message for d in translation.diagnostics] == [
        "Read as a Kale notebook: 1 step is a task. Without a meaning here: limit:cpu:1 (cell 0), "
        "experiment, pipeline_name, steps_defaults (kubeflow_notebook)."
    ]


@pytest.mark.parametrize("said", [None, [], "x", 3])
def test_damaged_metadata_says_nothing(said: object) -> None:
    translation = translate(cells(("a = 1", "step:a")), {"kubeflow_notebook": said})
    assert [d.message for d in translation.diagnostics] == [
        "Read as a Kale notebook: 1 step is a task."
    ]


def test_metadata_without_steps_is_nobodys() -> None:
    assert not translate(cells(("a = 1", "task:a")), {"kubeflow_notebook": KUBEFLOW}).diagnostics


def test_metrics_of_values_and_parameters() -> None:
    compilation = compiled(
        ("n = 3", "pipeline-parameters"),
        ("total = n * 2", "step:sum"),
        ("print(n)\nprint(total)", "pipeline-metrics"),
    )
    assert compilation.ok
    assert compilation.pipeline.tasks[-1].options.metrics == ("n", "total")


def test_all_cells_of_parameters_declare_some() -> None:
    compilation = compiled(
        ("n = 2 * 50\nlow = -1", "pipeline-parameters"),
        ("import math", "imports"),
        ("rates = [0.1, 0.2]", "pipeline-parameters"),
        ("path = 'a' + 'b'",),
        ("total = n * low", "step:sum"),
    )
    assert compilation.ok
    declared = [(p.name, p.default, p.cell_index) for p in compilation.pipeline.parameters]
    assert declared == [("n", 100, 0), ("low", -1, 0), ("rates", [0.1, 0.2], 2), ("path", "ab", 3)]
    assert compilation.pipeline.parameters_cell == "c0"
    assert compilation.pipeline.more_parameters_cells == ("c2", "c3")
    assert compilation.pipeline.prelude == ("c0", "c1", "c2", "c3")


def test_what_is_no_constant_is_told_and_runs() -> None:
    compilation = compiled(
        ("n = 1\nm = n * 2", "pipeline-parameters"), ("total = n + m", "step:sum")
    )
    assert compilation.ok
    assert [p.name for p in compilation.pipeline.parameters] == ["n"]
    (found,) = [d for d in compilation.diagnostics if d.code != "DF140"]
    assert (found.code, found.severity, found.cell_index, found.line) == (
        "DF141",
        Severity.INFO,
        0,
        2,
    )
    assert found.message == (
        "'m = n * 2' assigns no constant, so it is no parameter: it runs in every task as it stands."
    )


ERRORS: dict[str, tuple[list[Written], str, str]] = {
    "a step before that is not there": (
        [STEP, ("b = 1", "step:b", "prev:lod")],
        "DF108",
        "Step b is to run after step 'lod' (prev:lod), but there is no such step.",
    ),
    "two steps on a cell": (
        [("a = 1", "block:a", "block:b")],
        "DF104",
        "The cell is part of 2 steps: a, b. A cell runs in one task.",
    ),
    "a parameter of two cells": (
        [("n = 1", "pipeline-parameters"), ("n = 2", "pipeline-parameters"), STEP],
        "DF105",
        "Cell 0 and cell 1 both assign the parameter n.",
    ),
    "a notebook as a step": (
        [STEP, ("", "notebook:other")],
        "DF109",
        "Tag 'notebook:other' is understood, but this version cannot do it yet.",
    ),
}


@pytest.mark.parametrize(("written", "code", "message"), ERRORS.values(), ids=ERRORS)
def test_errors(written: list[Written], code: str, message: str) -> None:
    compilation = compiled(*written)
    assert [
        (d.code, d.message) for d in compilation.diagnostics if d.severity is Severity.ERROR
    ] == [(code, message)]
