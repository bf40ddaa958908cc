"""How a state looks, wherever it is shown: in a terminal, in a picture, in the notebook.

The law: every state has an icon, a word and a colour, and is never told by colour alone. Colours
are those of Okabe and Ito, which people with any of the usual colour blindnesses can tell apart;
the browser uses the same ones.
"""

from __future__ import annotations

from dataclasses import dataclass

from jupyter_dagflow.core.states import RunState, TaskState


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """``icon`` is one character, ``plain`` the same for an ASCII terminal.

    ``colour`` fills the icon's disc and ``ink`` is drawn on it (at least 3:1 apart); ``terminal``
    is rich's name of the style.
    """

    word: str
    icon: str
    plain: str
    colour: str
    ink: str
    terminal: str


TASK_LOOKS: dict[TaskState, Look] = {
    TaskState.NONE: Look(
        word="waiting", icon="○", plain=".", colour="#8a929e", ink="#ffffff", terminal="dim"
    ),
    TaskState.QUEUED: Look(
        word="queued", icon="◔", plain="~", colour="#56b4e9", ink="#08263a", terminal="cyan"
    ),
    TaskState.RUNNING: Look(
        word="running", icon="▶", plain=">", colour="#0072b2", ink="#ffffff", terminal="bold blue"
    ),
    TaskState.SUCCESS: Look(
        word="success", icon="✓", plain="+", colour="#009e73", ink="#ffffff", terminal="green"
    ),
    TaskState.FAILED: Look(
        word="failed", icon="✗", plain="x", colour="#d55e00", ink="#ffffff", terminal="bold red"
    ),
    TaskState.UP_FOR_RETRY: Look(
        word="up for retry",
        icon="↻",
        plain="r",
        colour="#e69f00",
        ink="#2b1d00",
        terminal="yellow",
    ),
    TaskState.SKIPPED: Look(
        word="skipped", icon="»", plain="s", colour="#6f7785", ink="#ffffff", terminal="dim"
    ),
    TaskState.UPSTREAM_FAILED: Look(
        word="upstream failed",
        icon="↥",
        plain="u",
        colour="#cc79a7",
        ink="#33101f",
        terminal="magenta",
    ),
    TaskState.CANCELLED: Look(
        word="cancelled", icon="■", plain="c", colour="#565d69", ink="#ffffff", terminal="yellow"
    ),
    TaskState.LOST: Look(
        word="lost", icon="?", plain="?", colour="#f0e442", ink="#2b2800", terminal="bold yellow"
    ),
}


def run_look(state: RunState) -> Look:
    """How the state of a run looks: as a task in the state of that name."""
    return TASK_LOOKS[TaskState(state.value)]
