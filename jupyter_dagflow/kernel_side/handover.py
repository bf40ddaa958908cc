"""Values in before a task's cells, values out after them.

The law: what comes in was read from whole bundles or not at all; what goes out is stored before it
is reported. A value that a reader needs and that
cannot leave is an error here, in the cell that saves, with its name, type and reason; one that is
only asked for is left out, and that is said. So is a value an error that the task has changed
although a later task reads it as it was, or that keeps objects of one which a later task changes;
and so is a daemon thread or an asyncio task that may still change what is read.
What the task leaves elsewhere, in modules of the project and in pyplot, is told to whoever knows the later tasks.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import json
import os
import sys
import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from . import bundle, fan_out, figures, loading, sharing, user_threads
from .ambient import Ambient
from .arrays import Place
from .definitions import Definitions, is_code
from .environment import Environment
from .fingerprint import fingerprint
from .guard import Guard, contents
from .library_settings import LibrarySettings
from .module_state import ModuleState
from .overlap import NO_PARTS, Parts, overlap, parts
from .pickling import Pickled, Refused, borrow_cloudpickle, dump
from .secret_values import SecretValues
from .summary import is_metric, plain, summarise, type_name
from .survivors import survivors
from .touched import Touched, Uses
from .usage import LocalModules, Where, used


class NotStorable(Exception):
    """A value that another task reads cannot leave its kernel; the text says which and why."""


class NotAMetric(Exception):
    """A value tagged ``metric:`` is not a number, a string or a bool."""


class UndeclaredChange(Exception):
    """The task changed a value that a later task reads as it was before; the text says which."""


class UndeclaredSharing(Exception):
    """A value keeps objects of another that a later task changes; the text says which of which."""


class StillRunning(Exception):
    """A daemon thread or asyncio task may still change what a later task reads; the text says which."""


class SharedReport(Exception):
    """An instance reports an object that is not its own alone; the text says whose it is."""


class RewrittenReport(Exception):
    """A value was changed after it was reported, perhaps by copy; the text says through which accumulator."""


_ITEMS = "__dagflow_items__"  # as `core.model` and `core.fan_out` call them
_ITEM = "<item>"
_REPORT = "<report>"
# What of an outcome may hold texts that a task's code has made.
_TELLING = (
    "files", "files_at", "used", "changed_last", "modules", "not_kept", "refused", "metrics", "running"
)  # fmt: skip


def _have_magic() -> None:
    """Have ``%dagflow`` in this kernel if it can be had: cells that only load it are no part of a pipeline."""
    shell = sys.modules["IPython"].get_ipython()
    if importlib.util.find_spec("jupyter_dagflow") is not None:
        shell.extension_manager.load_extension("jupyter_dagflow")


class Handover:
    """One task's handing over, as the spec beside its taskbook lays down.

    The spec (JSON) has ``run`` and ``task`` (their names), ``steps`` (see `step`),
    ``store`` (folder), ``cloudpickle`` (folder to lend, or ""), ``inputs``
    (name to digest), ``definitions`` (see `Definitions`), ``outputs`` (names that must be stored if
    bound), ``versions`` (name to number, see `Task`), ``extras`` (names stored if they can be and
    are no code), ``survivors`` (``new``: so is whatever else the task's cells have bound, code too;
    ``all``: whatever is bound at all), ``metrics`` (names), ``guarded`` (names that must not
    change), ``may_go`` (those of them that may be deleted), ``made_alike`` (names whose
    present objects must not change, whatever the names mean later), ``strange`` (names that must not
    be bound), ``looked_into`` (names of inputs that must not change, with the paths to those objects
    in them that may, each beginning with a name), ``beside``
    (names that came in the bundle of an input and must not change with it, to that input),
    ``exposed`` (names that a later task changes
    in place, to those that are known to share objects with them), ``from_prelude``
    (names that it reads as setup left them), ``changing`` (names that count as extras if they have
    changed), ``ambient`` and ``generators`` (see `Ambient`), ``project`` and ``ignored`` (folders, see
    `Touched`), ``mentioned``, ``patterns``, ``leaves_files`` and ``imports`` (see `usage`), and ``outcome``
    (the file that `save` writes). An instance of a mapped loop has ``accumulators`` (names) and ``item`` (digest of
    what it gets), which is ``item_shared`` if others have objects of it; where reports are gathered, ``reports`` are
    in order their digests, the taskbooks of the instances, and the cell of each whose outputs are put out again.
    """

    def __init__(
        self, spec_path: str, touched: Touched, secrets: SecretValues, environment: Environment
    ) -> None:
        self._secrets = secrets
        self._environment = environment
        by_setup = touched.end()
        self._files_of_setup = sorted({*by_setup["written"], *by_setup["read"]})
        self._began_ns = touched.began_ns
        self._by_prelude: Uses = touched.uses()
        with open(spec_path, encoding="utf-8") as file:
            self._spec: dict[str, Any] = json.load(file)
        self._namespace = vars(sys.modules["__main__"])
        self._definitions = self._define({})
        self._ambient = Ambient(self._spec["ambient"])
        self._guard = Guard(self._namespace)
        self._generators: dict[str, str] = {}
        self._touched = touched
        self._modules = ModuleState()
        self._settings = LibrarySettings()
        self._figures: dict[int, int] = {}
        self._threads: Collection[Any] = ()
        self._before: dict[str, Any] = {}
        self._apart: dict[str, Any] = {}  # values that are stored, and are no variables
        self._recording: fan_out.Recording | None = None
        self._items: list[dict[str, Any]] | None = None
        self._nested: list[str] = []

    @property
    def step(self) -> dict[str, Any]:
        """The part of the spec that a run of another notebook has to know, as a step of this task."""
        return {name: self._spec[name] for name in ("run", "task", "project", "store", "steps")}

    def aside(self) -> contextlib.AbstractContextManager[None]:
        """Meanwhile what this process does is not what the task does."""
        return self._touched.aside()

    def has_run(self, run: str, read: Sequence[str], written: Sequence[str]) -> None:
        """Take note of a run that was a step of this task, and of the files that its tasks touched."""
        self._nested.append(run)
        self._touched.also(read, written)

    def load(self) -> None:
        """Bind the task's inputs; raises `bundle.DamagedBundle` or `loading.CannotLoad`."""
        self._definitions = self._define(dict(self._namespace))
        names: dict[str, list[str]] = {}
        beside: dict[str, Any] = {}
        for name, digest in self._spec["inputs"].items():
            names.setdefault(digest, []).append(name)
        for digest, wanted in sorted(names.items(), key=lambda item: self._is_ambient(item[1])):
            values = self._load(digest, ", ".join(wanted))
            self._bind({name: values[name] for name in wanted})
            beside.update({o: values[o] for o, n in self._spec["beside"].items() if n in wanted})
        if self._spec.get("item"):
            self._recording = fan_out.Recording(self._namespace, self._spec["accumulators"])
            self._apart[_REPORT] = self._recording.report
            self._apart[_ITEM] = self._load(self._spec["item"], "the item of this instance")[_ITEM]
            self._namespace[_ITEMS] = [self._apart[_ITEM]]
            if self._spec["item_shared"]:
                beside[_ITEM] = self._apart[_ITEM]
        if self._spec.get("steps", {}).get("typed"):
            _have_magic()
        # Of data the names are enough, and to hold on to it would keep it from being freed.
        bound = self._namespace.items()
        self._before = {name: value if is_code(name, value) else None for name, value in bound}
        self._generators = self._states()
        self._guard = Guard(
            self._namespace,
            [*self._spec["guarded"], *self._spec["changing"]],
            {**self._made_alike(), **beside, **self._looked_into()},
            self._spec["may_go"],
            self._spec["sets"],
        )
        self._figures = figures.held()
        self._threads = user_threads.alive()
        self._settings.begin()
        self._environment.begin()
        self._modules.begin(LocalModules(Where(self._spec["project"], self._spec["ignored"])))
        self._touched.begin(self._spec["project"], self._spec["ignored"])

    def expand(self) -> None:
        """Store what the loop goes through, each item as it comes: an iterator may change those it has given."""
        kept = []
        self._items = []
        for item in self._namespace.pop(_ITEMS):
            kept.append(item)
            self._apart[_ITEM] = item
            try:
                stored = self._store({_ITEM: self._dump({_ITEM: item})})[0]
            except Refused as refused:
                what = f"item {len(kept) - 1} ({type_name(type(item))})"
                raise NotStorable(f"{what} cannot leave its kernel: {refused}") from None
            self._items.append({"digest": stored["digest"]})
        outside = [self._parts(name) for name in self._outside()]
        for number, is_shared in enumerate(fan_out.shared(kept, outside)):
            self._items[number]["shared"] = is_shared

    def gather(self) -> None:
        """Do to the accumulators what the instances reported, in order, and put out what they did."""
        for digest, taskbook, cell in self._spec["reports"]:
            fan_out.show(taskbook, cell)
            report = self._load(digest, "what an instance reported")[_REPORT]
            fan_out.gather(self._namespace, report)

    def _load(self, digest: str, what: str) -> dict[str, Any]:
        path = bundle.digest_path(self._spec["store"], digest)
        try:
            return loading.load(path, digest, self._definitions, cloudpickle=self._cloudpickle)
        except bundle.DamagedBundle as error:
            raise bundle.DamagedBundle(f"Cannot load {what}. {error}") from None

    def _outside(self) -> list[str]:
        """The variables of others that this kernel has."""
        names = dict.fromkeys([*self._spec["inputs"], *self._spec["from_prelude"]])
        return [name for name in names if name not in self._spec.get("accumulators", ())]

    def skip(self) -> None:
        """Write that the task is not to run."""
        self._write({"skipped": True})

    def save(self) -> None:
        """Store what the spec asks for and write the outcome.

        Raises `UndeclaredChange`, `UndeclaredSharing`, `StillRunning`, `NotStorable` or `NotAMetric`.
        """
        still_running = user_threads.wait_for_others(self._threads)
        drawn = self._drawn()
        outcome: dict[str, Any] = {
            "files": {**self._touched.end(), "by_setup": self._files_of_setup},
            "changed_last": self._touched.changed_last(),
            "span_ns": [self._touched.began_ns, self._touched.ended_ns],
            "files_at": self._touched.places(),
            "drawn": drawn,
            "seeded": sorted(filter(Ambient(self._spec["generators"]).is_fresh, drawn)),
            "modules": self._modules.end(),
            "settings": {**self._settings.end(), **self._environment.end()},
            "figures": figures.held() != self._figures,
            "bringers": [],
            "classes": {},
            "running": still_running,
            "changed": [],
            "sharing": [],
            "stored": [],
            "not_kept": [],
            "gone": sorted(self._before.keys() - self._namespace.keys()),
            "refused": None,
            "metrics": {},
            "not_metric": None,
            "used": None,
            "items": self._items,
            "reports_of": None,
            "rewritten": None,
            "nested": self._nested,
        }
        try:
            self._refuse_changes(outcome)
            self._refuse_reports(outcome)
            if still_running and self._spec["outputs"]:
                raise StillRunning(f"Still running: {', '.join(still_running)}")
            pickled = self._pickle_all(outcome)
            if outcome["figures"]:
                outcome["bringers"] = [n for n, p in pickled.items() if figures.are_in(p.data)]
            outcome["sharing"] = sorted(self._sharing_unseen(pickled))
            if outcome["sharing"]:
                text = ", ".join(f"{name} of {other}" for name, other in outcome["sharing"])
                raise UndeclaredSharing(f"Objects that a later task changes are kept by {text}")
            outcome["stored"] = self._store(pickled)
            told = {name: self._modules.classes_of(self._value(name)) for name in pickled}
            outcome["classes"] = {name: classes for name, classes in told.items() if classes}
            outcome["metrics"] = self._metrics(outcome)
            outcome["used"] = self._used()
        finally:
            self._write(outcome)
        for left in outcome["not_kept"]:
            sys.stdout.write("not kept: {name} ({type}): {reason}\n".format_map(left))

    def _is_ambient(self, names: list[str]) -> bool:
        """Whether these are no variables; such are restored last, as loading others may use them."""
        return any(name in self._ambient for name in names)

    def _bind(self, values: Mapping[str, Any]) -> None:
        for name, value in values.items():
            if name in self._ambient:
                self._ambient.put(name, value)
            else:
                self._namespace[name] = value

    def _made_alike(self) -> dict[str, Any]:
        names = self._spec["made_alike"]
        return {name: self._namespace[name] for name in names if name in self._namespace}

    def _looked_into(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, paths in self._spec["looked_into"].items():
            with contextlib.suppress(LookupError):  # then nobody knows what of it is to stay
                found[name] = contents(self._namespace, name, paths)
        return found

    def _refuse_changes(self, outcome: dict[str, Any]) -> None:
        spec = self._spec
        watched = [*spec["guarded"], *spec["made_alike"], *spec["looked_into"], *spec["beside"]]
        watched += [_ITEM] if spec.get("item_shared") else []
        bound = [n for n in spec["strange"] if n in self._namespace and n not in self._before]
        outcome["changed"] = [*self._guard.changed(dict.fromkeys(watched)), *bound]
        if outcome["changed"]:
            names = ", ".join(outcome["changed"])
            raise UndeclaredChange(f"Changed, though a later task reads it as it was: {names}")

    def _refuse_reports(self, outcome: dict[str, Any]) -> None:
        """Refuse what gathering could not bring together as one loop would have."""
        if self._recording is None:
            return
        for name in self._recording.rewritten():
            outcome["rewritten"] = name
            raise RewrittenReport(f"Changed after it was reported through {name}")
        reported = parts(self._recording.report)
        reported.objects.discard(id(self._recording.report))
        others = {name: self._parts(name) for name in self._outside()}
        if self._spec["item_shared"]:
            others[_ITEM] = parts(self._apart[_ITEM])
        for name, theirs in others.items():
            if overlap(reported, theirs):
                outcome["reports_of"] = name
                raise SharedReport(f"Reports an object that {name} has, too")

    def _states(self) -> dict[str, str]:
        watched = Ambient(self._spec["generators"])
        return {
            n: fingerprint(watched.take(n)) for n in self._spec["generators"] if watched.is_there(n)
        }

    def _drawn(self) -> dict[str, str]:
        """The generators that stand elsewhere than before the task's cells, and where that was.

        One that the cells have imported began like no other.
        """
        after, watched = self._states(), Ambient(self._spec["generators"])
        moved = {name: state for name, state in self._generators.items() if after[name] != state}
        late = after.keys() - self._generators.keys()
        return {**moved, **{n: uuid.uuid4().hex for n in late if not watched.is_idle(n)}}

    def _is_bound(self, name: str) -> bool:
        if name in self._apart:
            return True
        if name in self._ambient:
            return self._ambient.is_there(name)
        return name in self._namespace

    def _value(self, name: str) -> Any:
        if name in self._apart:
            return self._apart[name]
        return self._ambient.take(name) if name in self._ambient else self._namespace[name]

    def _pickle_all(self, outcome: dict[str, Any]) -> dict[str, Pickled]:
        outputs = list(dict.fromkeys(self._spec["outputs"]))
        surviving = self._survivors()
        changed = self._guard.changed(self._spec["changing"])
        asked = [*self._spec["extras"], *surviving, *changed]
        extras = [name for name in asked if name not in outputs]
        pickled = {}
        for name in dict.fromkeys(outputs + extras):
            if not self._is_bound(name):
                continue
            value = self._value(name)
            asked_for = name in outputs or name in changed or self._spec.get("survivors")
            if not asked_for and is_code(name, value):
                continue
            try:
                pickled[name] = self._dump({name: value})
            except Refused as refused:
                left = {"name": name, "type": type_name(type(value)), "reason": str(refused)}
                if name in outputs:
                    outcome["refused"] = left
                    text = "{name} ({type}) cannot leave its kernel: {reason}".format_map(left)
                    raise NotStorable(text) from None
                outcome["not_kept"].append(left)
        return pickled

    def _survivors(self) -> list[str]:
        """The names that are stored, if they can be, though neither tasks nor tags ask for them."""
        which = self._spec.get("survivors")
        found = survivors(self._namespace) if which else []
        found = [name for name in found if not self._secrets.are(name, self._namespace[name])]
        return [name for name in found if which == "all" or self._is_new(name)]

    def _is_new(self, name: str) -> bool:
        """Whether the task's cells bound it; another value of data is told by ``extras``."""
        value = self._namespace[name]
        return name not in self._before or (
            is_code(name, value) and self._before[name] is not value
        )

    def _store(self, pickled: Mapping[str, Pickled]) -> list[dict[str, Any]]:
        # What nobody reads must not change what readers are given: its code stays by itself.
        code = [name for name in pickled if self._is_spare_code(name)]
        data = {name: pickled[name] for name in pickled if name not in code}
        stored = {}
        for names in [*sharing.groups(data), *([name] for name in code)]:
            members = {name: pickled[name] for name in names}
            strided = sharing.sharing_arrays(members)
            whole = members[names[0]]
            if len(names) > 1 or strided:
                values = {name: self._value(name) for name in names}
                whole = self._dump(values, sharing=strided)
            digest, size = bundle.write(
                self._spec["store"], self._header(names, whole), whole.data, whole.buffers
            )
            for name in names:
                stored[name] = {
                    "name": name,
                    "digest": digest,
                    "size_bytes": size if len(names) == 1 else members[name].size,
                    "version": self._version(name),
                }
        # Last, for how a class of the notebook shows its instances may change them.
        return [{**stored[name], **summarise(self._value(name))} for name in pickled]

    def _sharing_unseen(self, stored: Collection[str]) -> Iterator[tuple[str, str]]:
        """Values that keep objects of others which will be changed elsewhere, and would miss that.

        One of the two is stored: between values that came in, nothing is new.
        """
        exposed: dict[str, list[str]] = self._spec["exposed"]
        look = functools.lru_cache(None)(self._parts)
        for other, known in exposed.items():
            came = [*self._spec["inputs"], *self._spec["from_prelude"]] if other in stored else []
            for name in {*stored, *came}.difference(known, [other]):
                if overlap(look(name), look(other)):
                    yield name, other

    def _parts(self, name: str) -> Parts:
        """What a variable is made of; nothing of one that is not there."""
        there = name not in self._ambient and self._is_bound(name)
        return parts(self._value(name)) if there else NO_PARTS

    def _version(self, name: str) -> int:
        """Which version of the name this is; what nobody foresaw is as new as the task is."""
        versions: dict[str, int] = self._spec["versions"]
        return versions.get(name, max(versions.values(), default=0))

    def _is_spare_code(self, name: str) -> bool:
        if name in self._apart or name in self._spec["outputs"]:
            return False
        return is_code(name, self._namespace[name])

    def _header(self, names: list[str], whole: Pickled) -> dict[str, Any]:
        needed = self._definitions.needed_for(whole.by_name | whole.looked_up)
        return {
            "names": names,
            "cloudpickle": whole.cloudpickle,
            "by_name": sorted(whole.by_name),
            "definitions": needed,
        }

    def _metrics(self, outcome: dict[str, Any]) -> dict[str, Any]:
        metrics = {}
        for name in self._spec["metrics"]:
            if name not in self._namespace:
                continue
            value = plain(self._namespace[name])
            if not is_metric(value):
                outcome["not_metric"] = {"name": name, "type": type_name(type(value))}
                text = f"Metric {name} is of type {type_name(type(value))}"
                raise NotAMetric(f"{text}; a metric is a number, a string or a bool.")
            metrics[name] = value
        return metrics

    def _used(self) -> Any:
        """What the task was seen to use; None if that cannot be told, which is no fault of the task's."""
        spec = self._spec
        where = Where(
            spec["project"],
            spec["ignored"],
            spec.get("mentioned", ()),
            spec.get("patterns", ()),
            spec.get("leaves_files", ()),
        )
        uses = [self._by_prelude, self._touched.uses()]
        try:
            return used(where, uses, spec.get("imports", ()), self._began_ns)
        except Exception:  # noqa: BLE001 -- modules and file systems may be as strange as they like
            return None

    def _write(self, outcome: dict[str, Any]) -> None:
        path = self._spec["outcome"]
        folder, name = os.path.split(path)
        temporary = os.path.join(folder, f".{name}.{os.getpid()}.tmp")
        try:
            with open(temporary, "w", encoding="utf-8") as file:
                json.dump(self._without_secrets(outcome), file)
            os.replace(temporary, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise

    def _without_secrets(self, outcome: Mapping[str, Any]) -> dict[str, Any]:
        """What is written: names, digests and types as they are, all else with secrets hidden.

        Of files that cannot be named nobody can tell whether they have changed.
        """
        hide = self._secrets.deep
        shown = {key: hide(outcome[key]) for key in _TELLING if key in outcome}
        if shown.get("used") != outcome.get("used"):
            shown["used"] = None
        if "stored" in outcome:
            of_values = ("preview", "value")
            shown["stored"] = [
                {**stored, **{key: hide(stored[key]) for key in of_values}}
                for stored in outcome["stored"]
            ]
        return {**outcome, **shown}

    def _define(self, before: Mapping[str, Any]) -> Definitions:
        return Definitions(self._namespace, self._spec["definitions"], before, self._spec["task"])

    def _dump(self, values: dict[str, Any], sharing: frozenset[Place] = frozenset()) -> Pickled:
        return dump(values, self._definitions, cloudpickle=self._cloudpickle, sharing=sharing)

    def _cloudpickle(self) -> Any:
        return borrow_cloudpickle(self._spec["cloudpickle"])
