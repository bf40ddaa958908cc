"""No question to the metastore goes through the history: SQLite says of each how it finds the answer."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from jupyter_dagflow.core.backfill import Backfill
from jupyter_dagflow.core.calendar.intervals import DataInterval
from jupyter_dagflow.core.errors import NotFound
from jupyter_dagflow.core.events import RunCreated, RunFinished, RunStarted, Stored, TaskFinished
from jupyter_dagflow.core.lease import Owner
from jupyter_dagflow.core.model import RunId, TaskName
from jupyter_dagflow.core.reuse import Asked, Entry, Recipe
from jupyter_dagflow.core.schedule_definition import Schedule
from jupyter_dagflow.core.schedules import Decision, Miss, MissedReason, Queue
from jupyter_dagflow.core.states import RunState, TaskState
from jupyter_dagflow.storage.metastore import Metastore
from jupyter_dagflow.storage.run_list import Place, Which

RUN = RunId("20260301-120000-abcdef")
AT = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
LATER = AT + timedelta(hours=1)
TASK = TaskName("t")
FILE = Path("p.ipynb")
PLACE = str(Place(AT, RUN))
OWNER = Owner(pid=7, began="1", space="s", boot="b", machine="m", host="box")


def append(metastore: Metastore) -> None:
    value = Stored(name="x", digest="d", size_bytes=1, type="int")
    created = RunCreated(
        run_id=RUN,
        seq=1,
        at=AT,
        pipeline="p",
        notebook="p.ipynb",
        parameters={},
        tasks=((TASK, ()),),
    )
    done = TaskFinished(
        run_id=RUN,
        seq=3,
        at=AT,
        task=TASK,
        attempt=2,
        state=TaskState.SUCCESS,
        duration_s=1.0,
        stored=(value,),
        metrics={"m": 1},
    )
    metastore.append(RUN, [created, RunStarted(run_id=RUN, seq=2, at=AT), done])


def entry(number: int) -> Entry:
    """A result that nobody has used since it was made, as good as any other."""
    folder = f"/{number}"
    recipe = Recipe(
        pieces=(), parameters={}, environment={}, kernel=("python3", "k"), folder=folder
    )
    value = Stored(name="x", digest=f"xxh3:{number}", size_bytes=1, type="int")
    return Entry(
        place=folder,
        made_at=AT,
        taskbook=(RUN, TASK, 1),
        recipe=recipe,
        inputs={},
        asked=Asked(),
        stored=(value,),
    )


def not_found(find: Callable[[], object]) -> None:
    with pytest.raises(NotFound):
        find()


def asked_of_schedules(metastore: Metastore) -> None:
    """All that a service and a person ask of one schedule, whose fire has a run that succeeded."""
    hour = DataInterval(AT, AT + timedelta(hours=1))
    later = DataInterval(hour.end, hour.end + timedelta(hours=1))
    schedules = metastore.schedules
    schedules.add(Schedule(name="s", notebook="p.ipynb", start=AT, every_s=3600.0), at=AT)
    (seen,) = schedules.awake(at=AT)
    queued = Decision(actions=(Queue(hour),), wake_at=later.end)
    seen = schedules.record(seen, queued, at=AT, new_run_id=lambda: RUN)
    assert schedules.next_wake_at(after=AT) == later.end
    append(metastore)
    metastore.append(RUN, [RunFinished(run_id=RUN, seq=4, at=AT, state=RunState.SUCCESS)])
    asked = Backfill(start=AT, end=later.start)
    metastore.backfills.ask(
        "s",
        asked,
        choose=lambda states: [later],
        parameters={},
        templates={},
        at=AT,
        new_run_id=lambda: RunId("b"),
    )
    (backfill,) = metastore.backfills.unfinished("s")
    assert metastore.backfills.asked(backfill.backfill_id) == asked
    assert metastore.backfills.newest("s", asked).keys() == {AT, later.start}
    assert metastore.backfills.past(1, later.start) is RunState.SUCCESS
    these = [backfill.backfill_id]
    assert metastore.backfills.left(these) == metastore.backfills.left(these, AT, later.start) == 1
    assert metastore.backfills.failed(these, AT, later.start) == 0
    assert metastore.backfills.is_of(RunId("b"), these)
    assert metastore.backfills.drop(backfill.backfill_id) == 1
    schedules.sleep([(schedules.find("s"), later.end)])
    seen = schedules.find("s")
    replaced = Decision(actions=(Miss(later, later, 1, MissedReason.REPLACED),), wake_at=None)
    schedules.record(seen, replaced, at=AT, new_run_id=lambda: RUN)
    assert schedules.find("s").standing.past is RunState.SUCCESS
    assert [len(schedules.fires("s", limit=5)), len(schedules.missed("s", limit=5))] == [2, 1]
    schedules.add(Schedule(name="t", notebook="p.ipynb", start=AT, after="s"), at=AT)
    assert schedules.find("t").standing.succeeded == (hour,)
    assert (schedules.untaken("s"), schedules.going_back("s")) == ({hour}, set())
    schedules.remove("s")


@pytest.mark.parametrize(
    "ask",
    [
        lambda metastore: metastore.runs(),
        lambda metastore: metastore.runs(pipeline="p"),
        lambda metastore: metastore.runs(state=RunState.FAILED),
        lambda metastore: metastore.page(limit=5),
        lambda metastore: metastore.page(limit=5, before=PLACE),
        lambda metastore: metastore.pipelines(limit=5),
        lambda metastore: (append(metastore), metastore.page(Which(file=FILE), limit=5)),
        lambda metastore: (append(metastore), metastore.grid(limit=5)),
        lambda metastore: not_found(lambda: metastore.find_run("latest")),
        lambda metastore: not_found(lambda: metastore.find_run("2026")),
        lambda metastore: not_found(lambda: metastore.view(RUN)),
        lambda metastore: metastore.nested_runs(RUN, AT),
        lambda metastore: metastore.nested_runs(RUN, None),
        lambda metastore: metastore.artifacts(RUN),
        lambda metastore: metastore.cancel_requested(RUN),
        lambda metastore: not_found(lambda: metastore.request_cancel(RUN)),
        lambda metastore: metastore.durations("p"),
        lambda metastore: metastore.reusable(recipes=["a", "b"], places=["c"]),
        lambda metastore: metastore.note_reuse(["a"], at=AT),
        lambda metastore: metastore.unfinished_leases(),
        lambda metastore: metastore.schedules.all(),
        lambda metastore: metastore.schedules.all(after="a", limit=5),
        lambda metastore: asked_of_schedules(metastore),
        append,
        lambda metastore: (
            append(metastore),
            metastore.delete_run(metastore.take_lease(RUN, OWNER, seen=None)),
        ),
    ],
)
def test_only_what_is_asked_for_is_read(ask: Callable[[Metastore], object], tmp_path: Path) -> None:
    path = tmp_path / "dagflow.db"
    metastore = Metastore.open(f"sqlite:///{path}")
    with told() as statements:
        ask(metastore)
    metastore.close()
    plans = [plan for statement in statements for plan in plans_of(path, *statement)]
    assert statements
    for plan in plans:
        if "VIRTUAL TABLE" not in plan:  # the values that were asked for
            assert not plan.startswith("SCAN") or "ix_runs_created_at" in plan


@pytest.mark.parametrize(
    ("ask", "table"),
    [
        (lambda metastore: metastore.observed(), "observed"),
        (lambda metastore: metastore.forget_unused(LATER, now=LATER), "cache_entries"),
        (lambda metastore: metastore.forget_those_of({"1"}), "cache_entries"),
    ],
)
def test_who_asks_for_all_of_a_table_goes_through_that_alone(
    ask: Callable[[Metastore], object], table: str, tmp_path: Path
) -> None:
    """Whatever the history holds, of which this tells nothing."""
    path = tmp_path / "dagflow.db"
    metastore = Metastore.open(f"sqlite:///{path}")
    metastore.remember([entry(1)])
    with told() as statements:
        ask(metastore)
    metastore.close()
    plans = [plan for statement in statements for plan in plans_of(path, *statement)]
    assert {plan.split()[1] for plan in plans if plan.startswith("SCAN")} == {table}


@pytest.mark.parametrize(
    ("forget", "questions"),
    [
        (lambda metastore: metastore.forget_unused(LATER, now=LATER).forgotten, 4),
        (lambda metastore: metastore.forget_those_of({str(n) for n in range(1_200)}), 1),
    ],
)
def test_results_are_forgotten_some_at_a_time(
    forget: Callable[[Metastore], int], questions: int, tmp_path: Path
) -> None:
    """A run beside it goes on: whatever is read is read without the lock, and others may write between the parts."""
    path = tmp_path / "dagflow.db"
    metastore = Metastore.open(f"sqlite:///{path}")
    metastore.remember([entry(number) for number in range(1_200)])
    done: list[str] = []

    def begin(_connection: Any) -> None:
        done.append("begin")

    def note(_c: Any, _cursor: Any, sql: str, *_: Any) -> None:
        done.append(sql.split()[0])
        if done[-1] == "SELECT":
            with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")  # which is refused while anybody else may write

    with heard("begin", begin), heard("before_cursor_execute", note):
        assert forget(metastore) == 1_200
    assert metastore.reusable(recipes=[entry(7).recipe.digest], places=[]) == []
    metastore.close()
    assert done == ["begin", *["SELECT"] * questions, *["begin", "DELETE"] * 3]


def test_a_result_that_is_reused_while_others_are_forgotten_stays(tmp_path: Path) -> None:
    path = tmp_path / "dagflow.db"
    metastore, other = (Metastore.open(f"sqlite:///{path}") for _ in range(2))
    metastore.remember([entry(1), entry(2)])
    (known,) = metastore.reusable(recipes=[entry(1).recipe.digest], places=[])
    seen: list[str] = []

    def note(_c: Any, _cursor: Any, sql: str, *_: Any) -> None:
        seen.append(sql)
        if len(seen) == 2:  # what nobody has used has been looked for
            other.note_reuse([known.entry_id], at=LATER)

    with heard("before_cursor_execute", note):
        assert metastore.forget_unused(LATER, now=LATER).forgotten == 1
    recipes = [entry(number).recipe.digest for number in (1, 2)]
    assert [found.entry for found in metastore.reusable(recipes=recipes, places=[])] == [entry(1)]
    metastore.close()
    other.close()


@pytest.mark.parametrize("which", [{}, {"pipeline": "p"}, {"state": RunState.FAILED}])
def test_runs_are_listed_in_the_order_of_an_index(which: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "dagflow.db"
    metastore = Metastore.open(f"sqlite:///{path}")
    with told() as statements:
        metastore.runs(**which)
    metastore.close()
    (statement,) = statements
    (plan,) = plans_of(path, *statement)
    assert "USING INDEX ix_runs" in plan  # and nothing is sorted, which would be a second step


@pytest.mark.parametrize(
    "which",
    [
        Which(),
        Which(pipeline="p"),
        Which(state=RunState.FAILED),
        Which(search="p"),
        Which(file=FILE),
    ],
)
def test_a_page_begins_where_it_begins(which: Which, tmp_path: Path) -> None:
    """The thousandth page goes through nothing that stands on those above it."""
    path = tmp_path / "dagflow.db"
    metastore = Metastore.open(f"sqlite:///{path}")
    with told() as statements:
        metastore.page(which, limit=5, before=PLACE)
    metastore.close()
    (statement,) = statements
    (plan,) = plans_of(path, *statement)
    assert plan.startswith("SEARCH runs USING INDEX ix_runs")
    assert "(created_at,run_id)<" in plan or "created_at<" in plan


@contextmanager
def told() -> Iterator[list[tuple[str, Any]]]:
    """The statements that a database is told, with one set of values for each."""
    statements: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, sql: str, values: Any, _context: Any, many: bool) -> None:
        if not sql.startswith(("BEGIN", "PRAGMA")):
            statements.append((sql, values[0] if many else values))

    with heard("before_cursor_execute", note):
        yield statements


@contextmanager
def heard(what: str, listener: Callable[..., None]) -> Iterator[None]:
    """Have a listener called when that happens to any database."""
    event.listen(Engine, what, listener)
    try:
        yield
    finally:
        event.remove(Engine, what, listener)


def plans_of(path: Path, sql: str, values: Any) -> list[str]:
    """How SQLite goes about a statement."""
    with closing(sqlite3.connect(path)) as connection:
        return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", values)]
