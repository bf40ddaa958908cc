"""What each option of a task is for and which values it takes, as a JSON schema: what forms are made from.

The law: `VOCABULARY` says what an option is, this table only how it is asked for. An option that this version lacks is
not asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jupyter_dagflow.core.tags import LONGEST_NAME, MAP, VOCABULARY, Role
from jupyter_dagflow.core.triggers import TriggerRule

_MOST = 999_999_999
_NAME = rf"^[A-Za-z_][A-Za-z0-9_-]{{0,{LONGEST_NAME - 1}}}$"
_LABEL = r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$"
# Any letter there is, in words that browsers understand as Python does.
_PUNCTUATION = r"!-/:-@\[-\^`{-~"
_VARIABLE = rf"^[^\s\d{_PUNCTUATION}][^\s{_PUNCTUATION}]*$"
_NO_SPACE = r"^\S+$"
_DURATION = (
    r"^(\d+(\.\d+)?[smhd]"
    r"|P(?=.*\d)(\d+W)?(\d+D)?(T(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?)$"
)


@dataclass(frozen=True, slots=True)
class _Field:
    """How one option is asked for: its title, help, and schema; ``names`` is what its values are names of."""

    title: str
    description: str
    schema: Mapping[str, object]
    names: str = ""


def _text(pattern: str) -> dict[str, object]:
    return {"type": "string", "pattern": pattern}


FIELDS: Mapping[str, _Field] = {
    "task": _Field(
        "Task", "The task that this cell begins, or goes on with.", _text(_NAME), "task"
    ),
    "after": _Field("After", "Tasks that have to end first.", _text(_NAME), "task"),
    "when": _Field(
        "When",
        "A Python expression over values and parameters; if it is false, the task is skipped.",
        _text(_NO_SPACE),
    ),
    "trigger": _Field(
        "Trigger rule",
        "Which outcomes of the tasks before it let it run.",
        {"type": "string", "enum": [rule.value for rule in TriggerRule]},
    ),
    "retries": _Field(
        "Retries",
        "How many more times it is tried when it fails.",
        {"type": "integer", "minimum": 0, "maximum": _MOST},
    ),
    "retry-delay": _Field(
        "Retry delay", "The wait before it is tried again, as 30s or 10m.", _text(_DURATION)
    ),
    "retry-backoff": _Field(
        "Retry backoff",
        "By what each wait is longer than the one before.",
        {"type": "number", "minimum": 1, "maximum": 1000},
    ),
    "timeout": _Field("Timeout", "How long an attempt may take, as 10m or 2h.", _text(_DURATION)),
    "pool": _Field("Pool", "Tasks of one pool share its places.", _text(_LABEL)),
    "priority": _Field(
        "Priority",
        "Of tasks that are ready, the highest begins first.",
        {"type": "integer", "minimum": -_MOST, "maximum": _MOST},
    ),
    "cache": _Field(
        "Reuse of results",
        "Whether an earlier result is taken that would be the same.",
        {"type": "string", "enum": ["on", "off"]},
    ),
    "reads": _Field("Reads files", "Files it depends on, as data/*.csv.", _text(_NO_SPACE)),
    "writes": _Field("Writes files", "Files it makes, as out/*.png.", _text(_NO_SPACE)),
    "mutates": _Field("Changes", "Variables it changes in place.", _text(_VARIABLE), "variable"),
    "pure": _Field(
        "Leaves unchanged",
        "Variables it does not change, whatever it looks like.",
        _text(_VARIABLE),
        "variable",
    ),
    "keep": _Field(
        "Keeps", "Variables to keep though no task reads them.", _text(_VARIABLE), "variable"
    ),
    "metric": _Field(
        "Metrics", "Variables to record as metrics of the run.", _text(_VARIABLE), "variable"
    ),
    "kernel": _Field(
        "Kernel", "The kernelspec to run it with, if not the notebook's.", _text(_LABEL), "kernel"
    ),
    "lane": _Field(
        "Lane",
        "Tasks of one lane share a kernel, and pass on what cannot leave it.",
        _text(_LABEL),
    ),
    "secret": _Field("Secret", "Parameters never written in clear.", _text(_VARIABLE), "parameter"),
    "resource": _Field(
        "Resources",
        "What a worker must offer, as gpu=1.",
        _text(r"^[A-Za-z0-9_][A-Za-z0-9_.-]*=\d+(\.\d+)?$"),
    ),
    "queue": _Field("Queue", "The workers it is for.", _text(_LABEL)),
}


def options_schema() -> dict[str, Any]:
    """The JSON schema of ``metadata.dagflow``, but for roles.

    Beyond JSON schema's own words, ``expects`` says in words what is taken, ``names`` what values are names of, and
    ``on`` the role of the cells that an option is for.
    """
    properties: dict[str, Any] = {}
    for key, option in VOCABULARY.items():
        if not option.works(None):
            continue
        field = FIELDS[key]
        value = dict(field.schema)
        properties[key] = {
            "title": field.title,
            "description": field.description,
            **({"type": "array", "items": value} if option.many else value),
            "expects": option.expects,
            "names": field.names,
            "on": option.on.value,
        }
    properties[MAP] = {
        "title": "Map",
        "description": "Its one loop is fanned out: an instance for each iteration.",
        "type": "boolean",
        "expects": "true or false",
        "names": "",
        "on": Role.TASK.value,
    }
    return {"type": "object", "properties": properties}
