"""A secret is nowhere but in the user's hands and in the kernel: whole runs, and every byte of what they leave."""

from __future__ import annotations

import base64
import hashlib
import json
import random
import string
import subprocess
import sys
import urllib.parse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from jupyter_dagflow import Dagflow
from tests.execution.processes import until

LEAKY = """\
import base64, json, os, sys, time, urllib.parse
print(api_token, repr(api_token), json.dumps({'h': api_token}), flush=True)
print(urllib.parse.quote(api_token, safe=''), base64.b64encode(b'me:' + api_token.encode()))
for letter in api_token:
    print(letter, end='', flush=True)
    print(end='', file=sys.stderr, flush=True)
    time.sleep(0.01)
sys.stderr.write(api_token + chr(10))
os.write(1, api_token.encode())
os.system('echo ' + json.dumps(api_token).replace('$', ''))
sys.__stdout__.write(api_token); sys.__stdout__.flush()
assert str(pin)[::-1] == '123456789' and type(pin) is int
print('pin', pin)
open('seen-' + str(pin), 'w').close()
from IPython.display import HTML, JSON, display
display(HTML('<b>' + api_token), JSON({'a': [api_token]}))
token_length = len(api_token)
note = 'metric ' + api_token
{'shown': api_token}
"""
FAILING = """\
def call(url):
    raise RuntimeError('401 for ' + url)
print(token_length)
call('https://me:' + api_token + '@host')
"""
CELLS = [
    ("parameters secret:pin", "n = 2\napi_token = {default!r}\npin = 987654321"),
    ("task:leak metric:note keep:note", LEAKY),
    ("task:stored", "kept = [n]"),
    ("task:fail retries:1 retry-delay:0s", FAILING),
]
ELSEWHERE = ("-p", "-f", "environment")
ALPHABET = string.ascii_letters + string.digits + "%+/=&@ '\"\\é"


def sentinel(seed: int) -> str:
    """A secret that nobody else would write; what shells make of it is no matter here."""
    letters = random.Random(seed)
    return "s" + "".join(letters.choice(ALPHABET) for _ in range(20)) + "e"


def traces(secret: str) -> list[bytes]:
    """What would betray it."""
    data = secret.encode()
    pieces = [secret[at : at + 8] for at in range(len(secret) - 8)]
    return [
        *(piece.encode() for piece in pieces),
        *(json.dumps(piece)[1:-1].encode() for piece in pieces),
        urllib.parse.quote(secret, safe="").encode(),
        base64.b64encode(data).rstrip(b"="),
        data.hex().encode(),
        *(hashlib.new(name, data).hexdigest().encode() for name in ("md5", "sha1", "sha256")),
        hashlib.blake2b(data, digest_size=16).hexdigest().encode(),
        hashlib.blake2b(repr(secret).encode(), digest_size=16).hexdigest().encode(),
    ]


def betrayed(folder: Path, secret: str, *, but: str = "artifacts") -> list[str]:
    """The files below a folder that hold a trace of a secret, those of artifacts left out."""
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_file() and but not in path.relative_to(folder).parts[:1]:
            data = path.read_bytes()
            found += [
                f"{path}: {t!r}" for t in traces(secret) if t in data or t.decode() in path.name
            ]
    return found


def cells(default: str) -> list[tuple[str, str]]:
    return [(tags, source.replace("{default!r}", repr(default))) for tags, source in CELLS]


