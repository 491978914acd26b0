"""The ASGI entry: HTTP goes to Django; sockets to dashboard and API, from an origin of ours or with
a token.
"""

from __future__ import annotations

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "stigmer_site.settings")
django_application = get_asgi_application()

# The imports below load models, so the applications have to be ready.
from channels.auth import AuthMiddlewareStack  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.security.websocket import OriginValidator  # noqa: E402
from django.conf import settings  # noqa: E402

from dashboard import routing as dashboard_routing  # noqa: E402
from executions.api import routing as api_routing  # noqa: E402
from executions.toolbox import door as toolbox  # noqa: E402
from stigmer_site import entrance  # noqa: E402

addresses = [
    *dashboard_routing.websocket_urlpatterns,
    *api_routing.websocket_urlpatterns,
    api_routing.unknown,
]
sockets = OriginValidator(AuthMiddlewareStack(URLRouter(addresses)), settings.STIGMER_ORIGINS)
sockets = api_routing.tokens_beside(sockets)
if settings.STIGMER_HTTPS:
    sockets = entrance.secure_sockets(sockets)
web = toolbox.beside(django_application)
doors = ProtocolTypeRouter({"http": web, "websocket": sockets})
application = entrance.behind_proxies(
    entrance.bounded(doors, settings.DATA_UPLOAD_MAX_MEMORY_SIZE), settings.STIGMER_PROXIES
)
