"""Notebooks made up for measuring: plausible cells, about seven lines each, the same for the same size."""

from __future__ import annotations

import random
from typing import NamedTuple

HEAD = [
    "import numpy as np\nimport pandas as pd\nfrom math import sqrt\n",
    "df = pd.DataFrame({'a': np.arange(100), 'b': 1.0})\n",
]
FUNCTION = """\
def f{i}(x, k={i}):
    y = x + k
    for j in range(3):
        y += j
    return y

"""
CALL = """\
# step {i}
v{i} = {f}({a})
w{i} = [q for q in range({i})]
if {i} > 3:
    z{i} = v{i}
else:
    z{i} = None
print(v{i}, w{i}[:3])
"""
CONTAINER = """\
d{i} = {a}
t{i} = {{'k': 1, 'm': [1, 2, {i}]}}
t{i}['k'] += 2
t{i}['m'].append(3)
v{i} = sum(t{i}['m'])
print(v{i}, d{i})

"""
FRAME = """\
m{i} = df.groupby('a').mean()
m{i}['c'] = m{i}['b'] * 2
m{i}.columns = ['b', 'c']
v{i} = m{i}.shape[0]
assert v{i} >= 0
x{i}, y{i} = np.split(np.arange(10), 2)
"""
FILE = """\
try:
    v{i} = sqrt({i})
except ValueError as e:
    print(e)
    v{i} = 0
with open('/dev/null') as h{i}:
    b{i} = h{i}.read()
v{i} *= 2
"""
CLASS = """\
class C{i}:
    def __init__(self, v):
        self.v = v
    def get(self):
        return self.v
c{i} = C{i}({a})
v{i} = c{i}.get()
"""
KINDS = [FUNCTION, CALL, CONTAINER, FRAME, FILE, CLASS]


def cells(number: int) -> list[str]:
    """The sources of a notebook of that many cells, each reading something of the twenty above it."""
    choose = random.Random(number)
    sources, values, functions = list(HEAD), ["df"], ["len"]
    for i in range(len(HEAD), number):
        kind = choose.choice(KINDS)
        names = {"i": i, "a": choose.choice(values[-20:]), "f": choose.choice(functions[-10:])}
        sources.append(kind.format(**names))
        if kind is FUNCTION:
            functions.append(f"f{i}")
        else:
            values.append(f"v{i}")
    return sources


class TaggedCell(NamedTuple):
    """A cell and its tags."""

    source: str
    tags: tuple[str, ...] = ()


def chain(number: int) -> list[TaggedCell]:
    """Each task changes what the one before it made."""
    first = TaggedCell("x = [0]", ("task:t0",))
    return [first, *(TaggedCell("x = x + [1]", (f"task:t{i}",)) for i in range(1, number))]


def fan_out(number: int) -> list[TaggedCell]:
    """One task whose value all others read."""
    first = TaggedCell("x = [1]", ("task:make",))
    return [first, *(TaggedCell(f"y{i} = sum(x)", (f"task:t{i}",)) for i in range(number))]


def fan_in(number: int) -> list[TaggedCell]:
    """One task that reads of all others."""
    makers = [TaggedCell(f"y{i} = [{i}]", (f"task:t{i}",)) for i in range(number)]
    every = ", ".join(f"y{i}" for i in range(number))
    return [*makers, TaggedCell(f"z = [{every}]\nprint(z)", ("task:all",))]


def calls(number: int) -> list[TaggedCell]:
    """Functions that call each other in circles, and tasks that call them."""
    found = [
        TaggedCell(
            f"def f{i}(x):\n"
            f"    return f{(i + 1) % number}(x) + f{(i * 7 + 3) % number}(x) if x else unit",
            (f"task:f{i}",),
        )
        for i in range(number)
    ]
    found.append(TaggedCell("unit = 1", ("task:unit",)))
    return found + [TaggedCell(f"print(f{i}(2))", (f"task:c{i}",)) for i in range(0, number, 10)]


def file_chain(number: int) -> list[TaggedCell]:
    """Each task writes a file, and by its tags reads that of the task before it."""
    return [
        TaggedCell(
            f"open('out/{i}.txt', 'w').write('a')",
            (f"task:t{i}", f"writes:out/{i}.txt", *([f"reads:out/{i - 1}.txt"] if i else [])),
        )
        for i in range(number)
    ]


def fans(number: int, *, width: int = 1_000) -> list[TaggedCell]:
    """So many tasks: again and again a fan of ``width`` of them that read one value, and one that reads of all."""
    found = [TaggedCell("z = 0", ("task:begin",))]
    for fan in range(max(1, number // width)):
        found += [
            TaggedCell(f"y{i} = z + {i}", (f"task:f{fan}_{i}",)) for i in range(min(width, number))
        ]
        every = ", ".join(f"y{i}" for i in range(min(width, number)))
        found.append(TaggedCell(f"z = max([{every}])", (f"task:j{fan}",)))
    return found
