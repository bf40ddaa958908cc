"""What a cell prints, kept until the next begins where it outlasts the kernel: in memory that is mapped from a file.

The law: whoever runs the task makes the file and holds it open; the kernel maps and removes it before any code of the
user's has run, so no path leads to what is printed. Of each text a copy is made here before ipykernel takes it, which
sends it a fifth of a second later. Texts of other requests than the cell's, as a thread's of a cell before, are shown
nowhere and not kept; nor are those of processes that the kernel has forked, which send theirs by themselves.

The file begins with `HEAD`: how many bytes of texts have been written, how many characters have gone to each stream,
how often what was read from its descriptor has been passed on, the process, and the request that runs the cell. Then
come two rooms for each stream. From `TEXTS` on, the texts follow each other, round and round, each in UTF-8 and with
`TAIL`: its bytes, and the number of its stream.

What C code and other programs write to a descriptor itself goes through a pipe, a file beside that one, which whoever
runs the task holds open, too: what is in it as the kernel dies is read there. The kernel reads it into a room, by one
call of the system, so that it is in the one or in the other; from there it goes among the texts in one step, as well.
"""

from __future__ import annotations

import codecs
import contextlib
import contextvars
import faulthandler
import mmap
import os
import struct
import sys
import threading
from typing import Any

VARIABLE = "DAGFLOW_LAST_WORDS"  # where the file is
STREAMS = ("stdout", "stderr")
HEAD = struct.Struct("<6Q128s")
TAIL = struct.Struct("<IB")
ROOM = 1 << 13  # as much is read from a descriptor at once
TEXTS = HEAD.size + 2 * len(STREAMS) * ROOM
BLANK = b"\xff"  # what a room is full of: no text has it
_pack_into = struct.Struct("<5Q").pack_into  # all that are counted
_SHORT = 256
_NONE = object()


def pipe_beside(path: str, number: int) -> str:
    """The file that is the pipe of a stream's descriptor."""
    return path + "." + STREAMS[number]


def room_of(number: int, passed: int) -> slice:
    """Where what is read for a stream is put, after so much has been passed on: what is there is still to be."""
    start = HEAD.size + (2 * number + passed % 2) * ROOM
    return slice(start, start + ROOM)


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
        for number, stream in enumerate(streams):
            follow(ring, number, stream, pipe_beside(path, number))


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
        self._size = self._end - TEXTS
        self._passed = [0] * len(STREAMS)
        self.counts = (0, 0, 0)  # bytes of texts; characters put out to stdout, to stderr

    def begin_cell(self, *_: object) -> None:
        """Forget what was printed before; the request is that which the kernel has just taken.

        IPython 9 has a ``write`` of its own on the streams while a cell runs, and puts back what was there before it.
        """
        with self.lock:
            self.request = self._streams[0].parent_header.get("msg_id")
            self.counts = (0, 0, 0)
            request = str(self.request).encode("utf-8", "replace")
            head = HEAD.pack(0, 0, 0, *self._passed, os.getpid(), request)
            self._memory[: HEAD.size] = head
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
        start = TEXTS + written % self._size
        end = start + len(data)
        if end <= self._end:
            self._memory[start:end] = data
        else:
            room = self._end - start
            self._memory[start:] = data[:room]
            self._memory[TEXTS : TEXTS + len(data) - room] = data[room:]
        written += len(data)
        if number:
            err += len(text)
        else:
            out += len(text)
        self.stand_at((written, out, err))

    def stand_at(self, counts: tuple[int, int, int]) -> None:
        """Have the file stand there."""
        self.counts = counts
        _pack_into(self._memory, 0, *counts, *self._passed)

    def next_room(self, number: int, begun: bytes = b"") -> memoryview:
        """Where to put what is read for a stream when this is passed on: behind a character that has ``begun``."""
        room = memoryview(self._memory)[room_of(number, self._passed[number] + 1)]
        room[:] = begun + BLANK * (ROOM - len(begun))
        return room

    def pass_on(self, number: int, text: str) -> None:
        """Write to a stream what was read for it: in one step it is in its room no more, and among the texts."""
        with self.lock:
            self._passed[number] += 1
            if text:
                self._streams[number].write(text)
            self.stand_at(self.counts)


def follow(ring: Ring, number: int, stream: Any, path: str) -> None:
    """Have what is written to a stream's descriptor go through the pipe of that path from now on.

    So it does already, if ipykernel watches it, through one that ends with the kernel; what comes out is passed on as
    it does. That one stays, for processes that have it.
    """
    source = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # else it would wait for who writes
    os.set_blocking(source, True)
    sink = os.open(path, os.O_WRONLY)
    os.unlink(path)
    if getattr(stream, "_should_watch", False) and hasattr(stream, "watch_fd_thread"):
        room = ring.next_room(number)
        ring.pass_on(number, "")
        # In the context of no cell: what is written belongs to the one that runs then.
        reader = contextvars.Context().run
        thread = threading.Thread(target=reader, args=(_read, ring, number, stream, source, room))
        thread.daemon = True
        thread.start()
        stream.watch_fd_thread = thread  # for which it waits as it closes the stream
        os.dup2(sink, number + 1)
    else:
        os.close(source)
    os.close(sink)


def _read(ring: Ring, number: int, stream: Any, source: int, room: memoryview) -> None:
    for name in ("_thread_to_parent", "_thread_to_parent_header"):  # in ipykernel 6
        getattr(stream, name, {}).pop(threading.get_ident(), None)
    begun = b""
    try:
        while True:
            size = os.readv(source, [room[len(begun) :]])
            if not size or not stream._should_watch:  # noqa: SLF001 -- ipykernel's own reader does so
                return
            data = bytes(room[: len(begun) + size])
            text, used = codecs.utf_8_decode(data, "replace", False)
            new, begun = data[len(begun) :], data[used:]
            room = ring.next_room(number, begun)
            ring.pass_on(number, text)
            os.write(stream._original_stdstream_copy, new)  # noqa: SLF001 -- as above
    except Exception:  # noqa: BLE001 -- shown as the stream is closed
        stream._exc = sys.exc_info()  # noqa: SLF001 -- as above


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
