"""Settings: what wins over what, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_dagflow.core.errors import EnvironmentFault, HomeNotWritable
from jupyter_dagflow.settings import Notifications, Occasion, Settings, usable_cores


def load(environ: dict[str, str], **config: object) -> Settings:
    return Settings.load(environ, config=config)


def test_everything_lies_below_the_home(tmp_path: Path) -> None:
    settings = load({"DAGFLOW_HOME": str(tmp_path)})
    assert settings.home == tmp_path
    assert settings.artifacts == tmp_path / "artifacts"
    assert settings.database_url == f"sqlite:///{tmp_path}/metastore.db"
    assert settings.jobs == usable_cores() >= 1


def test_the_environment_wins_over_the_configuration(tmp_path: Path) -> None:
    settings = load(
        {"DAGFLOW_JOBS": "5"}, jobs=3, home=str(tmp_path), database_url="sqlite:///x.db"
    )
    assert (settings.jobs, settings.home, settings.database_url) == (5, tmp_path, "sqlite:///x.db")


def test_the_configuration_is_read_from_jupyters_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "jupyter_dagflow_config.py").write_text("c.Dagflow.jobs = 7\n")
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path))
    assert Settings.load({}).jobs == 7


def test_a_file_url_is_a_folder(tmp_path: Path) -> None:
    url = (tmp_path / "with space").as_uri()
    assert load({"DAGFLOW_ARTIFACTS_URL": url}).artifacts == tmp_path / "with space"


@pytest.mark.parametrize("given", ["gpu=1, db=4", {"gpu": 1, "db": "4"}])
def test_pools_have_sizes(given: object) -> None:
    assert load({}, pools=given).pools == {"gpu": 1, "db": 4}
    assert load({}).pools == {}


@pytest.mark.parametrize("given", ["gpu", "gpu=0", "gpu=many", {"gpu": -1}])
def test_pools_that_make_no_sense(given: object) -> None:
    with pytest.raises(EnvironmentFault, match="tells no number of tasks for gpu"):
        load({}, pools=given)


def test_an_output_limit_is_a_size() -> None:
    assert load({"DAGFLOW_OUTPUT_LIMIT": "1.5MB"}).output_limit == 1_500_000
    assert load({}).output_limit == 10_000_000


@pytest.mark.parametrize("given", ["much", "-1", "0"])
def test_an_output_limit_that_makes_no_sense(given: str) -> None:
    with pytest.raises(EnvironmentFault, match="DAGFLOW_OUTPUT_LIMIT"):
        load({"DAGFLOW_OUTPUT_LIMIT": given})


@pytest.mark.parametrize("jobs", ["0", "-1", "many", "1.5"])
def test_jobs_that_make_no_sense(jobs: str) -> None:
    with pytest.raises(EnvironmentFault, match="DAGFLOW_JOBS"):
        load({"DAGFLOW_JOBS": jobs})


def test_object_storage_is_refused_until_it_works() -> None:
    with pytest.raises(EnvironmentFault, match="s3://"):
        load({"DAGFLOW_ARTIFACTS_URL": "s3://bucket/x"})


def test_a_home_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HomeNotWritable) as caught:
        load({"DAGFLOW_HOME": str(tmp_path / "file" / "home")}).prepare_home()
    assert "DAGFLOW_HOME" in caught.value.hint


def test_who_is_told_of_runs() -> None:
    assert load({}).notify == Notifications()
    given = {"DAGFLOW_NOTIFY": "json://a tgram://b/c,d", "DAGFLOW_NOTIFY_ON": "success, long"}
    wanted = load({**given, "DAGFLOW_NOTIFY_LONG": "30m"}).notify
    assert wanted.urls == ("json://a", "tgram://b/c,d")
    assert (wanted.on, wanted.long_s) == (frozenset({Occasion.SUCCESS, Occasion.LONG}), 1800.0)
    assert load({}, notify=["json://a"], notify_on=["failure"], notify_long=90).notify == (
        Notifications(urls=("json://a",), on=frozenset({Occasion.FAILURE}), long_s=90.0)
    )
    assert "tgram" not in repr(load(given))


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("notify_on", "failure,always", "names no occasion with 'always'"),
        ("notify_long", "long", "is no duration"),
    ],
)
def test_notifications_that_make_no_sense(name: str, value: str, message: str) -> None:
    with pytest.raises(EnvironmentFault, match=message):
        load({}, **{name: value})
