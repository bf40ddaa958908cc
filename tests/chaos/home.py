"""The surroundings of a trial: folders of its own, commands in them, and what the metastore says.

The law: nothing of a trial lies outside its folder, and `close` leaves nothing of it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from dataclasses import astuple
from pathlib import Path

from tests.chaos.clock import CLOCK
from tests.chaos.faults import COUNT, FAULT, KERNEL_POINTS, Fault
from tests.chaos.marked import MARK, Marked, end_all, is_alive
from tests.chaos.programs import JOURNAL, TRIED, read_journal

_REPOSITORY = Path(__file__).parents[2]
_DAGFLOW = Path(sys.executable).with_name("dagflow")
_DISK_BYTES = 64 << 20
_STARTUP = f"""\
import sys

sys.path.insert(0, {str(_REPOSITORY)!r})
from tests.chaos.faults import KERNEL_POINTS, install

del sys.path[0]
install(KERNEL_POINTS)
del KERNEL_POINTS, install
"""


class Command:
    """A command of a trial, and where it writes."""

    def __init__(self, words: list[str], process: subprocess.Popen[bytes], told: Path) -> None:
        self.words = words
        self.process = process
        self._told = told

    def __str__(self) -> str:
        return " ".join(self.words)

    @property
    def pid(self) -> int:
        """The number of its process."""
        return self.process.pid

    @property
    def is_serve(self) -> bool:
        """Whether it goes on until it is asked to end."""
        return self.words == ["serve"]

    @property
    def runs(self) -> bool:
        """Whether it runs a notebook in this process, and papermill in that."""
        return self.words[0] == "run" or self.words[:2] == ["runs", "resume"]

    @property
    def has_ended(self) -> bool:
        """Whether it has, however."""
        return self.process.poll() is not None

    @property
    def told(self) -> str:
        """What it has written."""
        return self._told.read_text(errors="replace")


class Home:
    """Folders on a disk of their own, if ``small_disk`` and it can be mounted; with ``own_clock``, one that jumps."""

    def __init__(self, mark: str, *, small_disk: bool = False, own_clock: bool = False) -> None:
        self.mark = mark
        self._began = time.monotonic()
        self.folder = Path(tempfile.mkdtemp(prefix="dfc-"))  # sockets below it need short paths
        self.home = self.folder / "home"
        self.temporary = self.folder / "t"
        self.journal = self.folder / "journal"
        for each in (self.home, self.temporary, self.journal, self.folder / "nb"):
            each.mkdir()
        self.has_small_disk = small_disk and _mount(self.home)
        self.commands: list[Command] = []
        self.clock = self.folder / "clock" if own_clock else None
        self.set_clock(0)

    @property
    def notebook(self) -> Path:
        """The notebook that is tried."""
        return self.folder / "nb" / f"{TRIED}.ipynb"

    @property
    def other(self) -> Path:
        """Another, for a command that has nothing to do with it."""
        return self.folder / "nb" / "other.ipynb"

    @property
    def database(self) -> Path:
        """The metastore."""
        return self.home / "metastore.db"

    def start(self, *words: str, fault: Fault | None = None) -> Command:
        """Begin a dagflow command."""
        told = self.folder / f"told-{len(self.commands)}"
        program = [str(_DAGFLOW)]
        if self.clock is not None or (fault is not None and fault.point not in KERNEL_POINTS):
            program = [sys.executable, "-m", "tests.chaos.command"]
        with told.open("wb") as file:
            process = subprocess.Popen(
                [*program, *words],
                cwd=_REPOSITORY,
                env=self._environment(fault),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        command = Command(list(words), process, told)
        self.commands.append(command)
        return command

    @property
    def age_s(self) -> float:
        """So long the trial has taken by now."""
        return time.monotonic() - self._began

    def run_state(self) -> tuple[str, str] | None:
        """The first run of the notebook that has not succeeded, or the first, and its state; None before there is one."""
        rows = self.query(
            f"select run_id, state from runs where pipeline = '{TRIED}' order by rowid"
        )
        rows = [row for row in rows if row[1] != "success"] or rows
        return (rows[0][0], rows[0][1]) if rows else None

    def has_unfinished(self) -> bool:
        """Whether a run is to go on, as one does that was a step and whose calling run has begun another."""
        return bool(self.query("select 1 from runs where state in ('queued', 'running')"))

    def query(self, sql: str) -> list[tuple[str, ...]]:
        """What the metastore answers; nothing, before there is one, and while it cannot."""
        if not self.database.exists():
            return []
        with contextlib.suppress(sqlite3.Error):
            connection = sqlite3.connect(f"file:{self.database}?mode=rw", uri=True, timeout=1)
            try:
                return connection.execute(sql).fetchall()
            finally:
                connection.close()
        return []

    def set_clock(self, wrong_by_s: float) -> None:
        """Have the clock of all commands be wrong by so much, at once."""
        if self.clock is not None:
            new = self.clock.with_suffix(".new")
            new.write_text(str(wrong_by_s))
            new.replace(self.clock)

    def fill_disk(self) -> Path:
        """Leave no room; who removes the file that this gives makes room again."""
        filler = self.home / "filler"
        block = bytes(1 << 16)
        with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
            while file.write(block) == len(block):
                pass
        return filler

    def told_by_tasks(self) -> list[str]:
        """What the tasks have noted."""
        return [
            " ".join(map(str, (*astuple(line)[:4], *line.other)))
            for line in read_journal(self.journal)
        ]

    def left(self) -> list[str]:
        """Sockets and files that are there for a time only; but for those of a run that was never recorded.

        What is done before anything is recorded nobody knows of, and what it was writing stays.
        """
        recorded = {row[0] for row in self.query("select run_id from runs")}
        found = [str(p.relative_to(self.folder)) for p in self.temporary.iterdir()]
        for path in self.home.rglob("*"):
            of_run = path.relative_to(self.home).parts[1:2]
            unfinished = path.name.endswith(".tmp") and recorded.issuperset(of_run) and of_run
            if path.is_socket() or unfinished:
                found.append(str(path.relative_to(self.folder)))
        kernels = self.home / "kernels"
        return found + [
            f"kernels/{p.name}" for p in (kernels.iterdir() if kernels.exists() else ())
        ]

    def close(self) -> list[Marked]:
        """Remove it all; which processes had to be ended for that."""
        left = end_all(self.mark)
        for command in self.commands:
            if is_alive(command.pid):
                command.process.kill()
            command.process.wait(10)
        if self.has_small_disk:
            subprocess.run(["umount", "--lazy", str(self.home)], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)
        return left

    def _environment(self, fault: Fault | None) -> dict[str, str]:
        env = {n: v for n, v in os.environ.items() if not n.startswith(("DAGFLOW_", "PYTEST_"))}
        env.pop("PYTHONPATH", None)
        ipython = self.folder / "ipython"
        env |= {
            MARK: self.mark,
            JOURNAL: str(self.journal),
            "DAGFLOW_HOME": str(self.home),
            "DAGFLOW_JOBS": "2",
            "TMPDIR": str(self.temporary),
            "IPYTHONDIR": str(ipython),
            "JUPYTER_RUNTIME_DIR": str(self.folder / "runtime"),
        }
        if self.clock is not None:
            env[CLOCK] = str(self.clock)
        if fault is not None:
            env |= {FAULT: str(fault), COUNT: str(self.folder / "reached")}
            if fault.point in KERNEL_POINTS:
                startup = ipython / "profile_default" / "startup"
                startup.mkdir(parents=True, exist_ok=True)
                (startup / "00-faults.py").write_text(_STARTUP)
        return env


def _mount(folder: Path) -> bool:
    """Put a small disk there; only where that is allowed."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        return False
    command = ["mount", "-t", "tmpfs", "-o", f"size={_DISK_BYTES}", "none", str(folder)]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def stop(process: Command) -> None:
    """Ask a command to end."""
    if not process.has_ended:
        process.process.send_signal(signal.SIGTERM)
