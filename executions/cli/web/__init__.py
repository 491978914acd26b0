"""``stigmer web``: Daphne with the limits that a public server needs."""

from __future__ import annotations

from typing import Any

from daphne.endpoints import build_endpoint_description_strings
from django.conf import settings

from executions import collector
from executions.cli.web.bodies import Limits
from executions.cli.web.server import BoundedServer
from executions.supervisor import systemd
from executions.supervisor.watch import stop_with_parent
from stigmer_site.sqlite.files import checkpoint_at_the_end

# Daphne would close a socket after a day with code 1000, on which a browser does not come back.
NO_TIMEOUT = -1
FRAME_BYTES = 64 * 1024
# Autobahn holds this against what we send as well and raises: a page full of steps is larger than
# what a page may say.
MESSAGE_BYTES = 4 * 1024 * 1024
STOP_SECONDS = 10
# A client that reads nothing of an event stream for so long is disconnected.
STALLED_SECONDS = 60.0


def serve() -> None:
    """Serve HTTP and WebSockets where STIGMER_PORT says, until SIGTERM or SIGINT."""
    from executions.live import broadcast
    from executions.recovery import presence
    from stigmer_site.asgi import application

    stop_with_parent(STOP_SECONDS)
    # From the first request on: what this process changes is announced before anybody opened a
    # socket here.
    broadcast.start()
    presence.begin()
    collector.settle()
    server(application).run()
    presence.end()
    checkpoint_at_the_end()


def server(application: Any) -> BoundedServer:
    """Daphne for this ASGI application, with our limits."""
    return BoundedServer(
        application,
        limits=Limits(settings.DATA_UPLOAD_MAX_MEMORY_SIZE),
        ready_callable=systemd.ready,
        hops=settings.STIGMER_PROXIES,
        stalled_seconds=STALLED_SECONDS,
        endpoints=build_endpoint_description_strings(
            host=settings.STIGMER_BIND, port=settings.STIGMER_PORT
        ),
        websocket_timeout=NO_TIMEOUT,
        websocket_max_message_size=MESSAGE_BYTES,
        websocket_max_frame_size=FRAME_BYTES,
        application_close_timeout=STOP_SECONDS,
        server_name="",
    )
