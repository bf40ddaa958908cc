"""One cell by itself: what is kept of it, and whether it holds definitions only."""

from __future__ import annotations

import pickle

import pytest

from jupyter_dagflow.core.analysis.source import (
    analyse_cell,
    names_bound,
    needed_at_once,
    only_definitions,
)


def test_statements_keep_their_exact_text_and_line() -> None:
    code = "import math; import os\n\n@deco\n# why\ndef f(é='ß'):\n    '''a\n  b'''\n    return 'ü'\nx = 1"
    statements = analyse_cell(code).statements
    assert [s.line for s in statements] == [1, 1, 3, 9]
    assert [s.text for s in statements[:2]] == ["import math", "import os"]
    assert statements[2].text == "@deco\n# why\ndef f(é='ß'):\n    '''a\n  b'''\n    return 'ü'"
    assert statements[3].text == ""


def test_results_are_picklable_and_depend_on_the_code_only() -> None:
    code = "def f(a, *b, c=lambda: 1, **d):\n    class K:\n        x = [y for y in b]\n    return K\nv = f(1)"
    once, twice = analyse_cell(code), analyse_cell(code)
    assert once == twice
    assert pickle.loads(pickle.dumps(once)) == once


def test_problem_has_its_line() -> None:
    problem = analyse_cell("x = 1\ny = = 2").problem
    assert problem is not None
    assert problem.line == 2


@pytest.mark.parametrize(
    "code",
    [
        "",
        "# nothing",
        '"""a docstring"""',
        "import os, sys\nfrom math import *\nfrom __future__ import annotations",
        "def f(x):\n    return x\nclass A(Base):\n    y = 1",
        "@deco(3)\nasync def f(): ...",
        "square = lambda x: x * x",
        "Point = namedtuple('Point', 'x y')\nT = TypeVar('T')\nlog = logging.getLogger(__name__)",
        "try:\n    import ujson as json\n    FAST = True\nexcept ImportError:\n    import json\n    FAST = False",
        "if sys.version_info >= (3, 11):\n    import tomllib\nelse:\n    import tomli as tomllib",
        "pd.set_option('display.max_rows', 7)\nplt.style.use('ggplot')\nwarnings.filterwarnings('ignore')",
        "os.environ['X'] = '1'\nplt.rcParams['figure.dpi'] = 100\npd.options.display.width = 80",
        "sys.path.append('src')\nsys.path.insert(0, '..')\nnp.seterr(all='ignore')\nsns.set()",
        "warnings.simplefilter('ignore', category=FutureWarning)",
        "np.random.seed(0)\nrandom.seed(1)\ntorch.manual_seed(2)",
        "get_ipython().run_line_magic('matplotlib', 'inline')",
        "logging.basicConfig(level=logging.INFO)",
    ],
)
def test_only_definitions(code: str) -> None:
    assert only_definitions(code)


@pytest.mark.parametrize(
    "code",
    [
        "x = 1",
        "import os\nx = os.getcwd()",
        "def f(): ...\nf()",
        "print('hello')",
        "pd.set_option('display.max_rows', n)",
        "df.head()",
        "if flag():\n    import os",
        "try:\n    import a\nexcept ImportError:\n    print('no a')",
        "get_ipython().run_line_magic('run', 'other.py')",
        "get_ipython().system('pip install x')",
        "ax.set_title(title)",
        "x = (",
        "\0",
    ],
)
def test_not_only_definitions(code: str) -> None:
    assert not only_definitions(code)


def test_what_a_cell_needs_as_it_runs_and_what_it_binds() -> None:
    code = (
        "import os.path as p, sys\n@deco\ndef f(x=d, *, y: T):\n    return later\n"
        "class C(Base):\n    n = at_once\n    g = lambda s, v=w: s\n"
    )
    assert needed_at_once(code) == {"deco", "d", "T", "Base", "at_once", "w"}
    assert names_bound(code) == {"p", "sys", "f", "C", "n", "g"}
    assert needed_at_once("x = (") == names_bound("x = (") == frozenset()
