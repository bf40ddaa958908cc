"""The metastore: what has happened in every run, durable and for several processes at once.

The law: `append` writes events and all that follows from them in one transaction, and has returned
only when they are on the disk. The log of a run has no gap and no branch: whoever appends behind
somebody else's back is refused. Every method may be called from any thread.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime, timezone
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, RowMapping, bindparam, func, select
from sqlalchemy.exc import IntegrityError

from jupyter_dagflow.clock import utc_now
from jupyter_dagflow.core.errors import DagflowError, NotFound
from jupyter_dagflow.core.events import Event, RunCreated, Stored
from jupyter_dagflow.core.lease import Lease, Owner
from jupyter_dagflow.core.model import RunId, TaskName
from jupyter_dagflow.core.nested import NESTED
from jupyter_dagflow.core.observed import Observed
from jupyter_dagflow.core.reuse import Entry
from jupyter_dagflow.core.run import RunView, replay
from jupyter_dagflow.core.states import RunState
from jupyter_dagflow.storage import (
    backfills,
    cache_entries,
    fires,
    leases,
    prepared,
    run_list,
    schedules,
    schema,
    sqlite,
    tables,
)
from jupyter_dagflow.storage.kept_connection import KeptConnection
from jupyter_dagflow.storage.news import Feed
from jupyter_dagflow.storage.projection import first_request, in_json, project
from jupyter_dagflow.storage.run_list import ALL, Which, newest_first
from jupyter_dagflow.storage.tables import artifacts, durations, events, observed, runs, task_runs
from jupyter_dagflow.wire import (
    GridDocument,
    PipelinesDocument,
    RunsDocument,
    RunSummaryDocument,
    event_from_dict,
    event_to_dict,
)

# Those that point at the run first.
_OF_A_RUN = (
    *(tables.events, tables.task_runs, tables.artifacts, tables.metrics, tables.leases),
    tables.runs,
)
_LATEST = ("latest", "last")
_NAMED_IN_HINT = 5
_EPOCH = datetime.fromtimestamp(0, timezone.utc)
_HIGHEST = "\U0010ffff"  # no character sorts behind it
_APPEND = events.insert()
_BEGAN = select(runs.c.created_at).where(leases.GOING_ON)
_LAST = select(func.max(events.c.seq)).where(events.c.run_id == bindparam("of_run"))
_STANDING = select(
    leases.TOKEN.scalar_subquery(), _LAST.scalar_subquery()
)  # asked with every write


def exists(url: str) -> bool:
    """Whether there is a metastore at that URL; raises `MetastoreUnreachable`."""
    return schema.inspect_schema(url).revision is not None


class EventConflict(DagflowError):
    """Somebody else appends to this run's log. Nothing was recorded: one runner may run it."""

    code = "event_conflict"


class LeaseLost(DagflowError):
    """Another process has taken the run over: this one records nothing more of it, and ends what it started.

    The run goes on there; ``dagflow runs show`` tells how far it is.
    """

    code = "lease_lost"


class Needed(NamedTuple):
    """How many results were forgotten, and which values are needed: these, and all that were used since ``before``."""

    forgotten: int
    digests: set[str]
    before: datetime


