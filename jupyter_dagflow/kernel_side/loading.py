"""Turning a stored bundle back into values.

The law: a bundle that is damaged or cannot be understood here is reported with the reason, never
used in part. Names of the notebook are found in the namespace that the values are loaded into;
those missing there are made from the statements that travel with the bundle.
"""

from __future__ import annotations

import contextlib
import functools
import pickle
import warnings
from collections.abc import Callable
from typing import Any

from . import bundle, figures, rebuild
from .definitions import Definitions, OtherVersion

_REBUILD = ("_dagflow_kernel_side.rebuild", "jupyter_dagflow.kernel_side.rebuild")


class CannotLoad(Exception):
    """A stored value cannot be made again in this kernel; the text says which and why."""


def load(
    path: str,
    digest: str,
    definitions: Definitions,
    *,
    cloudpickle: Callable[[], Any],
) -> dict[str, Any]:
    """The values of a bundle by name; raises `bundle.DamagedBundle` or `CannotLoad`."""
    stored = bundle.read(path, digest)
    names = ", ".join(stored.header["names"])
    if stored.header["cloudpickle"] and cloudpickle() is None:
        raise CannotLoad(f"Cannot load {names}: this kernel lacks the package cloudpickle.")
    try:
        definitions.admit(stored.header["definitions"], stored.header["by_name"])
        unpickler = _Unpickler(stored, definitions)
        values: dict[str, Any] = unpickler.load()
        if unpickler.met_figure:
            figures.show_as_pictures()
    except OtherVersion as error:
        raise CannotLoad(f"Cannot load {names} here: {error}.") from None
    except Exception as error:
        text = f"{type(error).__name__}: {error}"
        raise CannotLoad(f"Cannot load {names} in this kernel ({text}).") from error
    return values


class _Unpickler(pickle.Unpickler):
    """Finds the notebook's names among its definitions, wherever this package was loaded from."""

    def __init__(self, stored: bundle.Bundle, definitions: Definitions) -> None:
        super().__init__(_File(stored.pickled), buffers=stored.buffers)
        self._definitions = definitions
        self.met_figure = False
        self._warned = contextlib.ExitStack()
        self._met_itertools = False

    def load(self) -> Any:
        """The value, without what Python 3.12 and later say of each pickled iterator of ``itertools``."""
        with self._warned:
            return super().load()

    def find_class(self, module: str, name: str) -> Any:
        """The object of that name."""
        self.met_figure |= module == figures.MODULE
        if (
            module == "itertools" and not self._met_itertools
        ):  # and only then: imports may add filters that stay
            self._met_itertools = True
            self._warned.enter_context(warnings.catch_warnings())
            warnings.simplefilter("ignore")
        if module in _REBUILD:
            found = getattr(rebuild, name)
            if found is rebuild.make_function:
                return functools.partial(found, self._definitions.namespace)
            if found is rebuild.named:
                return functools.partial(found, self._definitions.find)
            if found is rebuild.marker:
                return functools.partial(found, self._definitions.marker)
            return found
        top, _, rest = name.partition(".")
        if module == rebuild.MAIN and top in self._definitions:
            found = self._definitions.find(top)
            for part in rest.split(".") if rest else ():
                found = getattr(found, part)
            return found
        return super().find_class(module, name)


class _File:
    """Reads from memory without copying all of it, which ``io.BytesIO`` would."""

    def __init__(self, data: memoryview) -> None:
        self._data = data
        self._position = 0

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        end = len(self._data) if size < 0 else self._position + size
        part = bytes(self._data[self._position : end])
        self._position += len(part)
        return part

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer with the next bytes."""
        view = memoryview(buffer).cast("B")
        part = self._data[self._position : self._position + view.nbytes]
        view[: part.nbytes] = part
        self._position += part.nbytes
        return part.nbytes

    def readline(self) -> bytes:
        """The next line, of which protocol 5 has none but for very old reductions."""
        rest = bytes(self._data[self._position :])
        line = rest[: rest.find(b"\n") + 1] if b"\n" in rest else rest
        self._position += len(line)
        return line
