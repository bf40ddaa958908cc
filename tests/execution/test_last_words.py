"""What a cell has printed is in the taskbook up to the last line, however its kernel died, and nothing twice."""

from __future__ import annotations

import json
import mmap
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jupyter_dagflow.execution.kernel_pool import KernelPools
from jupyter_dagflow.execution.last_words import LastWords
from jupyter_dagflow.kernel_side.last_words import STREAMS, TEXTS, Ring, pipe_beside
from tests.execution.conftest import Bench

PRINTED = st.lists(st.tuples(st.integers(0, 1), st.text(max_size=400)), max_size=30)


class Stream:
    """As much of ipykernel's as the ring asks for."""

    def __init__(self) -> None:
        self.parent_header = {"msg_id": "a_1_2"}

    def write(self, text: str) -> int:
        return len(text)


def message(number: int, text: str, *, process: int) -> dict[str, Any]:
    return {
        "msg_type": "stream",
        "header": {"msg_id": f"k_{process}_7"},
        "parent_header": {"msg_id": "a_1_2"},
        "content": {"name": STREAMS[number], "text": text},
    }


@given(printed=PRINTED, arrived=st.integers(0, 30), of_children=st.integers(0, 5))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_has_not_arrived_is_added_once_and_in_order(
    printed: list[tuple[int, str]], arrived: int, of_children: int, tmp_path: Path
) -> None:
    path = tmp_path / "words"
    words = LastWords(path, size=TEXTS + 4_000)
    words.open()
    try:
        ring = ring_of(path)
        for number, text in printed:
            ring.keep(number, text)
        for number, text in printed[:arrived]:
            words.has_arrived(message(number, text, process=os.getpid()))
        words.has_arrived(message(0, "x" * of_children, process=1))
        added = [each["content"] for each in words.missing()]
    finally:
        words.close()
    assert not path.exists()
    left = printed[arrived:]
    said = [each for each in added if "[dagflow:" not in each["text"]]
    if len(said) < len(added):  # the ring was too short
        assert sum(len(t.encode()) + 5 for _, t in left) > 4_000
    for number, name in enumerate(STREAMS):
        whole = "".join(text for each, text in left if each == number)
        got = "".join(each["text"] for each in said if each["name"] == name)
        assert whole.endswith(got)
        assert len(said) < len(added) or got == whole
    in_order = "".join(text for _, text in left)
    assert len(said) < len(added) or "".join(each["text"] for each in said) == in_order


def ring_of(path: Path) -> Ring:
    with path.open("r+b") as file:
        ring = Ring(mmap.mmap(file.fileno(), 0), [Stream(), Stream()])
    ring.begin_cell()
    return ring


@pytest.mark.parametrize("half", [0, 1])
@pytest.mark.parametrize("stage", ["in the pipe", "in the room", "among the texts", "sent"])
def test_what_was_written_to_a_descriptor_is_added_once_wherever_it_is(
    stage: str, half: int, tmp_path: Path
) -> None:
    path = tmp_path / "words"
    words = LastWords(path)
    words.open()
    ring = ring_of(path)
    sink = os.open(pipe_beside(str(path), 1), os.O_WRONLY)
    try:
        for _ in range(1 + half):  # the two rooms take turns
            room = ring.next_room(1)
            ring.pass_on(1, "")
        read, unread = "written €".encode()[:-1], "written €".encode()[-1:]
        if stage == "in the pipe":
            os.write(sink, read)
        else:
            room[: len(read)] = read
        if stage in ("among the texts", "sent"):
            ring.next_room(1, read[-2:])
            ring.pass_on(1, "written ")
        if stage == "sent":
            words.has_arrived(message(1, "written ", process=os.getpid()))
        os.write(sink, unread)
        added = [each["content"] for each in words.missing()]
    finally:
        os.close(sink)
        words.close()
    assert {each["name"] for each in added} == {"stderr"}
    shown = "written " * (stage == "sent") + "".join(each["text"] for each in added)
    assert shown == "written €"
    assert words.unlogged.decode() == ("€" if stage in ("among the texts", "sent") else "written €")
    assert list(tmp_path.iterdir()) == []


def test_a_text_that_the_stream_did_not_take_is_not_kept(tmp_path: Path) -> None:
    words = LastWords(tmp_path / "words")
    words.open()
    ring = ring_of(tmp_path / "words")
    ring.keep(0, "taken")
    before = ring.counts
    ring.keep(1, "interrupted")
    ring.stand_at(before)
    assert [each["content"]["text"] for each in words.missing()] == ["taken"]
    words.close()


@pytest.fixture(params=[True, False], ids=["forked", "not forked"])
def any_bench(request: pytest.FixtureRequest, tmp_path: Path, kernels: Path) -> Iterator[Bench]:
    pools = KernelPools(logs=tmp_path / "kernels", ahead=1, forks=request.param)
    yield Bench(tmp_path, kernel="dagflow-test", pools=pools)
    pools.close()


