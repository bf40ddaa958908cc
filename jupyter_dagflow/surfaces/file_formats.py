"""Values as files of common formats, chosen by a file's ending.

The law: a format is used only for values that it can hold as they are; anything else is refused
with the ending that would do.
"""

from __future__ import annotations

import io
import json
import pickle
from collections.abc import Callable, Mapping

from jupyter_dagflow.core.errors import OptionError

Encoder = Callable[[object], bytes]


def encoder(suffix: str) -> Encoder:
    """What makes the bytes of a file with that ending; raises `OptionError` for unknown ones."""
    known = _encoders()
    if suffix.lower() not in known:
        raise OptionError(
            f"A value cannot be written as {suffix or 'a file without ending'!r}.",
            hint=f"Let the file end in one of: {' '.join(known)}",
        )
    return known[suffix.lower()]


def _encoders() -> Mapping[str, Encoder]:
    return {
        ".json": _json,
        ".txt": _text,
        ".csv": _csv,
        ".parquet": _parquet,
        ".npy": _npy,
        ".pkl": _pickle,
    }


def _json(value: object) -> bytes:
    try:
        return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False).encode() + b"\n"
    except (TypeError, ValueError):
        raise _unfit(value, ".json", "numbers, texts, lists and dicts of them") from None


def _text(value: object) -> bytes:
    return f"{value}\n".encode()


def _csv(value: object) -> bytes:
    to_csv = getattr(value, "to_csv", None)
    if to_csv is None:
        raise _unfit(value, ".csv", "data frames and series")
    return str(to_csv()).encode()


def _parquet(value: object) -> bytes:
    to_parquet = getattr(value, "to_parquet", None)
    if to_parquet is None:
        raise _unfit(value, ".parquet", "data frames")
    data = to_parquet()
    return bytes(data)


def _npy(value: object) -> bytes:
    if type(value).__module__.partition(".")[0] != "numpy":
        raise _unfit(value, ".npy", "NumPy arrays and numbers")
    import numpy as np  # imported late: who has an array has NumPy

    file = io.BytesIO()
    np.save(file, np.asarray(value), allow_pickle=False)
    return file.getvalue()


def _pickle(value: object) -> bytes:
    return pickle.dumps(value)


def _unfit(value: object, suffix: str, holds: str) -> OptionError:
    return OptionError(
        f"A {type(value).__name__} cannot be written as {suffix}: that holds {holds}.",
        hint="Use .pkl, which holds anything, or .txt for its text.",
    )
