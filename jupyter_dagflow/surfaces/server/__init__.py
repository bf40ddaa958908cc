"""The Jupyter Server extension: REST below ``/dagflow/api/v1/``, live news of runs, and the server's own runs.

A handler checks who asks, calls the app once, and translates; `routes` has all of them.
"""

from __future__ import annotations

from typing import Any


def _load_jupyter_server_extension(server_app: Any) -> None:
    """Add our routes to a server; called once by Jupyter Server at its start."""
    from jupyter_dagflow.surfaces.server.handlers import app_of, handlers, recovering_of
    from jupyter_dagflow.surfaces.server.live import Live

    web_app = server_app.web_app
    web_app.add_handlers(".*$", handlers(web_app.settings["base_url"]))
    live = Live(lambda: app_of(web_app.settings), server_app.event_logger)
    server_app.io_loop.add_callback(recovering_of(web_app.settings).start)
    server_app.io_loop.add_callback(live.start)
    server_app.log.info("jupyter_dagflow: pipelines are served below dagflow/api/v1")
