"""Notebooks whose tasks tell, each in a file of its own, how often it was begun and ended.

The law: a task's line is one write at the end of the file, so lines of tasks that run at once never mix; and a
task looks itself, as it begins, whether another attempt at it is alive. No two tasks of a notebook, and of one that is
a step of it, have one name.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

JOURNAL = "DAGFLOW_CHAOS_JOURNAL"
TRIED = "tried"  # the notebook
INNER = "inner"  # the one that is a step of it

_NEST = f"%dagflow notebook {INNER}.ipynb -p n=k -o result=got"

_SETUP = f"""\
import os
import signal
import subprocess
import time
import warnings

warnings.simplefilter("ignore", DeprecationWarning)  # of forks beside threads, from 3.12 on


def life(pid):
    try:
        with open(f"/proc/{{pid}}/stat") as file:
            told = file.read().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if told[0] in "ZX" else told[19]


def journal(task):
    return os.path.join(os.environ["{JOURNAL}"], task)


def lines(task):
    try:
        with open(journal(task)) as file:
            return [each.split() for each in file]
    except FileNotFoundError:
        return []


def note(task, what, *more):
    line = " ".join([what, task, str(os.getpid()), life(os.getpid()), *map(str, more)])
    file = os.open(journal(task), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    os.write(file, line.encode() + b"\\n")
    os.close(file)


def begin(task):
    print(task, os.getpid())
    note(task, "begin")
    told = lines(task)
    ended = {{each[2] for each in told if each[0] == "raise"}}
    for what, _, pid, began, *_ in told:
        if what == "begin" and int(pid) != os.getpid() and pid not in ended and life(pid) == began:
            note(task, "overlap", pid, began)


def brood():
    # What takes no notice of being asked to end: children, a daemon that is run, and one that is but forked.
    ignore = "trap '' INT TERM HUP; "
    child = subprocess.Popen(["sh", "-c", ignore + "exec sleep 600"])
    other = subprocess.Popen(["sh", "-c", ignore + "exec sleep 600"], start_new_session=True)
    told = subprocess.run(
        ["sh", "-c", ignore + "setsid sleep 600 >&- 2>&- & echo $!"], stdout=subprocess.PIPE
    ).stdout
    ours, theirs = os.pipe()
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)
            os.write(theirs, b"%d" % os.getpid())
            os.closerange(0, 1000)
            time.sleep(600)
        os._exit(0)
    os.wait()
    daemon = int(os.read(ours, 100))
    os.close(ours)
    os.close(theirs)
    return [child.pid, other.pid, int(told), daemon]


def end_brood(pids):
    for pid in pids:
        os.kill(pid, signal.SIGKILL)


def times(task, what):
    return sum(each[0] == what for each in lines(task))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A task: what it computes, how long it takes, its tags, and whether it is ever to run.

    One ``with_brood`` has children and daemons meanwhile. Of one that is ``mapped``, the first line of the loop goes
    through the numbers of its instances.
    """

    name: str
    code: str
    pause_s: float
    tags: tuple[str, ...] = ()
    runs: bool = True
    with_brood: bool = False

    @property
    def mapped(self) -> bool:
        """Whether its loop is fanned out."""
        return "map" in self.tags

    @property
    def nests(self) -> bool:
        """Whether it has another notebook as a step."""
        return self.code == _NEST

    @property
    def source(self) -> str:
        """Its cell, which tells how it goes."""
        if self.mapped:
            lines = self.code.splitlines()
            at = next(i for i, line in enumerate(lines) if line.startswith("for")) + 1
            name = f'f"{self.name}[{{i}}]"'
            told = [f"begin({name})", f"time.sleep({self.pause_s})", f'note({name}, "end")']
            return "\n".join(
                [*lines[:at], f"    {told[0]}", f"    {told[1]}", *lines[at:], f"    {told[2]}"]
            )
        lines = [f'begin("{self.name}")', f"time.sleep({self.pause_s})", self.code]
        if self.with_brood:
            lines = [lines[0], "kept = brood()", *lines[1:], "end_brood(kept)"]
        return "\n".join([*lines, f'note("{self.name}", "end")'])


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A notebook and its shape; ``inner`` is the one that is a step of it, and ``n`` the parameter of such a one."""

    shape: str
    steps: tuple[Step, ...]
    inner: Program | None = None
    n: int | None = None

    @property
    def expected(self) -> dict[str, Any]:
        """What its names stand for when it has run undisturbed."""
        values: dict[str, Any] = {"begin": _nothing, "note": _nothing, "times": lambda *_: 1}
        values["n"] = self.n
        for step in self.steps:
            if step.nests and self.inner is not None:
                values["got"] = replace(self.inner, n=values["k"]).expected["result"]
            elif step.runs:
                exec(step.code, values)
        return {name: value for name, value in values.items() if isinstance(value, int | list)}

    def write(self, path: Path) -> None:
        """Make the notebook file, and beside it that of its step."""
        setup = _SETUP if self.inner is None else f"%load_ext jupyter_dagflow\n{_SETUP}"
        cells = [_cell("setup", setup, ["setup"])]
        if self.n is not None:
            cells.append(_cell("parameters", "n = 0", ["parameters"]))
        for step in self.steps:
            cells.append(_cell(step.name, step.source, [f"task:{step.name}", *step.tags]))
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        notebook = {"cells": cells, "metadata": {"kernelspec": kernel}}
        path.write_text(json.dumps({**notebook, "nbformat": 4, "nbformat_minor": 5}))
        if self.inner is not None:
            self.inner.write(path.with_stem(INNER))


