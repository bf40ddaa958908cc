"""What the pictures show, and that they show it the same everywhere."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from syrupy.assertion import SnapshotAssertion

from jupyter_dagflow import compile_notebook
from jupyter_dagflow.core.compile import compile_cells
from jupyter_dagflow.core.model import Pipeline
from jupyter_dagflow.core.nested import inner_tasks
from jupyter_dagflow.core.run import RunView
from jupyter_dagflow.core.states import TaskState
from jupyter_dagflow.surfaces.graph.dot import dot
from jupyter_dagflow.surfaces.graph.icons import ICONS
from jupyter_dagflow.surfaces.graph.layout import Direction, Layout, Wish, ranks, wish
from jupyter_dagflow.surfaces.graph.layout_dot import answer, question
from jupyter_dagflow.surfaces.graph.layout_grandalf import lay_out
from jupyter_dagflow.surfaces.graph.mermaid import mermaid
from jupyter_dagflow.surfaces.graph.svg import svg
from jupyter_dagflow.surfaces.graph.text import text
from jupyter_dagflow.surfaces.look import TASK_LOOKS
from tests.core.notebooks import tagged

SVG = "{http://www.w3.org/2000/svg}"

PLAIN = """\
graph 1 2.0 3.0
node 0 1.0 2.5 2.0 0.5 "" solid box black lightgrey
node 1 1.0 0.5 2.0 0.5 "" solid box black lightgrey
edge 0 1 4 1.0 2.25 1.0 2.0 1.0 1.0 1.0 0.75 solid black
stop
"""


def test_a_state_is_never_told_by_colour_alone() -> None:
    assert set(TASK_LOOKS) == set(ICONS) == set(TaskState)
    for signs in ([look.icon for look in TASK_LOOKS.values()], [i.path for i in ICONS.values()]):
        assert len(set(signs)) == len(TaskState)
    assert all(look.plain.isascii() and look.word for look in TASK_LOOKS.values())


@pytest.mark.parametrize("state", list(TaskState))
def test_icons_stand_out_from_their_disc(state: TaskState) -> None:
    light, dark = sorted((luminance(TASK_LOOKS[state].colour), luminance(TASK_LOOKS[state].ink)))
    assert ICONS[state].hollow or (dark + 0.05) / (light + 0.05) >= 3


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_dot(churn: Pipeline, snapshot: SnapshotAssertion) -> None:
    assert dot(churn) == snapshot


def test_mermaid(churn: Pipeline, churn_run: RunView, snapshot: SnapshotAssertion) -> None:
    assert mermaid(churn) == snapshot(name="pipeline")
    assert mermaid(churn, churn_run) == snapshot(name="run")


def test_text(churn: Pipeline, churn_run: RunView, snapshot: SnapshotAssertion) -> None:
    assert text(churn) == snapshot(name="pipeline")
    assert text(churn, churn_run) == snapshot(name="run")


def test_svg(churn: Pipeline, churn_run: RunView, snapshot: SnapshotAssertion) -> None:
    assert svg(churn, churn_run, engine=lay_out) == snapshot


def test_tasks_of_a_lane_are_tied_by_a_thick_edge() -> None:
    cells = (("task:a lane:db", "x = 1"), ("task:b lane:db", "y = x"), ("task:c lane:db", "z = 1"))
    found = compile_cells(tagged(*cells)).pipeline
    drawn = svg(found)
    assert drawn.count('stroke-width="3"') == 2
    assert "lane:db: b → c" in drawn
    assert "runs in the kernel of lane db" in drawn
    assert dot(found).count("penwidth=3") == 2
    assert 't0 == "x" ==> t1' in mermaid(found)
    assert "t1 ==> t2" in mermaid(found)


def test_svg_speaks(churn: Pipeline, churn_run: RunView) -> None:
    root = ElementTree.fromstring(svg(churn, churn_run, engine=lay_out))
    assert root.get("role") == "img"
    assert "churn" in str(root.get("aria-label"))
    assert root.findtext(f"{SVG}title") == root.get("aria-label")
    assert "evaluate: upstream failed, after logistic and forest and boosting." in str(
        root.findtext(f"{SVG}desc")
    )
    hovers = [title.text for title in root.iter(f"{SVG}title")]
    assert "load_out: load, line 3 → features, cell 3, line 1" in hovers
    assert "after:load: load → report" in hovers


def test_notebooks_that_are_steps_are_drawn_below_each_in_a_frame_that_holds_it(
    write_notebook: Callable[..., Path], snapshot: SnapshotAssertion
) -> None:
    write_notebook("deep.ipynb", [("task:only", "z = 1")])
    steps = [("task:load", "y = 1"), ("task:go", "%dagflow notebook deep.ipynb -o z")]
    write_notebook("inner.ipynb", steps)
    outer = [("task:step", "%dagflow notebook inner.ipynb -o y"), ("task:use", "y")]
    compilation = compile_notebook(write_notebook("outer.ipynb", outer))
    shown = text(compilation.pipeline, inner=tuple(inner_tasks(compilation)))
    assert shown == snapshot
    drawn = svg(compilation.pipeline, nested=compilation.nested, engine=lay_out)
    root = ElementTree.fromstring(drawn)
    boxes = list(rectangles(root))
    frames = [box for box in boxes if box[0] == "group"]
    inside = [sum(holds(frame, box) for box in boxes if box[0] == "card") for frame in frames]
    assert inside == [3, 1]
    assert holds(
        ("", 0.0, 0.0, float(root.get("width", 0)), float(root.get("height", 0))), frames[0]
    )
    assert {"step: inner.ipynb", "go: deep.ipynb"} <= set(root.itertext())
    assert "step runs inner.ipynb: 2 tasks. load. go. go runs deep.ipynb: 1 task. only." in drawn


Rectangle = tuple[str, float, float, float, float]


def rectangles(
    node: ElementTree.Element, left: float = 0.0, top: float = 0.0
) -> Iterator[Rectangle]:
    """Class, left, top, width and height of each rectangle, as the picture has it."""
    if moved := re.fullmatch(r"translate\((\S+) (\S+)\)", node.get("transform", "")):
        left, top = left + float(moved[1]), top + float(moved[2])
    if node.tag == f"{SVG}rect":
        size = float(node.get("width", 0)), float(node.get("height", 0))
        yield node.get("class", ""), left, top, *size
    for child in node:
        yield from rectangles(child, left, top)


def holds(frame: Rectangle, box: Rectangle) -> bool:
    _, left, top, width, height = frame
    _, x, y, wide, high = box
    return left <= x and top <= y and x + wide <= left + width and y + high <= top + height


def test_what_matters_in_an_svg_does_not_need_css(churn: Pipeline, churn_run: RunView) -> None:
    root = ElementTree.fromstring(svg(churn, churn_run, engine=lay_out))
    assert not list(root.iter(f"{SVG}script"))
    for card in root.iter(f"{SVG}rect"):
        assert card.get("fill")
        assert card.get("stroke")
    for line in root.iter(f"{SVG}text"):
        assert line.get("fill")
        assert line.get("font-size")


def test_names_cannot_break_a_picture(make_pipeline: Callable[..., Pipeline]) -> None:
    wild = ['a"b', "x<y>&z", "p:q", "back\\slash", "{curly}"]
    pipeline = make_pipeline({name: wild[:at][-1:] for at, name in enumerate(wild)}, name='w"<i>')
    root = ElementTree.fromstring(svg(pipeline, engine=lay_out))
    assert [t.text for t in root.iter(f"{SVG}text") if t.get("class") == "name"] == wild
    assert '"p:q" -> "back\\\\slash"' in dot(pipeline) or '"p:q" -> "back\\slash"' in dot(pipeline)
    assert 't0("a#34;b<br/>' in mermaid(pipeline)


def test_a_pipeline_with_a_cycle_is_drawn(make_pipeline: Callable[..., Pipeline]) -> None:
    pipeline = make_pipeline({"a": ["c"], "b": ["a"], "c": ["b"]})
    root = ElementTree.fromstring(svg(pipeline, engine=lay_out))
    assert sum(path.get("class") == "edge" for path in root.iter(f"{SVG}path")) == 3


def test_an_empty_pipeline_is_drawn(make_pipeline: Callable[..., Pipeline]) -> None:
    ElementTree.fromstring(svg(make_pipeline({}), engine=lay_out))


@pytest.mark.parametrize(
    ("shape", "direction"),
    [
        ({"a": [], "b": ["a"], "c": ["b"]}, Direction.RIGHT),
        ({f"t{at}": [f"t{at - 1}"] if at else [] for at in range(12)}, Direction.DOWN),
        ({f"t{at}": [] for at in range(12)}, Direction.RIGHT),
    ],
    ids=["short chain", "long chain", "side by side"],
)
def test_the_direction_that_fits_the_page(
    make_pipeline: Callable[..., Pipeline], shape: dict[str, list[str]], direction: Direction
) -> None:
    assert wish(make_pipeline(shape), width=160, height=50).direction is direction


@st.composite
def wishes(draw: st.DrawFn) -> Wish:
    """Any DAG of up to 14 nodes."""
    count = draw(st.integers(1, 14))
    nodes = [f"n{at}" for at in range(count)]
    pairs = [(a, b) for b in range(count) for a in range(b)]
    chosen = draw(st.lists(st.sampled_from(pairs), unique=True, max_size=24)) if pairs else []
    return Wish(
        nodes=tuple(nodes),  # type: ignore[arg-type]
        edges=tuple((nodes[a], nodes[b]) for a, b in chosen),  # type: ignore[misc]
        width=160,
        height=50,
        direction=draw(st.sampled_from(Direction)),
    )


@settings(deadline=None)
@given(wishes())
def test_cards_do_not_overlap_and_edges_join_them(wanted: Wish) -> None:
    layout = lay_out(wanted)
    assert set(layout.centres) == set(wanted.nodes)
    assert set(layout.routes) == set(wanted.edges)
    boxes = [(x - 80, y - 25, x + 80, y + 25) for x, y in layout.centres.values()]
    for at, (left, top, right, bottom) in enumerate(boxes):
        assert left >= -0.1
        assert top >= -0.1
        assert right <= layout.width + 0.2
        assert bottom <= layout.height + 0.2
        for other in boxes[:at]:
            assert right <= other[0] or left >= other[2] or bottom <= other[1] or top >= other[3]
    for (source, target), points in layout.routes.items():
        assert len(points) % 3 == 1
        assert on_border(points[0], layout.centres[source])
        assert on_border(points[-1], layout.centres[target])


def on_border(point: tuple[float, float], centre: tuple[float, float]) -> bool:
    across, down = abs(point[0] - centre[0]), abs(point[1] - centre[1])
    return (across < 0.2 and abs(down - 25) < 0.2) or (down < 0.2 and abs(across - 80) < 0.2)


@settings(deadline=None)
@given(wishes())
def test_edges_run_with_time(wanted: Wish) -> None:
    layout = lay_out(wanted)
    axis = 0 if wanted.direction is Direction.RIGHT else 1
    rank_of = ranks(wanted.nodes, wanted.edges)
    for source, target in wanted.edges:
        assert rank_of[source] < rank_of[target]
        assert layout.centres[source][axis] < layout.centres[target][axis]


def test_the_layout_does_not_depend_on_hashing(churn: Pipeline) -> None:
    code = (
        "from jupyter_dagflow.surfaces.graph.layout import Direction, Wish\n"
        "from jupyter_dagflow.surfaces.graph.layout_grandalf import lay_out\n"
        "edges = [(f'n{a}', f'n{a * 7 % b}') for a, b in ()] or "
        "[(f'n{b * b % a}', f'n{a}') for a in range(1, 30) for b in (3, 5)]\n"
        "wish = Wish(nodes=tuple(f'n{a}' for a in range(30)), edges=tuple(dict.fromkeys(edges)),"
        " width=160, height=50, direction=Direction.DOWN)\n"
        "print(lay_out(wish))"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(outputs) == 1


def pair(direction: Direction = Direction.DOWN) -> Wish:
    return Wish(
        nodes=("x y", "z"),  # type: ignore[arg-type]
        edges=(("x y", "z"),),  # type: ignore[arg-type]
        width=144,
        height=36,
        direction=direction,
    )


def test_graphviz_is_asked_by_numbers(snapshot: SnapshotAssertion) -> None:
    assert question(pair()) == snapshot


def test_graphviz_answers_in_inches_upwards() -> None:
    layout = answer(pair(), PLAIN)
    assert layout == Layout(
        width=144,
        height=216,
        centres={"x y": (72, 36), "z": (72, 180)},  # type: ignore[dict-item]
        routes={("x y", "z"): ((72, 54), (72, 72), (72, 144), (72, 162))},  # type: ignore[dict-item]
    )


def test_a_broken_graphviz_is_done_without(
    churn: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "dot"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(broken.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert svg(churn) == svg(churn, engine=lay_out)


def test_an_installed_graphviz_is_asked(
    make_pipeline: Callable[..., Pipeline], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fixed = tmp_path / "dot"
    fixed.write_text(f"#!/bin/sh\ncat > {tmp_path}/asked\ncat <<'END'\n{PLAIN}END\n")
    fixed.chmod(fixed.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    drawn = svg(make_pipeline({"a": [], "b": ["a"]}))
    assert (tmp_path / "asked").read_text().startswith("digraph {")
    assert 'd="M72 54C72 72 72 144 72 155"' in drawn
