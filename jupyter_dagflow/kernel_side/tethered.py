"""Becomes a command that the system kills when its parent is gone: ``python tethered.py PARENT COMMAND…``, on Linux.

What is to be killed has to ask for that itself, and an ordinary kernel does not. Some look now and then whether
process 1 has become their parent, which it does not where a desktop or a service manager collects orphans.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Become the command, unless the parent (a process's number) is gone already."""
    parent, *command = sys.argv[1:]
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() == int(parent):
        os.execvp(command[0], command)  # noqa: S606 -- the kernelspec's own command


if __name__ == "__main__":
    main()
