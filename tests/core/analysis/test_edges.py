"""More mini notebooks: which cell needs what another made, changed or defined."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

# title, cells, edges (or definitions), edges that are allowed besides
TABLE: list[tuple[str, list[str], set[tuple[int, int]], set[tuple[int, int]]]] = [
    (
        "walrus print",
        ["print(x := 3)", "print(x)"],
        {(0, 1)},
        set(),
    ),
    (
        "what is stored and restored",
        ["x = 1\n%store x", "%store -r x other\nprint(x)", "x = 2", "print(x)"],
        {(0, 1), (2, 3)},
        set(),
    ),
    (
        "SQL that reads variables",
        [
            "df, other, t = [1], [2], [3]",
            "import duckdb\nprint(duckdb.sql('SELECT * FROM df d LEFT JOIN other USING (id)'))",
            "con = duckdb.connect()\nprint(con.execute('select * from t.x, read_csv(t)').fetchall())",
            "print('from df', df)",
        ],
        {(0, 1), (0, 3)},
        set(),
    ),
    (
        "pieces of a figure",
        [
            "import matplotlib.pyplot as plt\nfig, axs = plt.subplots(2)\n(line,) = axs[0].plot([1])",
            "line.set_color('red')",
            "print(axs[0].lines[0].get_color())",
        ],
        {(0, 1), (1, 2)},
        {(0, 2)},
    ),
    (
        "a plot of a table",
        [
            "import pandas as pd\nimport matplotlib.pyplot as plt\nfig, ax = plt.subplots()",
            "df = pd.DataFrame({'a': [1]})",
            "bars = df.plot.bar(ax=ax)",
            "bars.set_title('t')",
            "print(ax.get_title())",
        ],
        {(0, 2), (1, 2), (2, 3), (3, 4)},
        {(0, 3), (0, 4)},
    ),
    (
        "axes that others draw on",
        [
            "import matplotlib.pyplot as plt\nfig, axes = plt.subplots(2)",
            "import seaborn as sns\nsns.heatmap([[1]], ax=axes[0])",
            "import pandas as pd\npd.Series([1]).plot(ax=axes[1])",
            "fig",
        ],
        {(0, 1), (1, 2), (2, 3)},
        {(0, 2), (0, 3)},
    ),
    (
        "for else",
        ["for i in [1]:\n    pass\nelse:\n    z=1", "print(z)"],
        {(0, 1)},
        set(),
    ),
    (
        "comp var",
        ["y=1", "a=[y for y in range(3)]", "print(y)"],
        {(0, 2)},
        set(),
    ),
    (
        "fstring",
        ["x=1;w=3", "print(f'{x:{w}} {x!r}')"],
        {(0, 1)},
        set(),
    ),
    (
        "semicolons",
        ["a=1; b=2", "print(a); print(b)"],
        {(0, 1)},
        set(),
    ),
    (
        "annotated str",
        ["Foo=1", "x: 'Foo' = 2", "print(x)"],
        {(1, 2)},
        set(),
    ),
    (
        "partial",
        [
            "import functools\nk=2",
            "def f(a,b):\n    return a+b+k",
            "g=functools.partial(f,1)",
            "print(g(2))",
        ],
        {(1, 2), (0, 3), (2, 3), (0, 2), (1, 3)},
        set(),
    ),
    (
        "callback dict",
        ["k=1", "def f():\n    return k", "d={}\nd['f']=f", "d['f']()"],
        {(2, 3), (1, 2), (0, 3)},
        set(),
    ),
    (
        "mutual",
        [
            "def ev(n):\n    return n==0 or od(n-1)",
            "def od(n):\n    return n!=0 and ev(n-1)",
            "print(ev(4))",
        ],
        {(0, 2), (1, 2)},
        set(),
    ),
    (
        "deco args",
        [
            "def times(n):\n    def d(f):\n        def w(*a):\n            return f(*a)*n*scale\n        return w\n    return d",
            "@times(2)\ndef g(x):\n    return x",
            "scale=3",
            "print(g(1))",
        ],
        {(0, 1), (2, 3), (1, 3)},
        set(),
    ),
    (
        "wraps",
        [
            "import functools\ndef d(f):\n    @functools.wraps(f)\n    def w(*a):\n        return f(*a)\n    return w",
            "k=1",
            "@d\ndef g():\n    return k",
            "print(g())",
        ],
        {(2, 3), (0, 2), (1, 3)},
        set(),
    ),
    (
        "global in nested",
        ["def o():\n    def i():\n        global gg\n        gg=1\n    i()", "o()", "print(gg)"],
        {(0, 1), (1, 2)},
        set(),
    ),
    (
        "cond global",
        ["n=0\ndef bump():\n    global n\n    if n<5:\n        n+=1", "bump()", "print(n)"],
        {(0, 1), (1, 2)},
        set(),
    ),
    (
        "inherit",
        [
            "k=1\nclass A:\n    def m(self):\n        return k",
            "class B(A):\n    pass",
            "b=B()",
            "print(b.m())",
        ],
        {(0, 1), (1, 2), (0, 3), (2, 3), (0, 2), (1, 3)},
        set(),
    ),
    (
        "super",
        [
            "class A:\n    def __init__(self):\n        self.x=base",
            "class B(A):\n    def __init__(self):\n        super().__init__()",
            "base=2",
            "print(B().x)",
        ],
        {(0, 1), (2, 3), (0, 3), (1, 3)},
        set(),
    ),
    (
        "class attr data",
        ["n=3", "class A:\n    size=n", "print(A.size)"],
        {(0, 1), (1, 2)},
        set(),
    ),
    (
        "class attr set",
        ["class A:\n    x=1", "A.x=5", "print(A.x)"],
        {(0, 1), (1, 2)},
        set(),
    ),
    (
        "property",
        [
            "k=1",
            "class A:\n    @property\n    def p(self):\n        return k",
            "a=A()",
            "print(a.p)",
        ],
        {(2, 3), (1, 2), (0, 3), (1, 3)},
        set(),
    ),
    (
        "plain attr",
        [
            "k=1",
            "class A:\n    def __init__(self):\n        self.v=2\n    def m(self):\n        return k",
            "a=A()",
            "print(a.v)",
        ],
        {(2, 3), (1, 2)},
        set(),
    ),
    (
        "field factory",
        [
            "from dataclasses import dataclass,field\ndef dflt():\n    return k",
            "@dataclass\nclass P:\n    a:int=field(default_factory=dflt)",
            "k=1",
            "p=P()",
            "print(p.a)",
        ],
        {(0, 1), (3, 4), (0, 3), (2, 3), (1, 3)},
        set(),
    ),
    (
        "slice assign",
        ["xs=[1,2]", "xs[1:]=[3]", "print(xs)"],
        {(0, 1), (1, 2)},
        set(),
    ),
    (
        "del item",
        ["d={'k':1}", "del d['k']", "print(d)"],
        {(0, 1), (1, 2)},
        set(),
    ),
    (
        "sort",
        ["xs=[2,1]", "xs.sort()", "print(xs)"],
        {(0, 1), (1, 2)},
        set(),
    ),
    (
        "pop used",
        ["xs=[2,1]", "y=xs.pop()", "print(xs)"],
        {(0, 1), (1, 2)},
        set(),
    ),
    (
        "df loc",
        ["import pandas as pd\ndf=pd.DataFrame({'a':[1]})", "df.loc[0,'a']=5", "print(df)"],
        {(0, 1), (1, 2)},
        set(),
    ),
    (
        "assign",
        [
            "import pandas as pd\ndf=pd.DataFrame({'a':[1]})",
            "df2=df.assign(b=1)",
            "print(df)",
            "print(df2)",
        ],
        {(0, 1), (0, 2), (1, 3)},
        set(),
    ),
    (
        "fit_transform",
        [
            "from sklearn.preprocessing import StandardScaler\nsc=StandardScaler()",
            "X=[[1],[2]]",
            "Z=sc.fit_transform(X)",
            "print(sc.mean_)",
            "print(X)",
        ],
        {(2, 3), (0, 2), (1, 2), (1, 4)},
        set(),
    ),
    (
        "fn returns arg",
        ["def same(x):\n    return x", "a=[]", "b=same(a)", "b.append(1)", "print(a)"],
        {(2, 3), (0, 2), (1, 2), (3, 4)},
        set(),
    ),
    (
        "nested loop",
        [
            "rows=[[1],[2]]",
            "for r in rows:\n    for i,v in enumerate(r):\n        r[i]=v+1",
            "print(rows)",
        ],
        {(0, 1), (1, 2)},
        set(),
    ),
    (
        "tuple +=",
        ["t=(1,)", "u=t", "t+=(2,)", "print(u)"],
        {(0, 1), (0, 2), (1, 3)},
        set(),
    ),
    (
        "str +=",
        ["s='a'", "u=s", "s+='b'", "print(u)"],
        {(0, 1), (0, 2), (1, 3)},
        set(),
    ),
    (
        "slice copy",
        ["a=[1]", "b=a[:]\nb.append(2)", "print(a)"],
        {(0, 1), (0, 2)},
        set(),
    ),
    (
        "dict copy ctor",
        ["a={'x':1}", "b=dict(a)\nb['y']=2", "c={**a,'z':1}\nc['q']=2", "print(a)"],
        {(0, 1), (0, 2), (0, 3)},
        set(),
    ),
    (
        "setdefault",
        ["d={}", "d.setdefault('k',[]).append(1)", "print(d)"],
        {(0, 1), (1, 2)},
        set(),
    ),
    (
        "defaultdict",
        [
            "from collections import defaultdict\nd=defaultdict(list)",
            "d['k'].append(1)",
            "print(d)",
        ],
        {(0, 1), (1, 2)},
        set(),
    ),
    (
        "get readonly",
        ["d={'a':1}", "x=d.get('a')", "print(d)"],
        {(0, 1), (0, 2)},
        set(),
    ),
    (
        "deque",
        ["from collections import deque\nq=deque([1])", "q.appendleft(2)", "print(q)"],
        {(0, 1), (1, 2)},
        set(),
    ),
    (
        "list in dict in obj",
        ["class C: pass\nc=C()\nc.xs=[]", "c.xs.append(1)", "print(c.xs)"],
        {(0, 1), (1, 2)},
        set(),
    ),
    (
        "np slice view",
        ["import numpy as np\na=np.zeros(4)", "v=a[1:3]", "v[0]=1", "print(a)"],
        {(0, 1), (1, 2), (2, 3)},
        set(),
    ),
    (
        "np copy",
        ["import numpy as np\na=np.zeros(4)", "v=a.copy()\nv[0]=1", "print(a)"],
        {(0, 1), (0, 2)},
        set(),
    ),
    (
        "bool mask store",
        ["import numpy as np\na=np.zeros(4)", "a[a>0]=1", "print(a)"],
        {(0, 1), (1, 2)},
        set(),
    ),
    (
        "sum unaffected",
        ["xs=[1]", "s=sum(xs)", "m=max(xs)", "print(xs)"],
        {(0, 1), (0, 2), (0, 3)},
        set(),
    ),
    (
        "lib fn arg",
        ["import json\nd={'a':1}", "json.dumps(d)", "print(d)"],
        {(0, 1), (0, 2)},
        set(),
    ),
    (
        "matplotlib",
        ["import matplotlib.pyplot as plt\nx=[1]", "plt.plot(x)\nplt.show()", "print(x)"],
        {(0, 1), (0, 2)},
        set(),
    ),
    (
        "timeit",
        ["x=1", "%timeit y = x", "print(x)"],
        {(0, 1), (0, 2)},
        set(),
    ),
    (
        "cell timeit",
        ["x=1", "%%timeit\ny = x + 1", "print(x)"],
        {(0, 1), (0, 2)},
        set(),
    ),
    (
        "html",
        ["x=1", "%%html\n<b>{x}</b>", "print(x)"],
        {(0, 2)},
        set(),
    ),
    (
        "matplotlib magic",
        ["%matplotlib inline", "print(1)"],
        set(),
        set(),
    ),
    (
        "eval",
        ["x=1", "print(eval('x + 1'))"],
        {(0, 1)},
        set(),
    ),
    (
        "exec",
        ["exec('q = 5')", "print(q)"],
        {(0, 1)},
        set(),
    ),
    (
        "locals",
        ["x=1", "print(locals()['x'])"],
        {(0, 1)},
        set(),
    ),
    (
        "vars in fn",
        ["def f():\n    a=1\n    return locals()['a']", "print(f())"],
        {(0, 1)},
        set(),
    ),
    (
        "star args",
        ["a=[1];k={'b':2}", "def f(*p,**q):\n    return p,q", "print(f(*a,**k))"],
        {(0, 2), (1, 2)},
        set(),
    ),
    (
        "match class",
        [
            "class Pt:\n    __match_args__=('x',)\n    def __init__(self,x):\n        self.x=x",
            "p=Pt(1)",
            "match p:\n    case Pt(x=v):\n        print(v)",
        ],
        {(0, 1), (0, 2), (1, 2)},
        set(),
    ),
    (
        "try finally",
        ["try:\n    a=1\nfinally:\n    b=2", "print(a,b)"],
        {(0, 1)},
        set(),
    ),
    (
        "nested fn default data",
        ["k=[1]", "def f(x=k):\n    return x", "f().append(2)", "print(k)"],
        {(0, 1), (1, 2), (2, 3)},
        {(0, 2)},
    ),
    (
        "method alias",
        ["xs=[]", "add=xs.append", "add(1)", "print(xs)"],
        {(0, 1), (1, 2), (2, 3)},
        {(0, 2)},
    ),
    (
        "swap objs",
        ["a=[];b=[]", "a,b=b,a", "a.append(1)", "print(b)"],
        {(0, 1), (1, 2), (1, 3)},
        set(),
    ),
    (
        "iter rows df",
        [
            "import pandas as pd\ndf=pd.DataFrame({'a':[1]})",
            "for i,row in df.iterrows():\n    print(row['a'])",
            "print(df)",
        ],
        {(0, 1), (0, 2)},
        set(),
    ),
    (
        "groupby loop",
        [
            "import pandas as pd\ndf=pd.DataFrame({'a':[1]})",
            "for k,g in df.groupby('a'):\n    g['z']=1",
            "print(df)",
        ],
        {(0, 1), (0, 2)},
        set(),
    ),
    (
        "col inplace",
        ["import pandas as pd\ndf=pd.DataFrame({'a':[1]})", "s=df['a']", "df['b']=2", "print(s)"],
        {(0, 1), (0, 2), (1, 3)},
        set(),
    ),
    (
        "read_csv unknown",
        [
            "import pandas as pd\ndf=pd.read_csv('x.csv')",
            "y=df['t']\nX=df.drop(columns='t')",
            "print(X.shape)",
            "print(y.mean())",
            "print(df.head())",
        ],
        {(0, 1), (1, 2), (1, 3), (0, 4)},
        set(),
    ),
    (
        "train flow",
        [
            "from sklearn.model_selection import train_test_split\nX=[[1]];y=[1]",
            "a,b,c,d=train_test_split(X,y,random_state=0)",
            "from sklearn.ensemble import RandomForestClassifier\nm=RandomForestClassifier(random_state=0).fit(a,c)",
            "p=m.predict(b)",
            "print(p)",
        ],
        {(0, 1), (1, 2), (3, 4), (2, 3), (1, 3)},
        set(),
    ),
    (
        "torch like",
        [
            "import torch\nfrom torch import nn\nclass Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.l=nn.Linear(1,1)\n    def forward(self,x):\n        return self.l(x)*scale",
            "scale=2",
            "net=Net()\nopt=torch.optim.SGD(net.parameters(),lr=0.1)",
            "for e in range(2):\n    out=net(torch.ones(1))\n    opt.step()",
            "print(net)",
        ],
        {(0, 4), (3, 4), (0, 3), (2, 3), (0, 2), (1, 3)},
        set(),
    ),
    (
        "help end",
        ["x=1", "x??"],
        {(0, 1)},
        set(),
    ),
    (
        "star import shadow",
        ["from numpy import *", "print(sum([1]))"],
        {(0, 1)},
        set(),
    ),
    (
        "env",
        ["import os\nos.environ['A']='1'", "print(os.environ['A'])"],
        {(0, 1)},
        set(),
    ),
    (
        "del in if",
        ["x=1", "if x:\n    del x", "x=3", "print(x)"],
        {(0, 1), (2, 3)},
        set(),
    ),
    (
        "loop carried",
        ["acc=None\nfor i in range(3):\n    acc = i if acc is None else acc+i", "print(acc)"],
        {(0, 1)},
        set(),
    ),
    (
        "while True",
        ["while True:\n    v=1\n    break", "print(v)"],
        {(0, 1)},
        set(),
    ),
    (
        "with attr",
        [
            "class O: pass\no=O()",
            "import contextlib\nwith contextlib.nullcontext(3) as o.a:\n    pass",
            "print(o.a)",
        ],
        {(0, 1), (1, 2)},
        set(),
    ),
    (
        "lambda list",
        ["k=2", "fs=[lambda x: x*k for _ in range(2)]", "print(fs[0](1))"],
        {(0, 2), (1, 2)},
        set(),
    ),
    (
        "sorted key fn",
        ["k=2", "def key(x):\n    return x*k", "print(sorted([1],key=key))"],
        {(0, 2), (1, 2)},
        set(),
    ),
    (
        "isinstance only",
        ["k=1", "def f():\n    return k", "print(callable(f))"],
        {(1, 2)},
        set(),
    ),
    (
        "apply",
        [
            "import pandas as pd\ndf=pd.DataFrame({'a':[1]})\nk=2",
            "def f(v):\n    return v*k",
            "df2=df['a'].apply(f)",
            "print(df2)",
        ],
        {(2, 3), (0, 2), (1, 2)},
        set(),
    ),
    (
        "pipeline obj",
        [
            "from sklearn.pipeline import Pipeline\nfrom sklearn.linear_model import Ridge\nm=Ridge()",
            "p=Pipeline([('m',m)])",
            "p.fit([[1]],[1])",
            "print(m.coef_)",
        ],
        {(0, 1), (1, 2), (2, 3)},
        {(0, 2)},
    ),
    (
        "logging",
        ["import logging\nlog=logging.getLogger('x')", "log.info('a')", "log.info('b')"],
        {(0, 1), (0, 2)},
        set(),
    ),
    (
        "type alias",
        ["Vec = list[float]", "def f(v: Vec):\n    return v", "print(f([1.0]))"],
        {(0, 1), (1, 2)},
        set(),
    ),
    (
        "subprocess",
        ["!ls", "x=1", "print(x)"],
        {(1, 2)},
        set(),
    ),
    (
        "assert",
        ["x=1", "assert x == 1, 'no'"],
        {(0, 1)},
        set(),
    ),
    (
        "nested unpack loop",
        ["ps=[(1,[2])]", "for a,(b,) in ps:\n    print(a,b)", "print(ps)"],
        {(0, 1), (0, 2)},
        set(),
    ),
    (
        "random instance",
        ["import random\nr=random.Random(1)", "a=r.random()", "b=r.random()"],
        {(0, 1), (1, 2)},
        set(),
    ),
    (
        "rng arg",
        [
            "import numpy as np\nrng=np.random.default_rng(0)",
            "def draw(r):\n    return r.normal()",
            "x=draw(rng)",
            "y=draw(rng)",
        ],
        {(2, 3), (0, 2), (1, 2), (1, 3)},
        set(),
    ),
    (
        "closure state",
        [
            "def mk():\n    c=[]\n    def add(x):\n        c.append(x)\n        return c\n    return add",
            "add=mk()",
            "add(1)",
            "print(add(2))",
        ],
        {(0, 1), (1, 2), (2, 3)},
        set(),
    ),
    (
        "fn attr count",
        ["def f():\n    f.n+=1\nf.n=0", "f()", "print(f.n)"],
        {(0, 1), (1, 2)},
        set(),
    ),
    (
        "memo dict",
        [
            "memo={}",
            "def fib(n):\n    if n in memo:\n        return memo[n]\n    memo[n]=n\n    return n",
            "fib(3)",
            "print(memo)",
        ],
        {(2, 3), (0, 2), (1, 2)},
        set(),
    ),
    (
        "print func",
        ["def f():\n    return 1", "print(f)"],
        {(0, 1)},
        set(),
    ),
    (
        "global rebinding fn",
        ["x=1\ndef setx():\n    global x\n    x=2", "print(x)", "setx()", "print(x)"],
        {(0, 1), (0, 2), (2, 3)},
        set(),
    ),
]


@pytest.mark.parametrize(
    ("cells", "wanted", "allowed"), [pytest.param(*row[1:], id=row[0]) for row in TABLE]
)
def test_edges(
    cells: list[str],
    wanted: set[tuple[int, int]],
    allowed: set[tuple[int, int]],
    mini: Callable[..., Any],
) -> None:
    notebook = mini(*cells)
    assert wanted - notebook.edges - notebook.definitions == set()
    assert notebook.edges - wanted - allowed == set()
    assert not [d for d in notebook.flow.diagnostics if d.severity.value == "error"]
