"""What a task was seen to use besides its inputs: modules, packages and files, by what they hold.

The law: what is told of a file is what it held when the task used it, or that this is not known. What belongs to the
interpreter, or to the kernel and not to the task, is left out.
"""

from __future__ import annotations

import contextlib
import functools
import glob
import os
import platform
import re
import site
import sys
import sysconfig
from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple

from . import bundle, packages
from .touched import SYSTEM, Uses

# A kernel runs on these whatever the task is.
_KERNELS_OWN = frozenset(
    {"IPython", "ipykernel", "ipykernel_launcher", "jupyter_client", "jupyter_core", "zmq"}
    | {"tornado", "traitlets", "comm", "debugpy", "psutil", "nest_asyncio", "matplotlib_inline"}
    | {"prompt_toolkit", "pygments", "jedi", "parso", "stack_data", "executing", "asttokens"}
    | {"pure_eval", "wcwidth", "pexpect", "ptyprocess", "decorator", "platformdirs", "appnope"}
    | {"cloudpickle", "xxhash", "_dagflow_kernel_side", "jupyter_dagflow"}
    | {"_pydevd_bundle", "pydevd", "_distutils_hack", "sitecustomize", "usercustomize"}
)
# These open files behind Python's back, where no audit hook sees it.
_OPEN_BY_THEMSELVES = frozenset(
    {"pyarrow", "h5py", "tables", "netCDF4", "polars", "duckdb", "cv2", "rasterio", "fiona"}
    | {"pyogrio", "osgeo", "xgboost", "lightgbm", "catboost", "tensorflow", "SimpleITK", "fitz"}
    | {"soundfile", "pyreadstat", "vaex", "datatable", "lance", "tifffile", "torchvision", "cffi"}
)
_NOT_OF_THE_PROJECT = frozenset({"__pycache__", "site-packages", "node_modules", ".git"})
_CHUNK = 1 << 20


class Where(NamedTuple):
    """The notebook's folder, folders that do not count, and what code and tags say of files: strings and patterns."""

    root: str
    ignored: Sequence[str]
    mentioned: Sequence[str] = ()
    patterns: Sequence[str] = ()
    leaves_files: Sequence[str] = ()


def used(where: Where, uses: Sequence[Uses], imports: Collection[str], began_ns: int) -> Any:
    """All that was used since ``began_ns``, as plain JSON; ``imports`` are packages that the task's code names.

    ``unsteady`` are files and folders of which it is not known what they held, ``altered`` files that were read and
    then written. Of what it wrote elsewhere only that counts.
    """
    places = _Places(where)
    read: dict[str, Any] = {}
    written: set[str] = set()
    listed: dict[str, tuple[str, ...]] = {}
    for each in uses:
        listed.update({p: names for p, names in each.listed.items() if p not in listed})
        read.update({path: stamp for path, stamp in each.read.items() if path not in written})
        written |= each.written
    modules, versions = _imported(places, imports)
    if any(each.spawned for each in uses) or not _OPEN_BY_THEMSELVES.isdisjoint(sys.modules):
        for path in _mentioned(where):
            stamp = _stamp(path)
            if path not in read and path not in written and stamp is not None:
                if stamp[0] >= began_ns:
                    written.add(path)
                else:
                    read[path] = stamp
    for pattern in where.leaves_files:
        found = (os.path.join(places.root, file) for file in matching(where.root, pattern))
        written.update(path for path in found if (_stamp(path) or (0,))[0] >= began_ns)
    patterns = {pattern: matching(where.root, pattern) for pattern in where.patterns}
    for files in patterns.values():
        for file in files:
            path = os.path.join(where.root, file)
            if path not in written:
                read.setdefault(path, _stamp(path))
    read = {p: s for p, s in read.items() if p not in modules and places.counts(p)}
    written = {path for path in written if places.counts(path)}
    unsteady = [
        path for path, stamp in read.items() if path not in written and _stamp(path) != stamp
    ]
    unsteady += [p for p in modules if (_stamp(p) or (0,))[0] >= began_ns and p not in written]
    listed = {path: names for path, names in listed.items() if places.counts(path)}
    unsteady += [path for path, names in listed.items() if _named(names) != listing(path)]
    altered = written.intersection(read)
    return {
        "modules": {places.name(path): digest(path) for path in sorted(modules)},
        "read": {places.name(path): digest(path) for path in sorted(read)},
        "written": {places.name(p): digest(p) for p in sorted(written) if places.within(p)},
        "folders": {places.name(path): listing(path) for path in sorted(listed)},
        "patterns": patterns,
        "packages": versions,
        "python": platform.python_version(),
        "unsteady": sorted(map(places.name, unsteady)),
        "altered": sorted(map(places.name, altered)),
    }


