"""Notebooks about names, containers and functions that once came out different, or were refused without need, each for a principle."""

from __future__ import annotations

import pytest

from tests.core.analysis.judged import are_equal, are_equal_as_tagged, are_refused

EQUAL: dict[str, tuple[str, ...]] = {
    "what stands in finally is done after what is returned, and where a jump leaves": (
        "n = 1\ndef f(xs):\n    global n\n    for x in xs:\n        try:\n            if x > 1:\n"
        "                return n\n            if x == 0:\n                continue\n        finally:\n            n += 1",
        "first = f([0, 1, 2])",
        "seen = n",
    ),
    "a block is left after what it has read": (
        "state = 1\nclass C:\n    def __enter__(self):\n        return self\n    def __exit__(self, *_):\n"
        "        global state\n        state = 3\ndef f():\n    with C():\n        return state",
        "first = f()",
        "with C():\n    second = state\n    state = 2",
        "seen = state",
    ),
    "annotations are what a function or class holds": (
        "def f(x: int):\n    return x\nclass A:\n    x: int = 1",
        "f.__annotations__['y'] = str\nmine = A.__annotations__",
        "mine['y'] = str",
        "seen = [sorted(f.__annotations__), sorted(A.__annotations__)]",
    ),
    "a function or class keeps the data that its annotations are": (
        "xs = [1]\ndef f(x: xs):\n    return x\nclass A:\n    x: xs = 1",
        "xs.append(2)",
        "seen = [f.__annotations__, A.__annotations__]",
    ),
    "a class keeps data of a record that its annotations are": (
        "import collections\nPoint = collections.namedtuple('Point', 'x xs')\np = Point(1, [6])",
        "xs = p.xs",
        "class A:\n    x: xs = None",
        "xs.append(2)",
    ),
    "an exception comes with the name that was not there": (
        "kept = []\nfor text in ('nobody', 'kept.nobody'):\n    try:\n        eval(text)\n"
        "    except Exception as error:\n        kept.append(error)",
        "seen = [error.name for error in kept]",
    ),
    "an exception comes with those that it came from": (
        "class Mine(Exception):\n    def __init__(self, a, b):\n        super().__init__(a)\n        self.b = b",
        "try:\n    try:\n        [][1]\n    except IndexError as e:\n        raise Mine('x', [2]) from e\n"
        "except Mine as e:\n    kept = e\ntry:\n    try:\n        {}[1]\n    finally:\n        [][1]\n"
        "except IndexError as e:\n    other = e\n    other.note = 1",
        "late = ValueError()\nlate.__cause__ = kept",
        "seen = [type(kept.__cause__), kept.__suppress_context__, type(other.__context__), other.note, kept.b]",
        "also = late.__cause__ is kept",
    ),
    "text that is run, or handed to who runs it, may read any variable": (
        "import __main__\nx = 1\ny = 2\nnames = ['x', 'y']\ndef get(name):\n    return eval(name)",
        "seen = [eval(names[0]), get(names[1])]",
        "also = list(map(eval, names))",
        "parts = [getattr(__main__, name) for name in names]",
        "for name in names:\n    exec(f'last = {name}')",
        "seen = last",
    ),
    "a name that is bound by text, and the notebook ends with": (
        "x = 1",
        "code = 'x = 3'",
        "exec(code)",
    ),
    "the name of an exception, which was something before, is gone when its handler ends": (
        "e = 1",
        "try:\n    [][e]\nexcept IndexError as e:\n    why = str(e)",
        "seen = 'e' in globals()",
    ),
    "the name of an exception that is not raised is what it was": (
        "e = 1",
        "try:\n    [7][e - 1]\nexcept IndexError as e:\n    why = str(e)",
        "seen = e",
    ),
    "a path is in a dict that is changed": (
        "from pathlib import Path\nP = Path('x')\ncfg = {'root': P}",
        "cfg['a'] = 1",
        "z = P / 'y'",
    ),
    "what accumulate is told to give is one of its elements": (
        "from itertools import accumulate\ndata = [[3], [1]]",
        "last = list(accumulate(data, lambda a, b: b))[1]",
        "last.append(2)",
        "seen = [data[1], len(last)]",
    ),
    "attributes of a function with a cache, and of a function by way of its dict": (
        "import functools\n@functools.lru_cache\ndef f(n):\n    return [n]\ndef g():\n    return 1",
        "f.note = [1]\nmine = vars(f)\nothers = g.__dict__",
        "mine['more'] = 2\n[others][0].update(x=3)",
        "seen = [f.note, f.more, g.x]",
    ),
    "a function that dispatches goes with what is registered with it": (
        "import functools\nb = [5]",
        "@functools.singledispatch\ndef tell(x):\n    return 1\n@tell.register\ndef _(x: int):\n"
        "    b.append(x)\n    return [x]\n@tell.register(list)\n@tell.register(tuple)\ndef _(xs):\n"
        "    return [tell(x) for x in xs]",
        "seen = [tell, tell(4), tell([2]), len(b)]",
    ),
    "an iterator goes through what it was made of as that is by then": (
        "c = [1, 5, 4]\nq = [[1], [5]]",
        "i = iter(c)\nr = reversed(c)\nz = zip(q, c)\nm = map(str, c)\nd = dict(enumerate(c))",
        "_ = [c.append(e) for e in [4, 2]]\nq[0].append(3)",
    ),
    "what a function with a cache gives to two tasks is one": (
        "import functools\n@functools.lru_cache(maxsize=None)\ndef load(i):\n    return [i]",
        "a = load(2)",
        "d = load(2)\nboth = [d, a]",
    ),
    "what a function with a cache gives to two tasks is asked for": (
        "import functools\n@functools.lru_cache(maxsize=None)\ndef load(i):\n    return [i]\n"
        "@functools.lru_cache(maxsize=None)\ndef rows():\n    return [[1]]",
        "a = load(2)\nr = rows()[0]",
        "seen = [a is load(2), r is rows()[0]]",
    ),
    "a copy of an instance is made by its class": (
        "import copy\nclass D:\n    made = 0\n    def __new__(cls, *xs):\n        cls.made += 1\n"
        "        return super().__new__(cls)",
        "u = D(1)",
        "v = copy.deepcopy(u)",
        "seen = D.made",
    ),
    "a method of the type of what may be a list changes it": (
        "w = {'k': [1], 'l': [0]}\nb = [8]",
        "d = w.get('l', b or b)",
        "type(d).append(d, 8)\nb.sort()",
        "f = type(d)\nf.append(d, f(d))",
    ),
    "methods in a list within a list": (
        "q = [[1], [4]]\nsubs = []",
        "subs.append(q[0].append)",
        "x = [8]\nfor fn in subs:\n    fn(x)",
        "q.reverse()\nx.append(3)",
    ),
    "a function to which another task adds a case": (
        "import functools\n@functools.singledispatch\ndef describe(v):\n    return 'other'",
        "@describe.register(list)\ndef _(v):\n    return 'list'",
        "f = describe\ndescribe.register(int, lambda v: [v])\nf.n = 3",
        "seen = [describe([1]), f(2), f is describe]",
    ),
    "a child of chained maps has the maps of all": (
        "import collections\ne = {'k': 8}",
        "c = collections.ChainMap({}, e)",
        "c = c.new_child({'j': 1})",
        "c.maps[-1]['y'] = 2",
    ),
    "an iterator that goes backwards from beyond the end": (
        "a = [1, 5, 4]\nit = reversed(a)",
        "a.clear()",
        "a.append(3)\nb = list(it)",
        "a.extend([7, 8, 9])",
    ),
    "what is set on a function holds": (
        "b = [3]",
        "def tally(xs, hist=b):\n    return hist",
        "tally.kept = b",
        "type(b).append(b, 4)\nseen = [tally.kept, tally([])]",
    ),
    "a generic function whose first case is another by now": (
        "import functools\n@functools.singledispatch\ndef tell(v):\n    return 'other'",
        "@tell.register(object)\ndef _(v):\n    return 'any'",
        "seen = [tell(1), tell.__name__, tell.__wrapped__(1)]",
    ),
    "a generator that has ended holds what it was over": (
        "b = [2]",
        "def stream():\n    try:\n        yield 8\n    finally:\n        b.append(4)\nsteps = stream()\na = list(steps)",
        "a[-1] += sum(b)",
    ),
    "keywords of update are stored, not spread": (
        "b = [1]",
        "w = {'k': [1]}",
        "w.update(l=b)",
        "b.append(2)",
        "seen = repr(w)",
    ),
    "dict() holds its keyword values": (
        "a = [1]",
        "w = dict(k=a)",
        "a.append(2)",
        "seen = repr(w)",
    ),
    "a relative folder is found where it was": (
        "import os\nos.makedirs('d1', exist_ok=True)\nos.chdir('d1')",
        "a = 1",
        "seen = os.path.basename(os.getcwd())",
    ),
    "an old function lives on in a list": (
        "def h(x):\n    return x",
        "fs = [h, h]",
        "def h(x):\n    return 2",
        "everything = [h, fs]",
    ),
    "what is added to a list of unknown make is held": (
        "import json\nb = [8]",
        "p = json.loads('[[1], [9]]')",
        "p += [b]",
        "b.append(3)",
        "seen = repr(p)",
    ),
    "adding twice what is in already": (
        "b = [1]\nq = [[1], [5]]",
        "q += [b]",
        "q.sort(key=len)",
        "q += [b]",
        "seen = [e is b for e in q]",
    ),
    "setup below a task takes the name over": ("m = 9", "# setup\nm = 3", "seen = m"),
    "a bound method holds what setup made, and is not setup's code": (
        "# setup\nclass C:\n    def __init__(self):\n        self.xs = [0]\n"
        "    def take(self, x):\n        self.xs = x\no = C()",
        "f = o.take",
        "o.xs += [1]",
        "seen = o.xs",
    ),
    "a generator that is perhaps seeded is there before": (
        "import random\nrandom.seed(7)\nn = 3",
        "if n > 5:\n    random.seed(8)",
        "b = random.sample([1, 2, 3, 4], 2)",
    ),
    "a closure is an object, whatever it closes over": (
        "def make(k):\n    def inner():\n        nonlocal k\n        k += 1\n        return k\n"
        "    return inner",
        "f = make(0)\nfs = [f]",
        "f = f",
        "everything = [f, fs]",
    ),
    "a function perhaps defined anew is the one there is": (
        "def f():\n    return 1",
        "for i in range(2):\n    def f():\n        return 9",
        "everything = [f, f()]",
    ),
    "what one task made share is one": (
        "q = [[1], [7]]",
        "c = [4]",
        "q.append(c)\nc.append(5)",
        "c += [6]",
        "seen = repr(q)",
    ),
    "sharing is asked for as it was when it was taken": (
        "c = [1]\nd = [7]",
        "w = {'k': [1]}",
        "w['k'] = d",
        "c, d = d, c\nw.update({'l': d})",
        "everything = [c, w]",
    ),
    "max with a default is not the list": (
        "c = [1, 5]\ne = {'k': 4}",
        "e['k'] = max(c, default=9)",
        "e.pop('k', None)\nmax(c, default=0)",
        "c.pop()",
    ),
    "a slice takes elements, not the list": (
        "b = [2]\ns = {1}\nd = [0]",
        "b[:1] = [d[0]]",
        "s.add(b[0] if b else 7)",
        "everything = [b, s]",
    ),
    "a task that has both apart is made to take both together": (
        "d = [7]\nn = [1, 5, 7]\nw = {'k': [1]}\nq = [[1]]",
        "w |= {'l': n}",
        "w.update({'k': [3]})",
        "for m in n[:2]:\n    q[0].append(m)\nseen3 = repr(w)",
        "b = n\nd = w.get('l', b)",
    ),
    "what a list had before it was made anew still counts": (
        "n = 4\nd = [8, 2]\nc = [1, 5, 8]\nq = [[1], [2]]",
        "q.insert(0, c)\nq.insert(0, d)",
        "d[:1] = [n]",
        "d = c\n*q, b = [*q, d]",
        "q += [c]",
    ),
    "a deleted name still tells what it shared": (
        "m = 1\nd = [8]",
        "p = [[1], [8]]",
        "a, *p = [d, *p]",
        "b, *p = [a, *p]\ndel a\nb += [m]",
    ),
    "what is put in twice is one object": (
        "a = [1, 5, 7]\nclass C:\n    n = 0\n    def add(self):\n        self.n += 1\nu = C()",
        "u.extra = a",
        "u.add()",
        "u.xs = a",
    ),
    "what is appended twice is one object": (
        "b = [7]",
        "q = [[1], [2]]",
        "q.append(b)",
        "q.reverse()",
        "q.append(b)",
    ),
    "one name may go and the object stay": (
        "b = [1, 5, 6]",
        "w = {'k': [1]}",
        "w.setdefault('m', b)",
        "b[-1] += 0",
        "del w",
        "b[-1] += 3",
    ),
    "a function is changed wherever it is": (
        "def h(x):\n    return x",
        "fs = [h, h]",
        "h.calls = 9",
        "seen = [f.calls for f in fs]",
    ),
    "two names swapped and one of them held": (
        "d = [0]\na = [1, 5]\nclass C:\n    def __init__(self):\n        self.xs = [0]\no = C()",
        "def deco(fn):\n    def around(x):\n        a.append(4)\n    return around\no.extra = d",
        "o.n = 8",
        "@deco\ndef f(x):\n    return x\na, d = d, a\nd = o.xs",
        "seen = repr(f([7]))",
    ),
    "a number of the standard library shares nothing": (
        "import random\nk = 0\nc = [1, 2]",
        "try:\n    k = random.randint(1, 1)\nexcept ValueError:\n    c = [2]",
        "c[:1] = [k]",
        "b = [k, c]",
    ),
    "what a property keeps, it keeps in its instance": (
        "from functools import cached_property\nclass D:\n    def __init__(self, xs):\n"
        "        self.xs = xs\n    @cached_property\n    def total(self):\n"
        "        return sum(self.xs)\nd = D([1, 2, 3])",
        "t = d.total",
        "d.xs.append(10)",
        "t2 = d.total",
    ),
    "a view of a dict follows it": (
        "d = {'a': 1}\ncols = d.keys()",
        "held = [d.items(), d.values()]",
        "d['b'] = 2",
        "n = [len(cols), *map(len, held)]",
    ),
    "a proxy of a dict follows it": (
        "from types import MappingProxyType\nd = {'a': 1}",
        "p = MappingProxyType(d)",
        "d['b'] = 2",
        "n = [len(p), p.get('b')]",
    ),
    "what a class has is seen through its proxy": (
        "class Conf:\n    rate = 1",
        "held = vars(Conf)",
        "Conf.rate = 5",
        "n = held['rate']",
    ),
    "a thread runs what it is given": (
        "import threading\nres = []",
        "def w(i):\n    res.append(i)",
        "t = threading.Thread(target=w, args=(3,))\nt.start()\nt.join()\ndel t",
        "n = len(res)",
    ),
    "a dict may call for what it lacks": (
        "from collections import defaultdict\ndd = defaultdict(lambda: defaultdict(int))",
        "dd['a']['k'] += 1",
        "n = dd['a']['k']",
    ),
    "a case's rest is a list of its own": (
        "a = [5, 2]",
        "match a:\n    case [m, *c]:\n        a = c",
        "c and c.append(5)",
        "seen = repr([a, c])",
    ),
    "a context manager ends with what names mean then": (
        "import contextlib\nc = [1]\nd = [5]",
        "@contextlib.contextmanager\ndef ctx():\n    yield c\n    c.append(6)",
        "e = d",
        "with ctx() as c:\n    c = e",
        "seen = repr([c, d, e])",
    ),
    "what was bound before a try stopped": (
        "import contextlib\nclass C:\n    def __init__(self):\n        self.xs = [1]\n"
        "    def take(self):\n        return self.xs\no = C()\nd = []",
        "with contextlib.suppress(IndexError):\n    g = o.take\n    d[99]\n"
        "    def g():\n        return d",
        "o.xs.append(2)",
        "seen = repr(g())",
    ),
    "numbers of enumerate hold nothing": (
        "c = [7]\nb = [1, 5]\nq = [[1]]",
        "q += [b]",
        "for m, c in enumerate(q):\n    m = m + 1",
        "c.append(m)",
        "everything = [q, b, c]",
    ),
    "a partial gives what its function gives": (
        "import functools\nb = [3]\ndef g(x):\n    return x",
        "h = functools.partial(g)",
        "a = h(*[b])",
        "b.clear()",
    ),
    "a partial with an argument": (
        "import functools\nb = [3]\nc = [4]\ndef g(x, y):\n    return y",
        "h = functools.partial(g, b)",
        "a = h(c)",
        "c.clear()",
    ),
    "what is added to a list is a list, too": (
        "import json\nq = json.loads('[[1]]')\nc = [3]",
        "p = (q + [c])[-3:]",
        "everything = [q, p]",
    ),
    "a function that lives on under another name": (
        "def h(x):\n    return x",
        "f = h",
        "def h(x):\n    return [x]",
        "everything = [h, f]",
    ),
    "a dict with one value for all keys": (
        "a = [1]",
        "b = dict.fromkeys(['k', 'l'], a)",
        "a.append(2)",
        "seen = repr(b)",
    ),
    "a copy of a dict with one value for all keys": (
        "c = [0, 2]",
        "w = dict.fromkeys(['k', 'l'], c)",
        "w = w.copy()",
        "for key, v in w.items():\n    v.append(len(key))",
    ),
    "a list that lives on without the name it is changed under": (
        "b = [5, 2]",
        "a = b or []",
        "b.append(7)\nb = [1]",
    ),
    "a getter runs a property": (
        "import operator\nn = 3\nclass C:\n    @property\n    def total(self):\n        return n",
        "o = C()",
        "t = operator.attrgetter('total')(o)",
    ),
    "a getter calls for what a dict lacks": (
        "import collections, operator\nn = 3\nd = collections.defaultdict(lambda: n)\nd['k'] = 1",
        "t = operator.itemgetter('k')(d)",
    ),
    "a getter runs an operator": (
        "import operator\nn = 3\nclass C:\n    def __getitem__(self, key):\n        return n",
        "o = C()",
        "t = operator.itemgetter(0)(o)",
    ),
    "a getter of a part of a part": (
        "import operator\nclass C:\n    pass\nxs = [1]\no = C()\no.inner = C()\no.inner.xs = xs",
        "l = operator.attrgetter('inner.xs')(o)",
        "l.append(3)",
        "seen = repr(xs)",
    ),
    "partials that a function makes": (
        "import functools\nb = [1]\nc = [2]\ndef g(x):\n    x.append(3)\n    return x",
        "def make():\n    return functools.partial(g)",
        "m = make()\nn = make()",
        "d = n(b)",
        "d.append(4)",
        "seen = repr([b, c])",
    ),
    "partials of who knows what": (
        "import functools\nb = [1]\nc = [2]\ndef f(x, y):\n    return y\nfs = [f]",
        "h = functools.partial(*fs)",
        "k = functools.partial(f, *[b])",
        "a = k(c)",
        "c.append(3)",
    ),
    "what a task itself lets share it has sharing": (
        "d = [1, 5]\nw = {'k': [1], 'l': [1]}\nx = dict(w)",
        "for key, v in x.items():\n    v.append(len(key))",
        "x.setdefault('m', []).append(1)\nw.update(l=d)\nw['k'] = d",
        "x = {**w, 'l': d}\nv.append(3)",
    ),
    "a dict that a function makes calls for what it lacks": (
        "import collections\na = [1]\ndef lack():\n    return a",
        "def make():\n    return collections.defaultdict(lack)",
        "m = make()\nn = make()",
        "n['k'].append(2)",
        "seen = repr(a)",
    ),
    "what a function has is one dict": (
        "def f():\n    return 1\nf.calls = 0\nd = vars(f)",
        "f.calls = 3",
        "seen = repr(d)",
    ),
    "members of an enumeration have what they were given": (
        "import enum\nclass E(enum.Enum):\n    A = 1\n    B = [2]\n    def __init__(self, value):\n"
        "        self.xs = []\n    def hit(self):\n        self.xs.append(1)",
        "e = E.A\nes = [E.B]",
        "e.hit()\nE(1).n = 4",
        "for each in E:\n    each.xs.append(5)",
        "E['B'].hit()\nes[0].value.append(3)",
        "seen = [e.xs, E.A.n, E.B.xs, E.B.value, e is E.A]",
    ),
    "members of an enumeration that a call makes": (
        "import enum\nE = enum.Enum('E', 'A B')",
        "E.A.log = [1]",
        "seen = E.A.log",
    ),
    "variables are attributes of the notebook's module": (
        "import __main__ as m\nimport sys, importlib\nx = [1]\ny = z = 1\ndef f():\n    return x",
        "m.x.append(2)\nsys.modules['__main__'].y = 2",
        "setattr(importlib.import_module('__main__'), 'z', m.y + 1)",
        "sys.modules[__name__].x += [3]",
        "seen = [m.x, m.f(), y, z]\ndel m.z",
        "there = ['z' in globals(), 'y' in globals(), 'seen' in dir()]",
    ),
    "who lists the names of the notebook needs them all": (
        "import math\nx = 1\ndef names():\n    return sorted(k for k in globals() if k[0] != '_')",
        "y = 2\nlisted = [k for k in sorted(dir()) if k[0] != '_']",
        "z = 3",
        "seen = names()",
        "del x\nleft = sorted(k for k in vars() if k[0] != '_')",
    ),
    "two closures have one variable": (
        "def make():\n    n = 0\n    def inc():\n        nonlocal n\n        n += 1\n"
        "    def get():\n        return n\n    return inc, get\ninc, get = make()",
        "inc()",
        "a = get()",
        "inc()",
        "seen = [a, get()]",
    ),
    "a cache shows when its function does more than to give a result": (
        "from functools import lru_cache\nxs = []\n@lru_cache(maxsize=3, typed=True)\n"
        "def f(x, y=1, *, z=0):\n    xs.append((x, y, z))\n    return x + y + z",
        "a = [f(1), f(1, 2), f(1, z=3), f(1.0), f(2, y=5)]",
        "b = [f(1.0), f(1, z=3), f(1)]",
        "seen = [xs, str(f.cache_info())]\nf.cache_clear()",
        "seen2 = [f(1), len(xs), str(f.cache_info())]",
    ),
    "a cache shows when what it was filled from is another": (
        "from functools import cache\nk = 1\nxs = [1]\n@cache\ndef f(x):\n    return x + k\n"
        "@cache\ndef g(x):\n    return x + len(xs)",
        "a = [f(1), g(1)]",
        "k = 5\nxs.append(2)",
        "seen = [f(1), g(1), f(2), g(2), a]",
    ),
    "a cache is filled in the statement that changes what it was filled from": (
        "import functools",
        "k = 6\nb = [1, 5, 3]",
        "@functools.lru_cache\ndef f(i):\n    return len(b) + i",
        "b.append(f(k))",
        "k = f(k)",
    ),
    "a cache has the very result, and the very instance": (
        "from functools import lru_cache\nclass C:\n    n = 1\n    @lru_cache\n"
        "    def get(self, k=0):\n        return [self.n + k]\no = C()",
        "a = o.get(k=2)",
        "o.n = 9",
        "b = o.get(k=2)\nb.append(7)",
        "seen = [a, b, a is b]",
    ),
    "a cache that shows in nothing is everybody's own": (
        "from functools import cache\n@cache\ndef fib(n):\n"
        "    return n if n < 2 else fib(n - 1) + fib(n - 2)",
        "a = fib(20)",
        "b = fib(10)",
    ),
    "results that a function keeps are changed": (
        "from functools import cache\n@cache\ndef load(k):\n    return []",
        "a = load('x')",
        "a.append(1)",
        "n = len(load('x'))",
    ),
    "the state of a generator is that of its last draw": (
        "import random\nrandom.seed(1)",
        "a = random.random()",
        "state = random.getstate()",
        "b = random.random()\nrandom.setstate(state)",
        "seen = [a, b, random.random()]",
    ),
    "a view of bytes is written to them": (
        "from array import array\nb = bytearray(b'abc')\na = array('i', [1, 2])",
        "m = memoryview(b)\nn = memoryview(a)",
        "m[0] = 122\na[0] = 5",
        "seen = [bytes(b), n[0]]",
    ),
    "to ask a dict that calls for what it lacks is to change it": (
        "import collections\nn = 1\nmany = collections.defaultdict(lambda: [n])",
        "a = many['a']",
        "seen = repr(dict(many))",
        "b = many[seen[:1]]",
    ),
    "a task that hands on a dict that calls for what it lacks": (
        "import collections\nn = 1\nmany = collections.defaultdict(lambda: [n])",
        "a = many['a']",
        "seen = repr(dict(many))",
        "many['b'] += [7]",
    ),
    "a generator may never come to its end": (
        "total = 0\ndef stream():\n    global total\n    yield 1\n    total = 10\n    yield 2",
        "first = next(stream())\ntotal2 = total",
    ),
    "a loop that is left leaves its generator there": (
        "total = 0\ndef stream():\n    global total\n    yield 1\n    total = 10",
        "for q in stream():\n    break",
        "total2 = total",
    ),
    "a function with arguments given decorates": (
        "from functools import partial\ndef times(k, fn):\n    return [fn() for _ in range(k)]\nlog = []",
        "@partial(times, 2)\ndef out():\n    log.append(1)\n    return 1",
        "n = len(log)",
    ),
    "the defaults of a function are its own": (
        "def put(x, acc=[]):\n    acc.append(x)\n    return len(acc)",
        "store = put.__defaults__[0]",
        "store.append(1)",
        "n = put(1)",
    ),
    "a chain of maps writes to the first": (
        "acc = {'b': 9}",
        "from collections import ChainMap\nstate = ChainMap(acc, {})",
        "state['z'] = 6",
        "n = len(acc)",
    ),
    "a child of a chain of maps writes to its own": (
        "from collections import ChainMap\nbase = {'b': 9}\nuser = {}",
        "cfg = ChainMap(user, base)",
        "cfg.update(lr=3)",
        "n = user.get('lr')",
    ),
    "what is changed lies within what a library made": (
        "import collections\nd = [0]\nuser = {'d': d}",
        "both = collections.ChainMap(user, {})\nkept = [both, user]",
        "both['k'] = 1",
    ),
    "a function is decorated by what stands above it": (
        "import functools\ndef deco(fn):\n    @functools.wraps(fn)\n    def around(x):\n        return fn(x) + step()\n    return around",
        "def step():\n    return 1",
        "@deco\ndef g(x):\n    return x",
        "def deco(fn):\n    return len\ndef step():\n    return 2",
        "both = [deco, g]",
        "n = both[1](1)",
    ),
    "what is changed lies in what holds itself": (
        "c = [1]\na = [2]\na.append(c)\na.append(a)\nb = {'k': a}\na.append(b)",
        "c.append(a)",
        "n = len(b)",
    ),
    "what is changed lies in a circle": (
        "c = []\na = {'c': c}\nb = {'a': a}\na['b'] = b",
        "c.append(1)",
        "n = len(b)",
    ),
    "a library's object has parts that change with it": (
        "import configparser\nparser = configparser.ConfigParser()\nzs = [0]",
        "ctx = {'c': parser, 'z': zs}",
        "ctx['c'].add_section('a')",
        "n = len(zs)",
    ),
    "elements of a list move up": (
        "shared = [0]\nxs = [[1], [2], shared]",
        "xs.pop(0)\nxs[0].append(9)",
        "n = len(shared)",
    ),
    "an import of several names is known by each": (
        "from dataclasses import field, dataclass",
        "@dataclass\nclass A:\n    x: int = 1",
        "xs = [A()]",
    ),
    "an object may forbid that it is changed": (
        "# setup\nfrom dataclasses import dataclass\n@dataclass(frozen=True)\nclass Config:\n    lr: float = 0.1\n    layers: tuple = ()",
        "cfg = Config(lr=1)\nboth = [cfg, cfg]",
        "n = both[0].lr",
    ),
    "how an object is shown may change it": (
        "from dataclasses import dataclass, field\n@dataclass\nclass Store:\n    rows: object\n    total: object = 0\nclass Base(Store):\n    @property\n    def total(self):\n        self._seen = 1\n    @total.setter\n    def total(self, value):\n        pass",
        "arr = Base([1])",
        "n = len(vars(arr))",
    ),
    "a function keeps its own name though another goes": (
        "def make():\n    return 1",
        "state = 3\nres = make",
        "same = res is make\nres = state",
    ),
    "fields of a dataclass are no data of the class": (
        "# setup\nfrom dataclasses import dataclass, field\n@dataclass\nclass Config:\n    layers: list = field(default_factory=list)\n    names: dict = field(default_factory=dict)",
        "cfg = Config()\ncfg.layers.append(1)",
        "cfg2 = Config()\ncfg2.layers.append(len(cfg.layers))",
        "n = len(cfg2.layers)",
    ),
    "a copy with one part replaced shares the others": (
        "import dataclasses\n@dataclasses.dataclass\nclass Config:\n    xs: list\n    n: int = 0",
        "one = Config([2])",
        "two = dataclasses.replace(one, n=1)",
        "same = two.xs is one.xs",
        "two.xs.append(3)",
        "n = len(one.xs)",
    ),
    "an exception does not hold what its frames did": (
        "def risky(xs):\n    xs = list(xs)\n    raise ValueError(xs)\ndata = [1]",
        "try:\n    risky(data)\nexcept ValueError as e:\n    err = e",
        "data.append(2)",
        "n = len(data)",
    ),
    "what marks a missing value is known again": (
        "# setup\nMISSING = object()",
        "x = MISSING",
        "same = x is MISSING",
    ),
    "a mark of setup as a default orders nobody": (
        "# setup\nMISSING = object()\ndef get(d, k, default=MISSING):\n    v = d.get(k, default)\n    if v is MISSING:\n        return 0\n    return v",
        "d = {'a': 1}\nx = get(d, 'a')",
        "y = get(d, 'b')",
        "z = get(d, 'a') + x + y",
    ),
    "a mark that a task made is known again": (
        "M = object()",
        "x = [M]",
        "same = x[0] is M\nother = object() is M",
    ),
    "a task defines anew what setup defines": (
        "# setup\ndef f1(i): return i",
        "import functools\n@functools.lru_cache\ndef f1(i): return i",
        "everything = [f1]",
        "n = everything[0](1)\nsame = everything[0] is f1",
    ),
    "an import that a decorator needs comes first": (
        "def f1(i): return i",
        "n = f1(1)\nimport functools\n@functools.lru_cache(maxsize=2)\ndef f1(i): return (i + n) % 97",
        "k = f1(3)",
    ),
    "a method of a generator of random numbers, or of a stream, under a name": (
        "import io, random\nimport numpy as np\nrng, other = np.random.default_rng(1), random.Random(2)\n"
        "pick, shuffle, buffer, xs = rng.choice, other.shuffle, io.StringIO(), [1, 2, 3]\nput = buffer.write\n"
        "def two(draw):\n    return [float(draw()) for _ in range(2)]",
        "a = int(pick(9))",
        "shuffle(xs)\nput('a')",
        "b = two(rng.random), other.random()",
        "put('b')\nc = list(map(int, map(rng.integers, [5, 6]))), xs, int(pick(9))",
        "text = buffer.getvalue()",
    ),
    "an ExitStack that several tasks have": (
        "import contextlib\nlog = []\nstack = contextlib.ExitStack()",
        "stack.callback(log.append, 1)",
        "stack.close()",
        "n = len(log)",
    ),
    "a method of a generator or a list that an instance has": (
        "import numpy as np\nrng, xs = np.random.default_rng(0), []\nclass Drawing:\n    def __init__(self, rng, xs):\n"
        "        self.draw, self.put = rng.integers, xs.append\nd = Drawing(rng, xs)",
        "a = int(d.draw(10))",
        "b = int(rng.integers(10))\nd.put(b)",
        "c = int(d.draw(10)), list(xs)",
    ),
    "what a partial function of a library writes to": (
        "import functools, io\nimport numpy as np\no, xs, text = np.zeros(2), [], io.StringIO()\n"
        "add, put = functools.partial(np.add, out=o), functools.partial(list.append, xs)\n"
        "say = functools.partial(print, file=text)",
        "add(o, 1)\nput(2)\nsay('x')",
        "seen = o.sum(), list(xs), text.getvalue()",
    ),
    "iterators that go through one other": (
        "import itertools\nit, more = iter(range(9)), iter(range(9))\npairs = zip(it, it)\na, b = itertools.tee([1, 2, 3])\n"
        "few = itertools.islice(more, 3)",
        "first = next(pairs), next(a)",
        "second = next(it), list(b), next(few)",
        "rest = list(pairs), list(a), next(more), list(few)",
    ),
    "a name behind @ that is put into the text of a query": (
        "import pandas as pd\ndf = pd.DataFrame({'a': [1, 2, 3]})\nlimit, name = 1, 'limit'",
        "a = len(df.query('a > @' + name))",
        "b = len(df.query(f'a > @{name}')) + len(df.query(expr='a > @%s' % name))",
        "c = pd.eval('lim' + 'it + 1'), pd.eval(f'{name} + 2')",
    ),
    "a name behind @ that a variable has for the text of a query": (
        "import pandas as pd\ndf = pd.DataFrame({'a': [1, 2, 3]})\nlimit = 1",
        "which, parts = '@limit', ['@limit', '2']",
        "a = len(df.query(f'a > {which}')) + len(df.query('a > ' + which))",
        "b = len(df.query('a > ' + parts[0]))",
    ),
    "text of a query that can have no name behind @": (
        "import pandas as pd\ndf = pd.DataFrame({'a': [1, 2, 3]})\ncolumn, limit = 'a', 1",
        "import sqlite3\ncon = sqlite3.connect(':memory:')",
        "n = len(df.query(f'{column} > {limit}')), len(df.query('%s > %d' % (column, limit)))",
    ),
    "what leaves other contexts, and what it calls": (
        "import contextlib\nlog, seen = [], {}\nclass C:\n    def close(self):\n        log.append('closed')\n"
        "    def __enter__(self):\n        return self\n    def __exit__(self, *error):\n        log.append('left')",
        "with contextlib.closing(C()) as c:\n    log.append(type(c).__name__)\ndel c",
        "with contextlib.ExitStack() as stack:\n    stack.enter_context(C())\n    stack.callback(log.append, 1)\n"
        "    stack.callback(seen.update, a=2)\n    stack = stack.pop_all()\nstack.close()\ndel stack",
        "n = list(log), dict(seen)",
    ),
    "what runs within the context manager that decorates it": (
        "import contextlib\nlog = []\nclass Timed(contextlib.ContextDecorator):\n    def __enter__(self):\n"
        "        log.append('in')\n    def __exit__(self, *error):\n        log.append('out')\n"
        "@contextlib.contextmanager\ndef noted():\n    log.append('a')\n    yield\n    log.append('b')",
        "class Twice(Timed):\n    def __call__(self, function):\n        log.append('made')\n"
        "        return super().__call__(function)\n@Twice()\ndef h(x):\n    return x",
        "k = h(3)",
        "@Timed()\ndef f(x):\n    return x + 1\n@noted()\ndef g(x):\n    return f(x) + 1",
        "n = f(1) + g(2)",
        "seen = list(log)",
    ),
    "an exception that is raised again keeps what it came from": (
        "kept, other, third = ValueError('a'), KeyError('b'), TypeError('c')\n"
        "def again(error, cause):\n    try:\n        raise error from cause\n    except ValueError:\n        pass\n"
        "def within():\n    try:\n        [][1]\n    except IndexError:\n        raise third",
        "again(kept, other)",
        "try:\n    within()\nexcept TypeError:\n    pass",
        "seen = [repr(kept.__cause__), kept.__suppress_context__, repr(third.__context__)]",
    ),
    "an exception that is raised again where another goes through": (
        "kept, last, third = ValueError('a'), ValueError('b'), ValueError('c')\nclass Leaving:\n    def __enter__(self):\n"
        "        pass\n    def __exit__(self, *error):\n        raise last\n"
        "def at_last():\n    try:\n        1 / 0\n    finally:\n        raise kept\n"
        "def once_more():\n    try:\n        raise third\n    except ValueError:\n        raise",
        "try:\n    at_last()\nexcept ValueError:\n    pass",
        "try:\n    with Leaving():\n        1 / 0\nexcept ValueError:\n    pass",
        "try:\n    once_more()\nexcept ValueError as error:\n    same = error is third",
        "seen = repr(kept.__context__), repr(last.__context__), repr(third.__context__)",
    ),
    "an exception that is raised again, which the block swallows": (
        "import contextlib\nkept = ValueError('a')",
        "with contextlib.suppress(ValueError):\n    try:\n        1 / 0\n    except ZeroDivisionError:\n        raise kept",
        "seen = repr(kept.__context__)",
    ),
    "an exception that is kept may be changed": (
        "kept = []\nfor text in '1x':\n    try:\n        int(text)\n    except ValueError as error:\n"
        "        kept.append(error)",
        "kept[0].note = 'n'",
        "seen = kept[0].note, str(kept[0])",
    ),
    "what is given a file in memory reads or writes it": (
        "import contextlib, io, json\nmemory = io.StringIO()",
        "with contextlib.redirect_stdout(memory):\n    print('a')",
        "json.dump([1], memory)",
        "print('b', file=memory)",
        "a = memory.getvalue()",
        "memory.seek(0)\nb = memory.read(2)",
        "c = [*memory]",
    ),
}


