"""What a schedule does at a moment: which fires begin, which wait, which are missed and why.

The law: the answer follows from the schedule, from what is recorded of it and from the time handed in. Each data
interval is decided exactly once and in order: it becomes a fire, which waits or begins, or it is missed with a reason;
one that a backfill has run before it was due here is done.
Nothing is decided before it is due, so whoever asks late, after sleep or an outage, gets what there was to decide.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from enum import Enum
from itertools import islice
from typing import TypeAlias

from jupyter_dagflow.core.calendar.fire_times import NoTimes
from jupyter_dagflow.core.calendar.intervals import DataInterval, Timetable
from jupyter_dagflow.core.model import RunId
from jupyter_dagflow.core.states import RunState

_MOST_AT_ONCE = (
    1000  # intervals decided in one step: a long outage of a fast schedule takes several
)

ALWAYS = datetime(1970, 1, 1, tzinfo=timezone.utc)
"""When to look again at what no clock tells: each time, whatever a clock says that is set back."""


class Overlap(str, Enum):
    """What happens to a fire that is due while as many runs as there may be still go on."""

    SKIP = "skip"
    QUEUE = "queue"
    CANCEL = "cancel"


class MissedReason(str, Enum):
    """Why an interval has no run."""

    DOWN = "down"
    PAUSED = "paused"
    LATE = "late"
    OVERLAP = "overlap"
    REPLACED = "replaced"

    @property
    def words(self) -> str:
        """What a person is told."""
        return _WORDS[self]


_WORDS = {
    MissedReason.DOWN: "no service was running when it was due, and the schedule does not catch up",
    MissedReason.PAUSED: "the schedule was paused when it was due, and does not catch up",
    MissedReason.LATE: "it could only have begun later than the schedule allows (--misfire)",
    MissedReason.OVERLAP: "an earlier run of the schedule was still going on (--overlap skip)",
    MissedReason.REPLACED: "a later one took its place before it could begin (--overlap cancel)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How a schedule treats fires that cannot simply begin, and how long its runs may take.

    Later than ``misfire_s`` none begins. A fire is up to ``jitter_s`` later than its interval's end, always the same
    for one interval. ``depends_on_past`` if it begins only after a success of the one before. After
    ``pause_after`` failures in a row the schedule pauses itself. A schedule that catches up queues. People are told of
    a run that takes longer than ``expected_s``, or has not ended ``deadline_s`` after its interval has.
    """

    overlap: Overlap = Overlap.SKIP
    max_active_runs: int = 1
    misfire_s: float | None = None
    jitter_s: float = 0.0
    depends_on_past: bool = False
    pause_after: int | None = None
    expected_s: float | None = None
    deadline_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What is recorded of a schedule.

    The interval decided ``last``, fires that are ``waiting``, runs that are ``active`` (oldest first), how the newest
    run that has ended did (``past``), which intervals have ``succeeded`` upstream, of the schedule that this one
    follows, and are not decided here, where the later intervals start that are ``backfilled``, how many have failed in
    a row since a person last looked, whether it is paused, and when it last ceased to be (``resumed_at``).
    """

    last: DataInterval | None = None
    waiting: tuple[DataInterval, ...] = ()
    active: tuple[RunId, ...] = ()
    past: RunState | None = None
    succeeded: tuple[DataInterval, ...] = ()
    backfilled: frozenset[datetime] = frozenset()
    failures: int = 0
    paused: bool = False
    resumed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Queue:
    """An interval becomes a fire: it waits until it may begin, perhaps in the same decision."""

    interval: DataInterval


@dataclass(frozen=True, slots=True)
class Begin:
    """The run of an interval begins."""

    interval: DataInterval


@dataclass(frozen=True, slots=True)
class Miss:
    """``count`` intervals in a row, from the ``first`` to the ``last``, have no run."""

    first: DataInterval
    last: DataInterval
    count: int
    reason: MissedReason


@dataclass(frozen=True, slots=True)
class Cancel:
    """A run makes way for a later one."""

    run_id: RunId


@dataclass(frozen=True, slots=True)
class Pause:
    """The schedule pauses itself after so many failures in a row."""

    failures: int


Action: TypeAlias = Queue | Begin | Miss | Cancel | Pause


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What to do now, in order; then to ask again at ``wake_at``, if there is a time for that, or when a run ends.

    It is now if there is more to decide than fits into one step, and earlier if what is due waits for a run to end.
    """

    actions: tuple[Action, ...]
    wake_at: datetime | None


def due_at(interval: DataInterval, policy: Policy, name: str) -> datetime:
    """When the run of an interval of a schedule with this name is due."""
    if not policy.jitter_s:
        return interval.end
    digest = hashlib.blake2b(
        f"{name} {interval.start.isoformat()}".encode(), digest_size=8
    ).digest()
    return interval.end + timedelta(seconds=policy.jitter_s) * (
        int.from_bytes(digest, "big") / 2**64
    )


