"""Which files code names, and what is said when nothing orders the tasks that do."""

from __future__ import annotations

import pytest

from jupyter_dagflow.core.compile import compile_cells
from jupyter_dagflow.core.literal_paths import PathNames, touches
from tests.core.notebooks import tagged


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("open('a')", "r a"),
        ("open('a', 'rb')", "r a"),
        ("open('a', mode='a')", "w a"),
        ("open('a', 'r+')", "w a"),
        ("open(name, 'w')", ""),
        ("gzip.open('a.gz', 'wt')", "w a.gz"),
        ("Path('a').open('w')", "w a"),
        ("pathlib.Path('a').write_text('b')", "w a"),
        ("Path('a').read_text()", "r a"),
        ("Path('a').exists() and os.path.getsize('b')", "r a, r b"),
        ("pd.read_csv('a.csv')", "r a.csv"),
        ("pd.read_csv('https://example.org/a.csv')", ""),
        ("pd.read_sql('select 1', db)", ""),
        ("df.groupby('k').sum().to_parquet('a.parquet')", "w a.parquet"),
        ("df.to_dict('records')", ""),
        ("np.savez('a.npz', x=x)", "w a.npz"),
        ("np.load('a.npy')", "r a.npy"),
        ("joblib.dump(model, 'm.joblib')", "w m.joblib"),
        ("joblib.load('m.joblib')", "r m.joblib"),
        ("pickle.dump(x, open('a.pkl', 'wb'))", "w a.pkl"),
        ("plt.savefig('a.png')", "w a.png"),
        ("shutil.copy('a', 'b')", "r a, w b"),
        ("os.rename('a', 'b')", "w a, w b"),
        ("text.replace('a', 'b')", ""),
        ("with open('a') as f, open('b', 'w') as g:\n    g.write(f.read())", "r a, w b"),
        ("open('a", ""),
        ("path.open('w')", ""),
        ("pd.read_csv(Path('data') / 'a.csv')", "r data/a.csv"),
        ("pd.read_csv(os.path.join('data', './a.csv'))", "r data/a.csv"),
        ("(pathlib.Path('data', 'x') / 'a.csv').write_text('b')", "w data/x/a.csv"),
        ("df.to_csv(f'{\"data\"}/a.csv')", "w data/a.csv"),
        ("df.to_csv(f'a{n}.csv')", ""),
        ("df.to_csv(str('a' + '.csv'))", "w a.csv"),
        ("os.symlink('a', 'b'); os.path.islink('b')", "r a, w b, r b"),
        (
            "get_ipython().system('wc -l a.csv > n.txt && rm old/b.csv')",
            "r a.csv, w n.txt, w old/b.csv",
        ),
        (
            "get_ipython().run_cell_magic('bash', '', 'cp a.csv b.csv\\ncat \"c.csv\"')",
            "r a.csv, w b.csv, r c.csv",
        ),
        ("get_ipython().run_cell_magic('html', '', 'see a.csv')", ""),
        ("subprocess.run(['sort', '-o', 'b.txt', name, 'a.txt'], check=True)", "w b.txt, r a.txt"),
        ("subprocess.check_output('echo 1.5 -v https://example.org/a.csv', shell=True)", ""),
        ("app.run('a.csv')", ""),
    ],
)
def test_files_named(code: str, expected: str) -> None:
    found = [f"{'w' if touch.wrote else 'r'} {touch.path}" for touch in touches(code)]
    assert ", ".join(found) == expected


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["DATA = 'data'"], "data/a.csv"),
        (["from pathlib import Path\nDATA: Path = Path('data')"], "data/a.csv"),
        (["ROOT = Path('..')\nDATA = ROOT / 'data'"], "../data/a.csv"),
        (["DATA = Path('data')", "names = sorted(p.name for p in DATA.iterdir())"], "data/a.csv"),
        (["DATA = Path('data')", "for DATA in found:\n    pass"], ""),
        (
            ["ROOT = Path('..')", "DATA = (\n    ROOT\n    / 'data'\n)", "use(DATA)"],
            "../data/a.csv",
        ),
        (["DATA = 'data'", "DATA = 'other'"], ""),
        (["DATA = 'data'", "for DATA in ('a', 'b'): pass"], ""),
        (["DATA = 'data'", "def f():\n    global DATA\n    DATA = 'other'"], ""),
        (["DATA, x = 'data', 1"], ""),
        (["DATA = input()"], ""),
        (["DATA = DATA / 'x'"], ""),
        ([], ""),
    ],
)
def test_names_of_paths(cells: list[str], expected: str) -> None:
    code = "pd.read_csv(Path(DATA) / 'a.csv')"
    found = [touch.path for touch in touches(code, PathNames([*cells, code]))]
    assert found == ([expected] if expected else [])


WRITE, READ = "open('o.txt', 'w').write('x')", "text = open('o.txt').read()"


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ([(WRITE, "task:a"), (READ, "task:b")], ["Task b reads o.txt, which task a writes in cell 0"]),
        ([(READ, "task:a"), (WRITE, "task:b")], ["Task b writes o.txt, which task a reads in cell 0"]),
        ([(WRITE, "task:a"), (WRITE, "task:b")], ["Task b writes o.txt, which task a writes in cell 0"]),
        ([(READ, "task:a"), (READ, "task:b")], []),
        ([(WRITE, "task:a"), (READ, "task:b", "after:a")], []),
        ([(WRITE, "task:a", "writes:o.txt"), (READ, "task:b")], []),
        ([(WRITE, "task:a"), (READ, "task:b", "reads:*.txt")], []),
        ([(f"{WRITE}\nn = 1", "task:a"), (f"{READ}\nm = n", "task:b")], []),
        ([(f"{WRITE}\nn = 1", "task:a"), ("m = n", "task:b"), (f"{READ}\nk = m", "task:c")], []),
        ([(f"{WRITE}\n{READ}", "task:a")], []),
        ([("OUT = 'o.txt'",), ("open(OUT, 'w').write('x')", "task:a"), ("text = open(OUT).read()", "task:b")],
         ["Task b reads o.txt, which task a writes in cell 1"]),
    ],
)  # fmt: skip
def test_what_is_said_of_files_that_nothing_orders(
    cells: list[tuple[str, ...]], said: list[str]
) -> None:
    notebook = tagged(*((" ".join(tags), code) for code, *tags in cells))
    found = [d for d in compile_cells(notebook).diagnostics if d.code == "DF123"]
    assert [d.message.split(", but")[0] for d in found] == said
    assert all(d.hint.startswith("Tag the cell after:a") for d in found)
