"""Logging in."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.views import LoginView


class LogIn(LoginView):
    """Django's log-in, which says so when a session has ended under its reader."""

    redirect_authenticated_user = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        ended = bool(self.get_redirect_url()) and self.request.GET.get("ended") == "1"
        return super().get_context_data(session_ended=ended, **kwargs)
