"""Who has a role, on a real metastore."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from jupyter_dagflow.core.lease import Lease
from jupyter_dagflow.core.model import RunId
from jupyter_dagflow.execution.processes import this_process
from jupyter_dagflow.scheduling import election
from jupyter_dagflow.scheduling.election import Election
from jupyter_dagflow.storage.metastore import Metastore

ROLE = "schedules"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Metastore]:
    metastore = Metastore.open(f"sqlite:///{tmp_path}/dagflow.db")
    yield metastore
    metastore.close()


def test_one_has_it_until_it_resigns(store: Metastore) -> None:
    first, second = Election(store, ROLE), Election(store, ROLE)
    assert [first.is_won(), second.is_won(), first.is_won()] == [True, False, True]
    assert Election(store, "another").is_won()
    first.resign()
    assert [second.is_won(), first.is_won()] == [True, False]
    lease = store.role(ROLE)
    assert lease is not None
    assert lease.token == 2


def test_who_is_gone_loses_it(store: Metastore) -> None:
    gone = Lease(run_id=RunId(ROLE), token=7, owner=replace(this_process(), began="1"))
    assert store.take_role(gone, seen=None)
    assert Election(store, ROLE).is_won()
    assert not store.move_role(gone)
    store.give_role_back(gone)
    assert store.role(ROLE) == replace(gone, token=8, owner=this_process())


def test_who_has_lost_it_learns_so_as_it_moves(
    store: Metastore, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped = Election(store, ROLE)
    assert stopped.is_won()
    seen = store.role(ROLE)
    assert seen is not None
    assert store.take_role(replace(seen, token=2), seen=seen)
    monkeypatch.setattr(election, "BEAT_S", 0.0)
    assert not stopped.is_won()


def test_of_those_who_stand_at_once_one_wins(store: Metastore) -> None:
    won: list[bool] = []
    ready = threading.Barrier(4)

    def stand() -> None:
        ready.wait()
        won.append(Election(store, ROLE).is_won())

    threads = [threading.Thread(target=stand) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(won) == [False, False, False, True]
