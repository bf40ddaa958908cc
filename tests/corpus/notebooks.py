"""Notebook files that are broken in every way we know of, as bytes by name."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def cell(source: object, *tags: object, **changes: object) -> dict[str, Any]:
    """A code cell, with what is to be otherwise in it."""
    return {
        "cell_type": "code",
        "id": f"c{abs(hash((str(source), str(tags)))) % 10**8}",
        "metadata": {"tags": list(tags)},
        "source": source,
        "outputs": [],
        "execution_count": None,
        **changes,
    }


def notebook(*cells: object, **changes: object) -> dict[str, Any]:
    """A notebook of these cells, with what is to be otherwise in it."""
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return {
        "cells": list(cells),
        "metadata": {"kernelspec": kernel, "language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
        **changes,
    }


GOOD = notebook(
    cell("n = 3", "parameters"),
    cell("import math", "setup"),
    cell(["x = n\n", "print(x)"], "task:a", "keep:x"),
    {"cell_type": "markdown", "id": "m", "metadata": {}, "source": "# Below"},
    cell("y = math.sqrt(x)", "task:b", "when:x>0"),
    cell("%time z = y", "task:c", metadata={"tags": ["after:a"], "dagflow": {"retries": 1}}),
)
TEXT = json.dumps(GOOD)
STREAM = {"output_type": "stream", "name": "stdout", "text": "x" * 50_000_000}
# What JSON can hold, in the place of anything else.
WRONG: Mapping[str, object] = {
    "null": None,
    "true": True,
    "a number": -1,
    "a fraction": 1.5,
    "a huge number": 10**400,
    "text": "text",
    "half a pair": "\ud800",
    "a list": [],
    "a list of lists": [[["x"]]],
    "an object": {},
    "an object in itself": {"cells": {"cells": {}}},
}
# Where it is put: the keys that lead there.
PLACES: tuple[tuple[str | int, ...], ...] = (
    (),
    ("nbformat",),
    ("nbformat_minor",),
    ("metadata",),
    ("metadata", "kernelspec"),
    ("metadata", "kernelspec", "name"),
    ("metadata", "kernelspec", "language"),
    ("metadata", "language_info"),
    ("metadata", "language_info", "name"),
    ("metadata", "dagflow"),
    ("cells",),
    ("cells", 2),
    ("cells", 2, "cell_type"),
    ("cells", 2, "id"),
    ("cells", 2, "source"),
    ("cells", 2, "source", 0),
    ("cells", 2, "metadata"),
    ("cells", 2, "metadata", "tags"),
    ("cells", 2, "metadata", "tags", 0),
    ("cells", 2, "metadata", "dagflow"),
    ("cells", 2, "outputs"),
    ("cells", 2, "outputs", 0),
    ("cells", 2, "execution_count"),
    ("cells", 3, "source"),
    ("cells", 5, "metadata", "dagflow", "retries"),
)


def put(document: object, place: tuple[str | int, ...], value: object) -> object:
    """A copy of a document with a value in a place; a place that is not there is made, or left out."""
    if not place:
        return value
    key, *rest = place
    if isinstance(document, dict):
        return {**document, key: put(document.get(str(key)), tuple(rest), value)}
    if isinstance(document, list) and isinstance(key, int):
        padded = [*document, *[None] * (key + 1 - len(document))]
        return [
            put(each, tuple(rest), value) if i == key else each for i, each in enumerate(padded)
        ]
    return document


def as_bytes(document: object) -> bytes:
    """A document as the file that holds it."""
    return json.dumps(document).encode()


CORPUS: dict[str, bytes] = {
    **{f"cut off at {n}": TEXT.encode()[:n] for n in range(0, len(TEXT), 97)},
    **{
        f"{name} for {'/'.join(map(str, place)) or 'all'}": as_bytes(put(GOOD, place, value))
        for place in PLACES
        for name, value in WRONG.items()
    },
    "nested": b"[" * 100_000,
    "nested objects": b'{"cells":' * 50_000,
    "nested metadata": TEXT.replace("{}", "[" * 5_000 + "]" * 5_000, 1).encode(),
    "nested brackets in code": as_bytes(notebook(cell("x = " + "(" * 300 + ")" * 300, "task:a"))),
    "nested operators in code": as_bytes(notebook(cell("x = " + "-" * 20_000 + "1", "task:a"))),
    "a long sum in code": as_bytes(notebook(cell("x = 1" + " + 1" * 20_000, "task:a"))),
    "a long chain in code": as_bytes(notebook(cell("x = a" + ".b" * 20_000, "task:a"))),
    "nested blocks in code": as_bytes(
        notebook(cell("".join(" " * i + "if 1:\n" for i in range(99)) + " " * 99 + "x = 1"))
    ),
    "not UTF-8": TEXT.encode().replace(b"print", b"pr\xefnt"),
    "UTF-16": TEXT.encode("utf-16"),
    "Latin-1": json.dumps(put(GOOD, ("cells", 2, "source"), "é"), ensure_ascii=False).encode(
        "latin-1"
    ),
    "a byte order mark": b"\xef\xbb\xbf" + TEXT.encode(),
    "two byte order marks": b"\xef\xbb\xbf" * 2 + TEXT.encode(),
    "a byte order mark alone": b"\xef\xbb\xbf",
    "NUL bytes": b"\0" * 5_000,
    "NUL bytes at the end": TEXT.encode() + b"\0" * 512,
    "a NUL byte within": TEXT.encode().replace(b"print", b"pr\0nt"),
    "a NUL in the code": as_bytes(notebook(cell("x = 1\0", "task:a"))),
    "a NUL in a tag": as_bytes(notebook(cell("x = 1", "task:a\0"))),
    "a NUL in an id": as_bytes(notebook(cell("x = 1", "task:a", id="a\0b"))),
    "duplicate ids": as_bytes(notebook(cell("x = 1", id="same"), cell("y = 1", id="same"))),
    "duplicate keys": TEXT.replace('"nbformat"', '"cells": [], "nbformat"').encode(),
    "ids of the worst kind": as_bytes(notebook(cell("x = 1", "task:a", id="../../" + "x" * 300))),
    "half a pair in the code": as_bytes(notebook(cell("x = '\ud83d'", "task:a"))),
    "nbformat 2": as_bytes({"worksheets": [], "metadata": {}, "nbformat": 2, "nbformat_minor": 0}),
    "nbformat 3": as_bytes(
        {"worksheets": [{"cells": [{"cell_type": "code", "input": "x = 1", "outputs": []}]}]}
        | {"metadata": {}, "nbformat": 3, "nbformat_minor": 0}
    ),
    "nbformat 4.99": as_bytes({**GOOD, "nbformat_minor": 99}),
    "nbformat 5": as_bytes({**GOOD, "nbformat": 5}),
    "nbformat 4 that is 3": as_bytes(
        {"worksheets": [{"cells": []}], "nbformat": 4, "metadata": {}}
    ),
    "tags in one text": as_bytes(put(GOOD, ("cells", 2, "metadata", "tags"), "task:a,task:b")),
    "tags with spaces": as_bytes(notebook(cell("x = 1", "task: a", " task:b", "task:a b", ""))),
    "a tag without end": as_bytes(notebook(cell("x = 1", "task:" + "a" * 100_000))),
    "a name that is a path": as_bytes(notebook(cell("x = 1", "task:../../etc"))),
    "tags by the thousand": as_bytes(
        notebook(cell("x = 1", *[f"after:t{i}" for i in range(5000)]))
    ),
    "a condition without end": as_bytes(
        notebook(cell("x = 1", "task:a", "when:" + "(" * 500 + "1" + ")" * 500))
    ),
    "50 MB of output": as_bytes(put(GOOD, ("cells", 2, "outputs"), [STREAM])),
    "outputs of the wrong types": as_bytes(
        put(
            GOOD, ("cells", 2, "outputs"), [1, None, {"output_type": 3}, {"data": []}, {"text": {}}]
        )
    ),
    "all outputs and no code": as_bytes(
        notebook(cell("", outputs=[STREAM | {"text": "x"}] * 1000))
    ),
    "widgets of the wrong types": as_bytes(put(GOOD, ("metadata", "widgets"), [1, 2])),
    "a kernel by path": as_bytes(put(GOOD, ("metadata", "kernelspec", "name"), "../../bin/sh")),
    "another language": as_bytes(put(GOOD, ("metadata", "kernelspec", "language"), "julia")),
    "a picture": b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20,
    "a web page": b"<!DOCTYPE html><html><body>Not found</body></html>",
    "only a number": b"4",
    "an endless number": b"[" + b"9" * 5_000 + b"]",
}
