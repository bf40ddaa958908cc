"""The values of two runs, loaded side by side in one kernel and compared name by name.

The law: neither side sees the other's classes or functions; what a class is called is all they have
in common. A name is said to be equal only if both its values were there and were compared. Which
objects are one and the same counts among the values that one task of the DAG left last: those of two
tasks are loaded apart, by whoever asks for them.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from typing import Any

from . import bundle, loading
from .comparison import difference
from .comparison_sharing import Sharing
from .comparison_steps import NotComparable, only_in, shown
from .definitions import Definitions
from .pickling import borrow_cloudpickle
from .secret_values import SecretValues
from .survivors import survivors


class Verification:
    """One comparison, as the spec beside its taskbook lays down.

    The spec (JSON) has ``store`` and ``cloudpickle`` (folders), ``run_all`` and ``dag`` (name to
    digest), ``left_by`` (name to the task of the DAG that left it last), ``gone`` (names that the DAG's tasks
    deleted), ``skip`` (names not to be compared) and ``outcome`` (the file that `compare` writes). What
    the prelude has bound in this kernel counts for the DAG where no task has stored the name, but for secrets: those
    are stored by nobody.
    """

    def __init__(self, spec_path: str, secrets: SecretValues) -> None:
        self._secrets = secrets
        with open(spec_path, encoding="utf-8") as file:
            self._spec: dict[str, Any] = json.load(file)
        self._namespace = dict(vars(sys.modules["__main__"]))

    def compare(self) -> None:
        """Compare, and write ``equal`` (names), ``different`` and ``not_compared`` (name to why)."""
        run_all, dag = self._spec["run_all"], self._spec["dag"]
        prelude = {
            name: self._namespace[name]
            for name in survivors(self._namespace)
            if name not in dag and name not in self._spec["gone"]
            if name in run_all or not self._secrets.are(name, self._namespace[name])
        }
        verdicts = _Verdicts()
        names = [name for name in dict.fromkeys([*run_all, *dag, *prelude]) if self._counts(name)]
        same = {name for name in names if name in dag and run_all.get(name) == dag[name]}
        verdicts.equal += [name for name in names if name in same]
        rest = [name for name in names if name not in same]
        one = self._loaded({n: d for n, d in run_all.items() if n in rest}, verdicts)
        other = {**prelude, **self._loaded({n: d for n, d in dag.items() if n in rest}, verdicts)}
        together: dict[str, Sharing] = {}
        for name in rest:
            task = self._spec["left_by"].get(name)
            sharing = together.setdefault(task, Sharing()) if task is not None else None
            verdicts.judge(name, one, other, sharing)
        for sharing in together.values():
            verdicts.judge_memory(sharing)
        self._write(verdicts)

    def _counts(self, name: str) -> bool:
        return not name.startswith(("_", "<")) and name not in self._spec["skip"]

    def _loaded(self, digests: Mapping[str, str], verdicts: _Verdicts) -> dict[str, Any]:
        """The values of one side; each bundle over a namespace of its own, as of an own kernel."""
        names: dict[str, list[str]] = {}
        for name, digest in digests.items():
            names.setdefault(digest, []).append(name)
        found: dict[str, Any] = {}
        for digest, wanted in names.items():
            path = bundle.digest_path(self._spec["store"], digest)
            definitions = Definitions(dict(self._namespace), before=self._namespace)
            try:
                values = loading.load(path, digest, definitions, cloudpickle=self._cloudpickle)
            except (bundle.DamagedBundle, loading.CannotLoad) as error:
                verdicts.not_compared.update(dict.fromkeys(wanted, str(error)))
            else:
                found.update({name: values[name] for name in wanted})
        return found

    def _cloudpickle(self) -> Any:
        return borrow_cloudpickle(self._spec["cloudpickle"])

    def _shown(self, texts: Mapping[str, str]) -> dict[str, str]:
        return {name: self._secrets.text(text) for name, text in texts.items()}

    def _write(self, verdicts: _Verdicts) -> None:
        outcome = {
            "stored": [],
            "equal": verdicts.equal,
            "different": self._shown(verdicts.different),
            "not_compared": self._shown(verdicts.not_compared),
        }
        path = self._spec["outcome"]
        temporary = f"{path}.{os.getpid()}.tmp"
        with open(temporary, "w", encoding="utf-8") as file:
            json.dump(outcome, file)
        os.replace(temporary, path)


class _Verdicts:
    """What was found of each name."""

    def __init__(self) -> None:
        self.equal: list[str] = []
        self.different: dict[str, str] = {}
        self.not_compared: dict[str, str] = {}

    def judge_memory(self, sharing: Sharing) -> None:
        """Compare which arrays share memory, of the values that were compared with this."""
        for name, text in sharing.of_memory():
            if name in self.equal:
                self.equal.remove(name)
                self.different[name] = text

    def judge(
        self,
        name: str,
        run_all: Mapping[str, Any],
        dag: Mapping[str, Any],
        sharing: Sharing | None,
    ) -> None:
        """Compare the values of one name, which a side may lack."""
        if name in self.not_compared:
            return
        if name not in run_all or name not in dag:
            value = run_all[name] if name in run_all else dag[name]
            self.different[name] = f"{name} {only_in(run_all=name in run_all)}: {shown(value)}"
            return
        try:
            found = difference(run_all[name], dag[name], name=name, sharing=sharing)
        except NotComparable as reason:
            self.not_compared[name] = str(reason)
        except Exception as error:  # noqa: BLE001 -- a value's own code may raise anything
            self.not_compared[name] = f"comparing it failed ({type(error).__name__}: {error})"
        else:
            if found is None:
                self.equal.append(name)
            else:
                self.different[name] = found
