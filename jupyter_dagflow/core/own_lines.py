"""Lines of a notebook that only load, run or show this very program; not those that run another notebook as a step."""

from __future__ import annotations

import re

from jupyter_dagflow.core import nested

_OWN = re.compile(
    r"""get_ipython\(\)\.run_line_magic\('(dagflow|(re)?load_ext)', '(?P<line>[^']*)'\)\Z"""
)


def only_own_lines(code: str) -> bool:
    """Whether a cell only loads our extension or types ``%dagflow …``: in a task it would run itself again."""
    if "get_ipython()" not in code:
        return False
    lines = [line for line in map(str.strip, code.splitlines()) if line and line[0] != "#"]
    ours = [match for line in lines if (match := _OWN.match(line))]
    return (
        bool(lines)
        and len(ours) == len(lines)
        and all(
            match["line"].split()[:1] != [nested.VERB]
            if match[1] == "dagflow"
            else match["line"].strip() == "jupyter_dagflow"
            for match in ours
        )
    )