def look_around() -> None:
    """Learn what does not change: where the modules that are imported by now come from."""
    _imported(_Places(Where(os.sep, ())), ())


def digest(path: str, algorithm: str = "") -> Any:
    """The digest of a file's content; None if there is no such file. Raises `ImportError` as `bundle` does."""
    name, hasher = bundle.new_hasher(algorithm)
    try:
        with open(path, "rb", buffering=0) as file:
            while True:
                chunk = file.read(_CHUNK)
                if not chunk:
                    break
                hasher.update(chunk)
    except OSError:
        return None
    return f"{name}:{hasher.hexdigest()}"


def listing(path: str, algorithm: str = "") -> Any:
    """The digest of the names in a folder, but for those that Python and Jupyter put there."""
    try:
        return _named(os.listdir(path), algorithm)
    except OSError:
        return None


def _named(names: Sequence[str], algorithm: str = "") -> str:
    name, hasher = bundle.new_hasher(algorithm)
    for each in sorted(names):
        if each not in ("__pycache__", ".ipynb_checkpoints"):
            hasher.update(os.fsencode(each) + b"\0")
    return f"{name}:{hasher.hexdigest()}"


def matching(root: str, pattern: str) -> list[str]:
    """The files that fit a pattern, or lie below a folder of that name, by their paths from the root."""
    found = set(glob.glob(os.path.join(glob.escape(root), pattern), recursive=True))
    for path in list(found):
        if os.path.isdir(path):
            found.update(os.path.join(p, name) for p, _, names in os.walk(path) for name in names)
    files = (path for path in found if os.path.isfile(path))
    return sorted(os.path.relpath(path, root).replace(os.sep, "/") for path in files)


class LocalModules:
    """Which modules are the project's own, and not the kernel's, the interpreter's or installed."""

    def __init__(self, where: Where) -> None:
        self._places = _Places(where)

    def has(self, name: str, module: Any) -> bool:
        """Whether this is one of them."""
        file = getattr(module, "__file__", None)
        if not isinstance(file, str) or file in _ORIGINS or module is sys.modules.get("__main__"):
            return False
        if name.partition(".")[0] in _KERNELS_OWN:
            return False
        return _is_local(self._places, _origin_of(self._places, file))


class _Origin(NamedTuple):
    """The path of a module's file with links followed, and what it belongs to.

    That is, of an installed one, a folder of packages and its top-level module there, the interpreter, or neither.
    """

    path: str
    folder: str | None = None
    top: str = ""
    interpreters: bool = False


# Of installed modules, which stay what they are; a forked kernel has what its server knew.
_ORIGINS: dict[str, _Origin] = {}


