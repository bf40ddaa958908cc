"""The icon of every state, drawn for a disc of radius 9 about (0, 0), so that no font is needed.

The law: each icon tells its state without colour. ``fill`` paths are solid, the others are stroked.
"""

from __future__ import annotations

from dataclasses import dataclass

from jupyter_dagflow.core.states import TaskState


@dataclass(frozen=True, slots=True)
class Icon:
    """SVG path data; a hollow icon has a ring for a disc."""

    path: str
    fill: bool = False
    hollow: bool = False


ICONS: dict[TaskState, Icon] = {
    TaskState.NONE: Icon("", hollow=True),
    TaskState.QUEUED: Icon("M0 -4.5V0L3 2.2"),
    TaskState.RUNNING: Icon("M-2.6 -4.4L4.6 0L-2.6 4.4Z", fill=True),
    TaskState.SUCCESS: Icon("M-4 0.3L-1.2 3.2L4.2 -3"),
    TaskState.FAILED: Icon("M-3.2 -3.2L3.2 3.2M3.2 -3.2L-3.2 3.2"),
    TaskState.UP_FOR_RETRY: Icon("M3.6 -2.4A4.3 4.3 0 1 0 4.3 0.6M4 -5.4V-2.2H0.8"),
    TaskState.SKIPPED: Icon("M-4 -3.4L-0.6 0L-4 3.4M0.6 -3.4L4 0L0.6 3.4"),
    TaskState.UPSTREAM_FAILED: Icon("M0 4.6V-0.6M-3.2 1.2L0 -2L3.2 1.2M-3.6 -4.6H3.6"),
    TaskState.CANCELLED: Icon("M-3.2 -3.2H3.2V3.2H-3.2Z", fill=True),
    TaskState.LOST: Icon("M-2.4 -2.2A2.5 2.5 0 1 1 0 0.6V1.8M0 4.4V4.5"),
}
