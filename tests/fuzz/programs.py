"""Random notebooks that mostly run: a writer that knows what kind of value each name holds.

The law: every choice is drawn from the ``random.Random`` that is given, so that a number, or
Hypothesis, makes a notebook. A program is *certain* if the writer put in nothing whose effect
cannot be read from the text: then refusing it is a fault.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from tests.fuzz.templates import (
    BASICS,
    CODE,
    EXPRESSIONS,
    HIDDEN,
    HOLDERS,
    IMPORTS,
    KEPT,
    NAMES,
    ODD,
    PARAMETERS,
    START,
    STATEMENTS,
    UNCERTAIN,
    UNSEEN,
)

_HOLE = re.compile(r"<(?P<kind>[a-z0-9]+)(?:#(?P<number>\d))?(?::(?P<role>[etrdn]))?>")
_BLOCK = re.compile(r"^(?P<indent> *)<block>$", re.MULTILINE)
_NUMBER = re.compile(r"^(\w+) = \d+$", re.MULTILINE)
_FILE = re.compile(r"'((?:d2/)?\w+\.(?:csv|json|npy|pickle|txt))'")
_USES = {
    "writes": re.compile(r"'[aw]b?'|to_csv\('|np\.save\(|write_text"),
    "reads": re.compile(r"open\('[^']*'\)|'rb'|read_csv|np\.load|read_text|getsize|exists\(\)"),
}
"""How statements use the files that they name."""
_ALWAYS = ("bind", "list", "observe")
_TRIES = 30
_DEEPEST = 2
_DATA = ("num", "list", "nest", "dict", "book", "set", "array", "frame")


@dataclass(frozen=True, slots=True)
class ProgramCell:
    """A cell: its statements, each of which is whole, and its tags; a ``heading`` is no code."""

    statements: tuple[str, ...]
    tags: tuple[str, ...] = ()
    heading: bool = False

    @property
    def source(self) -> str:
        """The cell's text."""
        return "\n".join(self.statements)


@dataclass(frozen=True, slots=True)
class Program:
    """A notebook; ``certain`` if nothing in it is uncertain, so that it must not be refused.

    With ``keepers`` there are calls in it that keep parts of their arguments, and nothing shows it.
    What its values hold must be the same, but which of two equal objects it is cannot be.
    With ``odd_tags`` its tasks may wait for each other, or setup reads what tasks make or makes what they
    change: then to refuse it may be all that can be done. ``features`` are the groups of templates it was
    written with.
    """

    cells: tuple[ProgramCell, ...]
    certain: bool = True
    keepers: bool = False
    odd_tags: bool = False
    features: tuple[str, ...] = ()

    def __str__(self) -> str:
        parts = [
            f"# %% [{index}] {'markdown' if cell.heading else ' '.join(cell.tags)}\n{cell.source}"
            for index, cell in enumerate(self.cells)
        ]
        return "\n".join(parts)


def write_program(rng: random.Random) -> Program:
    """A notebook of 2 to 12 tasks."""
    return _Notebook(rng).write()


class _Unfit(Exception):
    """This template asks for what is not there."""


@dataclass(slots=True)
class _Thing:
    """What a name holds: its kind, and the names that code in it looks up (with their kinds)."""

    kind: str
    needs: dict[str, str] = field(default_factory=dict)


