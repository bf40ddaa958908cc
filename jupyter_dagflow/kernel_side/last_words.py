"""What a cell prints, kept until the next begins where it outlasts the kernel: in memory that is mapped from a file.

The law: whoever runs the task makes the file and holds it open; the kernel maps and removes it before any code of the
user's has run, so no path leads to what is printed. Of each text a copy is made here before ipykernel takes it, which
sends it a fifth of a second later. Texts of other requests than the cell's, as a thread's of a cell before, are shown
nowhere and not kept; nor are those of processes that the kernel has forked, which send theirs by themselves.

The file begins with `HEAD`: how many bytes have been written behind it, how many characters have gone to each stream,
the process, and the request that runs the cell. Behind it the texts follow each other, round and round, each in UTF-8
and with `TAIL`: its bytes, and the number of its stream.
"""

from __future__ import annotations

import contextlib
import faulthandler
import mmap
import os
import struct
import sys
import threading
from typing import Any

VARIABLE = "DAGFLOW_LAST_WORDS"  # where the file is
STREAMS = ("stdout", "stderr")
HEAD = struct.Struct("<4Q128s")
TAIL = struct.Struct("<IB")
_pack_into = struct.Struct("<3Q").pack_into  # the first three
_SHORT = 256
_NONE = object()


Counts = tuple[int, int, int]  # bytes behind the head; characters put out to stdout, to stderr


def begin(path: str) -> None:
    """Keep what is printed from now on, if there is such a file, in the cell that runs and those that follow."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    streams = [getattr(sys, name) for name in STREAMS]
    if shell is None or not all(hasattr(stream, "parent_header") for stream in streams):
        return
    with contextlib.suppress(OSError, ValueError):
        ring = Ring(_mapped(path), streams)
        ring.begin_cell()
        os.register_at_fork(after_in_child=ring.end)
        shell.events.register("pre_run_cell", ring.begin_cell)


def tell_crashes() -> None:
    """Have Python write into the kernel's log in which line it crashes, if it does, and in which library's."""
    # What comes on descriptor 2, ipykernel reads in a thread that ends with the process; the log is what that was.
    log: Any = getattr(sys.stderr, "_original_stdstream_copy", None) or sys.__stderr__
    with contextlib.suppress(AttributeError, OSError, RuntimeError, ValueError):
        faulthandler.enable(file=log, all_threads=False)


def _mapped(path: str) -> mmap.mmap:
    file = os.open(path, os.O_RDWR)
    try:
        os.unlink(path)
        return mmap.mmap(file, os.fstat(file).st_size)
    finally:
        os.close(file)


class Ring:
    """The file, and what of it changes with each text."""

    def __init__(self, memory: mmap.mmap, streams: list[Any]) -> None:
        self.request = None  # type: Any
        self.lock = threading.RLock()
        self._memory = memory
        self._streams = streams
        self._writers = [None, None]  # type: list[Any]
        self._end = len(memory)
        self._size = self._end - HEAD.size
        self.counts = (0, 0, 0)

    def begin_cell(self, *_: object) -> None:
        """Forget what was printed before; the request is that which the kernel has just taken.

        IPython 9 has a ``write`` of its own on the streams while a cell runs, and puts back what was there before it.
        """
        self.request = self._streams[0].parent_header.get("msg_id")
        self.counts = (0, 0, 0)
        request = str(self.request).encode("utf-8", "replace")
        self._memory[: HEAD.size] = HEAD.pack(0, 0, 0, os.getpid(), request)
        for number, stream in enumerate(self._streams):
            if stream.write is not self._writers[number]:
                stream.write = self._writers[number] = _keeping(self, number, stream)

    def end(self) -> None:
        """Keep nothing any more: this is another process, which the kernel has forked."""
        self.request = _NONE

    def keep(self, number: int, text: str) -> None:
        """Add a text to a stream, of a long one the end."""
        data = text.encode("utf-8", "surrogatepass")
        size = len(data)
        if size < _SHORT:
            data += _TAILS[number][size]
        else:
            data = data[-(self._size // 2) :]
            data += TAIL.pack(len(data), number)
        written, out, err = self.counts
        start = HEAD.size + written % self._size
        end = start + len(data)
        if end <= self._end:
            self._memory[start:end] = data
        else:
            room = self._end - start
            self._memory[start:] = data[:room]
            self._memory[HEAD.size : HEAD.size + len(data) - room] = data[room:]
        written += len(data)
        if number:
            err += len(text)
        else:
            out += len(text)
        self.counts = (written, out, err)
        _pack_into(self._memory, 0, written, out, err)

    def stand_at(self, counts: Counts) -> None:
        """Have the file stand there."""
        self.counts = counts
        _pack_into(self._memory, 0, *counts)


def _keeping(ring: Ring, number: int, stream: Any) -> Any:
    """The stream's ``write``, but a copy is made before the text is taken."""
    take, keep, lock = stream.write, ring.keep, ring.lock

    def write(text: str) -> Any:
        if type(text) is not str or stream.parent_header.get("msg_id") != ring.request:
            return take(text)
        with lock:
            before = ring.counts
            try:
                keep(number, text)
                return take(text)
            except BaseException:  # an interrupt, before it was taken
                ring.stand_at(before)
                raise

    return write


_TAILS = [[TAIL.pack(size, number) for size in range(_SHORT)] for number in range(len(STREAMS))]
