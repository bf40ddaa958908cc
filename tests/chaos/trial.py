"""One trial: a run, what is done to its processes, its recovery, and what then holds.

The law: all that is random comes from the trial's number, every wait is bounded, and what was stopped goes on.
"""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

from tests.chaos.faults import Fault
from tests.chaos.home import Command, Home, stop
from tests.chaos.invariants import last_line, violations
from tests.chaos.marked import (
    Marked,
    Role,
    below,
    end_all,
    is_alive,
    is_stopped,
    marked,
    send,
    wait_until,
)
from tests.chaos.programs import Program, Step, write_program

_END_S = 180.0
_QUIET_S = 20.0  # what a fork server may take to notice that its owner is gone
_LOOK_S = 0.1
_LONG_S = 8.0  # so long a runner may be stopped and keep its run
_LOCK_S = 4.0
_STOP_S = 17.0  # so long that another takes the run, and mostly ends it
_MOST_RESUMED = 3
CANCEL_S = 10.0  # so soon nothing of a run that is cancelled is left
_CANCELLED = 130
_HEARD_S = 5.0  # a runner that nothing disturbs has heard of it by then
_JUMPS_S = (-40 * 86400.0, -3600.0, -15.0, 15.0, 3600.0, 400 * 86400.0)
_SIGNALS = {
    "kill": signal.SIGKILL,
    "stop": signal.SIGSTOP,
    "interrupt": signal.SIGINT,
    "terminate": signal.SIGTERM,
}
_HARMFUL = ("kill kernel", "kill fork server", "fill the disk", "fail")
_OTHER = Program(shape="other", steps=(Step(name="only", code="other = 1", pause_s=0.0),))


