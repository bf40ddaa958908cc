"""The file of a stored bundle: a pickle and, beside it, the memory its arrays live in.

The law: a file is named by the digest of all its bytes and written whole (temporary file, rename); equal content is
stored once, and written again only over what is damaged. That it outlasts a power cut is seen to later, by whoever has
kernels write it. Layout: magic, header length, file size; a JSON header; a table of (offset, length) per buffer; the
pickle; the buffers, aligned so that they can be mapped and
used in place. Memory that several buffers share is written once, so that views stay views.
Loading maps the file copy-on-write: arrays are writable at once and the store never changes.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import mmap
import os
import struct
import sys
import uuid
from collections.abc import Iterator, Sequence
from pickle import PickleBuffer
from typing import Any, NamedTuple

MAGIC = b"dagflow\x01"
_PREAMBLE = struct.Struct("<8sQQ")
_ENTRY = struct.Struct("<QQ")
_ALIGNMENT = 64
_READ_BELOW = 1 << 20  # smaller files are read, not mapped: a map costs a file descriptor


class DamagedBundle(Exception):
    """A stored bundle is missing, cut short, or not what its digest says; it must not be used."""


class Bundle(NamedTuple):
    """A bundle in memory: what its header says, its pickle, and the buffers for it, in order."""

    header: dict[str, Any]
    pickled: memoryview
    buffers: list[memoryview]


def digest_path(store: str, digest: str) -> str:
    """Where the bundle of this digest lies: ``xxh3:abcdef`` is ``STORE/ab/cdef``."""
    value = digest.partition(":")[2]
    return os.path.join(store, value[:2], value[2:])


def write(
    store: str, header: dict[str, Any], pickled: bytes, buffers: Sequence[PickleBuffer]
) -> tuple[str, int]:
    """Store a bundle; returns its digest and its size in bytes."""
    algorithm, hasher = new_hasher()
    parts = list(_parts(header, pickled, buffers))
    for part in parts:
        hasher.update(part)
    digest = f"{algorithm}:{hasher.hexdigest()}"
    size = sum(memoryview(part).nbytes for part in parts)
    path = digest_path(store, digest)
    if _is_there(path, digest, size):
        return digest, size
    os.makedirs(os.path.dirname(path), exist_ok=True)
    temporary = os.path.join(store, f".writing-{os.getpid()}-{uuid.uuid4().hex}")
    try:
        with open(temporary, "xb") as file:
            for part in parts:
                file.write(part)
        _move(temporary, path)
    except BaseException:
        _remove(temporary)
        raise
    return digest, size


def _is_there(path: str, digest: str, size: int) -> bool:
    """Whether a bundle is stored already, and whole; then it counts as new, and is no garbage."""
    try:
        if os.stat(path).st_size != size:
            return False
        with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            if not _agrees(digest, data):
                return False
        os.utime(path)
    except OSError:
        return False
    return True


def read(path: str, digest: str = "") -> Bundle:
    """Take a bundle's file in without copying it; raises `DamagedBundle`.

    Small files are compared with their ``digest``, if it is given; of large ones only the sizes are
    checked.
    """
    try:
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size < _READ_BELOW:
                data = memoryview(bytearray(file.read()))
            else:
                data = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY))
    except FileNotFoundError:
        raise DamagedBundle(f"The stored file {path} is missing.") from None
    if size < _READ_BELOW and digest and not _agrees(digest, data):
        raise DamagedBundle(f"The stored file {path} is not what its digest says.")
    try:
        return _parse(data)
    except (ValueError, struct.error, KeyError, TypeError) as error:
        raise DamagedBundle(f"The stored file {path} is damaged: {error}.") from None


def address_of(buffer: Any) -> int:
    """Where a contiguous buffer's memory begins; 0 if there is no NumPy (and so no views)."""
    numpy = sys.modules.get("numpy")
    view = memoryview(buffer)
    if numpy is None or view.nbytes == 0:
        return 0
    address: int = numpy.frombuffer(view, dtype="u1").__array_interface__["data"][0]
    return address


