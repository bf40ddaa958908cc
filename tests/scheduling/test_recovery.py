"""Who may take a run that has lost its runner, on a real metastore."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import pytest

from jupyter_dagflow.core.errors import MetastoreUnreachable, NotResumable, RunGoesOn
from jupyter_dagflow.core.events import RunCreated, RunFinished, RunStarted
from jupyter_dagflow.core.lease import Lease, Owner
from jupyter_dagflow.core.model import RunId
from jupyter_dagflow.core.states import RunState
from jupyter_dagflow.execution.processes import this_process
from jupyter_dagflow.scheduling.leases import holder_is_gone, take_over, taken_run
from jupyter_dagflow.scheduling.recovery import Recovery
from jupyter_dagflow.storage.metastore import LeaseLost, Metastore

AT = datetime(2026, 3, 1, tzinfo=timezone.utc)
RUN = RunId("20260301-000000-abc")
DEAD = replace(this_process(), began="1")


class Taken:
    """A run that goes on, as far as who looks for it is concerned."""

    def __init__(self, lease: Lease) -> None:
        self.lease = lease
        self.run_id = lease.run_id
        self.is_alive = True
        self.state = RunState.RUNNING

    def wait(self, timeout_s: float | None = None) -> bool:
        del timeout_s
        return not self.is_alive

    def abandon(self) -> None:
        self.is_alive = False


@pytest.fixture
def metastore(tmp_path: Path) -> Iterator[Metastore]:
    store = Metastore.open(f"sqlite:///{tmp_path}/dagflow.db")
    yield store
    store.close()


def begin(metastore: Metastore, owner: Owner | None, run_id: RunId = RUN) -> Lease:
    """A run that goes on, held by this process."""
    lease = Lease(run_id=run_id, token=1, owner=owner)
    created = RunCreated(
        run_id=run_id, seq=1, at=AT, pipeline="p", notebook="p.ipynb", parameters={}, tasks=()
    )
    metastore.append(run_id, [created, RunStarted(run_id=run_id, seq=2, at=AT)], lease=lease)
    return lease


def finished(run_id: RunId = RUN) -> list[RunFinished]:
    return [RunFinished(run_id=run_id, seq=3, at=AT, state=RunState.SUCCESS)]


def test_whoever_has_lost_a_lease_records_nothing_more(metastore: Metastore) -> None:
    first = begin(metastore, DEAD)
    second = metastore.take_lease(RUN, this_process(), seen=first)
    for late in (first, None):
        with pytest.raises(LeaseLost, match="taken over by another process"):
            metastore.append(RUN, finished(), lease=late)
    with pytest.raises(LeaseLost):
        metastore.move_lease(first)
    metastore.give_lease_back(first)
    assert (metastore.holds(first), metastore.holds(second)) == (False, True)
    assert metastore.lease(RUN) == second, "what was taken is not given back by another"
    metastore.append(RUN, finished(), lease=second)
    assert metastore.unfinished_leases() == []


def test_a_lease_that_has_moved_since_it_was_seen_is_not_taken(metastore: Metastore) -> None:
    seen = begin(metastore, DEAD)
    metastore.move_lease(seen)
    with pytest.raises(LeaseLost):
        metastore.take_lease(RUN, this_process(), seen=seen)
    assert metastore.lease(RUN) == replace(seen, beat=1)


def test_of_many_who_take_a_run_one_gets_it(metastore: Metastore) -> None:
    seen = begin(metastore, DEAD)
    got: list[Lease] = []
    together = threading.Barrier(8)

    def take() -> None:
        together.wait()
        with contextlib.suppress(LeaseLost):
            got.append(metastore.take_lease(RUN, this_process(), seen=seen))

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == [metastore.lease(RUN)]


def test_what_is_found_is_taken_once_and_what_lives_is_left_alone(metastore: Metastore) -> None:
    begin(metastore, DEAD)
    begin(metastore, None, RunId("given-back"))
    begin(metastore, this_process(), RunId("ours"))
    begin(metastore, replace(DEAD, host="elsewhere", machine="m", boot="b"), RunId("elsewhere"))
    ended = begin(metastore, DEAD, RunId("ended"))
    metastore.append(ended.run_id, finished(ended.run_id), lease=ended)
    recovery = Recovery(metastore, recover=Taken)
    assert {run.run_id for run in recovery.look()} == {RUN, "given-back"}
    assert recovery.look() == []
    another = Recovery(metastore, recover=Taken)
    assert another.look() == [], "the process that took them lives"


def test_what_cannot_be_gone_on_with_is_told_once_and_given_up(metastore: Metastore) -> None:
    begin(metastore, DEAD)
    told: list[str] = []

    def refuse(lease: Lease) -> Taken:
        metastore.give_lease_back(lease)
        raise NotResumable("It has other tasks now.")

    recovery = Recovery(metastore, recover=refuse, tell=told.append)
    assert recovery.look() == []
    assert recovery.look() == []
    assert told == [f"run {RUN} cannot be gone on with: It has other tasks now."]


def test_a_fault_of_ours_does_not_come_again_with_every_look(
    metastore: Metastore, caplog: pytest.LogCaptureFixture
) -> None:
    begin(metastore, DEAD)

    def fail(lease: Lease) -> Taken:
        metastore.give_lease_back(lease)
        raise ZeroDivisionError

    recovery = Recovery(metastore, recover=fail)
    assert recovery.look() == []
    assert recovery.look() == []
    assert [record.message for record in caplog.records] == [f"Run {RUN} cannot be gone on with"]


def test_what_becomes_of_a_run_is_told(metastore: Metastore) -> None:
    begin(metastore, DEAD)
    told: list[str] = []
    recovery = Recovery(metastore, recover=Taken, tell=told.append)
    (run,) = recovery.look()
    metastore.append(RUN, finished(), lease=run.lease)
    run.is_alive, run.state = False, RunState.SUCCESS
    assert recovery.look() == []
    assert told == [
        f"run {RUN} had lost its runner ({DEAD}) and goes on here",
        f"run {RUN}: success",
    ]


def test_a_lease_that_was_given_back_since_it_was_seen_is_not_taken(metastore: Metastore) -> None:
    """Its holder may have been stopped, have come to the run's end, and have left."""
    seen = begin(metastore, DEAD)
    metastore.append(RUN, finished(), lease=seen)
    metastore.give_lease_back(seen)
    with pytest.raises(LeaseLost):
        metastore.take_lease(RUN, this_process(), seen=seen)


