"""A connection that is kept for the next transaction."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.pool import QueuePool

from jupyter_dagflow.storage.kept_connection import KeptConnection
from jupyter_dagflow.storage.schema import parse_url
from jupyter_dagflow.storage.sqlite import make_engine


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = make_engine(parse_url(f"sqlite:///{tmp_path / 'some.db'}"))
    with engine.begin() as connection:
        connection.execute(text("create table seen (it int primary key)"))
    yield engine
    engine.dispose()


def in_use(engine: Engine) -> int:
    assert isinstance(engine.pool, QueuePool)
    return engine.pool.checkedout()


def put(connection: Connection, it: int) -> None:
    connection.execute(text("insert into seen values (:it)"), {"it": it})


def seen(engine: Engine) -> list[int]:
    with engine.begin() as connection:
        return list(connection.scalars(text("select it from seen order by it")))


def test_what_one_commits_others_see_at_once(engine: Engine) -> None:
    kept = KeptConnection(engine)
    for it in (1, 2):
        with kept.begin() as connection:
            put(connection, it)
        assert it in seen(engine)
    assert in_use(engine) == 1


def test_one_that_raises_leaves_nothing_and_its_connection_is_given_up(engine: Engine) -> None:
    kept = KeptConnection(engine)
    with kept.begin() as connection:
        put(connection, 1)
    with pytest.raises(IntegrityError), kept.begin() as connection:
        connection.execute(text("insert into seen values (2), (1)"))
    assert seen(engine) == [1]
    assert in_use(engine) == 0
    with kept.begin() as connection:
        put(connection, 3)
    assert seen(engine) == [1, 3]


def test_two_at_once_have_connections_of_their_own_and_one_is_kept(engine: Engine) -> None:
    kept = KeptConnection(engine)
    with kept.begin() as one, kept.begin() as other:
        assert one.connection is not other.connection
        assert in_use(engine) == 2
    assert in_use(engine) == 1


def test_none_is_kept_once_it_is_closed(engine: Engine) -> None:
    kept = KeptConnection(engine)
    with kept.begin():
        kept.close()
    assert in_use(engine) == 0
