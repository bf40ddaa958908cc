"""Hiding secrets in text: every form in which a value is likely to be written becomes ``***``.

The law: what is hidden is a value as a whole, in the forms of `forms_of`, also if it comes in pieces of one stream.
A text shorter than four characters is not hidden, for it would stand everywhere. What code makes of a value in other
ways (half of it, backwards, encrypted, drawn as a picture) cannot be known and is not hidden.
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterable, Iterator
from datetime import date
from typing import TypeVar
from urllib.parse import quote, quote_plus

MASK = "***"
SHORTEST = 4
_SHORTEST_PART = 8  # of a line of a value, as a key's
_SHORTEST_BASE64 = 6  # of what a value gives amid other bytes
_PERCENT = re.compile(r"%[0-9A-F]{2}")

T = TypeVar("T")


def nothing_to_hide(value: object) -> bool:
    """Whether a value tells nobody anything: none at all, or empty."""
    return value is None or value in ("", [], {}) or isinstance(value, bool)


class Mask:
    """Hides some values; false if there are none to hide.

    >>> Mask(["hunter2!"]).text("login hunter2! and hunter2%21")
    'login *** and ***'
    """

    def __init__(self, values: Iterable[object] = ()) -> None:
        texts = dict.fromkeys(text for value in values for text in _texts(value))
        forms = {form for text in texts for form in forms_of(text)}
        # The longest first: of two that begin alike, the shorter would leave the rest of the other.
        self._forms = sorted(forms, key=lambda form: (-len(form), form))
        self.pattern = "|".join(map(re.escape, self._forms))
        self._search = re.compile(self.pattern) if forms else None

    def __bool__(self) -> bool:
        return self._search is not None

    def text(self, text: str) -> str:
        """The text with ``***`` in place of what is secret."""
        return text if self._search is None else self._search.sub(MASK, text)

    def deep(self, value: T) -> T:
        """The same for all texts within lists and dicts, keys too."""
        return value if self._search is None else self._deep(value)

    def _deep(self, value: T) -> T:
        if isinstance(value, str):
            return self.text(value)  # type: ignore[return-value]
        if isinstance(value, dict):
            return type(value)({self._deep(k): self._deep(v) for k, v in value.items()})
        if isinstance(value, (list, tuple)):
            return type(value)(self._deep(item) for item in value)
        return value

    def split(self, text: str) -> tuple[str, str]:
        """What can be shown of a text that goes on, and the rest of it, with which a secret may begin."""
        if self._search is None:
            return text, ""
        after = 0
        for match in self._search.finditer(text):
            if match.end() == len(text) and self._begins_longer(match.group()):
                return self.text(text[: match.start()]), text[match.start() :]
            after = match.end()
        tail = text[after:]
        longest = min(len(tail), len(self._forms[0]) - 1)
        held = next((n for n in range(longest, 0, -1) if self._begins_longer(tail[-n:])), 0)
        return self.text(text[: len(text) - held]), text[len(text) - held :]

    def _begins_longer(self, text: str) -> bool:
        return any(form.startswith(text) and form != text for form in self._forms)


NOTHING_HIDDEN = Mask()


class MaskedStream:
    """A text that comes in pieces, of which one is given out only when it is clear that no secret begins there."""

    def __init__(self, mask: Mask) -> None:
        self._mask = mask
        self._held = ""

    def feed(self, text: str) -> str:
        """Take a piece and give out what can be shown by now."""
        shown, self._held = self._mask.split(self._held + text)
        return shown

    def end(self) -> str:
        """What was held back; of a secret's first characters no more than would be left of a short one."""
        held, self._held = self._mask.text(self._held), ""
        return held if len(held) < SHORTEST else MASK


def forms_of(text: str) -> Iterator[str]:
    """The ways in which a text is likely to be written: itself, escaped, quoted, in base64 and hex."""
    for each in dict.fromkeys([text, text.strip(), *_long_lines(text)]):
        if len(each) >= SHORTEST:
            yield from _escaped(each)
            data = each.encode("utf-8", "surrogatepass")
            yield from (data.hex(), data.hex().upper())
            yield from _base64(data)


def _texts(value: object) -> Iterator[str]:
    """The texts in a value that are secret with it."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from (text for item in value.values() for text in _texts(item))
    elif isinstance(value, (list, tuple)):
        yield from (text for item in value for text in _texts(item))
    elif isinstance(value, date):
        yield from (value.isoformat(), str(value))
    elif not nothing_to_hide(value):
        yield str(value)


def _long_lines(text: str) -> Iterator[str]:
    """The lines of a value that has several, as keys have, for they are shown one by one."""
    lines = text.splitlines()
    return (line.strip() for line in lines if len(lines) > 1 and len(line) >= _SHORTEST_PART)


def _escaped(text: str) -> Iterator[str]:
    in_json = json.dumps(text)[1:-1]
    yield text
    yield repr(text)[1:-1]
    yield ascii(text)[1:-1]
    yield text.replace("\\", "\\\\").replace("'", "\\'")
    yield in_json
    yield json.dumps(text, ensure_ascii=False)[1:-1]
    yield json.dumps(in_json)[1:-1]
    yield html.escape(text)
    yield html.escape(text, quote=False)
    for safe in ("", "/"):
        for quoted in (
            quote(text, safe=safe, errors="surrogatepass"),
            quote_plus(text, safe=safe, errors="surrogatepass"),
        ):
            yield quoted
            yield _PERCENT.sub(lambda match: match.group().lower(), quoted)


def _base64(data: bytes) -> Iterator[str]:
    """The value alone, and what is always the same of it wherever it stands amid other bytes."""
    for before, unsure in ((0, 0), (1, 2), (2, 3)):
        whole = (before + len(data)) * 8 // 6
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            encoded = encode(b"\0" * before + data).decode("ascii")
            if not before:
                yield encoded.rstrip("=")
            if whole - unsure >= _SHORTEST_BASE64:
                yield encoded[unsure:whole]
