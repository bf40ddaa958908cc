"""Annotations, which are there for other code to read, and members of enumerations."""

from __future__ import annotations

from tests.fuzz.templates.noun import Noun, Templates

_STATEMENTS: Templates = {
    "annotations": (
        "<num:t>: int = <num:e>",
        "<list:t>: 'list[int]' = <list:e>",
        "def <noted:t>(x: list, k: 'int' = <num>) -> list:\n    return [k, *x[:2]]",
        "def <noted:t>(x: [<num>, <digit>]) -> None:\n    x.append(<digit>)\n    return x",
        "def <noted:t>(x: <list>, *, k: <digit> = <list>) -> <text>:\n    return k",
        "def <noted:t>(x):\n    y: list = x\n    y.append(<num>)\n    return y",
        "<list:t> = <noted>(<list>)",
        "<noted>(<list>)",
        "<noted>.__annotations__['y'] = <digit>",
        "<noted>.__annotations__ = {'x': <list>}",
        "<noted>.__doc__ = '<digit>'",
        "<text:n> = repr(<noted>.__annotations__)",
        "<text:n> = repr([*<noted>.__annotations__, <noted>.__doc__])",
        "class <form:t>:\n    xs: list\n    n: int = <digit>",
        "class <form:t>:\n    'Said.'\n    xs: <list> = None\n    n: 'int' = <num>",
        "class <form:t>(<form>):\n    more: <digit> = <digit>",
        "<form>.n = <num:e>",
        "<form>.__annotations__['z'] = <digit>",
        "<text:n> = repr([<form#1>.__annotations__, <form#1>.n, <form#1>.__doc__])",
    ),
    "enumerations": (
        "class <signs:t>(enum.Enum):\n    RED = <digit>\n    BLUE = [<digit>]",
        "class <signs:t>(enum.Enum):\n    RED = (<num>, <digit>)\n    BLUE = <list>\n"
        "    def after(self):\n        return [*type(self)][0]",
        "class <signs:t>(enum.Enum):\n    RED = enum.auto()\n    BLUE = 'b', <digit>\n"
        "    @classmethod\n    def _missing_(cls, value):\n        return cls.RED",
        "<sign:t> = <signs>.RED",
        "<sign:t> = <signs>.BLUE",
        "<sign:t> = <signs>['BLUE']",
        "<sign:t> = <sign>",
        "<sign>.note = <digit>",
        "if type(<signs>.BLUE.value) is list:\n    <signs>.BLUE.value.append(<digit>)",
        "<dict:t> = {each.name: len(each.name) for each in <signs>}",
        "match <sign>:\n    case <signs>.RED:\n        <list>.append(<digit>)\n    case _:\n        <block>",
        "<text:n> = [<sign>.name, <sign>.value, getattr(<sign>, 'note', None)]",
        "<text:n> = [<sign> is <signs>.RED, <sign> in (<signs>.RED, <signs>.BLUE), len(<signs>)]",
        "<text:n> = repr([each.value for each in <signs>])",
    ),
}
NOUN = Noun(
    names={
        "noted": ("noted",),
        "form": ("Form", "Table"),
        "signs": ("Sign", "Light"),
        "sign": ("sg1", "sg2"),
    },
    code=frozenset({"noted", "form", "signs", "sign"}),
    statements=_STATEMENTS,
    basics={
        "annotations": tuple(_STATEMENTS["annotations"][at] for at in (2, 13)),
        "enumerations": tuple(_STATEMENTS["enumerations"][at] for at in (0, 3)),
    },
)
