"""Notebooks told from top to bottom, and told again after an edit.

The law: a notebook that is told again gets the very story that it would get if nothing were known
of it. After an edit of one cell, that cell is followed anew from a place kept before it; if it
leaves everything as it did before, but for names that no cell below speaks of, the steps of the
cells below are what they were.
"""

from __future__ import annotations

import re
import unicodedata
from collections import deque
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from typing import NamedTuple

from jupyter_dagflow.core.analysis.follow import Follower
from jupyter_dagflow.core.analysis.ir import CellSummary
from jupyter_dagflow.core.analysis.steps import Block, Step, Story, follow, story_of
from jupyter_dagflow.core.analysis.values import NOTHING

_PLACES = 8  # where the follower is kept, per notebook
_LONGEST = 2_000  # cells; to keep the followers of a longer one would take much memory
_ANY_NAME = re.compile(r"\b(?:globals|locals|vars|dir|eval|exec|get_ipython)\b")


class _Place(NamedTuple):
    """A follower that is about to follow a cell; to be forked, not used."""

    cell: int
    follower: Follower


@dataclass(frozen=True, slots=True)
class _Telling:
    """A notebook that was told, and what has to be known to tell it again."""

    blocks: tuple[Block, ...]
    summaries: tuple[CellSummary, ...]
    stateful: frozenset[int]
    chapters: tuple[tuple[Step, ...], ...]
    places: tuple[_Place, ...]
    end: Follower


_told_last: deque[_Telling] = deque(maxlen=8)


def forget() -> None:
    """Know of no notebook."""
    _told_last.clear()


def tell(
    blocks: Sequence[Block],
    summaries: Sequence[CellSummary],
    stateful: frozenset[int] = NOTHING,
) -> Story:
    """Follow the cells of a notebook in order; ``stateful`` are classes and functions that are
    data, as an earlier telling found out (objects have the same numbers in every one).
    """
    for telling in reversed(_told_last.copy()):
        edited = _edited(telling, blocks, summaries, stateful)
        again = None
        if edited is not None:
            again = _told_again(telling, edited, blocks[edited], summaries[edited])
        if again is not None:
            _told_last.append(again)
            return story_of(again.end, again.chapters)
    telling = _told(tuple(blocks), tuple(summaries), stateful)
    if telling.places:
        _told_last.append(telling)
    return story_of(telling.end, telling.chapters)


def _told(
    blocks: tuple[Block, ...], summaries: tuple[CellSummary, ...], stateful: frozenset[int]
) -> _Telling:
    follower = Follower(stateful)
    chapters, places = [], []
    apart = max(1, len(blocks) // _PLACES) if len(blocks) <= _LONGEST else len(blocks) + 1
    for index, (block, summary) in enumerate(zip(blocks, summaries, strict=True)):
        if index % apart == 0 and apart <= len(blocks):
            places.append(_Place(index, follower.fork()))
        chapters.append(follow(follower, block, summary, index))
    return _Telling(blocks, summaries, stateful, tuple(chapters), tuple(places), follower)


def _edited(
    telling: _Telling,
    blocks: Sequence[Block],
    summaries: Sequence[CellSummary],
    stateful: frozenset[int],
) -> int | None:
    """The one place where the notebook is another than the one that was told."""
    if stateful != telling.stateful or len(blocks) != len(telling.blocks):
        return None
    pairs = zip(blocks, summaries, telling.blocks, telling.summaries, strict=True)
    edited = [
        index
        for index, (block, summary, was, said) in enumerate(pairs)
        if block != was or (summary is not said and summary != said)
    ]
    return edited[0] if len(edited) == 1 else None


def _told_again(
    telling: _Telling, edited: int, block: Block, summary: CellSummary
) -> _Telling | None:
    """The notebook told after an edit of one cell; nothing if that may change what those below it do."""
    start = next(place for place in reversed(telling.places) if place.cell <= edited)
    before = start.follower.fork()
    for index in range(start.cell, edited):
        follow(before, telling.blocks[index], telling.summaries[index], index)
    after = before.fork()
    follow(before, telling.blocks[edited], telling.summaries[edited], edited)
    chapter = follow(after, block, summary, edited)
    names, below = _other_names(before, after), telling.blocks[edited + 1 :]
    if not after.is_like(before) or any(_speaks_of(each.code, names) for each in below):
        return None
    return _Telling(
        blocks=(*telling.blocks[:edited], block, *below),
        summaries=(*telling.summaries[:edited], summary, *telling.summaries[edited + 1 :]),
        stateful=telling.stateful,
        chapters=(*telling.chapters[:edited], chapter, *telling.chapters[edited + 1 :]),
        places=tuple(
            place
            if place.cell <= edited
            else _Place(place.cell, _knowing(place.follower, after, names))
            for place in telling.places
        ),
        end=telling.end,
    )


def _knowing(follower: Follower, after: Follower, names: Sequence[str]) -> Follower:
    """A follower kept further down, where an edit has bound some names otherwise."""
    other = copy(follower)
    other.names = {name: value for name, value in follower.names.items() if name not in names}
    other.names.update((name, after.names[name]) for name in names if name in after.names)
    return other


def _other_names(before: Follower, after: Follower) -> list[str]:
    """The names that are bound to something else after the edit than they were before it."""
    names = before.names.keys() | after.names.keys()
    return [name for name in names if before.names.get(name) != after.names.get(name)]


def _speaks_of(code: str, names: Sequence[str]) -> bool:
    """Whether a cell's code may mean one of these names; whatever is not surely so counts."""
    if not names:
        return False
    text = code if code.isascii() else unicodedata.normalize("NFKC", code)
    if any(name.startswith("<") for name in names):  # ambient state is named by nobody
        return True
    return any(name in text for name in names) or _ANY_NAME.search(text) is not None
