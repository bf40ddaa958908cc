"""What Linux counts of processes that were killed for want of memory is read wherever it may stand."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_dagflow.execution.oom import OomKills, RanOut, oom_kills

EVENTS = "low 0\nhigh 0\nmax 12\noom 3\noom_kill {}\noom_group_kill 0\n"
CONTROL = "oom_kill_disable 0\nunder_oom 0\noom_kill {}\n"
VMSTAT = "nr_free_pages 1234\noom_kill 7\nnuma_hit 5\n"


def written(root: Path, files: dict[str, str]) -> OomKills:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return oom_kills(root / "proc", root / "cgroup")


@pytest.mark.parametrize(
    ("files", "counted"),
    [
        ({}, OomKills(None, None)),
        ({"proc/vmstat": VMSTAT}, OomKills(None, 7)),
        ({"proc/vmstat": "nr_free_pages 1\n"}, OomKills(None, None)),
        (
            {
                "proc/vmstat": VMSTAT,
                "proc/self/cgroup": "0::/user.slice/a:b.scope\n",
                "cgroup/user.slice/a:b.scope/memory.events": EVENTS.format(2),
                "cgroup/user.slice/memory.events": EVENTS.format(5),
            },
            OomKills(2, 7),
        ),
        (  # a container that sees the host's name of its group
            {
                "proc/self/cgroup": "0::/docker/1234\n",
                "cgroup/memory.events": EVENTS.format(4),
            },
            OomKills(4, None),
        ),
        (  # the older control groups, and those where both are there
            {
                "proc/self/cgroup": "9:name=systemd:/\n4:memory:/job/1\n3:cpu:/job/1\n0::/\n",
                "cgroup/memory/job/1/memory.oom_control": CONTROL.format(1),
            },
            OomKills(1, None),
        ),
    ],
)
def test_each_file_is_read(tmp_path: Path, files: dict[str, str], counted: OomKills) -> None:
    assert written(tmp_path, files) == counted


@pytest.mark.parametrize(
    ("before", "after", "known"),
    [
        ((1, 1), (2, 2), RanOut.YES),
        ((1, 1), (1, 2), RanOut.PERHAPS),
        ((None, 1), (None, 2), RanOut.PERHAPS),
        ((1, 1), (1, 1), RanOut.NO),
        ((None, 1), (None, 1), RanOut.NO),
        ((None, None), (None, None), RanOut.UNKNOWN),
        ((1, None), (1, None), RanOut.UNKNOWN),
        ((1, None), (2, None), RanOut.YES),
    ],
)
def test_what_is_known_by_two_counts(
    before: tuple[int | None, int | None], after: tuple[int | None, int | None], known: RanOut
) -> None:
    assert OomKills(*before).until(OomKills(*after)) is known


def test_here_it_is_counted_or_not_and_nothing_is_raised() -> None:
    assert oom_kills().until(oom_kills()) in (RanOut.NO, RanOut.UNKNOWN)
