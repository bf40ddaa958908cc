"""Phase 2, second half: which task every name that is read comes from.

The law: a reader takes the last version above it. Definitions are copied instead of taken, and what
setup makes is there already.
"""

from __future__ import annotations

import re
from collections.abc import Set
from itertools import chain

from jupyter_dagflow.core.analysis import library
from jupyter_dagflow.core.analysis.ambient import WORKING_DIRECTORY
from jupyter_dagflow.core.analysis.steps import PRELUDE, Place, Step
from jupyter_dagflow.core.analysis.units import NO_VALUE, NodeState, Skippable, Taken, Units
from jupyter_dagflow.core.analysis.values import FunctionCode
from jupyter_dagflow.core.analysis.world import NO_KIN, NO_NAMES, Kin, Mark
from jupyter_dagflow.core.model import Reason

_MANY_WRITERS = 8
_LISTING = re.compile(r"^(globals|locals|vars|dir)\(\)$|\.user(_global)?_ns$")


class Linker(Units):
    """Links the steps of a notebook in order."""

    def link(self) -> None:
        """Go through all steps; raises `Conflict` if a unit has no task that has all of it."""
        for step in self.story.steps.values():
            if self._skippable is not None or step.block.conditional:
                self._branch(step)
            state = self.nodes.get(step.node)
            if state is None:
                state = NodeState(node=step.node, first_step=step.number)
                self.nodes[step.node] = state
            state.last_step = step.number
            self._step(step, state)
        for node, state in self.nodes.items():
            if node != PRELUDE:
                self._settings(state)
        self._check_changed_setup()
        self._check_made_anew()

    def _step(self, step: Step, state: NodeState) -> None:
        if WORKING_DIRECTORY in self._writers and WORKING_DIRECTORY not in state.taken:
            self._require(step, state, WORKING_DIRECTORY, step.statement.line)
        effect = step.effect
        if self.module_settings:
            self.module_settings.use(step)
        for name, line in effect.reads.items():
            self._require(step, state, name, line)
        for name, line in effect.unresolved.items():
            self._require_opaque(step, state, name, line)
        reopened = self._reopened.get(step.node)
        if reopened is not None:
            reopened.missed.update(effect.builtins, effect.unresolved)
        for name, line in effect.builtins.items() if self._stars else ():
            self._require_opaque(step, state, name, line)
        for name in effect.extends:
            self._require(step, state, name, step.statement.line)
        if step.seen:
            self._require_unit(step, state)
        if effect.compares:
            self._unify_groups(step, state, [n for n in effect.reads if n in state.taken])
            self._check_identity(step, state)
        if effect.stored:
            self._share_stored(step, state)
        self.definitions.admit(step, self._now)
        self._bind(step, state)
        if step.node == PRELUDE:
            self._note_made_anew(step)
        if effect.marks or effect.modules:
            self._ambient(step)
        if effect.unresolved or effect.marks:
            self._note_looked_for(step)
        if step.number == self._lasts[step.node]:
            self._take_on_demand(step, state, self._demands.get(step.node, ()))
            has = (n for names in (state.holds, state.from_prelude) for n in names)
            state.ends = {
                name: self._kin[name] for name in has if self._kin.get(name, NO_KIN).reach
            }

    # tasks that may be skipped

    def _branch(self, step: Step) -> None:
        """Below a task that may be skipped, what it writes comes from it or from where it came above."""
        ended = self._skippable
        if ended is not None and ended.node != step.node:
            self._skippable = None
            self._skipped[ended.node] = ended
            self._instead[ended.node] = self._without(ended)
            for name, instead in self._instead[ended.node].items():
                now = self._writers.get(name, ())
                if ended.node in now:
                    self._writers[name] = (*(w for w in instead if w not in now), *now)
                    self._behind.pop(name, None)
            gone = (name for name in ended.writers if name not in self._writers)
            self._perhaps_deleted.update((n, self._deleted[n]) for n in gone if n in self._deleted)
            for name in sorted(self._deleted.keys() - ended.writers.keys()):
                bound = self._places.get((ended.node, name))
                if bound is not None and (PRELUDE, name) in self._places:
                    self.findings.perhaps_gone(
                        bound.step, name, bound.line, self._deleted[name], again=True
                    )
            for name, rejoined in step.rejoins.items():
                self._relate(name, rejoined.kin)
                self._values[name] = rejoined.value
                self._origins[name] = rejoined.origins
        if step.block.conditional and self._skippable is None:
            self._skippable = Skippable(
                step.node, dict(self._writers), dict(self._version), dict(self._kin)
            )

    def _without(self, ended: Skippable) -> dict[str, tuple[str, ...]]:
        """The tasks that names come from if one is skipped, of those that it has or had above it."""
        sources: dict[str, dict[str, None]] = {}
        for name, writers in ended.writers.items():
            if ended.node in self._writers.get(name, ()):
                sources[name] = dict.fromkeys(writers)
        for name, taken in self.nodes[ended.node].taken.items():
            sources.setdefault(name, {}).update(dict.fromkeys(taken.sources))
        found = {n: tuple(s for s in each if s != ended.node) for n, each in sources.items()}
        return {name: instead for name, instead in found.items() if instead}

    # reading

    def _require(self, step: Step, state: NodeState, name: str, line: int) -> None:
        """The step needs the current version of a name."""
        writers = self._writers.get(name)
        if writers is None:
            if name in self._perhaps_deleted:
                self.findings.perhaps_gone(
                    step, name, line, self._perhaps_deleted[name], again=False
                )
            return
        node = step.node
        if node == PRELUDE:
            self._check_prelude(step, name, line, writers)
            return
        if name in step.origins:
            self.definitions.closure(step.origins[name], state.definitions)
        others = tuple([w for w in writers if w != node])
        if name in self._behind:
            self._use_definition(step, state, name, writers)
        elif not others:
            self._has(node, state, name)
        else:
            if PRELUDE in others:
                self._read_setup(step, state, name)
            self._take(step, state, name, line, others)

    def _use_definition(
        self, step: Step, state: NodeState, name: str, writers: tuple[str, ...]
    ) -> None:
        self._check_versions(step, state, name)
        if writers == (PRELUDE,):
            self._read_setup(step, state, name)
        elif step.node not in writers:
            self._check_missed(step, name, writers, new=name not in state.holds)
        self.definitions.closure(self._behind[name], state.definitions)
        state.holds[name] = self._version[name]

    def _take(
        self, step: Step, state: NodeState, name: str, line: int, sources: tuple[str, ...]
    ) -> None:
        self._check_versions(step, state, name)
        taken = known = state.taken.get(name)
        if taken is None:
            places = {s: self._places.get((s, name)) for s in sources}
            taken = state.taken[name] = Taken(
                places,
                self._version[name],
                step,
                line,
                self._value(step, name),
                self._kin_of(step, state, name),
            )
            self._check_movable(step, name, line, sources)
        else:
            for source in sources:
                taken.writers.setdefault(source, self._places.get((source, name)))
        for source in sources:
            self._takers.setdefault((source, name), step)
        self._check_unread(step, name, line, sources[-1])
        self._check_missed(step, name, sources, new=known is None)
        self._has(step.node, state, name)
        self._share(step, state, name)

    def _note_looked_for(self, step: Step) -> None:
        """Note the names that a task has looked for in vain, and whether it lists those that there are."""
        if step.node == PRELUDE:
            return
        for name in step.effect.unresolved:
            self._looked_for.setdefault(name, step)
        if any(_LISTING.match(mark.what) for mark in step.effect.marks):
            self._listing = self._listing or step
            reopened = self._reopened.get(step.node)
            if reopened is not None:
                reopened.lists = True

    def _check_missed(self, step: Step, name: str, sources: tuple[str, ...], *, new: bool) -> None:
        """The cells above of a task would find what is loaded before all of them."""
        reopened = self._reopened.get(step.node)
        if reopened is not None and (
            name in reopened.missed or (reopened.lists and new and not name.startswith("<"))
        ):
            self.findings.two_versions(step, name, sources)

    def _check_unread(self, step: Step, name: str, line: int, source: str) -> None:
        """Note the value that this one has replaced if no other task has read that."""
        lost = self._unread.pop((name, self._version[name]), None)
        kept = self._places.get((source, name))
        if lost is None or kept is None or lost.node == step.node:
            return
        if (lost.node, name) not in self._takers:
            self.findings.unread(step, name, line, lost=lost, kept=kept.step)

    def _undefined(self, step: Step, name: str, line: int) -> None:
        deleted = self._deleted.get(name)
        if deleted is not None and (PRELUDE, name) in self._places and step.node != PRELUDE:
            self.findings.perhaps_gone(step, name, line, deleted, again=True)
        else:
            self.findings.undefined(step, name, line, deleted)

    def _require_opaque(self, step: Step, state: NodeState, name: str, line: int) -> None:
        known = name in step.effect.builtins
        deleted = self._deleted.get(name)
        if name in state.taken and deleted is not None and deleted.node != step.node:
            self.findings.two_versions(step, name, (deleted.node,))  # it is still in this kernel
        if step.node != PRELUDE and self._stars:
            self.definitions.closure(self._stars, state.definitions)
        if known or self._stars or step.node == PRELUDE:
            if not known and not self._stars and not self._binders:
                self._undefined(step, name, line)
            return
        binders = [b for b in self._binders if b != step.node]
        if not self._binders:
            self._undefined(step, name, line)
        elif binders:
            places = {b: self._places.get((b, "*")) for b in binders}
            state.taken.setdefault(name, Taken(places, -1, step, line, NO_VALUE))
            for binder in binders:
                self.nodes[binder].writes.setdefault(name)

    # binding

    def _bind(self, step: Step, state: NodeState) -> None:
        for name, surely in step.bound.items():
            defined = surely and self.definitions.defines(step, name)
            if defined or name in state.defines:
                state.defines[name] = defined
            if name in step.deleted:
                self._forget(step, state, name)
            elif surely:
                self._bind_surely(step, state, name, defined=defined)
            else:
                self._bind_perhaps(step, state, name)
        if step.seen:
            self._check_setup_code(step)
        for name in step.touched:
            if name in self._writers:
                self._write(step, state, name, (step.node,))
                self._behind.pop(name, None)
        for name in [*step.bound, *step.touched]:
            kin = step.kin.get(name, NO_KIN)
            if kin.names:
                known = self._kin.get(name, NO_KIN).names | step.kin_before.get(name, NO_KIN).names
                new = kin.names if self._is_another(step, state, name) else kin.names - known
                state.joined.update(frozenset((name, other)) for other in new)
            self._relate(name, kin)
            self._values[name] = step.values.get(name, NO_VALUE)
            self._origins[name] = step.origins.get(name, ())
        for name in step.kin if state.taken else ():
            if name in step.bound:
                self._share_bound(step, state, name)

    def _is_another(self, step: Step, state: NodeState, name: str) -> bool:
        """Whether a step surely gives a name another object than the task took for it."""
        taken = state.taken.get(name)
        value = step.values.get(name, NO_VALUE)
        same = taken is not None and taken.value.objects == value.objects
        return step.bound.get(name, False) and not same

    def _relate(self, name: str, kin: Kin) -> None:
        """From here on a name shares objects with just these others."""
        known = self._kin.get(name, NO_KIN)
        self._kin[name] = kin
        for other in known.names - kin.names if known.names else ():
            theirs = self._kin.get(other, NO_KIN)
            self._kin[other] = theirs._replace(names=theirs.names - {name})
        for other in kin.names:
            theirs = self._kin.get(other, NO_KIN)
            if name not in theirs.names:
                self._kin[other] = theirs._replace(names=theirs.names | {name})

    def _bind_surely(self, step: Step, state: NodeState, name: str, *, defined: bool) -> None:
        extends = name in step.effect.extends and name in self._behind
        before = self._behind.get(name, ()) if extends else ()
        if not defined:
            self._check_hiding(step, name)
        lost = self._unread_so_far(step, name)
        self._write(step, state, name, (step.node,))
        if lost is not None:
            self._unread[name, self._version[name]] = lost
        taken = state.taken.get(name)
        if taken is not None:
            taken.rebound = taken.rebound or self._is_another(step, state, name)
            state.rebinds = state.rebinds or taken.rebound
        if state.apart:
            state.apart = frozenset(pair for pair in state.apart if name not in pair)
        if defined:
            self._behind[name] = (*before, step.number)
            self._ever_defined.add(name)
        else:
            self._behind.pop(name, None)

    def _check_hiding(self, step: Step, name: str) -> None:
        """Note a variable that hides a function of Python's or an import of another task or setup."""
        behind = self._behind.get(name, ())
        made = [self.story.steps[number].node for number in behind]
        if name not in self._version and name in library.BUILTINS:
            self.findings.hides(step, name, "the function of Python")
        elif made and step.node not in made and self._is_import(name):
            self.findings.hides(step, name, "the import above")

    def _is_import(self, name: str) -> bool:
        return self._values.get(name, NO_VALUE).kind == "module"

    def _unread_so_far(self, step: Step, name: str) -> Step | None:
        """The statement of another task that bound a name, if no task has read it from there."""
        writers = self._writers.get(name, ())
        if len(writers) != 1 or writers[0] in (PRELUDE, step.node) or name in self._behind:
            return None
        taken = (writers[0], name) in self._takers
        return None if taken else self._places[writers[0], name].step

    def _bind_perhaps(self, step: Step, state: NodeState, name: str) -> None:
        old = self._writers.get(name, ())
        if old and step.node != PRELUDE and self._must_have_old(step, state, name):
            self._require(step, state, name, step.line_of(name))
            old = ()
        kept = tuple(w for w in old if w != step.node)
        self._write(step, state, name, (*kept, step.node))
        self._behind.pop(name, None)

    def _must_have_old(self, step: Step, state: NodeState, name: str) -> bool:
        """Whether a task that binds a name perhaps must take its old value.

        So it is if the name would be there anyhow, by setup or a definition, and stale; if the old
        and the new value share objects with others; and if too many tasks would be asked in turn.
        """
        anyhow = (PRELUDE, name) in self._places or name in self._ever_defined
        anyhow = anyhow or name.startswith("<")  # ambient state is there in any kernel
        many = len(self._writers[name]) >= _MANY_WRITERS
        shares = any(k.get(name, NO_KIN).names for k in (step.kin, step.kin_before))
        return name in state.taken or anyhow or many or shares

    def _write(self, step: Step, state: NodeState, name: str, writers: tuple[str, ...]) -> None:
        if step.node == PRELUDE:
            self._check_setup_order(step, name)
            for other in self.nodes.values():
                other.writes.pop(name, None)  # every task has the new one from here on
        self._check_takers(step, name)
        self._clock += 1
        self._writers[name] = writers
        self._version[name] = self._clock
        self._holders[self._clock] = [step.node] if writers == (step.node,) else []
        self._places[step.node, name] = Place(step, step.line_of(name))
        state.holds[name] = self._clock
        state.writes.setdefault(name)

    def _check_takers(self, step: Step, name: str) -> None:
        """A task hands over what it has at its end, so what was taken from it must be that."""
        taker = self._takers.get((step.node, name))
        if taker is not None and step.node != PRELUDE:
            self.findings.taken_before(step, name, taker)

    def _forget(self, step: Step, state: NodeState, name: str) -> None:
        self._check_takers(step, name)
        self._deleted[name] = step
        self._writers.pop(name, None)
        self._behind.pop(name, None)
        state.writes.pop(name, None)
        self._clock += 1
        state.holds[name] = self._clock
        taken = state.taken.get(name)
        if taken is not None:
            taken.rebound = state.rebinds = True
        self._places[step.node, name] = Place(step, step.line_of(name))

    def _share_bound(self, step: Step, state: NodeState, name: str) -> None:
        """What is bound from several taken names that share objects needs them sharing."""
        taken = state.taken.get(name)
        itself = [name] if taken is not None and not taken.rebound else []
        shared = self._sharing(state, "", step.kin.get(name, NO_KIN))
        self._unify_groups(step, state, [*itself, *shared])

    def _share_stored(self, step: Step, state: NodeState) -> None:
        """What is put into something that has it already, or a part of it, must be that very object."""
        names: dict[str, None] = {}
        for name in step.effect.reads:
            kin = step.kin_before.get(name, NO_KIN)
            if not step.effect.stored.isdisjoint(kin.reach):
                taken = state.taken.get(name)
                itself = [name] if taken is not None and not taken.rebound else []
                names.update(dict.fromkeys([*itself, *self._sharing(state, "", kin)]))
        reach = {name: self._kin_of(step, state, name).reach for name in names}
        stored = [n for n in names if not step.effect.stored.isdisjoint(reach[n])]
        self._unify_groups(step, state, stored)

    def _unify_groups(self, step: Step, state: NodeState, names: list[str]) -> None:
        for group in self._groups(step, state, names) if len(names) > 1 else ():
            if len(group) > 1:
                self._unify(step, state, group, insist=True)

    def _check_setup_code(self, step: Step) -> None:
        """Functions and classes of setup are made in every task: note those that a task changes."""
        if step.node == PRELUDE:
            return
        code = self.story.heap.code
        for base in step.seen.keys() & code.keys():
            known = code[base]
            if isinstance(known, FunctionCode) and known.me is not None:
                continue  # a bound method is handed over like the object it is bound to
            made = self.story.steps[known.origin]
            if made.node == PRELUDE:
                self._setup_changed.append((step, made))

    def _check_changed_setup(self) -> None:
        """A task cannot change for others, nor for who looks at it later, what setup makes in every task."""
        for step, made in self._setup_changed:
            stays = not self.nodes[step.node].writes.keys().isdisjoint(made.bound)
            if stays or any(self._uses_below(state, step, made) for state in self.nodes.values()):
                self.findings.setup_changed(step, made)

    def _note_made_anew(self, step: Step) -> None:
        """Note what setup makes of clocks, identifiers and the like, and of such as it has made so."""
        anew = any(mark.kind == "anew" for mark in step.effect.marks)
        anew = anew or not self._made_anew.keys().isdisjoint(step.effect.reads)
        for name in [*step.bound, *step.touched]:
            if anew:
                self._made_anew[name] = step
            elif name in step.bound:
                self._made_anew.pop(name, None)

    def _check_made_anew(self) -> None:
        """Tasks that read what setup gives another value in each of them would not see the same."""
        for name, made in self._made_anew.items():
            reads = [s.from_prelude[name] for s in self.nodes.values() if name in s.from_prelude]
            if len(reads) > 1:
                self.findings.made_anew(made, name, reads)

    def _uses_below(self, state: NodeState, step: Step, made: Step) -> bool:
        """Whether another task goes on below a step and uses what a statement of setup made."""
        if state.node in (PRELUDE, step.node) or state.last_step < step.number:
            return False
        taken = ((name, each.step) for name, each in state.taken.items())
        used = (each.origins.get(name, ()) for name, each in (*state.from_prelude.items(), *taken))
        return any(made.number in origins for origins in used)

    def _check_identity(self, step: Step, state: NodeState) -> None:
        """What setup makes is another object in every task: of such as two tasks have used, a third
        may not ask which one it is.
        """
        if step.node == PRELUDE:
            return
        for name in step.effect.reads:
            taken = state.taken.get(name)
            asked = step.effect.compares & step.effect.kin.get(name, NO_KIN).reach
            if taken is None or not asked or taken.sources.keys() <= {PRELUDE, step.node}:
                continue
            if any(len(self._users_of_setup(obj)) > 1 for obj in asked):
                self.findings.another_object(step, name)

    def _read_setup(self, step: Step, state: NodeState, name: str) -> None:
        if name not in state.from_prelude:
            state.from_prelude[name] = step
            self._setup_reads.append((step, name))

    def _users_of_setup(self, obj: int) -> Set[str]:
        """The tasks so far that have read from setup a name with that object in it; few are ever asked for."""
        for step, name in self._setup_reads:
            for each in self._read_of_setup(step, name):
                self._setup_users.setdefault(each, set()).add(step.node)
        self._setup_reads.clear()
        return self._setup_users.get(obj, NO_NAMES)

    def _read_of_setup(self, step: Step, name: str) -> Set[int]:
        heap = self.story.heap
        value = step.effect.values.get(name, NO_VALUE)
        reach = step.effect.kin.get(name, NO_KIN).reach
        return reach | heap.reach(value) if heap.codes(value) else reach  # functions keep results

    def _check_setup_order(self, step: Step, name: str) -> None:
        for node, state in self.nodes.items():
            earlier = state.from_prelude.get(name)
            if node != PRELUDE and earlier is not None:
                self.findings.setup_too_late(step, name, earlier)
                return
        looked = self._looked_for.get(name) or self._listing
        if looked is not None and not name.startswith("<"):
            self.findings.setup_too_late(step, name, looked)

    # what is not a variable

    def _ambient(self, step: Step) -> None:
        effect = step.effect
        for mark in effect.marks:
            self._mark(step, mark)
        if effect.modules:
            self._sets.setdefault(step.node, set()).update(effect.modules)
        if effect.modules and not self.definitions.is_definition(step.number):
            for path, line in effect.modules.items():
                self._module(step, self.nodes[step.node], path, line)

    def _mark(self, step: Step, mark: Mark) -> None:
        if mark.kind == "star":
            if self.definitions.is_definition(step.number):
                self._stars.append(step.number)
            self.findings.star_import(step, mark)
        elif mark.kind == "loads":
            values = (self._values.get(name, NO_VALUE) for name in self._behind)
            if step.node != PRELUDE and any(map(self.story.heap.codes, values)):
                every = chain.from_iterable(self._behind.values())
                self.definitions.closure(every, self.nodes[step.node].definitions)
        elif mark.kind == "anew":
            pass  # it counts for definitions and for setup
        elif mark.kind == "finalizes":
            if len(self._lasts.keys() - {PRELUDE}) > 1:
                self.findings.finalizer(step, mark)
        elif mark.kind == "reads":
            self.nodes[step.node].files_read.setdefault(mark.what, Place(step, mark.line))
            place = self._written_files.get(mark.what)
            if place is not None and place.step.node != step.node:
                reason = _file_reason(mark.what, place, step, mark.line)
                self.files.append((place.step.node, step.node, reason))
        elif mark.kind == "writes":
            self.nodes[step.node].files_written.setdefault(mark.what, Place(step, mark.line))
            self._written_files[mark.what] = Place(step, mark.line)
        else:
            if mark.kind == "binds":
                self._binders.append(step.node)
                self._places[step.node, "*"] = Place(step, mark.line)
            self.findings.opaque(step, mark)

    def _module(self, step: Step, state: NodeState, path: str, line: int) -> None:
        """A module's state is changed and the change cannot be replayed."""
        if path == "os.chdir":
            step.effect.lines = {**step.effect.lines, WORKING_DIRECTORY: line}
            self._write(step, state, WORKING_DIRECTORY, (step.node,))
        elif step.node != PRELUDE:
            self.module_settings.make(step, path)

    def _settings(self, state: NodeState) -> None:
        """Settings and future flags above a task are replayed in it."""
        above = [
            n
            for n in [*self.definitions.settings, *self.definitions.futures]
            if n < state.last_step
        ]
        self.definitions.closure(above, state.definitions)


def _file_reason(path: str, place: Place, step: Step, line: int) -> Reason:
    return Reason(
        kind="file",
        name=path,
        source_cell=place.step.block.cell,
        source_line=place.line,
        target_cell=step.block.cell,
        target_line=line,
    )
