"""An analysis of a notebook that was analysed before, as it was or a little different."""

from __future__ import annotations

import random
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_dagflow.core.analysis.dataflow import Block, Dataflow, _answer, analyse
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
    return analyse(blocks)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 1 << 30), st.data())
def test_what_was_analysed_before_changes_nothing(seed: int, data: st.DataObject) -> None:
    sources = [cell.source for cell in write_program(random.Random(seed)).cells]
    versions = [list(sources)]
    for _ in range(3):
        place = data.draw(st.integers(0, len(sources) - 1))
        sources[place] = data.draw(
            st.sampled_from(
                [
                    sources[place] + "  # noted",
                    "# noted\n" + sources[place],
                    sources[place] + "\nextra = [1]",
                    sources[place - 1],
                    "",
                ]
            )
        )
        versions.append(list(sources))
    alone = [_forgotten(_blocks(version)) for version in versions]
    _answer.cache_clear()
    for version, wanted in [*zip(versions, alone, strict=True)] * 2:
        assert analyse(_blocks(version)) == wanted


def test_a_tag_is_part_of_the_question() -> None:
    sources = ["xs = [1]", "print(xs)", "print(xs)"]
    assert not analyse(_blocks(sources)).nodes["t1"].writes
    assert analyse(_blocks(sources, mutates="xs")).nodes["t1"].writes == ("xs",)


def test_a_definition_is_copied_as_it_is_written_now() -> None:
    for text in ("def f():\n    return 1", "def f():\n    # one\n    return 1"):
        copied = analyse(_blocks([text, "f()"])).nodes["t1"].definitions
        assert [d.source for d in copied] == [text]
