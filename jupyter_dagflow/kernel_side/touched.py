"""The files that a task's own cells read and write, as Python itself sees them.

The law: watching costs nothing but while a task's cells run, and never disturbs what it watches.
Files that compiled libraries open behind Python's back are not seen, so of what was read it is told
how it was stamped by then; of a database that SQLite opens, and of files whose names another program
is handed, it is told afterwards whether they were written.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import io
import os
import stat
import sys
import time
import types
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any, NamedTuple

from .commands import handed, texts_of_ipython

_stat = getattr(os.stat, "__wrapped__", os.stat)
_lstat = getattr(os.lstat, "__wrapped__", os.lstat)
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_LEFT_OUT = frozenset({"__pycache__", "site-packages", "dist-packages", "node_modules"})
# What lies there is the machine's, not the notebook's.
SYSTEM = ("/proc/", "/sys/", "/dev/", "/etc/", "/usr/", "/lib", "/run/", "/var/lib/", "/System/")
_TICK_NS = 20_000_000  # files are stamped by a clock that may be so much behind
_CAREFUL = frozenset({"os", "shutil", "tempfile"})
_OF_CELLS = ("<module", "<cell line")  # what IPython calls the code of a cell itself
_QUESTIONS = ("stat", "lstat", "access", "readlink")
# Those who look at each folder on the way to a file.
_ON_THE_WAY = frozenset({"realpath", "_joinrealpath"})
_LOOKS_FOR_MODULES = ("importlib", "pkg_resources", "pkgutil")
# What every kernel has: its interpreter, and this very package.
_KERNELS = tuple(
    os.path.realpath(folder) + os.sep
    for folder in (sys.prefix, sys.base_prefix, sys.exec_prefix, os.path.dirname(__file__))
)


class Uses(NamedTuple):
    """What was touched, wherever it lies, by absolute paths.

    ``read`` are the files that were read as others had left them, each with its stamp when that
    began; ``listed`` folders that were looked into, each with the names in it by then; ``spawned``
    tells whether another program was started, which is not watched.
    """

    read: dict[str, Any]
    written: set[str]
    listed: dict[str, tuple[str, ...]]
    spawned: bool


class Touched:
    """Watches one process; `begin` and `end` as often as there are tasks in it.

    ``began_ns`` and ``ended_ns`` are when it last did, by the clock that files are stamped with.
    """

    def __init__(self) -> None:
        self.began_ns = 0
        self.ended_ns = 0
        self._hooked = False
        self._last_finder: Any = _LastFinder(self)
        self._watching = False
        self._root = ""
        self._ignored: tuple[str, ...] = ()
        self._read: set[str] = set()
        self._written: set[str] = set()
        self._elsewhere: dict[str, tuple[Any, ...]] = {}  # opened by SQLite and other programs
        self._folders_elsewhere: set[str] = set()
        self._held: dict[int, tuple[str, int | None]] = {}
        self._first: dict[str, Any] = {}
        self._changed: dict[str, int | None] = {}
        self._folders: dict[str, tuple[str, ...]] = {}
        self._spawned = False
        self._made: set[str] = set()
        self._folders_read: set[str] = set()
        self._folders_written: set[str] = set()
        self._places: dict[tuple[str, bool], tuple[int, int] | None] = {}
        self._events: dict[str, Callable[..., None]] = {
            "open": self._opened,
            "os.rename": self._moved,
            "os.link": self._linked,
            "os.symlink": self._linked,
            "os.remove": self._removed,
            "shutil.rmtree": self._emptied,
            "os.truncate": self._truncated,
            "os.chmod": self._marked,
            "os.utime": self._marked,
            "sqlite3.connect": self._connected,
            "os.stat": self._asked,
            "os.lstat": self._asked_of_itself,
            "os.readlink": self._asked_of_itself,
            "os.access": self._asked,
            "os.mkdir": self._made_folder,
            "os.rmdir": self._removed_folder,
            "os.listdir": self._looked_into,
            "os.scandir": self._looked_into,
            "subprocess.Popen": self._started,
            "os.system": self._started_by_shell,
            "os.posix_spawn": self._started,
            "os.forkpty": self._started_by_shell,
        }

    def begin(self, root: str, ignored: Sequence[str]) -> None:
        """Watch from now on; below the folders ``ignored`` nothing counts, nor what libraries and the system keep."""
        self._root = os.path.realpath(root)
        self._ignored = tuple(os.path.realpath(folder) + os.sep for folder in ignored)
        self._held = dict(_open_files(self._written))
        if self._held:  # what setup has left in buffers is not the task's
            _flush(self._held)
            self._held = {file: (path, _position(file)) for file, (path, _) in self._held.items()}
        self._read, self._written, self._elsewhere = set(), set(), {}
        self._folders_elsewhere = set()
        self._first, self._folders, self._spawned = {}, {}, False
        self._changed = {}
        self._made, self._folders_read, self._folders_written = set(), set(), set()
        self._places = {}
        self.began_ns = time.time_ns() - _TICK_NS
        self._watching = True
        self._watch_questions()
        if self._last_finder not in sys.meta_path:
            sys.meta_path.append(self._last_finder)
        if not self._hooked:
            sys.addaudithook(self._on_event)
            self._hooked = True

    def end(self) -> dict[str, list[str]]:
        """Watch no more; the files ``read`` and ``written`` since, relative to the root if they lie below it.

        A folder that was listed has been read: ``sub/``. What was written into files that had been opened before, as
        logs are, is told apart: they were ``appended`` to.
        """
        self._watching = False
        self.ended_ns = time.time_ns()
        for name in _QUESTIONS if getattr(os.stat, "watcher", None) is self else ():
            _have(name, getattr(os, name).__wrapped__)
        if self._last_finder in sys.meta_path:
            sys.meta_path.remove(self._last_finder)
        _flush(self._held)
        for path, before in self._elsewhere.items():
            if _stamp(path) != before:
                self._written.add(path)
            elif before[0] is not None or "." in os.path.basename(
                path
            ):  # else any word of a command
                self._read.add(path)
        for folder in self._folders_elsewhere:
            now = _names_in(folder)
            self._written.update(
                os.path.join(folder, n) for n in {*now}.symmetric_difference(self._folders[folder])
            )
        folders = [os.path.join(folder, "") for folder in self._folders]
        listed = [self._told(folder) + "/" for folder in folders if self._counts(folder)]
        asked = self._told_of(self._folders_read - self._folders.keys(), folders=True)
        made = self._told_of(self._folders_written, folders=True)
        return {
            "read": sorted({*self._listed(self._read), *asked}) + sorted(listed),
            "written": sorted({*self._listed(self._written), *made}),
            "appended": self._listed(
                {path for file, (path, at) in self._held.items() if _position(file) != at}
            ),
        }

    @contextlib.contextmanager
    def aside(self) -> Iterator[None]:
        """Meanwhile nothing is noticed: it is us who touch files."""
        watching, self._watching = self._watching, False
        try:
            yield
        finally:
            self._watching = watching

    def also(self, read: Sequence[str], written: Sequence[str]) -> None:
        """Count files of these absolute paths, which others have touched for us; of folders they end with a slash."""
        for paths, files, folders in (
            (read, self._read, self._folders_read),
            (written, self._written, self._folders_written),
        ):
            for path in paths:
                if path.endswith("/"):
                    self._note(path, folders)
                    continue
                if files is self._read:
                    self._note_read(path)
                self._note(path, files)

    def places(self) -> list[tuple[str, bool, int, int]]:
        """Where the notebook's cells first touched each file between `begin` and `end`, as far as it is known.

        The file as `end` tells it, folders without the slash; whether it was written; the cell, by the kernel's count,
        and the line in it.
        """
        return [
            (self._told(path), wrote, *place)
            for (path, wrote), place in self._places.items()
            if place is not None and self._counts(path)
        ]

    def uses(self) -> Uses:
        """All that was touched between `begin` and `end`."""
        before = {path: stamp[0] for path, stamp in self._elsewhere.items() if stamp[0]}
        read = {**before, **self._first}
        return Uses(read, set(self._written), dict(self._folders), self._spawned)

    def changed_last(self) -> dict[str, int | None]:
        """When the files that were read had last been written, or moved there, by then; None of one not there."""
        return {
            self._told(path): changed
            for path, changed in self._changed.items()
            if self._counts(path) and self._within(path) and not os.path.isdir(path)
        }

    def _watch_questions(self) -> None:
        """Notice who asks whether a file is there, how large or how old it is: Python tells of that to nobody."""
        for name in _QUESTIONS:
            _have(name, self._watched(name, getattr(os, name)))

    def _watched(self, name: str, function: Any) -> Any:
        """A function that asks about files, and tells us which."""
        original = getattr(function, "__wrapped__", function)

        @functools.wraps(original)
        def watched(path: Any, *arguments: Any, **keywords: Any) -> Any:
            if keywords.get("dir_fd") is None:
                follows = keywords.get("follow_symlinks", True)
                self._on_event(f"os.{name}" if follows else "os.lstat", (path,))
            return original(path, *arguments, **keywords)

        watched.watcher = self  # type: ignore[attr-defined]
        for able in (
            os.supports_dir_fd,
            os.supports_effective_ids,
            os.supports_fd,
            os.supports_follow_symlinks,
        ):
            able.update({watched} if original in able else ())
        return watched

    def _on_event(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self._watching and event in self._events:
            try:
                self._events[event](*arguments)
            except Exception:  # noqa: BLE001 -- raised here, it would be the user's own call that fails
                return

    def _opened(self, path: Any, mode: Any, flags: int) -> None:  # noqa: ARG002 -- as Python calls it
        if isinstance(path, str) and path.endswith(".pyc"):
            if path.startswith(self._root):  # the import of a large package opens a thousand others
                folder, name = os.path.split(path)
                source = os.path.join(os.path.dirname(folder), name.partition(".")[0] + ".py")
                self._note(source, self._read)
            return
        if not flags & _WRITING:
            self._note_read(path)
            self._note(path, self._read)
            return
        if not flags & (os.O_TRUNC | os.O_EXCL):
            self._note_read(path)
        self._note(path, self._written)
        if not flags & os.O_TRUNC:  # what was there before counts
            self._note(path, self._read)

    def _moved(self, source: Any, target: Any, source_folder: int = -1, folder: int = -1) -> None:
        self._note(source, self._written, source_folder, itself=True)
        self._note(target, self._written, folder, itself=True)

    def _linked(self, source: Any, target: Any, *_: Any) -> None:
        self._note_read(source)
        self._note(source, self._read)
        self._note(target, self._written, itself=True)

    def _removed(self, path: Any, folder: int = -1) -> None:
        self._note(path, self._written, folder, itself=True)

    def _emptied(self, path: Any, folder: int | None = None) -> None:
        """Note the files of a folder that goes; they are then removed by their names in it alone."""
        for parent, _, names in os.walk(os.fsdecode(path)) if folder is None else ():
            self._note(parent, self._folders_written)
            for name in names:
                self._note(os.path.join(parent, name), self._written)

    def _marked(self, path: Any, *arguments: Any) -> None:
        """Note what is told of a file by others than its content: not if Python's own code sees to it for a copy."""
        caller = sys._getframe(2)  # noqa: SLF001 -- there is no other way
        if not _is_careful(caller) and arguments[-1:] == (-1,):
            self._alter(path)

    def _truncated(self, path: Any, length: int) -> None:  # noqa: ARG002
        self._alter(path)

    def _alter(self, path: Any) -> None:
        """Note that a file becomes another, and keeps of what it was."""
        self._note_read(path)
        self._note(path, self._read)
        self._note(path, self._written)

    def _connected(self, database: Any) -> None:
        path = os.fspath(database)
        path = os.fsdecode(path)
        if path.startswith("file:"):
            path = path[len("file:") :].partition("?")[0]
        if path and path != ":memory:":
            self._opened_elsewhere(os.path.realpath(path))

    def _opened_elsewhere(self, path: str) -> None:
        self._elsewhere.setdefault(path, _stamp(path))
        for wrote in (False, True):  # which of both it is, is seen later
            self._mark(path, wrote)

    def _looked_into(self, path: Any = None) -> None:
        caller = sys._getframe(2).f_code.co_filename  # noqa: SLF001 -- there is no other way
        if isinstance(path, int) or any(word in caller for word in _LOOKS_FOR_MODULES):
            return
        self._list(os.path.realpath(os.fsdecode(path or ".")))

    def _list(self, real: str) -> None:
        if real not in self._folders:
            self._mark(real, False)
            self._folders[real] = ()  # this look is seen, too
            self._folders[real] = _names_in(real)

    def _asked(self, path: Any) -> None:
        asking = sys._getframe(3)  # noqa: SLF001 -- behind this, `_on_event` and what stands for `os.stat`
        if not isinstance(path, int) and not _is_careful(asking) and not _is_careful(asking.f_back):
            self._ask(path, os.path.realpath(os.fsdecode(path)))

    def _asked_of_itself(self, path: Any) -> None:
        """Note a question about a path itself, whatever it links to."""
        asking = sys._getframe(3)  # noqa: SLF001 -- as above
        on_the_way = asking.f_code.co_name in _ON_THE_WAY
        if isinstance(path, int) or on_the_way or _is_careful(asking) or _is_careful(asking.f_back):
            return
        self._ask(path, _itself(path), itself=True)

    def _ask(self, path: Any, real: str, *, itself: bool = False) -> None:
        if real in self._made:  # it sees to it itself that there is such a folder
            return
        if _is_folder(real, _lstat if itself else _stat):
            self._mark(real, False)
            self._folders_read.add(real)
            return
        self._note_read(path)
        self._note(path, self._read, itself=itself)

    def looked_for(self, module: str, folders: Any) -> None:
        """Note that a module was not found: its file may be there later, or may have been there before."""
        if not self._watching:
            return
        name = module.rpartition(".")[2]
        for folder in [os.fspath(each) for each in folders]:
            for file in (name + ".py", os.path.join(name, "__init__.py")):
                path = os.path.join(folder or os.getcwd(), file)
                if self._counts(path):
                    self._note_read(path)
                    self._note(path, self._read)

    def _made_folder(self, path: Any, mode: int, folder: int = -1) -> None:  # noqa: ARG002
        real = os.path.realpath(os.fsdecode(path))
        if folder != -1:
            return
        if _stamp(real)[0] is None:
            self._mark(real, True)
            self._folders_written.add(real)
        self._made.add(real)

    def _removed_folder(self, path: Any, folder: int = -1) -> None:
        self._note(path, self._folders_written, folder)

    def _started(self, program: Any, arguments: Any, folder: Any = None, *_: Any) -> None:  # noqa: ARG002
        self._spawned = True
        # `os.posix_spawn` has the variables of the environment where others have the folder.
        there = os.getcwd() if folder is None or isinstance(folder, dict) else os.fsdecode(folder)
        self._hand(arguments, there)
        for text in texts_of_ipython():
            self._hand(text, there)

    def _started_by_shell(self, text: Any = None) -> None:
        self._spawned = True
        for each in texts_of_ipython() if text is None else (text,):
            self._hand(each, os.getcwd())

    def _hand(self, command: Any, folder: str) -> None:
        """Note the files whose names another program is handed: it may read them, and may write them."""
        for name, lost in handed(command):
            path = os.path.realpath(os.path.join(folder, name))
            if not self._within(path) or path in self._elsewhere:
                continue
            if _is_folder(path):
                self._list(path)
                self._folders_elsewhere.add(path)
                continue
            self._opened_elsewhere(path)
            if _status(path) is not None and not lost:
                self._note_read(path)
                self._note(path, self._read)

    def _note_read(self, path: Any) -> None:
        """Note a file that is read before the task has written it itself, as it is now."""
        if isinstance(path, int):
            return
        real = os.path.realpath(os.fsdecode(path))
        if real in self._written or real in self._first:
            return
        # A link may come to mean another file, which is told by its own name only.
        for each in (real, os.path.abspath(os.fsdecode(path))):
            status = _status(each)
            self._first[each] = status and (status.st_mtime_ns, status.st_size)
            self._changed[each] = status and status.st_ctime_ns

    def _note(self, path: Any, into: set[str], folder: int = -1, *, itself: bool = False) -> None:
        if isinstance(path, int) or folder != -1:
            return
        own = _itself(path)
        real = own if itself else os.path.realpath(os.fsdecode(path))
        # Who reads through a link misses it, too, if that comes to mean another file.
        for each in {real, own} if into is self._read else (real,):
            self._mark(each, into is not self._read and into is not self._folders_read)
            into.add(each)

    def _mark(self, path: str, wrote: bool) -> None:
        """Remember where a file is touched first."""
        if (path, wrote) not in self._places:
            self._places[path, wrote] = None
            with contextlib.suppress(Exception):  # another kind of kernel may call cells otherwise
                self._places[path, wrote] = _place()

    def _listed(self, paths: set[str]) -> list[str]:
        return self._told_of({path for path in paths if not os.path.isdir(path)})

    def _told_of(self, paths: set[str], *, folders: bool = False) -> list[str]:
        end = os.sep * folders
        return sorted(self._told(path) for path in paths if self._counts(path + end))

    def _told(self, path: str) -> str:
        told = os.path.relpath(path, self._root) if self._within(path) else os.path.normpath(path)
        return told.replace(os.sep, "/")

    def _counts(self, path: str) -> bool:
        if path.startswith(self._ignored) or path.endswith(".pyc"):
            return False
        within = self._within(path)
        if not within and path.startswith((*SYSTEM, *_KERNELS)):
            return False
        folders = (path[len(self._root) :] if within else path).split(os.sep)[1:-1]
        return not _LEFT_OUT.intersection(folders) and not any(f.startswith(".") for f in folders)

    def _within(self, path: str) -> bool:
        return path.startswith(self._root + os.sep)


