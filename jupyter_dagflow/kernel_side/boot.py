"""The door by which a taskbook's cells reach this package: run by path, it loads the rest under a
private name.

The law: nothing of ours stays behind in the user's namespace or on ``sys.path``; one private entry
of ``sys.modules`` holds what `load` saw until `save` needs it.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from typing import Any

PACKAGE = "_dagflow_kernel_side"
IN_TASK = "DAGFLOW_IN_TASK"  # with it, %dagflow does nothing: a pipeline would run itself endlessly


def enter(folder: str) -> None:
    """Make the process what it would be for a notebook of that folder, but part of a task."""
    os.chdir(folder)
    os.environ[IN_TASK] = "1"
    package = prepare()
    package.last_words.begin(os.environ.pop(package.last_words.VARIABLE, ""))
    package.last_words.tell_crashes()
    package.marks.hide()
    package.environment.enter()
    if "" not in sys.path:  # as IPython has it: modules are looked for in the working directory
        sys.path.insert(0, "")
    package.touched.begin(folder, ())  # what the prelude uses, the task uses


def keep_secrets(pickled: bytes, pattern: str) -> None:
    """Take the values of secret parameters, which no file holds, and what hides them."""
    prepare().secrets.keep(pickled, pattern)


def secret(name: str, kind: str, optional: bool) -> Any:
    """The value of a secret parameter, for the parameters cell."""
    return prepare().secrets.value(name, kind, optional)


def load(spec_path: str) -> None:
    """Bind the inputs that the spec names."""
    package = prepare()
    package.handovers[spec_path] = _handover(package, spec_path)
    package.handovers[spec_path].load()


def decide(spec_path: str, condition: object) -> None:
    """Note that the task is to be skipped if its condition is false."""
    if not condition:
        prepare().handovers[spec_path].skip()


def expand(spec_path: str) -> None:
    """Store what the loop goes through, item by item."""
    prepare().handovers[spec_path].expand()


def gather(spec_path: str) -> None:
    """Do to the accumulators what the instances reported."""
    prepare().handovers[spec_path].gather()


def save(spec_path: str) -> None:
    """Store the outputs that the spec names, and write the outcome."""
    package = prepare()
    if spec_path not in package.handovers:
        package.handovers[spec_path] = _handover(package, spec_path)
    package.handovers[spec_path].save()


def _handover(package: Any, spec_path: str) -> Any:
    return package.handover.Handover(
        spec_path, package.touched, package.secrets, package.environment
    )


def compare(spec_path: str) -> None:
    """Compare the values of two runs, as the spec says, and write what was found."""
    package = prepare()
    verification = importlib.import_module(PACKAGE + ".verification")
    verification.Verification(spec_path, package.secrets).compare()


def prepare() -> Any:
    """Load the rest of this package, if that was not done already, and return it."""
    if PACKAGE not in sys.modules:
        folder = os.path.dirname(os.path.abspath(__file__))
        spec = importlib.util.spec_from_file_location(
            PACKAGE, os.path.join(folder, "__init__.py"), submodule_search_locations=[folder]
        )
        if spec is None or spec.loader is None:
            raise ImportError(f"jupyter-dagflow is no longer installed at {folder}")
        package: Any = importlib.util.module_from_spec(spec)
        sys.modules[PACKAGE] = package
        spec.loader.exec_module(package)
        package.handover = importlib.import_module(PACKAGE + ".handover")
        package.handovers = {}
        environment = importlib.import_module(PACKAGE + ".environment")
        package.environment = environment.Environment(os.environ)
        package.last_words = importlib.import_module(PACKAGE + ".last_words")
        package.marks = importlib.import_module(PACKAGE + ".marks")
        package.secrets = importlib.import_module(PACKAGE + ".secret_values").SecretValues()
        package.touched = importlib.import_module(PACKAGE + ".touched").Touched()
    return sys.modules[PACKAGE]
