"""Bundles: equal content is one file, wherever in memory it was."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from pickle import PickleBuffer

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jupyter_dagflow.kernel_side import bundle

_APART = 256  # bytes from the beginning of one piece of memory to that of the next
Window = tuple[int, int, int]  # of which piece of memory, from where to where


def placed(pieces: Sequence[bytes], order: Sequence[int]) -> list[np.ndarray]:
    """Arrays that hold the pieces and lie in memory in that order."""
    memory = np.zeros(_APART * len(pieces), dtype="u1")
    arrays = []
    for piece, place in zip(pieces, order, strict=True):
        array = memory[place * _APART : place * _APART + len(piece)]
        array[:] = np.frombuffer(piece, dtype="u1")
        arrays.append(array)
    return arrays


@st.composite
def contents(draw: st.DrawFn) -> tuple[list[bytes], list[Window], list[int]]:
    """Pieces of memory, windows on them that may overlap, and an order."""
    pieces = draw(st.lists(st.binary(min_size=1, max_size=_APART), min_size=1, max_size=5))
    windows = []
    for _ in range(draw(st.integers(1, 8))):
        number = draw(st.integers(0, len(pieces) - 1))
        start = draw(st.integers(0, len(pieces[number]) - 1))
        windows.append((number, start, draw(st.integers(start, len(pieces[number])))))
    return pieces, windows, draw(st.permutations(range(len(pieces))))


@given(contents())
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_where_memory_lies_does_not_count(
    tmp_path: Path, content: tuple[list[bytes], list[Window], list[int]]
) -> None:
    pieces, windows, order = content
    digests = []
    for places in (range(len(pieces)), order):
        arrays = placed(pieces, places)
        buffers = [PickleBuffer(arrays[n][start:stop]) for n, start, stop in windows]
        digest, _ = bundle.write(str(tmp_path), {"names": ["x"]}, b"pickle", buffers)
        digests.append(digest)
        stored = bundle.read(bundle.digest_path(str(tmp_path), digest), digest)
        assert [bytes(b) for b in stored.buffers] == [pieces[n][a:b] for n, a, b in windows]
    assert digests[0] == digests[1]
