"""How much of what a cell puts out is kept.

The law: the beginning is kept, up to a number of bytes for each cell; then it is said, once, that more has come and
how to have more kept. The error that ends a cell is kept always. What a cell has cleared does not count.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

DEFAULT_BYTES = 10_000_000

Message = Mapping[str, Any]

_RICH = ("display_data", "execute_result", "update_display_data")


class OutputLimit:
    """Looks at the messages of a kernel, one by one, before they become outputs of a cell."""

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._put_out: dict[int, int] = {}

    def kept(self, message: Message, cell: int) -> list[Message]:
        """What of a message is to be taken for what it says: all, its beginning and a note, or nothing."""
        kind, content = message["msg_type"], message["content"]
        if kind == "clear_output":
            self._put_out.pop(cell, None)
        if kind != "stream" and kind not in _RICH:
            return [message]
        before = self._put_out.get(cell, 0)
        size = _bytes(content["text"]) if kind == "stream" else _size(content.get("data") or {})
        self._put_out[cell] = before + size
        if before > self._most:
            return []
        if before + size <= self._most:
            return [message]
        note = _stream(message, "stderr", self._note)
        if kind != "stream":
            return [note]
        start = _beginning(content["text"], self._most - before)
        return [_stream(message, content["name"], start), note] if start else [note]

    @property
    def _note(self) -> str:
        return (
            f"\n[dagflow: more came than the {self._most:,} bytes of output that are kept of a cell; the rest is left "
            "out. DAGFLOW_OUTPUT_LIMIT, as 100MB, has more kept.]\n"
        )


def _stream(like: Message, name: str, text: str) -> Message:
    header = {**like["header"], "msg_type": "stream"}
    content = {"name": name, "text": text}
    return {**like, "header": header, "msg_type": "stream", "content": content}


def _size(data: Mapping[str, Any]) -> int:
    texts = (value if isinstance(value, str) else json.dumps(value) for value in data.values())
    return sum(map(_bytes, texts))


def _bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def _beginning(text: str, most_bytes: int) -> str:
    if text.isascii():
        return text[:most_bytes]
    return text.encode("utf-8", "surrogatepass")[:most_bytes].decode("utf-8", "ignore")