class _Writer:
    """Writes statements; ``names`` is what is bound where the next one will stand."""

    def __init__(self, rng: random.Random, templates: Sequence[str]) -> None:
        self._rng = rng
        self._templates = templates
        self._fresh = 0
        self.imported: set[str] = set()
        self.names: dict[str, _Thing] = {}

    def statement(self, templates: Sequence[str] = (), *, depth: int = 0) -> str:
        """A statement that runs here, with the imports it needs."""
        for _ in range(_TRIES):
            template = self._rng.choice(templates or self._templates)
            try:
                return self._with_imports(_compiled(_Filling(self, template, depth).text), depth)
            except _Unfit:
                continue
        return "pass"

    def _with_imports(self, text: str, depth: int) -> str:
        missing = [m for m in IMPORTS if m not in self.imported and re.search(rf"\b{m}\.", text)]
        if missing and depth:
            raise _Unfit
        self.imported |= set(missing)
        return "\n".join([*(IMPORTS[m] for m in missing), text])

    def ask_no_identity(self) -> None:
        """From here on, do not ask whether two are one object."""
        self._templates = [t for t in self._templates if " is " not in t]

    def usable(self, kind: str) -> list[str]:
        """The names of a kind that may be used here: whatever they look up is there as well."""
        return [n for n, t in self.names.items() if t.kind == kind and self._runs(n, ())]

    def _runs(self, name: str, above: tuple[str, ...]) -> bool:
        thing = self.names[name]
        return name not in above and all(
            n in self.names and self.names[n].kind == kind and self._runs(n, (*above, name))
            for n, kind in thing.needs.items()
        )

    def fresh(self) -> str:
        """A name that nothing else has."""
        self._fresh += 1
        return f"seen{self._fresh}"

    def choice(self, options: Sequence[str]) -> str:
        """One of these."""
        if not options:
            raise _Unfit
        return self._rng.choice(options)

    def chance(self, probability: float) -> bool:
        """Whether something that happens this often happens."""
        return self._rng.random() < probability

    def number(self, below: int) -> int:
        """A number."""
        return self._rng.randrange(below)


def _compiled(text: str) -> str:
    """The text itself, if names that only happen to be the same do not make it invalid."""
    if "global" in text:
        try:
            compile(text, "<statement>", "exec")
        except SyntaxError:
            raise _Unfit from None
    return text


class _Filling:
    """One template being filled in; what it binds is bound when it is whole."""

    def __init__(self, writer: _Writer, template: str, depth: int) -> None:
        self._writer = writer
        self._depth = depth
        self._numbered: dict[tuple[str, str], str] = {}
        self._picked: dict[str, str] = {}
        self._bound: dict[str, str] = {}
        self._deleted: list[str] = []
        if depth >= _DEEPEST and "<block>" in template:
            raise _Unfit
        if depth and template in STATEMENTS["settings"]:
            raise _Unfit  # a setting that is made perhaps cannot be made again elsewhere
        self.text = self._fill(template, 0)
        self._settle()
        self.text = _BLOCK.sub(self._block, self.text)

    def _fill(self, template: str, depth: int) -> str:
        def fill(hole: re.Match[str]) -> str:
            return self._hole(hole["kind"], hole["number"], hole["role"] or "", depth)

        return _HOLE.sub(fill, template)

    def _hole(self, kind: str, number: str | None, role: str, depth: int) -> str:
        writer = self._writer
        if kind == "block":
            return "<block>"
        if kind == "digit":
            return str(writer.number(10))
        if role == "e":
            return self._expression(kind, depth)
        if role == "n":
            return writer.fresh()
        key = (kind, number or "")
        name = self._numbered.get(key) if number else None
        if name is None:
            name = self._name(kind, role)
            if number:
                self._numbered[key] = name
        if role == "t":
            self._bound[name] = kind
        elif role == "d":
            self._deleted.append(name)
        else:
            self._picked[name] = kind
        return name

    def _expression(self, kind: str, depth: int) -> str:
        options = EXPRESSIONS[kind]
        for _ in range(_TRIES):
            option = self._writer.choice(options)
            if depth >= _DEEPEST and ":" in option:
                continue
            try:
                return self._fill(option, depth + 1)
            except _Unfit:
                continue
        raise _Unfit

    def _name(self, kind: str, role: str) -> str:
        writer = self._writer
        if role == "d" and self._depth:
            raise _Unfit
        if role != "t":
            return writer.choice(writer.usable(kind))
        taken = self._picked.keys() | self._bound.keys()
        if self._depth:
            there = [n for n, t in writer.names.items() if t.kind == kind]
            return writer.choice([n for n in there if n not in taken or kind not in CODE])
        pool = NAMES[kind]
        if kind not in CODE and writer.chance(0.04):
            pool = NAMES[writer.choice(_DATA)]
        return writer.choice([n for n in pool if n not in taken or kind not in CODE])

    def _settle(self) -> None:
        names = self._writer.names
        needs: dict[str, str] = {}
        for name, kind in self._picked.items():
            needs[name] = kind
            needs.update(names[name].needs if name in names else {})
        for name, kind in self._bound.items():
            own = {n: k for n, k in needs.items() if n != name} if kind in CODE else {}
            old = names[name].needs if self._depth and name in names else {}
            names[name] = _Thing(kind, {**old, **own})
        for name, kind in self._picked.items():
            if kind in HOLDERS and name in names:
                code = {n: k for n, k in needs.items() if k in CODE and n != name}
                names[name].needs.update(code)
        for name in self._deleted:
            names.pop(name, None)

    def _block(self, hole: re.Match[str]) -> str:
        writer = self._writer
        count = 1 + writer.number(2)
        text = "\n".join(writer.statement(depth=self._depth + 1) for _ in range(count))
        return "\n".join(hole["indent"] + line for line in text.split("\n"))