class _LastFinder:
    """Finds no module, but is asked for those that nobody else finds: by imports, and by who only wants to know."""

    def __init__(self, touched: Touched) -> None:
        self._touched = touched

    def find_spec(self, module: str, folders: Any = None, _: Any = None) -> None:
        """As Python calls it."""
        asking: types.FrameType | None = sys._getframe(1)  # noqa: SLF001 -- there is no other way
        while asking is not None and "importlib" in asking.f_code.co_filename:
            asking = asking.f_back
        if asking is None or asking.f_code.co_filename.startswith(_KERNELS):
            return  # a library asks for what it can do without
        # Raised here, it would be the user's own import that fails.
        with contextlib.suppress(Exception):
            self._touched.looked_for(module, sys.path if folders is None else folders)


def _place() -> tuple[int, int] | None:
    """The cell that runs, by the kernel's count, and the line that it is at; None in a thread, say."""
    frame: types.FrameType | None = sys._getframe(1)  # noqa: SLF001 -- there is no other way
    outermost, notebook = None, vars(sys.modules["__main__"])
    while frame is not None:
        if frame.f_globals is notebook and frame.f_code.co_name.startswith(_OF_CELLS):
            outermost = frame  # which is the cell itself
        frame = frame.f_back
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if outermost is None or shell is None:
        return None
    # As tracebacks have it: ("Cell", "In[3]"). The shell's own count may already be that of the next.
    _, label = shell.compile.format_code_name(outermost.f_code.co_filename)
    return int(label[len("In[") : -1]), outermost.f_lineno


