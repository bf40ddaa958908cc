"""Who is called when a trait of an object changes.

The law: an object that is pickled as its class does it loses them, so they are taken from where ``traitlets`` keeps
them.
"""

from __future__ import annotations

from typing import Any

from .anatomy import instance_dict


def observers_of(obj: Any) -> list[tuple[str | None, str, Any]]:
    """What others have asked to be called, with the trait (None: any of them) and the kind of event."""
    return [
        (name if type(name) is str else None, event, each)
        for name, events in instance_dict(obj).get("_trait_notifiers", {}).items()
        for event, called in events.items()
        for each in called
        if type(each).__name__ != "ObserveHandler"  # of the class, which asks again
    ]