DEATHS = {
    "os._exit(3)": "it exited with code 3",
    "os.kill(os.getpid(), 9)": "it was killed by SIGKILL",
    "import ctypes; ctypes.string_at(0)": "it was killed by SIGSEGV",
}
TALKATIVE = """\
import os, sys, warnings
warnings.simplefilter('ignore', DeprecationWarning)  # of forks beside threads, from 3.12 on
for n in range(3000): print('line', n)
print('to stderr', file=sys.stderr)
sys.stdout.flush()
if os.fork() == 0:
    sys.stdout.write('from a child\\n')  # one message
    sys.stdout.flush()
    os._exit(0)
os.wait()
print('last words', end='')
"""


def printed_in(bench: Bench, cell: str) -> dict[str, str]:
    book = json.loads(bench.taskbook("a"))
    (outputs,) = [each["outputs"] for each in book["cells"] if each["id"] == cell]
    found = {"stdout": "", "stderr": ""}
    for output in outputs:
        found[output["name"]] += "".join(output["text"])
    return found


def statuses(bench: Bench) -> dict[str, str]:
    """What the taskbook says of each of its cells, in papermill's words."""
    cells = json.loads(bench.taskbook("a"))["cells"]
    return {each["id"]: each["metadata"]["papermill"]["status"] for each in cells}


@pytest.mark.parametrize("death", DEATHS)
def test_the_last_line_printed_is_in_the_taskbook(any_bench: Bench, death: str) -> None:
    any_bench.task("a", "print('first cell')", TALKATIVE + "\n" + death, "print('never')")
    failure = any_bench.run("a").failure
    assert failure is not None
    assert failure.message == f"The kernel died in cell 1: {DEATHS[death]}."
    assert printed_in(any_bench, "cell0")["stdout"] == "first cell\n"
    printed = printed_in(any_bench, "cell1")
    # What a child wrote goes through its parent, and ends with it where that had not sent it yet.
    own = printed["stdout"].replace("from a child\n", "")
    assert own == "".join(f"line {n}\n" for n in range(3000)) + "last words"
    assert printed["stderr"] == "to stderr\n"
    assert printed_in(any_bench, "cell2") == {"stdout": "", "stderr": ""}
    said = statuses(any_bench)
    assert [said[cell] for cell in ("cell0", "cell1", "cell2")] == [
        "completed",
        "failed",
        "pending",
    ]
    assert not list(any_bench.home.rglob("*.words*"))


WRITING = """\
import os, subprocess, sys
print('printed', flush=True)
subprocess.run(['sh', '-c', 'echo by another program; echo and an error >&2'])
for n in range(20_000): os.write(1, b'line %d \\xe2\\x82\\xac\\n' % n)
os.write(2, 'the last: \u20ac'.encode())
"""


@pytest.mark.parametrize("death", DEATHS)
def test_so_is_what_was_written_to_descriptors(
    any_bench: Bench, death: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTEST_CURRENT_TEST")  # ipykernel does not watch descriptors with it
    any_bench.task("a", "import os\nos.write(1, b'first cell\\n')", WRITING + death)
    failure = any_bench.run("a").failure
    assert failure is not None
    assert failure.message == f"The kernel died in cell 1: {DEATHS[death]}."
    printed = printed_in(any_bench, "cell1")
    lines = "".join(f"line {n} \u20ac\n" for n in range(20_000))
    assert printed["stdout"].replace("printed\n", "") == "by another program\n" + lines
    assert printed["stderr"] == "and an error\nthe last: \u20ac"
    assert not list(any_bench.home.rglob("*.words*"))


CRASHING = """\
import ctypes, sklearn.ensemble, sys
print('printed')
compiled = ctypes.PyDLL(None)  # keeps others from the interpreter, as compiled modules do
for n in range(2000): compiled.dprintf(2, b'line %d\\n', n)
compiled.dprintf(2, b'out of widgets')
compiled.abort()
"""


def test_a_crash_tells_its_line_below_what_compiled_code_wrote(
    any_bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTEST_CURRENT_TEST")
    any_bench.task("a", CRASHING)
    failure = any_bench.run("a").failure
    assert failure is not None
    assert failure.line == 6
    assert failure.last_lines.splitlines()[-4:] == [
        "line 1999",
        "out of widgets",
        "Fatal Python error: Aborted",
        "  line 6 of the cell",
    ]
    printed = printed_in(any_bench, "cell0")
    assert printed["stdout"] == "printed\n"
    assert printed["stderr"] == "".join(f"line {n}\n" for n in range(2000)) + "out of widgets"


def test_no_path_leads_to_what_a_cell_prints(any_bench: Bench) -> None:
    any_bench.task(
        "a", "import pathlib\nprint(sorted(map(str, pathlib.Path('.').rglob('*.words*'))))"
    )
    assert any_bench.run("a").failure is None
    assert printed_in(any_bench, "cell0")["stdout"] == "[]\n"
