"""The line that has another notebook as a step: what it says, what it binds, and what the compiler makes of it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_dagflow.core.compile import compile_cells
from jupyter_dagflow.core.errors import OptionError
from jupyter_dagflow.core.nested import Step, keeping, read_step, steps_in
from jupyter_dagflow.core.own_lines import only_own_lines
from jupyter_dagflow.storage.ipython_syntax import to_python
from tests.core.notebooks import tagged

READ = {
    "notebook a.ipynb": Step(path="a.ipynb"),
    "notebook 'my notes/a b.ipynb'": Step(path="my notes/a b.ipynb"),
    "notebook a.ipynb -p x=x -o y": Step(
        path="a.ipynb", parameters=(("x", "x"),), outputs=(("y", "y"),)
    ),
    "notebook -p x=x -o y a.ipynb": Step(
        path="a.ipynb", parameters=(("x", "x"),), outputs=(("y", "y"),)
    ),
    """notebook a.ipynb -p "n=len(rows) + 1" --output rows=left --parameter="m={'a': 1}['a']" """: Step(
        path="a.ipynb",
        parameters=(("n", "len(rows) + 1"), ("m", "{'a': 1}['a']")),
        outputs=(("rows", "left"),),
    ),
    "notebook a.ipynb -o y -o y=z": Step(path="a.ipynb", outputs=(("y", "y"), ("y", "z"))),
    "notebook --help": None,
    "run -p x=1": None,
    "": None,
}
REFUSED = {
    "notebook": "names no notebook",
    "notebook a.ipynb b.ipynb": "names 2 notebooks",
    "notebook a.ipynb -p": "requires argument",
    "notebook a.ipynb --frob": "not recognized",
    "notebook a.ipynb -p x": "-p x is not of the form",
    "notebook a.ipynb -p x=": "-p x= is not of the form",
    "notebook a.ipynb -p x=1+": "no Python expression",
    "notebook a.ipynb -p x=1 -p x=2": "gives x twice",
    "notebook a.ipynb -o y -o z=y": "gives y twice",
    "notebook a.ipynb -o y=3": "binds no name",
    "notebook 'a.ipynb": "No closing quotation",
}


@pytest.mark.parametrize("line", READ)
def test_what_a_line_says(line: str) -> None:
    assert read_step(line) == READ[line]


@pytest.mark.parametrize("line", REFUSED)
def test_what_a_line_cannot_say(line: str) -> None:
    with pytest.raises(OptionError) as raised:
        read_step(line)
    assert REFUSED[line] in raised.value.message
    assert raised.value.hint


def test_the_steps_of_a_cell_with_their_lines() -> None:
    code = to_python(
        "x = 1\n\nif x:\n    %dagflow notebook a.ipynb -o y\n%dagflow notebook\n%time 1"
    )
    (first, step), (second, error) = steps_in(code)
    assert (first, second) == (4, 5)
    assert isinstance(step, Step)
    assert step.binds == ("y",)
    assert isinstance(error, OptionError)
    assert list(steps_in("dagflow notebook (")) == []


def test_a_cell_that_only_has_a_step_is_a_task() -> None:
    assert only_own_lines(to_python("%load_ext jupyter_dagflow\n%dagflow run -p city='Oslo'  # x"))
    assert not only_own_lines(to_python("rows = 1\n%dagflow run"))
    assert not only_own_lines(to_python("%dagflow notebook a.ipynb"))


def edges(*cells: tuple[str, str]) -> dict[tuple[str, str], list[str]]:
    notebook = tagged(*((tags, to_python(source)) for tags, source in cells))
    compilation = compile_cells(notebook)
    assert compilation.ok, compilation.diagnostics
    return {
        (edge.source, edge.target): [reason.name for reason in edge.reasons]
        for edge in compilation.pipeline.edges
    }


EDGES = {
    "it reads what -p names, and binds what -o names": (
        [
            ("task:a", "x = [1]"),
            ("task:b", "%dagflow notebook o.ipynb -p 'n=len(x)' -o y"),
            ("task:c", "z = y"),
        ],
        {("a", "b"): ["x"], ("b", "c"): ["y"]},
    ),
    "under the name that it gets here": (
        [
            ("task:a", "y = 1"),
            ("task:b", "%dagflow notebook o.ipynb -o y=mine"),
            ("task:c", "z = mine + y"),
        ],
        {("a", "c"): ["y"], ("b", "c"): ["mine"]},
    ),
    "a name bound above is another version": (
        [
            ("task:a", "y = [1]"),
            ("task:early", "print(y)"),
            ("task:b", "%dagflow notebook o.ipynb -o y"),
            ("task:late", "print(y)"),
        ],
        {("a", "early"): ["y"], ("b", "late"): ["y"]},
    ),
    "what it is given it leaves as it is": (
        [
            ("task:a", "x = [1]"),
            ("task:b", "%dagflow notebook o.ipynb -p x=x"),
            ("task:c", "print(x)"),
        ],
        {("a", "b"): ["x"], ("a", "c"): ["x"]},
    ),
    "a function of the notebook may be called": (
        [
            ("", "def twice(n): return n * factor"),
            ("task:a", "factor = 2"),
            ("task:b", "%dagflow notebook o.ipynb -p 'n=twice(3)' -o y"),
        ],
        {("a", "b"): ["factor"]},
    ),
    "beside other statements, in a branch": (
        [
            ("task:a", "x = 1"),
            ("task:b", "y = 0\nif x:\n    %dagflow notebook o.ipynb -p x=x -o y\ny += 1"),
            ("task:c", "print(y)"),
        ],
        {("a", "b"): ["x"], ("b", "c"): ["y"]},
    ),
    "what changes what came out changes nobody else's": (
        [
            ("task:b", "%dagflow notebook o.ipynb -o y -o z"),
            ("task:c", "y.append(1)"),
            ("task:d", "print(z)"),
        ],
        {("b", "c"): ["y"], ("b", "d"): ["z"]},
    ),
    "a file that is made is an edge": (
        [
            ("task:a writes:o.ipynb", "make()\ndef make(): ..."),
            ("task:b", "%dagflow notebook o.ipynb"),
        ],
        {("a", "b"): ["o.ipynb"]},
    ),
}


@pytest.mark.parametrize("what", EDGES)
def test_edges(what: str) -> None:
    cells, expected = EDGES[what]
    assert edges(*cells) == expected


def test_what_is_kept_is_what_the_notebook_ends_with() -> None:
    notebook = tagged(
        ("task:a", "x = [1]\ny = 2"), ("task:b", "x.append(3)"), ("task:c", "del y\nz = 1")
    )
    pipeline = compile_cells(notebook).pipeline
    stored = {task.name: task.outputs for task in keeping(pipeline, ["z", "x"]).tasks}
    assert stored["b"] == ("x",)
    assert stored["c"] == ("z",)
    assert keeping(pipeline, []) == pipeline
    for name in ("nosuch", "y"):
        with pytest.raises(OptionError, match=f"ends with no variable '{name}'"):
            keeping(pipeline, [name])


def test_of_what_may_be_skipped_either_is_kept() -> None:
    notebook = tagged(("task:a", "x = 1"), ("task:b when:x>2", "x = 5"))
    pipeline = keeping(compile_cells(notebook).pipeline, ["x"])
    assert all("x" in task.outputs for task in pipeline.tasks)


@st.composite
def programs(draw: st.DrawFn) -> tuple[list[list[int]], int, int]:
    """What each statement reads of those above it, and the first and last of those that are a step."""
    reads = [
        draw(st.lists(st.integers(0, number - 1), max_size=3, unique=True)) if number else []
        for number in range(draw(st.integers(2, 8)))
    ]
    first = draw(st.integers(0, len(reads) - 1))
    return reads, first, draw(st.integers(first, len(reads) - 1))


@given(programs())
@settings(max_examples=60, deadline=None)
def test_a_step_stands_for_the_tasks_that_it_is_made_of(
    program: tuple[list[list[int]], int, int],
) -> None:
    reads, first, last = program
    inside = range(first, last + 1)
    given_ = sorted({each for number in inside for each in reads[number]} - {*inside})
    line = "%dagflow notebook o.ipynb " + " ".join(
        [*(f"-p p{each}=v{each}" for each in given_), *(f"-o v{number}" for number in inside)]
    )
    flat, nested = [], []
    for number, read in enumerate(reads):
        # Of numbers: objects that two values share would be ordered for that, and a step gives copies.
        cell = (
            f"task:t{number}",
            f"v{number} = {' + '.join(['1', *(f'v{each}' for each in read)])}",
        )
        flat.append(cell)
        if number == first:
            nested.append(("task:s", line))
        nested += [] if number in inside else [cell]

    def outside(name: str) -> str:
        return "s" if int(name[1:]) in inside else name

    whole = {(outside(source), outside(target)) for source, target in edges(*flat)}
    assert set(edges(*nested)) == {edge for edge in whole if edge[0] != edge[1]}