TAGGED: dict[str, tuple[tuple[str, str], ...]] = {
    "a task defines a function once more, and a decorator keeps that one": (
        (
            "task:t1",
            "hooks = {}\ndef keep(fn):\n    hooks['g'] = fn\ndef f(x):\n    return x\nhooks['f'] = f",
        ),
        ("", "@lambda fn: hooks.setdefault('new', fn)\ndef f(x):\n    return x + 5"),
        ("task:t2", "@keep\ndef g(x):\n    return x"),
        ("task:t3", "seen = [hooks['f'](1), hooks['new'](1), hooks['g'](1)]"),
    ),
    "a function that a task defines twice, the second time with a value": (
        ("task:a", "def f(q):\n    return q + 1"),
        ("task:b", "z = f(1)"),
        ("task:a", "def f(q, z=z):\n    return q + z\ngot = f(1)"),
        ("task:c", "again = f(1)"),
    ),
    "what a task does further down comes later": (
        ("task:a", "m = 2"),
        ("task:b", "z = [1]"),
        ("task:a", "z.append(m)"),
    ),
    "a task further down reads what was changed in between": (
        ("task:a", "a = [8]"),
        ("task:b", "b = a"),
        ("task:c", "seen1 = repr(a)"),
        ("task:d", "b += b[:2]"),
        ("task:c", "seen2 = repr(b)"),
    ),
    "what setup binds at last is what is left": (
        ("", "def g(x):\n    return x\nq = [[1]]"),
        ("", "fs = [g, g]"),
        ("", "g = lambda x: g(x)"),
        ("task:t", "seen = 1"),
    ),
    "a name that nobody saw bound is changed, as a tag says": (
        ("task:a", "exec('cfg = dict(a=' + str(len('x')) + ')')"),
        ("task:b mutates:cfg", "cfg['a'] += 1"),
        ("task:c", "n = cfg['a']"),
    ),
    "a task further down shares what it took": (
        ("task:t0", "pass"),
        ("task:t1", "cfg = [4, 5]"),
        ("task:t0", "w = [cfg]"),
        ("task:t3", "cfg.append(2)"),
        ("task:t4", "n = w[0]"),
    ),
}