@dataclass(slots=True)
class _Writer:
    random: random.Random
    steps: list[Step] = field(default_factory=list)
    inner: Program | None = None

    def step(
        self, name: str, code: str, *tags: str, runs: bool = True, with_brood: bool = False
    ) -> None:
        self.steps.append(
            Step(
                name=name,
                code=code,
                pause_s=round(self.random.uniform(0.05, 1.2), 2),
                tags=tags,
                runs=runs,
                with_brood=with_brood,
            )
        )


def _chain(write: _Writer) -> None:
    write.step("a", "a = list(range(2000))")
    for before, name in zip("abcd", "bcde", strict=True):
        write.step(name, f"{name} = [each + 1 for each in {before}]")
    write.step("last", "result = sum(e)", "keep:result")


def _diamond(write: _Writer) -> None:
    write.step("a", "a = list(range(1000))")
    write.step("b", "b = [each * 2 for each in a]")
    write.step("c", "c = [each * 3 for each in a]")
    write.step("last", "result = sum(b) - sum(c)", "keep:result")


def _wide(write: _Writer) -> None:
    write.step("a", "a = list(range(500))")
    for number in range(5):
        write.step(f"w{number}", f"w{number} = sum(a) * {number + 2}")
    write.step("last", "result = [w0, w1, w2, w3, w4]", "keep:result")


def _retries(write: _Writer) -> None:
    write.step("a", "a = list(range(300))")
    fails = 'if times("b", "raise") < 1:\n    note("b", "raise")\n    raise RuntimeError("the first time")\n'
    write.step("b", fails + "b = sum(a)", "retries:3", "retry-delay:1s")
    write.step("c", "c = len(a)")
    write.step("last", "result = b + c", "keep:result")


def _dying(write: _Writer) -> None:
    write.step("a", "a = list(range(300))")
    dies = 'if times("b", "raise") < 1:\n    note("b", "raise")\n    os._exit(7)\n'
    write.step("b", dies + "b = sum(a)", "retries:3", "retry-delay:1s")
    write.step("last", "result = b", "keep:result")


def _when(write: _Writer) -> None:
    write.step("a", "x = [1, 2]")
    runs = write.random.random() < 0.5
    write.step("b", "x = [*x, 3]", "when:len(x)>1" if runs else "when:len(x)>2", runs=runs)
    write.step("c", "y = len(x)")
    write.step("last", "result = [*x, y]", "keep:result")


def _map(write: _Writer) -> None:
    write.step("a", "xs = list(range(5))")
    write.step("m", "out = []\nfor i in xs:\n    out.append(i * 7)", "map")
    write.step("last", "result = [*out, sum(out)]", "keep:result")


def _brood(write: _Writer) -> None:
    write.step("a", "a = list(range(300))", with_brood=True)
    write.step("b", "b = sum(a)", with_brood=True)
    write.step("c", "c = len(a)")
    write.step("last", "result = b + c", "keep:result")


def _lane(write: _Writer) -> None:
    write.step("a", "a = list(range(300))")
    write.step("first", "squares = (each * each for each in a)", "lane:one", "retries:3")
    # All that the lane has begun is over with it.
    fails = 'if times("second", "raise") < 1:\n'
    fails += '    note("first", "raise")\n    note("second", "raise")\n'
    fails += '    raise RuntimeError("the first time")\n'
    fails = fails if write.random.random() < 0.5 else ""
    write.step("second", fails + "head = [next(squares) for _ in range(9)]", "lane:one")
    write.step("beside", "b = len(a)")
    write.step("third", "tail = sum(squares)", "lane:one")
    write.step("last", "result = [*head, tail, b]", "keep:result")


def _nested(write: _Writer) -> None:
    inner = _Writer(write.random)
    inner.step("inner-a", "xs = list(range(n))")
    inner.step("inner-b", "ys = [each * 5 for each in xs]")
    inner.step("inner-c", "zs = [each * 7 for each in xs]")
    inner.step("inner-last", "result = sum(ys) + sum(zs)", "keep:result")
    write.inner = Program(shape=INNER, steps=tuple(inner.steps), n=40)
    write.step("a", "k = len(list(range(40)))")
    write.step("nest", _NEST)
    write.step("beside", "b = k * 2")
    write.step("last", "result = [got, b]", "keep:result")


SHAPES: dict[str, Callable[[_Writer], None]] = {
    "chain": _chain,
    "diamond": _diamond,
    "wide": _wide,
    "retries": _retries,
    "dying": _dying,
    "when": _when,
    "map": _map,
    "brood": _brood,
    "lane": _lane,
    "nested": _nested,
}


def write_program(rng: random.Random, shape: str | None = None) -> Program:
    """A notebook of that shape, or of any."""
    shape = shape or rng.choice(list(SHAPES))
    writer = _Writer(rng)
    SHAPES[shape](writer)
    return Program(shape=shape, steps=tuple(writer.steps), inner=writer.inner)


@dataclass(frozen=True, slots=True)
class Line:
    """What a task has told: ``begin``, ``end``, ``raise``, or that it saw the process of another attempt alive."""

    what: str
    task: str
    pid: int
    began: str
    other: tuple[str, ...] = ()


def read_journal(folder: Path) -> Iterator[Line]:
    """What the tasks have told, each in order; the one comes last that has told something last."""
    for path in sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime_ns):
        for line in path.read_text().splitlines():
            what, task, pid, began, *other = line.split()
            yield Line(what, task, int(pid), began, tuple(other))


def _cell(name: str, source: str, tags: list[str]) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "id": name,
        "metadata": {"tags": tags},
        "source": source,
        "outputs": [],
        "execution_count": None,
    }


def _nothing(*_: object) -> None:
    pass