def _have(name: str, function: Any) -> None:
    """Let everybody ask this function of ``os``; up to Python 3.10 pathlib has a ``stat`` of its own."""
    setattr(os, name, function)
    of_pathlib = getattr(sys.modules.get("pathlib"), "_NormalAccessor", None)
    if of_pathlib is not None and name == "stat":
        of_pathlib.stat = staticmethod(function)


def _itself(path: Any) -> str:
    """Where a path lies, by its own name: a link is not followed, but the folders on the way to it are."""
    folder, name = os.path.split(os.path.abspath(os.fsdecode(path)))
    return os.path.join(os.path.realpath(folder), name)


def _is_folder(path: str, look: Callable[[str], os.stat_result] = _stat) -> bool:
    try:
        return stat.S_ISDIR(look(path).st_mode)
    except OSError:
        return False


def _names_in(folder: str) -> tuple[str, ...]:
    """What a folder holds; nothing if it is gone."""
    try:
        return tuple(os.listdir(folder))
    except OSError:
        return ()


def _is_careful(frame: types.FrameType | None) -> bool:
    """Whether this is Python's own code that looks before it copies, moves or makes what it is told to."""
    return frame is not None and frame.f_globals.get("__name__") in _CAREFUL


def _open_files(paths: Collection[str]) -> Iterator[tuple[int, tuple[str, int | None]]]:
    """Those of the files that this process holds open, by descriptor, each with how far it has come in it."""
    wanted = {}
    for path in paths:
        with contextlib.suppress(OSError):
            status = _stat(path)
            wanted[status.st_dev, status.st_ino] = path
    if not wanted:
        return
    with contextlib.suppress(OSError):  # Windows does not tell
        for name in os.listdir("/dev/fd"):
            with contextlib.suppress(OSError):
                status = os.fstat(int(name))
                held = wanted.get((status.st_dev, status.st_ino))
                if held is not None:
                    yield int(name), (held, _position(int(name)))


def _flush(files: Collection[int]) -> None:
    """Have Python write what it has kept back of what was written into these."""
    for each in gc.get_objects() if files else ():
        with contextlib.suppress(Exception):  # closed ones, and whatever else pretends to be a file
            if isinstance(each, io.IOBase) and each.fileno() in files:
                each.flush()


def _position(file: int) -> int | None:
    try:
        return os.lseek(file, 0, os.SEEK_CUR)
    except OSError:
        return None


def _status(path: str) -> Any:
    """What the system knows of a file; None if there is none."""
    try:
        return _stat(path)
    except OSError:
        return None


def _stamp(path: str) -> tuple[Any, ...]:
    """What of a database and its log changes when it is written."""
    found = map(_status, (path, path + "-wal"))
    return tuple(status and (status.st_mtime_ns, status.st_size) for status in found)
