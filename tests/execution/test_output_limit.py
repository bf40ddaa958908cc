"""What a cell puts out is kept up to a limit, which is said; its error is kept always."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_dagflow.execution import kernel_process
from jupyter_dagflow.execution.output_limit import OutputLimit

NOTE = "DAGFLOW_OUTPUT_LIMIT"


def stream(text: str) -> dict[str, Any]:
    return {"msg_type": "stream", "header": {}, "content": {"name": "stdout", "text": text}}


@given(texts=st.lists(st.text(max_size=30)), limit=st.integers(0, 100))
def test_the_beginning_is_kept_and_the_rest_is_told_once(texts: list[str], limit: int) -> None:
    limited = OutputLimit(limit)
    kept = [each["content"] for text in texts for each in limited.kept(stream(text), 0)]
    printed = "".join(content["text"] for content in kept if content["name"] == "stdout")
    notes = [content for content in kept if content["name"] == "stderr"]
    everything = "".join(texts)
    size = len(everything.encode("utf-8", "surrogatepass"))
    assert everything.startswith(printed)
    cut_off = everything[len(printed) : len(printed) + 1].encode("utf-8", "surrogatepass")
    assert len(printed.encode("utf-8", "surrogatepass")) <= limit
    assert len(notes) == (size > limit)
    if notes:  # what is left out would not have fitted: a character more, and it is too much
        assert len(printed.encode("utf-8", "surrogatepass") + cut_off) > limit
    else:
        assert printed == everything


def outputs(bench: Any, name: str, cell: str) -> list[dict[str, Any]]:
    book = json.loads(bench.taskbook(name))
    (found,) = [each["outputs"] for each in book["cells"] if each["id"] == cell]
    return list(found)


@pytest.mark.parametrize(
    ("source", "kept"),
    [
        ("for i in range(20_000): print(f'line {i}')", "line 0"),
        (
            "display('small')\nfor i in range(50): display({'text/html': 'x' * 900}, raw=True)",
            "small",
        ),
        ("print('begin')\n'x' * 1_000_000", "begin"),
    ],
)
def test_a_cell_that_puts_out_too_much_succeeds_and_says_so(
    bench: Any, source: str, kept: str
) -> None:
    bench.task("a", source, "print('next cell')")
    bench.output_limit = 2_000
    assert bench.run("a").failure is None
    text = json.dumps(outputs(bench, "a", "cell0"))
    assert kept in text
    assert text.count(NOTE) == 1
    assert len(text) < 8_000
    assert "next cell" in json.dumps(outputs(bench, "a", "cell1"))


def test_what_goes_past_python_is_bounded_too(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel_process, "_LONGEST_LOG", 10_000)
    bench.task(
        "a",
        "import os, time\nos.write(1, b'x' * 100_000)\n"
        "while os.fstat(1).st_size > 10_000:\n    time.sleep(0.05)\ndone = os.write(1, b'the end')",
    )
    assert bench.run("a").failure is None
    log = bench.files.taskbook("a", 1).with_name("kernel.log").read_bytes()
    assert log.startswith(b"[dagflow: this log was too long")
    assert log.endswith(b"the end")


def test_an_error_is_kept_whatever_came_before(bench: Any) -> None:
    bench.task("a", "print('x' * 100_000)\n1 / 0")
    bench.output_limit = 2_000
    failure = bench.run("a").failure
    assert failure.message == "ZeroDivisionError: division by zero"
    assert outputs(bench, "a", "cell0")[-1]["ename"] == "ZeroDivisionError"


def test_what_was_cleared_does_not_count(bench: Any) -> None:
    bench.task(
        "a",
        "from IPython.display import clear_output\n"
        "for i in range(20):\n    print('x' * 1000, i)\n    clear_output()\nprint('the end')",
    )
    bench.output_limit = 3_000
    assert bench.run("a").failure is None
    text = json.dumps(outputs(bench, "a", "cell0"))
    assert "the end" in text
    assert NOTE not in text
