"""Logging in and out."""

from __future__ import annotations

from typing import Any

from allauth.account.internal.flows.login import perform_password_login
from allauth.account.models import Login
from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.models import User
from django.contrib.auth.views import LoginView, LogoutView
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme


class LogIn(LoginView):
    """Django's log-in, which says so when a session has ended under its reader, and asks for a
    second factor where the account has one.
    """

    redirect_authenticated_user = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        ended = bool(self.get_redirect_url()) and self.request.GET.get("ended") == "1"
        return super().get_context_data(
            session_ended=ended, sign_on=settings.STIGMER_OIDC_NAME, **kwargs
        )

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        user = form.get_user()
        assert isinstance(user, User)
        login = Login(user=user, redirect_url=self.get_success_url())
        answer: HttpResponse = perform_password_login(
            self.request, {"username": user.get_username()}, login
        )
        return answer


def log_in_to_the_admin(request: HttpRequest, extra_context: Any = None) -> HttpResponseBase:
    """The same log-in at the admin's address; whoever is logged in and no member of the staff has
    nothing to look for there.
    """
    if not request.user.is_authenticated:
        return LogIn.as_view()(request)
    if not request.user.is_staff:
        raise PermissionDenied
    back = request.GET.get("next", "")
    is_safe = url_has_allowed_host_and_scheme(back, {request.get_host()}, request.is_secure())
    return redirect(back if is_safe else "admin:index")


class LogOut(LogoutView):
    """Django's log-out; the browser forgets what it kept of pages, cookies of others excepted."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response: HttpResponse = super().dispatch(request, *args, **kwargs)
        response.headers["Clear-Site-Data"] = '"cache", "storage"'
        return response
