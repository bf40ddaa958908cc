"""What the parts of a task with a mapped loop do in their kernels.

The law: in an instance's kernel nothing is an accumulator; what is reported through one is noted, with the very
objects, and done to the real one where all reports are gathered, in the order of the iterations.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, MutableMapping
from typing import Any

from .anatomy import root_package
from .fingerprint import fingerprint
from .overlap import Parts, overlap, parts

_CONSTANT = (int, float, complex, bool, str, bytes, type(None))
_COPIED = ("__setitem__", "__iadd__")  # an accumulator may copy what it is given by these


class Recorder:
    """Stands for an accumulator where an instance runs: whatever else is asked of it fails."""

    __slots__ = ("__name", "__note_down")

    def __init__(self, name: str, note: Callable[..., None]) -> None:
        self.__name = name
        self.__note_down = note

    def append(self, value: Any) -> None:
        """Note that a value is to be appended."""
        self.__note("append", value)

    def extend(self, values: Iterable[Any]) -> None:
        """Note the values that are to be appended: an iterator gives them but once."""
        self.__note("extend", list(values))

    def add(self, value: Any) -> None:
        """Note that a value is to be added."""
        self.__note("add", value)

    def __setitem__(self, key: Any, value: Any) -> None:
        self.__note("__setitem__", key, value)

    def __iadd__(self, value: Any) -> Recorder:
        self.__note("__iadd__", _apart(value))
        return self

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"{self!r}, so it has no {name} here")

    def __bool__(self) -> bool:
        raise TypeError(f"{self!r}, so its value cannot be asked for here")

    def __eq__(self, other: object) -> bool:
        raise TypeError(f"{self!r}, so it cannot be compared here")

    __hash__ = object.__hash__

    def __str__(self) -> str:
        raise TypeError(f"{self!r}, so it cannot be shown here")

    def __repr__(self) -> str:
        return f"{self.__name} gathers what the iterations of a mapped loop report"

    def __note(self, how: str, *arguments: Any) -> None:
        self.__note_down(self.__name, how, *arguments)


class Recording:
    """What one instance reports: ``report`` holds it, in order (see `gather`)."""

    def __init__(self, namespace: MutableMapping[str, Any], accumulators: Iterable[str]) -> None:
        self.report: list[tuple[str, str, tuple[Any, ...]]] = []
        self._copied: list[tuple[str, Any, str]] = []
        for name in accumulators:
            namespace[name] = Recorder(name, self._note)

    def rewritten(self) -> list[str]:
        """The accumulators that were given a value, by copy perhaps, which was changed afterwards."""
        return [name for name, value, before in self._copied if fingerprint(value) != before]

    def _note(self, name: str, how: str, *arguments: Any) -> None:
        self.report.append((name, how, arguments))
        if how in _COPIED and type(arguments[-1]) not in _CONSTANT:
            self._copied.append((name, arguments[-1], fingerprint(arguments[-1])))


def _apart(value: Any) -> Any:
    """What is added, as it is now, if whoever it is added to keeps no more than its elements."""
    kind = type(value)
    plain = root_package(kind) in ("numpy", "pandas") and hasattr(value, "copy")
    return value.copy() if kind is list or plain else value


def gather(
    namespace: MutableMapping[str, Any], report: Iterable[tuple[str, str, tuple[Any, ...]]]
) -> None:
    """Do to the accumulators what an instance reported: of each, its name, what is done to it, and with what."""
    for name, how, arguments in report:
        if name not in namespace:
            raise NameError(f"name {name!r} is not defined")
        if how == "__iadd__":
            namespace[name] += arguments[0]
        elif how == "__setitem__":
            namespace[name][arguments[0]] = arguments[1]
        else:
            getattr(namespace[name], how)(*arguments)


def shared(items: Iterable[Any], outside: Iterable[Parts]) -> list[bool]:
    """Of each item, whether another one has objects of it, or somebody outside does."""
    looked = [parts(item) for item in items]
    outside = list(outside)
    owners: dict[int, int] = {}
    for each in looked:
        for obj in each.objects:
            owners[obj] = owners.get(obj, 0) + 1
    return [
        any(owners[obj] > 1 for obj in each.objects)
        or any(memory.array is None or memory.array.base is not None for memory in each.memory)
        or any(overlap(each, other) for other in outside)
        for each in looked
    ]


def show(taskbook: str, cell: str) -> None:
    """Put out again what a cell of a taskbook has put out."""
    try:
        with open(taskbook, encoding="utf-8") as file:
            cells = json.load(file)["cells"]
    except (OSError, ValueError):  # it was cut off: what it printed is lost, and not what it did
        return
    outputs = [out for each in cells if each.get("id") == cell for out in each.get("outputs", ())]
    last = sys.stdout
    for output in outputs:
        if output["output_type"] == "stream":
            stream = sys.stderr if output["name"] == "stderr" else sys.stdout
            if stream is not last:
                last.flush()
            last = stream
            stream.write("".join(output["text"]))
        elif output["output_type"] in ("display_data", "execute_result"):
            data = {kind: _text(kind, shown) for kind, shown in output["data"].items()}
            last.flush()
            publisher = sys.modules["IPython"].get_ipython().display_pub
            publisher.publish(data, output.get("metadata") or {})


def _text(kind: str, shown: Any) -> Any:
    """What nbformat splits into lines, whole; JSON is no text."""
    return "".join(shown) if isinstance(shown, list) and "json" not in kind else shown
