"""Generators, which run as far as somebody asks, and iterators, which stand somewhere."""

from __future__ import annotations

from tests.fuzz.templates.noun import Noun, Templates

_STATEMENTS: Templates = {
    "generators": (
        "def <stream:t>():\n    global <num#1:r>\n    yield <num#1>\n    <num#1> = <digit>\n    yield 5",
        "def <stream:t>():\n    global <num#1:r>\n    <num#1> = <digit>\n    yield 1\n    <num#1> = <digit>",
        "def <stream:t>():\n    global <list#1:r>\n    yield 3\n    <list#1> = [<digit>]\n    yield 4",
        "def <stream:t>():\n    <list#1>.append(<digit>)\n    yield len(<list#1>) % 9\n"
        "    <list#1>.append(<digit>)\n    yield 2",
        "def <stream:t>():\n    try:\n        yield <num>\n        yield <digit>\n    finally:\n"
        "        <list>.append(<digit>)",
        "def <stream:t>():\n    yield 7\n    yield from <stream>()",
        "def <l2g:t>(x):\n    for e in x:\n        <list>.append(e)\n        yield e",
        "def <l2g:t>(x):\n    while len(x) < 3:\n        x.append(<digit>)\n        yield x[-1]",
        "<num:t> = next(<stream>())",
        "<num:t> = next(<stream>(), <digit>)",
        "for <num:r> in <stream>():\n    break",
        "<list:t> = list(<stream>())[:3]",
        "<num:t>, *<list:t> = <stream>()",
        "<num:t> = sum(1 for _ in <stream>())",
        "<nest:t> = [[e] for e in <stream>()]",
        "steps = <stream>()\nnext(steps, None)\n<list:t> = list(steps)",
        "<list:t> = list(itertools.islice(<l2g>(<list>), 2))",
        "for <num:r> in <l2g>(<list>):\n    break",
    ),
    "iterators": (
        "<iter:t> = iter(<nest>)",
        "<iter:t> = iter(<list>)",
        "<iter:t> = enumerate(<nest>)",
        "<iter:t> = zip(<nest>, <list>)",
        "<iter:t> = reversed(<list>)",
        "<text:n> = repr(next(<iter>, None))",
        "<text:n> = repr(list(<iter>))",
        "<nest>.append([<digit>])",
        "<nest>[0].append(<digit>)",
    ),
}
NOUN = Noun(
    names={"stream": ("stream", "rest"), "iter": ("it1", "it2")},
    code=frozenset({"stream"}),
    statements=_STATEMENTS,
    uncertain=frozenset({"iterators"}),
    basics={
        "generators": (
            _STATEMENTS["generators"][0],
            "def <l2g:t>(x):\n    for e in x:\n        yield e",
        ),
        "iterators": ("<nest:t> = [[1], [<digit>]]", "<iter:t> = iter([[<digit>], [2], [3]])"),
    },
)
