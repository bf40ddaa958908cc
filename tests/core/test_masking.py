"""Secrets are hidden in every form that is promised, and in whatever pieces they come."""

from __future__ import annotations

import base64
import datetime
import html
import json
import urllib.parse
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_dagflow.core.masking import MASK, NOTHING_HIDDEN, Mask, MaskedStream, forms_of

AWKWARD = 'p@ss w/"o"r\'d\\ é\n%&<x>'
KEY = "-----BEGIN KEY-----\nMIIEvQIBADANBgkqh\nkiG9w0BAQEFAASC\n-----END KEY-----\n"
SECRETS = st.text(min_size=4, max_size=12).filter(lambda text: len(text.strip()) >= 4)


@pytest.mark.parametrize(
    "write",
    [
        str,
        repr,
        ascii,
        json.dumps,
        lambda text: json.dumps(text, ensure_ascii=False),
        lambda text: json.dumps(json.dumps({"auth": text})),
        lambda text: repr({"auth": [text]}),
        html.escape,
        urllib.parse.quote,
        lambda text: urllib.parse.quote(text, safe=""),
        urllib.parse.quote_plus,
        lambda text: urllib.parse.urlencode({"password": text}),
        lambda text: text.encode().hex(),
        lambda text: base64.b64encode(text.encode()).decode(),
        lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
        lambda text: base64.b64encode(f"me:{text}".encode()).decode(),
        lambda text: base64.b64encode(f"you:{text}!".encode()).decode(),
        lambda text: base64.b64encode(f"a:{text}".encode()).decode(),
    ],
)
@pytest.mark.parametrize("secret", ["hunter2hunter2", AWKWARD])
def test_a_secret_is_hidden_however_it_is_written(secret: str, write: Callable[[str], str]) -> None:
    shown = Mask([secret]).text(f"[{write(secret)}]")
    assert MASK in shown
    pieces = [secret[at : at + 4] for at in range(len(secret) - 4)]
    assert not any(piece in shown for piece in pieces), shown


@pytest.mark.parametrize(
    ("value", "text", "shown"),
    [
        (12345, "the pin is 12345.", "the pin is ***."),
        ({"user": "ada!", "password": "geheim"}, "ada! geheim user", "*** *** user"),
        (["one-a", ["two-b"]], "one-a two-b", "*** ***"),
        (datetime.date(2024, 5, 17), "born 2024-05-17", "born ***"),
        ("line-one-is-long\nline-two-is-long", "  line-two-is-long", "  ***"),
        (KEY, "kiG9w0BAQEFAASC", "***"),
        ("padded!\n", "padded!", "***"),
        ("abc", "abc", "abc"),
        (None, "None", "None"),
        (True, "True", "True"),
        ("", "", ""),
    ],
)
def test_what_is_hidden_of_a_value(value: object, text: str, shown: str) -> None:
    assert Mask([value]).text(text) == shown


def test_it_goes_into_lists_and_dicts_and_leaves_all_else() -> None:
    value = {"a secret!": ["x secret!", 5, None, ("secret!",)]}
    assert Mask(["secret!"]).deep(value) == {"a ***": ["x ***", 5, None, ("***",)]}
    assert NOTHING_HIDDEN.deep(value) is value


@given(secrets=st.lists(SECRETS, min_size=1, max_size=2), data=st.data())
def test_no_form_of_a_secret_comes_out_of_a_stream(secrets: list[str], data: st.DataObject) -> None:
    mask = Mask(secrets)
    forms = [form for secret in secrets for form in forms_of(secret)]
    part = st.one_of(st.text(max_size=3), st.sampled_from(forms))
    text = "".join(data.draw(st.lists(part, max_size=6)))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    stream = MaskedStream(mask)
    places = [0, *cuts, len(text)]
    shown = [stream.feed(text[a:b]) for a, b in pairwise(places)]
    shown.append(stream.end())
    for out in ("".join(shown).split(MASK), mask.text(text).split(MASK)):
        # What stands beside a mask may make a form only together with the stars.
        assert not any(form in piece for form in forms for piece in out if MASK not in form)


@given(st.text(max_size=30), st.integers(0, 30))
def test_what_holds_no_secret_comes_out_as_it_went_in(text: str, cut: int) -> None:
    stream = MaskedStream(Mask(["\0\0\0\0never"]))
    out = stream.feed(text[:cut]) + stream.feed(text[cut:]) + stream.end()
    assert out == text or "\0" in text


def test_what_might_begin_a_secret_waits_for_what_follows() -> None:
    stream = MaskedStream(Mask(["xyxyz!"]))
    assert [stream.feed(piece) for piece in ("a xy", "xy", "xyz", "!", "xy")] == [
        "a ",
        "",
        "xy",
        "***",
        "",
    ]
    assert stream.end() == "xy"
    stream.feed("xyxyz")
    assert stream.end() == MASK
