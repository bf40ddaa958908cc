"""Whether code goes on with the current figure: a table of code and the call that decides."""

from __future__ import annotations

import pytest

from jupyter_dagflow.core.current_figure import Deed, first_deed
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
    ("code", "deed"),
    [
        ("plt.title('t')", Deed("plt.title", 1, on=True)),
        ("matplotlib.pyplot.title('t')", Deed("plt.title", 1, on=True)),
        ("from matplotlib.pyplot import savefig\nsavefig('x')", Deed("plt.savefig", 2, on=True)),
        ("x = plt.gca()", Deed("plt.gca", 1, on=True)),
        ("plt.figure(1)", Deed("plt.figure", 1, on=True)),
        ("plt.figure(num='a')", Deed("plt.figure", 1, on=True)),
        ("plt.figure(figsize=(1, 2))\nplt.title('t')", Deed("figure", 1)),
        ("fig, ax = plt.subplots(2)\nplt.title('t')", Deed("subplots", 1)),
        ("plt.close('all')\nplt.title('t')", Deed("close", 1, closes=True)),
        ("plt.rcParams['x'] = 1\nplt.style.use('x')\nplt.ioff()\nplt.Circle((1, 1))", None),
        ("x = 1", None),
        ("def f():\n    plt.title('t')", None),
        ("def f():\n    plt.title('t')\nf()", Deed("plt.title", 3, on=True)),
        ("def f():\n    plt.title('t')\nplt.figure()\nf()", Deed("figure", 3)),
        ("def f():\n    f()\n    plt.figure()\nf()", Deed("figure", 4)),
        ("helpers.draw(1)", Deed("plt.plot", 1, on=True)),
        ("helpers.new(1)\nplt.title('t')", Deed("subplots", 1)),
        ("for x in 'ab':\n    plt.figure()\n    plt.title(x)", Deed("figure", 2)),
        ("if x:\n    plt.figure()\nplt.title('t')", Deed("plt.title", 3, on=True)),
        ("if x:\n    plt.figure()\nelse:\n    plt.figure()\nplt.title('t')", Deed("figure", 2)),
        ("if x:\n    plt.figure()\nelse:\n    plt.title('t')", Deed("plt.title", 4, on=True)),
        ("try:\n    plt.figure()\nexcept E:\n    plt.title('t')", Deed("figure", 2)),
        ("with plt.rc_context():\n    plt.plot([1])", Deed("plt.plot", 2, on=True)),
        ("print(plt.gcf(), plt.figure())", Deed("plt.gcf", 1, on=True)),
        ("sns.heatmap(x)", Deed("sns.heatmap", 1, on=True)),
        ("sns.heatmap(x, ax=ax)", None),
        ("sns.set_theme()\nsns.relplot(x)\nplt.title('t')", Deed("relplot", 2)),
        ("df.plot(x='a')\nplt.savefig('x')", Deed("plot", 1)),
        ("df.plot(x='a', ax=ax)\nplt.savefig('x')", Deed("plt.savefig", 2, on=True)),
    ],
)
def test_the_first_call_decides(code: str, deed: Deed | None) -> None:
    body = parsed(code)
    space = Namespace.of([*parsed(IMPORTS), *body])
    found = first_deed(Modules(TEXTS.get), space, body)
    assert found == deed
