"""What a kernel that has died had printed in its last cell, and had not sent.

The law: nothing is shown twice. The kernel counts the characters that it puts out (`kernel_side/last_words.py`), and
here those are counted that have come; what lies between is added, in the order in which it was printed. Behind it comes
what was written to the descriptors themselves and had not come to be put out. Where the kernel keeps nothing, as one of
another language, nothing is added.
"""

from __future__ import annotations

import contextlib
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from jupyter_dagflow.kernel_side.last_words import (
    BLANK,
    HEAD,
    STREAMS,
    TAIL,
    TEXTS,
    pipe_beside,
    room_of,
)

SIZE = 1 << 20
_MOST_IN_A_PIPE = 1 << 20

Message = Mapping[str, Any]


def last_words_beside(log: Path) -> Path:
    """The file of the kernel that begins with that log."""
    return log.with_suffix(".words")


class LastWords:
    """The file that one kernel maps; `close` it in the end.

    ``unlogged`` is what `missing` has found that was written to the descriptors and has not come into the kernel's log.
    """

    def __init__(self, path: Path, *, size: int = SIZE) -> None:
        self._path = path
        self._size = size
        self._file: int | None = None
        self._pipes: list[int] = []
        self.unlogged = b""
        self._arrived: Counter[tuple[str, str, str]] = Counter()  # by request, stream, process
        self._ended: set[str] = set()

    def open(self) -> None:
        """Make the file, if the system and the disk allow it: of its full size, or who writes to it would be killed."""
        with contextlib.suppress(OSError, AttributeError):
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                os.posix_fallocate(self._file, 0, self._size)
            except BaseException:
                self.close()
                raise
            self._open_pipes()

    def _open_pipes(self) -> None:
        for number in range(len(STREAMS)):
            path = pipe_beside(str(self._path), number)
            os.mkfifo(path, 0o600)
            self._pipes.append(os.open(path, os.O_RDONLY | os.O_NONBLOCK))

    def close(self) -> None:
        """Remove it, and the pipes."""
        if self._file is None:
            return
        # The kernel has removed them, if it has come to its first cell.
        self._path.unlink(missing_ok=True)
        for number in range(len(STREAMS)):
            Path(pipe_beside(str(self._path), number)).unlink(missing_ok=True)
        for file in (self._file, *self._pipes):
            os.close(file)
        self._file, self._pipes = None, []

    def has_arrived(self, message: Message) -> None:
        """Take note of a message as the kernel sent it."""
        content, request = message["content"], message["parent_header"].get("msg_id", "")
        if message["msg_type"] == "status" and content["execution_state"] == "idle":
            self._ended.add(request)
        elif message["msg_type"] == "stream":
            key = (request, content["name"], _process_of(message))
            self._arrived[key] += len(content["text"])

    def missing(self) -> Iterator[Message]:
        """What has not come of the texts of the cell in which the kernel died, as messages."""
        if self._file is None:
            return
        data = os.pread(self._file, self._size, 0)
        written, out, err, *passed, process, said = HEAD.unpack_from(data)
        request = said.rstrip(b"\0").decode("utf-8", "replace")
        if not request or request in self._ended:  # it did not come to begin with the next
            return
        left = {
            name: count - self._number_arrived(request, name, process)
            for name, count in zip(STREAMS, (out, err), strict=True)
        }
        found = []
        for name, text in _backwards(data[TEXTS:], written):
            wanted = text[max(0, len(text) - left[name]) :] if left[name] > 0 else ""
            left[name] -= len(wanted)
            if wanted:
                found.append((name, wanted))
        lost = sum(count for count in left.values() if count > 0)
        if lost:
            yield _stream(request, "stderr", _LOST.format(lost))
        for name, texts in groupby(reversed(found), key=itemgetter(0)):
            yield _stream(request, name, "".join(text for _, text in texts))
        for number, pipe in enumerate(self._pipes):
            if passed[number]:  # else nobody has read from it
                rest = data[room_of(number, passed[number])].rstrip(BLANK) + _unread(pipe)
                self.unlogged += rest
                if rest:
                    yield _stream(request, STREAMS[number], rest.decode("utf-8", "replace"))

    def _number_arrived(self, request: str, name: str, process: int) -> int:
        return self._arrived[request, name, ""] + self._arrived[request, name, str(process)]


_LOST = (
    "\n[dagflow: {:,} characters that were printed just before the kernel died are lost here.]\n"
)


def _unread(pipe: int) -> bytes:
    """What is in a pipe now: others may have it open still, and go on to write."""
    try:
        return os.read(pipe, _MOST_IN_A_PIPE)
    except BlockingIOError:
        return b""


def _process_of(message: Message) -> str:
    """The process that sent a message, by its id; nothing, if that does not tell."""
    parts = str(message["header"].get("msg_id", "")).rsplit("_", 2)
    return parts[1] if len(parts) == 3 and parts[1].isdigit() else ""


def _backwards(ring: bytes, written: int) -> Iterator[tuple[str, str]]:
    """The texts of the ring with their streams, the last first, as far as they have not been written over."""
    start = written % len(ring)
    kept = ring[start:] + ring[:start] if written > len(ring) else ring[: start or written]
    end = len(kept)
    while end >= TAIL.size:
        end -= TAIL.size
        size, number = TAIL.unpack_from(kept, end)
        begin = max(0, end - size)
        yield STREAMS[number], _decoded(kept[begin:end])
        end = begin


def _decoded(data: bytes) -> str:
    """Text of which the beginning may be cut off, in the middle of a character."""
    while data and data[0] & 0xC0 == 0x80:
        data = data[1:]
    return data.decode("utf-8", "surrogatepass")


def _stream(request: str, name: str, text: str) -> Message:
    return {
        "header": {"msg_type": "stream"},
        "parent_header": {"msg_id": request},
        "msg_type": "stream",
        "metadata": {},
        "content": {"name": name, "text": text},
    }
