"""Files as edges: a task that says what it writes comes before later ones that read it.

The law: notebook order decides, as for variables; but a file has no versions, so whoever reads it
before it is written again comes before that, too. Two patterns meet if some path fits both; a
folder means all that is in it. Two tasks that write by patterns may well mean different files, so
that alone orders nobody.
"""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from jupyter_dagflow.core.model import Edge, Mention, Reason, TaskName

_ANYWHERE = "**"
_WILD = re.compile(r"\*\*/?|[*?]|\[[^]]+\]|.", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileUses:
    """What a task reads and writes: by its tags, and as paths that stand in its code."""

    says_it_reads: tuple[Mention, ...] = ()
    says_it_writes: tuple[Mention, ...] = ()
    reads: tuple[Mention, ...] = ()
    writes: tuple[Mention, ...] = ()

    @property
    def any(self) -> bool:
        """Whether there is anything to compare."""
        return bool(self.said or self.reads or self.writes)

    @property
    def said(self) -> bool:
        """Whether tags say anything: without them there is no edge."""
        return bool(self.says_it_reads or self.says_it_writes)


def file_edges(uses: Mapping[TaskName, FileUses]) -> list[Edge]:
    """The edges that tags give reason for, of tasks in notebook order; one reason for each edge."""
    edges = []
    for first, one, second, other in _pairs([pair for pair in uses.items() if pair[1].any]):
        meeting = next(_meetings(one, other), None)
        if meeting is not None:
            source, target = meeting
            reason = Reason(
                kind="file",
                name=source.name if _is_path(source.name) else target.name,
                source_cell=source.cell,
                source_line=source.line,
                target_cell=target.cell,
                target_line=target.line,
            )
            edges.append(Edge(source=first, target=second, reasons=(reason,)))
    return edges


def _pairs(
    used: list[tuple[TaskName, FileUses]],
) -> Iterator[tuple[TaskName, FileUses, TaskName, FileUses]]:
    """Each two tasks in order of which one has tags that say something about files."""
    tagged = [place for place, (_, uses) in enumerate(used) if uses.said]
    for place, (first, one) in enumerate(used):
        later = range(place + 1, len(used)) if one.said else tagged[bisect(tagged, place) :]
        for second, other in map(used.__getitem__, later):
            yield first, one, second, other


def meet(one: str, other: str) -> bool:
    """Whether some path fits both patterns.

    >>> meet("out/*.csv", "out/a.csv"), meet("out", "out/a/b.csv"), meet("out/*.csv", "out/*.txt")
    (True, True, False)
    """
    first, second = _tokens(one), _tokens(other)
    below = ("/", _ANYWHERE)
    return _meet(first, second) or _meet(first + below, second) or _meet(first, second + below)


def _meetings(one: FileUses, other: FileUses) -> Iterator[tuple[Mention, Mention]]:
    """Where the later task of two needs a file as the earlier one leaves it, if a tag says so."""
    one_writes = [(m, True) for m in one.says_it_writes] + [(m, False) for m in one.writes]
    one_reads = [(m, True) for m in one.says_it_reads] + [(m, False) for m in one.reads]
    writes = [(m, True) for m in other.says_it_writes] + [(m, False) for m in other.writes]
    reads = [(m, True) for m in other.says_it_reads] + [(m, False) for m in other.reads]
    for earlier, later, both_write in (
        (one_writes, reads, False),
        (one_reads, writes, False),
        (one_writes, writes, True),
    ):
        for source, tagged in earlier:
            for target, target_tagged in later:
                exact = _is_path(source.name) or _is_path(target.name)
                said = tagged or target_tagged
                if said and (exact or not both_write) and meet(source.name, target.name):
                    yield source, target


def _is_path(pattern: str) -> bool:
    return not re.search(r"[*?[]", pattern)


@lru_cache(maxsize=1024)
def _tokens(pattern: str) -> tuple[str, ...]:
    """Its characters and wildcards; a set of characters counts as any one of all."""
    path = re.sub(r"/+", "/", pattern.replace("\\", "/")).rstrip("/")
    while path.startswith("./"):
        path = path[2:]
    found = []
    for token in _WILD.findall(path):
        if token.startswith(_ANYWHERE):
            found.append(_ANYWHERE)
        else:
            found.append("?" if len(token) > 1 else token)
    return tuple(found)


def _meet(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether two token sequences have a path in common, by all pairs of places in them."""
    reached = {(0, 0)}
    pending = [(0, 0)]
    while pending:
        i, j = pending.pop()
        if i == len(one) and j == len(other):
            return True
        for step in _steps(one, i, other, j):
            if step not in reached:
                reached.add(step)
                pending.append(step)
    return False


def _steps(
    one: tuple[str, ...], i: int, other: tuple[str, ...], j: int
) -> Iterator[tuple[int, int]]:
    first = one[i] if i < len(one) else ""
    second = other[j] if j < len(other) else ""
    if first in ("*", _ANYWHERE):
        yield i + 1, j
    if second in ("*", _ANYWHERE):
        yield i, j + 1
    if first and second and _share_a_character(first, second):
        yield (
            i if first in ("*", _ANYWHERE) else i + 1,
            j if second in ("*", _ANYWHERE) else j + 1,
        )


def _share_a_character(first: str, second: str) -> bool:
    wild = {"*", "?", _ANYWHERE}
    if first in wild and second in wild:
        return True
    if first in wild or second in wild:
        pattern, character = (first, second) if first in wild else (second, first)
        return pattern == _ANYWHERE or character != "/"
    return first == second