@pytest.mark.parametrize(
    ("seed", "how"),
    [(1, "default"), (2, "-p"), (3, "-f"), (4, "environment"), (5, "kernels not forked")],
)
def test_no_byte_of_a_run_betrays_a_secret(
    seed: int,
    how: str,
    dagflow: Callable[..., Any],
    write_notebook: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    secret = sentinel(seed)
    path = write_notebook("nb.ipynb", cells("not this one" if how in ELSEWHERE else secret))
    options = []
    monkeypatch.setenv("DAGFLOW_FORK", "on" if how != "kernels not forked" else "off")
    if how == "-p":
        options = ["-p", f"api_token={secret}"]
    elif how == "-f":
        (tmp_path / "p.json").write_text(json.dumps({"api_token": secret}))
        options = ["-f", str(tmp_path / "p.json")]
    elif how == "environment":
        monkeypatch.setenv("DAGFLOW_SECRET_API_TOKEN", secret)
    told = ""
    for more in ([], ["--json"], ["--keep", "all", "--fresh"]):
        answer = dagflow("run", str(path), *options, *more)
        assert answer.code == 1
        told += answer.out + answer.err
    for command in (
        ["compile", str(path), "--format", "json"],
        ["runs", "show", "latest", "--json"],
        ["runs", "logs", "latest"],
        ["artifacts", "show", "latest", "note", "--json"],
    ):
        answer = dagflow(*command)
        assert answer.code == 0, answer
        told += answer.out + answer.err
    assert "401 for https://me:***@host" in told
    home = tmp_path / "home"
    assert [trace for trace in traces(secret) if trace.decode() in told] == []
    assert betrayed(home, secret) == []
    assert betrayed(home, "987654321") == []
    assert betrayed(home, hashlib.sha256(path.read_bytes()).hexdigest()) == [], "it can be guessed"
    log = dagflow("runs", "logs", "latest", "leak").out
    assert log.replace("'", '"').startswith('*** "***" {"h": "***"}\n'), log
    assert "pin" in log
    assert betrayed(home, "401 for https") != []  # what is looked for is found
    values = Dagflow()
    run = values.open_run("latest")
    assert run.value("note") == f"metric {secret}"  # what a task hands over is the value itself
    assert run.view.metrics["note"] == "metric ***"
    values.close()


@pytest.mark.parametrize(
    ("ending", "told"),
    [
        ("os._exit(3)", "The kernel died in cell 1"),
        ("os.kill(os.getpid(), 9)", "killed by SIGKILL"),
        ("import time; time.sleep(600)", "still running after 2 s"),
        ("raise SystemExit(api_token)", "SystemExit: ***"),
        ("import subprocess; subprocess.run([api_token], check=True)", "FileNotFoundError"),
        ("class Bad:\n    def __reduce__(self): raise TypeError(api_token)\nbad = Bad()", "***"),
    ],
)
def test_however_a_task_ends_no_byte_betrays_a_secret(
    ending: str,
    told: str,
    dagflow: Callable[..., Any],
    write_notebook: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    secret = sentinel(7)
    monkeypatch.setenv("DAGFLOW_SECRET_API_TOKEN", secret)
    cell = f"import os, sys\nprint('begun')\nprint(api_token[:-3], end='', flush=True)\n{ending}"
    write_notebook(
        "nb.ipynb",
        [
            ("parameters", "api_token = ''"),
            ("task:a timeout:2s" if "sleep" in ending else "task:a", cell),
            ("task:b", "bad"),
        ],
    )
    answer = dagflow("run", "nb.ipynb")
    assert answer.code == 1
    assert told in answer.out
    log = dagflow("runs", "logs", "latest", "a").out
    assert log.startswith("begun\n***")
    said = answer.out + answer.err + log
    assert [trace for trace in traces(secret) if trace.decode() in said] == []
    assert betrayed(tmp_path / "home", secret) == []


def test_what_a_kernel_wrote_whose_runner_was_killed_is_masked_by_who_goes_on(
    dagflow: Callable[..., Any],
    write_notebook: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    secret = sentinel(10)
    monkeypatch.setenv("DAGFLOW_SECRET_API_TOKEN", secret)
    cell = (
        "import os, pathlib, time\nos.write(2, b'written: ' + api_token.encode())\ntime.sleep(1)\n"
        "pathlib.Path('there').touch()\nwhile not os.path.exists('go'): time.sleep(0.02)"
    )
    write_notebook("nb.ipynb", [("parameters", "api_token = ''"), ("task:a", cell)])
    command = [sys.executable, "-m", "jupyter_dagflow.surfaces.cli.main", "run", "nb.ipynb"]
    runner = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until(Path("there").exists)
    runner.kill()
    runner.wait()
    log = Dagflow().open_run("latest").taskbook_path("a").with_name("kernel.log")
    assert secret.encode() in log.read_bytes()
    assert log.stat().st_mode & 0o077 == 0, "until then, only its owner may read it"
    Path("go").touch()
    assert dagflow("runs", "resume", "latest").code == 0
    assert b"written: ***" in log.read_bytes()
    assert betrayed(tmp_path / "home", secret) == []


def test_results_are_reused_for_the_same_secret_alone(
    dagflow: Callable[..., Any], write_notebook: Callable[..., Path], tmp_path: Path
) -> None:
    write_notebook(
        "nb.ipynb",
        [
            ("parameters", "password = 'first one'"),
            ("task:use", "size = len(password)"),
            ("task:rest", "x = 1"),
        ],
    )

    def why(*options: str) -> list[list[str]]:
        answer = dagflow("run", "nb.ipynb", "--json", *options)
        assert answer.code == 0
        return [t["why"] if not t["cached"] else [] for t in json.loads(answer.out)["tasks"]]

    assert why() == [["never run before"], ["never run before"]]
    assert why() == [[], []]
    assert why("-p", "password=first one") == [[], []]
    assert why("-p", "password=second") == [["secret parameter password changed"], []]
    assert why("-p", "password=second") == [[], []]
    assert betrayed(tmp_path / "home", "first one") == []


def test_a_run_that_is_resumed_asks_for_what_was_given(
    dagflow: Callable[..., Any],
    write_notebook: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    snapshot: SnapshotAssertion,
    settled: Callable[[str], str],
    tmp_path: Path,
) -> None:
    secret = sentinel(8)
    path = write_notebook(
        "nb.ipynb",
        [
            ("parameters secret:pin", f"password = {sentinel(9)!r}\npin = 4711"),
            ("task:a", "half = pin / 2, len(password)"),
            (
                "task:b",
                "import os\nassert os.path.exists('there'), password\nprint(half, password)",
            ),
        ],
    )
    assert dagflow("run", "nb.ipynb", "-p", f"password={secret}").code == 1
    (path.parent / "there").touch()
    answer = dagflow("runs", "resume", "latest")
    assert answer.code == 2
    assert settled(answer.err) == snapshot
    monkeypatch.setenv("DAGFLOW_SECRET_PASSWORD", secret)
    answer = dagflow("runs", "resume", "latest", "--json")
    assert answer.code == 0, answer.err
    assert [task["attempt"] for task in json.loads(answer.out)["tasks"]] == [1, 2]
    assert dagflow("runs", "logs", "latest", "b").out == f"(2355.5, {len(secret)}) ***\n"
    assert betrayed(tmp_path / "home", secret) == []
    assert betrayed(tmp_path / "home", sentinel(9)) == []


def test_both_ways_a_secret_is_the_same(
    dagflow: Callable[..., Any], write_notebook: Callable[..., Path], tmp_path: Path
) -> None:
    secret = sentinel(3)
    write_notebook(
        "nb.ipynb",
        [
            ("parameters secret:hosts", f"password = {secret!r}\nhosts = ('one-host', 'two-host')"),
            ("setup", "import os\nbefore = password"),
            ("task:a", "size = len(password), type(hosts)\nprint(password, hosts)"),
            ("task:b", "assert password == before\ntwice = size * 2"),
        ],
    )
    answer = dagflow("verify", "nb.ipynb")
    assert answer.code == 0, answer
    assert betrayed(tmp_path / "home", secret) == []
    assert betrayed(tmp_path / "home", "two-host") == []


def test_a_recorded_notebook_has_other_outputs_without_the_secret(
    dagflow: Callable[..., Any], write_notebook: Callable[..., Path], tmp_path: Path
) -> None:
    path = write_notebook("nb.ipynb", [("parameters", "token = 'gehe!mnis'"), ("task:a", "x = 1")])
    book = json.loads(path.read_text())
    book["cells"][1]["outputs"] = [
        {"output_type": "stream", "name": "stdout", "text": ["gehe!mnis\n"]}
    ]
    path.write_text(json.dumps(book))
    assert dagflow("run", "nb.ipynb").code == 0
    assert betrayed(tmp_path / "home", "gehe!mnis") == []
    run = Dagflow().open_run("latest")
    assert run.notebook_path is not None
    shown = json.loads(run.notebook_path.read_text())["cells"][0]["source"]
    assert "".join(shown) == "token = '***'"
    assert "gehe!mnis" in path.read_text()


def test_a_taskbook_by_hand_asks_for_the_secret(
    dagflow: Callable[..., Any], write_notebook: Callable[..., Path], tmp_path: Path
) -> None:
    import papermill

    write_notebook(
        "nb.ipynb",
        [("parameters", "passwd: int = 4711"), ("task:a", "print('half', passwd // 2)\n1 / 0")],
    )
    assert dagflow("run", "nb.ipynb").code == 1
    run = Dagflow().open_run("latest")
    book = run.taskbook_path("a")
    out = tmp_path / "again.ipynb"
    with pytest.raises(papermill.PapermillExecutionError, match="DAGFLOW_SECRET_PASSWD"):
        papermill.execute_notebook(str(book), str(out), progress_bar=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAGFLOW_SECRET_PASSWD", "5000")
        with pytest.raises(papermill.PapermillExecutionError, match="ZeroDivisionError"):
            papermill.execute_notebook(str(book), str(out), progress_bar=False)
    assert "half 2500" in out.read_text()


@pytest.mark.parametrize(
    "arguments", [["-p", "pin=geheim"], ["-p", "pin=1", "-p", "pin=geheim"], ["-p", "geheim!"]]
)
def test_what_was_given_wrongly_is_not_repeated(
    arguments: list[str],
    dagflow: Callable[..., Any],
    write_notebook: Callable[..., Path],
    snapshot: SnapshotAssertion,
) -> None:
    write_notebook("nb.ipynb", [("parameters secret:pin", "pin = 1234"), ("task:a", "x = pin")])
    answer = dagflow("run", "nb.ipynb", *arguments)
    assert answer.code == 2
    assert answer.err == snapshot
    assert "geheim" not in answer.out + answer.err
