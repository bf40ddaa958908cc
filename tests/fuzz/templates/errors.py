"""Exceptions that carry data, caught and kept, and what they came from."""

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
    "causes": (
        "try:\n    try:\n        raise <eclass>(<list>)\n    except <eclass> as error:\n"
        "        raise KeyError(<digit>) from error\nexcept KeyError as error:\n    <chained:t> = error",
        "try:\n    try:\n        raise <eclass>(<list>)\n    except <eclass> as error:\n"
        "        raise KeyError(<digit>) from None\nexcept KeyError as error:\n    <chained:t> = error",
        "try:\n    try:\n        <list>[99]\n    finally:\n        raise <eclass>(<list>)\n"
        "except <eclass> as error:\n    <chained:t> = error",
        "try:\n    raise ValueError(<digit>) from <error>\nexcept ValueError as error:\n    <chained:t> = error",
        "try:\n    raise <chained>\nexcept Exception as error:\n    <chained:t> = error",
        "try:\n    <num>.nothing\nexcept AttributeError as error:\n    <chained:t> = error",
        "<chained:t> = <chained>",
        "<chained>.__cause__ = <error>",
        "<chained>.__notes__ = ['<digit>']",
        "<error>.row.append(<digit>)",
        "<error:t> = <eclass>(<list>)",
        "if <chained>.__cause__ is not None:\n    <chained>.__cause__.row = <list>",
        "<text:n> = [type(e).__name__ for e in (<chained#1>.__cause__, <chained#1>.__context__)]",
        "<text:n> = repr([<chained#1>.args, <chained#1>.__suppress_context__, getattr(<chained#1>, 'name', None)])",
        "<text:n> = repr([getattr(<chained#1>, '__notes__', None), getattr(<chained#1>.__cause__, 'row', None)])",
        "<text:n> = [<chained#1>.__cause__ is <chained#1>.__context__, <chained#1>.__cause__ is <error>]",
    ),
}
NOUN = Noun(
    names={"eclass": ("BadRow",), "error": ("err1", "err2"), "chained": ("late1", "late2")},
    code=frozenset({"eclass", "error", "chained"}),
    statements=_STATEMENTS,
    basics={
        "errors": (_STATEMENTS["errors"][0], "<error:t> = <eclass>([<digit>])"),
        "causes": (
            _STATEMENTS["errors"][0],
            "<error:t> = <eclass>([<digit>])",
            _STATEMENTS["causes"][0],
        ),
    },
)
