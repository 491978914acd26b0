"""What every page of the control room has in common: a reader who is logged in, and nothing kept by caches."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponseBase

Rest = ParamSpec("Rest")
View = Callable[Concatenate[HttpRequest, Rest], HttpResponseBase]


def page(view: View[Rest]) -> View[Rest]:
    """For people who are logged in; the answer is theirs alone, so no cache may store it."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    return login_required(guarded)  # type: ignore[return-value]


def person(request: HttpRequest) -> User:
    """The user behind a request that ``page`` let in."""
    assert isinstance(request.user, User)
    return request.user