class _Places:
    """Which files count, and how they are called."""

    def __init__(self, where: Where) -> None:
        self.root = os.path.realpath(where.root)
        self._real: dict[str, str] = {}
        own = os.path.dirname(os.path.abspath(__file__))
        self.sites = sorted(_sites(self.root))
        self.interpreter = tuple(
            os.path.realpath(sysconfig.get_path(name)) + os.sep for name in ("stdlib", "platstdlib")
        )
        prefixes = (sys.prefix, sys.base_prefix, sys.exec_prefix)
        out = [*where.ignored, own, *self.sites, *(p for p in prefixes if not self.within(p))]
        self._out = tuple(os.path.realpath(folder) + os.sep for folder in out)
        self._home = os.path.realpath(os.path.expanduser("~")) + os.sep

    def counts(self, path: str) -> bool:
        """Whether a file or folder is one that the task's result may depend on."""
        if (path + os.sep).startswith(self._out + self.interpreter):
            return False
        if self.within(path):
            parts = path[len(self.root) :].split(os.sep)
            return not _NOT_OF_THE_PROJECT.intersection(parts) and not path.endswith(".pyc")
        if path.startswith(SYSTEM) or path == os.devnull:
            return False
        below = path[len(self._home) :] if path.startswith(self._home) else ""
        return not below.startswith((".", "Library" + os.sep))

    def origin(self, file: str) -> _Origin:
        """Where a module's file comes from; of a thousand that lie in a hundred folders."""
        folder, name = os.path.split(file)
        if folder not in self._real:
            self._real[folder] = os.path.realpath(folder)
        path = os.path.join(self._real[folder], name)
        site = next((s for s in self.sites if path.startswith(s + os.sep)), None)
        if site is not None:
            top = re.split(r"[/\\.]", path[len(site) + 1 :], maxsplit=1)[0]
            return _Origin(path, site, top)
        return _Origin(path, interpreters=path.startswith(self.interpreter))

    def name(self, path: str) -> str:
        """The path from the notebook's folder, or the whole path of what lies elsewhere."""
        if self.within(path) and path != self.root:
            return path[len(self.root) + 1 :].replace(os.sep, "/")
        return "." if path == self.root else path

    def within(self, path: str) -> bool:
        """Whether it lies in the notebook's folder."""
        return (path + os.sep).startswith(self.root + os.sep)


def _sites(root: str) -> set[str]:
    """The folders that packages are installed in."""
    folders = [p for p in sys.path if os.path.basename(p) in ("site-packages", "dist-packages")]
    with contextlib.suppress(AttributeError):  # an old virtualenv has no such function
        folders += site.getsitepackages()
    user = getattr(site, "USER_SITE", None)
    folders += [user] if user else []
    for path in sys.path:  # pip has a --target
        if path and os.path.realpath(path) != root and _has_metadata(path):
            folders.append(path)
    return {os.path.realpath(path) for path in folders if os.path.isdir(path)}


@functools.lru_cache(None)  # else, what is installed there later counts by its files
def _has_metadata(folder: str) -> bool:
    try:
        return any(name.endswith(".dist-info") for name in os.listdir(folder))
    except OSError:
        return False


def _imported(
    places: _Places, imports: Collection[str]
) -> tuple[set[str], dict[str, dict[str, str]]]:
    """The files of local modules, and the versions of packages by the folder they are installed in."""
    local: set[str] = set()
    installed_in: dict[str, dict[str, set[str]]] = {}
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if not isinstance(file, str) or name == "__main__":
            continue
        origin = _origin_of(places, file)
        # What it is called is no guide: debugpy brings modules of its own.
        top = name.partition(".")[0] if origin.folder is None else origin.top
        if top in _KERNELS_OWN and top not in imports:
            continue
        if origin.folder is not None:
            installed_in.setdefault(origin.folder, {}).setdefault(top, set()).add(origin.path)
        elif _is_local(places, origin):
            local.add(os.path.abspath(file))  # by its own name, also if it is a link
    found = {}
    for folder, tops in installed_in.items():
        found[folder], unknown = packages.versions(folder, tops)
        for top in unknown:  # put there by hand
            local |= tops[top]
    return local, found


def _origin_of(places: _Places, file: str) -> _Origin:
    origin = _ORIGINS.get(file) or places.origin(file)
    if origin.folder is not None or origin.interpreters:
        _ORIGINS[file] = origin
    return origin


def _is_local(places: _Places, origin: _Origin) -> bool:
    installed = origin.folder is not None or origin.interpreters
    return not installed and os.path.isfile(origin.path) and places.counts(origin.path)


def _mentioned(where: Where) -> Iterator[str]:
    """The files that strings of the code name, alone or below a folder that another one names."""
    root = os.path.realpath(where.root)
    folders = [root]
    for text in where.mentioned:
        path = os.path.join(root, os.path.expanduser(text))
        if os.path.isdir(path) and os.path.realpath(path) != root:
            folders.append(path)
    for folder in dict.fromkeys(folders[:20]):
        for text in where.mentioned:
            path = os.path.join(folder, os.path.expanduser(text))
            if os.path.isfile(path):
                yield os.path.realpath(path)


def _stamp(path: str) -> Any:
    """What of a file changes when it is written."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return (status.st_mtime_ns, status.st_size)