def _is_code(statement: str) -> bool:
    """Whether a statement defines something that, in setup, no task may change."""
    # below an import, too
    return re.search(r"^(def|class|@|\w+ = .*namedtuple\()", statement, re.MULTILINE) is not None


def _without_lost(cell: ProgramCell, *, below: Sequence[ProgramCell]) -> ProgramCell:
    """A task's first cell without the tags that would keep what the cells below it delete."""
    deleted = re.findall(r"^del (.+)$", "\n".join(each.source for each in below), re.MULTILINE)
    lost = {f"keep:{name}" for names in deleted for name in names.split(", ")}
    return replace(cell, tags=tuple(tag for tag in cell.tags if tag not in lost))


def _file_tags(cell: ProgramCell) -> Iterator[str]:
    for name in sorted(set(_FILE.findall(cell.source))) if "setup" not in cell.tags else ():
        yield from (f"{does}:{name}" for does, how in _USES.items() if how.search(cell.source))


class _Notebook:
    """Writes one notebook: statements into cells, cells into tasks, tags on cells."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._certain = rng.random() < 0.5
        options = [name for name in STATEMENTS if name not in _ALWAYS]
        if self._certain:
            options = [name for name in options if name not in UNCERTAIN]
        features = rng.sample(options, rng.randrange(1, 6))
        self._features = [*_ALWAYS, *features]
        templates = [t for name in self._features for t in STATEMENTS[name]]
        self._keepers = not self._certain and rng.random() < 0.04
        self._writer = _Writer(rng, templates)
        if self._keepers:
            self._writer.ask_no_identity()
        self._tagged = rng.random() < 0.85
        self._headed = not self._tagged and rng.random() < 0.4
        self._reopens = not self._certain and rng.random() < 0.06
        self._odd_tags = self._reopens
        self._may_set_up = True
        self._tasks = 0

    def write(self) -> Program:
        """The whole notebook."""
        cells = [*self._parameters(), *self._begin(), *self._definitions()]
        for number in range(self._rng.randrange(2, 12)):
            if self._headed and (not number or self._rng.random() < 0.6):
                cells.append(ProgramCell((f"# Part {number}",), heading=True))
            cells += self._task()
        if self._rng.random() < 0.4:
            names = [n for n, t in self._writer.names.items() if t.kind in _DATA]
            names += [n for n, t in self._writer.names.items() if t.kind in CODE]
            lines = "".join(f"    {name},\n" for name in names)
            cells.append(ProgramCell((f"everything = [\n{lines}]",), self._tags()))
        if self._tagged and not self._certain and self._rng.random() < 0.2:
            cells = self._conditional(cells)
        if self._tagged and not self._certain and self._rng.random() < 0.15:
            cells += self._mapped(cells)
        if self._tagged and self._rng.random() < 0.2:
            cells = self._in_lane(cells)
        if self._tagged and any(map(_FILE.search, (cell.source for cell in cells))):
            cells = self._with_files(cells)
        return Program(
            cells=tuple(cells),
            certain=self._certain,
            keepers=self._keepers,
            odd_tags=self._odd_tags,
            features=tuple(self._features),
        )

    def _in_lane(self, cells: Sequence[ProgramCell]) -> list[ProgramCell]:
        """Some tasks share a kernel: mostly such as stand together, since no other task can come between them."""
        rng = self._rng
        begins = [
            n for n, cell in enumerate(cells) if any(t.startswith("task:") for t in cell.tags)
        ]
        begins = [n for n in begins if "map" not in cells[n].tags]
        first, count = rng.randrange(len(begins) or 1), rng.randrange(2, 5)
        lane = begins[first : first + count]
        if not self._certain and len(begins) > count and rng.random() < 0.3:
            lane, self._odd_tags = rng.sample(begins, count), True
        cells = list(cells)
        for number in lane:
            kept = () if number == max(lane) else ("keep:",)  # a lane keeps what it ends with
            tags = (tag for tag in cells[number].tags if not tag.startswith(kept))
            cells[number] = replace(cells[number], tags=(*tags, "lane:shared"))
        return cells

    def _with_files(self, cells: Sequence[ProgramCell]) -> list[ProgramCell]:
        """Mostly the tags tell of files, as `check` proposes; else only the run can find out."""
        if self._rng.random() < 0.3:
            return [*cells]
        return [replace(cell, tags=(*cell.tags, *_file_tags(cell))) for cell in cells]

    def _conditional(self, cells: Sequence[ProgramCell]) -> list[ProgramCell]:
        """Some tasks may be skipped, by a number that a cell above binds."""
        rng, numbers, found = self._rng, dict[str, None](), []
        for cell in cells:
            begins = any(tag.startswith("task:") for tag in cell.tags)
            if begins and numbers and rng.random() < 0.3:
                name = rng.choice([*numbers])
                asked = rng.choice(["{}%2==0", "{}>3", "len(str({}))>1", "{}!={}"])
                cell = replace(cell, tags=(*cell.tags, f"when:{asked.format(name, name)}"))
                self._odd_tags = True
            numbers.update(dict.fromkeys(_NUMBER.findall(cell.source)))
            found.append(cell)
        return found

    def _mapped(self, cells: Sequence[ProgramCell]) -> list[ProgramCell]:
        """A loop of what a cell above does, each iteration of which reports some of the values it then sees."""
        rng = self._rng
        code = [cell for cell in cells if not cell.heading and "skip" not in cell.tags]
        above = [each for cell in code for each in cell.statements]
        body = "\n".join(rng.choice(above) for _ in range(rng.randrange(1, 4)))
        names = [n for n, t in self._writer.names.items() if t.kind in _DATA]
        seen = [rng.choice(names) for _ in range(rng.randrange(3))]
        reports = [f"gathered.append(({', '.join(['turn', *seen])},))"]
        reports += [f"table[turn] = str({name})" for name in seen]
        reports += [f"total += len(str({name}))" for name in seen]
        said = "\n".join([body, *rng.sample(reports, rng.randrange(1, len(reports) + 1))])
        begin = ["gathered = []", "table = {}", "total = 0"]
        begin = [each for each in begin if f"\n{each.partition(' ')[0]}" in said]
        items = rng.choice(["range(3)", "[1, 1, 2]", "'ab'", *names])
        lines = "\n".join(f"    {line}" for line in said.split("\n"))
        self._odd_tags = True  # iterations mostly see each other
        return [
            ProgramCell((*begin, f"for turn in {items}:\n{lines}"), (*self._tags(), "map")),
            ProgramCell(("seen_of_all = str(globals().get('gathered'))",), self._tags()),
        ]

    def _begin(self) -> list[ProgramCell]:
        writer, rng = self._writer, self._rng
        cells = []
        if rng.random() < 0.6:
            writer.imported = set(IMPORTS)
            tags = ("setup",) if self._tagged and rng.random() < 0.5 else ()
            cells.append(ProgramCell(tuple(IMPORTS.values()), tags))
        basics = [*START, *(t for name in self._features for t in BASICS.get(name, ()))]
        first = tuple(writer.statement([template]) for template in basics)
        cut = rng.randrange(len(first) + 1)
        setup = True
        for part in (first[:cut], first[cut:]):
            if part:
                reads_tasks = not self._certain and rng.random() < 0.05
                below = not (setup or reads_tasks)
                setup = self._tagged and not below and rng.random() < 0.25
                setup = setup and not (self._certain and any(map(_is_code, part)))
                self._odd_tags |= reads_tasks or (setup and any(map(_is_code, part)))
                if setup:
                    self._made_by_setup()
                if self._headed and self._certain and any(map(_is_code, part)):
                    cells.append(ProgramCell(("# Start",), heading=True))  # above it all is setup
                cells.append(ProgramCell(part, ("setup",) if setup else self._tags()))
        self._may_set_up = setup or not self._tagged
        return cells

    def _parameters(self) -> list[ProgramCell]:
        if not self._tagged or self._rng.random() > 0.1:
            return []
        statements = tuple(self._writer.statement([template]) for template in PARAMETERS)
        self._made_by_setup()
        return [ProgramCell(statements, ("parameters",))]

    def _made_by_setup(self) -> None:
        """What setup and parameters make is another object in each task: that may be asked of none."""
        if self._certain:
            self._writer.ask_no_identity()

    def _definitions(self) -> list[ProgramCell]:
        """What setup makes and tasks may share: functions and classes, with what they keep."""
        if not self._may_set_up or self._certain or self._rng.random() > 0.4:
            return []
        mine = [t for name in self._features for t in STATEMENTS[name]]
        mine = list(filter(_is_code, mine))
        count = self._rng.randrange(1, 4) if mine else 0
        statements = tuple(self._writer.statement(mine) for _ in range(count))
        self._odd_tags |= bool(count)
        return [ProgramCell(statements, ("setup",) if self._tagged else ())] if count else []

    def _task(self) -> list[ProgramCell]:
        cells = []
        for number in range(1 if self._rng.random() < 0.7 else 2):
            count = self._rng.randrange(1, 5)
            statements = tuple(self._statement() for _ in range(count))
            cells.append(ProgramCell(statements, () if number else self._tags(statements)))
        cells[0] = _without_lost(cells[0], below=cells[1:])
        if self._tagged and self._rng.random() < 0.05:
            cells.append(ProgramCell((self._skipped(),), ("skip",)))
        return cells

    def _statement(self) -> str:
        if not self._certain and self._rng.random() < 0.2:
            share = self._rng.random()
            if self._keepers and share > 0.8:
                return self._writer.statement(KEPT)
            unseen = ODD if share < 0.2 else UNSEEN
            return self._writer.statement(HIDDEN if share < 0.02 else unseen)
        return self._writer.statement()

    def _skipped(self) -> str:
        return self._rng.choice(["raise SystemExit", "a = None", "n = a.append(1)", "del a"])

    def _tags(self, statements: tuple[str, ...] = ()) -> tuple[str, ...]:
        if not self._tagged:
            return ()
        rng = self._rng
        earlier = self._tasks
        if earlier > 1 and rng.random() < (0.2 if self._reopens else 0):
            return (f"task:t{rng.randrange(earlier)}",)
        self._tasks += 1
        tags = [f"task:t{earlier}"]
        if earlier and rng.random() < 0.1:
            tags.append(f"after:t{rng.randrange(earlier)}")
        if rng.random() < 0.1:
            text = "\n".join(statements)
            known = [n for n, t in self._writer.names.items() if t.kind in _DATA]
            known = [n for n in known if re.search(rf"^{n}\b", text, re.MULTILINE)]
            tags += [f"{rng.choice(('keep', 'mutates'))}:{rng.choice(known)}"] if known else []
        return tuple(tags)
