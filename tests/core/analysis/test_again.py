"""An analysis of a notebook that was analysed before, as it was or a little different."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_dagflow.core.analysis import telling
from jupyter_dagflow.core.analysis.dataflow import Block, Dataflow, _answer, analyse
from jupyter_dagflow.core.analysis.telling import _told, forget
from jupyter_dagflow.core.model import CellId
from tests.fuzz.programs import write_program


def _blocks(sources: Sequence[str], mutates: str = "") -> list[Block]:
    return [
        Block(
            cell=CellId(f"c{i}"),
            index=i,
            code=source,
            node=f"t{i}",
            mutates=frozenset(mutates.split()),
        )
        for i, source in enumerate(sources)
    ]


def _forgotten(blocks: list[Block]) -> Dataflow:
    """The analysis by one who has seen no notebook before."""
    _answer.cache_clear()
    forget()
    return analyse(blocks)


def _edits(sources: Sequence[str], place: int) -> list[str]:
    """What one cell of a notebook may become."""
    source = sources[place]
    lines = source.split("\n")
    return [
        source + "  # noted",
        "# noted\n" + source,
        source + "\nextra = [1]",
        source + "\nextra = 1",
        source + "\nextra = 'text'\nprint(extra)",
        source + "\nimport random\nrandom.seed(1)",
        source + "\na = a",
        source + "\na.append(2)",
        re.sub(r"\d", "4", source),
        re.sub(r"\b([abcd])\b", "b", source),
        "\n".join(lines[:-1]),
        "\n".join(lines[1:]),
        sources[place - 1],
        "",
    ]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 1 << 30), st.data())
def test_what_was_analysed_before_changes_nothing(seed: int, data: st.DataObject) -> None:
    sources = [cell.source for cell in write_program(random.Random(seed)).cells]
    versions = [list(sources)]
    for _ in range(3):
        place = data.draw(st.integers(0, len(sources) - 1))
        sources[place] = data.draw(st.sampled_from(_edits(sources, place)))
        versions.append(list(sources))
    alone = [_forgotten(_blocks(version)) for version in versions]
    _answer.cache_clear()
    forget()
    for version, wanted in [*zip(versions, alone, strict=True)] * 2:
        assert analyse(_blocks(version)) == wanted


@pytest.mark.parametrize(
    ("edit", "anew"),
    [
        ("c = [a, 2]\nprint(c)", False),
        ("c = [a, 1]  # noted", False),
        ("c = [a, 1]\nextra = 'new'", False),
        ("c = [a, 1]\nd = 'new'", True),
        ("c = [a, 1]\nextra = a", True),
        ("c = [a, b]", True),
        ("a.append(1)\nc = [a, 1]", True),
        ("def f():\n    return 1", True),
    ],
)
def test_cells_below_an_edit_are_followed_again_only_if_they_may_mean_something_else(
    edit: str, anew: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = ["a = []\nb = []", "c = [a, 1]", "print(c, a)\nd = len(b)", "print(d)"]
    _forgotten(_blocks(sources))
    whole = []
    monkeypatch.setattr(telling, "_told", lambda *told: whole.append(told) or _told(*told))
    sources[1] = edit
    assert analyse(_blocks(sources)) == _forgotten(_blocks(sources))
    assert len(whole) == 1 + anew


def test_an_edit_that_seeds_is_noticed_by_who_draws() -> None:
    sources = ["import random", "a = 1", "b = random.random()"]
    _forgotten(_blocks(sources))
    sources[1] = "random.seed(1)"
    seeded = analyse(_blocks(sources))
    assert seeded == _forgotten(_blocks(sources))
    assert "<random>" in [item.name for item in seeded.nodes["t2"].inputs]


def test_each_edit_starts_from_the_one_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    sources = ["a = []", "b = [a, 1]", "c = 1", "d = 1", "e = 1"]
    _forgotten(_blocks(sources))
    whole = []
    monkeypatch.setattr(telling, "_told", lambda *told: whole.append(told) or _told(*told))
    for place, edit in [(1, "b = [a, 1]\nextra = 2"), (3, "d = extra"), (4, "e = 2"), (2, "c = 2")]:
        sources[place] = edit
        analysed = analyse(_blocks(sources))
    assert not whole
    assert analysed == _forgotten(_blocks(sources))
    assert [edge.source for edge in analysed.edges] == ["t0", "t1"]


def test_a_tag_is_part_of_the_question() -> None:
    sources = ["xs = [1]", "print(xs)", "print(xs)"]
    assert not analyse(_blocks(sources)).nodes["t1"].writes
    assert analyse(_blocks(sources, mutates="xs")).nodes["t1"].writes == ("xs",)


def test_a_definition_is_copied_as_it_is_written_now() -> None:
    for text in ("def f():\n    return 1", "def f():\n    # one\n    return 1"):
        copied = analyse(_blocks([text, "f()"])).nodes["t1"].definitions
        assert [d.source for d in copied] == [text]
