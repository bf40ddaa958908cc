"""Pages of runs: together they are the list, whatever is deleted or begins between two of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_dagflow.core.errors import NotFound, OptionError
from jupyter_dagflow.core.events import RunCreated, RunFinished, Stored, TaskFinished
from jupyter_dagflow.core.lease import Lease
from jupyter_dagflow.core.model import RunId, TaskName
from jupyter_dagflow.core.states import RunState, TaskState
from jupyter_dagflow.storage import run_list
from jupyter_dagflow.storage.metastore import LeaseLost, Metastore
from jupyter_dagflow.storage.run_list import Place, Which
from jupyter_dagflow.storage.tables import fires, metadata

AT = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
LOAD, TRAIN = TaskName("load"), TaskName("train")


@pytest.fixture
def metastore(tmp_path: Path) -> Iterator[Metastore]:
    metastore = Metastore.open(f"sqlite:///{tmp_path / 'dagflow.db'}")
    yield metastore
    metastore.close()


def record(
    metastore: Metastore,
    number: int,
    *,
    pipeline: str = "churn",
    seconds: int = 0,
    folder: Path | None = None,
) -> RunId:
    """A run that kept a value and a metric, and ended; several may have begun at one moment."""
    run = RunId(f"20260301-1200{number:02}-aaaaaa")
    at = AT + timedelta(seconds=seconds)
    value = Stored(name="x", digest="xxh3:" + "0" * 32, size_bytes=1, type="int")
    state = RunState.FAILED if number % 3 == 0 else RunState.SUCCESS
    metastore.append(
        run,
        [
            RunCreated(
                run_id=run,
                seq=1,
                at=at,
                pipeline=pipeline,
                notebook=f"{pipeline}.ipynb",
                parameters={},
                options={} if folder is None else {"folder": str(folder)},
                tasks=((LOAD, ()), (TRAIN, (LOAD,))),
            ),
            TaskFinished(
                run_id=run,
                seq=2,
                at=at,
                task=LOAD,
                attempt=1,
                state=TaskState.SUCCESS,
                duration_s=1.0,
                stored=(value,),
                metrics={"auc": number / 100},
            ),
            RunFinished(run_id=run, seq=3, at=at, state=state),
        ],
        lease=Lease(run_id=run, token=1, owner=None),
    )
    return run


def pages(metastore: Metastore, which: Which, limit: int) -> Iterator[list[str]]:
    before = ""
    while True:
        page = metastore.page(which, limit=limit, before=before)
        yield [run.run_id for run in page.runs]
        if page.next is None:
            return
        before = page.next


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8])
@pytest.mark.parametrize(
    "which",
    [
        Which(),
        Which(pipeline="churn"),
        Which(state=RunState.FAILED),
        Which(pipeline="etl", state=RunState.SUCCESS),
        Which(search="tl"),
        Which(search="20260301-120003"),
        Which(search="%"),
    ],
)
def test_pages_together_are_the_list(metastore: Metastore, which: Which, limit: int) -> None:
    for number in range(7):
        record(metastore, number, pipeline=("churn", "etl")[number % 2], seconds=number // 3)
    whole = metastore.page(which, limit=100)
    assert whole.next is None
    got = list(pages(metastore, which, limit))
    assert [run for page in got for run in page] == [run.run_id for run in whole.runs]
    assert all(len(page) == limit for page in got[:-1])
    assert which != Which() or len(whole.runs) == 7


def test_notebooks_of_one_name_have_their_own_runs(
    metastore: Metastore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of a file, by whatever link one comes to it, through all pages, however many its namesakes' are."""
    monkeypatch.setattr(run_list, "_LOOK", 3)
    a, b, link = tmp_path / "a", tmp_path / "b", tmp_path / "link"
    a.mkdir()
    link.symlink_to(a)
    runs = [
        record(metastore, number, seconds=number, folder=folder)
        for number, folder in enumerate([a, link, b, b, b, b, b, a, a])
    ]
    monkeypatch.chdir(tmp_path)  # where a run lies that does not tell
    old = record(metastore, 9, seconds=9)
    of = {
        folder: [
            run for page in pages(metastore, Which(file=folder / "churn.ipynb"), 2) for run in page
        ]
        for folder in (a, link, b, tmp_path, tmp_path / "c")
    }
    assert of[a] == of[link] == [runs[8], runs[7], runs[1], runs[0]]
    assert of[b] == runs[6:1:-1]
    assert of[tmp_path] == [old]
    assert of[tmp_path / "c"] == []
    assert metastore.page(Which(file=a / "etl.ipynb"), limit=2).runs == []


