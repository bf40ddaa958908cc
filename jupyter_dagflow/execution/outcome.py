"""What a taskbook's last cell wrote of how its task came out, in our words.

The law: a kernel tells in JSON, here alone it becomes what the runner takes; and what it did not tell
is not known.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from jupyter_dagflow.core.events import Item, Stored
from jupyter_dagflow.core.fan_out import ITEM
from jupyter_dagflow.core.observed import Observed, code_digest
from jupyter_dagflow.core.reuse import ALTERS, RUNS_ANOTHER, UNTOLD, Used
from jupyter_dagflow.core.side_effects import ChangedModule, Left, Settings
from jupyter_dagflow.execution.ports import Assignment


def read_outcome(path: Path) -> dict[str, Any]:
    """What the save cell wrote; empty if it never came to that. Raises `ValueError` if it cannot be read."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    outcome: dict[str, Any] = json.loads(text)
    return outcome


def discard_unfinished(path: Path) -> None:
    """Remove what a kernel had written of its outcome when it was killed; it has ended by now."""
    for left in path.parent.glob(f".{path.name}.*.tmp"):
        left.unlink(missing_ok=True)


def ending(outcome: Mapping[str, Any], assignment: Assignment) -> dict[str, Any]:
    """The fields of an `AttemptEnded` that an outcome tells of."""
    files = outcome.get("files", {})
    return {
        "stored": tuple(_stored(fields) for fields in outcome.get("stored", ())),
        "metrics": outcome.get("metrics", {}),
        "files_read": tuple(files.get("read", ())),
        "files_written": tuple(files.get("written", ())),
        "files_appended": tuple(files.get("appended", ())),
        "files_by_setup": tuple(files.get("by_setup", ())),
        "drawn": outcome.get("drawn", {}),
        "seeded": tuple(outcome.get("seeded", ())),
        "left": _left(outcome),
        "observed": tuple(observations(outcome, assignment)),
        "changed_last": outcome.get("changed_last", {}),
        "span_ns": _span(outcome),
        "used": _used(outcome),
        "barred": _barred(outcome),
        "items": _items(outcome),
    }


def observations(outcome: Mapping[str, Any], assignment: Assignment) -> Iterator[Observed]:
    """What is known of a task's code from now on, by what the kernel wrote of how it came out."""
    for name in outcome.get("changed", ()):
        if name == ITEM:
            continue  # an instance's own: no later compilation can know of it
        change = assignment.guarded[name].change
        yield change
        if name != change.name:  # what the later task reads is but one of those that share with it
            yield replace(change, name=name)
    for name, other in outcome.get("sharing", ()):
        speaking = re.compile(rf"\b(?:{re.escape(name)}|{re.escape(other)})\b")
        codes = [code for code in assignment.codes if speaking.search(code)] or assignment.codes
        yield Observed(code=code_digest(codes[-1]), name=name, other=other)


def _span(outcome: Mapping[str, Any]) -> tuple[int, int] | None:
    span = outcome.get("span_ns")
    return (span[0], span[1]) if span else None


def _left(outcome: Mapping[str, Any]) -> Left:
    modules = {
        name: ChangedModule(file=each["file"], names=tuple(each["names"]))
        for name, each in outcome.get("modules", {}).items()
    }
    return Left(
        modules=modules,
        figures=outcome.get("figures", False),
        bringers=tuple(outcome.get("bringers", ())),
        classes={
            name: tuple((module, kind) for module, kind in classes)
            for name, classes in outcome.get("classes", {}).items()
        },
        settings={
            library: Settings(before=s["before"], after=s["after"], changed=tuple(s["changed"]))
            for library, s in outcome.get("settings", {}).items()
        },
    )


def _items(outcome: Mapping[str, Any]) -> tuple[Item, ...] | None:
    told = outcome.get("items")
    return None if told is None else tuple(Item(**fields) for fields in told)


def _stored(fields: Mapping[str, Any]) -> Stored:
    shape = fields["shape"]
    return Stored(**{**fields, "shape": None if shape is None else tuple(shape)})


def _used(outcome: Mapping[str, Any]) -> Used:
    told = outcome.get("used")
    if not told:
        return Used()
    return Used(
        modules=told["modules"],
        read=told["read"],
        written=told["written"],
        folders=told["folders"],
        patterns={pattern: tuple(files) for pattern, files in told["patterns"].items()},
        packages=told["packages"],
        python=told["python"],
    )


def _barred(outcome: Mapping[str, Any]) -> str:
    """Why the result can never be reused; empty if it can."""
    told = outcome.get("used")
    if not told:
        return UNTOLD
    if outcome.get("nested"):
        return RUNS_ANOTHER
    if outcome["not_kept"]:
        return f"{outcome['not_kept'][0]['name']} could not be stored"
    if told["unsteady"]:
        return f"{told['unsteady'][0]} changed while it was used"
    if told["altered"]:
        return ALTERS.format(told["altered"][0])
    return ""
