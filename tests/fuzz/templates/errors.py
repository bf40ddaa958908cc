"""Exceptions that carry data, caught and kept."""

from __future__ import annotations

from tests.fuzz.templates.noun import Noun, Templates

_STATEMENTS: Templates = {
    "errors": (
        "class <eclass:t>(Exception):\n    def __init__(self, row):\n        super().__init__('bad')\n"
        "        self.row = row",
        "class <eclass:t>(Exception):\n    count = 0\n    def __init__(self, row=(), why='?'):\n"
        "        super().__init__(why)\n        self.row = row\n        type(self).count += 1",
        "class <eclass:t>(ValueError):\n    kept = []\n    def __init__(self, row):\n"
        "        super().__init__(row)\n        self.row = row\n        self.kept.append(len(row))",
        "try:\n    raise <eclass>(<list>)\nexcept <eclass> as error:\n    error.row.append(<digit>)",
        "try:\n    raise <eclass>(<nest>)\nexcept <eclass> as error:\n    error.row.append([<digit>])",
        "try:\n    raise <eclass>(<nest>[0])\nexcept Exception as error:\n    error.row.append(<num>)",
        "try:\n    raise ValueError(<list>)\nexcept ValueError as error:\n    error.args[0].append(<digit>)",
        "for e in <nest>:\n    try:\n        raise <eclass>(e)\n    except <eclass> as error:\n"
        "        error.row.append(<digit>)",
        "<error:t> = <eclass>(<list>)",
        "<error:t> = <error>",
        "try:\n    raise <eclass>(<list>)\nexcept <eclass> as error:\n    <error:r> = error",
        "try:\n    <list>[99]\nexcept IndexError as <num:d>:\n    <list>.append(<digit>)",
        "<error>.row.append(<num:e>)",
        "<error>.row = <list>",
        "<list:t> = <error>.row",
        "<text:n> = repr([<error>.row, <error>.args])",
        "<text:n> = getattr(<eclass>, 'count', None)",
        "def <l2l:t>(x):\n    try:\n        raise <eclass>(x)\n    except <eclass> as error:\n"
        "        error.row.append(<digit>)\n        return error.row",
    ),
}
NOUN = Noun(
    names={"eclass": ("BadRow",), "error": ("err1", "err2")},
    code=frozenset({"eclass", "error"}),
    statements=_STATEMENTS,
    basics={"errors": (_STATEMENTS["errors"][0], "<error:t> = <eclass>([<digit>])")},
)
