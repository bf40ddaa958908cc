"""What a service does with the schedules of a metastore, at each tick.

The law: decide, record, act. What is recorded is acted upon by whoever ticks next, however many died in between; what
was decided but not recorded has not happened. A tick waits for no run, and what goes wrong with one schedule keeps no
other from its fires.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Generic

from jupyter_dagflow.core.backfill import advance
from jupyter_dagflow.core.errors import DagflowError, EnvironmentFault, MetastoreUnreachable
from jupyter_dagflow.core.events import Event
from jupyter_dagflow.core.fires import Fire, FireKind
from jupyter_dagflow.core.model import RunId
from jupyter_dagflow.core.schedule_definition import Schedule
from jupyter_dagflow.core.schedules import (
    Begin,
    Cancel,
    Decision,
    Miss,
    Pause,
    Queue,
    decide,
)
from jupyter_dagflow.scheduling.election import Election
from jupyter_dagflow.scheduling.failed_fires import failed_run, failure_of
from jupyter_dagflow.scheduling.recovery import Run
from jupyter_dagflow.scheduling.zones import zone_of
from jupyter_dagflow.storage.backfills import RecordedBackfill
from jupyter_dagflow.storage.metastore import EventConflict, Metastore
from jupyter_dagflow.storage.schedules import RecordedSchedule, ScheduleChanged

TICK_S = 1.0
"""After so long it looks again, though nothing is due: runs have ended, and people have asked for some."""

_BEGINNERS = (
    4  # runs that are prepared at once: a notebook that takes long to read holds up no other
)

_PRUNE_EVERY = timedelta(minutes=1)

_log = logging.getLogger(__name__)


class Scheduler(Generic[Run]):
    """Has ``begin`` begin the run of each fire when it is due.

    ``begin`` raises an `EnvironmentFault` if the run may well begin later, and any other `DagflowError` if it never
    will. Of several services one ticks, by an ``election``, so that runs are not prepared in vain: none would be
    doubled if all did. ``tell`` is told, in words, what is missed, what fails, and which schedules pause themselves;
    ``watch`` is told all that happens in a run that cannot begin, once that is recorded.
    ``prune`` deletes the runs that are not kept any longer; it is called once a minute.

    Responsible for which fires begin. Not for how a run goes on once it is there.
    """

    def __init__(
        self,
        metastore: Metastore,
        *,
        begin: Callable[[Schedule, Fire], Run],
        new_run_id: Callable[[], RunId],
        now: Callable[[], datetime],
        election: Election | None = None,
        tell: Callable[[str], None] = _log.info,
        watch: Callable[[Sequence[Event]], None] = lambda _: None,
        prune: Callable[[], object] = lambda: None,
    ) -> None:
        self._metastore = metastore
        self._begin = begin
        self._new_run_id = new_run_id
        self._now = now
        self._election = election
        self._tell = tell
        self._watch = watch
        self._beginners: Executor | None = None
        self._begun: dict[RunId, Future[Run | None]] = {}  # whose run may not have been created yet
        self._prune = prune
        self._pruned_at: datetime | None = None
        self._pruning: Future[object] | None = None
        self._told: dict[str, str] = {}
        self._faults: dict[RunId, EnvironmentFault] = {}
        self._caught_up = False
        self._asleep: list[tuple[RecordedSchedule, datetime | None]] = []  # to be recorded at once
        self._backfills: dict[int, Election] = {}  # who begins the runs of each

    def tick(self) -> datetime | None:
        """Do what is due; returns when more will be, if nothing else happens before. Raises `EnvironmentFault`."""
        if self._election is not None and not self._election.is_won():
            self._keep_to(())  # backfills, too, are another's by now
            self._caught_up = False
            return None
        if not self._caught_up:
            self._metastore.schedules.catch_up()
            self._caught_up = True
        now = self._now()
        awake = self._metastore.schedules.awake(at=now)
        self._keep_to([fire for each in awake for fire in each.waiting])
        self._asleep.clear()
        for each in awake:
            self._serve(each)
        if self._asleep:
            self._metastore.schedules.sleep(self._asleep)
        self._prune_sometimes(now)
        return self._metastore.schedules.next_wake_at(after=now)

    def _prune_sometimes(self, now: datetime) -> None:
        since = None if self._pruned_at is None else now - self._pruned_at
        if since is not None and timedelta() <= since < _PRUNE_EVERY:
            return
        self._pruned_at = now
        if self._pruning is not None and not self._pruning.done():
            return
        if self._beginners is not None:
            self._pruning = self._beginners.submit(self._prune)
        else:
            self._prune()

    def tick_backfills(self, name: str, these: Collection[int] | None = None) -> bool:
        """Begin what may of these backfills of a schedule (of all, if none are said), and nothing else of it.

        Returns whether anything of them is left. Raises `NotFound` and `EnvironmentFault`.
        """
        schedule_id, schedule = self._metastore.schedules.definition(name)
        if these is None:
            these = self._metastore.schedules.going_back(name)
        found = [self._metastore.backfills.find(each) for each in sorted(these)]
        self._keep_to([fire for each in found for fire in each.waiting])
        for each in found:
            if each.waiting and not self._go_back(schedule_id, schedule, each.backfill_id):
                self._tell_once(
                    f"backfill {each.backfill_id}",
                    f"schedule {name}: another process begins the runs of the backfill",
                )
        return bool(self._metastore.backfills.left(these))

    @property
    def fault(self) -> EnvironmentFault | None:
        """What the machine lacks for a run that waits to begin here; None if nothing is, or one begins."""
        if not all(run.done() for run in self._begun.values()):
            return None
        return next(iter([*self._faults.values()]), None)

    def serve(self, ended: threading.Event) -> None:
        """Tick when something is due, and every second, until that is set; what fails now is done later.

        In the end others may tick at once, though this process still sees runs out.
        """
        with self.beginning():
            wait_s = 0.0
            while not ended.wait(wait_s):
                wait_s = self._tick_and_live()

    @contextlib.contextmanager
    def beginning(self) -> Iterator[None]:
        """Meanwhile runs begin in threads of their own; in the end it leaves all else to others."""
        try:
            with ThreadPoolExecutor(_BEGINNERS, "dagflow begins runs") as self._beginners:
                try:
                    yield
                finally:
                    self._beginners.shutdown(cancel_futures=True)  # others begin those that wait
        finally:
            self._beginners = None
            self._resign()

    def _resign(self) -> None:
        for each in (self._election, *self._backfills.values()):
            if each is not None:
                with contextlib.suppress(
                    EnvironmentFault
                ):  # then it runs out, as this process ends
                    each.resign()

    def _tick_and_live(self) -> float:
        """Tick, whatever happens; returns in how many seconds to do so again."""
        try:
            wake_at = self.tick()
        except EnvironmentFault as fault:  # a database that is busy now may answer later
            _log.warning("The metastore did not answer: %s", fault.message)
            return TICK_S
        except Exception:  # noqa: BLE001 -- one fault must not be the last tick
            _log.exception("Schedules could not be looked at")
            return TICK_S
        left_s = TICK_S if wake_at is None else (wake_at - self._now()).total_seconds()
        return min(max(left_s, 0.0), TICK_S)

    def _serve(self, recorded: RecordedSchedule) -> None:
        name = recorded.schedule.name
        try:
            self._do_all(recorded)
        except MetastoreUnreachable:  # the next would fare no better
            raise
        except ScheduleChanged:  # by a person or another service: the next tick sees what it is now
            pass
        except DagflowError as error:
            self._tell_once(name, error.message)
        except Exception as error:  # noqa: BLE001 -- a fault of ours with one must not be that of all
            if self._told.get(name) != repr(error):
                _log.exception("Nothing can be done with the schedule %s", name)
            self._told[name] = repr(error)
        else:
            self._told.pop(name, None)

    def _do_all(self, seen: RecordedSchedule) -> None:
        """Decide until nothing is left to be decided now: a long outage takes several steps."""
        schedule = seen.schedule
        table = schedule.timetable(zone_of(schedule))
        while True:
            now = self._now()
            decision = decide(table, schedule.policy, seen.standing, name=schedule.name, now=now)
            recorded = self._record(seen, decision, now)
            self._act(recorded, decision)
            if recorded is seen or decision.wake_at != now:
                return
            seen = recorded

    def _record(
        self, seen: RecordedSchedule, decision: Decision, now: datetime
    ) -> RecordedSchedule:
        """What is recorded then: what was seen, if there is nothing new in the decision but when to look again."""
        if not any(isinstance(each, (Queue, Miss, Pause)) for each in decision.actions):
            if (decision.wake_at, seen.followed_next) != (seen.wake_at, seen.followed):
                self._asleep.append((seen, decision.wake_at))
            return seen
        recorded = self._metastore.schedules.record(
            seen, decision, at=now, new_run_id=self._new_run_id
        )
        name = seen.schedule.name
        for each in decision.actions:
            if isinstance(each, Miss):
                self._tell(f"schedule {name}: {_span(each)} without a run: {each.reason.words}")
            elif isinstance(each, Pause):
                self._tell(
                    f"schedule {name}: paused, as {each.failures} runs in a row have failed; "
                    f"dagflow schedule resume {name} has it go on"
                )
        return recorded

    def _act(self, recorded: RecordedSchedule, decision: Decision) -> None:
        for each in decision.actions:
            if isinstance(each, Cancel):
                self._metastore.request_cancel(each.run_id)
        due = {each.interval for each in decision.actions if isinstance(each, Begin)}
        for fire in recorded.waiting:
            scheduled = fire.kind is FireKind.SCHEDULED
            if fire.interval in due if scheduled else fire.kind is FireKind.MANUAL:
                self._begin_once(recorded.schedule, fire)
        for backfill in sorted({fire.backfill for fire in recorded.waiting if fire.backfill}):
            self._go_back(recorded.schedule_id, recorded.schedule, backfill)

    def _go_back(self, schedule_id: int, schedule: Schedule, backfill_id: int) -> bool:
        """Begin the runs of a backfill that may begin; whether it is this process that does so for now."""
        election = self._backfills.setdefault(
            backfill_id, Election(self._metastore, f"backfill {backfill_id}")
        )
        won = election.is_won()
        if won:
            self._advance(schedule_id, schedule, self._metastore.backfills.find(backfill_id))
        return won

    def _advance(self, schedule_id: int, schedule: Schedule, backfill: RecordedBackfill) -> None:
        waiting = {fire.interval: fire for fire in backfill.waiting}
        if not waiting:
            return
        depends = schedule.policy.depends_on_past
        first = min(each.start for each in waiting)
        past = self._metastore.backfills.past(schedule_id, first) if depends else None
        step = advance(
            backfill.asked,
            list(waiting),
            len(backfill.active),
            depends_on_past=depends,
            past=past,
        )
        for interval in step.begin:
            self._begin_once(schedule, waiting[interval])
        if past is not None and not past.is_final and not backfill.active:
            self._tell_once(
                f"backfill {backfill.backfill_id}",
                f"schedule {schedule.name}: the backfill waits, as the run before {first.isoformat()} is {past.value}; "
                "dagflow serve sees to it",
            )
        if step.dropped and (dropped := self._metastore.backfills.drop(backfill.backfill_id)):
            self._tell(
                f"schedule {schedule.name}: {dropped} intervals of a backfill do not begin, as the one before "
                "them has not succeeded"
            )

    def _keep_to(self, waiting: Collection[Fire]) -> None:
        """Forget what is about fires that wait no longer."""
        waits = {fire.run_id for fire in waiting}
        self._begun = {run_id: run for run_id, run in self._begun.items() if run_id in waits}
        for run_id in [*self._faults]:  # beginners write there meanwhile
            if run_id not in waits:
                self._faults.pop(run_id, None)
        for done in self._backfills.keys() - {fire.backfill for fire in waiting}:
            self._backfills.pop(done).resign()

    def _begin_once(self, schedule: Schedule, fire: Fire) -> None:
        """Begin a run, unless it is about to begin here; one that came to nothing is tried again."""
        before = self._begun.get(fire.run_id)
        if before is not None and not _came_to_nothing(before):
            return
        self._faults.pop(fire.run_id, None)
        if self._beginners is not None:
            self._begun[fire.run_id] = self._beginners.submit(self._begun_run, schedule, fire)
        else:
            begun: Future[Run | None] = Future()
            begun.set_result(self._begun_run(schedule, fire))
            self._begun[fire.run_id] = begun

    def _begun_run(self, schedule: Schedule, fire: Fire) -> Run | None:
        """The run of a fire; None if it came to nothing."""
        try:
            return self._begin(schedule, fire)
        except EventConflict:  # another has begun it, or it has made way
            pass
        except EnvironmentFault as fault:
            if not isinstance(fault, MetastoreUnreachable):  # that may answer soon
                self._faults[fire.run_id] = fault
            self._tell_once(fire.run_id, f"run {fire.run_id} of {schedule.name}: {fault.message}")
        except DagflowError as error:
            self._fail(schedule, fire, error)
        except Exception as error:  # noqa: BLE001 -- a fault of ours would come again with every tick
            _log.exception("Run %s of %s cannot begin", fire.run_id, schedule.name)
            self._fail(schedule, fire, error)
        return None

    def _fail(self, schedule: Schedule, fire: Fire, error: Exception) -> None:
        failure = failure_of(error)
        events = failed_run(schedule, fire, failure, at=self._now())
        try:
            self._metastore.append(fire.run_id, events)
        except EventConflict:  # another has begun it, or has told this
            return
        self._tell(
            f"schedule {schedule.name}: run {fire.run_id} cannot begin: {failure.message} "
            f"dagflow runs show {fire.run_id} tells more"
        )
        self._watch(events)

    def _tell_once(self, about: str, text: str) -> None:
        if self._told.get(about) != text:
            self._told[about] = text
            self._tell(text)


def _came_to_nothing(begun: Future[Run | None]) -> bool:
    """Whether a run that was to begin here has neither been created nor will be."""
    if not begun.done():
        return False
    run = None if begun.exception() is not None else begun.result()
    return run is None or not run.is_alive


def _span(miss: Miss) -> str:
    first, last = miss.first.start.isoformat(), miss.last.start.isoformat()
    return f"{first} is" if miss.count == 1 else f"{miss.count} intervals, {first} to {last}, are"
