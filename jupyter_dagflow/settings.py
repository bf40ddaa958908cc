"""Settings: where things are kept and how much may run at once.

The law: one frozen value, read once at the edge and passed in. An environment variable wins over Jupyter's
configuration (``c.Dagflow.jobs = 4`` in ``jupyter_dagflow_config.py``), and that over the default.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from jupyter_core.paths import jupyter_config_path, jupyter_data_dir

from jupyter_dagflow.core.errors import EnvironmentFault, HomeNotWritable
from jupyter_dagflow.core.run_config import RunConfig
from jupyter_dagflow.core.sizes import parse_size
from jupyter_dagflow.core.tags import duration_s
from jupyter_dagflow.execution.output_limit import DEFAULT_BYTES

_NAMES = (
    *("home", "database_url", "artifacts_url", "jobs", "fork", "pools", "output_limit"),
    *("notify", "notify_on", "notify_long"),
)
_CONFIG_NAME = "jupyter_dagflow_config"


class Occasion(str, Enum):
    """What people may want to be told of a run; ``long`` is that it runs for longer than it should."""

    FAILURE = "failure"
    RECOVERY = "recovery"
    SUCCESS = "success"
    LONG = "long"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notifications:
    """Where notifications go (apprise's URLs, which may hold passwords), and on which occasions.

    Of a run that takes ``long_s`` they tell if so asked; of one run, after each of the ``limits_s`` that it has.
    """

    urls: tuple[str, ...] = field(default=(), repr=False)
    on: frozenset[Occasion] = frozenset({Occasion.FAILURE, Occasion.RECOVERY})
    long_s: float = 3600.0
    limits_s: tuple[float, ...] = ()

    def for_run(self, config: RunConfig | None, *, now: datetime) -> Notifications:
        """The same, for a run that may have limits of its own, of which people are told whatever the occasions."""
        limits = [self.long_s] if Occasion.LONG in self.on else []
        if config is not None and config.expected_s:
            limits.append(config.expected_s)
        if config is not None and config.deadline_at:
            left = datetime.fromisoformat(config.deadline_at) - now
            limits.append(max(left.total_seconds(), 0.0))
        if not limits:
            return self
        return replace(self, on=self.on | {Occasion.LONG}, limits_s=tuple(sorted({*limits})))


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Where runs, the metastore and artifacts are kept, and how many tasks may run at once (``jobs``).

    ``pools`` tells of pools how many of their tasks may run at once in a run; of others, one may.
    Of what a cell puts out, ``output_limit`` bytes are kept.
    With ``fork`` false, kernels are never forked from one that has their imports, but started as commands.
    ``notify`` says who is told how runs go.
    """

    home: Path
    database_url: str
    artifacts: Path
    jobs: int
    fork: bool = True
    pools: Mapping[str, int] = field(default_factory=dict)
    notify: Notifications = Notifications()
    output_limit: int = DEFAULT_BYTES

    @classmethod
    def load(
        cls, environ: Mapping[str, str] | None = None, *, config: Mapping[str, Any] | None = None
    ) -> Settings:
        """Read the settings; raises `EnvironmentFault` for a value that makes no sense.

        ``config`` is the ``Dagflow`` section of Jupyter's configuration; without it the files are read.

        >>> Settings.load({"DAGFLOW_HOME": "/srv/flows", "DAGFLOW_JOBS": "3"}, config={}).jobs
        3
        """
        env = os.environ if environ is None else environ
        given = _config_section() if config is None else config
        values = {name: env.get(f"DAGFLOW_{name.upper()}") or given.get(name) for name in _NAMES}
        home = (
            Path(str(values["home"] or Path(jupyter_data_dir()) / "dagflow"))
            .expanduser()
            .absolute()
        )
        return cls(
            home=home,
            database_url=str(values["database_url"] or f"sqlite:///{home / 'metastore.db'}"),
            artifacts=_local_folder(str(values["artifacts_url"] or home / "artifacts")),
            jobs=_jobs(values["jobs"]),
            fork=_truth(values["fork"]),
            pools=_pools(values["pools"]),
            notify=Notifications(
                urls=_words(values["notify"]),
                on=_occasions(values["notify_on"]),
                long_s=_long_s(values["notify_long"]),
            ),
            output_limit=_output_limit(values["output_limit"]),
        )

    def prepare_home(self) -> None:
        """Make the home folder; raises `HomeNotWritable` if it cannot be made or written."""
        try:
            for folder in (self.home, self.artifacts):
                folder.mkdir(parents=True, exist_ok=True)
                if not os.access(folder, os.W_OK | os.X_OK):
                    raise PermissionError(13, "Permission denied", str(folder))
        except OSError as error:
            raise HomeNotWritable(
                f"The home folder {self.home} cannot be written: {error.strerror or error}.",
                hint="Set DAGFLOW_HOME to a folder you may write.",
            ) from error


def usable_cores() -> int:
    """How many cores this process may use, which in a container or under taskset is fewer than there are."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1


def _jobs(value: object) -> int:
    if value is None:
        return usable_cores()
    try:
        jobs = int(str(value))
    except ValueError:
        jobs = 0
    if jobs < 1:
        raise EnvironmentFault(
            f"DAGFLOW_JOBS (or c.Dagflow.jobs) is {value!r}, which is no number of tasks.",
            hint="Set it to 1 or more.",
        )
    return jobs


def _pools(value: object) -> Mapping[str, int]:
    """Names and numbers of tasks: ``"gpu=1, db=4"``, or a mapping."""
    if isinstance(value, Mapping):
        given = [(str(name), str(size)) for name, size in value.items()]
    else:
        parts = str(value or "").split(",")
        given = [
            (name.strip(), size.strip())
            for name, _, size in (p.partition("=") for p in parts)
            if name.strip()
        ]
    wrong = [name for name, size in given if not (size.isdecimal() and int(size))]
    if wrong:
        raise EnvironmentFault(
            f"DAGFLOW_POOLS (or c.Dagflow.pools) is {value!r}, which tells no number of tasks for {wrong[0]}.",
            hint="Set it to names and numbers of 1 or more, like gpu=1,db=4.",
        )
    return {name: int(size) for name, size in given}


def _words(value: object) -> tuple[str, ...]:
    """A list, or a text with blanks between its words."""
    listed = value if isinstance(value, (list, tuple, set)) else str(value or "").split()
    return tuple(str(each) for each in listed)


def _occasions(value: object) -> frozenset[Occasion]:
    words = [each for word in _words(value) for each in word.split(",") if each]
    known = [occasion.value for occasion in Occasion]
    wrong = [word for word in words if word not in known]
    if wrong:
        raise EnvironmentFault(
            f"DAGFLOW_NOTIFY_ON (or c.Dagflow.notify_on) is {value!r}, which names no occasion with {wrong[0]!r}.",
            hint=f"Set it to some of {', '.join(known)}.",
        )
    return frozenset(map(Occasion, words)) or Notifications().on


def _long_s(value: object) -> float:
    if value is None:
        return Notifications().long_s
    try:
        return float(value) if isinstance(value, (int, float)) else duration_s(str(value))
    except ValueError:
        raise EnvironmentFault(
            f"DAGFLOW_NOTIFY_LONG (or c.Dagflow.notify_long) is {value!r}, which is no duration.",
            hint="Set it to a duration like 30m or 2h.",
        ) from None


def _output_limit(value: object) -> int:
    if value is None:
        return DEFAULT_BYTES
    found = parse_size(str(value))
    if not found:
        raise EnvironmentFault(
            f"DAGFLOW_OUTPUT_LIMIT (or c.Dagflow.output_limit) is {value!r}, which is no size.",
            hint="Set it to a size like 500kB or 100MB.",
        )
    return found


def _truth(value: object) -> bool:
    truths = {"1": True, "true": True, "on": True, "0": False, "false": False, "off": False}
    text = "on" if value is None else str(value).lower()
    if text not in truths:
        raise EnvironmentFault(
            f"DAGFLOW_FORK (or c.Dagflow.fork) is {value!r}, which is neither on nor off.",
            hint="Set it to off where kernels must not be forked, or leave it out.",
        )
    return truths[text]


def _local_folder(url: str) -> Path:
    parts = urlsplit(url)
    if parts.scheme in ("", "file") or len(parts.scheme) == 1:  # one letter: a Windows drive
        return Path(unquote(parts.path) if parts.scheme == "file" else url).expanduser().absolute()
    raise EnvironmentFault(
        f"Artifacts cannot be kept at {parts.scheme}:// yet: this version stores them in a folder.",
        hint="Set DAGFLOW_ARTIFACTS_URL to a folder, or remove it.",
    )


def _config_section() -> Mapping[str, Any]:
    """The ``Dagflow`` section of ``jupyter_dagflow_config.py`` and ``.json`` in Jupyter's config folders."""
    from traitlets.config.loader import (  # imported late: most processes have no such file
        Config,
        JSONFileConfigLoader,
        PyFileConfigLoader,
    )

    merged = Config()
    for folder in reversed(jupyter_config_path()):
        for loader, ending in ((JSONFileConfigLoader, ".json"), (PyFileConfigLoader, ".py")):
            if Path(folder, _CONFIG_NAME + ending).is_file():
                merged.merge(loader(_CONFIG_NAME + ending, path=folder).load_config())
    return dict(merged.Dagflow)
