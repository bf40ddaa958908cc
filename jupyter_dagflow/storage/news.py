"""What has happened in any run since one last looked, whichever process recorded it.

The law: looking costs next to nothing while nothing happens (SQLite tells by ``data_version`` whether anybody has
committed), and else grows with what has happened, not with the history. What is told are names and states.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable
from contextlib import suppress
from typing import Any, NamedTuple

from jupyter_dagflow.core.states import RunState, TaskState
from jupyter_dagflow.wire import NewsDocument, RunNewsDocument, TaskNewsDocument

_WHAT = """
SELECT events.rowid, events.run_id, events.seq, runs.pipeline, runs.state, events.body
FROM events JOIN runs ON runs.run_id = events.run_id WHERE events.rowid > ? ORDER BY events.rowid
"""
_TASKS = "SELECT task, state, attempt FROM task_runs WHERE run_id = ? ORDER BY position, task"
_LAST = "SELECT rowid, run_id, seq FROM events ORDER BY rowid DESC LIMIT 1"
_CREATED = "run_created"
_SAME = "SELECT run_id, seq FROM events WHERE rowid = ?"


class _Last(NamedTuple):
    """The last event that was seen: its row, and which it is, for rows are given anew when events are deleted."""

    row: int = 0
    run_id: str = ""
    seq: int = 0


class Feed:
    """Follows a database from now on, with a connection of its own; to be asked by one thread at a time."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._version = self._data_version()
        self._last = self._newest()

    def look(self) -> NewsDocument:
        """What has happened since the last look; raises `sqlite3.Error`."""
        version = self._data_version()
        if version == self._version:
            return NewsDocument(runs=[])
        news = self._read()
        self._version = version
        return news

    def close(self) -> None:
        """Let go of the database."""
        with suppress(sqlite3.Error):
            self._connection.close()

    def _read(self) -> NewsDocument:
        connection = self._connection
        connection.execute("BEGIN")  # all of it as it was at one moment
        try:
            last = self._last
            same = connection.execute(_SAME, (last.row,)).fetchone()
            if last.row and same != (last.run_id, last.seq):
                self._last = self._newest()
                return NewsDocument(runs=[], anew=True)
            rows = connection.execute(_WHAT, (last.row,)).fetchall()
            if rows:
                self._last = _Last(*rows[-1][:3])
            return NewsDocument(runs=self._by_run(rows))
        finally:
            connection.execute("ROLLBACK")

    def _by_run(self, rows: Iterable[tuple[int, str, int, str, str, str]]) -> list[RunNewsDocument]:
        """One piece of news for each run: how it stands, and so those of its tasks in which something happened."""
        runs: dict[str, RunNewsDocument] = {}
        concerned: dict[str, set[str]] = {}
        for _, run_id, seq, pipeline, state, body in rows:
            runs[run_id] = RunNewsDocument(
                run_id=run_id, pipeline=pipeline, state=RunState(state), seq=seq, tasks=[]
            )
            # By the standard library: it may hold NaN.
            concerned.setdefault(run_id, set()).update(_concerned(json.loads(body)))
        for run_id, names in concerned.items():
            runs[run_id].tasks = self._tasks(run_id, names) if names else []
        return list(runs.values())

    def _tasks(self, run_id: str, names: Collection[str]) -> list[TaskNewsDocument]:
        return [
            TaskNewsDocument(task=task, state=TaskState(state), attempt=attempt)
            for task, state, attempt in self._connection.execute(_TASKS, (run_id,))
            if task in names
        ]

    def _newest(self) -> _Last:
        return _Last(*(self._connection.execute(_LAST).fetchone() or ()))

    def _data_version(self) -> int:
        version: int = self._connection.execute("PRAGMA data_version").fetchone()[0]
        return version


def _concerned(body: dict[str, Any]) -> set[str]:
    """The tasks whose states an event has changed; that all of a new run have begun in none goes without saying."""
    if "task" in body:
        return {body["task"]}
    if body["type"] == _CREATED:
        return set()
    return {each if isinstance(each, str) else each[0] for each in body.get("tasks", ())}
