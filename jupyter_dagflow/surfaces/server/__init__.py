"""The Jupyter Server extension: REST below ``/dagflow/api/v1/``, and going on with runs that have lost their runner.

A handler checks who asks, calls the app once, and translates. No route changes anything as yet: whom
Jupyter Server authorizes to ``read`` the resource ``dagflow`` may ask for all of them.
"""

from __future__ import annotations

from typing import Any


def _load_jupyter_server_extension(server_app: Any) -> None:
    """Add our routes to a server; called once by Jupyter Server at its start."""
    from jupyter_dagflow.surfaces.server.handlers import app_of, routes
    from jupyter_dagflow.surfaces.server.recovering import Recovering

    web_app = server_app.web_app
    web_app.add_handlers(".*$", routes(web_app.settings["base_url"]))
    recovering = Recovering(lambda: app_of(web_app.settings))
    server_app.io_loop.add_callback(recovering.start)
    server_app.log.info("jupyter_dagflow: pipelines are served below dagflow/api/v1")
