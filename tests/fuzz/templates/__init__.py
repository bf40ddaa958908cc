"""What random notebooks are made of, one noun a module; `noun` says how templates are read.

The law: no kind, feature or name belongs to two nouns. Kinds: ``list`` holds numbers, ``nest`` lists
(at least one), ``dict`` numbers, ``book`` lists (one under "k"), ``array`` integers (at least one),
``frame`` has columns p and q; ``many`` is a dict with a factory of lists, ``view`` a view of a dict,
``group`` of a frame, ``marks`` its attrs; ``fields`` is the dict of an instance, ``masked`` an array
with a mask, ``row`` one of ``rows``, a structured array, ``window`` of two dimensions, ``sealed``
perhaps not to be written to, ``octets`` of bytes; ``chained`` is an exception with
others behind it, ``sign`` a member of ``signs``; ``l2l`` and the like are functions, ``object`` is
an instance of a ``class``, and ``point``, ``frozen``, ``vec``, ``mylist`` and ``error`` are of theirs.
"""

from __future__ import annotations

from collections.abc import Iterable

from tests.fuzz.templates import (
    annotated,
    arrays,
    classes,
    containers,
    decorators,
    errors,
    flow,
    frames,
    functions,
    generators,
    metaclasses,
    records,
    surroundings,
    waiting,
    watching,
)
from tests.fuzz.templates.imports import IMPORTS
from tests.fuzz.templates.noun import Noun, Templates
from tests.fuzz.templates.uncertain import HIDDEN, KEPT, ODD, UNSEEN

__all__ = [
    "BASICS",
    "CODE",
    "EXPRESSIONS",
    "HIDDEN",
    "HOLDERS",
    "IMPORTS",
    "KEPT",
    "NAMES",
    "ODD",
    "PARAMETERS",
    "START",
    "STATEMENTS",
    "UNCERTAIN",
    "UNSEEN",
]

_NOUNS: tuple[Noun, ...] = (
    containers.NOUN,
    functions.NOUN,
    decorators.NOUN,
    generators.NOUN,
    classes.NOUN,
    metaclasses.NOUN,
    records.NOUN,
    errors.NOUN,
    arrays.NOUN,
    frames.NOUN,
    surroundings.NOUN,
    flow.NOUN,
    annotated.NOUN,
    watching.NOUN,
    waiting.NOUN,
)


def _merged(parts: Iterable[Templates]) -> Templates:
    merged: dict[str, tuple[str, ...]] = {}
    for part in parts:
        assert not merged.keys() & part.keys(), merged.keys() & part.keys()
        merged.update(part)
    return merged


NAMES = _merged(noun.names for noun in _NOUNS)
EXPRESSIONS = _merged(noun.expressions for noun in _NOUNS)
STATEMENTS = _merged(noun.statements for noun in _NOUNS)
BASICS = _merged(noun.basics for noun in _NOUNS)
CODE = frozenset().union(*(noun.code for noun in _NOUNS))
UNCERTAIN = frozenset().union(*(noun.uncertain for noun in _NOUNS))
HOLDERS = frozenset().union(*(noun.holders for noun in _NOUNS))

PARAMETERS: tuple[str, ...] = ("<num:t> = <digit>", "<list:t> = [<digit>, 1]", "<text:t> = 'given'")
"""What the parameters cell of a notebook holds."""

START: tuple[str, ...] = (
    "<num:t> = <digit>",
    "<num:t> = <digit>",
    "<list:t> = [<digit>]",
    "<list:t> = [<digit>, 2]",
    "<list:t> = [1, 5, <digit>]",
    "<text:t> = 'text'",
)
"""What every notebook begins with."""