REFUSED: dict[str, tuple[str, tuple[tuple[str, str], ...]]] = {
    "a function of Python that the task's cell above uses and another task hides": (
        "DF114",
        (("task:a", "got = max([1, 2])"), ("task:b", "max = 5"), ("task:a", "more = max + 1")),
    ),
    "a name is asked for above the task that makes it, and taken below": (
        "DF114",
        (("task:b", "s = 'x' in globals()"), ("task:a", "x = 1"), ("task:b", "t = x")),
    ),
    "names are listed above the task that defines one, and that is called below": (
        "DF114",
        (
            ("task:b", "s = len([n for n in dir() if n == 'f'])"),
            ("task:a", "def f():\n    return 1"),
            ("task:b", "t = f()"),
        ),
    ),
    "an import is asked for above the task that makes it, and used below": (
        "DF114",
        (
            ("task:b", "try:\n    math\n    s = 1\nexcept NameError:\n    s = 0"),
            ("task:a", "import math"),
            ("task:b", "t = math.pi"),
        ),
    ),
    "a name is asked for below the task that deletes it": (
        "DF114",
        (
            ("task:a", "x = 1"),
            ("task:b", "s = x"),
            ("task:c", "del x"),
            ("task:b", "t = 'x' in globals()"),
        ),
    ),
    "names are listed above the setup that makes one": (
        "DF114",
        (("task:b", "s = 'n' in dir()"), ("setup", "n = 2"), ("task:c", "t = n")),
    ),
    "setup lists a folder into which a task writes": (
        "DF202",
        (
            ("setup", "import glob\nnames = glob.glob('*.txt')"),
            ("task:a", "open('new.txt', 'w').close()"),
            ("task:b", "s = names"),
        ),
    ),
    "setup is told the time by a word": (
        "DF121",
        (
            (
                "setup",
                "import numpy as np\nnow = np.datetime64('now', 'ns').astype('datetime64[Y]')",
            ),
            ("task:a", "s = now"),
            ("task:b", "t = now"),
        ),
    ),
    "a parameter that is kept where another task has changed it": (
        "DF118",
        (
            ("parameters", "n = 200"),
            ("task:a", "n = n * 2"),
            ("task:b keep:n", "depth = 3"),
        ),
    ),
    "an older version than the task ends with": (
        "DF114",
        (
            ("task:a", "b = [1]"),
            ("task:b", "b.append(2)"),
            ("task:c", "seen = repr(b)"),
            ("task:b", "b = [3]"),
        ),
    ),
    "a hook of the notebook's in a library": (
        "DF121",
        (
            ("task:a", "import warnings\nseen = []"),
            ("task:b", "def hook(*a, **k):\n    seen.append(1)\nwarnings.showwarning = hook"),
            ("task:c", "warnings.warn('x')"),
        ),
    ),
    "an unseen change that shows through another name": (
        "DF201",
        (
            ("task:a", "a = [7]"),
            ("task:b", "b = a"),
            ("task:c", "vars(list)['append'](a, 9)"),
        ),
    ),
    "an unseen change that shows through a default": (
        "DF201",
        (
            ("task:a", "a = [7]"),
            ("task:b", "def f(x, k=a):\n    return x"),
            ("task:c", "vars(list)['append'](a, 9)"),
        ),
    ),
    "an unseen change that shows through what has an object of setup": (
        "DF201",
        (
            ("setup", "a = [7]\nw = {}"),
            ("task:b", "w['l'] = a"),
            ("task:c", "vars(list)['append'](a, 9)"),
        ),
    ),
    "an unseen change by a task that lets go of the name": (
        "DF201",
        (
            ("task:a", "b = [5, 2]"),
            ("task:b", "a = b"),
            ("task:c", "vars(list)['append'](b, 7)\nb = [1]"),
        ),
    ),
    "a name that is bound where nobody can see it": (
        "DF201",
        (
            ("task:a", "x = 1"),
            ("task:b", "k = chr(120)"),
            ("task:c", "globals()[k] = 2"),
            ("task:d", "seen = x"),
        ),
    ),
    "a library's function closes over what it is given": (
        "DF205",
        (
            (
                "task:a",
                "import contextlib\nlog = []\nstack = getattr(contextlib, 'Exit' + 'Stack')()",
            ),
            ("task:b", "stack.callback(log.append, 1)"),
            ("task:c", "stack.close()"),
        ),
    ),
    "a keeper of what setup made": (
        "DF205",
        (
            ("setup", "import operator\nthere = [2]"),
            ("task:a", "y = operator.add([there], [])"),
            ("task:b", "y[0].append(1)"),
            ("task:c", "z = repr(there)"),
        ),
    ),
    "a keeper of a task that goes on further down": (
        "DF205",
        (
            ("task:a", "import operator\nx = [[1]]"),
            ("task:k", "b = operator.add([x], [])"),
            ("task:b", "x[0].append(8)"),
            ("task:k", "y = 1"),
            ("task:d", "z = repr(b)"),
        ),
    ),
    "a keeper that nothing shows would miss a change": (
        "DF205",
        (
            ("task:a", "import operator\na = [7]"),
            ("task:b", "b = operator.add([a], [])"),
            ("task:c", "a.append(8)"),
        ),
    ),
    "what is in a list that grows may not change unseen": (
        "DF201",
        (
            ("task:a", "s = [[1], [2]]"),
            ("task:b", "rows = list(s)"),
            ("task:c", "vars(list)['append'](rows[0], 'bad')\nrows.append([])"),
            ("task:d", "n = len(s[0])"),
        ),
    ),
    "nor if nobody reads it later": (
        "DF201",
        (
            (
                "task:a",
                "s = [[1], [2]]\ntmp = list(s)\ndef mark(r):\n    vars(list)['append'](r, 'bad')",
            ),
            ("task:b", "rows = [q for q in tmp]"),
            ("task:c", "for r in rows:\n    mark(r)\nrows.append([])"),
        ),
    ),
    "a function that is changed unseen": (
        "DF201",
        (
            ("task:a", "def helper(): pass"),
            ("task:b", "import functools\nfunctools.update_wrapper(helper, len)"),
        ),
    ),
    "what is changed unseen within a value is known by all its names from then on": (
        "DF201",
        (
            ("task:a", "c = [3, 2]\nd = [1, 5, 6]"),
            ("task:b", "p = [d] + [c]"),
            ("task:c", "vars(list)['append'](p[0], 6)"),
        ),
    ),
    "what is beside a known change may not change unseen": (
        "DF201",
        (
            ("task:a", "import operator\nc = [3, 2]\nd = [1, 5, 6]"),
            ("task:b", "p = operator.concat([d], [c])"),
            ("task:c", "vars(list)['append'](p[0], 6)\nc.pop()"),
        ),
    ),
    "a function of setup that is changed by its insides": (
        "DF121",
        (
            ("setup", "def tally(xs):\n    return xs"),
            ("task:a", "tally.__dict__.update(calls=1)"),
        ),
    ),
    "an object of setup is another in each task": (
        "DF121",
        (
            ("setup", "def start(name, hist=[]):\n    return {'name': name, 'hist': hist}"),
            ("task:a", "p = start('p')"),
            ("task:b", "q = start('q')"),
            ("task:c", "both = [p, q]\nsame = p['hist'] is q['hist']"),
        ),
    ),
    "what a function of setup has kept is another, too": (
        "DF121",
        (
            (
                "",
                "from functools import lru_cache\n@lru_cache(maxsize=None)\ndef load_part(n):\n    return [n]",
            ),
            ("task:b", "x = load_part(2)"),
            ("task:c", "y = load_part(2)"),
            ("task:d", "same = x is y"),
        ),
    ),
    "an exception gets another cause unseen": (
        "DF201",
        (
            (
                "",
                "kept = ValueError('a')\ndef give(error):\n    getattr(error, '__seta' + 'ttr__')('__cause__', OSError())",
            ),
            ("", "give(kept)"),
            ("", "seen = repr(kept.__cause__)"),
        ),
    ),
    "a task reads further down what was changed unseen": (
        "DF201",
        (
            ("task:t2", "m = []\ndef look(x):\n    return getattr(x, 'app' + 'end')(1)"),
            ("task:t3", "look(m)"),
            ("task:t2", "seen = len(m)"),
        ),
    ),
}


@pytest.mark.parametrize("name", EQUAL)
@pytest.mark.parametrize("order", range(3))
def test_run_all_and_the_tasks_leave_the_same(name: str, order: int) -> None:
    are_equal(EQUAL[name], order)


@pytest.mark.parametrize("name", TAGGED)
@pytest.mark.parametrize("order", range(3))
def test_tasks_with_several_cells_leave_the_same(name: str, order: int) -> None:
    are_equal_as_tagged(TAGGED[name], order)


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_the_same_is_refused(name: str) -> None:
    are_refused(*REFUSED[name])
