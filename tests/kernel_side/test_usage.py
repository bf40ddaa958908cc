"""What a task is seen to use, in bare processes: files, folders, modules, packages."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import jupyter_dagflow.kernel_side
from jupyter_dagflow.kernel_side import packages

BOOT = Path(jupyter_dagflow.kernel_side.__file__).parent / "boot.py"


def told(folder: Path, code: str, *, setup: str = "", **spec: Any) -> dict[str, Any]:
    """What a task of that code tells of what it used; the project has some files to use."""
    project = folder / "project"
    for name, text in {
        "a.txt": "a",
        ".env": "secret",
        "helpers.py": "import deeper",
        "deeper.py": "x = 1",
        "sub/b.txt": "b",
        ".git/config": "",
        "../far/c.txt": "c",
        "../home/kept": "",
    }.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text)
    handover = {
        "task": "t",
        "store": str(folder / "store"),
        "cloudpickle": "",
        "inputs": {},
        "definitions": [],
        "outputs": [],
        "versions": {},
        "extras": [],
        "metrics": [],
        **{
            key: []
            for key in (
                "guarded",
                "may_go",
                "sets",
                "made_alike",
                "strange",
                "from_prelude",
                "changing",
            )
        },
        **{key: {} for key in ("looked_into", "beside", "exposed", "ambient", "generators")},
        "project": str(project),
        "ignored": [str(folder / "home")],
        "outcome": str(folder / "outcome.json"),
        **spec,
    }
    spec_path = folder / "handover.json"
    spec_path.write_text(json.dumps(handover))

    def door(action: str, path: Path) -> str:
        return f'__import__("runpy").run_path({str(BOOT)!r})["{action}"]({str(path)!r})'

    script = folder / "task.py"
    begin, end = door("enter", project), door("save", spec_path)
    script.write_text("\n".join([begin, setup, door("load", spec_path), code, end]))
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    used: dict[str, Any] = json.loads((folder / "outcome.json").read_text())["used"]
    return used


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("open('a.txt').read()", {"read": ["a.txt"]}),
        ("open('.env').read()", {"read": [".env"]}),
        ("open('.git/config').read()", {}),
        ("open('../home/kept').read()", {}),
        ("open('/dev/null').read()", {}),
        ("open('out', 'w').close()", {"written": ["out"]}),
        ("open('out', 'w').close(); open('out').read()", {"written": ["out"]}),
        (
            "open('a.txt', 'a').close()",
            {"read": ["a.txt"], "written": ["a.txt"], "altered": ["a.txt"]},
        ),
        (
            "x = open('a.txt').read(); open('a.txt', 'w').write(x)",
            {"read": ["a.txt"], "written": ["a.txt"], "altered": ["a.txt"]},
        ),
        ("open('t', 'x').close(); import os; os.replace('t', 'out')", {"written": ["out", "t"]}),
        ("try: open('absent')\nexcept OSError: pass", {"read": ["absent"]}),
        ("import glob; glob.glob('sub/*.txt')", {"folders": ["sub"]}),
        ("import os; os.listdir()", {"folders": ["."]}),
        ("import pathlib; list(pathlib.Path('sub').iterdir())", {"folders": ["sub"]}),
        (
            "import os; os.listdir('sub'); open('sub/new', 'w').close()",
            {"folders": ["sub"], "written": ["sub/new"], "unsteady": ["sub"]},
        ),
        (
            "import os; open('sub/new', 'w').close(); os.listdir('sub')",
            {"folders": ["sub"], "written": ["sub/new"]},
        ),
        ("open('../far/d.txt', 'w').close()", {}),
        (
            "open('../far/c.txt', 'a').close()",
            {"read": ["../far/c.txt"], "altered": ["../far/c.txt"]},
        ),
        ("import helpers", {"modules": ["deeper.py", "helpers.py"]}),
        ("import numpy", {}),
        (
            "import sqlite3; sqlite3.connect('db').execute('create table t (a)').connection.close()",
            {"written": ["db"]},
        ),
        (
            "import subprocess, sys; subprocess.run([sys.executable, '-c', \"open('a.txt')\"])",
            {"read": ["a.txt"]},
        ),
        (
            "import os, time; os.utime('a.txt'); open('a.txt').read()",
            {"read": ["a.txt"], "written": ["a.txt"], "altered": ["a.txt"]},
        ),
    ],
)
def test_files(tmp_path: Path, code: str, expected: dict[str, list[str]]) -> None:
    used = told(tmp_path, code, mentioned=["a.txt", "sub"])
    found = {
        kind: sorted(used[kind])
        for kind in ("modules", "read", "written", "folders", "patterns", "altered", "unsteady")
        if used[kind]
    }
    assert {
        kind: [name.replace(str(tmp_path), "..") for name in names] for kind, names in found.items()
    } == expected


def test_links_are_told_by_their_own_names_too(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "link").symlink_to("a.txt")
    used = told(tmp_path, "open('link').read()")
    assert sorted(used["read"]) == ["a.txt", "link"]
    assert used["read"]["a.txt"] == used["read"]["link"]


def test_what_setup_uses_counts(tmp_path: Path) -> None:
    used = told(tmp_path, "", setup="import helpers; open('a.txt').read()")
    assert (sorted(used["modules"]), list(used["read"])) == (["deeper.py", "helpers.py"], ["a.txt"])


def test_files_elsewhere_are_called_by_their_whole_path(tmp_path: Path) -> None:
    used = told(tmp_path, "open('../far/c.txt').read()")
    assert list(used["read"]) == [str(tmp_path / "far" / "c.txt")]


def test_patterns(tmp_path: Path) -> None:
    used = told(tmp_path, "", patterns=["*.txt", "sub", "none/*"])
    assert used["patterns"] == {"*.txt": ["a.txt"], "sub": ["sub/b.txt"], "none/*": []}
    assert sorted(used["read"]) == ["a.txt", "sub/b.txt"]


def test_what_strings_name_counts_where_nothing_else_would_tell(tmp_path: Path) -> None:
    mentioned = ["sub", "b.txt", "a.txt", "nothing.txt", "made.txt"]
    assert told(tmp_path, "open('made.txt', 'w').close()", mentioned=mentioned)["read"] == {}
    (tmp_path / "project" / "made.txt").unlink()
    quiet = "import os; os.system('touch made.txt')"
    used = told(tmp_path, quiet, mentioned=mentioned)
    assert (sorted(used["read"]), list(used["written"])) == (["a.txt", "sub/b.txt"], ["made.txt"])


def test_a_file_that_changes_meanwhile_is_unsteady(tmp_path: Path) -> None:
    code = "import os\nopen('a.txt').read()\nos.system('F=a.txt; echo more >> $F')"
    assert told(tmp_path, code)["unsteady"] == ["a.txt"]
    seen = told(tmp_path, code.replace("$F", "a.txt"))
    assert (seen["unsteady"], seen["altered"]) == ([], ["a.txt"])
    code = "import helpers, os\nos.system('F=helpers.py; echo >> $F')"
    used = told(tmp_path, code)
    assert used["unsteady"] == ["helpers.py"], used


def test_packages_that_were_installed_elsewhere(tmp_path: Path) -> None:
    target = tmp_path / "target"
    (target / "some_thing-1.2.dist-info").mkdir(parents=True)
    (target / "some_thing-1.2.dist-info" / "RECORD").write_text("oddly_named.py,,\n")
    (target / "oddly_named.py").write_text("")
    (target / "by_hand.py").write_text("")
    setup = f"import sys; sys.path.append({str(target)!r})"
    used = told(tmp_path, "import oddly_named, by_hand", setup=setup)
    assert used["packages"][str(target)] == {"some-thing": "1.2"}
    assert list(used["modules"]) == [str(target / "by_hand.py")]


def test_packages_have_their_versions(tmp_path: Path) -> None:
    used = told(tmp_path, "import numpy, yaml, IPython")
    versions = {name for packages in used["packages"].values() for name in packages}
    assert {"numpy", "pyyaml"} <= versions
    assert "ipython" not in versions, "a kernel has it anyway"
    used = told(tmp_path, "import IPython", imports=["IPython"])
    assert "ipython" in {name for packages in used["packages"].values() for name in packages}


def test_packages_that_share_a_module_all_count_and_what_is_installed_later_is_seen(
    tmp_path: Path,
) -> None:
    _install(tmp_path, "Cloud_One", "1.0", files=["cloud/one.py"])
    _install(tmp_path, "cloud_two", "2.0", files=["cloud/two.py", "../../bin/cloud"])
    os.utime(tmp_path, (1, 1))

    assert packages.versions(str(tmp_path), ["cloud", "byhand"]) == (
        {"cloud-one": "1.0", "cloud-two": "2.0"},
        {"byhand"},
    )

    _install(tmp_path, "byhand", "3.0", files=[])

    assert packages.versions(str(tmp_path), ["byhand"]) == ({"byhand": "3.0"}, set())


def _install(folder: Path, name: str, version: str, *, files: list[str]) -> None:
    metadata = folder / f"{name}-{version}.dist-info"
    metadata.mkdir()
    lines = [f"{file},sha256=x,1\n" for file in files]
    (metadata / "RECORD").write_text("".join(lines), encoding="utf-8")
