"""The widget tells a front end what it is given, and the state afresh whenever it is asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from jupyter_dagflow.surfaces.widget.graph_widget import GraphWidget

COMPILATION = {"notebook": "churn.ipynb", "by": "tags", "tasks": [], "edges": []}


def widget(**more: Any) -> GraphWidget:
    return GraphWidget(compilation=COMPILATION, dot="digraph {}", **more)


def test_the_state_of_a_new_widget_is_what_it_was_given() -> None:
    run = {"run_id": "r1", "seq": 3}
    state = widget(run=run).get_state()
    assert (state["compilation"], state["dot"], state["run"]) == (COMPILATION, "digraph {}", run)
    assert "export" in state["_esm"]
    assert ".dagflow-node" in state["_css"]
    assert widget().get_state()["run"] is None


def test_events_travel_in_order_as_one_message(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[Any] = []
    shown = widget()
    monkeypatch.setattr(shown, "send", sent.append)
    events: list[Mapping[str, Any]] = [
        {"type": "run_started", "seq": 2},
        {"type": "task_queued", "seq": 3},
    ]
    shown.send_events(events)
    assert sent == [{"kind": "events", "events": events}]


def test_a_front_end_that_asks_for_the_state_gets_a_fresh_run() -> None:
    run = {"run_id": "r1", "seq": 1}
    shown = widget(run=dict(run), snapshot=lambda: run)
    run["seq"] = 7
    assert shown.get_state()["run"]["seq"] == 7
    assert shown.get_state(key="dot") == {"dot": "digraph {}"}


def test_a_reader_who_presses_cancel_is_heard_and_what_is_no_message_of_ours_is_not() -> None:
    cancelled: list[str] = []
    shown = widget(cancel=lambda: cancelled.append("asked"))
    assert (shown.get_state()["can_cancel"], widget().get_state()["can_cancel"]) == (True, False)
    for content in ("cancel", {"kind": "delete"}, {"kind": "cancel"}):
        shown._handle_custom_msg(content, [])
    widget()._handle_custom_msg({"kind": "cancel"}, [])
    assert cancelled == ["asked"]


def test_a_pipeline_that_was_not_run_has_no_run() -> None:
    assert widget(snapshot=lambda: None).get_state()["run"] is None
