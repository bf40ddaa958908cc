"""Notebooks about settings of modules that once came out different, or were refused without need, each for a principle."""

from __future__ import annotations

import pytest

from tests.core.analysis.judged import are_equal, are_equal_as_tagged, are_refused

EQUAL: dict[str, tuple[str, ...]] = {
    "a function that seeds and sets as people write it": (
        "import os, random, logging\nimport numpy as np\ndef seed_everything(seed: int = 42):\n"
        "    a: int = seed\n    x = y = str(a)\n    os.environ['A'], z = x, y\n    random.seed(a); np.random.seed(a)\n"
        "    for name, value in {'B': x, 'C': y}.items():\n        os.environ[name] = value\n"
        "    logging.getLogger('m').setLevel(40)\n    print(f'seeded {seed}')\n    return np.random.default_rng(seed)\n"
        "rng = seed_everything()",
        "import os\nseen = [os.environ[n] for n in 'ABC']",
        "n = rng.integers(100), np.random.rand()",
    ),
    "a function that seeds and sets": (
        "import os, random\nimport numpy as np\ndef seed_everything(seed=42):\n    'Seed all.'\n    random.seed(seed)\n"
        "    np.random.seed(seed)\n    os.environ['PYTHONHASHSEED'] = str(seed)\nseed_everything(7)\nx = np.random.rand(3)",
        "import os\nseen = os.path.join('a', os.environ['PYTHONHASHSEED'])",
        "import numpy as np\ny = x + np.random.rand(3)",
        "import random\nz = random.random()",
    ),
    "a function that seeds and sets, whose default is a constant of a class": (
        "import os\nimport numpy as np\nclass CFG:\n    seed = 3",
        "def seed(n=CFG.seed):\n    try:\n        import torch\n        torch.manual_seed(n)\n    except ImportError:\n        pass\n"
        "    for name in ('A', 'B'):\n        os.environ[name] = f'{name}{n}'\n    np.random.seed(n)",
        "seed()",
        "seen = [os.environ['A'], os.getenv('B'), np.random.rand()]",
    ),
    "a function that sets by another": (
        "import os\ndef one(n, text='x'):\n    os.environ[n] = text * 2\ndef both():\n    one('A')\n    one('B', text='y')",
        "both()",
        "seen = [os.environ['A'], os.environ['B']]",
    ),
    "what a function that sets gives, and a name that means something else below": (
        "import os\ndef up():\n    os.environ['A'] = '1'\n    return 5\nn = up()",
        "n = n + 1",
        "import os\nseen = [n, os.environ['A']]",
    ),
    "settings that are kept and set again": (
        "import os\nimport numpy as np\nold = np.get_printoptions()\nwas = os.environ.pop('DAGFLOW_A', 'none')",
        "np.set_printoptions(precision=2)\nos.environ['DAGFLOW_A'] = 'x'",
        "a = str(np.array([1.23456])), os.environ['DAGFLOW_A'], was",
        "np.set_printoptions(**old)\nos.environ.pop('DAGFLOW_A', None)",
        "b = str(np.array([1.23456])), os.environ.get('DAGFLOW_A')",
    ),
    "the context that decimal calculates in": (
        "import decimal\nctx = decimal.getcontext()\ndef precise(n):\n    decimal.getcontext().prec = n",
        "ctx.prec = 7",
        "a = str(decimal.Decimal(1) / 3), ctx.prec",
        "precise(9)",
        "b = str(decimal.Decimal(1) / 3), ctx is decimal.getcontext()",
    ),
    "the environment under another name": (
        "import os\nfrom os import environ\nenv = os.environ",
        "environ['A'] = '1'\nenv['B'] = '2'",
        "seen = [env['A'], environ['B'], os.environ['A'], env is environ]",
    ),
    "Matplotlib's settings under another name": (
        "import matplotlib.pyplot as plt\nrc = plt.rcParams",
        "rc['lines.linewidth'] = 5",
        "import matplotlib\nseen = [rc['lines.linewidth'], plt.rcParams['lines.linewidth'], rc is matplotlib.rcParams]",
    ),
    "a setting in a loop whose variable was something that is changed": (
        "import os\n_ = kept = [1]",
        "label = str(0)",
        "for _ in range(len(label)):\n    os.environ['A'] = label.zfill(2)",
        "kept.append(2)",
        "seen = os.environ.get('A')",
    ),
    "what a module was given is changed by a method": (
        "import math\nmath.register = []",
        "math.register.append(1)",
        "s = list(math.register)",
    ),
    "a method of the environment as a value": (
        "import os\nput = os.environ.__setitem__",
        "put('K', 'v')",
        "s = os.environ.get('K')",
    ),
    "methods of settings in a container": (
        "import os\nfns = {'put': os.environ.__setitem__}",
        "fns['put']('K', 'v')",
        "s = os.environ.get('K')",
    ),
    "the environment in a loop, and run by another function": (
        "import os\nfor e in [os.environ]:\n    e['K'] = 'v'\nlist(map(os.environ.__setitem__, ['L'], ['w']))",
        "import os\ns = [os.environ.get('K'), os.environ.get('L')]",
    ),
    "settings are as they were behind a with": (
        "import warnings\nwith warnings.catch_warnings():\n    warnings.simplefilter('ignore')\n    x = 1",
        "with warnings.catch_warnings(record=True) as seen:\n    warnings.simplefilter('always')\n    warnings.warn('y')\nn = [len(seen), x]\ndel seen",
    ),
}


