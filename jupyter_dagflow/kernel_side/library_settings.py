"""How libraries are set in this process: what functions outside the notebook may have changed.

The law: to look imports nothing and changes nothing. A library that is not imported by then is not looked at, and
what is told of the others is a digest of each, and the names of what has changed.
"""

from __future__ import annotations

import contextlib
import re
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .fingerprint import fingerprint

_MOST_NAMED = 5
_WHERE = re.compile(r" at 0x[0-9a-fA-F]+")
_SIGNALS = ("SIGALRM", "SIGHUP", "SIGTERM", "SIGUSR1", "SIGUSR2")
# What pyplot and the kernel see to by themselves.
_OF_BACKENDS = ("backend", "interactive", "toolbar")


class LibrarySettings:
    """Watches one process; `begin` before a task's cells, `end` after them."""

    def __init__(self) -> None:
        self._before: dict[str, Mapping[str, Any]] = {}

    def begin(self) -> None:
        """Remember how libraries are set."""
        self._before = dict(_all())

    def end(self) -> dict[str, Any]:
        """Of each library that was there at the beginning: how it was set then, and what of that is another now."""
        now, told = dict(_all()), {}
        for library, before in self._before.items():
            after = now.get(library, before)
            names = [n for n in {**before, **after} if before.get(n) != after.get(n)]
            told[library] = {
                "before": _digest(before),
                "after": _digest(after),
                "changed": sorted(names)[:_MOST_NAMED],
            }
        self._before = {}
        return told


def _digest(settings: Mapping[str, Any]) -> str:
    return fingerprint(sorted(settings.items()))


def _all() -> Iterator[tuple[str, dict[str, Any]]]:
    for library, (module, look) in _LOOKS.items():
        if module in sys.modules:
            with contextlib.suppress(Exception):  # another version may keep them elsewhere
                found = look(sys.modules[module])
                yield library, {str(name): _told(value) for name, value in found.items()}


def _told(value: Any) -> str:
    """What is the same in all kernels where a setting is: nothing of where in memory it lies."""
    return _WHERE.sub("", repr(value))


def _flat(options: Mapping[str, Any], path: str = "") -> dict[str, Any]:
    """The options of pandas, which are dictionaries in dictionaries."""
    found: dict[str, Any] = {}
    for name, value in options.items():
        found.update(
            _flat(value, f"{path}{name}.") if isinstance(value, dict) else {path + name: value}
        )
    return found


def _of_matplotlib(matplotlib: Any) -> dict[str, Any]:
    settings = matplotlib.rcParams
    names = [name for name in dict.keys(settings) if not name.startswith(_OF_BACKENDS)]
    return {name: dict.__getitem__(settings, name) for name in names}


def _of_decimal(decimal: Any) -> dict[str, Any]:
    context = decimal.getcontext()
    kept = ("prec", "rounding", "Emin", "Emax", "capitals", "clamp")
    trapped = sorted(kind.__name__ for kind, on in context.traps.items() if on)
    return {**{name: getattr(context, name) for name in kept}, "traps": trapped}


def _of_signal(_: Any) -> dict[str, Any]:
    numbers = [getattr(signal, name) for name in _SIGNALS if hasattr(signal, name)]
    return {number.name: signal.getsignal(number) for number in numbers}


_LOOKS: dict[str, tuple[str, Callable[[Any], dict[str, Any]]]] = {
    "decimal": ("decimal", _of_decimal),
    "locale": ("locale", lambda locale: {"locale": locale.setlocale(locale.LC_ALL)}),
    "matplotlib": ("matplotlib.pyplot", lambda _: _of_matplotlib(sys.modules["matplotlib"])),
    "numpy": ("numpy", lambda numpy: {**numpy.get_printoptions(), **numpy.geterr()}),
    "pandas": ("pandas", lambda pandas: _flat(vars(pandas.options)["d"])),
    "plotly": ("plotly.io._templates", lambda module: {"default": module.templates.default}),
    "signal": ("signal", _of_signal),
    "sklearn": ("sklearn", lambda sklearn: sklearn.get_config()),
}