def decide(
    table: Timetable, policy: Policy, standing: Standing, *, name: str, now: datetime
) -> Decision:
    """What the schedule does at ``now``.

    >>> from datetime import timezone
    >>> from jupyter_dagflow.core.calendar.fire_times import EveryTimes
    >>> start = datetime(2024, 1, 1, tzinfo=timezone.utc)
    >>> table = Timetable(times=EveryTimes(timedelta(hours=1), start), start=start)
    >>> decision = decide(table, Policy(), Standing(), name="hourly", now=start + timedelta(minutes=61))
    >>> [type(each).__name__ for each in decision.actions], str(decision.wake_at)
    (['Queue', 'Begin'], '2024-01-01 02:00:00+00:00')
    """
    if standing.paused:
        return Decision(actions=(), wake_at=None)
    if policy.pause_after is not None and standing.failures >= policy.pause_after:
        return Decision(actions=(Pause(standing.failures),), wake_at=None)
    step = _Step(table, policy, standing, name, now)
    step.take_succeeded()
    wake_at = ALWAYS if isinstance(table.times, NoTimes) else step.take_due()
    step.begin_waiting()
    return Decision(actions=(*_grouped(step.missed), *step.actions), wake_at=wake_at)


class _Step:
    """One decision as it is made: what is missed, what is done, what waits and what is active by then."""

    def __init__(
        self, table: Timetable, policy: Policy, standing: Standing, name: str, now: datetime
    ) -> None:
        self.missed: list[tuple[DataInterval, MissedReason]] = []
        self.actions: list[Action] = []
        self._table, self._policy, self._name, self._now = table, policy, name, now
        self._standing = standing
        self._waiting = list(standing.waiting)
        self._active = len(standing.active)

    def take_due(self) -> datetime | None:
        """Decide what each interval that is due becomes; returns when the next one will be."""
        last, backfilled = self._standing.last, self._standing.backfilled
        latest = timedelta(
            seconds=self._policy.jitter_s
        )  # after its end an interval may become due
        taken = 0
        while taken < _MOST_AT_ONCE:
            following = self._table.following(last, self._now - latest)
            if following is None:
                return None
            due = due_at(following, self._policy, self._name)
            if due > self._now:
                return due
            if self._table.catchup and self._is_full():
                return due  # it stays so, and is asked for again when a run ends
            between = self._table.skipped(last, following)
            left = (each for each in between if each.start not in backfilled)
            skipped = [*islice(left, _MOST_AT_ONCE)]
            self.missed.extend((each, self._why_skipped(each)) for each in skipped)
            if len(skipped) == _MOST_AT_ONCE:
                return self._now
            if following.start not in backfilled:
                self._take(following, due)
                taken += 1
            last = following
        return self._now

    def take_succeeded(self) -> None:
        """Each interval that has succeeded upstream becomes a fire."""
        for interval in self._standing.succeeded:
            self._waiting.append(interval)
            self.actions.append(Queue(interval))

    def begin_waiting(self) -> None:
        """Begin what waits, in order, as long as there is room."""
        for interval in self._waiting[: max(self._policy.max_active_runs - self._active, 0)]:
            if self._policy.depends_on_past and not self._past_allows():
                return
            self._active += 1
            self.actions.append(Begin(interval))

    def _take(self, interval: DataInterval, due: datetime) -> None:
        """Decide what an interval that is due becomes."""
        late_s = (self._now - due).total_seconds()
        overlap = Overlap.QUEUE if self._table.catchup else self._policy.overlap
        if self._policy.misfire_s is not None and late_s > self._policy.misfire_s:
            self.missed.append((interval, MissedReason.LATE))
        elif overlap is Overlap.SKIP and self._is_full():
            self.missed.append((interval, MissedReason.OVERLAP))
        else:
            if overlap is Overlap.CANCEL:
                self._make_way()
            self._waiting.append(interval)
            self.actions.append(Queue(interval))

    def _is_full(self) -> bool:
        return self._active + len(self._waiting) >= self._policy.max_active_runs

    def _make_way(self) -> None:
        """Make room for one more: fires that wait are dropped, and the oldest runs cancelled."""
        self.missed.extend((each, MissedReason.REPLACED) for each in self._waiting)
        self._waiting.clear()
        too_many = self._active - self._policy.max_active_runs + 1
        for run_id in self._standing.active[: max(too_many, 0)]:
            if Cancel(run_id) not in self.actions:
                self.actions.append(Cancel(run_id))

    def _past_allows(self) -> bool:
        return not self._active and self._standing.past in (None, RunState.SUCCESS)

    def _why_skipped(self, interval: DataInterval) -> MissedReason:
        resumed_at = self._standing.resumed_at
        paused = resumed_at is not None and interval.end <= resumed_at
        return MissedReason.PAUSED if paused else MissedReason.DOWN


def _grouped(missed: Iterable[tuple[DataInterval, MissedReason]]) -> Iterator[Miss]:
    """Neighbours that are missed for one reason as one entry."""
    group: Miss | None = None
    for interval, reason in missed:
        if group and reason is group.reason and interval.start == group.last.end:
            group = replace(group, last=interval, count=group.count + 1)
            continue
        if group:
            yield group
        group = Miss(interval, interval, 1, reason)
    if group:
        yield group
