"""Classes and their instances: state in either."""

from __future__ import annotations

from tests.fuzz.templates.noun import Noun, Templates

_EXPRESSIONS: Templates = {
    "object": (
        "<class>([<digit>])",
        "<class>(<list>)",
        "<class>(<list:e>)",
        "<object>",
        "<object>.add(<num>)",
        "copy.copy(<object>)",
        "copy.deepcopy(<object>)",
    ),
}
_STATEMENTS: Templates = {
    "classes": (
        "class <class:t>:\n    def __init__(self, xs):\n        self.xs = xs\n        self.n = 0\n"
        "    def add(self, v):\n        self.xs.append(v)\n        self.n += 1\n        return self\n"
        "    def peek(self):\n        return list(self.xs)\n"
        "    def take(self, x):\n        self.xs = x\n        return x",
        "class <class:t>:\n    shared = []\n    def __init__(self, xs):\n        self.xs = list(xs)\n"
        "        self.n = <num>\n"
        "    def add(self, v):\n        self.shared.append(v)\n        return self\n"
        "    def peek(self):\n        return self.shared\n"
        "    def take(self, x):\n        x.append(<num>)\n        return self.xs",
        "class <class:t>:\n    made = 0\n    def __init__(self, xs):\n        self.xs = [*xs, <digit>]\n"
        "        type(self).made += 1\n"
        "    n = property(lambda self: self.made)\n"
        "    def add(self, v):\n        <list>.append(v)\n        return self\n"
        "    def peek(self):\n        return <list>\n"
        "    def take(self, x):\n        self.xs += x[:1]\n        return self.xs",
        "@dataclasses.dataclass\nclass <class:t>:\n    xs: list\n    n: int = 3\n"
        "    log: list = dataclasses.field(default_factory=list)\n"
        "    def add(self, v):\n        self.log.append(v)\n        return self\n"
        "    def peek(self):\n        return self.log\n"
        "    def take(self, x):\n        self.n = <num>\n        return self.xs",
        "class <class:t>:\n    def __init__(self, xs):\n        self.xs = xs\n"
        "    @functools.cached_property\n    def n(self):\n        return len(self.xs)\n"
        "    def add(self, v):\n        self.xs.append(v)\n        return self\n"
        "    def peek(self):\n        return [self.n]\n"
        "    def take(self, x):\n        return self.xs",
        "class <class:t>:\n    def __init__(self, xs):\n        self.xs, self.m = xs, <digit>\n"
        "    @property\n    def n(self):\n        self.xs.append(<digit>)\n        return self.m\n"
        "    @n.setter\n    def n(self, v):\n        <list>.append(v)\n        self.m = v\n"
        "    def add(self, v):\n        self.n = v\n        return self\n"
        "    def peek(self):\n        return [self.n]\n"
        "    def take(self, x):\n        self.n += 1\n        return x",
        "class <class:t>(<class>):\n    def add(self, v):\n        super().add(v)\n"
        "        <list>.append(v)\n        return self",
        "class <class:t>(<class>):\n    def peek(self):\n        return [<num>, *super().peek()[:2]]",
        "class <class:t>(<class>):\n    more = <list>\n    def take(self, x):\n"
        "        self.more.append(<digit>)\n        return self.more",
        "class <class:t>(<class>):\n    def __init__(self, xs):\n        super().__init__(xs)\n"
        "        self.xs.append(<num>)",
        "class <class:t>(<class>):\n    def __enter__(self):\n        self.xs.append(<digit>)\n"
        "        return self.xs\n    def __exit__(self, *error):\n        <list>.append(<digit>)\n"
        "    def __len__(self):\n        return len(self.xs)\n    def __iter__(self):\n"
        "        return iter(self.xs)",
        "<object:t> = <object:e>",
        "<object:t> = <object:e>",
        "<object:t> = <class>(<list>)",
        "<object>.add(<num:e>)",
        "<object>.add(<num:e>)",
        "<object>.xs.append(<num:e>)",
        "<object>.xs = <list>",
        "<list:t> = <object>.xs",
        "<list:t> = <object>.peek()",
        "<list:t> = <object>.take(<list>)",
        "<object>.xs += [<digit>]",
        "<object>.extra = <list>",
        "<object>.n = <num:e>",
        "hasattr(<object>, 'n') and <list>.append(<digit>)",
        "setattr(<object>, 'xs', <list>)",
        "<l2l:t> = <object>.take",
        "def <o2l:t>(o):\n    o.add(<num>)\n    return o.xs",
        "def <o2l:t>(o):\n    o.xs = <list>\n    return o.peek()",
        "<list:t> = <o2l>(<object>)",
        "<object:t> = <class>(<object>.xs)",
        "<nest:t> = [o.xs for o in (<object>, <object>)]",
        "isinstance(<object>, <class>) and <list>.append(<digit>)",
    ),
    "dicts of objects": (
        "<marks:t> = <frame>.attrs",
        "<marks>['k'] = <digit>",
        "<frame>.attrs['k'] = <num:e>",
        "<text:n> = [dict(<marks>), <frame>.attrs.get('k')]",
        "<fields:t> = vars(<object>)",
        "<fields:t> = <object>.__dict__",
        "<fields>['n'] = <num:e>",
        "<object>.n = <num:e>",
        "<fields>['xs'] = <list>",
        "<text:n> = repr([<fields>.get('n'), <fields>.get('xs')])",
    ),
}
_BASICS: Templates = {
    "dicts of objects": (
        "<frame:t> = pd.DataFrame({'p': [1, 2, 3], 'q': [4, <digit>, 6]})",
        "<marks:t> = <frame>.attrs",
        _STATEMENTS["classes"][0],
        "<object:t> = <class>([<digit>])",
        "<fields:t> = vars(<object>)",
    ),
    "classes": (_STATEMENTS["classes"][0], "<object:t> = <class>([<digit>])"),
}
_NAMES: Templates = {
    "class": ("C", "D"),
    "object": ("o", "u"),
    "o2l": ("f3",),
    "fields": ("k2", "k3"),
}
NOUN = Noun(
    names=_NAMES,
    code=frozenset({"class", "object", "o2l"}),
    holders=frozenset({"object"}),
    expressions=_EXPRESSIONS,
    statements=_STATEMENTS,
    basics=_BASICS,
)
