"""News of all runs on Jupyter Server's own event stream, whichever process goes on with them.

The law: what is told are names and states, at most once in each `LOOK_S`, however much has happened; who wants more
asks for it. It looks off the event loop, and nothing it meets there harms the server.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from jupyter_events import EventLogger
from tornado.ioloop import PeriodicCallback

from jupyter_dagflow.app import Dagflow
from jupyter_dagflow.core.errors import EnvironmentFault
from jupyter_dagflow.storage.news import Feed
from jupyter_dagflow.wire import NewsDocument, schemas, to_plain

SCHEMA_ID = "https://events.jupyter.org/jupyter_dagflow/news/v1"
LOOK_S = 0.1

_NO_NEWS = NewsDocument(runs=[])
_log = logging.getLogger(__name__)


class Live:
    """Looks for news again and again, for as long as the loop of the server runs."""

    def __init__(self, app: Callable[[], Dagflow], logger: EventLogger) -> None:
        self._app = app
        self._logger = logger
        self._feed: Feed | None = None
        self._failed = False
        # A thread of its own: requests that take long must not hold up news.
        self._looking = ThreadPoolExecutor(1, thread_name_prefix="dagflow news")
        self._callback = PeriodicCallback(self._look, LOOK_S * 1000)

    def start(self) -> None:
        """Begin; to be called in the loop's thread."""
        self._logger.register_event_schema(event_schema())
        self._callback.start()

    async def _look(self) -> None:
        """Tornado begins no look before the last one has ended."""
        news = await asyncio.get_running_loop().run_in_executor(self._looking, self._news)
        if news.runs or news.anew:
            self._logger.emit(schema_id=SCHEMA_ID, data=to_plain(news))

    def _news(self) -> NewsDocument:
        try:
            news = self._asked()
        except (EnvironmentFault, sqlite3.Error) as fault:  # it may answer later
            self._fail(f"The metastore did not answer: {fault}")
            return _NO_NEWS
        except Exception:  # noqa: BLE001 -- one fault must not be the last look
            self._fail("News of runs could not be read")
            return _NO_NEWS
        self._failed = False
        return news

    def _asked(self) -> NewsDocument:
        if self._feed is not None:
            return self._feed.look()
        self._feed = self._app().feed()
        # What was before it was opened is not told by it.
        return _NO_NEWS if self._feed is None else NewsDocument(runs=[], anew=True)

    def _fail(self, what: str) -> None:
        """Begin anew with the next look, and say so once."""
        if not self._failed:
            _log.warning(what, exc_info=True)
        self._failed = True
        if self._feed is not None:
            self._feed.close()
            self._feed = None


def event_schema() -> dict[str, Any]:
    """The schema of our events, as Jupyter Server wants it."""
    document = schemas("#/$defs/{name}")
    used = ("NewsDocument", "RunNewsDocument", "TaskNewsDocument", "RunState", "TaskState")
    return {
        "$id": SCHEMA_ID,
        "version": "1",
        "title": "News of runs",
        "description": document["NewsDocument"]["description"],
        "personal-data": False,
        "type": "object",
        "properties": document["NewsDocument"]["properties"],
        "required": ["runs"],
        "$defs": {name: document[name] for name in used},
    }
