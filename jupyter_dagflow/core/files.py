"""Files as edges: a task that says what it writes comes before later ones that read it.

The law: notebook order decides, as for variables; but a file has no versions, so whoever reads it
before it is written again comes before that, too. Two patterns meet if some path fits both; a
folder means all that is in it. Two tasks that write by patterns may well mean different files, so
that alone orders nobody.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import takewhile

from jupyter_dagflow.core.model import Edge, Mention, Reason, TaskName

_ANYWHERE = "**"
_WILDCARDS = frozenset({"*", "?", _ANYWHERE})
_WILD = re.compile(r"\*\*/?|[*?]|\[[^]]+\]|.", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileUses:
    """What a task reads and writes: by its tags, and as paths that stand in its code."""

    says_it_reads: tuple[Mention, ...] = ()
    says_it_writes: tuple[Mention, ...] = ()
    reads: tuple[Mention, ...] = ()
    writes: tuple[Mention, ...] = ()

    @property
    def every(self) -> tuple[Mention, ...]:
        """All files that it speaks of."""
        return (*self.says_it_reads, *self.says_it_writes, *self.reads, *self.writes)

    @property
    def said(self) -> bool:
        """Whether tags say anything: without them there is no edge."""
        return bool(self.says_it_reads or self.says_it_writes)


def file_edges(uses: Mapping[TaskName, FileUses]) -> list[Edge]:
    """The edges that tags give reason for, of tasks in notebook order; one reason for each edge."""
    edges = []
    names = [*uses]
    for place, other_place in _alike([*uses.values()]):
        first, second = names[place], names[other_place]
        meeting = next(_meetings(uses[first], uses[second]), None)
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


def _alike(used: Sequence[FileUses]) -> list[tuple[int, int]]:
    """The places of each two tasks that speak of paths with a common beginning, one of them in a tag."""
    if not any(uses.said for uses in used):
        return []
    with_beginning: dict[str, set[int]] = defaultdict(set)
    beginning_with: dict[str, set[int]] = defaultdict(set)
    for place, uses in enumerate(used):
        for mention in uses.every:
            literal = _literal(mention.name)
            with_beginning[literal].add(place)
            for end in range(len(literal) + 1):
                beginning_with[literal[:end]].add(place)
    pairs: set[tuple[int, int]] = set()
    for place, uses in enumerate(used):
        for mention in (*uses.says_it_reads, *uses.says_it_writes):
            literal = _literal(mention.name)
            shorter = (with_beginning.get(literal[:end], set()) for end in range(len(literal)))
            for other in beginning_with[literal].union(*shorter) - {place}:
                pairs.add((min(place, other), max(place, other)))
    return sorted(pairs)


def _literal(pattern: str) -> str:
    """What all paths that fit a pattern begin with."""
    return "".join(takewhile(lambda token: token not in _WILDCARDS, _tokens(pattern)))


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
    if first in _WILDCARDS and second in _WILDCARDS:
        return True
    if first in _WILDCARDS or second in _WILDCARDS:
        pattern, character = (first, second) if first in _WILDCARDS else (second, first)
        return pattern == _ANYWHERE or character != "/"
    return first == second
