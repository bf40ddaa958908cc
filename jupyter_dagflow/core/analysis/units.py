"""Units: names that share objects, and the books that linking keeps of tasks and versions.

The law: who changes one name of a unit takes them all from one task that has them all, and is from
then on the writer of them all. Where no task has them all, an earlier task is made to take the rest
first (a `Demand`), and linking begins anew.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import NamedTuple

from jupyter_dagflow.core.analysis.definitions import Definitions, Now
from jupyter_dagflow.core.analysis.findings import Findings
from jupyter_dagflow.core.analysis.module_settings import ModuleSettings
from jupyter_dagflow.core.analysis.steps import PRELUDE, Place, Step, Story
from jupyter_dagflow.core.analysis.values import Value, base_of, sees
from jupyter_dagflow.core.analysis.world import NO_KIN, Kin
from jupyter_dagflow.core.model import Reason

NO_VALUE = Value("?")


class Demand(NamedTuple):
    """A task must take a name, so that it has the whole unit the name belongs to."""

    node: str
    name: str


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
    kin: Kin = NO_KIN
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
class Reopened:
    """What matters of a task only because others have cells between its own.

    ``missed`` are the names that it has looked for before anybody bound them, those that Python has among them, and
    it ``lists`` those that there are.
    """

    missed: set[str] = field(default_factory=set)
    lists: bool = False


class Skippable(NamedTuple):
    """A task that may be skipped, and of each name above it who had written it, which version, and what it shared."""

    node: str
    writers: Mapping[str, tuple[str, ...]]
    versions: Mapping[str, int]
    kin: Mapping[str, Kin]


@dataclass(slots=True)
class NodeState:
    """What linking knows of one task.

    ``apart`` are pairs of names that share objects elsewhere but are copies here; ``joined`` those
    that share objects because of what this task did; ``changed`` are names taken whose values it
    changes, ``changing`` the objects that it changes; ``ends`` tells what the values that it has share
    where it ends; ``rebinds`` whether any name taken is ``rebound``; ``defines`` tells of each name that it has
    given a definition whether that is what it means at last.
    """

    taken: dict[str, Taken] = field(default_factory=dict)
    rebinds: bool = False
    defines: dict[str, bool] = field(default_factory=dict)
    holds: dict[str, int] = field(default_factory=dict)
    writes: dict[str, None] = field(default_factory=dict)
    definitions: set[int] = field(default_factory=set)
    from_prelude: dict[str, Step] = field(default_factory=dict)
    apart: frozenset[frozenset[str]] = frozenset()
    joined: set[frozenset[str]] = field(default_factory=set)
    changed: frozenset[str] = frozenset()
    changing: set[int] = field(default_factory=set)
    tied: dict[str, set[str]] = field(default_factory=dict)
    files_read: dict[str, Place] = field(default_factory=dict)
    files_written: dict[str, Place] = field(default_factory=dict)
    ends: dict[str, Kin] = field(default_factory=dict)
    node: str = ""
    first_step: int = -1
    last_step: int = -1


class Conflict(Exception):
    """Linking must begin anew with these demands."""

    def __init__(self, demands: list[Demand]) -> None:
        super().__init__()
        self.demands = demands


class Units(ABC):
    """What linking knows so far, and how a task comes by names that share objects."""

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
        self._holders: dict[int, list[str]] = {}  # by version: no two names have the same
        self._takers: dict[tuple[str, str], Step] = {}
        self._unread: dict[tuple[str, int], Step] = {}
        self._deleted: dict[str, Step] = {}
        self._perhaps_deleted: dict[str, Step] = {}  # by tasks that may be skipped
        self._places: dict[tuple[str, str], Place] = {}
        self._behind: dict[str, tuple[int, ...]] = {}
        self._kin: dict[str, Kin] = {}
        self._values: dict[str, Value] = {}
        self._origins: dict[str, tuple[int, ...]] = {}
        self.module_settings = ModuleSettings()
        self._now = Now(self._behind, self._writers, self._values, self.module_settings)
        self._sets: dict[str, set[str]] = {}  # by the tasks that set modules
        self._skippable: Skippable | None = None
        self._instead: dict[str, dict[str, tuple[str, ...]]] = {}  # by tasks that may be skipped
        self._skipped: dict[str, Skippable] = {}
        self._binders: list[str] = []
        self._ever_defined: set[str] = set()
        self._stars: list[int] = []
        self._looked_for: dict[str, Step] = {}  # by tasks, and nobody had bound it
        self._listing: Step | None = None  # the first that lists the names that there are
        self._made_anew: dict[str, Step] = {}  # what setup gives another value in every task
        self._setup_changed: list[tuple[Step, Step]] = []
        self._setup_reads: list[tuple[Step, str]] = []  # that `_setup_users` does not tell of yet
        self._setup_users: dict[int, set[str]] = {}
        self._written_files: dict[str, Place] = {}
        self._clock = 0
        nodes = [node for node, _ in groupby(step.node for step in story.steps.values())]
        twice = (node for node, times in Counter(nodes).items() if times > 1 and node != PRELUDE)
        self._reopened = {node: Reopened() for node in twice}
        self._lasts = {step.node: step.number for step in story.steps.values()}

    def replaces(self, node: str) -> tuple[str, ...]:
        """The names that a task gives a definition, which others copy, and then something that they do not."""
        defines = self.nodes[node].defines if node in self.nodes else {}
        return tuple(name for name, stays in defines.items() if not stays)

    def sets(self, node: str) -> tuple[str, ...]:
        """The modules that a task sets, or that are set for it as above."""
        above = self.nodes[node].definitions if node in self.nodes else ()
        settings = (self.story.steps[number] for number in above)
        paths = [path for step in settings for path in step.effect.modules]
        found = {path.partition(".")[0] for path in (*self._sets.get(node, ()), *paths)}
        return tuple(sorted(found)) if found else ()

    def writes(self, node: str, name: str) -> bool:
        """Whether a statement of a task binds, changes or deletes a name."""
        return (node, name) in self._places

    @abstractmethod
    def _require(self, step: Step, state: NodeState, name: str, line: int) -> None:
        """The step needs the current version of a name."""

    def _share(self, step: Step, state: NodeState, name: str) -> None:
        """Names that share objects and are both taken come from a task that has both, if there is
        one.

        There must be one if this task has already bound another name to what they share.
        """
        kin = step.kin_before.get(name, NO_KIN)
        shared = [
            other
            for other in self._sharing(state, name, kin)
            if not self._is_new(step, name, state.taken[other])
        ]
        if not shared:
            return
        insist = any(self._has_made(step.node, state, other) for other in kin.names)
        insist = insist or any(self._may_be_skipped(other) for other in (name, *shared))
        if not self._unify(step, state, [name, *shared], insist=insist):
            state.apart |= {frozenset((name, other)) for other in shared}

    def _is_new(self, step: Step, name: str, other: Taken) -> bool:
        """Whether a name shares objects with another only since the step has begun."""
        if other.step is not step or name in other.kin.names:
            return False
        return self._kin.get(name, NO_KIN).reach.isdisjoint(other.kin.reach)

    def _has_made(self, node: str, state: NodeState, name: str) -> bool:
        """Whether a task has bound a name itself, to what it has now."""
        taken = state.taken.get(name)
        return node in self._writers.get(name, ()) and (taken is None or taken.rebound)

    def _sharing(self, state: NodeState, name: str, kin: Kin) -> list[str]:
        """The names taken that share objects with a value, but for what this task made share.

        Names tell that as long as they mean what was taken, objects after that.
        """
        found = []
        for other in sorted(kin.names):
            taken = state.taken.get(other)
            if taken is not None and not taken.rebound and not self._is_joined(state, name, other):
                found.append(other)
        if not kin.reach or not state.rebinds:
            return found
        return found + [
            other
            for other, taken in state.taken.items()
            if taken.rebound and other != name and not taken.kin.reach.isdisjoint(kin.reach)
        ]

    def _is_joined(self, state: NodeState, name: str, other: str) -> bool:
        """Whether two names share objects because of what the task did: it may have let them share,
        or they did not when it took the second of them.
        """
        if frozenset((name, other)) in state.joined:
            return True
        one, two = state.taken.get(name), state.taken.get(other)
        if one is None or two is None or one.rebound or two.rebound:
            return False
        if one.step.number < two.step.number:
            return name not in two.kin.names
        return other not in one.kin.names

    def _kin_of(self, step: Step, state: NodeState, name: str) -> Kin:
        """What a name shares: as it was when it was taken, or as it is where the step begins."""
        taken = state.taken.get(name)
        if taken is not None:
            return taken.kin
        return step.kin_before.get(name) or self._kin.get(name, NO_KIN)

    def _value(self, step: Step, name: str) -> Value:
        return step.effect.values.get(name) or self._values.get(name, NO_VALUE)

    def _require_unit(self, step: Step, state: NodeState) -> None:
        """The step changes objects: it must have all names that see them, still sharing."""
        if step.node == PRELUDE:
            for name, line in step.touched.items():
                self._check_prelude(step, name, line, self._writers.get(name, ()))
            return
        names = {n for n in step.touched if self._is_foreign(n, step.node)}
        names |= {n for n, t in state.taken.items() if _sees_change(t.value, step.seen)}
        state.changed |= names
        state.changing |= step.effect.changed.keys()
        for group in self._groups(step, state, sorted(names)):
            if len(group) > 1:
                self._unify(step, state, group, insist=True)
            elif group[0] not in state.taken:
                self._require(step, state, group[0], step.touched[group[0]])

    def _groups(self, step: Step, state: NodeState, names: list[str]) -> list[list[str]]:
        """Names in groups that share objects among themselves, but for what this task made them
        share.
        """
        if len(names) == 1:
            return [names]
        near = {name: self._near(step, state, name, names) for name in names}
        groups: list[list[str]] = []
        for name in names:
            mine = [g for g in groups if any(o in near[name] or name in near[o] for o in g)]
            groups = [group for group in groups if group not in mine]
            groups.append([name, *(other for group in mine for other in group)])
        return groups

    def _near(self, step: Step, state: NodeState, name: str, names: list[str]) -> set[str]:
        kin = self._kin_of(step, state, name)
        taken = state.taken.get(name)
        if taken is not None and taken.rebound:
            return {*self._sharing(state, "", kin), *kin.names}
        joined = {other for other in names if self._is_joined(state, name, other)}
        return {*self._sharing(state, name, kin), *(kin.names - joined)}

    def _check_prelude(self, step: Step, name: str, line: int, writers: tuple[str, ...]) -> None:
        culprits = [w for w in writers if w != PRELUDE]
        if culprits:
            self.findings.setup_reads_task(step, name, line, culprits[-1])

    def _is_foreign(self, name: str, node: str) -> bool:
        writers = self._writers.get(name)
        return writers is not None and writers != (node,)

    def _unify(self, step: Step, state: NodeState, names: list[str], *, insist: bool) -> bool:
        """Let names come from one task that has all of them, sharing; tells if there is one."""
        if len(names) > 1 and set(names) <= state.tied.get(names[0], set()):
            return True
        new = [n for n in names if n not in state.taken] if insist else []
        sharing = (self._sharing(state, n, self._kin_of(step, state, n)) for n in new)
        every = set(names).union(*sharing)
        names = sorted(every.union(*(state.tied.get(n, ()) for n in every)))
        common = self._common_holder(step.node, state, names) if len(names) > 1 else None
        if common is None and len(names) > 1:
            if insist:
                self._demand(step, state, names)
            return False
        if common in self._instead:
            self._share_instead(step, common, names)
        for name in names:
            self._take_from(step, state, name, common)
            state.apart -= {frozenset((name, other)) for other in names}
            state.tied[name] = set(names)
        return True

    def _may_be_skipped(self, name: str) -> bool:
        """Whether a task has written a name that may be skipped."""
        return any(writer in self._instead for writer in self._writers.get(name, ()))

    def _share_instead(self, step: Step, skipped: str, names: list[str]) -> None:
        """If the task that has these names is skipped, they come from one above it that had all which share there."""
        above, instead = self._skipped[skipped], self._instead[skipped]
        for name in names:
            shared = [n for n in names if n in instead and n in above.kin.get(name, NO_KIN).names]
            if name not in instead or not shared:
                continue
            having = [self._holding(n, skipped, above.versions[n]) for n in (name, *shared)]
            common = [h for h in having[0] if all(h in others for others in having)]
            if not common:
                self.findings.shared_if_skipped(step, name, shared[0], skipped)
                continue
            first = common[0]
            also = self._instead.get(first, {}).get(name, ())
            instead[name] = tuple(dict.fromkeys((*instead[name], *also, first)))
            self.nodes[first].writes.setdefault(name)

    def _holding(self, name: str, node: str, version: int) -> list[str]:
        """The other tasks than this that have a name at a version, and still have it."""
        having = self._holders.get(version, ())
        return [h for h in having if h != node and self.nodes[h].holds.get(name) == version]

    def _version_for(self, state: NodeState, name: str) -> int:
        """The version of a name that a task takes."""
        return state.taken[name].version if name in state.taken else self._version[name]

    def _common_holder(self, node: str, state: NodeState, names: list[str]) -> str | None:
        common: list[str] | None = None
        for name in names:
            holders = self._holding(name, node, self._version_for(state, name))
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
            self._check_versions(step, state, name)
            writers = tuple(w for w in self._writers[name] if w != step.node)
            if holder is not None:
                writers = (*self._instead.get(holder, {}).get(name, ()), holder)
            places = {w: self._places.get((w, name)) for w in writers}
            state.taken[name] = Taken(
                places,
                self._version[name],
                step,
                line,
                self._value(step, name),
                self._kin_of(step, state, name),
            )
            origins = step.origins.get(name) or self._origins.get(name, ())
            self.definitions.closure(origins, state.definitions)
            self._check_movable(step, name, line, writers)
            self._has(step.node, state, name)
        elif holder is not None:
            for source in self._instead.get(holder, {}).get(name, ()):
                state.taken[name].writers.setdefault(source, self._places.get((source, name)))
            state.taken[name].holder = holder
            state.taken[name].place = self._places.get((holder, name))
        if holder is not None:
            self.nodes[holder].writes.setdefault(name)
        for source in state.taken[name].sources:
            self._takers.setdefault((source, name), step)

    def _demand(self, step: Step, state: NodeState, names: list[str]) -> None:
        """Begin anew with the latest task that has any of the names taking all of them."""
        order = list(self.nodes)
        holding = {n: self._holding(n, step.node, self._version_for(state, n)) for n in names}
        having = {h for holders in holding.values() for h in holders} - {PRELUDE}
        latest = max(having, key=order.index, default=PRELUDE)
        missing = [n for n, holders in holding.items() if latest not in holders] or names
        wanted = self._demands.get(latest, [])
        if latest != PRELUDE and self._insists and not set(missing) <= set(wanted):
            raise Conflict([Demand(latest, n) for n in missing])
        self.findings.shared_apart(step, names)
        for name in names:
            self._take_from(step, state, name, None)

    def _take_on_demand(self, step: Step, state: NodeState, names: Sequence[str]) -> None:
        """Take names that others need from here, each group of them from one task that has it."""
        if not names:
            return
        there = {n for n in names if n in state.taken or self._is_foreign(n, step.node)}
        for group in self._groups(step, state, sorted(there)):
            new = [name for name in group if name not in state.taken]
            self._unify(step, state, group, insist=True)
            for name in new:
                self.findings.shared_order(step, name, self._writers[name])

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

    def _has(self, node: str, state: NodeState, name: str) -> None:
        version = state.holds[name] = self._version[name]
        holders = self._holders[version]
        if node not in holders:
            holders.append(node)

    def _check_movable(self, step: Step, name: str, line: int, sources: tuple[str, ...]) -> None:
        what = step.unmovable.get(name)
        place = next(
            (self._places[s, name] for s in reversed(sources) if s and (s, name) in self._places),
            None,
        )
        if what and place is not None:
            self.findings.needs_lane(step, name, line, what=what, made=place.step)


def _sees_change(value: Value, seen: Mapping[int, set[int]]) -> bool:
    return any(base_of(o) in seen and sees(o, seen[base_of(o)]) for o in value.objects)
