"""What is taken of a kernel's messages when some of it is secret."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_dagflow.core.masking import NOTHING_HIDDEN, Mask
from jupyter_dagflow.execution.masked_outputs import MaskedOutputs

SECRET = "geheim!!"


def message(kind: str, **content: Any) -> dict[str, Any]:
    return {"msg_type": kind, "content": content}


def stream(text: str, name: str = "stdout") -> dict[str, Any]:
    return message("stream", name=name, text=text)


IDLE = message("status", execution_state="idle")


def shown(*messages: dict[str, Any]) -> list[Any]:
    outputs = MaskedOutputs(Mask([SECRET]))
    return [each for one in messages for each in outputs.shown(one)]


@pytest.mark.parametrize(
    ("came", "taken"),
    [
        ([stream("a geh"), stream("eim!! b"), IDLE], [stream("a "), stream("*** b"), IDLE]),
        (
            [stream("geh"), stream("x", "stderr"), stream("eim!!"), IDLE],
            [stream("x", "stderr"), stream("***"), IDLE],
        ),
        ([stream("a ge"), IDLE], [stream("a "), stream("ge"), IDLE]),
        ([stream("a gehei"), IDLE], [stream("a "), stream("***"), IDLE]),
        (
            [stream("geh"), message("clear_output", wait=False), stream("eim!!"), IDLE],
            [message("clear_output", wait=False), stream("eim!!"), IDLE],
        ),
        (
            [stream("geh"), message("error", ename="E", evalue=SECRET, traceback=[f"x {SECRET}"])],
            [stream("geh"), message("error", ename="E", evalue="***", traceback=["x ***"])],
        ),
        (
            [message("display_data", data={"text/html": f"<b>{SECRET}", "image/png": SECRET})],
            [message("display_data", data={"text/html": "<b>***", "image/png": SECRET})],
        ),
        (
            [message("execute_result", data={"application/json": {"a": [SECRET]}}, metadata={})],
            [message("execute_result", data={"application/json": {"a": ["***"]}}, metadata={})],
        ),
        (
            [message("comm_open", comm_id="1", data={"state": {"value": SECRET}})],
            [message("comm_open", comm_id="1", data={"state": {"value": "***"}})],
        ),
    ],
)
def test_a_secret_is_in_no_message(came: list[Any], taken: list[Any]) -> None:
    assert shown(*came) == taken


def test_of_a_cell_that_never_ended_the_rest_is_told() -> None:
    outputs = MaskedOutputs(Mask([SECRET]))
    assert list(outputs.shown(stream("so far ge"))) == [stream("so far ")]
    assert list(outputs.rest()) == [stream("ge")]
    assert list(outputs.rest()) == []


def test_without_secrets_messages_are_left_alone() -> None:
    each = stream("text")
    assert next(iter(MaskedOutputs(NOTHING_HIDDEN).shown(each))) is each
