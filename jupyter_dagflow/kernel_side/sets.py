"""Sets that are gone through in the same order after they were loaded.

The law: the order in which a set is gone through follows from the hashes of what is in it and from the
size of its table; among those that met in one place, from the order in which they came. Unpickling makes
a table of the usual size, so a set that has shrunk, or was made of others, is filled anew. That it is
gone through as it was is looked at in the end: of a Python that does it otherwise nothing is believed.
"""

from __future__ import annotations

import bisect
import itertools
import operator
import random
import struct
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    # A set, how many places its table has, and its members in the order in which it is gone through.
    Order = tuple[set[Any], int, list[Any]]

_NONE = sys.getsizeof(set())
_ENTRY = struct.calcsize("nP")
_SMALLEST = 8  # CPython: of this size is the table within the object itself
_FILLED_AT_ONCE = 5  # so many make it leave that
_TRIED = (10, 24, 64)  # so many places are looked at: few are enough for most, and take less time
_FEW = 24  # members are tried in any order
_CHANCES = 1000
_MOST_STEERED = 200_000  # members
_IN_LINE = 9  # CPython: so many places further on are tried first
_WORD = (1 << 8 * struct.calcsize("n")) - 1


class Ordered(NamedTuple):
    """A value, with those sets in it that have to be filled anew."""

    value: Any
    orders: list[Order]


def out_of_order(objects: Iterable[Any]) -> Iterator[Order]:
    """Those of the objects that are sets and would be gone through otherwise after unpickling.

    None with members of the notebook's own classes, whose code this does not run.
    """
    for obj in objects:
        if type(obj) is set and len(obj) > 1 and not any(map(_is_of_notebook, obj)):
            order, places = list(obj), _places(obj)
            again = set(order)
            if _places(again) != places or not _is_in(again, order):
                yield obj, places, order


def fill(members: set[Any], places: int, order: list[Any]) -> None:
    """Give a set these members anew, so that it is gone through in that order.

    So it is if their hashes are what they were; else as it happens. Of a set that has lost members for
    which others had to make way it may be that no way is found back to the order that it had.

    >>> members = set()
    >>> fill(members, 8, [8, 0])
    >>> list(members), list({0, 8})
    ([8, 0], [0, 8])
    """
    for coming, blocks in _ways(places, order):
        members.clear()
        if places > _SMALLEST:
            # A dict is taken in at once, into a table with twice as many places as there are to be taken.
            first = [*blocks, *coming][: places // 2 - 1]
            coming = [*blocks, *coming][len(first) :]
            more = max(places // 4, _FILLED_AT_ONCE) - len(first)
            blocks = [*blocks, *(object() for _ in range(more))]
            members.update(dict.fromkeys([*first, *blocks[len(blocks) - max(more, 0) :]]))
        else:
            coming = [*blocks, *coming]
        for member in coming:
            members.add(member)
        members.difference_update(blocks)
        if _is_in(members, order):
            return


def _ways(places: int, order: list[Any]) -> Iterator[tuple[list[Any], list[Any]]]:
    """In which order members may come, and what has to be there before them for a while."""
    yield order, []
    for tried in _TRIED if len(order) <= _MOST_STEERED else ():
        found = _steered(places, order, tried)
        if found is not None:
            yield found
    chance = random.Random(0)  # noqa: S311 -- which are tried is all the same
    for _ in range(_CHANCES if len(order) <= _FEW else 0):
        yield chance.sample(order, len(order)), []
    yield order, []


class _Block:
    """Takes one place of a table."""

    def __init__(self, place: int) -> None:
        self._place = place

    def __hash__(self) -> int:
        return self._place


def _steered(places: int, order: list[Any], tried: int) -> tuple[list[Any], list[Any]] | None:
    """An order in which each member comes to a place above that of the one before it: where it would come
    to another, that is blocked. None if there is none.
    """
    paths = _paths(places, order, tried)
    if paths is None:
        return None
    chosen = {path[-1]: number for number, path in enumerate(paths)}
    passed = dict.fromkeys(place for path in paths for place in path)
    waits = {n: {chosen[p] for p in path[:-1] if p in chosen} for n, path in enumerate(paths)}
    coming: list[Any] = []
    while waits:
        ready = [number for number, others in waits.items() if not others & waits.keys()]
        if not ready:
            return None
        for number in ready:
            del waits[number]
            coming.append(order[number])
    return coming, [_Block(place) for place in passed if place not in chosen]


def _paths(places: int, order: list[Any], most: int) -> list[list[int]] | None:
    """The places at which each member is tried down to the one where it stays: as few as there can be."""
    ways: list[dict[int, tuple[int, int]]] = []  # by a member's place: where the one before it is
    ends, costs = [-1], [0]
    for member in order:
        home = hash(member) & (places - 1)
        if most <= _IN_LINE + 1 and len(ends) == 1 and home > ends[0]:  # all others lie behind it
            ways.append({home: (ends[0], 0)})
            ends = [home]
            continue
        tried = itertools.islice(_tried(hash(member), places - 1), most)
        found: dict[int, tuple[int, int]] = {}
        further: list[tuple[int, int]] = []
        for place, length in sorted((place, length) for length, place in enumerate(tried)):
            before = bisect.bisect_left(ends, place) - 1
            if before >= 0 and (not further or costs[before] + length < further[-1][1]):
                found[place] = ends[before], length
                further.append((place, costs[before] + length))
        if not further:
            return None
        ends, costs = [place for place, _ in further], [cost for _, cost in further]
        ways.append(found)
    paths = []
    place = ends[-1]
    for member, found in zip(reversed(order), reversed(ways)):  # noqa: B905 -- of one length
        place, length = found[place]
        paths.append(list(itertools.islice(_tried(hash(member), places - 1), length + 1)))
    return paths[::-1]


def _tried(hashed: int, mask: int) -> Iterator[int]:
    """The places at which CPython looks for a free one, one after the other."""
    place, perturb = hashed & mask, hashed & _WORD
    while True:
        in_line = _IN_LINE if place + _IN_LINE <= mask else 0
        yield from range(place, place + in_line + 1)
        perturb >>= 5
        place = (place * 5 + 1 + perturb) & mask


def _places(members: set[Any]) -> int:
    return max((sys.getsizeof(members) - _NONE) // _ENTRY, _SMALLEST)


def _is_in(members: set[Any], order: list[Any]) -> bool:
    return len(members) == len(order) and all(map(operator.is_, members, order))


def _is_of_notebook(member: Any) -> bool:
    return type(member).__module__ == "__main__"
