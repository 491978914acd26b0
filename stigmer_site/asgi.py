"""The ASGI entry: HTTP goes to Django, WebSockets to the dashboard if they come from an origin of our own."""

from __future__ import annotations

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "stigmer_site.settings")
django_application = get_asgi_application()

# What follows imports models, so the applications have to be ready.
from channels.auth import AuthMiddlewareStack  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.security.websocket import OriginValidator  # noqa: E402
from django.conf import settings  # noqa: E402

from dashboard.routing import websocket_urlpatterns  # noqa: E402

sockets = OriginValidator(AuthMiddlewareStack(URLRouter(websocket_urlpatterns)), settings.STIGMER_ORIGINS)
application = ProtocolTypeRouter({"http": django_application, "websocket": sockets})
