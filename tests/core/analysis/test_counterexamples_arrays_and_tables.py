"""Notebooks about arrays and tables that once came out different, or were refused without need, each for a principle."""

from __future__ import annotations

import pytest

from tests.core.analysis.judged import are_equal, are_refused

EQUAL: dict[str, tuple[str, ...]] = {
    "what is packed, or read, into bytes changes them": (
        "import io, struct\nb = bytearray(8)",
        "struct.pack_into('i', b, 0, 7)",
        "struct.Struct('i').pack_into(b, 4, 5)",
        "io.BytesIO(b'ab').readinto(memoryview(b)[2:])",
        "seen = list(b)",
    ),
    "text that a table is asked for may name any variable": (
        "import pandas as pd\ndf = pd.DataFrame({'a': [1, 2, 3]})\nlimit = 1\ndef kept(df, text):\n"
        "    return len(df.query(text))",
        "text = 'a > @limit'",
        "seen = [len(df.query(text)), kept(df, text), df.eval(expr='a + @limit').tolist()]",
        "each = [len(df.reset_index().query(expr=t)) for t in [text, 'a == @limit']]",
    ),
    "a column keeps a table from writing to the memory of an array": (
        "import pandas as pd\ndf = pd.DataFrame({'a': [1., 2], 'b': [3., 4]})\nv = df['a'].to_numpy()",
        "col = df['b']",
        "df.loc[0, 'a'] = 98",
        "m = v.sum()",
    ),
    "a table over an array's memory, and one made of it elsewhere": (
        "import numpy as np, pandas as pd\narr = np.zeros((3, 2))\ndf = pd.DataFrame(arr, copy=False)",
        "part = df.rename(columns={0: 'a'})",
        "arr[0, 0] = 7",
        "seen = np.asarray(part).ravel().tolist()",
    ),
    "a column of a table over an array's memory": (
        "import numpy as np, pandas as pd\narr = np.zeros((3, 2))\ndf = pd.DataFrame(arr, copy=False)",
        "part = df[0]",
        "arr[0, 0] = 7",
        "seen = np.asarray(part).ravel().tolist()",
    ),
    "tables put together of one over an array's memory": (
        "import numpy as np, pandas as pd\narr = np.zeros((3, 2))\ndf = pd.DataFrame(arr, copy=False)",
        "part = pd.concat([df], axis=1)",
        "arr[0, 0] = 7",
        "seen = np.asarray(part).ravel().tolist()",
    ),
    "a table over the memory of an array, which nobody else has": (
        "import pandas as pd\ns = pd.Series([7, 1, 2])\nvalues = s.to_numpy()\nnamed = s.rename('z')",
        "named = None\ns.iloc[-1] = 7",
        "seen = values.tolist()",
    ),
    "a table over the memory of an array, made of one that is something else by now": (
        "import pandas as pd\ns = pd.Series([7, 1, 2])\nvalues = s.to_numpy()",
        "named = s.rename('z')",
        "s = named.map(lambda e: e + 7)",
        "named.iloc[0] = 5",
        "seen = values.tolist()",
    ),
    "a table over the memory of an array, and another that was made of it and stays behind": (
        "import pandas as pd\ns = pd.Series([7, 1, 2])\nvalues = s.to_numpy()\nnamed = s.rename('z')",
        "def last(s):\n    s.iloc[-1] = 7",
        "named = last(s)",
        "seen = values.tolist()",
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
    "an array that is turned round is so in the next task": (
        "import numpy as np\nz = np.arange(4)[::-1]",
        "y = z.ravel()",
        "np.copyto(z, 4)",
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
    "an array over bytes that others change": (
        "import numpy as np\nb = bytearray(b'abcd')",
        "a = np.frombuffer(b, dtype='u1')\nc = np.frombuffer(memoryview(b)[1:], dtype='u1')\nd = a[:3]",
        "b[1] = 65\nd[0] = 7",
        "seen = [bytes(b), a.tolist(), c.tolist(), d.tolist()]",
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
    "a copy=False array is its argument": (
        "import numpy as np\ny = np.arange(4)",
        "x = np.nan_to_num(y, copy=False)",
        "x[0] = 7",
        "seen = repr(y)",
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
    "strided views stay views over two tasks": (
        "import numpy as np\nx = np.arange(4)",
        "y = np.asarray(x)\nz = x[::2]",
        "y.fill(3)",
        "y += 1",
        "seen = repr([x, z])",
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
    "the name of an index is its frame's": (
        "import pandas as pd\ndf = pd.DataFrame({'a': [1]})",
        "df.index.name = 'key'\ndf.columns.name = 'c'",
        "r = (df.index.name, df.columns.name)",
    ),
    "functions have no methods that change them": (
        "# setup\np = [[1], [9]]\nclass D:\n    def take(self, x):\n        return x\nu = D()",
        "h = u.take",
        "p = list(map(h, p))",
        "for e in p:\n    e.append(1)",
    ),
    "the smallest are the very elements": (
        "import heapq\np = [[1], [2, 3]]",
        "q = heapq.nsmallest(1, p, key=len)",
        "q[0].append(2)",
        "seen = repr(p)",
    ),
    "the attrs of a frame are its own dict": (
        "import pandas as pd\ndf = pd.DataFrame({'a': [1]})",
        "d = df.attrs",
        "d['k'] = 2",
        "seen = repr(df.attrs)",
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
    "an accessor is there wherever its table is": (
        "import pandas as pd\ndf = pd.DataFrame({'a': [1]})\ndef twice(n):\n    return 2 * n",
        "@pd.api.extensions.register_dataframe_accessor('geo')\nclass Geo:\n"
        "    def __init__(self, obj):\n        self.obj = obj\n"
        "    def total(self):\n        return twice(int(self.obj['a'].sum()))",
        "seen = df.geo.total()",
    ),
    "a class keeps its slots": (
        "from collections import namedtuple\nP = namedtuple('P', 'xs n')\np = P([1], 2)",
        "q = p._replace(n=3)",
        "q.xs.append(5)",
        "seen = [p.xs, hasattr(p, '__dict__')]",
    ),
    "what operator gets of an array may be a view": (
        "import numpy as np\nimport operator",
        "z = np.arange(4)",
        "x = operator.getitem(z, slice(None))",
        "x = operator.getitem(x, slice(None))",
        "np.add(x, 8, out=x)",
    ),
    "an object in a table is changed where it is taken out": (
        "import pandas as pd\ndf = pd.DataFrame({'a': [[1], [2]]})",
        "for i, row in df.iterrows():\n    row['a'].append(i)\ndel row",
        "df['a'][0].append(5)",
        "seen = df['a'].tolist()",
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
    "a generator of random numbers may stand in a class": (
        "import numpy as np\nclass Net:\n    rng = np.random.default_rng(1)",
        "w = Net.rng.normal()",
        "v = Net.rng.normal()",
    ),
    "an object may pass on what is set in it": (
        "class Proxy:\n    def __init__(self, target):\n        self.__dict__['target'] = target\n    def __setattr__(self, name, value):\n        setattr(self.target, name, value)\n    def __getattr__(self, name):\n        if name.startswith('__'):\n            raise AttributeError(name)\n        return getattr(self.__dict__['target'], name)\np = Proxy([1])",
        "p.append(2)\nn = len(p.target)",
    ),
    "an object may note what it is asked for": (
        "class Proxy:\n    def __init__(self, target):\n        self.target = target\n        self.touched = []\n    def __getattr__(self, name):\n        if name.startswith('__') or 'target' not in self.__dict__:\n            raise AttributeError(name)\n        self.touched.append(name)\n        return getattr(self.target, name)\np = Proxy([3])",
        "n = len(p.touched)",
    ),
    "an array may be over the memory of a series": (
        "import pandas as pd\nseries = pd.Series([1, 2, 3])",
        "values = series.to_numpy()",
        "series += 7",
        "n = int(values.sum())",
    ),
}


REFUSED: dict[str, tuple[str, tuple[tuple[str, str], ...]]] = {
    "draws by way of an object that holds the global generator": (
        "DF204",
        (
            ("setup", "import numpy as np\nnp.random.seed(1)"),
            ("task:a", "holder = [np.random.mtrand._rand]"),
            ("task:b", "x = holder[0].rand(2).tolist()"),
            ("task:c", "y = float(np.random.rand())"),
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
    "a copy of a table that has the same objects": (
        "DF205",
        (
            ("task:a", "import pandas as pd\ndf = pd.DataFrame({'a': [[1], [2]]})"),
            ("task:b", "e = df.copy()"),
            ("task:c", "e['a'][0].append(5)"),
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
    "a task takes back a name that it has given away": (
        "DF114",
        (
            ("task:t1", "w = {1}"),
            ("task:t3", "w = [[1]]\np = {'a': w[0]}"),
            ("task:t1", "p['a'].append(9)"),
            ("", "n = [r for r in w]"),
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