TAGGED: dict[str, tuple[tuple[str, str], ...]] = {
    "the environment in a container is changed by way of it": (
        ("setup", "import os\nE = os.environ"),
        ("task:a", "cfg = {'env': E}"),
        ("task:b", "cfg['env']['B'] = '2'"),
        ("task:c", "g = E.get('B')"),
    ),
    "a constant of a setting is the last of a cell that says what it changes": (
        ("task:a", "import os\nc = [1]"),
        ("task:b mutates:c", "label = '0'"),
        ("task:c", "os.environ['A'] = label.zfill(2)"),
        ("task:d", "seen = os.environ['A'], c"),
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


REFUSED: dict[str, tuple[str, tuple[tuple[str, str], ...]]] = {
    "what a function that sets gives is the argument of another call of it": (
        "DF121",
        (
            (
                "task:a",
                "import os\ndef s(v):\n    os.environ['S'] = v\n    return v + '!'\nm = 'x'\nm = s(m)",
            ),
            ("task:b", "s(m)"),
            ("task:c", "c = os.environ['S']"),
        ),
    ),
    "a function that sets is deleted and was one of Python's": (
        "DF121",
        (
            (
                "task:a",
                "import os\ndef round(x):\n    os.environ['R'] = '1'\n    return 5\nv = round(2.3)\ndel round",
            ),
            ("task:b", "w = round(2.7), os.environ['R']"),
        ),
    ),
    "an instance has the environment from a default of its class": (
        "DF121",
        (
            (
                "task:a",
                "import os\nfrom dataclasses import dataclass, field\n@dataclass\nclass C:\n"
                "    env: object = field(default_factory=lambda: os.environ)\nc = C()",
            ),
            ("task:b", "c.env['K'] = 'v'"),
            ("task:c", "s = os.environ.get('K')"),
        ),
    ),
    "a class has the environment": (
        "DF121",
        (
            ("task:a", "import os\nclass C:\n    env = os.environ"),
            ("task:b", "C.env['K'] = 'v'"),
            ("task:c", "s = os.environ.get('K')"),
        ),
    ),
    "a method of the environment with half of its arguments": (
        "DF121",
        (
            (
                "task:a",
                "import os\nfrom functools import partial\nput = partial(os.environ.__setitem__, 'K')",
            ),
            ("task:b", "put('v')"),
            ("task:c", "s = os.environ.get('K')"),
        ),
    ),
    "a function that sets what is different each time": (
        "DF121",
        (
            (
                "task:a",
                "import os, uuid\ndef name():\n    os.environ['RUN'] = uuid.uuid4().hex\nname()",
            ),
            ("task:b", "seen = os.environ['RUN'] == os.environ['RUN']"),
        ),
    ),
    "a function that sets and does something else": (
        "DF121",
        (
            (
                "task:a",
                "import os\nlog = []\ndef name():\n    os.environ['RUN'] = '1'\n    log.append(1)\nname()",
            ),
            ("task:b", "seen = os.environ['RUN'], log"),
        ),
    ),
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
    "a setting of a library with values of the notebook": (
        "DF121",
        (
            ("task:a", "import numpy as np\nmode = [str(np.array('raise'))]\na = np.zeros(1)"),
            ("task:b", "np.seterr(all=mode[0])"),
            ("task:c", "try:\n    seen = 1 / a\nexcept FloatingPointError:\n    seen = 0"),
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
