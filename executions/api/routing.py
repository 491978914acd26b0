"""Addresses of the API's sockets."""

from __future__ import annotations

from django.urls import re_path

from executions.api.live.consumer import FollowConsumer

websocket_urlpatterns = [
    re_path(
        r"^ws/api/v1/(?P<kind>workflow|agent)-executions/(?P<execution_id>[a-z0-9-]{1,40})/events$",
        FollowConsumer.as_asgi(),
    )
]
