"""Whether code goes on with the current figure: a table of code and the call that decides."""

from __future__ import annotations

import pytest

from jupyter_dagflow.core.current_figure import FigureUse, first_use
from jupyter_dagflow.core.module_use import Modules, ModuleText, Namespace, parsed

TEXTS = {
    "helpers": ModuleText(
        "import matplotlib.pyplot as plt\n"
        "def draw(x):\n    plt.plot(x)\n"
        "def new(x):\n    fig, ax = plt.subplots()\n    return fig\n"
    )
}
IMPORTS = (
    "import matplotlib\nimport matplotlib.pyplot as plt\nimport seaborn as sns\nimport helpers\n"
)


@pytest.mark.parametrize(
    ("code", "use"),
    [
        ("plt.title('t')", FigureUse("plt.title", 1, on=True)),
        ("matplotlib.pyplot.title('t')", FigureUse("plt.title", 1, on=True)),
        (
            "from matplotlib.pyplot import savefig\nsavefig('x')",
            FigureUse("plt.savefig", 2, on=True),
        ),
        ("x = plt.gca()", FigureUse("plt.gca", 1, on=True)),
        ("plt.figure(1)", FigureUse("plt.figure", 1, on=True)),
        ("plt.figure(num='a')", FigureUse("plt.figure", 1, on=True)),
        ("plt.figure(figsize=(1, 2))\nplt.title('t')", FigureUse("figure", 1)),
        ("fig, ax = plt.subplots(2)\nplt.title('t')", FigureUse("subplots", 1)),
        ("plt.close('all')\nplt.title('t')", FigureUse("close", 1, closes=True)),
        ("plt.rcParams['x'] = 1\nplt.style.use('x')\nplt.ioff()\nplt.Circle((1, 1))", None),
        ("x = 1", None),
        ("def f():\n    plt.title('t')", None),
        ("def f():\n    plt.title('t')\nf()", FigureUse("plt.title", 3, on=True)),
        ("def f():\n    plt.title('t')\nplt.figure()\nf()", FigureUse("figure", 3)),
        ("def f():\n    f()\n    plt.figure()\nf()", FigureUse("figure", 4)),
        ("helpers.draw(1)", FigureUse("plt.plot", 1, on=True)),
        ("helpers.new(1)\nplt.title('t')", FigureUse("subplots", 1)),
        ("for x in 'ab':\n    plt.figure()\n    plt.title(x)", FigureUse("figure", 2)),
        ("if x:\n    plt.figure()\nplt.title('t')", FigureUse("plt.title", 3, on=True)),
        (
            "if x:\n    plt.figure()\nelse:\n    plt.figure()\nplt.title('t')",
            FigureUse("figure", 2),
        ),
        ("if x:\n    plt.figure()\nelse:\n    plt.title('t')", FigureUse("plt.title", 4, on=True)),
        ("try:\n    plt.figure()\nexcept E:\n    plt.title('t')", FigureUse("figure", 2)),
        ("with plt.rc_context():\n    plt.plot([1])", FigureUse("plt.plot", 2, on=True)),
        ("print(plt.gcf(), plt.figure())", FigureUse("plt.gcf", 1, on=True)),
        ("sns.heatmap(x)", FigureUse("sns.heatmap", 1, on=True)),
        ("sns.heatmap(x, ax=ax)", None),
        ("sns.set_theme()\nsns.relplot(x)\nplt.title('t')", FigureUse("relplot", 2)),
        ("df.plot(x='a')\nplt.savefig('x')", FigureUse("plot", 1)),
        ("df.plot(x='a', ax=ax)\nplt.savefig('x')", FigureUse("plt.savefig", 2, on=True)),
    ],
)
def test_the_first_call_decides(code: str, use: FigureUse | None) -> None:
    body = parsed(code)
    space = Namespace.of([*parsed(IMPORTS), *body])
    found = first_use(Modules(TEXTS.get), space, body)
    assert found == use
