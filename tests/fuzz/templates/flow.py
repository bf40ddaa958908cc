"""The ways through a cell."""

from __future__ import annotations

from tests.fuzz.templates.noun import Noun, Templates

_STATEMENTS: Templates = {
    "flow": (
        "if <num:e> > 4:\n    <block>",
        "if <num:e> > 4:\n    <block>\nelse:\n    <block>",
        "if (<num:t> := <num:e>) > 2:\n    <block>",
        "for <num:r> in range(<digit> % 3):\n    <block>",
        "for <num:r> in <list>[:2]:\n    <block>",
        "for <num:r> in [<digit>, <digit>]:\n    if <num> > 5:\n        break\n    <block>\nelse:\n"
        "    <block>",
        "for <num:r> in [<digit>, <digit>]:\n    if <num> > 5:\n        continue\n    <block>",
        "while len(<list#1>) > 3:\n    <list#1>.pop()",
        "while True:\n    <block>\n    break",
        "try:\n    <block>\n    <list>[99]\n    <block>\nexcept IndexError as error:\n    <block>",
        "try:\n    <block>\nexcept Exception as <text>:\n    <block>\nelse:\n    <block>",
        "try:\n    <num:r> = <dict>['zz']\nexcept KeyError as error:\n    <num:r> = len(error.args)",
        "try:\n    <block>\n    raise ValueError(<digit>)\nexcept ValueError as error:\n"
        "    <num:r> = error.args[0]\nfinally:\n    <block>",
        "try:\n    <list:r> = <list>\n    <list>[99] = 1\nexcept (IndexError, KeyError):\n    pass",
        "with contextlib.suppress(IndexError):\n    <block>\n    <list>[99]\n    <block>",
        "with contextlib.nullcontext(<list>) as <list:t>:\n    <list>.append(<digit>)",
        "match <list>:\n    case [<num:r>, *<list:r>]:\n        <block>\n    case []:\n        <block>",
        "match <book>:\n    case {'l': <list:r>}:\n        <block>\n    case {'k': <list:r>, **rest}:\n"
        "        <block>",
        "match <num:e>:\n    case 1 | 2 | 3:\n        <block>\n    case <num:r> if <num> > 4:\n"
        "        <block>",
        "match <nest>:\n    case [[*_], *_] as <nest:r>:\n        <nest>[0].append(<digit>)",
        "<list:t> = <list> if <num> > 4 else <list:e>",
        "if <num> > 4:\n    <list:r> = <list>\nelse:\n    <list:r> = <list>",
        "for <num:r>, <list:r> in enumerate(<nest>):\n    <block>",
        "with contextlib.ExitStack() as stack:\n    <block>",
        "@contextlib.contextmanager\ndef <ctx:t>():\n    <list#1>.append(<digit>)\n    yield <list#1>\n"
        "    <list>.append(<digit>)",
        "with <ctx>() as <list:t>:\n    <block>",
        "assert <num> < 1000, <text>",
    ),
    "contexts": (
        "class <door:t>:\n    def __init__(self, xs):\n        self.xs = xs\n"
        "    def close(self):\n        self.xs.append(<digit>)",
        "class <door:t>:\n    shut = []\n    def __init__(self, xs):\n        self.xs = xs\n"
        "    def close(self):\n        self.shut.append(len(self.xs))\n        <list>.append(<digit>)",
        "door = <door>(<list>)\ntry:\n    door.xs.append(<digit>)\nfinally:\n    door.close()",
        "with contextlib.ExitStack() as stack:\n    <block>\n    stack.pop_all()",
        "with contextlib.suppress(IndexError), contextlib.nullcontext(<list>) as <list:t>:\n    <list>[99]",
        "with contextlib.redirect_stdout(io.StringIO()) as said:\n    print(<num>, <list>)\n"
        "<text:n> = said.getvalue()",
        "<text:n> = repr([getattr(<door>, 'shut', None), <list>])",
    ),
}
_NAMES: Templates = {
    "ctx": ("ctx",),
    "door": ("Door",),
}
NOUN = Noun(
    names=_NAMES,
    code=frozenset({"ctx", "door"}),
    statements=_STATEMENTS,
    basics={"contexts": (_STATEMENTS["contexts"][0],)},
    uncertain=frozenset({"contexts"}),
)
