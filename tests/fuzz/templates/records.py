"""Records and containers with something beside their content: named tuples, frozen and slotted classes,
chains of dicts, bounded queues, lists that are more than lists.
"""

from __future__ import annotations

from tests.fuzz.templates.noun import Noun, Templates

_STATEMENTS: Templates = {
    "named tuples": (
        "<point:t> = <pclass>(<num:e>, <list>)",
        "<point:t> = <point>._replace(x=<num:e>)",
        "<point:t> = <point>",
        "<point>.xs.append(<num:e>)",
        "<list:t> = <point>.xs",
        "<num:t>, <list:t> = <point>",
        "<text:n> = repr([<point>, <list>])",
        "<text:n> = [<point>, <point>]",
    ),
    "frozen": (
        "@dataclasses.dataclass(frozen=True)\nclass <fclass:t>:\n    xs: list\n    n: int = <digit>",
        "@dataclasses.dataclass(frozen=True, slots=True)\nclass <fclass:t>:\n    xs: list\n    n: int = <digit>",
        "@dataclasses.dataclass(order=True)\nclass <fclass:t>:\n    xs: list = dataclasses.field(default_factory=list)\n"
        "    n: int = <digit>\n    more: dict = dataclasses.field(default_factory=dict)",
        "<frozen:t> = <fclass>(<list>)",
        "<frozen:t> = <fclass>(xs=<list:e>, n=<num>)",
        "<frozen:t> = dataclasses.replace(<frozen>, n=<num:e>)",
        "<frozen>.xs.append(<num:e>)",
        "<list:t> = <frozen>.xs",
        "<text:n> = [<frozen>.n, <frozen>.xs]",
        "<text:n> = [<frozen#1>, <frozen#1>]",
    ),
    "slots": (
        "<vec:t> = <vclass>(<list>)",
        "<vec:t> = copy.copy(<vec>)",
        "<vec:r> += <num:e>",
        "<vec>[0] = <num:e>",
        "<vec>.tag = <list>",
        "<vec#1>.tag = <vec#1>",
        "<vec>(<list>)",
        "<list:t> = <vec>.xs",
        "<vec>.xs.append(<num:e>)",
        "with <vec> as <list:t>:\n    <list>.append(<digit>)",
        "<num:t> = len(<vec>)",
        "<text:n> = repr([<vec>.xs, <list>])",
    ),
    "chains": (
        "<chain:t> = collections.ChainMap(<dict>, <dict>)",
        "<chain:t> = collections.ChainMap({}, <dict>)",
        "<chain:t> = <chain>.new_child(<dict>)",
        "<chain>['k'] = <num:e>",
        "<chain>.update(j=<num:e>)",
        "<chain>.pop('k', None)",
        "<chain>.setdefault('z', <digit>)",
        "<chain>.maps[-1]['y'] = <digit>",
        "<chain>.maps[0].clear()",
        "<dict:t> = <chain>.maps[0]",
        "<dict>['w'] = <digit>",
        "<text:n> = repr([dict(<chain>), <dict>])",
    ),
    "queues": (
        "<deque:t> = collections.deque(<nest>, maxlen=3)",
        "<deque:t> = <deque>.copy()",
        "<deque>.append(<list>)",
        "<deque>.appendleft(<list:e>)",
        "<deque>.rotate(1)",
        "<deque>[0].append(<num:e>)",
        "<list:t> = <deque>[-1]",
        "<nest:t> = list(<deque>)",
        "for e in <deque>:\n    e.append(<digit>)",
        "<text:n> = repr([list(<deque>), <deque>.maxlen])",
    ),
    "lists of one's own": (
        "class <lclass:t>(list):\n    note = None\n    def put(self, v):\n        self.append(v)\n"
        "        self.note = len(self)\n        return self",
        "class <lclass:t>(list):\n    note = None\n    kept = <list>\n    def put(self, v):\n"
        "        self.kept.append(v)\n        return self",
        "<mylist:t> = <lclass>(<list>)",
        "<mylist:t> = copy.copy(<mylist>)",
        "<mylist>.put(<num:e>)",
        "<mylist>.append(<num:e>)",
        "<mylist>.note = <list>",
        "<mylist:r> += [<digit>]",
        "<list:t> = list(<mylist>)",
        "<text:n> = repr([<mylist>, <mylist>.note])",
        "class <dclass:t>(dict):\n    def __missing__(self, key):\n        self[key] = made = []\n        return made",
        "<mydict:t> = <dclass>(k=<list>)",
        "<mydict>['a'].append(<digit>)",
        "<list:t> = <mydict>['b']",
        "<mydict>.extra = <list>",
        "<text:n> = repr(<mydict>)",
    ),
}
NOUN = Noun(
    names={
        "pclass": ("Point",),
        "point": ("pt1", "pt2"),
        "fclass": ("Config",),
        "frozen": ("cf1", "cf2"),
        "vclass": ("Vec",),
        "vec": ("vec1", "vec2"),
        "chain": ("ch1", "ch2"),
        "deque": ("dq1", "dq2"),
        "lclass": ("Rows",),
        "mylist": ("ml1", "ml2"),
        "dclass": ("Bag",),
        "mydict": ("md1",),
    },
    code=frozenset(
        {"pclass", "point", "fclass", "frozen", "vclass", "vec", "lclass", "mylist", "dclass"}
        | {"mydict"}
    ),
    statements=_STATEMENTS,
    basics={
        "named tuples": (
            "<pclass:t> = collections.namedtuple('Point', 'x xs')",
            "<point:t> = <pclass>(1, [<digit>])",
        ),
        "frozen": (_STATEMENTS["frozen"][0], "<frozen:t> = <fclass>([<digit>])"),
        "slots": (
            "class <vclass:t>:\n    __slots__ = ('xs', 'tag')\n    def __init__(self, xs, tag=None):\n"
            "        self.xs = xs\n        self.tag = tag\n    def __len__(self):\n        return len(self.xs)\n"
            "    def __iadd__(self, v):\n        self.xs.append(v)\n        return self\n"
            "    def __setitem__(self, at, v):\n        self.xs[at:at + 1] = [v]\n"
            "    def __call__(self, x):\n        self.tag = x\n        return x\n"
            "    def __enter__(self):\n        return self.xs\n    def __exit__(self, *error):\n"
            "        self.xs.append(0)",
            "<vec:t> = <vclass>([<digit>])",
        ),
        "chains": (
            "<dict:t> = {'k': <digit>}",
            "<dict:t> = {'j': <digit>}",
            "<chain:t> = collections.ChainMap({}, <dict>)",
        ),
        "queues": (
            "<nest:t> = [[1], [<digit>]]",
            "<deque:t> = collections.deque([[1], [2]], maxlen=3)",
        ),
        "lists of one's own": (
            _STATEMENTS["lists of one's own"][0],
            "<mylist:t> = <lclass>([<digit>])",
            _STATEMENTS["lists of one's own"][10],
            "<mydict:t> = <dclass>(k=[<digit>])",
        ),
    },
)
