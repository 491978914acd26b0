"""The caller: a token or a session, never both, and which scope an operation asks for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django.contrib.auth.models import User
from django.http import HttpRequest
from ninja.security.base import AuthBase
from ninja.utils import check_csrf

from executions import policy, tokens
from executions.accounts import confirming
from executions.api import rates
from executions.api.problems import Problem
from executions.api.refusals import unauthenticated
from executions.models import ApiToken

View = TypeVar("View", bound=Callable[..., Any])
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class Caller(AuthBase):
    """If there is an Authorization header it alone counts: cookies are not looked at."""

    openapi_type = "http"
    openapi_scheme = "bearer"

    def __init__(self, scope: str) -> None:
        self.scope = scope
        super().__init__()

    def __call__(self, request: HttpRequest) -> User:
        """The user, also set as ``request.user``. Raises Problem 401, 403 or 429."""
        user = identified(request, self.scope)
        rates.take(f"user:{user.pk}")
        request.user = user
        return user


READ, RUN, ACT, ADMIN = (Caller(scope) for scope in ("read", "run", "act", "admin"))
WITH_SCOPE = {caller.scope: caller for caller in (READ, RUN, ACT, ADMIN)}


def identified(request: HttpRequest, scope: str) -> User:
    header = request.headers.get("Authorization")
    return _by_session(request, scope) if header is None else _by_token(request, header, scope)


def _by_token(request: HttpRequest, header: str, scope: str) -> User:
    method, _, secret = header.partition(" ")
    if method.lower() != "bearer" or not secret.strip():
        raise unauthenticated("The header Authorization has to read `Bearer <token>`.")
    token = tokens.recognise(secret.strip())
    if token is None:
        rates.take_guess(rates.address_of(request))
        raise unauthenticated("The token is unknown, expired or revoked.")
    owner: User = token.owner
    confirming.by_token(token)
    request.token = token  # type: ignore[attr-defined]
    # Also where the scope does not do: the audit trail names whom a refusal is about.
    request.user = owner
    check_scope(token, scope)
    return owner


def check_scope(token: ApiToken, scope: str) -> None:
    """Raises Problem 403 where the token's scopes do not hold this one, or its owner may only look
    (Refused).
    """
    if scope != "read":
        policy.check_may_change_things(token.owner)
    if not tokens.allows(token, scope):
        scopes = ", ".join(token.scopes) or "none"
        raise Problem(
            "forbidden", f"This needs a token with the scope {scope}; this one has {scopes}."
        )


def _by_session(request: HttpRequest, scope: str) -> User:
    user = request.user
    if not isinstance(user, User) or not user.is_active:
        raise unauthenticated("The request carries neither a token nor a session.")
    if request.method not in SAFE_METHODS and check_csrf(request) is not None:
        raise Problem(
            "csrf", "A session needs the CSRF token with each request that changes something."
        )
    if scope != "read":
        policy.check_may_change_things(user)
    confirming.by_session(request, user)
    return user


def person(request: HttpRequest) -> User:
    """The caller of an operation that asked for a scope."""
    assert isinstance(request.user, User)
    return request.user