@pytest.mark.parametrize("given_back", [True, False])
def test_while_the_metastore_does_not_answer_nothing_is_given_up(
    metastore: Metastore, given_back: bool
) -> None:
    begin(metastore, DEAD)
    troubles = [MetastoreUnreachable("It is locked.")]

    def recover(lease: Lease) -> Taken:
        if not troubles:
            return Taken(lease)
        if given_back:
            metastore.give_lease_back(lease)
        raise troubles.pop()

    recovery = Recovery(metastore, recover=recover)
    with pytest.raises(MetastoreUnreachable):
        recovery.look()
    assert [run.run_id for run in recovery.look()] == [RUN]
    assert recovery.look() == []


def test_a_run_that_stopped_here_is_taken_again_though_its_lease_was_not_given_back(
    metastore: Metastore,
) -> None:
    begin(metastore, DEAD)
    recovery = Recovery(metastore, recover=Taken)
    (run,) = recovery.look()
    run.is_alive = False  # it could not record, nor give its lease back
    (again,) = recovery.look()
    assert again.lease.token == run.lease.token + 1


def test_a_run_that_ended_here_is_not_taken_from_who_goes_on_with_it_here(
    metastore: Metastore,
) -> None:
    """Somebody asks for it to be resumed in the process that looks for lost runs, as a server does."""
    recovery = Recovery(metastore, recover=Taken)
    run = Taken(begin(metastore, this_process()))
    recovery.own(run)
    run.is_alive = False
    recovery.look()  # its runner failed, and it is taken again
    (taken,) = recovery.runs
    taken.is_alive, taken.state = False, RunState.FAILED
    recovery._tell_ends()
    recovery.see_out(RUN)
    assert (recovery.look(), recovery.runs) == ([], [])
    recovery.own(Taken(taken.lease))
    assert recovery.look() == []


def test_whoever_was_stopped_as_it_took_a_run_touches_nothing_of_the_next(
    metastore: Metastore, tmp_path: Path
) -> None:
    first = metastore.take_lease(RUN, this_process(), seen=begin(metastore, DEAD))
    ours, theirs = tmp_path / ".ours.tmp", tmp_path / ".theirs.tmp"
    ours.touch()
    assert taken_run(metastore, first, tmp_path).state is RunState.RUNNING
    assert not ours.exists()
    second = metastore.take_lease(RUN, this_process(), seen=first)
    theirs.touch()
    with pytest.raises(LeaseLost):
        taken_run(metastore, first, tmp_path)
    assert theirs.exists()
    assert taken_run(metastore, second, tmp_path).run_id == RUN


def test_a_run_that_another_has_taken_meanwhile_is_not_given_up(metastore: Metastore) -> None:
    begin(metastore, DEAD)
    losses = [LeaseLost("It was taken over.")]

    def recover(lease: Lease) -> Taken:
        if losses:
            metastore.give_lease_back(lease)
            raise losses.pop()
        return Taken(lease)

    recovery = Recovery(metastore, recover=recover)
    assert recovery.look() == []
    assert [run.run_id for run in recovery.look()] == [RUN]


def test_who_asks_for_a_run_gets_it_unless_a_living_process_has_it(metastore: Metastore) -> None:
    lease = begin(metastore, this_process())
    with pytest.raises(RunGoesOn, match="goes on, in process"):
        take_over(metastore, RUN)
    metastore.give_lease_back(lease)
    taken = take_over(metastore, RUN)
    assert (taken.token, taken.owner) == (2, this_process())
    assert not holder_is_gone(taken)


def test_those_in_hand_are_left_to_others_when_there_is_no_time(metastore: Metastore) -> None:
    begin(metastore, DEAD)
    recovery = Recovery(metastore, recover=Taken)
    recovery.start()
    while not recovery.runs:
        threading.Event().wait(0.01)
    recovery.close(patience_s=0)
    assert [run.is_alive for run in recovery.runs] == [False]
