"""The decorator of every page of the control room: the reader is logged in, and no cache keeps
anything.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponseBase, QueryDict
from django.shortcuts import render

from executions.accounts import confirming
from executions.models import PrunedExecution

Rest = ParamSpec("Rest")


class Archived(Http404):
    """The run went to an archive; ``mark`` says which, to those who could see it."""

    def __init__(self, mark: PrunedExecution) -> None:
        super().__init__(f"{mark.public_id} is archived")
        self.mark = mark


View = Callable[Concatenate[HttpRequest, Rest], HttpResponseBase]


def page(view: View[Rest]) -> View[Rest]:
    """For people who are logged in; the answer is theirs alone, so no cache may store it."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        _drop_nul(request)
        try:
            response = view(request, *args, **kwargs)
        except Archived as gone:
            response = render(request, "dashboard/archived.html", {"mark": gone.mark}, status=410)
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    return login_required(guarded)  # type: ignore[return-value]


def _drop_nul(request: HttpRequest) -> None:
    """No field of a form means a NUL, and PostgreSQL refuses even to look for one."""
    # The stubs know only parameters that nobody may write.
    request.GET = _without_nul(request.GET)  # type: ignore[assignment]
    if request.method == "POST":
        request.POST = _without_nul(request.POST)  # type: ignore[assignment]


def _without_nul(sent: QueryDict) -> QueryDict:
    if not any("\x00" in text for _, values in sent.lists() for text in values):
        return sent
    clean = QueryDict(mutable=True)
    for name, values in sent.lists():
        clean.setlist(name, [text.replace("\x00", "") for text in values])
    return clean


def person(request: HttpRequest) -> User:
    """The user behind a request that ``page`` let in."""
    assert isinstance(request.user, User)
    confirming.by_session(request, request.user)
    return request.user
