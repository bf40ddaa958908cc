"""Classes that keep more than their instances do: how they are made, what making one leaves, what they hold.

All of them have what `classes` asks of a class.
"""

from __future__ import annotations

from tests.fuzz.templates.noun import Noun, Templates

_PLAIN = (
    "    def add(self, v):\n        self.xs.append(v)\n        self.n += 1\n        return self\n"
    "    def peek(self):\n        return list(self.xs)\n"
    "    def take(self, x):\n        self.xs = x\n        return x"
)
_INIT = "    def __init__(self, xs=()):\n        self.xs = list(xs)\n        self.n = <digit>\n"

_STATEMENTS: Templates = {
    "class state": (
        "class <class:t>:\n    log = <list>\n"
        + _INIT
        + _PLAIN.replace("list(self.xs)", "self.log"),
        "class <class:t>:\n    log = <list>\n    def __init__(self, xs):\n        self.xs = xs\n        self.n = 0\n"
        "        self.log.append(len(xs))\n" + _PLAIN,
        "class <class:t>:\n    def __init__(self, xs, kept=<list>):\n        self.xs = xs\n        self.n = len(kept)\n"
        "        self.kept = kept\n" + _PLAIN.replace("list(self.xs)", "self.kept"),
        "class <class:t>:\n    def __init__(self, xs, opt=<dict>):\n        self.xs = xs\n        self.n = 0\n"
        "        self.opt = opt\n" + _PLAIN.replace("list(self.xs)", "sorted(self.opt.values())"),
        "class <class:t>:\n    def __init__(self, xs, kept=[]):\n        self.xs = xs\n        self.n = 0\n"
        "        self.kept = kept\n        kept.append(len(xs))\n"
        + _PLAIN.replace("list(self.xs)", "self.kept"),
        "class <class:t>:\n    history = []\n    def __init__(self, xs):\n        self.xs = xs\n        self.n = 0\n"
        "        type(self).history.append(self)\n"
        + _PLAIN.replace("list(self.xs)", "[len(each.xs) for each in self.history]"),
        "class <class:t>:\n    known = {}\n    def __init_subclass__(cls, **more):\n"
        "        super().__init_subclass__(**more)\n        cls.known[cls.__name__] = len(cls.known)\n"
        + _INIT
        + _PLAIN.replace("list(self.xs)", "list(self.known.values())"),
        "class <class:t>:\n    def __init__(self, xs):\n        self.xs = xs\n        self.n = 0\n"
        "    def __getattr__(self, name):\n        if name.startswith('_') or 'xs' not in vars(self):\n"
        "            raise AttributeError(name)\n        self.n += 1\n        return getattr(self.xs, name)\n"
        + _PLAIN.replace("self.xs.append(v)", "self.append(v)"),
        "class <class:t>:\n    def __init__(self, xs):\n        self.xs = xs\n        self.n = 0\n"
        "    def __setattr__(self, name, value):\n        vars(self).setdefault('names', []).append(len(name))\n"
        "        object.__setattr__(self, name, value)\n"
        + _PLAIN.replace("list(self.xs)", "self.names"),
        "class <class:t>:\n    class Kept:\n        def __set_name__(self, owner, name):\n"
        "            self.name, self.history = '_' + name, []\n"
        "        def __get__(self, one, owner=None):\n            return self if one is None else getattr(one, self.name)\n"
        "        def __set__(self, one, value):\n            self.history.append(len(value))\n"
        "            setattr(one, self.name, value)\n    xs = Kept()\n" + _INIT + _PLAIN,
        "<class#1:t> = type('<class#1>', (<class>,), {'more': <list>})",
        "<class:t> = copy.deepcopy(<class>)",
        "<class>.tag = <list>",
        "<class>.tag = <digit>",
        "<text:n> = repr(getattr(<class>, 'tag', None))",
        "<text:n> = [isinstance(<object>, <class>), type(<object>).__name__]",
        "<text:n> = [getattr(<class>, name, None) for name in ('log', 'shared', 'known', 'made')]",
        "<list:t> = getattr(<class>, 'log', <list>)",
    ),
    "making": (
        "class <class:t>:\n    made = []\n    def __new__(cls, xs=()):\n        cls.made.append(<digit>)\n"
        "        return super().__new__(cls)\n" + _INIT + _PLAIN,
        "class <class:t>:\n    made = 0\n    def __new__(cls, *xs):\n        cls.made += 1\n"
        "        return super().__new__(cls)\n" + _INIT + _PLAIN,
        "class <class:t>:\n    one = None\n    def __new__(cls, xs=()):\n        if cls.one is None:\n"
        "            cls.one = super().__new__(cls)\n        return cls.one\n" + _INIT + _PLAIN,
        "class <meta:t>(type):\n    pool = []\n    def __call__(cls, *parts):\n"
        "        made = super().__call__(*parts)\n        cls.pool.append(len(cls.pool))\n        return made",
        "class <meta:t>(type):\n    pool = []\n    def __new__(meta, name, bases, body):\n"
        "        made = super().__new__(meta, name, bases, body)\n        meta.pool.append(len(name))\n"
        "        made.kept = []\n        return made",
        "class <meta:t>(type):\n    pool = <list>\n    def __len__(cls):\n        cls.pool.append(<digit>)\n"
        "        return len(cls.pool)",
        "class <class:t>(metaclass=<meta>):\n" + _INIT + _PLAIN,
        "class <class:t>(metaclass=<meta>):\n    kept = []\n"
        + _INIT
        + _PLAIN.replace("list(self.xs)", "self.kept"),
        "class <class:t>(<class>):\n    pass",
        "<object:t> = <class>(<list>)",
        "<object:t> = <class>([<digit>])",
        "<object>.add(<num:e>)",
        "<text:n> = [<meta>.pool, len(<meta>.pool)]",
        "<text:n> = [getattr(<class>, 'made', None), getattr(<class>, 'pool', None)]",
        "<text:n> = [<object> is <object>, <object>.peek()]",
    ),
}
_ONE = "class <class:t>:\n" + _INIT + _PLAIN
NOUN = Noun(
    names={"meta": ("Meta",)},
    code=frozenset({"meta"}),
    statements=_STATEMENTS,
    basics={
        "class state": (
            "<dict:t> = {'k': <digit>}",
            _ONE,
            "<object:t> = <class>([<digit>])",
        ),
        "making": (
            _ONE,
            _STATEMENTS["making"][3],
            "<object:t> = <class>([<digit>])",
        ),
    },
)
