"""Settings of modules that stay in the kernel of their task, since they cannot be repeated.

The law: such a setting is an error where a task below uses that module, and a note where one might
only ask it unseen. It is told where the setting is made, once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from jupyter_dagflow.core.analysis import library
from jupyter_dagflow.core.analysis.findings import Findings
from jupyter_dagflow.core.analysis.steps import Step


@dataclass(slots=True)
class _Setting:
    path: str
    step: Step
    users: dict[str, tuple[Step, int]] = field(default_factory=dict)


class ModuleSettings:
    """The settings that stay where they are made, and who uses the modules afterwards."""

    def __init__(self) -> None:
        self._made: list[_Setting] = []
        self._now: dict[str, _Setting] = {}

    def __bool__(self) -> bool:
        return bool(self._made)

    def make(self, step: Step, path: str) -> None:
        """Note that a step sets what ``path`` is in its module."""
        setting = _Setting(path, step)
        self._made.append(setting)
        self._now[_root(path)] = setting

    def holds(self, path: str) -> bool:
        """Whether the module that ``path`` belongs to has been set so."""
        return _root(path) in self._now

    def use(self, step: Step) -> None:
        """Note which of the modules a step uses, by what it reads."""
        for name, value in step.effect.values.items():
            for setting in self._now.values():
                other = setting.step.node != step.node
                if other and library.is_of(value.kind, value.path, setting.path):
                    setting.users.setdefault(step.node, (step, step.effect.reads[name]))

    def report(self, findings: Findings, last_steps: Mapping[str, int]) -> None:
        """Tell of those that are missed, or might be; ``last_steps`` are the last statements of tasks."""
        for setting in self._made:
            if setting.users:
                findings.setting_missed(setting.step, setting.path, tuple(setting.users.values()))
        for setting in self._now.values():
            below = (n for n, last in last_steps.items() if last > setting.step.number)
            if not setting.users and any(node != setting.step.node for node in below):
                findings.setting_stays(setting.step, setting.path)


def _root(path: str) -> str:
    return path.partition(".")[0]
