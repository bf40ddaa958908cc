"""Notebooks about classes that once came out different, or were refused without need, each for a principle."""

from __future__ import annotations

import pytest

from tests.core.analysis.judged import are_equal, are_refused

EQUAL: dict[str, tuple[str, ...]] = {
    "an object with traits comes with those that observe it": (
        "from traitlets import HasTraits, Int\nclass S(HasTraits):\n    value = Int(0)\ns = S()\nhist = []",
        "def on(change):\n    hist.append(change['new'])\ns.observe(on, 'value')\ns.observe(on)",
        "s.value = 4",
        "s.value = 5",
        "seen = hist[:]",
    ),
    "a method goes with the function that it has, whatever its object finds by that name": (
        "import types\nclass A:\n    def go(self):\n        return 1\nclass B(A):\n    def go(self):\n"
        "        return 2\n    def above(self):\n        return super().go\ndef go(self):\n    return 3",
        "b = B()\nc = B()\nkept = c.go\nc.go = lambda: 4\n"
        "ways = [b.above(), go.__get__(b), types.MethodType(go, b), A.go.__get__(b), kept, b.go]",
        "seen = [way() for way in ways]",
    ),
    "a method of the type above goes with an object whose class has another": (
        "class L(list):\n    def append(self, x):\n        super().append(-x)\n    def plain(self):\n"
        "        return super().append\n    @classmethod\n    def make(cls):\n        return cls.__name__\n"
        "class M(L):\n    make = classmethod(lambda cls: 'M')\n    up = classmethod(lambda cls: super(M, cls).make)",
        "xs = M()\nadd = xs.plain()\nways = [M.up(), M.make]",
        "add(3)",
        "seen = [xs, [way() for way in ways]]",
    ),
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
    "how long a class is, nobody asks it": (
        "log = []\nclass Meta(type):\n    pool = log\n    def __len__(cls):\n        cls.pool.append(6)\n"
        "        return 1\nclass C(metaclass=Meta):\n    pass",
        "u = [C, C()]",
        "log.append(3)",
    ),
    "a bound method holds its object": (
        "class C:\n    n = 0\n    def take(self, x):\n        self.xs = x\n        return x\no = C()",
        "f = o.take",
        "c = f([1])",
        "seen = o.xs is c",
    ),
    "identity is a question to one task": (
        "class C:\n    pass\no = C()\no.xs = [1]",
        "q = [o.xs]",
        "a = q[-1]",
        "c = a",
        "seen = q[0] is c",
    ),
    "an old class lives on in its instances": (
        "class D:\n    def __init__(self, xs):\n        self.xs = xs\no = D([5])",
        "class D:\n    def more(self):\n        return 2",
        "o = [o.xs, D().more()]",
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
    "a shallow copy has the class and the inside": (
        "import copy\nclass C:\n    def take(self, x):\n        self.xs = x\n        return x\no = C()",
        "u = copy.copy(o)",
        "a = o.take([1])",
        "d = u.take(a)",
        "seen = [u.xs is a]",
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
    "a class of setup and what replaced it": (
        "# setup\nclass D:\n    def __init__(self, xs):\n        self.xs = xs\no = D([6])",
        "o.xs.append(1)",
        "class D(D):\n    def peek(self):\n        return 1",
        "seen = [type(o) is D, isinstance(D([1]), type(o)), o.xs]",
    ),
    "an instance that has lost its name keeps its class": (
        "class C:\n    def take(self, x):\n        self.xs = x\n        return x\nu = C()",
        "c = u.take([1])",
        "del u",
        "class C:\n    pass",
        "seen = [C(), c]",
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
    "a base that is one class or another": (
        "x = [1]\nclass D:\n    def __init__(self, xs):\n        self.n = 0",
        "if x:\n    class D:\n        def __init__(self, xs):\n            x.append(xs)",
        "class C(D):\n    pass",
        "o = C(2)",
        "seen = repr(x)",
    ),
    "a library's partial around a method decorates": (
        "class Bus:\n    def __init__(self):\n        self.subs = []\n    def on(self, fn):\n        self.subs.append(fn)\n        return fn\n    def emit(self, v):\n        for fn in self.subs:\n            fn(v)\nnode = []\nbus = Bus()",
        "from functools import partial\n@partial(Bus.on, bus)\ndef listen(v):\n    node.append(v)",
        "bus.emit(6)",
        "n = len(node)",
    ),
    "a deep copy of a class is the class": (
        "import copy\nclass Store:\n    total = 0\nK = copy.deepcopy(Store)",
        "K.total += 1",
        "n = Store.total",
    ),
    "a class has the base that stands above it": (
        "class Base:\n    n = 1",
        "class Child(Base):\n    m = [Base.n for _ in range(2)]",
        "class Base:\n    n = 2",
        "kept = [Child(), Child]",
        "seen = kept[0].n",
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
    "an object is loaded without its class's own __new__": (
        "class Shape:\n    made = 0\n    def __new__(cls):\n        cls.made += 1\n        return super().__new__(cls)",
        "x = Shape()",
        "y = x\nn = Shape.made",
        "m = Shape.made\nz = x",
    ),
    "a function that an object with traits has been told to call": (
        "import traitlets\nclass T(traitlets.HasTraits):\n    x = traitlets.Int()\nt, scale, seen = T(), 2, {}\n"
        "def see(change):\n    seen[change['new']] = change['new'] * scale\nt.observe(see, 'x')",
        "scale = 3",
        "t.x = 5",
        "n = dict(seen)",
    ),
    "methods that traitlets runs": (
        "import traitlets\nlog, base = [], [5]\nclass T(traitlets.HasTraits):\n    x, y = traitlets.Int(), traitlets.Int()\n"
        "    @traitlets.observe('x')\n    def _seen(self, change):\n        log.append(change['new'])\n"
        "    @traitlets.validate('x')\n    def _checked(self, proposal):\n        return proposal['value'] * len(base)\n"
        "    @traitlets.default('y')\n    def _first(self):\n        return base[0]",
        "class U(T):\n    z = traitlets.List()\n    def _z_default(self):\n        return list(log)\n"
        "    def _y_changed(self, new):\n        log.append(('y', new))\nt, u = T(x=1), U()",
        "t.x = 3\nsetattr(u, 'x', 4)",
        "first, second = t.y, u.z",
        "u.y = 2\nbase.append(6)",
        "seen = list(log), u.z, t.y, t.x",
    ),
    "what is to be closed or printed when an object goes": (
        "import io, weakref\nclass A:\n    pass\na, text = A(), io.StringIO()",
        "f, g = weakref.finalize(a, text.close), weakref.finalize(a, print, 'gone')\nr = weakref.ref(a, None)\nn = r() is a\ndel f, g, r",
        "seen = text.closed, n",
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
    "a subscript may be answered by the notebook": (
        "class Bag(dict):\n    def __missing__(self, key):\n        self[key] = made = []\n        return made",
        "bag = Bag()",
        "part = bag['b']",
        "part.append(1)",
        "n = bag",
    ),
    "who goes through an iterator of the notebook's own moves it on": (
        "class Steps:\n    def __init__(self):\n        self.at = 0\n    def __iter__(self):\n        return self\n"
        "    def __next__(self):\n        if self.at == 9:\n            raise StopIteration\n        self.at += 1\n"
        "        return self.at\nsteps = Steps()",
        "for step in steps:\n    if step == 2:\n        break",
        "a = steps.at\nb, c = zip(steps, 'xy')",
        "d = sum(s for s in steps if s < 8)",
        "e = [steps.at, *steps]",
    ),
    "a call that goes through an iterator of the notebook's own moves it on": (
        "class Steps:\n    def __init__(self):\n        self.at = 0\n    def __iter__(self):\n        return self\n"
        "    def __next__(self):\n        if self.at == 9:\n            raise StopIteration\n        self.at += 1\n"
        "        return self.at\nsteps = Steps()",
        "a = next(steps)",
        "b = list(zip('xy', steps))",
        "c = max(steps)",
        "d = steps.at, list(steps)",
    ),
    "to replace fields of a record is to make one anew": (
        "from dataclasses import dataclass, replace\nmade = []\n@dataclass\nclass Row:\n    v: int\n"
        "    def __post_init__(self):\n        made.append(self.v)",
        "a = Row(1)",
        "b = replace(a, v=2)",
        "seen = list(made)",
    ),
}


REFUSED: dict[str, tuple[str, tuple[tuple[str, str], ...]]] = {
    "an instance that changes a list when it goes, and a task that lets it go": (
        "DF121",
        (
            (
                "task:a",
                "log = []\nclass Last:\n    def __del__(self):\n        log.append(1)\nx = Last()",
            ),
            ("task:b", "x = None"),
            ("task:c", "seen = len(log)"),
        ),
    ),
    "what is to be called when an object goes, by any name": (
        "DF121",
        (
            ("setup", "import weakref as w\nwhen_gone = w.finalize"),
            (
                "task:a",
                "log = []\nclass A:\n    pass\na = A()\ndef watch(obj):\n    when_gone(obj, log.append, 1)",
            ),
            ("task:b", "watch(a)"),
            ("task:c", "del a"),
            ("task:d", "seen = len(log)"),
        ),
    ),
    "what is to be closed when an object goes, by code of the notebook": (
        "DF121",
        (
            (
                "task:a",
                "from weakref import finalize\nlog = []\nclass A:\n    def close(self):\n        log.append(1)",
            ),
            ("task:b", "a, b = A(), A()\ndone = finalize(a, b.close)\ndel a, b, done"),
            ("task:c", "seen = len(log)"),
        ),
    ),
    "a change of what a weak reference leads to": (
        "DF107",
        (
            ("task:a lane:one", "import weakref\nclass A:\n    n = 0\na = A()"),
            ("task:b lane:one", "weak = weakref.ref(a)"),
            ("task:c", "a.n = 2"),
            ("task:d lane:one", "seen = weak().n"),
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


@pytest.mark.parametrize("name", EQUAL)
@pytest.mark.parametrize("order", range(3))
def test_run_all_and_the_tasks_leave_the_same(name: str, order: int) -> None:
    are_equal(EQUAL[name], order)


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_the_same_is_refused(name: str) -> None:
    are_refused(*REFUSED[name])