@dataclass(slots=True)
class Outcome:
    """What a trial did, in order, and what came of it."""

    name: str
    shape: str
    did: list[str] = field(default_factory=list)
    disturbed: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)
    recoveries: int = 0
    resumption_s: list[float] = field(default_factory=list)
    cancel_s: list[float] = field(default_factory=list)
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be done: disturbances, each after a wait, or a fault at a place; and how it recovers.

    A disturbance has its kind and how much of it: seconds that it lasts, or by which the clock is wrong from then on.
    The first wait begins as the run is recorded, or ``from_start`` as its command is started.
    """

    name: str
    program: Program
    disturbances: tuple[tuple[float, str, float], ...] = ()
    fault: Fault | None = None
    fault_in_recovery: bool = False
    from_start: bool = False
    serve_beside: bool = False
    recovery: str = "serve"
    small_disk: bool = False


DISTURBANCES = {
    "kill runner": 5,
    "stop runner": 4,
    "kill kernel": 3,
    "stop kernel": 2,
    "kill fork server": 3,
    "stop fork server": 2,
    "kill serve": 2,
    "stop serve": 1,
    "kill all": 2,
    "lock the database": 3,
    "fill the disk": 2,
    "cancel": 3,
    "interrupt runner": 2,
    "terminate runner": 2,
    "jump the clock": 3,
}
_CANCELS = ("cancel", "interrupt runner", "terminate runner")
_RECOVERIES = ("serve", "other run", "same run", "resume")


def random_plan(seed: int, number: int) -> Plan:
    """The trial of that number; the same each time."""
    rng = random.Random(f"{seed} {number}")
    kinds = rng.choices([*DISTURBANCES], [*DISTURBANCES.values()], k=rng.choice((1, 2, 2, 3)))
    serve_beside = rng.random() < 0.3 or any(kind.endswith("serve") for kind in kinds)
    return Plan(
        name=f"{seed}/{number}",
        program=write_program(rng),
        disturbances=tuple(
            (round(rng.uniform(0.1, 3.0), 2), kind, _how_much(rng, kind)) for kind in kinds
        ),
        from_start=rng.random() < 0.2,
        serve_beside=serve_beside,
        recovery=rng.choice(_RECOVERIES),
        small_disk="fill the disk" in kinds,
    )


def _how_much(rng: random.Random, kind: str) -> float:
    if kind == "jump the clock":
        return rng.choice(_JUMPS_S)
    if kind == "lock the database":
        return round(rng.choice((*[rng.uniform(0.2, 6)] * 6, rng.uniform(30, 60))), 2)
    return round(rng.choice((rng.uniform(0.2, 4), 11)), 2)


class Trial:
    """Carries out one plan; `run` once."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._began = time.monotonic()
        self._home = Home(
            f"{os.getpid()}-{plan.name}", small_disk=plan.small_disk, own_clock=self._jumps
        )
        self._outcome = Outcome(plan.name, plan.program.shape)
        self._later: list[tuple[float, Callable[[], object]]] = []
        self._deaths: list[float] = []
        self._asked: float | None = None  # when the run was asked to end, until it has
        self._signalled: Command | None = None
        self._cancelling: Command | None = None
        self._serve: Command | None = None
        self._reached = False
        self._resumed = 0

    def run(self) -> Outcome:
        """Do it all, and leave nothing."""
        try:
            self._plan.program.write(self._home.notebook)
            _OTHER.write(self._home.other)
            if self._plan.serve_beside:
                self._start_serve()
            self._disturb()
            if self._recover():
                self._wind_up()
                if self._plan.fault is not None and not self._reached:
                    self._outcome.violations.append(f"{self._plan.fault} was never reached")
                self._outcome.violations += violations(self._home, self._plan.program)
                self._look_for_recoveries()
                self._look_whether_it_went_on()
        finally:
            self._outcome.did += [f"{c} told:\n{c.told}" for c in self._home.commands]
            self._outcome.did += self._home.told_by_tasks()
            self._home.close()
            self._outcome.seconds = time.monotonic() - self._began
        return self._outcome

    def _disturb(self) -> None:
        fault = None if self._plan.fault_in_recovery else self._plan.fault
        run = self._start("run", str(self._home.notebook), "--keep", "all", fault=fault)
        if not self._plan.from_start:
            wait_until(lambda: self._home.run_state() is not None or run.has_ended, _QUIET_S)
        for after_s, kind, hold_s in self._plan.disturbances:
            self._wait(after_s)
            if self._do(kind, hold_s):
                self._outcome.disturbed[kind] += 1

    @property
    def _jumps(self) -> bool:
        return any(kind == "jump the clock" for _, kind, _ in self._plan.disturbances)

    def _do(self, kind: str, hold_s: float) -> bool:
        """Disturb, if there is what is to be disturbed."""
        action, _, what = kind.partition(" ")
        if action == "lock":
            return self._lock(hold_s)
        if action == "jump":
            self._tell(f"the clock is wrong by {hold_s} s")
            self._home.set_clock(hold_s)
            return True
        if action == "cancel":
            return self._cancel()
        if action == "fill":
            return self._fill(min(hold_s, 4.0))
        pids = self._victims(what)
        if not pids:
            return False
        self._tell(
            f"{kind}: {', '.join(map(str, pids))}"
            + (f" for {hold_s} s" if action == "stop" else "")
        )
        for pid in pids:
            send(pid, _SIGNALS[action])
            if action == "stop":
                self._at(hold_s, lambda pid=pid: self._continue(pid))  # type: ignore[misc]
        if kind in _CANCELS:
            self._asked = self._asked or time.monotonic()
            self._signalled = next(c for c in self._home.commands if c.pid == pids[0])
            return True
        state = self._home.run_state()
        if kind == "stop runner" and hold_s > _LONG_S and state is not None:
            self._help(state[0])
        if what in ("runner", "serve", "all"):
            self._deaths.append(time.time())
        return True

    def _cancel(self) -> bool:
        state = self._home.run_state()
        if state is None or state[1] != "running":
            return False
        self._cancelling = self._start("runs", "cancel", state[0])
        self._asked = self._asked or time.monotonic()
        return True

    def _victims(self, what: str) -> list[int]:
        if what == "all":
            return [each.pid for each in marked(self._home.mark)]
        if what == "runner":
            commands = [c for c in self._home.commands if c.runs and not c.has_ended]
            return [c.pid for c in commands[-1:]]
        if what == "serve":
            return (
                [self._serve.pid] if self._serve is not None and not self._serve.has_ended else []
            )
        if what == "kernel" and (line := last_line(self._home)) is not None and is_alive(line.pid):
            return [line.pid]
        role = Role.KERNEL if what == "kernel" else Role.FORK_SERVER
        return [each.pid for each in marked(self._home.mark) if each.role is role][:1]

    def _continue(self, pid: int) -> None:
        if is_alive(pid):
            self._tell(f"continue {pid}")
            send(pid, signal.SIGCONT)

    def _lock(self, hold_s: float) -> bool:
        if not self._home.database.exists():
            return False
        try:
            connection = sqlite3.connect(
                self._home.database, timeout=5, isolation_level=None, check_same_thread=False
            )
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error:
            return False
        self._tell(f"lock the database for {hold_s} s")
        self._at(hold_s, connection.close)
        return True

    def _fill(self, hold_s: float) -> bool:
        if not self._home.has_small_disk:
            return False
        self._tell(f"fill the disk for {hold_s} s")
        filler = self._home.fill_disk()
        self._at(hold_s, lambda: filler.unlink(missing_ok=True))
        return True

    def _recover(self) -> bool:
        """See to it that the run comes to its end; whether it did."""
        until = time.monotonic() + _END_S
        while time.monotonic() < until:
            self._wait(_LOOK_S)
            self._release_those_that_stopped_themselves()
            going_on = [c for c in self._home.commands if not c.is_serve and not c.has_ended]
            state = self._home.run_state()
            if self._later or going_on:
                continue
            if state is None:
                if self._home.query("select 1") or not self._home.database.exists():
                    self._asked = self._signalled = None  # it never began
                    self._start("run", str(self._home.notebook), "--keep", "all")
            elif state[1] == "success":
                return True
            elif state[1] == "running":
                self._help(state[0])
            elif state[1] == "cancelled":
                if not self._is_cancelled(state[0]):
                    return True
            elif not self._resume_if_excused(*state):
                return True
        self._outcome.violations.append(
            f"the run did not come to its end: {self._home.run_state()}"
        )
        return False

    def _help(self, run_id: str) -> None:
        """Have somebody look who may find the run."""
        if self._serve is not None and not self._serve.has_ended:
            return
        match self._plan.recovery:
            case "serve":
                self._start_serve()
            case "other run":
                self._start("run", str(self._home.other), "--fresh")
            case "same run":
                self._start("run", str(self._home.notebook), "--keep", "all")
            case _:
                self._start("runs", "resume", run_id)

    def _is_cancelled(self, run_id: str) -> bool:
        """See that nothing of a cancelled run is left, and go on with it; whether it was asked to end."""
        if self._asked is None:
            self._outcome.violations.append("the run is cancelled, and nobody asked for that")
            return False
        if not wait_until(lambda: not self._left_of_run(), CANCEL_S):
            self._outcome.violations.append(f"of a cancelled run is left: {self._left_of_run()}")
            end_all(self._home.mark)
        if self._outcome.disturbed.keys() <= {*_CANCELS}:
            self._outcome.cancel_s.append(time.monotonic() - self._asked)
            ended = self._signalled.process.returncode if self._signalled else _CANCELLED
            if ended not in (_CANCELLED, -signal.SIGINT, -signal.SIGTERM):
                self._outcome.violations.append(f"a command that was cancelled exits with {ended}")
        self._asked = self._signalled = self._cancelling = None
        self._tell("the run is cancelled")
        self._start("runs", "resume", run_id)
        return True

    def _left_of_run(self) -> list[Marked]:
        """What lives but for ``serve`` and what it has: daemons of its kernels are not below it."""
        serving = [c for c in self._home.commands if c.is_serve and not c.has_ended]
        known = {pid for command in serving for pid in below(command.pid)}
        return [each for each in marked(self._home.mark) if each.pid not in known]

    def _resume_if_excused(self, run_id: str, state: str) -> bool:
        """Go on with a run that has failed, if what was done to it may be why."""
        harmed = any(self._outcome.disturbed[kind] for kind in (*_HARMFUL, "kill all"))
        if not harmed or state != "failed" or self._resumed == _MOST_RESUMED:
            return False
        self._resumed += 1
        self._tell("the run has failed")
        self._start("runs", "resume", run_id)
        return True

    def _release_those_that_stopped_themselves(self) -> None:
        fault, counter = self._plan.fault, self._home.folder / "reached"
        if fault is None or self._reached or not counter.exists():
            return
        if counter.stat().st_size < fault.nth:
            return
        self._reached = True
        kernel = fault.point.startswith("kernel")
        if fault.action != "stop":
            self._outcome.disturbed[
                "fail" if fault.action == "fail" else "kill kernel" if kernel else "kill runner"
            ] += 1
            self._deaths.append(time.time())
            self._tell(f"reached {fault}")
            return
        for pid in [each.pid for each in marked(self._home.mark) if is_stopped(each.pid)]:
            self._outcome.disturbed["stop kernel" if kernel else "stop runner"] += 1
            self._deaths.append(time.time())
            holds_lock = fault.point == "commit"  # for which others wait
            hold_s = _LOCK_S if holds_lock else _STOP_S
            self._tell(f"reached {fault}: {pid} for {hold_s} s")
            if not holds_lock:  # what has lost its run cannot learn of it at once
                self._at(hold_s, lambda: self._lock(3.0))
            self._at(hold_s, lambda pid=pid: self._continue(pid))  # type: ignore[misc]
            if not kernel and (self._serve is None or self._plan.fault_in_recovery):
                self._start_serve()

    def _wind_up(self) -> None:
        """End what looks for runs; then nothing may be left."""
        mark = self._home.mark
        for command in self._home.commands:
            stop(command)
        if not wait_until(lambda: all(c.has_ended for c in self._home.commands), _QUIET_S):
            self._outcome.violations.append("a command did not end when it was asked to")
        if not wait_until(lambda: not marked(mark), _QUIET_S):
            left = end_all(mark)
            self._outcome.violations.append(f"processes were left: {left}")
        # What is left when all are killed at once, the next start removes.
        if self._home.left() or self._home.has_unfinished():
            self._start("run", str(self._home.other), "--fresh")
            wait_until(lambda: self._home.commands[-1].has_ended and not marked(mark), 2 * _QUIET_S)
        if left_files := self._home.left():
            self._outcome.violations.append(f"files were left: {left_files}")

    def _look_for_recoveries(self) -> None:
        """How long it took; where the clock jumps nobody can tell."""
        rows = self._home.query("select at from events where type = 'run_resumed' order by at")
        times = [datetime.fromisoformat(f"{row[0]}+00:00").timestamp() for row in rows]
        self._outcome.recoveries = len(times)
        for death in () if self._jumps else self._deaths:
            later = [at - death for at in times if at > death]
            self._outcome.resumption_s += later[:1]

    def _look_whether_it_went_on(self) -> None:
        """A run that was asked to end, and did not, had ended already or had little left to do."""
        undisturbed = self._outcome.disturbed.keys() <= {*_CANCELS}
        if self._asked is None or not undisturbed:
            return
        ago_s = time.monotonic() - self._asked - _HEARD_S
        heard = datetime.now(timezone.utc) - timedelta(seconds=ago_s)
        late = self._home.query(
            "select count(*) from events where type = 'task_started'"
            f" and at > '{heard:%Y-%m-%d %H:%M:%S}'"
        )
        if late[0][0] and "ended already" not in (
            self._cancelling.told if self._cancelling else ""
        ):
            self._outcome.violations.append("the run went on though it was asked to end")

    def _start_serve(self) -> None:
        begun = any(command.is_serve for command in self._home.commands)
        late = self._plan.fault_in_recovery and not begun
        self._serve = self._start("serve", fault=self._plan.fault if late else None)

    def _start(self, *words: str, fault: Fault | None = None) -> Command:
        command = self._home.start(*words, fault=fault)
        self._tell(
            f"dagflow {' '.join(words)}: {command.pid}" + (f" with {fault}" if fault else "")
        )
        return command

    def _at(self, after_s: float, do: Callable[[], object]) -> None:
        self._later.append((time.monotonic() + after_s, do))

    def _wait(self, seconds: float) -> None:
        """Let time pass, and do what is due meanwhile."""
        until = time.monotonic() + seconds
        while True:
            now = time.monotonic()
            due = [entry for entry in self._later if entry[0] <= now]
            self._later = [entry for entry in self._later if entry[0] > now]
            for _, do in due:
                do()
            if now >= until:
                return
            time.sleep(min(_LOOK_S, until - now))

    def _tell(self, what: str) -> None:
        self._outcome.did.append(f"{time.monotonic() - self._began:6.2f} {what}")


def run_trial(plan: Plan) -> Outcome:
    """Carry out a plan; whatever goes wrong with that is a violation, too."""
    try:
        return Trial(plan).run()
    except Exception as error:  # noqa: BLE001 -- the others go on
        outcome = Outcome(plan.name, plan.program.shape)
        outcome.violations.append(f"the trial broke: {type(error).__name__}: {error}")
        return outcome
