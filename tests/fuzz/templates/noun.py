"""What there is to write about one noun: templates of statements and expressions, by feature.

The law: a statement that is filled in from a template runs without an error, whatever the values
are, as long as each name is of its kind. ``<list>`` is a name of that kind, ``<list:e>`` an
expression, ``<list:t>`` a name that is bound, ``<list:r>`` one that is bound again, ``<list:d>``
one that is deleted, ``<text:n>`` a new name; ``<list#1>`` is the same wherever it stands in one
template. ``<block>`` is some statements.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Templates = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Noun:
    """A few kinds of values and what may be done with them.

    ``names`` are those that values of a kind are given; ``code`` the kinds that carry code, which
    needs other names where it runs, and ``holders`` those of them to which more code may be added
    later; ``expressions`` what expressions of a kind may be, ``statements`` what statements of a
    feature may be, ``basics`` what a notebook that uses the feature begins with. ``uncertain`` are
    features whose doings cannot always be read: code that looks at code or at running things, files,
    and memory that libraries share.
    """

    names: Templates
    code: frozenset[str] = frozenset()
    holders: frozenset[str] = frozenset()
    expressions: Templates = field(default_factory=dict)
    statements: Templates = field(default_factory=dict)
    basics: Templates = field(default_factory=dict)
    uncertain: frozenset[str] = frozenset()
