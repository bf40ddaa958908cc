"""Which tasks a run is asked for, on pipelines of every shape."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_dagflow.core.compile import compile_cells
from jupyter_dagflow.core.errors import OptionError
from jupyter_dagflow.core.model import Pipeline
from jupyter_dagflow.core.selection import EVERYTHING, Selection, select
from tests.core.notebooks import tagged

# load → clean → train → report, load → plot → report
PIPELINE = compile_cells(
    tagged(
        ("task:load", "rows = [1]"),
        ("task:clean", "good = list(rows)"),
        ("task:train", "model = sum(good)"),
        ("task:plot", "picture = len(rows)"),
        ("task:report", "text = model, picture"),
    )
).pipeline


@pytest.mark.parametrize(
    ("selection", "runs", "given_"),
    [
        (EVERYTHING, "load clean train plot report", ""),
        (Selection(only=("train",)), "train", "load clean"),
        (Selection(only=("load",)), "load", ""),
        (Selection(only=("clean", "plot")), "clean plot", "load"),
        (Selection(since=("clean",)), "clean train report", "load plot"),
        (Selection(since=("load",)), "load clean train plot report", ""),
        (Selection(until=("train",)), "load clean train", ""),
        (Selection(since=("clean",), until=("train",)), "clean train", "load"),
        (Selection(since=("clean",), until=("clean", "plot")), "clean", "load"),
        (Selection(only=("plot",), until=("clean",)), "load clean plot", ""),
    ],
)
def test_what_runs_and_what_is_given(selection: Selection, runs: str, given_: str) -> None:
    selected = select(PIPELINE, selection)
    assert (selected.run, selected.given) == ({*runs.split()}, {*given_.split()})


@given(data=st.data())
def test_whatever_runs_has_all_that_stands_above_it(data: st.DataObject) -> None:
    names = [f"t{n}" for n in range(data.draw(st.integers(1, 8)))]
    above = {
        n: data.draw(st.sets(st.sampled_from(names[:i])) if i else st.just(set()))
        for i, n in enumerate(names)
    }
    some = st.lists(st.sampled_from(names), max_size=2).map(tuple)
    selection = Selection(only=data.draw(some), since=data.draw(some), until=data.draw(some))
    pipeline = _pipeline({n: sorted(a) for n, a in above.items()})
    try:
        selected = select(pipeline, selection)
    except OptionError:
        assert selection.since
        assert selection.until
        return
    every = selected.run | selected.given
    assert not selected.run & selected.given
    assert {*selection.only} <= selected.run
    assert all(edge.source in every for edge in pipeline.edges if edge.target in every)
    if not selection:
        assert selected.run == {*names}
    for name in selected.given:
        assert any(edge.source == name and edge.target in every for edge in pipeline.edges)


def test_what_would_be_nothing_is_refused() -> None:
    with pytest.raises(
        OptionError, match="No task is both below --from plot and above --until train"
    ):
        select(PIPELINE, Selection(since=("plot",), until=("train",)))


def test_a_task_that_is_not_there_is_asked_about() -> None:
    with pytest.raises(OptionError, match="--from trian: the notebook has no task") as raised:
        select(PIPELINE, Selection(since=("trian",)))
    assert "Did you mean train?" in str(raised.value.hint)


def test_a_task_of_another_notebook_is_asked_for_there() -> None:
    with pytest.raises(OptionError, match="task train runs, no single task") as raised:
        select(PIPELINE, Selection(only=("train.load",)))
    assert "dagflow run OTHER.ipynb --only load" in str(raised.value.hint)


def _pipeline(above: dict[str, list[str]]) -> Pipeline:
    cells = [(" ".join([f"task:{n}", *(f"after:{a}" for a in up)]), "1") for n, up in above.items()]
    return compile_cells(tagged(*cells)).pipeline
