"""The promise itself: isolated tasks leave the same variables as running top to bottom, or are refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

FIRST = """a, b, c, d = [1], [2], [3], [4]
n, m = 1, 5
def f(x):
    return x
def g(x):
    return [n]
"""
# {L} and {K} are lists, {N} and {M} numbers, {F} a function, {i} a digit
TEMPLATES = [
    "{L} = [{i}]",
    "{L} = {K}",
    "{L}.append({N})",
    "{L}.append({K}[:1])",
    "{L} = {K} + [{N}]",
    "{L} += [{N}]",
    "{N} = {i}",
    "{N} += {M}",
    "{N} = len({L})",
    "{L}[0] = {N}",
    "{L} = list({K})",
    "{L} = [{K}, {N}]",
    "{L} = {{'x': {K}}}['x']",
    "{L}, {K} = {K}, {L}",
    "{L} = {K}.copy()",
    "{L}.extend({K}[:2])",
    "{L} = [e for e in {K}]",
    "{L}.insert(0, {K}[:])",
    "{L} = sorted({K}, key=str)",
    "{N} = sum(e for e in {L} if isinstance(e, int)) % 10",
    "{L} = {K}[0] if isinstance({K}[0], list) else {K}",
    "{L}.append({K}) if len(str({K})) < 40 and {L} is not {K} else None",
    "del {L}\n{L} = [{N}]",
    "if {N} > 4:\n    {L} = {K}",
    "if {N} > 4:\n    {L}.append({N})",
    "for v in range({N} % 3):\n    {M} = v",
    "for e in {L}:\n    if isinstance(e, list):\n        e.append({N})",
    "try:\n    {N} = {L}[3]\n    {L} = {K}\nexcept IndexError:\n    pass",
    "def {F}(x):\n    x.append({N})\n    return x",
    "def {F}(x):\n    {L}.append({N})\n    return {K}",
    "def {F}(x, k={N}):\n    return [k, {M}, x]",
    "def {F}(x, acc=[]):\n    acc.append({N})\n    return acc",
    "def {F}(x):\n    global {N}\n    {N} = 7\n    return [x]",
    "{F} = lambda x, k={N}: [x[0], {M}]",
    "{L} = {F}({K})",
    "{F}({L})",
]
STATEMENT = st.builds(
    lambda template, lists, numbers, function, digit: template.format(
        L=lists[0], K=lists[1], N=numbers[0], M=numbers[1], F=function, i=digit
    ),
    st.sampled_from(TEMPLATES),
    st.tuples(st.sampled_from("abcd"), st.sampled_from("abcd")),
    st.tuples(st.sampled_from("nm"), st.sampled_from("nm")),
    st.sampled_from("fg"),
    st.integers(0, 9),
)
CELL = st.lists(STATEMENT, min_size=1, max_size=3).map("\n".join)


@settings(
    derandomize=True,
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.filter_too_much],
)
@given(cells=st.lists(st.tuples(CELL, st.booleans()), min_size=2, max_size=8), setup=st.booleans())
def test_isolated_tasks_leave_what_run_all_leaves(
    cells: list[tuple[str, bool]], setup: bool, mini: Callable[..., Any]
) -> None:
    nodes = ["" if setup else "task_0"]
    for index, (_, continues) in enumerate(cells, start=1):
        nodes.append(nodes[-1] if continues and index > 1 else f"task_{index}")
    notebook = mini(FIRST, *(cell for cell, _ in cells), nodes=nodes)
    assume(not any(d.severity.value == "error" for d in notebook.flow.diagnostics))
    try:
        whole = notebook.run_all()
    except (IndexError, TypeError, RecursionError):
        assume(False)
        raise
    parts = notebook.run_isolated()
    assert {name: repr(parts.get(name)) for name in whole} == {
        name: repr(value) for name, value in whole.items()
    }