class Metastore:
    """Events of runs in, views of runs out.

    Responsible for durability, order and isolation. Not for whether an event may follow another
    (the machine), nor for the values that runs keep (the artifact store).
    """

    def __init__(self, engine: Engine, *, lock: AbstractContextManager[Any]) -> None:
        self._reader = engine
        self._writer = engine.execution_options(**{sqlite.WRITES: True})
        self._appender = KeptConnection(self._writer)
        self._lock = lock
        reading = partial(self._transaction, self._reader)
        writing = partial(self._transaction, self._writer)
        self.schedules = schedules.Schedules(reading=reading, writing=writing)
        self.backfills = backfills.Backfills(reading=reading, writing=writing)

    @classmethod
    def open(cls, url: str) -> Metastore:
        """Open a database, making or upgrading it first if need be.

        Raises `MetastoreUnreachable`, or `MetastoreTooNew` or `NoBackup` and then leaves its bytes as they are.
        """
        found = schema.inspect_schema(url)
        schema.refuse_newer(url, found)
        parsed = schema.parse_url(url)
        engine = sqlite.make_engine(parsed)
        try:
            if not found.is_current:
                schema.upgrade(engine)
        except sqlite.ERRORS as error:
            engine.dispose()
            raise schema.unreachable(parsed, error) from error
        except BaseException:
            engine.dispose()
            raise
        # Threads share the one connection of a database in memory.
        lock = threading.RLock() if sqlite.in_memory(parsed) else nullcontext()
        return cls(engine, lock=lock)

    def close(self) -> None:
        """Let go of the database."""
        self._appender.close()
        self._reader.dispose()

    def append(
        self,
        run_id: RunId,
        new: Sequence[Event],
        *,
        lease: Lease | None = None,
        results: Sequence[cache_entries.Row] = (),
    ) -> None:
        """Record events and what follows from them, all or nothing, with ``results`` to be reused.

        Their ``seq`` must go on from the last one recorded, with `RunCreated` as number 1; raises
        `EventConflict` otherwise. Of a run that has a lease, they must come from who has it; raises `LeaseLost`.
        With `RunCreated`, the ``lease`` becomes the first on the run; that of a fire which has begun before, or has
        made way, is refused like a second one.
        """
        if not new:
            return
        if any(event.run_id != run_id for event in new):
            raise ValueError(f"An event of another run cannot be appended to {run_id}.")
        try:
            with self._transaction(self._appender) as connection:
                row = prepared.first(connection, _STANDING, {"of_run": run_id})
                token, last = row or (None, None)
                _check_lease(run_id, lease, token)
                _check_order(run_id, new, last or 0)
                if isinstance(new[0], RunCreated):
                    _begin_fire(connection, run_id)
                project(connection, new)
                if lease is not None and isinstance(new[0], RunCreated):
                    leases.put_first(connection, lease)
                prepared.execute(connection, _APPEND, [_event_row(event) for event in new])
                cache_entries.put(connection, results)
        except IntegrityError as error:
            raise EventConflict(
                f"Run {run_id}: what was to be recorded contradicts what is ({error.orig})."
            ) from error

    def events(self, run_id: RunId, after: int = 0, *, limit: int | None = None) -> list[Event]:
        """The run's events after number ``after``, in order; none if there is no such run."""
        with self._transaction(self._reader) as connection:
            return self._log(connection, run_id, after, limit=limit)

    def view(self, run_id: RunId, *, lease: Lease | None = None) -> RunView:
        """The run as it stands; with a ``lease``, as it stands while that is the one on it.

        So none of the attempts in it is of somebody who has taken the run since. Raises `NotFound`, `LeaseLost`.
        """
        with self._transaction(self._reader) as connection:
            if lease is not None:
                _check_lease(run_id, lease, leases.token(connection, run_id))
            log = self._log(connection, run_id)
        if not log:
            raise NotFound(f"There is no run {run_id}.", hint="dagflow runs list shows them.")
        return replay(log)

    def runs(
        self,
        *,
        limit: int = 50,
        pipeline: str | None = None,
        state: RunState | str | None = None,
    ) -> list[RunSummaryDocument]:
        """Runs, newest first; of one pipeline or in one state if so asked."""
        which = Which(pipeline=pipeline or "", state=None if state is None else RunState(state))
        with self._transaction(self._reader) as connection:
            return run_list.newest(connection, which, limit=limit)

    def page(self, which: Which = ALL, *, limit: int, before: str = "") -> RunsDocument:
        """Runs, newest first, from below a place on, as an earlier page told it; raises `OptionError`."""
        with self._transaction(self._reader) as connection:
            return run_list.page(connection, which, limit=limit, before=before)

    def pipelines(self, *, limit: int, after: str = "") -> PipelinesDocument:
        """The pipelines that have runs, by name from the one ``after`` on, each with its last runs."""
        with self._transaction(self._reader) as connection:
            return run_list.pipelines(connection, limit=limit, after=after)

    def grid(self, which: Which = ALL, *, limit: int, before: str = "") -> GridDocument:
        """A page of runs with how each of their tasks stands; raises `OptionError`."""
        with self._transaction(self._reader) as connection:
            return run_list.grid(connection, which, limit=limit, before=before)

    def feed(self) -> Feed | None:
        """What tells what happens in any run from now on; None for a database in memory, which is nobody else's."""
        url = self._reader.url
        if sqlite.in_memory(url):
            return None
        try:
            return Feed(sqlite.follow(sqlite.database_path(url)))
        except sqlite.ERRORS as error:
            raise schema.unreachable(url, error) from error

    def delete_run(self, lease: Lease) -> None:
        """Forget a run and all that was recorded of it; it must be the lease's holder's. Raises `LeaseLost`."""
        with self._transaction(self._writer) as connection:
            _check_lease(lease.run_id, lease, leases.token(connection, lease.run_id))
            for table in _OF_A_RUN:
                connection.execute(table.delete().where(table.c.run_id == lease.run_id))

    def nested_runs(self, after: RunId, until: datetime | None) -> list[RunId]:
        """The runs that are steps of others and were asked for between a run and a time, oldest first."""
        last = _HIGHEST if until is None else f"{until:%Y%m%d-%H%M%S}{_HIGHEST}"
        query = select(runs.c.run_id).where(runs.c.run_id.between(after, last))
        query = query.where(runs.c.trigger == NESTED).order_by(runs.c.run_id)
        with self._transaction(self._reader) as connection:
            return [RunId(found) for found in connection.scalars(query)]

    def find_run(self, name: str) -> RunId:
        """The run whose id is or begins so, or the ``latest`` one that is no step of another.

        Raises `NotFound` if there is none, or several begin so.
        """
        query = select(runs.c.run_id).limit(_NAMED_IN_HINT + 1)
        if name in _LATEST:
            query = query.where(runs.c.trigger != NESTED).order_by(*newest_first())
        else:  # ids begin with the time, so that the index has the newest last
            begins_so = runs.c.run_id.between(name, name + _HIGHEST)
            query = query.where(begins_so).order_by(runs.c.run_id.desc())
        exact = select(runs.c.run_id).where(runs.c.run_id == name)
        with self._transaction(self._reader) as connection:
            found = connection.scalars(exact).all() or connection.scalars(query).all()
        if name in _LATEST and found:
            return RunId(found[0])
        if len(found) == 1 and name:
            return RunId(found[0])
        raise self._not_found(name, found)

    def request_cancel(self, run_id: RunId) -> bool:
        """Ask whoever runs it to cancel a run; False if it has ended already. Raises `NotFound`."""
        mark = first_request(utc_now())
        this = runs.c.run_id == run_id
        with self._transaction(self._writer) as connection:
            if connection.scalar(select(runs.c.run_id).where(this)) is None:
                raise NotFound(f"There is no run {run_id}.", hint="dagflow runs list shows them.")
            change = runs.update().where(this, leases.GOING_ON)
            return connection.execute(change.values(cancel_requested_at=mark)).rowcount > 0

    def cancel_requested(self, run_id: RunId) -> bool:
        """Whether anybody has asked for the run to be cancelled; not if there is no such run."""
        query = select(runs.c.cancel_requested_at).where(runs.c.run_id == run_id)
        with self._transaction(self._reader) as connection:
            return connection.scalar(query) is not None

    def lease(self, run_id: RunId) -> Lease | None:
        """The lease on a run; None for a run that no program with leases has touched."""
        with self._transaction(self._reader) as connection:
            return leases.find(connection, run_id)

    def unfinished_leases(self) -> list[Lease]:
        """The leases on the runs that have not ended."""
        with self._transaction(self._reader) as connection:
            return leases.unfinished(connection)

    def take_lease(self, run_id: RunId, owner: Owner, *, seen: Lease | None) -> Lease:
        """Take a run over from the lease that was seen to have run out; raises `LeaseLost` if that has changed."""
        token = 1 if seen is None else seen.token + 1
        lease = Lease(run_id=run_id, token=token, owner=owner)
        try:
            with self._transaction(self._writer) as connection:
                if leases.replace(connection, seen, lease):
                    return lease
        except IntegrityError:
            pass
        raise _lost(run_id)

    def move_lease(self, lease: Lease) -> None:
        """Show that the holder of a lease is there; raises `LeaseLost`."""
        with self._transaction(self._writer) as connection:
            if not leases.move(connection, lease):
                raise _lost(lease.run_id)

    def holds(self, lease: Lease) -> bool:
        """Whether nobody has another lease on its run; one that is not recorded yet has none."""
        with self._transaction(self._reader) as connection:
            return leases.token(connection, lease.run_id) in (lease.token, None)

    def give_lease_back(self, lease: Lease) -> None:
        """Leave a run to whoever wants it; nothing, if another has it already."""
        with self._transaction(self._writer) as connection:
            leases.give_back(connection, lease)

    def role(self, role: str) -> Lease | None:
        """Who has a role that one process has at a time; None if nobody ever had."""
        with self._transaction(self._reader) as connection:
            return leases.find(connection, role, tables.roles)

    def take_role(self, lease: Lease, *, seen: Lease | None) -> bool:
        """Take a role over from the lease that was seen on it; whether that has not changed."""
        try:
            with self._transaction(self._writer) as connection:
                return leases.replace(connection, seen, lease, tables.roles)
        except IntegrityError:
            return False

    def move_role(self, lease: Lease) -> bool:
        """Show that the holder of a role is there; whether it still has it."""
        with self._transaction(self._writer) as connection:
            return leases.move(connection, lease, tables.roles)

    def give_role_back(self, lease: Lease) -> None:
        """Leave a role to whoever wants it; nothing, if another has it already."""
        with self._transaction(self._writer) as connection:
            leases.give_back(connection, lease, tables.roles)

    def artifacts(self, run_id: RunId) -> list[tuple[TaskName, Stored]]:
        """The values that the run's tasks left behind, in notebook order of the tasks."""
        same_task = (task_runs.c.run_id == artifacts.c.run_id) & (
            task_runs.c.task == artifacts.c.task
        )
        query = (
            select(artifacts)
            .join(task_runs, same_task)
            .where(artifacts.c.run_id == run_id)
            .order_by(task_runs.c.position, artifacts.c.position)
        )
        with self._transaction(self._reader) as connection:
            rows = connection.execute(query).mappings().all()
        return [(TaskName(row["task"]), _stored(row)) for row in rows]

    def durations(self, pipeline: str) -> dict[TaskName, float]:
        """How long the tasks of a pipeline took when each last ran and succeeded, in seconds."""
        query = select(durations.c.task, durations.c.duration_s)
        with self._transaction(self._reader) as connection:
            rows = connection.execute(query.where(durations.c.pipeline == pipeline)).all()
        return {TaskName(task): duration_s for task, duration_s in rows}

    def observed(self) -> frozenset[Observed]:
        """What any run has seen code do without having been told."""
        columns = (observed.c.code, observed.c.name, observed.c.other)
        with self._transaction(self._reader) as connection:
            rows = connection.execute(select(*columns)).mappings().all()
        return frozenset(Observed(**row) for row in rows)

    def reusable(
        self, *, recipes: Collection[str], places: Collection[str]
    ) -> list[cache_entries.KnownEntry]:
        """Results of these recipes, and the last one for each of these places; see `cache_entries`."""
        with self._transaction(self._reader) as connection:
            return cache_entries.find(connection, recipes=recipes, places=places)

    def remember(self, entries: Iterable[Entry]) -> None:
        """Keep results to be reused."""
        with self._transaction(self._writer) as connection:
            cache_entries.put(connection, [cache_entries.row_of(entry) for entry in entries])

    def note_reuse(self, entry_ids: Collection[str], *, at: datetime) -> None:
        """Note that these have been reused."""
        with self._transaction(self._writer) as connection:
            cache_entries.touch(connection, entry_ids, at)

    def forget_unused(self, since: datetime, *, now: datetime) -> Needed:
        """Forget the results that nobody has used since then, and tell which values are still needed.

        That is by results that are left, by runs that were created since, and by runs that have not ended. A
        result that is reused meanwhile stays, and its values count as used since ``now``.
        """
        young = select(runs.c.run_id).where(runs.c.created_at >= since)
        kept = young.union(select(runs.c.run_id).where(leases.GOING_ON))
        theirs = select(artifacts.c.digest).where(artifacts.c.run_id.in_(kept)).distinct()
        with self._transaction(self._reader) as connection:
            unused = cache_entries.unused(connection, since)
            digests = cache_entries.used_values(connection, since)
            digests.update(connection.scalars(theirs))
            began = min(connection.scalars(_BEGAN), default=None)
        count = self._forget(unused, unused_since=since)
        return Needed(forgotten=count, digests=digests, before=_before(began, now))

    def needed_of(self, digests: Collection[str], *, now: datetime) -> Needed:
        """Which of these values any run has kept that is there."""
        kept = select(artifacts.c.digest).where(artifacts.c.digest == bindparam("this")).limit(1)
        with self._transaction(self._reader) as connection:
            found = {each for each in digests if connection.scalar(kept, {"this": each})}
            began = min(connection.scalars(_BEGAN), default=None)
        return Needed(forgotten=0, digests=found, before=_before(began, now))

    def forget_those_of(self, values: Collection[str]) -> int:
        """Forget the results that would give back a removed value (a digest without its kind); returns how many."""
        if not values:
            return 0
        with self._transaction(self._reader) as connection:
            gone = cache_entries.those_of(connection, values)
        return self._forget(gone)

    def _forget(self, entry_ids: Collection[str], *, unused_since: datetime | None = None) -> int:
        """Remove results, some at a time: SQLite lets one write, and runs that go on have to."""
        count = 0
        for some in cache_entries.parts(entry_ids):
            began = time.monotonic()
            with self._transaction(self._writer) as connection:
                count += cache_entries.forget(connection, some, unused_since=unused_since)
            time.sleep(time.monotonic() - began)  # who waits for the lock stands in no queue
        return count

    @contextmanager
    def _transaction(self, engine: Engine | KeptConnection) -> Iterator[Connection]:
        try:
            with self._lock, engine.begin() as connection:
                yield connection
        except IntegrityError:
            raise
        except sqlite.ERRORS as error:
            raise schema.unreachable(self._reader.url, error) from error

    def _log(
        self, connection: Connection, run_id: RunId, after: int = 0, *, limit: int | None = None
    ) -> list[Event]:
        query = (
            select(events.c.body)
            .where(events.c.run_id == run_id, events.c.seq > after)
            .order_by(events.c.seq)
            .limit(limit)
        )
        return [event_from_dict(json.loads(body)) for body in connection.scalars(query)]

    def _not_found(self, name: str, found: Sequence[str]) -> NotFound:
        if found:
            more = " and more" if len(found) > _NAMED_IN_HINT else ""
            ids = ", ".join(found[:_NAMED_IN_HINT])
            return NotFound(
                f"More than one run begins with {name!r}.", hint=f"There are: {ids}{more}."
            )
        known = [run.run_id for run in self.runs(limit=3)]
        if not known:
            return NotFound("No run has been recorded yet.", hint="Start one: dagflow run NB")
        return NotFound(
            f"There is no run {name!r}.", hint=f"The newest are: {', '.join(known)}, or say latest."
        )


