"""Decorators and what they keep: registries, counters, caches, dispatchers, observers."""

from __future__ import annotations

from tests.fuzz.templates.noun import Noun, Templates

_STATEMENTS: Templates = {
    "registries": (
        "<hooks:t> = {'k': <l2l>}",
        "def <deco:t>(fn):\n    <hooks>['d'] = fn\n    return fn",
        "def <deco:t>(fn):\n    return <hooks>.setdefault('e', fn)",
        "def <named:t>(key):\n    def around(fn):\n        <hooks>[key] = fn\n        return fn\n    return around",
        "@<deco>\ndef <l2l:t>(x):\n    <list>.append(len(x))\n    return x",
        "@<named>('m')\ndef <l2l:t>(x):\n    return [<num>, *x[:1]]",
        "@functools.partial(<hooks>.__setitem__, 'n')\ndef <text:n>(x):\n    x.append(<num>)\n    return x",
        "@lambda fn: <hooks>.setdefault('p', fn)\ndef <l2l:t>(x):\n    x.sort()\n    return x",
        "<hooks>['q'] = lambda x: [*<list>[:2], len(x)]",
        "<hooks>.setdefault('r', <l2l>)",
        "for fn in <hooks>.values():\n    fn(<list>)",
        "<list:t> = <hooks>['k'](<list>)",
        "<text:n> = sorted(<hooks>)",
        "<named>('s')(<l2l>)",
    ),
    "calling decorators": (
        "def <rep:t>(k, fn):\n    return [e for _ in range(k) for e in fn()][:4]",
        "def <rep:t>(k, fn):\n    <list>.append(k)\n    return fn()",
        "@functools.partial(<rep>, 2)\ndef <list:t>():\n    <list>.append(<digit>)\n    return [<digit>]",
        "@functools.partial(<rep>, 1)\ndef <list:t>():\n    return [<num>, <digit>]",
        "<list:t> = functools.partial(<rep>, 2)(lambda: [<num>])",
        "<list:t> = <rep>(2, lambda: <list>)",
        "def <now:t>(fn):\n    return fn([<digit>])",
        "@<now>\ndef <list:t>(x):\n    <list>.append(len(x))\n    return x",
    ),
    "counters": (
        "def <deco:t>(fn):\n    @functools.wraps(fn)\n    def around(x):\n        around.calls += 1\n"
        "        around.seen.append(len(x))\n        return fn(x)\n    around.calls = 0\n"
        "    around.seen = []\n    return around",
        "def <deco:t>(fn):\n    kept = {}\n    def around(x):\n        if len(x) not in kept:\n"
        "            kept[len(x)] = fn(x)\n        return kept[len(x)]\n    around.kept = kept\n"
        "    return around",
        "@<deco>\ndef <l2l:t>(x):\n    return [<num>, len(x)]",
        "@<deco>\ndef <l2l:t>(x):\n    return x",
        "<list:t> = <l2l>(<list>)",
        "<l2l>([<digit>])",
        "<text:n> = [getattr(<l2l>, 'calls', None), getattr(<l2l>, 'seen', None)]",
        "def <twin:t>(store):\n    def bump(x):\n        store.append(len(x))\n        return store\n"
        "    def peek(x):\n        return list(store)\n    return bump, peek",
        "def <twin:t>(store):\n    count = 0\n    def bump(x):\n        nonlocal count\n        count += len(x)\n"
        "        return [count]\n    def peek(x):\n        return [count, *store[:2]]\n    return bump, peek",
        "<l2l#1:t>, <l2l#2:t> = <twin>(<list>)",
    ),
    "kept results": (
        "@functools.lru_cache(maxsize=None)\ndef <load:t>(i):\n    return [i]",
        "@functools.lru_cache\ndef <load:t>(i):\n    return [i, <num>]",
        "@functools.cache\ndef <load:t>(i):\n    return <list>[:i]",
        "kept = {}\ndef <load:t>(i):\n    if i not in kept:\n        kept[i] = [i]\n    return kept[i]",
        "<list:t> = <load>(2)",
        "<list:t> = <load>(<digit>)",
        "<load>(2).append(<num>)",
        "<text:n> = [<load>(2) is <load>(2), len(<load>(2))]",
        "<text:n> = [<list> is <load>(2)]",
    ),
    "dispatch": (
        "@functools.singledispatch\ndef <tell:t>(x):\n    return [<digit>]",
        "@functools.singledispatch\ndef <tell:t>(x):\n    <list>.append(<digit>)\n    return <list>",
        "@<tell>.register(list)\ndef <text:n>(x):\n    x.append(<num>)\n    return x",
        "@<tell>.register\ndef <text:n>(x: int):\n    return [x, <num>]",
        "<tell>.register(str, lambda x: [len(x)])",
        "<list:t> = <tell>(<list>)",
        "<list:t> = <tell>(<num>)",
        "<list:t> = <tell>(<text>)",
    ),
    "observers": (
        "<bus:t> = <busclass>()",
        "@<bus>.on\ndef <l2l:t>(x):\n    <list>.append(len(x))\n    return x",
        "@functools.partial(<busclass>.on, <bus>)\ndef <l2l:t>(x):\n    <list>.append(<digit>)\n    return x",
        "<bus>.on(<l2l>)",
        "<bus>.on(<list>.append)",
        "<bus>.on(lambda x: <list>.append(<digit>))",
        "<bus>.emit(<list>)",
        "<list:t> = <bus>.emit([<digit>])",
        "<text:n> = len(<bus>.subs)",
    ),
}
NOUN = Noun(
    names={
        "hooks": ("hooks",),
        "named": ("named",),
        "rep": ("times",),
        "now": ("now",),
        "twin": ("twins",),
        "load": ("load", "fetch"),
        "tell": ("tell",),
        "busclass": ("Bus",),
        "bus": ("bus",),
    },
    code=frozenset({"hooks", "named", "rep", "now", "twin", "load", "tell", "busclass", "bus"}),
    holders=frozenset({"hooks", "tell", "bus"}),
    statements=_STATEMENTS,
    uncertain=frozenset({"dispatch"}),
    basics={
        "registries": (
            "def <l2l:t>(x):\n    return x",
            "<hooks:t> = {'k': <l2l>}",
            _STATEMENTS["registries"][1],
            _STATEMENTS["registries"][3],
        ),
        "calling decorators": tuple(_STATEMENTS["calling decorators"][at] for at in (0, 6)),
        "counters": tuple(_STATEMENTS["counters"][at] for at in (0, 2, 7)),
        "kept results": (_STATEMENTS["kept results"][0],),
        "dispatch": (_STATEMENTS["dispatch"][0],),
        "observers": (
            "class <busclass:t>:\n    def __init__(self):\n        self.subs = []\n"
            "    def on(self, fn):\n        self.subs.append(fn)\n        return fn\n"
            "    def emit(self, x):\n        for fn in self.subs:\n            fn(x)\n        return x",
            "<bus:t> = <busclass>()",
            "def <l2l:t>(x):\n    return x",
        ),
    },
)
