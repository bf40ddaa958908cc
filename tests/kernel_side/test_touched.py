"""Files read and written, as an audit hook sees them; in processes of their own, as hooks stay."""

from __future__ import annotations

import ast
import py_compile
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize(
    ("code", "read", "written"),
    [
        ("open('a').read()", ["a"], []),
        ("open('new', 'w').close()", [], ["new"]),
        ("open('a', 'a').close()", ["a"], ["a"]),
        ("open('a', 'r+').close()", ["a"], ["a"]),
        ("os.close(os.open('a', os.O_RDONLY))", ["a"], []),
        ("open(b'a').close()", ["a"], []),
        ("open(pathlib.Path('sub') / 'b').close()", ["sub/b"], []),
        ("os.chdir('sub'); open('b').close(); open('../a').close()", ["a", "sub/b"], []),
        ("os.rename('a', 'c')", [], ["a", "c"]),
        ("os.remove('a')", [], ["a"]),
        ("shutil.copy('a', 'c')", ["a"], ["c"]),
        ("shutil.rmtree('sub', ignore_errors=True)", ["sub", "sub/"], ["sub", "sub/b"]),
        ("os.makedirs('d/e'); shutil.rmtree('d')", ["d", "e", "d/", "d/e/"], ["d", "d/e"]),
        ("os.access('a', os.R_OK); os.chmod('sub/b', 0o600)", ["a", "sub/b"], ["sub/b"]),
        ("os.utime('a')", ["a"], ["a"]),
        (
            "import importlib.util; importlib.util.find_spec('none')",
            ["none.py", "none/__init__.py"],
            [],
        ),
        (
            "try: import none\nexcept ImportError: pass",
            ["none.py", "none/__init__.py"],
            [],
        ),
        ("open('../beside', 'w').close()", [], ["{above}/beside"]),
        ("open('../seen').close(); os.listdir('..')", ["{above}/seen", "{above}/"], []),
        ("os.mkdir('../.cache'); open('../.cache/x', 'w').close()", [], []),
        ("open(os.__file__).close(); os.listdir(os.path.dirname(os.__file__))", [], []),
        ("os.symlink('a', 'c'); open('c').read()", ["a", "c"], ["c"]),
        ("sqlite3.connect('a.db').execute('create table t (a)')", [], ["a.db"]),
        ("sqlite3.connect('old.db').execute('select * from t').fetchall()", ["old.db"], []),
        (
            "sqlite3.connect('old.db').executescript('insert into t values (1)')",
            [],
            ["old.db"],
        ),
        ("sqlite3.connect(':memory:').execute('select 1')", [], []),
        (
            "sqlite3.connect('file:old.db?mode=ro', uri=True).execute('select * from t')",
            ["old.db"],
            [],
        ),
        ("import local", ["local.py"], []),
        ("import compiled", ["compiled.py"], []),
        ("open('/dev/null').close(); open('home/x', 'w').close()", [], []),
        ("os.mkdir('.git'); open('.git/x', 'w').close()", [], []),
        ("open(os.dup(0), closefd=True).close()", [], []),
        ("os.listdir('.')", ["./"], []),
        ("os.stat('a'); os.path.exists('none'); os.path.isdir('sub')", ["a", "none", "sub"], []),
        ("os.makedirs('new/deep', exist_ok=True); os.path.isdir('new')", [], ["new", "new/deep"]),
        ("os.makedirs('sub', exist_ok=True); os.path.isdir('sub')", [], []),
        ("pathlib.Path('b').exists()", ["b"], []),
        ("list(pathlib.Path('sub').glob('*'))", ["sub/"], []),
        # links count by their own names, too
        ("os.path.lexists('a'); os.path.islink('none')", ["a", "none"], []),
        ("pathlib.Path('a').is_symlink(); os.lstat('sub/b')", ["a", "sub/b"], []),
        ("os.path.islink('link'); os.readlink('link')", ["link"], []),
        ("pathlib.Path('link').is_symlink(); os.path.realpath('sub/b')", ["link"], []),
        ("open('link').close()", ["a", "link"], []),
        ("os.remove('link'); os.symlink('sub/b', 'link')", ["sub/b"], ["link"]),
        ("os.path.lexists('sub'); list(os.walk('sub'))", ["sub/"], []),
        # what other programs are handed
        ("run(['cat', 'a', '-n', 'none.csv'])", ["a", "none.csv"], []),
        ("run(['touch', 'new'])", [], ["new"]),
        ("run('cat a | sort > new', shell=True)", ["a"], ["new"]),
        ("run('echo a word >> a; pip3 --version', shell=True)", ["a"], ["a"]),
        ("run(['cat', 'b'], cwd='sub')", ["sub/b"], []),
        ("os.system('cp sub/b --target-directory=home; rm a')", ["a", "sub/b"], ["a"]),
        ("os.system('touch sub/new; mkdir -p sub')", [], ["sub/new"]),
        ("run('ls sub https://none/a $HOME/a', shell=True)", ["sub/"], []),
        ("run(['rm', '-r', 'sub'])", ["sub/"], ["sub/b"]),
        ("import colorsys, local", ["local.py"], []),
        (
            "threading.Thread(target=lambda: open('a').close()).start(); time.sleep(0); [t.join() for t in threading.enumerate() if t is not threading.current_thread()]",
            ["a"],
            [],
        ),
    ],
)
def test_touched(tmp_path: Path, code: str, read: list[str], written: list[str]) -> None:
    above, tmp_path = tmp_path, tmp_path / "project"
    (above / "seen").write_text("text")
    for folder in (tmp_path, tmp_path / "sub", tmp_path / "home"):
        folder.mkdir()
    for name in ("a", "sub/b"):
        (tmp_path / name).write_text("text")
    (tmp_path / "link").symlink_to("a")
    (tmp_path / "local.py").write_text("x = 1")
    (tmp_path / "compiled.py").write_text("x = 1")
    py_compile.compile(str(tmp_path / "compiled.py"))
    script = f"""
import functools, os, pathlib, shutil, sqlite3, subprocess, sys, threading, time
from jupyter_dagflow.kernel_side.touched import Touched
sys.path[:] = ["", *(p for p in sys.path if p.startswith(sys.base_prefix))]
run = functools.partial(subprocess.run, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
sqlite3.connect("old.db").execute("create table t (a)").connection.close()
touched = Touched()
touched.begin(".", ["home"])
{code}
os.chdir({str(tmp_path)!r})
print(touched.end())
open("a", "a").close()
touched.begin(".", [])
print(touched.end())
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert done.stderr == ""
    first, second = map(ast.literal_eval, done.stdout.splitlines())
    told = {"read": read, "written": written, "appended": []}
    assert first == {what: [name.format(above=above) for name in told[what]] for what in told}
    assert second == {"read": [], "written": [], "appended": []}