def _check_lease(run_id: RunId, lease: Lease | None, token: int | None) -> None:
    if token is not None and (lease is None or lease.token != token):
        raise _lost(run_id)


def _before(began: datetime | None, now: datetime) -> datetime:
    """Since when what was used is needed, if the oldest run that goes on began then."""
    # One that began later than now: the clock was set back, and stamps tell nothing of what it has written.
    return _EPOCH if began and began > now else (began or now)


def _begin_fire(connection: Connection, run_id: RunId) -> None:
    if not fires.begin(connection, run_id):
        raise EventConflict(
            f"Run {run_id} is that of a fire which has begun before, or has made way for a later one.",
            hint="dagflow schedule show NAME tells of the fires of a schedule.",
        )


def _check_order(run_id: RunId, new: Sequence[Event], last: int) -> None:
    expected = list(range(last + 1, last + 1 + len(new)))
    given = [event.seq for event in new]
    if given != expected or isinstance(new[0], RunCreated) != (last == 0):
        raise EventConflict(
            f"Run {run_id} has {last} events recorded; events {given[0]} to {given[-1]} "
            "cannot follow.",
            hint="Another process runs it too: dagflow runs show tells how far it is.",
        )


def _lost(run_id: RunId) -> LeaseLost:
    return LeaseLost(
        f"Run {run_id} was taken over by another process.",
        hint=f"It goes on there: dagflow runs show {run_id} tells how far it is.",
    )


def _event_row(event: Event) -> dict[str, object]:
    body = event_to_dict(event)
    return {
        "run_id": event.run_id,
        "seq": event.seq,
        "at": event.at,
        "type": body["type"],
        "body": in_json(body),
    }


def _stored(row: RowMapping) -> Stored:
    return Stored(
        name=row["name"],
        digest=row["digest"],
        size_bytes=row["size_bytes"],
        type=row["type"],
        shape=None if row["shape"] is None else tuple(json.loads(row["shape"])),
        preview=row["preview"],
        value=None if row["value"] is None else json.loads(row["value"]),
        version=row["version"],
    )
