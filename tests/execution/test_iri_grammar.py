"""jsonschema, imported without the grammar that it seldom needs."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import sys
from jupyter_dagflow.execution.iri_grammar import built_later
with built_later():
    import jsonschema
assert "rfc3987_syntax" not in sys.modules
print(sorted(jsonschema.FormatChecker.checkers))
for value in ("http://example.org/ä", "no iri", 7):
    try:
        jsonschema.FormatChecker().check(value, "iri")
    except jsonschema.FormatError:
        print(value, "is none")
print("lark" in sys.modules)
"""


def test_checks_of_iris_answer_as_without_it() -> None:
    with_it = subprocess.check_output([sys.executable, "-c", CODE], text=True)
    plain = CODE.replace("with built_later():", "if True:")
    plain = plain.replace('assert "rfc3987_syntax" not in sys.modules', "")
    assert with_it == subprocess.check_output([sys.executable, "-c", plain], text=True)
    assert "no iri is none" in with_it


def test_no_grammar_is_built_until_then() -> None:
    code = CODE.partition("for value")[0] + 'assert "lark" not in sys.modules'
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
