"""What following a function came to, kept so that it need not be followed again.

The law: only a call without effects is kept: it changed, bound and stored nothing that was there
before, and gave back something new or immutable. It stays good while the names it read mean the
very same values and no older object has come to carry other functions. Without this, chains of
helpers would be followed again by every caller.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from jupyter_dagflow.core.analysis.values import Heap, Value, base_of, slot, slot_of

_LARGEST = 48
_SIMPLE = frozenset({"module", "function", "class", "number", "str", "none", "immutable"})


@dataclass(slots=True)
class Trace:
    """What a call has read so far; ``start`` is the first object made since it began."""

    start: int
    reads: dict[str, Value] = field(default_factory=dict)
    builtins: set[str] = field(default_factory=set)
    unresolved: set[str] = field(default_factory=set)
    lowest: int = 1 << 62
    local: bool = False

    def absorb(self, inner: Trace) -> None:
        """Take over what a call within this one has read."""
        self.reads.update(inner.reads)
        self.builtins |= inner.builtins
        self.unresolved |= inner.unresolved
        self.local = self.local or inner.local

    @property
    def pure(self) -> bool:
        """Whether nothing that was there before was changed or stored into."""
        return self.lowest >= self.start and not self.local


@dataclass(frozen=True, slots=True)
class Outcome:
    """A call without effects: what it read and what it gave."""

    result: Value
    trace: Trace
    generation: int


def outcome_of(heap: Heap, trace: Trace, result: Value) -> Outcome | None:
    """The outcome to keep of a call that has ended; nothing if it must be followed again."""
    if not trace.pure or any(v.kind not in _SIMPLE for v in trace.reads.values()):
        return None
    region = new_region(heap, result, trace.start)
    return Outcome(result, trace, heap.generation) if region is not None else None


def new_region(heap: Heap, value: Value, start: int) -> set[int] | None:
    """The new objects that a value reaches; none if it reaches old data or new code."""
    found: set[int] = set()
    todo = [base_of(o) for o in value.objects]
    while todo:
        base = todo.pop()
        if base in found:
            continue
        if base < start:
            if base not in heap.code:
                return None
            continue
        if base in heap.code or len(found) > _LARGEST:
            return None
        found.add(base)
        for held in heap.fields.get(base, {}).values():
            todo += [base_of(o) for o in held]
    return found


def renew(heap: Heap, outcome: Outcome) -> Value:
    """The same result made anew, so that two calls do not give the same objects."""
    region = new_region(heap, outcome.result, outcome.trace.start)
    if not region:
        return outcome.result
    fresh = {base: base_of(next(iter(_twin(heap, base).objects))) for base in sorted(region)}
    for base, twin in fresh.items():
        for key, held in heap.fields.get(base, {}).items():
            moved = frozenset(slot(fresh.get(base_of(o), base_of(o)), slot_of(o)) for o in held)
            heap.hold(Value("?", frozenset((slot(twin, 0),))), Value("?", moved), key)
    objects = (slot(fresh.get(base_of(o), base_of(o)), slot_of(o)) for o in outcome.result.objects)
    return outcome.result._replace(objects=frozenset(objects))


def _twin(heap: Heap, base: int) -> Value:
    twin = heap.make(
        heap.kinds[base], plain=base in heap.plain, unmovable=heap.unmovable.get(base, "")
    )
    new = base_of(next(iter(twin.objects)))
    if base in heap.classes:
        heap.classes.setdefault(new, set()).update(heap.classes[base])
    if base in heap.defaulting:
        heap.defaulting[new] = heap.defaulting[base]
    if base in heap.partials:
        heap.partials[new] = heap.partials[base]
    if base in heap.getters:
        heap.getters[new] = heap.getters[base]
    return twin