def _parts(
    header: dict[str, Any], pickled: bytes, buffers: Sequence[PickleBuffer]
) -> Iterator[Any]:
    """The file's bytes, in order."""
    text = json.dumps(header, separators=(",", ":"), sort_keys=True).encode()
    start = _PREAMBLE.size + len(text) + len(buffers) * _ENTRY.size + 16
    regions, table, size = _lay_out(buffers, start + len(pickled))
    yield _PREAMBLE.pack(MAGIC, len(text), size)
    yield text
    yield struct.pack("<QQ", len(buffers), len(pickled))
    yield b"".join(_ENTRY.pack(*entry) for entry in table)
    yield pickled
    position = start + len(pickled)
    for offset, pieces in regions:
        yield bytes(offset - position)
        position = offset
        for piece in pieces:
            yield piece
            position += piece.nbytes


def _lay_out(
    buffers: Sequence[PickleBuffer], start: int
) -> tuple[list[tuple[int, list[memoryview]]], list[tuple[int, int]], int]:
    """Regions to write as (offset, pieces), where each buffer lies, and where the file ends.

    They are in the order in which the pickle first speaks of them: equal values have equal files wherever in memory
    they were.
    """
    views = [buffer.raw() for buffer in buffers]
    table = [(0, 0)] * len(views)
    regions = []
    end = start
    for region in sorted(_regions(views), key=lambda region: min(region.places)):
        alignment = _ALIGNMENT if region.pieces[0].nbytes >= _ALIGNMENT else 16
        offset = -(-end // alignment) * alignment
        regions.append((offset, region.pieces))
        for number, place in region.places.items():
            table[number] = (offset + place, views[number].nbytes)
        end = offset + sum(piece.nbytes for piece in region.pieces)
    return regions, table, end


class _Region(NamedTuple):
    """Memory without gaps: its pieces, and the place in it of each buffer that it holds, by number."""

    pieces: list[memoryview]
    places: dict[int, int]


def _regions(views: Sequence[memoryview]) -> list[_Region]:
    """The memory of buffers, each byte once, in the order of addresses."""
    addresses = [address_of(view) for view in views]
    regions: list[_Region] = []
    first = last = 0  # the memory that the newest region covers
    for number in sorted(range(len(views)), key=lambda number: (addresses[number], number)):
        view, address = views[number], addresses[number]
        if not (address and regions and first <= address < last):
            regions.append(_Region([], {}))
            first = last = address
        pieces, places = regions[-1]
        places[number] = address - first
        if address + view.nbytes > last or not pieces:
            pieces.append(view[last - address :])
            last = address + view.nbytes
    return regions


def _parse(data: memoryview) -> Bundle:
    magic, header_size, size = _PREAMBLE.unpack_from(data)
    if magic != MAGIC:
        raise ValueError("it does not begin as our files do")
    if size != data.nbytes:
        raise ValueError(f"it has {data.nbytes} bytes and should have {size}")
    position = _PREAMBLE.size + header_size
    header = json.loads(bytes(data[_PREAMBLE.size : position]))
    count, pickle_size = struct.unpack_from("<QQ", data, position)
    position += 16
    table = list(_ENTRY.iter_unpack(data[position : position + count * _ENTRY.size]))
    position += count * _ENTRY.size
    buffers = [data[offset : offset + length] for offset, length in table]
    return Bundle(header, data[position : position + pickle_size], buffers)


def new_hasher(algorithm: str = "") -> tuple[str, Any]:
    """The hasher of that name, or the fastest; raises `ImportError` if this kernel lacks it."""
    if algorithm != "blake2b":
        try:
            import xxhash
        except ImportError:
            if algorithm:
                raise
        else:
            return "xxh3", xxhash.xxh3_128()
    return "blake2b", hashlib.blake2b(digest_size=32)


def _agrees(digest: str, data: memoryview | mmap.mmap) -> bool:
    """Whether these bytes have this digest; taken to be so if its algorithm is not here to tell."""
    algorithm, _, expected = digest.partition(":")
    try:
        hasher = new_hasher(algorithm)[1]
    except ImportError:
        return True
    hasher.update(data)
    return bool(hasher.hexdigest() == expected)


def _move(temporary: str, path: str) -> None:
    """Put the file in its place, over one of the same name: that heals one that was damaged."""
    try:
        os.replace(temporary, path)
    except PermissionError:  # Windows: somebody has the same content mapped
        if not os.path.exists(path):
            raise
        _remove(temporary)


def _remove(path: str) -> None:
    with contextlib.suppress(OSError):
        os.unlink(path)
