"""Addresses of sockets."""

from __future__ import annotations

from django.urls import path

from dashboard.live.socket import PageSocket

websocket_urlpatterns = [path("live/", PageSocket.as_asgi())]
