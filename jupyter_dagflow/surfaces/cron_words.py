"""Cron expressions in words, by cron-descriptor."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from jupyter_dagflow.core.calendar.cron import PRESETS


def explained(crons: Iterable[str]) -> str:
    """What cron expressions that can be read say; nothing of one for which there are no words.

    >>> explained(["30 6 * * mon-fri", "@monthly"])
    'At 06:30, Monday through Friday; at 00:00, on day 1 of the month'
    """
    from cron_descriptor import ExpressionDescriptor, Options

    options = Options()
    options.use_24hour_time_format = True
    options.locale_code = "en_US"  # whatever the machine's: all else here is English
    said = []
    for cron in crons:
        with suppress(Exception):  # it knows less of cron than we do
            said.append(ExpressionDescriptor(PRESETS.get(cron, cron), options).get_description())
    return "; ".join([*said[:1], *(each[:1].lower() + each[1:] for each in said[1:])])
