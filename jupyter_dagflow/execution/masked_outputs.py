"""What kernels put out, without what is secret.

The law: a message is changed before anybody else sees it. A stream is shown up to where a secret may begin, and the
rest when more has come or the cell has ended; pictures, which are no text, are left as they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from jupyter_dagflow.core.masking import Mask, MaskedStream

_BINARY = ("image/", "audio/", "video/", "application/pdf")
_TEXT = "image/svg+xml"


class MaskedOutputs:
    """The messages of one notebook's cells, one after the other."""

    def __init__(self, mask: Mask) -> None:
        self._mask = mask
        self._streams: dict[str, MaskedStream] = {}
        self._last: dict[str, Mapping[str, Any]] = {}

    def shown(self, message: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        """The messages to take in place of one that the kernel has sent, in order."""
        kind, content = message["msg_type"], message["content"]
        if not self._mask or kind == "execute_input":
            yield message
        elif kind == "stream":
            name = content["name"]
            stream = self._streams.setdefault(name, MaskedStream(self._mask))
            self._last[name] = message
            text = stream.feed(content["text"])
            if text:
                yield _with(message, text=text)
        elif kind == "status" and content["execution_state"] == "idle":
            yield from self.rest()
            yield message
        elif kind == "clear_output" and not content.get("wait"):
            self._streams.clear()
            yield message
        else:
            if kind == "error":  # what the cell printed stands above it
                yield from self.rest()
            yield {**message, "content": self._masked(content)}

    def rest(self) -> Iterator[Mapping[str, Any]]:
        """What is still held back, as messages."""
        streams, self._streams = self._streams, {}
        for name, stream in streams.items():
            text = stream.end()
            if text:
                yield _with(self._last[name], text=text)

    def _masked(self, content: Mapping[str, Any]) -> dict[str, Any]:
        masked = {key: self._mask.deep(value) for key, value in content.items() if key != "data"}
        data = content.get("data")
        if isinstance(data, dict):
            masked["data"] = {
                kind: value if _is_binary(kind) else self._mask.deep(value)
                for kind, value in data.items()
            }
        elif "data" in content:
            masked["data"] = data
        return masked


def _is_binary(kind: str) -> bool:
    return kind.startswith(_BINARY) and kind != _TEXT


def _with(message: Mapping[str, Any], *, text: str) -> dict[str, Any]:
    return {**message, "content": {**message["content"], "text": text}}
