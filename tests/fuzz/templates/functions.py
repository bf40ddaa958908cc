"""Functions: what they are made of and what they keep."""

from __future__ import annotations

from tests.fuzz.templates.noun import Noun, Templates

_EXPRESSIONS: Templates = {
    "l2l": (
        "<l2l>",
        "lambda x: x",
        "lambda x: [<num>, *x[:2]]",
        "lambda x, k=<num>: [k, len(x)]",
        "lambda x, k=<list>: k",
        "lambda x: <l2l>(x)",
        "functools.partial(<l2l>)",
        "(<l2l> if <num> > 3 else <l2l>)",
        "<maker>(<num>)",
        "<object>.take",
        "<fns>[0]",
    ),
    "fns": ("[<l2l>]", "[<l2l>, <l2l>]", "<fns>", "list(<fns>)"),
}
_STATEMENTS: Templates = {
    "functions": (
        "<l2l:t> = <l2l:e>",
        "<fns:t> = <fns:e>",
        "<l2l>(<list>)",
        "<l2l>(<list>)",
        "<list:t> = <l2l>(<list>)",
        "<fns>.append(<l2l>)",
        "for fn in <fns>:\n    <list:r> = fn(<list>)",
        "def <l2l:t>(x):\n    x.append(<num>)\n    return x",
        "def <l2l:t>(x):\n    <list>.append(len(x))\n    return <list>",
        "def <l2l:t>(x):\n    return <list> if len(x) > 2 else x",
        "def <l2l:t>(x, k=<num>):\n    return [k, <num>, *x[:2]]",
        "def <l2l:t>(x, k=<list>):\n    k.append(<digit>)\n    return x",
        "def <l2l:t>(x, kept=[]):\n    kept.append(len(x))\n    return kept",
        "def <l2l:t>(x, kept=[]):\n    kept.append(x)\n    return kept[0]",
        "def <l2l:t>(x):\n    global <num#1:r>\n    <num#1> = (<num#1> + 1) % 97\n    return [<num#1>]",
        "def <l2l:t>(x):\n    global <list#1:r>\n    <list#1> = x\n    return <list#1>",
        "def <l2l:t>(x):\n    return <l2l>(x)",
        "def <l2l:t>(x):\n    <l2l>(x)\n    return <l2l>(<list>)",
        "def <l2l:t>(x):\n    for e in <nest>:\n        e.append(<num>)\n    return x",
        "def <l2l:t>(x):\n    return [e for e in x if e != <num>]",
        "def <l2l:t>(*xs, **kw):\n    xs = [*xs, *kw.values()]\n    xs[0].append(<num>)\n    return xs[0]",
        "def <l2l:t>(x):\n    def inner():\n        return [<num>, len(x)]\n    return inner()",
        "def <l2l:t>(x):\n    x = list(x)\n    x.append(<num>)\n    return x",
        "def <l2l:t>(x):\n    try:\n        return [x[50]]\n    except IndexError as error:\n"
        "        return [len(error.args)]\n    finally:\n        <list>.append(<digit>)",
        "def <l2l:t>(x):\n    return [0] if len(x) < 2 else [len(x), x[-1]]",
        "def <l2l:t>(x):\n    <book>['k'].append(<num>)\n    return <book>['k']",
        "def <l2l:t>(x):\n    y = x\n    y += [<num>]\n    return y",
        "def <l2l:t>(x):\n    return x[:1] + <list>[:2]",
        "def <n2n:t>(i):\n    return (i * <num> + 1) % 97",
        "def <n2n:t>(i):\n    <list>.append(i)\n    return i",
        "@functools.lru_cache\ndef <n2n:t>(i):\n    return i * 3 % 97",
        "def <l2g:t>(x):\n    for e in x:\n        yield e + <num>",
        "def <l2g:t>(x):\n    <list>.append(<digit>)\n    yield from x",
        "<list:t> = list(<l2g>(<list>))",
        "for e in <l2g>(<list>):\n    <num:r> = e % 97",
    ),
    "function state": (
        "def <tally:t>(xs, seen=set(), hist=[]):\n    for e in xs:\n        if e in seen:\n            hist.append(e)\n"
        "        seen.add(e)\n    return hist",
        "def <tally:t>(xs, seen=<set>, hist=<list>):\n    seen.update(xs)\n    hist.append(len(seen))\n    return hist",
        "def <tally:t>(xs, seen=<dict>, hist=<list>):\n    return [*hist[:2], len(seen), *xs[:1]]",
        "def <tally:t>(xs, seen=None, hist=[], *, log=[]):\n    log.append(len(xs))\n    return log",
        "<list:t> = <tally>(<list>)",
        "<tally>([<digit>, <digit>])",
        "<tally>.__defaults__[1].append(<digit>)",
        "<tally>.__defaults__[1].clear()",
        "<list:t> = <tally>.__defaults__[1]",
        "<list:t> = <tally>(<list>, hist=<tally>.__defaults__[1])",
        "<tally>.calls = <num:e>",
        "<tally>.kept = <list>",
        "vars(<tally>)['calls'] = <digit>",
        "<tally>.__dict__.update(calls=<digit>)",
        "getattr(<tally>, 'kept', <list>).append(<digit>)",
        "<text:n> = repr([getattr(<tally>, 'calls', None), getattr(<tally>, 'kept', None)])",
        "<text:n> = repr(<tally>.__defaults__[1])",
        "<tally:t> = copy.copy(<tally>)",
        "<text:n> = <tally> is <tally>",
    ),
    "late binding": (
        "for i in range(2):\n    <fns>.append(lambda x: [i, len(x)])",
        "for i in range(2):\n    <fns>.append(lambda x, i=i: [i, *x[:1]])",
        "<fns:t> = [lambda x: x[:i] for i in range(3)]",
        "i = <digit>",
        "<list:t> = <fns>[0](<list>)",
        "<list:t> = <fns>[-1](<list>)",
        "<nest:t> = [fn(<list>) for fn in <fns>]",
        "<l2l:t> = <fns>[-1]",
        "def print(*parts):\n    <list>.append(len(parts))\nprint(1, 2)",
    ),
    "closures": (
        "def <maker:t>(k):\n    kept = []\n    def inner(x):\n        kept.append(k + len(x))\n"
        "        return kept\n    return inner",
        "def <maker:t>(k):\n    def inner(x):\n        nonlocal k\n        k = (k + 1) % 97\n"
        "        return [k]\n    return inner",
        "def <maker:t>(k):\n    def inner(x):\n        x.append(k)\n        return <list>\n"
        "    return inner",
        "def <maker:t>(k):\n    return lambda x: [k, <num>]",
        "def <maker:t>(k):\n    <list>.append(k)\n    return <l2l>",
        "<l2l:t> = <maker>(<num:e>)",
        "<l2l:t> = <maker>(<num:e>)",
        "<list:t> = <maker>(<num>)(<list>)",
        "def <deco:t>(fn):\n    def around(x):\n        <list>.append(<digit>)\n        return fn(x)\n"
        "    return around",
        "def <deco:t>(fn):\n    @functools.wraps(fn)\n    def around(x):\n        fn.calls = <digit>\n"
        "        return fn(x)\n    return around",
        "def <deco:t>(fn):\n    <fns>.append(fn)\n    return fn",
        "@<deco>\ndef <l2l:t>(x):\n    x.append(<num>)\n    return x",
        "@<deco>\ndef <l2l:t>(x):\n    return [<num>, len(x)]",
        "<l2l:t> = <deco>(<l2l>)",
    ),
    "caches": (
        "@functools.lru_cache\ndef <n2n:t>(i):\n    <list>.append(i)\n    return i",
        "@functools.lru_cache(maxsize=2)\ndef <n2n:t>(i):\n    return (i + <num>) % 97",
        "@functools.lru_cache\ndef <n2n:t>(i):\n    return len(<list>) + i",
        "<num:t> = <n2n>(<digit>)",
        "<num:t> = <n2n>(<num>)",
        "<num:t> = <n2n>(<n2n>(1))",
    ),
}
_BASICS: Templates = {
    "functions": ("def <l2l:t>(x):\n    return x", "def <n2n:t>(i):\n    return i"),
    "function state": (_STATEMENTS["function state"][0],),
    "late binding": ("i = 0", "<fns:t> = [lambda x: x]"),
    "caches": ("def <n2n:t>(i):\n    return i",),
}
_NAMES: Templates = {
    "l2l": ("f", "g", "h"),
    "n2n": ("f1",),
    "l2g": ("f2",),
    "tally": ("tally",),
    "fns": ("fs",),
    "maker": ("make",),
    "deco": ("deco",),
}
NOUN = Noun(
    names=_NAMES,
    code=frozenset({"maker", "l2g", "n2n", "fns", "l2l", "deco", "tally"}),
    holders=frozenset({"fns", "tally"}),
    expressions=_EXPRESSIONS,
    statements=_STATEMENTS,
    basics=_BASICS,
    uncertain=frozenset({"function state"}),
)
