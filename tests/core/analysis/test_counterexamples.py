"""Notebooks that once came out different, or were refused without need, each for a principle."""

from __future__ import annotations

import random
import textwrap

import pytest

from tests.fuzz.programs import Program, ProgramCell
from tests.fuzz.verdicts import Outcome, judge

CASES: dict[str, tuple[str, ...]] = {
    "a property that is set, asked for and deleted": (
        "class Dial:\n    @property\n    def v(self):\n        log.append('get')\n"
        "    @v.setter\n    def v(self, q):\n        log.append(q)\n"
        "    @v.deleter\n    def v(self):\n        log.append('del')",
        "log = []",
        "d = Dial()",
        "d.v = 3",
        "there = hasattr(d, 'v')",
        "del d.v",
        "seen = list(log)",
    ),
    "a property made of functions, and another that a class below adds to": (
        "class Base:\n    def get(self):\n        log.append(1)\n        return 1\n    v = property(get)",
        "class Below(Base):\n    @Base.v.setter\n    def v(self, q):\n        log.append(q)",
        "log = []\nb = Below()",
        "b.v = 5",
        "name = 'v'\ngetattr(b, name)",
        "seen = list(log)",
    ),
    "what accumulate is told to give is one of its elements": (
        "from itertools import accumulate\ndata = [[3], [1]]",
        "last = list(accumulate(data, lambda a, b: b))[1]",
        "last.append(2)",
        "seen = [data[1], len(last)]",
    ),
    "an array that is made of nothing but a number": (
        "import numpy as np\na = np.expand_dims(None, 0)",
        "b = a",
        "b[0] = 1\nnp.minimum(a, 2, out=a)",
    ),
    "an array of objects and its views": (
        "import numpy as np\na = np.array([None, [1], 'x', 2.5], dtype=object)",
        "rows, back = a.reshape(2, 2), a[::-1]",
        "rows[0, 0] = 1\nback[0] = 7",
        "seen = [list(a), back[3], rows.T.ravel().base is rows, back.flags.writeable]",
    ),
    "an array of objects that nobody may write to": (
        "import numpy as np\na = np.array([1, None], dtype=object)\na.flags.writeable = False",
        "w = np.broadcast_to(a[:1], (3, 1))",
        "seen = [a.flags.writeable, w.strides, w.flags.writeable]",
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
    "an array over bytes that nobody can change": (
        "import numpy as np\nk = bytearray(b'abcd')",
        "a = np.frombuffer(b'efgh', dtype='u1').copy()\nseen = [k, a]",
        "a[1] = 7",
    ),
    "attributes that are set around the class": (
        "class D:\n    def __setattr__(self, name, value):\n        raise ValueError\no = D()",
        "type.__setattr__(D, 'tag', 7)\nobject.__setattr__(o, 'n', [1])",
        "vars(o).update(more=[2])\np = vars(o)['n']",
        "p.append(3)\nseen = [D.tag, o.n, o.more]",
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
    "an array that is turned round is so in the next task": (
        "import numpy as np\nz = np.arange(4)[::-1]",
        "y = z.ravel()",
        "np.copyto(z, 4)",
    ),
    "how long a class is, nobody asks it": (
        "log = []\nclass Meta(type):\n    pool = log\n    def __len__(cls):\n        cls.pool.append(6)\n"
        "        return 1\nclass C(metaclass=Meta):\n    pass",
        "u = [C, C()]",
        "log.append(3)",
    ),
    "methods in a list within a list": (
        "q = [[1], [4]]\nsubs = []",
        "subs.append(q[0].append)",
        "x = [8]\nfor fn in subs:\n    fn(x)",
        "q.reverse()\nx.append(3)",
    ),
    "what a method makes of a table may have its very index": (
        "import pandas as pd\ns = pd.Series([5, 1, 2])",
        "e = s.map(lambda v: v + 0)\nf = s + 1",
        "e.index.name = 'j'",
        "seen = [s.index.name, f.index.name]",
    ),
    "an array is over the memory of what a table is made into": (
        "import pandas as pd\ns = pd.Series([5, 1, 2])\nval = s.to_numpy()",
        "s = s.rename('z')",
        "s.replace(1, 9, inplace=True)",
        "seen = val.tolist()",
    ),
    "a function to which another task adds a case": (
        "import functools\n@functools.singledispatch\ndef describe(v):\n    return 'other'",
        "@describe.register(list)\ndef _(v):\n    return 'list'",
        "f = describe\ndescribe.register(int, lambda v: [v])\nf.n = 3",
        "seen = [describe([1]), f(2), f is describe]",
    ),
    "an array over bytes that others change": (
        "import numpy as np\nb = bytearray(b'abcd')",
        "a = np.frombuffer(b, dtype='u1')\nc = np.frombuffer(memoryview(b)[1:], dtype='u1')\nd = a[:3]",
        "b[1] = 65\nd[0] = 7",
        "seen = [bytes(b), a.tolist(), c.tolist(), d.tolist()]",
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
    "a table whose index got a name is changed in one place": (
        "import pandas as pd\nd = pd.DataFrame({'p': [1, 2], 'q': [4, 0]})",
        "seen = d.to_csv()",
        "d.index.name = 'i'",
        "d.iloc[0, 1] = int(d['p'].sum())",
    ),
    "a table of one's own class is changed with what it keeps": (
        "import pandas as pd\nclass Mine(pd.DataFrame):\n    pass\nf = Mine({'a': [1, 2]})\nx = [f]",
        "f['b'] = 3",
        "seen = x[0].shape",
    ),
    "bytes beside a table": (
        "import pandas as pd\nb = bytearray(b'abc')\ns = pd.Series([1, 2])\ns.attrs['raw'] = b",
        "t = s.abs()",
        "b[0] = 1",
        "seen = [s.attrs['raw'][0], t.attrs['raw'][0]]",
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
    "a bound method holds its object": (
        "class C:\n    n = 0\n    def take(self, x):\n        self.xs = x\n        return x\no = C()",
        "f = o.take",
        "c = f([1])",
        "seen = o.xs is c",
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
    "identity is a question to one task": (
        "class C:\n    pass\no = C()\no.xs = [1]",
        "q = [o.xs]",
        "a = q[-1]",
        "c = a",
        "seen = q[0] is c",
    ),
    "a copy=False array is its argument": (
        "import numpy as np\ny = np.arange(4)",
        "x = np.nan_to_num(y, copy=False)",
        "x[0] = 7",
        "seen = repr(y)",
    ),
    "a relative folder is found where it was": (
        "import os\nos.makedirs('d1', exist_ok=True)\nos.chdir('d1')",
        "a = 1",
        "seen = os.path.basename(os.getcwd())",
    ),
    "an old class lives on in its instances": (
        "class D:\n    def __init__(self, xs):\n        self.xs = xs\no = D([5])",
        "class D:\n    def more(self):\n        return 2",
        "o = [o.xs, D().more()]",
    ),
    "an old function lives on in a list": (
        "def h(x):\n    return x",
        "fs = [h, h]",
        "def h(x):\n    return 2",
        "everything = [h, fs]",
    ),
    "a class that is data is shared as an object": (
        "b = [1, 5]",
        "class C:\n    more = b",
        "b[0] = 11",
        "seen = repr(C.more)",
    ),
    "a class attribute is found in a base": (
        "n = 1\nm = k = 5",
        "class D:\n    shared = []\n    def add(self, v):\n        self.shared.append(v)",
        "class D(D):\n    pass",
        "o = D()",
        "u = o.add(n)",
        "seen = repr(D.shared)",
    ),
    "type(x) is the class of x": (
        "class C:\n    made = 0\n    def __init__(self):\n        type(self).made += 1",
        "o = C()",
        "seen = C.made",
    ),
    "getattr by a constant is the attribute": (
        "class C:\n    pass\no = C()\no.xs = [5]",
        "c = getattr(o, 'xs')",
        "c.append(3)",
        "seen = repr(o.xs)",
    ),
    "what is added to a list of unknown make is held": (
        "import json\nb = [8]",
        "p = json.loads('[[1], [9]]')",
        "p += [b]",
        "b.append(3)",
        "seen = repr(p)",
    ),
    "a shallow copy has the class and the inside": (
        "import copy\nclass C:\n    def take(self, x):\n        self.xs = x\n        return x\no = C()",
        "u = copy.copy(o)",
        "a = o.take([1])",
        "d = u.take(a)",
        "seen = [u.xs is a]",
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
    "a list out of a frame is a list": (
        "import pandas as pd\ndf = pd.DataFrame({'p': [1, 2]})",
        "b = df['p'].tolist()",
        "b.extend(b[:2])",
        "seen = repr(b)",
    ),
    "a list out of an array is a list": (
        "import numpy as np\nx = np.arange(4)",
        "d = x.tolist()",
        "d.append(3)",
        "seen = repr(d)",
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
    "strided views stay views over two tasks": (
        "import numpy as np\nx = np.arange(4)",
        "y = np.asarray(x)\nz = x[::2]",
        "y.fill(3)",
        "y += 1",
        "seen = repr([x, z])",
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
    "an instance passed on knows its class": (
        "a = [5, 2]\nclass C:\n    pass\nu = C()\np = [[1], [4]]",
        "b = a",
        "u.extra = a",
        "p.append(b)",
        "isinstance(u, C) and b.append(8)",
    ),
    "columns that are one until written to stay apart": (
        "import pandas as pd\ndf = pd.DataFrame({'p': [1, 2, 3], 'q': [4, 8, 6]})",
        "q = df.rename(columns={'r': 's'})",
        "df.reset_index(drop=True, inplace=True)\ndg = df.rename(columns={'r': 's'})",
        "dg.at[0, 'q'] = 8\ndf['r'] = 1",
    ),
    "one name may go and the object stay": (
        "b = [1, 5, 6]",
        "w = {'k': [1]}",
        "w.setdefault('m', b)",
        "b[-1] += 0",
        "del w",
        "b[-1] += 3",
    ),
    "a class that holds data changes with it, made anew twice": (
        "d = [2, 2]",
        "class C:\n    def take(self, x):\n        return x\no = C()",
        "class C(C):\n    more = d\n    def take(self, x):\n        return self.more\no.xs = [4]",
        "class C(C):\n    def peek(self):\n        return 1",
        "d.append(5)\nb = o.take(d)",
        "seen = repr(C.more)",
    ),
    "a class within a try holds data": (
        "a = [8]\nclass D:\n    pass",
        "try:\n    pass\nfinally:\n    class D(D):\n        more = a",
        "def f(x):\n    return a",
        "b = f(a)\nb.sort()",
        "b.clear()",
        "seen = repr(D.more)",
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
    "a class of setup and what replaced it": (
        "# setup\nclass D:\n    def __init__(self, xs):\n        self.xs = xs\no = D([6])",
        "o.xs.append(1)",
        "class D(D):\n    def peek(self):\n        return 1",
        "seen = [type(o) is D, isinstance(D([1]), type(o)), o.xs]",
    ),
    "a number of the standard library shares nothing": (
        "import random\nk = 0\nc = [1, 2]",
        "try:\n    k = random.randint(1, 1)\nexcept ValueError:\n    c = [2]",
        "c[:1] = [k]",
        "b = [k, c]",
    ),
    "a pipeline holds its steps": (
        "import numpy as np\nfrom sklearn.pipeline import make_pipeline\n"
        "from sklearn.linear_model import Ridge\nX = np.arange(20.0).reshape(10, 2)\ny = X[:, 0]",
        "m = Ridge()",
        "pipe = make_pipeline(m)",
        "pipe.fit(X, y)",
        "best = pipe.named_steps['ridge']",
        "best.coef_[:] = 0",
        "k = m.coef_.tolist()",
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
    "the name of an index is its frame's": (
        "import pandas as pd\ndf = pd.DataFrame({'a': [1]})",
        "df.index.name = 'key'\ndf.columns.name = 'c'",
        "r = (df.index.name, df.columns.name)",
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
    "an instance that has lost its name keeps its class": (
        "class C:\n    def take(self, x):\n        self.xs = x\n        return x\nu = C()",
        "c = u.take([1])",
        "del u",
        "class C:\n    pass",
        "seen = [C(), c]",
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
    "functions have no methods that change them": (
        "# setup\np = [[1], [9]]\nclass D:\n    def take(self, x):\n        return x\nu = D()",
        "h = u.take",
        "p = list(map(h, p))",
        "for e in p:\n    e.append(1)",
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
    "the smallest are the very elements": (
        "import heapq\np = [[1], [2, 3]]",
        "q = heapq.nsmallest(1, p, key=len)",
        "q[0].append(2)",
        "seen = repr(p)",
    ),
    "a dict that a function makes calls for what it lacks": (
        "import collections\na = [1]\ndef lack():\n    return a",
        "def make():\n    return collections.defaultdict(lack)",
        "m = make()\nn = make()",
        "n['k'].append(2)",
        "seen = repr(a)",
    ),
    "the attrs of a frame are its own dict": (
        "import pandas as pd\ndf = pd.DataFrame({'a': [1]})",
        "d = df.attrs",
        "d['k'] = 2",
        "seen = repr(df.attrs)",
    ),
    "what an instance has is one dict": (
        "class C:\n    __slots__ = ('s', '__dict__')\no = C()\no.x = 1\no.s = [2]",
        "d = vars(o)",
        "o.x = 2\no.s.append(3)",
        "d['y'] = 4",
        "seen = [d['x'], o.y, o.s]",
    ),
    "an instance that is its own dict": (
        "class D(dict):\n    def __init__(self, **given):\n        super().__init__(**given)\n"
        "        self.__dict__ = self\nd = D(x=1)",
        "d['x'] = 2",
        "seen = d.x",
    ),
    "what a function has is one dict": (
        "def f():\n    return 1\nf.calls = 0\nd = vars(f)",
        "f.calls = 3",
        "seen = repr(d)",
    ),
    "a row is written to its array": (
        "import numpy as np\na = np.zeros(3, dtype=[('x', int), ('y', int)])",
        "row = a[1]\nrows = list(a)",
        "row['x'] = 1\nrows[2]['y'] = 4",
        "a['y'] += 1",
        "seen = [a.tolist(), row['y'], rows[0].tolist()]",
    ),
    "a row with objects in it is written to its array": (
        "import numpy as np\na = np.zeros((2, 2), dtype=[('x', object), ('y', int)])[:, ::-1]",
        "row = a[1, 0]",
        "row['x'] = [1]",
        "row['x'].append(2)",
        "seen = repr(a.tolist())",
    ),
    "an array of records is a view": (
        "import numpy as np\na = np.zeros(3, dtype=[('x', int), ('y', int)])",
        "r = a.view(np.recarray)\nrow = r[1]",
        "row.x = 5",
        "seen = [a.tolist(), r.x.tolist()]",
    ),
    "a matrix is a view": (
        "import numpy as np\na = np.zeros((2, 2))\nm = np.asmatrix(a)",
        "m[0, 0] = 9",
        "seen = a.tolist()",
    ),
    "what is masked is over the memory of an array, and its mask of another": (
        "import numpy as np\na = np.arange(4)\nk = np.array([False, True, False, False])",
        "m = np.ma.masked_array(a, mask=k, copy=False)\nn = np.ma.masked_where(k, a, copy=False)",
        "a[0] = 9\nk[2] = True",
        "d = m.data\nj = m.mask",
        "d[3] = 7\nj[3] = True",
        "seen = [repr(m), repr(n), a.tolist(), k.tolist()]",
    ),
    "what an array of NumPy's is filled with is worked out late": (
        "import numpy as np\nm = np.ma.masked_array(np.arange(4), mask=[0, 1, 0, 0])\nn = m[:3]",
        "f = [m.fill_value, repr(n)]",
        "m.mask[0] = True",
        "seen = [repr(n), f]",
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
    "a class of clocks and identifiers is made once": (
        "import time, uuid\nclass Run:\n    key = uuid.uuid4().hex\n    at = time.time_ns()\n"
        "def key_of(run=uuid.uuid4()):\n    return run\nfirst = hash((Run.key, Run.at, key_of()))",
        "alike = first == hash((Run.key, Run.at, key_of()))\nfirst = Run = key_of = None",
    ),
    "an attribute that is set by a constant is that attribute": (
        "class C:\n    pass\nxs = [1]\no = C()",
        "setattr(o, 'xs', xs)",
        "o.xs.append(2)",
        "seen = repr(xs)",
    ),
    "a class that is loaded is not made again": (
        "names = []\nclass Base:\n    made = {}\n    def __init_subclass__(cls, **given):\n"
        "        super().__init_subclass__(**given)\n        names.append(cls.__name__)\n"
        "        Base.made[cls.__name__] = cls",
        "class A(Base):\n    pass\na = A()",
        "class B(A):\n    pass",
        "seen = [names, sorted(Base.made), type(a) is A, Base.made['B'] is B]",
    ),
    "a metaclass runs where a class is made": (
        "names = []\nclass Meta(type):\n    made = []\n    def __new__(mcls, name, bases, given):\n"
        "        cls = super().__new__(mcls, name, bases, given)\n        mcls.made.append(cls)\n"
        "        cls.tags = [name]\n        return cls\n"
        "    def __init__(cls, name, bases, given):\n        names.append(name)",
        "class A(metaclass=Meta):\n    pass",
        "class B(A):\n    pass",
        "Meta.made[0].tags.append('x')",
        "seen = [names, A.tags, B.tags, isinstance(B, Meta)]",
    ),
    "a class knows those that derive from it": (
        "class Base:\n    @classmethod\n    def names(cls):\n"
        "        return [c.__name__ for c in cls.__subclasses__()]",
        "class A(Base):\n    pass",
        "class B(Base):\n    pass",
        "seen = Base.names()",
    ),
    "an abstract class keeps what is registered": (
        "from abc import ABC\nclass Base(ABC):\n    pass\nclass C:\n    pass",
        "Base.register(C)",
        "seen = isinstance(C(), Base)",
    ),
    "an accessor is there wherever its table is": (
        "import pandas as pd\ndf = pd.DataFrame({'a': [1]})\ndef twice(n):\n    return 2 * n",
        "@pd.api.extensions.register_dataframe_accessor('geo')\nclass Geo:\n"
        "    def __init__(self, obj):\n        self.obj = obj\n"
        "    def total(self):\n        return twice(int(self.obj['a'].sum()))",
        "seen = df.geo.total()",
    ),
    "two closures have one variable": (
        "def make():\n    n = 0\n    def inc():\n        nonlocal n\n        n += 1\n"
        "    def get():\n        return n\n    return inc, get\ninc, get = make()",
        "inc()",
        "a = get()",
        "inc()",
        "seen = [a, get()]",
    ),
    "a class keeps its slots": (
        "from collections import namedtuple\nP = namedtuple('P', 'xs n')\np = P([1], 2)",
        "q = p._replace(n=3)",
        "q.xs.append(5)",
        "seen = [p.xs, hasattr(p, '__dict__')]",
    ),
    "a descriptor is asked for an attribute, and told": (
        "class Field:\n    def __set_name__(self, owner, name):\n        self.values = []\n"
        "    def __get__(self, obj, kind):\n        return self.values\n"
        "    def __set__(self, obj, value):\n        self.values.append(value)\n"
        "class C:\n    a = Field()\no = C()",
        "o.a = 3",
        "o.a.append(4)",
        "seen = repr(C.a)",
    ),
    "what answers for any attribute is loaded": (
        "class C:\n    def __init__(self):\n        self.xs = {'a': 1}\n"
        "    def __getattr__(self, name):\n        if name in self.xs:\n"
        "            return self.xs[name]\n        raise AttributeError(name)\no = C()",
        "n = o.a",
        "o.xs['b'] = n + 1",
        "seen = o.b",
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
    "what operator gets of an array may be a view": (
        "import numpy as np\nimport operator",
        "z = np.arange(4)",
        "x = operator.getitem(z, slice(None))",
        "x = operator.getitem(x, slice(None))",
        "np.add(x, 8, out=x)",
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
    "a base that is one class or another": (
        "x = [1]\nclass D:\n    def __init__(self, xs):\n        self.n = 0",
        "if x:\n    class D:\n        def __init__(self, xs):\n            x.append(xs)",
        "class C(D):\n    pass",
        "o = C(2)",
        "seen = repr(x)",
    ),
    "the state of a generator is that of its last draw": (
        "import random\nrandom.seed(1)",
        "a = random.random()",
        "state = random.getstate()",
        "b = random.random()\nrandom.setstate(state)",
        "seen = [a, b, random.random()]",
    ),
    "an object in a table is changed where it is taken out": (
        "import pandas as pd\ndf = pd.DataFrame({'a': [[1], [2]]})",
        "for i, row in df.iterrows():\n    row['a'].append(i)\ndel row",
        "df['a'][0].append(5)",
        "seen = df['a'].tolist()",
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
    "a library's partial around a method decorates": (
        "class Bus:\n    def __init__(self):\n        self.subs = []\n    def on(self, fn):\n        self.subs.append(fn)\n        return fn\n    def emit(self, v):\n        for fn in self.subs:\n            fn(v)\nnode = []\nbus = Bus()",
        "from functools import partial\n@partial(Bus.on, bus)\ndef listen(v):\n    node.append(v)",
        "bus.emit(6)",
        "n = len(node)",
    ),
    "the defaults of a function are its own": (
        "def put(x, acc=[]):\n    acc.append(x)\n    return len(acc)",
        "store = put.__defaults__[0]",
        "store.append(1)",
        "n = put(1)",
    ),
    "a deep copy of a class is the class": (
        "import copy\nclass Store:\n    total = 0\nK = copy.deepcopy(Store)",
        "K.total += 1",
        "n = Store.total",
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
    "a column is over the memory of what it was made of": (
        "import pandas as pd\ndf = pd.DataFrame({'p': [1, 2, 3]})\ns = pd.Series([9, 1, 2])",
        "view = s.to_numpy()",
        "df['z'] = s",
        "s.iloc[0] = 5",
    ),
    "a column inserted, assigned or put beside is, too": (
        "import pandas as pd\ndf = pd.DataFrame({'p': [1, 2, 3]})\ns = pd.Series([9, 1, 2], name='s')",
        "t = s + 1\nu = s + 2",
        "va = s.to_numpy()\nvb = t.to_numpy()\nvc = u.to_numpy()",
        "df.insert(0, 'z', s)",
        "e = df.assign(z=t)",
        "g = pd.concat([df, u], axis=1)",
        "s.iloc[0] = 5\nt.iloc[0] = 5\nu.iloc[0] = 5",
    ),
    "a change of what a loop made is no change of one": (
        "import operator\nd = [1]\nrows = [[i] for i in range(3)]",
        "first = rows[0]\np = operator.concat(rows, [d])",
        "first.append(1)\nfor row in rows:\n    row.append(2)",
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
    "a class has the base that stands above it": (
        "class Base:\n    n = 1",
        "class Child(Base):\n    m = [Base.n for _ in range(2)]",
        "class Base:\n    n = 2",
        "kept = [Child(), Child]",
        "seen = kept[0].n",
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
    "settings are as they were behind a with": (
        "import warnings\nwith warnings.catch_warnings():\n    warnings.simplefilter('ignore')\n    x = 1",
        "with warnings.catch_warnings(record=True) as seen:\n    warnings.simplefilter('always')\n    warnings.warn('y')\nn = [len(seen), x]\ndel seen",
    ),
    "a method that lies in a list is its object": (
        "class Bus:\n    def __init__(self):\n        self.subs = []\nbus = Bus()\nb = [1, 2]\nzs = [bus]",
        "bus.subs.append(b.append)",
        "b[0] = 5",
        "n = len(zs)",
    ),
    "a class holds what its methods have as defaults": (
        "b = {'a': 1}\nclass Node:\n    def __init__(self, opt=b):\n        self.opt = opt\ndef step(xs):\n    xs['d'] = 4",
        "data = [Node({})]",
        "data.append(5)\nb['d'] = 4",
        "n = len(Node().opt)",
    ),
    "a generator of random numbers may stand in a class": (
        "import numpy as np\nclass Net:\n    rng = np.random.default_rng(1)",
        "w = Net.rng.normal()",
        "v = Net.rng.normal()",
    ),
    "an object is loaded without its class's own __new__": (
        "class Shape:\n    made = 0\n    def __new__(cls):\n        cls.made += 1\n        return super().__new__(cls)",
        "x = Shape()",
        "y = x\nn = Shape.made",
        "m = Shape.made\nz = x",
    ),
    "an object may forbid that it is changed": (
        "# setup\nfrom dataclasses import dataclass\n@dataclass(frozen=True)\nclass Config:\n    lr: float = 0.1\n    layers: tuple = ()",
        "cfg = Config(lr=1)\nboth = [cfg, cfg]",
        "n = both[0].lr",
    ),
    "an object may pass on what is set in it": (
        "class Proxy:\n    def __init__(self, target):\n        self.__dict__['target'] = target\n    def __setattr__(self, name, value):\n        setattr(self.target, name, value)\n    def __getattr__(self, name):\n        if name.startswith('__'):\n            raise AttributeError(name)\n        return getattr(self.__dict__['target'], name)\np = Proxy([1])",
        "p.append(2)\nn = len(p.target)",
    ),
    "an object may note what it is asked for": (
        "class Proxy:\n    def __init__(self, target):\n        self.target = target\n        self.touched = []\n    def __getattr__(self, name):\n        if name.startswith('__') or 'target' not in self.__dict__:\n            raise AttributeError(name)\n        self.touched.append(name)\n        return getattr(self.target, name)\np = Proxy([3])",
        "n = len(p.touched)",
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
    "an exception holds what it was made with": (
        "class Bad(ValueError):\n    def __init__(self, row):\n        self.row = row\nrows = [[1], [2]]",
        "try:\n    raise Bad(rows[0])\nexcept Bad as error:\n    error.row.append(3)",
        "try:\n    raise ValueError(rows)\nexcept ValueError as error:\n    error.args[0].append(4)",
        "n = [len(rows), len(rows[0])]",
    ),
    "an exception is loaded without its class's own code": (
        "class Bad(ValueError):\n    seen = []\n    def __init__(self, row):\n        self.row = row\n"
        "        self.seen.append(row)",
        "kept = Bad(1)",
        "again = kept",
        "n = len(Bad.seen)",
    ),
    "a class may be made by a call": (
        "c = [8]\nclass C:\n    pass",
        "D = type('D', (C,), {'more': c})",
        "c.append(4)",
        "n = len(D.more)",
    ),
    "a copy with one part replaced shares the others": (
        "import dataclasses\n@dataclasses.dataclass\nclass Config:\n    xs: list\n    n: int = 0",
        "one = Config([2])",
        "two = dataclasses.replace(one, n=1)",
        "same = two.xs is one.xs",
        "two.xs.append(3)",
        "n = len(one.xs)",
    ),
    "a subscript may be answered by the notebook": (
        "class Bag(dict):\n    def __missing__(self, key):\n        self[key] = made = []\n        return made",
        "bag = Bag()",
        "part = bag['b']",
        "part.append(1)",
        "n = bag",
    ),
    "an array may be over the memory of a series": (
        "import pandas as pd\nseries = pd.Series([1, 2, 3])",
        "values = series.to_numpy()",
        "series += 7",
        "n = int(values.sum())",
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
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("order", range(3))
def test_run_all_and_the_tasks_leave_the_same(name: str, order: int) -> None:
    cells = tuple(
        ProgramCell((textwrap.dedent(text),), ("setup",) if text.startswith("# setup") else tags)
        for text, tags in ((text, _tags(CASES[name], i)) for i, text in enumerate(CASES[name]))
    )
    verdict = judge(Program(cells), random.Random(order))
    assert verdict.outcome is Outcome.EQUAL, verdict.text


REFUSED: dict[str, tuple[str, tuple[tuple[str, str], ...]]] = {
    "a setting of a value whose name is deleted": (
        "DF121",
        (
            ("task:a", "import os\nmax = 5\nos.environ['N'] = str(max)\ndel max"),
            ("task:b", "seen = max([1, 2]), os.environ['N']"),
        ),
    ),
    "a setting in a loop whose names are deleted": (
        "DF121",
        (
            ("task:a", "import os\nfor k, v in [('A', '1')]:\n    os.environ[k] = v\ndel k, v"),
            ("task:b", "seen = 'k' in globals(), os.environ['A']"),
        ),
    ),
    "a setting of what has been imported so far": (
        "DF121",
        (
            ("task:a", "import os, sys"),
            (
                "task:b",
                "import colorsys\nif 'colorsys' in sys.modules:\n    os.environ['A'] = 'yes'",
            ),
            ("task:c", "seen = os.environ.get('A')"),
        ),
    ),
    "a function of Python that the task's cell above uses and another task hides": (
        "DF114",
        (("task:a", "got = max([1, 2])"), ("task:b", "max = 5"), ("task:a", "more = max + 1")),
    ),
    "draws by way of an object that holds the global generator": (
        "DF204",
        (
            ("setup", "import numpy as np\nnp.random.seed(1)"),
            ("task:a", "holder = [np.random.mtrand._rand]"),
            ("task:b", "x = holder[0].rand(2).tolist()"),
            ("task:c", "y = float(np.random.rand())"),
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
    "an accessor of a library's that reads what a task made": (
        "DF121",
        (
            ("task:a", "import pandas as pd\ndf = pd.DataFrame({'a': [1]})\nk = [5]"),
            (
                "task:b",
                "@pd.api.extensions.register_series_accessor('geo')\nclass Geo:\n"
                "    def __init__(self, obj):\n        self.obj = obj\n"
                "    def total(self):\n        return k[0]",
            ),
            ("task:c", "seen = df['a'].geo.total()"),
        ),
    ),
    "a library's class that the notebook changes": (
        "DF121",
        (
            ("task:a", "import pandas as pd\ndf = pd.DataFrame({'a': [1]})"),
            ("task:b", "def head(self):\n    return 5\npd.DataFrame.head = head"),
            ("task:c", "seen = df.head()"),
        ),
    ),
    "a setting of a library with values of the notebook": (
        "DF121",
        (
            ("task:a", "import numpy as np\nmode = [str(np.array('raise'))]\na = np.zeros(1)"),
            ("task:b", "np.seterr(all=mode[0])"),
            ("task:c", "try:\n    seen = 1 / a\nexcept FloatingPointError:\n    seen = 0"),
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
    "a name that is bound by text, and the notebook ends with": (
        "DF201",
        (
            ("task:a", "x = 1"),
            ("task:b", "code = 'x = 3'"),
            ("task:c", "exec(code)"),
        ),
    ),
    "a copy of a table that has the same objects": (
        "DF205",
        (
            ("task:a", "import pandas as pd\ndf = pd.DataFrame({'a': [[1], [2]]})"),
            ("task:b", "e = df.copy()"),
            ("task:c", "e['a'][0].append(5)"),
        ),
    ),
    "a library's function closes over what it is given": (
        "DF205",
        (
            ("task:a", "import contextlib\nlog = []\nstack = contextlib.ExitStack()"),
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
    "nor what is beside it under a key": (
        "DF201",
        (
            ("task:a", "d = [1]"),
            ("task:b", "p = {'c': [2], 'd': d}"),
            ("task:c", "vars(list)['append'](p['d'], 6)\np['c'].pop()"),
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
    "a task takes back a name that it has given away": (
        "DF114",
        (
            ("task:t1", "w = {1}"),
            ("task:t3", "w = [[1]]\np = {'a': w[0]}"),
            ("task:t1", "p['a'].append(9)"),
            ("", "n = [r for r in w]"),
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
    "a class of setup that a task changes": (
        "DF121",
        (
            (
                "setup",
                "class Bad(ValueError):\n    seen = []\n    def __init__(self, row):\n        self.seen.append(row)",
            ),
            ("task:a", "err = Bad(1)"),
        ),
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_the_same_is_refused(name: str) -> None:
    code, cells = REFUSED[name]
    program = Program(tuple(ProgramCell((text,), tuple(tags.split())) for tags, text in cells))
    verdict = judge(program, random.Random(0))
    assert (verdict.outcome, verdict.label) == (Outcome.REFUSED, code), verdict.text


TAGGED: dict[str, tuple[tuple[str, str], ...]] = {
    "a function that a task defines twice, the second time with a value": (
        ("task:a", "def f(q):\n    return q + 1"),
        ("task:b", "z = f(1)"),
        ("task:a", "def f(q, z=z):\n    return q + z\ngot = f(1)"),
        ("task:c", "again = f(1)"),
    ),
    "a setting of a value that is made by a task which goes on below": (
        ("task:a", "import sys, logging\nn = 5"),
        ("task:b", "sys.path.append(str(n))"),
        ("task:a", "seen = sys.path[-1]\nlogging.getLogger('m').setLevel(1)"),
    ),
    "a setting of a constant of a class": (
        ("task:a", "import os\nclass C:\n    n = 4\n    m = n + 1"),
        ("task:b", "os.environ['N'] = str(C.n)"),
        ("task:c", "seen = os.environ['N']"),
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
    "a setting counts from where it stands": (
        ("task:t4", "import os\nos.environ['MODE'] = 'm4'"),
        ("task:t5", "m = os.environ.get('MODE')"),
        ("task:t6", "os.environ['MODE'] = 'm5'"),
        ("task:t5", "x = 1"),
    ),
    "a setting is taken back where that stands": (
        ("", "import os"),
        ("", "os.environ['MODE'] = 'm4'"),
        ("task:t5", "m = os.environ.get('MODE')"),
        ("task:t6", "del os.environ['MODE']"),
        ("task:t5", "x = 1"),
    ),
    "a setting may need what the task itself imports": (
        ("task:t0", "import os\nos.environ['MODE'] = 'm1'"),
        ("task:t3", "del os.environ['MODE']"),
        ("task:t0", "m = os.environ.get('MODE')"),
    ),
    "an option counts from where it stands": (
        ("task:t4", "import pandas as pd\npd.set_option('display.precision', 2)"),
        ("task:t5", "m = str(pd.Series([1.23456]))"),
        ("task:t6", "pd.set_option('display.precision', 4)"),
        ("task:t5", "x = 1"),
    ),
}


@pytest.mark.parametrize("name", TAGGED)
@pytest.mark.parametrize("order", range(3))
def test_versions_count_down_the_notebook(name: str, order: int) -> None:
    cells = tuple(ProgramCell((text,), tuple(tag.split())) for tag, text in TAGGED[name])
    verdict = judge(Program(cells), random.Random(order))
    assert verdict.outcome is Outcome.EQUAL, verdict.text


def _tags(cells: tuple[str, ...], index: int) -> tuple[str, ...]:
    """A task a cell; only a notebook with setup in it needs tags."""
    return (f"task:t{index}",) if any(text.startswith("# setup") for text in cells) else ()
