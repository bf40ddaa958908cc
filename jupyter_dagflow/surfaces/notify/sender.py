"""A process of its own that sends one notification: apprise is never in the process of a run.

The law: addresses come by standard input and go nowhere else, not even into a log; whatever apprise does, the process
ends in time and tells by its exit code how it went.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import threading

DELIVERED, NOT_DELIVERED, UNREADABLE, MISSING, LATE = 0, 81, 82, 83, 84


def main() -> int:
    """Send what standard input says (JSON: ``urls``, ``title``, ``body``, ``kind``, ``within_s``)."""
    message = json.load(sys.stdin)
    watch = threading.Timer(message["within_s"], os._exit, [LATE])
    watch.daemon = True
    watch.start()
    logging.disable(logging.CRITICAL)
    try:
        import apprise
    except ImportError:
        return MISSING
    sender = apprise.Apprise()
    readable = [sender.add(url) for url in message["urls"]]
    if not any(readable):
        return UNREADABLE
    sent = sender.notify(body=message["body"], title=message["title"], notify_type=message["kind"])
    if not all(readable):
        return UNREADABLE
    return DELIVERED if sent else NOT_DELIVERED


if __name__ == "__main__":
    code = main()
    os._exit(code)  # a service's threads are waited for by nobody
