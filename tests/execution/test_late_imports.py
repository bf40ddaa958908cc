"""papermill and jsonschema, imported without what they seldom need."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import sys
from jupyter_dagflow.execution.late_imports import imported_later
with imported_later():
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
    plain = CODE.replace("with imported_later():", "if True:")
    plain = plain.replace('assert "rfc3987_syntax" not in sys.modules', "")
    assert with_it == subprocess.check_output([sys.executable, "-c", plain], text=True)
    assert "no iri is none" in with_it


def test_no_grammar_is_built_until_then() -> None:
    code = CODE.partition("for value")[0] + 'assert "lark" not in sys.modules'
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_hdfs_is_there_for_who_asks_for_it() -> None:
    code = """
import sys
from jupyter_dagflow.execution.late_imports import imported_later
with imported_later():
    import papermill.iorw as iorw
assert "pyarrow" not in sys.modules
assert iorw.FileSelector("folder").base_dir == "folder"
import pyarrow.fs
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_other_threads_find_what_is_imported_later() -> None:
    code = """
import threading
from jupyter_dagflow.execution.late_imports import imported_later
found = []
def other():
    import pyarrow
    found.append(pyarrow)
with imported_later():
    thread = threading.Thread(target=other)
    thread.start()
    thread.join()
    import papermill
assert found
"""
    subprocess.run([sys.executable, "-c", code], check=True)