def test_what_is_deleted_or_begins_between_two_pages_shifts_nothing(metastore: Metastore) -> None:
    first, second, third, fourth = (record(metastore, n, seconds=n) for n in range(4))
    page = metastore.page(limit=2)
    assert [run.run_id for run in page.runs] == [fourth, third]
    metastore.delete_run(Lease(run_id=third, token=1, owner=None))
    record(metastore, 9, seconds=9)
    assert page.next is not None
    rest = metastore.page(limit=2, before=page.next)
    assert [run.run_id for run in rest.runs] == [second, first]


@given(st.datetimes(timezones=st.just(timezone.utc)), st.text())
def test_a_place_reads_as_it_is_told(at: datetime, run_id: str) -> None:
    place = Place(at, run_id)
    if at.year >= 1000:
        assert Place.of(str(place)) == place


@pytest.mark.parametrize("text", ["x", "~", "2026~x", "20260301T120000~x"])
def test_what_is_no_place_is_refused(metastore: Metastore, text: str) -> None:
    with pytest.raises(OptionError) as error:
        metastore.page(limit=1, before=text)
    assert error.value.hint


def test_pipelines_by_name_with_their_last_runs(metastore: Metastore) -> None:
    for number in range(12):
        record(metastore, number, pipeline="churn", seconds=number)
    last = record(metastore, 20, pipeline="ETL", seconds=20)
    first = metastore.pipelines(limit=1)
    assert [p.pipeline for p in first.pipelines] == ["ETL"]
    assert [run.run_id for run in first.pipelines[0].last_runs] == [last]
    (churn,) = metastore.pipelines(limit=1, after=first.next or "").pipelines
    assert (churn.notebook, len(churn.last_runs)) == ("churn.ipynb", 10)
    assert churn.last_runs[0].run_id.startswith("20260301-120011")
    assert metastore.pipelines(limit=2).next is None


def test_the_grid_has_each_task_of_each_run(metastore: Metastore) -> None:
    runs = [record(metastore, number, seconds=number) for number in range(3)]
    grid = metastore.grid(limit=2)
    assert grid.tasks == [LOAD, TRAIN]
    assert [row.run.run_id for row in grid.runs] == runs[:0:-1]
    assert grid.runs[0].metrics == {"auc": 0.02}
    assert {name: task.state.value for name, task in grid.runs[0].tasks.items()} == {
        "load": "success",
        "train": "none",
    }
    assert grid.next is not None
    assert metastore.grid(limit=2, before=grid.next).runs[0].run.run_id == runs[0]


def rows(metastore: Metastore) -> dict[str, int]:
    counts: dict[str, Any] = {}
    with metastore._reader.connect() as connection:
        for table in metadata.sorted_tables:
            if "run_id" in table.c and table is not fires:  # which outlive their runs
                counts[table.name] = len(connection.execute(table.select()).all())
    return counts


def test_of_a_deleted_run_nothing_is_left_and_of_others_all_is(metastore: Metastore) -> None:
    kept = record(metastore, 1)
    before = rows(metastore)
    gone = record(metastore, 2)
    assert all(count > before[table] for table, count in rows(metastore).items())
    with pytest.raises(LeaseLost):
        metastore.delete_run(Lease(run_id=gone, token=2, owner=None))
    metastore.delete_run(Lease(run_id=gone, token=1, owner=None))
    assert rows(metastore) == before
    assert [event.seq for event in metastore.events(kept)] == [1, 2, 3]
    with pytest.raises(NotFound):
        metastore.find_run(gone)
