"""What lies outside the variables: generators of random numbers, settings, files, the working directory."""

from __future__ import annotations

from tests.fuzz.templates.noun import Noun, Templates

_STATEMENTS: Templates = {
    "ambient": (
        "random.seed(<digit>)",
        "<num:t> = random.randint(0, 9)",
        "<num:t> = random.randint(0, 9)",
        "random.shuffle(<list>)",
        "<list:t> = random.choice(<nest>)",
        "<list:t> = random.sample([1, 2, 3, 4], 2)",
        "np.random.seed(<digit>)",
        "<num:t> = int(np.random.randint(9))",
        "<array:t> = np.random.permutation(4)",
        "np.random.shuffle(<array>)",
        "def <n2n:t>(i):\n    return (i + random.randint(0, 9)) % 97",
        "def <l2l:t>(x):\n    random.shuffle(x)\n    return x",
        "<rng:t> = np.random.default_rng(<digit>)",
        "<num:t> = int(<rng>.integers(9))",
        "<array:t> = <rng>.permutation(4)",
        "<rng>.shuffle(<array>)",
        "<rng:t> = <rng>",
        "os.makedirs('d1', exist_ok=True)\nos.chdir('d1')",
        "<text:n> = os.path.basename(os.getcwd())",
    ),
    "generators held": (
        "<dice:t> = random.Random(<digit>)",
        "<dice:t> = np.random.default_rng(<digit>)",
        "<dice:t> = <dice>",
        "<num:t> = int(<dice>.random() * 90)",
        "<num:t> = int(<dice>.random() * 90)",
        "def <n2n:t>(i, rng=<dice>):\n    return (i + int(rng.random() * 90)) % 97",
        "def <n2n:t>(i, rng=random.Random(<digit>)):\n    return (i + int(rng.random() * 90)) % 97",
        "def <n2n:t>(i):\n    return (i + int(<dice>.random() * 90)) % 97",
        "<num:t> = <n2n>(<digit>)",
        "class <net:t>:\n    rng = <dice>\n    def draw(self):\n        return int(self.rng.random() * 90)",
        "class <net:t>:\n    rng = random.Random(<digit>)\n    def draw(self):\n"
        "        return int(self.rng.random() * 90)",
        "<num:t> = <net>().draw()",
        "<num:t> = int(<net>.rng.random() * 90)",
    ),
    "files": (
        "os.makedirs('d2/deep', exist_ok=True)",
        "os.makedirs('d2', exist_ok=True)\nwith open('d2/x.txt', 'w') as file:\n    file.write('<digit>')",
        "with open('note.txt', 'w') as file:\n    file.write(repr(<list>))",
        "with open('note.txt', 'a') as file:\n    file.write('<digit>')",
        "pathlib.Path('note.txt').write_text(str(<num>))",
        "pathlib.Path('other.txt').write_text('<digit>')",
        "pathlib.Path('d2').mkdir(exist_ok=True)",
        "def <n2n:t>(i):\n    with open('note.txt', 'a') as file:\n        file.write(str(i))\n    return i",
        "<num:t> = <n2n>(<num>)",
        "<text:n> = open('note.txt').read()",
        "<text:n> = pathlib.Path('note.txt').read_text()",
        "<num:t> = os.path.getsize('note.txt')",
        "<text:n> = os.path.isdir('d2/deep')",
        "<text:n> = os.path.exists('d2/x.txt') and open('d2/x.txt').read()",
        "<text:n> = pathlib.Path('other.txt').exists()",
    ),
    "settings": (
        "os.environ.update(FUZZ='<digit>')",
        "os.environ.setdefault('FUZZ', '<digit>')",
        "os.environ.pop('FUZZ', None)",
        "if 'FUZZ' in os.environ:\n    del os.environ['FUZZ']",
        "<text:n> = 'FUZZ' in os.environ",
        "pd.reset_option('display.precision')",
        "pd.options.display.max_rows = <digit> + 1",
        "<text:n> = pd.options.display.max_rows",
        "with np.printoptions(precision=2):\n    <text:n> = repr(np.array([1 / 3]))",
        "with pd.option_context('display.precision', <digit>):\n    <text:n> = repr(pd.Series([1 / 3]))",
        "os.environ['FUZZ'] = '<digit>'",
        "<text:n> = os.environ.get('FUZZ', 'none')",
        "pd.set_option('display.precision', <digit>)",
        "<text:n> = pd.get_option('display.precision')",
        "np.set_printoptions(precision=<digit>)",
        "<text:n> = repr(np.array([1 / 3]))",
        "warnings.simplefilter('ignore')",
        "<text:n> = warnings.filters[0][0]",
        "def <n2n:t>(i):\n    return (i + int(os.environ.get('FUZZ', '3'))) % 97",
    ),
}
_BASICS: Templates = {
    "generators held": (
        "<dice:t> = random.Random(<digit>)",
        "def <n2n:t>(i):\n    return i",
        "class <net:t>:\n    def draw(self):\n        return <digit>\n    rng = random.Random(<digit>)",
    ),
    "files": (
        "with open('note.txt', 'w') as file:\n    file.write('text')",
        "def <n2n:t>(i):\n    return i",
    ),
    "ambient": ("random.seed(<digit>)", "np.random.seed(<digit>)"),
}
_NAMES: Templates = {
    "rng": ("rng", "rng2"),
    "dice": ("dice", "dice2"),
    "net": ("Net",),
}
NOUN = Noun(
    names=_NAMES,
    code=frozenset({"net"}),
    statements=_STATEMENTS,
    basics=_BASICS,
    uncertain=frozenset({"files"}),
)
