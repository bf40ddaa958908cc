"""A task whose child and grandchild ignore every request to end; ``pids`` has them, and ``begun`` is there with both."""

from __future__ import annotations

IGNORING = """
import os, signal, subprocess, sys, time
for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(each, signal.SIG_IGN)
open('pids', 'a').write(f'{os.getpid()}\\n')
"""
CHILD = f"{IGNORING}subprocess.Popen([sys.executable, '-c', sys.argv[1]])\ntime.sleep(300)"
GRANDCHILD = f"{IGNORING}open('begun', 'w').close()\ntime.sleep(300)"
BROOD = f"""
import subprocess, sys, time
subprocess.Popen([sys.executable, '-c', {CHILD!r}, {GRANDCHILD!r}])
time.sleep(300)
"""
