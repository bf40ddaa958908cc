"""Notebooks run both ways on real kernels, and what is said of the two."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

EXAMPLES = Path(__file__).parents[2] / "notebooks"

ALL_SORTS = [
    ("", "import dataclasses, math\nfrom string import *\ntable = {}\n_private = 1"),
    (
        "setup",
        "import enum\nclass Colour(enum.Enum):\n    RED = 1\ndef double(x):\n    return 2 * x",
    ),
    ("parameters", "import datetime\nday = datetime.date(2024, 1, 1)\nn: int = 2"),
    (
        "task:make",
        "@dataclasses.dataclass\nclass Point:\n    x: int\n    tags: list = dataclasses.field(default_factory=list)\n"
        "    def norm(self) -> float:\n        return math.fabs(self.x)\n"
        "scale = lambda x, k=n: k * x\npoint = Point(3, ['a'])\nrow = [float('nan'), 1.5]\n"
        "for at in range(2):\n    last = at\ntemporary = 1\ncolour = Colour.RED\ntable['a'] = 1",
    ),
    (
        "task:use",
        "import numpy as np\nnumbers = np.arange(4.0)\nview = numbers[::2]\npoint.tags.append('b')\n"
        "doubled = double(point.norm())\ndel temporary\nexec('made = 1')\nimport sqlite3\n"
        "db = sqlite3.connect(':memory:')\nrng = np.random.default_rng(1)\nrng.random()",
    ),
    ("task:tell", "both = [point, point]\nscaled = scale(n)\nwhen = day\nopened = open"),
]

# The tag is a lie: the second task does change rows.
LIE = [
    ("task:load", "rows = [3, 1, 2]\nother = 1"),
    ("task:sort pure:rows", "rows.sort()\nother += 1"),
    ("task:first", "first = rows[0]\nimport time\nat = time.time()"),
]


def settle(text: str) -> str:
    return re.sub(r"\d{8}-\d{6}-[0-9a-f]{6}", "<run>", re.sub(r"\d{10}\.\d+", "<time>", text))


@pytest.mark.parametrize("name", ["hello", "etl", "churn"])
def test_the_examples_give_what_run_all_gives(name: str, dagflow: Callable[..., Any]) -> None:
    shutil.copytree(EXAMPLES, Path.cwd(), dirs_exist_ok=True)
    answer = dagflow("verify", f"{name}.ipynb", "--json")
    told = json.loads(answer.out)
    assert (told["different"], told["stopped"]) == ([], None)
    assert {left["name"] for left in told["not_compared"]} <= {"db"}
    assert (answer.code, told["state"]) == (0, "success")
    assert told["equal"] > 2


def test_all_sorts_of_variables_are_compared(
    dagflow: Callable[..., Any], write_notebook: Callable[..., Path]
) -> None:
    source = write_notebook("sorts.ipynb", ALL_SORTS)
    before = source.read_bytes()
    answer = dagflow("verify", "sorts.ipynb", "-p", "day=2025-06-07", "-p", "n=5", "--json")
    told = json.loads(answer.out)
    assert told["different"] == []
    assert {left["name"] for left in told["not_compared"]} == {"db"}
    assert answer.code == 0
    assert source.read_bytes() == before
    found = json.loads(next(Path().glob("../home/runs/*/comparison/outcome.json")).read_text())
    assert {"point", "Point", "scale", "table", "double", "Colour", "made", "n", "day"} <= {
        *found["equal"]
    }
    assert not {"temporary", "math", "_private"} & {*found["equal"]}


def test_what_is_set_in_modules_is_set_for_the_tasks_below(
    dagflow: Callable[..., Any], write_notebook: Callable[..., Path]
) -> None:
    write_notebook(
        "settings.ipynb",
        [
            (
                "task:sets",
                "import csv, mimetypes, socket, sqlite3, xml.etree.ElementTree as ET\n"
                "csv.register_dialect('semi', delimiter=';')\ncsv.field_size_limit(1_000_000)\n"
                "mimetypes.add_type('text/x-dag', '.dag')\nsocket.setdefaulttimeout(7)\n"
                "sqlite3.register_adapter(complex, str)\nET.register_namespace('dag', 'urn:dag')",
            ),
            (
                "task:asks",
                "import csv, mimetypes, socket, sqlite3, xml.etree.ElementTree as ET\n"
                "seen = ['semi' in csv.list_dialects(), csv.field_size_limit(), socket.getdefaulttimeout()]\n"
                "kind = mimetypes.guess_type('a.dag')\ntext = ET.tostring(ET.Element('{urn:dag}x'))\n"
                "row = sqlite3.connect(':memory:').execute('select ?', (1j,)).fetchone()",
            ),
        ],
    )
    told = json.loads(dagflow("verify", "settings.ipynb", "--json").out)
    assert (told["different"], told["not_compared"]) == ([], [])
    found = json.loads(next(Path().glob("../home/runs/*/comparison/outcome.json")).read_text())
    assert {*found["equal"]} == {"seen", "kind", "text", "row"}


def test_run_all_leaves_out_what_the_dag_has_skipped(
    dagflow: Callable[..., Any], write_notebook: Callable[..., Path]
) -> None:
    write_notebook(
        "branches.ipynb",
        [
            ("parameters", "n = 1"),
            ("task:a", "x = [1]"),
            ("task:b when:n>5", "x = [2]\nbig = True"),
            ("task:c trigger:none_failed", "y = x"),
        ],
    )
    for value, names in (("1", {"n", "x", "y"}), ("9", {"n", "x", "y", "big"})):
        answer = dagflow("verify", "branches.ipynb", "-p", f"n={value}", "--json")
        told = json.loads(answer.out)
        assert (answer.code, told["different"]) == (0, [])
        assert {*_equal_names()} == names


def _equal_names() -> list[str]:
    """The variables that the last comparison has found equal."""
    outcomes = Path().glob("../home/runs/*/comparison/outcome.json")
    last = max(outcomes, key=lambda path: path.stat().st_mtime_ns)
    return [*json.loads(last.read_text())["equal"]]


def test_a_lie_is_found_and_explained(
    dagflow: Callable[..., Any], write_notebook: Callable[..., Path], snapshot: SnapshotAssertion
) -> None:
    write_notebook("lie.ipynb", LIE)
    answer = dagflow("verify", "lie.ipynb")
    assert answer.code == 1
    assert settle(answer.out) == snapshot(name="told")
    told = json.loads(dagflow("verify", "lie.ipynb", "--json").out)
    assert [found["name"] for found in told["different"]] == ["rows", "first", "at"]
    assert {**told["different"][0], "explained_by": len(told["different"][0]["explained_by"])} == {
        "name": "rows",
        "difference": "rows[0]: 1 != 3",
        "task": "sort",
        "cell": "cell-1",
        "cell_index": 1,
        "line": 1,
        "file_line": None,
        "explained_by": 2,
    }
    assert told["equal"] == 1
    listed = json.loads(dagflow("runs", "list", "--json").out)
    assert [(run["pipeline"], run["trigger"]) for run in listed[:2]] == [
        ("lie (Run All)", "verify"),
        ("lie", "verify"),
    ]
    assert told["run_all_id"] == listed[0]["run_id"]
    assert told["run_id"] == listed[1]["run_id"]


def test_a_file_that_a_task_reads_too_early_is_not_there_from_run_all(
    dagflow: Callable[..., Any], write_notebook: Callable[..., Path]
) -> None:
    name = "import os\nname = 'a' + '.txt'"  # which no reader of the code can follow
    waits = "import time\nwhile not os.path.exists('tried'):\n    time.sleep(0.02)\n"
    cells = [("setup", name), ("task:write", waits + "open(os.path.join(name), 'w').write('1')")]
    reads = "text = open(os.path.join(name)).read()"
    tries = f"try:\n    {reads}\nfinally:\n    open('tried', 'w').close()"
    cells += [("task:read", tries)]
    write_notebook("early.ipynb", cells)

    told = json.loads(dagflow("verify", "early.ipynb", "--jobs", "2", "--json").out)

    assert told["stopped"]["run_all"] is None
    assert told["stopped"]["dag"]["cell_index"] == 2
    assert "No such file" in told["stopped"]["dag"]["message"]


def test_what_is_one_object_in_run_all_alone_differs(
    dagflow: Callable[..., Any], write_notebook: Callable[..., Path]
) -> None:
    cells = [("task:a", "a = [0]"), ("task:b", "import keeping\nb = keeping.same(a)")]
    cells.append(("task:c", "both = (a, b)\ntwice = [[1]] * 2"))
    folder = write_notebook("shared.ipynb", cells).parent
    (folder / "keeping.py").write_text("def same(x):\n    return x\n")
    told = json.loads(dagflow("verify", "shared.ipynb", "--json").out)
    assert [found["difference"] for found in told["different"]] == [
        "both[1]: the same object as both[0] in Run All, an equal one in the DAG"
    ]
    assert told["equal"] == 3  # a and b are of two tasks: whoever asks for them is given two


def test_code_that_the_last_task_changes_is_compared(
    dagflow: Callable[..., Any], write_notebook: Callable[..., Path]
) -> None:
    code = "def f(x, seen=[]):\n    seen.append(x)\n    return len(seen)\nclass C:\n    items = []"
    cells = [("task:a", code)]
    cells += [(f"task:{name}", f"{name} = f(1)\nC.items.append({name})") for name in "bc"]
    write_notebook("changed.ipynb", cells)
    answer = dagflow("verify", "changed.ipynb")
    assert (answer.code, answer.out.splitlines()[0]) == (
        0,
        "✓ changed: 4 variables are equal in Run All and the DAG",
    )


STOPPING = {
    "both": [("task:a", "x = 0"), ("task:b", "print(x)\ny = 1 / x"), ("task:c", "z = 1")],
    "only the DAG": [("task:a", "x = (n for n in [1])"), ("task:b", "y = list(x)")],
    "only Run All": [
        ("task:a", "x = 1"),
        ("task:b", "y = 1"),
        ("task:c", "import sys\nassert 'y' not in sys._getframe().f_globals"),
    ],
}


@pytest.mark.parametrize("name", STOPPING)
def test_what_stops_is_told(
    name: str,
    dagflow: Callable[..., Any],
    write_notebook: Callable[..., Path],
    settled: Callable[[str], str],
    snapshot: SnapshotAssertion,
) -> None:
    write_notebook("stops.ipynb", STOPPING[name])
    answer = dagflow("verify", "stops.ipynb")
    assert answer.code == 1
    assert settled(answer.out) == snapshot


def test_what_cannot_run_is_refused_before_anything_runs(
    dagflow: Callable[..., Any], write_notebook: Callable[..., Path]
) -> None:
    write_notebook("bad.ipynb", [("task:a", "x =")])
    write_notebook("none.ipynb", [("task:a", "x = 1")], kernel="no-such-kernel")
    assert dagflow("verify", "nothing.ipynb").code == 2
    assert dagflow("verify", "bad.ipynb").code == 2
    write_notebook("good.ipynb", [("task:a", "x = 1")])
    assert dagflow("verify", "good.ipynb", "--jobs", "0").code == 2
    assert dagflow("verify", "good.ipynb", "-p", "n=1").code == 2
    assert dagflow("verify", "none.ipynb").code == 3
    assert json.loads(dagflow("runs", "list", "--json").out) == []


# Every kernel leaves a mark; that of the number given stays until it is stopped.
STAYS = """\
import pathlib, time
number = len(list(pathlib.Path().glob("kernel*")))
pathlib.Path(f"kernel{number}").touch()
if number == STAYING:
    time.sleep(600)
"""


@pytest.mark.parametrize("staying", [0, 1, 2], ids=["the DAG", "Run All", "the comparison"])
def test_an_interrupt_ends_it_wherever_it_is(
    staying: int, write_notebook: Callable[..., Path], tmp_path: Path
) -> None:
    setup = STAYS.replace("STAYING", str(staying))
    work = write_notebook("stays.ipynb", [("setup", setup), ("task:a", "x = 1")]).parent
    process = subprocess.Popen(
        [sys.executable, "-m", "jupyter_dagflow.surfaces.cli.main", "verify", "stays.ipynb"],
        cwd=work,
        env={**os.environ, "DAGFLOW_HOME": str(tmp_path / "home")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        while not (work / f"kernel{staying}").exists():
            assert process.poll() is None, process.communicate()
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert (process.returncode, out) == (130, "")
    assert err.endswith("error: interrupted\n")
    assert "Traceback" not in err
    assert len(list(work.glob("kernel*"))) == staying + 1
