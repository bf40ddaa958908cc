"""Phase 2, second half: which task every name that is read comes from.

The law: a reader takes the last version above it. Names that share objects are one unit: who
changes one of them takes them all from one task that has them all, and is from then on the writer
of them all. Where no task has them all, an earlier task is made to take the rest first (a
`Demand`), and linking begins anew.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from jupyter_dagflow.core.analysis.ambient import WORKING_DIRECTORY
from jupyter_dagflow.core.analysis.definitions import PRELUDE, Definitions
from jupyter_dagflow.core.analysis.findings import Findings
from jupyter_dagflow.core.analysis.steps import Step, Story
from jupyter_dagflow.core.analysis.values import Value, base_of, sees
from jupyter_dagflow.core.model import Reason

_MANY_WRITERS = 8
_NO_VALUE = Value("?")


class Demand(NamedTuple):
    """A task must take a name, so that it has the whole unit the name belongs to."""

    node: str
    name: str


class Place(NamedTuple):
    """A statement that wrote a name."""

    step: Step
    line: int


@dataclass(slots=True)
class Taken:
    """A name a task takes: from whom, at which version, and where it needs it first.

    ``holder`` is the task that has the whole unit the name belongs to; it comes after all writers,
    so it wins.
    """

    writers: dict[str, Place | None]
    version: int
    step: Step
    line: int
    value: Value
    rebound: bool = False
    holder: str | None = None
    place: Place | None = None

    @property
    def sources(self) -> dict[str, Place | None]:
        """The tasks the name comes from, the last that has it wins; with the statements that wrote
        it.
        """
        if self.holder is None or self.holder in self.writers:
            return self.writers
        return {**self.writers, self.holder: self.place}


@dataclass(slots=True)
class NodeState:
    """What linking knows of one task."""

    taken: dict[str, Taken] = field(default_factory=dict)
    holds: dict[str, int] = field(default_factory=dict)
    writes: dict[str, None] = field(default_factory=dict)
    definitions: set[int] = field(default_factory=set)
    from_prelude: dict[str, Step] = field(default_factory=dict)
    apart: set[frozenset[str]] = field(default_factory=set)
    tied: dict[str, set[str]] = field(default_factory=dict)
    last_step: int = -1


class Conflict(Exception):
    """Linking must begin anew with these demands."""

    def __init__(self, demands: list[Demand]) -> None:
        super().__init__()
        self.demands = demands


class Linker:
    """Links the steps of a notebook in order."""

    def __init__(
        self, story: Story, findings: Findings, demands: Iterable[Demand], *, insists: bool = True
    ) -> None:
        self._insists = insists
        self.story = story
        self.findings = findings
        self.definitions = Definitions(story)
        self.nodes: dict[str, NodeState] = {}
        self.files: list[tuple[str, str, Reason]] = []
        self._demands: dict[str, list[str]] = {}
        for demand in demands:
            self._demands.setdefault(demand.node, []).append(demand.name)
        self._writers: dict[str, tuple[str, ...]] = {}
        self._version: dict[str, int] = {}
        self._holders: dict[tuple[str, int], list[str]] = {}
        self._places: dict[tuple[str, str], Place] = {}
        self._behind: dict[str, tuple[int, ...]] = {}
        self._kin: dict[str, set[str]] = {}
        self._values: dict[str, Value] = {}
        self._modules: dict[str, tuple[str, Step]] = {}
        self._binders: list[str] = []
        self._stars: list[int] = []
        self._written_files: dict[str, Place] = {}
        self._clock = 0
        self._lasts = {step.node: step.number for step in story.steps}

    def link(self) -> None:
        """Go through all steps; raises `Conflict` if a unit has no task that has all of it."""
        for step in self.story.steps:
            state = self.nodes.setdefault(step.node, NodeState())
            state.last_step = step.number
            self._step(step, state)
        for node, state in self.nodes.items():
            if node != PRELUDE:
                self._settings(state)

    def _step(self, step: Step, state: NodeState) -> None:
        if WORKING_DIRECTORY in self._writers and WORKING_DIRECTORY not in state.taken:
            self._require(step, state, WORKING_DIRECTORY, step.statement.line)
        self._check_modules(step)
        for name, line in step.effect.reads.items():
            self._require(step, state, name, line)
        for name, line in [*step.effect.unresolved.items(), *step.effect.builtins.items()]:
            self._require_opaque(step, state, name, line)
        for name in step.effect.extends:
            self._require(step, state, name, step.statement.line)
        self._require_unit(step, state)
        defined = self.definitions.admit(step, self._behind, self._writers)
        self._bind(step, state, defined=defined)
        self._ambient(step)
        if step.number == self._lasts[step.node]:
            for name in self._demands.get(step.node, ()):
                self._take_on_demand(step, state, name)

    # reading

    def _require(self, step: Step, state: NodeState, name: str, line: int) -> None:
        """The step needs the current version of a name."""
        writers = self._writers.get(name)
        if writers is None:
            return
        node = step.node
        if node == PRELUDE:
            self._check_prelude(step, name, line, writers)
            return
        self.definitions.closure(step.origins.get(name, ()), state.definitions)
        others = tuple(w for w in writers if w != node)
        if name in self._behind:
            self._use_definition(step, state, name, writers)
        elif others in ((), (PRELUDE,)):
            if others:
                state.from_prelude.setdefault(name, step)
            self._has(node, state, name)
        else:
            self._take(step, state, name, line, tuple(w for w in others if w != PRELUDE))

    def _use_definition(
        self, step: Step, state: NodeState, name: str, writers: tuple[str, ...]
    ) -> None:
        self._check_versions(step, state, name)
        if writers == (PRELUDE,):
            state.from_prelude.setdefault(name, step)
        self.definitions.closure(self._behind[name], state.definitions)
        state.holds[name] = self._version[name]

    def _has(self, node: str, state: NodeState, name: str) -> None:
        version = self._version[name]
        if state.holds.get(name) != version:
            state.holds[name] = version
            self._holders[name, version].append(node)

    def _take(
        self, step: Step, state: NodeState, name: str, line: int, sources: tuple[str, ...]
    ) -> None:
        self._check_versions(step, state, name)
        taken = state.taken.get(name)
        if taken is None:
            places = {s: self._places.get((s, name)) for s in sources}
            taken = state.taken[name] = Taken(
                places, self._version[name], step, line, self._value(step, name)
            )
            self._check_movable(step, name, line, sources)
        else:
            for source in sources:
                taken.writers.setdefault(source, self._places.get((source, name)))
        self._has(step.node, state, name)
        self._share(step, state, name)

    def _check_versions(self, step: Step, state: NodeState, name: str) -> None:
        """A task runs all its cells at once, so it can take one version of a name only."""
        taken, version = state.taken.get(name), self._version[name]
        place = self._places.get((step.node, name))
        writers = self._writers[name]
        stale = taken is not None and taken.version != version and state.holds.get(name) != version
        overwritten = place is not None and any(
            self._places[w, name].step.number > place.step.number
            for w in writers
            if w != step.node and (w, name) in self._places
        )
        if stale or overwritten:
            self.findings.two_versions(step, name, writers)

    def _check_prelude(self, step: Step, name: str, line: int, writers: tuple[str, ...]) -> None:
        culprits = [w for w in writers if w != PRELUDE]
        if culprits:
            self.findings.setup_reads_task(step, name, line, culprits[-1])

    def _check_movable(self, step: Step, name: str, line: int, sources: tuple[str, ...]) -> None:
        what = step.unmovable.get(name)
        place = next(
            (self._places[s, name] for s in reversed(sources) if (s, name) in self._places), None
        )
        if what and place is not None:
            self.findings.needs_lane(step, name, line, what=what, made=place.step)

    def _share(self, step: Step, state: NodeState, name: str) -> None:
        """Names that share objects and are both taken come from a task that has both, if there is
        one.
        """
        kin = step.kin_before[name] if name in step.kin_before else step.kin.get(name, frozenset())
        shared = self._sharing(state, name, state.taken[name].value, kin)
        if shared and not self._unify(step, state, [name, *shared], insist=False):
            state.apart |= {frozenset((name, other)) for other in shared}

    def _sharing(
        self, state: NodeState, name: str, value: Value, kin: Collection[str]
    ) -> list[str]:
        """The names taken that share objects with a value; ``kin`` tells it for names that still
        mean what was taken.
        """
        found = [
            k for k in sorted(kin) if k != name and k in state.taken and not state.taken[k].rebound
        ]
        rebound = [n for n, t in state.taken.items() if t.rebound and t.value.objects and n != name]
        if rebound and value.objects:
            reach = self.story.heap.reach(value)
            found += [n for n in rebound if reach & self.story.heap.reach(state.taken[n].value)]
        return found

    def _value(self, step: Step, name: str) -> Value:
        return step.effect.values.get(name) or self._values.get(name, _NO_VALUE)

    def _require_opaque(self, step: Step, state: NodeState, name: str, line: int) -> None:
        known = name in step.effect.builtins
        if step.node != PRELUDE and self._stars:
            self.definitions.closure(self._stars, state.definitions)
        if known or self._stars or step.node == PRELUDE:
            if not known and not self._stars and not self._binders:
                self.findings.undefined(step, name, line)
            return
        binders = [b for b in self._binders if b != step.node]
        if not self._binders:
            self.findings.undefined(step, name, line)
        elif binders:
            places = {b: self._places.get((b, "*")) for b in binders}
            state.taken.setdefault(name, Taken(places, -1, step, line, _NO_VALUE))
            for binder in binders:
                self.nodes[binder].writes.setdefault(name)

    # units of names that share objects

    def _require_unit(self, step: Step, state: NodeState) -> None:
        """The step changes objects: it must have all names that see them, still sharing."""
        if not step.seen:
            return
        if step.node == PRELUDE:
            for name, line in step.touched.items():
                self._check_prelude(step, name, line, self._writers.get(name, ()))
            return
        names = {n for n in step.touched if self._is_foreign(n, step.node)}
        names |= {n for n, t in state.taken.items() if _sees_change(t.value, step.seen)}
        if len(names) == 1:
            name = names.pop()
            if name not in state.taken:
                self._require(step, state, name, step.touched[name])
        elif names:
            self._unify(step, state, sorted(names), insist=True)

    def _is_foreign(self, name: str, node: str) -> bool:
        writers = self._writers.get(name)
        return writers is not None and any(w not in (node, PRELUDE) for w in writers)

    def _unify(self, step: Step, state: NodeState, names: list[str], *, insist: bool) -> bool:
        """Let names come from one task that has all of them, sharing; tells if there is one."""
        if len(names) > 1 and set(names) <= state.tied.get(names[0], set()):
            return True
        new = [n for n in names if n not in state.taken] if insist else []
        sharing = (self._sharing(state, n, self._value(step, n), self._kin.get(n, ())) for n in new)
        every = set(names).union(*sharing)
        names = sorted(every.union(*(state.tied.get(n, ()) for n in every)))
        common = self._common_holder(step.node, state, names) if len(names) > 1 else None
        if common is None and len(names) > 1:
            if insist:
                self._demand(step, state, names)
            return False
        for name in names:
            self._take_from(step, state, name, common)
            state.apart -= {frozenset((name, other)) for other in names}
            state.tied[name] = set(names)
        return True

    def _holding(self, name: str, node: str, state: NodeState) -> list[str]:
        """The other tasks that have a name at the version this task takes."""
        version = state.taken[name].version if name in state.taken else self._version[name]
        return [h for h in self._holders.get((name, version), ()) if h not in (node, PRELUDE)]

    def _common_holder(self, node: str, state: NodeState, names: list[str]) -> str | None:
        common: list[str] | None = None
        for name in names:
            holders = self._holding(name, node, state)
            common = holders if common is None else [h for h in common if h in holders]
        common = [h for h in common or () if not self._is_apart(h, names)]
        if not common:
            return None
        sources = {s for n in names if n in state.taken for s in state.taken[n].sources}
        return next((h for h in common if h in sources), common[0])

    def _is_apart(self, node: str, names: list[str]) -> bool:
        """Whether a task has some of these names as separate copies."""
        wanted = set(names)
        return any(pair <= wanted for pair in self.nodes[node].apart)

    def _take_from(self, step: Step, state: NodeState, name: str, holder: str | None) -> None:
        line = step.touched.get(name) or step.effect.reads.get(name) or step.statement.line
        if name not in state.taken:
            writers = (
                (holder,)
                if holder
                else tuple(w for w in self._writers[name] if w not in (step.node, PRELUDE))
            )
            places = {w: self._places.get((w, name)) for w in writers}
            state.taken[name] = Taken(
                places, self._version[name], step, line, self._value(step, name)
            )
            self.definitions.closure(step.origins.get(name, ()), state.definitions)
            self._check_movable(step, name, line, writers)
            self._has(step.node, state, name)
        elif holder is not None:
            state.taken[name].holder = holder
            state.taken[name].place = self._places.get((holder, name))
        if holder is not None:
            self.nodes[holder].writes.setdefault(name)

    def _demand(self, step: Step, state: NodeState, names: list[str]) -> None:
        """Begin anew with the latest task that has any of the names taking all of them."""
        order = list(self.nodes)
        holding = {n: self._holding(n, step.node, state) for n in names}
        latest = max({h for holders in holding.values() for h in holders}, key=order.index)
        missing = [n for n, holders in holding.items() if latest not in holders] or names
        wanted = self._demands.get(latest, [])
        if self._insists and not set(missing) <= set(wanted):
            raise Conflict([Demand(latest, n) for n in missing])
        self.findings.shared_apart(step, names)
        for name in names:
            self._take_from(step, state, name, None)

    def _take_on_demand(self, step: Step, state: NodeState, name: str) -> None:
        if name in self._writers and self._is_foreign(name, step.node) and name not in state.taken:
            kin = self._sharing(state, name, self._value(step, name), self._kin.get(name, ()))
            self._unify(step, state, [name, *kin], insist=True)
            self.findings.shared_order(step, name, self._writers[name])

    # binding

    def _bind(self, step: Step, state: NodeState, *, defined: bool) -> None:
        for name, surely in step.bound.items():
            if name in step.deleted:
                self._forget(step, state, name)
            elif surely:
                self._bind_surely(step, state, name, defined=defined)
            else:
                self._bind_perhaps(step, state, name)
        for name in step.touched:
            if name in self._writers:
                self._write(step, state, name, (step.node,))
                self._behind.pop(name, None)
        for name in [*step.bound, *step.touched]:
            self._relate(name, step.kin.get(name, frozenset()))
            self._values[name] = step.values.get(name, _NO_VALUE)
        for name in step.bound:
            self._share_bound(step, state, name)

    def _relate(self, name: str, kin: frozenset[str]) -> None:
        """From here on a name shares objects with just these others."""
        for other in self._kin.get(name, set()) - kin:
            self._kin[other].discard(name)
        for other in kin:
            self._kin.setdefault(other, set()).add(name)
        self._kin[name] = set(kin)

    def _bind_surely(self, step: Step, state: NodeState, name: str, *, defined: bool) -> None:
        extends = name in step.effect.extends and name in self._behind
        before = self._behind.get(name, ()) if extends else ()
        self._write(step, state, name, (step.node,))
        if name in state.taken:
            state.taken[name].rebound = True
        if defined:
            self._behind[name] = (*before, step.number)
        else:
            self._behind.pop(name, None)

    def _bind_perhaps(self, step: Step, state: NodeState, name: str) -> None:
        old = self._writers.get(name, ())
        shares = bool(step.kin.get(name))
        if old and (
            name in state.taken or shares or len(old) >= _MANY_WRITERS or name in self._behind
        ):
            self._require(step, state, name, step.line_of(name))
            old = ()
        kept = tuple(w for w in old if w != step.node)
        self._write(step, state, name, (*kept, step.node))
        self._behind.pop(name, None)

    def _write(self, step: Step, state: NodeState, name: str, writers: tuple[str, ...]) -> None:
        if step.node == PRELUDE:
            self._check_setup_order(step, name)
        self._clock += 1
        self._writers[name] = writers
        self._version[name] = self._clock
        self._holders[name, self._clock] = [step.node] if writers == (step.node,) else []
        self._places[step.node, name] = Place(step, step.line_of(name))
        state.holds[name] = self._clock
        state.writes.setdefault(name)

    def _forget(self, step: Step, state: NodeState, name: str) -> None:
        self._writers.pop(name, None)
        self._behind.pop(name, None)
        state.writes.pop(name, None)
        self._places[step.node, name] = Place(step, step.line_of(name))

    def _share_bound(self, step: Step, state: NodeState, name: str) -> None:
        """What is bound from several taken names that share objects needs them sharing."""
        value = step.values.get(name, _NO_VALUE)
        for group in self._related(state, self._sharing(state, "", value, step.kin.get(name, ()))):
            if len(group) > 1:
                self._unify(step, state, group, insist=True)

    def _related(self, state: NodeState, names: list[str]) -> list[list[str]]:
        """Taken names in groups that share objects among themselves, whatever else holds both."""
        groups: list[list[str]] = []
        for name in names:
            kin = {*self._sharing(state, name, state.taken[name].value, self._kin.get(name, ()))}
            mine = [group for group in groups if kin & set(group)]
            groups = [group for group in groups if group not in mine]
            groups.append([name, *(other for group in mine for other in group)])
        return groups

    def _check_setup_order(self, step: Step, name: str) -> None:
        for node, state in self.nodes.items():
            earlier = state.from_prelude.get(name)
            if node != PRELUDE and earlier is not None:
                self.findings.setup_too_late(step, name, earlier)
                return

    # what is not a variable

    def _ambient(self, step: Step) -> None:
        effect = step.effect
        for mark in effect.stars:
            if self.definitions.is_definition(step.number):
                self._stars.append(step.number)
            self.findings.star_import(step, mark)
        for mark in effect.opaque:
            self.findings.opaque(step, mark)
        for mark in effect.binders:
            self._binders.append(step.node)
            self._places[step.node, "*"] = Place(step, mark.line)
            self.findings.opaque(step, mark)
        if effect.modules and not self.definitions.is_definition(step.number):
            for path, line in effect.modules.items():
                self._module(step, self.nodes[step.node], path, line)
        for mark in effect.read_files:
            place = self._written_files.get(mark.what)
            if place is not None and place.step.node != step.node:
                self.files.append(
                    (place.step.node, step.node, _file_reason(mark.what, place, step, mark.line))
                )
        for mark in effect.written_files:
            self._written_files[mark.what] = Place(step, mark.line)

    def _module(self, step: Step, state: NodeState, path: str, line: int) -> None:
        """A module's state is changed and the change cannot be replayed."""
        if path == "os.chdir":
            step.effect.lines[WORKING_DIRECTORY] = line
            self._write(step, state, WORKING_DIRECTORY, (step.node,))
        elif step.node != PRELUDE:
            self._modules[path.split(".")[0]] = (path, step)

    def _check_modules(self, step: Step) -> None:
        if not self._modules:
            return
        for name, value in step.effect.values.items():
            path, changed = self._modules.get(value.path.split(".")[0], ("", step))
            if value.kind == "module" and changed.node != step.node:
                line = step.effect.reads[name]
                self.findings.module_changed(step, path, line, changed=changed)

    def _settings(self, state: NodeState) -> None:
        """Settings and future flags above a task are replayed in it."""
        above = [
            n
            for n in [*self.definitions.settings, *self.definitions.futures]
            if n < state.last_step
        ]
        self.definitions.closure(above, state.definitions)


def _sees_change(value: Value, seen: dict[int, set[int]]) -> bool:
    return any(base_of(o) in seen and sees(o, seen[base_of(o)]) for o in value.objects)


def _file_reason(path: str, place: Place, step: Step, line: int) -> Reason:
    return Reason(
        kind="file",
        name=path,
        source_cell=place.step.block.cell,
        source_line=place.line,
        target_cell=step.block.cell,
        target_line=line,
    )
