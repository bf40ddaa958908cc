"""The vocabulary of tags: every one that means something to us, what its value must be, and reading them.

The law: `VOCABULARY` is the only list of tags. A tag that is in it is validated; one that nearly is, is asked
about; any other belongs to somebody else and is left alone. An option whose behaviour this version lacks is
recognised and refused, so that nobody believes it works.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from jupyter_dagflow.core.diagnostics import Code, Diagnostic
from jupyter_dagflow.core.model import Cell, TaskName
from jupyter_dagflow.core.triggers import TriggerRule

LONGEST_NAME = 100  # a task's name is that of a folder and a file
NAME = re.compile(rf"[A-Za-z_][A-Za-z0-9_-]{{,{LONGEST_NAME - 1}}}\Z")


class Role(str, Enum):
    """What a cell is for, as its tags say; a cell that says nothing belongs to the task above it."""

    PARAMETERS = "parameters"
    MORE_PARAMETERS = "pipeline-parameters"
    SETUP = "setup"
    SKIP = "skip"
    TASK = "task"
    UNTAGGED = "untagged"


@dataclass(frozen=True, slots=True)
class Option:
    """A ``key:value`` tag: how its value reads, whether it may be repeated, and whether it works yet."""

    parse: Callable[[str], object]
    expects: str
    many: bool = False
    works: Callable[[object], bool] = lambda _: True
    on: Role = Role.TASK


@dataclass(frozen=True, slots=True, kw_only=True)
class CellTags:
    """What the tags and the metadata of one cell say; repeatable options hold tuples."""

    role: Role = Role.UNTAGGED
    task: TaskName | None = None
    options: Mapping[str, object] = field(default_factory=dict)
    diagnostics: tuple[Diagnostic, ...] = ()


def _text(pattern: str) -> Callable[[str], object]:
    compiled = re.compile(pattern)

    def parse(value: str) -> object:
        if not compiled.fullmatch(value):
            raise ValueError(value)
        return value

    return parse


def _identifier(value: str) -> object:
    if not value.isidentifier():
        raise ValueError(value)
    return value


def _natural(value: str) -> object:
    if not re.fullmatch(r"\d{1,9}", value):
        raise ValueError(value)
    return int(value)


def _integer(value: str) -> object:
    if not re.fullmatch(r"[+-]?\d{1,9}", value):
        raise ValueError(value)
    return int(value)


def _factor(value: str) -> object:
    number = float(value)
    if not 1.0 <= number <= 1000.0:
        raise ValueError(value)
    return number


def _on_off(value: str) -> object:
    return {"on": True, "off": False}[value]


def _trigger(value: str) -> object:
    return TriggerRule(value).value


def _expression(value: str) -> object:
    tree = ast.parse(value, mode="eval")
    if any(
        isinstance(node, (ast.NamedExpr, ast.Await, ast.Yield, ast.YieldFrom))
        for node in ast.walk(tree)
    ):
        raise ValueError(value)
    return value


_UNIT_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_ISO_DURATION = re.compile(
    r"P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?"
)


def duration_s(text: str) -> float:
    """The seconds in ``30s``, ``10m``, ``2h``, ``1d`` or an ISO 8601 duration; raises ValueError.

    >>> duration_s("10m"), duration_s("PT1H30M")
    (600.0, 5400.0)
    """
    short = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd])", text)
    if short:
        return float(short[1]) * _UNIT_SECONDS[short[2]]
    iso = _ISO_DURATION.fullmatch(text)
    if not iso or not any(iso.groups()):
        raise ValueError(f"{text!r} is no duration")
    weeks, days, hours, minutes, seconds = (float(part or 0) for part in iso.groups())
    return ((weeks * 7 + days) * 24 + hours) * 3600 + minutes * 60 + seconds


def _duration(value: str) -> object:
    duration_s(value)
    return value


def _time_limit(value: str) -> object:
    if not duration_s(value):
        raise ValueError(value)
    return value


def _not_yet(_: object) -> bool:
    return False


_TASK_NAME = f"a name: a letter or _, then letters, digits, _ or -, at most {LONGEST_NAME}"
_VARIABLE = "the name of a variable"
_LABEL = r"[A-Za-z0-9_][A-Za-z0-9_.-]*"
_DURATION = "a duration like 30s, 10m, 2h, 1d or PT1H30M"
_TIME_LIMIT = f"{_DURATION}, longer than nothing"

VOCABULARY: dict[str, Option] = {
    "task": Option(_text(NAME.pattern), _TASK_NAME),
    "after": Option(_text(NAME.pattern), "the name of a task", many=True),
    "when": Option(_expression, "a Python expression that binds no name, without spaces"),
    "trigger": Option(_trigger, "one of " + ", ".join(rule.value for rule in TriggerRule)),
    "retries": Option(_natural, "a whole number"),
    "retry-delay": Option(_duration, _DURATION),
    "retry-backoff": Option(_factor, "a factor of 1 or more"),
    "timeout": Option(_time_limit, _TIME_LIMIT),
    "pool": Option(_text(_LABEL), "the name of a pool"),
    "priority": Option(_integer, "a whole number"),
    "cache": Option(_on_off, "on or off"),
    "reads": Option(_text(r"\S+"), "a file pattern", many=True),
    "writes": Option(_text(r"\S+"), "a file pattern", many=True),
    "mutates": Option(_identifier, _VARIABLE, many=True),
    "pure": Option(_identifier, _VARIABLE, many=True),
    "keep": Option(_identifier, _VARIABLE, many=True),
    "metric": Option(_identifier, _VARIABLE, many=True),
    "kernel": Option(_text(_LABEL), "the name of an installed kernelspec"),
    "lane": Option(_text(_LABEL), "the name of a lane"),
    "secret": Option(_identifier, "the name of a parameter", many=True, on=Role.PARAMETERS),
    "resource": Option(
        _text(_LABEL + r"=\d+(\.\d+)?"), "a resource like gpu=1", many=True, works=_not_yet
    ),
    "queue": Option(_text(_LABEL), "the name of a queue", works=_not_yet),
}

BARE: dict[str, Role] = {
    "parameters": Role.PARAMETERS,
    "setup": Role.SETUP,
    "skip": Role.SKIP,
    "skip-execution": Role.SKIP,
}
MAP = "map"
LANE = "lane"
# Kale's, of which a notebook has any number. Nobody means it by another word, so it is no candidate for a slip.
MORE_PARAMETERS = Role.MORE_PARAMETERS.value

# Tags of other tools that lie one slip of the finger from ours.
_FOREIGN = frozenset(
    {"step", "steps", "prev", "block", "limit", "label", "image", "report", "imports"}
    | {"functions", "name", "type", "tag"}
)


_SAYS_NOTHING = CellTags(role=Role.UNTAGGED)


def read_tags(cell: Cell) -> CellTags:
    """Read the tags and ``metadata.dagflow`` of one cell; whatever is wrong comes back as diagnostics."""
    return _Reader(cell).read() if cell.tags or cell.options else _SAYS_NOTHING


def secrets_asked_for(cell: Cell) -> tuple[str, ...]:
    """The parameters that ``secret:`` tags of a cell name."""
    found = read_tags(cell).options.get("secret", ())
    return found if isinstance(found, tuple) else ()


class _Reader:
    """Collects what one cell says, from its tags and from its metadata, and compares the two."""

    def __init__(self, cell: Cell) -> None:
        self._cell = cell
        self._roles: list[Role] = []
        self._diagnostics: list[Diagnostic] = []

    def read(self) -> CellTags:
        by_tag: dict[str, object] = {}
        for tag in self._cell.tags:
            self._read_tag(tag, by_tag)
        by_metadata = self._read_metadata()
        options = self._merge(by_tag, by_metadata)
        task = options.pop("task", None)
        if task is not None:
            self._roles.append(Role.TASK)
        role = self._one_role()
        self._refuse_misplaced(role, options)
        return CellTags(
            role=role,
            task=TaskName(str(task)) if task is not None else None,
            options=options,
            diagnostics=tuple(self._diagnostics),
        )

    def _read_tag(self, tag: str, into: dict[str, object]) -> None:
        key, colon, value = tag.partition(":")
        if not colon:
            if tag in BARE:
                self._roles.append(BARE[tag])
            elif tag == MORE_PARAMETERS:
                self._roles.append(Role.MORE_PARAMETERS)
            elif tag == MAP:
                into[MAP] = True
            elif tag in VOCABULARY:
                self._bad(
                    f"Tag {tag!r} lacks its value.",
                    f"Write {tag}:VALUE: {VOCABULARY[tag].expects}.",
                )
            else:
                self._ask_about(tag, tag, [*BARE, MAP])
        elif key in VOCABULARY:
            self._read_option(key, value, into)
        else:
            self._ask_about(tag, key, list(VOCABULARY))

    def _read_option(self, key: str, value: str, into: dict[str, object]) -> None:
        option = VOCABULARY[key]
        try:
            parsed = option.parse(value)
        except (ValueError, KeyError, SyntaxError):
            self._bad(
                f"Tag '{key}:{value}' does not read: it takes {option.expects}.",
                f"Mend the value of {key}.",
            )
            return
        if not option.works(parsed):
            self._not_built(f"{key}:{value}")
        if option.many:
            earlier = into.get(key, ())
            assert isinstance(earlier, tuple)  # repeatable options are only ever put here
            into[key] = (*earlier, parsed) if parsed not in earlier else earlier
        elif key in into and into[key] != parsed:
            self._find(
                Code.OPTION_CONFLICT,
                f"The cell says both {key}:{_show(into[key])} and {key}:{_show(parsed)}.",
                "Keep one of the two tags.",
            )
        else:
            into[key] = parsed

    def _read_metadata(self) -> dict[str, object]:
        found: dict[str, object] = {}
        for key, value in self._cell.options.items():
            if key in BARE or key == MAP:
                if value is True:
                    self._read_tag(key, found)
                elif value is not False:
                    self._bad(
                        f"metadata.dagflow[{key!r}] must be true or false.",
                        f"Set {key} to true or remove it.",
                    )
            elif key not in VOCABULARY:
                near = _nearest(key, [*VOCABULARY, *BARE, MAP])
                self._bad(
                    f"metadata.dagflow has no option {key!r}.",
                    f"Did you mean {near!r}?" if near else "Remove it.",
                )
            else:
                many = isinstance(value, list) and VOCABULARY[key].many
                for item in value if many and isinstance(value, list) else [value]:
                    self._read_typed(key, item, found)
        return found

    def _read_typed(self, key: str, value: object, into: dict[str, object]) -> None:
        is_plain = isinstance(value, (str, int, float)) and not isinstance(value, bool)
        if is_plain or (key == "cache" and isinstance(value, bool)):
            self._read_option(key, _show(value), into)
        else:
            self._bad(
                f"metadata.dagflow[{key!r}] is {value!r}; it takes {VOCABULARY[key].expects}.",
                f"Mend the value of {key}.",
            )

    def _merge(
        self, by_tag: Mapping[str, object], by_metadata: Mapping[str, object]
    ) -> dict[str, object]:
        merged = {**by_metadata, **by_tag}
        for key in by_tag.keys() & by_metadata.keys():
            one, other = by_tag[key], by_metadata[key]
            same = (
                set(one) == set(other)
                if isinstance(one, tuple) and isinstance(other, tuple)
                else one == other
            )
            if not same:
                self._find(
                    Code.OPTION_CONFLICT,
                    f"The tag says {key}:{_show(one)}, metadata.dagflow says {key}: {_show(other)}.",
                    "Keep the option in one of the two places.",
                )
        return merged

    def _one_role(self) -> Role:
        roles = sorted(set(self._roles), key=lambda role: list(Role).index(role))
        if Role.SKIP in roles:
            return Role.SKIP
        if len(roles) > 1:
            self._find(
                Code.OPTION_CONFLICT,
                f"The cell is tagged {' and '.join(role.value for role in roles)}, which exclude each other.",
                f"Keep one; taken as {roles[0].value}.",
            )
        return roles[0] if roles else Role.UNTAGGED

    def _refuse_misplaced(self, role: Role, options: dict[str, object]) -> None:
        for key in list(options):
            belongs = Role.TASK if key == MAP else VOCABULARY[key].on
            fits = (
                role is belongs
                if belongs is Role.PARAMETERS
                else role in (Role.TASK, Role.UNTAGGED)
            )
            if not fits and role is not Role.SKIP:
                del options[key]
                self._find(
                    Code.OPTION_WITHOUT_TASK,
                    f"{key if key == MAP else f'{key}:'} has no meaning on a cell tagged {role.value}.",
                    f"Put it on a cell of the {'parameters' if belongs is Role.PARAMETERS else 'task'} it is for.",
                )

    def _ask_about(self, tag: str, word: str, known: list[str]) -> None:
        near = _nearest(word, known)
        if near:
            self._find(
                Code.MISSPELT_TAG,
                f"Tag {tag!r} means nothing here.",
                f"Did you mean {near + tag[len(word) :]!r}?",
            )

    def _not_built(self, tag: str) -> None:
        self._find(
            Code.NOT_BUILT,
            f"Tag {tag!r} is understood, but this version cannot do it yet.",
            "Remove the tag; nothing was run without it.",
        )

    def _bad(self, message: str, hint: str) -> None:
        self._find(Code.BAD_TAG, message, hint)

    def _find(self, code: Code, message: str, hint: str) -> None:
        self._diagnostics.append(
            Diagnostic.of(code, message, cell=self._cell.id, cell_index=self._cell.index, hint=hint)
        )


def _show(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, tuple):
        return ",".join(str(item) for item in value)
    return str(value)


def _nearest(word: str, known: list[str]) -> str | None:
    """The known word that this is a slip of: other case or dashes, a typing error, or the same beginning."""
    plain = word.lower().replace("_", "-")
    if word in _FOREIGN or not plain:
        return None
    if plain in known:
        return plain
    best = min(known, key=lambda candidate: _slips(plain, candidate))
    if _slips(plain, best) <= (1 if len(plain) < 6 else 2) and len(plain) > 2:
        return best
    return next(
        (k for k in known if len(plain) >= 4 and plain[:4] == k[:4] and len(plain) <= len(k)), None
    )


def _slips(one: str, other: str) -> int:
    """Typing errors between two words: insertions, deletions, replacements, swaps (optimal string alignment)."""
    rows = [list(range(len(other) + 1))]
    for i, a in enumerate(one, 1):
        row = [i]
        for j, b in enumerate(other, 1):
            cost = min(rows[-1][j] + 1, row[j - 1] + 1, rows[-1][j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, rows[-2][j - 2] + 1)
            row.append(cost)
        rows.append(row)
    return rows[-1][-1]
