"""Whether an earlier result may stand for a task, and if not, why the task has to run.

The law: a result is reused if all that went into it is the same: the recipe (code, parameters, kernel, folder), the
contents of the inputs, and whatever the task was seen to use. What is not known to be the same is not the same. Every
answer has its reasons, in words that name what changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from jupyter_dagflow.core.events import Stored
from jupyter_dagflow.core.model import CellId, Path, RunId, TaskName
from jupyter_dagflow.core.side_effects import Left
from jupyter_dagflow.core.slices import KEYED, Piece, digest_of

NEVER_RUN = "never run before"
FRESH = "--fresh"
OFF = "cache:off"
UNASKED = "a scheduled run reuses results with cache:on only"
CLEARED = "cleared"
RUNS_ANOTHER = "it runs another notebook, which reuses what it can itself"
ALTERS = "it changes file {}, which it reads"
FAILED = "failed last time"
STOPPED = "stopped last time"
SKIPPED = "skipped last time"
UNTOLD = "what it used could not be told"
_LONGEST = 40
_FORMAT = 1  # of the recipe: results of another are not found


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What makes a task's result, but for the values it takes from other tasks.

    ``own`` are the definitions of its cells that other tasks copy: such classes are stored by name.
    ``kernel`` is the kernel's name and what it runs, ``folder`` where the notebook lies, ``program`` our own
    part of what runs there, which checks the task. An instance of a mapped loop has an ``item``: its digest.
    """

    pieces: tuple[Piece, ...]
    parameters: Mapping[str, str]
    environment: Mapping[str, str]
    kernel: tuple[str, str]
    folder: str
    own: tuple[str, ...] = ()
    program: str = ""
    item: str = ""

    @property
    def code(self) -> str:
        """The digest of the source alone."""
        return digest_of([piece.digest for piece in self.pieces])

    @property
    def digest(self) -> str:
        """The same for all recipes that give the same; where in the notebook cells stand does not count."""
        return digest_of(
            [
                _FORMAT,
                [piece.digest for piece in self.pieces],
                dict(self.parameters),
                dict(self.environment),
                self.kernel,
                self.folder,
                self.own,
                self.program,
                *([self.item] if self.item else []),
            ]
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Checks:
    """What is looked at while a task runs: values it must leave alone, values that must not share objects, and
    files that it is known to write.

    See `kernel_side.handover` for the words.
    """

    guarded: tuple[str, ...] = ()
    may_go: tuple[str, ...] = ()
    made_alike: tuple[str, ...] = ()
    looked_into: Mapping[str, tuple[Path, ...]] = field(default_factory=dict)
    strange: tuple[str, ...] = ()
    beside: Mapping[str, str] = field(default_factory=dict)
    exposed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    from_prelude: tuple[str, ...] = ()
    leaves_files: tuple[str, ...] = ()

    def missing(self, asked: Checks) -> Iterator[str]:
        """The names that are to be checked and were not, or not so strictly."""
        yield from _less(asked.guarded, self.guarded)
        lax = {*self.may_go} - {*asked.may_go}
        yield from (name for name in asked.guarded if name in lax)
        yield from _less(asked.made_alike, self.made_alike)
        for name, left_out in asked.looked_into.items():
            if name not in self.looked_into or not {*self.looked_into[name]} <= {*left_out}:
                yield name
        yield from _less(asked.strange, self.strange)
        yield from _less(asked.leaves_files, self.leaves_files)
        yield from (o for o, name in asked.beside.items() if self.beside.get(o) != name)
        for name, known in asked.exposed.items():
            if name not in self.exposed or not {*self.exposed[name]} <= {*known}:
                yield name
        if asked.exposed:
            yield from _less(asked.from_prelude, self.from_prelude)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is wanted of a task: the names it is to store, its metrics, all else it leaves, and what is checked."""

    outputs: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    keep_all: bool = False
    checks: Checks = Checks()


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """What a task was seen to use, by content: digests, or None for what is not there.

    ``modules`` and ``read`` are files by their paths from the notebook's folder, ``folders`` lists of names,
    ``patterns`` the files that fit what ``reads:`` says. ``written`` are the files it left. ``packages`` are
    versions by the folder they are installed in and their names; ``python`` is the version of what ran it.
    """

    modules: Mapping[str, str | None] = field(default_factory=dict)
    read: Mapping[str, str | None] = field(default_factory=dict)
    written: Mapping[str, str | None] = field(default_factory=dict)
    folders: Mapping[str, str | None] = field(default_factory=dict)
    patterns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    packages: Mapping[str, Mapping[str, str | None]] = field(default_factory=dict)
    python: str = ""

    @property
    def but_altered(self) -> Used:
        """The same without the files that it read and wrote: they are another each time."""
        altered = self.read.keys() & self.written.keys()
        return replace(
            self,
            read={name: digest for name, digest in self.read.items() if name not in altered},
            written={name: digest for name, digest in self.written.items() if name not in altered},
        )

    def changes(self, now: Used) -> Iterator[str]:
        """What is not as it was, in words; ``now`` are the same things as they are."""
        for kind, before, after in (
            ("module", self.modules, now.modules),
            ("file", self.read, now.read),
            ("file", self.written, now.written),
            ("folder", self.folders, now.folders),
        ):
            for name, digest in before.items():
                if after.get(name) != digest:
                    gone = after.get(name) is None
                    yield f"{kind} {name} {'is gone' if gone else 'changed'}"
        for pattern, files in self.patterns.items():
            if now.patterns.get(pattern) != files:
                yield f"the files of {pattern} are others"
        for place, versions in self.packages.items():
            there = now.packages.get(place, {})
            for name, version in versions.items():
                if there.get(name) != version:
                    yield f"{name} {version} -> {there.get(name) or 'not installed'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A result that may be reused, and all that went into it.

    ``place`` is the notebook and the task that it was made for last. ``taskbook`` names the run, task and attempt
    whose taskbook shows what its cells put out; ``cells`` are the ids of those, own and prelude, in running order.
    ``barred`` says why it can never be reused, if so.
    """

    place: str
    made_at: datetime
    taskbook: tuple[RunId, TaskName, int]
    recipe: Recipe
    inputs: Mapping[str, str]
    asked: Asked
    used: Used = Used()
    stored: tuple[Stored, ...] = ()
    metrics: Mapping[str, object] = field(default_factory=dict)
    files_read: tuple[str, ...] = ()
    files_written: tuple[str, ...] = ()
    files_appended: tuple[str, ...] = ()
    files_by_setup: tuple[str, ...] = ()
    drawn: Mapping[str, str] = field(default_factory=dict)
    seeded: tuple[str, ...] = ()
    left: Left = field(default_factory=Left)
    cells: tuple[CellId, ...] = ()
    barred: str = ""

    def lacks(self, asked: Asked, *, given: bool = False) -> Iterator[str]:
        """Why its values are not enough, in words.

        Where a task is ``given``, nobody wants it to run: then what it left last will do though it would run else.
        """
        would_run = self.barred in (OFF, RUNS_ANOTHER) or self.barred.startswith(
            ALTERS.partition("{")[0]
        )
        if self.barred and not (given and would_run):
            yield self.barred
            return
        if asked.keep_all and not self.asked.keep_all:
            yield "--keep all"
        new = [n for n in _less(asked.outputs, self.asked.outputs) if n not in asked.metrics]
        yield from (f"{name} was not stored" for name in new)
        metrics = _less(asked.metrics, self.asked.metrics)
        yield from (f"metric {name} was not recorded" for name in metrics)
        for name in dict.fromkeys(self.asked.checks.missing(asked.checks)):
            yield f"{name} has to be watched for changes now"


def differences(entry: Entry, recipe: Recipe, inputs: Mapping[str, str]) -> list[str]:
    """What of a task is not as it was when an entry was made, in words; nothing if all is the same."""
    before = entry.recipe
    return [
        *_code_changes(before.pieces, recipe.pieces),
        *_value_changes("parameter", before.parameters, recipe.parameters),
        *(
            f"environment variable {name} changed"
            for name in sorted({*before.environment} | {*recipe.environment})
            if before.environment.get(name) != recipe.environment.get(name)
        ),
        *_kernel_changes(before.kernel, recipe.kernel),
        *(["the notebook lies in another folder"] if before.folder != recipe.folder else []),
        *_own_changes(before.own, recipe.own),
        *(["jupyter-dagflow itself changed"] if before.program != recipe.program else []),
        *(["its item changed"] if before.item != recipe.item else []),
        *(f"input {n} changed" for n, digest in inputs.items() if entry.inputs.get(n) != digest),
        *(f"input {n} is gone" for n in entry.inputs if n not in inputs),
    ]


def _code_changes(before: Sequence[Piece], now: Sequence[Piece]) -> Iterator[str]:
    if [piece.digest for piece in before] == [piece.digest for piece in now]:
        return
    known, present = {piece.digest for piece in before}, {piece.digest for piece in now}
    cells = sorted({piece.cell for piece in now if piece.digest not in known})
    if cells:
        noun = "cell" if len(cells) == 1 else "cells"
        yield f"code changed ({noun} {', '.join(map(str, cells))})"
    elif known != present:
        yield "code removed"
    else:
        yield "code moved"


def _value_changes(kind: str, before: Mapping[str, str], now: Mapping[str, str]) -> Iterator[str]:
    for name in sorted({*before} | {*now}):
        old, new = before.get(name), now.get(name)
        if old is None:
            yield f"{kind} {name} is new"
        elif new is None:
            yield f"{kind} {name} is gone"
        elif old != new and new.startswith(KEYED):
            yield f"secret {kind} {name} changed"
        elif old != new:
            yield f"{kind} {name} changed: {_short(old)} -> {_short(new)}"


def _kernel_changes(before: tuple[str, str], now: tuple[str, str]) -> Iterator[str]:
    if before[0] != now[0]:
        yield f"kernel {before[0]} -> {now[0]}"
    elif before != now:
        yield f"the interpreter of kernel {now[0]} changed"


def _own_changes(before: Sequence[str], now: Sequence[str]) -> Iterator[str]:
    names = sorted({*before} ^ {*now})
    if names:
        yield f"other tasks use {', '.join(names)} in another way"


def _less(some: Sequence[str], others: Sequence[str]) -> Iterator[str]:
    known = {*others}
    return (name for name in some if name not in known)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
