"""The home's key is made once, and only its owner may read it."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from jupyter_dagflow.core.errors import EnvironmentFault
from jupyter_dagflow.storage.home_key import home_key


def test_all_who_ask_have_the_same(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        keys = list(threads.map(lambda _: home_key(tmp_path), range(16)))
    assert len({*keys}) == 1
    assert len(keys[0]) == 32
    assert [file.name for file in tmp_path.iterdir()] == ["secret.key"]
    assert stat.S_IMODE((tmp_path / "secret.key").stat().st_mode) == 0o600


def test_each_home_has_its_own(tmp_path: Path) -> None:
    homes = [tmp_path / name for name in "ab"]
    for home in homes:
        home.mkdir()
    assert home_key(homes[0]) != home_key(homes[1])


def test_what_cannot_be_used_is_said(tmp_path: Path) -> None:
    (tmp_path / "secret.key").write_bytes(b"short")
    with pytest.raises(EnvironmentFault, match="is damaged"):
        home_key(tmp_path)
    with pytest.raises(EnvironmentFault, match="cannot be used: No such file"):
        home_key(tmp_path / "nowhere")
