"""What is copied into a task, what is handed over, and what setup has made already."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

import pytest

SETUP = ""
PANDAS = "import pandas as pd"


def _sources(notebook: Any, node: str) -> list[str]:
    return [d.source for d in notebook.flow.nodes[node].definitions]


@pytest.mark.parametrize(
    "setting",
    [
        "pd.set_option('display.max_rows', 7)",
        "pd.options.display.width = 80",
        "import os\nos.environ['X'] = '1'",
        "import warnings\nwarnings.filterwarnings('ignore')",
        "import sys\nsys.path.append('src')",
        "import numpy as np\nnp.seterr(all='ignore')",
        "import matplotlib.pyplot as plt\nplt.style.use('ggplot')\nplt.rcParams['figure.dpi'] = 100",
        "%matplotlib inline",
        "pd.DataFrame.total = lambda self: self.sum().sum()",
    ],
)
def test_settings_are_replayed_in_every_task_below(setting: str, mini: Callable[..., Any]) -> None:
    notebook = mini(f"{PANDAS}\nprint('above')", setting, "print('below')")
    assert (1, 2) in notebook.definitions
    assert (1, 0) not in notebook.definitions
    assert notebook.edges == set()
    assert not notebook.flow.diagnostics


COMPUTED = [
    ("import seaborn as sns\ncolors = sns.color_palette('husl', 3)", "sns.set_palette(colors)"),
    ("ROOT = Path.cwd().parent", "sys.path.insert(0, str(ROOT / 'src'))"),
    (
        "ROOT = os.path.dirname(os.getcwd())\nSRC = os.path.join(ROOT, 'src')",
        "sys.path.append(SRC)",
    ),
    (
        "IN_COLAB = 'google.colab' in sys.modules",
        "if not IN_COLAB:\n    os.environ['MODE'] = 'here'",
    ),
    ("opts = {'display.width': 90}", "for k, v in opts.items():\n    pd.set_option(k, v)"),
    ("width, height = 8, 5", "plt.rc('figure', figsize=(width, height))"),
    ("", "if 'google.colab' in str(get_ipython()):\n    sys.path.append('/content')"),
    ("font = {'size': 12}", "plt.rc('font', **font)"),
    (
        "style = 'a'\nstyle = style + 'b'",
        "try:\n    plt.style.use(style)\nexcept OSError:\n    pass",
    ),
    ("", "if os.environ.get('MODE') is None:\n    os.environ['MODE'] = 'here'"),
    ("n: int = 3", "pd.set_option('display.width', n)"),
]


@pytest.mark.parametrize(("values", "setting"), COMPUTED)
def test_settings_bring_the_constants_they_are_made_of(
    values: str, setting: str, mini: Callable[..., Any]
) -> None:
    imports = "import os, sys\nfrom pathlib import Path\nimport matplotlib.pyplot as plt\n" + PANDAS
    notebook = mini(f"{imports}\n{values}", setting, "print(os, sys, pd, plt.gcf())")
    assert not notebook.flow.diagnostics
    repeated = "\n".join(_sources(notebook, "cell_2"))
    places = [repeated.index(line) for line in [*values.splitlines(), *setting.splitlines()[:1]]]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("Path('x').read_text()", "a file may have changed"),
        ("str(Path('x').exists())", "so may a folder"),
        ("str(time.time())", "time goes on"),
        ("made()", "what a function does is not known"),
        ("str(made)", "a function lies elsewhere in each kernel"),
        ("'a' + made()", "nor in parts"),
        ("os.environ['OTHER']", ""),
    ],
)
def test_settings_of_other_values_stay(value: str, why: str, mini: Callable[..., Any]) -> None:
    setup = "import os, time\nfrom pathlib import Path\ndef made():\n    return 'm'"
    notebook = mini(setup, f"value = {value}", "os.environ['V'] = value", "print(os.environ['V'])")
    found = [(d.code, d.cell_index, d.line) for d in notebook.flow.diagnostics]
    assert found == ([("DF121", 2, 1)] if why else [])


@pytest.mark.parametrize(
    "between",
    ["values['a'] = 2", "values = dict(a=2)\nvalues['a'] = 3", "for values in [{}]:\n    pass"],
)
def test_settings_of_values_that_somebody_changes_stay(
    between: str, mini: Callable[..., Any]
) -> None:
    notebook = mini(
        f"{PANDAS}\nvalues = {{'a': 1}}",
        between,
        "pd.set_option('a', values['a'])",
        "pd.DataFrame()",
    )
    assert "DF121" in [d.code for d in notebook.flow.diagnostics]


def test_paths_asked_for_elsewhere_are_not_repeated(mini: Callable[..., Any]) -> None:
    moved = "import os, sys\nos.chdir('d')"
    notebook = mini(moved, "sys.path.append(os.getcwd())", "print(sys.path)")
    assert "DF121" in [d.code for d in notebook.flow.diagnostics]
    notebook = mini(moved, "os.environ['A'] = 'b'", "print(os.environ)")
    assert "DF121" not in [d.code for d in notebook.flow.diagnostics]


@pytest.mark.parametrize(
    "definition",
    [
        "class made:\n    key = uuid.uuid4().hex",
        "class made:\n    at = f'runs/{datetime.now():%H%M}'",
        "class made:\n    key = new_key()",
        "def made(at=time.time()):\n    return at",
        "@dataclass\nclass made:\n    draw: float = random.random()",
    ],
)
def test_what_is_different_each_time_is_made_once(
    definition: str, mini: Callable[..., Any]
) -> None:
    imports = "import random, time, uuid\nfrom datetime import datetime\nfrom dataclasses import dataclass\n"
    helper = "def new_key():\n    return uuid.uuid4().hex\n"
    notebook = mini(imports + helper + definition, "print(made)", "print(made)")
    assert notebook.inputs("cell_1").keys() == {"made"}
    assert notebook.inputs("cell_2").keys() == {"made"}


def test_definitions_run_one_after_another(mini: Callable[..., Any]) -> None:
    notebook = mini(
        "x = 1\nfrom __future__ import annotations",
        "import math\nclass Base: ...",
        "class Shape(Base):\n    def area(self):\n        return math.pi",
        "print(Shape().area())",
    )
    sources = _sources(notebook, "cell_3")
    assert sources[0] == "from __future__ import annotations"
    assert sources[1:3] == ["import math", "class Base: ..."]
    namespace: dict[str, Any] = {}
    exec("\n".join(sources), namespace)
    assert namespace["Shape"]().area() > 3
    ast.parse("\n".join(sources))


def test_only_what_is_needed_is_copied(mini: Callable[..., Any]) -> None:
    notebook = mini("import math\nimport json\ndef f(): ...\ndef g(): ...", "print(math.pi, f)")
    assert _sources(notebook, "cell_1") == ["import math", "def f(): ..."]


@pytest.mark.parametrize(
    ("cells", "data"),
    [
        (["k = 2", "def f(a=k):\n    return a", "print(f())"], "f"),
        (["k = 2", "def f(a: k):\n    return a", "print(f(1))"], "f"),
        (
            ["def d(f):\n    log.append(f)\n    return f", "log = []", "@d\ndef f(): ...", "f()"],
            "f",
        ),
        (["class A: ...", "A.x = 1", "print(A.x)"], "A"),
        (["def f(acc=[]):\n    acc.append(1)\n    return acc", "f()", "print(f())"], "f"),
        (
            [
                "class A:\n    seen = []\n    def add(self):\n        self.seen.append(1)",
                "A().add()",
                "print(A.seen)",
            ],
            "A",
        ),
        (["n = 3", "class A:\n    size = n", "print(A.size)"], "A"),
        (["x = 1", "if x:\n    import math", "print(math.pi)"], "math"),
    ],
)
def test_a_definition_that_depends_on_data_is_data(
    cells: list[str], data: str, mini: Callable[..., Any]
) -> None:
    notebook = mini(*cells)
    last = f"cell_{len(cells) - 1}"
    assert data in notebook.inputs(last)
    assert data not in [d.name for d in notebook.flow.nodes[last].definitions]


def test_instances_bring_their_classes(mini: Callable[..., Any]) -> None:
    notebook = mini(
        "from collections import namedtuple\nP = namedtuple('P', 'x')",
        "class A:\n    def __init__(self):\n        self.p = P(1)",
        "a = [A()]",
        "print(a)",
    )
    assert [d.name for d in notebook.flow.nodes["cell_3"].definitions] == ["namedtuple", "P", "A"]


def test_lazy_annotations_read_nothing(mini: Callable[..., Any]) -> None:
    notebook = mini("from __future__ import annotations", "K = 1", "def f(a: K): ...", "f(1)")
    assert notebook.edges == set()
    assert notebook.definitions == {(0, 1), (0, 2), (0, 3), (2, 3)}


# setup


def test_setup_needs_no_edge_and_no_copy(mini: Callable[..., Any]) -> None:
    notebook = mini("import math\nk = 1", "print(math.pi, k)", nodes=[SETUP, "t_1"])
    assert notebook.flow.edges == ()
    assert notebook.flow.nodes["t_1"].definitions == ()
    assert list(notebook.flow.nodes) == ["t_1"]


@pytest.mark.parametrize("change", ["cfg['b'] = 2", "cfg = {}", "alias['b'] = 2"])
def test_what_a_task_makes_of_a_setup_name_is_taken_from_it(
    change: str, mini: Callable[..., Any]
) -> None:
    nodes = [SETUP, "t_1", "t_2", "t_3"]
    notebook = mini("cfg = {'a': 1}\nalias = cfg", "print(cfg)", change, "print(cfg)", nodes=nodes)
    assert notebook.edges == {(2, 3)}
    assert notebook.inputs("t_3") == {"cfg": ("t_2",)}


def test_seed_in_setup_still_orders_the_draws(mini: Callable[..., Any]) -> None:
    nodes = [SETUP, "t_1", "t_2"]
    notebook = mini(
        "import random\nrandom.seed(1)", "a = random.random()", "b = random.random()", nodes=nodes
    )
    assert notebook.edges == {(1, 2)}
    assert notebook.inputs("t_2") == {"<random>": ("t_1",)}


# ambient state


@pytest.mark.parametrize(
    ("cells", "edges"),
    [
        (["import random", "a = random.random()", "b = random.random()"], set()),
        (
            ["import random\nrandom.seed(1)", "a = random.random()", "b = random.random()"],
            {(0, 1), (1, 2)},
        ),
        (
            [
                "import random\nrandom.seed(1)",
                "a = random.random()",
                "random.seed(2)\nb = random.random()",
            ],
            {(0, 1)},
        ),
        (["import random\nrandom.seed(1)", "r = random.Random(2)\na = r.random()"], set()),
        (["import numpy as np\nnp.random.seed(1)", "import random\na = random.random()"], set()),
        (["from numpy.random import seed, rand\nseed(1)", "a = rand(2)"], {(0, 1)}),
        (
            [
                "import numpy as np\nnp.random.seed(1)",
                "from sklearn.utils import shuffle\nx = shuffle([1, 2])",
            ],
            {(0, 1)},
        ),
        (
            [
                "import numpy as np\nnp.random.seed(1)",
                "from sklearn.utils import shuffle\nx = shuffle([1, 2], random_state=0)",
            ],
            set(),
        ),
        (["import os\nd = '/tmp'", "os.chdir(d)", "print(open('x').read())"], {(0, 1), (1, 2)}),
    ],
)
def test_ambient_state(
    cells: list[str], edges: set[tuple[int, int]], mini: Callable[..., Any]
) -> None:
    assert mini(*cells).edges == edges


# tags


def test_mutates_tag_makes_a_version(mini: Callable[..., Any]) -> None:
    notebook = mini("import lib\nx = []", "lib.poke(x)", "print(x)", mutates={1: "x"})
    assert notebook.edges == {(0, 1), (1, 2)}


def test_pure_tag_makes_none(mini: Callable[..., Any]) -> None:
    notebook = mini("import lib\nx = lib.load()", "x.refresh()", "print(x)", pure={1: "x"})
    assert notebook.edges == {(0, 1), (0, 2)}


# reasons


def test_reasons_tell_the_last_write_and_the_first_read(mini: Callable[..., Any]) -> None:
    notebook = mini("x = 0\nx = []\n\nx.append(1)\ny = 1", "z = 1\n\nprint(z)\nprint(x)\nprint(x)")
    (edge,) = notebook.flow.edges
    (reason,) = edge.reasons
    assert (reason.kind, reason.name) == ("data", "x")
    assert (reason.source_cell, reason.source_line) == ("c0", 4)
    assert (reason.target_cell, reason.target_line) == ("c1", 4)


def test_a_call_is_where_its_function_reads(mini: Callable[..., Any]) -> None:
    notebook = mini("k = 1", "def f():\n    return k", "a = 1\nprint(f())")
    (edge,) = notebook.flow.edges
    assert edge.reasons[0].target_line == 2


# names that share objects


def test_unit_is_taken_from_the_task_that_has_all_of_it(mini: Callable[..., Any]) -> None:
    notebook = mini("a = []", "b = a", "b.append(1)", "print(a, b)")
    assert notebook.inputs("cell_2") == {"b": ("cell_1",), "a": ("cell_1",)}
    assert "a" in notebook.flow.nodes["cell_1"].writes
    assert set(notebook.inputs("cell_3").values()) == {("cell_2",)}


def test_tasks_that_share_apart_are_put_in_order_and_say_so(mini: Callable[..., Any]) -> None:
    notebook = mini("a = []", "b = {'a': a}", "c = {'a': a}", "b['a'].append(1)", "print(a, b, c)")
    assert (1, 2) in notebook.edges
    assert notebook.codes == ["DF119"]
    assert notebook.run_isolated() == notebook.run_all()


def test_without_a_change_they_stay_apart(mini: Callable[..., Any]) -> None:
    notebook = mini("a = []", "b = {'a': a}", "c = {'a': a}", "print(a, b, c)")
    assert notebook.edges == {(0, 1), (0, 2), (0, 3), (1, 3), (2, 3)}


# size


def test_long_chains_of_helpers_reach_their_end(mini: Callable[..., Any]) -> None:
    chain = ["def f0(x):\n    return x + k"]
    chain += [f"def f{i}(x):\n    return f{i - 1}(x) + f{i - 1}(x + 1)" for i in range(1, 300)]
    notebook = mini("k = 1", *chain, *(f"r{i} = f299({i})" for i in range(20)))
    last = notebook.flow.nodes["cell_320"]
    assert len(last.definitions) == 300
    assert notebook.inputs("cell_320") == {"k": ("cell_0",)}


def test_many_conditional_writers_do_not_multiply_edges(mini: Callable[..., Any]) -> None:
    cells = ["import sys\nx = 0"] + [f"if sys.flags.debug:\n    x = {i}" for i in range(60)]
    notebook = mini(*cells, "print(x)")
    assert len([e for e in notebook.edges if e[1] == 61]) < 10


KEPT = "import pickle, math\nclass Scaler:\n    def scale(self, x):\n        return half(math.floor(x))\ndef half(x):\n    return x / 2"


@pytest.mark.parametrize(
    "load",
    [
        "m = pickle.load(open('m.pkl', 'rb'))",
        "def load():\n    return pickle.load(open('m.pkl', 'rb'))\nm = load()",
        "import joblib\nm = joblib.load('m.pkl')",
        "import pandas as pd\nm = pd.read_pickle('m.pkl')",
    ],
)
def test_who_loads_a_pickle_has_the_functions_and_classes_above(
    load: str, mini: Callable[..., Any]
) -> None:
    notebook = mini(f"print()\n{KEPT}", load, "def below():\n    pass\nprint()")
    names = [d.name for d in notebook.flow.nodes["cell_1"].definitions]
    assert names == ["pickle", "Scaler", "half"]
    assert notebook.edges == set()


def test_who_loads_data_has_no_more_than_it_names(mini: Callable[..., Any]) -> None:
    notebook = mini(
        "print()\nimport pickle, math\nimport json", "m = pickle.load(open('m.pkl', 'rb'))"
    )
    assert [d.name for d in notebook.flow.nodes["cell_1"].definitions] == ["pickle"]
