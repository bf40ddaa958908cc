"""Those who are told, or left, when something changes or goes: observers of traits, weak references."""

from __future__ import annotations

from tests.fuzz.templates.noun import Noun, Templates

_STATEMENTS: Templates = {
    "traits": (
        "class <dials:t>(traitlets.HasTraits):\n    n = traitlets.Int(<digit>)\n    xs = traitlets.List()",
        "class <dials:t>(traitlets.HasTraits):\n    n = traitlets.Int(<digit>)\n    xs = traitlets.Any()\n"
        "    @traitlets.observe('n')\n    def _seen(self, change):\n        <list>.append(change['new'])",
        "<dial:t> = <dials>()",
        "<dial:t> = <dials>(n=<num:e>, xs=<list>)",
        "<dial:t> = <dial>",
        "<dial>.n = <num:e>",
        "<dial>.xs = <list>",
        "<dial>.xs = [*<dial#1>.xs, <digit>]",
        "def <seer:t>(change):\n    <list>.append(change['new'])",
        "<dial>.observe(<seer>, 'n')",
        "<dial>.unobserve_all()",
        "<text:n> = [<dial>.n, <dial>.xs]",
        "<text:n> = repr([<dial#1>.trait_values(), <list>])",
    ),
    "weak references": (
        "<kept:t> = <keeper>(<list>)",
        "<kept:t> = <kept>",
        "<kept>.xs.append(<num:e>)",
        "weak = weakref.ref(<kept#1>)\n<kept#1>.xs.append(<num:e>)\n"
        "<text:n> = [weak() is <kept#1>, weak().xs]\ndel weak",
        "pool = weakref.WeakValueDictionary(k=<kept>)\n<text:n> = [*pool]\ndel pool",
        "<num:t> = len(weakref.WeakSet([<kept>, <kept>]))",
        "pool = weakref.WeakKeyDictionary()\npool[<kept>] = <num>\n<text:n> = list(pool.values())\ndel pool",
        "<text:n> = repr([<kept>.xs, <list>])",
    ),
}
NOUN = Noun(
    names={
        "dials": ("Dials",),
        "dial": ("dial1", "dial2"),
        "seer": ("seer",),
        "keeper": ("Keeper",),
        "kept": ("kp1", "kp2"),
    },
    code=frozenset({"dials", "dial", "seer", "keeper", "kept"}),
    holders=frozenset({"dial"}),
    statements=_STATEMENTS,
    basics={
        "traits": (
            _STATEMENTS["traits"][0],
            "<dial:t> = <dials>()",
            _STATEMENTS["traits"][8],
        ),
        "weak references": (
            "class <keeper:t>:\n    def __init__(self, xs):\n        self.xs = xs",
            "<kept:t> = <keeper>([<digit>])",
        ),
    },
    uncertain=frozenset({"traits", "weak references"}),
)
