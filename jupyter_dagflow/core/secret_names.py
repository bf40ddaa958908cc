"""Which names of parameters say that their values are secret.

The law: a name is read by its words (``api_key``, ``apiKey``, ``API_KEY``: api, key). Some word of it has to name a
secret, and no word may say that it is only *about* one: ``password_file`` is a path, ``max_tokens`` a number.
"""

from __future__ import annotations

import re

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_SECRET = frozenset(
    {"password", "passwords", "passwd", "passphrase", "passcode", "pwd", "secret", "secrets"}
    | {"token", "apikey", "apitoken", "accesskey", "privatekey", "secretkey", "authtoken"}
    | {"credential", "credentials", "creds"}
)
# A key is one of many things; what stands before it says which.
_WITH_KEY = frozenset(
    {"api", "private", "access", "secret", "auth", "signing", "encryption", "ssh"}
    | {"account", "master"}
)
_WITH_TOKENS = frozenset({"api", "access", "auth", "refresh", "bearer", "session"})
# What comes after a secret's word and makes another thing of it.
_ABOUT = frozenset(
    {"count", "counts", "length", "lengths", "len", "size", "sizes", "limit", "limits"}
    | {"budget", "usage"}
    | {"max", "min", "num", "number", "total", "rate", "ratio", "cost", "price", "per"}
    | {"type", "types", "kind", "name", "names", "id", "ids", "index", "position", "field"}
    | {"column"}
    | {"file", "files", "path", "paths", "dir", "folder", "url", "uri", "endpoint", "arn"}
    | {"ref", "env", "var"}
    | {"expiry", "expires", "expiration", "ttl", "age", "lifetime", "timeout", "version"}
    | {"algorithm"}
    | {"policy", "rule", "rules", "regex", "pattern", "strength", "required", "enabled", "header"}
    | {"embedding", "embeddings", "vocab", "mask", "dim", "dims", "probs", "weights", "scores"}
)
# What comes before it: a number of tokens, a question, and the special tokens of language models.
_NOT_OF = frozenset(
    {"n", "num", "number", "max", "min", "total", "mean", "avg", "is", "has", "use", "with", "no"}
    | {"require", "requires", "show", "allow", "per"}
)
_SPECIAL = frozenset(
    {"eos", "bos", "pad", "sep", "cls", "unk", "mask", "special", "start", "stop", "end"}
    | {"next", "prev", "first", "last", "continuation", "image", "audio", "text"}
)


def is_secret_name(name: str) -> bool:
    """Whether a parameter of this name is secret though no tag says so.

    >>> [is_secret_name(name) for name in ("db_password", "apiKey", "max_tokens", "tokenizer", "token_count")]
    [True, True, False, False, False]
    """
    words = [word.lower() for word in _WORD.findall(name)]
    if not words or words[0] in _NOT_OF:
        return False
    found = [place for place in range(len(words)) if _names_secret(words, place)]
    return bool(found) and _ABOUT.isdisjoint(words[found[-1] + 1 :])


def _names_secret(words: list[str], place: int) -> bool:
    word = words[place]
    before = words[place - 1] if place else ""
    if word == "token":
        return before not in _SPECIAL
    if word == "tokens":
        return before in _WITH_TOKENS
    if word in ("key", "keys"):
        return before in _WITH_KEY
    return word in _SECRET
