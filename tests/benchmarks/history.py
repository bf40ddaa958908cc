"""What the history costs those who ask it, when it is long."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

from sqlalchemy import Table, create_engine

from jupyter_dagflow.core.model import RunId
from jupyter_dagflow.storage.metastore import Metastore
from jupyter_dagflow.storage.tables import (
    artifacts,
    cache_entries,
    durations,
    events,
    leases,
    runs,
    task_runs,
)
from tests.benchmarks.measure import REPETITIONS, Figure, seconds

_RUNS = 100_000
_PIPELINES, _TASKS = 10, 3
_PART = 20_000
_BEGAN = datetime(2020, 1, 1, tzinfo=timezone.utc)


def figures() -> Iterator[Figure]:
    """One figure for each question that a run or a reader asks."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name, "metastore.db")
        fill(path, _RUNS)
        metastore = Metastore.open(f"sqlite:///{path}")
        last = RunId(_run_id(_RUNS - 1))
        recipes = [f"recipe{task}" for task in range(_TASKS)]
        places = [f"place{task}" for task in range(_TASKS)]
        questions: list[tuple[str, Callable[[], object], float]] = [
            ("runs list", metastore.runs, 0.02),
            ("runs list of one pipeline", lambda: metastore.runs(pipeline="p3"), 0.02),
            ("find a run by how it begins", lambda: metastore.find_run(last[:-2]), 0.02),
            ("show a run", lambda: metastore.view(last), 0.02),
            ("values that a run left", lambda: metastore.artifacts(last), 0.02),
            ("runs that go on", metastore.unfinished_leases, 0.02),
            ("what tasks took", lambda: metastore.durations("p3"), 0.02),
            (
                "results to reuse",
                lambda: metastore.reusable(recipes=recipes, places=places),
                0.02,
            ),
        ]
        for what, ask, at_most in questions:
            ask()
            took = [seconds(ask) for _ in range(REPETITIONS)]
            yield Figure(f"{what}, after {_RUNS:,} runs", took, "s", at_most)
        metastore.close()


def fill(path: Path, size: int) -> None:
    """A history of so many runs, each with a few tasks, whose inputs were different every time, and so what they left."""
    Metastore.open(f"sqlite:///{path}").close()
    engine = create_engine(f"sqlite:///{path}")
    for first in range(0, size, _PART):
        numbers = range(first, min(first + _PART, size))
        with engine.begin() as connection:
            per_run = ((runs, _run), (events, _created), (events, _started), (leases, _lease))
            for table, row in per_run:
                connection.execute(table.insert(), [row(number) for number in numbers])
            for task in range(_TASKS):
                per_task: list[tuple[Table, Callable[[int, int], dict[str, object]]]] = [
                    (task_runs, _task),
                    (artifacts, _value),
                    (cache_entries, _result),
                ]
                for table, of in per_task:
                    connection.execute(table.insert(), [of(number, task) for number in numbers])
    with engine.begin() as connection:
        took = [
            {"pipeline": f"p{pipeline}", "task": f"t{task}", "duration_s": 1.0}
            for pipeline in range(_PIPELINES)
            for task in range(_TASKS)
        ]
        connection.execute(durations.insert(), took)
    engine.dispose()


def _run_id(number: int) -> str:
    return f"{_at(number):%Y%m%d-%H%M%S}-{number:06x}"


def _at(number: int) -> datetime:
    return _BEGAN + timedelta(minutes=number)


def _run(number: int) -> dict[str, object]:
    return {
        "run_id": _run_id(number),
        "pipeline": f"p{number % _PIPELINES}",
        "notebook": f"p{number % _PIPELINES}.ipynb",
        "state": "success",
        "trigger": "manual",
        "parameters": "{}",
        "created_at": _at(number),
        "started_at": _at(number),
        "finished_at": _at(number),
    }


def _created(number: int) -> dict[str, object]:
    tasks = ",".join(f'["t{task}",[]]' for task in range(_TASKS))
    pipeline = f"p{number % _PIPELINES}"
    return _event(
        number,
        1,
        "run_created",
        f'"pipeline":"{pipeline}","notebook":"{pipeline}.ipynb","parameters":{{}},"tasks":[{tasks}]',
    )


def _started(number: int) -> dict[str, object]:
    return _event(number, 2, "run_started", '"state":"running"')


def _event(number: int, seq: int, kind: str, fields: str) -> dict[str, object]:
    told = f'"run_id":"{_run_id(number)}","seq":{seq},"at":"{_at(number).isoformat()}"'
    return {
        "run_id": _run_id(number),
        "seq": seq,
        "at": _at(number),
        "type": kind,
        "body": f'{{"type":"{kind}",{told},{fields}}}',
    }


def _lease(number: int) -> dict[str, object]:
    """As a run that has ended leaves it."""
    return {"run_id": _run_id(number), "token": 1, "owner": None, "beat": 0}


def _task(number: int, task: int) -> dict[str, object]:
    return {
        "run_id": _run_id(number),
        "task": f"t{task}",
        "position": task,
        "state": "success",
        "attempt": 1,
        "finished_at": _at(number),
        "duration_s": 1.0,
        "cached": False,
    }


def _value(number: int, task: int) -> dict[str, object]:
    return {
        "run_id": _run_id(number),
        "task": f"t{task}",
        "name": "x",
        "position": 0,
        "digest": f"xxh3:{number}-{task}",
        "size_bytes": 1,
        "type": "int",
        "preview": "1",
    }


def _result(number: int, task: int) -> dict[str, object]:
    """One of very many that were made of other inputs by the same recipe."""
    return {
        "entry_id": f"{number}-{task}",
        "recipe": f"recipe{task}",
        "place": f"place{task}",
        "made_at": _at(number),
        "used_at": _at(number),
        "body": "{}",
    }
